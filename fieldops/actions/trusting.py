"""Every figure with the surveys in quarantine and without them (rule 13): one switch in what is read, for all doors."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from fieldops.actions.awareness import estimate_rows
from fieldops.actions.regions import standing_moment
from fieldops.store import quarantine, trusting
from fieldops.store.connect import Region


def has_quarantined(region: Region) -> bool:
    """Return whether any survey is in quarantine, so that there are two ways to show figures."""
    return quarantine.any_in_force(region.reader())


@contextmanager
def with_quarantined(region: Region, *, now: datetime | None = None) -> Iterator[None]:
    """
    Let everything that is read of the region in this block count the surveys in quarantine; what is stored stays as it is.

    Tallies, tests, estimates, forecasts, layers and exports follow; decisions, claims and closures stay as they were made.
    Nothing is to be written in it. Estimates are made anew, as of `now`.
    """
    if not has_quarantined(region):
        yield
        return
    connection = region.reader()
    at = region.moment(now or standing_moment(region))
    try:
        trusting.count_quarantined(connection)
        trusting.show_estimates(connection, estimate_rows(connection, at), at)
        yield
    finally:
        trusting.stop(connection)
