"""Layers of GeoPackage, GeoJSON and Shapefile, fetched from a limited child process; and maps made of layers."""

import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from fieldops.city.raw import PLACE_TAGS, WAY_TAGS, RawMap
from fieldops.city.venues import KINDS
from fieldops.errors import BadInput
from fieldops.maps import formats
from fieldops.maps.fetch import fetch
from fieldops.said import Said

if TYPE_CHECKING:
    import geopandas as gpd

_IDS = ("osm_id", "osm_way_id", "@id", "id")
_WANTED = frozenset({*WAY_TAGS, *PLACE_TAGS, *_IDS, "fclass", "type", "people", "population", "levels"})
_FEW_POLYGONS = 100
_INVALID_SHARE_MOST = 0.01
_YES = frozenset({"yes", "true", "t", "1"})
_ONE_WAY = {"f": "yes", "yes": "yes", "true": "yes", "1": "yes", "t": "-1", "-1": "-1", "reverse": "-1"}
_NODE_DIGITS = 7


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer in WGS-84: its name, its columns (only those that maps use), its geometries in the same order."""

    name: str
    table: pd.DataFrame
    shapes: np.ndarray


def _refuse_other_databases(path: Path) -> None:
    with path.open("rb") as file:
        file.seek(68)
        application = file.read(4)
    if application not in (b"GPKG", b"GP10", b"GP11"):
        raise BadInput(
            Said("%(name)s is a SQLite database, but no GeoPackage", name=path.name),
            cure="export it as GeoPackage (.gpkg)",
        )


def _unpacked(held: dict[str, np.ndarray]) -> list[Layer]:
    layers = []
    for number, about in enumerate(json.loads(held["header"].tobytes())):
        sizes, blob = held[f"sizes{number}"], held[f"wkb{number}"].tobytes()
        ends = np.cumsum(sizes)
        wkb = [blob[end - size : end] or None for size, end in zip(sizes.tolist(), ends.tolist(), strict=True)]
        shapes = np.asarray(shapely.from_wkb(np.array(wkb, dtype=object)), dtype=object)
        table = pd.DataFrame(about["table"], index=range(len(sizes)), dtype=object)
        layers.append(Layer(about["name"], table, shapes))
    return layers


def read_layer(path: Path) -> "gpd.GeoDataFrame":
    """
    Return the polygons, lines or points of a file, with the columns that maps use, in EPSG:4326.

    The layers of a file (or of a zip) are put one after the other. For boundaries, population grids and the like.

    Raises
    ------
    BadInput
        If the file cannot be read, is an OpenStreetMap file, holds nothing, or a polygon crosses itself.
    """
    import geopandas as gpd

    path = Path(path)
    layers = layers_of(path)
    for layer in layers:
        wrong = np.flatnonzero(~shapely.is_valid(layer.shapes))
        if wrong.size:
            raise _crosses_itself(path, layer, int(wrong[0]))
    frames = [gpd.GeoDataFrame(one.table, geometry=one.shapes, crs="EPSG:4326") for one in layers]
    frame: gpd.GeoDataFrame = pd.concat(frames, ignore_index=True)
    return frame[~(frame.geometry.isna() | frame.geometry.is_empty)].reset_index(drop=True)


def layers_of(path: Path) -> list[Layer]:
    """
    Return the layers of a file or zip archive, in WGS-84.

    Raises
    ------
    BadInput
        If it is an OpenStreetMap file, or the limited child process refused it, died of it, or took too long.
    """
    with tempfile.TemporaryDirectory(prefix="fieldops-zip-") as folder:
        form = formats.detect_format(path)
        paths = formats.unpack(path, Path(folder)) if form == "zip" else [path]
        files = [(formats.detect_format(one), one) for one in paths]
        if any(form not in formats.LAYER_FORMATS for form, _ in files):
            raise BadInput(
                Said("%(name)s is an OpenStreetMap file", name=path.name),
                cure="give GeoJSON, GeoPackage or a Shapefile here",
            )
        for form, one in files:
            if form == "gpkg":
                _refuse_other_databases(one)
        return _unpacked(fetch(files, path.name, wanted=_WANTED))


def _crosses_itself(path: Path, layer: Layer, row: int) -> BadInput:
    reason = shapely.is_valid_reason(layer.shapes[row])
    return BadInput(
        Said("a polygon of %(name)s is not valid (%(reason)s)", name=path.name, reason=reason), row=row + 1,
        cure="repair it (in QGIS: Vector > Geometry tools > Fix geometries)",
    )  # fmt: skip


def map_of_layers(path: Path, layers: list[Layer]) -> RawMap:
    """
    Return the map that layers make: lines are ways, polygons and points are places, columns are tags by their names.

    Lines without any column `highway` (or Geofabrik's `fclass`) are residential streets. Lines that share a vertex meet
    there.

    Raises
    ------
    BadInput
        If polygons cross themselves: any of a few, or more than 1 % of many. Fewer are left out and counted.
    """
    ways, areas, points = [], [], []
    classed = any({"highway", "fclass"} & set(layer.table.columns) for layer in layers if _has_lines(layer))
    for layer in layers:
        dimension = shapely.get_dimensions(layer.shapes)
        table = _translate(layer.table)
        lines = np.flatnonzero(dimension == 1)
        if lines.size and classed and "highway" in table.columns:
            lines = lines[table["highway"].to_numpy(object)[lines] != ""]
        elif classed:
            lines = lines[:0]
        ways.append(_take(table, layer.shapes, lines, WAY_TAGS, {} if classed else {"highway": "residential"}))
        areas.append(_take(table, layer.shapes, np.flatnonzero(dimension == 2), PLACE_TAGS, {}))
        points.append(_take(table, layer.shapes, np.flatnonzero(dimension == 0), PLACE_TAGS, {}))
    way_tags, way_shapes = _together(ways)
    area_tags, area_shapes = _together(areas)
    point_tags, point_shapes = _together(points)
    wrong = np.flatnonzero(~shapely.is_valid(area_shapes))
    if wrong.size and (len(area_shapes) < _FEW_POLYGONS or wrong.size > _INVALID_SHARE_MOST * len(area_shapes)):
        raise _crosses_itself(path, Layer("", area_tags, area_shapes), int(wrong[0]))
    good = np.setdiff1d(np.arange(len(area_shapes)), wrong)
    shapes, of_point = shapely.get_parts(point_shapes, return_index=True)
    starts, refs, lon, lat, row = _vertices(way_shapes)
    return RawMap(
        ways=_named(way_tags, "way", _way_ids(way_tags)).iloc[row].reset_index(drop=True),
        starts=starts, refs=refs, lon=lon, lat=lat,
        areas=_named(area_tags, "id", _place_ids(area_tags, "w")).iloc[good].reset_index(drop=True),
        area_shapes=area_shapes[good],
        points=_named(point_tags, "id", _place_ids(point_tags, "n")).iloc[of_point].reset_index(drop=True),
        point_shapes=np.asarray(shapes, dtype=object),
        source="layers",
        left_out={"area_not_valid": int(wrong.size)} if wrong.size else {},
        attribution="",
    )  # fmt: skip


def _has_lines(layer: Layer) -> bool:
    return bool((shapely.get_dimensions(layer.shapes) == 1).any())


def _translate(table: pd.DataFrame) -> pd.DataFrame:
    """Return the columns as OpenStreetMap would tag them, as text."""
    text = pd.DataFrame({column: _text(table[column]) for column in table.columns}, index=table.index)
    if "fclass" in text.columns:
        key_of = {value: one.key for one in KINDS for value in one.values}
        fclass = text["fclass"].str.replace(r"^track_grade\d$", "track", regex=True)
        for column in ("highway", "landuse"):
            text[column] = text[column] if column in text.columns else fclass
        for key in dict.fromkeys(key_of.values()):
            if key not in text.columns:
                text[key] = fclass.where(fclass.map(key_of) == key, "")
        if "building" not in text.columns:
            kind = text["type"].where(text["type"] != "", "yes") if "type" in text.columns else "yes"
            text["building"] = np.where(fclass == "building", kind, "")
    if "oneway" in text.columns:
        text["oneway"] = text["oneway"].str.lower().map(_ONE_WAY).fillna("")
    for column in ("bridge", "tunnel"):
        if column in text.columns:
            low = text[column].str.lower()
            text[column] = low.where(~low.isin(["f", "false", "0", "no"]), "").where(~low.isin(_YES), "yes")
    if "levels" in text.columns and "building:levels" not in text.columns:
        text["building:levels"] = text["levels"]
    return text


def _text(column: pd.Series) -> pd.Series:
    def plain(value: Any) -> str:
        if value is None or (isinstance(value, float) and np.isnan(value)):
            return ""
        return f"{value:g}" if isinstance(value, float) else str(value).strip()

    return column.map(plain).astype(object)


def _take(
    table: pd.DataFrame, shapes: np.ndarray, rows: np.ndarray, tags: tuple[str, ...], assumed: dict[str, str]
) -> tuple[pd.DataFrame, np.ndarray]:
    taken = table.iloc[rows]
    columns = {tag: taken[tag] if tag in taken.columns else assumed.get(tag, "") for tag in (*tags, *_IDS)}
    return pd.DataFrame(columns, index=taken.index, dtype=object), shapes[rows]


def _together(parts: list[tuple[pd.DataFrame, np.ndarray]]) -> tuple[pd.DataFrame, np.ndarray]:
    tables, shapes = zip(*parts, strict=True)
    return pd.concat(tables, ignore_index=True), np.concatenate(shapes)


def _numbers(table: pd.DataFrame) -> np.ndarray | None:
    """Return the numbers of the features in their source, None where a column with one for each is missing."""
    for column in _IDS:
        found = pd.to_numeric(table[column].str.extract(r"(\d{1,18})$")[0], errors="coerce") if len(table) else None
        if found is not None and found.notna().all():
            return found.to_numpy(np.int64)
    return None


def _way_ids(table: pd.DataFrame) -> np.ndarray:
    known = _numbers(table)
    return known if known is not None else np.arange(1, len(table) + 1, dtype=np.int64)


def _place_ids(table: pd.DataFrame, letter: str) -> list[str]:
    known = _numbers(table)
    if known is None or len(np.unique(known)) < len(known):
        known = np.arange(1, len(table) + 1, dtype=np.int64)
    return [f"{letter}{number}" for number in known.tolist()]


def _named(table: pd.DataFrame, column: str, ids: Any) -> pd.DataFrame:
    named = table.drop(columns=list(_IDS))
    named.insert(0, column, ids)
    return named


def _vertices(shapes: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return starts, node numbers, longitudes, latitudes and source row of the single lines; equal places, one node."""
    parts, row = shapely.get_parts(shapes, return_index=True)
    keep = shapely.get_num_coordinates(parts) >= 2
    parts, row = parts[keep], row[keep]
    xy = np.round(shapely.get_coordinates(parts), _NODE_DIGITS)
    _, node = np.unique(xy, axis=0, return_inverse=True)
    starts = np.r_[0, np.cumsum(shapely.get_num_coordinates(parts))].astype(np.int64)
    return starts, -1 - node.ravel().astype(np.int64), xy[:, 0], xy[:, 1], row
