"""Stock of posters and leaflets: what comes in, goes out, is used up, at every base and crew."""

from dataclasses import dataclass
from datetime import datetime

from fieldops.errors import BadInput, NotFound
from fieldops.events import StockMoved
from fieldops.ids import CrewId
from fieldops.intake import read_reason
from fieldops.people import Actor
from fieldops.permissions import require
from fieldops.said import Said
from fieldops.store import bases, people
from fieldops.store import stock as store
from fieldops.store.connect import Region, Turn
from fieldops.store.stock import StockEntry, StockLine

ITEMS = ("poster", "leaflet")
OUTSIDE = "outside"  # where things are printed, and where they go when they are used up
MOST = 1_000_000


@dataclass(frozen=True, slots=True)
class Stock:
    """What every place has, and the newest moves of the book."""

    lines: tuple[StockLine, ...]
    moves: tuple[StockEntry, ...]


def read_stock(region: Region, actor: Actor) -> Stock:
    """Return the stock of every base and crew. Permission: desk.read."""
    require(actor, "desk.read")
    connection = region.reader()
    return Stock(tuple(store.read_stock(connection)), tuple(store.read_moves(connection)))


def move_stock(
    region: Region,
    actor: Actor,
    item: str,
    count: int,
    *,
    source: str,
    target: str,
    why: str = "",
    now: datetime | None = None,
) -> None:
    """
    Move posters or leaflets from a place to another: `outside`, `base:NAME` or `crew:ID`.

    Permission: stock.move. Event: StockMoved.

    Raises
    ------
    Forbidden
        If the actor may not.
    NotFound
        If a place is unknown.
    BadInput
        If item or count cannot be, both places are the same, or the source has fewer.
    """
    require(actor, "stock.move")
    if item not in ITEMS:
        raise BadInput(
            Said("'%(item)s' is not kept in stock", item=item[:20]),
            field="item",
            cure=Said("choose one of %(choices)s", choices=", ".join(ITEMS)),
        )
    if not 0 < count <= MOST:
        raise BadInput(
            Said("%(count)s of them", count=count), field="count", cure=Said("give 1 to %(most)s", most=MOST)
        )
    if source == target:
        raise BadInput("from a place to itself", field="target", cure="choose two places")
    why = read_reason(why, ("bought", "burst", "counted", "lost", "worn_out"), needed=False)
    with region.turn(actor, now=now) as turn:
        for place in (source, target):
            _check_place(turn, place)
        lines = {(one.place, one.item): one.at_hand for one in store.read_stock(turn.connection)}
        there = max(0, lines.get((source, item), 0))
        if source != OUTSIDE and there < count:
            raise BadInput(
                Said("%(there)s are there", there=there), field="count", cure="bring some in first, or count again"
            )
        event = StockMoved(at=turn.now, why=why, item=item, count=count, source=source, target=target)
        store.add_move(turn, event=event)


def _check_place(turn: Turn, place: str) -> None:
    kind, _, name = place.partition(":")
    if place == OUTSIDE:
        return
    if kind == "crew" and name:
        people.find_crew(turn.connection, CrewId(name))
    elif kind != "base" or name not in bases.bases_now(turn):
        raise NotFound("place of stock", place, cure="outside, base:NAME or crew:ID")
