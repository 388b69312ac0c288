"""Timesheets and pay: hours by promoter and day, what is verified, what a lead says of it, and the table for whoever pays."""

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response as AnyResponse

from fieldops.actions import timesheets
from fieldops.errors import BadInput
from fieldops.ids import PromoterId
from fieldops.said import Said
from web.asked import crew_asked, day
from web.leads.files import FORMS
from web.navigation import Entry
from web.paging import turn
from web.regions import act_moment, the_region
from web.session import current_actor, needs

pages = Blueprint("timesheets", __name__)
MENU = [Entry("timesheets.page", lazy_gettext("Pay"), 62, "crews")]


@pages.get("/pay")
@needs("pay.read")
def page() -> str:
    """Return the sheet of the days asked for: what waits for a lead first."""
    sheet = _sheet()
    order = {"open": 0, "confirmed": 1, "verified": 2}
    days = sorted(sheet.days, key=lambda one: (order[one.state], one.day, one.promoter))
    return render_template("leads/pay.html", sheet=sheet, days=turn(days), forms=list(FORMS))


@pages.post("/pay")
@needs("pay.confirm")
def confirm() -> AnyResponse:
    """Say how many hours of a promoter's day are paid."""
    form = request.form
    worked = day("day")
    try:
        hours = float(form.get("hours", ""))
    except ValueError:
        raise BadInput(
            Said("'%(given)s' is no number", given=form.get("hours", "")[:20]), field="hours", cure="write it as 6.5"
        ) from None
    if worked is None:
        raise BadInput("no day", field="day", cure="choose a row of the sheet")
    promoter = PromoterId(form.get("promoter", ""))
    timesheets.confirm_hours(
        the_region(), current_actor(), promoter, worked, hours, why=form.get("why", ""), now=act_moment()
    )
    flash(gettext("%(hours)s hours count.", hours=f"{hours:g}"))
    return redirect(url_for("timesheets.page", first=form.get("first") or None, last=form.get("last") or None), 303)


@pages.get("/pay/sheet.<form>")
@needs("pay.read")
def give(form: str) -> Response:
    """Give the sheet out as CSV or XLSX."""
    if form not in FORMS:
        raise BadInput(Said("no such form '%(form)s'", form=form[:10]), field="form", cure="csv or xlsx")
    sheet = _sheet()
    response = Response(timesheets.sheet_bytes(sheet, form), content_type=FORMS[form])
    response.headers["Content-Disposition"] = f'attachment; filename="pay-{sheet.first}-{sheet.last}.{form}"'
    response.headers["Cache-Control"] = "no-store"
    return response


def _sheet() -> timesheets.Sheet:
    return timesheets.read_timesheet(
        the_region(), current_actor(), first=day("first"), last=day("last"), crew=crew_asked(), now=act_moment()
    )
