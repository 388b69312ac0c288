"""
The one door to a street (rule 6): optimiser, lead, import and phone all claim through `grant_in_turn`.

A grant asks the rules and writes claim and event in one write turn, so that of any number of askers exactly one is given
the street and every other is told who has it and until when. Acknowledged is stored: an answer comes after the commit.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from fieldops import claims as rule
from fieldops.actions.refusals import in_words
from fieldops.claims import Claim, Outcome
from fieldops.errors import (
    BadInput,
    ClaimNotInForce,
    Conflict,
    NotFound,
    PlanNotPublishable,
    RegionWindingDown,
)
from fieldops.events import (
    ClaimForfeited,
    ClaimRevoked,
    ClaimSaturated,
    ClaimWithdrawn,
    CoolDownOverridden,
    Event,
    StreetClaimed,
)
from fieldops.ids import ClaimId, CrewId, PlanId, StreetId, new_id
from fieldops.intake import read_reason
from fieldops.people import Actor
from fieldops.permissions import require
from fieldops.said import Reason, Said
from fieldops.store import claims as store
from fieldops.store.connect import Region, Turn
from fieldops.store.recruiting_settings import read_wind_down
from fieldops.store.today import let_go

END_REASONS = ("crew_shrank", "no_work_seen", "wrong_street", "safety", "complaint", "no_time", "lead_decision")
_PERMISSIONS = {Outcome.WITHDRAWN: "claim.withdraw", Outcome.REVOKED: "claim.revoke"}


@dataclass(frozen=True, slots=True)
class Refusal:
    """A pair of a plan that the door refused, and why."""

    street: StreetId
    crew: CrewId
    error: Conflict | NotFound

    @property
    def reason(self) -> str:
        """Return why, without the words about the plan as a whole."""
        return Reason(self.error.violations) if isinstance(self.error, PlanNotPublishable) else str(self.error)


@dataclass(frozen=True, slots=True)
class Published:
    """What became of the pairs of a plan."""

    granted: list[Claim]
    refused: list[Refusal]


# ── in an open turn: for plans, imports, decisions and simulations ──────────────────────────────────────────────────


def grant_in_turn(turn: Turn, *, street: StreetId, crew: CrewId, plan: PlanId | None = None) -> Claim:
    """
    Give the street to the crew from the turn's moment on, for the claim's duration, and record it.

    What the clock has ended on the street is first written down as forfeited (rule 1). The caller has asked for the
    permission `claim.make` or `plan.publish`.

    Raises
    ------
    Conflict
        StreetAlreadyClaimed, StreetClosed, StreetReserved, CrewCoolingDown or CrewAtCap, with moments in the zone of the
        city; RegionWindingDown where the region gives no claims any more.
    NotFound
        If there is no such street or no such crew.
    """
    rules = turn.rules
    closing = read_wind_down(turn.connection).get("claims")
    if closing and closing[0] <= turn.now:
        raise in_words(turn, RegionWindingDown(what="claims", since=closing[0]))
    ground = store.ground(turn.connection, street, crew, turn.now, rules)
    for claim in ground.claims:
        if claim.ended_at is None and not claim.holds_at(turn.now):
            _write_forfeit(turn, claim)
    try:
        made = rule.make_claim(ClaimId(new_id()), ground, crew, turn.now, rules, plan)
    except Conflict as refusal:
        raise in_words(turn, refusal) from None
    store.add_claim(turn, made, event=start_event(made))
    return made


def end_in_turn(
    turn: Turn, claim_id: ClaimId, *, outcome: Outcome | str, why: str, credit: CrewId | None = None
) -> Claim:
    """
    End a claim early, at the turn's moment, as saturated, withdrawn or revoked, and record it (rule 3).

    `why` is a code such as `point_test` or `crew_shrank`; `credit` is the crew whose evidence showed saturation, by
    default the holder.

    Raises
    ------
    ClaimNotInForce
        If it has ended already; by the clock too, whether or not that was written down.
    NotFound
        If there is no such claim.
    BadInput
        If the outcome is forfeited or none, or a revocation gives no reason.
    """
    try:
        how = Outcome(outcome)
    except ValueError:
        raise BadInput(
            Said("'%(outcome)s' ends no claim", outcome=outcome),
            field="outcome",
            cure="saturated, withdrawn or revoked",
        ) from None
    why = read_reason(why, END_REASONS, needed=how is Outcome.REVOKED)
    claim = store.find_claim(turn.connection, claim_id)
    try:
        ended = rule.end_claim(claim, turn.now, how, why, credit=credit)
    except ClaimNotInForce as refusal:
        raise in_words(turn, refusal) from None
    store.write_end(turn, ended, event=end_event(ended))
    return ended


def publish_in_turn(
    turn: Turn, plan_id: PlanId, pairs: Sequence[tuple[StreetId, CrewId]], *, best_effort: bool
) -> Published:
    """
    Claim every street of a plan for its crew, through the door and in the given order; all of them or none.

    With `best_effort` the pairs that the rules refuse are left out and answered. The claims carry the plan. The event
    `PlanPublished` is the caller's, who also stores that the plan is published.

    Raises
    ------
    PlanNotPublishable
        If a pair is refused and not `best_effort`; it names every refusal, and nothing may be kept of the turn.
    """
    granted: list[Claim] = []
    refused: list[Refusal] = []
    for street, crew in pairs:
        try:
            granted.append(grant_in_turn(turn, street=street, crew=crew, plan=plan_id))
        except (Conflict, NotFound) as error:
            refused.append(Refusal(street, crew, error))
    if refused and not best_effort:
        raise PlanNotPublishable(plan=plan_id, violations=tuple(str(refusal.error) for refusal in refused))
    return Published(granted, refused)


def close_ended_in_turn(turn: Turn, *, most: int = 10_000) -> list[Claim]:
    """
    Write down as forfeited what the clock has ended, at most so many claims, and return them.

    Nothing waits for this: a claim is over by its time alone. It keeps the record and the notices prompt.
    """
    return [_write_forfeit(turn, claim) for claim in store.unclosed_claims(turn.connection, turn.now, most=most)]


# ── readings ────────────────────────────────────────────────────────────────────────────────────────────────────────


def list_claims(
    region: Region,
    actor: Actor,
    *,
    crew: CrewId | None = None,
    zone: str | None = None,
    street: StreetId | None = None,
    ending_within: timedelta | None = None,
    ended_too: bool = False,
    now: datetime | None = None,
) -> tuple[datetime, list[store.ListedClaim]]:
    """
    Return the moment, and the claims in force at it, soonest end first; the moment may lie in the past.

    `ending_within` keeps what ends that soon; `ended_too` adds what had ended by then.

    Raises
    ------
    Forbidden
        If the actor may not read the region.
    NotFound
        If there is no such crew, zone or street.
    """
    require(actor, "region.read")
    store.refuse_unknown(region.reader(), crew=crew, zone=zone, street=street)
    at = region.moment(now)
    found = store.list_claims(region.reader(), at, crew=crew, zone=zone, street=street, ended_too=ended_too)
    if ending_within is not None:
        found = [one for one in found if one.claim.ends_at <= at + ending_within]
    return at, found


@dataclass(frozen=True, slots=True)
class Ending:
    """A claim that ends soon, and what its street still lacks."""

    listed: store.ListedClaim
    missing: store.Missing


def release_queue(
    region: Region,
    actor: Actor,
    *,
    within: timedelta,
    crew: CrewId | None = None,
    zone: str | None = None,
    now: datetime | None = None,
) -> tuple[datetime, list[Ending]]:
    """
    Return the moment, and the claims that end within that time with what their streets lack, soonest end first.

    Raises
    ------
    Forbidden
        If the actor may not read the region.
    """
    at, found = list_claims(region, actor, crew=crew, zone=zone, ending_within=within, now=now)
    return at, [Ending(one, store.missing_on(region.reader(), one.claim.street)) for one in found]


def list_let_go(region: Region, actor: Actor, *, now: datetime | None = None) -> frozenset[ClaimId]:
    """
    Return the claims that ended unsaturated in the last 24 hours and whose street is free.

    Raises
    ------
    Forbidden
        If the actor may not read the region.
    """
    require(actor, "region.read")
    return frozenset(let_go(region.reader(), region.moment(now)))


def holder(region: Region, actor: Actor, street: StreetId, *, now: datetime | None = None) -> Claim:
    """
    Return the claim in force on the street.

    Raises
    ------
    Forbidden
        If the actor may not read the region.
    NotFound
        If there is no such street, or nobody holds it.
    """
    require(actor, "region.read")
    held = store.street_state(region.reader(), street, region.moment(now)).claim
    if held is None:
        raise NotFound("claim in force on street", street, cure="nobody holds it; see `fieldops claims list`")
    return held


# ── acts ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def make_claim(region: Region, actor: Actor, *, street: StreetId, crew: CrewId, now: datetime | None = None) -> Claim:
    """
    Claim the street for the crew, from now on for the claim's duration.

    Raises
    ------
    Forbidden
        If the actor may not claim for that crew.
    Conflict
        If the rules refuse; see `grant_in_turn`.
    NotFound
        If there is no such street or no such crew.
    """
    require(actor, "claim.make", crew=crew)
    with region.turn(actor, now=now) as turn:
        return grant_in_turn(turn, street=street, crew=crew)


def end_claim(
    region: Region, actor: Actor, claim_id: ClaimId, *, outcome: Outcome | str, why: str, now: datetime | None = None
) -> Claim:
    """
    Give a claim up (withdrawn, the crew) or take it back (revoked, a lead, with a reason).

    Saturation is no opinion: only a decisive test ends a claim as saturated, see `fieldops decide`.

    Raises
    ------
    Forbidden
        If the actor may not, or the claim is of another crew.
    ClaimNotInForce
        If it has ended already.
    NotFound
        If there is no such claim.
    BadInput
        If the outcome is neither, or a revocation has no reason.
    """
    permission = _PERMISSIONS.get(Outcome(outcome)) if outcome in set(Outcome) else None
    if permission is None:
        raise BadInput(
            Said("nobody can end a claim as '%(outcome)s' by hand", outcome=outcome), field="outcome",
            cure="withdrawn or revoked; `fieldops decide` ends what is saturated, the clock what is forfeited",
        )  # fmt: skip
    require(actor, permission)
    with region.turn(actor, now=now) as turn:
        require(actor, permission, crew=store.find_claim(turn.connection, claim_id).crew)
        return end_in_turn(turn, claim_id, outcome=outcome, why=why)


def override_cool_down(
    region: Region, actor: Actor, *, street: StreetId, crew: CrewId, why: str, now: datetime | None = None
) -> list[Claim]:
    """
    Let a crew claim a street again although it forfeited it; return the forfeited claims that no longer bind (rule 3).

    Raises
    ------
    Forbidden
        If the actor is no lead.
    NotFound
        If the crew is not cooling down from that street.
    BadInput
        If no reason is given.
    """
    require(actor, "claim.override")
    why = read_reason(why, ("nearly_done", "lead_decision", "appeal"))
    with region.turn(actor, now=now) as turn:
        rules = turn.rules
        ground = store.ground(turn.connection, street, crew, turn.now, rules)
        binding = [
            claim
            for claim in ground.claims
            if claim.crew == crew
            and claim.id not in ground.overridden
            and claim.ends_at <= turn.now < (rule.cool_down_until(claim, ground.claims, rules) or turn.now)
        ]
        if not binding:
            raise NotFound(
                "cool-down", f"of crew {crew} on street {street}", cure="the crew may claim it as others may"
            )
        lifted = [_write_forfeit(turn, claim) if claim.ended_at is None else claim for claim in binding]
        for claim in lifted:
            event = CoolDownOverridden(at=turn.now, why=why, claim=claim.id, street=street, crew=crew)
            store.add_override(turn, event=event)
        return lifted


def _write_forfeit(turn: Turn, claim: Claim) -> Claim:
    ended = rule.forfeit_claim(claim)
    store.write_end(turn, ended, event=end_event(ended))
    return ended


def start_event(claim: Claim) -> StreetClaimed:
    """Return the event that tells that the claim was made."""
    return StreetClaimed(
        at=claim.claimed_at, claim=claim.id, street=claim.street, crew=claim.crew, generation=claim.generation,
        held_until=claim.held_until, plan=claim.plan,
    )  # fmt: skip


def end_event(claim: Claim) -> Event:
    """Return the event that tells how the ended claim ended."""
    assert claim.ended_at is not None  # only ended claims come here
    at, why = claim.ended_at, claim.reason
    if claim.outcome is Outcome.SATURATED:
        credit = claim.credit or claim.crew
        return ClaimSaturated(at=at, why=why, claim=claim.id, street=claim.street, crew=claim.crew, credit=credit)
    kind = {Outcome.WITHDRAWN: ClaimWithdrawn, Outcome.REVOKED: ClaimRevoked}.get(
        claim.outcome or Outcome.FORFEITED, ClaimForfeited
    )
    return kind(at=at, why=why, claim=claim.id, street=claim.street, crew=claim.crew)
