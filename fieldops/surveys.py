"""
Surveys and the measurements that they form: what a row may say, what counts, and what is kept but does not count.

A survey is one passer-by asked once. Surveys of one place within two hours are one measurement, the unit of a test.
`tally` reduces a measurement to what every later figure needs: the counted answers in the order in which they were given.
"""

import hashlib
import unicodedata
from collections import Counter, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum

from fieldops.errors import BadInput
from fieldops.ids import CrewId, MeasurementId, PromoterId, StreetId, SurveyId, TriangleId, VenueId
from fieldops.intake import holds_number, read_choice, read_id, read_moment, read_number, read_position
from fieldops.rules import Rules
from fieldops.said import Said

CLOCK_OFFSET_MAX = timedelta(minutes=10)  # a phone's clock may run ahead by so much
DEVICE_OFFSET_MAX = timedelta(days=36_525)  # a phone whose clock is not set begins in 1970 or 2000
FARTHEST_M = 20_037_508.0  # half way round the earth: no position is less accurate
LONGEST_CORNER = 16
DEVICE_OFF_MAX = timedelta(days=366)  # what a phone's clock says is of no use beyond
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
TOLD = "told"  # no answer: somebody on a small street whom the crew told itself, counted as a head that knows

COLUMNS_NEEDED = ("survey_id", "asked_at", "answer", "promoter")
COLUMNS_KNOWN = (
    *COLUMNS_NEEDED, "lon", "lat", "street", "triangle", "measurement", "home_street", "cluster", "phase", "device_time",
    "accuracy_m", "back_check_of",
)  # fmt: skip


class Answer(StrEnum):
    """What the passer-by said."""

    KNOWS = "knows"
    DOES_NOT_KNOW = "does_not_know"
    REFUSED = "refused"


class Phase(StrEnum):
    """Whether the person was asked before or after the crew pitched there that day."""

    BEFORE = "before"
    AFTER = "after"
    UNKNOWN = "unknown"

    @property
    def of_measurement(self) -> str:
        """Return the name of a measurement of this phase: arrival, exit or unknown."""
        return {Phase.BEFORE: "arrival", Phase.AFTER: "exit"}.get(self, "unknown")


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """
    One passer-by asked.

    The place is a street, or the connection point of a triangle; both are None while only the position is known
    (degrees WGS-84). `home_street` is where the person lives, `cluster` the corner, `accuracy_m` that of the position.
    `back_check_of` names the measurement that this survey verifies.
    """

    id: SurveyId
    asked_at: datetime
    answer: Answer
    promoter: PromoterId
    street: StreetId | None = None
    triangle: TriangleId | None = None
    lon: float | None = None
    lat: float | None = None
    measurement: MeasurementId | None = None
    home_street: StreetId | None = None
    cluster: str = ""
    phase: Phase = Phase.UNKNOWN
    device_time: datetime | None = None
    accuracy_m: float | None = None
    back_check_of: MeasurementId | None = None


def read_survey(row: Mapping[str, str]) -> Survey:
    """
    Return the survey that a row of text describes; columns as in `COLUMNS_KNOWN`, absent ones empty.

    Raises
    ------
    BadInput
        If a value is missing or cannot be meant; `field` names it.
    """
    lon, lat = read_position(row)
    street, triangle = row.get("street", ""), row.get("triangle", "")
    if street and triangle:
        raise BadInput("both a street and a triangle are given", field="triangle", cure="leave one of them empty")
    if not street and not triangle and lon is None:
        raise BadInput("no place is given", field="street", cure="give a street, a triangle, or lon and lat")
    asked_at = read_moment(row, "asked_at")
    if asked_at < EARLIEST:
        raise BadInput("the time lies before the year 2000", field="asked_at", cure="set the phone's clock right")
    device_time = read_moment(row, "device_time") if row.get("device_time") else None
    if device_time is not None and abs(device_time - asked_at) > DEVICE_OFF_MAX:
        raise BadInput("the phone's clock was more than a year off", field="device_time", cure="leave it empty")
    return Survey(
        id=SurveyId(read_id(row, "survey_id")), asked_at=asked_at, answer=read_choice(Answer, row, "answer"),
        promoter=PromoterId(read_id(row, "promoter")), street=StreetId(street) if street else None,
        triangle=TriangleId(triangle) if triangle else None, lon=lon, lat=lat,
        measurement=MeasurementId(read_id(row, "measurement")) if row.get("measurement") else None,
        home_street=StreetId(row["home_street"]) if row.get("home_street") else None, cluster=read_corner(row),
        phase=read_choice(Phase, row, "phase") if row.get("phase") else Phase.UNKNOWN,
        device_time=device_time,
        accuracy_m=read_number(row, "accuracy_m", low=0.0, high=FARTHEST_M) if row.get("accuracy_m") else None,
        back_check_of=MeasurementId(row["back_check_of"]) if row.get("back_check_of") else None,
    )  # fmt: skip


def read_corner(row: Mapping[str, str]) -> str:
    """
    Return the corner at which a survey was asked, "" where none is stated.

    It lies in the record for ever, so that it has no room for a person's number (rule 20).

    Raises
    ------
    BadInput
        If it is longer than `LONGEST_CORNER`, holds control characters or more than 4 digits in a row.
    """
    corner = row.get("cluster", "").strip()
    if len(corner) > LONGEST_CORNER or not corner.isprintable() or holds_number(corner):
        raise BadInput(
            "is no corner", field="cluster",
            cure=Said("name it in at most %(longest_corner)s characters, such as A, with no number of more than 4 digits", longest_corner=LONGEST_CORNER),
        )  # fmt: skip
    return corner


# ── measurements ────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(slots=True)
class Sitting:
    """A measurement while surveys are sorted into it: it spans [`opened_at`, `last_at`], both inclusive."""

    id: MeasurementId
    opened_at: datetime
    last_at: datetime

    def takes(self, asked_at: datetime, window: timedelta) -> bool:
        """Return whether a survey of that moment leaves the measurement within `window`."""
        return max(self.last_at, asked_at) - min(self.opened_at, asked_at) <= window

    def stretch(self, asked_at: datetime) -> None:
        """Make the measurement span a survey of that moment."""
        self.opened_at, self.last_at = min(self.opened_at, asked_at), max(self.last_at, asked_at)


def name_measurement(place: str, phase: str, back_check_of: str, opened_at: datetime) -> MeasurementId:
    """Return the id of a measurement that nobody named: a digest of where, when and what for, so that it repeats."""
    text = "\x1f".join((place, phase, back_check_of, opened_at.isoformat()))
    return MeasurementId("m" + hashlib.sha256(text.encode()).hexdigest()[:24])


def number_of_try(opening: tuple[datetime, str], since: datetime, others: Iterable[tuple[datetime, str]]) -> int:
    """
    Return which test of its place a measurement is, counted from `since` (the claim's start), from 1.

    An opening is the moment of the first survey and the measurement's id: of tests begun at one moment the ids decide.
    """
    return 1 + sum(since <= other[0] and other < opening for other in others)


def rule_of_try(number: int, rules: Rules) -> str:
    """Return the name of the rule that tests a measurement of that number."""
    # RULE 9: at most 3 tests of a place per claim; the 4th and later need the audit rule
    return rules.move_on_rule if number <= rules.tests_per_claim else rules.audit_rule


@dataclass(frozen=True, slots=True)
class Asked:
    """What a tally needs to know of one survey; `home` is the street for which its answer is pooled, "" the place."""

    id: str
    asked_at: datetime
    answer: str
    promoter: str
    corner: str
    phase: str = Phase.UNKNOWN
    home: str = ""
    quarantined: bool = False

    @property
    def at_corner(self) -> str:
        """Return the corner as one word, however it was typed; "" where none was stated."""
        return " ".join(unicodedata.normalize("NFKC", self.corner).split()).casefold()


@dataclass(frozen=True, slots=True)
class Tally:
    """
    A measurement reduced to what counts.

    `answers` holds "1" (knows) and "0" in the order asked, counted answers only; the last survey of all was asked at
    `last_asked_at`. `spread_at` says with which counted answer, from 1, enough promoters or corners had asked (rule 9), None
    where that is still to come; `left_out` counts the others by reason, see `why_not_counted`. `homes` splits the counted answers by street: (knows, asked).
    """

    answers: str
    last_asked_at: datetime
    phase: Phase
    spread_at: int | None
    left_out: Mapping[str, int]
    homes: Mapping[str, tuple[int, int]]


def phase_of(surveys: Iterable[Asked]) -> Phase:
    """Return the phase of a measurement: that of its first survey which states one."""
    return next((Phase(one.phase) for one in surveys if one.phase != Phase.UNKNOWN), Phase.UNKNOWN)


def why_not_counted(surveys: Sequence[Asked], rules: Rules) -> list[str]:
    """
    Return for each survey of a measurement why it does not count, "" where it counts.

    The reasons: quarantined; refused; other_phase (asked after pitching in a measurement begun before it, or the other
    way round); crowded (more than five of a promoter at a corner in 20 minutes).

    Parameters
    ----------
    surveys
        Of one measurement, in the order asked.
    rules
        Settings of the region.
    """
    recent: dict[tuple[str, str], deque[datetime]] = {}
    phase = phase_of(surveys)
    reasons: list[str] = []
    for survey in surveys:
        if survey.quarantined:  # RULE 13
            reasons.append("quarantined")
            continue
        if survey.answer == TOLD:
            reasons.append("")
            continue
        if survey.answer == Answer.REFUSED:
            reasons.append("refused")
            continue
        if Phase.UNKNOWN not in (survey.phase, phase) and survey.phase != phase:
            reasons.append("other_phase")
            continue
        # RULE 9: at most 5 surveys per promoter, corner and 20 minutes; a companion's answer is no second answer
        cluster = recent.setdefault((survey.promoter, survey.at_corner), deque())
        while cluster and survey.asked_at - cluster[0] >= rules.cluster_window:
            cluster.popleft()
        if len(cluster) >= rules.surveys_per_cluster:
            reasons.append("crowded")
            continue
        cluster.append(survey.asked_at)
        reasons.append("")
    return reasons


def tally(surveys: Sequence[Asked], rules: Rules) -> Tally:
    """Return the tally of the surveys of one measurement, at least one of them asked, in the order asked or told."""
    reasons = why_not_counted(surveys, rules)
    counted = [survey for survey, reason in zip(surveys, reasons, strict=True) if not reason]
    homes: dict[str, tuple[int, int]] = {}
    for survey in counted:
        if survey.answer != TOLD:  # who was told is no sample of the street: estimates have the effort instead
            knows, asked = homes.get(survey.home, (0, 0))
            homes[survey.home] = (knows + (survey.answer == Answer.KNOWS), asked + 1)
    return Tally(
        answers=answers_of(counted),
        last_asked_at=max(survey.asked_at for survey in surveys if survey.answer != TOLD), phase=phase_of(surveys),
        spread_at=spread_at(counted, rules),
        left_out=Counter(reason for reason in reasons if reason), homes=homes,
    )  # fmt: skip


def spread_at(counted: Iterable[Asked], rules: Rules) -> int | None:
    """Return with which of the surveys that count, from 1, enough promoters or corners had asked; None: not yet."""
    promoters, corners = set(), {""}  # RULE 9: an unstated corner is none
    for number, survey in enumerate(counted, start=1):
        promoters.add(survey.promoter)
        corners.add(survey.at_corner)
        if len(promoters) >= rules.least_promoters or len(corners) > rules.least_clusters:
            return number
    return None


def those_that_count(surveys: Sequence[Asked], rules: Rules) -> list[Asked]:
    """Return the surveys of a measurement that count, in the order asked; see `why_not_counted`."""
    reasons = why_not_counted(surveys, rules)
    return [survey for survey, reason in zip(surveys, reasons, strict=True) if not reason]


def answers_of(counted: Iterable[Asked]) -> str:
    """Return answers as a tally has them: "1" for one who knows, was told included, "0" for one who does not."""
    return "".join("1" if survey.answer in (Answer.KNOWS, TOLD) else "0" for survey in counted)


def digest_of(counted: Iterable[Asked]) -> str:
    """Return the SHA-256 over the ids and answers of surveys, in order: what a decision rests on."""
    content = "\n".join(f"{survey.id}\t{survey.answer}" for survey in counted)
    return hashlib.sha256(content.encode()).hexdigest()


# ── effort ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Effort:
    """Promoter-hours that a crew worked on a street on a day, at one of its venues where given; `contacts` if counted."""

    day: date
    crew: CrewId
    street: StreetId
    venue: VenueId | None
    promoter_hours: float
    contacts: int | None

    @property
    def id(self) -> str:
        """Return what identifies it: day, crew and place; a second row of the same is a correction."""
        text = "\x1f".join((self.day.isoformat(), self.crew, self.street, self.venue or ""))
        return "e" + hashlib.sha256(text.encode()).hexdigest()[:24]
