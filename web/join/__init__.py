"""The pages of candidates and reps, and the public page behind a poster."""

from web.join import candidates, door, duties, figures, posters, reps, trainings

ROOMS = (candidates, figures, posters, reps, trainings, duties, door)
