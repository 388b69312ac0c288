"""Tables in other coordinates are converted where they are stated, and refused where nobody stated them."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely

from fieldops.actions.datum import check_given, read_given
from fieldops.actions.people import import_crews, list_crews
from fieldops.actions.surveys import record_surveys
from fieldops.actions.venues import import_venues, list_venues
from fieldops.city.coordinates import bd09_from_wgs84, gcj02_from_wgs84
from fieldops.errors import BadInput
from fieldops.store import geopackage
from fieldops.store.connect import Region
from tests.conftest import LEAD, NOON, PLANNER
from tests.towns import LAT, LON, add_town, numbered

SHIFT = {"wgs84": lambda lon, lat: (lon, lat), "gcj02": gcj02_from_wgs84, "bd09": bd09_from_wgs84}
NAMES = {"gcj02": "GCJ-02", "bd09": "BD-09"}
_RNG = np.random.default_rng(4)
# Streets 300 to 450 m apart, none of them straight, so that no shift by whole blocks fits.
_AT = np.cumsum(_RNG.uniform(0.003, 0.0045, 12))
_ALONG = np.linspace(0, 0.045, 40)
LINES = np.array(
    [shapely.LineString(np.column_stack((LON - 0.02 + _ALONG, LAT - 0.02 + y + _RNG.normal(0, 2e-4, 40).cumsum()))) for y in _AT]
    + [shapely.LineString(np.column_stack((LON - 0.02 + x + _RNG.normal(0, 2e-4, 40).cumsum(), LAT - 0.02 + _ALONG))) for x in _AT],
    dtype=object,
)  # fmt: skip
TRUE = shapely.get_coordinates(
    shapely.line_interpolate_point(
        LINES[_RNG.integers(len(LINES), size=60)], _RNG.uniform(0.2, 0.8, 60), normalized=True
    )
)


def town(region: Region) -> None:
    add_town(region, streets=2)
    with region.turn(PLANNER, now=NOON) as turn:
        turn.connection.executemany(
            "INSERT INTO segment (geom, city_id, way, from_node, to_node, length_m, kind, highway, name, dual, bridge)"
            " VALUES (?, 'town', 1, 1, 2, 100, 'claim', 'residential', '', 0, 0)",
            [(one,) for one in geopackage.encode(list(LINES))],
        )
        turn.connection.execute("UPDATE street SET geom = ?", geopackage.encode([shapely.MultiLineString(list(LINES))]))


def rows(system: str, **more: str) -> list[dict[str, str]]:
    lon, lat = SHIFT[system](TRUE[:, 0], TRUE[:, 1])
    return [
        {key: value.format(i=i, lon=x, lat=y) for key, value in more.items()}
        for i, (x, y) in enumerate(zip(lon, lat, strict=True))
    ]


def venues(system: str) -> list[dict[str, str]]:
    return rows(system, venue_id="V{i}", kind="restaurant", name="", lon="{lon}", lat="{lat}")


def crews(system: str) -> list[dict[str, str]]:
    return rows(system, crew="N{i}", name="{i}", people="3", hours_per_day="6", home_lon="{lon}", home_lat="{lat}")


def surveys(system: str) -> list[dict[str, str]]:
    return rows(
        system,
        survey_id="Q{i}",
        asked_at="2026-03-02T03:00:00Z",
        answer="knows",
        promoter="C0-0",
        lon="{lon}",
        lat="{lat}",
    )


TABLES: list[tuple[Any, Any]] = [(import_venues, venues), (import_crews, crews), (record_surveys, surveys)]


@pytest.mark.parametrize("system", NAMES)
@pytest.mark.parametrize(("take", "table"), TABLES)
def test_a_shifted_table_is_refused_whole_and_named_where_nobody_stated_its_coordinates(
    region: Region, take: Any, table: Any, system: str
) -> None:
    town(region)
    events = region.reader().execute("SELECT count(*) FROM event").fetchone()[0]
    with pytest.raises(
        BadInput, match=f"these 60 places lie .* as {NAMES[system]} does; .* --coordinates {system}, or"
    ):
        take(region, LEAD, numbered(table(system)), coordinates=None, now=NOON)
    assert region.reader().execute("SELECT count(*) FROM event").fetchone()[0] == events


@pytest.mark.parametrize(("take", "table"), TABLES)
def test_a_true_table_is_taken_without_a_word_and_a_shifted_one_where_it_is_said_to_be_right(
    region: Region, take: Any, table: Any
) -> None:
    town(region)
    assert take(region, LEAD, numbered(table("wgs84")), coordinates=None, now=NOON).refused == 0
    again = [{**row, "name": "x"} if "name" in row else row for row in table("gcj02")][:3]
    assert take(region, LEAD, numbered(again), coordinates="wgs84", now=NOON).to_json()  # no refusal of the whole


@pytest.mark.parametrize("system", NAMES)
def test_stated_coordinates_are_undone_to_the_centimetre(region: Region, system: str) -> None:
    town(region)
    assert import_venues(region, LEAD, numbered(venues(system)), coordinates=system, now=NOON).added == 60
    assert import_crews(region, LEAD, numbered(crews(system)), coordinates=system, now=NOON).added == 60
    assert record_surveys(region, LEAD, numbered(surveys(system)), coordinates=system, now=NOON).added == 60
    at = {one.id: (one.lon, one.lat) for one, _ in list_venues(region, LEAD)}
    assert np.allclose([at[f"V{i}"] for i in range(60)], TRUE, atol=1e-7)  # type: ignore[index]
    homes = {one.id: (one.home_lon, one.home_lat) for one in list_crews(region, LEAD)}
    assert np.allclose([homes[f"N{i}"] for i in range(60)], TRUE, atol=1e-7)  # type: ignore[index]


def test_coordinates_that_do_not_exist_are_refused(region: Region) -> None:
    town(region)
    with pytest.raises(BadInput, match="no coordinates are called 'mars'"):
        import_venues(region, LEAD, numbered(venues("wgs84")), coordinates="mars", now=NOON)


def test_a_crew_whose_longitude_stands_in_the_column_of_the_latitude_is_told_so(region: Region) -> None:
    town(region)
    row = {**crews("wgs84")[0], "home_lon": "28.29", "home_lat": "117.21"}
    (refused,) = import_crews(region, LEAD, numbered([row]), now=NOON).rejected
    assert str(refused["reason"]).startswith("longitude and latitude look exchanged")


def test_hubs_and_residents_are_converted_with_the_map_and_compared_with_its_streets(tmp_path: Path) -> None:
    lon, lat = gcj02_from_wgs84(TRUE[:, 0], TRUE[:, 1])
    places = [f"{x},{y}" for x, y in zip(lon.tolist(), lat.tolist(), strict=True)]
    hubs, people = tmp_path / "hubs.csv", tmp_path / "people.csv"
    hubs.write_text("\n".join(["lon,lat", *places]))
    people.write_text("\n".join(["lon,lat,people", *(f"{one},10" for one in places)]))
    for frame in read_given(str(people), hubs, "gcj02"):
        assert np.allclose(shapely.get_coordinates(frame.geometry.to_numpy()), TRUE, atol=1e-7)
    check_given(*read_given(str(people), hubs, "gcj02"), LINES)
    with pytest.raises(BadInput, match=r"as GCJ-02 does; .* --tables gcj02"):
        check_given(*read_given(str(people), None, "wgs84"), LINES)
    with pytest.raises(BadInput, match="as GCJ-02 does"):
        check_given(*read_given("4000", hubs, "wgs84"), LINES)
