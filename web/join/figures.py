"""The funnel with its intervals, and what brings candidates."""

from flask import Blueprint, render_template
from flask_babel import lazy_gettext

from fieldops.actions import recruiting_brings as brings
from fieldops.actions.recruiting_lists import GROUPS_FIRST, WAY, read_funnel
from web.asked import flag, one_of
from web.join.forms import asked, filters, place_asked
from web.navigation import Entry
from web.regions import act_moment, the_region
from web.session import current_actor, needs

pages = Blueprint("figures", __name__)
MENU = [
    Entry("figures.funnel", lazy_gettext("Funnel"), 30, "sellers"),
    Entry("figures.yields", lazy_gettext("What brings"), 40, "sellers"),
]
COHORTS_SHOWN = 12
FIRST_SHOWN, MOST = 30, 2000  # rows of what brings: first, and when all are asked for


@pages.get("/funnel")
@needs("candidate.read")
def funnel() -> str:
    """Return the funnel of all, of one kind of source, of one group, or of one street, venue, crew or poster."""
    report = read_funnel(the_region(), current_actor(), filters(), now=act_moment())
    return render_template(
        "join/funnel.html", report=report, way=WAY, asked=asked("stage", "rep"), groups=GROUPS_FIRST, place=place_asked(),
        weeks=report.cohorts[:COHORTS_SHOWN],
    )  # fmt: skip


@pages.get("/brings")
@needs("candidate.read")
def yields() -> str:
    """Return what streets, venues, crews, days, hours and posters brought and cost, and whom to call today."""
    by = one_of("by", brings.SORTS) or brings.SORTS[0]
    order = one_of("order", brings.ORDERS) or ("candidates" if by == "poster" else "")
    down = {"1": True, "0": False, None: None}[one_of("down", ("0", "1"))]
    whole = flag("all")
    found = brings.read_brings(
        the_region(), current_actor(), by, order=order, down=down, most=MOST if whole else FIRST_SHOWN, now=act_moment()
    )
    most = max([one.high for one in found.yields], default=0.0)
    return render_template("join/brings.html", found=found, sorts=brings.SORTS, by=by, most=most, whole=whole)
