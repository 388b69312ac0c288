"""Moves, calls, notes, groups, merges: what rule 16 allows, what is kept, what can be undone; rule 18 with a race."""

import multiprocessing
from datetime import datetime, time, timedelta
from pathlib import Path

import pytest

from fieldops.actions.recruiting_lists import Filters, list_candidates, read_board, read_candidate, read_funnel
from fieldops.actions.recruiting_moves import (
    Outcome,
    add_note,
    assign_rep,
    describe_candidate,
    merge_candidates,
    move_candidate,
    plan_call,
    record_call,
    undo_merge,
)
from fieldops.actions.recruiting_reps import link_account
from fieldops.clock import local_day
from fieldops.errors import BadInput, Forbidden, MoveNotAllowed, NotFound, RepAtCap
from fieldops.ids import ActorId, CandidateId, RepId
from fieldops.people import Actor, Role
from fieldops.recruiting.sources import Group
from fieldops.recruiting.stages import Reason, Stage
from fieldops.store import persons
from fieldops.store.connect import Region, open_region
from fieldops.store.places import read_zone
from fieldops.store.recruiting_training import read_steps_of
from fieldops.store.verify import verify
from tests.conftest import LEAD, NOON
from tests.recruits import add_rep, advance, join, phone, sellers
from tests.small_region import add_town


def test_every_move_is_dated_and_kept_and_follows_from_the_record(region: Region) -> None:
    add_town(region)
    who = join(region).candidate
    for day, (stage, reason) in enumerate(
        [(Stage.CONTACTED, ""), (Stage.INTERVIEWED, ""), (Stage.CONTACTED, ""), (Stage.LOST, Reason.NO_TIME), (Stage.INTERVIEWED, "")]
    ):  # fmt: skip
        move_candidate(region, LEAD, who, stage, reason=reason, now=NOON + timedelta(days=day))
    moves = read_candidate(region, LEAD, who, now=NOON).moves
    assert [(one.before, one.after, one.reason) for one in moves][-2:] == [
        (Stage.CONTACTED, Stage.LOST, "no_time"), (Stage.LOST, Stage.INTERVIEWED, ""),
    ]  # fmt: skip
    assert [one.moved_at for one in moves] == [NOON + timedelta(days=day) for day in range(5)]
    assert verify(region).violations == []


def test_a_move_that_skips_a_stage_is_refused_and_says_where_one_may_go(region: Region) -> None:
    add_town(region)
    who = join(region).candidate
    with pytest.raises(MoveNotAllowed, match="contacted, lost, dormant"):
        move_candidate(region, LEAD, who, Stage.SIGNED, now=NOON)


def test_who_signs_gets_the_steps_of_the_checklist_with_their_dates_and_once(region: Region) -> None:
    add_town(region)
    who = join(region).candidate
    advance(region, who, Stage.SIGNED)
    steps = read_steps_of(region.reader(), who)
    assert [name for name, _, _ in steps][:2] == ["account_name", "portrait"]
    assert steps[0][1] == NOON + timedelta(days=1)
    move_candidate(region, LEAD, who, Stage.CONTACTED, now=NOON)
    advance(region, who, Stage.SIGNED)
    assert read_steps_of(region.reader(), who) == steps


def test_who_left_is_due_for_no_call(region: Region) -> None:
    add_town(region)
    who = join(region).candidate
    assert move_candidate(region, LEAD, who, Stage.DORMANT, reason=Reason.PAUSED, now=NOON).due_at is None


# RULE 18


def test_the_36th_seller_is_refused_or_goes_to_another_rep_or_is_allowed_with_a_reason(region: Region) -> None:
    add_town(region)
    rep, other = add_rep(region, "R1"), add_rep(region, "R2")
    for who in sellers(region, 35, rep):
        assert who
    late = join(region, 99).candidate
    advance(region, late, Stage.INTERVIEWED)
    assign_rep(region, LEAD, late, rep, now=NOON)  # who has not signed counts against no cap
    with pytest.raises(RepAtCap, match="cares for 35"):
        move_candidate(region, LEAD, late, Stage.SIGNED, now=NOON)
    assign_rep(region, LEAD, late, other, now=NOON)
    move_candidate(region, LEAD, late, Stage.SIGNED, now=NOON)
    with pytest.raises(RepAtCap):
        assign_rep(region, LEAD, late, rep, now=NOON)
    allowed = assign_rep(region, LEAD, late, rep, override="speaks_her_dialect", now=NOON)
    assert allowed.rep == rep
    assert '"override":"speaks_her_dialect"' in region.reader().execute(
        "SELECT facts FROM event WHERE kind = 'RepAssigned' ORDER BY seq DESC LIMIT 1"
    ).fetchone()[0]  # fmt: skip
    assert verify(region).violations == []


def test_a_seller_who_left_frees_a_place_and_needs_one_to_come_back(region: Region) -> None:
    add_town(region)
    rep = add_rep(region, "R1")
    first, *_ = sellers(region, 35, rep)
    move_candidate(region, LEAD, first, Stage.DORMANT, reason=Reason.PAUSED, now=NOON)
    late = join(region, 99).candidate
    advance(region, late, Stage.SIGNED)
    assign_rep(region, LEAD, late, rep, now=NOON)
    with pytest.raises(RepAtCap):
        move_candidate(region, LEAD, first, Stage.SIGNED, now=NOON)


def test_a_reason_for_the_36th_is_a_leads_alone(region: Region) -> None:
    add_town(region)
    who = join(region).candidate
    with pytest.raises(Forbidden):
        assign_rep(region, Actor(ActorId("r"), Role.REP), who, None, override="x", now=NOON)
    with pytest.raises(BadInput, match="no code"):
        assign_rep(region, LEAD, who, add_rep(region, "R1"), override="call 13800138000!", now=NOON)


def _take(path: Path, candidates: list[CandidateId], start: object) -> int:
    region, taken = open_region(path), 0
    start.wait()  # type: ignore[attr-defined]
    for who in candidates:
        try:
            assign_rep(region, LEAD, who, RepId("R1"), now=NOON)
            taken += 1
        except RepAtCap:
            pass
    region.close()
    return taken


def test_of_processes_that_race_for_the_last_places_of_a_rep_exactly_35_win(region: Region) -> None:
    add_town(region)
    rep = add_rep(region, "R1")
    sellers(region, 30, rep)
    waiting = [join(region, 100 + i).candidate for i in range(24)]
    for who in waiting:
        advance(region, who, Stage.SIGNED)
    fork = multiprocessing.get_context("fork")
    with fork.Manager() as manager, fork.Pool(4) as pool:
        start = manager.Barrier(4)
        won = pool.starmap(_take, [(region.path, waiting[i::4], start) for i in range(4)])
    assert sum(won) == 5
    assert region.reader().execute("SELECT count(*) FROM candidate WHERE rep_id = 'R1'").fetchone()[0] == 35


def test_a_rep_works_with_their_own_candidates_only(region: Region) -> None:
    add_town(region)
    rep = add_rep(region, "R1")
    mine, other = join(region, 0).candidate, join(region, 1).candidate
    assign_rep(region, LEAD, mine, rep, now=NOON)
    actor = Actor(ActorId("account:r"), Role.REP)
    link_account(region, LEAD, rep, actor.id, now=NOON)
    move_candidate(region, actor, mine, Stage.CONTACTED, now=NOON)
    for act in (
        lambda: move_candidate(region, actor, other, Stage.CONTACTED, now=NOON),
        lambda: add_note(region, actor, other, "x", now=NOON),
        lambda: record_call(region, actor, other, Outcome.REACHED, now=NOON),
        lambda: read_candidate(region, actor, other, now=NOON),
    ):
        with pytest.raises(NotFound):
            act()
    board = read_board(region, actor, now=NOON)
    assert sum(one.count for one in board.columns) == 1


# calls, notes, descriptions


def test_a_call_that_reaches_somebody_confirms_the_number_and_plans_the_next(region: Region) -> None:
    add_town(region)
    who = join(region).candidate
    assert (
        record_call(region, LEAD, who, Outcome.NO_ANSWER, due_at=NOON + timedelta(days=1), now=NOON).confirmed_at
        is None
    )
    done = record_call(region, LEAD, who, Outcome.REACHED, now=NOON + timedelta(hours=1))
    assert (done.confirmed_at, done.due_at) == (NOON + timedelta(hours=1), None)
    assert [one[1] for one in read_candidate(region, LEAD, who, now=NOON).calls] == ["reached", "no_answer"]
    with pytest.raises(BadInput, match="2026-03-02 is over"):
        record_call(region, LEAD, who, Outcome.BUSY, due_at=NOON, now=NOON + timedelta(days=3))
    assert plan_call(region, LEAD, who, NOON + timedelta(days=9), now=NOON).due_at == NOON + timedelta(days=9)
    assert verify(region).violations == []


def test_a_call_is_planned_for_today_or_later_by_the_calendar_of_the_city(region: Region) -> None:
    add_town(region)
    who = join(region).candidate
    here = read_zone(region.reader())
    midnight = datetime.combine(local_day(NOON, here), time(0), here)
    assert plan_call(region, LEAD, who, midnight, now=NOON).due_at == midnight  # an hour that is over: due at once
    assert record_call(region, LEAD, who, Outcome.BUSY, due_at=midnight, now=NOON).due_at == midnight
    for act in (
        lambda due_at: plan_call(region, LEAD, who, due_at, now=NOON),
        lambda due_at: record_call(region, LEAD, who, Outcome.BUSY, due_at=due_at, now=NOON),
    ):
        with pytest.raises(BadInput, match="is over") as refused:
            act(midnight - timedelta(microseconds=1))
        assert refused.value.field == "due_at"
    assert read_candidate(region, LEAD, who, now=NOON).card.candidate.due_at == midnight
    assert plan_call(region, LEAD, who, None, now=NOON).due_at is None


def test_a_note_is_read_by_people_and_by_nobody_who_opens_the_file(region: Region) -> None:
    add_town(region)
    who = join(region).candidate
    add_note(region, LEAD, who, "她想卖童装\r\n周三再打", now=NOON)
    assert read_candidate(region, LEAD, who, now=NOON).notes[0].text == "她想卖童装\n周三再打"
    region.close()
    stored = b"".join(path.read_bytes() for path in region.path.parent.iterdir() if path.is_file())
    assert "童装".encode() not in stored
    for text in ("", "  \n", "x" * 2001):
        with pytest.raises(BadInput):
            add_note(region, LEAD, who, text, now=NOON)


def test_a_new_group_moves_the_candidate_in_the_funnel_and_to_the_front_of_the_board(region: Region) -> None:
    add_town(region)
    first, second = join(region, 0, group=Group.SMALL).candidate, join(region, 1, group=Group.SMALL).candidate
    describe_candidate(region, LEAD, second, group=Group.LARGE, wanted_low=500, wanted_high=1000, now=NOON)
    assert read_funnel(region, LEAD, Filters(group=Group.LARGE), now=NOON).stages[0].reached == 1
    assert [one.candidate.id for one in read_board(region, LEAD, now=NOON).columns[0].cards] == [second, first]
    for low, high in ((1000, 500), (-1, None), (None, 2_000_000)):
        with pytest.raises(BadInput, match=r"yuan|band"):
            describe_candidate(region, LEAD, first, group=None, wanted_low=low, wanted_high=high, now=NOON)
    assert verify(region).violations == []


# merges


def test_two_numbers_of_one_person_are_one_candidate_until_the_merge_is_undone(region: Region) -> None:
    add_town(region)
    kept, merged = join(region, 0).candidate, join(region, 1).candidate
    advance(region, merged, Stage.INTERVIEWED)
    before = read_funnel(region, LEAD, now=NOON)
    merge_candidates(region, LEAD, kept, merged, now=NOON)
    assert read_funnel(region, LEAD, now=NOON).stages[0].reached == 1
    assert sum(one.count for one in read_board(region, LEAD, now=NOON).columns) == 1
    assert join(region, 5, phone=phone(1)).candidate == kept  # either number finds the one that stands for both
    for words in (phone(1), "0001"):  # and so does the search
        assert [card.candidate.id for card in list_candidates(region, LEAD, words=words, now=NOON).cards] == [kept]
    with pytest.raises(NotFound, match=kept):
        move_candidate(region, LEAD, merged, Stage.LOST, reason=Reason.OTHER, now=NOON)
    assert verify(region).violations == []
    undo_merge(region, LEAD, merged, now=NOON)
    assert read_funnel(region, LEAD, now=NOON) == before
    assert read_candidate(region, LEAD, merged, now=NOON).card.candidate.stage == Stage.INTERVIEWED
    assert verify(region).violations == []


def test_merges_that_cannot_be_are_refused(region: Region) -> None:
    add_town(region)
    one, two = join(region, 0).candidate, join(region, 1).candidate
    with pytest.raises(BadInput):
        merge_candidates(region, LEAD, one, one, now=NOON)
    merge_candidates(region, LEAD, one, two, now=NOON)
    with pytest.raises(NotFound):
        merge_candidates(region, LEAD, one, two, now=NOON)
    with pytest.raises(NotFound):
        undo_merge(region, LEAD, one, now=NOON)


def test_undoing_a_merge_keeps_rule_18(region: Region) -> None:
    add_town(region)
    rep = add_rep(region, "R1")
    first, *_ = sellers(region, 35, rep)
    other = join(region, 99).candidate
    merge_candidates(region, LEAD, other, first, now=NOON)
    advance(region, other, Stage.SIGNED)
    assign_rep(region, LEAD, other, rep, now=NOON)
    with pytest.raises(RepAtCap):
        undo_merge(region, LEAD, first, now=NOON)
    assert persons.find_by_phone(region, [f"+86{phone(0)}"])
