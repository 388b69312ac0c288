"""
A day in the field: crews walk, push and ask by the clock, and every answer goes through the acts as it is given.

What a crew does ends at a moment, and takes effect then: crews take turns in the order of these moments, so that a point's test
of one crew ends the claims of another in the middle of its push.
"""

import heapq
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np

from fieldops.awareness import Verdict, find_rule
from fieldops.clock import format_moment
from fieldops.ids import CrewId, PromoterId
from fieldops.simulate.conditions import Conditions
from fieldops.simulate.office import DETOUR, Office
from fieldops.simulate.policies import Policy
from fieldops.simulate.town import World
from fieldops.simulate.visit import Ask, Leave, Push, Spent, Visit

STARTS_AT = 9.0  # hour of the day at which crews begin
_WAIT = timedelta(minutes=15)  # until a crew without a street looks again
_SHORTEST = timedelta(minutes=10)  # a day that has less left than this is over
_BY_CORNER = 5  # RULE 9: surveys of a promoter at a corner


@dataclass(frozen=True, slots=True)
class Sitting:
    """A test being made: its answers, which are handed in when the last was given."""

    name: str
    triangle: int  # -1 on a street
    rows: list[dict[str, str]]
    said: Verdict
    knew: dict[int, tuple[int, int]]
    lasts: timedelta


@dataclass(slots=True)
class Hand:
    """A crew on a day: who of it came, where it stands, until when it works, and what it is doing."""

    crew: CrewId
    promoters: list[PromoterId]
    askers: list[PromoterId]  # those whose answers the region takes
    place: tuple[float, float]
    starts_at: datetime
    ends_at: datetime
    street: int | None = None  # where it has set itself up
    visit: Visit | None = None
    doing: Push | Sitting | None = None
    idle: list[tuple[datetime, datetime]] = field(default_factory=list)

    @property
    def size(self) -> int:
        """Return how many promoters work."""
        return len(self.promoters)


@dataclass(slots=True)
class Field:
    """The field during a campaign: the world, the office, and what each crew has done under its claims."""

    world: World
    office: Office
    policy: Policy
    conditions: Conditions
    zone_hours: float  # of the city before UTC
    rng: np.random.Generator
    made_up: set[PromoterId]
    places: dict[CrewId, tuple[float, float]]
    spent: Spent = field(default_factory=Spent)
    visits: dict[int, Visit] = field(default_factory=dict)
    left_at: dict[int, float] = field(default_factory=dict)
    first_left_at: dict[int, float] = field(default_factory=dict)
    surveys: int = 0
    sittings: int = 0
    worked: dict[tuple[CrewId, int], float] = field(default_factory=lambda: defaultdict(float))
    talked: dict[tuple[CrewId, int], int] = field(default_factory=lambda: defaultdict(int))
    late: list[dict[str, str]] = field(default_factory=list)
    by_crew: dict[CrewId, int] = field(default_factory=lambda: defaultdict(int))
    busy_until: datetime | None = None
    quarantined: int = 0
    barred: set[PromoterId] = field(default_factory=set)

    # ── a day ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def day(self, hands: list[Hand]) -> None:
        """Let the crews work until each one's end of the day."""
        self._ask_unheard_again()
        self.worked.clear()
        self.talked.clear()
        queue = [(hand.starts_at, i) for i, hand in enumerate(hands) if hand.size]
        heapq.heapify(queue)
        while queue:
            at, number = heapq.heappop(queue)
            hand = hands[number]
            self.office.now = at
            self._drop_expired()
            if hand.doing is not None:
                self._finish(hand, at)
            lasts = self._begin(hand, at) if at + _SHORTEST <= hand.ends_at else None
            if lasts is None:
                hand.idle.append((at, max(at, hand.ends_at)))
                continue
            heapq.heappush(queue, (at + lasts, number))
        self.places.update({hand.crew: hand.place for hand in hands})

    def _ask_unheard_again(self) -> None:
        """Let tests that did not reach the region until the evening be made again, where they would still decide something."""
        self.office.unheard_points.clear()
        for visit in self.visits.values():
            if visit.unheard:
                visit.unheard = visit.left = False
                visit.tests.pop()

    def pay_idle(self, hands: list[Hand], until: datetime | None) -> None:
        """Count the hours in which crews had nothing to do, up to the moment at which the campaign was over."""
        for hand in hands:
            for start, end in hand.idle:
                last = end if until is None else min(end, until)
                self.spent.idle += max(0.0, self._hours(last - start, hand))

    def _begin(self, hand: Hand, at: datetime) -> timedelta | None:
        """Begin what the crew does next and return how long it takes; None where its day is over."""
        before = timedelta(0)
        for _again in range(50):
            visit = hand.visit
            if visit is None or self._is_over(visit):
                street = self.policy.choose(self.office, hand.crew, hand.place, self.visits)
                if street is None:
                    return self._wait(hand, at)
                hand.visit = visit = self._visit(hand.crew, street)
                before += self.go(hand, street)
                if at + before + _SHORTEST > hand.ends_at:
                    self.spent.walking += self._hours(before, hand)
                    return before
            step = self.policy.step(self.office, visit)
            if isinstance(step, Leave):
                self._leave(visit, step)
                hand.visit = None
                continue
            return self._start(hand, visit, step, at, before)
        raise AssertionError(f"the policy {self.policy.name} goes round in circles")

    def _start(self, hand: Hand, visit: Visit, step: Push | Ask, at: datetime, before: timedelta) -> timedelta:
        self.spent.walking += self._hours(before, hand)
        if hand.street != visit.street and isinstance(step, Push):
            hand.street = self.office.stands[hand.crew] = visit.street
            setup = timedelta(minutes=self.conditions.setup_minutes)
            self.spent.setup += self._hours(setup, hand)
            before += setup
        if isinstance(step, Ask):
            hand.doing = sitting = self._ask(hand, visit, step, at + before)
            self.spent.asking += self._hours(sitting.lasts, hand)
            hand.ends_at = max(hand.ends_at, at + before + sitting.lasts)  # a test that was begun is finished
            return before + sitting.lasts
        room = max(0.0, (hand.ends_at - at - before) / timedelta(hours=1)) * hand.size
        hours = min(step.hours, room)
        hand.doing = Push(hours)
        return before + timedelta(hours=hours / hand.size)

    def _finish(self, hand: Hand, at: datetime) -> None:
        doing, visit = hand.doing, hand.visit
        hand.doing = None
        assert visit is not None  # something is done on a street only
        self.busy_until = at
        if isinstance(doing, Push):
            self._push(hand, visit, doing.hours, at)
        elif isinstance(doing, Sitting):
            self._hand_in(visit, doing)

    def _wait(self, hand: Hand, at: datetime) -> timedelta:
        waits = min(_WAIT, hand.ends_at - at)
        hand.idle.append((at, at + waits))
        return waits

    # ── what crews do ───────────────────────────────────────────────────────────────────────────────────────────────

    def _push(self, hand: Hand, visit: Visit, hours: float, at: datetime) -> None:
        if hours <= 0:
            return
        street, office = visit.street, self.office
        lasts = hours / hand.size
        hour = self._hour(at - timedelta(hours=lasts))
        worth = self.world.rate(street, hour, lasts)
        needed = min(hours * worth, self.world.missing_hours(street, office.rules.target_share))
        self.world.push(street, hours, hour=hour, lasts=lasts)
        self.spent.wrong_hours += hours * (1.0 - worth)
        self.spent.pushing += needed
        self.spent.over_pushing += hours * worth - needed
        visit.useful += needed
        visit.pushed += hours
        visit.since_test += hours
        self.worked[hand.crew, street] += hours
        contacts = self.world.contacts(street, hours)
        self.talked[hand.crew, street] += contacts
        office.note_push(street, hours, contacts)

    def _ask(self, hand: Hand, visit: Visit, step: Ask, at: datetime) -> Sitting:
        """Ask until the card on the phone decides."""
        office, rules = self.office, self.office.rules
        triangle = int(office.map.triangle[visit.street]) if step.at_point else -1
        card = find_rule(office.rule_of_next_test(visit.street, at_point=step.at_point))
        office.tested.setdefault(-1 - triangle if step.at_point else visit.street, []).append(at)
        answers: list[bool] = []
        rows: list[dict[str, str]] = []
        self.sittings += 1
        name, gap = f"m{self.sittings}", timedelta(minutes=rules.survey_minutes / hand.size)
        phase = "after" if any(street == visit.street for _, street in self.worked) else "before"
        place: dict[str, str] = {"street": office.map.streets[visit.street]}
        if step.at_point:
            place = {"triangle": self.world.town.triangles[triangle]}
        knew: dict[int, tuple[int, int]] = {}
        askers, said = hand.askers or hand.promoters, Verdict.ASK_MORE
        while said is Verdict.ASK_MORE:
            promoter = askers[len(rows) % len(askers)]
            answer, home = self._answer(promoter, visit.street, triangle)
            at += gap
            rows.append({
                "survey_id": f"{name}-{len(rows)}", "asked_at": format_moment(at), "promoter": promoter, "measurement": name,
                "answer": "refused" if answer is None else "knows" if answer else "does_not_know", "phase": phase,
                "cluster": "ABCDEFGH"[len(rows) // (_BY_CORNER * hand.size) % 8],
                "home_street": office.map.streets[home] if step.at_point else "", **place,
            })  # fmt: skip
            if answer is not None:
                answers.append(answer)
                knows, asked = knew.get(home, (0, 0))
                knew[home] = (knows + answer, asked + 1)
                said = card.decide(answers).verdict
        self.surveys += len(rows)
        return Sitting(name, triangle, rows, said, knew, len(rows) * gap)

    def _answer(self, promoter: PromoterId, street: int, triangle: int) -> tuple[bool | None, int]:
        """Return what the next passer-by says, None for a refusal, and the street where they live."""
        if self.conditions.refused > 0 and self.rng.random() < self.conditions.refused:
            return None, street
        home, knows = self.world.ask_point(triangle, 1)[0] if triangle >= 0 else (street, self.world.ask(street, 1)[0])
        if promoter in self.made_up:
            knows = bool(self.rng.random() < self.conditions.fabricated_share)
        return knows, home

    def _hand_in(self, visit: Visit, sitting: Sitting) -> None:
        """Let the answers reach the region: at once, in the evening, or never; the crew goes by its phone meanwhile."""
        for home, counts in sitting.knew.items():
            self.office.outlook(home).ask(*counts)
        visit.since_test = 0.0
        fate, said = self.rng.random(), sitting.said
        visit.unheard = fate < self.conditions.lost_sync + self.conditions.late_sync
        if visit.unheard and sitting.triangle >= 0:
            self.office.unheard_points.add(sitting.triangle)
        if fate < self.conditions.lost_sync:
            pass
        elif fate < self.conditions.lost_sync + self.conditions.late_sync:
            self.late += sitting.rows
        else:
            self.office.record(sitting.rows)
            made = self.office.decide().made
            said = next((one.verdict for one in made if one.measurement == sitting.name), Verdict.PUSH_ON)
            self.note_closed()
        visit.tests.append(said)
        if sitting.triangle >= 0 and said is not Verdict.MOVE_ON:  # its streets need more
            self.office.refused.add(sitting.triangle)
            for street in np.flatnonzero(self.office.map.triangle == sitting.triangle).tolist():
                self.office.ready.discard(street)
                other = self.visits.get(street)
                if other is not None:
                    other.left, other.goal = False, None

    def note_closed(self) -> None:
        """Note how many truly knew on the streets that have just been closed."""
        for street in self.office.closed_now:
            self._note_left(street)
            if street in self.visits and street not in self.office.claims:
                self.by_crew[self.visits[street].crew] += 1
        self.office.closed_now.clear()

    def _note_left(self, street: int) -> None:
        self.left_at[street] = float(self.world.awareness[street])
        self.first_left_at.setdefault(street, self.left_at[street])

    def _leave(self, visit: Visit, step: Leave) -> None:
        visit.left = True
        if visit.street in self.office.claims:
            self._note_left(visit.street)
        if step.gives_up and visit.street in self.office.claims:
            self.office.withdraw(visit.street)
        if step.done and step.gives_up:
            self.office.given_up.add(visit.street)

    # ── small things ────────────────────────────────────────────────────────────────────────────────────────────────

    def _visit(self, crew: CrewId, street: int) -> Visit:
        known = self.visits.get(street)
        claim = self.office.claims[street]
        if known is None or known.crew != crew or known.claim != claim.id:
            known = self.visits[street] = Visit(crew, street, claim.id)
        return known

    def _is_over(self, visit: Visit) -> bool:
        claim = self.office.claims.get(visit.street)
        return visit.left or claim is None or claim.id != visit.claim

    def _drop_expired(self) -> None:
        for street, claim in self.office.expire():
            visit = self.visits.get(street)
            if visit is not None and visit.claim == claim.id:
                short = self.world.awareness[street] < self.office.rules.target_share
                if short:
                    self.spent.pushing -= visit.useful
                    self.spent.forfeited += visit.useful

    def go(self, hand: Hand, street: int) -> timedelta:
        """Let the crew walk to a street and return how long it takes."""
        town = self.office.map
        metres = DETOUR * float(np.hypot(town.x[street] - hand.place[0], town.y[street] - hand.place[1]))
        hand.place = (float(town.x[street]), float(town.y[street]))
        return timedelta(hours=metres / 1000.0 / self.office.rules.walk_speed_km_h)

    def _hour(self, at: datetime) -> float:
        return (at.hour + at.minute / 60.0 + self.zone_hours) % 24.0

    @staticmethod
    def _hours(span: timedelta, hand: Hand) -> float:
        return span / timedelta(hours=1) * hand.size
