"""What became of candidates and sellers; ids and facts only, so that a person can be erased and the record stays whole."""

from dataclasses import dataclass
from datetime import datetime

from fieldops.events.event import Event
from fieldops.ids import CandidateId, CrewId, PosterCode, RepId, StreetId, TrainingId, VenueId


@dataclass(frozen=True, slots=True, kw_only=True)
class SignUpsRecorded(Event):
    """Sign-ups were appended, `again` of them by people who are candidates already; digest as of surveys."""

    count: int
    again: int
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidateMoved(Event):
    """A candidate went from one stage to another (rule 16); `why` is the reason code of lost and dormant."""

    candidate: CandidateId
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidatesMoved(Event):
    """A file said where its candidates stand: one move each, appended with a digest."""

    count: int
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidateDescribed(Event):
    """Group, income band, income reached, language and base of a candidate were set; None where unknown."""

    candidate: CandidateId
    group: str
    wanted_low: int | None
    wanted_high: int | None
    income_reached: int | None
    language: str
    base: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallMade(Event):
    """Somebody called a candidate; `outcome` is a code, `due_at` when to call again."""

    candidate: CandidateId
    outcome: str
    due_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallPlanned(Event):
    """A call is due, or no longer (None)."""

    candidate: CandidateId
    due_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteAdded(Event):
    """A note was written about a candidate; its words lie sealed in the private file."""

    candidate: CandidateId
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RepAssigned(Event):
    """A rep looks after a candidate from now on, None where nobody does; `why` a code, `override` a lead's reason."""

    candidate: CandidateId
    rep: RepId | None
    override: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RepLeft(Event):
    """A rep is there until `at`; `handed_over` candidates went to others, `waiting` have nobody yet."""

    rep: RepId
    handed_over: int
    waiting: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidatesMerged(Event):
    """Two candidates are one person: `merged` counts no longer, `kept` stands for both."""

    kept: CandidateId
    merged: CandidateId


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeUndone(Event):
    """They were two after all."""

    kept: CandidateId
    merged: CandidateId


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneRevealed(Event):
    """Somebody looked at a phone number in full."""

    candidate: CandidateId


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonCorrected(Event):
    """A name or a number was wrong and was put right; a new number is not confirmed yet."""

    candidate: CandidateId
    number_changed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonExported(Event):
    """All that is stored about a person was given out to them."""

    candidate: CandidateId


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonErased(Event):
    """Name, number, notes and search words of a person were destroyed; the figures keep a nameless row."""

    candidate: CandidateId


@dataclass(frozen=True, slots=True, kw_only=True)
class PosterMade(Event):
    """A QR poster got its code."""

    poster: PosterCode
    street: StreetId | None
    venue: VenueId | None
    crew: CrewId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PosterClosed(Event):
    """Nobody can sign up by this poster any more."""

    poster: PosterCode


@dataclass(frozen=True, slots=True, kw_only=True)
class TextsChanged(Event):
    """Words of the region changed: `text` says which (consent, poster, steps), `version` follows from them."""

    text: str
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StepDone(Event):
    """A seller did a step of the checklist, or had not after all."""

    candidate: CandidateId
    step: str
    done: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingMade(Event):
    """A training was set up at a base, or cancelled."""

    training: TrainingId
    starts_at: datetime
    capacity: int
    cancelled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingBooked(Event):
    """A candidate has a place, or gave it back."""

    training: TrainingId
    candidate: CandidateId
    booked: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingAttended(Event):
    """A candidate came to a training, or did not."""

    training: TrainingId
    candidate: CandidateId
    came: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class WindDownSet(Event):
    """A stage of the region's end got its date, or was carried out (`done`)."""

    stage: str
    due_at: datetime
    done: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionRun(Event):
    """People whose time was over were erased, and positions of phones whose time was over."""

    erased: int
    held_dropped: int
    positions: int = 0
