"""What a plan is made from: the operation at a moment, read from the store and turned into arrays."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import numpy as np

from fieldops.actions.awareness import StreetAwareness, known_streets
from fieldops.actions.recruiting_brings import expected_rates
from fieldops.claims import Claim
from fieldops.clock import local_day
from fieldops.forecasts import expected_claims, forecast_claims
from fieldops.ids import CrewId, PlanId, StreetId, TriangleId
from fieldops.people import Crew
from fieldops.planning.opening import read_span
from fieldops.planning.reasons import say
from fieldops.planning.terms import Terms, WhatIf
from fieldops.rules import Rules
from fieldops.said import Reason, Said
from fieldops.store import bursts, decisions, incidents, people, pins, places, plans, reserves
from fieldops.store import claims as claim_store
from fieldops.store.connect import Region, read_rules
from fieldops.store.pins import Pin
from fieldops.store.plans import PlanStreet
from fieldops.store.response import believed_fit

if TYPE_CHECKING:
    from fieldops.planning.problem import PlanProblem, Streets
    from fieldops.store.sqlite import sqlite3


@dataclass(frozen=True, slots=True)
class Ground:
    """What the store says about the operation at a moment, before anything is computed."""

    start: datetime
    rules: Rules
    zone: ZoneInfo
    streets: list[PlanStreet]
    crews: list[Crew]
    claims: list[Claim]
    waiting: dict[tuple[StreetId, CrewId], datetime]
    closed: dict[StreetId, datetime]
    paused: dict[StreetId, datetime]
    outside: dict[StreetId, str]
    swarmed: frozenset[TriangleId]
    kept: frozenset[tuple[StreetId, CrewId]]
    pins: list[Pin]
    terms: Terms


def read_ground(region: Region, start: datetime, terms: Terms, *, without: PlanId | None = None) -> Ground:
    """
    Return the operation as a plan from `start` on finds it, under the terms and assumptions given.

    Parameters
    ----------
    without
        A plan whose own claims are left out: how its ground was before it was published.
    """
    connection = region.reader()
    rules, zone = read_rules(connection), places.read_zone(connection)
    return Ground(
        start=start, rules=(terms.what_if or WhatIf()).apply(rules), zone=zone, streets=plans.plan_streets(connection),
        crews=assumed_crews(connection, terms),
        claims=[c for c in claim_store.claims_in_force(connection, start) if without is None or c.plan != without],
        waiting=claim_store.cool_downs(connection, start), closed=decisions.closed_streets(connection, start), paused=incidents.paused_streets(connection, start),
        outside=_not_to_be_given(connection, start, zone),
        swarmed=plans.swarmed_triangles(connection, start),
        kept=plans.kept_pairs(connection, start - rules.claim_duration, start, without),
        pins=pins.pins_in_force(connection), terms=terms,
    )  # fmt: skip


def assumed_crews(connection: "sqlite3.Connection", terms: Terms) -> list[Crew]:
    """Return the crews by id with the hours a day that are assumed."""
    crews = list(people.read_crews(connection).values())
    hours = (terms.what_if or WhatIf()).hours
    return crews if hours is None else [replace(crew, hours_per_day=hours) for crew in crews]


def hours_of_week(
    crews: Sequence[Crew], start: datetime, zone: ZoneInfo, rules: Rules, terms: Terms
) -> tuple[Any, Any, Any]:
    """Return the people of each crew, the days on which it works within a claim from `start` on, and all its promoter-hours."""
    what_if, first = terms.what_if or WhatIf(), local_day(start, zone)
    week = [first + timedelta(days=d) for d in range(what_if.days or rules.claim_duration.days)]
    worked = [day for day in week if day not in terms.rain]
    days = np.array([sum(day not in crew.days_off for day in worked) for crew in crews], dtype=np.int64)
    many = (what_if.people or 1.0) * np.array([crew.people for crew in crews], dtype=np.float64)
    per_day = np.array([crew.hours_per_day for crew in crews], dtype=np.float64)
    return np.maximum(1, np.rint(many)).astype(np.int64), days, many * per_day * days


def read_weeks(ground: Ground, crews: Collection[CrewId]) -> dict[CrewId, tuple[float, float]]:
    """Return the promoter-hours of these crews within a claim, and in one of its days."""
    people, _, full = hours_of_week(ground.crews, ground.start, ground.zone, ground.rules, ground.terms)
    day = people * np.array([crew.hours_per_day for crew in ground.crews])
    weeks = zip((crew.id for crew in ground.crews), zip(full.tolist(), day.tolist(), strict=True), strict=True)
    return {crew: hours for crew, hours in weeks if crew in crews}


def read_rooms(problem: "PlanProblem", crew_of_street: Any) -> dict[CrewId, list[float]]:
    """Return for each crew with streets the promoter-hours that it has for them, and how many they take; see `StoredPlan.rooms`."""
    from fieldops.planning.reserve import sure_hours

    room, needs = problem.crews.capacity.tolist(), np.round(sure_hours(problem, crew_of_street), 4).tolist()
    return {problem.crews.ids[j]: [room[j], needs[j]] for j in np.unique(crew_of_street[crew_of_street >= 0]).tolist()}


def _not_to_be_given(connection: "sqlite3.Connection", start: datetime, zone: ZoneInfo) -> dict[StreetId, str]:
    """Return the streets outside running bursts (rule 15) and those that a phone keeps (rule 6), with the reason."""
    kept = {
        one.street: say("reserved", crew=one.crew, until_at=f"{one.ends_at.astimezone(zone):%Y-%m-%d %H:%M}")
        for one in reserves.kept_streets(connection, start)
    }
    return bursts.outside_bursts(connection, local_day(start, zone)) | kept


def pose_ground(region: Region, ground: Ground, rng: np.random.Generator, now: datetime | None) -> "PlanProblem":
    """Turn what the store says into arrays: awareness, hours, capacities, walks."""
    from fieldops.awareness import expected_shortfall
    from fieldops.planning.problem import PlanProblem, Streets, raise_priority

    rules, response = ground.rules, believed_fit(region.reader(), region.moment(now)).response
    every, basis = known_streets(region, now=now)
    known = _in_order(every, [street.id for street in ground.streets])
    count = np.array([street.people for street in ground.streets], dtype=np.float64)
    hours, finish = forecast_claims(known, count, response, rules)
    mean, deviation = expected_claims(known, count, response, rules)
    moved = plans.moved_triangles(region.reader(), ground.start)
    missing = expected_shortfall(known.alpha, known.beta, rules.target_share)
    streets = Streets(
        ids=tuple(street.id for street in ground.streets), labels=tuple(street.label for street in ground.streets),
        people=count, share=known.share, missing=missing, measured=known.measured,
        priority=raise_priority(
            np.array([street.priority for street in ground.streets], dtype=np.float64), known.share,
            np.array([street.triangle in ground.swarmed for street in ground.streets], dtype=bool), rules.target_share,
        ), hours=hours,
        finish=finish, excluded=tuple(_standing_reason(ground, street) for street in ground.streets),
        notes=tuple(_notes(ground, street) for street in ground.streets),
        recruits=_recruits(region, ground, hours, now) if rules.plan_values == "recruits" else None,
        tests=_tests(ground, moved), mean=mean, deviation=deviation, triangle=_triangles(ground, moved),
        **_entry(ground),
    )  # fmt: skip
    crews, pins = _crews(ground, streets)
    home, turf = _walks(region, ground, streets.hours, pins, rng)
    column = {crew.id: j for j, crew in enumerate(ground.crews)}
    row = {street: i for i, street in enumerate(streets.ids)}
    waiting = frozenset((row[s], column[c]) for s, c in ground.waiting if s in row and c in column)
    return PlanProblem(
        start=ground.start, rules=rules, streets=streets, crews=crews, home_m=home, turf_m=turf, waiting=waiting,
        pins=tuple(pins), kept=frozenset((row[s], column[c]) for s, c in ground.kept if s in row and c in column),
        basis=basis, common_doubt=response.deviation("rho"),
    )  # fmt: skip


def _entry(ground: Ground) -> dict[str, Any]:
    """Return when each street lets promoters in; nothing where all always do."""
    if not any(street.opens for street in ground.streets):
        return {}
    opens, closes = np.array([read_span(street.opens, street.closes) for street in ground.streets]).T
    return {"opens": opens, "closes": closes}


def _notes(ground: Ground, street: PlanStreet) -> tuple[Said, ...]:
    swarmed = say("swarmed") if street.triangle in ground.swarmed else None
    entry = say("entry_note", open=f"{street.opens}-{street.closes}") if street.opens else None
    return tuple(said for said in (swarmed, street.note, entry) if said)


def _triangles(ground: Ground, moved: frozenset[TriangleId]) -> Any:
    """Return the number of each street's triangle, -1 where no point decides for it: there is none, or it has moved on before."""
    number = plans.number_triangles(ground.streets, moved)
    return np.array([number[one.id] for one in ground.streets], dtype=np.int64)


def _tests(ground: Ground, moved: frozenset[TriangleId]) -> Any:
    """Return each street's part of what the test of its triangle's point takes on a day; RULE 10: it counts in the crew's hours."""
    of = [street.triangle for street in ground.streets]
    streets = Counter(of)
    return np.array([ground.rules.test_hours / streets[t] if t and t not in moved else 0.0 for t in of])


def _recruits(region: Region, ground: Ground, hours: Any, now: datetime | None) -> Any:
    """Return the candidates to be expected from the hours of each street; None where nothing is known of any."""
    ids = [str(street.id) for street in ground.streets]
    rates = expected_rates(region.reader(), region.moment(now), ids)
    if rates is None:
        return None
    return np.asarray(rates) * np.where(np.isfinite(hours), hours, 0.0)


def _in_order(known: StreetAwareness, ids: list[StreetId]) -> StreetAwareness:
    """Return the awareness of these streets, in their order."""
    position = {street: i for i, street in enumerate(known.street)}
    rows = np.array([position[street] for street in ids], dtype=np.int64)
    return known.take(rows)


def _standing_reason(ground: Ground, street: PlanStreet) -> str:
    if street.excluded:
        return street.excluded
    shut = [
        (until[street.id], code)
        for code, until in (("saturated", ground.closed), ("paused", ground.paused))
        if street.id in until
    ]
    if shut:
        until, code = max(shut)  # RULE 8, and incidents: whichever lasts longer
        return say(code, open_at=f"{until.astimezone(ground.zone):%Y-%m-%d %H:%M}")
    return next(
        (
            say("claimed", crew=claim.crew, until_at=f"{claim.held_until.astimezone(ground.zone):%Y-%m-%d %H:%M}")
            for claim in ground.claims
            if claim.street == street.id
        ),
        ground.outside.get(street.id) or _kept_free(ground, street),  # RULE 15
    )


def _kept_free(ground: Ground, street: PlanStreet) -> str:
    return say("kept_free") if any(pin.street == street.id and pin.crew is None for pin in ground.pins) else ""


def settle_ground(problem: "PlanProblem", ground: Ground) -> tuple["PlanProblem", dict[StreetId, Reason]]:
    """Return the problem with the pins that can be kept, and for each street whose pin cannot be kept why."""
    from fieldops.planning.pinned import settle_pins

    row = {street: i for i, street in enumerate(problem.streets.ids)}
    column = {crew: j for j, crew in enumerate(problem.crews.ids)}
    wishes = [(row[pin.street], column[pin.crew]) for pin in ground.pins if pin.crew in column and pin.street in row]
    settled, refused = settle_pins(problem, wishes)
    return settled, {problem.streets.ids[street]: why for street, why in refused.items()}


def _crews(ground: Ground, streets: "Streets") -> tuple[Any, list[tuple[int, int]]]:
    """Return the crews with what their live claims leave them, and those claims as positions."""
    from fieldops.planning.problem import HUNDREDTHS, Crews

    row = {street: i for i, street in enumerate(streets.ids)}
    column = {crew.id: j for j, crew in enumerate(ground.crews)}
    pins = [(row[c.street], column[c.crew]) for c in ground.claims if c.street in row and c.crew in column]
    size, days, full = hours_of_week(ground.crews, ground.start, ground.zone, ground.rules, ground.terms)
    per_day = np.array([crew.hours_per_day for crew in ground.crews], dtype=np.float64)
    pinned, variance, held = *np.zeros((2, len(ground.crews))), np.zeros(len(ground.crews), dtype=np.int64)
    hours, doubt = streets.work, streets.doubt
    for street, crew in pins:
        pinned[crew] += hours[street] if np.isfinite(hours[street]) else full[crew]
        variance[crew] += doubt[street] ** 2
        held[crew] += 1
    crews = Crews(
        ids=tuple(crew.id for crew in ground.crews), names=tuple(crew.name for crew in ground.crews), people=size,
        hours_per_day=per_day, days=days, capacity=np.floor(np.maximum(0.0, full - pinned) * HUNDREDTHS) / HUNDREDTHS, pinned_hours=pinned,
        places=np.maximum(0, ground.rules.claims_per_crew - held), pinned_doubt=np.sqrt(variance),
    )  # fmt: skip
    return crews, pins


def _walks(
    region: Region, ground: Ground, work: Any, pins: list[tuple[int, int]], rng: np.random.Generator
) -> tuple[Any, Any]:
    """Return the metres on foot to every street from each crew's home and from the middle of its turf."""
    import pandas as pd

    from fieldops.city.graph import WalkGraph
    from fieldops.planning.turfs import place_turfs

    shape = (len(ground.crews), len(ground.streets))
    if 0 in shape:
        return np.zeros(shape), np.zeros(shape)
    nodes, segments = plans.read_walks(region.reader())
    graph = WalkGraph.from_segments(
        pd.DataFrame(nodes, columns=["node", "lon", "lat", "city"]),
        pd.DataFrame(segments, columns=["from_node", "to_node", "length_m", "kind"]),
    )
    at = graph.positions([street.node for street in ground.streets])
    lost = np.flatnonzero(at < 0)
    if len(lost):
        near, _ = graph.nearest([ground.streets[i].lon for i in lost], [ground.streets[i].lat for i in lost])
        at[lost] = near
    home, _ = graph.nearest([c.home_lon for c in ground.crews], [c.home_lat for c in ground.crews], mainland=True)
    place = np.column_stack([graph.x, graph.y])
    usable = np.array([not _standing_reason(ground, street) for street in ground.streets]) & np.isfinite(work)
    held = [place[at[[s for s, c in pins if c == crew]]] for crew in range(len(ground.crews))]
    middles, lands = place[home].copy(), np.unique(graph.component[home])
    for land in lands:  # of each city: no crew walks to another
        mine = np.flatnonzero(graph.component[home] == land)
        here = usable & (graph.component[at] == land) if len(lands) > 1 else usable
        own = [held[crew] for crew in mine]
        middles[mine] = place_turfs(place[at[here]], work[here], place[home[mine]], own, rng=rng)
    lon, lat = graph.plane.to_degrees(middles[:, 0], middles[:, 1])
    turf, _ = graph.nearest(lon, lat, mainland=True)
    return graph.distances(home, targets=at), graph.distances(turf, targets=at)
