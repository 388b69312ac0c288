"""Rules 7 to 13 of the field, sentence by sentence: what evidence does to claims, streets, crews and figures."""

from datetime import timedelta

import numpy as np
import pytest

from fieldops.actions.awareness import read_awareness, street_awareness
from fieldops.actions.backcheck import lift_quarantine, quarantine_surveys
from fieldops.actions.claims import end_claim, make_claim
from fieldops.actions.decisions import read_standings, read_swarms
from fieldops.actions.effort import import_effort
from fieldops.actions.rules import change_rules
from fieldops.awareness import Verdict
from fieldops.errors import StreetClosed
from fieldops.ids import CrewId, MeasurementId, StreetId
from fieldops.store.claims import claims_in_force, claims_of_street
from fieldops.store.connect import Region
from fieldops.store.decisions import closed_streets, is_closed
from tests.actions.test_decisions import DAY, NO, YES, ask, claim, settle
from tests.actions.test_venues import VENUE, venues
from tests.conftest import LEAD, NOON
from tests.towns import add_town, numbered

HOUR = timedelta(hours=1)
S0, WEEK = StreetId("S0"), 7 * DAY


def outcomes(region: Region, street: StreetId = S0) -> list[tuple[str, str | None]]:
    return [(one.crew, one.outcome) for one in claims_of_street(region.reader(), street)]


# ── rule 7: records made in time and synced late ────────────────────────────────────────────────────────────────────


def test_rule_7_a_record_made_in_time_and_synced_late_is_evidence_by_the_time_it_was_made(region: Region) -> None:
    add_town(region)
    claim(region, "S0", "C0")
    ask(region, YES, at=NOON + 6 * DAY, street="S0", now=NOON + 9 * DAY)
    made = settle(region, NOON + 9 * DAY).made
    assert [(one.decisive_at, one.decided_at) for one in made] == [
        (NOON + 6 * DAY + timedelta(minutes=12), NOON + 9 * DAY)
    ]
    late = region.reader().execute("SELECT sum(late) FROM survey").fetchone()[0]
    assert late == 0


def test_rule_7_it_never_revives_a_claim_and_the_old_outcome_stays(region: Region) -> None:
    add_town(region)
    claim(region, "S0", "C0")
    claim(region, "S1", "C1", NOON + 8 * DAY)  # whatever is recorded next records the forfeit too
    ask(region, YES, at=NOON + 6 * DAY, street="S0", now=NOON + 9 * DAY)
    settle(region, NOON + 9 * DAY)
    assert [one.outcome_at(NOON + 9 * DAY) for one in claims_of_street(region.reader(), S0)] == ["forfeited"]
    assert [one.street for one in claims_in_force(region.reader(), NOON + 9 * DAY)] == ["S1"]
    assert is_closed(region.reader(), S0, NOON + 9 * DAY)


@pytest.mark.parametrize("place", [{"street": "S0"}, {"triangle": "T0"}])
def test_rule_7_where_it_proves_saturation_the_present_claim_ends_saturated_and_the_credit_is_the_askers(
    region: Region, place: dict[str, str]
) -> None:
    add_town(region)
    claim(region, "S0", "C0")
    claim(region, "S0", "C1", NOON + 8 * DAY)
    ask(region, YES, at=NOON + 6 * DAY, now=NOON + 9 * DAY, promoters=("C0-0", "C0-1"), **place)  # type: ignore[arg-type]  # columns are words
    settle(region, NOON + 9 * DAY)
    before, present = claims_of_street(region.reader(), S0)
    assert (before.outcome_at(NOON + 9 * DAY), before.credit) == ("forfeited", None)
    assert (present.crew, present.outcome, present.credit) == ("C1", "saturated", "C0")


def test_rule_7_a_record_made_after_the_claims_end_is_kept_and_marked_late(region: Region) -> None:
    add_town(region)
    claim(region, "S0", "C0")
    ask(region, YES, at=NOON + WEEK - timedelta(minutes=6), street="S0")
    rows = region.reader().execute("SELECT asked_at, late FROM survey ORDER BY asked_at").fetchall()
    assert [row[1] for row in rows] == [0, 0, 1, 1]  # every four minutes: two before the very moment, two after


# ── rule 8: a street that moved on ──────────────────────────────────────────────────────────────────────────────────


def test_rule_8_it_is_closed_to_claims_plan_and_hours_until_its_moment(region: Region) -> None:
    add_town(region)
    ask(region, YES, street="S0")
    settle(region)
    until = closed_streets(region.reader(), NOON + HOUR)[S0]
    assert until - (NOON + timedelta(minutes=12)) == WEEK
    with pytest.raises(StreetClosed):
        claim(region, "S0", "C1", until - timedelta(microseconds=1))
    shown = {one.name: one for one in read_awareness(region, LEAD, now=until - HOUR).streets}
    assert (shown["S0"].hours_to_target, shown["S0"].closed_until) == (None, until)
    assert read_awareness(region, LEAD, now=until).streets[0].hours_to_target is not None
    claim(region, "S0", "C1", until)


def test_rule_8_a_fresh_push_on_of_its_own_opens_it_and_one_of_its_point_does_not(region: Region) -> None:
    add_town(region)
    ask(region, YES, prefix="a", street="S0")
    ask(region, YES, prefix="b", street="S1")
    settle(region)
    ask(region, NO, at=NOON + DAY, prefix="c", triangle="T0")
    ask(region, NO, at=NOON + DAY, prefix="d", street="S1")
    settle(region, NOON + 2 * DAY)
    assert set(closed_streets(region.reader(), NOON + 2 * DAY)) == {"S0"}


def test_rule_8_the_forecast_starts_at_the_larger_of_target_and_estimate(region: Region) -> None:
    add_town(region)
    people = [True] * 45 + [False] * 5
    ask(
        region,
        people,
        street="S0",
        minutes=2,
        now=NOON + 2 * HOUR,
        promoters=[f"C{c}-{p}" for c in range(2) for p in range(3)],
    )  # type: ignore[arg-type]
    settle(region, NOON + 2 * HOUR)
    decided = (
        region.reader().execute("SELECT knows, asked, decisive_at FROM decision WHERE street_id = 'S0'").fetchone()
    )
    estimate = (0.07 * 25 + decided[0]) / (25 + decided[1])
    nights = np.log(estimate / 0.2) / -np.log(0.97)
    assert nights > 7
    until = closed_streets(region.reader(), NOON + 2 * HOUR)[S0]
    assert (until - NOON) / DAY == pytest.approx(nights, abs=0.1)


# ── rule 9: tests ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_rule_9_a_point_test_counts_the_points_own_surveys_and_pooling_uses_the_home_street(region: Region) -> None:
    add_town(region)
    ask(region, YES, prefix="street", street="S1")
    ask(region, NO, prefix="point", triangle="T0", home_street="S1")
    point = next(one for one in read_standings(region, LEAD, now=NOON + HOUR) if one.measurement.triangle)
    assert (point.test.knows, point.test.asked, point.test.verdict) == (0, 10, Verdict.PUSH_ON)
    known = street_awareness(region, now=NOON + HOUR)
    assert (known.knows[1], known.asked[1]) == (4, 14)


def test_rule_9_two_promoters_or_two_corners(region: Region) -> None:
    add_town(region)
    ask(region, YES, prefix="a", street="S0", promoters=["C0-0"])  # type: ignore[arg-type]
    ask(region, YES, prefix="b", street="S1")
    ask(region, YES[:2], prefix="c", street="S2", promoters=["C0-0"], cluster="A")  # type: ignore[arg-type]
    ask(region, YES[:2], prefix="d", street="S2", promoters=["C0-0"], cluster="B", at=NOON + HOUR)  # type: ignore[arg-type]
    settle(region, NOON + 3 * HOUR)
    assert set(closed_streets(region.reader(), NOON + 3 * HOUR)) == {"S1", "S2"}


def test_rule_9_three_tests_of_a_place_per_claim_and_the_audit_card_for_the_fourth(region: Region) -> None:
    add_town(region)
    claim(region, "S0", "C0")
    for number in range(4):
        ask(region, NO, at=NOON + number * DAY, prefix=f"t{number}-", street="S0")
    rows = region.reader().execute("SELECT rule, try FROM measurement ORDER BY opened_at").fetchall()
    assert [tuple(row) for row in rows] == [("r50", 1), ("r50", 2), ("r50", 3), ("a130", 4)]


@pytest.mark.parametrize("place", [{"street": "S0"}, {"triangle": "T0"}])
def test_rule_9_who_withdraws_and_claims_again_has_no_new_tests(region: Region, place: dict[str, str]) -> None:
    add_town(region)
    held = make_claim(region, LEAD, street=S0, crew=CrewId("C0"), now=NOON)
    for number in range(3):
        ask(region, NO, at=NOON + number * 3 * HOUR, prefix=f"t{number}-", **place)  # type: ignore[arg-type]  # columns are words
    end_claim(region, LEAD, held.id, outcome="withdrawn", why="no_time", now=NOON + 12 * HOUR)
    claim(region, "S0" if "street" in place else "S1", "C0", NOON + 12 * HOUR)
    ask(region, NO, at=NOON + 13 * HOUR, prefix="t3-", **place)  # type: ignore[arg-type]  # columns are words
    rows = region.reader().execute("SELECT rule, try FROM measurement ORDER BY opened_at").fetchall()
    assert [tuple(row) for row in rows] == [("r50", 1), ("r50", 2), ("r50", 3), ("a130", 4)]


def test_rule_9_tests_synced_in_another_order_are_numbered_by_the_time_they_were_made(region: Region) -> None:
    add_town(region)
    claim(region, "S0", "C0")
    for number in (3, 1, 0, 2):
        ask(region, YES, at=NOON + number * DAY, prefix=f"t{number}-", street="S0", now=NOON + 4 * DAY)
    rows = region.reader().execute("SELECT rule, try FROM measurement ORDER BY opened_at").fetchall()
    assert [tuple(row) for row in rows] == [("r50", 1), ("r50", 2), ("r50", 3), ("a130", 4)]
    made = settle(region, NOON + 4 * DAY).made
    assert len(made) == 3  # four who know decide the first three, and are too few for the audit card


def test_rule_9_the_plain_rule_is_a_setting_and_is_shown_beside_the_card(region: Region) -> None:
    add_town(region)
    ask(region, [True, True, *[False] * 8], prefix="a", street="S0")
    shown = read_standings(region, LEAD, now=NOON + HOUR)[0].to_json()
    assert (shown["decision"], shown["two_of_ten"]) == ("ask_more", "move_on")
    change_rules(region, LEAD, why="as_the_operator", now=NOON + HOUR, move_on_rule="two_of_ten")
    ask(region, [True, True, *[False] * 8], at=NOON + HOUR, prefix="b", street="S1")
    decided = settle(region, NOON + 3 * HOUR).made
    assert [(one.street, one.rule, one.verdict) for one in decided] == [("S1", "two_of_ten", Verdict.MOVE_ON)]
    assert (decided[0].wrong_move_on, decided[0].surveys_used) == (pytest.approx(0.34172497, abs=1e-8), 2)


# ── rules 10 and 11: who leaves, who swarms ─────────────────────────────────────────────────────────────────────────


def test_rule_10_at_a_points_move_on_every_crew_in_the_triangle_is_told_its_next_street_and_its_claims_end(
    region: Region,
) -> None:
    add_town(region, streets=9, crews=3)
    for street, crew in (("S0", "C0"), ("S1", "C1"), ("S2", "C2"), ("S8", "C2")):
        claim(region, street, crew)
    ask(region, YES, triangle="T0")
    done = settle(region)
    assert {one.crew for one in done.moved} == {"C0", "C1", "C2"}
    assert {one.left for one in done.moved} == {"S0", "S1", "S2"}
    assert len({one.to for one in done.moved}) == 3
    assert all(one.to in {"S3", "S4", "S5", "S6", "S7"} and one.reason for one in done.moved)
    assert [outcomes(region, StreetId(f"S{i}")) for i in range(3)] == [[(f"C{i}", "saturated")] for i in range(3)]
    assert [one.street for one in claims_in_force(region.reader(), NOON + HOUR)] == ["S8"]


def test_rule_10_the_latest_decisive_test_of_its_own_counts_and_not_an_older_one(region: Region) -> None:
    add_town(region)
    ask(region, NO, prefix="a", street="S0")
    ask(region, YES, at=NOON + DAY, prefix="b", street="S0")
    ask(region, YES, at=NOON + 2 * DAY, prefix="c", street="S1")
    ask(region, NO, at=NOON + 3 * DAY, prefix="d", street="S1")
    settle(region, NOON + 4 * DAY)
    assert set(closed_streets(region.reader(), NOON + 4 * DAY)) == {"S0"}


def test_rule_11_a_triangle_whose_point_says_push_on_is_swarmed_at_its_venues_by_people_per_hour(
    region: Region,
) -> None:
    add_town(region)
    venues(region, {**VENUE, "people_per_hour": "5"}, {**VENUE, "venue_id": "V2", "people_per_hour": "50"})
    ask(region, NO, triangle="T0")
    ask(region, YES, prefix="other", triangle="T1")
    swarms = read_swarms(region, LEAD, read_standings(region, LEAD, now=NOON + HOUR))
    assert [(one.triangle, one.venues) for one in swarms] == [("T0", ("V2", "V1"))]


def test_rule_11_effort_at_a_venue_is_credited_to_the_crew_that_worked_and_not_to_the_holder(region: Region) -> None:
    add_town(region)
    venues(region, VENUE)
    claim(region, "S0", "C0")
    row = {"day": "2026-03-02", "crew": "C1", "venue": "V1", "promoter_hours": "3"}
    import_effort(region, LEAD, numbered([row]), now=NOON + HOUR)
    found = region.reader().execute("SELECT crew_id, street_id, venue_id, promoter_hours FROM effort").fetchone()
    assert (found[0], found[2], found[3]) == ("C1", "V1", 3.0)
    assert found[1] in {"S0", "S1", "S2"}


# ── rules 12 and 13: figures ────────────────────────────────────────────────────────────────────────────────────────


def test_rule_12_no_share_without_its_interval_and_none_where_nobody_was_asked(region: Region) -> None:
    add_town(region)
    ask(region, NO, street="S0")
    report = read_awareness(region, LEAD, now=NOON + HOUR)
    for one in (*report.streets, *report.triangles, *report.zones):
        shown = (one.share, one.low, one.high)
        if one.asked:
            assert None not in shown
            assert 0 < one.low < one.share < one.high < 1  # type: ignore[operator]  # none is None
        else:
            assert shown == (None, None, None)


def test_rule_13_undoing_a_quarantine_changes_estimates_and_coming_tests_and_leaves_claims_as_they_are(
    region: Region,
) -> None:
    add_town(region)
    claim(region, "S0", "C0")
    ask(region, YES, street="S0", measurement="M")
    settle(region)
    at = NOON + 3 * HOUR
    with_them = street_awareness(region, now=at).share[0]
    order = quarantine_surveys(region, LEAD, reason="odd", measurement=MeasurementId("M"), now=at).order
    assert street_awareness(region, now=at).share[0] < with_them
    make_claim(region, LEAD, street=S0, crew=CrewId("C1"), now=at)
    lift_quarantine(region, LEAD, order, now=at + HOUR)
    assert street_awareness(region, now=at + HOUR).share[0] == pytest.approx(with_them)
    assert outcomes(region) == [("C0", "saturated"), ("C1", None)]
