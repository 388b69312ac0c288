"""`fieldops streets`: look streets up, and change what the map got wrong."""

from enum import StrEnum
from typing import Annotated

import typer

from fieldops.cli.console import DEFAULT_DB, AsJson, Db, Now, given_moment, print_json, say, shell_actor
from fieldops.ids import StreetId

streets = typer.Typer(
    no_args_is_help=True, help="Look streets up, and change what the map got wrong. Changes survive a re-import."
)

_ENTRY = {"free": "anybody", "unknown": "ask at the gate", "granted": "granted", "refused": "refused"}

Street = Annotated[str, typer.Argument(metavar="STREET", help="The street's id, as `fieldops streets list` prints it.")]


class Kind(StrEnum):
    """What is claimed: a street, a lane, or a compound."""

    STREET = "street"
    LANE = "lane"
    COMPOUND = "compound"


def register(app: typer.Typer) -> None:
    """Add the commands `streets ...`."""
    app.add_typer(streets, name="streets")


def _edit(
    db: Db,
    now: str | None,
    as_json: bool,
    kind: str,
    ids: list[str],
    *,
    value: str = "",
    wkt: str = "",
    city: str | None = None,
) -> None:
    from fieldops.actions.city import edit_street
    from fieldops.city.edits import Edit
    from fieldops.ids import CityId
    from fieldops.store.connect import open_region

    edit = Edit(kind=kind, streets=tuple(StreetId(i) for i in ids), value=value, wkt=wkt)
    done = edit_street(open_region(db), shell_actor(), edit, city=CityId(city) if city else None, now=given_moment(now))
    if as_json:
        print_json(done.to_json())
    else:
        say(f"{kind}: {', '.join([*done.streets, *(f'→ {made}' for made in done.made)])}")


def _point(at: str) -> str:
    """Return `lon,lat` as WKT."""
    return f"POINT ({' '.join(str(x) for x in _pair(at))})"


def _pair(text: str) -> tuple[float, float]:
    from fieldops.errors import BadInput

    try:
        lon, lat = (float(part) for part in text.split(","))
    except ValueError:
        raise BadInput(
            f"'{text}' is not a position", cure="write longitude,latitude, for example 117.21,28.29"
        ) from None
    if not (-180 <= lon <= 180 and -85 <= lat <= 85):
        raise BadInput(f"'{text}' is not on the map", cure="write degrees, longitude first")
    return lon, lat


@streets.command("list")
def list_streets(
    name: Annotated[str, typer.Argument(help="Part of the name; all streets where left away.")] = "",
    kind: Annotated[Kind | None, typer.Option(help="Only streets, lanes (弄, 巷, unnamed ways) or compounds.")] = None,
    zone: Annotated[str | None, typer.Option(help="Only streets of this zone.")] = None,
    db: Db = DEFAULT_DB,
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """
    List streets with kind, people (their interval, and where the figure comes from), who may enter, and who holds them.

    Example: fieldops streets list 解放 --kind street
    """
    from rich.console import Console
    from rich.table import Column, Table

    from fieldops.store.city import find_streets
    from fieldops.store.connect import open_region

    region = open_region(db)
    rows = find_streets(region.reader(), region.moment(given_moment(now)), name, kind=kind, zone=zone)
    if as_json:
        print_json({"streets": rows})
        return
    right = [Column(title, justify="right") for title in ("people", "low - high", "metres")]
    table = Table(
        Column("street", no_wrap=True), "label", "kind", *right[:2], "from", right[2], "entry", "in operation",
        Column("held by", no_wrap=True), "zone", Column("triangle", no_wrap=True), box=None,
    )  # fmt: skip
    for row in rows:
        table.add_row(
            row["street"], row["label"], row["kind"], f"{row['people']:,.0f}",
            f"{row['people_low']:,.0f} - {row['people_high']:,.0f}", row["people_source"], f"{row['walk_m']:,.0f}",
            " ".join(filter(None, [_ENTRY[row["permission"]], f"{row['open_from']}-{row['open_until']}".strip("-")])), "yes" if row["status"] == "open" else row["status"], row["holder"] or "nobody", row["zone"] or "", row["triangle"] or "",
        )  # fmt: skip
    Console().print(table)
    if not rows:
        say("no street is called so; a part of the name is enough")


@streets.command()
def rename(
    street: Street,
    name: Annotated[str, typer.Argument(help="The name that people use.")],
    db: Db = DEFAULT_DB,
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """Give a street the name that people use."""
    _edit(db, now, as_json, "rename", [street], value=name)


@streets.command()
def close(street: Street, db: Db = DEFAULT_DB, now: Now = None, as_json: AsJson = False) -> None:
    """Take a street out of the operation; refused while it is claimed."""
    _edit(db, now, as_json, "close", [street])


@streets.command("open")
def open_again(street: Street, db: Db = DEFAULT_DB, now: Now = None, as_json: AsJson = False) -> None:
    """Take a closed street back into the operation."""
    _edit(db, now, as_json, "open", [street])


@streets.command()
def permit(
    street: Street,
    permission: Annotated[str, typer.Argument(help="free, unknown, granted or refused.")],
    db: Db = DEFAULT_DB,
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """Record whether promoters may enter: refused takes a compound out of plans and claims, unknown says to ask at the gate."""
    _edit(db, now, as_json, "permit", [street], value=permission)


@streets.command()
def hours(
    street: Street,
    span: Annotated[
        str, typer.Argument(metavar="[HOURS]", help="HH:MM-HH:MM; left away where promoters may always enter.")
    ] = "",
    db: Db = DEFAULT_DB,
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """
    Record when a compound lets promoters in: plans give it to crews that have the time then, walks come at those hours.

    Example: fieldops streets hours KABC 09:30-12:00
    """
    _edit(db, now, as_json, "hours", [street], value=span)


@streets.command()
def prioritise(
    street: Street,
    priority: Annotated[float, typer.Argument(help="Factor on the street's value in the plan; 1 is usual.")],
    db: Db = DEFAULT_DB,
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """Make a street count more or less in the plan."""
    _edit(db, now, as_json, "prioritise", [street], value=str(priority))


@streets.command()
def split(
    street: Street,
    at: Annotated[str | None, typer.Option(help="lon,lat: part the street at the crossing nearest to it.")] = None,
    line: Annotated[str | None, typer.Option(help="'lon,lat lon,lat': cut a compound along this line.")] = None,
    db: Db = DEFAULT_DB,
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """Make two streets of one. Example: fieldops streets split SABC --at 117.21,28.29"""
    from fieldops.errors import BadInput

    if (at is None) == (line is None):
        raise BadInput("nothing says where to split", cure="give --at for a street, or --line for a compound")
    if line is not None:
        points = [_pair(part) for part in line.split()]
        if len(points) < 2:
            raise BadInput("a cut line needs two positions", cure="write --line 'lon,lat lon,lat'")
        wkt = f"LINESTRING ({', '.join(f'{x} {y}' for x, y in points)})"
    else:
        wkt = _point(at or "")
    _edit(db, now, as_json, "split", [street], wkt=wkt)


@streets.command()
def join(
    street: Annotated[list[str], typer.Argument(metavar="STREET...", help="Two ids or more.")],
    db: Db = DEFAULT_DB,
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """Make one street of several."""
    _edit(db, now, as_json, "join", street)


@streets.command()
def draw(
    wkt: Annotated[
        str, typer.Argument(help="WKT in WGS-84, longitude first: LINESTRING for a street, POLYGON for a compound.")
    ],
    name: Annotated[str, typer.Option(help="Its name.")] = "",
    city: Annotated[str | None, typer.Option(help="The city, where the region has several.")] = None,
    db: Db = DEFAULT_DB,
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """Add a street or compound that the map lacks."""
    import shapely

    from fieldops.errors import BadInput

    try:
        shapely.from_wkt(wkt)
    except shapely.errors.GEOSException as error:
        raise BadInput(f"the drawing is not WKT ({error})", cure="write LINESTRING (117.2 28.3, 117.21 28.3)") from None
    _edit(db, now, as_json, "draw", [], value=name, wkt=wkt, city=city)


@streets.command()
def gate(
    street: Street,
    at: Annotated[str, typer.Option(help="lon,lat of the gate.")],
    db: Db = DEFAULT_DB,
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """Set a gate of a compound: the walk goes there."""
    _edit(db, now, as_json, "gate", [street], wkt=_point(at))
