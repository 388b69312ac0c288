"""Claims: what ends soon and what has just ended, taken back, given to another crew, or let go on, each with its reason."""

from contextlib import suppress
from datetime import timedelta

import segno
from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from markupsafe import Markup
from werkzeug.wrappers import Response as AnyResponse

from fieldops.actions import claims, desk
from fieldops.actions.claims import Ending
from fieldops.actions.walks import read_walk
from fieldops.errors import NotFound
from fieldops.ids import ClaimId, CrewId, StreetId
from web.asked import crew_asked, flag, one_of
from web.crews import crew_name, read_crew
from web.language import is_path
from web.navigation import Entry
from web.paging import turn
from web.regions import act_moment, the_region
from web.session import current_actor, needs

pages = Blueprint("claims", __name__)
MENU = [Entry("claims.queue", lazy_gettext("Claims"), 40)]
SPANS = {"24": timedelta(hours=24), "48": timedelta(hours=48), "all": timedelta(days=3650)}
JUST_ENDED = timedelta(hours=24)


@pages.get("/claims")
@needs("desk.read")
def queue() -> str:
    """Return the claims that end soon with what their streets lack, and those that have just ended."""
    span, crew = one_of("within", SPANS) or "24", crew_asked()
    moment, ending = claims.release_queue(
        the_region(),
        current_actor(),
        within=SPANS[span],
        crew=crew,
        now=act_moment(),
    )
    _, every = claims.list_claims(the_region(), current_actor(), ended_too=True, now=act_moment())
    ended = [one for one in reversed(every) if moment - JUST_ENDED <= one.claim.ends_at <= moment]
    free = flag("free")
    if free:
        let_go = claims.list_let_go(the_region(), current_actor(), now=act_moment())
        ended = [one for one in ended if one.claim.id in let_go]
    return render_template(
        "leads/claims.html", free=free, seen=desk.read_overview(the_region(), current_actor()), moment=moment, ending=turn(ending),
        ended=turn(ended, "ended"), span=span, crew=crew, hours_left=lambda one: _hours_left(one, moment),
    )  # fmt: skip


def _hours_left(one: Ending, moment: object) -> float:
    left: timedelta = one.listed.claim.ends_at - moment  # type: ignore[operator]
    return left / timedelta(hours=1)


@pages.post("/claims")
@needs("claim.make", crew="crew")
def grant() -> AnyResponse:
    """Give a street to a crew, through the one door."""
    made = claims.make_claim(
        the_region(), current_actor(), street=StreetId(request.form.get("street", "")),
        crew=read_crew(request.form.get("crew", "")), now=act_moment(),
    )  # fmt: skip
    flash(gettext("%(crew)s holds the street now.", crew=crew_name(made.crew)))
    return back()


@pages.post("/claims/<claim>/end")
@needs("claim.revoke")
def end(claim: str) -> AnyResponse:
    """Take a street back from its crew, with a reason."""
    claims.end_claim(
        the_region(),
        current_actor(),
        ClaimId(claim),
        outcome="revoked",
        why=request.form.get("why", ""),
        now=act_moment(),
    )
    flash(gettext("The claim has ended; the street is free."))
    return back()


@pages.post("/claims/override")
@needs("claim.override")
def override() -> AnyResponse:
    """Let a crew claim a street again at once although it let it go."""
    claims.override_cool_down(
        the_region(), current_actor(), street=StreetId(request.form.get("street", "")),
        crew=CrewId(request.form.get("crew", "")), why=request.form.get("why", ""), now=act_moment(),
    )  # fmt: skip
    if request.form.get("again"):
        return grant()
    flash(gettext("The crew may claim the street again."))
    return back()


def back() -> AnyResponse:
    """Go back to the page on which the form stood."""
    path = request.form.get("back", "")
    return redirect(path if is_path(path) else url_for("today.page"), 303)


@pages.get("/crews/<crew>/sheet")
@needs("desk.read")
def sheet(crew: str) -> str:
    """Return a crew's streets for paper: in the order of today's walk where one was made, with the end of each claim, to tick."""
    region, actor = the_region(), current_actor()
    moment, held = claims.list_claims(region, actor, crew=CrewId(crew), now=act_moment())
    turf = desk.read_turf(region, actor, CrewId(crew))
    walk = None
    with suppress(NotFound):
        walk = read_walk(region, actor, CrewId(crew), now=act_moment())
    place = {stop.get("street"): number for number, stop in enumerate(walk.visits)} if walk else {}
    held.sort(key=lambda one: (place.get(one.claim.street, len(place)), one.street_label))
    drawn = segno.make(request.host_url, error="m").svg_inline(omitsize=True, border=2, dark="#000000", light="#ffffff")
    code = Markup(drawn)  # noqa: S704  made by segno
    return render_template("leads/sheet.html", moment=moment, held=held, turf=turf, walk=walk, code=code)
