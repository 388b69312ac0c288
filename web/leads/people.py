"""People: crews with verified work, attendance by day, the standby pool, promoters and how long they stay."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response as AnyResponse

from fieldops.actions import roster, standby
from fieldops.actions.people import promoter_names
from fieldops.ids import CrewId, PromoterId
from web.crews import crew_name, read_crew
from web.language import is_path
from web.navigation import Entry
from web.regions import act_moment, the_region
from web.session import current_actor, needs

pages = Blueprint("people", __name__)
MENU = [Entry("people.page", lazy_gettext("Crews and promoters"), 60, "crews")]


@pages.get("/people")
@needs("desk.read")
def page() -> str:
    """Return the boards of verified work, teams first, attendance, the standby pool, and how long promoters stay."""
    seen = roster.read_roster(the_region(), current_actor())
    return render_template("leads/people.html", roster=seen, lessons=roster.LESSONS)


@pages.get("/people/crews/<crew>")
@needs("desk.read")
def crew(crew: str) -> str:
    """Return one crew's people: hours by day, verified work, skills, and what may be done."""
    seen = roster.read_crew_people(the_region(), current_actor(), CrewId(crew))
    return render_template("leads/crew_people.html", seen=seen, lessons=roster.LESSONS)


@pages.post("/people/standby")
@needs("people.place")
def stand_by() -> AnyResponse:
    """Let a promoter stand by."""
    done = standby.stand_by(the_region(), current_actor(), _promoter(), now=act_moment())
    flash(
        gettext(
            "%(name)s stands by; %(crew)s counts one person less from the next plan on.",
            name=_name(done.id),
            crew=crew_name(done.crew),
        )
    )
    return _back()


@pages.post("/people/send")
@needs("people.place")
def send() -> AnyResponse:
    """Send a promoter to a crew, with their account."""
    target = read_crew(request.form.get("to", ""))
    done = standby.send_to_crew(the_region(), current_actor(), _promoter(), target, now=act_moment())
    flash(
        gettext(
            "%(name)s works in %(crew)s now, which counts one person more from the next plan on.",
            name=_name(done.id),
            crew=crew_name(target),
        )
    )
    return _back()


@pages.post("/people/board")
@needs("desk.read", "board.choose")
def board() -> AnyResponse:
    """Show a promoter on the board, or not, as they wish."""
    shown = request.form.get("shown") == "yes"
    done = standby.choose_board(the_region(), current_actor(), _promoter(), shown=shown, now=act_moment())
    said = (
        gettext("%(name)s is on the board.")
        if shown
        else gettext("%(name)s is not on the board; the work counts for the crew.")
    )
    flash(said % {"name": _name(done.id)})
    return _back()


def _promoter() -> PromoterId:
    return PromoterId(request.form.get("promoter", ""))


def _name(promoter: PromoterId) -> str:
    return promoter_names(the_region(), current_actor()).get(promoter, promoter)


def _back() -> AnyResponse:
    path = request.form.get("back", "")
    return redirect(path if is_path(path) else url_for("people.page"), 303)
