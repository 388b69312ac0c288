"""People: crews with verified work, attendance by day, promoters and how long they stay."""

from flask import Blueprint, render_template
from flask_babel import lazy_gettext

from fieldops.actions import desk
from fieldops.actions.roster import read_roster
from web.navigation import Entry
from web.regions import the_region
from web.session import current_actor, needs

pages = Blueprint("people", __name__)
MENU = [Entry("people.page", lazy_gettext("Crews and promoters"), 60)]


@pages.get("/people")
@needs("desk.read")
def page() -> str:
    """Return the crews, teams first, their attendance, and the promoters."""
    seen = desk.read_overview(the_region(), current_actor())
    return render_template("leads/people.html", seen=seen, roster=read_roster(the_region(), current_actor()))
