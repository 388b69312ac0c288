"""The pages of planners and leads."""

from web.leads import claims, desk, moving, notices, plans, tiles, today, trust

ROOMS = (today, desk, plans, claims, moving, trust, notices, tiles)
