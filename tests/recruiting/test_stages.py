"""Rule 16: the way of a candidate, and what a phone number, a name and a source may be."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldops.errors import BadInput, MoveNotAllowed
from fieldops.recruiting.stages import LEFT, RANK, WAY, Reason, Stage, allowed_moves, check_move, furthest, likely_moves

stages = st.sampled_from(list(Stage))


def test_the_way_goes_forward_one_step_at_a_time() -> None:
    for before, after in pairwise(WAY):
        check_move(before, after, before, "")
    with pytest.raises(MoveNotAllowed, match="from new to signed"):
        check_move(Stage.NEW, Stage.SIGNED, Stage.NEW, "")


def test_a_candidate_may_move_back_to_any_earlier_stage() -> None:
    check_move(Stage.ACTIVE, Stage.CONTACTED, Stage.ACTIVE, "")


@pytest.mark.parametrize("after", sorted(LEFT))
def test_lost_and_dormant_are_open_from_anywhere_with_a_reason_only(after: Stage) -> None:
    for before in WAY:
        check_move(before, after, before, Reason.NO_TIME)
        for reason in ("", "bored"):
            with pytest.raises(BadInput, match="reason"):
                check_move(before, after, before, reason)


def test_who_was_lost_comes_back_to_where_they_had_been_and_not_further() -> None:
    check_move(Stage.LOST, Stage.INTERVIEWED, Stage.INTERVIEWED, "")
    check_move(Stage.DORMANT, Stage.NEW, Stage.INTERVIEWED, "")
    with pytest.raises(MoveNotAllowed, match="lost to signed"):
        check_move(Stage.LOST, Stage.SIGNED, Stage.INTERVIEWED, "")


def test_a_reason_belongs_to_leaving_only() -> None:
    with pytest.raises(BadInput, match="takes no reason"):
        check_move(Stage.NEW, Stage.CONTACTED, Stage.NEW, Reason.OTHER)


@given(stages, stages, stages)
def test_what_is_shown_as_allowed_is_what_the_rule_lets_pass(before: Stage, after: Stage, reached: Stage) -> None:
    reached = furthest([before, reached])
    reason = Reason.OTHER if after in LEFT else ""
    try:
        check_move(before, after, reached, reason)
        passed = True
    except MoveNotAllowed:
        passed = False
    assert passed == (after in allowed_moves(before, reached))


@given(st.lists(stages))
def test_the_furthest_stage_is_never_before_any_that_was_reached(seen: list[Stage]) -> None:
    assert all(RANK[furthest(seen)] >= RANK[one] for one in seen if one in RANK)


@given(stages, stages)
def test_the_likeliest_moves_are_the_allowed_ones_with_the_next_step_first(before: Stage, reached: Stage) -> None:
    reached = furthest([before, reached])
    likely = likely_moves(before, reached)
    assert sorted(likely) == sorted(allowed_moves(before, reached))
    if before in RANK and before != Stage.ACTIVE:
        assert likely[0] == WAY[RANK[before] + 1]
    assert set(likely[-1:]) <= LEFT


def test_who_was_lost_is_offered_the_way_back_to_where_they_had_been() -> None:
    assert likely_moves(Stage.LOST, Stage.INTERVIEWED)[0] == Stage.INTERVIEWED
