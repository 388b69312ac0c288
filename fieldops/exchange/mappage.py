"""One self-contained page with the map of a city: no network, no library, everything drawn from data inside the file."""

import json
from importlib import resources
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import shapely

if TYPE_CHECKING:
    from fieldops.city.model import City

Row = dict[str, Any]
IntArray = npt.NDArray[np.int64]

SCALE = 100_000  # stored coordinates are whole hundred-thousandths of a degree: about a metre
_UNFOLDED = frozenset({"id", "shape", "point"})  # each row its own
_TOLERANCE = 0.000_012  # degrees by which a drawn line may be simplified


def map_page(
    city: "City",
    *,
    streets: list[Row],
    triangles: list[Row],
    zones: list[Row],
    crews: list[Row],
    plan: Row | None,
    assignments: list[Row],
    target_share: float,
) -> str:
    """
    Return the page as HTML text.

    Parameters
    ----------
    city
        Geometry and names, EPSG:4326.
    streets, triangles, zones, crews
        Rows of the read model (`fieldops.store.coverage`); streets without a row are drawn as unknown.
    plan, assignments
        The plan to draw, None where there is none, and who gets which street in it.
    target_share
        Share of people who know, at which a crew moves on.
    """
    west, south, east, north = (round(value * SCALE) for value in city.boundary.bounds)
    content = {
        "city": city.name,
        "attribution": city.attribution,
        "target": target_share,
        "bounds": [0, 0, east - west, north - south],
        "origin": [west, south],
        "cosine": float(np.cos(np.radians((south + north) / 2 / SCALE))),
        "streets": _folded(_street_columns(city, streets, assignments, (west, south))),
        "triangles": _folded(_triangle_columns(city, triangles, (west, south))),
        "zones": _folded(_zone_columns(city, zones, (west, south))),
        "crews": [{"id": row["crew"], "name": row["name"], "holds": row["holds"]} for row in crews],
        "plan": _plan_facts(plan),
    }
    template = resources.files("fieldops.exchange").joinpath("mappage.html").read_text("utf-8")
    data = json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    safe = data.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")  # nothing can end the script
    safe = safe.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    return template.replace("/*DATA*/null", safe)


def _folded(table: Row) -> Row:
    """
    Return the columns, those that repeat a few texts or are the same everywhere in short: `{"of": values, "at": places}`.

    The page of a large city is a third smaller by it; `mappage.html` unfolds them.
    """
    return {name: _fold(column) if name not in _UNFOLDED else column for name, column in table.items()}


def _fold(column: list[Any]) -> list[Any] | Row:
    values = list(dict.fromkeys(column))
    if len(values) == 1:
        return {"of": values}
    if len(values) > len(column) / 2 or not any(isinstance(value, str) for value in values):
        return column
    place = {value: k for k, value in enumerate(values)}
    return {"of": values, "at": [place[value] for value in column]}


def _street_columns(city: "City", rows: list[Row], assignments: list[Row], origin: tuple[int, int]) -> Row:
    by_street = {row["street"]: row for row in rows}
    planned = {row["street"]: row for row in assignments}
    ids = city.streets["street"].tolist()
    lines = shapely.simplify(city.streets.geometry.to_numpy(), _TOLERANCE)
    known = [by_street.get(street, {}) for street in ids]
    plans = [planned.get(street, {}) for street in ids]

    def column(facts: list[Row], name: str, digits: int | None = None) -> list[Any]:
        values = [one.get(name) for one in facts]
        return values if digits is None else [None if value is None else round(value, digits) for value in values]

    return {
        "id": ids,
        "label": city.streets["label"].tolist(),
        "kind": city.streets["kind"].tolist(),
        "people": [round(value) for value in city.streets["people"]],
        "source": city.streets["people_source"].tolist(),
        "metres": [round(value) for value in city.streets["walk_m"]],
        "zone": city.streets["zone"].tolist(),
        "triangle": city.streets["triangle"].tolist(),
        "state": column(known, "state"),
        "holder": column(known, "crew"),
        "left": column(known, "hours_left", 1),
        "asked": column(known, "asked"),
        "knows": column(known, "knows"),
        "share": column(known, "share", 4),
        "low": column(known, "low", 4),
        "high": column(known, "high", 4),
        "crew": column(plans, "crew"),
        "hours": column(plans, "hours", 1),
        "finish": column(plans, "finish_probability", 3),
        "reason": column(plans, "reason"),
        "shape": [_deltas(line, origin) for line in lines],
    }


def _triangle_columns(city: "City", rows: list[Row], origin: tuple[int, int]) -> Row:
    known = {row["triangle"]: row for row in rows}
    triangles = city.triangles
    points = np.column_stack([triangles["point_lon"].to_numpy(float), triangles["point_lat"].to_numpy(float)])
    return {
        "id": triangles["triangle"].tolist(),
        "radius": [round(value) for value in triangles["radius_m"]],
        "barrier": [int(value) for value in triangles["barrier"]],
        "point": (np.rint(points * SCALE).astype(np.int64) - np.array(origin)).tolist() if len(triangles) else [],
        "verdict": [known.get(name, {}).get("verdict") for name in triangles["triangle"]],
        "knows": [known.get(name, {}).get("knows") for name in triangles["triangle"]],
        "asked": [known.get(name, {}).get("asked") for name in triangles["triangle"]],
        "shape": [_deltas(shape, origin) for shape in triangles.geometry],
    }


def _zone_columns(city: "City", rows: list[Row], origin: tuple[int, int]) -> Row:
    known = {row["zone"]: row for row in rows}
    zones = city.zones
    shapes = shapely.simplify(zones.geometry.to_numpy(), _TOLERANCE * 4)
    return {
        "id": zones["zone"].tolist(),
        "name": zones["name"].tolist(),
        "people": [round(value) for value in zones["people"]],
        "hours": [round(value) for value in zones["work_hours"]],
        "streets": [int(value) for value in zones["streets"]],
        "saturated": [known.get(name, {}).get("saturated") for name in zones["zone"]],
        "claimed": [known.get(name, {}).get("claimed") for name in zones["zone"]],
        "shape": [_deltas(shape, origin) for shape in shapes],
    }


def _plan_facts(plan: Row | None) -> Row | None:
    if plan is None:
        return None
    return {key: plan[key] for key in ("id", "starts_at", "status", "objective", "bound", "gap")}


def _deltas(shape: shapely.Geometry, origin: tuple[int, int]) -> list[list[int]]:
    """Return the rings or lines of a geometry: first point from the origin, then steps, x and y in turn."""
    parts: list[list[int]] = []
    for part in shapely.get_parts(shape):
        lines = [part.exterior, *part.interiors] if part.geom_type == "Polygon" else [part]
        for line in lines:
            points: IntArray = np.rint(shapely.get_coordinates(line) * SCALE).astype(np.int64) - np.array(origin)
            steps = np.diff(points, axis=0, prepend=np.zeros((1, 2), dtype=np.int64))
            moved = np.r_[True, (steps[1:] != 0).any(axis=1)]
            parts.append(steps[moved].ravel().tolist())
    return parts
