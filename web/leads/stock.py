"""Stock: posters and leaflets at every base and crew, and the book of what came and went."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response as AnyResponse

from fieldops.actions import bases, stock
from fieldops.errors import BadInput
from fieldops.said import Said
from web.crews import crew_labels
from web.navigation import Entry
from web.regions import act_moment, the_region
from web.session import current_actor, needs

pages = Blueprint("stock", __name__)
MENU = [Entry("stock.page", lazy_gettext("Stock"), 66, "crews")]


@pages.get("/stock")
@needs("desk.read")
def page() -> str:
    """Return what every place has, the form that moves, and the newest moves."""
    region, actor = the_region(), current_actor()
    places = [f"base:{one.name}" for one in bases.list_bases(region, actor)] + [
        f"crew:{crew}" for crew in crew_labels()
    ]
    return render_template("leads/stock.html", stock=stock.read_stock(region, actor), items=stock.ITEMS, places=places)


@pages.post("/stock")
@needs("stock.move")
def move() -> AnyResponse:
    """Move posters or leaflets from a place to another."""
    form = request.form
    text = form.get("count", "").strip()
    if not (text.isascii() and text.isdigit()):
        raise BadInput(Said("'%(text)s' is no number", text=text[:20]), field="count", cure="write a whole number")
    stock.move_stock(
        the_region(), current_actor(), form.get("item", ""), int(text[:9]), source=form.get("source", ""),
        target=form.get("target", ""), why=form.get("why", ""), now=act_moment(),
    )  # fmt: skip
    flash(gettext("It is in the book."))
    return redirect(url_for("stock.page"), 303)
