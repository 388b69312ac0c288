"""Trust: promoters with reasons to look closer, blind back-checks, quarantines and their undoing."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import lazy_gettext, ngettext
from werkzeug.wrappers import Response as AnyResponse

from fieldops.actions import backcheck, desk, sentinels
from fieldops.actions.names import read_names
from fieldops.actions.people import promoter_names
from fieldops.ids import MeasurementId, PromoterId
from web.navigation import Entry
from web.regions import act_moment, the_region
from web.session import current_actor, may, needs

pages = Blueprint("trust", __name__)
MENU = [Entry("trust.page", lazy_gettext("Trust"), 54, "crews")]


@pages.get("/trust")
@needs("survey.quarantine")
def page() -> str:
    """Return the suspects with their reasons, the back-checks and what they found, and the quarantines."""
    region, actor = the_region(), current_actor()
    seen = desk.read_overview(region, actor)
    quarantines = backcheck.list_quarantines(region, actor)
    shut = {one.promoter or one.measurement for one in quarantines if not one.undone_at}
    tasks = backcheck.list_tasks(region, actor) if may("survey.record") else []
    suspects = backcheck.find_suspects(region, actor, now=act_moment())
    told = [one.measurement for one in quarantines] + [why.measurement for one in suspects for why in one.reasons]
    where = backcheck.read_places(region, actor, [name for name in told if name])
    return render_template(
        "leads/trust.html", seen=seen, quarantines=quarantines, shut=shut,
        suspects=suspects, tasks=tasks, called=read_names(region, actor), where=where,
        sentinels=sentinels.list_sentinels(region, actor, now=act_moment()) if may("backcheck.order") else [],
        checked=backcheck.list_checked(region, actor, with_quarantined=True), names=promoter_names(region, actor),
    )  # fmt: skip


@pages.post("/trust/back-checks")
@needs("backcheck.order")
def order() -> AnyResponse:
    """Order blind back-checks of a random share of the places that moved on."""
    made = backcheck.order_back_checks(the_region(), current_actor(), now=act_moment())
    flash(ngettext("%(num)s back-check ordered.", "%(num)s back-checks ordered.", len(made)))
    return redirect(url_for("trust.page") + "#back-checks", 303)


@pages.post("/trust/sentinels")
@needs("backcheck.order")
def choose() -> AnyResponse:
    """Choose the finished streets that are asked again today; a second time on a day they stay the same."""
    made = sentinels.choose_sentinels_of_day(the_region(), current_actor(), now=act_moment())
    flash(
        ngettext(
            "%(num)s finished street is asked again today.",
            "%(num)s finished streets are asked again today.",
            len(made),
        )
    )
    return redirect(url_for("trust.page") + "#sentinels", 303)


@pages.post("/trust/quarantine")
@needs("survey.quarantine")
def quarantine() -> AnyResponse:
    """Let the surveys of a promoter, or of a measurement, count in no decision until that is undone."""
    promoter, measurement = request.form.get("promoter"), request.form.get("measurement")
    made = backcheck.quarantine_surveys(
        the_region(), current_actor(), reason=request.form.get("why", ""),
        promoter=PromoterId(promoter) if promoter else None,
        measurement=MeasurementId(measurement) if measurement else None, now=act_moment(),
    )  # fmt: skip
    flash(ngettext("%(num)s survey is in quarantine.", "%(num)s surveys are in quarantine.", made.surveys))
    return redirect(url_for("trust.page") + "#quarantines", 303)


@pages.post("/trust/quarantine/<int:order>/lift")
@needs("survey.quarantine")
def lift(order: int) -> AnyResponse:
    """Let the surveys of a quarantine count again."""
    made = backcheck.lift_quarantine(the_region(), current_actor(), order, now=act_moment())
    flash(ngettext("%(num)s survey counts again.", "%(num)s surveys count again.", made.surveys))
    return redirect(url_for("trust.page") + "#quarantines", 303)
