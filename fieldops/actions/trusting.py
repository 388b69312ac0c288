"""Every figure with the surveys in quarantine and without them (rule 13): one switch in what is read, for all doors."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path

from fieldops.actions.awareness import estimate_rows
from fieldops.actions.forecasts import chances_as_counted
from fieldops.actions.regions import standing_moment
from fieldops.clock import local_day
from fieldops.store import quarantine, trusting
from fieldops.store.awareness import EstimateRow, state_of_evidence
from fieldops.store.connect import Region, open_region
from fieldops.store.places import read_zone


def has_quarantined(region: Region) -> bool:
    """Return whether any survey is in quarantine, so that there are two ways to show figures."""
    return quarantine.any_in_force(region.reader())


def count_quarantined(region: Region) -> int:
    """Return how many surveys are in quarantine; of a promoter who only told, and asked nobody, there are none."""
    return quarantine.count_surveys(region.reader())


@contextmanager
def with_quarantined(region: Region, *, now: datetime | None = None) -> Iterator[None]:
    """
    Let everything that is read of the region in this block count the surveys in quarantine; what is stored stays as it is.

    Tallies, tests, estimates, forecasts, layers and exports follow; decisions, claims and closures stay as they were made.
    Within a block that does so already it changes nothing. Estimates are made anew, as of `now`; page after page only once,
    until what they rest on or the day changes.

    No write turn can be opened in it (a RuntimeError): what was read is not what is stored.
    """
    connection = region.reader()
    if not has_quarantined(region) or trusting.is_trusting(connection):
        yield
        return
    at, without = region.moment(now or standing_moment(region)), trusting.shows_chances(connection)
    region.only_reads = True
    try:
        trusting.stop(connection)
        trusting.count_quarantined(connection)
        if now is None and not region.in_memory:
            rows = _rows(region.path, state_of_evidence(connection), local_day(at, read_zone(connection)))
        else:
            rows = tuple(estimate_rows(connection, at))
        trusting.show_estimates(connection, rows, at)
        trusting.show_chances(connection, chances_as_counted(region))
        yield
    finally:
        trusting.stop(connection)
        region.only_reads = False
        if without:
            trusting.show_chances(connection, chances_as_counted(region))


@contextmanager
def without_quarantined(region: Region) -> Iterator[None]:
    """
    Let plans that are read of the region in this block promise what they would have by the surveys that count now.

    All else is stored so already. Within another block, or where nothing is in quarantine, it changes nothing.
    """
    connection = region.reader()
    if not has_quarantined(region) or trusting.shows_chances(connection):
        yield
        return
    try:
        trusting.show_chances(connection, chances_as_counted(region))
        yield
    finally:
        trusting.stop(connection)


@lru_cache(maxsize=4)
def _rows(path: Path, _state: str, _day: date) -> tuple[EstimateRow, ...]:
    """Estimate a region as if nothing were in quarantine, once for each state of the record and day."""
    region = open_region(path)
    try:
        connection = region.reader()
        trusting.count_quarantined(connection)
        return tuple(estimate_rows(connection, region.moment(standing_moment(region))))
    finally:
        region.close()
