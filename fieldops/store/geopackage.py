"""GeoPackage without GDAL: the core tables, layers, and geometry as header + WKB."""

import struct
from collections.abc import Sequence

import numpy as np
import shapely

from fieldops.store.sqlite import sqlite3

APPLICATION_ID = 0x47504B47  # "GPKG"
USER_VERSION = 10400
SRS = 4326
_HEADER = struct.Struct("<2sBBi4d")
_SHORT = struct.Struct("<2sBBi")

_WGS84 = (
    'GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563,AUTHORITY["EPSG","7030"]],'
    'AUTHORITY["EPSG","6326"]],PRIMEM["Greenwich",0,AUTHORITY["EPSG","8901"]],UNIT["degree",0.0174532925199433,'
    'AUTHORITY["EPSG","9122"]],AUTHORITY["EPSG","4326"]]'
)

CORE_SQL = """
CREATE TABLE gpkg_spatial_ref_sys (
  srs_name TEXT NOT NULL, srs_id INTEGER NOT NULL PRIMARY KEY, organization TEXT NOT NULL,
  organization_coordsys_id INTEGER NOT NULL, definition TEXT NOT NULL, description TEXT);
CREATE TABLE gpkg_contents (
  table_name TEXT NOT NULL PRIMARY KEY, data_type TEXT NOT NULL, identifier TEXT UNIQUE, description TEXT DEFAULT '',
  last_change DATETIME NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')),
  min_x DOUBLE, min_y DOUBLE, max_x DOUBLE, max_y DOUBLE, srs_id INTEGER,
  CONSTRAINT fk_gc_r_srs_id FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys(srs_id));
CREATE TABLE gpkg_geometry_columns (
  table_name TEXT NOT NULL, column_name TEXT NOT NULL, geometry_type_name TEXT NOT NULL, srs_id INTEGER NOT NULL,
  z TINYINT NOT NULL, m TINYINT NOT NULL,
  CONSTRAINT pk_geom_cols PRIMARY KEY (table_name, column_name), CONSTRAINT uk_gc_table_name UNIQUE (table_name),
  CONSTRAINT fk_gc_tn FOREIGN KEY (table_name) REFERENCES gpkg_contents(table_name),
  CONSTRAINT fk_gc_srs FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys (srs_id));
"""


def add_core(connection: sqlite3.Connection) -> None:
    """Make the core tables of GeoPackage 1.4 in an open transaction."""
    for statement in CORE_SQL.split(";\n"):
        if statement.strip():
            connection.execute(statement)
    connection.executemany(
        "INSERT INTO gpkg_spatial_ref_sys VALUES (?, ?, ?, ?, ?, ?)",
        [
            ("WGS 84 geodetic", SRS, "EPSG", SRS, _WGS84, "longitude, latitude in degrees"),
            ("Undefined cartesian SRS", -1, "NONE", -1, "undefined", ""),
            ("Undefined geographic SRS", 0, "NONE", 0, "undefined", ""),
        ],
    )


def add_layer(connection: sqlite3.Connection, table: str, geometry_type: str, description: str) -> None:
    """Register a table or view with a column `geom` as a layer; its extent stays unset, which readers accept."""
    connection.execute(
        "INSERT INTO gpkg_contents (table_name, data_type, identifier, description, srs_id) VALUES (?, 'features', ?, ?, ?)",
        (table, table, description, SRS),
    )
    connection.execute("INSERT INTO gpkg_geometry_columns VALUES (?, 'geom', ?, ?, 0, 0)", (table, geometry_type, SRS))


def encode(geometries: Sequence[shapely.Geometry] | np.ndarray) -> list[bytes]:
    """Return GeoPackage blobs (header with envelope, little endian, SRS 4326) of WGS-84 geometries, in order."""
    array = np.asarray(geometries, dtype=object)
    bounds = shapely.bounds(array)
    blobs: list[bytes] = []
    for wkb, (min_x, min_y, max_x, max_y) in zip(shapely.to_wkb(array, byte_order=1), bounds, strict=True):
        if np.isnan(min_x):  # empty: no envelope, flag 0x10
            blobs.append(_SHORT.pack(b"GP", 0, 0x11, SRS) + wkb)
        else:
            blobs.append(_HEADER.pack(b"GP", 0, 0x03, SRS, min_x, max_x, min_y, max_y) + wkb)
    return blobs


def decode(blobs: Sequence[bytes]) -> np.ndarray:
    """
    Return the geometries of GeoPackage blobs as an object array, in order.

    Raises
    ------
    ValueError
        If a blob is no GeoPackage geometry.
    """
    wkbs: list[bytes] = []
    for blob in blobs:
        if blob[:2] != b"GP":
            raise ValueError("not a GeoPackage geometry")
        envelope = (blob[3] >> 1) & 0x07
        wkbs.append(blob[8 + (0, 32, 48, 48, 64)[envelope] :])
    geometries: np.ndarray = np.asarray(shapely.from_wkb(wkbs), dtype=object)
    return geometries
