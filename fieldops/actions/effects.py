"""
What follows from a record of a phone: a street claimed or given up, a candidate, a record undone, hours that count.

Each works in the turn of its batch and raises `Rejected` where the record cannot have its effect; the batch goes on.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from fieldops.actions.claims import end_in_turn, grant_in_turn
from fieldops.actions.dispatch import suggest
from fieldops.actions.intake import imported
from fieldops.actions.recruiting import SignUpForm, sign_up_in_turn
from fieldops.claims import Outcome
from fieldops.clock import format_moment, local_day
from fieldops.contacts import Kind, Mark, Record
from fieldops.errors import (
    BadInput,
    ClaimNotInForce,
    Conflict,
    ConsentMissing,
    CrewAtCap,
    CrewCoolingDown,
    NotFound,
    RegionWindingDown,
    StreetAlreadyClaimed,
    StreetClosed,
    StreetReserved,
)
from fieldops.events import IncidentReported
from fieldops.ids import CrewId, StreetId, VenueId
from fieldops.intake import Intake, read_choice
from fieldops.permissions import why
from fieldops.recruiting.consent import SHOWN
from fieldops.recruiting.sources import Group, Source, SourceKind
from fieldops.store import claims as claim_store
from fieldops.store import contacts as store
from fieldops.store import effort as effort_store
from fieldops.store import incidents as incident_store
from fieldops.store.connect import Turn
from fieldops.store.phonekeys import open_sign_up
from fieldops.surveys import Effort

_CODES: tuple[tuple[type[Conflict], str], ...] = (
    (StreetAlreadyClaimed, "claimed"), (StreetReserved, "reserved"), (CrewCoolingDown, "cooling_down"), (CrewAtCap, "at_cap"),
    (StreetClosed, "street_closed"), (ClaimNotInForce, "claim_ended"),
)  # fmt: skip


class Rejected(Exception):  # no error of the program: one record's answer
    """A record cannot be taken: the code of the reason, and facts for the phone."""

    def __init__(self, reason: str, **facts: object) -> None:
        super().__init__(reason)
        self.reason, self.facts = reason, facts


@dataclass(slots=True)
class Entry:
    """A record that has passed its checks, waiting to be stored."""

    taken: store.Taken
    street: StreetId | None  # its own, or that of its venue


def claim_street(turn: Turn, entry: Entry, zone: ZoneInfo) -> dict[str, object]:
    """RULE 6: everybody claims through the same door; a phone only wishes, and a wish is good for its day."""
    crew, street = entry.taken.crew, entry.street
    assert crew is not None  # `_check` asked for both
    assert street is not None
    if why(turn.actor, "claim.make", crew=crew) is not None:
        raise Rejected("not_allowed")
    if local_day(entry.taken.made_at, zone) != local_day(turn.now, zone):
        raise Rejected("too_old")
    try:
        claim = grant_in_turn(turn, street=street, crew=crew)
    except (Conflict, NotFound) as refusal:
        raise Rejected(code_of(refusal), **_explain(turn, refusal, street, crew)) from None
    return {
        "claim": claim.id, "street": street, "generation": claim.generation,
        "from": format_moment(claim.claimed_at), "until": format_moment(claim.held_until),
    }  # fmt: skip


def withdraw_claim(turn: Turn, entry: Entry) -> None:
    """End the claim that the crew holds, if it is still the one that its phone knew."""
    crew, street, record = entry.taken.crew, entry.street, entry.taken.record
    assert street is not None  # `read_record` demands one
    if why(turn.actor, "claim.withdraw", crew=crew) is not None:
        raise Rejected("not_allowed")
    claims = claim_store.claims_of_street(turn.connection, street)
    held = next((one for one in claims if one.holds_at(turn.now) and one.crew == crew), None)
    if held is None or record.generation not in (None, held.generation):
        raise Rejected("claim_ended")
    end_in_turn(turn, held.id, outcome=Outcome.WITHDRAWN, why=record.why or "crew_gave_up")


def take_sign_up(turn: Turn, entry: Entry) -> dict[str, object]:
    """Open what the phone sealed, and hand it to the door of candidates; nothing readable goes back or is kept here."""
    record, region = entry.taken.record, turn.region
    if why(turn.actor, "candidate.add", crew=entry.taken.crew) is not None:
        raise Rejected("not_allowed")
    try:
        person = open_sign_up(region, record.key, record.sealed, record.id)
        if person is None:
            raise Rejected("unknown_key")
        done = sign_up_in_turn(turn, _sign_up_form(entry, person))
    except ConsentMissing:
        raise Rejected("unknown_consent") from None
    except RegionWindingDown:
        raise Rejected("winding_down") from None
    except NotFound:
        raise Rejected("unknown_place") from None
    except BadInput as no:  # its words may repeat a name or number: only the field is told
        raise Rejected("malformed", field=no.field) from None
    return {"again": done.again}


def report_incident(turn: Turn, entry: Entry) -> None:
    """Put what happened in the field onto the desk of the leads, as of when it happened."""
    taken, record = entry.taken, entry.taken.record
    street = None if Mark.STREET_GONE in taken.marks else entry.street
    event = IncidentReported(at=taken.made_at, incident=record.id, what=record.what, street=street, crew=taken.crew)
    incident_store.add_incident(turn, record.promoter, event=event)


def check_undo(turn: Turn, record: Record, beside: Iterable[Entry]) -> None:
    """
    Refuse to undo what may not be taken back.

    Surveys stay: whoever could take answers back after the fact could choose them. Hours are corrected by new ones.
    What is not known yet may come later and is undone then; until then the undo is kept for itself.
    """
    about = store.find_known(turn.connection, [record.about]).get(record.about)
    here = next((one.taken for one in beside if one.taken.record.id == record.about), None)
    kind = about.kind if about else here.record.kind if here else None
    maker = about.promoter if about else here.record.promoter if here else record.promoter
    if maker != record.promoter:
        raise Rejected("other_promoter")
    if kind is not None and kind not in (Kind.CONTACT, Kind.VISIT):
        raise Rejected("cannot_be_undone")


def bring_effort_up_to_date(turn: Turn, entries: Iterable[Entry], zone: ZoneInfo) -> None:
    """Let the effort of a day and place be what its promoters told last, and the contacts made there."""
    entries = list(entries)
    told = [
        (entry.taken.crew, entry.taken.record.day or local_day(entry.taken.made_at, zone), entry.street,
         entry.taken.record.venue)
        for entry in entries
        if entry.street and entry.taken.record.kind in (Kind.HOURS, Kind.CONTACT)
    ]  # fmt: skip
    undone = [entry.taken.record.about for entry in entries if entry.taken.record.kind is Kind.UNDO]
    told += [
        (crew, local_day(made_at, zone), street, venue)
        for crew, made_at, street, venue in store.places_of(turn.connection, undone)
    ]
    efforts = []
    for crew, day, street, venue in dict.fromkeys(told):
        assert crew is not None  # checked with the promoter
        assert street is not None  # by the conditions above
        hours = store.hours_of(turn.connection, crew, day, street, venue)
        if hours is not None:
            start = datetime.combine(day, time(), zone)
            end = datetime.combine(day + timedelta(days=1), time(), zone)
            met = store.count_contacts(turn.connection, crew, street, venue, start, end)
            efforts.append(Effort(day, crew, street, VenueId(venue) if venue else None, hours, met))
    before = effort_store.read_effort(turn.connection, [one.id for one in efforts])
    changed = [one for one in efforts if before.get(one.id) != one and (one.promoter_hours or one.id in before)]
    if changed:
        updated = sum(one.id in before for one in changed)
        done = Intake(added=len(changed) - updated, updated=updated)
        effort_store.write_effort(turn, changed, event=imported("effort", turn.now, done, changed))


def code_of(refusal: Conflict | NotFound) -> str:
    """Return the code by which phones know a refusal of the door to a street."""
    return next((code for kind, code in _CODES if isinstance(refusal, kind)), "unknown_place")


def _explain(turn: Turn, refusal: Conflict | NotFound, street: StreetId, crew: CrewId) -> dict[str, object]:
    """Return who won the street and until when, and the next best one for the crew that lost."""
    facts: dict[str, object] = {}
    if isinstance(refusal, StreetAlreadyClaimed):
        until = format_moment(refusal.held_until)
        facts = {"holder": refusal.holder, "holder_name": refusal.holder_name, "until": until}
    elif isinstance(refusal, CrewCoolingDown):
        facts = {"until": format_moment(refusal.until)}
    elif isinstance(refusal, StreetReserved):
        until = format_moment(refusal.kept_until)
        facts = {"holder": refusal.crew, "holder_name": refusal.crew_name, "until": until}
    elif isinstance(refusal, StreetClosed) and refusal.until is not None:
        facts = {"until": format_moment(refusal.until)}
    elif isinstance(refusal, CrewAtCap):
        facts = {"until": format_moment(refusal.first_ends)}
    if isinstance(refusal, NotFound | CrewAtCap):
        return facts
    better = suggest(turn.connection, crew, turn.now, start=street)
    if better.street is not None and not better.held:
        facts |= {"next": better.street, "next_label": better.label}
    return facts


def _sign_up_form(entry: Entry, person: Mapping[str, object]) -> SignUpForm:
    record = entry.taken.record
    texts = {name: value for name, value in person.items() if isinstance(value, str)}
    gone = Mark.STREET_GONE in entry.taken.marks
    street = None if gone else entry.street
    source = Source(
        SourceKind.VENUE if record.venue else SourceKind.STREET if street else SourceKind.CREW, street, record.venue,
        entry.taken.crew,
    )  # fmt: skip
    shown = texts.get("shown")  # a phone of before does not say
    return SignUpForm(
        record.id, texts.get("name", ""), texts.get("phone", ""), source, record.about, entry.taken.made_at,
        read_choice(Group, texts, "group") if texts.get("group") else None, language=texts.get("language", "")[:20],
        way=f"phone_{shown}" if shown in SHOWN else "phone",
    )  # fmt: skip
