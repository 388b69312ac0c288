"""
The menu: every room of pages names its entries, and each reader sees those that they may use.

A room adds `MENU = [Entry("claims.queue", lazy_gettext("Ending soon"), 20)]`; its package's `__init__` lists the room in
`ROOMS`. Entries stand in blocks by audience, in the order of their numbers.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from flask import Flask, current_app, g, request

from web.session import current_account, may_use

AUDIENCES = ("leads", "crew", "reps")


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the menu: where it leads, its words (lazily translated), its place, for whom; `home` opens after signing in.

    `also` names rooms of pages that are reached from it and have no entry of their own.
    """

    endpoint: str
    words: Any
    order: int
    audience: str = "leads"
    home: bool = False
    also: tuple[str, ...] = ()


def install(app: Flask, rooms: Iterable[ModuleType]) -> None:
    """Register the pages of the rooms, and remember their entries."""
    entries: list[Entry] = []
    for room in rooms:
        app.register_blueprint(room.pages)
        entries += getattr(room, "MENU", ())
    entries.sort(key=lambda entry: (AUDIENCES.index(entry.audience), entry.order))
    app.extensions["fieldops.menu"] = entries
    app.template_global("menu")(menu)
    app.template_global("is_here")(is_here)


def menu() -> list[list[Entry]]:
    """Return the entries that the reader may use, in a block for each audience; none for visitors."""
    if "menu" not in g:
        mine = [entry for entry in _entries() if may_use(entry.endpoint)] if current_account() else []
        blocks = [[entry for entry in mine if entry.audience == audience] for audience in AUDIENCES]
        g.menu = [block for block in blocks if block]
    found: list[list[Entry]] = g.menu
    return found


def home() -> str | None:
    """Return the endpoint of the reader's first page, None where they have no page."""
    mine = [entry for entry in _entries() if may_use(entry.endpoint)]
    first = next((entry for entry in mine if entry.home), mine[0] if mine else None)
    return first.endpoint if first else None


def is_here(entry: Entry) -> bool:
    """Return whether the page that is read belongs to an entry: the same room of pages, or the very page."""
    room = (request.endpoint or "").split(".")[0]
    if request.endpoint == entry.endpoint or room in entry.also:
        return True
    room += "."
    return entry.endpoint.startswith(room) and sum(one.endpoint.startswith(room) for one in _entries()) == 1


def _entries() -> list[Entry]:
    entries: list[Entry] = current_app.extensions["fieldops.menu"]
    return entries
