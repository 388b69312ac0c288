"""What leads and reps look at: the board, the table, the search, one candidate, today's calls, the funnel."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from fieldops.clock import local_day
from fieldops.errors import BadInput, NotFound
from fieldops.events import PhoneRevealed
from fieldops.ids import CandidateId, RepId
from fieldops.people import Actor, Role
from fieldops.permissions import require, why
from fieldops.recruiting.candidate import Candidate, SignUp
from fieldops.recruiting.funnel import Cohort, StageFigures, Survival, cohorts, stage_figures, survival
from fieldops.recruiting.journey import Path
from fieldops.recruiting.names import query_words
from fieldops.recruiting.packed import count_packed
from fieldops.recruiting.phones import mask_phone, read_phone, spell_phone
from fieldops.recruiting.sources import GROUPS_FIRST, Group, Source, SourceKind
from fieldops.recruiting.stages import WAY, Move, Reason, Stage, likely_moves
from fieldops.said import Said
from fieldops.store import persons, places
from fieldops.store import recruiting as store
from fieldops.store import recruiting_lists as lists
from fieldops.store import recruiting_reps as reps
from fieldops.store import recruiting_training as training
from fieldops.store.connect import Region, read_rules
from fieldops.store.persons import Note
from fieldops.store.recruiting_lists import Filters
from fieldops.store.recruiting_training import Stuck

CARDS_A_STAGE = 12
ROWS_A_PAGE = 25


@dataclass(frozen=True, slots=True)
class Card:
    """A candidate with what may be shown: the name, the number with four digits only (empty where erased), where from."""

    candidate: Candidate
    name: str
    phone: str
    place: str
    overdue: bool


@dataclass(frozen=True, slots=True)
class Column:
    """One stage of the board: how many stand there, and the first of them."""

    stage: Stage
    count: int
    cards: tuple[Card, ...]


@dataclass(frozen=True, slots=True)
class Board:
    """Every stage, lost and dormant last; `due` calls are due now."""

    columns: tuple[Column, ...]
    due: int
    present: datetime


@dataclass(frozen=True, slots=True)
class Listed:
    """A page of the table; `whole` is False where a search looked at the first matches only."""

    cards: tuple[Card, ...]
    more: bool
    whole: bool
    present: datetime


@dataclass(frozen=True, slots=True)
class Dossier:
    """All that may be seen of one candidate, the full number apart."""

    card: Card
    moves: tuple[Move, ...]
    sign_ups: tuple[SignUp, ...]
    calls: tuple[tuple[datetime, str, str], ...]
    notes: tuple[Note, ...]
    steps: tuple[tuple[str, datetime, datetime | None], ...]
    trainings: tuple[tuple[str, bool | None], ...]
    merged: tuple[CandidateId, ...]
    allowed: tuple[Stage, ...]
    consent: str
    consent_way: str
    present: datetime


@dataclass(frozen=True, slots=True)
class FunnelReport:
    """The funnel with its intervals of `share`: stages, cohorts by week, survival of candidates and of sellers, incomes."""

    stages: tuple[StageFigures, ...]
    cohorts: tuple[Cohort, ...]
    candidates: Survival
    sellers: Survival
    incomes: tuple[tuple[str, int, float | None, float | None, float | None], ...]
    share: float
    present: datetime


def read_board(
    region: Region,
    actor: Actor,
    filters: Filters | None = None,
    *,
    most: int = CARDS_A_STAGE,
    now: datetime | None = None,
) -> Board:
    """Return the board. Permission: candidate.read; names are shown to whoever may see names, reps see their own."""
    filters = _own(region, actor, filters or Filters())
    connection, present = region.reader(), region.moment(now)
    counts = lists.count_stages(connection, filters)
    found = {
        stage: lists.list_candidates(connection, _at(filters, stage), most=most) if counts.get(stage) else []
        for stage in Stage
    }
    cards = _cards(region, actor, [one for stage in Stage for one in found[stage]], present)
    columns = tuple(
        Column(stage, counts.get(stage, 0), tuple(cards[one.id] for one in found[stage])) for stage in Stage
    )
    return Board(columns, lists.count_due(connection, present, filters.rep), present)


def _at(filters: Filters, stage: Stage) -> Filters:
    return replace(filters, stage=stage)


def _own(region: Region, actor: Actor, filters: Filters) -> Filters:
    """RULE 18: a rep sees those in their own care, and nobody else's."""
    require(actor, "candidate.read")
    if actor.role != Role.REP:
        return filters
    mine = reps.rep_of_account(region.reader(), actor.id)
    if mine is None:
        raise NotFound("rep", Said("the rep of your account"), cure="ask a lead to link it on the page of reps")
    return replace(filters, rep=mine, without_rep=False)


def list_candidates(
    region: Region, actor: Actor, filters: Filters | None = None, *, words: str = "", page: int = 1,
    most: int = ROWS_A_PAGE, sellers: bool = False, now: datetime | None = None,
) -> Listed:  # fmt: skip
    """
    Return a page of candidates, those whom `words` find: parts of the name, pinyin, initials, a number or its last four digits.

    With `sellers` only those whom a rep has in care. Permission: candidate.read; candidate.name to search.

    Raises
    ------
    Forbidden
        If the actor may not.
    """
    filters = _own(region, actor, filters or Filters())
    present, whole, numbers = region.moment(now), True, None
    if words.strip():
        require(actor, "candidate.name")
        numbers, whole = _search(region, words)
    found = (
        [] if numbers is not None and not numbers else
        lists.list_candidates(region.reader(), filters, most=most + 1, after=(page - 1) * most, numbers=numbers, sellers=sellers)
    )  # fmt: skip
    cards = _cards(region, actor, found[:most], present)
    return Listed(tuple(cards[one.id] for one in found[:most]), len(found) > most, whole, present)


def _search(region: Region, words: str) -> tuple[list[int], bool]:
    digits = sum(sign.isdecimal() for sign in words)
    if digits >= 7:
        try:
            there = persons.find_by_phone(region, [read_phone(words)])
        except BadInput:
            return [], True
        found = [store.find_candidate(region.reader(), one) for one in there.values()]
        return lists.stand_ins(region.reader(), [one.number for one in found if one is not None]), True
    result = persons.search_persons(region, query_words(words))
    return lists.stand_ins(region.reader(), result.numbers), result.whole


def _cards(region: Region, actor: Actor, found: Sequence[Candidate], present: datetime) -> dict[CandidateId, Card]:
    named = why(actor, "candidate.name") is None
    known = persons.read_persons(region, [one.id for one in found]) if named else {}
    labels = places.name_places(region.reader(), [one.source.street for one in found if one.source.street])
    return {
        one.id: Card(
            one, known[one.id].name if one.id in known else "", mask_phone(known[one.id].phone) if one.id in known else "",
            labels.get(one.source.street or "") or one.source.channel or one.source.poster or "", one.due_at is not None and one.due_at <= present,
        )
        for one in found
    }  # fmt: skip


def find_one(region: Region, actor: Actor, text: str) -> CandidateId:
    """
    Return the one candidate that a number, or the beginning of an id, names. Permission: candidate.name.

    Raises
    ------
    NotFound
        If none or several are meant.
    """
    require(actor, "candidate.name")
    found = lists.begin_with(region.reader(), text) if len(text) >= 8 and not text.isdecimal() else []
    if not found:
        numbers, _ = _search(region, text)
        found = [one.id for number in numbers[:2] if (one := store.find_numbered(region.reader(), number))]
    if len(found) != 1:
        raise NotFound("one candidate", text[:20], cure="give the whole phone number")
    return found[0]


def board_moves(stage: Stage) -> tuple[Stage, ...]:
    """Return where a card of the board is usually sent: one step on, one step back, and out."""
    if stage not in WAY:
        return ()
    place = WAY.index(stage)
    steps = [*WAY[place + 1 : place + 2], *WAY[max(0, place - 1) : place]]
    return (*steps, Stage.LOST, Stage.DORMANT)


def read_bases(region: Region, actor: Actor) -> list[str]:
    """Return the bases that are known by name. Permission: candidate.read."""
    require(actor, "candidate.read")
    return lists.read_bases(region.reader())


def read_candidate(region: Region, actor: Actor, candidate: CandidateId, *, now: datetime | None = None) -> Dossier:
    """
    Return all that may be seen of a candidate. Permission: candidate.read and candidate.name.

    Raises
    ------
    NotFound
        If there is none, or they belong to another rep.
    """
    require(actor, "candidate.name")
    filters, connection = _own(region, actor, Filters()), region.reader()
    found = store.find_candidate(connection, candidate)
    if found is None or (filters.rep is not None and found.rep != filters.rep):
        raise NotFound("candidate", candidate)
    present = region.moment(now)
    known = persons.read_persons(region, [candidate])
    return Dossier(
        card=_cards(region, actor, [found], present)[candidate],
        moves=tuple(store.read_moves(connection, candidate)),
        sign_ups=tuple(store.read_sign_ups(connection, candidate)),
        calls=tuple(store.read_calls(connection, candidate)),
        notes=tuple(persons.read_notes(region, candidate)),
        steps=tuple(training.read_steps_of(connection, candidate)),
        trainings=tuple(training.trainings_of(connection, candidate)),
        merged=tuple(store.read_merged(connection, candidate)),
        allowed=likely_moves(found.stage, found.reached) if found.counts else (),
        consent=known[candidate].consent if candidate in known else "",
        consent_way=known[candidate].way if candidate in known else "",
        present=present,
    )


def reveal_phone(region: Region, actor: Actor, candidate: CandidateId, *, now: datetime | None = None) -> str:
    """
    Return a phone number in full, on the record. Permission: candidate.reveal. Event: PhoneRevealed.

    Raises
    ------
    Forbidden, NotFound
        If the actor may not, there is no such candidate, they were erased, or belong to another rep.
    """
    require(actor, "candidate.reveal")
    filters = _own(region, actor, Filters())
    with region.turn(actor, now=now) as turn:
        found = store.find_candidate(turn.connection, candidate)
        known = persons.read_persons(region, [candidate])
        if found is None or candidate not in known or (filters.rep is not None and found.rep != filters.rep):
            raise NotFound("candidate", candidate)
        store.write_facts(turn, candidate, event=PhoneRevealed(at=turn.now, candidate=candidate))
    return spell_phone(known[candidate].phone)


def list_due(
    region: Region, actor: Actor, *, rep: RepId | None = None, most: int = ROWS_A_PAGE, now: datetime | None = None
) -> Listed:
    """Return today's calls, all that are due by the end of the city's day. Permission: candidate.name."""
    require(actor, "candidate.name")
    filters, present = _own(region, actor, Filters(rep=rep)), region.moment(now)
    zone = places.read_zone(region.reader())
    tomorrow = datetime.combine(local_day(present, zone) + timedelta(days=1), datetime.min.time(), tzinfo=zone)
    found = lists.list_due(region.reader(), tomorrow, rep=filters.rep, most=most + 1)
    cards = _cards(region, actor, found[:most], present)
    return Listed(tuple(cards[one.id] for one in found[:most]), len(found) > most, True, present)


def count_stuck(region: Region, actor: Actor, *, rep: RepId | None = None, now: datetime | None = None) -> int:
    """Return how many sellers have overdue steps. Permission: candidate.name."""
    require(actor, "candidate.name")
    return training.count_stuck(region.reader(), region.moment(now), rep=_own(region, actor, Filters(rep=rep)).rep)


def list_stuck(
    region: Region,
    actor: Actor,
    *,
    rep: RepId | None = None,
    most: int = -1,
    after: int = 0,
    now: datetime | None = None,
) -> list[tuple[Stuck, Card]]:
    """Return sellers with overdue steps, stuck longest first; all where `most` is -1. Permission: candidate.name."""
    require(actor, "candidate.name")
    filters, present = _own(region, actor, Filters(rep=rep)), region.moment(now)
    stuck = training.read_stuck(region.reader(), present, rep=filters.rep, most=most, after=after)
    found = [store.find_candidate(region.reader(), one.candidate) for one in stuck]
    cards = _cards(region, actor, [one for one in found if one is not None], present)
    return [(one, cards[one.candidate]) for one in stuck if one.candidate in cards]


def read_funnel(
    region: Region,
    actor: Actor,
    filters: Filters | None = None,
    *,
    since: date | None = None,
    now: datetime | None = None,
) -> FunnelReport:
    """
    Return the funnel of all, of one kind of source, of one group, of one street, venue, crew or poster, or of cohorts since a day.

    Kinds, groups and days are read from the tallies; for one place the ways of its candidates are counted. Of the filters stage, rep
    and calls due are not minded. Permission: candidate.read.
    """
    require(actor, "candidate.read")
    asked = replace(filters or Filters(), stage=None, rep=None, without_rep=False, due_by=None)
    connection, present = region.reader(), region.moment(now)
    share, zone = read_rules(connection).interval_share, places.read_zone(connection)
    today = local_day(present, zone)
    if any((asked.street, asked.venue, asked.crew, asked.poster, asked.base)):
        tallies = count_packed(lists.read_ways(connection, asked), since)
    else:
        tallies = lists.read_tallies(connection, kind=asked.kind, group=asked.group, since=since)
    return FunnelReport(
        stage_figures(tallies, share), cohorts(tallies), survival(tallies.candidates, Path.CANDIDATE, today, share),
        survival(tallies.sellers, Path.SELLER, today, share), tuple(lists.count_incomes(connection)), share, present,
    )  # fmt: skip


def names_of(region: Region, actor: Actor, candidates: Sequence[CandidateId]) -> Mapping[CandidateId, str]:
    """Return the names of candidates. Permission: candidate.name."""
    require(actor, "candidate.name")
    return {one: person.name for one, person in persons.read_persons(region, candidates).items()}


__all__ = [
    "GROUPS_FIRST", "WAY", "Board", "Card", "Column", "Dossier", "Filters", "FunnelReport", "Group", "Listed", "Reason", "Source",
    "SourceKind", "Stage", "Stuck", "count_stuck", "list_candidates", "list_due", "list_stuck", "names_of", "read_board", "read_candidate",
    "read_funnel", "reveal_phone",
]  # fmt: skip
