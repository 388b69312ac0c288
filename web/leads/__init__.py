"""The pages of planners and leads."""

from web.leads import accounts, claims, desk, files, moving, notices, plans, settings, tiles, today, trust

ROOMS = (today, desk, plans, claims, moving, trust, notices, files, settings, accounts, tiles)
