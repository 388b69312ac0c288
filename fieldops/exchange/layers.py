"""Layers for map programs: GeoJSON, GeoPackage and GPX, in WGS-84."""

import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from fieldops.exchange.gpx import gpx_text

Rows = Sequence[Mapping[str, Any]]


def geojson_text(columns: Sequence[str], rows: Rows, geometry: np.ndarray) -> str:
    """Return a FeatureCollection (RFC 7946): longitude first, seven decimals, properties in the order of the columns."""
    shapes = shapely.to_geojson(shapely.transform(geometry, lambda places: np.round(places, 7)))
    features = ",\n".join(
        f'{{"type":"Feature","properties":{_properties(columns, row)},"geometry":{shape or "null"}}}'
        for row, shape in zip(rows, shapes, strict=True)
    )
    return f'{{"type":"FeatureCollection","features":[\n{features}\n]}}\n'


def _properties(columns: Sequence[str], row: Mapping[str, Any]) -> str:
    values = {name: row.get(name) for name in columns}
    return json.dumps(values, ensure_ascii=False, separators=(",", ":"))


def geopackage_bytes(name: str, columns: Sequence[str], rows: Rows, geometry: np.ndarray | None) -> bytes:
    """
    Return a GeoPackage with one layer, or one table without geometry; written by GDAL into a file of its own.

    The live region is never opened by GDAL here: two SQLite copies of one process drop each other's locks.
    """
    import geopandas as gpd
    import pandas as pd
    import pyogrio

    frame = pd.DataFrame([{column: row.get(column) for column in columns} for row in rows], columns=list(columns))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "export.gpkg"
        if geometry is None:
            pyogrio.write_dataframe(frame, path, layer=name, driver="GPKG")
        else:
            layer = gpd.GeoDataFrame(frame, geometry=list(geometry), crs="EPSG:4326")
            layer.to_file(path, layer=name, driver="GPKG", engine="pyogrio", promote_to_multi=False)
        return path.read_bytes()


def gpx_layer(name: str, rows: Rows, geometry: np.ndarray) -> str:
    """Return points as waypoints and lines as tracks, named by their label; of areas the outline is the track."""
    points, ways = [], []
    for row, shape in zip(rows, geometry, strict=True):
        if shape is None:
            continue
        label = str(row.get("label") or row.get("name") or next(iter(row.values()), ""))
        if isinstance(shape, shapely.Point):
            points.append({"lon": shape.x, "lat": shape.y, "label": label, "comment": row.get("reason") or ""})
            continue
        outline = shape.boundary if shapely.get_dimensions(shape) == 2 else shape
        ways += [(label, [(x, y) for x, y in part.coords]) for part in shapely.get_parts(outline) if not part.is_empty]
    return gpx_text(name, ways, points)
