"""What the zones still need, as bursts count it: the hours of a crew, pooled over a zone (rule 14)."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING

from fieldops.actions.awareness import street_awareness
from fieldops.clock import local_day
from fieldops.forecasts import expected_claims, forecast_claims
from fieldops.ids import StreetId, ZoneId
from fieldops.planning.bursts import hours_around, nights_waited, pooled_hours
from fieldops.rules import Rules
from fieldops.said import Reason
from fieldops.store import bursts as store
from fieldops.store import decisions, people, places
from fieldops.store.bursts import ZoneStreet
from fieldops.store.connect import Region, read_rules
from fieldops.store.response import believed_fit

if TYPE_CHECKING:
    from fieldops.store.sqlite import sqlite3

HOURS_A_DAY = 6.0  # of a promoter, where the region has no crew yet


@dataclass(frozen=True, slots=True)
class Work:
    """
    What a zone, or a part of one, still needs: promoter-hours where all is done today, and more where it waits; streets.

    `wait_hours` are added for each night that a street waits for its push: people forget.
    """

    part: str
    zone: ZoneId
    hours: float
    wait_hours: float
    streets: tuple[StreetId, ...]
    reason: Reason = field(default_factory=Reason)
    not_before: int = 0


@dataclass(slots=True)
class Scene:
    """What bursts are made from."""

    rules: Rules
    today: date
    hours_per_day: float
    streets: dict[ZoneId, list[ZoneStreet]]
    hours: dict[StreetId, float]
    wait_hours: dict[StreetId, float]
    doubts: dict[StreetId, float]


def read_scene(region: Region, at: datetime, now: datetime | None) -> Scene:
    """Return what bursts from the moment on are made from; `now` is that of estimates."""
    import numpy as np

    connection = region.reader()
    rules, response = read_rules(connection), believed_fit(connection, region.moment(now)).response
    streets = store.zone_streets(connection)
    known, folk = street_awareness(region, now=now), store.people_by_street(connection)
    row = {street: i for i, street in enumerate(known.street)}
    closed = decisions.closed_streets(connection, at)  # RULE 8: only a test closes a street
    open_ones = [s.street for s in streets if s.open and s.street not in closed and s.street in row]
    mine = known.take(np.array([row[street] for street in open_ones], dtype=np.int64))
    reach = np.array([max(1.0, folk[street]) for street in open_ones])
    nights = nights_waited(rules.burst_days_max)
    needed, doubt = expected_claims(mine, reach, response, rules)
    later, _ = expected_claims(mine.faded((1.0 - response.delta) ** nights), reach, response, rules)
    able = np.isfinite(forecast_claims(mine, reach, response, rules)[0])
    grown = np.maximum(0.0, later - np.where(able, needed, 0.0)) / nights
    hours, wait_hours, doubts = (
        {street: float(each) for street, each, can in zip(open_ones, column, able, strict=True) if can}
        for column in (needed, grown, doubt)
    )
    crews = people.read_crews(connection).values()
    hands = sum(crew.people for crew in crews)
    of_zone: dict[ZoneId, list[ZoneStreet]] = {}
    for street in streets:
        of_zone.setdefault(street.zone, []).append(street)
    return Scene(
        rules=rules, today=local_day(at, places.read_zone(connection)),
        hours_per_day=sum(c.people * c.hours_per_day for c in crews) / hands if hands else HOURS_A_DAY,
        streets=of_zone, hours=_with_ways(_less_spill_over(connection, of_zone, hours, response.sigma), of_zone, rules, hands / max(1, len(crews))),
        wait_hours=_less_spill_over(connection, of_zone, wait_hours, response.sigma), doubts=doubts,
    )  # fmt: skip


def _with_ways(
    hours: dict[StreetId, float], of_zone: dict[ZoneId, list[ZoneStreet]], rules: Rules, crew_people: float
) -> dict[StreetId, float]:
    """Return the hours with set-up, ways and point tests: those of a crew, as a plan counts them."""
    found: dict[StreetId, float] = {}
    for mine in of_zone.values():
        left = [one for one in mine if one.street in hours]
        places = [(one.lon, one.lat) for one in left]
        around = hours_around(places, [one.triangle for one in left], rules=rules, crew_people=crew_people)
        found |= {one.street: hours[one.street] + more for one, more in zip(left, around, strict=True)}
    return found


def _less_spill_over(
    connection: "sqlite3.Connection",
    of_zone: dict[ZoneId, list[ZoneStreet]],
    hours: dict[StreetId, float],
    sigma: float,
) -> dict[StreetId, float]:
    """
    Return the hours that are left to work where a zone is pushed as a whole.

    Notes
    -----
    Statistics.md 4.2: an hour on a street is worth sigma hours more to its neighbours together. Summed over a zone,
    sum(h) (1 + sigma k) = sum(needed), k being the share of neighbours that lie in the zone.
    """
    zone_of = {s.street: zone for zone, mine in of_zone.items() for s in mine}
    inside: dict[ZoneId, int] = {}
    all_of: dict[ZoneId, int] = {}
    for a, b in store.neighbouring_streets(connection):
        for street, other in ((a, b), (b, a)):
            zone = zone_of.get(street)
            if zone is not None:
                all_of[zone] = all_of.get(zone, 0) + 1
                inside[zone] = inside.get(zone, 0) + (zone_of.get(other) == zone)
    return {
        street: needed / (1.0 + sigma * inside.get(zone_of[street], 0) / max(1, all_of.get(zone_of[street], 1)))
        for street, needed in hours.items()
    }


def work_of(scene: Scene, zone: ZoneId, streets: Iterable[StreetId] = ()) -> list[Work]:
    """Return what a zone, or some of its streets, still need; nothing where all is done."""
    wanted = set(streets)
    mine = [s.street for s in scene.streets[zone] if not wanted or s.street in wanted]
    left = [street for street in mine if scene.hours.get(street, 0.0) > 0]
    if not left:
        return []
    hours = pooled_hours(
        [scene.hours[street] for street in left], [scene.doubts[street] for street in left],
        probability=scene.rules.finish_probability,
    )  # fmt: skip
    return [Work(str(zone), zone, hours, sum(scene.wait_hours[street] for street in left), tuple(sorted(wanted)))]
