"""
The move-on rule applied: measurements are decided, streets that moved on close, crews are told where to go next.

`decide_in_turn` looks only at measurements with surveys that no decision has taken into account, so that it costs what
is new and not what there is.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache, partial
from itertools import zip_longest

from fieldops.actions.awareness import refresh_in_turn
from fieldops.actions.claims import end_in_turn
from fieldops.actions.dispatch import suggest_all
from fieldops.awareness import Verdict
from fieldops.claims import Claim, Outcome, was_in_time
from fieldops.decisions import (
    HEAD_COUNT,
    PlaceDecision,
    Test,
    card_of,
    count_bounds,
    judge,
    reopening,
    saturating,
)
from fieldops.errors import NotFound
from fieldops.events import DecisionMade, DecisionWithdrawn
from fieldops.ids import CrewId, MeasurementId, StreetId, TriangleId, VenueId, new_id
from fieldops.people import Actor
from fieldops.permissions import require
from fieldops.rules import Rules
from fieldops.store import claims as claim_store
from fieldops.store import decisions as store
from fieldops.store import tallies
from fieldops.store.connect import Region, Turn, read_rules
from fieldops.store.people import find_promoter
from fieldops.store.places import has_triangle
from fieldops.store.response import read_fit
from fieldops.surveys import Asked, answers_of, digest_of, spread_at, those_that_count

_AT_A_TIME = 2_000  # measurements whose surveys are in memory


@dataclass(frozen=True, slots=True)
class Move:
    """A crew leaves a street that moved on for the next one and is told why; `to` is None where there is none for it."""

    crew: CrewId
    left: StreetId
    to: StreetId | None
    reason: str = field(default="", compare=False)
    label: str = field(default="", compare=False)  # the name of `to`, as people know it


@dataclass(frozen=True, slots=True)
class Swarm:
    """A triangle below the target: its venues, most people per hour first (rule 11)."""

    triangle: TriangleId
    venues: tuple[VenueId, ...]


@dataclass(slots=True)
class Decided:
    """
    What a run decided: decisions made and withdrawn, streets closed, crews moved.

    `renewed` are those of the made that say again what the one before them said, by other surveys; `looked_at` are the
    triangles with new surveys; `estimated` says whether their stored estimates are up to date.
    """

    made: list[PlaceDecision] = field(default_factory=list)
    withdrawn: list[PlaceDecision] = field(default_factory=list)
    renewed: set[str] = field(default_factory=set)
    closed: list[StreetId] = field(default_factory=list)
    moved: list[Move] = field(default_factory=list)
    looked_at: set[TriangleId] = field(default_factory=set)
    estimated: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """
    The newest measurement of a place and what its test says.

    `low` and `high` hold the share with the region's probability whenever and why the asking stopped; `share` is unbiased
    where a card stopped the test, and None else: the plain ratio is inflated by stopping. All three are of the surveys
    that decided, `surveys_used`, so that they belong together; what was asked later is in the estimates. Where heads are
    counted the interval is what these heads leave open of the street's people.
    """

    measurement: store.Counted
    test: Test
    share: float | None
    low: float
    high: float

    def to_json(self) -> dict[str, object]:
        """Return plain JSON values."""
        place = (
            {"triangle": self.measurement.triangle}
            if self.measurement.triangle
            else {"street": self.measurement.street}
        )
        return {
            **place, "label": self.measurement.label, "measurement": self.measurement.measurement, "opened_at": self.measurement.opened_at,
            "knows": self.test.knows, "asked": self.test.asked, "decision": self.test.verdict, "rule": self.test.rule,
            "error_rates": {
                "wrong_move_on": round(self.test.wrong_move_on, 8), "wrong_push_on": round(self.test.wrong_push_on, 8),
            },
            "share": self.share and round(self.share, 4), "low": round(self.low, 4), "high": round(self.high, 4),
            "surveys_used": self.test.surveys_used, "missing": self.test.why_more, "two_of_ten": self.test.plain,
            "blind": self.measurement.blind,
        }  # fmt: skip


def decide(region: Region, actor: Actor, *, triangle: TriangleId | None = None, now: datetime | None = None) -> Decided:
    """
    Decide every measurement that has new surveys, close what moved on, end the claims there; all in one write turn.

    Permission: decision.make. Events: DecisionMade and DecisionWithdrawn, and ClaimSaturated for each claim ended.

    Raises
    ------
    Forbidden
        If the actor may not.
    NotFound
        If there is no such triangle.
    """
    require(actor, "decision.make")
    with region.turn(actor, now=now) as turn:
        if triangle is not None and not has_triangle(turn.connection, triangle):
            raise NotFound("triangle", triangle)
        done = decide_in_turn(turn, triangle=triangle)
        done.estimated = refresh_in_turn(turn, done.looked_at)
        return done


class _NotKept(Exception):
    """Leaves a turn of which nothing is to be kept."""


def preview_decisions(region: Region, actor: Actor, *, now: datetime | None = None) -> Decided:
    """
    Return what `decide` would do at the moment; nothing of it is kept.

    Permission: decision.make. It is the act itself in a turn that is taken back, so that it cannot say anything else.

    Raises
    ------
    Forbidden
        If the actor may not.
    """
    require(actor, "decision.make")
    done = Decided()
    with suppress(_NotKept), region.turn(actor, now=now) as turn:
        done = decide_in_turn(turn)
        raise _NotKept
    return done


def decide_in_turn(
    turn: Turn, *, triangle: TriangleId | None = None, only: Iterable[MeasurementId] | None = None,
    ends_claims: bool = True,
) -> Decided:  # fmt: skip
    """
    Decide in an open turn; see `decide`.

    Parameters
    ----------
    turn
        The open write turn.
    triangle, only
        Look at the measurements of one triangle, or at these.
    ends_claims
        Whether claims in force on streets that moved on end as saturated; not where a quarantine was lifted (rule 13).
    """
    done, rules = Decided(), turn.rules
    waiting = store.undecided(turn.connection, rules, triangle)
    if only is not None:
        names = set(only)
        waiting = [one for one in waiting if one.measurement in names]
    crew_of = cache(partial(find_promoter, turn.connection))
    for start in range(0, len(waiting), _AT_A_TIME):
        some = {one.measurement: (one, _test(one, rules)) for one in waiting[start : start + _AT_A_TIME]}
        decisive = [name for name, (_, test) in some.items() if test.verdict is not Verdict.ASK_MORE]
        asked, before = tallies.read_heads(turn.connection, decisive, rules), store.standing(turn.connection, some)
        for name, (one, test) in some.items():
            counted = those_that_count(asked.get(name, ()), rules)
            now = (answers_of(counted), spread_at(counted, rules))
            if counted and now != (one.answers, one.spread_at):  # the settings have changed since it was counted
                test = _test(replace(one, answers=now[0], spread_at=now[1]), rules)
            askers = Counter(known.crew for by in counted[: test.surveys_used] if (known := crew_of(by.promoter)))
            _record(turn, one, test, before.get(name), counted, next(iter(askers.most_common(1)), (one.crew,))[0], done)
    done.looked_at = store.triangles_of(turn.connection, waiting)
    store.mark_decided(turn, [one.measurement for one in waiting], event=turn.head.seq)
    closed = _close(turn, _affected(turn, [*done.made, *done.withdrawn]), done)
    if ends_claims:
        _move(turn, closed, done)
    return done


def read_standings(
    region: Region, actor: Actor, *, triangle: TriangleId | None = None, now: datetime | None = None
) -> list[Standing]:
    """Return the newest measurement of every point and street and what its test says. Permission: region.read."""
    from fieldops.awareness import confidence_interval

    require(actor, "region.read")
    connection, at = region.reader(), region.moment(now)
    rules = read_rules(connection)
    counted = store.newest_measurements(connection, rules, triangle, at)
    tests = [_test(one, rules) for one in counted]
    low, high = confidence_interval(
        [test.knows_used for test in tests], [test.surveys_used for test in tests], 1.0 - rules.interval_share
    )
    return [
        Standing(one, test, _unbiased(one, test), *(count_bounds(test, one.people) or (float(least), float(most))))
        for one, test, least, most in zip(counted, tests, low, high, strict=True)
    ]


def _unbiased(one: store.Counted, test: Test) -> float | None:
    from fieldops.awareness import unbiased_share

    if test.verdict is Verdict.ASK_MORE or test.rule == HEAD_COUNT:
        return None
    return unbiased_share(card_of(test.rule, one.spread_at or 1), test.surveys_used, test.knows_used, curtailed=True)


def read_swarms(region: Region, actor: Actor, standings: Iterable[Standing]) -> list[Swarm]:
    """Return the triangles whose point says *push on* with their venues. Permission: region.read."""
    require(actor, "region.read")
    # RULE 11: venue stops first, ordered by people met per hour
    return [
        Swarm(name, tuple(venue for venue, _ in store.venues_in(region.reader(), name)))
        for one in standings
        if (name := one.measurement.triangle) and one.test.verdict is Verdict.PUSH_ON
    ]


def _test(one: store.Counted, rules: Rules) -> Test:
    return judge(one.answers, spread_at=one.spread_at, rule=one.rule, rules=rules, people=one.people, told=one.told)


def _record(
    turn: Turn, one: store.Counted, test: Test, before: PlaceDecision | None, counted: Sequence[Asked], asker: CrewId | None,
    done: Decided,
) -> None:  # fmt: skip
    """Record what changed: a first verdict, another one, the same by other surveys, or none any more."""
    # RULE 13: what stands must be what counts, none in quarantine; surveys asked later than those do not change it
    if before is not None and (before.verdict, before.rule, before.digest) == (
        test.verdict, test.rule, digest_of(counted[: before.asked]),
    ):  # fmt: skip
        return
    if before is not None:
        event = DecisionWithdrawn(
            at=turn.now, decision=before.id, measurement=one.measurement, street=one.street, triangle=one.triangle
        )
        store.withdraw_decision(turn, event=event)
        done.withdrawn.append(before)
    if test.verdict is Verdict.ASK_MORE:
        return
    made = PlaceDecision(
        id=new_id(), measurement=one.measurement, street=one.street, triangle=one.triangle, rule=test.rule,
        asked=test.asked, knows=test.knows, surveys_used=test.surveys_used, verdict=test.verdict,
        wrong_move_on=test.wrong_move_on, wrong_push_on=test.wrong_push_on, digest=digest_of(counted), crew=asker,
        blind=one.blind, decisive_at=counted[test.surveys_used - 1].asked_at, decided_at=turn.now,
    )  # fmt: skip
    if before is not None and before.verdict is made.verdict:
        done.renewed.add(made.id)
    store.record_decision(
        turn, made,
        event=DecisionMade(
            at=turn.now, measurement=one.measurement, street=one.street, triangle=one.triangle, rule=test.rule,
            asked=made.asked, knows=made.knows, surveys_used=made.surveys_used, verdict=made.verdict, digest=made.digest,
        ),
    )  # fmt: skip
    done.made.append(made)


def _affected(turn: Turn, changed: Sequence[PlaceDecision]) -> list[StreetId]:
    """Return the streets that decisions, made or withdrawn, may close or open."""
    found: dict[StreetId, None] = {}
    for one in changed:
        if one.street:
            found[one.street] = None
        elif one.triangle:
            found.update(dict.fromkeys(store.streets_in(turn.connection, one.triangle)))
    return list(found)


def _close(turn: Turn, streets: Sequence[StreetId], done: Decided) -> dict[StreetId, PlaceDecision]:
    """Let streets be closed or open as the decisions stand now; return those that moved on now, and by which."""
    moved_on: dict[StreetId, PlaceDecision] = {}
    response = read_fit(turn.connection, turn.now).response if streets else None
    for street in streets:
        by = saturating(*store.latest_tests(turn.connection, street), store.closing_test(turn.connection, street))
        until = None
        if by is not None and response is not None:
            until = reopening(
                by, prior=response.mu, prior_surveys=response.kappa, fading=response.delta, rules=turn.rules
            )
        # RULE 13: a decision that only rests on other surveys now gets its new end, and claims stay as they are
        if store.set_closure(turn, street, by, until, event=turn.head.seq) and by and by.id not in done.renewed:
            moved_on[street] = by
    done.closed += moved_on
    return moved_on


def _move(turn: Turn, moved_on: Mapping[StreetId, PlaceDecision], done: Decided) -> None:
    """RULE 10: claims on streets that moved on end as saturated, and each crew is told its next street at once."""
    ended: list[Claim] = []
    for street, by in moved_on.items():
        claims = claim_store.claims_of_street(turn.connection, street)
        held = next((one for one in claims if one.holds_at(turn.now)), None)
        if held is None:
            continue
        why = "own_test" if by.street else "point_test"
        credit = by.crew if _proves_earlier(turn, by, claims, held) else None
        ended.append(end_in_turn(turn, held.id, outcome=Outcome.SATURATED, why=why, credit=credit))
    _send_on(turn, ended, done)


def _proves_earlier(turn: Turn, by: PlaceDecision, claims: Sequence[Claim], held: Claim) -> bool:
    """RULE 7: whether the asker, while a claim of theirs was in force here, found the street saturated before `held` began."""
    if by.crew is None or by.decisive_at >= held.claimed_at:
        return False
    if by.triangle:
        claims = claim_store.claims_in_triangle(turn.connection, by.triangle, by.crew)
    return was_in_time(claims, by.crew, by.decisive_at)


def _send_on(turn: Turn, ended: Sequence[Claim], done: Decided) -> None:
    """Tell each crew whose claim ended its next street: none twice, and none beyond what the crew can hold and work."""
    promised: set[StreetId] = set()
    for crew in dict.fromkeys(claim.crew for claim in ended):
        left = [claim.street for claim in ended if claim.crew == crew]
        told = suggest_all(turn.connection, crew, turn.now, start=left[0], most=len(left), told=promised)
        promised.update(one.street for one in told if one.street and not one.held)
        for street, to in zip_longest(left, told):
            reason = to.reason if to else "no other street: what it is told needs all its hours"
            done.moved.append(Move(crew, street, to.street if to else None, reason, to.label if to else ""))
