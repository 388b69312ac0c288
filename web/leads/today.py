"""Today: where we stand, what ends, who is idle, and what should be decided; each number opens its list."""

from flask import Blueprint, render_template
from flask_babel import lazy_gettext

from fieldops.actions.today import read_today
from web.leads.desk import asked_city
from web.navigation import Entry
from web.regions import the_region
from web.session import current_actor, needs

pages = Blueprint("today", __name__)
MENU = [Entry("today.page", lazy_gettext("Today"), 10, home=True)]


@pages.get("/today")
@needs("desk.read")
def page() -> str:
    """Return the first page of a lead."""
    seen = read_today(the_region(), current_actor(), city=asked_city())
    return render_template("leads/today.html", today=seen)
