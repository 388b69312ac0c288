"""What if: other people, hours, days or target, planned as a job beside the operation and set against the present plan."""

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from fieldops.actions import comparison, desk, jobs
from fieldops.actions.rules import list_rules
from fieldops.errors import BadInput
from fieldops.said import Said
from web.asked import whole
from web.leads.plans import LONGEST, next_morning, read_start
from web.regions import act_moment, region_path, the_region
from web.session import current_actor, needs

pages = Blueprint("whatif", __name__)
NAMES = ("people", "hours", "days", "threshold", "finish")
PERCENT = ("people", "threshold", "finish")  # written as whole per cent


@pages.get("/what-if")
@needs("desk.read")
def page() -> str:
    """Return the form of assumptions, and the answers so far beside the present plan."""
    region, actor = the_region(), current_actor()
    seen = desk.read_overview(region, actor)
    every = comparison.list_plans(region, actor)
    present = seen.plan.id if seen.plan else None
    answers = [one for one in every if "what_if" in one.figures][:20]
    rules = {one.name: one.value for one in list_rules(region, actor)}
    return render_template(
        "leads/whatif.html", seen=seen, answers=comparison.read_figures(region, actor, [one.id for one in answers]),
        plans={one.id: one for one in every}, present=present, rules=rules,
        now=comparison.read_figures(region, actor, [present])[present] if present else None,
        workers=jobs.count_workers(region_path(), actor), morning=next_morning(seen.present, seen.city.time_zone),
        under_way=[
            job for job in jobs.list_jobs(region_path(), actor, most=20)
            if job.kind == "plan" and "what_if" in job.parameters and not job.has_ended
        ],
    )  # fmt: skip


@pages.post("/what-if")
@needs("plan.make")
def order() -> AnyResponse:
    """Plan on the assumptions of the form, as a job; nothing of the operation changes."""
    assumed = {name: value for name in NAMES if (value := _number(name)) is not None}
    if not assumed:
        raise BadInput(Said("nothing is assumed"), field="people", cure=Said("fill in at least one field"))
    _check(assumed)
    moment = act_moment()
    parameters: dict[str, Any] = {
        "start": read_start(), "time_limit": float(whole("seconds", usual=20, least=1, most=LONGEST)), "seed": 1, "what_if": assumed,
        "now": moment.isoformat() if moment else None,
    }  # fmt: skip
    job = jobs.order_job(region_path(), current_actor(), "plan", parameters)
    return redirect(url_for("plans.job", job=job.id), 303)


def _check(assumed: dict[str, float]) -> None:
    """Let the assumptions pass; a refusal speaks of per cent where the form does."""
    try:
        comparison.check_assumptions(assumed)
    except BadInput as wrong:
        if wrong.field not in PERCENT:
            raise
        low, high = comparison.RANGES[wrong.field]
        raise BadInput(
            Said("%(given)s is out of range", given=f"{assumed[wrong.field] * 100:g}%"), field=wrong.field,
            cure=Said("give %(least)s to %(most)s", least=f"{low * 100:g}%", most=f"{high * 100:g}%"),
        ) from None  # fmt: skip


def _number(name: str) -> float | int | None:
    text = request.form.get(name, "").strip()[:20]
    if not text:
        return None
    try:
        if name == "days":
            return int(text)
        return float(text) / 100 if name in PERCENT else float(text)
    except ValueError:
        raise BadInput(
            Said("'%(given)s' is no number", given=text), field=name, cure=Said("write a number, or nothing")
        ) from None
