"""How many people know: every street, connection point and zone, with interval and the hours still needed."""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np

from fieldops.clock import local_day
from fieldops.estimates import Basis, Estimates, GroupAwareness, StreetAwareness, estimate, fit_pools
from fieldops.events import ResponseFitted
from fieldops.evidence import Evidence, FloatArray, IntArray, fitting_history
from fieldops.ids import StreetId, TriangleId, ZoneId
from fieldops.people import Actor
from fieldops.permissions import require
from fieldops.progress import Progress, no_progress
from fieldops.store import awareness as store
from fieldops.store import decisions, places
from fieldops.store.connect import Region, Turn, read_rules
from fieldops.store.response import Fit, believed_fit, read_fit, save_fit

if TYPE_CHECKING:
    from fieldops.store.sqlite import sqlite3

__all__ = [
    "AwarenessReport",
    "PlaceAwareness",
    "StreetAwareness",
    "fit_awareness",
    "known_streets",
    "read_awareness",
    "read_response",
    "save_estimates",
    "street_awareness",
]


@dataclass(frozen=True, slots=True)
class PlaceAwareness:
    """
    What is known of a place. RULE 12: share, low and high are None where nobody was asked.

    `label` is the name for people. `hours_to_target` are promoter-hours of pushing still to be expected, None where the place is closed (rule 8), no
    effort reaches the target or it has no street; `hours_low` and `hours_high` are their 80 % interval, of triangles and
    zones the sums of their streets' ends (at least 80 %); `closed_until` says when a street that moved on may be claimed
    again.
    """

    name: str
    label: str
    knows: int
    asked: int
    share: float | None
    low: float | None
    high: float | None
    hours_to_target: float | None
    closed_until: datetime | None = None
    hours_low: float | None = None
    hours_high: float | None = None

    def to_json(self, noun: str) -> dict[str, object]:
        """Return plain JSON values under the noun's name."""
        shown: dict[str, object] = {
            noun: self.name, "label": self.label, "knows": self.knows, "asked": self.asked, "share": _short(self.share),
            "low": _short(self.low), "high": _short(self.high), "hours_to_target": _short(self.hours_to_target),
        }  # fmt: skip
        shown |= {"hours_low": _short(self.hours_low), "hours_high": _short(self.hours_high)}
        return shown | ({"closed_until": self.closed_until} if noun == "street" else {})


@dataclass(frozen=True, slots=True)
class AwarenessReport:
    """What is known of all streets, triangles and zones at a moment."""

    at: datetime
    streets: tuple[PlaceAwareness, ...]
    triangles: tuple[PlaceAwareness, ...]
    zones: tuple[PlaceAwareness, ...]

    @property
    def basis(self) -> Basis:
        """On how many answers at how many triangles all this rests."""
        return Basis.of(one.asked for one in self.triangles)

    def to_json(self) -> dict[str, object]:
        """Return plain JSON values."""
        return {
            "at": self.at,
            "basis": asdict(self.basis) | {"warning": self.basis.warning},
            "streets": [one.to_json("street") for one in self.streets],
            "triangles": [one.to_json("triangle") for one in self.triangles],
            "zones": [one.to_json("zone") for one in self.zones],
        }


def known_streets(region: Region, *, now: datetime | None = None) -> tuple[StreetAwareness, Basis]:
    """Return the awareness of every street at the moment, and what that belief rests on."""
    _, known, triangles, _ = _estimate(region.reader(), region.moment(now))
    return known.streets, Basis.of(known.triangles.asked[: len(triangles)].tolist())


def street_awareness(region: Region, *, now: datetime | None = None) -> StreetAwareness:
    """Return the awareness of every street at the moment, as arrays for the planner."""
    return _estimate(region.reader(), region.moment(now))[1].streets


def estimate_around(
    connection: "sqlite3.Connection", at: datetime, triangles: Collection[TriangleId]
) -> tuple[StreetAwareness, FloatArray]:
    """
    Return the awareness of the streets of some triangles at the moment, and their people.

    Quick enough for a phone once a fit has said what ties the streets of the city together; until then all are looked at.
    """
    only = triangles if _are_pooled(connection, at, triangles) else None
    evidence, known, names, _ = _estimate(connection, at, only=only)
    wanted = [i for i, name in enumerate(names) if name in set(triangles)]
    rows = np.flatnonzero(np.isin(evidence.triangle[: evidence.own], wanted))
    return known.streets.take(rows), evidence.people[rows]


def measured_shares(region: Region, at: datetime) -> dict[StreetId, float | None]:
    """Return the awareness of every street that was measured by a moment, past or present; others are unknown (rule 12)."""
    known = _estimate(region.reader(), at)[1].streets
    measured = np.flatnonzero(known.measured).tolist()
    return {known.street[i]: float(known.share[i]) for i in measured}


def read_awareness(region: Region, actor: Actor, *, now: datetime | None = None) -> AwarenessReport:
    """Return what is known of all streets, triangles and zones at the moment. Permission: region.read."""
    require(actor, "region.read")
    at = region.moment(now)
    labels = places.read_labels(region.reader())
    return _report(region.reader(), at, labels, *_estimate(region.reader(), at))


def _report(
    connection: "sqlite3.Connection", at: datetime, labels: Mapping[str, str], evidence: Evidence, known: Estimates, triangles: list[TriangleId],
    zones: list[ZoneId],
) -> AwarenessReport:  # fmt: skip
    own = known.streets.street[: evidence.own]  # the others are there for their hours only
    closed = decisions.closed_streets(connection, at, None if evidence.own is None else own)
    shut = np.array([street in closed for street in known.streets.street], dtype=bool)
    every = (known.hours_to_target, known.hours_low, known.hours_high)
    open_hours = [np.where(shut, 0.0, hours) for hours in every]
    return AwarenessReport(
        at,
        _places(known.streets, own, labels, every, closed),
        _places(known.triangles, triangles, labels, _sums(evidence.triangle, open_hours, evidence.triangles), {}),
        _places(known.zones, zones, labels, _sums(evidence.zone, open_hours, evidence.zones), {}),
    )


def estimate_rows(connection: "sqlite3.Connection", at: datetime) -> list[store.EstimateRow]:
    """Return what is known of every place at the moment, as it is stored."""
    return _rows(_report(connection, at, {}, *_estimate(connection, at)))


def save_estimates(region: Region, actor: Actor, *, now: datetime | None = None) -> AwarenessReport:
    """
    Store what is known of every place for programs that read the region file as a map; return it.

    Estimates are derived from the record and change nothing in it. Permission: decision.make.
    """
    require(actor, "decision.make")
    report = read_awareness(region, actor, now=now)
    with region.turn(actor, now=now) as turn:
        store.save_estimates(turn, _rows(report), event=turn.head.seq)
    return report


def refresh_in_turn(turn: Turn, triangles: Collection[TriangleId]) -> bool:
    """
    Bring the stored estimates of these triangles and their streets up to date in an open turn; return whether that was done.

    A survey touches its street and its triangle, not the city: what ties the streets together is that of the last fit.
    Without a fit, or where the estimates of all are of another day, all must be made anew; see `save_estimates`.
    """
    connection, at = turn.connection, turn.now
    made, zone = store.estimated_at(connection), places.read_zone(connection)
    if (
        not triangles
        or made is None
        or local_day(made, zone) != local_day(at, zone)
        or not _are_pooled(connection, at, triangles)
    ):
        return False
    evidence, known, names, zones = _estimate(connection, at, only=triangles)
    report = _report(connection, at, {}, evidence, known, names, zones)
    store.save_estimates(turn, _rows(replace(report, zones=())), event=turn.head.seq, others_stay=True)
    return True


def estimates_unlike(region: Region) -> list[str]:
    """
    Return what is wrong with the stored estimates: each place whose figures the evidence does not come to.

    They are derived again from surveys, effort and the fit, as of their moment, so that a mistake of ours is found too that
    was sealed with the right key. Nothing is said of estimates that are older than their evidence: evidence may be
    corrected in place, so that what it was then cannot be had again. Zones stay as they were when triangles are refreshed.
    """
    connection = region.reader()
    connection.execute("BEGIN")  # one and the same state for all that is read
    try:
        stored = store.read_estimates(connection)
        if not stored:
            return []
        newest = max(at for _, at in stored)
        report = _report(connection, newest, {}, *_estimate(connection, newest))
        closed = {at: decisions.closed_streets(connection, at) for at in {at for _, at in stored}}
    finally:
        connection.execute("ROLLBACK")
    due = {(row[1], row[0]): row[2:] for row in _rows(report)}
    there = {(row[1], row[0]): (row[2:], at) for row, at in stored}
    return [
        f"the estimate of {noun} {place} is {there.get((noun, place), ('missing',))[0]}, and {due.get((noun, place))} by the evidence"
        for noun, place in sorted(due.keys() | there.keys())
        if not _alike(there.get((noun, place)), due.get((noun, place)), noun, place, newest, closed)
    ]


def _alike(
    there: tuple[tuple[float | None, ...], datetime] | None, due: tuple[float | None, ...] | None, noun: str, place: str,
    newest: datetime, closed: Mapping[datetime, Mapping[StreetId, datetime]],
) -> bool:  # fmt: skip
    """Return whether stored figures are those that are due; hours only where the street was as open then as it is now."""
    if there is None or due is None:
        return False
    figures, at = there
    if noun == "zone" and at < newest:
        return True
    as_open = (
        closed[at].keys() == closed[newest].keys()
        if noun != "street"
        else (place in closed[at]) == (place in closed[newest])
    )
    pairs = list(zip(figures, due, strict=True))
    return all(
        (one is None and other is None)
        or (one is not None and other is not None and math.isclose(one, other, rel_tol=1e-6, abs_tol=1e-9))
        for one, other in (pairs if as_open else pairs[:5])
    )


def _rows(report: AwarenessReport) -> list[store.EstimateRow]:
    return [
        (
            one.name,
            noun,
            one.knows,
            one.asked,
            one.share,
            one.low,
            one.high,
            one.hours_to_target,
            one.hours_low,
            one.hours_high,
        )
        for noun, ones in (("street", report.streets), ("triangle", report.triangles), ("zone", report.zones))
        for one in ones
    ]


def read_response(region: Region, actor: Actor, *, now: datetime | None = None) -> Fit:
    """Return how streets answer effort: as last fitted, or as assumed until then. Permission: region.read."""
    require(actor, "region.read")
    return believed_fit(region.reader(), region.moment(now))


def fit_awareness(
    region: Region, actor: Actor, *, now: datetime | None = None, progress: Progress = no_progress
) -> Fit:
    """
    Fit how streets answer effort, and what ties them together, to the record, and store it: forecasts and plans use it.

    Meant for every night. Permission: response.fit. Event: ResponseFitted.

    Raises
    ------
    Forbidden
        If the actor may not.
    BadInput
        If nobody was asked on any street.
    Stopped
        If progress asked to stop; nothing is stored then.
    """
    from fieldops.awareness import Response, fit_response

    require(actor, "response.fit")
    connection, at = region.reader(), region.moment(now)
    progress("reading", 0.0)
    evidence, _, _ = store.read_evidence(connection, at)
    history = fitting_history(evidence)
    before = Response().in_doubt(places.people_doubt(connection))
    fitted = fit_response(history, before, progress=progress)
    pools = zip(evidence.cities, fit_pools(evidence, fitted), strict=True)
    with region.turn(actor, now=now) as turn:
        event = ResponseFitted(
            at=turn.now, response=fitted.to_json(), pool={"cities": {city: pool.to_json() for city, pool in pools}},
            streets=len(np.unique(history.street[history.asked > 0])), surveys=int(history.asked.sum()),
            hours=round(float(history.hours.sum()), 2),
        )  # fmt: skip
        save_fit(turn, event=event)
    return believed_fit(region.reader(), event.at)


def _estimate(
    connection: "sqlite3.Connection", at: datetime, *, only: Collection[TriangleId] | None = None
) -> tuple[Evidence, Estimates, list[TriangleId], list[ZoneId]]:
    rules, fit = read_rules(connection), believed_fit(connection, at)
    evidence, triangles, zones = store.read_evidence(connection, at, only=only)
    pools = [fit.pool_of(city) for city in evidence.cities]
    if fit.fitted_at is not None:  # what they say of their cities has faded since
        nights = evidence.today - local_day(fit.fitted_at, places.read_zone(connection)).toordinal()
        pools = [pool and pool.faded((1.0 - fit.response.delta) ** max(nights, 0)) for pool in pools]
    known = estimate(evidence, fit.response, target=rules.target_share, interval=rules.interval_share, pools=pools)
    return evidence, known, triangles, zones


def _are_pooled(connection: "sqlite3.Connection", at: datetime, triangles: Collection[TriangleId]) -> bool:
    """Return whether a fit says what ties the streets of the triangles' cities together, so that others need not be looked at."""
    fit = read_fit(connection, at)
    return all(fit.pool_of(city) for city in places.cities_of(connection, triangles))


def _sums(group: IntArray, values: Sequence[FloatArray], groups: int) -> list[FloatArray]:
    """Return the sums over the streets of each group; not a number where it has no street, so that no hours are shown."""
    empty = np.bincount(group, minlength=groups)[:groups] == 0
    return [np.where(empty, np.nan, np.bincount(group, each, groups)[:groups]) for each in values]


def _places(
    known: StreetAwareness | GroupAwareness, names: Sequence[str], labels: Mapping[str, str], hours: Sequence[FloatArray],
    closed: Mapping[StreetId, datetime],
) -> tuple[PlaceAwareness, ...]:  # fmt: skip
    """Return the first places of `known`, those that have names; `hours` to the target and the ends of their interval."""
    columns = (known.knows, known.asked, known.share, known.low, known.high, *hours)
    rows = zip(*(column[: len(names)].tolist() for column in columns), strict=True)
    return tuple(
        _place(name, labels.get(name, ""), closed.get(StreetId(name)), *row)
        for name, row in zip(names, rows, strict=True)
    )


def _place(
    name: str, label: str, closed: datetime | None, knows: int, asked: int, share: float | None, low: float | None,
    high: float | None, hours: float, hours_low: float, hours_high: float,
) -> PlaceAwareness:  # fmt: skip
    """RULE 12: unmeasured is unknown. RULE 8: a closed street is skipped."""
    if not asked:
        share = low = high = None
    if closed or math.isnan(hours):
        return PlaceAwareness(name, label, knows, asked, share, low, high, None, closed)
    return PlaceAwareness(name, label, knows, asked, share, low, high, hours, closed, hours_low, hours_high)


def _short(figure: float | None) -> float | None:
    """Round for people; None where there is no finite figure."""
    return None if figure is None or not np.isfinite(figure) else round(float(figure), 4)
