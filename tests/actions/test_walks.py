"""A crew's walk for a day: made from its claims, stored with its event, shown to pages and phones."""

import json
from datetime import date, datetime, timedelta

import pytest
from shapely import Point

from fieldops.actions.claims import make_claim
from fieldops.actions.plans import make_plan, publish_plan
from fieldops.actions.walks import make_walk, make_walks, read_walk
from fieldops.errors import BadInput, Forbidden, NotFound, Stopped
from fieldops.exchange.gpx import gpx_text
from fieldops.ids import ActorId, CrewId, StreetId
from fieldops.people import Actor, Role
from fieldops.store import geopackage
from fieldops.store.connect import Region
from fieldops.store.verify import verify
from fieldops.store.walks import StoredWalk
from tests.actions.test_plans import town  # noqa: F401  # a fixture
from tests.conftest import LEAD, NOON

A, B, OFF = CrewId("A"), CrewId("B"), CrewId("OFF")
TODAY = date(2026, 3, 2)
DAY = timedelta(days=1)


@pytest.fixture
def claimed(town: Region) -> Region:  # noqa: F811  # the fixture
    """The grid town with its plan published at noon."""
    publish_plan(town, LEAD, make_plan(town, LEAD, now=NOON, time_limit=1.0).id, now=NOON)
    return town


def quick(
    region: Region, crew: CrewId, day: date | None = None, *, now: datetime = NOON, sides: int | None = None
) -> StoredWalk:
    return make_walk(region, LEAD, crew, day, time_limit=0.3, now=now, sides=sides)


def streets(made: StoredWalk) -> set[str]:
    return {row["street"] for row in made.visits if "street" in row}


def test_a_walk_goes_over_streets_of_the_crew_and_no_other(claimed: Region) -> None:
    made = quick(claimed, A)
    mine = {row[0] for row in claimed.reader().execute("SELECT street_id FROM claim WHERE crew_id = 'A'")}
    assert streets(made)
    assert streets(made) <= mine
    assert 0 < made.bound_m <= made.length_m
    assert [row["order"] for row in made.visits] == list(range(1, len(made.visits) + 1))
    assert made.visits[0]["arrive"] >= "09:00"
    assert made.way[0] == made.way[-1]  # it ends where it begins


def test_a_walk_of_today_begins_after_this_moment_and_one_of_tomorrow_with_the_day(claimed: Region) -> None:
    late = NOON + timedelta(hours=11, minutes=17)  # 15:17 in the town
    assert quick(claimed, A, now=late).visits[0]["arrive"] >= "15:18"
    assert quick(claimed, A, TODAY + DAY, now=late).visits[0]["arrive"][:2] == "09"
    night = quick(claimed, A, now=NOON + timedelta(hours=19, minutes=30))
    assert night.visits[0]["arrive"] >= "23:31"


def test_every_street_has_its_day_before_its_claim_ends(claimed: Region) -> None:
    mine = {row[0] for row in claimed.reader().execute("SELECT street_id FROM claim WHERE crew_id = 'A'")}
    seen: set[str] = set()
    for ahead in range(8):
        made = quick(claimed, A, TODAY + ahead * DAY)
        seen |= streets(made) | {row["street"] for row in made.left_out if "street" in row}
    assert seen == mine


def test_where_all_hours_are_given_the_walks_of_the_week_visit_every_street_and_leave_none_out(claimed: Region) -> None:
    figures = claimed.reader().execute("SELECT figures FROM plan").fetchone()[0]
    given = json.loads(figures)["hours_given"] / json.loads(figures)["hours_at_hand"]
    assert (
        given > 0.6
    )  # and no street fits any more: the rest is what two small crews keep in reserve for large streets
    for crew in (A, B):
        mine = {row[0] for row in claimed.reader().execute("SELECT street_id FROM claim WHERE crew_id = ?", (crew,))}
        week = [quick(claimed, crew, TODAY + ahead * DAY) for ahead in range(8)]
        assert set().union(*map(streets, week)) == mine
        assert [made.left_out for made in week if made.left_out] == []
        # Two hours a day from nine on, and the way home.
        assert all(made.visits[-1]["leave"] <= "11:15" for made in week if made.visits)


def test_both_sides_are_twice_the_metres_of_the_streets(claimed: Region) -> None:
    one, both = quick(claimed, A, sides=1), quick(claimed, A, sides=2)
    walked = [sum(row["length_m"] for row in made.visits) for made in (one, both)]
    assert walked[1] == pytest.approx(2 * walked[0], abs=2.0)


def test_the_crew_with_most_hours_in_a_triangle_tests_its_point_and_no_other(claimed: Region) -> None:
    tests = {crew: [r["triangle"] for r in quick(claimed, crew).visits if "triangle" in r] for crew in (A, B)}
    assert tests[A] or tests[B]
    assert not set(tests[A]) & set(tests[B])  # RULE 10


def test_the_newest_walk_is_the_one_that_is_read(claimed: Region) -> None:
    with pytest.raises(NotFound, match="fieldops walk --crew A --date 2026-03-02"):
        read_walk(claimed, LEAD, A, now=NOON)
    quick(claimed, A, sides=1)
    newest = quick(claimed, A, sides=2, now=NOON + timedelta(minutes=1))
    found = read_walk(claimed, LEAD, A, now=NOON + timedelta(hours=1))
    assert (found.length_m, found.stops, found.way) == (newest.length_m, newest.stops, newest.way)


def test_the_record_of_walks_is_verified_and_a_changed_walk_is_found(claimed: Region) -> None:
    quick(claimed, A)
    assert verify(claimed).violations == []
    with claimed.turn(LEAD, now=NOON) as turn:
        turn.connection.execute("DROP TRIGGER walk_is_never_changed")
        turn.connection.execute("UPDATE walk SET stops = '[]'")
    assert any("the walk is" in one.what for one in verify(claimed).violations)


def test_a_walk_that_cannot_be_is_refused_with_its_reason(claimed: Region) -> None:
    with pytest.raises(BadInput, match="crew OFF is off on 2026-03-02"):
        quick(claimed, OFF)
    with pytest.raises(BadInput, match="2026-03-01 is over"):
        quick(claimed, A, TODAY - DAY)
    with pytest.raises(BadInput, match="crew A holds no street on 2026-03-20; give it some"):
        quick(claimed, A, date(2026, 3, 20))
    with pytest.raises(Forbidden):
        make_walk(claimed, Actor(ActorId("b"), Role.CREW, B), A, now=NOON)


def test_a_street_that_no_way_leads_to_is_left_out_by_name(claimed: Region) -> None:
    with claimed.turn(LEAD, now=NOON) as turn:
        turn.connection.execute("INSERT INTO node SELECT 900001, city_id, lon - 0.004, lat FROM node WHERE id = 1")
        turn.connection.execute("INSERT INTO node SELECT 900002, city_id, lon - 0.005, lat FROM node WHERE id = 1")
        turn.connection.execute(
            "INSERT INTO segment (geom, city_id, way, from_node, to_node, length_m, kind, highway, name, dual, bridge)"
            " SELECT geom, city_id, 9, 900001, 900002, 100, 'claim', '', '', 0, 0 FROM segment LIMIT 1"
        )
        turn.connection.execute(
            "INSERT INTO street SELECT NULL, geom, 'FAR', city_id, kind, name, 'Beyond the river', name_source, length_m,"
            " walk_m, people, people_low, people_high, people_source, buildings, floors, permission, priority, 'open',"
            " triangle_id, zone_id, (SELECT lon FROM node WHERE id = 900001), (SELECT lat FROM node WHERE id = 900001),"
            " 900001, '', NULL, NULL FROM street LIMIT 1"
        )
    make_claim(claimed, LEAD, street=StreetId("FAR"), crew=A, now=NOON)
    made = quick(claimed, A)
    assert ("Beyond the river", "no way leads there from the meeting point") in [
        (row["label"], row["reason"]) for row in made.left_out
    ]
    assert streets(made)


def test_the_walks_of_all_crews_are_made_and_who_has_none_is_told_why(claimed: Region) -> None:
    done = make_walks(claimed, LEAD, time_limit=0.2, now=NOON)
    assert [one.crew for one in done.made] == [A, B]
    with claimed.turn(LEAD, now=NOON) as turn:
        turn.connection.execute("UPDATE crew SET days_off = '[\"2026-03-02\"]' WHERE id = 'B'")
    again = make_walks(claimed, LEAD, time_limit=0.2, now=NOON)
    assert [one.crew for one in again.made] == [A]
    assert again.refused[0][0] == B
    assert "is off on 2026-03-02" in again.refused[0][1]
    with pytest.raises(Stopped, match="the walks of 1 crews are kept"):
        make_walks(claimed, LEAD, TODAY + DAY, time_limit=0.2, now=NOON, progress=lambda *_, **__: False)


def test_gpx_holds_the_way_and_keeps_names_harmless(claimed: Region) -> None:
    made = quick(claimed, A)
    text = gpx_text('A <"&>\x00', [("A", made.way)], [{"lon": 1.0, "lat": 2.0, "label": "<b>", "comment": ""}])
    assert text.count("<trkpt ") == len(made.way)
    assert "&lt;b&gt;" in text
    assert "\x00" not in text


def test_time_at_a_venue_is_time_of_the_street_on_which_it_stands(claimed: Region) -> None:
    plain = quick(claimed, A)
    street = next(row["street"] for row in plain.visits if "street" in row)
    with claimed.turn(LEAD, now=NOON) as turn:
        turn.connection.execute(
            "INSERT INTO venue SELECT NULL, ?, 'V1', city_id, 'mall', 'Mall', 100, NULL, NULL, id, 'hand' FROM street WHERE id = ?",
            (geopackage.encode([Point(20.003, 10.002)])[0], street),
        )
    made = quick(claimed, A)
    assert [row["venue"] for row in made.visits if "venue" in row] == ["V1"]
    hours, minutes = zip(*(one.visits[-1]["leave"].split(":") for one in (plain, made)), strict=True)
    ends = [60 * int(hour) + int(minute) for hour, minute in zip(hours, minutes, strict=True)]
    assert abs(ends[1] - ends[0]) <= 10  # the way to it, not the 20 minutes there
