"""
The menu: every room of pages names its entries, and each reader sees those that they may use.

A room adds `MENU = [Entry("claims.queue", lazy_gettext("Ending soon"), 20)]`; its package's `__init__` lists the room in
`ROOMS`. Entries stand in groups, in the order of their numbers. The first group that a reader has lies open; the others are
folded, but for the one of the page that is read.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from flask import Flask, current_app, g, request
from flask_babel import lazy_gettext

from web.session import current_account, may_use

GROUPS: dict[str, Any] = {
    "now": lazy_gettext("Now"), "planning": lazy_gettext("Planning"), "crews": lazy_gettext("Crews"), "office": lazy_gettext("Office"),
    "sellers": lazy_gettext("Sellers"), "crew": lazy_gettext("Crew"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the menu: where it leads, its words (lazily translated), its place, its group; `home` opens after signing in.

    `also` names rooms of pages that are reached from it and have no entry of their own.
    """

    endpoint: str
    words: Any
    order: int
    group: str = "now"
    home: bool = False
    also: tuple[str, ...] = ()


def install(app: Flask, rooms: Iterable[ModuleType]) -> None:
    """Register the pages of the rooms, and remember their entries."""
    entries: list[Entry] = []
    for room in rooms:
        app.register_blueprint(room.pages)
        entries += getattr(room, "MENU", ())
    entries.sort(key=lambda entry: (list(GROUPS).index(entry.group), entry.order))
    app.extensions["fieldops.menu"] = entries
    app.template_global("menu")(menu)
    app.template_global("is_here")(is_here)


@dataclass(frozen=True, slots=True)
class Group:
    """Entries under one heading; `open` where one of them is the page that is read."""

    words: Any
    entries: list[Entry]
    open: bool


def menu() -> list[Group]:
    """Return the entries that the reader may use, by their groups; none for visitors."""
    if "menu" not in g:
        mine = [entry for entry in _entries() if may_use(entry.endpoint)] if current_account() else []
        g.menu = [
            Group(words, entries, any(is_here(entry) for entry in entries))
            for name, words in GROUPS.items()
            if (entries := [entry for entry in mine if entry.group == name])
        ]
    found: list[Group] = g.menu
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
