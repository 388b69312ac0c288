"""Notices: the reminders of coming ends, by crew, and what became of those that were sent elsewhere."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response as AnyResponse

from fieldops.actions import desk, notices
from web.asked import crew_asked
from web.navigation import Entry
from web.paging import turn
from web.regions import act_moment, the_region
from web.session import current_actor, needs

pages = Blueprint("notices", __name__)
MENU = [Entry("notices.inbox", lazy_gettext("Notices"), 80)]


@pages.get("/notices")
@needs("desk.read")
def inbox() -> str:
    """Return the notices of the claims in force, newest first, of one crew or all."""
    region, actor = the_region(), current_actor()
    crew = crew_asked()
    found = notices.list_notices(region, actor, crew=crew, channel=None, now=act_moment())
    at, due = notices.due_notices(region, actor, now=act_moment())
    return render_template(
        "leads/notices.html", seen=desk.read_overview(region, actor), crew=crew, due=len(due), moment=at,
        found=turn(sorted(found, key=lambda one: one.notice.due_at, reverse=True)),
    )  # fmt: skip


@pages.post("/notices")
@needs("notice.deliver")
def deliver() -> AnyResponse:
    """Make the reminders that are due and send what waits."""
    done = notices.deliver(the_region(), current_actor(), now=act_moment())
    flash(
        gettext(
            "%(made)s notices made, %(sent)s sent, %(failed)s failed.",
            made=done.made,
            sent=done.sent,
            failed=done.failed,
        )
    )
    return redirect(url_for("notices.inbox"), 303)
