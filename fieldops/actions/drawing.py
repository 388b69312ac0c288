"""Streets drawn, split, joined and gated on a page, and maps brought in there: what the jobs get that carry it out."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fieldops import clock
from fieldops.clock import format_moment
from fieldops.errors import BadInput
from fieldops.ids import StreetId, new_id
from fieldops.people import Actor
from fieldops.permissions import require
from fieldops.said import Said
from fieldops.store import desk
from fieldops.store.connect import Region
from fieldops.store.coverage import read_cities

Point = tuple[float, float]
KINDS = ("split", "join", "draw_street", "draw_compound", "gate")
MOST_POINTS = 200
IMPORTS = "imports"
_MADE = {"split": 2, "join": 1, "draw": 1}


def read_points(text: str) -> list[Point]:
    """
    Return the points that a page sends, as `lon,lat` parted by blanks or semicolons, in degrees WGS-84.

    Raises
    ------
    BadInput
        If one is no position, or there are more than `MOST_POINTS`.
    """
    points: list[Point] = []
    for part in text.replace(";", " ").split():
        try:
            lon, lat = (float(number) for number in part.split(","))
        except ValueError:
            raise BadInput(
                Said("'%(part)s' is no position", part=part[:40]), field="points", cure="write 117.21,28.29"
            ) from None
        if not (-180 <= lon <= 180 and -85 <= lat <= 85):  # so are NaN and infinity
            raise BadInput(
                Said("'%(part)s' is not on the map", part=part[:40]),
                field="points",
                cure="write degrees, longitude first",
            )
        points.append((lon, lat))
    if len(points) > MOST_POINTS:
        raise BadInput(
            Said("%(count)s points", count=len(points)),
            field="points",
            cure=Said("draw with at most %(most_points)s", most_points=MOST_POINTS),
        )
    return points


def plan_edit(
    region: Region, actor: Actor, kind: str, *, streets: Sequence[StreetId], points: Sequence[Point], name: str = "",
    city: str = "",
) -> dict[str, Any]:  # fmt: skip
    """
    Return the parameters of the job `edit` that carries a drawing out.

    Ids of new streets are drawn here, so that a job that is taken up again makes the same ones. Permission: street.edit.

    Raises
    ------
    Forbidden
        If the actor may not.
    NotFound
        If a street is unknown.
    BadInput
        If the drawing lacks what its kind needs.
    """
    require(actor, "street.edit")
    if kind not in KINDS:
        raise BadInput(
            Said("'%(kind)s' is no change of a street", kind=kind[:20]),
            field="kind",
            cure=Said("choose one of %(choices)s", choices=", ".join(KINDS)),
        )
    facts = [desk.read_street(region.reader(), None, street) for street in dict.fromkeys(streets)]
    wanted = {"split": 1, "gate": 1, "join": 2}.get(kind, 0)
    if len(facts) < wanted or (len(facts) > wanted and kind != "join"):
        raise BadInput(
            Said("%(count)s streets are chosen", count=len(facts)),
            field="streets",
            cure=Said("choose %(wanted)s or more", wanted=wanted)
            if kind == "join"
            else Said("choose %(wanted)s", wanted=wanted),
        )
    if kind == "gate" and facts[0].row.kind != "compound":
        raise BadInput(
            Said("%(label)s is no compound", label=facts[0].row.label),
            field="streets",
            cure="only compounds have gates",
        )
    across = kind == "split" and facts[0].row.kind == "compound"
    least = {"join": 0, "draw_street": 2, "draw_compound": 3}.get(kind, 2 if across else 1)
    if len(points) < least:
        raise BadInput(
            Said("%(count)s points are set", count=len(points)),
            field="points",
            cure=Said("set %(least)s or more", least=least),
        )
    if kind.startswith("draw") and not name.strip():
        raise BadInput("it has no name", field="name", cure="give the name that people use")
    cities = {row["id"] for row in read_cities(region.reader())}
    chosen = facts[0].city if facts else city if city in cities else next(iter(sorted(cities)), "")
    plain = "draw" if kind.startswith("draw") else kind
    return {
        "kind": plain, "street": facts[0].row.id if facts else "", "streets": [one.row.id for one in facts],
        "value": name.strip()[:60], "wkt": _wkt(kind, points, across=across), "city": str(chosen),
        "made": [f"H{new_id()[:10].upper()}" for _ in range(_MADE.get(plain, 0))],
    }  # fmt: skip


def _wkt(kind: str, points: Sequence[Point], *, across: bool) -> str:
    if not points or kind == "join":
        return ""
    written = [f"{lon!r} {lat!r}" for lon, lat in points]
    if kind == "draw_compound":
        return f"POLYGON (({', '.join([*written, written[0]])}))"
    if kind == "draw_street" or across:
        return f"LINESTRING ({', '.join(written)})"
    return f"POINT ({written[-1]})"


def new_map_place(region: Region, actor: Actor) -> Path:
    """
    Return where a map that is brought in is to be written: a name of ours, in the folder of imports beside the region.

    Raises
    ------
    Forbidden
        If the actor may not import maps.
    """
    require(actor, "city.import")
    folder = region.path.parent / IMPORTS
    folder.mkdir(exist_ok=True)
    return folder / f"map-{format_moment(clock.now())[:19].replace(':', '').replace('T', '-')}-{new_id()[:6]}"
