"""Incidents: what phones and the desk reported, settled here, with the street closed for a time where that helps."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response as AnyResponse

from fieldops.actions import desk, incidents
from fieldops.errors import BadInput
from fieldops.ids import StreetId
from fieldops.said import Said
from web.asked import flag
from web.crews import read_crew
from web.language import is_path
from web.navigation import Entry
from web.regions import act_moment, the_region
from web.session import current_actor, may, needs

pages = Blueprint("incidents", __name__)
MENU = [Entry("incidents.page", lazy_gettext("Incidents"), 64, "crews")]


@pages.get("/incidents")
@needs("desk.read")
def page() -> str:
    """Return the incidents, those that wait first, and the form that reports one."""
    found = incidents.list_incidents(the_region(), current_actor(), now=act_moment())
    open_only = flag("waiting")
    return render_template(
        "leads/incidents.html", found=[one for one in found if one.settled_at is None] if open_only else found, open_only=open_only, every=len(found), waiting=sum(one.settled_at is None for one in found), kinds=incidents.KINDS,
        outcomes=incidents.OUTCOMES, notes=incidents.read_notes(the_region(), current_actor()) if may("incident.settle") else {},
    )  # fmt: skip


@pages.post("/incidents")
@needs("desk.read", "incident.report")
def report() -> AnyResponse:
    """Report what the desk was told of."""
    street, crew = request.form.get("street", "").strip(), request.form.get("to", "").strip()
    incidents.report_incident(
        the_region(), current_actor(), request.form.get("what", ""), street=_street(street) if street else None,
        crew=read_crew(crew) if crew else None, note=request.form.get("note", ""), now=act_moment(),
    )  # fmt: skip
    flash(gettext("It is on the list."))
    return _back()


@pages.post("/incidents/note")
@needs("incident.settle")
def note() -> AnyResponse:
    """Write down what was told of an incident, or destroy it."""
    form = request.form
    incidents.write_note(
        the_region(), current_actor(), form.get("incident", ""), form.get("note", ""), now=act_moment()
    )
    flash(gettext("The note is kept.") if form.get("note", "").strip() else gettext("The note is destroyed."))
    return _back()


@pages.post("/incidents/settle")
@needs("incident.settle")
def settle() -> AnyResponse:
    """Settle an incident, and close its street for a time where that is wished."""
    until = incidents.settle_incident(
        the_region(), current_actor(), request.form.get("incident", ""), request.form.get("outcome", ""),
        close_days=_days(), now=act_moment(),
    )  # fmt: skip
    flash(gettext("It is settled; the street is closed to claims for now.") if until else gettext("It is settled."))
    return _back()


@pages.post("/incidents/reopen")
@needs("incident.settle")
def reopen() -> AnyResponse:
    """Open a street again before its time is over."""
    incidents.reopen_street(the_region(), current_actor(), StreetId(request.form.get("street", "")), now=act_moment())
    flash(gettext("The street is open to claims again."))
    return _back()


def _street(text: str) -> StreetId:
    """Return the street that a field names: by its id, or by a name that only one has."""
    found = desk.find_streets(the_region(), current_actor(), text, most=2)
    if len(found) == 1:
        return found[0].id
    exact = [one.id for one in found if one.label == text]
    return exact[0] if exact else desk.read_street(the_region(), current_actor(), StreetId(text)).row.id


def _days() -> int:
    text = request.form.get("close_days", "").strip() or "0"
    if not (text.isascii() and text.isdigit()):
        raise BadInput(
            Said("'%(text)s' is no number of days", text=text[:20]), field="close_days", cure="write 0 to 60"
        )
    return int(text[:4])


def _back() -> AnyResponse:
    path = request.form.get("back", "")
    return redirect(path if is_path(path) else url_for("incidents.page"), 303)
