"""
What the operation knows and may do during a simulated campaign: the very acts of `fieldops.actions`, with `now` passed in.

The office never sees the truth. Everybody claims through the one door (rule 6); what it remembers of claims only repeats
what the region says, and is compared with it every night.
"""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np

from fieldops.actions.awareness import StreetAwareness, fit_awareness, street_awareness
from fieldops.actions.claims import end_claim, make_claim
from fieldops.actions.decisions import Decided, decide
from fieldops.actions.dispatch import next_street
from fieldops.actions.plans import make_plan, publish_plan
from fieldops.actions.surveys import Recorded, record_surveys
from fieldops.awareness import PushPrice, Response, Standing, Verdict, conversations_per_hour, hours_worth
from fieldops.claims import Claim, Outcome
from fieldops.errors import BadInput, Conflict, CrewCoolingDown, PlanNotPublishable
from fieldops.ids import ClaimId, CrewId, StreetId
from fieldops.people import Actor
from fieldops.rules import Rules
from fieldops.simulate.outlook import Outlook
from fieldops.simulate.town import FloatArray, IntArray, Town
from fieldops.store.connect import Region, read_rules
from fieldops.store.decisions import closed_streets
from fieldops.store.plans import StoredPlan
from fieldops.store.response import believed_fit
from fieldops.surveys import rule_of_try

DETOUR = 1.3  # a walk is so much longer than the line by air


@dataclass(frozen=True, slots=True, eq=False)
class Map:
    """What everybody sees of the town: streets with the people that the operation believes in, places, triangles."""

    streets: tuple[StreetId, ...]
    people: FloatArray
    x: FloatArray
    y: FloatArray
    triangle: IntArray
    neighbours: tuple[tuple[int, ...], ...]
    spill: tuple[tuple[tuple[int, float], ...], ...]

    @classmethod
    def of(cls, town: Town, people: FloatArray) -> "Map":
        """Return the map of a town, with the people as they stand in the region."""
        adjacency = town.spill
        near = tuple(
            tuple(adjacency.indices[adjacency.indptr[i] : adjacency.indptr[i + 1]].tolist())
            for i in range(len(town.streets))
        )
        columns = adjacency.tocsc()
        spill = tuple(
            tuple(
                zip(
                    columns.indices[columns.indptr[i] : columns.indptr[i + 1]].tolist(),
                    columns.data[columns.indptr[i] : columns.indptr[i + 1]].tolist(),
                    strict=True,
                )
            )
            for i in range(len(town.streets))
        )
        return cls(town.streets, people, town.x, town.y, town.triangle, near, spill)


@dataclass(frozen=True, slots=True)
class Planned:
    """The newest plan, and who held what when it was made."""

    plan: StoredPlan
    holders: dict[int, CrewId]


@dataclass(slots=True, eq=False)
class Office:
    """The operation in a campaign; see the module."""

    region: Region
    actor: Actor
    map: Map
    now: datetime
    claims: dict[int, Claim] = field(default_factory=dict)
    finished: set[int] = field(default_factory=set)
    given_up: set[int] = field(default_factory=set)
    ready: set[int] = field(default_factory=set)
    unheard_points: set[int] = field(default_factory=set)
    promised: dict[ClaimId, float] = field(default_factory=dict)
    hours_planned: dict[int, float] = field(default_factory=dict)
    waiting: dict[tuple[int, CrewId], datetime] = field(default_factory=dict)
    plans: int = 0
    planned: Planned | None = None
    contacts: int = 0
    counted_hours: float = 0.0
    unlawful: list[str] = field(default_factory=list)
    closed_now: list[int] = field(default_factory=list)
    touched: set[int] = field(default_factory=set)  # triangles in which somebody pushed, or asked on arrival
    arrivals: int = 0  # points that were tested before anybody had pushed around them
    refused: set[int] = field(default_factory=set)  # triangles whose point said push on, and nobody has pushed since
    apart: set[int] = field(default_factory=set)  # triangles whose streets are tested each by itself
    tested: dict[int, list[datetime]] = field(default_factory=dict)  # when tests began on a street, or at -1 - triangle
    stands: dict[CrewId, int] = field(default_factory=dict)  # where each crew has set itself up
    sizes: dict[CrewId, int] = field(default_factory=dict)  # promoters of each crew
    hours_a_day: float = 6.0  # that a promoter works
    ended: list[Claim] = field(default_factory=list)
    _index: dict[StreetId, int] = field(init=False, repr=False)
    _known: StreetAwareness | None = field(default=None, repr=False)
    _outlooks: dict[int, Outlook] = field(default_factory=dict, repr=False)
    _quiet_until: datetime | None = field(default=None, repr=False)
    _rules: Rules | None = field(default=None, repr=False)
    _response: Response | None = field(default=None, repr=False)
    _usual: float | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        """Number the streets."""
        self._index = {street: i for i, street in enumerate(self.map.streets)}

    @property
    def rules(self) -> Rules:
        """Return the settings in force."""
        if self._rules is None:
            self._rules = read_rules(self.region.reader())
        return self._rules

    @property
    def response(self) -> Response:
        """Return how the operation believes that streets answer effort: as estimates and plans do."""
        if self._response is None:
            self._response = believed_fit(self.region.reader(), self.now).response
        return self._response

    def fit(self) -> None:
        """Fit the response to the record; where nobody was asked nothing changes."""
        with suppress(BadInput):
            fit_awareness(self.region, self.actor, now=self.now)
        self.forget_estimate()

    # ── looking ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def held(self, crew: CrewId) -> list[int]:
        """Return the streets of the crew's claims in force."""
        return [street for street, claim in self.claims.items() if claim.crew == crew]

    def open_streets(self, crew: CrewId) -> IntArray:
        """Return the streets that the crew might be given: nobody's, not finished, not cooling down for it."""
        free = np.ones(len(self.map.streets), dtype=bool)
        free[list(self.claims)] = False
        free[list(self.finished)] = False
        free[list(self.given_up)] = False
        for (street, who), until in self.waiting.items():
            if who == crew and until > self.now:
                free[street] = False
        return np.flatnonzero(free)

    def triangle_is_ready(self, street: int) -> bool:
        """Return whether every street of the street's triangle is finished, given up, or waits for the point's test only."""
        if self.map.triangle[street] in self.unheard_points:
            return False
        mates = np.flatnonzero(self.map.triangle == self.map.triangle[street])
        return all(
            int(mate) in self.finished or int(mate) in self.given_up or int(mate) in self.ready for mate in mates
        )

    def mates(self, street: int) -> list[int]:
        """Return the streets of the street's triangle that have not moved on, and itself, by id."""
        of = int(self.map.triangle[street])
        near = np.flatnonzero(self.map.triangle == of).tolist() if of >= 0 else []
        return sorted({street, *(s for s in near if s not in self.finished)}, key=lambda s: self.map.streets[s])

    def rule_of_next_test(self, street: int, *, at_point: bool) -> str:
        """RULE 9: return the card of the next test of a street that is held, or of its connection point."""
        of, crew = int(self.map.triangle[street]), self.claims[street].crew
        near = [s for s in self.held(crew) if self.map.triangle[s] == of] if at_point else [street]
        since = min(self.claims[s].claimed_at for s in near)
        before = sum(begun >= since for begun in self.tested.get(-1 - of if at_point else street, ()))
        return rule_of_try(before + 1, self.rules)

    def metres(self, place: tuple[float, float], streets: IntArray) -> FloatArray:
        """Return about how far each street is from a place on foot."""
        return np.asarray(
            DETOUR * np.hypot(self.map.x[streets] - place[0], self.map.y[streets] - place[1]), dtype=np.float64
        )

    def known(self) -> StreetAwareness:
        """Return the estimate of every street as of this morning, in the order of the map."""
        if self._known is None:
            found = street_awareness(self.region, now=self.now)
            place = {street: i for i, street in enumerate(found.street)}
            self._known = found.take(np.array([place[s] for s in self.map.streets]))
        return self._known

    def outlook(self, street: int) -> Outlook:
        """Return what phones know of the street today."""
        if street not in self._outlooks:
            known = self.known()
            self._outlooks[street] = Outlook(
                float(known.alpha[street]),
                float(known.beta[street]),
                float(self.map.people[street]),
                (float(known.pace[street]), float(known.pace_deviation[street])),
            )
        return self._outlooks[street]

    def standing(self, street: int, *, counted: bool = True) -> Standing:
        """Return what is known of a street at this moment; without the conversations of today where not `counted`."""
        return self.outlook(street).now(self.response, self.usual_contacts() if counted else 0.0)

    def note_push(self, street: int, hours: float, contacts: int) -> None:
        """Note hours that a crew pushed and the conversations in them; the neighbours hear of it too."""
        self.contacts += contacts
        self.counted_hours += hours
        self.refused.discard(int(self.map.triangle[street]))
        self.touched.add(int(self.map.triangle[street]))
        self.outlook(street).push(hours, contacts)
        for near, weight in self.map.spill[street]:
            self.outlook(near).spill(self.response.sigma * weight * hours)

    def hours_worth(
        self, crew: CrewId, group: list[int], *, stands: int | None, refused: bool, counted: bool = True
    ) -> FloatArray:
        """Return the promoter-hours that each street of a group is worth now, pushed together by a crew that stands on one, or none."""
        rules, (spill, outside) = self.rules, self.spill_among(group)
        setup = self.sizes[crew] * rules.setup_minutes / 60.0
        return hours_worth(
            [self.standing(one, counted=counted) for one in group], self.response, target=rules.target_share,
            price=PushPrice(rules.push_hour_price, rules.left_short_weight, setup), spill=spill, outside=outside,
            stands=group.index(stands) if stands in group else -1, refused=refused,
        )  # fmt: skip

    def spill_among(self, group: list[int]) -> tuple[FloatArray, FloatArray]:
        """
        Return what an hour on each street gives to the others of the group, and to open streets outside it.

        Shapes (n, n) and (n,); hours on street j of the group give `[i, j]` hours to street i.
        """
        place = {street: k for k, street in enumerate(group)}
        among, outside = np.zeros((len(group), len(group))), np.zeros(len(group))
        for street, k in place.items():
            for near, weight in self.map.spill[street]:
                if near in place:
                    among[place[near], k] = self.response.sigma * weight
                elif near not in self.finished:
                    outside[k] += self.response.sigma * weight
        return among, outside

    def next_street(self, crew: CrewId, start: int | None) -> int | None:
        """Return the street that dispatch tells the crew at once; None where nothing free fits."""
        told = next_street(
            self.region, self.actor, crew, start=None if start is None else self.map.streets[start], now=self.now
        )
        street = None if told.street is None or told.held else self._index[told.street]
        return None if street in self.given_up else street

    def usual_contacts(self) -> float:
        """Return how many conversations an hour gives on a typical street, by all that were counted until this morning."""
        if self._usual is None:
            self._usual = conversations_per_hour(self.contacts, self.counted_hours, self.response)
        return self._usual

    def forget_estimate(self) -> None:
        """Let the estimate be made anew when it is next asked for."""
        self._known = self._response = self._usual = None
        self._outlooks.clear()

    # ── acting ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def grant(self, crew: CrewId, street: int) -> bool:
        """Claim the street for the crew through the door; return whether it was given."""
        try:
            claim = make_claim(self.region, self.actor, street=self.map.streets[street], crew=crew, now=self.now)
        except CrewCoolingDown as refusal:
            self.waiting[street, crew] = refusal.until
            return False
        except Conflict:
            return False
        self.claims[street] = claim
        return True

    def withdraw(self, street: int) -> None:
        """Give the claim on a street up."""
        claim = self.claims.pop(street)
        ended = end_claim(self.region, self.actor, claim.id, outcome=Outcome.WITHDRAWN, why="enough_done", now=self.now)
        self.ended.append(ended)

    def take_over(self, street: int, crew: CrewId) -> bool:
        """Let the lead revoke the claim on a street (rule 3: no cool-down) and give the street to another crew."""
        held = self.claims.pop(street)
        why = "another_crew_is_free"
        ended = end_claim(self.region, self.actor, held.id, outcome=Outcome.REVOKED, why=why, now=self.now)
        self.ended.append(ended)
        return self.grant(crew, street)

    def plan(self, *, seed: int) -> StoredPlan:
        """Plan the next seven days and publish: the claims are made, but for those that the door refuses."""
        made = make_plan(
            self.region, self.actor, start=self.now, time_limit=60.0, seed=seed, workers=1, now=self.now,
            progress=_first_answer,
        )  # fmt: skip
        self.plans += 1
        self.planned = Planned(made, {street: claim.crew for street, claim in self.claims.items()})
        for one in made.assignments:
            if not one.pinned:
                self.hours_planned[self._index[one.street]] = one.hours
        chance = {one.street: one.finish_probability for one in made.assignments}
        try:
            published = publish_plan(self.region, self.actor, made.id, best_effort=True, now=self.now)
        except PlanNotPublishable as empty:
            if made.assignments and any(not one.pinned for one in made.assignments):
                self.unlawful.append(str(empty))
            return made
        for claim in published.granted:
            self.claims[self._index[claim.street]] = claim
            self.promised[claim.id] = chance[claim.street]
        return made

    def record(self, rows: Iterable[dict[str, str]]) -> Recorded:
        """Take surveys in."""
        return record_surveys(self.region, self.actor, enumerate(rows, start=2), now=self.now)

    def decide(self) -> Decided:
        """Decide what can be decided; streets that closed are finished, and claims there have ended."""
        done = decide(self.region, self.actor, now=self.now)
        self.take(done)
        return done

    def take(self, done: Decided) -> None:
        """Remember what was decided; a test that says push on may have opened streets again (rule 8)."""
        if done.withdrawn or any(one.verdict is Verdict.PUSH_ON for one in done.made):
            closed = {self._index[street] for street in closed_streets(self.region.reader(), self.now)}
            self.ready -= self.finished - closed
            self.finished &= closed
        for name in done.closed:
            street = self._index[name]
            self.finished.add(street)
            self.closed_now.append(street)
            claim = self.claims.get(street)
            if claim is not None and claim.holds_at(self.now):
                self.ended.append(claim)
                del self.claims[street]

    def reopen(self) -> None:
        """Remember which streets are closed now: a quarantine may have opened some again (rule 13)."""
        closed = {self._index[street] for street in closed_streets(self.region.reader(), self.now)}
        self.ready -= self.finished - closed
        self.finished = closed
        self.forget_estimate()

    def expire(self) -> list[tuple[int, Claim]]:
        """Forget the claims that the clock has ended, and return them."""
        if self._quiet_until is not None and self.now < self._quiet_until:
            return []
        over = [(street, claim) for street, claim in self.claims.items() if not claim.holds_at(self.now)]
        for street, _ in over:
            del self.claims[street]
        # Claims made later end later: nothing ends before the soonest of today's.
        self._quiet_until = min((claim.ends_at for claim in self.claims.values()), default=None)
        return over


def _first_answer(stage: str, share: float, **figures: float) -> bool:
    """Stop the solver at its first whole answer: where it stands then does not depend on the clock."""
    del share, figures
    return stage != "assign"
