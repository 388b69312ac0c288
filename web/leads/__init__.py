"""The pages of planners and leads."""

from web.leads import (
    accounts,
    bursts,
    claims,
    desk,
    files,
    moving,
    notices,
    people,
    phones,
    plans,
    settings,
    tiles,
    today,
    trust,
)

ROOMS = (today, desk, plans, bursts, claims, moving, trust, phones, people, notices, files, settings, accounts, tiles)
