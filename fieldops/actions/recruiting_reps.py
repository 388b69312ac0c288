"""Representatives: taken in from a file, given sellers by the solver with reasons, tried otherwise, and handed over from."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fieldops.actions.intake import Row, imported, read_by_key, summarise
from fieldops.actions.recruiting_moves import assign_in_turn
from fieldops.clock import local_day, parse_moment
from fieldops.errors import BadInput, NotFound
from fieldops.events import RepLeft, RowsImported
from fieldops.ids import CandidateId, JobId, RepId
from fieldops.intake import Intake, Refusals, read_day, read_id, read_name, read_position
from fieldops.people import Actor
from fieldops.permissions import require
from fieldops.progress import Progress, no_progress
from fieldops.recruiting.care import Rep
from fieldops.recruiting.sources import Group
from fieldops.said import Said
from fieldops.store import persons, places
from fieldops.store import recruiting as candidates
from fieldops.store import recruiting_reps as store
from fieldops.store.connect import Region, Turn, open_region, read_rules

if TYPE_CHECKING:
    from fieldops.planning.reps import Answer, Charge

NEEDED = ("rep", "base", "name")
KNOWN = (*NEEDED, "languages", "groups", "lon", "lat", "from", "until")
MOST_AT_ONCE = 5_000
MOST_SHOWN = 200
_FOLLOWED_CAP = 500  # candidates on their way to signing count against no cap; this keeps one rep from getting all


@dataclass(frozen=True, slots=True)
class RepCard:
    """A rep with name, sellers in care, places left of `cap` (a lead may allow more, none is left then), and candidates followed."""

    rep: Rep
    name: str
    cares: int
    free: int
    cap: int
    follows: int
    works: bool


@dataclass(frozen=True, slots=True)
class WhatIf:
    """An assignment as it would be and as it would be otherwise: whole price in km, unserved, and who would go elsewhere."""

    answer: "Answer"
    otherwise: "Answer"
    moved: int


def import_reps(
    region: Region, actor: Actor, rows: Iterable[Row], *, strict: bool = False, now: datetime | None = None
) -> Intake:
    """
    Take in reps, given as numbered rows of text with the columns `KNOWN`; names go to the private file.

    Permission: rep.manage. Event: RowsImported.

    Raises
    ------
    Forbidden, RowsRefused
        If the actor may not, or with `strict` a row cannot be used.
    """
    require(actor, "rep.manage")
    with region.turn(actor, now=now) as turn:
        before, names_before, refusals = store.read_reps(turn.connection), persons.read_rep_names(region), Refusals()
        read = read_by_key(rows, "rep", _read_rep, refusals)
        if strict:
            refusals.refuse_any()
        changed = [
            rep for key, (rep, name) in read.items()
            if before.get(RepId(key)) != rep or names_before.get(key) != name
        ]  # fmt: skip
        done = summarise(refusals, read, before, len(changed))
        if changed:
            persons.save_rep_names(turn, {rep.id: read[rep.id][1] for rep in changed})
            store.write_reps(turn, changed, event=imported("reps", turn.now, done, changed))
    return done


def _read_rep(row: Mapping[str, str]) -> tuple[Rep, str]:
    lon, lat = read_position(row)
    since, until = read_day(row, "from"), read_day(row, "until")
    if since and until and until <= since:
        raise BadInput("ends before it begins", field="until", cure="give the first day after the last one worked")
    try:
        groups = frozenset(Group(one) for one in _list(row.get("groups", "")))
    except ValueError:
        raise BadInput(
            Said("'%(given)s' are no groups", given=row["groups"]), field="groups", cure="give 1, 2, 3, 4"
        ) from None
    languages = frozenset(_list(row.get("languages", ""))) or frozenset({"zh"})
    if not all(one.isalpha() and len(one) <= 8 for one in languages):
        raise BadInput("are no languages", field="languages", cure="give codes such as zh, yue, ug")
    return Rep(
        RepId(read_id(row, "rep")), read_name(row, "base"), languages, groups, lon, lat, since, until
    ), read_name(row, "name")


def _list(text: str) -> list[str]:
    return text.replace(";", " ").replace("|", " ").replace(",", " ").split()


def list_reps(region: Region, actor: Actor, *, now: datetime | None = None) -> list[RepCard]:
    """Return all reps by id with their load. Permission: candidate.read."""
    require(actor, "candidate.read")
    connection = region.reader()
    day = local_day(region.moment(now), places.read_zone(connection))
    names, cares, follows = (
        persons.read_rep_names(region),
        store.count_cares(connection),
        store.count_followed(connection),
    )
    cap = read_rules(connection).sellers_per_rep
    return [
        RepCard(rep, names.get(rep.id, ""), cares.get(rep.id, 0), max(0, cap - cares.get(rep.id, 0)), cap,
                follows.get(rep.id, 0), rep.works_on(day))
        for rep in store.read_reps(connection).values()
    ]  # fmt: skip


def plan_reps(
    region: Region, actor: Actor, *, most: int = MOST_AT_ONCE, without: Sequence[RepId] = (), more: Sequence[Rep] = (),
    cap: int | None = None, now: datetime | None = None,
) -> WhatIf:  # fmt: skip
    """
    Return who would look after the sellers without a rep, and how it would be otherwise; nothing is changed.

    `without` some reps, with `more` of them, or with another `cap`. Permission: candidate.read.

    Raises
    ------
    Forbidden
        If the actor may not.
    """
    require(actor, "candidate.read")
    connection = region.reader()
    day = local_day(region.moment(now), places.read_zone(connection))
    charges = [_charge(row) for row in store.read_uncared(connection, most)]
    present = [rep for rep in store.read_reps(connection).values() if rep.works_on(day)]
    cares, usual = store.count_cares(connection), read_rules(connection).sellers_per_rep
    answer = _solve(charges, present, cares, usual)
    changed = [rep for rep in present if rep.id not in set(without)] + list(more)
    otherwise = _solve(charges, changed, cares, cap or usual)
    moved = sum(one.rep != other.rep for one, other in zip(answer.choices, otherwise.choices, strict=True))
    return WhatIf(answer, otherwise, moved)


def check_reps(region: Region, actor: Actor, *, now: datetime | None = None) -> None:
    """
    Let sellers be assigned: there is a rep who works.

    Permission: rep.manage.

    Raises
    ------
    Forbidden
        If the actor may not.
    BadInput
        If there is none.
    """
    require(actor, "rep.manage")
    if not any(one.works for one in list_reps(region, actor, now=now)):
        raise BadInput(
            "no rep works here, so nobody can be assigned", field="rep", cure="take reps in from a table (reps) first"
        )


def assign_reps(
    region: Region,
    actor: Actor,
    *,
    most: int = MOST_AT_ONCE,
    now: datetime | None = None,
    progress: Progress = no_progress,
) -> "Answer":
    """
    Give every seller without a rep to one, as well as can be; groups 1 and 4 first where places are short (rule 18).

    The plan is made before the write turn; in it every choice passes rule 18 again, and who was given a rep meanwhile is
    left alone. Permission: rep.manage. Event: RepAssigned, one a seller.

    Raises
    ------
    Forbidden
        If the actor may not.
    BadInput
        If no rep works.
    """
    check_reps(region, actor, now=now)
    answer = plan_reps(region, actor, most=most, now=now).answer
    with region.turn(actor, now=now) as turn:
        for number, choice in enumerate(answer.choices):
            found = candidates.find_candidate(turn.connection, CandidateId(choice.charge))
            if choice.rep is not None and found is not None and found.counts and found.rep is None:
                assign_in_turn(turn, found.id, RepId(choice.rep), why="assigned_" + "_".join(choice.reasons)[:48])
            if number % 500 == 0:
                progress("assign", number / len(answer.choices))
    return answer


def end_rep(
    region: Region, actor: Actor, rep: RepId, *, until: date | None = None, now: datetime | None = None
) -> "Answer":
    """
    Let a rep go and hand everybody over: sellers by the solver within the cap, candidates evenly; nobody is lost.

    Whom no rep has room for waits without one, at the top of the list of sellers without a rep. One write turn.
    Permission: rep.manage. Events: RepLeft and RepAssigned.

    Raises
    ------
    Forbidden
        If the actor may not.
    NotFound
        If there is no such rep.
    """
    require(actor, "rep.manage")
    with region.turn(actor, now=now) as turn:
        leaving = store.find_rep(turn.connection, rep)
        if leaving is None:
            raise NotFound("rep", rep, cure="see `fieldops recruit reps`")
        today = local_day(turn.now, places.read_zone(turn.connection))
        charges = store.read_charges(turn.connection, rep)
        others = [one for one in store.read_reps(turn.connection).values() if one.id != rep and one.works_on(today)]
        answer = _hand_over(turn, charges, others)
        handed = sum(one.rep is not None for one in answer.choices)
        event = RepLeft(at=turn.now, rep=rep, handed_over=handed, waiting=len(charges) - handed)
        store.end_rep(turn, rep, until or today, event=event)
    return answer


def run_reps_job(
    path: Path, actor: Actor, *, job: JobId, progress: Progress, assign: bool = False, without: str = "", cap: int = 0,
    leave: str = "", most: int = MOST_AT_ONCE, now: str = "",
) -> dict[str, Any]:  # fmt: skip
    """
    Do a job of kind `reps` (see `actions.jobs`) and return what came of it; run again it finds nothing left to do.

    It tries an assignment (`without` reps, with another `cap`), does it (`assign`), or lets a rep go (`leave`).
    """
    del job
    moment, region = parse_moment(now) if now else None, open_region(path)
    try:
        if leave:
            return _answer(end_rep(region, actor, RepId(leave), now=moment))
        if assign:
            return _answer(assign_reps(region, actor, most=most, now=moment, progress=progress))
        left_out = [RepId(one) for one in without.split(",") if one]
        tried = plan_reps(region, actor, most=most, without=left_out, cap=cap or None, now=moment)
        compared = {
            "moved": tried.moved, "now_unserved": tried.answer.unserved, "now_price": tried.answer.price,
        } if left_out or cap else {}  # fmt: skip
        return {**_answer(tried.otherwise), "tried": True, **compared}
    finally:
        region.close()


def _answer(answer: "Answer") -> dict[str, Any]:
    shown = [
        {"charge": one.charge, "rep": one.rep, "way_km": one.way_km, "reasons": list(one.reasons), "better": one.better}
        for one in answer.choices[:MOST_SHOWN]
    ]
    served = len(answer.choices) - answer.unserved
    return {
        "choices": shown,
        "served": served,
        "unserved": answer.unserved,
        "price": answer.price,
        "proven": answer.proven,
    }


def _hand_over(turn: Turn, charges: Sequence[CandidateId], others: Sequence[Rep]) -> "Answer":
    placed = [_charge(row) for row in store.read_placed(turn.connection, charges)]
    found = {one.id: candidates.find_candidate(turn.connection, CandidateId(one.id)) for one in placed}
    sellers = [one for one in placed if (c := found[one.id]) is not None and c.is_seller]
    followed = [one for one in placed if one not in sellers]
    answer = _solve(sellers, others, store.count_cares(turn.connection), turn.rules.sellers_per_rep)
    more = _solve(followed, others, store.count_followed(turn.connection), _FOLLOWED_CAP)
    for choice in (*answer.choices, *more.choices):
        rep = RepId(choice.rep) if choice.rep else None
        assign_in_turn(turn, CandidateId(choice.charge), rep, why="rep_left")
    return replace(answer, choices=answer.choices + more.choices, unserved=answer.unserved + more.unserved)


def _charge(row: Iterable[Any]) -> "Charge":
    from fieldops.planning.reps import Charge

    identity, group, language, base, lon, lat = row
    return Charge(identity, Group(group) if group else None, language or "", base, lon, lat)


def _solve(charges: "Sequence[Charge]", reps: Sequence[Rep], cares: Mapping[RepId, int], cap: int) -> "Answer":
    from fieldops.planning.reps import assign_reps as solve

    return solve(charges, reps, {str(rep): count for rep, count in cares.items()}, cap)


def link_account(region: Region, actor: Actor, rep: RepId, account: str | None, *, now: datetime | None = None) -> None:
    """Say which account signs in as a rep, None for none. Permission: rep.manage. Event: RowsImported."""
    require(actor, "rep.manage")
    with region.turn(actor, now=now) as turn:
        if store.find_rep(turn.connection, rep) is None:
            raise NotFound("rep", rep, cure="see `fieldops recruit reps`")
        event = RowsImported(at=turn.now, noun="reps", added=0, updated=1, unchanged=0, rejected=0, digest="account")
        store.set_account(turn, rep, account, event=event)


def read_links(region: Region, actor: Actor) -> dict[str, str]:
    """Return the account of each rep that has one, by rep. Permission: rep.manage."""
    require(actor, "rep.manage")
    return store.read_accounts(region.reader())


def rep_of(region: Region, actor: Actor) -> RepId | None:
    """Return the rep as whom an actor signed in, None where it is no rep's account."""
    return store.rep_of_account(region.reader(), actor.id)
