"""Regions as the doors above see them: the file, opened for one thread."""

from fieldops.store.connect import Region, open_region

__all__ = ["Region", "open_region"]
