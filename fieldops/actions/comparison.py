"""Plans as a lead reads them: listed, opened crew by crew, and compared with another plan or with the claims in force."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fieldops.actions.desk import street_labels
from fieldops.ids import CrewId, PlanId, StreetId
from fieldops.people import Actor
from fieldops.permissions import require
from fieldops.planning.reasons import unpack
from fieldops.planning.terms import RANGES as RANGES
from fieldops.planning.terms import WhatIf
from fieldops.said import Reason
from fieldops.store import plans as store
from fieldops.store.claims import claims_in_force
from fieldops.store.connect import Region
from fieldops.store.desk import read_present
from fieldops.store.frame import street_bytes
from fieldops.store.people import read_crews
from fieldops.store.plans import StoredAssignment, StoredPlan

NOTHING, KEPT, ADDED, MOVED, DROPPED = range(5)  # what becomes of a street, as the map colours it
IN_FORCE = "claims"  # the name under which the claims in force stand in for a plan


@dataclass(frozen=True, slots=True)
class CrewShare:
    """What a plan gives one crew: streets, promoter-hours, streets expected to finish, and each with its reason."""

    id: CrewId
    name: str
    streets: tuple[StoredAssignment, ...]

    @property
    def hours(self) -> float:
        """Return the promoter-hours."""
        return sum(one.hours for one in self.streets)

    @property
    def finished(self) -> float:
        """Return the streets expected to move on within the plan."""
        return sum(one.finish_probability for one in self.streets)


@dataclass(frozen=True, slots=True)
class OpenedPlan:
    """A plan with its crews, the names of its streets, and how many streets are left out for each sort of reason."""

    plan: StoredPlan
    crews: tuple[CrewShare, ...]
    labels: dict[StreetId, str]


@dataclass(frozen=True, slots=True)
class Changed:
    """A street that two plans treat differently: who had it, who gets it; None for nobody."""

    street: StreetId
    label: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """
    What a plan changes against another one, or against the claims in force: streets kept, and every one that changes.

    `figures` are those of the other plan and of this one by name; empty against the claims.
    """

    figures: dict[str, tuple[float, float]]
    kept: int
    added: tuple[Changed, ...]
    dropped: tuple[Changed, ...]
    moved: tuple[Changed, ...]


@dataclass(frozen=True, slots=True)
class PricedMove:
    """
    What it would cost to move a street to a crew (None: nobody); streets are (id, name), each in one of the three.

    The crew gives up `given_up` for it, other crews take `handed_over` from it, and `taken_up` are given to somebody anew.
    """

    crew: str | None
    crew_name: str | None
    possible: bool
    cost: float
    hours: float
    given_up: tuple[tuple[StreetId, str], ...]
    handed_over: tuple[tuple[StreetId, str], ...]
    taken_up: tuple[tuple[StreetId, str], ...]
    reason: Reason


def list_plans(region: Region, actor: Actor) -> list[StoredPlan]:
    """Return all plans, newest first. Permission: desk.read."""
    require(actor, "desk.read")
    return store.list_plans(region.reader())


def open_plan(region: Region, actor: Actor, plan: PlanId) -> OpenedPlan:
    """
    Return a plan crew by crew.

    Raises
    ------
    Forbidden
        If the actor may not read the desk.
    NotFound
        If there is no such plan.
    """
    require(actor, "desk.read")
    found = store.read_plan(region.reader(), plan)
    names = {crew.id: crew.name for crew in read_crews(region.reader()).values()}
    shares: dict[CrewId, list[StoredAssignment]] = defaultdict(list)
    for one in found.assignments:
        shares[one.crew].append(one)
    crews = tuple(CrewShare(crew, names.get(crew, crew), tuple(given)) for crew, given in sorted(shares.items()))
    labels = street_labels(region, actor, [one.street for one in found.assignments])
    return OpenedPlan(found, crews, labels)


def compare_plans(region: Region, actor: Actor, plan: PlanId, other: str) -> Comparison:
    """
    Return what `plan` changes against the plan `other`, or against the claims in force where that is `IN_FORCE`.

    Raises
    ------
    Forbidden
        If the actor may not read the desk.
    NotFound
        If there is no such plan.
    """
    require(actor, "desk.read")
    connection = region.reader()
    this = store.read_plan(connection, plan)
    after = {one.street: one.crew for one in this.assignments}
    figures: dict[str, tuple[float, float]] = {}
    if other == IN_FORCE:
        before = {one.street: one.crew for one in claims_in_force(connection, read_present(connection))}
    else:
        against = store.read_plan(connection, PlanId(other))
        before = {one.street: one.crew for one in against.assignments}
        figures = {
            name: (one, two)
            for (name, one), two in zip(figures_of(against).items(), figures_of(this).values(), strict=True)
        }
    names = {crew.id: crew.name for crew in read_crews(connection).values()}
    labels = street_labels(region, actor, {*before, *after})
    changed = [
        Changed(street, labels.get(street, street), _name(names, before.get(street)), _name(names, after.get(street)))
        for street in sorted({*before, *after}, key=lambda street: labels.get(street, street))
        if before.get(street) != after.get(street)
    ]
    return Comparison(
        figures=figures,
        kept=sum(before.get(street) == crew for street, crew in after.items()),
        added=tuple(one for one in changed if one.before is None),
        dropped=tuple(one for one in changed if one.after is None),
        moved=tuple(one for one in changed if one.before is not None and one.after is not None),
    )


def figures_of(plan: StoredPlan) -> dict[str, float]:
    """Return what two plans are compared by; hours are promoter-hours, `finished` the streets expected to move on."""
    new = [one for one in plan.assignments if not one.pinned]
    return {
        "value": plan.objective, "bound": plan.bound, "gap": plan.gap, "streets": len(new),
        "kept_claims": len(plan.assignments) - len(new), "crews": len({one.crew for one in new}),
        "hours": sum(one.hours for one in new), "hours_kept": plan.figures.get("hours_kept", 0.0),
        "hours_at_hand": plan.figures["hours_at_hand"], "finished": sum(one.finish_probability for one in new), "gini": plan.figures.get("gini", 0.0),
        "seconds": plan.seconds,
    }  # fmt: skip


def read_figures(region: Region, actor: Actor, plans: list[PlanId]) -> dict[PlanId, dict[str, float]]:
    """Return what plans are compared by (see `figures_of`), by id. Permission: desk.read."""
    require(actor, "desk.read")
    return {plan: figures_of(store.read_plan(region.reader(), plan)) for plan in plans}


def check_assumptions(assumed: Mapping[str, float]) -> None:
    """
    Let the assumptions of a what-if pass.

    Raises
    ------
    BadInput
        If one is outside its range.
    """
    WhatIf(**assumed)  # type: ignore[arg-type]  # names are the caller's, numbers are checked


def name_prices(region: Region, actor: Actor, prices: list[dict[str, Any]]) -> tuple[PricedMove, ...]:
    """Return the prices that a job of kind `move` found, with names, the possible and cheap ones first."""
    require(actor, "desk.read")
    crews = {crew.id: crew.name for crew in read_crews(region.reader()).values()}

    def streets(ids: Sequence[StreetId], *, among: Sequence[StreetId], there: bool) -> tuple[tuple[StreetId, str], ...]:
        return tuple(street_labels(region, actor, [one for one in ids if (one in among) is there]).items())

    named = [
        PricedMove(
            one["crew"], crews.get(one["crew"], one["crew"]) if one["crew"] else None, one["possible"], one["cost"],
            one["hours"], streets(given, among=taken, there=False), streets(given, among=taken, there=True),
            streets(taken, among=given, there=False), unpack(one["because"], one["reason"]),
        )
        for one in prices
        for given, taken in [(one["given_up"], one["taken_up"])]
    ]  # fmt: skip
    return tuple(sorted(named, key=lambda one: (not one.possible, one.crew is None, one.cost, one.hours)))


def paint_changes(region: Region, actor: Actor, plan: PlanId, other: str) -> bytes:
    """
    Return what a plan changes as the map colours it: a byte for each street key.

    0 nothing, 1 kept, 2 new, 3 goes to another crew, 4 nobody's any more. Permission: desk.read.
    """
    changes = compare_plans(region, actor, plan, other)
    kept = {one.street for one in store.read_plan(region.reader(), plan).assignments}
    paint: dict[StreetId, int] = dict.fromkeys(kept, KEPT)
    for sort, found in ((ADDED, changes.added), (MOVED, changes.moved), (DROPPED, changes.dropped)):
        paint |= {one.street: sort for one in found}
    return street_bytes(region.reader(), paint)


def _name(names: dict[CrewId, str], crew: CrewId | None) -> str | None:
    return names.get(crew, crew) if crew else None
