"""Shifts: who is where today, and which crew works on which day of the week."""

from datetime import timedelta

from flask import Blueprint, render_template
from flask_babel import lazy_gettext

from fieldops.actions import shifts
from web.asked import day
from web.navigation import Entry
from web.regions import the_region
from web.session import current_actor, needs

pages = Blueprint("shifts", __name__)
MENU = [Entry("shifts.page", lazy_gettext("Who is where"), 52, "crews")]


@pages.get("/shifts")
@needs("desk.read")
def page() -> str:
    """Return a day zone by zone, and its week crew by crew."""
    week = shifts.read_week(the_region(), current_actor(), day("day"))
    return render_template("leads/shifts.html", week=week, a_week=timedelta(days=shifts.WEEK))
