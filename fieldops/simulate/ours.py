"""Our policy: the plan gives the streets, the model gives the hours, the card says when to go."""

from dataclasses import dataclass, replace
from itertools import islice

import numpy as np

from fieldops.awareness import Verdict
from fieldops.ids import CrewId
from fieldops.rules import Rules
from fieldops.simulate.office import Office
from fieldops.simulate.town import IntArray
from fieldops.simulate.visit import Ask, Leave, Outlook, Push, Standing, Step, Visit

_TRIES = 5  # streets that a crew asks the door for before it waits
_LAST_BLOCK = 1.0  # promoter-hours that are pushed in one go
_SPARE = 2  # streets not begun from which on a crew gives one to a crew without work
_LEAST_PUSH = 0.25  # promoter-hours: less is not worth the set-up


@dataclass(frozen=True, slots=True)
class Ours:
    """
    Plan every few days, push what the model asks for, test, and go.

    Parameters
    ----------
    safety
        Probability that a street is truly at the target when its hours are done, where `price` is 0.
    price, least
        Push while an hour raises that chance by more than this, at least until it is `least`; 0: to `safety` everywhere.
    arrival
        Test on arrival where the street is at the target already with at least this probability; 0 always, above 1 never.
    contacts, part
        Let the conversations counted tell how fast a street is, and look again when this part of its hours is done.
    enough
        A street that was pushed and is at the target with at least this probability is not pushed again before the next test.
    exits
        `own` (each street's own test) or `point` (one test at the connection point when all its streets are done).
    replan_days
        Days from plan to plan.
    fit_days
        Days from fit to fit of the response; 0 never.
    cap
        Claims that a crew may hold at once (rule 5).
    tests
        Tests of a street under one claim before it is left to others; those after the third are by the audit card (rule 9).
    """

    name: str
    safety: float = 0.81
    price: float = 0.09
    least: float = 0.62
    arrival: float = 0.2
    enough: float = 0.6
    contacts: bool = True
    part: float = 0.7
    exits: str = "point"
    replan_days: int = 7
    fit_days: int = 0
    cap: int = 40
    tests: int = 9

    def settings(self, rules: Rules) -> Rules:
        """Return the region's defaults, but for the cap."""
        return replace(rules, claims_per_crew=self.cap)

    def morning(self, office: Office, day: int) -> None:
        """Plan on the first day and every few days after."""
        if self.fit_days and day and day % self.fit_days == 0:
            office.fit()
        if day % self.replan_days == 0:
            office.plan(seed=day + 1)

    def choose(self, office: Office, crew: CrewId, place: tuple[float, float], visits: dict[int, Visit]) -> int | None:
        """Return the crew's next street: a triangle that it has begun comes before any other, then the nearest."""
        mine = np.array([s for s in office.held(crew) if self._is_work(office, s, visits.get(s))], dtype=np.int64)
        near = int(np.argmin(office.metres(place, np.arange(len(office.map.streets)))))
        if self.exits == "point":
            street = self._rest_of_triangle(office, crew, place, near, mine)
            if street is not None:
                return self._begin(street, visits)
        if len(mine):
            begun = np.array([s in visits and visits[s].crew == crew and visits[s].pushed > 0 for s in mine])
            metres = office.metres(place, mine) - 1e6 * begun
            return self._begin(int(mine[np.argmin(metres)]), visits)
        street = office.next_street(crew, near)
        if street is not None and self._is_work(office, street, None) and office.grant(crew, street):
            return street
        # What is believed at the target already is worth nothing to plan and dispatch: it needs a test.
        free = office.open_streets(crew)
        ranked = free[np.argsort(office.metres(place, free), kind="stable")]
        waiting = (int(s) for s in ranked if self._is_work(office, int(s), None))
        street = next((s for s in islice(waiting, _TRIES) if office.grant(crew, s)), None)
        return street if street is not None else self._help(office, crew, place, visits)

    def _help(self, office: Office, crew: CrewId, place: tuple[float, float], visits: dict[int, Visit]) -> int | None:
        """Return a street of the crew with most that it has not begun, taken over; None where nobody has two such streets."""
        unbegun: dict[CrewId, list[int]] = {}
        for street, claim in office.claims.items():
            visit = visits.get(street)
            fresh = visit is None or visit.claim != claim.id
            if claim.crew != crew and fresh and street not in office.ready:
                unbegun.setdefault(claim.crew, []).append(street)
        most = max(unbegun.values(), key=len, default=[])
        if len(most) < _SPARE:
            return None
        metres = office.metres(place, np.array(most))
        street = most[int(np.argmin(metres))]
        return street if office.take_over(street, crew) else None

    def _rest_of_triangle(
        self, office: Office, crew: CrewId, place: tuple[float, float], near: int, mine: IntArray
    ) -> int | None:
        """Return what is left to do in the triangle where the crew stands; a street that nobody holds is claimed."""
        of = office.map.triangle
        if of[near] < 0:
            return None
        held = np.array([s for s in mine if of[s] == of[near]], dtype=np.int64)
        if len(held):
            return int(held[np.argmin(office.metres(place, held))])
        if not any(of[s] == of[near] for s in office.held(crew)):
            return None
        free = [int(s) for s in office.open_streets(crew) if of[s] == of[near] and self._is_work(office, int(s), None)]
        return next((s for s in free if office.grant(crew, s)), None)

    @staticmethod
    def _begin(street: int, visits: dict[int, Visit]) -> int:
        if street in visits:
            visits[street].left = False
        return street

    @staticmethod
    def _is_work(office: Office, street: int, visit: Visit | None) -> bool:
        """Return whether the crew has something to do on a street that it holds."""
        if street in office.ready:
            return office.triangle_is_ready(street)
        return visit is None or not visit.left

    def step(self, office: Office, visit: Visit, outlook: Outlook) -> Step:
        """Ask on arrival where it may be there already; push the goal; test; after the last test leave it."""
        if visit.tests and visit.tests[-1] is Verdict.MOVE_ON:
            if visit.unheard:
                return Leave(done=True)
            # RULE 10: it is still open although the point said move on: its own last test had said push on.
            visit.own, visit.goal = True, None
            office.ready.discard(visit.street)
            return Ask()
        if visit.street in office.ready:
            return Ask(at_point=True) if office.triangle_is_ready(visit.street) else Leave()
        small = office.map.people[visit.street] < office.rules.small_street_people
        known = outlook.now(office.response, office.usual_contacts() if self.contacts else 0.0)
        target = office.rules.target_share
        if visit.goal is None:
            chance = known.chance(target)
            on_arrival = not visit.tests and visit.pushed == 0 and chance >= self.arrival
            if on_arrival and not small and self.exits == "own":
                return Ask()
            if len(visit.tests) >= self.tests:
                return Leave()
            enough = visit.pushed > 0 and not visit.own and chance >= self.enough
            hours = self._hours(office, known)
            visit.goal = visit.since_test + (0.0 if enough else max(_LEAST_PUSH, hours))
        if visit.since_test < visit.goal - 1e-6:
            return self._push(office, visit, known)
        if not visit.own and (small or self.exits == "point"):
            return self._at_point(office, visit)
        visit.goal = None
        return Ask()

    def _hours(self, office: Office, known: Standing) -> float:
        """Return the promoter-hours that the street is worth."""
        target = office.rules.target_share
        if self.price <= 0:
            return known.hours(office.response, target=target, probability=self.safety)
        return known.worthwhile_hours(office.response, target=target, price=self.price, least=self.least)

    def _push(self, office: Office, visit: Visit, known: Standing) -> Push:
        """Return the next block: the goal is looked at again when a part of it is done."""
        assert visit.goal is not None  # it has just been set
        if self.contacts and visit.since_test > 0:
            visit.goal = visit.since_test + self._hours(office, known)
        left = visit.goal - visit.since_test
        if not self.contacts or left <= _LAST_BLOCK:
            return Push(max(left, 0.01))
        return Push(max(left * self.part, _LEAST_PUSH))

    def _at_point(self, office: Office, visit: Visit) -> Step:
        """Let the point decide once all streets of the triangle are done; before that, go on."""
        office.ready.add(visit.street)
        return Ask(at_point=True) if office.triangle_is_ready(visit.street) else Leave()
