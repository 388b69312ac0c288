"""
The live operation as layers: what QGIS, GDAL and geopandas see when they open the region file.

The views compute the moment themselves, because no process of ours runs when a map program reads them: the clock of
SQLite, never before the last event (rule 2); in a sandbox the last event's time is the present.
"""

from typing import TYPE_CHECKING

from fieldops.store import geopackage

if TYPE_CHECKING:
    from fieldops.store.sqlite import sqlite3

LAYERS = {
    "street_status": ("GEOMETRY", "streets with state, holder, hours left and awareness"),
    "triangle_status": ("POLYGON", "connection triangles with the latest decision of their point"),
    "zone_status": ("GEOMETRY", "zones with how many streets are saturated, claimed and free"),
}

_ESTIMATE = """
CREATE TABLE estimate (
  place TEXT PRIMARY KEY, noun TEXT NOT NULL CHECK (noun IN ('street', 'triangle', 'zone')), knows INTEGER NOT NULL,
  asked INTEGER NOT NULL, share REAL, low REAL, high REAL, hours_to_target REAL, as_of TEXT NOT NULL) STRICT, WITHOUT ROWID
"""

_MOMENT = """
CREATE VIEW present (moment) AS
SELECT CASE WHEN (SELECT value FROM setting WHERE name = 'sandbox') = 'true' THEN last
  ELSE max(strftime('%Y-%m-%dT%H:%M:%f', 'now') || '000Z', last) END
FROM (SELECT coalesce((SELECT recorded_at FROM event ORDER BY seq DESC LIMIT 1), '') AS last)
"""

_STREETS = """
CREATE VIEW street_status AS
SELECT s.fid, s.geom, s.id AS street, s.city_id AS city, s.kind, s.label, s.people, s.walk_m, s.permission, s.priority,
  s.zone_id AS zone, s.triangle_id AS triangle,
  CASE WHEN s.status = 'closed' THEN 'closed' WHEN p.until IS NOT NULL THEN 'paused' WHEN c.id IS NOT NULL THEN 'claimed'
    WHEN EXISTS (SELECT 1 FROM closure AS d WHERE d.street_id = s.id AND d.since <= now.moment
      AND d.reopens_at > now.moment AND (d.ended_at IS NULL OR d.ended_at > now.moment)) THEN 'saturated'
    WHEN s.permission = 'refused' THEN 'no_permission' ELSE 'free' END AS state,
  c.crew_id AS crew, c.id AS claim, c.held_until,
  round((julianday(c.held_until) - julianday(now.moment)) * 24, 2) AS hours_left,
  e.knows, e.asked, e.share, e.low, e.high, e.hours_to_target, e.as_of AS estimated_at, p.until AS paused_until
FROM street AS s CROSS JOIN present AS now
LEFT JOIN pause AS p ON p.street_id = s.id AND p.since <= now.moment AND coalesce(p.ended_at, p.until) > now.moment
LEFT JOIN claim AS c ON c.street_id = s.id AND c.claimed_at <= now.moment AND c.held_until > now.moment
  AND coalesce(c.ended_at, c.held_until) > now.moment
LEFT JOIN estimate AS e ON e.place = s.id AND e.noun = 'street'
WHERE s.status <> 'gone'
"""

_TRIANGLES = """
CREATE VIEW triangle_status AS
SELECT t.fid, t.geom, t.id AS triangle, t.city_id AS city, t.zone_id AS zone, t.point_lon, t.point_lat, t.radius_m, t.barrier,
  (SELECT d.verdict FROM decision AS d WHERE d.triangle_id = t.id AND d.withdrawn_at IS NULL
    ORDER BY d.decisive_at DESC LIMIT 1) AS verdict,
  (SELECT d.decided_at FROM decision AS d WHERE d.triangle_id = t.id AND d.withdrawn_at IS NULL
    ORDER BY d.decisive_at DESC LIMIT 1) AS decided_at,
  e.knows, e.asked, e.share, e.low, e.high, e.as_of AS estimated_at
FROM triangle AS t LEFT JOIN estimate AS e ON e.place = t.id AND e.noun = 'triangle'
"""

_ZONES = """
CREATE VIEW zone_status AS
SELECT z.fid, z.geom, z.id AS zone, z.city_id AS city, z.name, z.people, z.work_hours, z.streets,
  (SELECT count(*) FROM street_status AS s WHERE s.zone = z.id AND s.state = 'saturated') AS saturated,
  (SELECT count(*) FROM street_status AS s WHERE s.zone = z.id AND s.state = 'claimed') AS claimed,
  (SELECT count(*) FROM street_status AS s WHERE s.zone = z.id AND s.state = 'free') AS free,
  e.knows, e.asked, e.share, e.low, e.high, e.hours_to_target, e.as_of AS estimated_at
FROM zone AS z LEFT JOIN estimate AS e ON e.place = z.id AND e.noun = 'zone'
"""


def add_views(connection: "sqlite3.Connection") -> None:
    """Make the read model and its layers in an open transaction."""
    for statement in (_ESTIMATE, _MOMENT, _STREETS, _TRIANGLES, _ZONES):
        connection.execute(statement)
    for view, (geometry_type, description) in LAYERS.items():
        geopackage.add_layer(connection, view, geometry_type, description)


def shadow_estimates(connection: "sqlite3.Connection") -> None:
    """Let the connection read other estimates, none to begin with, and layers made of them, until it is closed."""
    connection.execute(
        "CREATE TEMP TABLE estimate (place TEXT PRIMARY KEY, noun TEXT, knows INTEGER, asked INTEGER, share REAL, low REAL,"
        " high REAL, hours_to_target REAL, hours_low REAL, hours_high REAL, as_of TEXT) WITHOUT ROWID"
    )
    for statement in (_STREETS, _TRIANGLES, _ZONES):
        connection.execute(statement.replace("CREATE VIEW", "CREATE TEMP VIEW"))


def renew_views(connection: "sqlite3.Connection") -> None:
    """Make the views of streets and zones anew, as this version has them."""
    for name in ("zone_status", "street_status"):
        connection.execute(f"DROP VIEW {name}")
    for statement in (_STREETS, _ZONES):
        connection.execute(statement)
