"""The pages of planners and leads."""

from web.leads import claims, desk, moving, notices, tiles, today, trust

ROOMS = (today, desk, claims, moving, trust, notices, tiles)
