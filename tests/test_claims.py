"""Rules 1 to 8, without a database."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldops.claims import (
    Claim,
    Ground,
    Outcome,
    Standing,
    cool_down_until,
    end_claim,
    forfeit_claim,
    make_claim,
    match_late,
    refuse_claim,
    void_claim,
)
from fieldops.errors import BadInput, ClaimNotInForce, CrewAtCap, CrewCoolingDown, StreetAlreadyClaimed, StreetClosed
from fieldops.ids import ClaimId, CrewId, StreetId
from fieldops.rules import Rules
from tests.conftest import NOON

RULES = Rules()
WEEK = timedelta(days=7)
TICK = timedelta(microseconds=1)
HOUR = timedelta(hours=1)
STREET = StreetId("S")
A, B = CrewId("A"), CrewId("B")


def ground(*claims: Claim, holds: int = 0, overridden: tuple[ClaimId, ...] = (), **words: object) -> Ground:
    facts: dict[str, object] = {"status": "open", "permission": "free", "saturated_until": None} | words
    return Ground(street=STREET, claims=claims, overridden=overridden, holds=holds, first_ends=NOON + WEEK, **facts)  # type: ignore[arg-type]


def claim_of(crew: CrewId, at: datetime, generation: int = 1) -> Claim:
    return Claim(ClaimId(f"{crew}{generation}"), STREET, crew, generation, at, at + WEEK)


def test_a_claim_is_in_force_from_its_first_moment_and_no_longer_at_its_last() -> None:
    claim = make_claim(ClaimId("x"), ground(), A, NOON, RULES)
    assert claim.holds_at(NOON)
    assert claim.holds_at(NOON + WEEK - TICK)
    assert not claim.holds_at(NOON + WEEK)
    assert not claim.holds_at(NOON - TICK)


def test_a_street_is_free_again_for_others_at_the_very_moment_its_claim_ends() -> None:
    claim = claim_of(A, NOON)
    assert isinstance(refuse_claim(ground(claim), B, NOON + WEEK - TICK, RULES), StreetAlreadyClaimed)
    assert refuse_claim(ground(claim), B, NOON + WEEK, RULES) is None


def test_the_holder_itself_cannot_extend_its_claim() -> None:
    refusal = refuse_claim(ground(claim_of(A, NOON)), A, NOON + timedelta(days=3), RULES)
    assert isinstance(refusal, StreetAlreadyClaimed)
    assert (refusal.holder, refusal.held_until) == (A, NOON + WEEK)


def test_the_crew_that_forfeited_waits_seven_days_and_not_a_moment_longer() -> None:
    claim = claim_of(A, NOON)
    refusal = refuse_claim(ground(claim), A, NOON + 2 * WEEK - TICK, RULES)
    assert isinstance(refusal, CrewCoolingDown)
    assert refusal.until == NOON + 2 * WEEK
    assert refuse_claim(ground(claim), A, NOON + 2 * WEEK, RULES) is None


def test_a_lifted_cool_down_no_longer_binds() -> None:
    claim = claim_of(A, NOON)
    assert refuse_claim(ground(claim, overridden=(claim.id,)), A, NOON + WEEK, RULES) is None


@pytest.mark.parametrize(
    ("outcome", "after", "waits"),
    [
        (Outcome.WITHDRAWN, timedelta(days=1), False),
        (Outcome.WITHDRAWN, timedelta(days=1) + TICK, True),
        (Outcome.REVOKED, timedelta(days=6), False),
        (Outcome.SATURATED, timedelta(days=6), False),
    ],
)
def test_only_forfeiture_and_late_withdrawal_bring_a_cool_down(outcome: Outcome, after: timedelta, waits: bool) -> None:
    ended = end_claim(claim_of(A, NOON), NOON + after, outcome, "reason")
    assert cool_down_until(ended, [ended], RULES) == (NOON + after + WEEK if waits else None)


@pytest.mark.parametrize(("later", "waits"), [(HOUR, True), (WEEK - TICK, True), (WEEK, False)])
def test_the_grace_of_a_withdrawal_holds_once_in_a_cool_down(later: timedelta, waits: bool) -> None:
    again = NOON + HOUR + later
    first = end_claim(claim_of(A, NOON), NOON + HOUR, Outcome.WITHDRAWN, "mistake")
    second = end_claim(claim_of(A, again - HOUR, 2), again, Outcome.WITHDRAWN, "mistake")
    refusal = refuse_claim(ground(first, second), A, again, RULES)
    assert isinstance(refusal, CrewCoolingDown) is waits
    if isinstance(refusal, CrewCoolingDown):
        assert (refusal.until, refusal.withdrew_again) == (again + WEEK, True)
    assert refuse_claim(ground(first, second), B, again, RULES) is None


def test_another_crews_withdrawal_uses_up_no_grace() -> None:
    first = end_claim(claim_of(B, NOON), NOON + HOUR, Outcome.WITHDRAWN, "mistake")
    second = end_claim(claim_of(A, NOON + HOUR, 2), NOON + 2 * HOUR, Outcome.WITHDRAWN, "mistake")
    assert refuse_claim(ground(first, second), A, NOON + 2 * HOUR, RULES) is None


def test_a_claim_that_was_voided_uses_up_no_grace_and_brings_no_cool_down() -> None:
    held = end_claim(claim_of(A, NOON), NOON + HOUR, Outcome.WITHDRAWN, "mistake")
    empty = void_claim(claim_of(A, NOON + HOUR, 2), "clock_repair")
    third = end_claim(claim_of(A, NOON + HOUR, 3), NOON + 2 * HOUR, Outcome.WITHDRAWN, "mistake")
    assert refuse_claim(ground(held, empty), A, NOON + HOUR, RULES) is None
    assert refuse_claim(ground(empty, third), A, NOON + 2 * HOUR, RULES) is None


def test_a_claim_made_and_given_up_at_once_leaves_the_street_free_at_that_moment() -> None:
    ended = end_claim(claim_of(A, NOON), NOON, Outcome.WITHDRAWN, "mistake")
    assert refuse_claim(ground(ended), A, NOON, RULES) is None


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ({"status": "closed"}, "closed"),
        ({"status": "gone"}, "closed"),
        ({"permission": "refused"}, "no_permission"),
        ({"saturated_until": NOON + WEEK}, "saturated"),
    ],
)
def test_a_street_that_is_closed_forbidden_or_saturated_is_refused(words: dict[str, object], reason: str) -> None:
    refusal = refuse_claim(ground(**words), A, NOON, RULES)
    assert isinstance(refusal, StreetClosed)
    assert refusal.reason == reason


def test_the_claim_after_the_cap_is_refused_and_the_last_before_it_is_not() -> None:
    assert refuse_claim(ground(holds=39), A, NOON, RULES) is None
    assert isinstance(refuse_claim(ground(holds=40), A, NOON, RULES), CrewAtCap)


def test_an_ended_claim_cannot_be_ended_again_and_the_error_says_how_it_ended() -> None:
    with pytest.raises(ClaimNotInForce) as refusal:
        end_claim(claim_of(A, NOON), NOON + WEEK, Outcome.REVOKED, "late")
    assert (refusal.value.outcome, refusal.value.ended_at) == ("forfeited", NOON + WEEK)


def test_only_the_clock_forfeits() -> None:
    with pytest.raises(BadInput):
        end_claim(claim_of(A, NOON), NOON, Outcome.FORFEITED, "")


def test_the_credit_of_saturation_is_the_askers_else_the_holders() -> None:
    claim = claim_of(A, NOON)
    assert end_claim(claim, NOON, Outcome.SATURATED, "", credit=B).credit == B
    assert end_claim(claim, NOON, Outcome.SATURATED, "").credit == A
    assert end_claim(claim, NOON, Outcome.REVOKED, "shrank", credit=B).credit is None


def test_seven_days_are_168_hours_also_when_the_clocks_of_the_city_are_changed() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    evening = datetime(2026, 3, 27, 18, 0, tzinfo=berlin).astimezone(UTC)  # clocks go forward on the 29th
    claim = make_claim(ClaimId("x"), ground(), A, evening, RULES)
    assert claim.held_until - claim.claimed_at == timedelta(hours=168)
    assert claim.held_until.astimezone(berlin).hour == 19


def test_a_claim_over_the_leap_day_ends_on_the_sixth_of_march() -> None:
    claim = make_claim(ClaimId("x"), ground(), A, datetime(2028, 2, 28, 4, tzinfo=UTC), RULES)
    assert claim.held_until == datetime(2028, 3, 6, 4, tzinfo=UTC)


def test_a_record_belongs_to_the_claim_under_which_it_was_made() -> None:
    first, second = claim_of(A, NOON, 1), claim_of(B, NOON + WEEK, 2)
    third = claim_of(A, NOON + 2 * WEEK, 3)
    claims = [first, second, third]
    assert match_late(claims, A, NOON + WEEK - TICK) == (Standing.IN_TIME, first)
    assert match_late(claims, A, NOON + WEEK) == (Standing.LATE, first)
    assert match_late(claims, A, NOON + 2 * WEEK) == (Standing.IN_TIME, third)
    assert match_late(claims, A, NOON + 2 * WEEK, generation=1) == (Standing.LATE, first)
    assert match_late(claims, A, NOON - TICK) == (Standing.UNHELD, None)
    assert match_late(claims, A, NOON + WEEK, generation=2) == (Standing.UNHELD, None)


def test_the_next_generation_is_one_more_whatever_order_the_claims_come_in() -> None:
    claims = [forfeit_claim(claim_of(B, NOON + WEEK, 2)), forfeit_claim(claim_of(A, NOON, 1))]
    assert make_claim(ClaimId("x"), ground(*claims), CrewId("C"), NOON + 2 * WEEK, RULES).generation == 3


moments = st.integers(0, 40 * 24).map(lambda hours: NOON + timedelta(hours=hours))


@given(made=moments, asked=moments)
def test_a_street_is_refused_to_others_exactly_while_it_is_held(made: datetime, asked: datetime) -> None:
    refusal = refuse_claim(ground(claim_of(A, made)), B, asked, RULES)
    assert (refusal is None) == (not made <= asked < made + WEEK)


@given(made=moments, ended=moments, outcome=st.sampled_from([Outcome.SATURATED, Outcome.WITHDRAWN, Outcome.REVOKED]))
def test_ending_a_claim_only_takes_time_away(made: datetime, ended: datetime, outcome: Outcome) -> None:
    claim = claim_of(A, made)
    if claim.holds_at(ended):
        early = end_claim(claim, ended, outcome, "reason")
        assert early.ends_at == ended < claim.ends_at
        assert early.outcome_at(ended) is outcome
        assert early.outcome_at(ended - TICK) is None
    assert not any(void_claim(claim, "clock").holds_at(m) for m in (made, ended, claim.held_until))
