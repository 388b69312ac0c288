"""Any order of grants, ends, plans, lifted cool-downs, map changes and clock trouble, against a model of thirty lines."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from fieldops.actions.claims import end_in_turn, make_claim, override_cool_down, publish_in_turn
from fieldops.actions.keep import accept_clock
from fieldops.errors import ClaimNotInForce, ClockRefused, Conflict, NotFound
from fieldops.ids import CrewId, PlanId, StreetId
from fieldops.store import claims as store
from fieldops.store.audit import last_recorded_at
from fieldops.store.connect import create_memory_region
from fieldops.store.verify import verify
from tests.conftest import LEAD, NOON, PLANNER
from tests.small_region import add_town

WEEK, DAY = timedelta(days=7), timedelta(days=1)
STREETS = [StreetId(f"S{i}") for i in range(3)]
CREWS = [CrewId(f"C{i}") for i in range(2)]
streets, crews = st.sampled_from(STREETS), st.sampled_from(CREWS)
steps = st.sampled_from([timedelta(0), timedelta(hours=5), DAY, DAY + timedelta(microseconds=1), 3 * DAY, WEEK])


@dataclass
class Held:
    """A claim of the model."""

    street: StreetId
    crew: CrewId
    start: datetime
    end: datetime
    how: str = "forfeited"
    lifted: datetime | None = None


@dataclass
class Model:
    """The rules 1 to 5 over a plain list, without generations, rows or events."""

    claims: list[Held] = field(default_factory=list)
    shut: set[StreetId] = field(default_factory=set)

    def holder(self, street: StreetId, now: datetime) -> Held | None:
        return next((c for c in self.claims if c.street == street and c.start <= now < c.end), None)

    def waits(self, street: StreetId, crew: CrewId, now: datetime) -> list[Held]:
        mine = [c for c in self.claims if (c.street, c.crew) == (street, crew) and c.end <= now < c.end + WEEK]
        long = [c for c in mine if c.how == "forfeited" or (c.how == "withdrawn" and not self.forgiven(c))]
        return [c for c in long if c.lifted is None or now < c.lifted]

    def forgiven(self, claim: Held) -> bool:
        before = self.claims[: next(i for i, c in enumerate(self.claims) if c is claim)]
        own = [c for c in before if (c.street, c.crew, c.how) == (claim.street, claim.crew, "withdrawn")]
        used = any(c.end - c.start <= DAY and claim.end < c.end + WEEK for c in own)
        return claim.end - claim.start <= DAY and not used

    def may(self, street: StreetId, crew: CrewId, now: datetime) -> bool:
        return not (street in self.shut or self.holder(street, now) or self.waits(street, crew, now))

    def grant(self, street: StreetId, crew: CrewId, now: datetime) -> None:
        self.claims.append(Held(street, crew, now, now + WEEK))

    def repair(self, now: datetime) -> None:
        for claim in self.claims:
            if claim.start > now or (claim.start == now < claim.end and claim.how != "forfeited"):
                claim.end, claim.how = claim.start, "revoked"
            elif claim.how != "forfeited":
                claim.end = min(claim.end, now)


class ClaimMachine(RuleBasedStateMachine):
    """Drives the real acts and the model side by side."""

    @initialize()
    def start(self) -> None:
        self.region = create_memory_region(PLANNER, now=NOON)
        add_town(self.region, streets=len(STREETS), crews=len(CREWS))
        self.model, self.now, self.ids = Model(), NOON, dict[int, object]()
        self.recorded = NOON  # the last event's time

    def wrote(self) -> None:
        self.recorded = max(self.now, self.recorded)

    @property
    def write_time(self) -> datetime | None:
        """When a write would take place; None where the clock is refused."""
        if self.recorded - self.now > DAY:
            return None
        return max(self.now, self.recorded)

    @rule(street=streets, crew=crews)
    def grant(self, street: StreetId, crew: CrewId) -> None:
        at = self.write_time
        if at is None:
            with pytest.raises(ClockRefused):
                make_claim(self.region, LEAD, street=street, crew=crew, now=self.now)
        elif self.model.may(street, crew, at):
            made = make_claim(self.region, LEAD, street=street, crew=crew, now=self.now)
            assert (made.claimed_at, made.held_until) == (at, at + WEEK)
            self.model.grant(street, crew, at)
            self.wrote()
        else:
            with pytest.raises(Conflict):
                make_claim(self.region, LEAD, street=street, crew=crew, now=self.now)

    @precondition(lambda self: self.write_time is not None)
    @rule(pairs=st.lists(st.tuples(streets, crews), min_size=1, max_size=4))
    def publish(self, pairs: list[tuple[StreetId, CrewId]]) -> None:
        at = self.write_time
        assert at is not None
        expected = []
        for street, crew in pairs:
            if self.model.may(street, crew, at):
                self.model.grant(street, crew, at)
                expected.append((street, crew))
        with self.region.turn(LEAD, now=self.now) as turn:
            done = publish_in_turn(turn, PlanId("P"), pairs, best_effort=True)
        assert [(claim.street, claim.crew) for claim in done.granted] == expected
        assert len(done.refused) == len(pairs) - len(expected)
        if expected or last_recorded_at(self.region.reader()) == at:  # a refusal may write down what the clock ended
            self.wrote()

    @precondition(lambda self: self.write_time is not None)
    @rule(street=streets, outcome=st.sampled_from(["saturated", "withdrawn", "revoked"]))
    def end(self, street: StreetId, outcome: str) -> None:
        at = self.write_time
        assert at is not None
        every = store.claims_of_street(self.region.reader(), street)
        held = self.model.holder(street, at)
        claim = next((c for c in every if c.holds_at(at)), every[-1] if every else None)
        if claim is None:
            return
        with self.region.turn(LEAD, now=self.now) as turn:
            if held is None:
                with pytest.raises(ClaimNotInForce):
                    end_in_turn(turn, claim.id, outcome=outcome, why="code")
                return
            end_in_turn(turn, claim.id, outcome=outcome, why="code")
        held.end, held.how = at, outcome
        self.wrote()

    @precondition(lambda self: self.write_time is not None)
    @rule(street=streets, crew=crews)
    def lift(self, street: StreetId, crew: CrewId) -> None:
        at = self.write_time
        assert at is not None
        waiting = self.model.waits(street, crew, at)
        if not waiting:
            with pytest.raises(NotFound):
                override_cool_down(self.region, LEAD, street=street, crew=crew, why="code", now=self.now)
            return
        assert len(override_cool_down(self.region, LEAD, street=street, crew=crew, why="code", now=self.now)) == len(
            waiting
        )
        for claim in waiting:
            claim.lifted = at
        self.wrote()

    @rule(street=streets)
    def reimport(self, street: StreetId) -> None:
        """A newer map loses the street, or has it again."""
        self.model.shut ^= {street}
        status = "gone" if street in self.model.shut else "open"
        with self.region.turn(LEAD, now=self.recorded) as turn:
            turn.connection.execute("UPDATE street SET status = ? WHERE id = ?", (status, street))

    @rule(step=steps)
    def time_passes(self, step: timedelta) -> None:
        self.now += step

    @rule(back=st.sampled_from([timedelta(minutes=1), timedelta(hours=20), 3 * DAY, 3 * WEEK]))
    def the_clock_jumps_back(self, back: timedelta) -> None:
        self.now = max(NOON, self.now - back)

    @precondition(lambda self: self.now < self.recorded)
    @rule()
    def the_lead_accepts_the_clock(self) -> None:
        self.model.repair(self.now)
        accept_clock(self.region, LEAD, why="ntp_failed", now=self.now)
        self.recorded = self.now

    @invariant()
    def the_same_crews_hold_the_same_streets(self) -> None:
        for at in (self.now, self.recorded, self.now + 3 * DAY):
            held = {(c.street, c.crew, c.start, c.end) for c in self.model.claims if c.start <= at < c.end}
            stored = store.claims_in_force(self.region.reader(), at)
            assert {(c.street, c.crew, c.claimed_at, c.ends_at) for c in stored} == held
            assert len(stored) == len({claim.street for claim in stored})

    def teardown(self) -> None:
        if hasattr(self, "region"):
            assert verify(self.region).violations == []
            self.region.close()


_QUIET = {"deadline": None, "report_multiple_bugs": False, "suppress_health_check": list(HealthCheck)}


def test_the_door_and_the_model_agree_in_any_order_of_events() -> None:
    run_state_machine_as_test(ClaimMachine, settings=settings(max_examples=60, stateful_step_count=40, **_QUIET))


@pytest.mark.full
def test_the_door_and_the_model_agree_in_two_thousand_runs() -> None:
    run_state_machine_as_test(ClaimMachine, settings=settings(max_examples=2500, stateful_step_count=50, **_QUIET))
