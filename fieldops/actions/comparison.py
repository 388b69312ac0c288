"""Plans as a lead reads them: listed, opened crew by crew, and compared with another plan or with the claims in force."""

from collections import defaultdict
from dataclasses import dataclass

from fieldops.actions.desk import street_labels
from fieldops.ids import CrewId, PlanId, StreetId
from fieldops.people import Actor
from fieldops.permissions import require
from fieldops.store import plans as store
from fieldops.store.claims import claims_in_force
from fieldops.store.connect import Region
from fieldops.store.desk import read_present
from fieldops.store.people import read_crews
from fieldops.store.plans import StoredAssignment, StoredPlan

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
    """What a plan changes against another one, or against the claims in force: streets kept, and every one that changes."""

    kept: int
    added: tuple[Changed, ...]
    dropped: tuple[Changed, ...]
    moved: tuple[Changed, ...]


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
    after = {one.street: one.crew for one in store.read_plan(connection, plan).assignments}
    if other == IN_FORCE:
        before = {one.street: one.crew for one in claims_in_force(connection, read_present(connection))}
    else:
        before = {one.street: one.crew for one in store.read_plan(connection, PlanId(other)).assignments}
    names = {crew.id: crew.name for crew in read_crews(connection).values()}
    labels = street_labels(region, actor, {*before, *after})
    changed = [
        Changed(street, labels.get(street, street), _name(names, before.get(street)), _name(names, after.get(street)))
        for street in sorted({*before, *after}, key=lambda street: labels.get(street, street))
        if before.get(street) != after.get(street)
    ]
    return Comparison(
        kept=sum(before.get(street) == crew for street, crew in after.items()),
        added=tuple(one for one in changed if one.before is None),
        dropped=tuple(one for one in changed if one.after is None),
        moved=tuple(one for one in changed if one.before is not None and one.after is not None),
    )


def _name(names: dict[CrewId, str], crew: CrewId | None) -> str | None:
    return names.get(crew, crew) if crew else None
