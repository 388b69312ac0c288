"""`fieldops import`: a map file becomes a city of the region."""

from pathlib import Path
from typing import Annotated, Any

import typer

from fieldops.cli.console import DEFAULT_DB, AsJson, Db, Now, given_moment, print_json, progress_bar, say, shell_actor

CityName = Annotated[
    str | None,
    typer.Option(
        "--city",
        help="The city's name, as its file is called by default; importing the same name again renews its map.",
    ),
]
TimeZone = Annotated[
    str | None,
    typer.Option(help="The city's time zone, for 'today' and printed times; Asia/Shanghai where a new city has none."),
]
MapCoordinates = Annotated[
    str,
    typer.Option(
        help="What the coordinates of map, boundary, hubs and residents are: wgs84, gcj02 (Amap, Tencent) or bd09 (Baidu)."
    ),
]
TableCoordinates = Annotated[
    str | None, typer.Option(help="What those of hubs and residents are, where they differ from the map's.")
]
Residents = Annotated[
    str | None,
    typer.Option(help="People: a total (198398), a CSV (street,people or lon,lat,people), or a population grid."),
]


def register(app: typer.Typer) -> None:
    """Add the command `import`."""
    app.command("import")(import_map)


def import_map(
    map_file: Annotated[
        Path, typer.Argument(metavar="MAP", help="OSM (.osm, .pbf, .gz, .bz2), GeoPackage, GeoJSON or Shapefile.")
    ],
    city: CityName = None,
    db: Db = DEFAULT_DB,
    timezone: TimeZone = None,
    coordinates: MapCoordinates = "wgs84",
    tables: TableCoordinates = None,
    boundary: Annotated[
        Path | None, typer.Option(help="Polygon file of the operation area; what lies outside is left out.")
    ] = None,
    residents: Residents = None,
    hubs: Annotated[Path | None, typer.Option(help="CSV of hubs set by hand: lon,lat[,weight].")] = None,
    zones: Annotated[
        int | None, typer.Option(min=1, help="How many zones to cut; by default as many as one burst each needs.")
    ] = None,
    sandbox: Annotated[
        bool, typer.Option(help="Make a region for trying things out, which accepts given times.")
    ] = False,
    replace: Annotated[
        bool, typer.Option("--replace", help="Drop the streets of the city of that name for the map of another place.")
    ] = False,
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """
    Read a map and cut it into streets, compounds, hubs, triangles and zones.

    A stranger's first command: fieldops import guixi.osm --city 贵溪 --residents 198398

    The region file is made where it does not exist. Nothing is stored unless everything could be read. Importing a newer
    map of the same city keeps the ids of the streets that are still there, all changes made by hand, and what was given
    before and is left out now: time zone, boundary, the total of residents.
    """
    from fieldops.actions.city import MapSource, import_city

    source = MapSource(
        map=map_file,
        coordinates=coordinates,
        tables=tables,
        boundary=boundary,
        residents=residents,
        hubs=hubs,
        zones=zones,
    )
    with progress_bar() as progress:
        done = import_city(
            db, shell_actor(), source, name=map_file.name.split(".")[0] if city is None else city, time_zone=timezone,
            sandbox=sandbox, replace_city=replace, now=given_moment(now), progress=progress,
        )  # fmt: skip
    figures = done.figures | {
        "kept": done.kept,
        "added": done.added,
        "removed": done.removed,
        "lost_edits": list(done.lost_edits),
    }
    if as_json:
        print_json(figures)
    else:
        _print_figures(figures)
    if city is None:
        say(f"note: the city is called {figures['city']}, as its file is: see --city")
    _say_notes(figures, zone_given=timezone is not None)


def _say_notes(figures: dict[str, Any], *, zone_given: bool) -> None:
    lon, lat = figures["centre"]
    if not zone_given and figures["time_zone"] == "Asia/Shanghai" and not _in_china(lon, lat):
        say(
            f"note: {figures['city']} lies at {lon:.1f}, {lat:.1f}; its times are shown in Asia/Shanghai: see --timezone"
        )
    for note in figures["report"].get("notes", ()):
        say(f"note: {note}")
    for lost in figures["lost_edits"]:
        say(f"note: this change by hand no longer applies: {lost}")


def _in_china(lon: float, lat: float) -> bool:
    """Return whether Asia/Shanghai may be meant there, roughly."""
    return 73 < lon < 136 and 17 < lat < 54


def _print_figures(figures: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title=f"{figures['city']}", show_header=False, box=None, pad_edge=False)
    table.add_column(style="bold")
    table.add_column(justify="right")
    labels = {
        "streets": "streets", "named_streets": "  named on the map", "compounds": "  compounds", "segments": "segments",
        "length_km": "walkable km with doors", "people": "people", "hubs": "hubs", "triangles": "triangles",
        "zones": "zones", "seconds": "seconds", "peak_mb": "peak MB",
    }  # fmt: skip
    for key, label in labels.items():
        table.add_row(label, f"{figures[key]:,}")
    table.add_row("venues", f"{sum(figures['venues'].values()):,}")
    for kind, count in figures["venues"].items():
        table.add_row(f"  {kind.replace('_', ' ')}", f"{count:,}")
    for reason, count in figures["left_out"].items():
        table.add_row(f"left out: {reason.replace('_', ' ')}", f"{count:,}")
    for key, value in figures["report"].items():
        if isinstance(value, int | float | str):
            table.add_row(key.replace("_", " "), f"{value:,}" if not isinstance(value, str) else value)
    if figures["kept"] or figures["removed"]:
        table.add_row("kept from the map before", f"{figures['kept']:,}")
        table.add_row("new", f"{figures['added']:,}")
        table.add_row("gone", f"{figures['removed']:,}")
    Console().print(table)
    Console(stderr=True).print(
        "Next: [bold]fieldops crews import crews.csv[/], then [bold]fieldops plan[/]; look at it with [bold]fieldops map[/]."
    )
