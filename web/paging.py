"""Long lists, a page at a time: so many rows that a phone shows them in a few screens, with how many there are in all."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from flask import Flask, request, url_for

from web.asked import page_asked, words_asked

A_PAGE = 25  # rows
Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Turn(Generic[Row]):
    """One page of a list: its rows, its number of how many pages, how many rows there are in all; `name` is its field."""

    rows: Sequence[Row]
    page: int
    count: int
    size: int = A_PAGE
    name: str = "page"

    @property
    def pages(self) -> int:
        """How many pages there are; an empty list has one."""
        return pages_of(self.count, self.size)

    @property
    def before(self) -> int:
        """How many rows lie before this page."""
        return (self.page - 1) * self.size


def install(app: Flask) -> None:
    """Give templates what turns pages."""
    app.template_global("turn")(turn)
    app.template_global("turned")(turned)


def pages_of(count: int, size: int = A_PAGE) -> int:
    """Return how many pages that many rows fill, one at least."""
    return max(1, -(-count // size))


def page_of(count: int, *, size: int = A_PAGE, name: str = "page") -> int:
    """
    Return the page that the address asks for; the last one where a list has become shorter, as its acts make it.

    Raises
    ------
    BadInput
        If what it asks for is no number of a page.
    """
    return min(page_asked(name), pages_of(count, size))


def turn(rows: Sequence[Row], name: str = "page", size: int = A_PAGE) -> Turn[Row]:
    """Return the page of a whole list that the address asks for."""
    page = page_of(len(rows), size=size, name=name)
    return Turn(rows[(page - 1) * size : page * size], page, len(rows), size, name)


def turn_read(count: int, read: Callable[[int, int], Sequence[Row]], name: str = "page") -> Turn[Row]:
    """Return the page that the address asks for of a list that is read a page at a time: `read(most, after)`."""
    page = page_of(count, name=name)
    return Turn(read(A_PAGE, (page - 1) * A_PAGE), page, count, name=name)


def turned(page: int, name: str, *, endpoint: str = "", anchor: str = "") -> str:
    """
    Return the address of another page of a list: that of this page with all that it asks for.

    A page that a form brought, such as `POST /candidates/<candidate>/reveal`, names the `endpoint` at which its list stands;
    what the form's own path named is no part of that.
    """
    target = endpoint or request.endpoint or ""
    given = words_asked() | {name: page if page > 1 else None}
    if target != request.endpoint:
        given = {word: value for word, value in given.items() if word not in (request.view_args or {})}
    return url_for(target, **given, _anchor=anchor or None)  # type: ignore[arg-type]
