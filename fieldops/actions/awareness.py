"""How many people know: every street, connection point and zone, with interval and the hours still needed."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np

from fieldops.estimates import Estimates, StreetAwareness, combine, estimate
from fieldops.ids import StreetId, TriangleId, ZoneId
from fieldops.people import Actor
from fieldops.permissions import require
from fieldops.store import awareness as store
from fieldops.store import decisions, places
from fieldops.store.connect import Region, read_rules

__all__ = [
    "AwarenessReport",
    "PlaceAwareness",
    "StreetAwareness",
    "read_awareness",
    "save_estimates",
    "street_awareness",
]


@dataclass(frozen=True, slots=True)
class PlaceAwareness:
    """
    What is known of a place. RULE 12: share, low and high are None where nobody was asked.

    `hours_to_target` are promoter-hours of pushing still to be expected, None where the place is closed (rule 8) or no
    effort reaches the target; `closed_until` says when a street that moved on may be claimed again.
    """

    name: str
    knows: int
    asked: int
    share: float | None
    low: float | None
    high: float | None
    hours_to_target: float | None
    closed_until: datetime | None = None

    def to_json(self, noun: str) -> dict[str, object]:
        """Return plain JSON values under the noun's name."""
        shown = {
            noun: self.name, "knows": self.knows, "asked": self.asked, "share": _short(self.share),
            "low": _short(self.low), "high": _short(self.high), "hours_to_target": _short(self.hours_to_target),
        }  # fmt: skip
        return {**shown, "closed_until": self.closed_until} if noun == "street" else shown


@dataclass(frozen=True, slots=True)
class AwarenessReport:
    """What is known of all streets, triangles and zones at a moment."""

    at: datetime
    streets: tuple[PlaceAwareness, ...]
    triangles: tuple[PlaceAwareness, ...]
    zones: tuple[PlaceAwareness, ...]

    def to_json(self) -> dict[str, object]:
        """Return plain JSON values."""
        return {
            "at": self.at,
            "streets": [one.to_json("street") for one in self.streets],
            "triangles": [one.to_json("triangle") for one in self.triangles],
            "zones": [one.to_json("zone") for one in self.zones],
        }


def street_awareness(region: Region, *, now: datetime | None = None, with_quarantined: bool = False) -> StreetAwareness:
    """Return the awareness of every street at the moment, as arrays for the planner."""
    return _estimate(region, region.moment(now), with_quarantined=with_quarantined)[0].streets


def read_awareness(
    region: Region, actor: Actor, *, now: datetime | None = None, with_quarantined: bool = False
) -> AwarenessReport:
    """
    Return what is known of all streets, triangles and zones at the moment. Permission: region.read.

    `with_quarantined` shows the figures as they would be if the quarantined surveys counted (rule 13).
    """
    require(actor, "region.read")
    at = region.moment(now)
    known, triangles = _estimate(region, at, with_quarantined=with_quarantined)
    connection = region.reader()
    closed = decisions.closed_streets(connection, at)
    zones, interval = places.streets_by_zone(connection), read_rules(connection).interval_share
    position = {street: i for i, street in enumerate(known.streets.street)}
    hours = np.array([
        0.0 if street in closed else still
        for street, still in zip(known.streets.street, known.hours_to_target, strict=True)
    ])  # fmt: skip
    members: dict[TriangleId, list[int]] = {name: [] for name in triangles}
    for street, triangle in places.triangles_of_streets(connection).items():
        if triangle in members:
            members[triangle].append(position[street])
    by_zone = {zone: [position[street] for street in streets] for zone, streets in zones.items()}
    return AwarenessReport(
        at,
        tuple(_street(known, i, street, hours[i], closed.get(street)) for street, i in position.items()),
        tuple(_group(known, members[name], name, hours, interval, point=i) for i, name in enumerate(triangles)),
        tuple(_group(known, rows, zone, hours, interval) for zone, rows in by_zone.items()),
    )


def save_estimates(region: Region, actor: Actor, *, now: datetime | None = None) -> AwarenessReport:
    """
    Store what is known of every place for programs that read the region file as a map; return it.

    Estimates are derived from the record and change nothing in it. Permission: decision.make.
    """
    require(actor, "decision.make")
    report = read_awareness(region, actor, now=now)
    rows = [
        (one.name, noun, one.knows, one.asked, one.share, one.low, one.high, one.hours_to_target)
        for noun, ones in (("street", report.streets), ("triangle", report.triangles), ("zone", report.zones))
        for one in ones
    ]
    with region.turn(actor, now=now) as turn:
        store.save_estimates(turn, rows, event=turn.head.seq)
    return report


def _estimate(region: Region, at: datetime, *, with_quarantined: bool) -> tuple[Estimates, list[TriangleId]]:
    from fieldops.awareness import Response

    connection = region.reader()
    rules = read_rules(connection)
    evidence, triangles = store.read_evidence(connection, at, with_quarantined=with_quarantined)
    return estimate(evidence, Response(), target=rules.target_share, interval=rules.interval_share), triangles


def _street(known: Estimates, i: int, name: StreetId, hours: float, closed: datetime | None) -> PlaceAwareness:
    one = known.streets
    still = None if closed else hours
    if not one.measured[i]:
        return PlaceAwareness(name, 0, 0, None, None, None, still, closed)
    return PlaceAwareness(
        name, int(one.knows[i]), int(one.asked[i]), float(one.share[i]), float(one.low[i]), float(one.high[i]), still,
        closed,
    )  # fmt: skip


def _group(
    known: Estimates, rows: list[int], name: TriangleId | ZoneId, hours: "np.ndarray[tuple[int], np.dtype[np.float64]]",
    interval: float, *, point: int | None = None,
) -> PlaceAwareness:  # fmt: skip
    """Return what is known of a triangle (by its point where it was measured there) or a zone."""
    chosen = known.streets.take(np.array(rows, dtype=np.int64))
    knows, asked = int(chosen.knows.sum()), int(chosen.asked.sum())
    still = float(hours[rows].sum())
    here = known.points.take(np.array([] if point is None else [point], dtype=np.int64))
    knows, asked = knows + int(here.knows.sum()), asked + int(here.asked.sum())
    if not asked:
        return PlaceAwareness(name, 0, 0, None, None, None, still)
    if here.measured.any():
        return PlaceAwareness(name, knows, asked, float(here.share[0]), float(here.low[0]), float(here.high[0]), still)
    people, group = known.people[rows], np.zeros(len(rows), dtype=np.int64)
    share, low, high = combine(chosen.alpha, chosen.beta, people, group, 1, interval)
    return PlaceAwareness(name, knows, asked, float(share[0]), float(low[0]), float(high[0]), still)


def _short(figure: float | None) -> float | None:
    """Round for people; None where there is no finite figure."""
    return None if figure is None or not np.isfinite(figure) else round(float(figure), 4)
