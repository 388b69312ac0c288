"""The pages of phones of crews."""

ROOMS: tuple[()] = ()
