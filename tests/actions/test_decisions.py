"""The move-on rule applied: who moves, what closes, what late evidence, quarantine and blind tests change."""

import json
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldops.actions.backcheck import lift_quarantine, quarantine_surveys
from fieldops.actions.claims import make_claim
from fieldops.actions.decisions import Decided, Move, decide, read_standings, read_swarms
from fieldops.actions.rules import change_rules
from fieldops.actions.surveys import record_surveys
from fieldops.actions.today import count_days
from fieldops.actions.trusting import with_quarantined
from fieldops.awareness import A130, R50, TWO_OF_TEN, CountRule, Verdict, confidence_interval, unbiased_share
from fieldops.clock import format_moment
from fieldops.errors import Conflict, Forbidden, NotFound, StreetClosed
from fieldops.ids import ActorId, CrewId, MeasurementId, PromoterId, StreetId, TriangleId
from fieldops.people import Actor, Role
from fieldops.store.claims import claims_in_force, claims_of_street
from fieldops.store.connect import Region
from fieldops.store.decisions import closed_streets, is_closed, latest_tests, set_closure
from fieldops.store.verify import verify
from tests.actions.test_venues import VENUE, venues
from tests.conftest import LEAD, NOON
from tests.towns import add_town, numbered, position, survey_rows

YES, NO = [True] * 4, [False] * 10
DAY = timedelta(days=1)


def ask(
    region: Region, answers: list[bool], *, at: datetime = NOON, prefix: str = "s", now: datetime | None = None,
    **columns: str,
) -> None:  # fmt: skip
    done = record_surveys(
        region,
        LEAD,
        numbered(survey_rows(answers, at=at, prefix=prefix, **columns)),
        now=now or at + timedelta(hours=1),
    )
    assert not done.refused


def claim(region: Region, street: str, crew: str, now: datetime = NOON) -> None:
    make_claim(region, LEAD, street=StreetId(street), crew=CrewId(crew), now=now)


def settle(region: Region, now: datetime = NOON + timedelta(hours=1), **more: TriangleId) -> Decided:
    return decide(region, LEAD, now=now, **more)


def test_the_days_of_the_first_page_count_streets_that_moved_on_without_a_claim(region: Region) -> None:
    add_town(region)
    ask(region, YES, street="S0")
    settle(region)
    assert count_days(region, "UTC", NOON + timedelta(hours=2))[-1].saturated == 1
    yesterday, today = count_days(region, "UTC", NOON + DAY)[-2:]
    assert (yesterday.saturated, today.saturated, today.forfeited) == (1, 0, 0)
    for promoter in ("C0-0", "C0-1"):
        quarantine_surveys(region, LEAD, reason="suspect", promoter=PromoterId(promoter), now=NOON + DAY)
    assert sum(day.saturated for day in count_days(region, "UTC", NOON + DAY)) == 0


def test_a_street_that_moves_on_ends_its_claim_closes_and_sends_the_crew_to_the_nearest_free_street(
    region: Region,
) -> None:
    add_town(region)
    claim(region, "S0", "C0")
    claim(region, "S1", "C1")
    ask(region, YES, street="S0")
    done = settle(region)
    assert done.moved == [Move(CrewId("C0"), StreetId("S0"), StreetId("S2"))]
    ended = claims_of_street(region.reader(), StreetId("S0"))[0]
    assert (ended.outcome, ended.reason, ended.credit or ended.crew) == ("saturated", "own_test", "C0")
    with pytest.raises(StreetClosed):
        claim(region, "S0", "C1", NOON + 2 * DAY)


@pytest.mark.parametrize(("other", "decided"), [("", 0), ("a", 0), (" A", 0), ("B", 1)])
def test_one_promoter_needs_two_corners_and_the_same_one_typed_otherwise_is_no_second(
    region: Region, other: str, decided: int
) -> None:
    add_town(region)
    rows = survey_rows([True] * 5, at=NOON, promoters=["C0-0"], street="S0")
    for i, row in enumerate(rows):
        row["cluster"] = other if i % 2 else "A"
    assert record_surveys(region, LEAD, numbered(rows), now=NOON + timedelta(hours=1)).added == 5
    assert len(settle(region).made) == decided


def test_a_companion_of_one_more_answer_does_not_make_those_before_it_decide(region: Region) -> None:
    add_town(region)
    alone = survey_rows([True] * 4 + [False] * 6, at=NOON, minutes=5, promoters=["C0-0"], street="S0")
    other = survey_rows([False], at=NOON + timedelta(minutes=55), prefix="o", promoters=["C0-1"], street="S0")
    more = survey_rows([True, False, True, False], at=NOON + timedelta(hours=1), prefix="m", street="S0")
    later = NOON + timedelta(hours=2)
    for rows, decided in ((alone, 0), (other, 0), (more, 1)):
        assert record_surveys(region, LEAD, numbered(rows), now=later).refused == 0
        assert len(settle(region, later).made) == decided
    made = region.reader().execute("SELECT verdict, surveys_used, wrong_move_on FROM decision").fetchone()
    assert tuple(made) == ("move_on", 12, pytest.approx(R50.not_before(11).error_rates()[0]))
    standing = read_standings(region, LEAD, now=later)[0]
    assert standing.share == pytest.approx(unbiased_share(R50.not_before(11), 12, 5, curtailed=True))


def test_a_decision_is_recorded_with_rule_counts_error_rates_and_digest(region: Region) -> None:
    add_town(region)
    ask(region, [*YES, False], street="S0")
    settle(region)
    row = region.reader().execute("SELECT * FROM decision").fetchone()
    assert (row["rule"], row["knows"], row["asked"], row["surveys_used"], row["verdict"]) == ("r50", 4, 5, 4, "move_on")
    assert (round(row["wrong_move_on"], 5), round(row["wrong_push_on"], 5)) == (0.09943, 0.09861)
    facts = json.loads(region.reader().execute("SELECT facts FROM event WHERE kind = 'DecisionMade'").fetchone()[0])
    assert facts["digest"] == row["surveys_digest"]
    assert facts["street"] == "S0"


def test_deciding_again_without_new_surveys_decides_nothing(region: Region) -> None:
    add_town(region)
    ask(region, YES, street="S0")
    assert len(settle(region).made) == 1
    again = settle(region)
    assert (again.made, again.withdrawn, again.closed, again.moved) == ([], [], [], [])


def test_more_surveys_of_a_decided_measurement_do_not_change_it(region: Region) -> None:
    add_town(region)
    ask(region, YES, street="S0")
    settle(region)
    ask(region, [False] * 10, at=NOON + timedelta(minutes=30), prefix="more", street="S0")
    assert settle(region, NOON + timedelta(hours=2)).withdrawn == []
    assert is_closed(region.reader(), StreetId("S0"), NOON + DAY)


def test_earlier_answers_that_come_in_late_can_withdraw_a_decision(region: Region) -> None:
    add_town(region)
    ask(region, YES, street="S0")
    settle(region)
    ask(region, [False] * 10, at=NOON - timedelta(minutes=50), prefix="e", street="S0", now=NOON + timedelta(hours=2))
    done = settle(region, NOON + timedelta(hours=2))
    assert [one.verdict for one in done.withdrawn] == [Verdict.MOVE_ON]
    assert [one.verdict for one in done.made] == [Verdict.PUSH_ON]
    assert not is_closed(region.reader(), StreetId("S0"), NOON + timedelta(hours=2))
    assert is_closed(region.reader(), StreetId("S0"), NOON + timedelta(minutes=90))  # as it was known then


def test_when_a_point_moves_on_every_crew_in_its_triangle_gets_another_street(region: Region) -> None:
    add_town(region, crews=3)
    for street, crew in (("S0", "C0"), ("S1", "C1"), ("S4", "C2")):
        claim(region, street, crew)
    ask(region, YES, triangle="T0")
    done = settle(region)
    assert done.moved == [
        Move(CrewId("C0"), StreetId("S0"), StreetId("S3")),
        Move(CrewId("C1"), StreetId("S1"), StreetId("S5")),
    ]
    assert [one.street for one in claims_in_force(region.reader(), NOON + timedelta(hours=2))] == ["S4"]
    assert set(closed_streets(region.reader(), NOON + timedelta(hours=2))) == {"S0", "S1", "S2"}


def test_a_street_whose_own_test_says_push_on_stays_open_when_its_point_moves_on(region: Region) -> None:
    add_town(region)
    claim(region, "S0", "C0")
    ask(region, NO, prefix="own", street="S0")
    ask(region, YES, at=NOON + timedelta(hours=2), triangle="T0")
    assert settle(region, NOON + timedelta(hours=4)).moved == []
    assert set(closed_streets(region.reader(), NOON + timedelta(hours=4))) == {"S1", "S2"}


def test_a_fresh_push_on_of_its_own_opens_a_closed_street(region: Region) -> None:
    add_town(region)
    ask(region, YES, triangle="T0")
    settle(region)
    ask(region, NO, at=NOON + 2 * DAY, prefix="fresh", street="S1")
    settle(region, NOON + 3 * DAY)
    assert set(closed_streets(region.reader(), NOON + 3 * DAY)) == {"S0", "S2"}
    claim(region, "S1", "C0", NOON + 3 * DAY)


def test_a_closed_street_opens_at_the_very_moment_that_was_stated(region: Region) -> None:
    add_town(region)
    ask(region, YES, street="S0")
    settle(region)
    until = closed_streets(region.reader(), NOON + timedelta(hours=2))[StreetId("S0")]
    assert until == NOON + timedelta(minutes=12) + 7 * DAY  # the last of the four was asked at 12 minutes
    with pytest.raises(Conflict):
        claim(region, "S0", "C0", until - timedelta(microseconds=1))
    claim(region, "S0", "C0", until)


def test_a_refusal_after_the_decisive_survey_does_not_shift_the_closure(region: Region) -> None:
    add_town(region)
    refused = {"answer": "refused", "survey_id": "late", "asked_at": format_moment(NOON + timedelta(minutes=55))}
    rows = survey_rows(YES, at=NOON, street="S0", measurement="M")
    record_surveys(region, LEAD, numbered([*rows, rows[0] | refused]), now=NOON + timedelta(hours=1))
    settle(region)
    until = closed_streets(region.reader(), NOON + timedelta(hours=2))[StreetId("S0")]
    assert until == NOON + timedelta(minutes=12) + 7 * DAY


def test_a_later_push_on_of_the_point_opens_no_street_that_its_move_on_closed(region: Region) -> None:
    add_town(region)
    ask(region, YES, prefix="a", triangle="T0", measurement="A")
    settle(region)
    closed = closed_streets(region.reader(), NOON + DAY)
    ask(region, NO, at=NOON + DAY, prefix="b", triangle="T0", measurement="B")
    settle(region, NOON + 2 * DAY)
    assert closed_streets(region.reader(), NOON + 2 * DAY) == closed
    assert set(closed) == {"S0", "S1", "S2"}
    quarantine_surveys(region, LEAD, reason="made_up", measurement=MeasurementId("A"), now=NOON + 2 * DAY)
    assert closed_streets(region.reader(), NOON + 2 * DAY) == {}


def test_a_move_on_that_comes_in_after_a_later_push_on_of_the_point_closes_nothing(region: Region) -> None:
    add_town(region)
    ask(region, NO, at=NOON + DAY, prefix="b", triangle="T0")
    settle(region, NOON + 2 * DAY)
    ask(region, YES, prefix="a", triangle="T0", now=NOON + 2 * DAY)
    assert settle(region, NOON + 2 * DAY).closed == []


def test_a_street_that_moved_on_is_closed_again_when_the_push_on_that_opened_it_was_made_up(region: Region) -> None:
    add_town(region)
    ask(region, YES, prefix="a", triangle="T0")
    settle(region)
    ask(region, NO, at=NOON + DAY, prefix="b", triangle="T0")
    ask(region, NO, at=NOON + DAY, prefix="c", street="S1", measurement="C")
    settle(region, NOON + 2 * DAY)
    assert "S1" not in closed_streets(region.reader(), NOON + 2 * DAY)
    quarantine_surveys(region, LEAD, reason="made_up", measurement=MeasurementId("C"), now=NOON + 2 * DAY)
    assert "S1" in closed_streets(region.reader(), NOON + 2 * DAY)


def test_a_closure_that_ran_out_is_not_begun_anew_by_the_decision_that_made_it(region: Region) -> None:
    add_town(region)
    ask(region, YES, street="S0")
    settle(region)
    until = closed_streets(region.reader(), NOON + timedelta(hours=2))[StreetId("S0")]
    claim(region, "S0", "C0", until)
    with region.turn(LEAD, now=until) as turn:
        own, _ = latest_tests(turn.connection, StreetId("S0"))
        assert not set_closure(turn, StreetId("S0"), own, until + 30 * DAY, event=turn.head.seq)
    assert StreetId("S0") not in closed_streets(region.reader(), until + timedelta(hours=1))


def test_no_crew_is_promised_the_same_street_and_none_that_it_may_not_claim(region: Region) -> None:
    add_town(region, streets=6, crews=3)
    with region.turn(LEAD, now=NOON) as turn:
        turn.connection.execute("UPDATE street SET status = 'closed' WHERE id = 'S3'")
        turn.connection.execute("UPDATE street SET permission = 'refused' WHERE id = 'S4'")
    for street, crew in (("S0", "C0"), ("S1", "C1"), ("S2", "C2")):
        claim(region, street, crew)
    ask(region, YES, triangle="T0")
    assert [one.to for one in settle(region).moved] == ["S5", None, None]


def test_a_push_on_at_the_point_calls_for_a_swarm_at_the_busiest_venues_first(region: Region) -> None:
    add_town(region)
    far = {"lon": str(position(4)[0]), "lat": str(position(4)[1])}
    venues(
        region, {**VENUE, "people_per_hour": "5"}, {**VENUE, "venue_id": "V2", "people_per_hour": "50"},
        {**VENUE, "venue_id": "V3", **far},
    )  # fmt: skip
    ask(region, NO, triangle="T0")
    settle(region)
    swarms = read_swarms(region, LEAD, read_standings(region, LEAD, now=NOON + timedelta(hours=1)))
    assert [(one.triangle, one.venues) for one in swarms] == [("T0", ("V2", "V1"))]


def test_late_evidence_ends_the_present_claim_and_the_credit_is_the_askers(region: Region) -> None:
    add_town(region)
    claim(region, "S0", "C0")
    later = NOON + 8 * DAY
    claim(region, "S0", "C1", later)
    ask(
        region, YES, at=NOON + 6 * DAY, street="S0", now=later + timedelta(hours=1)
    )  # made under C0's claim, synced now
    done = settle(region, later + timedelta(hours=1))
    first, second = claims_of_street(region.reader(), StreetId("S0"))
    assert (first.outcome_at(later), second.outcome, second.credit) == ("forfeited", "saturated", "C0")
    assert [one.crew for one in done.moved] == ["C1"]


def test_evidence_that_is_forgotten_by_now_closes_nothing(region: Region) -> None:
    add_town(region)
    now = NOON + 30 * DAY
    claim(region, "S0", "C1", now)
    ask(region, YES, at=NOON, street="S0", now=now)
    assert (settle(region, now).closed, len(claims_in_force(region.reader(), now))) == ([], 1)


def test_one_triangle_can_be_decided_alone(region: Region) -> None:
    add_town(region)
    ask(region, YES, street="S0")
    ask(region, YES, prefix="t", street="S3")
    assert [one.street for one in settle(region, triangle=TriangleId("T1")).made] == ["S3"]
    assert [one.street for one in settle(region).made] == ["S0"]
    with pytest.raises(NotFound):
        settle(region, triangle=TriangleId("none"))


def test_a_small_street_follows_its_triangle_and_not_its_own_few_surveys(region: Region) -> None:
    add_town(region, streets=3, people=[100.0] * 3)
    ask(region, [True] * 10, street="S0")
    assert settle(region).made == []
    ask(region, YES, prefix="p", triangle="T0")
    assert settle(region).closed == ["S0", "S1", "S2"]


def test_the_newest_measurement_of_every_place_is_shown_with_its_verdict_and_what_is_missing(region: Region) -> None:
    add_town(region)
    ask(region, NO, at=NOON - 2 * DAY, prefix="old", triangle="T0", now=NOON)
    ask(region, [True, *[False] * 9], triangle="T0")
    ask(region, YES, prefix="s0", street="S0")
    settle(region)
    shown = [one.to_json() for one in read_standings(region, LEAD, now=NOON + timedelta(hours=1))]
    assert [(one.get("triangle") or one.get("street"), one["decision"], one["missing"]) for one in shown] == [
        ("T0", "ask_more", "ask 5 more"), ("S0", "move_on", ""),
    ]  # fmt: skip
    assert read_standings(region, LEAD, now=NOON - timedelta(days=1))[0].test.verdict is Verdict.PUSH_ON


def test_a_stopped_test_shows_the_unbiased_share_and_an_interval_that_holds_whenever_it_stopped(region: Region) -> None:
    add_town(region)
    ask(region, YES, prefix="a", street="S0")
    ask(region, [True, *[False] * 9], prefix="b", street="S1")
    moved, asking = read_standings(region, LEAD, now=NOON + timedelta(hours=1))
    assert moved.share == pytest.approx(unbiased_share(R50, 4, 4, curtailed=True))
    assert (moved.low, moved.high) == pytest.approx(confidence_interval(4, 4, 0.2))
    assert asking.share is None
    assert asking.low < 0.1 < asking.high


@given(st.sampled_from([R50, A130, TWO_OF_TEN]), st.floats(0.3, 0.99), st.data())
def test_the_share_of_every_outcome_of_every_rule_lies_in_its_own_interval(
    card: CountRule, held: float, data: st.DataObject
) -> None:
    surveys, knows = data.draw(st.sampled_from(sorted(card.paths())))
    low, high = confidence_interval(knows, surveys, 1 - held)
    assert low <= unbiased_share(card, surveys, knows, curtailed=True) <= high


def test_the_share_of_a_stopped_test_lies_in_its_interval_whatever_was_asked_later(region: Region) -> None:
    add_town(region)
    ask(region, YES, street="S0", measurement="M", minutes=2)  # type: ignore[arg-type]
    corners = [f"C{crew}-{i}" for crew in range(2) for i in range(2)]
    ask(region, [False] * 20, at=NOON + timedelta(minutes=20), prefix="n", street="S0", measurement="M", promoters=corners,
        now=NOON + timedelta(hours=2))  # type: ignore[arg-type]  # fmt: skip
    shown = read_standings(region, LEAD, now=NOON + timedelta(hours=2))[0]
    assert shown.share is not None
    assert shown.low <= shown.share <= shown.high
    assert (shown.test.surveys_used, shown.test.asked) == (4, 24)


def test_standings_can_be_shown_as_if_nothing_were_in_quarantine(region: Region) -> None:
    add_town(region)
    ask(region, YES, street="S0", measurement="M")
    settle(region)
    at = NOON + timedelta(hours=3)
    quarantine_surveys(region, LEAD, reason="odd", measurement=MeasurementId("M"), now=at)
    without = read_standings(region, LEAD, now=at)[0].test
    with with_quarantined(region, now=at):
        shown = read_standings(region, LEAD, now=at)[0].test
    assert (without.asked, without.verdict) == (0, Verdict.ASK_MORE)
    assert (shown.asked, shown.verdict) == (4, Verdict.MOVE_ON)


def test_an_auditor_decides_nothing(region: Region) -> None:
    with pytest.raises(Forbidden):
        decide(region, Actor(ActorId("a"), Role.AUDITOR), now=NOON)


# ── quarantine (rule 13) ────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("yes", "no"), [("A", "B"), ("B", "A")])
@pytest.mark.parametrize(("minutes", "latest"), [(4, "move_on"), (1, "push_on")])
def test_of_two_tests_with_one_decisive_moment_the_one_begun_later_decides_whatever_their_names(
    region: Region, yes: str, no: str, minutes: int, latest: str
) -> None:
    add_town(region)
    end = NOON + timedelta(hours=1)
    for name, answers, every in ((yes, YES, 4), (no, NO, minutes)):
        start = end - timedelta(minutes=every * (len(answers) - 1))
        rows = survey_rows(answers, at=start, minutes=every, prefix=name, street="S0", measurement=name)
        record_surveys(region, LEAD, numbered(rows), now=end)
    made = settle(region, end).made
    assert {one.decisive_at for one in made} == {end}
    own, _ = latest_tests(region.reader(), StreetId("S0"))
    assert own is not None
    assert (len(made), own.verdict) == (2, latest)
    assert is_closed(region.reader(), StreetId("S0"), end) == (latest == "move_on")


def test_a_quarantine_withdraws_the_decision_and_opens_the_street_and_claims_stay_ended(region: Region) -> None:
    add_town(region)
    claim(region, "S0", "C0")
    ask(region, YES, street="S0", measurement="M")
    settle(region)
    at = NOON + timedelta(hours=3)
    done = quarantine_surveys(region, LEAD, reason="nobody_there", measurement=MeasurementId("M"), now=at)
    assert (done.surveys, [one.verdict for one in done.decided.withdrawn]) == (4, [Verdict.MOVE_ON])
    assert not is_closed(region.reader(), StreetId("S0"), at)
    assert claims_of_street(region.reader(), StreetId("S0"))[0].outcome == "saturated"
    claim(region, "S0", "C1", at)


def test_lifting_a_quarantine_closes_the_street_again_and_ends_no_claim_made_since(region: Region) -> None:
    add_town(region)
    ask(region, YES, street="S0", measurement="M")
    settle(region)
    at = NOON + timedelta(hours=3)
    order = quarantine_surveys(region, LEAD, reason="nobody_there", measurement=MeasurementId("M"), now=at).order
    claim(region, "S0", "C1", at)
    done = lift_quarantine(region, LEAD, order, now=at + DAY)
    assert (done.decided.closed, done.decided.moved) == (["S0"], [])
    assert [one.crew for one in claims_in_force(region.reader(), at + DAY)] == ["C1"]


def test_without_the_quarantined_promoters_answers_the_others_decide(region: Region) -> None:
    add_town(region)
    rows = survey_rows(YES, at=NOON, prefix="x", promoters=["C0-2"], street="S0", measurement="M")
    rows += survey_rows(NO, at=NOON + timedelta(minutes=20), prefix="h", street="S0", measurement="M")
    record_surveys(region, LEAD, numbered(rows), now=NOON + timedelta(hours=2))
    assert [one.verdict for one in settle(region, NOON + timedelta(hours=2)).made] == [Verdict.MOVE_ON]
    done = quarantine_surveys(region, LEAD, reason="made_up", promoter=PromoterId("C0-2"), now=NOON + DAY)
    assert [one.verdict for one in done.decided.made] == [Verdict.PUSH_ON]


def made_up_and_honest(region: Region, answers: list[bool]) -> None:
    """Four answers made up by one promoter, at two corners, and later honest ones; the street moves on by either."""
    made_up = survey_rows(YES, at=NOON, prefix="x", promoters=["C1-0"], street="S0", measurement="M")
    for row, corner in zip(made_up, "ABAB", strict=True):
        row["cluster"] = corner
    honest = survey_rows(answers, at=NOON + timedelta(minutes=40), prefix="h", street="S0", measurement="M")
    record_surveys(region, LEAD, numbered(made_up + honest), now=NOON + timedelta(hours=2))
    settle(region, NOON + timedelta(hours=2))


def test_a_quarantine_that_leaves_the_verdict_gives_the_decision_new_counts_and_the_closure_a_new_end(
    region: Region,
) -> None:
    add_town(region)
    made_up_and_honest(region, [*YES, *[False] * 16])
    at, closed = NOON + 3 * DAY, StreetId("S0")
    assert closed_streets(region.reader(), at)[closed] == NOON + timedelta(minutes=12) + 7 * DAY
    order = quarantine_surveys(region, LEAD, reason="made_up", promoter=PromoterId("C1-0"), now=at).order
    own, _ = latest_tests(region.reader(), closed)
    assert own is not None
    assert (own.knows, own.asked, own.decisive_at) == (4, 20, NOON + timedelta(minutes=52))
    assert closed_streets(region.reader(), at)[closed] == NOON + timedelta(minutes=52) + 7 * DAY
    lift_quarantine(region, LEAD, order, now=at + DAY)
    own, _ = latest_tests(region.reader(), closed)
    assert own is not None
    assert (own.knows, own.asked, own.decisive_at) == (8, 24, NOON + timedelta(minutes=12))
    assert closed_streets(region.reader(), at + DAY)[closed] == NOON + timedelta(minutes=12) + 7 * DAY
    assert verify(region).violations == []


def test_a_decision_that_rests_on_other_surveys_now_ends_no_claim_made_since(region: Region) -> None:
    add_town(region)
    made_up_and_honest(region, [*YES, *[False] * 16])
    at = NOON + 7 * DAY + timedelta(minutes=20)  # the old closure has run out, the new one would not have
    claim(region, "S0", "C1", at)
    done = quarantine_surveys(region, LEAD, reason="made_up", promoter=PromoterId("C1-0"), now=at).decided
    assert ([one.verdict for one in done.made], done.moved) == ([Verdict.MOVE_ON], [])
    assert [one.crew for one in claims_in_force(region.reader(), at)] == ["C1"]


def test_surveys_asked_later_are_no_part_of_a_decision_also_when_they_are_made_up(region: Region) -> None:
    add_town(region)
    ask(region, YES, street="S0", measurement="M")
    settle(region)
    ask(
        region, YES, at=NOON + timedelta(minutes=60), prefix="x", street="S0", measurement="M",
        now=NOON + timedelta(hours=2), promoters=("C1-0",),
    )  # type: ignore[arg-type]  # fmt: skip
    settle(region, NOON + timedelta(hours=2))
    done = quarantine_surveys(region, LEAD, reason="odd", promoter=PromoterId("C1-0"), now=NOON + DAY).decided
    assert (done.made, done.withdrawn) == ([], [])


def test_a_decision_may_close_a_street_lose_to_another_and_win_again_within_one_moment(region: Region) -> None:
    add_town(region)
    ask(region, YES, street="S0", measurement="first", now=NOON + DAY)
    settle(region, NOON + DAY)
    ask(region, NO, at=NOON + 2 * timedelta(hours=1), prefix="t", street="S0", measurement="second", now=NOON + DAY)
    settle(region, NOON + DAY)
    assert not is_closed(region.reader(), StreetId("S0"), NOON + DAY)
    quarantine_surveys(region, LEAD, reason="test", measurement=MeasurementId("second"), now=NOON + DAY)
    assert is_closed(region.reader(), StreetId("S0"), NOON + DAY)


@pytest.mark.parametrize("stricter", [True, False])
def test_settings_that_changed_between_asking_and_deciding_count_as_they_are_now(
    region: Region, stricter: bool
) -> None:
    add_town(region)
    ask(region, YES, street="S0")
    asked = len(YES)
    change_rules(region, LEAD, why="pilot", surveys_per_cluster=1 if stricter else 9, cluster_window="2h", now=NOON)
    made = settle(region).made
    assert [one.asked for one in made] == ([] if stricter else [asked])
    assert verify(region).violations == []
