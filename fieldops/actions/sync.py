"""
The one door for what phones recorded: any order, any number of times, taken exactly once.

Everything of a batch happens in one write turn, and each record is answered for itself: one bad record never holds the
others up. What was answered as accepted is stored; the phone deletes only what was answered.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from math import cos, hypot, radians

from fieldops.actions import effects
from fieldops.actions.decisions import Move, decide_in_turn
from fieldops.actions.effects import Entry, Rejected
from fieldops.actions.surveys import record_surveys_in_turn
from fieldops.claims import Standing, match_late
from fieldops.clock import format_moment, local_day, parse_moment
from fieldops.contacts import FAR_M, LONG_DAY, MOST_RECORDS, Kind, Mark, Record, date_record, read_record
from fieldops.errors import BadInput
from fieldops.events import RecordsTaken
from fieldops.ids import CrewId, DeviceId, MeasurementId
from fieldops.intake import Refusals
from fieldops.people import Actor
from fieldops.permissions import require, why
from fieldops.said import Said
from fieldops.store import claims as claim_store
from fieldops.store import contacts as store
from fieldops.store import heads, places, quarantine, tallies
from fieldops.store.connect import Region, Turn
from fieldops.store.people import find_promoter
from fieldops.store.positions import coarse
from fieldops.surveys import DEVICE_OFF_MAX

_METRES_PER_DEGREE = 111_195.0
_SURVEY_CODES = {
    "survey_id": "id_reused", "home_street": "unknown_place", "measurement": "other_measurement",
    "back_check_of": "other_measurement", "promoter": "unknown_promoter",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Answer:
    """
    What a phone is told about one record.

    `result` is accepted, unchanged (taken earlier) or rejected; `reason` is the code of a rejection, `marks` what is
    noted of the record, `facts` what follows for the phone: a claim and its end, the holder, the next street.
    """

    id: str
    result: str
    reason: str = ""
    marks: tuple[str, ...] = ()
    facts: Mapping[str, object] = field(default_factory=dict)

    def to_json(self) -> dict[str, object]:
        """Return plain JSON values."""
        return {"id": self.id, "result": self.result, "reason": self.reason, "marks": list(self.marks), **self.facts}


@dataclass(frozen=True, slots=True)
class Synced:
    """What became of a batch: the server's moment, an answer for each record in order, crews that move on."""

    now: datetime
    answers: list[Answer]
    moved: list[Move]

    def to_json(self) -> dict[str, object]:
        """Return plain JSON values."""
        return {
            "now": format_moment(self.now), "answers": [one.to_json() for one in self.answers],
            "moved": [{"crew": one.crew, "from": one.left, "to": one.to, "label": one.label} for one in self.moved],
        }  # fmt: skip


def sync_records(
    region: Region, actor: Actor, told: Sequence[Mapping[str, object]], *, sent_at: str | None, device: DeviceId | None = None,
    now: datetime | None = None,
) -> Synced:  # fmt: skip
    """
    Take in what a phone recorded, at most `MOST_RECORDS` records in any order; measurements that became decisive are decided.

    Permission: record.sync, crews for their own promoters. Events: RecordsTaken, and what follows from the records:
    SurveysRecorded, RowsImported (effort), SignUpsRecorded, StreetClaimed, ClaimWithdrawn, DecisionMade, ClaimSaturated.

    Parameters
    ----------
    region, actor
        Where, and who sends; records name the promoter who made them, who may be another one of the crew.
    told
        The records as JSON objects, see `fieldops.contacts.COLUMNS`.
    sent_at
        The phone's clock when it sent; None where a file was handed in and only what each record says of its clock counts.
    device, now
        The device that sends; the moment, in a sandbox only.

    Raises
    ------
    Forbidden
        If the actor may not.
    BadInput
        If the batch is too large or its time cannot be read; single records never raise.
    """
    require(actor, "record.sync")
    if len(told) > MOST_RECORDS:
        raise BadInput(
            Said("%(count)s records", count=len(told)),
            field="records",
            cure=Said("send at most %(most_records)s at once", most_records=MOST_RECORDS),
        )
    shown = parse_moment(sent_at) if sent_at else None
    with region.turn(actor, now=now, device=device) as turn:
        return _Batch(turn, turn.now - shown if shown else timedelta(0)).take(told)


def sync_export(region: Region, actor: Actor, content: bytes, *, now: datetime | None = None) -> list[Answer]:
    """
    Take in the file that a phone's outbox exported: `{"records": [...]}`; see `sync_records`.

    Raises
    ------
    Forbidden
        If the actor may not.
    BadInput
        If it is no such file.
    """
    try:
        records = json.loads(content)["records"]
        told = [dict(one) for one in records]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise BadInput("is no export of an outbox", cure="export it again on the phone's outbox page") from None
    answers: list[Answer] = []
    for start in range(0, len(told), MOST_RECORDS):
        answers += sync_records(region, actor, told[start : start + MOST_RECORDS], sent_at=None, now=now).answers
    return answers


class _Batch:
    """One batch on its way through the door."""

    def __init__(self, turn: Turn, sent_offset: timedelta) -> None:
        self._turn, self._sent_offset = turn, sent_offset
        self._zone = places.read_zone(turn.connection)
        self._quarantined = quarantine.quarantined_promoters(turn.connection)
        self._answers: dict[int, Answer] = {}
        self._entries: dict[int, Entry] = {}
        self._twins: dict[int, int] = {}
        self._touched: Sequence[MeasurementId] = ()

    def take(self, told: Sequence[Mapping[str, object]]) -> Synced:
        """Check every record, let it have its effect, store what is taken, and decide what became decisive."""
        for place, record in self._read(told):
            try:
                self._entries[place] = self._check(record)
            except Rejected as no:
                self._answers[place] = Answer(record.id, "rejected", no.reason, (), no.facts)
        self._take_surveys()
        for place in sorted(self._entries, key=lambda one: self._entries[one].taken.record.seq):
            self._act(place)
        self._store()
        for place, first in self._twins.items():  # twice in one batch: what became of the first
            said = self._answers[first]
            self._answers[place] = said if said.result == "rejected" else replace(said, result="unchanged")
        moved = decide_in_turn(self._turn, only=self._touched).moved if self._touched else []
        return Synced(self._turn.now, [self._answers[place] for place in range(len(told))], moved)

    def _read(self, told: Sequence[Mapping[str, object]]) -> list[tuple[int, Record]]:
        """Return the records that are new and can be understood; the others are answered."""
        read: list[tuple[int, Record]] = []
        for place, one in enumerate(told):
            try:
                read.append((place, read_record(one)))
            except BadInput as no:
                name = one.get("id") if isinstance(one.get("id"), str) else ""
                facts = {"field": no.field, "problem": no.problem}
                self._answers[place] = Answer(str(name)[:64], "rejected", "malformed", (), facts)
        known = {name: (one.told, one) for name, one in self._known(read).items()}
        new: list[tuple[int, Record]] = []
        within: dict[str, tuple[int, str]] = {}
        for place, record in read:
            if record.id in known:
                said, before = known[record.id]
                same = said == record.digest
                self._answers[place] = (
                    Answer(record.id, "unchanged", "", before.marks, before.answer)
                    if same else Answer(record.id, "rejected", "id_reused")
                )  # fmt: skip
            elif record.id in within and within[record.id][1] == record.digest:
                self._twins[place] = within[record.id][0]
            elif record.id in within:
                self._answers[place] = Answer(record.id, "rejected", "id_reused")
            else:
                within[record.id] = (place, record.digest)
                new.append((place, record))
        return new

    def _known(self, read: list[tuple[int, Record]]) -> dict[str, store.Known]:
        return store.find_known(self._turn.connection, [record.id for _, record in read])

    # ── checks ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def _check(self, record: Record) -> Entry:
        made_at, doubtful = date_record(record, sent_offset=self._sent_offset, now=self._turn.now)
        crew = self._check_promoter(record, made_at)
        marks = [Mark.CLOCK] if doubtful else []
        street, standing = record.street, Standing.UNHELD
        if record.street or record.triangle or record.venue:
            spot = store.find_spot(self._turn.connection, record.street, record.triangle, record.venue)
            if spot is None:
                raise Rejected("unknown_place")
            street = spot.street
            marks += [Mark.STREET_GONE] * spot.gone + [Mark.FAR] * _is_far(record, spot)
        if street is not None:
            claims = claim_store.claims_of_street(self._turn.connection, street)
            standing, _ = match_late(claims, crew, made_at, generation=record.generation)  # RULE 7
            marks += [Mark.LATE] * (standing is Standing.LATE)
        if record.kind in (Kind.CONTACT, Kind.VISIT) and store.is_not_to_be_contacted(
            self._turn.connection, street, record.venue, record.door, made_at
        ):
            marks.append(Mark.DO_NOT_CONTACT)
        if record.day is not None and record.day > local_day(self._turn.now, self._zone):
            raise Rejected("future_day")
        marks += [Mark.LONG_DAY] * (self._hours_of_day(record) > LONG_DAY)
        return Entry(store.Taken(record, crew, made_at, self._sent_offset, standing, tuple(marks), {}), street)

    def _hours_of_day(self, record: Record) -> float:
        """Return the hours of the record's promoter and day with this record's, at all places; 0 where it tells none."""
        if record.hours is None or record.day is None:
            return 0.0
        told = store.hours_by_place(self._turn.connection, record.promoter, record.day)
        for one in (entry.taken.record for entry in self._entries.values()):
            if one.hours is not None and (one.promoter, one.day) == (record.promoter, record.day):
                told[one.street, one.venue] = one.hours
        return sum((told | {(record.street, record.venue): record.hours}).values())

    def _check_promoter(self, record: Record, made_at: datetime) -> CrewId:
        known = find_promoter(self._turn.connection, record.promoter)
        if known is None:
            raise Rejected("unknown_promoter")
        if why(self._turn.actor, "record.sync", crew=known.crew) is not None:
            raise Rejected("other_crew")
        day = local_day(made_at, self._zone)
        if (known.since and day < known.since) or (known.until and day >= known.until):
            raise Rejected("not_working_then")
        if record.kind is Kind.SURVEY and record.promoter in self._quarantined:
            raise Rejected("quarantined")  # RULE 13
        return known.crew

    # ── effects ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _take_surveys(self) -> None:
        """Let the surveys through their own door; those on streets that the map lost are kept, and counted nowhere."""
        rows = {
            place: _survey_row(entry.taken)
            for place, entry in self._entries.items()
            if entry.taken.record.kind is Kind.SURVEY and Mark.STREET_GONE not in entry.taken.marks
        }
        if not rows:
            return
        refusals = Refusals()
        _, self._touched = record_surveys_in_turn(self._turn, rows.items(), refusals, placed=True)
        for refused in refusals.in_order():
            place = int(str(refused["row"]))
            code = _SURVEY_CODES.get(str(refused["field"]), "malformed")
            facts = {"field": refused["field"], "problem": refused["reason"]}
            self._answers[place] = Answer(self._entries.pop(place).taken.record.id, "rejected", code, (), facts)

    def _act(self, place: int) -> None:
        """Let one record have its effect, and answer it."""
        entry = self._entries[place]
        record, facts = entry.taken.record, entry.taken.answer
        try:
            if record.kind is Kind.CLAIM:
                facts.update(effects.claim_street(self._turn, entry, self._zone))
            elif record.kind is Kind.WITHDRAWAL:
                effects.withdraw_claim(self._turn, entry)
            elif record.kind is Kind.UNDO:
                effects.check_undo(self._turn, record, self._entries.values())
            elif record.kind is Kind.SIGN_UP:
                facts.update(effects.take_sign_up(self._turn, entry))
            elif record.kind is Kind.INCIDENT:
                effects.report_incident(self._turn, entry)
            self._answers[place] = Answer(record.id, "accepted", "", entry.taken.marks, facts)
        except Rejected as no:
            del self._entries[place]
            self._answers[place] = Answer(record.id, "rejected", no.reason, (), no.facts)

    def _store(self) -> None:
        """Store what was taken and its event, and bring the effort of crews up to date."""
        taken = [self._entries[place].taken for place in sorted(self._entries)]
        if not taken:
            return
        late = sum(one.standing is Standing.LATE for one in taken)
        digest = store.digest_of_batch(map(store.record_line, taken))
        event = RecordsTaken(at=self._turn.now, count=len(taken), late=late, digest=digest)
        store.append_records(self._turn, taken, event=event)
        told = heads.sittings_of_contacts(self._turn.connection, [one.record.id for one in taken], self._turn.rules)
        if told:
            tallies.recount(self._turn, told, event=self._turn.head.seq)
            self._touched = [*self._touched, *told]
        effects.bring_effort_up_to_date(self._turn, self._entries.values(), self._zone)


def _survey_row(taken: store.Taken) -> dict[str, str]:
    record = taken.record
    row = {
        "survey_id": record.id, "asked_at": format_moment(taken.made_at), "answer": record.what,
        "promoter": record.promoter, "street": record.street or "", "triangle": record.triangle or "",
        **record.survey,
    }  # fmt: skip
    if abs(record.device_time - taken.made_at) <= DEVICE_OFF_MAX:  # beyond, only the record of the phone keeps it
        row["device_time"] = format_moment(record.device_time)
    if record.lon is not None and Mark.FAR not in taken.marks:
        row |= {"lon": repr(coarse(record.lon)), "lat": repr(coarse(record.lat))}  # the record keeps what was measured
    return row


def _is_far(record: Record, spot: store.Spot) -> bool:
    if record.lon is None or record.lat is None:
        return False
    east = (record.lon - spot.lon) * _METRES_PER_DEGREE * cos(radians(spot.lat))
    away_m = hypot(east, (record.lat - spot.lat) * _METRES_PER_DEGREE)
    return away_m - (record.accuracy_m or 0.0) - spot.reach_m > FAR_M
