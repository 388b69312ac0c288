"""The jobs on the map: a street changed by hand, a map brought in; each may be done twice, and draws the tiles anew."""

from pathlib import Path
from typing import Any

from fieldops.actions.city import MapSource, edit_street, import_city
from fieldops.actions.drawing import IMPORTS
from fieldops.actions.tiles import make_tiles
from fieldops.clock import parse_moment
from fieldops.errors import BadInput, NotFound
from fieldops.ids import CityId, JobId, StreetId
from fieldops.people import Actor
from fieldops.progress import Progress
from fieldops.said import pack
from fieldops.store import city as city_store
from fieldops.store.connect import open_region


def run_edit_job(
    path: Path, actor: Actor, *, job: JobId, progress: Progress, kind: str, street: str = "", value: str = "", now: str = "",
    streets: list[str] | None = None, wkt: str = "", made: list[str] | None = None, city: str = "",
) -> dict[str, Any]:  # fmt: skip
    """
    Do a job of kind `edit` (see `actions.jobs`): one change by hand, then new tiles.

    A change that makes streets or a gate is not done again where the region has it already: its ids were given with the job.
    """
    from fieldops.city.edits import Edit

    del job
    names = tuple(StreetId(one) for one in (streets if streets is not None else [street]))
    edit = Edit(kind=kind, streets=names, made=tuple(StreetId(one) for one in made or ()), value=value, wkt=wkt)
    region = open_region(path)
    try:
        where = CityId(city) if city else city_store.city_of_street(region.reader(), names[0])
        if not (edit.made or kind == "gate") or edit not in city_store.read_edits(region.reader(), where):
            edit_street(region, actor, edit, city=where, now=parse_moment(now) if now else None)
    finally:
        region.close()
    make_tiles(path, actor, progress=progress)
    return {"street": (edit.made or names)[0]}


def run_import_job(
    path: Path, actor: Actor, *, job: JobId, progress: Progress, map_file: str, city: str, coordinates: str = "wgs84",
    residents: int = 0, time_zone: str = "", boundary: str = "", replace: bool = False, now: str = "",
) -> dict[str, Any]:  # fmt: skip
    """
    Do a job of kind `import`: read the map that a page brought in, then new tiles; the file is deleted once it is stored.

    Files are named without their folder: nothing else on this machine can be read by it.
    """
    del job
    files = [path.parent / IMPORTS / name for name in (map_file, boundary) if name]
    for file in files:
        if file.name != file.relative_to(path.parent / IMPORTS).as_posix():
            raise BadInput("a name with a folder", field="map", cure="bring the map in again")
        if not file.is_file():
            raise NotFound("map", file.name, cure="bring it in again")
    source = MapSource(
        map=files[0], coordinates=coordinates, boundary=files[1] if len(files) > 1 else None,
        residents=str(residents) if residents else None,
    )  # fmt: skip
    done = import_city(
        path,
        actor,
        source,
        name=city,
        time_zone=time_zone or None,
        replace_city=replace,
        now=parse_moment(now) if now else None,
        progress=progress,
    )
    make_tiles(path, actor, progress=progress)
    for file in files:
        file.unlink(missing_ok=True)
    told = {
        name: done.figures[name]
        for name in ("streets", "compounds", "people", "triangles", "zones", "left_out", "time_zone")
    }
    notes = [pack(note) for note in done.figures["report"].get("notes", ())]
    return {
        "city": done.city, **told, "venues": sum(done.figures["venues"].values()), "kept": done.kept, "added": done.added,
        "removed": done.removed, "lost_edits": [pack(one) for one in done.lost_edits], "notes": notes,
    }  # fmt: skip
