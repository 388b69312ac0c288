"""The map's tiles: one PMTiles file beside the region, named for the map that it shows and for its content."""

from pathlib import Path
from typing import Any

from fieldops.ids import JobId
from fieldops.people import Actor
from fieldops.permissions import require
from fieldops.progress import Progress, no_progress
from fieldops.store import desk
from fieldops.store.connect import Region, open_region


def find_tiles(path: Path) -> Path | None:
    """Return the newest tiles of a region file, None where none were made."""
    made = path.parent.glob(f"{_literal(path.stem)}.map*.pmtiles")
    return max(made, key=lambda tiles: (tiles.stat().st_mtime_ns, tiles.name), default=None)


def tiles_are_current(region: Region) -> bool:
    """Return whether tiles of the map as it is now lie beside the region."""
    tiles = find_tiles(region.path)
    return tiles is not None and tiles.name.startswith(f"{region.path.stem}.map{desk.map_number(region.reader())}.")


def make_tiles(path: Path, actor: Actor, *, progress: Progress = no_progress) -> Path:
    """
    Make the tiles of the region's map, put them beside it in the place of older ones, and return their path.

    Raises
    ------
    NotFound
        If there is no such region, or it holds no city.
    Stopped
        If `progress` asked to stop.
    """
    from fieldops.exchange.tiles import write_tiles

    region = open_region(path)
    try:
        require(actor, "region.read")
        older = set(path.parent.glob(f"{_literal(path.stem)}.map*.pmtiles"))
        made = write_tiles(region.reader(), path, number=desk.map_number(region.reader()), progress=progress)
    finally:
        region.close()
    for left in older - {made}:
        left.unlink(missing_ok=True)
    return made


def run_tiles_job(path: Path, actor: Actor, *, job: JobId, progress: Progress) -> dict[str, Any]:
    """Do a job of kind `tiles` (see `actions.jobs`); return the name of the file."""
    del job
    return {"tiles": make_tiles(path, actor, progress=progress).name}


def _literal(name: str) -> str:
    return "".join(f"[{sign}]" if sign in "*?[" else sign for sign in name)
