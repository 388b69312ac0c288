"""New surveys touch the stored estimates of their street and triangle only, and bring them to what all anew would be."""

from datetime import datetime, timedelta

import pytest

from fieldops.actions.awareness import fit_awareness, save_estimates
from fieldops.actions.decisions import decide
from fieldops.actions.effort import import_effort
from fieldops.actions.keep import verify_record
from fieldops.actions.surveys import record_surveys
from fieldops.store.connect import Region
from tests.conftest import LEAD, NOON
from tests.towns import add_town, numbered, survey_rows

HOUR, STREETS = timedelta(hours=1), 30
LATER = NOON + 2 * HOUR


def estimates(region: Region) -> dict[str, tuple[float, ...]]:
    rows = region.reader().execute("SELECT place, knows, asked, share, low, high, hours_to_target FROM estimate")
    return {row[0]: tuple(-1.0 if figure is None else figure for figure in tuple(row)[1:]) for row in rows}


@pytest.fixture
def town(region: Region) -> Region:
    """A road of thirty streets that touch one after the other; half were asked, five pushed, and the response was fitted."""
    add_town(region, streets=STREETS)
    with region.turn(LEAD, now=NOON) as turn:
        turn.connection.executemany(
            "INSERT INTO segment (geom, city_id, way, from_node, to_node, length_m, kind, highway, name, dual, bridge, street_id)"
            " VALUES (x'', 'town', 1, ?, ?, 100, 'claim', 'residential', '', 0, 0, ?)",
            [(i, i + 1, f"S{i}") for i in range(STREETS)],
        )
    rows = []
    for i in range(0, STREETS, 2):
        answers = [k < 1 + i % 5 for k in range(12)]
        rows += survey_rows(answers, at=NOON - timedelta(days=5), prefix=f"a{i}-", street=f"S{i}", phase="before")
    record_surveys(region, LEAD, numbered(rows), now=NOON)
    effort = [
        {"day": "2026-02-27", "crew": "C0", "street": f"S{i}", "promoter_hours": "6", "contacts": str(60 + 9 * i)}
        for i in range(10, 15)
    ]
    import_effort(region, LEAD, numbered(effort), now=NOON)
    fit_awareness(region, LEAD, now=NOON)
    decide(region, LEAD, now=NOON)
    save_estimates(region, LEAD, now=NOON)
    return region


def ask_again(region: Region) -> None:
    rows = survey_rows([True] * 3 + [False] * 9, at=NOON, prefix="n", street="S13", phase="after")
    rows += survey_rows([False] * 9, at=NOON, prefix="p", triangle="T9", home_street="S20")
    rows += survey_rows([True, False], at=NOON, prefix="q", triangle="T2")
    assert not record_surveys(region, LEAD, numbered(rows), now=LATER).refused


def test_what_is_refreshed_is_what_all_anew_would_be_and_everything_else_stays(town: Region) -> None:
    before = estimates(town)
    ask_again(town)
    done = decide(town, LEAD, now=LATER)
    assert done.looked_at == {"T2", "T4", "T6", "T9"}  # the points' own, and those of the streets asked about
    assert done.estimated
    refreshed = estimates(town)
    save_estimates(town, LEAD, now=LATER)
    anew = estimates(town)
    touched = {*done.looked_at, *(f"S{3 * int(name[1:]) + i}" for name in done.looked_at for i in range(3))}
    for place, figures in refreshed.items():
        if place in touched:
            assert figures == pytest.approx(anew[place], rel=1e-9), place
        else:
            assert figures == before[place]
    assert refreshed["S13"] != before["S13"]
    assert refreshed["T2"] != before["T2"]


def test_stored_estimates_are_what_the_evidence_comes_to_and_one_that_is_not_is_found_though_its_seal_is_right(
    town: Region,
) -> None:
    assert verify_record(town, LEAD).violations == []
    ask_again(town)
    decide(town, LEAD, now=LATER)  # some are refreshed, the others stay
    assert verify_record(town, LEAD).violations == []
    for place, column in (("S13", "share"), ("S0", "low"), ("T2", "knows"), ("S1", "hours_to_target")):
        with town.turn(LEAD, now=LATER) as turn:
            turn.connection.execute(f"UPDATE estimate SET {column} = {column} + 1 WHERE place = ?", (place,))
        (found,) = verify_record(town, LEAD).violations
        assert found.what.startswith(f"the estimate of {'triangle' if place[0] == 'T' else 'street'} {place} is (")
        with town.turn(LEAD, now=LATER) as turn:
            turn.connection.execute(f"UPDATE estimate SET {column} = {column} - 1 WHERE place = ?", (place,))
    with town.turn(LEAD, now=LATER) as turn:
        turn.connection.execute("DELETE FROM estimate WHERE place = 'S13'")
    assert "street S13 is missing" in verify_record(town, LEAD).violations[0].what


def test_estimates_that_are_older_than_their_evidence_are_of_their_time_and_no_violation(town: Region) -> None:
    effort = [{"day": "2026-03-01", "crew": "C0", "street": "S0", "promoter_hours": "9"}]
    import_effort(town, LEAD, numbered(effort), now=LATER)
    assert verify_record(town, LEAD).violations == []


def test_what_a_refresh_costs_does_not_grow_with_the_city(town: Region) -> None:
    def steps(prefix: str, at: datetime) -> int:
        record_surveys(town, LEAD, numbered(survey_rows([False] * 4, at=NOON, prefix=prefix, street="S13")), now=at)
        done = [0]
        with town.turn(LEAD, now=at) as turn:
            writer = turn.connection
        writer.set_progress_handler(lambda: done.__setitem__(0, done[0] + 1), 100)
        assert decide(town, LEAD, now=at).estimated
        writer.set_progress_handler(None, 0)
        return done[0]

    first = steps("one", LATER)
    more = range(STREETS // 3, 2000)
    with town.turn(LEAD, now=LATER) as turn:
        turn.connection.executemany(
            "INSERT INTO triangle (geom, id, city_id, a, b, c, point_node, point_lon, point_lat, radius_m, barrier, inside,"
            " zone_id) VALUES (x'', ?, 'town', 'a', 'b', 'c', 0, 0, 0, 300, 0, 1, 'Z0')",
            [(f"T{i}",) for i in more],
        )
    rows = [row for i in more for row in survey_rows([False], at=NOON, prefix=f"f{i}-", triangle=f"T{i}")]
    assert not record_surveys(town, LEAD, numbered(rows), now=LATER).refused
    decide(town, LEAD, now=LATER)
    assert steps("two", LATER + HOUR) < 1.25 * first


def test_without_a_fit_or_on_another_day_nothing_is_refreshed_in_part(town: Region, region: Region) -> None:
    ask_again(town)
    assert not decide(town, LEAD, now=NOON + timedelta(days=1)).estimated


def test_where_nothing_was_estimated_before_a_decision_estimates_nothing(region: Region) -> None:
    add_town(region)
    record_surveys(region, LEAD, numbered(survey_rows([True] * 4, at=NOON, street="S0")), now=LATER)
    assert not decide(region, LEAD, now=LATER).estimated
    assert estimates(region) == {}
