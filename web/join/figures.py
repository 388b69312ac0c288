"""The funnel with its intervals, and what brings candidates."""

from flask import Blueprint, render_template
from flask_babel import lazy_gettext

from fieldops.actions import recruiting_brings as brings
from fieldops.actions.recruiting_lists import GROUPS_FIRST, WAY, Group, SourceKind, read_funnel
from web.join.forms import asked, choice, field
from web.navigation import Entry
from web.regions import act_moment, the_region
from web.session import current_actor, needs

pages = Blueprint("figures", __name__)
MENU = [
    Entry("figures.funnel", lazy_gettext("Funnel"), 30, "reps"),
    Entry("figures.yields", lazy_gettext("What brings"), 40, "reps"),
]
COHORTS_SHOWN = 12


@pages.get("/funnel")
@needs("candidate.read")
def funnel() -> str:
    """Return the funnel of all, of one kind of source, or of one group."""
    report = read_funnel(
        the_region(), current_actor(), kind=choice(SourceKind, "source"), group=choice(Group, "group"), now=act_moment()
    )
    return render_template(
        "join/funnel.html", report=report, way=WAY, asked=asked(), groups=GROUPS_FIRST, kinds=list(SourceKind),
        weeks=report.cohorts[:COHORTS_SHOWN],
    )  # fmt: skip


@pages.get("/brings")
@needs("candidate.read")
def yields() -> str:
    """Return candidates per promoter-hour by street, venue kind, crew or hour of the day, and posters by candidates."""
    by = field("by") if field("by") in brings.SORTS else brings.SORTS[0]
    found = brings.read_brings(the_region(), current_actor(), by, most=50, now=act_moment())
    most = max([one.high for one in found.yields], default=0.0)
    return render_template("join/brings.html", found=found, sorts=brings.SORTS, by=by, most=most)
