"""Refusals in the reader's language: what was refused, with its facts, and what helps."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from babel.dates import format_datetime
from flask_babel import get_locale, gettext, ngettext

from fieldops import errors
from fieldops.errors import FieldopsError
from fieldops.said import Reason
from web.fields import field_name
from web.join.wording import stage_name
from web.said import in_words, is_ours


@dataclass(frozen=True, slots=True)
class Wording:
    """A refusal as people read it; `ours` is False where only the English sentence of the rule is known."""

    text: str
    cure: str = ""
    ours: bool = True


def wording(refusal: FieldopsError) -> Wording:
    """Return a refusal in the reader's language, or its own English sentence where it has none."""
    for kind, say in _WORDS.items():
        if isinstance(refusal, kind):
            return say(refusal)
    told = refusal.told()
    return _said(told.parts[0], *told.parts[1:])


def _said(problem: str, *cure: str) -> Wording:
    """Return problem and cure in the reader's language; whoever reads Chinese sees English only where there is nothing else."""
    more = Reason(cure)
    return Wording(in_words(problem), in_words(more), ours=is_ours(problem) and is_ours(more))


def _claimed(refusal: Any) -> Wording:
    if refusal.own:
        return Wording(
            gettext(
                "%(crew)s holds %(street)s itself until %(end)s.", street=refusal.street_label or refusal.street,
                crew=refusal.holder_name or refusal.holder, end=_moment(refusal.held_until),
            ),
            gettext("Nothing is to be done: work on, or give it back."),
        )  # fmt: skip
    return Wording(
        gettext(
            "%(street)s is claimed by %(crew)s until %(end)s.", street=refusal.street_label or refusal.street,
            crew=refusal.holder_name or refusal.holder, end=_moment(refusal.held_until),
        ),
        gettext("It can be claimed from that moment on; or take the claim back, with a reason."),
    )  # fmt: skip


def _cooling(refusal: Any) -> Wording:
    if refusal.withdrew_again:
        return Wording(
            gettext(
                "%(crew)s gave %(street)s up again so soon and may claim it again from %(end)s.",
                crew=refusal.crew_name or refusal.crew, street=refusal.street_label or refusal.street,
                end=_moment(refusal.until),
            ),
            gettext("Only the first time costs nothing. Another crew may claim it now; or lift the cool-down, with a reason."),
        )  # fmt: skip
    return Wording(
        gettext(
            "%(crew)s let %(street)s go and may claim it again from %(end)s.", crew=refusal.crew_name or refusal.crew,
            street=refusal.street_label or refusal.street, end=_moment(refusal.until),
        ),
        gettext("Another crew may claim it now; or lift the cool-down, with a reason."),
    )  # fmt: skip


def _kept(refusal: Any) -> Wording:
    return Wording(
        gettext(
            "%(street)s is kept for the phone of %(crew)s until %(end)s.", street=refusal.street_label or refusal.street,
            crew=refusal.crew_name or refusal.crew, end=_moment(refusal.kept_until),
        ),
        gettext("It can be claimed from that moment on; or give the list of that phone back."),
    )  # fmt: skip


def _at_cap(refusal: Any) -> Wording:
    return Wording(
        gettext(
            "%(crew)s holds %(holds)s streets and may hold %(cap)s; the first of them ends %(end)s.",
            crew=refusal.crew_name or refusal.crew, holds=refusal.holds, cap=refusal.cap, end=_moment(refusal.first_ends),
        ),
        gettext("Let it finish or give up a street first."),
    )  # fmt: skip


def _closed(refusal: Any) -> Wording:
    street = refusal.street_label or refusal.street
    if refusal.reason == "saturated":
        return Wording(
            gettext("%(street)s is saturated, until %(end)s at the latest.", street=street, end=_moment(refusal.until)),
            gettext("It opens again when a fresh test says push on, or its forecast falls below the target."),
        )
    if refusal.reason == "paused":
        return Wording(
            gettext("%(street)s is paused until %(end)s.", street=street, end=_moment(refusal.until)),
            gettext("It can be claimed from that moment on; or open it before on the page of incidents."),
        )
    if refusal.reason == "no_permission":
        return Wording(
            gettext("Nobody may enter %(street)s.", street=street),
            gettext("Once entry is granted, say so on the page of the street."),
        )
    return Wording(gettext("%(street)s is closed.", street=street), gettext("Open it again on the page of the street."))


def _ended(refusal: Any) -> Wording:
    return Wording(
        gettext(
            "The claim of %(crew)s on %(street)s ended already, at %(end)s.", crew=refusal.crew_name or refusal.crew,
            street=refusal.street_label or refusal.street, end=_moment(refusal.ended_at),
        ),
        gettext("Nothing is left to end."),
    )  # fmt: skip


def _plan(refusal: Any) -> Wording:
    return Wording(
        gettext("The plan cannot be published as it is: %(reason)s", reason=in_words(Reason(refusal.violations[:3]))),
        gettext("Make a new plan, or publish what is still possible."),
        ours=is_ours(Reason(refusal.violations[:3])),
    )


def _bad_input(refusal: Any) -> Wording:
    place = "" if refusal.row is None else gettext("row %(row)s: ", row=refusal.row)
    field = field_name(refusal.field or "")
    said = _said(refusal.problem, refusal.cure)
    text = gettext("%(field)s: %(problem)s", field=field, problem=said.text) if field else said.text
    return Wording(place + text, said.cure, said.ours)


def _last_planner(refusal: Any) -> Wording:
    return Wording(
        gettext("%(login)s is the last planner.", login=refusal.login), gettext("Add another planner first.")
    )


def _not_found(refusal: Any) -> Wording:
    return Wording(gettext("There is no “%(name)s” here.", name=in_words(refusal.name)), in_words(refusal.cure))


def _forbidden(_refusal: Any) -> Wording:
    return Wording(
        gettext("Your account may not do that here."),
        gettext("Ask a lead of your region, if you think that it should."),
    )


def _sign_in(refusal: Any) -> Wording:
    if refusal.reason == "link":
        return Wording(gettext("This link is used up or has ended."), gettext("Ask for a new one."))
    if refusal.reason == "code":
        return Wording(
            gettext("That code does not count, or no longer."), gettext("Take the next one that your app shows.")
        )
    return Wording(
        gettext("Login and password do not belong together."),
        gettext("Try again, or ask a lead for a link that signs you in."),
    )


def _rep_full(refusal: Any) -> Wording:
    return Wording(
        gettext("This rep cares for %(cares)s sellers and may care for %(cap)s.", cares=refusal.cares, cap=refusal.cap),
        gettext("Choose another rep; or a lead allows it with a reason."),
    )


def _move(refusal: Any) -> Wording:
    allowed = ", ".join(stage_name(stage) for stage in refusal.allowed)
    return Wording(
        gettext(
            "A candidate cannot go from %(before)s to %(after)s.", before=stage_name(refusal.before), after=stage_name(refusal.after)
        ),
        gettext("From there they go to: %(stages)s.", stages=allowed),
    )  # fmt: skip


def _training_full(refusal: Any) -> Wording:
    return Wording(
        ngettext(
            "The one place of this training is taken.",
            "All %(num)s places of this training are taken.",
            refusal.capacity,
        ),
        gettext("Choose another one."),
    )


def _no_consent(refusal: Any) -> Wording:
    if refusal.version:
        return Wording(
            gettext("This region never had the consent text %(version)s: nothing was stored.", version=refusal.version[:20]),
            gettext("Show the present text and ask again."),
        )  # fmt: skip
    return Wording(
        gettext("There is no consent: nothing was stored."),
        gettext("Tick that all of them agreed, or name the text of each in a column consent."),
    )


def _winding_down(refusal: Any) -> Wording:
    return Wording(
        gettext("The region is winding down since %(moment)s.", moment=_moment(refusal.since)),
        gettext("What is still done, and until when, stands on the page of people's data."),
    )


def _storm(refusal: Any) -> Wording:
    minutes = max(1, round(refusal.wait / timedelta(minutes=1)))
    return Wording(
        gettext("That was tried too often of late."),
        ngettext("Wait %(num)s minute, then try again.", "Wait %(num)s minutes, then try again.", minutes),
    )


def _moment(moment: datetime) -> str:
    """Return a moment in the zone that it carries: the city's."""
    chinese = str(get_locale()).startswith("zh")
    return format_datetime(
        moment, "M月d日 E HH:mm" if chinese else "EEE d MMM, HH:mm", tzinfo=moment.tzinfo, locale=get_locale()
    )


_WORDS: dict[type[FieldopsError], Callable[[Any], Wording]] = {
    errors.StreetAlreadyClaimed: _claimed,
    errors.StreetReserved: _kept,
    errors.CrewCoolingDown: _cooling,
    errors.CrewAtCap: _at_cap,
    errors.StreetClosed: _closed,
    errors.ClaimNotInForce: _ended,
    errors.PlanNotPublishable: _plan,
    errors.LastPlanner: _last_planner,
    errors.BadInput: _bad_input,
    errors.NotFound: _not_found,
    errors.Forbidden: _forbidden,
    errors.SignInRefused: _sign_in,
    errors.TooManyTries: _storm,
    errors.RepAtCap: _rep_full,
    errors.MoveNotAllowed: _move,
    errors.TrainingFull: _training_full,
    errors.RegionWindingDown: _winding_down,
    errors.ConsentMissing: _no_consent,
}
