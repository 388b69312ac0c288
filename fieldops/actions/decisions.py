"""
The move-on rule applied: measurements are decided, streets that moved on close, crews are told where to go next.

`decide_in_turn` looks only at measurements with surveys that no decision has taken into account, so that it costs what
is new and not what there is.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from fieldops.actions.awareness import refresh_in_turn
from fieldops.actions.claims import end_in_turn
from fieldops.actions.dispatch import Told, suggest
from fieldops.awareness import Verdict, find_rule
from fieldops.claims import Claim, Outcome
from fieldops.decisions import HEAD_COUNT, PlaceDecision, Test, judge, reopening, saturating
from fieldops.errors import NotFound
from fieldops.events import DecisionMade, DecisionWithdrawn
from fieldops.ids import CrewId, MeasurementId, StreetId, TriangleId, VenueId, new_id
from fieldops.people import Actor
from fieldops.permissions import require
from fieldops.store import claims as claim_store
from fieldops.store import decisions as store
from fieldops.store import tallies
from fieldops.store.connect import Region, Turn, read_rules
from fieldops.store.places import has_triangle
from fieldops.store.response import read_fit


@dataclass(frozen=True, slots=True)
class Move:
    """A crew leaves a street that moved on for the next one and is told why; `to` is None where there is none for it."""

    crew: CrewId
    left: StreetId
    to: StreetId | None
    reason: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Swarm:
    """A triangle below the target: its venues, most people per hour first (rule 11)."""

    triangle: TriangleId
    venues: tuple[VenueId, ...]


@dataclass(slots=True)
class Decided:
    """
    What a run decided: decisions made and withdrawn, streets closed, crews moved.

    `looked_at` are the triangles with new surveys; `estimated` says whether their stored estimates are up to date.
    """

    made: list[PlaceDecision] = field(default_factory=list)
    withdrawn: list[PlaceDecision] = field(default_factory=list)
    closed: list[StreetId] = field(default_factory=list)
    moved: list[Move] = field(default_factory=list)
    looked_at: set[TriangleId] = field(default_factory=set)
    estimated: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """
    The newest measurement of a place and what its test says.

    `low` and `high` hold the share with the region's probability whenever and why the asking stopped; `share` is unbiased
    where a card stopped the test, and None else: the plain ratio is inflated by stopping.
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
    waiting = store.undecided(turn.connection, triangle)
    if only is not None:
        names = set(only)
        waiting = [one for one in waiting if one.measurement in names]
    for one in waiting:
        test = judge(
            one.answers, promoters=one.promoters, corners=one.corners, rule=one.rule, rules=rules, people=one.people
        )
        _record(turn, one, test, done)
    done.looked_at = store.triangles_of(turn.connection, waiting)
    store.mark_decided(turn, [one.measurement for one in waiting], event=turn.head.seq)
    _close(turn, _affected(turn, [*done.made, *done.withdrawn]), done)
    if ends_claims:
        _move(turn, done)
    return done


def read_standings(
    region: Region, actor: Actor, *, triangle: TriangleId | None = None, now: datetime | None = None,
    with_quarantined: bool = False,
) -> list[Standing]:  # fmt: skip
    """
    Return the newest measurement of every point and street and what its test says. Permission: region.read.

    `with_quarantined` shows what the tests would say if the quarantined surveys counted (rule 13); no decision does.
    """
    from fieldops.awareness import confidence_interval

    require(actor, "region.read")
    connection, at = region.reader(), region.moment(now)
    rules = read_rules(connection)
    counted = store.newest_measurements(connection, triangle, at)
    if with_quarantined:
        counted = tallies.as_if_trusted(connection, counted, rules)
    tests = [
        judge(one.answers, promoters=one.promoters, corners=one.corners, rule=one.rule, rules=rules, people=one.people)
        for one in counted
    ]
    low, high = confidence_interval(
        [test.knows for test in tests], [test.asked for test in tests], 1.0 - rules.interval_share
    )
    return [
        Standing(one, test, _unbiased(one, test), float(least), float(most))
        for one, test, least, most in zip(counted, tests, low, high, strict=True)
    ]


def _unbiased(one: store.Counted, test: Test) -> float | None:
    from fieldops.awareness import unbiased_share

    if test.verdict is Verdict.ASK_MORE or test.rule == HEAD_COUNT:
        return None
    return unbiased_share(
        find_rule(test.rule), test.surveys_used, one.answers[: test.surveys_used].count("1"), curtailed=True
    )


def read_swarms(region: Region, actor: Actor, standings: Iterable[Standing]) -> list[Swarm]:
    """Return the triangles whose point says *push on* with their venues. Permission: region.read."""
    require(actor, "region.read")
    # RULE 11: venue stops first, ordered by people met per hour
    return [
        Swarm(name, tuple(venue for venue, _ in store.venues_in(region.reader(), name)))
        for one in standings
        if (name := one.measurement.triangle) and one.test.verdict is Verdict.PUSH_ON
    ]


def _record(turn: Turn, one: store.Counted, test: Test, done: Decided) -> None:
    """Record what changed: a first verdict, another one, or none any more."""
    before = store.standing(turn.connection, one.measurement)
    if before is not None and (before.verdict, before.rule) == (test.verdict, test.rule):
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
        wrong_move_on=test.wrong_move_on, wrong_push_on=test.wrong_push_on, digest=one.digest, crew=one.crew,
        blind=one.blind, decisive_at=one.last_asked_at, decided_at=turn.now,
    )  # fmt: skip
    store.record_decision(
        turn, made,
        event=DecisionMade(
            at=turn.now, measurement=one.measurement, street=one.street, triangle=one.triangle, rule=test.rule,
            asked=test.asked, knows=test.knows, surveys_used=test.surveys_used, verdict=test.verdict, digest=one.digest,
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


def _close(turn: Turn, streets: Sequence[StreetId], done: Decided) -> None:
    if not streets:
        return
    response, rules = read_fit(turn.connection, turn.now).response, turn.rules
    for street in streets:
        by = saturating(*store.latest_tests(turn.connection, street))
        until = None
        if by is not None:
            until = reopening(by, prior=response.mu, prior_surveys=response.kappa, fading=response.delta, rules=rules)
        if store.set_closure(turn, street, by, until, event=turn.head.seq):
            done.closed.append(street)


def _move(turn: Turn, done: Decided) -> None:
    """RULE 10: claims on streets that moved on end as saturated, and each crew is told its next street at once."""
    ended: list[Claim] = []
    for street in done.closed:
        held = next(
            (one for one in claim_store.claims_of_street(turn.connection, street) if one.holds_at(turn.now)), None
        )
        if held is None:
            continue
        by = saturating(*store.latest_tests(turn.connection, street))
        assert by is not None  # it closed the street
        # RULE 7: where the evidence is older than the claim, the credit is the asker's
        credit = by.crew if by.decisive_at < held.claimed_at else None
        why = "own_test" if by.street else "point_test"
        ended.append(end_in_turn(turn, held.id, outcome=Outcome.SATURATED, why=why, credit=credit))
    if not ended:
        return
    promised: set[StreetId] = set()
    places: Counter[CrewId] = Counter()
    hours: dict[CrewId, float] = {}
    for claim in ended:
        told = Told(promised, places[claim.crew], hours.get(claim.crew, 0.0))
        to = suggest(turn.connection, claim.crew, turn.now, start=claim.street, told=told)
        if to.street is not None and not to.held:
            promised.add(to.street)
            places[claim.crew] += 1
            hours[claim.crew] = told.hours + to.hours
        done.moved.append(Move(claim.crew, claim.street, to.street, to.reason))
