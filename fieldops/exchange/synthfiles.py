"""
The files of a made-up city: map, crews, promoters, effort, surveys, venues, and the truth in a file of its own.

Streets are what the importer finds in the map: the map is written, read and settled as any other, so that every id in
the tables is the id that an import gives. Nothing is seen before all is written.
"""

import csv
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np

from fieldops.city import places
from fieldops.errors import BadInput, Stopped
from fieldops.exchange.synthhistory import Ground, Row, make_history
from fieldops.exchange.synthmap import write_map
from fieldops.progress import Progress, no_progress
from fieldops.rules import Rules

if TYPE_CHECKING:
    from fieldops.city.settle import Settled
    from fieldops.city.synth.town import Town

TIME_ZONE = "Asia/Shanghai"
LAST_DAY = date(2026, 11, 22)  # of the history, where none is given: the same seed must give the same files on any day
FEWEST, MOST = 100, 200_000
MAP, CREWS, PROMOTERS, SURVEYS, EFFORT, VENUES, TRUTH = (
    "map.osm.pbf", "crews.csv", "promoters.csv", "surveys.csv", "effort.csv", "venues.csv", "truth.csv",
)  # fmt: skip
_COLUMNS = {
    CREWS: "crew name people hours_per_day home_lon home_lat base days_off",
    PROMOTERS: "promoter crew name from until",
    SURVEYS: "survey_id asked_at lon lat street answer promoter measurement home_street cluster phase",
    EFFORT: "day crew street promoter_hours contacts",
    VENUES: "venue_id kind name lon lat people_per_hour open_from open_until",
    TRUTH: "street people awareness response",
}
_NEAR_ENOUGH = 0.07
# log10 of the streets wanted, and the streets found for each one that the town was told to have: `dev.py bench synth`
_FIRST_GUESS = ((2.7, 3.0, 3.3, 3.6, 3.9, 4.3, 4.6, 5.0), (0.90, 0.85, 0.86, 0.97, 1.09, 1.19, 1.18, 1.21))
_TRIES = 8
_MOST_FOR_POINTS = 12_000  # streets up to which connection points are computed and measured: it takes most of the time


@dataclass(frozen=True, slots=True)
class _Draft:
    """A town whose streets have been counted."""

    town: "Town"
    settled: "Settled"
    path: Path

    @property
    def streets(self) -> int:
        return len(self.settled.streets)


def _draw(streets: int, fill: float, seed: int, path: Path, progress: Progress) -> _Draft:
    """Make a town, write its map, and settle it as the importer does."""
    from fieldops.city.settle import settle
    from fieldops.city.synth import make_town
    from fieldops.maps import read_map

    town = make_town(streets, np.random.default_rng(seed), progress, fill=fill)
    write_map(town, path)
    settled = settle(
        read_map(path, progress=progress), rules=Rules(), name=town.name, time_zone=TIME_ZONE, progress=progress
    )
    return _Draft(town, settled, path)


def _approach(streets: int, seed: int, folder: Path, progress: Progress) -> _Draft:
    """Return the town whose number of streets comes nearest to what is wanted, within a few tries."""
    best: _Draft | None = None
    fill = 1 / float(np.interp(np.log10(streets), *_FIRST_GUESS))
    for number in range(_TRIES):
        draft = _draw(streets, fill, seed, folder / f"{number}.osm.pbf", progress)
        if best is None or abs(draft.streets - streets) < abs(best.streets - streets):
            best = draft
        if abs(best.streets - streets) <= _NEAR_ENOUGH * streets:
            break
        fill *= streets / draft.streets
    assert best is not None
    return best


def _points(settled: "Settled", progress: Progress) -> tuple[tuple[float, float, np.ndarray], ...]:
    """Return the connection points with the streets that belong to them."""
    from fieldops.city.graph import WalkGraph
    from fieldops.city.triangles import make_triangles

    if len(settled.streets) > _MOST_FOR_POINTS:
        return ()
    graph = WalkGraph.from_segments(settled.nodes, settled.segments)
    made = make_triangles(settled, graph, rules=Rules(), progress=progress)
    members: dict[str, list[int]] = {}
    for street, triangle in enumerate(made.triangle_of_street):
        members.setdefault(triangle, []).append(street)
    return tuple(
        (float(lon), float(lat), np.array(members[triangle]))
        for triangle, lon, lat in made.triangles[["triangle", "point_lon", "point_lat"]].itertuples(index=False)
        if triangle in members
    )


def _adjacency(settled: "Settled") -> object:
    """Return the sparse matrix of streets that share a node; a compound meets the streets at its gates."""
    from fieldops.city.neighbours import touching_streets

    number = {street: k for k, street in enumerate(settled.streets["street"])}
    ends = [
        (number[s], n)
        for column in ("from_node", "to_node")
        for s, n in zip(settled.segments["street"], settled.segments[column], strict=True)
        if s
    ]
    gates = [(number[s], n) for s, n in zip(settled.gates["street"], settled.gates["node"], strict=True)]
    street, node = np.array([*ends, *gates], dtype=np.int64).T
    return touching_streets(street, node, len(number))


def _ground(draft: _Draft, rng: np.random.Generator, progress: Progress) -> Ground:
    """Draw the truth of the settled streets."""
    import shapely

    from fieldops.city.metres import Plane
    from fieldops.city.synth import make_truth

    streets = draft.settled.streets
    middle = shapely.get_coordinates(shapely.point_on_surface(streets.geometry.to_numpy()))
    x, y = Plane.around(middle[:, 0], middle[:, 1]).to_metres(middle[:, 0], middle[:, 1])
    truth = make_truth(streets["people"].to_numpy(np.float64), x, y, rng)
    return Ground(
        streets["street"].to_numpy(object), middle[:, 0], middle[:, 1], truth.people, truth.awareness, truth.response,
        _adjacency(draft.settled), _points(draft.settled, progress),
    )  # fmt: skip


def _write_table(path: Path, rows: Iterable[Mapping[str, object]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as out:
        table = csv.DictWriter(out, _COLUMNS[path.name].split(), restval="", lineterminator="\n")
        table.writeheader()
        table.writerows(rows)


def _venue_rows(draft: _Draft) -> Iterable[Row]:
    """Yield the venues that an import takes: those at a street."""
    import shapely

    streets = draft.settled.streets
    ground = places.Ground.of(tuple(streets["street"]), streets.geometry.to_numpy(object), (), [], [])
    at = shapely.get_coordinates(shapely.points([one[2:4] for one in draft.town.venues]))
    _, away = ground.nearest_streets(at[:, 0], at[:, 1])
    for number, ((kind, name, lon, lat, people, start, end), away_m) in enumerate(
        zip(draft.town.venues, away, strict=True), start=1
    ):
        if away_m > places.AT_STREET_M:
            continue
        yield {"venue_id": f"V{number:05d}", "kind": kind, "name": name, "lon": lon, "lat": lat, "people_per_hour": people,
               "open_from": start, "open_until": end}  # fmt: skip


def crews_for(streets: int) -> int:
    """Return the crews of a city of that size: about half of what it needs, and never more than some 1,000 people."""
    return max(3, min(round(streets * 0.055), 230))


def make_city(
    out: Path,
    *,
    streets: int,
    seed: int,
    crews: int | None = None,
    until: date = LAST_DAY,
    progress: Progress = no_progress,
) -> dict[str, object]:
    """
    Make a city and write its files into a folder.

    Parameters
    ----------
    out
        Folder; made where it does not exist. Files of an earlier city in it are replaced, together, at the end.
    streets
        Streets wanted as the importer counts them, 100 to 200,000; usually met within 7 %.
    seed
        The same numbers give the same bytes, on any day and in any process.
    crews
        Number of crews; by default enough for about half of the need, at most some 1,000 people.
    until
        Last day of the history; the surveys lie in the two weeks before its end.
    progress
        Told of each step; its wish to stop is heard.

    Returns
    -------
    dict
        Paths `map`, `crews`, `promoters`, `surveys`, `effort`, `venues`, `truth`, and the numbers `streets`,
        `people`, `asked`, with the `city`'s name.

    Raises
    ------
    BadInput
        If a number is out of range or the folder holds other things.
    Stopped
        If stopped; nothing was written.
    """
    if not FEWEST <= streets <= MOST:
        raise BadInput(f"a city of {streets} streets", field="--streets", cure=f"give {FEWEST} to {MOST:,}")
    if seed < 0:
        raise BadInput(f"the seed {seed} is negative", field="--seed", cure="give 0 or more")
    if crews is not None and not 1 <= crews <= 5_000:
        raise BadInput(f"{crews} crews", field="--crews", cure="give 1 to 5,000")
    if out.exists() and not out.is_dir():
        raise BadInput(f"{out} is a file", field="--out", cure="give a folder")
    out.parent.mkdir(parents=True, exist_ok=True)
    # beside the folder, so that the files can be moved into it in an instant
    with TemporaryDirectory(prefix=f".{out.name}-", dir=out.parent) as name:
        folder = Path(name)
        draft = _approach(streets, seed, folder, progress)
        draft.path.rename(folder / MAP)
        truth_rng, history_rng = np.random.default_rng([seed, 1]).spawn(2)
        ground = _ground(draft, truth_rng, progress)
        if not progress("history", 0.0):
            raise Stopped("nothing was written")
        history = make_history(ground, crews=crews or crews_for(draft.streets), last=until, rng=history_rng)
        tables: dict[str, Iterable[Mapping[str, object]]] = {
            CREWS: history.crews, PROMOTERS: history.promoters, SURVEYS: history.surveys, EFFORT: history.effort,
            VENUES: _venue_rows(draft),
            TRUTH: ({"street": s, "people": int(p), "awareness": round(float(a), 6), "response": round(float(r), 4)}
                    for s, p, a, r in zip(ground.street, ground.people, history.awareness, ground.response, strict=True)),
        }  # fmt: skip
        for file, rows in tables.items():
            _write_table(folder / file, rows)
        if not progress("history", 1.0):
            raise Stopped("nothing was written")
        out.mkdir(exist_ok=True)
        for file in (MAP, *tables):
            shutil.move(folder / file, out / file)
    paths = {file.split(".")[0]: str(out / file) for file in (MAP, *tables)}
    return {"city": draft.town.name, "english": draft.town.english_name, "time_zone": TIME_ZONE, **paths,
            "streets": draft.streets, "people": int(ground.people.sum()), "asked": len(history.surveys), "connection_points": len(ground.points),
            "last_day": until.isoformat()}  # fmt: skip
