"""Sources: QR posters made, printed, closed; sign-ups that were held back, let in or dropped."""

from collections.abc import Callable
from ipaddress import ip_address
from typing import TypeVar

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from markupsafe import Markup
from werkzeug.wrappers import Response as AnyResponse

from fieldops.actions import recruiting_posters as acts
from fieldops.actions.recruiting_brings import SORTS
from fieldops.ids import CrewId, PosterCode, StreetId, VenueId
from web.asked import field
from web.join.wording import poster_words
from web.language import NAMES, chosen_language
from web.navigation import Entry
from web.paging import turn_read
from web.regions import act_moment, the_region
from web.session import current_actor, may, needs

Name = TypeVar("Name", bound=str)
pages = Blueprint("posters", __name__)
MENU = [Entry("posters.page", lazy_gettext("Sources"), 50, "sellers")]


@pages.get("/posters")
@needs("candidate.read")
def page() -> str:
    """Return the posters with what each brought, and the floods that wait."""
    region, actor = the_region(), current_actor()
    floods = acts.list_floods(region, actor) if may("candidate.merge") else []
    posters = turn_read(
        acts.count_posters(region, actor),
        lambda most, after: acts.list_posters(region, actor, most=most, after=after),
    )
    return render_template(
        "join/posters.html", posters=posters, floods=floods, region_text=acts.read_poster_words(region),
        places=acts.name_places_of(region, actor), sorts=SORTS,
    )  # fmt: skip


@pages.post("/posters")
@needs("poster.make")
def make() -> AnyResponse:
    """Make a poster, and show it."""
    made = acts.make_poster(
        the_region(), current_actor(), street=_found(StreetId, "street"), venue=_found(VenueId, "venue"),
        crew=_found(CrewId, "crew"), now=act_moment(),
    )  # fmt: skip
    return redirect(url_for("posters.printed", code=made.code), 303)


def _found(kind: Callable[[str], Name], noun: str) -> Name | None:
    text = field(noun)
    return kind(acts.find_place(the_region(), current_actor(), noun, text)) if text else None


@pages.get("/posters/<code>")
@needs("candidate.read")
def printed(code: str) -> str:
    """Return a poster to be printed: one page, the region's words in the language asked for or in both, the code."""
    found = acts.find_poster(the_region(), current_actor(), code)
    address = url_for("door.page", code=found.code, _external=True)
    own, asked = acts.read_poster_words(the_region()), field("in")
    languages = list(NAMES) if asked == "both" else [asked if asked in NAMES else chosen_language()]
    return render_template(
        "join/poster.html", poster=found, address=address, code=Markup(acts.draw_poster_code(address)),  # noqa: S704  # drawn by us
        texts=[(language, *poster_words(language, own)) for language in languages], reach=_reach(request.host),
        places=acts.name_places_of(the_region(), current_actor()),
    )  # fmt: skip


def _reach(host: str) -> str:
    """Return who can open an address of this host: "machine", "network" or "all"."""
    name = host.rsplit(":", 1)[0].strip("[]").lower()
    try:
        there = ip_address(name)
    except ValueError:
        return "machine" if name == "localhost" else "all" if "." in name else "network"
    return "machine" if there.is_loopback or there.is_unspecified else "network" if there.is_private else "all"


@pages.post("/posters/<code>/close")
@needs("poster.make")
def close(code: str) -> AnyResponse:
    """Close a poster."""
    acts.close_poster(the_region(), current_actor(), PosterCode(code), now=act_moment())
    flash(gettext("The poster is closed: nobody can sign up by it any more."))
    return redirect(url_for("posters.page"), 303)


@pages.post("/posters/words")
@needs("recruiting.settings")
def words() -> AnyResponse:
    """Set the region's own words."""
    given = {name: text for name, text in request.form.items() if name != "back"}
    acts.set_poster_words(the_region(), current_actor(), given, now=act_moment())
    flash(gettext("Saved."))
    return redirect(url_for("posters.page"), 303)


@pages.post("/posters/<code>/flood")
@needs("candidate.merge")
def settle(code: str) -> AnyResponse:
    """Let in or drop what was held back."""
    let_in = field("let_in") == "1"
    came = acts.settle_flood(the_region(), current_actor(), code, field("network"), let_in=let_in, now=act_moment())
    flash(gettext("%(count)s new candidates.", count=came) if let_in else gettext("They were destroyed."))
    return redirect(url_for("posters.page"), 303)
