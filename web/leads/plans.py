"""Plans: started as a job with its bound and gap while it runs, opened crew by crew, compared, and published."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Any

from flask import Blueprint, Response, flash, jsonify, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext, ngettext
from werkzeug.wrappers import Response as AnyResponse

from fieldops import clock
from fieldops.actions import comparison, desk, jobs, pins, plans
from fieldops.actions.claims import Refusal
from fieldops.actions.names import read_names
from fieldops.errors import PlanNotPublishable
from fieldops.ids import PlanId
from fieldops.said import Reason
from web.asked import city_moment, whole
from web.navigation import Entry
from web.regions import act_moment, region_path, the_region
from web.said import in_words
from web.session import current_actor, needs
from web.wording import wording

pages = Blueprint("plans", __name__)
MENU = [Entry("plans.page", lazy_gettext("Plan"), 35, "planning", also=("whatif",))]
LONGEST = 600  # seconds that a page may order


@pages.get("/plan")
@needs("desk.read")
def page() -> str:
    """Return the plans, the form that starts a new one, and the jobs that are under way."""
    region, actor = the_region(), current_actor()
    seen = desk.read_overview(region, actor)
    under_way = [
        job for job in jobs.list_jobs(region_path(), actor, most=20) if job.kind == "plan" and not job.has_ended
    ]
    return render_template(
        "leads/plans.html", seen=seen, plans=comparison.list_plans(region, actor), under_way=under_way,
        morning=next_morning(seen.present, seen.city.time_zone), workers=jobs.count_workers(region_path(), actor),
        pins=pins.list_pins(region, actor),
    )  # fmt: skip


def next_morning(present: datetime, zone: str) -> datetime:
    """Return the next 8 o'clock of the city, in its own time."""
    here = present.astimezone(clock.find_zone(zone))
    today = datetime.combine(here.date(), time(8), here.tzinfo)
    return today if today > here else today + timedelta(days=1)


@pages.post("/plan")
@needs("plan.make")
def order() -> AnyResponse:
    """Start a plan as a job, and follow it."""
    parameters: dict[str, Any] = {
        "start": read_start(), "time_limit": float(whole("seconds", usual=20, least=1, most=LONGEST)),
        "seed": whole("seed", usual=1, least=1, most=2**31 - 1),
    }  # fmt: skip
    moment = act_moment()
    if moment is not None:
        parameters["now"] = moment.isoformat()
    job = jobs.order_job(region_path(), current_actor(), "plan", parameters)
    return redirect(url_for("plans.job", job=job.id), 303)


def read_start() -> str | None:
    """
    Return the moment that the field `start` names in the city's time, None where it is empty.

    Raises
    ------
    BadInput
        If it is no time, over, or too far ahead.
    """
    start = city_moment("start")
    if start is not None:
        plans.check_start(the_region(), start, act_moment())
    return start.astimezone(clock.find_zone("UTC")).isoformat() if start else None


@pages.get("/plan/jobs/<job>")
@needs("job.read")
def job(job: str) -> str:
    """Return a job as it is now: how far it is, its bound and gap, and where its result is once it has ended."""
    return render_template(
        "leads/job.html", job=jobs.read_job(region_path(), current_actor(), job),
        workers=jobs.count_workers(region_path(), current_actor()),
    )  # fmt: skip


@pages.get("/plan/jobs/<job>.json")
@needs("job.read")
def job_now(job: str) -> Response:
    """Return what of a job changes while it runs, for the page's script."""
    now = jobs.read_job(region_path(), current_actor(), job)
    return jsonify(
        {"state": now.state, "ended": now.has_ended, "stage": now.stage, "share": now.share, "figures": now.figures}
    )


@pages.post("/plan/jobs/<job>/cancel")
@needs("plan.make")
def cancel(job: str) -> AnyResponse:
    """Let a job end with the best that it has found."""
    jobs.cancel_job(region_path(), current_actor(), job)
    return redirect(url_for("plans.job", job=job), 303)


@pages.get("/plan/<plan>")
@needs("desk.read")
def opened(plan: str) -> str:
    """Return one plan: its figures, every crew with its streets and reasons, and what it changes."""
    region, actor = the_region(), current_actor()
    found = comparison.open_plan(region, actor, PlanId(plan))
    every = comparison.list_plans(region, actor)
    against = request.args.get("against", comparison.IN_FORCE)
    changes = comparison.compare_plans(region, actor, found.plan.id, against)
    return render_template(
        "leads/plan.html",
        seen=desk.read_overview(region, actor),
        opened=found,
        plans=every,
        against=against,
        changes=changes,
    )


@pages.post("/plan/<plan>/publish")
@needs("plan.publish")
def publish(plan: str) -> AnyResponse:
    """Make the plan's streets claims: all of them, or those that the rules still allow."""
    done = plans.publish_plan(
        the_region(), current_actor(), PlanId(plan), best_effort=bool(request.form.get("best_effort")), now=act_moment()
    )
    flash(ngettext("%(num)s street is claimed now.", "%(num)s streets are claimed now.", len(done.granted)))
    if done.refused:
        flash(gettext("Refused: %(streets)s", streets=_refused(done.refused)))
    return redirect(url_for("plans.opened", plan=plan), 303)


def _refused(refused: Sequence[Refusal]) -> str:
    """Return which streets of a plan were not claimed, and why: equal reasons once, not more than a message holds."""
    streets, called = defaultdict[str, list[str]](list), read_names(the_region(), current_actor()).street
    for one in refused:
        error = one.error
        why = in_words(Reason(error.violations)) if isinstance(error, PlanNotPublishable) else wording(error).text
        streets[why].append(called(one.street))
    shown = list(streets.items())[:5]
    named = [f"{', '.join(some[:12])}{' ...' if len(some) > 12 else ''} ({len(some)}): {why}" for why, some in shown]
    return "; ".join(named + (["..."] if len(streets) > len(shown) else []))
