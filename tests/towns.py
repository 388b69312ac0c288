"""A made town on a line, inserted row by row: streets 200 m apart, triangles of three streets, crews and promoters."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import shapely

from fieldops.clock import format_moment
from fieldops.ids import CrewId, StreetId, TriangleId
from fieldops.store import geopackage
from fieldops.store.connect import Region
from tests.conftest import NOON, PLANNER

LON, LAT = 117.2, 28.3
STEP = 0.002  # degrees of longitude between streets, about 196 m
STREETS_A_TRIANGLE = 3


def position(street: int, *, north_m: float = 0.0) -> tuple[float, float]:
    """Return the middle of street number `street`, or so many metres north of it."""
    return LON + street * STEP, LAT + north_m / 110_850


def add_town(
    region: Region, *, streets: int = 6, crews: int = 2, promoters: int = 3, people: float | Sequence[float] = 400.0
) -> tuple[list[StreetId], list[TriangleId], list[CrewId]]:
    """
    Insert streets S0 ..., triangles T0 ... of three streets each, crews C0 ..., promoters C0-0 ..., and return the ids.

    Streets run north, 100 m long; the connection point of a triangle lies 45 m north of its middle street's middle.
    """
    of_people = list(people) if isinstance(people, Sequence) else [people] * streets
    street_ids = [StreetId(f"S{i}") for i in range(streets)]
    triangle_ids = [TriangleId(f"T{i}") for i in range((streets + STREETS_A_TRIANGLE - 1) // STREETS_A_TRIANGLE)]
    crew_ids = [CrewId(f"C{i}") for i in range(crews)]
    lines = [shapely.LineString([position(i, north_m=-50), position(i, north_m=50)]) for i in range(streets)]
    points = [position(STREETS_A_TRIANGLE * i + 1, north_m=45) for i in range(len(triangle_ids))]
    corners = [shapely.Point(point).buffer(STEP, quad_segs=1) for point in points]
    with region.turn(PLANNER, now=NOON if region.sandbox else None) as turn:
        turn.connection.execute(
            "INSERT INTO city VALUES ('town', 'Town', 'Asia/Shanghai', '', '', '', 'wgs84', NULL, '{}', '')"
        )
        turn.connection.executemany(
            "INSERT INTO street (geom, id, city_id, kind, name, label, name_source, length_m, walk_m, people, people_low,"
            " people_high, people_source, buildings, triangle_id, zone_id, lon, lat, ways)"
            " VALUES (?, ?, 'town', 'street', ?, ?, 'map', 100, 100, ?, ?, ?, 'total', 0, ?, 'Z0', ?, ?, '')",
            [
                (blob, name, f"Road {i}", f"Road {i}", folk, folk * 0.8, folk * 1.2, triangle_ids[i // 3], *position(i))
                for i, (blob, name, folk) in enumerate(
                    zip(geopackage.encode(lines), street_ids, of_people, strict=True)
                )
            ],
        )
        turn.connection.executemany(
            "INSERT INTO triangle (geom, id, city_id, a, b, c, point_node, point_lon, point_lat, radius_m, barrier, inside,"
            " zone_id) VALUES (?, ?, 'town', 'a', 'b', 'c', 0, ?, ?, 300, 0, 1, 'Z0')",
            [(b, n, *p) for b, n, p in zip(geopackage.encode(corners), triangle_ids, points, strict=True)],
        )
        turn.connection.execute(
            "INSERT INTO zone (geom, id, city_id, name, streets, people, work_hours) VALUES (?, 'Z0', 'town', 'Zone', ?, ?, 9)",
            (geopackage.encode([shapely.unary_union(corners)])[0], streets, sum(of_people)),
        )
        turn.connection.executemany(
            "INSERT INTO crew VALUES (?, ?, 5, 6, ?, ?, NULL, '[]')",
            [(crew, f"Crew {crew}", *position(0)) for crew in crew_ids],
        )
        turn.connection.executemany(
            "INSERT INTO promoter VALUES (?, ?, NULL, NULL)",
            [(f"{crew}-{i}", crew) for crew in crew_ids for i in range(promoters)],
        )
    return street_ids, triangle_ids, crew_ids


def survey_rows(
    answers: Iterable[bool], *, at: datetime, prefix: str = "s", minutes: float = 4.0,
    promoters: Sequence[str] = ("C0-0", "C0-1"), **columns: str,
) -> list[dict[str, str]]:  # fmt: skip
    """Return survey rows, one every few minutes, promoters taking turns; True = knows."""
    return [
        {
            "survey_id": f"{prefix}{i}", "asked_at": format_moment(at + timedelta(minutes=minutes * i)),
            "answer": "knows" if answer else "does_not_know", "promoter": promoters[i % len(promoters)], **columns,
        }
        for i, answer in enumerate(answers)
    ]  # fmt: skip


def numbered(rows: Iterable[dict[str, str]]) -> Iterable[tuple[int, dict[str, str]]]:
    """Number rows as a spreadsheet does: the header is row 1."""
    return enumerate(rows, start=2)
