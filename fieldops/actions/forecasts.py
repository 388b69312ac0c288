"""Chances that claims finish, as they are known now: while surveys are in quarantine a plan's own may rest on some of them (rule 13)."""

from collections.abc import Iterable
from datetime import datetime

import numpy as np

from fieldops.actions.awareness import known_streets
from fieldops.clock import local_day
from fieldops.estimates import forecast_finish
from fieldops.ids import StreetId
from fieldops.store.bursts import people_by_street
from fieldops.store.connect import Region, read_rules
from fieldops.store.desk import read_present
from fieldops.store.effort import hours_since
from fieldops.store.places import read_zone
from fieldops.store.quarantine import any_in_force
from fieldops.store.response import believed_fit


def chances_now(region: Region, given: Iterable[tuple[StreetId, float, datetime]]) -> dict[StreetId, float]:
    """
    Return for each street the probability that it moves on within its claim, by the surveys that count in what is read.

    Parameters
    ----------
    region
        Whose reader may count the surveys in quarantine: see `with_quarantined`.
    given
        Streets, each with the promoter-hours that were planned for it and since when; what was worked since is off them.

    Returns
    -------
    dict
        Empty where no survey is in quarantine: then what the plan said stands. Streets that are gone are left out.
    """
    connection = region.reader()
    if not any_in_force(connection):
        return {}
    present = read_present(connection)
    known, _ = known_streets(region, now=present)
    place, people = {street: i for i, street in enumerate(known.street)}, people_by_street(connection)
    there = [one for one in given if one[0] in place]
    zone = read_zone(connection)
    worked = hours_since(connection, {street: local_day(since, zone) for street, _, since in there})
    chances = forecast_finish(
        known.take(np.array([place[street] for street, _, _ in there], dtype=np.int64)),
        np.array([people[street] for street, _, _ in there], dtype=np.float64),
        np.array([max(0.0, hours - worked.get(street, 0.0)) for street, hours, _ in there], dtype=np.float64),
        believed_fit(connection, present).response, read_rules(connection),
    )  # fmt: skip
    return dict(zip((street for street, _, _ in there), chances.tolist(), strict=True))
