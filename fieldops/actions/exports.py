"""Exports for people and other programs: a table or layer as a file's bytes, and the sheets of a day for paper."""

from collections.abc import Callable
from datetime import date, datetime

from fieldops.clock import local_day
from fieldops.errors import BadInput, NotFound
from fieldops.exchange.gpx import gpx_text
from fieldops.exchange.layers import geojson_text, geopackage_bytes, gpx_layer
from fieldops.exchange.printing import pdf_bytes
from fieldops.exchange.spreadsheets import csv_bytes, xlsx_bytes
from fieldops.exchange.walksheet import WORDS, Sheet, walk_sheets
from fieldops.ids import CrewId, PlanId
from fieldops.people import Actor
from fieldops.permissions import require
from fieldops.said import Said
from fieldops.store import people, places, walks
from fieldops.store.connect import Region
from fieldops.store.exports import EXPORTS, Export, read_export
from fieldops.store.walks import StoredWalk

PAPER = ("pdf", "html")
_MAKE = "make them first: fieldops walk --crew CREW --date DATE"
FORMATS = ("gpkg", "geojson", "csv", "xlsx", "gpx", *PAPER)
_EXPORT_OF_LAYER = {
    "street_status": "streets",
    "zone_status": "zones",
    "triangle_status": "triangles",
}  # as QGIS lists them


def export(
    region: Region,
    actor: Actor,
    name: str,
    form: str,
    *,
    crew: CrewId | None = None,
    plan: PlanId | None = None,
    day: date | None = None,
    address: str = "",
    language: str = "zh",
    now: datetime | None = None,
) -> tuple[bytes, int]:
    """
    Return a file's content, and how many rows or sheets it holds.

    Parameters
    ----------
    name, form
        One of `EXPORTS` or a layer's name as map programs show it, one of `FORMATS`; pdf and html are sheets of walks.
    crew, plan, day
        Only this crew's, this plan's (the newest where left away), this day's.
    address
        Where a sheet is entered: its code leads there; a line that names the walk where left away.

    Raises
    ------
    Forbidden
        If the actor may not.
    BadInput
        If name and format do not go together; the message says which do.
    NotFound
        If there is no such crew, or no walk on that day.
    """
    require(actor, "table.export")
    name = _EXPORT_OF_LAYER.get(name, name)
    if name not in EXPORTS:
        raise BadInput(
            Said("nothing is called '%(name)s'", name=name),
            field="LAYER",
            cure=Said("take one of %(names)s", names=", ".join(EXPORTS)),
        )
    if form not in FORMATS:
        raise BadInput(
            Said("'%(form)s' is no format", form=form),
            field="--format",
            cure=Said("take one of %(names)s", names=", ".join(FORMATS)),
        )
    if crew is not None:
        people.find_crew(region.reader(), crew)
    if form in PAPER:
        if name != "walks":
            raise BadInput(
                Said("%(form)s is for walks", form=form),
                field="--format",
                cure=Said("write %(name)s as xlsx or csv and print that", name=name),
            )
        sheets = _sheets(region, crew, day, region.moment(now), address)
        if language not in WORDS:
            raise BadInput(
                Said("no language is called '%(language)s'", language=language),
                field="--language",
                cure=Said("take one of %(names)s", names=", ".join(WORDS)),
            )
        page = walk_sheets(sheets, language=language)
        return (pdf_bytes(page) if form == "pdf" else page.encode("utf-8")), len(sheets)
    if name == "walks" and day is not None and not walks.newest_walks(region.reader(), crew, day):
        raise NotFound("walk", str(day), cure=_MAKE)
    if (name, form) == ("walks", "gpx"):
        return _ways(walks.newest_walks(region.reader(), crew, day))
    found = read_export(region.reader(), name, region.moment(now), crew=crew, plan=plan, day=day)
    return _WRITERS[form](found), len(found.rows)


def _ways(made: list[StoredWalk]) -> tuple[bytes, int]:
    """Return walks as GPX: a track for each, its stops as waypoints."""
    tracks = [(f"{one.crew} {one.day}", one.way) for one in made]
    stops = [
        {"lon": row["lon"], "lat": row["lat"], "label": f"{row['order']} {row['label']}", "comment": f"{one.crew} {row['arrive']}"}
        for one in made
        for row in one.visits
        if row.get("lon") is not None
    ]  # fmt: skip
    return gpx_text("walks", tracks, stops).encode("utf-8"), len(made)


def _layer(found: Export, form: str) -> Export:
    if found.geometry is None:
        raise BadInput(
            Said("the table %(name)s has no places on a map", name=found.name),
            field="--format",
            cure=Said("not %(form)s: csv, xlsx or gpkg", form=form),
        )
    return found


def _geojson(found: Export) -> bytes:
    layer = _layer(found, "geojson")
    assert layer.geometry is not None  # `_layer` refuses what has none
    return geojson_text(layer.columns, layer.rows, layer.geometry).encode("utf-8")


def _gpx(found: Export) -> bytes:
    layer = _layer(found, "gpx")
    assert layer.geometry is not None  # `_layer` refuses what has none
    return gpx_layer(layer.name, layer.rows, layer.geometry).encode("utf-8")


_WRITERS: dict[str, Callable[[Export], bytes]] = {
    "csv": lambda found: csv_bytes(found.columns, found.rows),
    "xlsx": lambda found: xlsx_bytes(found.name, found.columns, found.rows),
    "gpkg": lambda found: geopackage_bytes(found.name, found.columns, found.rows, found.geometry),
    "geojson": _geojson,
    "gpx": _gpx,
}


def _sheets(region: Region, crew: CrewId | None, day: date | None, at: datetime, address: str) -> list[Sheet]:
    """Return the sheets of a crew, or of every crew that has a walk on the day."""
    connection = region.reader()
    day = day or local_day(at, places.read_zone(connection))
    crews = [crew] if crew else walks.crews_with_walks(connection, day)
    if not crews:
        raise NotFound("walk", str(day), cure=_MAKE)
    found = []
    for one in crews:
        made = walks.newest_walk(connection, one, day)
        line = f"fieldops walk --crew {one} --date {day}"
        back = f"{address.rstrip('/')}/?crew={one}&day={day}" if address else line
        name = people.find_crew(connection, one).name
        found.append(Sheet(one, name, day.isoformat(), made.length_m, made.visits, made.left_out, made.way, back))
    return found
