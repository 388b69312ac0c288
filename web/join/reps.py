"""Reps: their loads, sellers without one, the assignment tried and done, accounts, and hand-over."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response as AnyResponse

from fieldops.actions import jobs
from fieldops.actions import recruiting_reps as acts
from fieldops.actions.accounts import list_accounts
from fieldops.actions.recruiting_lists import Filters, list_candidates, names_of
from fieldops.ids import CandidateId, RepId
from fieldops.people import Role
from web.asked import field
from web.join.forms import keep_nothing, whole
from web.navigation import Entry
from web.regions import act_moment, region_path, the_region
from web.session import current_actor, may, needs

pages = Blueprint("reps", __name__)
keep_nothing(pages)
MENU = [Entry("reps.page", lazy_gettext("Reps"), 60, "sellers")]


@pages.get("/reps")
@needs("rep.manage")
def page() -> str:
    """Return the reps with their loads, and what a job found where the address names one."""
    region, actor = the_region(), current_actor()
    accounts = list_accounts(region, actor) if may("account.manage") else []
    job = jobs.read_job(region_path(), actor, field("job")) if field("job") else None
    found = job.result if job is not None and job.kind == "reps" else None
    charges = [CandidateId(one["charge"]) for one in found["choices"]] if found else []
    return render_template(
        "join/reps.html", reps=acts.list_reps(region, actor, now=act_moment()),
        uncared=list_candidates(region, actor, Filters(without_rep=True), sellers=True, most=20, now=act_moment()),
        accounts=[one for one in accounts if one.role == Role.REP], linked=acts.read_links(region, actor), found=found,
        names=names_of(region, actor, charges),
    )  # fmt: skip


def _order(**parameters: object) -> AnyResponse:
    """Give the solver's work to a worker, and follow it: the web computes nothing."""
    moment = act_moment()
    if moment is not None:
        parameters["now"] = moment.isoformat()
    job = jobs.order_job(region_path(), current_actor(), "reps", parameters)
    return redirect(url_for("plans.job", job=job.id), 303)


@pages.post("/reps/try")
@needs("rep.manage")
def what_if() -> AnyResponse:
    """Find out who would go to whom, and how it would be otherwise; nothing is changed."""
    return _order(without=",".join(one for one in request.form.getlist("without") if one), cap=whole("cap"))


@pages.post("/reps/assign")
@needs("rep.manage")
def assign() -> AnyResponse:
    """Give every seller without a rep to one."""
    acts.check_reps(the_region(), current_actor(), now=act_moment())
    return _order(assign=True)


@pages.post("/reps/<rep>/leave")
@needs("rep.manage")
def leave(rep: str) -> AnyResponse:
    """Let a rep go, and hand everybody over."""
    return _order(leave=rep)


@pages.post("/reps/<rep>/account")
@needs("account.manage", "rep.manage")
def link(rep: str) -> AnyResponse:
    """Say which account signs in as this rep."""
    account = field("account")
    acts.link_account(the_region(), current_actor(), RepId(rep), account or None, now=act_moment())
    flash(gettext("Saved."))
    return redirect(url_for("reps.page"), 303)
