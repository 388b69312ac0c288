"""Incidents: reported from a phone or at the desk, settled by a lead, who may close the street for a time."""

from datetime import datetime, timedelta

from fieldops.actions.claims import end_in_turn
from fieldops.claims import Outcome
from fieldops.contacts import Incident
from fieldops.errors import BadInput, NotFound
from fieldops.events import IncidentReported, IncidentSettled, PauseEnded, StreetPaused
from fieldops.ids import CrewId, StreetId, new_id
from fieldops.people import Actor
from fieldops.permissions import require
from fieldops.said import Said
from fieldops.store import claims as claim_store
from fieldops.store import incident_notes as notes
from fieldops.store import incidents as store
from fieldops.store.connect import Region, Turn
from fieldops.store.incidents import StoredIncident
from fieldops.store.people import find_crew

KINDS = tuple(str(one) for one in Incident)
OUTCOMES = ("talked", "nothing", "street_closed", "crew_moved", "reported_on")
LONGEST_DAYS = 60
LONGEST_NOTE = 200  # characters


def list_incidents(region: Region, actor: Actor, *, now: datetime | None = None) -> list[StoredIncident]:
    """Return incidents, those that wait first. Permission: desk.read."""
    require(actor, "desk.read")
    return store.read_incidents(region.reader(), region.moment(now))


def report_incident(
    region: Region, actor: Actor, what: str, *, street: StreetId | None = None, crew: CrewId | None = None,
    note: str = "", now: datetime | None = None,
) -> str:  # fmt: skip
    """
    Report something that happened in the field, and return its id; a `note` lies sealed in the private file, in no event.

    Permission: incident.report, in crews for the own crew. Event: IncidentReported.

    Raises
    ------
    Forbidden
        If the actor may not.
    BadInput
        If there is no such kind of incident, or the note is too long.
    NotFound
        If street or crew are unknown.
    """
    require(actor, "incident.report", crew=crew)
    if what not in KINDS:
        raise BadInput(
            Said("'%(what)s' is no incident", what=what[:20]),
            field="what",
            cure=Said("choose one of %(choices)s", choices=", ".join(KINDS)),
        )
    note = _short(note)
    with region.turn(actor, now=now) as turn:
        if street is not None:
            claim_store.street_state(turn.connection, street, turn.now)
        if crew is not None:
            find_crew(turn.connection, crew)
        name = new_id()
        event = IncidentReported(at=turn.now, incident=name, what=what, street=street, crew=crew or actor.crew)
        store.add_incident(turn, None, event=event)
        at = turn.now
    if note:
        notes.save_note(region, name, note, at)
    return name


def write_note(region: Region, actor: Actor, incident: str, note: str, *, now: datetime | None = None) -> None:
    """
    Write down what was told of an incident, in place of what stood there; an empty note destroys it.

    It lies sealed in the private file until it is destroyed, at the latest with the retention run a month later; no event
    holds it (rule 20). Permission: incident.settle.

    Raises
    ------
    Forbidden
        If the actor may not.
    NotFound
        If there is no such incident.
    BadInput
        If it is too long.
    """
    require(actor, "incident.settle")
    note = _short(note)
    if not store.is_known(region.reader(), incident):
        raise NotFound("incident", incident, cure="see `fieldops incidents list`")
    notes.save_note(region, incident, note, region.moment(now))


def read_notes(region: Region, actor: Actor) -> dict[str, str]:
    """Return what was written of incidents, by incident. Permission: incident.settle."""
    require(actor, "incident.settle")
    return notes.read_notes(region)


def _short(note: str) -> str:
    text = " ".join(note.split())
    if len(text) > LONGEST_NOTE or not text.isprintable():
        problem = Said("%(count)s characters", count=len(text))
        raise BadInput(problem, field="note", cure=Said("say it in %(longest_words)s", longest_words=LONGEST_NOTE))
    return text


def settle_incident(
    region: Region, actor: Actor, incident: str, outcome: str, *, close_days: int = 0, now: datetime | None = None
) -> datetime | None:
    """
    Settle an incident; with `close_days` its street is closed to claims for so many days, and its claim is taken back.

    A crew whose claim is taken back so has no cool-down (rule 4). Permission: incident.settle. Events: IncidentSettled,
    StreetPaused, ClaimRevoked.

    Returns
    -------
    datetime | None
        Until when the street is closed; None where it is not.

    Raises
    ------
    Forbidden
        If the actor may not.
    NotFound
        If no such incident waits.
    BadInput
        If there is no such outcome, too many days, or no street to close.
    """
    require(actor, "incident.settle")
    if outcome not in OUTCOMES:
        raise BadInput(
            Said("'%(outcome)s' is no outcome", outcome=outcome[:20]),
            field="outcome",
            cure=Said("choose one of %(choices)s", choices=", ".join(OUTCOMES)),
        )
    if not 0 <= close_days <= LONGEST_DAYS:
        raise BadInput(
            Said("%(close_days)s days", close_days=close_days),
            field="close_days",
            cure=Said("give 0 to %(longest_days)s", longest_days=LONGEST_DAYS),
        )
    with region.turn(actor, now=now) as turn:
        waiting = store.find_open(turn.connection, incident)
        if waiting is None:
            raise NotFound("open incident", incident, cure="see `fieldops incidents list`")
        until = None
        if close_days:
            if waiting.street is None:
                raise BadInput("the incident names no street", field="close_days", cure="give 0 days")
            until = _close(turn, waiting.street, close_days, incident)
        store.settle(turn, event=IncidentSettled(at=turn.now, incident=incident, outcome=outcome))
    return until


def pause_street(region: Region, actor: Actor, street: StreetId, days: int, *, now: datetime | None = None) -> datetime:
    """
    Close a street to claims for so many days, whatever the reason; its claim is taken back.

    Permission: incident.settle. Events: StreetPaused, ClaimRevoked.

    Raises
    ------
    Forbidden, NotFound, BadInput
        As `settle_incident`.
    """
    require(actor, "incident.settle")
    if not 1 <= days <= LONGEST_DAYS:
        raise BadInput(
            Said("%(days)s days", days=days),
            field="days",
            cure=Said("give 1 to %(longest_days)s", longest_days=LONGEST_DAYS),
        )
    with region.turn(actor, now=now) as turn:
        return _close(turn, street, days, "")


def reopen_street(region: Region, actor: Actor, street: StreetId, *, now: datetime | None = None) -> None:
    """
    Open a street again before its pause is over.

    Permission: incident.settle. Event: PauseEnded.

    Raises
    ------
    Forbidden
        If the actor may not.
    NotFound
        If the street is not closed for a time.
    """
    require(actor, "incident.settle")
    with region.turn(actor, now=now) as turn:
        if store.paused_until(turn.connection, street, turn.now) is None:
            raise NotFound("pause of street", street, cure="see `fieldops incidents list`")
        store.reopen(turn, event=PauseEnded(at=turn.now, street=street))


def _close(turn: Turn, street: StreetId, days: int, incident: str) -> datetime:
    held = claim_store.street_state(turn.connection, street, turn.now).claim
    if held is not None:
        end_in_turn(turn, held.id, outcome=Outcome.REVOKED, why="safety")
    until = turn.now + timedelta(days=days)
    store.pause(turn, event=StreetPaused(at=turn.now, street=street, until=until, incident=incident))
    return until
