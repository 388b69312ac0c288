"""Surveys come in, from files and phones, through one door; what counts of a measurement, and why the rest does not."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache, partial
from itertools import islice
from zoneinfo import ZoneInfo

from fieldops.actions.datum import rows_in_wgs84
from fieldops.actions.intake import Row
from fieldops.clock import local_day
from fieldops.errors import BadInput, NotFound
from fieldops.events import SurveysRecorded
from fieldops.ids import CrewId, DeviceId, MeasurementId, PromoterId
from fieldops.intake import Intake, Refusals, check_width
from fieldops.people import Actor
from fieldops.permissions import require, why
from fieldops.progress import Progress, no_progress
from fieldops.said import Said
from fieldops.store import places, positions, quarantine, tallies
from fieldops.store.connect import Region, Turn, read_rules
from fieldops.store.people import find_promoter
from fieldops.store.surveys import Appended, Staging, append_surveys, has_survey
from fieldops.surveys import CLOCK_OFFSET_MAX, Asked, Survey, read_survey, why_not_counted

OUTSIDE_CITY_M = 5_000.0  # a given position farther than that from every street is no slip of a phone
_BATCH = 5_000


@dataclass(frozen=True, slots=True)
class Recorded(Intake):
    """What became of a batch of surveys; `late` of the added ones were asked after the claim's end."""

    late: int = 0

    def to_json(self) -> dict[str, object]:
        """Return plain JSON values."""
        return {**Intake.to_json(self), "late": self.late}


def record_surveys(
    region: Region,
    actor: Actor,
    rows: Iterable[Row],
    *,
    strict: bool = False,
    unknown_promoters: bool = False,
    coordinates: str | None = "wgs84",
    now: datetime | None = None,
    device: DeviceId | None = None,
    progress: Progress = no_progress,
) -> Recorded:
    """
    Take in surveys, given as numbered rows of text with the columns of `fieldops.surveys.COLUMNS_KNOWN`.

    All of them in one write turn: whatever interrupts it, either the whole batch is stored or nothing. A survey that is
    stored already is unchanged, so that a batch may be sent again. Permission: survey.record, crews for their own
    promoters. Event: SurveysRecorded.

    Parameters
    ----------
    region, actor
        Where, and who hands the surveys in.
    rows
        Row numbers and values by column.
    strict
        Refuse the whole batch where a row cannot be used.
    unknown_promoters
        Take surveys of promoters whom the region does not know.
    coordinates
        What lon and lat are; None where nobody stated it: see `datum.rows_in_wgs84`.
    now, device
        The moment, in a sandbox only; the phone that sends.
    progress
        Told the share done; where it answers False nothing is stored.

    Returns
    -------
    Recorded
        Counts and refused rows.

    Raises
    ------
    Forbidden
        If the actor may not.
    BadInput
        If nobody stated the coordinates, and the places lie beside the streets.
    RowsRefused
        With `strict`, if any row cannot be used.
    Stopped
        If progress asked to stop.
    """
    require(actor, "survey.record")
    refusals = Refusals()
    with region.turn(actor, now=now, device=device) as turn:
        rows = rows_in_wgs84(turn.connection, rows, coordinates)
        done, _ = record_surveys_in_turn(turn, rows, refusals, unknown_promoters=unknown_promoters, progress=progress)
        if strict:
            refusals.refuse_any()
    return done


def record_surveys_in_turn(
    turn: Turn, rows: Iterable[Row], refusals: Refusals, *, unknown_promoters: bool = False, placed: bool = False,
    progress: Progress = no_progress,
) -> tuple[Recorded, Sequence[MeasurementId]]:  # fmt: skip
    """
    Take in surveys in an open turn; see `record_surveys`. The caller has asked for the permission.

    Parameters
    ----------
    turn, rows
        The open write turn; row numbers and values by column.
    refusals
        Is told of every row that cannot be used.
    unknown_promoters
        Take surveys of promoters whom the region does not know.
    placed
        The caller has compared positions with the places given: they are taken as they are.
    progress
        Told the share done.

    Returns
    -------
    tuple
        Counts and refused rows, and the measurements that the surveys were sorted into.
    """
    staging = Staging(turn)
    scene = _Scene(turn, unknown_promoters=unknown_promoters, placed=placed)
    staged: dict[str, int] = {"new": 0, "same": 0, "other": 0}
    remaining = iter(rows)
    while batch := list(islice(remaining, _BATCH)):
        read = scene.read(batch, refusals)
        positions.save_positions(turn.region, [one for _, _, survey, _ in read for one in _measured(survey)])
        for number, row, fine, given_place in read:
            survey = _on_the_grid(fine)
            found = staging.add(number, survey, scene.crew_of(survey.promoter), given_place=given_place)
            staged[found] += 1
            if found == "other":
                refusals.add(number, _reused(survey.id), row["survey_id"])
    identical, other = staging.drop_known()
    for number, name in other:
        refusals.add(number, _reused(name), name)

    def event(done: Appended) -> SurveysRecorded:
        return SurveysRecorded(at=turn.now, count=done.count, late=done.late, digest=done.digest)

    done = append_surveys(turn, staging, refusals.add, event=event, progress=progress)
    unchanged = identical + staged["same"]
    return Recorded(done.count, 0, unchanged, refusals.count, refusals.in_order(), late=done.late), done.touched


def _measured(survey: Survey) -> list[tuple[str, datetime, positions.Position]]:
    """Return the position of a survey where a phone measured it: it has an accuracy, that of a place has none."""
    if survey.lon is None or survey.lat is None or survey.accuracy_m is None:
        return []
    return [(survey.id, survey.asked_at, (survey.lon, survey.lat, survey.accuracy_m))]


def _on_the_grid(survey: Survey) -> Survey:
    if not _measured(survey):
        return survey
    return replace(survey, lon=positions.coarse(survey.lon), lat=positions.coarse(survey.lat), accuracy_m=None)


@dataclass(frozen=True, slots=True)
class Counted:
    """A survey as it stands in its measurement: whether it counts, else why not."""

    survey: Asked
    why_not: str


def explain_measurement(region: Region, actor: Actor, name: MeasurementId) -> list[Counted]:
    """
    Return the surveys of a measurement in the order asked, each with the reason where it does not count.

    On a small street the people who were told after it are among them, with the answer "told" (rule 9).

    Permission: region.read.

    Raises
    ------
    NotFound
        If there is no such measurement.
    """
    require(actor, "region.read")
    rules = read_rules(region.reader())
    asked = tallies.read_heads(region.reader(), [name], rules).get(name)
    if asked is None:
        raise NotFound("measurement", name, cure="list them with `fieldops surveys list`")
    reasons = why_not_counted(asked, rules)
    return [Counted(survey, reason) for survey, reason in zip(asked, reasons, strict=True)]


def _reused(name: str) -> BadInput:
    return BadInput(
        Said("survey %(name)s is recorded with other content", name=name), field="survey_id",
        cure="surveys are never changed: give a new survey an id of its own",
    )  # fmt: skip


class _Scene:
    """What a survey is checked against: places, promoters, quarantine, the moment."""

    def __init__(self, turn: Turn, *, unknown_promoters: bool, placed: bool) -> None:
        connection = turn.connection
        self._now = turn.now
        self._actor = turn.actor
        self._unknown_promoters = unknown_promoters
        self._placed = placed
        # Asked one by one and remembered: a phone sends a hundred surveys, a file a million.
        self._has_street = cache(partial(places.has_street, connection))
        self._has_triangle = cache(partial(places.has_triangle, connection))
        self._promoter = cache(partial(find_promoter, connection))
        self._is_stored = partial(has_survey, connection)
        self._quarantined: set[PromoterId] = quarantine.quarantined_promoters(connection)
        self._zone: ZoneInfo = places.read_zone(connection)
        self._finder = places.Finder(connection)

    def crew_of(self, promoter: PromoterId) -> CrewId | None:
        """Return the crew of a promoter, None where nobody knows them."""
        known = self._promoter(promoter)
        return known.crew if known else None

    def read(self, batch: list[Row], refusals: Refusals) -> list[tuple[int, Mapping[str, str], Survey, bool]]:
        """Return the rows that can be used as surveys with a place, and whether the place was given."""
        usable: list[tuple[int, Mapping[str, str], Survey]] = []
        for number, row in batch:
            try:
                check_width(row)
                survey = read_survey(row)
                self._check(survey)
            except BadInput as refusal:
                refusals.add(number, refusal, row.get(refusal.field or ""))
            else:
                usable.append((number, row, survey))
        return self._file(usable, refusals)

    def _check(self, survey: Survey) -> None:
        if survey.asked_at > self._now + CLOCK_OFFSET_MAX:
            raise BadInput("the survey lies in the future", field="asked_at", cure="set the phone's clock right")
        for field, street in (("street", survey.street), ("home_street", survey.home_street)):
            if street is not None and not self._has_street(street):
                raise BadInput(
                    Said("no street is called '%(street)s'", street=street),
                    field=field,
                    cure="see `fieldops streets list`",
                )
        if survey.triangle is not None and not self._has_triangle(survey.triangle):
            raise BadInput(
                Said("no triangle is called '%(triangle)s'", triangle=survey.triangle),
                field="triangle",
                cure="mend the id",
            )
        self._check_promoter(survey)

    def _check_promoter(self, survey: Survey) -> None:
        known = self._promoter(survey.promoter)
        # What is stored already is compared and counted as unchanged, so that a phone may send again.
        if survey.promoter in self._quarantined and not self._is_stored(survey.id):
            raise BadInput(
                Said("the surveys of %(promoter)s are in quarantine", promoter=survey.promoter), field="promoter",
                cure="look into it and lift the quarantine with `fieldops backcheck lift`",
            )  # fmt: skip
        if known is None:
            if self._unknown_promoters and self._actor.crew is None:
                return
            raise BadInput(
                Said("no promoter is called '%(promoter)s'", promoter=survey.promoter), field="promoter",
                cure="import promoters first, or take such surveys with --unknown-promoters",
            )  # fmt: skip
        day = local_day(survey.asked_at, self._zone)
        if (known.since and day < known.since) or (known.until and day >= known.until):
            raise BadInput(
                Said("%(promoter)s did not work on %(day)s", promoter=survey.promoter, day=day), field="promoter",
                cure="mend the promoter's days with `fieldops promoters import`",
            )  # fmt: skip
        reason = why(self._actor, "survey.record", crew=known.crew)
        if reason is not None:
            raise BadInput(reason, field="promoter", cure="hand in the surveys of your own crew only")

    def _file(
        self, usable: list[tuple[int, Mapping[str, str], Survey]], refusals: Refusals
    ) -> list[tuple[int, Mapping[str, str], Survey, bool]]:
        """File positions to the connection point or street they belong to, and refuse those outside the city."""
        at = [
            (one.lon, one.lat) for _, _, one in usable
            if one.lon is not None and one.lat is not None and not (self._placed and (one.street or one.triangle))
        ]  # fmt: skip
        found = iter(self._finder.find([lon for lon, _ in at], [lat for _, lat in at]) if at else [])
        filed: list[tuple[int, Mapping[str, str], Survey, bool]] = []
        for number, row, survey in usable:
            given = survey.street is not None or survey.triangle is not None
            if survey.lon is None or (given and self._placed):
                filed.append((number, row, survey, True))
                continue
            place = next(found)
            if place.distance_m > OUTSIDE_CITY_M or not (given or place.inside):
                refusal = BadInput(
                    Said("asked outside the city, %(far_m)s from the nearest street", far_m=place.distance_m),
                    field="lon", cure="check lon and lat",
                )  # fmt: skip
                refusals.add(number, refusal, f"{row['lon']}, {row['lat']}")
            elif given:
                filed.append((number, row, survey, True))
            else:
                filed.append((number, row, replace(survey, street=place.street, triangle=place.triangle), False))
        return filed
