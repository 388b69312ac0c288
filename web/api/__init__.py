"""The pages of programs."""

ROOMS: tuple[()] = ()
