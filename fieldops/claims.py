"""
A crew's exclusive right to a street: the rules 1 to 8 of domain.md as pure functions.

A claim is a half-open span of time, [`claimed_at`, `ends_at`). Whether it is in force at a moment follows from that span
alone: nothing has to run, be written or be looked at for it to end (rule 2). What is stored later about its end (that it
was forfeited) only repeats what the clock has said already.

Durations are exact: seven days are 168 hours, whatever the zone of the city does to its clocks meanwhile.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from fieldops.errors import (
    BadInput,
    ClaimNotInForce,
    Conflict,
    CrewAtCap,
    CrewCoolingDown,
    StreetAlreadyClaimed,
    StreetClosed,
    StreetReserved,
)
from fieldops.ids import ClaimId, CrewId, PlanId, StreetId
from fieldops.rules import Rules


class Outcome(StrEnum):
    """How a claim ended."""

    SATURATED = "saturated"
    WITHDRAWN = "withdrawn"
    REVOKED = "revoked"
    FORFEITED = "forfeited"


class Standing(StrEnum):
    """What a record made on a street is to the claims on it (rule 7)."""

    IN_TIME = "in_time"  # made while the crew's claim was in force
    LATE = "late"  # made after the crew's claim had ended
    UNHELD = "unheld"  # the crew had no claim to be late for


@dataclass(frozen=True, slots=True)
class Claim:
    """
    A crew holds a street over [`claimed_at`, `held_until`), or less where it ended early at `ended_at`.

    `generation` counts the claims of the street from 1: phones send it along, so that a record finds its claim.
    `credit` is the crew whose evidence showed that the street was saturated, None for every other outcome.
    """

    id: ClaimId
    street: StreetId
    crew: CrewId
    generation: int
    claimed_at: datetime
    held_until: datetime
    ended_at: datetime | None = None
    outcome: Outcome | None = None
    reason: str = ""
    credit: CrewId | None = None
    plan: PlanId | None = None

    @property
    def ends_at(self) -> datetime:
        """Return the first moment at which the claim is no longer in force."""
        return self.held_until if self.ended_at is None else self.ended_at

    def holds_at(self, moment: datetime) -> bool:
        """Return whether the claim is in force at the moment: its first belongs to it, its last does not (rule 2)."""
        return self.claimed_at <= moment < self.ends_at

    def outcome_at(self, moment: datetime) -> Outcome | None:
        """Return how the claim has ended by the moment, None before; what the clock ended is forfeited (rule 3)."""
        return None if moment < self.ends_at else self.outcome or Outcome.FORFEITED


@dataclass(frozen=True, slots=True)
class Reserve:
    """A street kept for the phone of a crew over [`kept_from`, `ends_at`), so that no list promises it twice (rule 6)."""

    street: StreetId
    crew: CrewId
    kept_from: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Ground:
    """
    What the rules look at before a street is given to a crew.

    `claims` are claims of the street, at least those whose span or cool-down may reach the moment, and the newest.
    `overridden` are those whose cool-down a lead has lifted; `holds` counts the crew's claims in force anywhere, the first
    of which ends at `first_ends`; `saturated_until` is when a street that moved on opens again (rule 8), `paused_until` when
    one that an incident closed does.
    `reserve` is the list of a phone on which the street stands at the moment, None where it stands on none.
    """

    street: StreetId
    status: str
    permission: str
    saturated_until: datetime | None
    claims: tuple[Claim, ...]
    overridden: Collection[ClaimId]
    holds: int
    first_ends: datetime | None
    reserve: Reserve | None = None
    paused_until: datetime | None = None


def refuse_claim(ground: Ground, crew: CrewId, at: datetime, rules: Rules) -> Conflict | None:
    """
    Return why the crew may not claim the street at that moment, None where it may.

    Moments in the answer are in UTC. The order of the reasons: holder, street, reserve, cool-down, cap.
    """
    for claim in ground.claims:
        if claim.holds_at(at):  # RULE 1
            own = claim.crew == crew
            return StreetAlreadyClaimed(street=ground.street, holder=claim.crew, held_until=claim.ends_at, own=own)
    for reason, refuses, until in (
        ("closed", ground.status != "open", None),
        ("paused", ground.paused_until is not None, ground.paused_until),
        ("no_permission", ground.permission == "refused", None),
        ("saturated", ground.saturated_until is not None, ground.saturated_until),  # RULE 8
    ):
        if refuses:
            return StreetClosed(street=ground.street, reason=reason, until=until)
    kept = ground.reserve
    if kept is not None and kept.crew != crew and kept.kept_from <= at < kept.ends_at:  # RULE 6
        return StreetReserved(street=ground.street, crew=kept.crew, kept_until=kept.ends_at)
    waits = [
        (until, given_up_soon(claim, rules))
        for claim in ground.claims
        if claim.crew == crew
        and claim.id not in ground.overridden
        and (until := cool_down_until(claim, ground.claims, rules))
    ]
    if waits and at < max(waits)[0]:  # RULE 4
        until, again = max(waits)
        return CrewCoolingDown(street=ground.street, crew=crew, until=until, withdrew_again=again)
    if ground.holds >= rules.claims_per_crew and ground.first_ends is not None:  # RULE 5
        return CrewAtCap(crew=crew, holds=ground.holds, cap=rules.claims_per_crew, first_ends=ground.first_ends)
    return None


def make_claim(
    claim_id: ClaimId, ground: Ground, crew: CrewId, at: datetime, rules: Rules, plan: PlanId | None = None
) -> Claim:
    """
    Return the claim of the crew on the street from that moment on.

    Raises
    ------
    Conflict
        The subclass that `refuse_claim` answers.
    """
    refusal = refuse_claim(ground, crew, at, rules)
    if refusal is not None:
        raise refusal
    generation = 1 + max((claim.generation for claim in ground.claims), default=0)
    return Claim(claim_id, ground.street, crew, generation, at, at + rules.claim_duration, plan=plan)  # RULE 2


def end_claim(claim: Claim, at: datetime, outcome: Outcome, reason: str, *, credit: CrewId | None = None) -> Claim:
    """
    Return the claim, ended early at that moment (rule 3); saturated by the evidence of `credit`, else of its holder.

    Raises
    ------
    ClaimNotInForce
        If it is not in force at that moment; the error says how and when it ended.
    BadInput
        If the outcome is forfeited: only the clock forfeits.
    """
    if outcome is Outcome.FORFEITED:
        raise BadInput("a claim is forfeited by the clock only", field="outcome", cure="withdraw it, or revoke it")
    if not claim.holds_at(at):
        raise ClaimNotInForce(
            claim=claim.id, street=claim.street, crew=claim.crew, outcome=claim.outcome or Outcome.FORFEITED,
            ended_at=claim.ends_at,
        )  # fmt: skip
    credited = (credit or claim.crew) if outcome is Outcome.SATURATED else None
    return replace(claim, ended_at=at, outcome=outcome, reason=reason, credit=credited)


def forfeit_claim(claim: Claim) -> Claim:
    """Return the claim as the clock ended it: forfeited at `held_until`, whenever that is written down (rule 2)."""
    return replace(claim, ended_at=claim.held_until, outcome=Outcome.FORFEITED, reason="clock")


def void_claim(claim: Claim, reason: str) -> Claim:
    """Return the claim with no time left to it: what there was of it never was (see `accept_clock`)."""
    return replace(claim, ended_at=claim.claimed_at, outcome=Outcome.REVOKED, reason=reason, credit=None)


def given_up_soon(claim: Claim, rules: Rules) -> bool:
    """Return whether the crew withdrew from the street within the grace of a claim (rule 4)."""
    return claim.outcome is Outcome.WITHDRAWN and claim.ends_at - claim.claimed_at <= rules.withdrawal_grace


def cool_down_until(claim: Claim, of_street: Iterable[Claim], rules: Rules) -> datetime | None:
    """
    Return until when the crew of the claim may not claim the street again, None where nothing keeps it (rule 4).

    It counts from the end of the claim; a revocation, saturation and a withdrawal within a day bring none. The grace of a
    withdrawal holds once: a crew that had withdrawn so from the street less than a cool-down before has to wait, because
    else it would hold the street for ever by giving it up and claiming it again each day.

    Parameters
    ----------
    claim
        The claim that ended, by an act or by the clock.
    of_street
        The claims of its street, in any order; at least those that ended less than a cool-down before it.
    """
    if claim.outcome in (Outcome.SATURATED, Outcome.REVOKED):
        return None
    until = claim.ends_at + rules.cool_down
    if not given_up_soon(claim, rules):
        return until
    used = any(
        one.crew == claim.crew
        and one.generation < claim.generation
        and given_up_soon(one, rules)
        and claim.ends_at < one.ends_at + rules.cool_down
        for one in of_street
    )
    return until if used else None


def tests_since(held: Claim, of_place: Iterable[Claim], rules: Rules) -> datetime:
    """
    Return from when tests of the place of a claim count as the claim's (rule 9): its start, or that of an earlier one.

    A claim that its crew gave up within the grace goes on in the next one: who withdraws and claims again, here or on
    another street of the triangle, has no new tests. `of_place` are claims of the street, or of the triangle's streets.
    """
    given_up = (
        one.claimed_at
        for one in of_place
        if one.crew == held.crew
        and given_up_soon(one, rules)
        and one.ends_at <= held.claimed_at < one.ends_at + rules.cool_down
    )
    return min((held.claimed_at, *given_up))


def was_in_time(claims: Iterable[Claim], crew: CrewId, made_at: datetime) -> bool:
    """Return whether a record was made by the crew while one of its claims among these was in force (rule 7)."""
    return any(claim.crew == crew and claim.holds_at(made_at) for claim in claims)


def match_late(
    claims: Iterable[Claim], crew: CrewId, made_at: datetime, *, generation: int | None = None
) -> tuple[Standing, Claim | None]:
    """
    Return what a record made by the crew at that moment is to the street's claims, and the claim it belongs to.

    A record is evidence by the time it was made, not by the time it arrived (rule 7).

    Parameters
    ----------
    claims
        All claims of the street, in any order.
    made_at
        When the record was made on the phone, corrected for the phone's clock.
    generation
        The claim under which the phone made it; without it, the crew's last claim that had begun by then.
    """
    begun = [
        claim
        for claim in claims
        if claim.crew == crew and claim.claimed_at <= made_at and (generation is None or claim.generation == generation)
    ]
    if not begun:
        return Standing.UNHELD, None
    claim = max(begun, key=lambda one: one.generation)
    return (Standing.IN_TIME if claim.holds_at(made_at) else Standing.LATE), claim
