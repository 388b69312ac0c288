"""Onboarding: who is stuck at the first steps, the checklist itself, and trainings at bases with their places."""

from datetime import timedelta

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response as AnyResponse

from fieldops.actions import recruiting_training as acts
from fieldops.actions.recruiting_lists import read_bases
from fieldops.errors import BadInput
from fieldops.ids import CandidateId, TrainingId
from web.asked import city_moment, field
from web.join.forms import keep_nothing, stuck_page, whole
from web.navigation import Entry
from web.regions import act_moment, the_region
from web.session import current_actor, needs

pages = Blueprint("trainings", __name__)
keep_nothing(pages)
STILL_SHOWN = timedelta(days=7)  # after the end of a training, so that who came can be noted
MENU = [Entry("trainings.page", lazy_gettext("Onboarding"), 70, "sellers")]


@pages.get("/onboarding")
@needs("candidate.name")
def page() -> str:
    """Return stuck sellers, trainings to come and of the last days, and the checklist."""
    region, actor = the_region(), current_actor()
    present = region.moment(act_moment())
    return render_template(
        "join/onboarding.html", stuck=stuck_page(),
        trainings=acts.list_trainings(region, actor, over=STILL_SHOWN, now=present), present=present, steps=acts.read_present_steps(region),
        labels=acts.read_step_labels(region), bases=read_bases(region, actor),
    )  # fmt: skip


@pages.post("/onboarding/steps")
@needs("recruiting.settings")
def steps() -> AnyResponse:
    """Set the checklist: one step a line of the form; lines without a name are left out."""
    names, days, labels = (request.form.getlist(part) for part in ("name", "days", "label"))
    if not len(names) == len(days) == len(labels):
        raise BadInput("the form is not whole", field="name", cure="open the page again")
    rows = [
        {"name": name.strip(), "days": int(day) if day.isascii() and day.isdigit() else -1, "label": label}
        for name, day, label in zip(names, days, labels, strict=True) if name.strip()
    ]  # fmt: skip
    acts.set_steps(the_region(), current_actor(), rows, now=act_moment())
    flash(gettext("New sellers get these steps from now on."))
    return redirect(url_for("trainings.page"), 303)


@pages.post("/trainings")
@needs("training.manage")
def make() -> AnyResponse:
    """Set up a training."""
    starts_at, ends_at = city_moment("starts_at"), city_moment("ends_at")
    if starts_at is None or ends_at is None:
        raise BadInput("is empty", field="starts_at", cure="choose beginning and end")
    acts.make_training(
        the_region(), current_actor(), base=field("base"), topic=field("topic"), starts_at=starts_at, ends_at=ends_at,
        capacity=whole("capacity") or 0, now=act_moment(),
    )  # fmt: skip
    flash(gettext("The training is set up."))
    return redirect(url_for("trainings.page"), 303)


@pages.get("/trainings/<training>")
@needs("candidate.name")
def one(training: str) -> str:
    """Return a training with who has a place."""
    found, places = acts.read_training(the_region(), current_actor(), TrainingId(training))
    return render_template("join/training.html", training=found, places=places)


@pages.post("/trainings/<training>/came")
@needs("training.manage")
def came(training: str) -> AnyResponse:
    """Note who came."""
    acts.mark_attended(
        the_region(), current_actor(), TrainingId(training), CandidateId(field("candidate")), came=field("came") == "1",
        now=act_moment(),
    )  # fmt: skip
    return redirect(url_for("trainings.one", training=training), 303)


@pages.post("/trainings/<training>/cancel")
@needs("training.manage")
def cancel(training: str) -> AnyResponse:
    """Cancel a training."""
    acts.cancel_training(the_region(), current_actor(), TrainingId(training), now=act_moment())
    flash(gettext("The training is cancelled."))
    return redirect(url_for("trainings.page"), 303)
