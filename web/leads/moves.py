"""One street of a plan by hand: what moving it would cost, the move itself, and pins that coming plans keep."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from fieldops.actions import comparison, desk, jobs, pins
from fieldops.actions.jobs import Job
from fieldops.errors import NotFound
from fieldops.ids import CrewId, PlanId, StreetId
from fieldops.said import unpack
from web.crews import read_crew
from web.language import is_path
from web.regions import act_moment, region_path, the_region
from web.said import in_words
from web.session import current_actor, needs

pages = Blueprint("moves", __name__)


@pages.get("/plan/<plan>/streets/<street>")
@needs("desk.read")
def page(plan: str, street: str) -> str:
    """Return who has a street in a plan and why, what moving it would cost, and its pin."""
    region, actor = the_region(), current_actor()
    opened = comparison.open_plan(region, actor, PlanId(plan))
    facts = desk.read_street(region, actor, StreetId(street))
    job = _job(request.args.get("job", ""), opened.plan.id, street)
    prices = comparison.name_prices(region, actor, job.result["prices"]) if job and job.result else ()
    note = job.result.get("note", "") if job and job.result else ""
    return render_template(
        "leads/move.html", note=unpack(note) if note else "", seen=desk.read_overview(region, actor), opened=opened, facts=facts, job=job, prices=prices,
        mine=next((one for one in opened.plan.assignments if one.street == street), None),
        left=dict(opened.plan.unassigned).get(StreetId(street)), workers=jobs.count_workers(region_path(), actor),
        pin=next((one for one in pins.list_pins(region, actor) if one.street == street), None),
    )  # fmt: skip


def _job(name: str, plan: str, street: str) -> Job | None:
    """Return the job that priced the street, None where the address names none, or another."""
    try:
        found = jobs.read_job(region_path(), current_actor(), name) if name else None
    except NotFound:
        return None
    if found is None or found.kind != "move" or "crew" in found.parameters:
        return None
    return found if (found.parameters["plan"], found.parameters["street"]) == (plan, street) else None


@pages.post("/plan/<plan>/streets/<street>/cost")
@needs("plan.make")
def cost(plan: str, street: str) -> AnyResponse:
    """Ask what moving the street would cost, as a job."""
    found = comparison.open_plan(the_region(), current_actor(), PlanId(plan)).plan.id
    desk.read_street(the_region(), current_actor(), StreetId(street))
    job = jobs.order_job(region_path(), current_actor(), "move", {"plan": found, "street": street})
    return redirect(url_for("moves.page", plan=found, street=street, job=job.id), 303)


@pages.post("/plan/<plan>/streets/<street>/move")
@needs("plan.make")
def move(plan: str, street: str) -> AnyResponse:
    """Move the street to a crew, or to nobody (empty), as a job; pinned too where that is ticked."""
    found = comparison.open_plan(the_region(), current_actor(), PlanId(plan)).plan.id
    desk.read_street(the_region(), current_actor(), StreetId(street))
    moment = act_moment()
    parameters = {
        "plan": found, "street": street, "crew": _crew() or "", "pin": bool(request.form.get("pin")),
        "now": moment.isoformat() if moment else None,
    }  # fmt: skip
    job = jobs.order_job(region_path(), current_actor(), "move", parameters)
    return redirect(url_for("plans.job", job=job.id), 303)


def _crew() -> CrewId | None:
    """Return the crew that the form names, None for nobody."""
    text = request.form.get("crew", "")[:100]
    return read_crew(text) if text else None


@pages.post("/pins/<street>")
@needs("plan.make")
def pin(street: str) -> AnyResponse:
    """Pin the street to a crew, or to nobody (empty): coming plans keep it so."""
    later = pins.pin_street(
        the_region(), current_actor(), StreetId(street), _crew(), why="lead_decision", now=act_moment()
    )
    flash(gettext("Pinned: %(how)s.", how=in_words(later)) if later else gettext("Pinned: coming plans keep it so."))
    return _back()


@pages.post("/pins/<street>/lift")
@needs("plan.make")
def lift(street: str) -> AnyResponse:
    """Lift the street's pin."""
    pins.unpin_street(the_region(), current_actor(), StreetId(street), why="lead_decision", now=act_moment())
    flash(gettext("The pin is lifted."))
    return _back()


def _back() -> AnyResponse:
    back = request.form.get("back", "")
    return redirect(back if is_path(back) else url_for("plans.page"), 303)
