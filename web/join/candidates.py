"""Candidates: the board and the table, one candidate with all acts, and today's calls."""

from datetime import timedelta

from flask import Blueprint, flash, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response as AnyResponse

from fieldops.actions import recruiting_lists as lists
from fieldops.actions import recruiting_moves as moves
from fieldops.actions.recruiting_duties import correct_person
from fieldops.actions.recruiting_lists import GROUPS_FIRST, Group, Reason, Stage
from fieldops.actions.recruiting_moves import Outcome
from fieldops.actions.recruiting_reps import list_reps
from fieldops.actions.recruiting_training import book_training, list_trainings, mark_step, read_step_labels
from fieldops.errors import BadInput
from fieldops.ids import CandidateId, RepId, TrainingId
from web.asked import city_moment, field, page_asked
from web.join.forms import asked, back, choice, filters, in_days, keep_nothing, place_asked, stuck_page, whole
from web.join.wording import stage_name
from web.navigation import Entry
from web.regions import act_moment, the_region
from web.session import current_actor, may, needs

pages = Blueprint("candidates", __name__)
keep_nothing(pages)
MENU = [
    Entry("candidates.board", lazy_gettext("Candidates"), 10, "sellers"),
    Entry("candidates.calls", lazy_gettext("Calls today"), 20, "sellers"),
]
_AGAIN = {Outcome.NO_ANSWER: 1, Outcome.BUSY: 0, Outcome.CALL_BACK: 2}  # days until the next call, where none is chosen


@pages.get("/candidates")
@needs("candidate.read")
def board() -> str:
    """Return the board: every stage with its first candidates, groups 1 and 4 first."""
    seen = lists.read_board(the_region(), current_actor(), filters(), now=act_moment())
    return render_template("join/board.html", board=seen, **_shared(lambda stage: _allowed_from(stage)))


def _allowed_from(stage: Stage) -> tuple[Stage, ...]:
    """Return where a card of the board can be sent: the next stage, one back, and out."""
    return lists.board_moves(stage)


def _shared(allowed: object) -> dict[str, object]:
    reps = list_reps(the_region(), current_actor())
    return {
        "asked": asked(), "asked_without": asked, "stages": list(Stage), "groups": GROUPS_FIRST, "reasons": list(Reason),
        "reps": [one for one in reps if one.works] if may("rep.manage") else [], "rep_names": {one.rep.id: one.name for one in reps}, "allowed": allowed, "place": place_asked(),
    }  # fmt: skip


@pages.get("/candidates/table")
@needs("candidate.read")
def table() -> str:
    """Return the same as a table, page by page."""
    return _table("")


@pages.post("/candidates/table")
@needs("candidate.name")
def search() -> str:
    """Return whom the words find; they travel in the form, so that no log keeps names and numbers."""
    return _table(request.form.get("q", "")[:100])


def _table(words: str) -> str:
    page = page_asked()
    found = lists.list_candidates(the_region(), current_actor(), filters(), words=words, page=page, now=act_moment())
    return render_template("join/table.html", found=found, words_asked=words, page=page, **_shared(_allowed_from))


@pages.get("/candidates/<candidate>")
@needs("candidate.name")
def one(candidate: str) -> str:
    """Return the page of a candidate."""
    return _page(CandidateId(candidate))


def _page(candidate: CandidateId, phone: str = "") -> str:
    seen = lists.read_candidate(the_region(), current_actor(), candidate, now=act_moment())
    return render_template(
        "join/candidate.html", seen=seen, phone=phone, outcomes=list(Outcome), labels=read_step_labels(the_region()),
        trainings=[
            one for one in list_trainings(the_region(), current_actor(), now=act_moment()) if one.cancelled_at is None
        ],
        **_shared(lambda _: seen.allowed),
    )  # fmt: skip


@pages.post("/candidates/<candidate>/move")
@needs("candidate.move")
def move(candidate: str) -> AnyResponse:
    """Move a candidate to another stage."""
    after = choice(Stage, "after")
    if after is None:
        raise BadInput("is no stage", field="after", cure="choose a stage")
    override = field("override") if may("rep.override") else ""
    moved = moves.move_candidate(
        the_region(),
        current_actor(),
        CandidateId(candidate),
        after,
        reason=field("reason"),
        override=override,
        now=act_moment(),
    )
    named = lists.names_of(the_region(), current_actor(), [moved.id]).get(moved.id, "")
    flash(gettext("%(name)s: %(stage)s.", name=named, stage=stage_name(moved.stage)))
    return back(url_for("candidates.board"))


@pages.post("/candidates/<candidate>/call")
@needs("candidate.move")
def call(candidate: str) -> AnyResponse:
    """Note a call, and when to call again."""
    outcome = choice(Outcome, "outcome")
    if outcome is None:
        raise BadInput("is no outcome", field="outcome", cure="choose one")
    due_at = city_moment("due_at")
    if due_at is None and outcome in _AGAIN:
        seen = lists.read_candidate(the_region(), current_actor(), CandidateId(candidate), now=act_moment())
        days = _AGAIN[outcome]
        due_at = in_days(days, seen.present) if days else seen.present + timedelta(hours=2)
    moves.record_call(the_region(), current_actor(), CandidateId(candidate), outcome, due_at=due_at, now=act_moment())
    flash(gettext("The call is noted."))
    return back(url_for("candidates.calls"))


@pages.post("/candidates/<candidate>/due")
@needs("candidate.move")
def due(candidate: str) -> AnyResponse:
    """Set when to call."""
    due_at = city_moment("due_at")
    moves.plan_call(the_region(), current_actor(), CandidateId(candidate), due_at, now=act_moment())
    flash(gettext("The call is planned.") if due_at else gettext("No call is due any more."))
    return back(url_for("candidates.one", candidate=candidate))


@pages.post("/candidates/<candidate>/note")
@needs("candidate.move")
def note(candidate: str) -> AnyResponse:
    """Write a note."""
    moves.add_note(
        the_region(), current_actor(), CandidateId(candidate), request.form.get("note", ""), now=act_moment()
    )
    flash(gettext("The note is kept."))
    return back(url_for("candidates.one", candidate=candidate))


@pages.post("/candidates/<candidate>/describe")
@needs("candidate.move")
def describe(candidate: str) -> AnyResponse:
    """Set group, incomes, language and base."""
    moves.describe_candidate(
        the_region(), current_actor(), CandidateId(candidate), group=choice(Group, "group"), wanted_low=whole("wanted_low"),
        wanted_high=whole("wanted_high"), income_reached=whole("income_reached"), language=field("language").lower(),
        base=field("base") or None, now=act_moment(),
    )  # fmt: skip
    flash(gettext("Saved."))
    return back(url_for("candidates.one", candidate=candidate))


@pages.post("/candidates/<candidate>/correct")
@needs("candidate.name")
def correct(candidate: str) -> AnyResponse:
    """Put a name or a number right."""
    correct_person(
        the_region(), current_actor(), CandidateId(candidate), name=request.form.get("name", ""),
        phone=request.form.get("phone", ""), now=act_moment(),
    )  # fmt: skip
    flash(gettext("Saved."))
    return back(url_for("candidates.one", candidate=candidate))


@pages.post("/candidates/<candidate>/rep")
@needs("rep.manage")
def give(candidate: str) -> AnyResponse:
    """Give a candidate to a rep, or to nobody."""
    rep = field("rep")
    moves.assign_rep(
        the_region(),
        current_actor(),
        CandidateId(candidate),
        RepId(rep) if rep else None,
        override=field("override"),
        now=act_moment(),
    )
    flash(gettext("Saved."))
    return back(url_for("candidates.one", candidate=candidate))


@pages.post("/candidates/<candidate>/step")
@needs("candidate.move")
def step(candidate: str) -> AnyResponse:
    """Mark a step of the checklist."""
    mark_step(
        the_region(),
        current_actor(),
        CandidateId(candidate),
        field("step"),
        done=field("done") == "1",
        now=act_moment(),
    )
    return back(url_for("candidates.one", candidate=candidate))


@pages.post("/candidates/<candidate>/training")
@needs("training.manage")
def train(candidate: str) -> AnyResponse:
    """Book a place in a training."""
    book_training(
        the_region(), current_actor(), TrainingId(field("training")), CandidateId(candidate), now=act_moment()
    )
    flash(gettext("The place is booked."))
    return back(url_for("candidates.one", candidate=candidate))


@pages.post("/candidates/<candidate>/reveal")
@needs("candidate.reveal")
def reveal(candidate: str) -> str:
    """Show the phone number in full, on the record."""
    phone = lists.reveal_phone(the_region(), current_actor(), CandidateId(candidate), now=act_moment())
    if field("page") == "calls":
        return _calls(CandidateId(candidate), phone)
    return _page(CandidateId(candidate), phone)


@pages.post("/candidates/<candidate>/merge")
@needs("candidate.merge")
def merge(candidate: str) -> AnyResponse:
    """Say that another candidate is the same person, or that they were two after all."""
    if field("undo"):
        moves.undo_merge(
            the_region(), current_actor(), CandidateId(field("undo")), override=field("override"), now=act_moment()
        )
        flash(gettext("They are two again."))
    else:
        other = lists.find_one(the_region(), current_actor(), field("other"))
        moves.merge_candidates(the_region(), current_actor(), CandidateId(candidate), other, now=act_moment())
        names = lists.names_of(the_region(), current_actor(), [CandidateId(candidate), other])
        flash(
            gettext(
                "They are one candidate now. This row, %(kept)s, stands for both; that of %(other)s is kept beneath it and can be parted again.",
                kept=names.get(CandidateId(candidate), ""), other=names.get(other, ""),
            )
        )  # fmt: skip
    return back(url_for("candidates.one", candidate=candidate))


@pages.get("/calls")
@needs("candidate.name")
def calls() -> str:
    """Return today's calls and who is stuck: for a phone in one hand."""
    return _calls()


def _calls(revealed: CandidateId | None = None, phone: str = "") -> str:
    rep = RepId(field("rep")) if field("rep") else None
    region, actor = the_region(), current_actor()
    return render_template(
        "join/calls.html", due=lists.list_due(region, actor, rep=rep, now=act_moment()),
        stuck=stuck_page(rep), revealed=revealed, phone=phone,
        outcomes=list(Outcome), labels=read_step_labels(region), rep=rep, **_shared(_allowed_from),
    )  # fmt: skip
