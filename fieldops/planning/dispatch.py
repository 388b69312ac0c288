"""
The next street at once: best reduced profit per hour within walking reach, without a new plan.

The last plan leaves three numbers behind for every street (its value, its hours, its finish probability) and two for every
crew (what an hour, and a place under its cap, is worth to it). With these and the walkable streets around the crew the
choice is a sort of some hundred candidates; nothing of the whole city is read.
"""

import heapq
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from fieldops.ids import StreetId
from fieldops.planning.opening import DAY_H, hours_within
from fieldops.planning.terms import MOST_ON_THE_WAY
from fieldops.said import Reason, Said

DETOUR = 1.3  # walks are so much longer than the line by air: for the daily way from home, which is not searched


@dataclass(frozen=True, slots=True)
class Candidate:
    """
    A free street within reach of a crew.

    `metres` is the walk to it from where the crew stands, `home_m` that from its home; `value` is in people to be told;
    `measured_share` is awareness with the ends of its 80 % interval, None where nobody was asked (rule 12);
    `opens` and `closes` are the hours of the day at which it lets promoters in; `hours` are promoter-hours of pushing and asking until it is finished with probability `finish`.
    """

    street: StreetId
    metres: float
    home_m: float
    missing: float
    measured_share: tuple[float, float, float] | None
    value: float
    hours: float
    finish: float
    notes: tuple[Said, ...] = ()
    opens: float = 0.0
    closes: float = DAY_H


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """
    What a crew has left within the seven days of a claim made now.

    `hours` are promoter-hours not yet needed by the streets that it holds or is promised; `days` the days on which it works;
    `begins` the hour of the day at which it begins; `setup` the promoter-hours of beginning on a street; `hour_price` and `place_price` what an hour and a place are worth to it by the last plan, 0 where there is none.
    """

    people: int
    hours_per_day: float
    days: int
    hours: float
    places: int
    hour_price: float = 0.0
    place_price: float = 0.0
    metres_per_hour: float = 4500.0
    begins: float = 9.0
    setup: float = 0.0


@dataclass(frozen=True, slots=True)
class Offer:
    """A candidate with what it takes of this crew (promoter-hours, the way there and set-up included) and what it is worth an hour."""

    candidate: Candidate
    hours: float
    rate: float


def walk_metres(ways: Mapping[int, Sequence[tuple[int, float]]], start: int, *, reach_m: float) -> dict[int, float]:
    """
    Return the metres on foot from a node to every node within reach.

    Parameters
    ----------
    ways
        Neighbours of each node with the metres to them; both directions.
    start
        Node.
    reach_m
        Farther nodes are left out, metres.

    Notes
    -----
    Dijkstra (1959) with a heap of the standard library: around one crew that is faster than loading an array library.
    """
    found: dict[int, float] = {}
    waiting = [(0.0, start)]
    while waiting:
        metres, node = heapq.heappop(waiting)
        if node in found:
            continue
        found[node] = metres
        for other, length in ways.get(node, ()):
            if other not in found and metres + length <= reach_m:
                heapq.heappush(waiting, (metres + length, other))
    return found


def offer(room: Room, candidate: Candidate) -> Offer | None:
    """
    Return what the street would take of the crew and be worth to it, None where it does not fit.

    It fits where its hours, the daily way from home, the way there now and set-up included, are left, and where the days that it
    takes the whole crew, at the hours at which the street lets it in, are days on which it works.
    """
    day = room.people * room.hours_per_day
    out_and_back = 2.0 * candidate.home_m / room.metres_per_hour / room.hours_per_day
    hours = (
        candidate.hours / (1.0 - min(out_and_back, MOST_ON_THE_WAY))
        + candidate.metres / room.metres_per_hour * room.people
        + room.setup
    )
    if not math.isfinite(hours) or hours > room.hours or math.ceil(hours / day - 1e-9) > room.days:
        return None
    if candidate.closes - candidate.opens < DAY_H:
        inside = hours_within(room.begins, room.begins + room.hours_per_day, candidate.opens, candidate.closes)
        if candidate.hours > room.people * room.days * inside:
            return None
    profit = candidate.value - room.hour_price * hours - room.place_price
    return Offer(candidate, hours, profit / max(hours, 1e-9))


def best_offers(room: Room, candidates: Iterable[Candidate], *, most: int = 1) -> list[Offer]:
    """
    Return up to so many streets that fit the crew one after the other, best reduced profit per hour first.

    RULE 5: together they fit the crew's hours and places; equal ones are told apart by the way, then by id.
    """
    if room.places < 1:
        return []
    offers = [one for candidate in candidates if candidate.value > 0 and (one := offer(room, candidate)) is not None]
    offers.sort(key=lambda one: (-one.rate, one.candidate.metres, one.candidate.street))
    chosen: list[Offer] = []
    left = room.hours
    for one in offers:
        if len(chosen) >= min(most, room.places):
            break
        if one.hours <= left:
            chosen.append(one)
            left -= one.hours
    return chosen


def explain_offer(room: Room, chosen: Offer) -> Reason:
    """Return the reasons: who is still to be told, what is known, the way, the hours, and what is to be minded."""
    one = chosen.candidate
    known = Said("never measured")
    if one.measured_share is not None:
        share, low, high = one.measured_share
        known = Said(
            "%(known_share)s know, %(known_interval)s by the 80 %% interval", known_share=share,
            known_interval=f"{low:.6f} {high:.6f}",
        )  # fmt: skip
    return Reason([
        Said("%(missing_n)s people still to be told", missing_n=one.missing)
        if one.missing >= 0.5
        else Said("believed at the target, to be tested"),
        known,
        Said("%(way_m)s or %(minutes_n)s min on foot", way_m=one.metres, minutes_n=60.0 * one.metres / room.metres_per_hour),
        Said(
            "takes %(needs_h)s of the %(left_h)s h left and is finished with %(finish_share)s", needs_h=chosen.hours,
            left_h=room.hours, finish_share=one.finish,
        ),
        *one.notes,
    ])  # fmt: skip
