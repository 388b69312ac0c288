"""A crew's walk for a day: which of its streets, in which order, with which stops; stored, so that pages and phones show it."""

from collections import Counter
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from fieldops.actions.around import Ground, map_around, meeting_point, nearest
from fieldops.clock import local_day
from fieldops.errors import BadInput, NotFound, Stopped
from fieldops.events import WalkMade
from fieldops.ids import CrewId, StreetId
from fieldops.people import Actor, Crew
from fieldops.permissions import require
from fieldops.planning.opening import read_minutes, say_minutes
from fieldops.progress import Progress, no_progress
from fieldops.rules import Rules
from fieldops.said import Said
from fieldops.store import places
from fieldops.store import walks as store
from fieldops.store.claims import claims_in_force
from fieldops.store.connect import Region, read_rules
from fieldops.store.people import find_crew
from fieldops.store.walks import HeldStreet, StoredWalk

if TYPE_CHECKING:
    from fieldops.planning.walkproblem import Stop, Walk, WalkProblem
    from fieldops.store.sqlite import sqlite3

HOURS_UNKNOWN = 1.0  # days of the whole crew for a street that no plan has looked at


@dataclass(frozen=True, slots=True)
class Day:
    """What a crew is to do on a day: streets with the seconds on each, stops with what they are, what has no room."""

    crew: Crew
    day: date
    streets: dict[int, int]
    left_out: list[dict[str, str]]


def make_walk(
    region: Region,
    actor: Actor,
    crew: CrewId,
    day: date | None = None,
    *,
    sides: int | None = None,
    time_limit: float = 3.0,
    seed: int = 1,
    now: datetime | None = None,
) -> StoredWalk:
    """
    Make and store the walk of a crew for a day: its share of the streets that it holds, venues, and points to test.

    Permission: walk.make, crews for themselves. Event: WalkMade.

    Parameters
    ----------
    day
        Today where left away; claims that are in force now and on that day count.
    sides
        1 or 2; the setting `walk_both_sides` where left away.
    time_limit
        Seconds for the search.

    Raises
    ------
    Forbidden
        If the actor may not, or the crew is another's.
    NotFound
        If there is no such crew.
    BadInput
        If the crew is off that day, or holds no street then; the message says which.
    """
    require(actor, "walk.make", crew=crew)
    at = region.moment(now)
    connection = region.reader()
    rules, zone = read_rules(connection), places.read_zone(connection)
    day = day or local_day(at, zone)
    one = find_crew(connection, crew)
    today = local_day(at, zone)
    held = _held(connection, one, at, today, day, zone)
    ground = map_around(connection, [(one.home_lon, one.home_lat), *((s.lon, s.lat) for s in held)])
    share = _share(connection, ground, one, held, at, day, rules, zone)
    begins = _begins(rules, at.astimezone(zone), day)
    made = _walk(
        connection, ground, share, held, at, rules, zone, begins=begins, sides=sides, time_limit=time_limit, seed=seed
    )
    with region.turn(actor, now=now) as turn:
        event = WalkMade(
            at=turn.now, crew=crew, day=day, stops=len(made.stops), length_m=made.length_m, bound_m=made.bound_m,
            digest=store.stops_digest(store.stops_text(made.stops)),
        )  # fmt: skip
        store.add_walk(turn, made, event=event)
    return made


@dataclass(frozen=True, slots=True)
class Walks:
    """The walks made for a day, and for each crew without one the reason."""

    made: tuple[StoredWalk, ...]
    refused: tuple[tuple[CrewId, str], ...]


def make_walks(
    region: Region,
    actor: Actor,
    day: date | None = None,
    *,
    sides: int | None = None,
    time_limit: float = 1.0,
    seed: int = 1,
    now: datetime | None = None,
    progress: Progress = no_progress,
) -> Walks:
    """
    Make the walks of all crews that hold streets, one after the other; see `make_walk`.

    Raises
    ------
    Forbidden
        If the actor may not make walks of every crew.
    Stopped
        If progress asked to stop; the walks made by then are kept.
    """
    crews = sorted({claim.crew for claim in claims_in_force(region.reader(), region.moment(now))})
    made, refused = [], []
    for number, crew in enumerate(crews, start=1):
        try:
            made.append(make_walk(region, actor, crew, day, sides=sides, time_limit=time_limit, seed=seed, now=now))
        except (BadInput, NotFound) as reason:
            refused.append((crew, str(reason)))
        if not progress("walks", number / len(crews)) and number < len(crews):
            raise Stopped(kept=Said("the walks of %(crews_n)s crews are kept", crews_n=len(made)))
    return Walks(tuple(made), tuple(refused))


def read_walk(
    region: Region, actor: Actor, crew: CrewId, day: date | None = None, *, now: datetime | None = None
) -> StoredWalk:
    """
    Return the walk that was made last for the crew and day, today where left away. Permission: region.read.

    Raises
    ------
    NotFound
        If none was made.
    """
    require(actor, "region.read")
    connection = region.reader()
    return store.newest_walk(connection, crew, day or local_day(region.moment(now), places.read_zone(connection)))


def _begins(rules: Rules, now: datetime, day: date) -> float:
    """Return the minute of the day at which the walk begins: that of the setting, today not before this moment."""
    usual = 60.0 * rules.day_begins_hour
    return max(usual, 60.0 * now.hour + now.minute + 1.0) if now.date() == day else usual


def _held(
    connection: "sqlite3.Connection", crew: Crew, at: datetime, today: date, day: date, zone: ZoneInfo
) -> list[HeldStreet]:
    if day in crew.days_off:
        off = Said("crew %(crew)s is off on %(day)s", crew=crew.id, day=day)
        raise BadInput(off, field="--date", cure="choose a day on which it works")
    if day < today:
        raise BadInput(Said("%(day)s is over", day=day), field="--date", cure="give today or a day to come")
    morning = datetime.combine(day, time(), zone)
    held = [s for s in store.held_streets(connection, crew.id, at, today) if s.held_until > morning]
    if not held:
        raise BadInput(
            Said("crew %(crew)s holds no street on %(day)s", crew=crew.id, day=day), field="--crew",
            cure=Said("give it some: fieldops plan publish, or fieldops claims grant --crew %(crew)s --street STREET", crew=crew.id),
        )  # fmt: skip
    return held


def _place(ground: Ground, street: HeldStreet, home: int) -> int:
    """Return the position where the street is entered; the nearest on the island of home where the map has no such node."""
    entered = ground.nodes.get(street.node)
    return nearest(ground, street.lon, street.lat, of=home) if entered is None else entered


def _share(
    connection: "sqlite3.Connection", ground: Ground, crew: Crew, held: list[HeldStreet], at: datetime, day: date,
    rules: Rules, zone: ZoneInfo,
) -> Day:  # fmt: skip
    """Choose the day's share of the streets: the days from today on share them out, near ones together."""
    import numpy as np
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import dijkstra

    from fieldops.planning.week import NO_POINT, Work, share_days

    home = meeting_point(ground, crew)
    at_home = ground.island[home]
    nodes = [_place(ground, s, home) for s in held]
    walked = [i for i, node in enumerate(nodes) if ground.island[node] == at_home]
    left = dict.fromkeys(set(range(len(held))) - set(walked), "no way leads there from the meeting point")
    stations = np.array([home, *(nodes[i] for i in walked)])
    graph: Any = csr_matrix(ground.matrix)
    metres = dijkstra(graph, directed=False, indices=stations)[:, stations]
    today = local_day(at, zone)
    midnight = datetime.combine(today, time(), zone)
    days = [d for d in range(rules.claim_duration.days + 1) if today + timedelta(days=d) not in crew.days_off]
    triangles = {t for i in walked if (t := held[i].triangle)}
    mine = store.points_to_test(connection, crew.id, sorted(triangles), at, at)  # RULE 10
    tests = {row["triangle"]: (number, round(3600 * rules.test_hours / crew.people)) for number, row in enumerate(mine)}
    work = [
        Work(
            _seconds(held[i], crew), round((held[i].held_until - midnight).total_seconds()),
            *tests.get(held[i].triangle, (NO_POINT, 0)),
        )
        for i in walked
    ]  # fmt: skip
    shared, none = share_days(
        metres, work, days, begins=round(3600 * rules.day_begins_hour), day_seconds=round(3600 * crew.hours_per_day),
        metres_per_second=rules.walk_speed_km_h / 3.6,
    )  # fmt: skip
    left |= {walked[i]: "no time for it before its claim ends" for i in none}
    named = [{"street": held[i].street, "label": held[i].label, "reason": why} for i, why in sorted(left.items())]
    return Day(crew, day, {walked[i]: seconds for i, seconds in shared.get((day - today).days, {}).items()}, named)


def _seconds(street: HeldStreet, crew: Crew) -> int:
    hours = crew.people * crew.hours_per_day * HOURS_UNKNOWN if street.hours is None else street.hours
    return max(60, round(3600 * hours / crew.people))


def _walk(
    connection: "sqlite3.Connection", ground: Ground, share: Day, held: list[HeldStreet], at: datetime, rules: Rules,
    zone: ZoneInfo, *, begins: float, sides: int | None, time_limit: float, seed: int,
) -> StoredWalk:  # fmt: skip
    from fieldops.planning.walkcheck import is_walk, route_nodes
    from fieldops.planning.walkproblem import WalkProblem
    from fieldops.planning.walks import walk

    home = meeting_point(ground, share.crew)
    sides = sides or (2 if rules.walk_both_sides else 1)
    pace = rules.walk_speed_km_h * 1000 / 60
    venues = store.venues_on(connection, [held[i].street for i in sorted(share.streets)])[: rules.venues_per_walk]
    share = _beside(share, held, venues, rules)
    edges, owner, minutes = _edges(connection, ground, home, held, share.streets, minutes_per_metre=sides / pace)
    stops, what = _stops(connection, ground, home, share, held, set(owner), venues, at, rules, zone)
    problem = WalkProblem(
        ground.matrix, edges, stops, home, minutes=minutes, owner=owner, sides=sides, begins=begins,
        metres_per_minute=pace,
    )  # fmt: skip
    found = walk(problem, time_limit=time_limit, seed=seed)
    wrong = is_walk(problem, found)
    if wrong:
        raise BadInput(
            Said("no lawful walk was found: %(wrong)s", wrong=wrong[0]), cure="give it more seconds with --time-limit"
        )
    rows = _rows(problem, found, held, what, ground)
    missed = [what[i] | {"reason": "closed when the crew could come"} for i in found.left_out] + share.left_out
    way = tuple((round(ground.places[n][0], 6), round(ground.places[n][1], 6)) for n in route_nodes(problem, found))
    rows += [{"left_out": True} | one for one in missed]
    return StoredWalk(share.crew.id, share.day, at, round(found.length_m, 1), round(found.bound_m, 1), tuple(rows), way)


def _beside(share: Day, held: list[HeldStreet], venues: list[dict[str, Any]], rules: Rules) -> Day:
    """Return the day with what its streets take beside their venues: hours at a venue count for the street on which it stands."""
    inside = Counter(venue["street"] for venue in venues)
    less = {i: round(60 * rules.venue_minutes * inside[held[i].street]) for i in share.streets}
    return replace(share, streets={i: max(60, seconds - less[i]) for i, seconds in share.streets.items()})


def _edges(
    connection: "sqlite3.Connection", ground: Ground, home: int, held: list[HeldStreet], seconds: dict[int, int],
    *, minutes_per_metre: float,
) -> tuple[list[tuple[int, int, float]], list[int], list[float]]:  # fmt: skip
    """
    Return the segments of the day's streets, whose each is, and the minutes worked on each beside walking it.

    The hours of a street are those of whoever goes along it from door to door: they hold the walk over it.
    """
    row = {held[i].street: i for i in seconds if not held[i].opens}
    edges: list[tuple[int, int, float]] = []
    owner: list[int] = []
    for a, b, metres, street in store.segments_of(connection, row):
        i, j = ground.nodes.get(a, -1), ground.nodes.get(b, -1)
        if i < 0 or j < 0 or i == j or ground.island[i] != ground.island[home]:
            continue
        edges.append((i, j, max(metres, 0.01)))
        owner.append(row[street])
    total: dict[int, float] = {}
    for (_, _, metres), mine in zip(edges, owner, strict=True):
        total[mine] = total.get(mine, 0.0) + metres
    pace = {mine: max(0.0, seconds[mine] / 60 / metres - minutes_per_metre) for mine, metres in total.items()}
    minutes = [pace[mine] * edge[2] for edge, mine in zip(edges, owner, strict=True)]
    return edges, owner, minutes


def _stops(
    connection: "sqlite3.Connection", ground: Ground, home: int, share: Day, held: list[HeldStreet], walked: set[int],
    venues: list[dict[str, Any]], at: datetime, rules: Rules, zone: ZoneInfo,
) -> tuple[list["Stop"], list[dict[str, Any]]]:  # fmt: skip
    """Return the stops of the day and what they are: streets entered at a gate or at some hours, venues, points to test."""
    from fieldops.planning.walkproblem import Stop

    stops: list[Stop] = []
    what: list[dict[str, Any]] = []
    for i in sorted(set(share.streets) - walked):  # a compound is entered at its gate
        opens, closes = read_minutes(held[i].opens, held[i].closes)
        gate, there = _place(ground, held[i], home), min(share.streets[i] / 60, closes - opens)
        stops.append(Stop(gate, there, opens, closes, required=not held[i].opens))
        what.append({"street": held[i].street, "label": held[i].label})
    for venue in venues:
        node = nearest(ground, venue["lon"], venue["lat"], of=home)
        opens, closes = read_minutes(venue["open_from"], venue["open_until"])
        stops.append(Stop(node, rules.venue_minutes, opens, closes, required=False))
        what.append({"venue": venue["venue"], "label": venue["label"]})
    triangles = sorted({t for i in share.streets if (t := held[i].triangle)})
    since = datetime.combine(share.day, time(), zone)
    for point in store.points_to_test(connection, share.crew.id, triangles, at, since):  # RULE 10
        node = nearest(ground, point["lon"], point["lat"], of=home)
        stops.append(Stop(node, 60 * rules.test_hours / share.crew.people))
        what.append({"triangle": point["triangle"], "label": "test at the connection point"})
    return stops, what


def _rows(
    problem: "WalkProblem", found: "Walk", held: list[HeldStreet], what: list[dict[str, Any]], ground: Ground
) -> list[dict[str, Any]]:
    """Return the stops of the walk in order; pieces of one street that follow each other are one stop."""
    rows: list[dict[str, Any]] = []
    last: StreetId | None = None
    for leg in found.sequence:
        if leg.stop is not None:
            street, shown = None, what[leg.stop]
        else:
            mine = held[int(problem.owner[leg.edges[0]])]
            street, shown = mine.street, {"street": mine.street, "label": mine.label}
        if street is not None and street == last and leg.from_m < 1.0:
            rows[-1]["length_m"] = round(rows[-1]["length_m"] + leg.length_m, 1)
            rows[-1]["leave"] = say_minutes(leg.leave)
            continue
        last = street
        rows.append(
            {"order": len(rows) + 1, **shown, "from_m": round(leg.from_m), "length_m": round(leg.length_m, 1),
             "walk_min": round(leg.from_m / problem.metres_per_minute, 1), "arrive": say_minutes(leg.arrive),
             "leave": say_minutes(leg.leave), "lon": round(ground.places[leg.enter][0], 6),
             "lat": round(ground.places[leg.enter][1], 6)}
        )  # fmt: skip
    return rows
