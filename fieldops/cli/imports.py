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
        _print_figures(figures, f" --now {now}" if now else "")
    if city is None:
        say(f"note: the city is called {figures['city']}, as its file is: see --city")
    _say_notes(figures, zone_given=timezone is not None)


def _say_notes(figures: dict[str, Any], *, zone_given: bool) -> None:
    lon, lat = figures["centre"]
    told = any("--timezone" in str(note) for note in figures["report"].get("notes", ()))
    if not told and not zone_given and figures["time_zone"] == "Asia/Shanghai" and not _in_china(lon, lat):
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


# What an import tells, the map's lacks first: figure, words, and how it is written (n number, s share).
_LACKS = (
    ("named_share_km", "length with a name", "s"), ("venues_per_km2", "venues per km²", "n"),
    ("homes", "residential buildings", "n"), ("homes_within_50_m", "  within 50 m of a street with doors", "s"),
    ("compounds_mapped", "compounds drawn on the map", "n"),
    ("residential_areas_not_compounds", "residential areas taken for no compound", "n"),
    ("unreachable_nodes", "junctions cut off from the rest", "n"), ("islands", "parts of the town cut off", "n"),
    ("islands_km", "  their streets, km", "n"), ("islands_bridged", "parts bridged for the zones", "n"),
    ("islands_beyond_300_m", "  over more than 300 m", "n"), ("triangles_beyond_radius", "triangles too large to walk", "n"),
    ("triangles_with_barrier", "triangles with a barrier inside", "n"),
    ("points_outside_their_triangle", "connection points outside their triangle", "n"),
)  # fmt: skip
_MADE = (
    ("streets", "streets", "n"), ("named_streets", "  named on the map", "n"), ("compounds", "  compounds", "n"),
    ("cut_streets", "  cut because they were too long", "n"), ("length_km", "walkable km with doors", "n"),
    ("dual_km", "  drawn as two carriageways", "n"), ("link_km", "km to walk only", "n"),
    ("closed_km", "km closed to walkers", "n"), ("segments", "segments", "n"), ("nodes", "junctions and ends", "n"),
    ("joined_across", "pieces of a street joined over a gap", "n"), ("people", "people", "n"), ("hubs", "hubs", "n"),
    ("border_hubs", "  set at the border", "n"), ("triangles", "triangles", "n"),
    ("triangle_radius_median_m", "  longest walk to a corner, median m", "n"),
    ("triangle_radius_max_m", "  the longest of all, m", "n"), ("zones", "zones", "n"),
    ("zone_work_max_to_mean", "  work of the largest, of the mean", "s"),
    ("zone_work_min_to_mean", "  work of the smallest, of the mean", "s"),
    ("operation_area_km2", "operation area, km²", "n"),
)  # fmt: skip
_KEPT = (("kept", "kept from the map before", "n"), ("added", "new", "n"), ("removed", "gone", "n"))
_COST = (("seconds", "seconds", "n"), ("peak_mb", "peak MB", "n"))


def _print_figures(figures: dict[str, Any], after: str) -> None:
    """Print what an import found, each figure once; `after` is what the next commands are to be given, too."""
    from rich.console import Console
    from rich.table import Table

    table = Table(title=f"{figures['city']}", show_header=False, box=None, pad_edge=False)
    table.add_column(style="bold")
    table.add_column(justify="right")
    known = {**figures["report"], **figures}

    def add(rows: tuple[tuple[str, str, str], ...]) -> None:
        for key, label, form in rows:
            if known.get(key) is not None:
                table.add_row(label, f"{known[key]:.0%}" if form == "s" else f"{known[key]:,}")

    table.add_row("[dim]what the map holds and lacks[/]", "")
    add(_LACKS)
    for reason, count in figures["left_out"].items():
        table.add_row(f"left out: {reason.replace('_', ' ')}", f"{count:,}")
    table.add_row("[dim]what was made of it[/]", "")
    add(_MADE)
    table.add_row("venues", f"{sum(figures['venues'].values()):,}")
    for kind, count in figures["venues"].items():
        table.add_row(f"  {kind.replace('_', ' ')}", f"{count:,}")
    if figures["kept"] or figures["removed"]:
        add(_KEPT)
    add(_COST)
    Console().print(table)
    Console(stderr=True, soft_wrap=True).print(
        f"Next: [bold]fieldops crews import crews.csv{after}[/], then [bold]fieldops plan{after}[/]; look at it with"
        " [bold]fieldops map[/]."
    )
