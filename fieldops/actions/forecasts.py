"""Chances that claims finish, as they are known now: while surveys are in quarantine a plan's own may rest on some of them (rule 13)."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from math import sqrt
from statistics import NormalDist

import numpy as np

from fieldops.actions.awareness import known_streets
from fieldops.clock import local_day
from fieldops.estimates import expected_claims
from fieldops.ids import CrewId, StreetId
from fieldops.store.bursts import people_by_street
from fieldops.store.connect import Region, read_rules
from fieldops.store.desk import read_present
from fieldops.store.effort import hours_since
from fieldops.store.people import read_crews
from fieldops.store.places import read_zone
from fieldops.store.quarantine import any_in_force
from fieldops.store.response import believed_fit

_SURE = 1e-6  # a chance nearer to 0 or 1 has no use for a normal quantile


@dataclass(frozen=True, slots=True)
class Planned:
    """A street as a plan gave it: the promoter-hours expected, since when, and the chance to finish within the claim."""

    street: StreetId
    crew: CrewId
    hours: float
    since: datetime
    chance: float


def chances_now(region: Region, given: Iterable[Planned]) -> dict[StreetId, float]:
    """
    Return for each street the probability that it moves on within its claim, by the surveys that count in what is read.

    Parameters
    ----------
    region
        Whose reader may count the surveys in quarantine: see `with_quarantined`.
    given
        What a plan gave to each crew; its hours are pooled, so that what its other streets need now counts for each.

    Returns
    -------
    dict
        Empty where no survey is in quarantine: then what the plan said stands. Streets that are gone are left out.

    Notes
    -----
    The plan's chance is a normal probability of the sum of the crew's hours (`planning.reserve`). It moves by what the streets
    are expected to need now beyond what the plan has left for them, in standard deviations of that sum.
    """
    connection = region.reader()
    if not any_in_force(connection):
        return {}
    present = read_present(connection)
    known, _ = known_streets(region, now=present)
    place, people = {street: i for i, street in enumerate(known.street)}, people_by_street(connection)
    there = [one for one in given if one.street in place]
    zone, rules = read_zone(connection), read_rules(connection)
    worked = hours_since(connection, {one.street: local_day(one.since, zone) for one in there})
    needed, doubt = expected_claims(
        known.take(np.array([place[one.street] for one in there], dtype=np.int64)),
        np.array([people[one.street] for one in there], dtype=np.float64),
        believed_fit(connection, present).response, rules,
    )  # fmt: skip
    sizes = {crew: one.people for crew, one in read_crews(connection).items()}
    more, variance = defaultdict[CrewId, float](float), defaultdict[CrewId, float](float)
    for one, hours, deviation in zip(there, needed.tolist(), doubt.tolist(), strict=True):
        setup = rules.setup_minutes / 60.0 * sizes.get(one.crew, 1)
        more[one.crew] += hours - max(0.0, one.hours - setup - worked.get(one.street, 0.0))
        variance[one.crew] += deviation**2
    normal = NormalDist()
    return {
        one.street: normal.cdf(
            normal.inv_cdf(min(max(one.chance, _SURE), 1.0 - _SURE))
            - more[one.crew] / sqrt(max(variance[one.crew], _SURE))
        )
        for one in there
    }
