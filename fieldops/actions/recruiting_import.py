"""Candidates of a file come in: 100,000 rows in steps of some thousand, each bad row refused by itself with its reason."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from itertools import islice
from typing import TypeVar

from fieldops.actions.intake import Row
from fieldops.actions.recruiting import SignUpForm, check_open, check_source, new_candidate, present_candidate
from fieldops.errors import BadInput, NotFound
from fieldops.ids import CandidateId, CrewId, PosterCode, StreetId, VenueId, new_id
from fieldops.intake import Intake, Refusals, check_width, read_choice, read_moment, read_number
from fieldops.people import Actor
from fieldops.permissions import require
from fieldops.progress import Progress, no_progress
from fieldops.recruiting.candidate import Candidate, SignUp
from fieldops.recruiting.care import read_income
from fieldops.recruiting.journey import walk_journey
from fieldops.recruiting.names import read_person_name
from fieldops.recruiting.phones import read_mobile
from fieldops.recruiting.sources import Group, Source, SourceKind
from fieldops.recruiting.stages import LEFT, RANK, WAY, Move, Reason, Stage, furthest
from fieldops.said import Said
from fieldops.store import persons, places
from fieldops.store import recruiting as store
from fieldops.store import recruiting_settings as settings
from fieldops.store import recruiting_training as training
from fieldops.store.connect import Region, Turn
from fieldops.store.persons import Person

Name = TypeVar("Name", bound=str)
NEEDED = ("name", "phone")
KNOWN = (
    *NEEDED, "source", "street", "venue", "crew", "channel", "poster", "group", "stage", "stage_since", "reason", "made_at", "consent",
    "wanted_low", "wanted_high", "income_reached", "language", "base", *(f"{stage}_at" for stage in WAY[1:]),
)  # fmt: skip
ROWS_A_TURN = 5_000  # fewer would write the whole index of words again and again; more would keep others waiting
OLDEST = timedelta(days=3650)
_NEXT_CALL = frozenset({Stage.NEW, Stage.CONTACTED, Stage.INTERVIEWED})


@dataclass(frozen=True, slots=True)
class _Read:
    """
    What a row says: the sign-up, the stage, why (lost, dormant), and since when (None: since the sign-up).

    `way` holds the stages whose day the row tells, in their order; `income` is yuan a month that a seller reaches.
    """

    form: SignUpForm
    stage: Stage
    reason: str
    since: datetime | None
    way: tuple[tuple[Stage, datetime], ...]
    income: int | None

    def moves(self, candidate: CandidateId, made_at: datetime) -> list[Move]:
        """Return the moves that lead from the sign-up to where the candidate stands."""
        steps = [*self.way]
        if self.stage != (steps[-1][0] if steps else Stage.NEW):
            steps.append((self.stage, self.since or made_at))
        befores = [Stage.NEW, *(stage for stage, _ in steps)]
        return [
            Move(candidate, before, after, at, self.reason if after in LEFT else "")
            for before, (after, at) in zip(befores, steps, strict=False)
        ]


def import_candidates(
    region: Region, actor: Actor, rows: Iterable[Row], *, consent: str = "", strict: bool = False,
    now: datetime | None = None, progress: Progress = no_progress,
) -> Intake:  # fmt: skip
    """
    Take in candidates, given as numbered rows of text with the columns `KNOWN`.

    A known number changes nothing: whoever is a candidate already stays where they are (a further sign-up is noted where
    the row tells of another moment or source). `consent` is the version to which all rows without one agreed. Rows come in
    by turns of five thousand, so that others can write meanwhile; stopped in the middle, the same file may be given again.
    Permission: candidate.import. Events: SignUpsRecorded, CandidatesMoved.

    Raises
    ------
    Forbidden
        If the actor may not.
    RowsRefused
        With `strict`, if any row cannot be used; nothing is stored then.
    RegionWindingDown
        If the region takes nobody any more.
    """
    require(actor, "candidate.import")
    refusals = Refusals()
    if strict:
        rows = list(rows)
        with region.turn(actor, now=now) as turn:
            _read_all(turn, rows, consent, refusals)
        refusals.refuse_any()
    waiting, done = iter(rows), Counter[str]()
    while chunk := list(islice(waiting, ROWS_A_TURN)):
        with region.turn(actor, now=now) as turn:
            check_open(turn)
            done.update(_take(turn, _read_all(turn, chunk, consent, refusals)))
    progress("candidates", 1.0, added=done["added"], refused=refusals.count)
    return Intake(done["added"], done["updated"], done["unchanged"], refusals.count, refusals.in_order())


def _read_all(turn: Turn, rows: Sequence[Row], consent: str, refusals: Refusals) -> list[_Read]:
    read: list[_Read] = []
    check = cache(lambda source: check_source(turn, source))
    known = cache(lambda version: settings.find_consent(turn.connection, version) is not None)
    for number, row in rows:
        try:
            check_width(row)
            form = _read_form(row, consent, turn.now)
            if not known(form.consent):
                raise BadInput(
                    "no consent to a text that this region ever had" if form.consent else "is empty", field="consent",
                    cure="give the version of the text that was agreed to, or --consent for all rows (rule 19)",
                )  # fmt: skip
            try:
                check(form.source)
            except NotFound as missing:
                raise BadInput(
                    Said("nothing of that kind is called '%(name)s'", name=missing.name),
                    field=missing.noun.split()[-1],
                ) from None
            income = int(read_number(row, "income_reached", low=0, high=1e6)) if row.get("income_reached") else None
            read.append(_Read(form, *_read_stage(row, form.made_at, turn.now), income))
        except BadInput as refusal:
            refusals.add(number, refusal, _shown(row, refusal.field))
    return read


def _shown(row: Mapping[str, str], field: str | None) -> str | None:
    """Names and numbers that were refused stand in the report as they are: it is for whoever holds the file."""
    return row.get(field or "")


def _read_form(row: Mapping[str, str], consent: str, now: datetime) -> SignUpForm:
    name, phone = read_person_name(row.get("name", "")), read_mobile(row.get("phone", ""))
    made_at = read_moment(row, "made_at") if row.get("made_at") else None
    if made_at is not None and not now - OLDEST <= made_at <= now:
        raise BadInput(
            Said("'%(given)s' cannot be", given=row["made_at"]),
            field="made_at",
            cure="give a moment of the last ten years",
        )
    group = read_choice(Group, row, "group") if row.get("group") else None
    low, high = (
        int(read_number(row, part, low=0, high=1_000_000)) if row.get(part) else None
        for part in ("wanted_low", "wanted_high")
    )
    read_income(low, high)
    language = row.get("language", "")
    if language and (len(language) > 8 or not language.isalpha()):
        raise BadInput(
            Said("'%(language)s' is no language", language=language),
            field="language",
            cure="give a code such as zh, yue, ug",
        )
    return SignUpForm(
        "", name, phone, _read_source(row), row.get("consent") or consent, made_at, group, low, high, language,
        row.get("base") or None, "file",
    )  # fmt: skip


def _read_source(row: Mapping[str, str]) -> Source:
    kind = row.get("source", "")
    if not kind:  # the most exact that is named
        kind = next((one for one in ("poster", "venue", "street", "crew") if row.get(one)), "channel")
    channel = row.get("channel") or ("file" if kind == "channel" else "")
    return Source(
        read_choice(SourceKind, {"source": kind}, "source"), _or_none(StreetId, row.get("street")),
        _or_none(VenueId, row.get("venue")), _or_none(CrewId, row.get("crew")), channel or None,
        _or_none(PosterCode, row.get("poster")),
    )  # fmt: skip


def _or_none(kind: Callable[[str], Name], text: str | None) -> Name | None:
    return kind(text) if text else None


def _read_way(row: Mapping[str, str], made_at: datetime | None, now: datetime) -> tuple[tuple[Stage, datetime], ...]:
    """Return the stages whose moment is given, in their order: each not before the one before it, none in the future."""
    way, last = [], made_at or now
    for stage in WAY[1:]:
        name = f"{stage}_at"
        if not row.get(name):
            continue
        at = read_moment(row, name)
        if not last <= at <= now:
            cure = "give moments in the order of the stages, from made_at until now"
            raise BadInput(Said("'%(given)s' cannot be", given=row[name]), field=name, cure=cure)
        way.append((stage, at))
        last = at
    return tuple(way)


def _read_stage(
    row: Mapping[str, str], made_at: datetime | None, now: datetime
) -> tuple[Stage, str, datetime | None, tuple[tuple[Stage, datetime], ...]]:
    way = _read_way(row, made_at, now)
    last = way[-1][0] if way else Stage.NEW
    stage, reason = read_choice(Stage, row, "stage") if row.get("stage") else last, row.get("reason", "")
    if stage in RANK and RANK[stage] < RANK[last]:
        raise BadInput(
            Said("'%(stage)s' is before the last stage that has a moment", stage=stage), field="stage",
            cure=Said("leave %(last)s_at empty, or say stage %(last)s", last=last),
        )  # fmt: skip
    if stage in LEFT and reason not in set(Reason):
        raise BadInput(
            Said("'%(given)s' is no reason", given=reason),
            field="reason",
            cure=Said("use one of %(choices)s", choices=", ".join(Reason)),
        )
    if stage not in LEFT and reason:
        raise BadInput("belongs to lost and dormant only", field="reason", cure="leave it empty")
    since = read_moment(row, "stage_since") if row.get("stage_since") else None
    if way and stage != last and since is None:
        raise BadInput(
            "is empty", field="stage_since", cure=Said("say since when the candidate is %(stage)s", stage=stage)
        )
    first = way[-1][1] if way else made_at or now
    if since is not None and not first <= since <= now:
        cure = "give a moment between made_at, or that of the stage before, and now"
        raise BadInput(Said("'%(given)s' cannot be", given=row["stage_since"]), field="stage_since", cure=cure)
    return stage, reason, since, way


def _take(turn: Turn, read: Sequence[_Read]) -> Counter[str]:
    """Store what was read: the new, and further sign-ups of the known; return how many of each."""
    done, sign_ups = Counter[str](), []
    there = persons.find_by_phone(turn.region, [one.form.phone for one in read])
    first: dict[str, _Read] = {}
    for one in read:
        form = one.form
        present = present_candidate(turn, there[form.phone]) if form.phone in there else None
        if present is None and form.phone not in first:
            first[form.phone] = one
            done["added"] += 1
        elif present is not None and form.made_at is not None and _is_further(turn, present, form):
            sign_ups.append(_sign_up(form, present.id, form.made_at, again=True))
            done["updated"] += 1
        else:
            done["unchanged"] += 1
    for orphan in (there[phone] for phone in first if phone in there):
        persons.erase_person(turn.region, orphan)
    _store(turn, list(first.values()), sign_ups)
    return done


def _is_further(turn: Turn, candidate: Candidate, form: SignUpForm) -> bool:
    seen = {(one.made_at, one.source) for one in store.read_sign_ups(turn.connection, candidate.id)}
    return (form.made_at, form.source) not in seen


def _sign_up(form: SignUpForm, candidate: CandidateId, made_at: datetime, *, again: bool) -> SignUp:
    return SignUp(new_id(), candidate, again, form.source, form.group, form.consent, made_at)


def _store(turn: Turn, first: Sequence[_Read], sign_ups: list[SignUp]) -> None:
    zone = places.read_zone(turn.connection)
    ids = [CandidateId(new_id()) for _ in first]
    made = [one.form.made_at or turn.now for one in first]
    numbers = persons.add_persons(
        turn,
        [
            Person(one, read.form.name, read.form.phone, read.form.consent, at, read.form.way)
            for one, read, at in zip(ids, first, made, strict=True)
        ],
        store.next_number(turn.connection),
    )
    rows, moves = [], list[Move]()
    for one, number, read, at in zip(ids, numbers, first, made, strict=True):
        form, stage, mine = read.form, read.stage, read.moves(one, at)
        due_at = turn.now if stage in _NEXT_CALL else None
        row = new_candidate(
            form, number, one, at, due_at=due_at, stage=stage, stage_since=mine[-1].moved_at if mine else at,
            reached=furthest([move.after for move in mine]), reason=read.reason,
        )  # fmt: skip
        rows.append((replace(row, income_reached=read.income), walk_journey(at, mine, zone)))
        sign_ups.append(_sign_up(form, one, at, again=False))
        moves += mine
    if sign_ups:
        store.write_sign_ups(turn, sign_ups, rows, event=store.sign_ups_event(turn.now, sign_ups))
    if moves:
        event = store.moves_event(turn.now, moves)
        store.write_given_moves(turn, moves, event=event)
        steps = settings.present_steps(turn.connection)
        for row, _ in rows:
            if row.stage == Stage.SIGNED:
                training.add_steps(turn, row.id, row.stage_since, steps, event=event)
