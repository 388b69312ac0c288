"""Our policy: the plan gives the streets, the model gives the hours, the card says when to go."""

from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import islice

import numpy as np

from fieldops.awareness import Verdict, find_rule
from fieldops.errors import BadInput
from fieldops.ids import CrewId
from fieldops.rules import Rules
from fieldops.simulate.office import Office
from fieldops.simulate.town import FloatArray
from fieldops.simulate.visit import Ask, Leave, Push, Step, Visit

_TRIES = 5  # streets that a crew asks the door for before it waits
_LAST_BLOCK = 1.0  # promoter-hours that are pushed in one go
_LEAST_PUSH = 0.25  # promoter-hours, whatever is left


@dataclass(frozen=True, slots=True)
class Ours:
    """
    Plan every few days, push the streets of a triangle together, test its point, and go.

    Parameters
    ----------
    price, short, setup
        The settings push_hour_price, left_short_weight and setup_minutes; 0: the region's.
    scouts
        Points that are tested before the first push around them: what nobody pushed tells how the city stands.
    arrival
        With `exits=own`: test on arrival where the street is at the target already with at least this probability.
    contacts, part
        Let the conversations counted tell how fast a street is, and look again when this part of its hours is done.
    exits
        `own` (each street's own test) or `point` (one test at the connection point when all its streets are done).
    replan_days
        Days from plan to plan.
    fit_days
        Days from fit to fit of the response; 0 never.
    sentinels
        Finished streets that are asked again each day, so that fits learn how fast people forget.
    cap
        Claims that a crew may hold at once (rule 5).
    tests
        Tests of a street under one claim before it is left to others; those after the third are by the audit card (rule 9).
    rule, finish, cool_down
        Card of the tests, probability of finishing for which the plan gives hours, and days of cool-down; empty or 0: the region's.
    """

    name: str
    price: float = 0.0
    short: float = 0.0
    setup: float = 0.0
    scouts: int = 8
    arrival: float = 0.2
    contacts: bool = True
    part: float = 0.7
    exits: str = "point"
    replan_days: int = 7
    fit_days: int = 0
    sentinels: int = 0
    cap: int = 40
    tests: int = 9
    rule: str = ""
    finish: float = 0.0
    cool_down: float = 0.0

    def __post_init__(self) -> None:
        """Refuse what no crew can do."""
        lawful = {
            "part": 0 < self.part <= 1, "exits": self.exits in ("own", "point"),
            "replan_days": self.replan_days >= 1, "cap": self.cap >= 1, "tests": self.tests >= 1,
        }  # fmt: skip
        for name, fits in lawful.items():
            if not fits:
                cure = f"for example {name}={Ours.__dataclass_fields__[name].default}"
                raise BadInput(f"{name} cannot be {getattr(self, name)}", field="--policy", cure=cure)
        if self.rule:
            find_rule(self.rule)

    def settings(self, rules: Rules) -> Rules:
        """Return the region's defaults, but for what the policy changes."""
        return replace(
            rules, claims_per_crew=self.cap, push_hour_price=self.price or rules.push_hour_price,
            left_short_weight=self.short or rules.left_short_weight, setup_minutes=self.setup or rules.setup_minutes,
            move_on_rule=self.rule or rules.move_on_rule, sentinels_a_day=self.sentinels or rules.sentinels_a_day,
            finish_probability=self.finish or rules.finish_probability,
            cool_down=timedelta(days=self.cool_down) if self.cool_down else rules.cool_down,
        )  # fmt: skip

    def morning(self, office: Office, day: int) -> None:
        """Plan on the first day and every few days after."""
        if self.fit_days and day and day % self.fit_days == 0:
            office.fit()
        if day % self.replan_days == 0:
            office.plan(seed=day + 1)

    def choose(self, office: Office, crew: CrewId, place: tuple[float, float], visits: dict[int, Visit]) -> int | None:
        """Return the crew's next street: a triangle that it has begun comes before any other, then the nearest."""
        near = int(np.argmin(office.metres(place, np.arange(len(office.map.streets)))))
        if self.exits == "point" and int(office.map.triangle[near]) not in office.apart:
            street = self._rest_of_triangle(office, crew, place, near)
            if street is not None:
                return self._begin(street, visits)
        here = {s: v for s, v in visits.items() if s in office.claims and office.claims[s].id == v.claim}
        mine = [s for s in office.held(crew) if self._is_work(office, s, here.get(s))]
        begun = [s for s in mine if s in visits and visits[s].crew == crew and visits[s].pushed > 0]
        street = self._nearest(office, place, begun or mine)
        if street is not None:
            return self._begin(street, visits)
        street = office.next_street(crew, near)
        if street is not None and self._is_work(office, street, None) and office.grant(crew, street):
            return street
        # Where dispatch has nothing that fits, the nearest open street is begun: idle hours bring nothing.
        free = office.open_streets(crew)
        ranked = free[np.argsort(office.metres(place, free), kind="stable")]
        waiting = (int(s) for s in ranked if self._is_work(office, int(s), None))
        street = next((s for s in islice(waiting, _TRIES) if office.grant(crew, s)), None)
        return street if street is not None else self._help(office, crew, place)

    def _rest_of_triangle(self, office: Office, crew: CrewId, place: tuple[float, float], near: int) -> int | None:
        """
        Return what is left to do in the triangle where the crew stands: the street with most hours first, so that the others hear of it.

        Streets that are not worth a push of their own wait for the point's test.
        """
        group = [s for s in office.mates(near) if s not in office.finished]
        held = [s for s in group if s in office.claims and office.claims[s].crew == crew]
        if not held or office.map.triangle[near] < 0:
            return None
        todo = [s for s in group if s not in office.ready and s not in office.given_up]
        hours = dict(zip(group, self.worth(office, crew, group).tolist(), strict=True)) if todo else {}
        for neediest in sorted((s for s in todo if hours[s] > 0), key=lambda s: -hours[s]):
            if neediest in held or (neediest not in office.claims and office.grant(crew, neediest)):
                return neediest
        office.ready.update(s for s in todo if hours[s] <= 0)
        return self._nearest(office, place, held) if office.triangle_is_ready(near) else None

    def _help(self, office: Office, crew: CrewId, place: tuple[float, float]) -> int | None:
        """Return a street of the crew with most, handed over by it: one that is worth a push and where it does not stand now."""
        of_crew: dict[CrewId, list[int]] = {}
        for street, claim in office.claims.items():
            if claim.crew != crew and street not in office.ready:
                of_crew.setdefault(claim.crew, []).append(street)
        most = max(of_crew.values(), key=len, default=[])
        spare = [s for s in most if office.stands.get(office.claims[s].crew) != s] if len(most) > 1 else []
        taken = self._nearest(office, place, [s for s in spare if self._hours(office, crew, s) > 0])
        return taken if taken is not None and office.take_over(taken, crew) else None

    @staticmethod
    def _nearest(office: Office, place: tuple[float, float], streets: list[int]) -> int | None:
        return streets[int(np.argmin(office.metres(place, np.array(streets))))] if streets else None

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

    def step(self, office: Office, visit: Visit) -> Step:
        """Push while it is worth it, then let the point decide when its streets are done, or the street's own test."""
        street = visit.street
        if visit.tests and visit.tests[-1] is Verdict.MOVE_ON:
            if visit.unheard:
                return Leave(done=True)
            # RULE 10: it is still open although the point said move on: its own last test had said push on.
            visit.own = True
            office.ready.discard(street)
            return Ask()
        if len(visit.tests) >= self.tests:
            return Leave(done=True, gives_up=True)
        if street in office.ready:
            return Ask(at_point=True) if office.triangle_is_ready(street) else Leave()
        if visit.own or not self._goes_by_point(office, street):
            return self._by_own_test(office, visit)
        triangle = int(office.map.triangle[street])
        if office.arrivals < self.scouts and triangle not in office.touched:
            office.arrivals += 1
            office.touched.add(triangle)
            return Ask(at_point=True)
        hours = self._hours(office, visit.crew, street)
        if hours > 0:
            return self._push(hours)
        if triangle in office.refused and self._is_stuck(office, visit.crew, street):
            office.apart.add(triangle)
            return self._by_own_test(office, visit)
        office.ready.add(street)
        return Ask(at_point=True) if office.triangle_is_ready(street) else Leave()

    def _is_stuck(self, office: Office, crew: CrewId, street: int) -> bool:
        """Return whether a point said push on, and no push around it is worth its price: one street keeps it from moving on."""
        return not self.worth(office, crew, office.mates(street)).any()

    def _by_own_test(self, office: Office, visit: Visit) -> Step:
        """Ask on arrival where it may be there already; push what the street alone is worth; test; give up where nothing is."""
        street, said_no = visit.street, visit.own and visit.since_test == 0
        untouched = not visit.tests and visit.pushed == 0
        known = office.standing(street, counted=self.contacts)
        if not (untouched and known.chance(office.rules.target_share) >= self.arrival):
            hours = float(self.worth(office, visit.crew, [street], refused=said_no)[0])
            if hours > 0:
                return self._push(hours)
            if said_no:  # asked again without a push it would say the same
                return Leave(done=True, gives_up=True)
        visit.own = True
        return Ask()

    def _push(self, hours: float) -> Push:
        """Return the next block: what is worth it is looked at again when a part of it is done."""
        return Push(hours if hours <= _LAST_BLOCK or not self.contacts else max(hours * self.part, _LEAST_PUSH))

    def _hours(self, office: Office, crew: CrewId, street: int) -> float:
        """Return the promoter-hours that the street is worth now."""
        group = [street] if not self._goes_by_point(office, street) else office.mates(street)
        return float(self.worth(office, crew, group)[group.index(street)])

    def worth(self, office: Office, crew: CrewId, group: list[int], *, refused: bool = False) -> FloatArray:
        """
        Return the promoter-hours that each street of a group is worth now, pushed together by the crew.

        Where a test has `refused` it, or its point the triangle, since the last push, an hour may cost more than it adds.
        """
        refused = refused or int(office.map.triangle[group[0]]) in office.refused
        return office.hours_worth(crew, group, stands=office.stands.get(crew), refused=refused, counted=self.contacts)

    def _goes_by_point(self, office: Office, street: int) -> bool:
        """Return whether the street's point decides: by policy, or because the street has no test of its own (rule 9)."""
        small = office.map.people[street] < office.rules.small_street_people
        by_point = self.exits == "point" and int(office.map.triangle[street]) not in office.apart
        return bool(office.map.triangle[street] >= 0 and (small or by_point))
