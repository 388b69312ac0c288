"""Crews' phones: what they show today, what promoters appeal against, and whom nobody may contact."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response as AnyResponse

from fieldops.actions import appeals, desk, doors
from fieldops.actions import phone as acts
from fieldops.actions.people import promoter_names
from fieldops.ids import CrewId
from web.navigation import Entry
from web.regions import act_moment, the_region
from web.session import current_actor, needs

pages = Blueprint("phones", __name__)
MENU = [Entry("phones.page", lazy_gettext("Crews' phones"), 56, "crews")]


@pages.get("/phones")
@needs("appeal.answer")
def page() -> str:
    """Return the words of the day, the appeals that wait, and the doors that asked not to be contacted."""
    region, actor = the_region(), current_actor()
    day, said = acts.list_words(region, actor, now=act_moment())
    return render_template(
        "leads/phones.html", day=day, said=said, zone=desk.read_time_zone(region), longest=acts.LONGEST_WORDS,
        appeals=appeals.list_appeals(region, actor), closed=doors.list_closed(region, actor),
        crews=desk.list_crew_names(region, actor), names=promoter_names(region, actor),
    )  # fmt: skip


@pages.post("/phones/words")
@needs("day.say")
def say() -> AnyResponse:
    """Let phones show something today, or nothing any more."""
    text, crew = request.form.get("text", ""), request.form.get("crew", "")
    acts.say_words(the_region(), current_actor(), text, crew=CrewId(crew) if crew else None, now=act_moment())
    flash(gettext("The phones show it from now on.") if text.strip() else gettext("The phones show it no longer."))
    return redirect(url_for("phones.page"), 303)


@pages.post("/phones/appeals/<appeal>")
@needs("appeal.answer")
def answer(appeal: str) -> AnyResponse:
    """Answer an appeal; the promoter's phone shows the answer and its reason."""
    upheld = request.form.get("answer") == "uphold"
    appeals.answer_appeal(
        the_region(), current_actor(), appeal, upheld=upheld, why=request.form.get("why", ""), now=act_moment()
    )
    flash(gettext("The appeal is upheld.") if upheld else gettext("The appeal is declined."))
    return redirect(url_for("phones.page") + "#appeals", 303)


@pages.post("/phones/doors/<record>/lift")
@needs("contact.lift")
def lift(record: str) -> AnyResponse:
    """Let a door or venue that asked not to be contacted be contacted again."""
    doors.lift_closed(the_region(), current_actor(), record, why=request.form.get("why", ""), now=act_moment())
    flash(gettext("It may be contacted again."))
    return redirect(url_for("phones.page") + "#doors", 303)
