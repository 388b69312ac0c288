"""Our policy: the plan gives the streets, the model gives the hours, the card says when to go."""

from dataclasses import dataclass

import numpy as np

from fieldops.awareness import Verdict, hours_at_probability, probability_at_least
from fieldops.ids import CrewId
from fieldops.rules import Rules
from fieldops.simulate.office import Office
from fieldops.simulate.visit import Ask, Leave, Outlook, Push, Step, Visit

_LEAST_PUSH = 0.25  # promoter-hours: less is not worth the set-up


@dataclass(frozen=True, slots=True)
class Ours:
    """
    Plan every few days, push what the model asks for, test, and go.

    Parameters
    ----------
    safety
        Probability that the street is truly at the target when its hours are done.
    arrival
        Test on arrival where the street is at the target already with at least this probability; 0 always, above 1 never.
    exits
        `own` (each street's own test) or `point` (one test at the connection point when all its streets are done).
    replan_days
        Days from plan to plan.
    tests
        Tests of a street under one claim before it is left to others; those after the third are by the audit card (rule 9).
    """

    name: str
    safety: float = 0.8
    arrival: float = 0.2
    exits: str = "own"
    replan_days: int = 7
    tests: int = 9

    def settings(self, rules: Rules) -> Rules:
        """Return the region's defaults."""
        return rules

    def morning(self, office: Office, day: int) -> None:
        """Plan on the first day and every few days after."""
        if day % self.replan_days == 0:
            office.plan(seed=day + 1)

    def choose(self, office: Office, crew: CrewId, place: tuple[float, float], visits: dict[int, Visit]) -> int | None:
        """Return the nearest of the crew's own streets, those begun first; without any the best free one near."""
        mine = np.array([s for s in office.held(crew) if self._is_work(office, s, visits.get(s))], dtype=np.int64)
        if len(mine):
            begun = np.array([s in visits and visits[s].crew == crew and visits[s].pushed > 0 for s in mine])
            metres = office.metres(place, mine) - 1e6 * begun
            chosen = int(mine[np.argmin(metres)])
            if chosen in visits:
                visits[chosen].left = False
            return chosen
        free = office.open_streets(crew)
        if not len(free):
            return None
        known, people = office.known(), office.map.people[free]
        told = people * np.maximum(0.01, office.rules.target_share - known.share[free])
        metres = office.metres(place, free)
        hours = told / office.response.rho + metres / 1000.0 / office.rules.walk_speed_km_h * 4.0 + 1.0
        ranked = free[np.argsort(-told / hours, kind="stable")]
        return next((int(street) for street in ranked[:5] if office.grant(crew, int(street))), None)

    @staticmethod
    def _is_work(office: Office, street: int, visit: Visit | None) -> bool:
        """Return whether the crew has something to do on a street that it holds."""
        if street in office.ready:
            return office.triangle_is_ready(street)
        return visit is None or not visit.left

    def step(self, office: Office, visit: Visit, outlook: Outlook) -> Step:
        """Ask on arrival where it may be there already; push the goal; test; after the last test leave it."""
        if visit.tests and visit.tests[-1] is Verdict.MOVE_ON:
            return Leave(done=True)
        if visit.street in office.ready:
            return Ask(at_point=True) if office.triangle_is_ready(visit.street) else Leave()
        small = office.map.people[visit.street] < office.rules.small_street_people
        alpha, beta, people = outlook.now(office.response)
        target = office.rules.target_share
        if visit.goal is None:
            chance = float(probability_at_least(np.array([alpha]), np.array([beta]), target)[0])
            if not small and not visit.tests and visit.pushed == 0 and chance >= self.arrival:
                return Ask()
            if len(visit.tests) >= self.tests:
                return Leave()
            wanted = hours_at_probability(
                [alpha], [beta], [people], office.response, target=target, probability=self.safety
            )
            visit.goal = visit.since_test + max(_LEAST_PUSH, float(wanted[0]))
        if visit.since_test < visit.goal - 1e-6:
            return Push(visit.goal - visit.since_test)
        if small or self.exits == "point":
            return self._at_point(office, visit)
        visit.goal = None
        return Ask()

    def _at_point(self, office: Office, visit: Visit) -> Step:
        """Let the point decide once all streets of the triangle are done; before that, go on."""
        office.ready.add(visit.street)
        return Ask(at_point=True) if office.triangle_is_ready(visit.street) else Leave()
