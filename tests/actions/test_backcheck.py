"""Trust: who asks again, what it shows, quarantine and the way back."""

from datetime import timedelta

import numpy as np
import pytest

from fieldops.actions.backcheck import (
    find_suspects,
    lift_quarantine,
    list_checked,
    list_quarantines,
    list_tasks,
    order_back_checks,
    quarantine_surveys,
)
from fieldops.actions.decisions import decide
from fieldops.actions.surveys import record_surveys
from fieldops.backcheck import choose_back_checks
from fieldops.errors import BadInput, Forbidden, NotFound
from fieldops.ids import ActorId, CrewId, MeasurementId, PromoterId
from fieldops.people import Actor, Role
from fieldops.store.connect import Region
from tests.conftest import LEAD, NOON
from tests.towns import add_town, numbered, survey_rows

YES, NO = [True] * 4, [False] * 10
LATER = NOON + timedelta(hours=2)


def move_ons(region: Region, count: int) -> None:
    add_town(region, streets=count, crews=3)
    rows = [
        row for i in range(count)
        for row in survey_rows(YES, at=NOON, prefix=f"m{i}-", street=f"S{i}", measurement=f"M{i:02}")
    ]  # fmt: skip
    record_surveys(region, LEAD, numbered(rows), now=LATER)
    decide(region, LEAD, now=LATER)


def test_a_tenth_of_the_tests_that_moved_on_is_surveyed_again_by_crews_that_did_not_ask(region: Region) -> None:
    move_ons(region, 12)
    tasks = order_back_checks(region, LEAD, seed=7, now=LATER)
    assert len(tasks) == 2
    assert all(task.asked_by == "C0" for task in tasks)
    assert {task.crew for task in tasks} == {"C1", "C2"}
    assert order_back_checks(region, LEAD, seed=7, now=LATER) == []  # the share is reached
    assert len(order_back_checks(region, LEAD, seed=7, share=0.5, now=LATER)) == 4


def test_the_same_seed_chooses_the_same_places(region: Region) -> None:
    move_ons(region, 12)

    names = [MeasurementId(f"M{i:02}") for i in range(12)]
    expected = choose_back_checks(names, 0, 0.1, np.random.default_rng(7))
    assert sorted(task.measurement for task in order_back_checks(region, LEAD, seed=7, now=LATER)) == expected


def test_a_blind_re_survey_fulfils_the_task_and_its_result_ranks_by_how_little_it_can_be_believed(
    region: Region,
) -> None:
    move_ons(region, 2)
    order_back_checks(region, LEAD, share=1.0, now=LATER)
    again = survey_rows(
        NO * 2, at=LATER, prefix="v", promoters=["C1-0", "C1-1"], minutes=2, street="S0", back_check_of="M00"
    )
    again += survey_rows(
        [True, False] * 5, at=LATER, prefix="w", promoters=["C1-0", "C1-1"], street="S1", back_check_of="M01"
    )
    record_surveys(region, LEAD, numbered(again), now=LATER + timedelta(hours=2))
    assert all(task.done_by for task in list_tasks(region, LEAD))
    worst, other = list_checked(region, LEAD)
    assert (worst.measurement, worst.knows, worst.asked, worst.knows_again) == ("M00", 4, 4, 0)
    assert worst.probability < 0.01 < other.probability
    reasons = {one.promoter: [why.code for why in one.reasons] for one in find_suspects(region, LEAD, now=LATER)}
    assert "C1-0" not in reasons or "refuted" not in reasons["C1-0"]


def test_a_crew_sees_its_own_tasks_only(region: Region) -> None:
    move_ons(region, 4)
    order_back_checks(region, LEAD, share=1.0, now=LATER)
    crew = Actor(ActorId("phone"), Role.CREW, CrewId("C1"))
    assert {task.crew for task in list_tasks(region, crew)} == {"C1"}
    with pytest.raises(Forbidden):
        list_tasks(region, crew, crew=CrewId("C2"))


def test_a_single_crew_has_nobody_to_check_it(region: Region) -> None:
    add_town(region, streets=2, crews=1)
    record_surveys(region, LEAD, numbered(survey_rows(YES, at=NOON, street="S0")), now=LATER)
    decide(region, LEAD, now=LATER)
    assert [task.crew for task in order_back_checks(region, LEAD, now=LATER)] == [None]


def test_a_share_that_cannot_be_is_refused(region: Region) -> None:
    with pytest.raises(BadInput, match="share"):
        order_back_checks(region, LEAD, share=1.5, now=NOON)


def test_a_promoter_in_quarantine_hands_in_nothing_until_it_is_lifted(region: Region) -> None:
    add_town(region)
    record_surveys(region, LEAD, numbered(survey_rows(NO, at=NOON, street="S0")), now=LATER)
    order = quarantine_surveys(
        region, LEAD, reason="always_at_the_office", promoter=PromoterId("C0-0"), now=LATER
    ).order
    rows = survey_rows(NO, at=LATER, prefix="new", street="S1")
    assert record_surveys(region, LEAD, numbered(rows), now=LATER + timedelta(hours=1)).added == 5
    assert lift_quarantine(region, LEAD, order, now=LATER + timedelta(hours=1)).surveys == 5
    assert record_surveys(region, LEAD, numbered(rows), now=LATER + timedelta(hours=1)).added == 5
    shown = list_quarantines(region, LEAD)
    assert [(one.promoter, one.reason, one.surveys, one.undone_at is None) for one in shown] == [
        ("C0-0", "always_at_the_office", 5, False)
    ]


def test_what_a_quarantined_promoter_sends_again_is_unchanged_and_what_is_new_or_other_is_refused(
    region: Region,
) -> None:
    add_town(region)
    rows = survey_rows([True] * 4, at=NOON, promoters=["C0-0"], street="S0")
    record_surveys(region, LEAD, numbered(rows), now=NOON + timedelta(hours=1))
    quarantine_surveys(region, LEAD, reason="odd", promoter=PromoterId("C0-0"), now=NOON + timedelta(hours=2))
    other = [{**rows[0], "answer": "does_not_know"}, {**rows[0], "survey_id": "new"}]
    done = record_surveys(region, LEAD, numbered([*rows, *other]), now=NOON + timedelta(hours=3))
    assert (done.added, done.unchanged, [one["field"] for one in done.rejected]) == (0, 4, ["survey_id", "promoter"])


def test_quarantine_leaves_an_event_with_its_code_and_its_end_another(region: Region) -> None:
    add_town(region)
    record_surveys(region, LEAD, numbered(survey_rows(NO, at=NOON, street="S0")), now=LATER)
    order = quarantine_surveys(region, LEAD, reason="pace", promoter=PromoterId("C0-0"), now=LATER).order
    lift_quarantine(region, LEAD, order, now=LATER)
    events = (
        region.reader().execute("SELECT kind, why FROM event WHERE kind LIKE '%uarantine%' ORDER BY seq").fetchall()
    )
    assert [tuple(row) for row in events] == [("SurveysQuarantined", "pace"), ("QuarantineLifted", "")]


def test_a_quarantine_needs_a_reason_one_target_and_something_to_hold(region: Region) -> None:
    add_town(region)
    with pytest.raises(BadInput, match="reason"):
        quarantine_surveys(region, LEAD, reason=" ", promoter=PromoterId("C0-0"), now=NOON)
    with pytest.raises(BadInput, match="one of them"):
        quarantine_surveys(region, LEAD, reason="x", now=NOON)
    with pytest.raises(NotFound):
        quarantine_surveys(region, LEAD, reason="x", promoter=PromoterId("C0-0"), now=NOON)
    with pytest.raises(NotFound):
        lift_quarantine(region, LEAD, 99, now=NOON)


def test_a_survey_in_two_quarantines_counts_when_both_are_lifted(region: Region) -> None:
    add_town(region)
    rows = survey_rows(NO, at=NOON, street="S0", measurement="M")
    record_surveys(region, LEAD, numbered(rows), now=LATER)
    first = quarantine_surveys(region, LEAD, reason="a", promoter=PromoterId("C0-0"), now=LATER)
    second = quarantine_surveys(region, LEAD, reason="b", measurement=MeasurementId("M"), now=LATER)
    assert (first.surveys, second.surveys) == (5, 10)

    def counted() -> int:
        return len(region.reader().execute("SELECT answers FROM tally").fetchone()[0])

    lift_quarantine(region, LEAD, first.order, now=LATER)
    assert counted() == 0
    lift_quarantine(region, LEAD, second.order, now=LATER)
    assert counted() == 10


def test_the_same_quarantine_twice_is_refused(region: Region) -> None:
    add_town(region)
    record_surveys(region, LEAD, numbered(survey_rows(NO, at=NOON, street="S0")), now=LATER)
    quarantine_surveys(region, LEAD, reason="a", promoter=PromoterId("C0-0"), now=LATER)
    with pytest.raises(BadInput, match="already"):
        quarantine_surveys(region, LEAD, reason="b", promoter=PromoterId("C0-0"), now=LATER)
