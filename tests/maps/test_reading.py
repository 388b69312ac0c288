"""One door for maps: the same town from every format, and a clear refusal of everything else."""

import gzip
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from fieldops.city.coordinates import bd09_from_wgs84, gcj02_from_wgs84
from fieldops.city.metres import Plane
from fieldops.city.raw import RawMap
from fieldops.city.settle import settle
from fieldops.errors import BadInput, Stopped
from fieldops.maps import read_city, read_layer, read_map
from fieldops.maps.fetch import Limits, fetch
from fieldops.rules import Rules

PLANE = Plane(117.21, 28.30)
STREETS = {
    11: ("建设路", [(0, 0), (200, 0), (400, 0)], "residential"),
    12: ("人民路", [(200, 0), (200, 300)], "secondary"),
    13: ("", [(400, 0), (400, 300)], "residential"),
    14: ("河", [(0, 700), (400, 700)], ""),
}
HOUSES = [(100, 30), (150, 30), (230, 200)]


def degrees(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    lon, lat = PLANE.to_degrees(*np.array(points, dtype=float).T)
    return [(round(float(x), 7), round(float(y), 7)) for x, y in zip(lon, lat, strict=True)]


def osm_xml() -> str:
    numbers: dict[tuple[float, float], int] = {}
    ways: list[str] = []

    def way(number: int, points: list[tuple[float, float]], tags: dict[str, str], *, close: bool = False) -> None:
        refs = [numbers.setdefault(point, len(numbers) + 1) for point in points]
        refs += refs[:1] if close else []
        tagged = "".join(f'<tag k="{k}" v="{v}"/>' for k, v in tags.items() if v)
        members = "".join(f'<nd ref="{ref}"/>' for ref in refs)
        ways.append(f'<way id="{number}" version="1">{members}{tagged}</way>')

    for number, (name, points, highway) in STREETS.items():
        way(number, points, {"highway": highway, "name": name, "waterway": "" if highway else "river"})
    for i, (x, y) in enumerate(HOUSES):
        corners = [(x - 8, y - 8), (x + 8, y - 8), (x + 8, y + 8), (x - 8, y + 8)]
        way(100 + i, corners, {"building": "apartments", "building:levels": "6"}, close=True)
    nodes = "".join(
        f'<node id="{number}" version="1" lon="{lon}" lat="{lat}"/>'
        for number, (lon, lat) in zip(numbers.values(), degrees(list(numbers)), strict=True)
    )
    shop = degrees([(205, 150)])[0]
    nodes += f'<node id="900" version="1" lon="{shop[0]}" lat="{shop[1]}"><tag k="shop" v="mall"/></node>'
    return f'<?xml version="1.0"?><osm version="0.6">{nodes}{"".join(ways)}</osm>'


def frames() -> dict[str, gpd.GeoDataFrame]:
    def frame(rows: list[dict[str, Any]], shapes: list[shapely.Geometry]) -> gpd.GeoDataFrame:
        return gpd.GeoDataFrame(rows, geometry=shapes, crs="EPSG:4326")

    lines = [shapely.LineString(degrees(points)) for _, points, _ in STREETS.values()]
    named = [{"osm_id": str(i), "name": name, "highway": highway} for i, (name, _, highway) in STREETS.items()]
    boxes = [
        shapely.Polygon(degrees([(x - 8, y - 8), (x + 8, y - 8), (x + 8, y + 8), (x - 8, y + 8)])) for x, y in HOUSES
    ]
    return {
        "roads": frame(named, lines),
        "houses": frame([{"osm_id": str(100 + i), "building": "apartments", "levels": 6} for i in range(3)], boxes),
        "places": frame([{"osm_id": "900", "shop": "mall"}], [shapely.Point(degrees([(205, 150)])[0])]),
    }


def write(folder: Path, form: str) -> Path:
    path = folder / f"map.{form}"
    if form == "osm":
        path.write_text(osm_xml(), "utf-8")
    elif form == "osm.gz":
        path.write_bytes(gzip.compress(osm_xml().encode()))
    elif form == "gpkg":
        for name, frame in frames().items():
            frame.to_crs("EPSG:32650").to_file(path, layer=name)
    elif form == "geojson":
        path.write_text(
            json.dumps(pd.concat(list(frames().values())).to_geo_dict(), default=str).replace("NaN", "null"), "utf-8"
        )
    elif form == "zip":
        for name, frame in frames().items():
            frame.to_file(folder / f"{name}.shp", encoding="utf-8")
        with zipfile.ZipFile(path, "w") as packed:
            for part in folder.glob("*.*"):
                if part != path:
                    packed.write(part, part.name)
    return path


def figures(raw: RawMap) -> tuple[Any, ...]:
    made = settle(raw, name="T", time_zone="Asia/Shanghai", rules=Rules())
    streets = made.streets.sort_values("label")
    return (
        list(zip(streets["street"], streets["label"], streets["length_m"].round(), strict=True)),
        sorted(zip(made.buildings["building"], made.buildings["floors"], strict=True)),
        list(made.venues["kind"]),
    )


@pytest.mark.parametrize("form", ["osm.gz", "gpkg", "geojson", "zip"])
def test_every_format_gives_the_same_town_with_the_same_ids(tmp_path: Path, form: str) -> None:
    assert figures(read_map(write(tmp_path, form))) == figures(read_map(write(tmp_path, "osm")))


def test_a_map_file_becomes_a_city_in_one_call(tmp_path: Path) -> None:
    town = read_city(write(tmp_path, "osm"), residents=900)
    assert {"建设路", "人民路"} <= set(town.streets["name"])
    assert town.streets["people"].sum() == pytest.approx(900)
    assert set(town.streets["triangle"]) <= set(town.triangles["triangle"])
    assert set(town.streets["zone"]) == set(town.zones["zone"])
    west = shapely.box(*degrees([(-50, -50), (250, 350)])[0], *degrees([(-50, -50), (250, 350)])[1])
    within = read_city(write(tmp_path, "osm"), boundary=west).streets
    assert 0 < within["length_m"].sum() < town.streets["length_m"].sum()


def test_a_layer_of_plain_lines_is_read_as_residential_streets(tmp_path: Path) -> None:
    frames()["roads"][["name", "geometry"]].to_file(tmp_path / "lines.geojson")
    raw = read_map(tmp_path / "lines.geojson")
    assert raw.ways["highway"].tolist() == ["residential"] * 4


def test_the_shapefiles_of_geofabrik_are_understood(tmp_path: Path) -> None:
    roads = (
        frames()["roads"]
        .iloc[:3]
        .assign(fclass=["residential", "secondary", "track_grade2"], oneway=["B", "F", "T"], bridge=["F", "T", "F"])
    )
    roads.drop(columns="highway").to_file(tmp_path / "roads.shp", encoding="utf-8")
    ways = read_map(tmp_path / "roads.shp").ways
    assert ways["highway"].tolist() == ["residential", "secondary", "track"]
    assert ways["oneway"].tolist() == ["", "yes", "-1"]
    assert ways["bridge"].tolist() == ["", "yes", ""]
    assert ways["way"].tolist() == [11, 12, 13]


@pytest.mark.parametrize(("system", "shift"), [("gcj02", gcj02_from_wgs84), ("bd09", bd09_from_wgs84)])
def test_a_shifted_map_is_moved_back_when_its_coordinates_are_named(tmp_path: Path, system: str, shift: Any) -> None:
    true = read_map(write(tmp_path, "osm"))
    frame = pd.concat(list(frames().values()))
    moved = shapely.transform(frame.geometry.to_numpy(), lambda xy: np.column_stack(shift(xy[:, 0], xy[:, 1])))
    frame.set_geometry(gpd.GeoSeries(moved, index=frame.index, crs="EPSG:4326")).to_file(
        tmp_path / "moved.geojson", COORDINATE_PRECISION=9
    )
    back = read_map(tmp_path / "moved.geojson", coordinates=system)
    assert np.sort(back.lon) == pytest.approx(np.sort(true.lon), abs=2e-7)
    assert np.sort(shapely.bounds(back.area_shapes)[:, 1]) == pytest.approx(
        np.sort(shapely.bounds(true.area_shapes)[:, 1]), abs=2e-7
    )


def test_a_boundary_may_be_a_file_or_a_polygon_and_must_touch_the_map(tmp_path: Path) -> None:
    path = write(tmp_path, "osm")
    area = PLANE.unflatten(shapely.box(-50, -50, 250, 400))
    gpd.GeoDataFrame(geometry=[area], crs="EPSG:4326").to_file(tmp_path / "area.geojson")
    from_file = read_map(path, boundary=tmp_path / "area.geojson").boundary
    assert from_file is not None
    assert from_file.symmetric_difference(area).area < 1e-10
    assert read_map(path, boundary=area).boundary == area
    with pytest.raises(BadInput, match="lies outside the map"):
        read_map(path, boundary=shapely.box(8, 49, 9, 50))
    with pytest.raises(BadInput, match="crosses itself"):
        read_map(path, boundary=shapely.Polygon([(117, 28), (118, 29), (118, 28), (117, 29)]))


def refuse(path: Path, problem: str, content: str | bytes | None = None, **given: Any) -> BadInput:
    if content is not None:
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(BadInput, match=problem) as refusal:
        read_map(path, **given)
    assert "\n" not in str(refusal.value)
    assert refusal.value.cure
    return refusal.value


def feature(geometry: str) -> str:
    return f'{{"type": "FeatureCollection", "features": [{{"type": "Feature", "properties": {{"highway": "residential"}}, "geometry": {geometry}}}]}}'


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (feature('{"type": "LineString", "coordinates": [[NaN, 1], [2, 3]]}'), "NaN is not a number"),
        (feature('{"type": "LineString", "coordinates": [[1e300, 1], [2, 3]]}'), "no longitude and latitude"),
        (feature('{"type": "LineString", "coordinates": [[500000, 3000000], [500010, 3000000]]}'), "no longitude and latitude"),
        (feature('{"type": "LineString", "coordinates": [["a", 1], [2, 3]]}'), "not a geometry"),
        (feature('{"type": "LineString", "coordinates": [[1, 1]]}'), "not a geometry"),
        (feature('{"type": "Polygon", "coordinates": [[[0,0],[1,1],[1,0],[0,1],[0,0]]]}'), "is not valid"),
        (feature('{"type": "Point", "coordinates": [1, 2]}'), "holds no streets"),
        ('{"type": "FeatureCollection", "features": []}', "holds no features"),
        ('{"type": "FeatureCollection", "features": [', "not JSON"),
        ("[" * 200_000, "nested beyond reason"),
        ("[1, 2]", "no GeoJSON"),
        ('{"type": "Topology"}', "not a geometry"),
        (feature("null")[:-1] + ', "crs": {"type": "name", "properties": {"name": "EPSG:3857"}}}', "not WGS 84"),
    ],
)  # fmt: skip
def test_geojson_that_cannot_be_a_map_is_refused_in_one_line(tmp_path: Path, content: str, problem: str) -> None:
    refuse(tmp_path / "map.geojson", problem, content)


def test_a_refusal_names_the_row(tmp_path: Path) -> None:
    good = '{"type": "Feature", "properties": {}, "geometry": {"type": "Point", "coordinates": [1, 2]}}'
    bad = '{"type": "Feature", "properties": {}, "geometry": {"type": "Point", "coordinates": [1]}}'
    refusal = refuse(
        tmp_path / "map.geojson", "not a geometry", f'{{"type": "FeatureCollection", "features": [{good}, {bad}]}}'
    )
    assert refusal.row == 2


def test_openstreetmap_files_that_are_cut_off_or_hold_no_street_are_refused(tmp_path: Path) -> None:
    xml = osm_xml()
    refuse(tmp_path / "cut.osm", "cannot be read as an OpenStreetMap file", xml[: len(xml) // 2])
    refuse(tmp_path / "cut.osm.gz", "OpenStreetMap file|cut off", gzip.compress(xml.encode())[:-200])
    refuse(tmp_path / "none.osm", "holds no streets", '<osm version="0.6"></osm>')
    refuse(tmp_path / "far.osm", "cannot be read", xml.replace('lon="117', 'lon="999117', 1))
    refuse(tmp_path / "off.osm", "no longitude and latitude", xml.replace('lon="117', 'lon="197', 1))
    refuse(tmp_path / "pbf.pbf", "cannot be read", b"\x00\x00\x00\r\n\tOSMHeader\x18\x7c" + b"x" * 99)


def test_files_of_other_kinds_in_disguise_are_refused(tmp_path: Path) -> None:
    vrt = '<OGRVRTDataSource><OGRVRTLayer name="x"><SrcDataSource>/etc/passwd</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>'
    for name in ("map.gpkg", "map.geojson", "map.shp", "map.osm"):
        refuse(tmp_path / name, "is a VRT", vrt)
    refuse(tmp_path / "data.gpkg", "SQLite database, but no GeoPackage", b"SQLite format 3\x00" + bytes(200))
    fake = b"SQLite format 3\x00" + bytes(52) + b"GPKG" + bytes(500)
    refuse(tmp_path / "fake.gpkg", "cannot be read|broke the reader|no layer", fake)
    refuse(tmp_path / "half.shp", "cannot be read|broke the reader|no layer", b"\x00\x00\x27\x0a" + bytes(150))
    refuse(tmp_path / "gone.osm", "there is no file")
    refuse(write(tmp_path, "osm"), "wgs84, gcj02 or bd09", coordinates="wgs-84")


def test_a_map_file_is_no_boundary_and_lines_are_none(tmp_path: Path) -> None:
    path = write(tmp_path, "osm")
    with pytest.raises(BadInput, match="is an OpenStreetMap file"):
        read_map(path, boundary=path)
    frames()["roads"].to_file(tmp_path / "lines.geojson")
    with pytest.raises(BadInput, match="holds no polygon"):
        read_map(path, boundary=tmp_path / "lines.geojson")


def test_a_layer_keeps_the_columns_of_grids(tmp_path: Path) -> None:
    grid = gpd.GeoDataFrame(
        {"Population": [5, 7], "other": [1, 2]},
        geometry=[shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)],
        crs="EPSG:4326",
    )
    grid.to_file(tmp_path / "grid.gpkg")
    layer = read_layer(tmp_path / "grid.gpkg")
    assert layer["population"].tolist() == [5, 7]
    assert layer.crs == "EPSG:4326"


def test_progress_stops_the_reading(tmp_path: Path) -> None:
    with pytest.raises(Stopped):
        read_map(write(tmp_path, "osm"), progress=lambda stage, share, **_: False)


def test_ways_are_cut_where_the_file_lacks_their_nodes(tmp_path: Path) -> None:
    xml = osm_xml()
    start = xml.index('<node id="2"')
    (tmp_path / "map.osm").write_text(xml[:start] + xml[xml.index("/>", start) + 2 :], "utf-8")
    raw = read_map(tmp_path / "map.osm")
    assert raw.left_out["vertex_outside_the_file"] == 2
    assert (np.diff(raw.starts)[raw.ways["way"].to_numpy() == 11] == [1, 1]).all()


def test_a_geojson_above_the_size_cap_is_refused_unread(tmp_path: Path) -> None:
    from fieldops.maps import child

    path = tmp_path / "map.geojson"
    with path.open("w") as file:
        file.write('{"type": "FeatureCollection", "features": [')
        file.truncate(child.GEOJSON_BYTES_MOST + 1)
    refuse(path, "more than 256 MB")


def test_a_packed_map_that_grows_without_end_costs_no_more_than_the_limit(tmp_path: Path) -> None:
    blank = gzip.compress(b" " * (16 << 20))
    bomb = tmp_path / "bomb.osm.gz"
    bomb.write_bytes(gzip.compress(b'<osm version="0.6">') + blank * 600)  # 10 GB
    with pytest.raises(BadInput, match=r"bomb\.osm\.gz takes more than 1 s of processor time"):
        fetch([("osm.gz", bomb)], bomb.name, limits=Limits(cpu_seconds=1))


def test_a_map_that_needs_more_memory_than_the_limit_is_refused(tmp_path: Path) -> None:
    with (tmp_path / "wide.osm").open("w") as file:
        file.write('<osm version="0.6">')
        for number in range(150_000):
            file.write(f'<node id="{number + 1}" lon="117.1" lat="28.1"><tag k="shop" v="{"x" * 200}"/></node>')
        file.write("</osm>")
    with pytest.raises(BadInput, match="memory"):
        fetch([("osm", tmp_path / "wide.osm")], "wide.osm", limits=Limits(memory_bytes=300 << 20))


def test_a_map_that_never_answers_is_ended_by_the_clock(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.osm")  # nobody writes into it
    with pytest.raises(BadInput, match="takes more than 2 s to read"):
        fetch([("osm", tmp_path / "pipe.osm")], "pipe.osm", limits=Limits(wall_seconds=2))
    with pytest.raises(BadInput, match="is not a file"):
        read_map(tmp_path / "pipe.osm")


def test_no_map_is_opened_in_this_process(tmp_path: Path) -> None:
    code = "import sys; from fieldops.maps import read_map; read_map(sys.argv[1]); print(sorted({'osmium', 'pyogrio'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code, write(tmp_path, "osm")], capture_output=True, text=True)
    assert (done.stdout.strip(), done.returncode) == ("[]", 0), done.stderr
