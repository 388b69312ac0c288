"""
A talk on the street becomes a candidate: the one door for phones, posters and files.

`sign_up` may be called as often as a phone likes: the same sign-up is taken once. One person is one candidate (rule 17): who
signs up again by another door is recognised by the phone number, and is called again.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from fieldops.errors import BadInput, ConsentMissing, NotFound, RegionWindingDown
from fieldops.events import CallPlanned
from fieldops.ids import CandidateId, DeviceId, new_id
from fieldops.intake import LONGEST_ID
from fieldops.people import Actor, Role
from fieldops.permissions import require
from fieldops.recruiting.candidate import Candidate, SignUp
from fieldops.recruiting.care import read_income
from fieldops.recruiting.consent import ConsentText
from fieldops.recruiting.journey import walk_journey
from fieldops.recruiting.names import read_person_name
from fieldops.recruiting.phones import read_mobile
from fieldops.recruiting.sources import Group, Source
from fieldops.recruiting.stages import Stage
from fieldops.said import Said
from fieldops.store import persons, places
from fieldops.store import recruiting as store
from fieldops.store import recruiting_settings as settings
from fieldops.store.connect import Region, Turn
from fieldops.store.persons import Person
from fieldops.store.recruiting_reps import rep_of_account

OLDEST = timedelta(days=60)  # a phone that was without network for longer has a wrong clock


@dataclass(frozen=True, slots=True)
class SignUpForm:
    """
    What somebody said at a sign-up.

    `id` is made where it was written (a phone, a form) and never again used; `consent` is the version of the text that was
    shown; `made_at` is the moment of the talk, None for now. Income in yuan a month. `way` is how consent was given: phone,
    phone_short or phone_whole (what of the text was shown), poster.
    """

    id: str
    name: str
    phone: str
    source: Source
    consent: str
    made_at: datetime | None = None
    group: Group | None = None
    wanted_low: int | None = None
    wanted_high: int | None = None
    language: str = ""
    base: str | None = None
    way: str = "phone"


@dataclass(frozen=True, slots=True)
class SignedUp:
    """Whom a sign-up made: `again` where the person was a candidate before, `known` where this very sign-up had come before."""

    candidate: CandidateId
    again: bool
    known: bool


def sign_up(
    region: Region,
    actor: Actor,
    *,
    id: str,  # noqa: A002  # the domain's word
    name: str,
    phone: str,
    source: Source,
    consent: str,
    group: Group | None = None,
    made_at: datetime | None = None,
    wanted_low: int | None = None,
    wanted_high: int | None = None,
    now: datetime | None = None,
    device: DeviceId | None = None,
) -> SignedUp:
    """
    Take one sign-up in; see `SignUpForm` for what the values mean.

    Permission: candidate.add, crews for sources of their own crew. Event: SignUpsRecorded; who comes again is also due for
    a call at once.

    Raises
    ------
    Forbidden
        If the actor may not.
    BadInput
        If name, number, group or income cannot be, or the id was never given.
    NotFound
        If there is no such street, venue, crew or open poster.
    ConsentMissing
        If the consent is to no text that this region ever had (rule 19); nothing is stored then.
    RegionWindingDown
        If the region takes nobody any more.
    """
    require(actor, "candidate.add", crew=source.crew)
    form = SignUpForm(id, name, phone, source, consent, made_at, group, wanted_low, wanted_high)
    with region.turn(actor, now=now, device=device) as turn:
        return sign_up_in_turn(turn, form)


def read_consent(region: Region) -> ConsentText:
    """Return the text to which people agree now."""
    return settings.present_consent(region.reader())


def sign_up_in_turn(turn: Turn, form: SignUpForm) -> SignedUp:
    """Take a sign-up in within an open write turn (a batch of a phone); the caller has asked the permission."""
    if not form.id or len(form.id) > LONGEST_ID or not form.id.isprintable():
        raise BadInput(
            "is no id", field="id", cure=Said("give 1 to %(longest_id)s printable characters", longest_id=LONGEST_ID)
        )
    earlier = store.find_sign_up(turn.connection, form.id)
    if earlier:
        return SignedUp(earlier[0], again=earlier[1], known=True)
    name, phone = read_person_name(form.name), read_mobile(form.phone)
    form = replace(form, name=name, phone=phone)
    check_open(turn)
    check_source(turn, form.source)
    if settings.find_consent(turn.connection, form.consent) is None:
        raise ConsentMissing(version=form.consent)
    read_income(form.wanted_low, form.wanted_high)
    made_at = _made_at(turn, form.made_at)
    there = persons.find_by_phone(turn.region, [phone]).get(phone)
    candidate = present_candidate(turn, there) if there else None
    if candidate is not None:
        return _again(turn, form, candidate, made_at)
    if there is not None:  # an orphan of a turn that failed: the number belongs to nobody
        persons.erase_person(turn.region, there)
    return _first(turn, form, made_at)


def check_open(turn: Turn) -> None:
    """
    Let sign-ups pass while the region takes people.

    Raises
    ------
    RegionWindingDown
        Since the date that was set for it.
    """
    due = settings.read_wind_down(turn.connection).get("sign_ups")
    if due and due[0] <= turn.now:
        raise RegionWindingDown(what="sign-ups", since=due[0])


def check_source(turn: Turn, source: Source) -> None:
    """
    Let a source pass that is there.

    Raises
    ------
    NotFound
        If street, venue, crew or poster are not, or the poster was closed.
    """
    connection = turn.connection
    if source.street and not places.has_street(connection, source.street):
        raise NotFound("street", source.street, cure="see `fieldops streets list`")
    if source.venue and not places.has_venue(connection, source.venue):
        raise NotFound("venue", source.venue, cure="see `fieldops venues list`")
    if source.crew and not places.has_crew(connection, source.crew):
        raise NotFound("crew", source.crew, cure="see `fieldops crews list`")
    if source.poster:
        poster = settings.find_poster(connection, source.poster)
        if poster is None or poster.closed_at is not None:
            raise NotFound("open poster", source.poster, cure="make one with `fieldops recruit poster`")


def present_candidate(turn: Turn, candidate: CandidateId) -> Candidate | None:
    """Return the candidate that stands for this one after merges, None where there is none or they were erased."""
    found = store.find_candidate(turn.connection, candidate)
    while found is not None and found.merged_into is not None:
        found = store.find_candidate(turn.connection, found.merged_into)
    return found if found is not None and found.erased_at is None else None


def load_candidate(turn: Turn, candidate: CandidateId) -> Candidate:
    """
    Return a candidate that can be worked with.

    Raises
    ------
    NotFound
        If there is none, they were erased, another one stands for them, or they belong to another rep than the actor.
    """
    found = store.find_candidate(turn.connection, candidate)
    if found is not None and turn.actor.role == Role.REP:
        mine = rep_of_account(turn.connection, turn.actor.id)
        if mine is None or found.rep != mine:
            raise NotFound("candidate of yours", candidate, cure="a lead can give them to you")
    if found is None or not found.counts:
        cure = (
            Said("look at %(candidate)s, which stands for both", candidate=found.merged_into)
            if found and found.merged_into
            else ""
        )
        raise NotFound("candidate", candidate, cure=cure)
    return found


def _made_at(turn: Turn, given: datetime | None) -> datetime:
    """A phone's clock may be wrong: nothing is made after now, nor before the oldest that a phone keeps."""
    if given is None or given > turn.now or given < turn.now - OLDEST:
        return turn.now
    return given


def _again(turn: Turn, form: SignUpForm, candidate: Candidate, made_at: datetime) -> SignedUp:
    record = SignUp(form.id, candidate.id, True, form.source, form.group, form.consent, made_at)
    store.write_sign_ups(turn, [record], [], event=store.sign_ups_event(turn.now, [record]))
    if candidate.due_at is None or candidate.due_at > turn.now:
        event = CallPlanned(at=turn.now, candidate=candidate.id, due_at=turn.now, why="signed_up_again")
        store.write_facts(turn, candidate.id, event=event, due_at=turn.now)
    return SignedUp(candidate.id, again=True, known=False)


def _first(turn: Turn, form: SignUpForm, made_at: datetime) -> SignedUp:
    candidate = CandidateId(new_id())
    person = Person(candidate, form.name, form.phone, form.consent, made_at, form.way)
    (number,) = persons.add_persons(turn, [person], store.next_number(turn.connection))
    new = new_candidate(form, number, candidate, made_at, due_at=turn.now)
    record = SignUp(form.id, candidate, False, form.source, form.group, form.consent, made_at)
    way = walk_journey(made_at, [], places.read_zone(turn.connection))
    store.write_sign_ups(turn, [record], [(new, way)], event=store.sign_ups_event(turn.now, [record]))
    return SignedUp(candidate, again=False, known=False)


def new_candidate(
    form: SignUpForm, number: int, candidate: CandidateId, made_at: datetime, *, due_at: datetime | None,
    stage: Stage = Stage.NEW, stage_since: datetime | None = None, reached: Stage = Stage.NEW, reason: str = "",
) -> Candidate:  # fmt: skip
    """Return the row of a candidate who has just signed up, or stands at a stage that a file tells."""
    return Candidate(
        number, candidate, stage, stage_since or made_at, reached, reason, form.group, form.wanted_low, form.wanted_high,
        None, form.language, form.base, form.source, made_at, None, due_at, None, None, None,
    )  # fmt: skip
