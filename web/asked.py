"""What an address or a form asks for: one of several, a day, a moment, a page, a crew.

An empty field asks for nothing. What cannot be meant is refused on every page alike, naming the field and what helps: a list
that were narrowed to something else than its address says would be believed.
"""

from collections.abc import Iterable
from datetime import date, datetime

from flask import request

from fieldops.actions.desk import list_crew_names, read_time_zone
from fieldops.clock import find_zone, parse_day
from fieldops.errors import BadInput, NotFound
from fieldops.ids import CrewId
from fieldops.said import Said
from web.regions import the_region
from web.session import current_actor

YEARS = range(2000, 2100)  # of which fields may speak: others are slips of the hand, and some have no zone
MOST_PAGES = 10_000


def field(name: str) -> str:
    """Return a field of the form, or of the address."""
    return (request.form.get(name) or request.args.get(name) or "").strip()


def one_of(name: str, among: Iterable[str]) -> str | None:
    """
    Return a field that is one of several words, None where it is empty.

    Raises
    ------
    BadInput
        If it is none of them.
    """
    text, words = field(name), list(among)
    if text and text not in words:
        raise BadInput(
            Said("“%(given)s” is none of these", given=text[:20]), field=name,
            cure=Said("one of %(choices)s", choices=", ".join(words)),
        )  # fmt: skip
    return text or None


def flag(name: str) -> bool:
    """
    Return whether a field that is 1 or left away says yes.

    Raises
    ------
    BadInput
        If it is something else.
    """
    return one_of(name, ("0", "1")) == "1"


def crew_asked(name: str = "crew") -> CrewId | None:
    """
    Return the crew whose id stands in a field, None where it is empty.

    Raises
    ------
    NotFound
        If there is none.
    """
    text = field(name)
    if text and CrewId(text) not in list_crew_names(the_region(), current_actor()):
        raise NotFound("crew", text[:40], cure="choose one of the list")
    return CrewId(text) if text else None


def page_asked(name: str = "page") -> int:
    """
    Return the number of a page in a field, the first where it is empty.

    Raises
    ------
    BadInput
        If it is no number of a page.
    """
    return whole(name, usual=1, least=1, most=MOST_PAGES)


def whole(name: str, *, usual: int, least: int, most: int) -> int:
    """
    Return the whole number in a field, `usual` where it is empty.

    Raises
    ------
    BadInput
        If it is none, or not within `least` to `most`.
    """
    text = field(name)[:20] or str(usual)
    if not text.isascii() or not text.isdigit() or not least <= int(text) <= most:
        raise BadInput(
            Said("'%(given)s' cannot be used", given=text), field=name,
            cure=Said("give a whole number from %(least)s to %(most)s", least=least, most=most),
        )  # fmt: skip
    return int(text)


def day(name: str) -> date | None:
    """
    Return the calendar day in a field, None where it is empty.

    Raises
    ------
    BadInput
        If it is no day, or of another century.
    """
    text = field(name)[:20]
    return _of_our_time(parse_day(text, field=name), text, name) if text else None


def city_moment(name: str) -> datetime | None:
    """
    Return the moment in a field of date and time, written in the city's zone; None where it is empty.

    Raises
    ------
    BadInput
        If it is no date and time, or of another century.
    """
    text = field(name)[:16]
    if not text:
        return None
    try:
        there = datetime.fromisoformat(text)
    except ValueError:
        raise BadInput(
            Said("'%(given)s' is not a date and time", given=text), field=name, cure=Said("write a day and an hour")
        ) from None
    _of_our_time(there.date(), text, name)
    return there.replace(tzinfo=find_zone(read_time_zone(the_region())))


def _of_our_time(day: date, text: str, name: str) -> date:
    if day.year not in YEARS:
        raise BadInput(
            Said("'%(text)s' is outside the calendar", text=text), field=name,
            cure=Said("give a day of the years %(first)s to %(last)s", first=YEARS[0], last=YEARS[-1]),
        )  # fmt: skip
    return day


def words_asked() -> dict[str, object]:
    """Return what the address of this page says, for the address of a page like it; words of `url_for` itself are left out."""
    asked = request.args.to_dict(flat=False)
    plain: dict[str, object] = {name: asked[name] for name in asked if name != "endpoint" and not name.startswith("_")}
    return plain | (request.view_args or {})
