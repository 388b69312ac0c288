"""
The next street at once.

`next_street` only suggests: it takes no lock, and by the time the crew claims, another may hold the street. Only the door
claims (rule 6).
"""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import NormalDist
from typing import TYPE_CHECKING

from fieldops.clock import Stopwatch, local_day
from fieldops.ids import CrewId, StreetId
from fieldops.people import Actor
from fieldops.permissions import require
from fieldops.planning.dispatch import DETOUR, Candidate, Offer, Room, best_offers, explain_offer, walk_metres
from fieldops.planning.opening import DAY_H, read_span
from fieldops.planning.reasons import say
from fieldops.planning.terms import LEAST_MISSING
from fieldops.rules import Rules
from fieldops.said import Reason, Said
from fieldops.store import claims as claim_store
from fieldops.store import dispatch as store
from fieldops.store import places
from fieldops.store.bursts import are_set, running_bursts
from fieldops.store.connect import Region, Turn, read_rules
from fieldops.store.dispatch import CrewStanding, NearStreet
from fieldops.store.pins import pins_in_force
from fieldops.store.response import read_fit

if TYPE_CHECKING:
    from fieldops.awareness import Response
    from fieldops.planning.assignment import Assignment
    from fieldops.planning.problem import PlanProblem
    from fieldops.store.sqlite import sqlite3

FARTHER = (1.7, 3.0)  # times the reach that are searched, one after the other, where nothing fits within it
ASK_AT_THE_GATE = say("ask_gate")
LEAST_SURVEYS = 10  # of a test: so many are asked before any card decides


@dataclass(frozen=True, slots=True)
class Told:
    """What is promised already: `streets` to anybody, and of these `places` and `hours` to this crew."""

    streets: Collection[StreetId] = ()
    places: int = 0
    hours: float = 0.0


@dataclass(frozen=True, slots=True)
class Next:
    """
    Where the crew goes next: a street to claim, or (`held`) one that it holds already, or none at all.

    `metres` is the walk from where it stands; `milliseconds` the time from question to answer.
    """

    crew: CrewId
    street: StreetId | None
    label: str
    held: bool
    metres: float
    hours: float
    reason: str
    milliseconds: float


def next_street(
    region: Region, actor: Actor, crew: CrewId, *, start: StreetId | None = None, now: datetime | None = None
) -> Next:
    """
    Return the next street for a crew at the moment: the best reduced profit per hour within walking reach that fits.

    Parameters
    ----------
    start
        The street on which the crew stands; where left away see `fieldops.store.dispatch.crew_standing`.

    Raises
    ------
    Forbidden
        If the actor may not read the region.
    NotFound
        If there is no such crew or street.
    """
    require(actor, "region.read")
    return suggest(region.reader(), crew, region.moment(now), start=start)


def suggest(connection: "sqlite3.Connection", crew: CrewId, at: datetime, *, start: StreetId | None = None) -> Next:
    """Return the next street by what a connection sees."""
    return suggest_all(connection, crew, at, start=start, most=1)[0]


def suggest_all(
    connection: "sqlite3.Connection", crew: CrewId, at: datetime, *, start: StreetId | None, most: int,
    told: Collection[StreetId] = (),
) -> list[Next]:  # fmt: skip
    """
    Return the next streets of a crew, at most so many, that fit its hours together; one answer where there is none.

    `told` are streets that others were promised in the same turn.
    """
    watch = Stopwatch()
    standing = store.crew_standing(connection, crew, at, start)
    room, offers = offers_of(connection, standing, at, Told(told), most=most)
    return _nexts(connection, crew, room, offers, watch) or [_go_on(connection, standing, room, watch, at)]


def near_streets(
    region: Region, actor: Actor, crew: CrewId, *, most: int = 8, now: datetime | None = None
) -> list[Next]:
    """Return the free streets that a crew could claim now, the best first; nothing is promised. Permission: region.read."""
    require(actor, "region.read")
    watch, connection, at = Stopwatch(), region.reader(), region.moment(now)
    standing = store.crew_standing(connection, crew, at, None)
    return _nexts(connection, crew, *offers_of(connection, standing, at, Told(), most=most), watch)


def _nexts(
    connection: "sqlite3.Connection", crew: CrewId, room: Room, offers: Sequence[Offer], watch: Stopwatch
) -> list[Next]:
    return [
        Next(
            crew, one.candidate.street, claim_store.street_words(connection, one.candidate.street)[0], False,
            one.candidate.metres, one.hours, explain_offer(room, one), round(watch.seconds * 1000, 2),
        )
        for one in offers
    ]  # fmt: skip


def _go_on(
    connection: "sqlite3.Connection", standing: CrewStanding, room: Room, watch: Stopwatch, at: datetime
) -> Next:
    """Return the nearest street that the crew holds and has not left, where no free one fits."""
    why = _why_nothing(connection, standing, room, at)
    still = [street for street in standing.held if street != standing.street]
    metres = [_air_m(standing.lon, standing.lat, lon, lat) for lon, lat in store.positions(connection, still)]
    if not still:
        return Next(standing.crew.id, None, "", False, 0.0, 0.0, why, round(watch.seconds * 1000, 2))
    near = min(range(len(still)), key=lambda i: (metres[i], still[i]))
    label, _ = claim_store.street_words(connection, still[near])
    reason = Reason([Said("it holds this street already"), why])
    return Next(standing.crew.id, still[near], label, True, metres[near], 0.0, reason, round(watch.seconds * 1000, 2))


def _why_nothing(connection: "sqlite3.Connection", standing: CrewStanding, room: Room, at: datetime) -> str:
    if not room.days:
        return Said("no new street: the crew is off for the next seven days")
    if room.places < 1:
        return Said("no new street: it holds as many as it may (%(streets_n)s)", streets_n=len(standing.held))
    if room.hours <= 0:
        return Said("no new street: what it holds needs all its hours")
    rules = read_rules(connection)
    metres = FARTHER[-1] * rules.dispatch_reach_m
    box = store.Box.around(standing.lon, standing.lat, metres)
    taken = store.taken_streets(connection, box, standing.crew.id, at)
    free = {one.street for one in store.near_streets(connection, box, standing.crew.id, at, None)} - {standing.street}
    waiting = free & {street for street, _ in claim_store.cool_downs(connection, at, standing.crew.id)}
    shut = free - waiting - {one.street for one in _near_running(connection, box, standing.crew.id, at)}
    kept = (free - waiting - shut) & _pinned_elsewhere(connection, standing.crew.id)
    far = len(free - waiting - shut - kept)
    told: list[str] = [
        *taken,
        *([Said("%(streets_n)s cooling down for it", streets_n=len(waiting))] if waiting else []),
        *([Said("%(streets_n)s outside running bursts", streets_n=len(shut))] if shut else []),
        *([Said("%(streets_n)s pinned to others", streets_n=len(kept))] if kept else []),
        *([Said("%(streets_n)s too far on foot, or more than the %(left_h)s h that it has left", streets_n=far, left_h=room.hours)]
          if far else []),
    ]  # fmt: skip
    if not told:
        return Reason([Said("there is no other street within %(reach_m)s", reach_m=metres), Said("ask the lead")])
    return Reason([Said("no new street within %(reach_m)s", reach_m=metres), *told, Said("ask the lead")])


def _pinned_elsewhere(connection: "sqlite3.Connection", crew: CrewId) -> set[StreetId]:
    """Return the streets that a lead wants with another crew, or with nobody: nobody is sent there unasked."""
    return {one.street for one in pins_in_force(connection) if one.crew != crew}


def offers_of(
    connection: "sqlite3.Connection", standing: CrewStanding, at: datetime, told: Told, *, most: int
) -> tuple[Room, list[Offer]]:
    """Return what the crew has left, and its best streets: within reach, else from farther away."""
    rules = read_rules(connection)
    room = _room(connection, standing, at, rules, told)
    if room.places < 1 or room.hours <= 0 or not room.days:
        return room, []
    waiting = {street for street, _ in claim_store.cool_downs(connection, at, standing.crew.id)} | set(told.streets)
    waiting |= _pinned_elsewhere(connection, standing.crew.id)
    for times in (1.0, *FARTHER):
        candidates = _candidates(connection, standing, at, rules, waiting, times * rules.dispatch_reach_m)
        offers = best_offers(room, candidates, most=most)
        if offers:
            return room, offers
    return room, []


def _room(connection: "sqlite3.Connection", standing: CrewStanding, at: datetime, rules: Rules, told: Told) -> Room:
    """RULE 5: what the crew can still finish within the seven days of a claim made now."""
    crew = standing.crew
    first = local_day(at, places.read_zone(connection))
    days = sum(first + timedelta(days=d) not in crew.days_off for d in range(rules.claim_duration.days))
    day = crew.people * crew.hours_per_day
    # A street that no plan has looked at is given a whole day.
    needed = sum(day if hours is None else hours for hours in standing.needed)
    return Room(
        people=crew.people, hours_per_day=crew.hours_per_day, days=days,
        hours=max(0.0, day * days - needed - told.hours),
        places=rules.claims_per_crew - len(standing.held) - told.places,
        hour_price=standing.hour_price, place_price=standing.place_price,
        metres_per_hour=rules.walk_speed_km_h * 1000.0, begins=rules.day_begins_hour,
        setup=crew.people * rules.setup_minutes / 60.0,
    )  # fmt: skip


def _candidates(
    connection: "sqlite3.Connection",
    standing: CrewStanding,
    at: datetime,
    rules: Rules,
    waiting: Collection[StreetId],
    reach_m: float,
) -> list[Candidate]:
    box = store.Box.around(standing.lon, standing.lat, reach_m)
    near = _near_running(connection, box, standing.crew.id, at)
    near = [street for street in near if street.street not in waiting and street.street != standing.street]
    if not near:
        return []
    nodes, ways = store.near_ways(connection, box)
    start = standing.node if standing.node in nodes else _nearest(nodes, standing.lon, standing.lat)
    walks = walk_metres(ways, start, reach_m=reach_m) if start is not None else {}
    metres = [_metres(standing, street, walks, nodes) for street in near]
    reached = [(street, way) for street, way in zip(near, metres, strict=True) if way <= reach_m]
    worth = _worth(read_fit(connection, at).response, rules, [street for street, _ in reached])
    home, entry = (standing.crew.home_lon, standing.crew.home_lat), store.entry_spans(connection)
    return [
        Candidate(
            street.street, way, DETOUR * _air_m(*home, street.lon, street.lat), missing, street.measured, value,
            hours, finish, *_entry(street, entry),
        )
        for (street, way), (missing, value, hours, finish) in zip(reached, worth, strict=True)
        if hours is not None
    ]  # fmt: skip


def _entry(street: NearStreet, spans: Mapping[StreetId, tuple[str, str]]) -> tuple[tuple[Said, ...], float, float]:
    """Return what the crew should know of a street before it goes, and from when until when it lets promoters in."""
    notes = (ASK_AT_THE_GATE,) if street.permission == "unknown" else ()
    span = spans.get(street.street)
    if span is None:
        return notes, 0.0, DAY_H
    return (*notes, say("entry_note", open="-".join(span))), *read_span(*span)


def _near_running(connection: "sqlite3.Connection", box: store.Box, crew: CrewId, at: datetime) -> list[NearStreet]:
    """RULE 15: the free streets in the box that belong to a running burst; all where bursts were never set."""
    day = local_day(at, places.read_zone(connection))
    running = running_bursts(connection, day, zones=store.zones_near(connection, box)) if are_set(connection) else None
    return store.near_streets(connection, box, crew, at, running)


def _metres(standing: CrewStanding, street: NearStreet, walks: dict[int, float], nodes: Collection[int]) -> float:
    """Return the walk to a street; by air with a detour where the map does not say at which node it lies."""
    if street.node is None or street.node not in nodes:
        return DETOUR * _air_m(standing.lon, standing.lat, street.lon, street.lat)
    return walks.get(street.node, math.inf)


def _worth(
    response: "Response", rules: Rules, streets: Sequence[NearStreet]
) -> list[tuple[float, float, float | None, float]]:
    """
    Return for each street: people still to be told, value, hours and finish probability.

    What the last plan found is brought up to the newest estimate: value and hours move with the share still expected to be
    told; asking is left in any case. What no plan has looked at is forecast now.
    """
    target, unseen = rules.target_share, [s for s in streets if s.value is None]
    forecast = dict(zip((s.street for s in unseen), _forecast(response, rules, unseen), strict=True)) if unseen else {}
    found = []
    for street in streets:
        if street.value is None or street.share is None or street.finish is None:
            found.append(forecast[street.street])
            continue
        value, hours, share, doubt = street.value, street.hours, street.share, 0.0
        if street.fresh is not None and hours is not None:
            doubt = (street.fresh_high - street.fresh_low) / (
                2.0 * NormalDist().inv_cdf((1.0 + rules.interval_share) / 2.0)
            )
            before, after = (
                max(_shortfall(mean, doubt, target), LEAST_MISSING * target) for mean in (share, street.fresh)
            )
            value *= after / before
            hours = max(hours * after / before, min(hours, LEAST_SURVEYS * rules.survey_minutes / 60.0))
            share = street.fresh
        missing = street.people * _shortfall(share, doubt, target)
        found.append((missing, value, hours, street.finish))
    return found


def _shortfall(mean: float, deviation: float, target: float) -> float:
    """Return E max(0, target - awareness) by the normal distribution: without an array library, for some hundred streets."""
    if deviation <= 0.0:
        return max(0.0, target - mean)
    standard, away = NormalDist(), (target - mean) / deviation
    return (target - mean) * standard.cdf(away) + deviation * standard.pdf(away)


def _forecast(
    response: "Response", rules: Rules, streets: Sequence[NearStreet]
) -> list[tuple[float, float, float | None, float]]:
    """Forecast streets that no plan has looked at, from the prior of the city and what was counted on each."""
    import numpy as np

    from fieldops.awareness import expected_shortfall, find_rule, hours_for_finish

    card = find_rule(rules.move_on_rule)
    knows = np.array([street.knows for street in streets], dtype=np.float64)
    asked = np.array([street.asked for street in streets], dtype=np.float64)
    people = np.array([max(1.0, street.people) for street in streets], dtype=np.float64)
    alpha, beta = response.mu * response.kappa + knows, (1 - response.mu) * response.kappa + asked - knows
    hours = hours_for_finish(
        alpha, beta, people, response, card, target=rules.target_share, probability=rules.finish_probability,
        days=2, tests=rules.tests_per_claim, survey_minutes=rules.survey_minutes,
        head_count_below=float(rules.small_street_people),
    )  # fmt: skip
    missing = people * expected_shortfall(alpha, beta, rules.target_share)
    return [
        (
            float(missing[i]), float(missing[i] * rules.finish_probability * street.priority),
            float(hours[i]) if math.isfinite(hours[i]) else None, rules.finish_probability,
        )
        for i, street in enumerate(streets)
    ]  # fmt: skip


def _nearest(nodes: dict[int, tuple[float, float]], lon: float, lat: float) -> int | None:
    return min(nodes, key=lambda node: _air_m(lon, lat, *nodes[node]), default=None)


def _air_m(lon1: float, lat1: float, lon2: float, lat2: float) -> float:
    east = (lon2 - lon1) * math.cos(math.radians((lat1 + lat2) / 2))
    return math.hypot(east, lat2 - lat1) * store.METRES_PER_DEGREE


def keep_outlook(turn: Turn, problem: "PlanProblem", found: "Assignment | None") -> None:
    """Keep what a plan found out about every street and crew, so that dispatch need not ask again; in the plan's turn."""
    from fieldops.planning.problem import street_values

    streets, crews = problem.streets, problem.crews
    values = street_values(problem).tolist()
    prices = [] if found is None else zip(crews.ids, found.hour_price.tolist(), found.place_price.tolist(), strict=True)
    rows = zip(
        streets.ids, values, streets.hours.tolist(), streets.finish.tolist(), streets.share.tolist(), strict=True
    )
    store.save_outlook(
        turn,
        ((name, value, hours if math.isfinite(hours) else None, *rest) for name, value, hours, *rest in rows),
        prices,
        event=turn.head.seq,
    )
