"""Bases: the offices of the region, with who belongs to each."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from fieldops.actions import bases
from fieldops.errors import BadInput
from fieldops.people import Base
from fieldops.said import Said
from web.regions import act_moment, the_region
from web.session import current_actor, needs

pages = Blueprint("bases", __name__)


@pages.get("/bases")
@needs("desk.read")
def page() -> str:
    """Return every base that is described or named."""
    return render_template("leads/bases.html", bases=bases.list_bases(the_region(), current_actor()))


@pages.post("/bases")
@needs("base.set")
def save() -> AnyResponse:
    """Describe a base, or describe it anew."""
    form = {name: request.form.get(name, "").strip() for name in ("name", "address", "hours")}
    base = Base(form["name"], form["address"], _degrees("lon"), _degrees("lat"), form["hours"])
    bases.set_base(the_region(), current_actor(), base, now=act_moment())
    flash(gettext("%(name)s is described.", name=base.name))
    return redirect(url_for("bases.page"), 303)


@pages.post("/bases/remove")
@needs("base.set")
def remove() -> AnyResponse:
    """Take a base off the list."""
    name = request.form.get("name", "")
    bases.remove_base(the_region(), current_actor(), name, now=act_moment())
    flash(gettext("%(name)s is off the list.", name=name))
    return redirect(url_for("bases.page"), 303)


def _degrees(field: str) -> float | None:
    text = request.form.get(field, "").strip()
    try:
        return float(text) if text else None
    except ValueError:
        raise BadInput(
            Said("'%(text)s' is no number", text=text[:20]), field=field, cure="write degrees as 117.21"
        ) from None
