"""The pages of candidates and reps."""

ROOMS: tuple[()] = ()
