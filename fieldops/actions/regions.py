"""Regions as the doors above see them: the file, opened for one thread, and keys for other uses made from its own."""

import hmac
from datetime import datetime
from pathlib import Path

from fieldops.store import audit
from fieldops.store.connect import Region, open_region

__all__ = ["Region", "derive_key", "open_region", "standing_moment"]


def derive_key(path: Path, purpose: str) -> bytes:
    """
    Return 32 secret bytes for one purpose, made from the region's key: the same after a restart, useless for another purpose.

    Raises
    ------
    NotFound
        If there is no such region.
    BadInput
        If the file is no region, or its key is missing.
    """
    region = open_region(path)
    try:
        return hmac.digest(region.key, purpose.encode(), "sha256")
    finally:
        region.close()


def standing_moment(region: Region) -> datetime | None:
    """
    Return the moment at which pages act and accounts change: None, so that the clock decides; in a sandbox the last event's.

    A sandbox's time stands where its record stands (see the view `present`): somebody who signs in there must not move a
    town of last spring to today, where all its claims have ended.
    """
    return audit.last_recorded_at(region.reader()) if region.sandbox else None
