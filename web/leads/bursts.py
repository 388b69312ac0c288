"""Bursts: zones by days with the people they take, the days on which nobody worked, and setting them anew."""

from datetime import date

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import lazy_gettext
from werkzeug.wrappers import Response as AnyResponse

from fieldops.actions import desk, jobs
from fieldops.actions.timeline import read_timeline
from fieldops.errors import BadInput
from fieldops.said import Said
from web.navigation import Entry
from web.regions import act_moment, region_path, the_region
from web.session import current_actor, needs

pages = Blueprint("bursts", __name__)
MENU = [Entry("bursts.page", lazy_gettext("Bursts"), 36, "planning")]
MOST_PEOPLE = 100_000


@pages.get("/bursts")
@needs("desk.read")
def page() -> str:
    """Return the timeline."""
    seen = desk.read_overview(the_region(), current_actor())
    at_hand = sum(crew.people for crew in seen.crews)
    return render_template(
        "leads/bursts.html", seen=seen, line=read_timeline(the_region(), current_actor()), at_hand=at_hand
    )


@pages.post("/bursts")
@needs("burst.set", "job.read")
def order() -> AnyResponse:
    """Set the bursts as a job: which zones when, so that the city is done soonest."""
    people, start = request.form.get("people", "").strip(), request.form.get("start", "").strip()
    if not people.isascii() or not people.isdigit() or not 1 <= int(people) <= MOST_PEOPLE:
        raise BadInput(
            Said("'%(people)s' people", people=people[:20]),
            field="people",
            cure=Said("give a whole number from 1 to %(most_people)s", most_people=MOST_PEOPLE),
        )
    try:
        first = date.fromisoformat(start).isoformat() if start else ""
    except ValueError:
        raise BadInput(
            Said("'%(start)s' is no day", start=start[:20]), field="start", cure="write it as 2026-03-02"
        ) from None
    parameters: dict[str, object] = {"people": int(people), "start": first}
    moment = act_moment()
    if moment is not None:
        parameters["now"] = moment.isoformat()
    job = jobs.order_job(region_path(), current_actor(), "bursts", parameters)
    return redirect(url_for("plans.job", job=job.id), 303)
