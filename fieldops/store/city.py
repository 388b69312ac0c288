"""The city in the region file: feature layers written by an import, edits by hand kept as a log and applied again."""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from fieldops.clock import format_moment, parse_moment
from fieldops.errors import NotFound
from fieldops.events import CityImported, StreetEdited
from fieldops.ids import CityId, StreetId
from fieldops.progress import Progress, no_progress
from fieldops.said import Said
from fieldops.store import audit, geopackage
from fieldops.store.connect import Turn
from fieldops.store.sqlite import sqlite3

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

    from fieldops.city.edits import Edit
    from fieldops.city.model import City

# The edits that changed a street or made it, oldest first; `parent` is the one of most people of which it was made.
_EDITS_OF_STREET = """
SELECT e.took_effect_at, edit ->> 'kind' AS kind, edit ->> 'value' AS value,
  EXISTS (SELECT 1 FROM json_each(edit, '$.made') WHERE value = :street) AS made,
  (SELECT s.id FROM json_each(edit, '$.streets') AS p JOIN street AS s ON s.id = p.value ORDER BY s.people DESC LIMIT 1) AS parent,
  e.took_effect_at > :at AND NOT EXISTS (SELECT 1 FROM event AS a WHERE a.kind = 'ClockAccepted' AND a.seq > e.seq AND a.took_effect_at <= :at) AS later
FROM street_edit JOIN event AS e USING (seq)
WHERE EXISTS (SELECT 1 FROM json_each(edit, '$.streets') WHERE value = :street)
  OR EXISTS (SELECT 1 FROM json_each(edit, '$.made') WHERE value = :street)
ORDER BY seq"""

# frame -> (table, columns of the table in the order of the frame's columns); `geom` and `city_id` are added.
_COLUMNS: dict[str, tuple[str, dict[str, str]]] = {
    "streets": ("street", {
        "street": "id", "kind": "kind", "name": "name", "label": "label", "name_source": "name_source",
        "length_m": "length_m", "walk_m": "walk_m", "people": "people", "people_low": "people_low",
        "people_high": "people_high", "people_source": "people_source", "buildings": "buildings", "floors": "floors",
        "permission": "permission", "open_from": "open_from", "open_until": "open_until", "status": "status", "priority": "priority", "triangle": "triangle_id",
        "zone": "zone_id", "node": "node", "ways": "ways",
    }),
    "segments": ("segment", {
        "way": "way", "from_node": "from_node", "to_node": "to_node", "length_m": "length_m", "kind": "kind",
        "highway": "highway", "name": "name", "dual": "dual", "bridge": "bridge", "street": "street_id",
    }),
    "buildings": ("building", {
        "building": "id", "kind": "kind", "street": "street_id", "floors": "floors", "area_m2": "area_m2",
        "people": "people", "frontage_m": "frontage_m",
    }),
    "gates": ("gate", {"street": "street_id", "node": "node", "source": "source"}),
    "venues": ("venue", {
        "venue": "id", "kind": "kind", "name": "name", "people_per_hour": "people_per_hour", "open_from": "open_from",
        "open_until": "open_until", "street": "street_id", "source": "source",
    }),
    "hubs": ("hub", {"hub": "id", "kind": "kind", "node": "node", "weight": "weight"}),
    "triangles": ("triangle", {
        "triangle": "id", "a": "a", "b": "b", "c": "c", "point_node": "point_node", "point_lon": "point_lon",
        "point_lat": "point_lat", "radius_m": "radius_m", "barrier": "barrier", "inside": "inside", "zone": "zone_id",
    }),
    "zones": ("zone", {
        "zone": "id", "name": "name", "streets": "streets", "people": "people", "work_hours": "work_hours",
    }),
}  # fmt: skip
_NULLABLE = {"street_id", "triangle_id", "zone_id", "open_from", "open_until"}  # '' in a frame is NULL in a table


def city_ids(connection: sqlite3.Connection) -> list[CityId]:
    """Return the cities of the region, in the order of their names."""
    return [CityId(row[0]) for row in connection.execute("SELECT id FROM city ORDER BY id")]


def write_city(
    turn: Turn,
    city_id: CityId,
    city: "City",
    *,
    coordinates: str,
    event: CityImported,
    progress: Progress = no_progress,
) -> None:
    """
    Put the city in the place of what the region holds under that id; the report of progress is not asked to stop.

    Streets that are no longer in the city stay as rows of status *gone*: claims and surveys point to them. Venues and
    hubs set by hand or CSV are the caller's to carry over into `city`.
    """
    connection = turn.connection
    connection.execute(
        "INSERT INTO city (id, name, time_zone, source, digest, attribution, coordinates, boundary, report, imported_at) "
        "VALUES (?,?,?,?,?,?,?,?,?,?) ON CONFLICT (id) DO UPDATE SET time_zone=excluded.time_zone, "
        "source=excluded.source, digest=excluded.digest, attribution=excluded.attribution, "
        "coordinates=excluded.coordinates, boundary=excluded.boundary, report=excluded.report, "
        "imported_at=excluded.imported_at",
        (
            city_id, city.name, city.time_zone, "map", event.digest, city.attribution, coordinates,
            geopackage.encode([city.boundary])[0], json.dumps(city.report, ensure_ascii=False),
            format_moment(turn.now),
        ),
    )  # fmt: skip
    connection.execute("DELETE FROM node WHERE city_id = ?", (city_id,))
    connection.executemany(
        "INSERT INTO node (id, city_id, lon, lat) VALUES (?,?,?,?)",
        [(n, city_id, x, y) for n, x, y in city.nodes[["node", "lon", "lat"]].itertuples(index=False)],
    )
    connection.execute("UPDATE street SET status = 'gone' WHERE city_id = ?", (city_id,))
    for step, (name, (table, _)) in enumerate(_COLUMNS.items(), start=1):
        progress("storing", step / (len(_COLUMNS) + 1))
        if name != "streets":
            connection.execute(f"DELETE FROM {table} WHERE city_id = ?", (city_id,))  # noqa: S608  # our own names
        _insert(connection, city_id, name, getattr(city, name))
    audit.append(turn, event)


def save_edit(turn: Turn, city_id: CityId, edit: "Edit", city: "City", *, event: StreetEdited) -> None:
    """Append the edit to the log and bring the tables to `city`, which is the city with the edit applied."""
    connection = turn.connection
    sequence = audit.append(turn, event)
    connection.execute(
        "INSERT INTO street_edit (seq, city_id, edit) VALUES (?,?,?)",
        (sequence, city_id, json.dumps(edit.to_json(), ensure_ascii=False)),
    )
    touched = set(edit.streets) | set(edit.made)
    connection.executemany("UPDATE street SET status = 'gone' WHERE id = ?", [(street,) for street in touched])
    _insert(connection, city_id, "streets", city.streets[city.streets["street"].isin(touched)])
    for name in ("segments", "buildings", "venues"):
        frame, table = getattr(city, name), _COLUMNS[name][0]
        mine = frame[frame["street"].isin(touched)]
        connection.executemany(
            f"UPDATE {table} SET street_id = ? WHERE fid = ?",  # noqa: S608  # our own names
            [(street, int(fid)) for street, fid in mine[["street", "fid"]].itertuples(index=False)],
        )
    connection.execute("DELETE FROM gate WHERE city_id = ?", (city_id,))
    _insert(connection, city_id, "gates", city.gates)


def read_edits(connection: sqlite3.Connection, city_id: CityId) -> "list[Edit]":
    """Return the edits by hand of a city, oldest first."""
    from fieldops.city.edits import Edit

    rows = connection.execute("SELECT edit FROM street_edit WHERE city_id = ? ORDER BY seq", (city_id,))
    return [Edit.from_json(json.loads(row[0])) for row in rows]


def read_city(connection: sqlite3.Connection, city_id: CityId | None = None) -> "City":
    """
    Return a city as stored; without an id the only city of the region.

    The frames carry one column more than `SCHEMA`: `fid`, the integer key of the row.

    Raises
    ------
    NotFound
        If there is no such city, or several and no id was given.
    """
    from fieldops.city.model import City

    known = city_ids(connection)
    if city_id is None and len(known) == 1:
        city_id = known[0]
    if city_id not in known:
        cure = (
            Said("choose one of %(choices)s with --city", choices=", ".join(known))
            if known
            else "import one with `fieldops import MAP --city NAME`"
        )
        raise NotFound("city", city_id or "", cure=cure)
    row = connection.execute("SELECT * FROM city WHERE id = ?", (city_id,)).fetchone()
    frames = {name: _read(connection, name, city_id) for name in _COLUMNS}
    return City(
        name=row["name"], time_zone=row["time_zone"], boundary=geopackage.decode([row["boundary"]])[0],
        nodes=_read_nodes(connection, city_id), report=json.loads(row["report"]), attribution=row["attribution"],
        read_at=None, **frames,
    )  # fmt: skip


def retired_streets(connection: sqlite3.Connection, city_id: CityId) -> "gpd.GeoDataFrame":
    """Return the streets that an edit by hand took away, so that a newer map finds them again and the edit applies."""
    import pandas as pd

    edits = read_edits(connection, city_id)
    consumed = {street for edit in edits if edit.kind in ("split", "join") for street in edit.streets}
    everything = _read(connection, "streets", city_id, gone=True)
    chosen = everything[everything["street"].isin(consumed)]
    return chosen.assign(street=chosen["street"].astype(pd.StringDtype()).astype(object))


def city_of_street(connection: sqlite3.Connection, street: StreetId) -> CityId:
    """
    Return the city in which a street lies.

    Raises
    ------
    NotFound
        If the region has no such street.
    """
    row = connection.execute("SELECT city_id FROM street WHERE id = ? AND status <> 'gone'", (street,)).fetchone()
    if row is None:
        raise NotFound("street", street, cure="look it up with `fieldops streets list`")
    return CityId(row[0])


def find_streets(
    connection: sqlite3.Connection, at: datetime, name: str = "", *, kind: str | None = None, zone: str | None = None
) -> list[dict[str, Any]]:
    """
    Return the streets whose id, name or label contains the text, as plain rows in the order of their labels.

    People come with their interval and the source of the figure, `holder` and `held_until` are those of the claim in force
    at the moment; `kind` and `zone` narrow the list.
    """
    rows = connection.execute(
        "SELECT s.id AS street, label, kind, people, people_low, people_high, people_source, buildings, walk_m, permission,"
        " coalesce(open_from, '') AS open_from, coalesce(open_until, '') AS open_until, status, c.crew_id AS holder, c.held_until, zone_id AS zone, triangle_id AS triangle FROM street AS s"
        " LEFT JOIN claim AS c ON c.street_id = s.id AND c.claimed_at <= :at AND coalesce(c.ended_at, c.held_until) > :at"
        " WHERE status <> 'gone' AND (s.id = :name OR instr(name, :name) OR instr(label, :name)) AND (:kind IS NULL OR kind = :kind)"
        " AND (:zone IS NULL OR zone_id = :zone) ORDER BY label, s.id",
        {"at": format_moment(at), "name": name, "kind": kind, "zone": zone},
    )
    return [dict(row) for row in rows]


def status_at(connection: sqlite3.Connection, street: StreetId, at: datetime) -> tuple[str, str]:
    """
    Return the status and the permission of a street as of a moment, told by the edits made by hand until and after it.

    What the first edit replaced came from the map (open; unknown for a compound, else free), or from the street of which this
    one was made. An edit of a time that never was, which `check clock --accept` ended, was there from the accepted moment on.

    Raises
    ------
    NotFound
        If there is no such street.
    """
    row = connection.execute("SELECT status, permission, kind FROM street WHERE id = ?", (street,)).fetchone()
    if row is None:
        raise NotFound("street", street, cure="find it by name with `fieldops streets list`")
    edits = connection.execute(_EDITS_OF_STREET, {"at": format_moment(at), "street": street}).fetchall()
    later = {"made" if one["made"] else one["kind"] for one in edits if one["later"]}
    before = {one["kind"]: one for one in edits if not one["later"]}  # the last of each kind
    switches = [one["kind"] for one in edits if one["kind"] in ("open", "close") and not one["later"]]
    maker = next((one for one in edits if one["made"] and one["parent"]), None)
    base = ("open", "unknown" if row["kind"] == "compound" else "free")
    if later and maker is not None:
        just_before = parse_moment(maker["took_effect_at"]) - timedelta(microseconds=1)
        base = status_at(connection, maker["parent"], min(at, just_before))
    status, permission = row["status"], row["permission"]
    if later & {"open", "close", "split", "join", "made"}:
        status = {"open": "open", "close": "closed"}[switches[-1]] if switches else base[0]
    if later & {"permit", "made"}:
        permission = before["permit"]["value"] if "permit" in before else base[1]
    return status, permission


def streets_of_other_cities(connection: sqlite3.Connection, city_id: CityId, ids: Iterable[StreetId]) -> list[StreetId]:
    """Return those of the ids that another city of the region holds already."""
    taken = {row[0] for row in connection.execute("SELECT id FROM street WHERE city_id <> ?", (city_id,))}
    return sorted(taken.intersection(ids))


def zones_of_other_cities(connection: sqlite3.Connection, city_id: CityId) -> set[str]:
    """Return the names of zones that other cities of the region have."""
    return {row[0] for row in connection.execute("SELECT id FROM zone WHERE city_id <> ?", (city_id,))}


def _insert(connection: sqlite3.Connection, city_id: CityId, name: str, frame: "pd.DataFrame") -> None:
    import shapely

    if len(frame) == 0:
        return
    table, columns = _COLUMNS[name]
    values: list[Sequence[Any]] = [geopackage.encode(frame["geometry"].to_numpy()), [city_id] * len(frame)]
    values += [_plain(frame[column], columns[column] in _NULLABLE) for column in columns]
    names = ["geom", "city_id", *columns.values()]
    if name == "streets":
        middle = shapely.point_on_surface(frame["geometry"].to_numpy())
        names += ["lon", "lat"]
        values += [shapely.get_x(middle).tolist(), shapely.get_y(middle).tolist()]
    conflict = ""
    if name == "streets":
        conflict = " ON CONFLICT (id) DO UPDATE SET " + ", ".join(f"{n}=excluded.{n}" for n in names if n != "id")
    connection.executemany(
        f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))}){conflict}",  # noqa: S608  # our own names
        list(zip(*values, strict=True)),
    )


def _plain(column: "pd.Series[Any]", nullable: bool) -> list[Any]:
    values: list[Any] = column.tolist()
    if nullable:
        return [value or None for value in values]
    if column.dtype.kind == "f":
        return [None if value != value else value for value in values]  # not a number
    return [int(value) for value in values] if column.dtype.kind in "bi" else values


def _read(connection: sqlite3.Connection, name: str, city_id: CityId, *, gone: bool = False) -> "gpd.GeoDataFrame":
    import geopandas as gpd

    from fieldops.city.model import SCHEMA, WGS84

    table, columns = _COLUMNS[name]
    where = "" if name != "streets" or gone else " AND status <> 'gone'"
    rows = connection.execute(
        f"SELECT fid, geom, {', '.join(columns.values())} FROM {table} WHERE city_id = ?{where} ORDER BY fid",  # noqa: S608  # our own names
        (city_id,),
    ).fetchall()
    dtypes = {"i": "int64", "f": "float64", "b": "bool", "s": "object", "g": "object"}
    by_column = list(zip(*rows, strict=True)) if rows else [()] * (len(columns) + 2)
    frame = gpd.GeoDataFrame(
        {"fid": list(by_column[0])}, geometry=list(geopackage.decode(list(by_column[1]))), crs=WGS84
    )
    for column, stored in zip(columns, by_column[2:], strict=True):
        kind = SCHEMA[name][column][0]
        filled = ["" if value is None else value for value in stored] if kind == "s" else list(stored)
        frame[column] = _series(filled, dtypes[kind])
    return frame[["fid", *SCHEMA[name]]]


def _series(values: list[Any], dtype: str) -> "pd.Series[Any]":
    import pandas as pd

    return pd.Series(values, dtype=dtype)


def _read_nodes(connection: sqlite3.Connection, city_id: CityId) -> "pd.DataFrame":
    import pandas as pd

    rows = connection.execute("SELECT id, lon, lat FROM node WHERE city_id = ? ORDER BY id", (city_id,)).fetchall()
    node, lon, lat = zip(*rows, strict=True) if rows else ((), (), ())
    return pd.DataFrame(
        {
            "node": _series(list(node), "int64"),
            "lon": _series(list(lon), "float64"),
            "lat": _series(list(lat), "float64"),
        }
    )
