"""Webhooks: where reminders go beside the crews' inboxes: set, tried, what was sent last, switched off."""

from urllib.parse import urlsplit

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from fieldops.actions import notices
from fieldops.actions.notices import FORMS, make_channel
from web.regions import act_moment, the_region
from web.session import current_actor, needs

pages = Blueprint("webhooks", __name__)


@pages.get("/webhooks")
@needs("notice.deliver")
def page() -> str:
    """Return the webhooks without their secrets, and what was sent last."""
    region, actor = the_region(), current_actor()
    channels = [(one, urlsplit(one.url).hostname) for one in notices.list_channels(region, actor)]
    return render_template("leads/webhooks.html", channels=channels, sent=notices.list_sent(region, actor), forms=FORMS)


@pages.post("/webhooks")
@needs("notice.deliver")
def save() -> AnyResponse:
    """Set a webhook, or replace the one of that name."""
    form = request.form
    channel = make_channel(
        form.get("name", "").strip(), form.get("form", ""), form.get("url", "").strip(), form.get("secret", ""),
        form.get("language", "zh"),
    )  # fmt: skip
    notices.set_channel(the_region(), current_actor(), channel, now=act_moment())
    flash(gettext("Reminders go to %(name)s too. Try it now.", name=channel.name))
    return _back()


@pages.post("/webhooks/try")
@needs("notice.deliver")
def attempt() -> AnyResponse:
    """Send a message that only shows that a webhook works."""
    name = request.form.get("name", "")
    problem = notices.try_channel(the_region(), current_actor(), name, now=act_moment())
    flash(
        gettext("It did not arrive: %(problem)s", problem=problem)
        if problem
        else gettext("The message has arrived at %(name)s.", name=name)
    )
    return _back()


@pages.post("/webhooks/remove")
@needs("notice.deliver")
def remove() -> AnyResponse:
    """Switch a webhook off and forget its address; what still waited for it is not sent."""
    name = request.form.get("name", "")
    notices.remove_channel(the_region(), current_actor(), name, now=act_moment())
    flash(gettext("%(name)s is switched off and forgotten.", name=name))
    return _back()


def _back() -> AnyResponse:
    return redirect(url_for("webhooks.page"), 303)
