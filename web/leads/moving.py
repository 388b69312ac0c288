"""Moving on: every measured place with what its test says, the run of the tests, and the triangles to swarm."""

from flask import Blueprint, render_template
from flask_babel import lazy_gettext

from fieldops.actions import decisions, desk
from fieldops.actions.awareness import save_estimates
from fieldops.actions.decisions import Decided
from fieldops.actions.moving import read_panel, read_swarm_cards
from fieldops.ids import StreetId
from web.asked import flag, one_of
from web.leads.desk import asked_city
from web.navigation import Entry
from web.paging import turn
from web.regions import act_moment, the_region
from web.session import current_actor, needs

pages = Blueprint("moving", __name__)
MENU = [
    Entry("moving.panel", lazy_gettext("Move on"), 50),
    Entry("moving.swarm", lazy_gettext("Swarm"), 52),
]
VERDICTS = ("move_on", "push_on", "ask_more")
CARDS = 12  # of a page: each is as tall as several rows


@pages.get("/move-on")
@needs("desk.read")
def panel() -> str:
    """Return the measured places with their verdicts, error rates, and what is missing."""
    return _panel(None)


@pages.post("/move-on")
@needs("decision.make", "desk.read")
def decide() -> str:
    """Run the tests on everything that has new surveys, and show who moves where."""
    actor, moment = current_actor(), act_moment()
    done = decisions.decide(the_region(), actor, now=moment)
    if not done.estimated:
        save_estimates(the_region(), actor, now=moment)
    return _panel(done)


@pages.post("/move-on/preview")
@needs("decision.make", "desk.read")
def preview() -> str:
    """Show what running the tests would decide now, and who would move where; nothing is decided."""
    return _panel(decisions.preview_decisions(the_region(), current_actor(), now=act_moment()), only_shown=True)


def _panel(done: Decided | None, *, only_shown: bool = False) -> str:
    seen = desk.read_overview(the_region(), current_actor(), city=asked_city())
    chosen, waiting = one_of("verdict", VERDICTS), flag("waiting")
    found = read_panel(the_region(), current_actor(), seen.city.id, now=act_moment())
    rows = [
        one for one in found.standings
        if (chosen is None or one.test.verdict == chosen) and (not waiting or found.waits(one))
    ]  # fmt: skip
    labels = desk.street_labels(the_region(), current_actor(), _streets_of(done) if done else [])
    return render_template(
        "leads/move_on.html", seen=seen, panel=found, rows=turn(rows), chosen=chosen, waiting=waiting,
        verdicts=VERDICTS, done=done, labels=labels, only_shown=only_shown,
    )  # fmt: skip


def _streets_of(done: Decided) -> list[StreetId]:
    named = [street for one in done.moved for street in (one.left, one.to) if street]
    return named + [one.street for one in done.made if one.street] + done.closed


@pages.get("/swarm")
@needs("desk.read")
def swarm() -> str:
    """Return the triangles below the target with their venues, the busiest first."""
    seen = desk.read_overview(the_region(), current_actor(), city=asked_city())
    cards = read_swarm_cards(the_region(), current_actor(), seen.city.id, now=act_moment())
    return render_template("leads/swarm.html", seen=seen, cards=turn(cards, size=CARDS))
