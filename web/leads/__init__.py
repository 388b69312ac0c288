"""The pages of planners and leads."""

from web.leads import desk, tiles

ROOMS = (desk, tiles)
