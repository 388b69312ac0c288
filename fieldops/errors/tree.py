"""The root of all refusals, and those of every noun but claims."""

from dataclasses import dataclass, fields
from datetime import timedelta

from fieldops.ids import PlanId, RepId, TrainingId
from fieldops.said import Reason, Said, template


@dataclass(eq=False)
class FieldopsError(Exception):
    """Root of the tree; `str()` is one English sentence with the cure."""

    def __reduce__(self) -> tuple[type, tuple[object, ...]]:
        """Pickle by fields, so that a refusal crosses process borders whole."""
        return type(self), tuple(getattr(self, field.name) for field in fields(self))

    def told(self) -> Reason:
        """Return what is refused and then the cure, as sentences that can be said in any language."""
        return Reason([str(self)])

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

    def told(self) -> Reason:
        """Return the problem, with its row, and the cure."""
        row = "" if self.row is None else Said("row %(row)s", row=self.row)
        return Reason([row, self.problem, self.cure])

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

    def told(self) -> Reason:
        """Return that there is none, and the cure."""
        return Reason([Said("there is no “%(name)s” here", name=self.name), self.cure])

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
    """Nobody could be signed in; `reason` is password, code or link, and no more is told."""

    reason: str

    def __str__(self) -> str:
        """Name what did not work, and the cure."""
        if self.reason == "link":
            return "the link is used up or has ended; ask for a new one"
        if self.reason == "code":
            return "that code does not count, or no longer; take the next one that your app shows"
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
class ClockRefused(FieldopsError):
    """A write was refused because of its time (rule 2)."""

    problem: str
    cure: str

    def told(self) -> Reason:
        """Return problem and cure."""
        return Reason([self.problem, self.cure])

    def __str__(self) -> str:
        """Name problem and cure."""
        return f"{self.problem}; {self.cure}"


@dataclass(eq=False)
class StorageFailed(FieldopsError):
    """The disk or the database file refuses; nothing was written."""

    problem: str
    cure: str

    def told(self) -> Reason:
        """Return problem and cure."""
        return Reason([self.problem, self.cure])

    def __str__(self) -> str:
        """Name problem and cure."""
        return f"{self.problem}; {self.cure}"


@dataclass(eq=False)
class RecordDamaged(FieldopsError):
    """The stored record contradicts itself."""

    problem: str
    cure: str = template("restore the latest backup with `fieldops restore` and compare with `fieldops claims verify`")

    def told(self) -> Reason:
        """Return problem and cure."""
        return Reason([self.problem, self.cure])

    def __str__(self) -> str:
        """Name problem and cure."""
        return f"{self.problem}; {self.cure}"


@dataclass(eq=False)
class StepsFailed(FieldopsError):
    """Some steps of a work failed, each for itself; the others are done. `steps` says which, and why."""

    steps: tuple[Said, ...]

    def told(self) -> Reason:
        """Return what failed."""
        return Reason(self.steps)

    def __str__(self) -> str:
        """Name what failed."""
        return str(self.told())


@dataclass(eq=False)
class Stopped(FieldopsError):
    """Stopped by the user or the clock; `kept` says what was kept."""

    kept: str = template("nothing was changed")

    def told(self) -> Reason:
        """Say what was kept."""
        return Reason([Said("stopped"), self.kept])

    def __str__(self) -> str:
        """Say what was kept."""
        return f"stopped: {self.kept}"
