"""Shifts: who is where today, and which crew works on which day of the week."""

from datetime import date, timedelta

from flask import Blueprint, render_template, request
from flask_babel import lazy_gettext

from fieldops.actions import shifts
from fieldops.errors import BadInput
from fieldops.said import Said
from web.navigation import Entry
from web.regions import the_region
from web.session import current_actor, needs

pages = Blueprint("shifts", __name__)
MENU = [Entry("shifts.page", lazy_gettext("Who is where"), 52, "crews")]
ROUND_THE_CENTURY = range(2000, 2100)  # years that a page can show


@pages.get("/shifts")
@needs("desk.read")
def page() -> str:
    """Return a day zone by zone, and its week crew by crew."""
    week = shifts.read_week(the_region(), current_actor(), _day(request.args.get("day", "")))
    return render_template("leads/shifts.html", week=week, a_week=timedelta(days=shifts.WEEK))


def _day(text: str) -> date | None:
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = date.min
    if day.year not in ROUND_THE_CENTURY:
        raise BadInput(Said("'%(text)s' is no day", text=text[:20]), field="day", cure="write it as 2026-03-02")
    return day
