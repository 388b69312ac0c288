"""A small town for phones: a grid of streets, triangles with their points, venues, crews, claims of crew C0."""

from pathlib import Path

import shapely

from fieldops.actions.claims import make_claim
from fieldops.clock import format_moment
from fieldops.ids import CrewId, StreetId
from fieldops.store import geopackage
from fieldops.store.connect import Region, create_region
from tests.conftest import NOON, PLANNER

LON, LAT, STEP = 117.2, 28.3, 0.002
NAMES = [
    "解放东路",
    "解放西路",
    "人民路",
    "建设街",
    "文昌巷",
    "桥头弄",
    "幸福小区",
    "学府路",
    "北门街",
    "滨江路",
    "和平里",
    "火车站路",
]
CREWS = ["甲组", "乙组", "丙组"]
HELD = 5  # streets S0 to S4 are crew C0's, S5 crew C1's


def make_phone_town(path: Path, *, sandbox: bool = True, claims: bool = True) -> Region:
    """Make the region at `path` and return it open: twelve streets in four triangles, three crews of three promoters."""
    region = create_region(path, PLANNER, sandbox=sandbox, now=NOON if sandbox else None)
    with region.turn(PLANNER, now=NOON if sandbox else None) as turn:
        write = turn.connection.executemany
        (edge,) = geopackage.encode([shapely.box(LON - STEP, LAT - STEP, LON + 4 * STEP, LAT + 3 * STEP)])
        write("INSERT INTO city VALUES ('town', '小镇', 'Asia/Shanghai', '', '', '', 'wgs84', ?, '{}', '')", [(edge,)])
        lines = [
            shapely.LineString([spot(i, -60), spot(i, 20), (spot(i, 60)[0] + 0.0005, spot(i, 60)[1])])
            for i in range(12)
        ]
        write(
            "INSERT INTO street (geom, id, city_id, kind, name, label, name_source, length_m, walk_m, people, people_low,"
            " people_high, people_source, buildings, triangle_id, zone_id, lon, lat, ways)"
            " VALUES (?, ?, 'town', ?, ?, ?, 'map', 120, 120, 400, 300, 500, 'total', 0, ?, 'Z0', ?, ?, '')",
            [
                (blob, f"S{i}", "compound" if "小区" in name else "street", name, name, f"T{i // 3}", *spot(i))
                for i, (blob, name) in enumerate(zip(geopackage.encode(lines), NAMES, strict=True))
            ],
        )
        points = [spot(3 * i + 1, 80) for i in range(4)]
        areas = [shapely.Point(point).buffer(STEP, quad_segs=1) for point in points]
        write(
            "INSERT INTO triangle (geom, id, city_id, a, b, c, point_node, point_lon, point_lat, radius_m, barrier, inside,"
            " zone_id) VALUES (?, ?, 'town', 'a', 'b', 'c', 0, ?, ?, 300, 0, 1, 'Z0')",
            [(b, f"T{i}", *p) for i, (b, p) in enumerate(zip(geopackage.encode(areas), points, strict=True))],
        )
        write(
            "INSERT INTO zone (geom, id, city_id, name, streets, people, work_hours) VALUES (?, 'Z0', 'town', '老城', 12, 4800, 9)",
            [(geopackage.encode([shapely.unary_union(areas)])[0],)],
        )
        write(
            "INSERT INTO venue (geom, id, city_id, kind, name, people_per_hour, street_id, source)"
            " VALUES (?, ?, 'town', ?, ?, ?, ?, 'csv')",
            [
                (geopackage.encode([shapely.Point(spot(i, 10))])[0], f"V{i}", kind, name, rate, f"S{i}")
                for i, kind, name, rate in (
                    (0, "elevator", "解放东路 8 号楼电梯", 90), (1, "cinema", "星光影院", 240), (2, "restaurant", "老王面馆", 60)
                )
            ],
        )  # fmt: skip
        write(
            "INSERT INTO crew VALUES (?, ?, 5, 6, ?, ?, NULL, '[]')",
            [(f"C{i}", n, *spot(0)) for i, n in enumerate(CREWS)],
        )
        write(
            "INSERT INTO promoter VALUES (?, ?, NULL, NULL)",
            [(f"C{i}-{j}", f"C{i}") for i in range(3) for j in range(3)],
        )
        write(
            "INSERT INTO estimate VALUES (?, 'street', ?, ?, ?, ?, ?, 9.5, ?, 4.5, 16.5)",
            [
                (f"S{i}", knows, asked, share, share / 2, min(1.0, share * 2), format_moment(NOON))
                for i, knows, asked, share in ((0, 1, 20, 0.06), (1, 3, 20, 0.13), (2, 4, 25, 0.17))
            ],
        )
    for i in range(HELD + 1 if claims else 0):
        crew = CrewId("C0" if i < HELD else "C1")
        make_claim(region, PLANNER, street=StreetId(f"S{i}"), crew=crew, now=NOON if sandbox else None)
    return region


def spot(street: int, north_m: float = 0.0) -> tuple[float, float]:
    """Return the middle of a street (degrees), or so many metres north of it; streets stand in rows of four."""
    return LON + (street % 4) * STEP, LAT + (street // 4) * STEP + north_m / 110_850
