"""Reps: their loads, sellers without one, the assignment tried and done, accounts, and hand-over."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext, ngettext
from werkzeug.wrappers import Response as AnyResponse

from fieldops.actions import recruiting_reps as acts
from fieldops.actions.accounts import list_accounts
from fieldops.actions.recruiting_lists import Filters, list_candidates, names_of
from fieldops.ids import CandidateId, RepId
from fieldops.people import Role
from web.join.forms import field, keep_nothing, whole
from web.navigation import Entry
from web.regions import act_moment, the_region
from web.session import current_actor, may, needs

pages = Blueprint("reps", __name__)
keep_nothing(pages)
MENU = [Entry("reps.page", lazy_gettext("Reps"), 60, "reps")]
_AT_ONCE = 500  # sellers; a command takes more


@pages.get("/reps")
@needs("rep.manage")
def page() -> str:
    """Return the reps with their loads."""
    return _page()


def _page(**more: object) -> str:
    region, actor = the_region(), current_actor()
    accounts = list_accounts(region, actor) if may("account.manage") else []
    return render_template(
        "join/reps.html", reps=acts.list_reps(region, actor, now=act_moment()),
        uncared=list_candidates(region, actor, Filters(without_rep=True), sellers=True, most=20, now=act_moment()),
        accounts=[one for one in accounts if one.role == Role.REP], linked=acts.read_links(region, actor), **more,
    )  # fmt: skip


@pages.post("/reps/try")
@needs("rep.manage")
def what_if() -> str:
    """Show who would go to whom, and how it would be otherwise; nothing is changed."""
    without = [RepId(one) for one in request.form.getlist("without") if one]
    tried = acts.plan_reps(
        the_region(), current_actor(), most=_AT_ONCE, without=without, cap=whole("cap"), now=act_moment()
    )
    answer = tried.otherwise if without or whole("cap") else tried.answer
    names = names_of(the_region(), current_actor(), [CandidateId(one.charge) for one in answer.choices])
    return _page(tried=tried, answer=answer, names=names, compared=bool(without or whole("cap")))


@pages.post("/reps/assign")
@needs("rep.manage")
def assign() -> AnyResponse:
    """Give every seller without a rep to one."""
    answer = acts.assign_reps(the_region(), current_actor(), most=_AT_ONCE, now=act_moment())
    served = len(answer.choices) - answer.unserved
    flash(ngettext("%(num)s seller has a rep now.", "%(num)s sellers have a rep now.", served))
    return redirect(url_for("reps.page"), 303)


@pages.post("/reps/<rep>/leave")
@needs("rep.manage")
def leave(rep: str) -> AnyResponse:
    """Let a rep go, and hand everybody over."""
    answer = acts.end_rep(the_region(), current_actor(), RepId(rep), now=act_moment())
    flash(gettext(
        "Handed over: %(handed)s; waiting for a place: %(waiting)s.", handed=len(answer.choices) - answer.unserved,
        waiting=answer.unserved,
    ))  # fmt: skip
    return redirect(url_for("reps.page"), 303)


@pages.post("/reps/<rep>/account")
@needs("account.manage", "rep.manage")
def link(rep: str) -> AnyResponse:
    """Say which account signs in as this rep."""
    account = field("account")
    acts.link_account(the_region(), current_actor(), RepId(rep), account or None, now=act_moment())
    flash(gettext("Saved."))
    return redirect(url_for("reps.page"), 303)
