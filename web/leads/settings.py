"""Settings: every number of the rules with what a change would mean before it is saved, and the card with its errors."""

from datetime import timedelta

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import lazy_gettext, ngettext
from werkzeug.wrappers import Response as AnyResponse

from fieldops.actions import rules
from fieldops.actions.consequences import Preview, preview_rules, show_cards
from fieldops.errors import BadInput
from fieldops.rules import read_setting
from fieldops.said import Said
from web.navigation import Entry
from web.regions import act_moment, the_region
from web.session import current_actor, needs

pages = Blueprint("settings", __name__)
MENU = [Entry("settings.page", lazy_gettext("Settings"), 90, "office", also=("bases", "webhooks", "keeping"))]
ZONE = ("p0", "p1", "alpha", "beta")


@pages.get("/settings")
@needs("desk.read")
def page() -> str:
    """Return every setting with its value, its default and its meaning."""
    return _page(None)


@pages.post("/settings/preview")
@needs("rules.change")
def preview() -> str:
    """Show what the new values would mean, and ask for the reason."""
    return _page(preview_rules(the_region(), current_actor(), _written()))


@pages.post("/settings")
@needs("rules.change")
def save() -> AnyResponse:
    """Give the settings their new values, with a reason; they hold from this moment on."""
    values = {name: read_setting(name, text) for name, text in _written().items()}
    changed = rules.change_rules(
        the_region(), current_actor(), why=request.form.get("why", ""), now=act_moment(), **values
    )
    flash(ngettext("%(num)s setting has a new value.", "%(num)s settings have new values.", len(changed)))
    return redirect(url_for("settings.page"), 303)


def _written() -> dict[str, str]:
    """
    Return the settings of the form that were changed in it, as they were written.

    A page that was opened before somebody else's change holds old values: those that nobody touched stay as they are now.

    Raises
    ------
    BadInput
        If a setting was changed in the form and, since the page was opened, by somebody else too.
    """
    now = {setting.name: plain(setting.value) for setting in rules.list_rules(the_region(), current_actor())}
    form = {name: text.strip() for name, text in request.form.items()}
    shown = {name: form.get(f"was.{name}", now[name]) for name in now}
    written = {
        name: text for name, text in form.items() if name in now and text and text not in (shown[name], now[name])
    }
    for name in written:
        if shown[name] != now[name]:
            raise BadInput(
                Said(
                    "it was changed from %(before)s to %(after)s since this page was opened",
                    before=shown[name],
                    after=now[name],
                ),
                field=name,
                cure="open the page again, look at the new value, and change it if it is still wrong",
            )
    return written


def _page(preview: Preview | None) -> str:
    found = rules.list_rules(the_region(), current_actor())
    return render_template(
        "leads/settings.html", settings=found, preview=preview, plain=plain, given=request.form if preview else {},
        cards=show_cards(the_region(), current_actor())[:2],
    )  # fmt: skip


@pages.get("/settings/card")
@needs("desk.read")
def card() -> str:
    """Return the card in force, 2 of 10 beside it, and the card of the errors that are asked for."""
    zone = None
    if all(request.args.get(name) for name in ZONE):
        try:
            p0, p1, alpha, beta = (float(request.args[name]) for name in ZONE)
        except ValueError:
            raise BadInput("a share is a number", field="p0", cure="write it as 0.12") from None
        zone = (p0, p1, alpha, beta)
    current, plain_rule, made = show_cards(the_region(), current_actor(), zone=zone)
    return render_template("leads/card.html", current=current, plain_rule=plain_rule, made=made, asked=request.args)


def plain(value: object) -> str:
    """Return a setting as people write it: 7d, 36h, 0.2, yes."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, timedelta):
        for unit, length in (("d", timedelta(days=1)), ("h", timedelta(hours=1)), ("min", timedelta(minutes=1))):
            if value >= length and value % length == timedelta(0):
                return f"{value // length}{unit}"
        return f"{value.total_seconds():g}s"
    return f"{value:g}" if isinstance(value, float) else str(value)
