"""
The tree of refusals. Each carries facts as fields; doors map classes, and nobody parses the text.

FieldopsError
├── BadInput                 what was given cannot be used; names the place and the cure
│   └── RowsRefused          a file was refused as a whole because of its rows (`--strict`)
├── NotFound                 no such street, crew, plan ... in this region
├── Forbidden                this actor may not do that here
├── SignInRefused            login and password do not match, or the link is used up
├── TooManyTries             too many tries of late; wait
├── Conflict                 a rule of domain.md refuses
│   ├── StreetAlreadyClaimed     another crew holds it until a moment
│   ├── CrewCoolingDown          the crew forfeited it and must wait
│   ├── CrewAtCap                the crew holds as many claims as it may
│   ├── StreetReserved           kept for another crew's phone until the end of the day
│   ├── StreetClosed             saturated, closed by hand, or without permission to enter
│   ├── StreetInUse              a change of the map would pull a street from under its claim
│   ├── ClaimNotInForce          the claim has ended already
│   ├── PlanNotPublishable       the plan is unlawful or overtaken by events
│   ├── MoveNotAllowed           a candidate cannot go from this stage to that one
│   ├── RepAtCap                 the rep cares for as many sellers as may be
│   ├── ConsentMissing           no consent, or one to a text that this region never had
│   ├── TrainingFull             every place of the training is taken
│   ├── LastPlanner              nobody could let people in without this account
│   └── RegionWindingDown        the region closes, and this is no longer done
├── ClockRefused             the clock is behind the record, or a time was given where none may be
├── StorageFailed            the disk or the file refuses; nothing was written
├── RecordDamaged            the stored record contradicts itself
└── Stopped                  stopped by the user or the clock; the best result so far is kept
"""

from dataclasses import dataclass, fields
from datetime import datetime, timedelta

from fieldops.ids import ClaimId, CrewId, PlanId, RepId, StreetId, TrainingId


@dataclass(eq=False)
class FieldopsError(Exception):
    """Root of the tree; `str()` is one English sentence with the cure."""

    def __reduce__(self) -> tuple[type, tuple[object, ...]]:
        """Pickle by fields, so that a refusal crosses process borders whole."""
        return type(self), tuple(getattr(self, field.name) for field in fields(self))

    def facts(self) -> dict[str, object]:
        """Return the fields as a mapping, for JSON and for translated messages."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


@dataclass(eq=False)
class BadInput(FieldopsError):
    """What was given cannot be used."""

    problem: str
    cure: str = ""
    row: int | None = None
    field: str | None = None

    def __str__(self) -> str:
        """Name row and field, the problem and the cure."""
        place = "".join(
            [f"row {self.row}, " if self.row is not None else "", f"field {self.field}: " if self.field else ""]
        )
        return f"{place}{self.problem}" + (f"; {self.cure}" if self.cure else "")


@dataclass(eq=False)
class RowsRefused(BadInput):
    """A file was refused as a whole because some of its rows cannot be used."""

    rejected: tuple[dict[str, object], ...] = ()


@dataclass(eq=False)
class NotFound(FieldopsError):
    """No such thing in this region."""

    noun: str
    name: str
    cure: str = ""

    def __str__(self) -> str:
        """Name the noun and what was asked for."""
        return f"no {self.noun} '{self.name}' here" + (f"; {self.cure}" if self.cure else "")


@dataclass(eq=False)
class Forbidden(FieldopsError):
    """The actor may not do that here."""

    actor: str
    permission: str
    reason: str

    def __str__(self) -> str:
        """Name actor, permission and reason."""
        return f"{self.actor} may not {self.permission}: {self.reason}"


@dataclass(eq=False)
class SignInRefused(FieldopsError):
    """Nobody could be signed in; `reason` is password or link, and no more is told."""

    reason: str

    def __str__(self) -> str:
        """Name what did not work, and the cure."""
        if self.reason == "link":
            return "the link is used up or has ended; ask for a new one"
        return "login and password do not belong together; try again, or ask a lead for a link that signs you in"


@dataclass(eq=False)
class TooManyTries(FieldopsError):
    """Too many tries of late; the next counts after `wait`."""

    wait: timedelta

    def __str__(self) -> str:
        """Name the cure."""
        return f"too many tries of late; wait {max(1, round(self.wait.total_seconds() / 60))} minutes, then try again"


@dataclass(eq=False)
class Conflict(FieldopsError):
    """A rule of domain.md refuses."""


def _named(id: str, name: str) -> str:  # noqa: A002  # the domain's word
    return f"{name} ({id})" if name and name != id else id


def _local(moment: datetime) -> str:
    """Return the moment in its own zone, rounded up to the second, so that what it promises holds."""
    if moment.microsecond:
        moment = moment.replace(microsecond=0) + timedelta(seconds=1)
    return moment.isoformat(" ")


@dataclass(eq=False)
class StreetAlreadyClaimed(Conflict):
    """Another crew (or the crew itself) holds the street until `held_until`, given in the zone of the city."""

    street: StreetId
    holder: CrewId
    held_until: datetime
    street_label: str = ""
    holder_name: str = ""

    def __str__(self) -> str:
        """Name holder, end and cure."""
        street, holder = _named(self.street, self.street_label), _named(self.holder, self.holder_name)
        cure = "claim it from that moment on, see `fieldops next`, or let a lead revoke the claim with a reason"
        return f"street {street} is claimed by crew {holder} until {_local(self.held_until)}; {cure}"


@dataclass(eq=False)
class StreetReserved(Conflict):
    """The street is kept for the phone of another crew until `kept_until`, in the zone of the city (rule 6)."""

    street: StreetId
    crew: CrewId
    kept_until: datetime
    street_label: str = ""
    crew_name: str = ""

    def __str__(self) -> str:
        """Name crew, end and cure."""
        street, crew = _named(self.street, self.street_label), _named(self.crew, self.crew_name)
        cure = "claim it from that moment on, or give the list back with `fieldops next --release`"
        return f"street {street} is kept for the phone of crew {crew} until {_local(self.kept_until)}; {cure}"


@dataclass(eq=False)
class CrewCoolingDown(Conflict):
    """The crew forfeited the street and may not claim it again before `until`, in the zone of the city (rule 4)."""

    street: StreetId
    crew: CrewId
    until: datetime
    street_label: str = ""
    crew_name: str = ""

    def __str__(self) -> str:
        """Name crew, end and cure."""
        return (
            f"crew {_named(self.crew, self.crew_name)} forfeited street {_named(self.street, self.street_label)} and "
            f"may claim it again from {_local(self.until)}; another crew may claim it now, or a lead lifts the "
            "cool-down with `fieldops claims override` and a reason"
        )


@dataclass(eq=False)
class CrewAtCap(Conflict):
    """The crew holds as many claims as it may (rule 5)."""

    crew: CrewId
    holds: int
    cap: int
    crew_name: str = ""

    def __str__(self) -> str:
        """Name crew, count and cure."""
        crew, cure = _named(self.crew, self.crew_name), "finish or withdraw from a street first"
        return f"crew {crew} holds {self.holds} claims and may hold {self.cap}; {cure}"


@dataclass(eq=False)
class StreetClosed(Conflict):
    """The street cannot be claimed now: `reason` is saturated, closed or no_permission."""

    street: StreetId
    reason: str

    def __str__(self) -> str:
        """Name street, reason and cure."""
        cure = {
            "saturated": "it opens again when a fresh decisive test says push on, or its forecast falls below the target",
            "closed": "a planner opens it again with `fieldops streets open`",
            "no_permission": "entry was refused; once it is granted, record it with `fieldops streets permit`",
        }.get(self.reason, "")
        return f"street {self.street} cannot be claimed: {self.reason.replace('_', ' ')}" + (
            f"; {cure}" if cure else ""
        )


@dataclass(eq=False)
class StreetInUse(Conflict):
    """A change of the map would pull `street` from under the claim of `holder`; `others` more are in the same place."""

    street: StreetId
    holder: CrewId
    held_until: datetime
    others: int = 0

    def __str__(self) -> str:
        """Name street, holder, end and cure."""
        more = f" (and {self.others} more claimed streets)" if self.others else ""
        return (
            f"street {self.street} would be lost while crew {self.holder} holds it until {self.held_until.isoformat()}"
            f"{more}; wait for that moment, or revoke the claim with a reason"
        )


@dataclass(eq=False)
class ClaimNotInForce(Conflict):
    """The claim has ended already, as `outcome`, at `ended_at`."""

    claim: ClaimId
    outcome: str
    ended_at: datetime

    def __str__(self) -> str:
        """Name claim, outcome and moment."""
        return (
            f"claim {self.claim} ended as {self.outcome} at {_local(self.ended_at)}; nothing is left to end, "
            "see `fieldops claims list`"
        )


@dataclass(eq=False)
class LastPlanner(Conflict):
    """The account is the last planner's: without it nobody could let people in."""

    login: str

    def __str__(self) -> str:
        """Name login and cure."""
        return f"{self.login} is the last planner; add another planner first"


@dataclass(eq=False)
class PlanNotPublishable(Conflict):
    """The plan is unlawful, published already, or overtaken by events; `violations` says what."""

    plan: PlanId
    violations: tuple[str, ...]

    def __str__(self) -> str:
        """Name plan, first violation and cure."""
        more = f" (and {len(self.violations) - 1} more)" if len(self.violations) > 1 else ""
        first = self.violations[0] if self.violations else "unlawful"
        return f"plan {self.plan} cannot be published: {first}{more}; make a new plan with `fieldops plan`"


@dataclass(eq=False)
class MoveNotAllowed(Conflict):
    """A candidate cannot go from `before` to `after` (rule 16)."""

    before: str
    after: str
    allowed: tuple[str, ...]

    def __str__(self) -> str:
        """Name both stages and where the candidate may go."""
        return (
            f"a candidate cannot go from {self.before} to {self.after}; from there they go to {', '.join(self.allowed)}"
        )


@dataclass(eq=False)
class RepAtCap(Conflict):
    """The rep cares for as many sellers as may be (rule 18)."""

    rep: RepId
    cares: int
    cap: int

    def __str__(self) -> str:
        """Name rep, count and cure."""
        return (
            f"rep {self.rep} cares for {self.cares} sellers and may care for {self.cap}; choose another rep, or let a "
            "lead allow it with a reason"
        )


@dataclass(eq=False)
class ConsentMissing(Conflict):
    """No consent was given, or to a text that this region never had (rule 19); nothing was stored."""

    version: str

    def __str__(self) -> str:
        """Name what was given and the cure."""
        given = f"consent to the text '{self.version}', which this region never had" if self.version else "no consent"
        return f"{given}: nothing was stored; show the present text and ask again"


@dataclass(eq=False)
class TrainingFull(Conflict):
    """Every place of the training is taken."""

    training: TrainingId
    capacity: int

    def __str__(self) -> str:
        """Name training, capacity and cure."""
        return f"training {self.training} has {self.capacity} places and all are taken; choose another one"


@dataclass(eq=False)
class RegionWindingDown(Conflict):
    """The region closes: `what` is no longer done since `since`."""

    what: str
    since: datetime

    def __str__(self) -> str:
        """Name what ended and when."""
        return (
            f"the region is winding down: no {self.what} since {_local(self.since)}; see `fieldops recruit wind-down`"
        )


@dataclass(eq=False)
class ClockRefused(FieldopsError):
    """A write was refused because of its time (rule 2)."""

    problem: str
    cure: str

    def __str__(self) -> str:
        """Name problem and cure."""
        return f"{self.problem}; {self.cure}"


@dataclass(eq=False)
class StorageFailed(FieldopsError):
    """The disk or the database file refuses; nothing was written."""

    problem: str
    cure: str

    def __str__(self) -> str:
        """Name problem and cure."""
        return f"{self.problem}; {self.cure}"


@dataclass(eq=False)
class RecordDamaged(FieldopsError):
    """The stored record contradicts itself."""

    problem: str
    cure: str = "restore the latest backup with `fieldops restore` and compare with `fieldops claims verify`"

    def __str__(self) -> str:
        """Name problem and cure."""
        return f"{self.problem}; {self.cure}"


@dataclass(eq=False)
class Stopped(FieldopsError):
    """Stopped by the user or the clock; `kept` says what was kept."""

    kept: str = "nothing was changed"

    def __str__(self) -> str:
        """Say what was kept."""
        return f"stopped: {self.kept}"
