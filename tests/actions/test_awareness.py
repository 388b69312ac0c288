"""What is known of every place: unknown where nobody was asked, with and without quarantine, and for map programs."""

from datetime import timedelta

import numpy as np
import pytest

from fieldops.actions.awareness import read_awareness, save_estimates, street_awareness
from fieldops.actions.backcheck import quarantine_surveys
from fieldops.actions.decisions import decide
from fieldops.actions.effort import import_effort
from fieldops.actions.surveys import record_surveys
from fieldops.actions.trusting import with_quarantined
from fieldops.ids import PromoterId
from fieldops.store.awareness import read_evidence
from fieldops.store.connect import Region
from tests.conftest import LEAD, NOON
from tests.towns import add_town, numbered, survey_rows

BEFORE = NOON - timedelta(days=2)


def ask(region: Region, answers: list[bool], prefix: str = "s", **columns: str) -> None:
    rows = survey_rows(answers, at=BEFORE, prefix=prefix, **columns)
    assert not record_surveys(region, LEAD, numbered(rows), now=NOON).refused


def test_midnight_parts_days_also_where_the_zone_is_half_an_hour_off(region: Region) -> None:
    add_town(region)
    with region.turn(LEAD, now=NOON) as turn:
        turn.connection.execute("UPDATE city SET time_zone = 'Asia/Kolkata'")
    midnight = (NOON - timedelta(days=2)).replace(hour=18, minute=30)  # in India
    for number, at in enumerate((midnight - timedelta(minutes=15), midnight + timedelta(minutes=5))):
        rows = survey_rows([False, False], at=at, prefix=f"s{number}-", street=f"S{number}")
        record_surveys(region, LEAD, numbered(rows), now=NOON)
    evidence, _, _ = read_evidence(region.reader(), NOON)
    days = dict(zip(evidence.unit.tolist(), evidence.day.tolist(), strict=True))
    assert days[1] - days[0] == 1


def test_where_nobody_was_asked_the_share_is_unknown_and_never_zero(region: Region) -> None:
    add_town(region)
    ask(region, [True, False, False] * 5, street="S0")
    report = read_awareness(region, LEAD, now=NOON).to_json()
    streets = {one["street"]: one for one in report["streets"]}  # type: ignore[attr-defined]
    assert (streets["S0"]["knows"], streets["S0"]["asked"]) == (5, 15)
    assert streets["S0"]["low"] < streets["S0"]["share"] < streets["S0"]["high"]
    assert (streets["S1"]["asked"], streets["S1"]["share"], streets["S1"]["low"], streets["S1"]["high"]) == (
        0,
        None,
        None,
        None,
    )
    triangles = {one["triangle"]: one["share"] for one in report["triangles"]}  # type: ignore[attr-defined]
    assert triangles["T0"] is not None
    assert triangles["T1"] is None
    assert report["zones"][0]["share"] is not None  # type: ignore[index]
    assert streets["S1"]["hours_to_target"] > 0


def test_hours_of_every_place_come_with_their_interval_and_a_place_without_streets_has_none(region: Region) -> None:
    add_town(region)
    with region.turn(LEAD, now=NOON) as turn:
        turn.connection.execute("UPDATE street SET triangle_id = 'T0'")
    report = read_awareness(region, LEAD, now=NOON)
    bare, *others = sorted(report.triangles, key=lambda one: one.hours_to_target is not None)
    assert (bare.hours_to_target, bare.hours_low, bare.hours_high) == (None, None, None)
    for noun, places in (("triangle", others), ("zone", report.zones), ("street", report.streets)):
        for one in places:
            shown = one.to_json(noun)
            assert 0 <= shown["hours_low"] < shown["hours_high"]  # type: ignore[operator]
    assert sum(one.hours_high or 0.0 for one in report.zones) == pytest.approx(
        sum(one.hours_high or 0.0 for one in report.streets)
    )


def test_the_planner_gets_a_posterior_for_every_street(region: Region) -> None:
    add_town(region)
    known = street_awareness(region, now=NOON)
    assert known.street == tuple(f"S{i}" for i in range(6))
    assert not known.measured.any()
    ask(region, [False] * 20, street="S0")
    after = street_awareness(region, now=NOON)
    assert np.all(after.alpha > 0)
    assert after.measured.tolist() == [True] + [False] * 5
    assert np.allclose(after.share, after.alpha / (after.alpha + after.beta))


def test_a_survey_at_the_point_counts_for_the_street_where_the_person_lives(region: Region) -> None:
    add_town(region)
    ask(region, [True] * 5 + [False] * 5, triangle="T0", home_street="S2")
    ask(region, [False] * 10, prefix="nobody", triangle="T1")
    known = street_awareness(region, now=NOON)
    assert known.asked.tolist() == [0, 0, 10, 0, 0, 0]
    triangles = {one.name: (one.knows, one.asked) for one in read_awareness(region, LEAD, now=NOON).triangles}
    assert triangles == {"T0": (5, 10), "T1": (0, 10)}


def test_figures_are_shown_with_and_without_the_quarantined_surveys(region: Region) -> None:
    add_town(region)
    ask(region, [False] * 10, street="S0", measurement="M")
    rows = survey_rows([True] * 5, at=BEFORE, prefix="fake", promoters=["C0-2"], street="S0", measurement="M")
    record_surveys(region, LEAD, numbered(rows), now=NOON)
    before = street_awareness(region, now=NOON)
    quarantine_surveys(region, LEAD, reason="made_up", promoter=PromoterId("C0-2"), now=NOON)
    without = street_awareness(region, now=NOON)
    with with_quarantined(region, now=NOON):
        shown = street_awareness(region, now=NOON)
    assert (before.knows[0], without.knows[0], shown.knows[0]) == (5, 0, 5)
    assert (before.asked[0], without.asked[0], shown.asked[0]) == (15, 10, 15)
    assert shown.share[0] == pytest.approx(before.share[0])
    assert without.share[0] < before.share[0]


def test_effort_since_the_survey_raises_what_is_expected_now(region: Region) -> None:
    add_town(region)
    for i in range(6):
        ask(region, [True, *[False] * 11], prefix=f"s{i}-", street=f"S{i}", phase="before")
    effort = {"day": "2026-03-01", "crew": "C0", "street": "S0", "promoter_hours": "20"}
    import_effort(region, LEAD, numbered([effort]), now=NOON)
    known = street_awareness(region, now=NOON)
    assert known.share[0] > 1.5 * known.share[1]


def test_a_past_moment_knows_only_what_was_asked_by_then(region: Region) -> None:
    add_town(region)
    ask(region, [False] * 10, street="S0")
    assert street_awareness(region, now=BEFORE - timedelta(days=1)).asked.sum() == 0


def test_a_street_that_moved_on_needs_no_hours_until_it_opens(region: Region) -> None:
    add_town(region)
    ask(region, [True] * 4, street="S0")
    decide(region, LEAD, now=NOON)
    first = read_awareness(region, LEAD, now=NOON).streets[0]
    assert first.hours_to_target is None
    assert first.closed_until == BEFORE + timedelta(minutes=12, days=7)


def test_map_programs_read_the_estimates_of_every_place(region: Region) -> None:
    add_town(region)
    ask(region, [False] * 10, street="S0")
    save_estimates(region, LEAD, now=NOON)
    save_estimates(region, LEAD, now=NOON)
    rows = (
        region.reader()
        .execute("SELECT noun, count(*), count(share) FROM estimate GROUP BY noun ORDER BY noun")
        .fetchall()
    )
    assert [tuple(row) for row in rows] == [("street", 6, 1), ("triangle", 2, 1), ("zone", 1, 1)]
    assert region.reader().execute("SELECT asked FROM street_status WHERE street = 'S0'").fetchone()[0] == 10
