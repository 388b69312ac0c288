"""Two cities of one region, a hundred kilometres apart, which number the nodes made at their borders alike."""

import json
import re
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from shapely.geometry import box, mapping

from fieldops.actions.awareness import estimate_around, fit_awareness, read_awareness, street_awareness
from fieldops.actions.backcheck import find_suspects, order_back_checks
from fieldops.actions.city import MapSource, import_city
from fieldops.actions.decisions import decide
from fieldops.actions.dispatch import suggest
from fieldops.actions.plans import make_plan
from fieldops.actions.sentinels import choose_sentinels_of_day
from fieldops.actions.surveys import record_surveys
from fieldops.ids import CrewId, TriangleId
from fieldops.store.connect import Region, open_region
from fieldops.store.verify import verify
from tests.conftest import LEAD, NOON, PLANNER
from tests.small_map import LAT, LON, STEP, grid_map
from tests.towns import numbered, survey_rows

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def cities(tmp_path: Path) -> Region:
    """The cities West and East with the crews W0, W1, W2 and E0, E1; each street of West is in triangles of West alone."""
    path = tmp_path / "region.gpkg"
    for name, shift, numbers in (("West", 0.0, 0), ("East", 1.0, 500_000)):
        text = grid_map(shift=shift)
        text = re.sub(r'(<(?:way|node) id|<nd ref)="(\d+)"', lambda one: f'{one[1]}="{int(one[2]) + numbers}"', text)  # noqa: B023
        (tmp_path / f"{name}.osm").write_text(text, "utf-8")
        west, south, east, north = LON + shift - 0.001, LAT - 0.001, LON + shift + 4.5 * STEP, LAT + 3.5 * STEP
        (tmp_path / f"{name}.geojson").write_text(json.dumps(mapping(box(west, south, east, north))), "utf-8")
        source = MapSource(map=tmp_path / f"{name}.osm", boundary=tmp_path / f"{name}.geojson", residents="6000")
        import_city(path, PLANNER, source, name=name, time_zone="UTC", sandbox=True, now=NOON)
    region = open_region(path)
    with region.turn(PLANNER, now=NOON) as turn:
        turn.connection.executemany(
            "INSERT INTO crew (id, name, people, hours_per_day, home_lon, home_lat, days_off) VALUES (?, ?, 2, 4.0, ?, 10.0, '[]')",
            [(crew, crew, 21.0 if crew[0] == "E" else 20.0) for crew in ("W0", "W1", "W2", "E0", "E1")],
        )
        turn.connection.executemany(
            "INSERT INTO promoter VALUES (?, ?, NULL, NULL)",
            [(f"{crew}-{i}", crew) for crew in ("W0", "E0") for i in range(2)],
        )
    made = [
        {row[0] for row in region.reader().execute("SELECT id FROM node WHERE city_id = ? AND id < 0", (city,))}
        for city in ("West", "East")
    ]
    assert made[0] & made[1]
    return region


def streets_of(region: Region, city: str) -> list[str]:
    rows = region.reader().execute("SELECT id FROM street WHERE city_id = ? AND status = 'open' ORDER BY id", (city,))
    return [row[0] for row in rows]


def ask(region: Region, streets: list[str], knows: int, asked: int, crew: str, *, at: datetime = NOON) -> None:
    for street in streets:
        rows = survey_rows(
            [i < knows for i in range(asked)], at=at, prefix=street, minutes=5, promoters=[f"{crew}-0", f"{crew}-1"],
            street=street,
        )  # fmt: skip
        assert not record_surveys(region, LEAD, numbered(rows), now=at + 3 * HOUR).refused


def shares(region: Region, city: str, at: datetime) -> list[float]:
    known, wanted = street_awareness(region, now=at), set(streets_of(region, city))
    return [round(float(share), 9) for street, share in zip(known.street, known.share, strict=True) if street in wanted]


def test_a_plan_gives_each_street_to_a_crew_of_its_own_city(cities: Region) -> None:
    made = make_plan(cities, LEAD, now=NOON, time_limit=2.0)
    of = {street: city[0] for city in ("West", "East") for street in streets_of(cities, city)}
    given = {(one.crew[0], of[one.street]) for one in made.assignments}
    assert given == {("W", "W"), ("E", "E")}


def test_the_next_street_is_one_of_the_crews_own_city_however_many_others_number_their_nodes_alike(
    cities: Region,
) -> None:
    alone = {}
    for crew, city in (("W0", "West"), ("E0", "East")):
        offer = suggest(cities.reader(), CrewId(crew), NOON)
        assert offer.street in streets_of(cities, city)
        alone[crew] = re.search(r"(\S+ k?m) or", offer.reason)
    assert alone["W0"]
    assert alone["E0"]
    assert alone["W0"][1] == alone["E0"][1]  # the towns are alike


def test_what_is_asked_in_one_city_says_nothing_of_the_other(cities: Region) -> None:
    at = NOON + 4 * HOUR
    before = shares(cities, "East", at)
    ask(cities, streets_of(cities, "West")[:6], 9, 12, "W0")
    assert shares(cities, "East", at) == before
    assert max(shares(cities, "West", at)) > 0.5
    zones = {one.name: one for one in read_awareness(cities, LEAD, now=at).zones}
    assert {one.share is None for one in zones.values()} == {True, False}


def test_after_a_fit_each_city_goes_on_for_itself(cities: Region) -> None:
    at = NOON + 4 * HOUR
    ask(cities, streets_of(cities, "East")[:6], 1, 12, "E0")
    fit_awareness(cities, LEAD, now=at)
    east = shares(cities, "East", at)
    ask(cities, streets_of(cities, "West")[:6], 9, 12, "W0")
    fitted = fit_awareness(cities, LEAD, now=at)
    assert set(fitted.pools) == {"East", "West"}
    assert fitted.pools["East"].city < 0.2 < 0.4 < fitted.pools["West"].city
    # the fit of how streets answer effort is the region's, and nobody worked yet: nothing of it moves the East
    assert shares(cities, "East", at) == pytest.approx(east, rel=0.02)
    for city in ("East", "West"):
        known = street_awareness(cities, now=at)
        place = {street: i for i, street in enumerate(known.street)}
        name = TriangleId(
            cities.reader()
            .execute("SELECT triangle_id FROM street WHERE id = ?", (streets_of(cities, city)[0],))
            .fetchone()[0]
        )
        some, _ = estimate_around(cities.reader(), at, [name])  # as a phone asks: nothing else is looked at
        assert some.share == pytest.approx(known.share[np.array([place[street] for street in some.street])], rel=1e-9)
    assert verify(cities).violations == []


def test_a_promoter_of_a_city_in_which_many_know_is_no_suspect_because_in_the_other_few_do(cities: Region) -> None:
    with cities.turn(PLANNER, now=NOON) as turn:
        turn.connection.executemany(
            "INSERT INTO promoter VALUES (?, ?, NULL, NULL)",
            [(f"{crew}-{i}", crew) for crew in ("W1", "E1") for i in range(2)],
        )
    for city, knows in (("West", 6), ("East", 1)):
        for half in range(2):
            ask(cities, streets_of(cities, city)[4 * half : 4 * half + 4], knows, 20, f"{city[0]}{half}")
    reasons = {why.code for one in find_suspects(cities, LEAD, now=NOON + DAY) for why in one.reasons}
    assert not reasons & {"other_than_city", "early_stops"}


def test_who_asks_again_is_of_the_same_city_and_nobody_where_it_has_no_other_crew(cities: Region) -> None:
    ask(cities, streets_of(cities, "East")[:4], 12, 12, "E0")
    assert len(decide(cities, LEAD, now=NOON + 3 * HOUR).closed) >= 4
    chosen = choose_sentinels_of_day(cities, LEAD, seed=1, now=NOON + DAY)
    assert len(chosen) == 3
    assert {one.crew for one in chosen} == {"E1"}
    assert {task.crew for task in order_back_checks(cities, LEAD, seed=1, share=1.0, now=NOON + DAY)} == {"E1"}
    with cities.turn(PLANNER, now=NOON + DAY) as turn:
        turn.connection.execute("DELETE FROM crew WHERE id = 'E1'")
    assert {one.crew for one in choose_sentinels_of_day(cities, LEAD, seed=1, now=NOON + 2 * DAY)} == {None}
