"""What the pages of candidates share: fields of forms read, the way back, and answers that no browser keeps."""

from collections.abc import Callable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypeVar
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from fieldops.actions.desk import read_time_zone
from fieldops.actions.recruiting_brings import end_of_day, name_one
from fieldops.actions.recruiting_lists import (
    Card,
    Filters,
    Group,
    SourceKind,
    Stage,
    Stuck,
    count_stuck,
    list_stuck,
)
from fieldops.errors import BadInput
from fieldops.ids import CrewId, PosterCode, RepId, StreetId, VenueId
from fieldops.said import Said
from web.asked import field, flag, one_of
from web.language import is_path
from web.paging import Turn, turn_read
from web.regions import act_moment, the_region
from web.session import current_actor

Choice = TypeVar("Choice", bound=StrEnum)
Name = TypeVar("Name", bound=str)


def keep_nothing(pages: Blueprint) -> None:
    """Let no browser and no proxy keep pages with names on them."""

    @pages.after_request
    def say_so(response: Response) -> Response:
        response.headers["Cache-Control"] = "no-store"
        return response


def back(otherwise: str) -> AnyResponse:
    """Go back to the page on which the form stood."""
    path = request.form.get("back", "")
    return redirect(path if is_path(path) else otherwise, 303)


def whole(name: str) -> int | None:
    """
    Return a whole number in a field, None where it is empty.

    Raises
    ------
    BadInput
        If it is none.
    """
    text = field(name)
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 8):
        raise BadInput(
            Said("'%(given)s' is not a whole number", given=text[:20]), field=name, cure=Said("give a number")
        )
    return int(text)


def choice(kind: type[Choice], name: str) -> Choice | None:
    """
    Return a field as a member of a kind, None where it is empty.

    Raises
    ------
    BadInput
        If it is none of them.
    """
    text = one_of(name, kind)
    return kind(text) if text else None


def in_days(days: int, present: datetime) -> datetime:
    """Return nine in the morning of the city, so many days on."""
    here = present.astimezone(ZoneInfo(read_time_zone(the_region())))
    return here.replace(hour=9, minute=0, second=0, microsecond=0) + timedelta(days=days)


def stuck_page(rep: RepId | None = None) -> Turn[tuple[Stuck, Card]]:
    """Return the page that the address asks for of sellers with overdue steps, of one rep or of all."""
    region, actor, now = the_region(), current_actor(), act_moment()
    return turn_read(
        count_stuck(region, actor, rep=rep, now=now),
        lambda most, after: list_stuck(region, actor, rep=rep, most=most, after=after, now=now), "stuck",
    )  # fmt: skip


def filters() -> Filters:
    """Return what the address narrows a list to."""
    return Filters(
        stage=choice(Stage, "stage"), group=choice(Group, "group"), kind=choice(SourceKind, "source"),
        rep=_named(RepId, "rep") if field("rep") != "-" else None, without_rep=field("rep") == "-",
        crew=_named(CrewId, "crew"), street=_named(StreetId, "street"), venue=_named(VenueId, "venue"),
        poster=_named(PosterCode, "poster"), base=field("base") or None, due_by=_tonight() if flag("due") else None,
    )  # fmt: skip


def _tonight() -> datetime:
    """Return the end of the city's day: what is due by then is to be done today."""
    present = the_region().moment(act_moment())
    return end_of_day(present, ZoneInfo(read_time_zone(the_region())))


def place_asked() -> str:
    """Return the name of the one street, venue, crew or poster that the address asks for, "" where it asks for none."""
    for sort in ("street", "venue", "crew"):
        if field(sort):
            return name_one(the_region(), current_actor(), sort, field(sort))
    return field("poster")


def asked(*left_out: str) -> dict[str, str]:
    """Return the narrowing fields of the address, to be carried on in links, some left out."""
    names = ("stage", "group", "source", "rep", "crew", "street", "venue", "poster", "base", "due")
    return {name: field(name) for name in names if field(name) and name not in left_out}


def _named(kind: Callable[[str], Name], name: str) -> Name | None:
    text = field(name)
    return kind(text) if text else None
