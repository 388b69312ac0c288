"""A whole zone walked in one day: who of its crews takes which of its streets, in which order; a suggestion, nothing is claimed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from fieldops.actions.around import Ground, map_around, meeting_point
from fieldops.clock import local_day
from fieldops.errors import BadInput, NotFound
from fieldops.ids import CrewId, StreetId, ZoneId
from fieldops.people import Actor, Crew
from fieldops.permissions import require
from fieldops.rules import Rules
from fieldops.store import decisions, people, places
from fieldops.store import walks as store
from fieldops.store.connect import Region, read_rules

if TYPE_CHECKING:
    from fieldops.planning.walkproblem import Piece, WalkProblem
    from fieldops.planning.zonewalks import ZoneWalks
    from fieldops.store.sqlite import sqlite3

TRIES = 4  # how often days are cut by the way between streets until everybody is home in time


@dataclass(frozen=True, slots=True)
class CrewDay:
    """What one crew walks: (street, label) in order, metres on foot, and the minutes it takes of those it has."""

    crew: CrewId
    streets: tuple[tuple[StreetId, str], ...]
    length_m: float
    minutes: float
    minutes_at_hand: float


@dataclass(frozen=True, slots=True)
class ZoneDay:
    """The walks of all crews: metres together, a proven bound on any that do the same, streets left out with the reason."""

    zone: ZoneId
    day: date
    crews: tuple[CrewDay, ...]
    length_m: float
    bound_m: float
    left_out: tuple[tuple[StreetId, str, str], ...]

    @property
    def gap(self) -> float:
        """Return (length - bound) / bound; 0 where nothing is walked."""
        return (self.length_m - self.bound_m) / self.bound_m if self.bound_m > 0 else 0.0


def walk_zone(
    region: Region,
    actor: Actor,
    zone: ZoneId,
    day: date | None = None,
    *,
    crews: Sequence[CrewId] = (),
    minutes: float = 10.0,
    time_limit: float = 5.0,
    seed: int = 1,
    now: datetime | None = None,
) -> ZoneDay:
    """
    Return walks of several crews that together go once over every open street of a zone. Permission: region.read.

    Nothing is stored or claimed: it shows what a day on which a zone is gone through would take. A street in one piece is
    walked by one crew.

    Parameters
    ----------
    crews
        Who walks; where left away, the crews that hold a street of the zone.
    minutes
        Worked on each street by the whole crew, beside walking it once.
    time_limit
        Seconds for the search and for the bound, each.

    Raises
    ------
    NotFound
        If there is no such zone or crew.
    BadInput
        If there is nothing to walk, nobody to do it, or the day of all crews is too short; the message says by how much.
    """
    require(actor, "region.read")
    connection, at = region.reader(), region.moment(now)
    rules = read_rules(connection)
    day = day or local_day(at, places.read_zone(connection))
    streets = _open_streets(connection, zone, at)
    who = _crews(connection, zone, crews, at, day)
    ground = map_around(
        connection, [*((c.home_lon, c.home_lat) for c in who), *(place for _, place in streets.values())]
    )
    problem, pieces, ids, left = _posed(connection, ground, streets, who, rules, minutes)
    found, taken = _share_out(problem, pieces, ground, who, time_limit=time_limit, seed=seed)
    walks = tuple(
        CrewDay(
            crew.id, tuple((ids[i], streets[ids[i]][0]) for i in _in_order(pieces, mine, problem.owner.tolist())),
            round(length, 1), round(needed, 1), 60.0 * crew.hours_per_day,
        )
        for crew, mine, length, needed in zip(who, found.streets, found.lengths_m, taken, strict=True)
    )  # fmt: skip
    return ZoneDay(zone, day, walks, round(found.length_m, 1), round(found.bound_m, 1), tuple(left))


def _open_streets(
    connection: "sqlite3.Connection", zone: ZoneId, at: datetime
) -> dict[StreetId, tuple[str, tuple[float, float]]]:
    """Return label and place of the streets of a zone that may be worked on."""
    found = store.streets_of_zone(connection, zone)
    if found is None:
        raise NotFound("zone", zone, cure="see `fieldops export zones --format csv --out zones.csv`")
    closed = decisions.closed_streets(connection, at, list(found))
    streets = {street: row for street, row in found.items() if street not in closed}
    if not streets:
        raise BadInput(f"zone {zone} has no street to be walked: all are closed or saturated", field="--zone")
    return streets


def _crews(
    connection: "sqlite3.Connection", zone: ZoneId, named: Sequence[CrewId], at: datetime, day: date
) -> list[Crew]:
    chosen = list(named) or store.crews_in_zone(connection, zone, at)
    crews = [people.find_crew(connection, crew) for crew in chosen]
    working = [crew for crew in crews if day not in crew.days_off]
    if not working:
        raise BadInput(
            f"nobody walks zone {zone} on {day}: {'all are off' if crews else 'no crew holds a street of it'}",
            field="--zone", cure="name crews with --crews A,B,C",
        )  # fmt: skip
    return working


def _posed(
    connection: "sqlite3.Connection", ground: Ground, streets: dict[StreetId, tuple[str, tuple[float, float]]],
    crews: Sequence[Crew], rules: Rules, minutes: float,
) -> tuple["WalkProblem", list["Piece"], list[StreetId], list[tuple[StreetId, str, str]]]:  # fmt: skip
    """Return the zone as one walk in pieces, whose each piece is, and the streets that cannot be walked."""
    from fieldops.planning.walkproblem import WalkProblem, join_pieces

    home = meeting_point(ground, crews[0])
    ids = list(streets)
    row = {street: i for i, street in enumerate(ids)}
    edges, owner = [], []
    for a, b, metres, street in store.segments_of(connection, ids):
        i, j = ground.nodes.get(a, -1), ground.nodes.get(b, -1)
        if i >= 0 and j >= 0 and i != j and ground.island[i] == ground.island[j] == ground.island[home]:
            edges.append((i, j, max(metres, 0.01)))
            owner.append(row[street])
    walked = set(owner)
    left = [
        (street, streets[street][0], "no way of its own, or none leads there")
        for street in ids
        if row[street] not in walked
    ]
    if not edges:
        raise BadInput("no street of the zone can be reached from the meeting point", field="--zone")
    length = {i: sum(e[2] for e, mine in zip(edges, owner, strict=True) if mine == i) for i in walked}
    worked = [minutes * edge[2] / length[mine] for edge, mine in zip(edges, owner, strict=True)]
    problem = WalkProblem(
        ground.matrix, edges, [], home, minutes=worked, owner=owner,
        metres_per_minute=rules.walk_speed_km_h * 1000 / 60,
    )  # fmt: skip
    return problem, join_pieces(problem), ids, left


def _share_out(
    problem: "WalkProblem",
    pieces: list["Piece"],
    ground: Ground,
    crews: Sequence[Crew],
    *,
    time_limit: float,
    seed: int,
) -> tuple["ZoneWalks", list[float]]:
    """
    Return the walks and what each takes, in minutes: days are cut by what the ways between streets take, till all fit.

    The bound allows whole days: it holds for any walks.
    """
    import numpy as np

    from fieldops.planning.zonewalks import ZoneWalkProblem, zone_walks

    metres = np.array([problem.metres[list(piece.edges)].sum() for piece in pieces])
    work = np.array([problem.minutes[list(piece.edges)].sum() for piece in pieces]) + metres / problem.metres_per_minute
    day = np.array([60.0 * crew.hours_per_day for crew in crews])
    room = np.floor(day)
    ends = [(piece.first, piece.last) for piece in pieces]
    starts = [meeting_point(ground, crew) for crew in crews]
    for _again in range(TRIES):
        posed = ZoneWalkProblem(problem.matrix, ends, metres, np.maximum(1, np.rint(work)), starts, np.maximum(0, room))
        found = zone_walks(
            posed, time_limit=time_limit / TRIES, seed=seed, bound_seconds=time_limit, bound_room=float(day.max())
        )
        taken = [
            length / problem.metres_per_minute + float((work - metres / problem.metres_per_minute)[list(mine)].sum())
            for length, mine in zip(found.lengths_m, found.streets, strict=True)
        ]
        over = np.maximum(0.0, np.array(taken) - day)
        if not over.any():
            return found, taken
        room = np.floor(room - over)
    raise BadInput(
        f"the zone cannot be walked in a day: with all ways {over.max():.0f} minutes are lacking", field="--zone",
        cure="name more crews with --crews, or fewer minutes a street",
    )  # fmt: skip


def _in_order(pieces: Sequence["Piece"], mine: Sequence[int], owner: Sequence[int]) -> list[int]:
    """Return the streets of these pieces in order, each once."""
    return list(dict.fromkeys(int(owner[pieces[k].edges[0]]) for k in mine))
