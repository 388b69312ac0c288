"""Stock of posters and leaflets: a book of moves, and what follows from it for every base and crew."""

from dataclasses import dataclass
from datetime import datetime

from fieldops.clock import format_moment, parse_moment
from fieldops.events import StockMoved
from fieldops.store import audit
from fieldops.store.connect import Turn
from fieldops.store.sqlite import sqlite3


@dataclass(frozen=True, slots=True)
class StockLine:
    """What a place had in and out of an item; `placed` are the posters that its crew's phones told of."""

    place: str
    item: str
    came: int
    went: int
    placed: int

    @property
    def at_hand(self) -> int:
        """Return what should be there; below 0 where more was placed than ever came."""
        return self.came - self.went - self.placed


@dataclass(frozen=True, slots=True)
class StockEntry:
    """A move of the book."""

    item: str
    count: int
    source: str
    target: str
    moved_at: datetime
    why: str


def read_stock(connection: sqlite3.Connection) -> list[StockLine]:
    """Return a line for each place and item that ever had a move, by place and item."""
    rows = connection.execute(
        "WITH side (place, item, came, went) AS (SELECT target, item, count, 0 FROM stock_move UNION ALL"
        " SELECT source, item, 0, count FROM stock_move) SELECT place, item, sum(came), sum(went), CASE WHEN item = 'poster' AND"
        " place LIKE 'crew:%' THEN (SELECT count(*) FROM venue_visit AS v WHERE v.crew_id = substr(place, 6)"
        " AND v.outcome = 'poster_placed' AND v.made_at >= (SELECT min(m.moved_at) FROM stock_move AS m WHERE m.target = place"
        " AND m.item = 'poster')) ELSE 0 END FROM side WHERE place <> 'outside' GROUP BY place, item ORDER BY place, item"
    )
    return [StockLine(*row) for row in map(tuple, rows)]


def read_moves(connection: sqlite3.Connection, *, most: int = 100) -> list[StockEntry]:
    """Return the newest moves, newest first."""
    rows = connection.execute(
        "SELECT item, count, source, target, moved_at, why FROM stock_move ORDER BY number DESC LIMIT ?", (most,)
    )
    return [StockEntry(r[0], r[1], r[2], r[3], parse_moment(r[4]), r[5]) for r in rows]


def add_move(turn: Turn, *, event: StockMoved) -> None:
    """Append a move to the book, with the event."""
    audit.append(turn, event)
    turn.connection.execute(
        "INSERT INTO stock_move (item, count, source, target, moved_at, why) VALUES (?, ?, ?, ?, ?, ?)",
        (event.item, event.count, event.source, event.target, format_moment(event.at), event.why),
    )
