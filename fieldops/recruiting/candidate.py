"""One candidate as the region file knows them: no name, no number."""

from dataclasses import dataclass
from datetime import datetime

from fieldops.ids import CandidateId, RepId
from fieldops.recruiting.sources import Group, Source
from fieldops.recruiting.stages import LEFT, SELLERS, Stage


@dataclass(frozen=True, slots=True)
class Candidate:
    """
    A candidate or seller. Incomes are yuan a month; `due_at` is when to call, None where no call is planned.

    `number` is the same in both files of the region. `merged_into` names the candidate that stands for this one;
    `confirmed_at` is when a call showed that the number is theirs.
    """

    number: int
    id: CandidateId
    stage: Stage
    stage_since: datetime
    reached: Stage
    reason: str
    group: Group | None
    wanted_low: int | None
    wanted_high: int | None
    income_reached: int | None
    language: str
    base: str | None
    source: Source
    made_at: datetime
    rep: RepId | None
    due_at: datetime | None
    confirmed_at: datetime | None
    merged_into: CandidateId | None
    erased_at: datetime | None

    @property
    def counts(self) -> bool:
        """Return whether this row stands for a person that can be talked with."""
        return self.merged_into is None and self.erased_at is None

    @property
    def is_seller(self) -> bool:
        """Return whether a rep has this one in care (rule 18)."""
        return self.stage in SELLERS and self.counts

    @property
    def has_left(self) -> bool:
        """Return whether the candidate is lost or dormant."""
        return self.stage in LEFT


@dataclass(frozen=True, slots=True)
class SignUp:
    """One sign-up as it is recorded: `again` where the person was a candidate already."""

    id: str
    candidate: CandidateId
    again: bool
    source: Source
    group: Group | None
    consent: str
    made_at: datetime
