"""Duties to people: the data map, giving out and erasing, and the region's end by its dates."""

import json

from flask import Blueprint, Response, flash, make_response, redirect, render_template, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response as AnyResponse

from fieldops.actions import jobs
from fieldops.actions import recruiting_duties as acts
from fieldops.actions import recruiting_end as ends
from fieldops.actions.recruiting_posters import ConsentText, read_consent, set_consent
from fieldops.errors import BadInput
from fieldops.ids import CandidateId
from web.asked import city_moment, field
from web.join.forms import keep_nothing
from web.navigation import Entry
from web.regions import act_moment, region_path, the_region
from web.session import current_actor, needs

pages = Blueprint("duties", __name__)
keep_nothing(pages)
MENU = [Entry("duties.page", lazy_gettext("People's data"), 80, "sellers")]


@pages.get("/data")
@needs("candidate.read")
def page() -> str:
    """Return which table holds what about whom, why and for how long; the consent text; the region's end."""
    region, actor = the_region(), current_actor()
    return render_template(
        "join/data.html", lines=acts.read_data_map(region, actor), consent=read_consent(region),
        stages=ends.read_wind_down(region, actor), kept=ends.count_kept(region, actor), present=region.moment(act_moment()), keep=(acts.KEEP_CANDIDATES.days, acts.KEEP_SELLERS.days),
    )  # fmt: skip


@pages.post("/candidates/<candidate>/export")
@needs("candidate.export")
def export(candidate: str) -> Response:
    """Give out all that is stored about a person, as a file."""
    document = acts.export_person(the_region(), current_actor(), CandidateId(candidate), now=act_moment())
    response = make_response(json.dumps(document, ensure_ascii=False, indent=1, default=str))
    response.mimetype = "application/json"
    response.headers["Content-Disposition"] = f'attachment; filename="person-{candidate[:8]}.json"'
    return response


@pages.post("/candidates/<candidate>/erase")
@needs("candidate.erase")
def erase(candidate: str) -> AnyResponse:
    """Erase a person everywhere; the box says that it is meant."""
    if field("sure") != "1":
        raise BadInput("is not confirmed", field="sure", cure="tick the box: it cannot be undone")
    acts.erase_person(the_region(), current_actor(), CandidateId(candidate), now=act_moment())
    flash(gettext("The person is erased. The figures stay."))
    return redirect(url_for("candidates.board"), 303)


@pages.post("/data/consent")
@needs("recruiting.settings")
def consent() -> AnyResponse:
    """Set the text to which people agree from now on."""
    set_consent(the_region(), current_actor(), ConsentText(field("chinese"), field("english")), now=act_moment())
    flash(gettext("People agree to the new text from now on; who agreed to the old one is kept with its version."))
    return redirect(url_for("duties.page"), 303)


@pages.post("/data/end")
@needs("region.wind_down")
def end() -> AnyResponse:
    """Give the region's end its dates, or take them away."""
    begin = None if field("cancel") else city_moment("begin")
    if begin is None and not field("cancel"):
        raise BadInput("is empty", field="begin", cure="choose when it begins")
    ends.plan_wind_down(the_region(), current_actor(), begin, now=act_moment())
    flash(gettext("Saved."))
    return redirect(url_for("duties.page"), 303)


@pages.post("/data/end/carry-out")
@needs("region.wind_down")
def carry_out() -> AnyResponse:
    """Let a worker carry out the stages that are due: posters closed, the archive written, people erased."""
    moment = act_moment()
    wanted = {"now": moment.isoformat()} if moment is not None else {}
    job = jobs.order_job(region_path(), current_actor(), "end", wanted)
    return redirect(url_for("plans.job", job=job.id), 303)


@pages.post("/data/hand-over")
@needs("candidate.export")
def hand_over() -> Response:
    """Give all sellers out for the region that takes them over; each is on the record."""
    response = make_response(ends.hand_over_table(the_region(), current_actor(), now=act_moment()))
    response.mimetype = "text/csv"
    response.headers["Content-Disposition"] = 'attachment; filename="sellers.csv"'
    return response
