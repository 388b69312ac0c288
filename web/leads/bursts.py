"""Bursts: zones by days with the people they take, the days on which nobody worked, and setting them anew."""

from flask import Blueprint, redirect, render_template, url_for
from flask_babel import lazy_gettext
from werkzeug.wrappers import Response as AnyResponse

from fieldops.actions import desk, jobs
from fieldops.actions.timeline import check_start, read_timeline
from web.asked import day, whole
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
    people, first = whole("people", usual=0, least=1, most=MOST_PEOPLE), day("start")
    if first is not None:
        check_start(the_region(), first)
    parameters: dict[str, object] = {"people": people, "start": first.isoformat() if first else ""}
    moment = act_moment()
    if moment is not None:
        parameters["now"] = moment.isoformat()
    job = jobs.order_job(region_path(), current_actor(), "bursts", parameters)
    return redirect(url_for("plans.job", job=job.id), 303)
