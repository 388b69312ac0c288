"""
What a person changes on the map, as values that are applied again after every re-import.

An edit names streets by id and never by position; `apply_edit` returns a new `City` and leaves the old one alone. New
streets that an edit makes have their ids in the edit itself, so that applying it twice gives the same city.
"""

import re
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any, Self

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely.ops import split as cut_polygon

from fieldops.city.model import WGS84, City
from fieldops.errors import BadInput, NotFound
from fieldops.ids import StreetId
from fieldops.said import Said, template

FARTHEST_OUT_M = 2_000.0  # of a drawing from the streets that are there
LONGEST_DRAWN_M = 5_000.0  # of a drawn line, or round a drawn compound
FARTHEST_OFF_M = 500.0  # of a gate, or the place of a cut, from its street
_SPAN = re.compile(r"((?:[01]\d|2[0-3]):[0-5]\d)\s*[-–]\s*((?:[01]\d|2[0-3]):[0-5]\d)")
GAP_M = 60.0  # between streets that are one: the carriageways of an avenue, a square, a bridge
KINDS = ("rename", "close", "open", "permit", "hours", "prioritise", "split", "join", "draw", "gate")


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """
    One change by hand.

    `streets` are changed or consumed, `made` are the ids of streets that come of it; `value` is the new name, permission,
    hours of entry (HH:MM-HH:MM, empty for always) or priority; `wkt` is the drawn line or polygon, the cut line of a compound, or the point of a split or a gate
    (WGS-84, longitude first).
    """

    kind: str
    streets: tuple[StreetId, ...] = ()
    made: tuple[StreetId, ...] = ()
    value: str = ""
    wkt: str = ""

    def __post_init__(self) -> None:
        """Refuse an unknown kind."""
        if self.kind not in KINDS:
            raise BadInput(
                Said("'%(kind)s' is no edit of a street", kind=self.kind),
                cure=Said("choose one of %(choices)s", choices=", ".join(KINDS)),
            )

    def to_json(self) -> dict[str, object]:
        """Return plain JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Self:
        """Return the edit that `to_json` wrote."""
        lists = {name: tuple(StreetId(street) for street in stored[name]) for name in ("streets", "made")}
        return cls(kind=stored["kind"], value=stored["value"], wkt=stored["wkt"], **lists)


def apply_edit(city: City, edit: Edit) -> City:
    """
    Return the city with the edit carried out.

    Raises
    ------
    NotFound
        If a street of the edit is not in the city.
    BadInput
        If the edit cannot be carried out on these streets; the message says why and what would do.
    """
    for street in edit.streets:
        if street not in set(city.streets["street"]):
            raise NotFound("street", street, cure="look it up with `fieldops streets list`")
    return _EDITS[edit.kind](city, edit)


def _row(city: City, street: str) -> int:
    return int(np.flatnonzero(city.streets["street"].to_numpy() == street)[0])


def _metres_apart(one: shapely.Geometry, other: shapely.Geometry) -> float:
    """Return the metres between two shapes in degrees, good near each other."""
    narrow = float(np.cos(np.radians(shapely.get_y(shapely.centroid(other)))))
    flat = (shapely.transform(shape, lambda places: places * (narrow, 1.0)) for shape in (one, other))
    return 111_000.0 * float(shapely.distance(*flat))


def _refuse_far(city: City, street: StreetId, place: shapely.Geometry, said: str) -> None:
    """Refuse a place that can hardly be meant for a street."""
    metres = _metres_apart(place, city.streets.geometry.iloc[_row(city, street)])
    if not metres <= FARTHEST_OFF_M:
        raise BadInput(
            Said(said, far_m=metres, street=street),
            cure="give longitude first, near the street",
        )


def _with_value(city: City, street: str, **values: str | float) -> City:
    streets = city.streets.copy()
    for column, value in values.items():
        streets.loc[_row(city, street), column] = value
    return replace(city, streets=streets)


def _rename(city: City, edit: Edit) -> City:
    name = edit.value.strip()
    if not name:
        raise BadInput("the new name is empty", field="name", cure="give a name")
    street = edit.streets[0]
    others = set(city.streets.loc[city.streets["street"] != street, "label"])
    label, number = name, 2
    while label in others:
        label, number = f"{name} {number}", number + 1
    return _with_value(city, street, name=name, label=label, name_source="hand")


def _permit(city: City, edit: Edit) -> City:
    if edit.value not in ("free", "unknown", "granted", "refused"):
        raise BadInput(
            Said("'%(value)s' is no permission", value=edit.value),
            field="permission",
            cure="choose free, unknown, granted or refused",
        )
    return _with_value(city, edit.streets[0], permission=edit.value)


def _hours(city: City, edit: Edit) -> City:
    value = edit.value.strip()
    found = _SPAN.fullmatch(value)
    if value and (found is None or found[1] == found[2]):
        raise BadInput(
            Said("'%(value)s' are no hours of entry", value=edit.value),
            field="hours",
            cure="write them as 09:30-12:00; leave them empty where promoters may always enter",
        )
    opens, closes = found.groups() if found else ("", "")
    return _with_value(city, edit.streets[0], open_from=opens, open_until=closes)


def _prioritise(city: City, edit: Edit) -> City:
    try:
        priority = float(edit.value)
    except ValueError:
        priority = float("nan")
    if not 0 < priority <= 100:
        raise BadInput(
            Said("'%(value)s' is no priority", value=edit.value),
            field="priority",
            cure="give a number above 0, at most 100",
        )
    return _with_value(city, edit.streets[0], priority=priority)


def _split(city: City, edit: Edit) -> City:
    street = edit.streets[0]
    kind = city.streets.at[_row(city, street), "kind"]
    cut = shapely.from_wkt(edit.wkt)
    _refuse_far(city, street, cut, template("the cut lies %(far_m)s from %(street)s"))
    return _split_compound(city, edit, cut) if kind == "compound" else _split_line(city, edit, cut)


def _split_line(city: City, edit: Edit, point: shapely.Geometry) -> City:
    """Part a street at the crossing nearest to the point."""
    street = edit.streets[0]
    mine = np.flatnonzero(city.segments["street"].to_numpy() == street)
    ends = city.segments[["from_node", "to_node"]].to_numpy()[mine]
    inner = [node for node, times in zip(*np.unique(ends, return_counts=True), strict=True) if times > 1]
    if not inner:
        raise BadInput(
            Said("street %(street)s has no crossing inside", street=street),
            cure="split it in the map source, or draw two streets",
        )
    places = city.nodes.set_index("node").loc[inner]
    order = np.hypot(
        (places["lon"].to_numpy() - shapely.get_x(point)) * np.cos(np.radians(shapely.get_y(point))),
        places["lat"].to_numpy() - shapely.get_y(point),
    ).argsort()
    for nearest in order:
        second = _far_side(ends, int(inner[nearest]))
        if second.any() and not second.all():
            return _part(city, edit, [mine[~second], mine[second]])
    raise BadInput(
        Said("street %(street)s stays in one piece wherever it is cut", street=street),
        cure="it is a loop: close it or draw two",
    )


def _far_side(ends: np.ndarray, node: int) -> np.ndarray:
    """Return which segments belong to another piece than the first segment once `node` is taken away."""
    reached = {int(n) for n in ends[0] if n != node}
    side = np.ones(len(ends), dtype=bool)
    side[0] = False
    grown = True
    while grown:
        touching = side & np.array([bool({int(a), int(b)} & reached) for a, b in ends])
        grown = bool(touching.any())
        side[touching] = False
        reached |= {int(n) for n in ends[touching].ravel() if n != node}
    return side


def _part(city: City, edit: Edit, pieces: list[np.ndarray]) -> City:
    segments, streets = city.segments.copy(), city.streets
    row = streets.iloc[_row(city, edit.streets[0])]
    new_rows = []
    for made, piece, mark in zip(edit.made, pieces, ("1", "2"), strict=True):
        segments.loc[segments.index[piece], "street"] = made
        part = segments.iloc[piece]
        share = float(part["length_m"].sum()) / max(1e-9, float(row["length_m"]))
        line = shapely.union_all(part.geometry.to_numpy())
        new_rows.append(_child(row, made, mark, share, line, node=int(part["from_node"].iloc[len(part) // 2])))
    return _replace_streets(replace(city, segments=segments), edit, new_rows)


def _split_compound(city: City, edit: Edit, line: shapely.Geometry) -> City:
    row = city.streets.iloc[_row(city, edit.streets[0])]
    parts = (
        sorted(cut_polygon(row.geometry, line).geoms, key=lambda part: -part.area) if shapely.length(line) > 0 else []
    )
    if len(parts) != 2:
        raise BadInput(
            Said("the line does not cut compound %(streets)s into two parts", streets=edit.streets[0]),
            cure="draw a line that crosses it once",
        )
    new_rows = [
        _child(row, made, mark, part.area / row.geometry.area, part, node=int(row["node"]))
        for made, mark, part in zip(edit.made, ("1", "2"), parts, strict=True)
    ]
    return _replace_streets(city, edit, new_rows)


def _child(
    row: pd.Series, made: str, mark: str, share: float, geometry: shapely.Geometry, *, node: int
) -> dict[str, Any]:
    """Return a part of a street: counts and lengths by its share of the whole."""
    child = dict(row) | {"street": made, "label": f"{row['label']} · {mark}", "geometry": geometry, "node": node}
    for column in ("length_m", "walk_m", "people", "people_low", "people_high"):
        child[column] = float(row[column]) * share
    child["name_source"] = "hand"
    return child


def _replace_streets(city: City, edit: Edit, new_rows: list[dict[str, Any]]) -> City:
    """Put the new streets in the place of the edit's; buildings, gates and venues go to the nearest of the new."""
    kept = city.streets[~city.streets["street"].isin(edit.streets)]
    made = gpd.GeoDataFrame(new_rows, geometry="geometry", crs=WGS84)[list(city.streets.columns)]
    frames: dict[str, gpd.GeoDataFrame] = {}
    tree = shapely.STRtree(list(made.geometry))
    ids = made["street"].to_numpy()
    for name in ("buildings", "gates", "venues"):
        frame: gpd.GeoDataFrame = getattr(city, name).copy()
        theirs = frame["street"].isin(edit.streets).to_numpy()
        if theirs.any():
            nearest = tree.nearest(np.asarray(frame.geometry)[theirs])
            frame.loc[theirs, "street"] = ids[nearest]
        frames[name] = frame
    streets = gpd.GeoDataFrame(pd.concat([kept, made], ignore_index=True), geometry="geometry", crs=WGS84)
    counts = frames["buildings"].groupby("street")["building"].count()
    changed = streets["street"].isin(edit.made)
    streets.loc[changed, "buildings"] = streets.loc[changed, "street"].map(counts).fillna(0).astype("int64")
    return replace(city, streets=streets, buildings=frames["buildings"], gates=frames["gates"], venues=frames["venues"])


def _join(city: City, edit: Edit) -> City:
    rows = [city.streets.iloc[_row(city, street)] for street in edit.streets]
    if len(set(edit.streets)) < max(2, len(rows)):
        raise BadInput("one street cannot be joined", cure="name two or more, each once")
    closed = [street for street, row in zip(edit.streets, rows, strict=True) if row["status"] != rows[0]["status"]]
    if closed:
        raise BadInput(
            Said(
                "%(closed)s is %(status)s and %(streets)s is not",
                closed=closed[0],
                status=_status(city, closed[0]),
                streets=edit.streets[0],
            ),
            cure="open it first, or close both",
        )
    compounds = {row["kind"] == "compound" for row in rows}
    if len(compounds) > 1:
        raise BadInput("a compound and a street cannot be joined", cure="join compounds with compounds")
    _refuse_apart(edit.streets, [row.geometry for row in rows])
    whole = shapely.union_all([row.geometry for row in rows])
    largest = max(rows, key=lambda row: float(row["people"]))
    joined = dict(largest) | {"street": edit.made[0], "geometry": whole, "name_source": "hand"}
    for column in ("length_m", "walk_m", "people", "people_low", "people_high", "buildings"):
        joined[column] = type(largest[column])(sum(row[column] for row in rows))
    joined["ways"] = " ".join(sorted({way for row in rows for way in str(row["ways"]).split()}))
    segments = city.segments.copy()
    segments.loc[segments["street"].isin(edit.streets), "street"] = edit.made[0]
    return _replace_streets(replace(city, segments=segments), edit, [joined])


def _status(city: City, street: str) -> str:
    return str(city.streets.at[_row(city, street), "status"])


def _refuse_apart(streets: tuple[StreetId, ...], shapes: list[shapely.Geometry]) -> None:
    """Refuse streets that do not hang together: one street is claimed and walked as one."""
    apart = list(range(1, len(shapes)))
    reached = [0]
    while reached and apart:
        at = reached.pop()
        near = [other for other in apart if _metres_apart(shapes[at], shapes[other]) <= GAP_M]
        apart = [other for other in apart if other not in near]
        reached += near
    if apart:
        raise BadInput(
            Said("%(streets)s does not touch %(streets2)s", streets=streets[apart[0]], streets2=streets[0]),
            cure="join neighbours; what lies apart stays apart",
        )


def _draw(city: City, edit: Edit) -> City:
    shape = shapely.from_wkt(edit.wkt)
    kind = "compound" if shape.geom_type == "Polygon" else "street"
    if shape.geom_type not in ("Polygon", "LineString") or not shape.is_valid or shape.is_empty:
        raise BadInput("the drawing is neither a line nor a polygon that does not cross itself", cure="draw it again")
    nearest = city.streets.iloc[int(shapely.STRtree(list(city.streets.geometry)).nearest(shape))]
    degree_m = 111_320.0 * float(np.cos(np.radians(shape.centroid.y)))
    length = shape.length * (degree_m + 110_574.0) / 2
    away = _metres_apart(shape, nearest.geometry)
    if not (away <= FARTHEST_OUT_M and length <= LONGEST_DRAWN_M):
        raise BadInput(
            Said(
                "the drawing is %(given)s km long and lies %(given2)s km from the nearest street",
                given=f"{length / 1000:,.1f}",
                given2=f"{away / 1000:,.1f}",
            ),
            cure=Said(
                "give longitude first; draw near the streets, at most %(given)s km at once",
                given=f"{LONGEST_DRAWN_M / 1000:g}",
            ),
        )
    people = max(1.0, length * float(city.streets["people"].sum()) / max(1.0, float(city.streets["walk_m"].sum())))
    drawn = dict(nearest) | {
        "street": edit.made[0], "kind": kind, "name": edit.value or edit.made[0], "label": edit.value or edit.made[0],
        "name_source": "hand", "length_m": length, "walk_m": length, "people": people, "people_low": people / 3,
        "people_high": people * 3, "people_source": "length", "buildings": 0, "floors": float("nan"),
        "permission": "unknown" if kind == "compound" else "free", "open_from": "", "open_until": "", "status": "open", "ways": "",
        "geometry": shape if kind == "compound" else shapely.union_all([shape]),
    }  # fmt: skip
    return _replace_streets(city, edit, [drawn])


def _gate(city: City, edit: Edit) -> City:
    row = city.streets.iloc[_row(city, edit.streets[0])]
    if row["kind"] != "compound":
        raise BadInput(
            Said("street %(streets)s is no compound", streets=edit.streets[0]), cure="only compounds have gates"
        )
    point = shapely.from_wkt(edit.wkt)
    _refuse_far(city, edit.streets[0], point, template("the gate lies %(far_m)s from %(street)s"))
    lon, lat = shapely.get_x(point), shapely.get_y(point)
    away = np.hypot((city.nodes["lon"] - lon) * np.cos(np.radians(lat)), city.nodes["lat"] - lat)
    node = int(city.nodes["node"].iloc[int(np.argmin(away.to_numpy()))])
    gate = gpd.GeoDataFrame(
        [{"street": edit.streets[0], "node": node, "source": "hand", "geometry": point}], geometry="geometry", crs=WGS84
    )
    made = [frame for frame in (city.gates[city.gates["source"] != "nearest"], gate) if len(frame)]
    others = city.gates[(city.gates["source"] == "nearest") & (city.gates["street"] != edit.streets[0])]
    gates = gpd.GeoDataFrame(
        pd.concat([*([others] if len(others) else []), *made], ignore_index=True), geometry="geometry", crs=WGS84
    )
    return _with_value(replace(city, gates=gates), edit.streets[0], node=node)


_EDITS: dict[str, Callable[[City, Edit], City]] = {
    "rename": _rename,
    "close": lambda city, edit: _with_value(city, edit.streets[0], status="closed"),
    "open": lambda city, edit: _with_value(city, edit.streets[0], status="open"),
    "permit": _permit,
    "hours": _hours,
    "prioritise": _prioritise,
    "split": _split,
    "join": _join,
    "draw": _draw,
    "gate": _gate,
}
