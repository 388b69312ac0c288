"""
What follows from the events alone: who held which street, and whether the rules were kept (rule 20).

The replay is told the events in their order and shares no code with the door that made them: it knows no index, no
trigger and no table. It keeps what is in force, so that its memory follows the number of streets and crews and not the
number of events; only a record whose clock was once repaired makes it remember the claims that reach past that moment.
Moments are compared as the record's own text, whose order is time order.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from fieldops.errors import FieldopsError
from fieldops.rules import Rules

CLOCK_REPAIR = "clock_repair"
_ENDS = {
    "ClaimForfeited": "forfeited",
    "ClaimSaturated": "saturated",
    "ClaimWithdrawn": "withdrawn",
    "ClaimRevoked": "revoked",
}


@dataclass(frozen=True, slots=True)
class Recorded:
    """One event as it stands in the record; moments are stored text."""

    seq: int
    kind: str
    at: str
    recorded_at: str
    why: str
    facts: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Violation:
    """A place where the record contradicts itself, a rule, or a table: `seq` is the event, 0 where there is none."""

    seq: int
    what: str


@dataclass(frozen=True, slots=True)
class Held:
    """A claim as the events tell it; `ended_at` is empty while no event has ended it."""

    claim: str
    street: str
    crew: str
    generation: int
    claimed_at: str
    held_until: str
    plan: str | None
    ended_at: str = ""
    outcome: str | None = None
    why: str = ""
    credit: str | None = None

    @property
    def ends_at(self) -> str:
        """Return the first moment at which it is no longer in force."""
        return self.ended_at or self.held_until


@dataclass(frozen=True, slots=True)
class Kept:
    """A street kept for a crew as the events tell it (rule 6); `event` made it, `ended_at` is empty while none ended it."""

    event: int
    street: str
    crew: str
    kept_from: str
    kept_until: str
    ended_at: str = ""

    @property
    def ends_at(self) -> str:
        """Return the first moment at which it is no longer kept."""
        return self.ended_at or self.kept_until


@dataclass(slots=True)
class Replay:
    """
    The state after the events taken so far.

    `repaired_from` is the earliest moment to which the clock was ever taken back in this record, None where it was not;
    `longest_cool_down` the longest that any of its settings ever demanded: so long an ended claim may come to bind again,
    and twice as long it may say that its crew had used the grace. `grace_once_since` is the event from which on the grace
    holds once in a cool-down (rule 4): 0, or where a region of an older version was brought to that.
    `settled` holds claims whose end is final; whoever drives the replay takes them out and compares them.
    """

    repaired_from: str | None
    longest_cool_down: timedelta = Rules().cool_down
    grace_once_since: int = 0
    rules: Rules = field(default_factory=Rules)
    violations: list[Violation] = field(default_factory=list)
    settled: list[Held] = field(default_factory=list)
    overrides: dict[str, tuple[str, str]] = field(default_factory=dict)
    claims: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    settled_reserves: list[Kept] = field(default_factory=list)
    _reserves: dict[str, Kept] = field(default_factory=dict)
    _recorded_at: str = ""
    _open: dict[str, Held] = field(default_factory=dict)
    _ended: dict[str, Held] = field(default_factory=dict)
    _streets: dict[str, tuple[int, tuple[str, ...]]] = field(default_factory=dict)
    _spans: dict[str, Held] = field(default_factory=dict)
    _crews: dict[str, dict[str, str]] = field(default_factory=dict)
    _waits: dict[tuple[str, str], dict[str, Held]] = field(default_factory=dict)
    _waiting: int = 0
    _prune_at: int = 10_000
    _settings: list[tuple[int, Rules]] = field(default_factory=list)

    def take(self, event: Recorded) -> None:
        """Let the event happen; what contradicts the rules is added to `violations`."""
        if event.recorded_at < self._recorded_at and event.kind != "ClockAccepted":
            self._blame(event, f"was recorded at {event.recorded_at}, before the event that precedes it")
        if event.kind == "ClockAccepted" and event.facts["ahead"] != self._recorded_at:
            self._blame(event, f"says that the record stood at {event.facts['ahead']}, not at {self._recorded_at}")
        self._recorded_at = event.recorded_at
        self.counts[event.kind] = self.counts.get(event.kind, 0) + 1
        if event.kind == "StreetClaimed":
            self._claim(event)
        elif event.kind in _ENDS:
            self._end(event)
        elif event.kind == "CoolDownOverridden":
            self._override(event)
        elif event.kind == "RulesChanged":
            self._change_rules(event)
        elif event.kind == "ReservesKept":
            self._keep(event)
        elif event.kind == "ReservesReleased":
            self._release(event)
        elif isinstance(count := event.facts.get("count"), int):  # a batch: one event for many rows
            self.counts[event.kind + ".count"] = self.counts.get(event.kind + ".count", 0) + count

    def rules_at(self, seq: int) -> Rules:
        """Return the settings that were in force when the event of that number was recorded."""
        return next((rules for since, rules in reversed(self._settings) if since < seq), Rules())

    def finish(self) -> None:
        """Settle what is still open: its end was not recorded yet."""
        self.settled.extend(self._ended.values())
        self.settled.extend(self._open.values())
        self.settled_reserves.extend(self._reserves.values())

    def _blame(self, event: Recorded, what: str) -> None:
        self.violations.append(Violation(event.seq, f"{event.kind} {what}"))

    # ── grants ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def _claim(self, event: Recorded) -> None:
        facts = event.facts
        new = Held(
            facts["claim"], facts["street"], facts["crew"], facts["generation"], event.at, facts["held_until"],
            facts["plan"],
        )  # fmt: skip
        self.claims += 1
        if event.at != event.recorded_at:
            self._blame(event, f"took effect at {event.at}, not when it was recorded")
        if datetime.fromisoformat(new.held_until) - datetime.fromisoformat(new.claimed_at) != self.rules.claim_duration:
            self._blame(event, f"holds until {new.held_until}, which is not {self.rules.claim_duration} later (rule 2)")
        generation, before = self._streets.get(new.street, (0, ()))
        if new.generation != generation + 1:
            self._blame(event, f"has generation {new.generation} after {generation} on street {new.street}")
        kept = [self._spans[claim] for claim in before]
        for other in kept:
            if (
                other.claimed_at < other.ends_at
                and other.claimed_at < new.held_until
                and new.claimed_at < other.ends_at
            ):
                self._blame(
                    event,
                    f"gives street {new.street} to crew {new.crew} while claim {other.claim} of crew {other.crew} holds "
                    f"it until {other.ends_at} (rule 1)",
                )
            elif not other.ended_at:
                self._blame(event, f"follows claim {other.claim} on street {new.street}, whose end was never recorded")
        self._check_crew(event, new)
        self._take_reserve(event, new)
        for other in kept:
            if not self._may_change(other):
                del self._spans[other.claim]
        self._streets[new.street] = (new.generation, (*(c for c in before if c in self._spans), new.claim))
        self._spans[new.claim] = self._open[new.claim] = new

    def _check_crew(self, event: Recorded, new: Held) -> None:
        """RULE 4 and RULE 5, from the events alone."""
        held = self._crews.setdefault(new.crew, {})
        for claim in [claim for claim, until in held.items() if until <= event.at]:
            del held[claim]
        if len(held) >= self.rules.claims_per_crew:
            self._blame(
                event, f"is claim {len(held) + 1} of crew {new.crew}, which may hold {self.rules.claims_per_crew}"
            )
        held[new.claim] = new.held_until
        for ended in self._waits.get((new.street, new.crew), {}).values():
            lifted_at = self.overrides.get(ended.claim, ("~",))[0]
            if ended.ends_at <= event.at < min(self._cool(ended, event.seq), lifted_at):
                self._blame(event, f"gives street {new.street} to crew {new.crew} within its cool-down (rule 4)")
                break

    def _cool(self, claim: Held, seq: int) -> str:
        """Return until when the claim's crew has to wait, by the rules at an event; its end where nothing keeps it."""
        until = self._after_cool_down(claim)
        if claim.outcome in ("saturated", "revoked"):
            return claim.ends_at
        if not self._given_up_soon(claim) or (seq > self.grace_once_since and self._grace_used(claim)):
            return until
        return claim.ends_at

    def _grace_used(self, claim: Held) -> bool:
        """RULE 4: the grace of a withdrawal holds once in a cool-down."""
        return any(
            other.generation < claim.generation
            and self._given_up_soon(other)
            and claim.ends_at < self._after_cool_down(other)
            for other in self._waits.get((claim.street, claim.crew), {}).values()
        )

    def _given_up_soon(self, claim: Held) -> bool:
        held_for = datetime.fromisoformat(claim.ends_at) - datetime.fromisoformat(claim.claimed_at)
        return claim.outcome == "withdrawn" and held_for <= self.rules.withdrawal_grace

    def _after_cool_down(self, claim: Held) -> str:
        return _text(datetime.fromisoformat(claim.ends_at) + self.rules.cool_down)

    # ── reserve lists ───────────────────────────────────────────────────────────────────────────────────────────────

    def _keep(self, event: Recorded) -> None:
        """RULE 6: what is kept for one crew is neither held nor kept for another."""
        facts = event.facts
        until = facts["kept_until"]
        if not event.at < until or event.at != event.recorded_at:
            self._blame(event, f"keeps streets from {event.at} until {until}, which is no time to come")
        for street in facts["streets"]:
            before = self._reserves.pop(street, None)
            if before is not None:
                self.settled_reserves.append(before)
                if before.kept_from < before.ends_at and before.kept_from < until and event.at < before.ends_at:
                    self._blame(
                        event, f"keeps street {street}, which is kept for crew {before.crew} until {before.ends_at}"
                    )
            claims = self._streets.get(street, (0, ()))[1]
            if any(event.at < self._spans[claim].ends_at for claim in claims if claim in self._spans):
                self._blame(event, f"keeps street {street}, which is claimed at that moment")
            self._reserves[street] = Kept(event.seq, street, facts["crew"], event.at, until)

    def _release(self, event: Recorded) -> None:
        for street in event.facts["streets"]:
            kept = self._reserves.get(street)
            if kept is None or kept.crew != event.facts["crew"] or not kept.kept_from <= event.at < kept.ends_at:
                self._blame(event, f"gives street {street} back, which was not kept for crew {event.facts['crew']}")
                continue
            self.settled_reserves.append(replace(self._reserves.pop(street), ended_at=event.at))

    def _take_reserve(self, event: Recorded, new: Held) -> None:
        """RULE 6: the door refuses what is kept for another crew; its own crew takes it off the list."""
        kept = self._reserves.get(new.street)
        if kept is None or not kept.kept_from <= event.at < kept.ends_at:
            return
        if kept.crew != new.crew:
            self._blame(
                event, f"gives street {new.street} to crew {new.crew} while it is kept for crew {kept.crew} (rule 6)"
            )
        else:
            self.settled_reserves.append(replace(self._reserves.pop(new.street), ended_at=event.at))

    # ── ends ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def _end(self, event: Recorded) -> None:
        facts, outcome = event.facts, _ENDS[event.kind]
        claim = self._open.pop(facts["claim"], None) or self._ended.pop(facts["claim"], None)
        if claim is None:
            self._blame(event, f"ends claim {facts['claim']}, which no event made or which had ended for good")
            return
        if (claim.street, claim.crew) != (facts["street"], facts["crew"]):
            self._blame(event, f"names street {facts['street']} and crew {facts['crew']}, not those of its claim")
        repaired = event.why == CLOCK_REPAIR and self.repaired_from is not None
        if outcome == "forfeited":
            lawful = event.at == claim.held_until <= event.recorded_at and not claim.ended_at
        else:
            left = event.at < claim.ends_at or (repaired and claim.claimed_at == claim.ends_at)
            lawful = claim.claimed_at <= event.at and left and (event.at == event.recorded_at or repaired)
        if not lawful:
            self._blame(event, f"ends claim {claim.claim} at {event.at}, which is not in its time")
        ended = replace(claim, ended_at=event.at, outcome=outcome, why=event.why, credit=facts.get("credit"))
        if claim.claim in self._spans:
            self._spans[claim.claim] = ended
        self._crews.get(claim.crew, {}).pop(claim.claim, None)
        self._wait(ended)
        if self._may_change(ended):
            self._ended[claim.claim] = ended
        else:
            self.settled.append(ended)

    def _may_change(self, claim: Held) -> bool:
        """Whether a repair of the clock may still find that the claim had ended earlier."""
        return self.repaired_from is not None and claim.ends_at > self.repaired_from

    def _wait(self, claim: Held) -> None:
        """Remember the claim while it may bind: its crew may have several on a street, each lifted by its own name."""
        self._waits.setdefault((claim.street, claim.crew), {})[claim.claim] = claim
        self._waiting += 1
        if self._waiting > self._prune_at:
            since = _text(datetime.fromisoformat(self._recorded_at) - 2 * self.longest_cool_down)
            kept = {
                key: {name: held for name, held in claims.items() if held.ends_at > since}
                for key, claims in self._waits.items()
            }
            self._waits = {key: claims for key, claims in kept.items() if claims}
            self._waiting = sum(map(len, self._waits.values()))
            self._prune_at = max(10_000, 2 * self._waiting)

    def _override(self, event: Recorded) -> None:
        claim, key = event.facts["claim"], (event.facts["street"], event.facts["crew"])
        if claim not in self._waits.get(key, {}):
            self._blame(event, f"lifts a cool-down of claim {claim}, which brought none")
        self.overrides[claim] = (event.at, event.why)

    def _change_rules(self, event: Recorded) -> None:
        try:
            self.rules = Rules.from_json(self.rules.to_json() | event.facts["settings"])
            self._settings.append((event.seq, self.rules))
        except FieldopsError as error:
            self._blame(event, f"sets rules that cannot be: {error}")


def _text(moment: datetime) -> str:
    """Return a moment as the record writes it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def expected_row(claim: Held) -> tuple[object, ...]:
    """Return the row of table `claim` that the events demand."""
    return (
        claim.street, claim.crew, claim.generation, claim.claimed_at, claim.held_until, claim.ended_at or None,
        claim.outcome, claim.why, claim.credit, claim.plan,
    )  # fmt: skip
