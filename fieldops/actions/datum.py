"""The coordinates of tables that people give: stated ones are converted, places that lie beside the streets are refused."""

from collections.abc import Iterable, Iterator
from itertools import chain, islice
from pathlib import Path
from typing import Any

import numpy as np

from fieldops.actions.intake import Row
from fieldops.city.coordinates import SYSTEMS, geometries_to_wgs84, to_wgs84
from fieldops.city.shift import find_table_shift
from fieldops.errors import BadInput
from fieldops.said import Said
from fieldops.store.places import street_lines
from fieldops.store.sqlite import sqlite3

_LOOKED_AT = 20_000  # rows from the top of a table that are compared with the streets
_BATCH = 5_000
_NAMES = {"gcj02": "GCJ-02", "bd09": "BD-09"}
_DIGITS = 8  # of a degree: a millimetre


def rows_in_wgs84(
    connection: sqlite3.Connection, rows: Iterable[Row], coordinates: str | None, *, lon: str = "lon", lat: str = "lat"
) -> Iterable[Row]:
    """
    Return the rows of a table with their places in WGS-84; what is no place stays for the table's own reader to refuse.

    Parameters
    ----------
    connection
        Of the region whose streets the places are compared with.
    coordinates
        One of `SYSTEMS`; None where nobody stated any: then they count as WGS-84 unless they lie beside the streets.
    lon, lat
        The columns that hold degrees.

    Raises
    ------
    BadInput
        If no such coordinates are known, or none are stated and the places are plainly shifted.
    """
    check_coordinates(coordinates)
    if coordinates is not None:
        return rows if coordinates == "wgs84" else _converted(iter(rows), coordinates, lon, lat)
    remaining = iter(rows)
    first = list(islice(remaining, _LOOKED_AT))
    refuse_shifted(*_places(first, lon, lat)[1:], street_lines(connection))
    return chain(first, remaining)


def check_coordinates(coordinates: str | None) -> None:
    """
    Refuse coordinates that are none of `SYSTEMS`.

    Raises
    ------
    BadInput
        If they are stated and unknown.
    """
    if coordinates is not None and coordinates not in SYSTEMS:
        raise BadInput(
            Said("no coordinates are called '%(coordinates)s'", coordinates=coordinates),
            field="coordinates",
            cure="use wgs84, gcj02 or bd09",
        )


def refuse_shifted(lon: Any, lat: Any, lines: Any, *, option: str = "--coordinates") -> None:
    """
    Refuse places (degrees) that lie beside the streets (lines in degrees WGS-84) by one vector, naming the system that fits.

    Raises
    ------
    BadInput
        If they do.
    """
    shift = find_table_shift(lon, lat, lines)
    if shift is None:
        return
    cure = (
        Said("state their coordinates: %(option)s %(system)s, or %(option)s wgs84 if they are right", option=option, system=shift.system)
        if shift.system
        else Said("mend them, or state %(option)s wgs84 if they are right", option=option)
    )  # fmt: skip
    facts = {"count": len(lon), "east": f"{shift.east_m:.0f}", "north": f"{abs(shift.north_m):.0f}"}
    if not shift.system:
        facts["north"] = f"{shift.north_m:.0f}"
        where = Said("these %(count)s places lie %(east)s m east and %(north)s m north of the streets", **facts)
    elif shift.north_m < 0:
        where = Said(
            "these %(count)s places lie %(east)s m east and %(north)s m south of the streets, as %(system)s does",
            **facts, system=_NAMES[shift.system],
        )  # fmt: skip
    else:
        where = Said(
            "these %(count)s places lie %(east)s m east and %(north)s m north of the streets, as %(system)s does",
            **facts, system=_NAMES[shift.system],
        )  # fmt: skip
    raise BadInput(where, field="coordinates", cure=cure)


def read_given(residents: str | None, hubs: Path | None, coordinates: str) -> tuple[Any, Any]:
    """
    Return the residents and the hubs that go with a map, with their places in WGS-84; None for what is not given.

    Raises
    ------
    BadInput
        If one of the files cannot be used, or no such coordinates are known.
    """
    from fieldops.exchange.residents import read_hubs, read_residents

    check_coordinates(coordinates)
    given: list[Any] = [read_residents(residents) if residents else None, read_hubs(hubs) if hubs else None]
    return tuple(
        frame.set_geometry(geometries_to_wgs84(frame.geometry.to_numpy(), coordinates), crs=frame.crs)
        if hasattr(frame, "geometry") else frame
        for frame in given
    )  # fmt: skip


def check_given(people: Any, hubs: Any, lines: Any) -> None:
    """
    Refuse residents or hubs given as points that lie beside the streets (lines in degrees WGS-84).

    Raises
    ------
    BadInput
        If they do; the cure states the coordinates of the tables.
    """
    for frame in (people, hubs):
        if hasattr(frame, "geometry") and (frame.geometry.geom_type == "Point").all():
            refuse_shifted(frame.geometry.x.to_numpy(), frame.geometry.y.to_numpy(), lines, option="--tables")


def _places(rows: list[Row], lon: str, lat: str) -> tuple[list[int], Any, Any]:
    """Return which rows hold a place in degrees, and the places."""
    at, found = [], []
    for i, (_, row) in enumerate(rows):
        try:
            place = float(row.get(lon, "")), float(row.get(lat, ""))
        except ValueError:
            continue
        if abs(place[0]) <= 180 and abs(place[1]) <= 85:
            at.append(i)
            found.append(place)
    xy = np.array(found, dtype=np.float64).reshape(-1, 2)
    return at, xy[:, 0], xy[:, 1]


def _converted(rows: Iterator[Row], coordinates: str, lon: str, lat: str) -> Iterator[Row]:
    while batch := list(islice(rows, _BATCH)):
        at, lons, lats = _places(batch, lon, lat)
        for i, x, y in zip(at, *(some.tolist() for some in to_wgs84(lons, lats, coordinates)), strict=True):
            number, row = batch[i]
            batch[i] = number, {**row, lon: f"{x:.{_DIGITS}f}", lat: f"{y:.{_DIGITS}f}"}
        yield from batch
