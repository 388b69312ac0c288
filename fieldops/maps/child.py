"""
The limited child process that opens every map file; run as `python -m fieldops.maps.child`.

A hostile file can then cost a bounded amount of memory, time and disk, and nothing else: the driver is named, drivers
that open other files or addresses are switched off, and what comes back is arrays, text and WKB, never a pickle.
OpenStreetMap is read by pyosmium, GeoJSON by `json` and shapely; GDAL never sees either.
"""

import json
import math
import signal
import sys
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from fieldops.errors import BadInput
from fieldops.maps.formats import OSM_FORMATS
from fieldops.said import Said

GEOJSON_BYTES_MOST = 256 << 20
FEATURES_MOST = 3_000_000
VERTICES_MOST = 30_000_000
REFUSED = 3  # exit code: the file was refused, the reason is on stdout

Layer = tuple[str, dict[str, list[Any]], np.ndarray]  # name, columns, geometries

DRIVERS = {"gpkg": "GPKG", "shp": "ESRI Shapefile"}
# Drivers that read other files, databases or addresses at the word of the file they are given.
SKIPPED_DRIVERS = (
    "OGR_VRT,VRT,GDALG,HTTP,SQLite,WFS,OAPIF,OGCAPI,NGW,CSW,ADBC,Carto,AmigoCloud,Elasticsearch,EEDA,PLSCENES,"
    "PostgreSQL,MySQL,ODBC,MBTiles,PMTiles,MVT,PDS4,STACTA,STACIT,WMS,WMTS,Memory,MEM"
)


def main(arguments: list[str]) -> int:
    """Read `arguments` = a `Task` as JSON; print how far it is, then why not, if it is refused."""
    task = json.loads(arguments[0])
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's: it ends this process when it wants to stop
    _limit(task["memory_bytes"], task["cpu_seconds"], task["file_bytes"])
    files = [(form, Path(path)) for form, path in task["files"]]
    try:
        arrays = _read_osm(*files[0]) if files[0][0] in OSM_FORMATS else _read_layers(files, set(task["wanted"]))
        with Path(task["output"]).open("wb") as file:
            np.savez(file, **arrays)  # type: ignore[arg-type]  # the stub takes the names for its own option
    except BadInput as refusal:
        _tell(refusal.facts())
        return REFUSED
    except (MemoryError, RecursionError):
        _tell({"problem": "it needs more memory than a map may", "cure": "cut it smaller"})
        return REFUSED
    return 0


def _tell(line: Any) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def _limit(memory_bytes: int, cpu_seconds: int, file_bytes: int) -> None:
    try:
        import resource
    except ImportError:  # Windows knows no such limits; the parent's time limit still holds
        return
    for which, most in (
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_CPU, cpu_seconds),
        (resource.RLIMIT_FSIZE, file_bytes),
        (resource.RLIMIT_CORE, 0),
    ):
        _, hard = resource.getrlimit(which)
        resource.setrlimit(which, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))


def _read_osm(form: str, path: Path) -> dict[str, np.ndarray]:
    from fieldops.maps.scan import scan_osm

    return scan_osm(path, form, _tell)


def _read_layers(files: list[tuple[str, Path]], wanted: set[str]) -> dict[str, np.ndarray]:
    layers: list[Layer] = []
    for form, path in files:
        layers += read_geojson(path, wanted) if form == "geojson" else read_ogr(path, form, wanted)
    return _arrays(layers)


def read_ogr(path: Path, form: str, wanted: set[str]) -> list[Layer]:
    """
    Return name, wanted columns and geometries (EPSG:4326) of every layer with geometries.

    Raises
    ------
    BadInput
        If another driver than the named one would read the file, it is damaged, too large, or its CRS is unknown.
    """
    import pyogrio
    from pyogrio.errors import CRSError, DataLayerError, DataSourceError

    layers: list[Layer] = []
    try:
        for name, kind in pyogrio.list_layers(path):
            if kind is None:
                continue
            about = pyogrio.read_info(path, layer=name, force_feature_count=True)
            if about["driver"] != DRIVERS[form]:
                raise BadInput(
                    Said("it is not a %(drivers)s file", drivers=DRIVERS[form]),
                    cure="give the file that its name promises",
                )
            if about["features"] > FEATURES_MOST:
                raise BadInput(
                    Said("the layer %(name)s has %(about)s features", name=name, about=f"{about['features']:,}"),
                    cure="cut it smaller",
                )
            columns = [column for column in about["fields"] if column.lower() in wanted]
            meta, _, blobs, fields = pyogrio.raw.read(path, layer=name, columns=columns, force_2d=True)
            shapes = np.asarray(shapely.from_wkb(blobs, on_invalid="ignore"), dtype=object)
            table = {
                column.lower(): [_scalar(value) for value in values.tolist()]
                for column, values in zip(meta["fields"], fields, strict=True)
            }
            layers.append(_checked(str(name), table, _to_degrees(shapes, meta["crs"])))
    except (DataSourceError, DataLayerError, CRSError) as error:
        reason = " ".join(str(error).split())[:120]
        raise BadInput(
            Said("it cannot be read (%(reason)s)", reason=reason), cure="it may be cut off or damaged: export it again"
        ) from None
    if not layers:
        raise BadInput("it has no layer with geometries", cure="give a file with lines, polygons or points")
    return layers


def _to_degrees(shapes: np.ndarray, crs: str | None) -> np.ndarray:
    if crs is None or crs.upper() in ("EPSG:4326", "OGC:CRS84"):
        return shapes
    import pyproj

    try:
        change = pyproj.Transformer.from_crs(crs, "EPSG:4326", always_xy=True)
    except pyproj.exceptions.ProjError as error:
        raise BadInput(
            Said("its coordinate system is not known (%(error)s)", error=error), cure="save it in WGS 84 (EPSG:4326)"
        ) from None
    moved: np.ndarray = shapely.transform(shapes, lambda xy: np.column_stack(change.transform(xy[:, 0], xy[:, 1])))
    return moved


def read_geojson(path: Path, wanted: set[str]) -> list[Layer]:
    """
    Return the features of a GeoJSON file (WGS-84, longitude first) as one layer.

    Raises
    ------
    BadInput
        If it is too large, no GeoJSON, nested beyond reason, of another CRS, or holds numbers that are none.
    """
    if path.stat().st_size > GEOJSON_BYTES_MOST:
        raise BadInput(
            Said("it has more than %(given)s MB", given=GEOJSON_BYTES_MOST >> 20), cure="give a GeoPackage instead"
        )
    try:
        document = json.loads(path.read_bytes(), parse_constant=_reject_constant)
    except RecursionError:
        raise BadInput("it is nested beyond reason", cure="give plain GeoJSON") from None
    except ValueError as error:
        raise BadInput(
            Said("it is not JSON (%(error)s)", error=str(error)[:100]), cure="it may be cut off: export it again"
        ) from None
    if not isinstance(document, dict):
        raise BadInput("it is JSON, but no GeoJSON", cure="give a FeatureCollection")
    crs = document.get("crs")
    if crs is not None and not any(known in json.dumps(crs) for known in ("CRS84", "4326")):
        raise BadInput("its coordinates are not WGS 84", cure="export it in EPSG:4326, as the GeoJSON standard asks")
    kind = document.get("type")
    features = document.get("features") if kind == "FeatureCollection" else [document]
    if not isinstance(features, list) or not features:
        raise BadInput("it holds no features", cure="give a FeatureCollection with lines, polygons or points")
    rows: list[dict[str, Any]] = []
    shapes: list[shapely.Geometry | None] = []
    for number, feature in enumerate(features, 1):
        rows.append(_properties(feature, number))
        shapes.append(_shape(feature, number))
    columns = sorted({column for row in rows for column in row} & wanted)
    table = {column: [_scalar(row.get(column)) for row in rows] for column in columns}
    return [_checked("features", table, np.array(shapes, dtype=object))]


def _reject_constant(word: str) -> float:
    raise ValueError(f"{word} is not a number")


def _properties(feature: Any, number: int) -> dict[str, Any]:
    if not isinstance(feature, dict):
        raise BadInput("not a feature", row=number, cure="give a FeatureCollection")
    held = feature.get("properties")
    properties = {str(key).lower(): value for key, value in held.items()} if isinstance(held, dict) else {}
    return properties if "id" not in feature else {"id": feature["id"], **properties}


def _shape(feature: dict[str, Any], number: int) -> shapely.Geometry | None:
    geometry = feature.get("geometry") if feature.get("type") == "Feature" else feature
    if geometry is None:
        return None
    try:
        return shapely.force_2d(shapely.geometry.shape(geometry))
    except (AttributeError, KeyError, TypeError, ValueError, IndexError, shapely.errors.ShapelyError) as error:
        reason = " ".join(str(error).split())[:80]
        raise BadInput(
            Said("not a geometry (%(reason)s)", reason=reason), row=number, cure="export it again as GeoJSON"
        ) from None


def _scalar(value: Any) -> Any:
    """Return a value that JSON can hold: text, a finite number, or None."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if isinstance(value, str | int | bool) or value is None else str(value)


def _checked(name: str, table: dict[str, list[Any]], shapes: np.ndarray) -> Layer:
    """Refuse what no map has: too many vertices, or coordinates that are no degrees."""
    if len(shapes) > FEATURES_MOST or int(shapely.get_num_coordinates(shapes).sum()) > VERTICES_MOST:
        raise BadInput(Said("the layer %(name)s has more vertices than a city", name=name), cure="cut it smaller")
    xy, owner = shapely.get_coordinates(shapes, return_index=True)
    wrong = ~(np.isfinite(xy).all(axis=1) & (np.abs(xy[:, 0]) <= 180) & (np.abs(xy[:, 1]) <= 90))
    if wrong.any():
        x, y = xy[wrong][0]
        raise BadInput(
            Said("(%(x)s, %(y)s) is no longitude and latitude", x=f'{x:g}', y=f'{y:g}'), row=int(owner[wrong][0]) + 1,
            cure="state its coordinate system in the file (.prj), or save it in WGS 84",
        )  # fmt: skip
    return name, table, shapes


def _arrays(layers: list[Layer]) -> dict[str, np.ndarray]:
    arrays: dict[str, np.ndarray] = {}
    for number, (_, _, shapes) in enumerate(layers):
        blobs = [b"" if shape is None else shapely.to_wkb(shape) for shape in shapes]
        arrays[f"sizes{number}"] = np.array([len(blob) for blob in blobs], dtype=np.int64)
        arrays[f"wkb{number}"] = np.frombuffer(b"".join(blobs), dtype=np.uint8)
    header = json.dumps([{"name": name, "table": table} for name, table, _ in layers]).encode()
    arrays["header"] = np.frombuffer(header, dtype=np.uint8)
    return arrays


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
