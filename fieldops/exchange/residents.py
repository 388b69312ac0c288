"""Who lives where, as people give it: a number, a table of streets or of points, or a population grid; and hubs by hand."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from fieldops.errors import BadInput
from fieldops.exchange.tables import open_table
from fieldops.intake import check_width, read_number, read_position
from fieldops.said import Said

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

MOST_PEOPLE = 100_000_000  # more live in no city of the world
_PEOPLE = ("people", "population")
_CURE = (
    "give a total such as 198398, a CSV with street,people or lon,lat,people, or a polygon file with a column people"
)


def read_residents(given: str) -> "int | pd.DataFrame | gpd.GeoDataFrame":
    """
    Return residents as `settle` takes them.

    Parameters
    ----------
    given
        A whole number; a CSV with `street` or with `lon`, `lat` (degrees WGS-84) and with `people` or `population`; or
        any polygon file that maps may be read from, with a column `people` or `population`.

    Returns
    -------
    int or DataFrame or GeoDataFrame
        The total; a frame with columns street, people; or a frame of points or polygons with a column people, EPSG:4326.

    Raises
    ------
    BadInput
        If it is neither, the total is 0 or above `MOST_PEOPLE`, or a row cannot be used; the message names the row.
    """
    if given.replace("_", "").replace(",", "").isdecimal():
        digits = given.replace("_", "").replace(",", "").lstrip("0")
        if not digits:
            raise BadInput("nobody lives there", field="--residents", cure=_CURE)
        if len(digits) > len(str(MOST_PEOPLE)) or int(digits) > MOST_PEOPLE:
            raise BadInput(
                Said("%(given)s people live in no city", given=digits[:12] + "..." * (len(digits) > 12)), field="--residents",
                cure=Said("give at most %(most_people)s", most_people=MOST_PEOPLE),
            )  # fmt: skip
        return int(digits)
    path = Path(given)
    if not path.is_file():
        raise BadInput(Said("'%(given)s' is neither a number nor a file", given=given), field="--residents", cure=_CURE)
    if path.suffix.lower() not in (".csv", ".txt"):
        return _read_grid(path)
    header = open_table(path, needed=(), known=()).header
    people = next((name for name in _PEOPLE if name in header), "people")
    if "street" in header:
        return _read_streets(path, people)
    return _read_points(path, people)


def read_hubs(path: Path) -> "gpd.GeoDataFrame":
    """
    Return hubs set by hand as points (EPSG:4326) with a column `weight`, people met there per hour, 1 where not given.

    Raises
    ------
    BadInput
        If the table lacks lon or lat, or a row cannot be used; the message names the row.
    """
    table = open_table(path, needed=("lon", "lat"), known=("lon", "lat", "weight"))
    positions, weights = [], []
    for number, row in table.rows():
        with _in_row(number, row):
            positions.append(_position(row))
            weights.append(read_number(row, "weight", low=0.0) if row.get("weight") else 1.0)
    return _frame_of_points(positions, "weight", weights)


def _read_streets(path: Path, people: str) -> "pd.DataFrame":
    import pandas as pd

    streets, counts = [], []
    for number, row in open_table(path, needed=("street", people), known=("street", people)).rows():
        with _in_row(number, row):
            streets.append(row["street"])
            counts.append(read_number(row, people, low=0.0))
    return pd.DataFrame({"street": pd.Series(streets, dtype=object), "people": pd.Series(counts, dtype="float64")})


def _read_points(path: Path, people: str) -> "gpd.GeoDataFrame":
    positions, counts = [], []
    table = open_table(path, needed=("lon", "lat", people), known=("lon", "lat", people))
    for number, row in table.rows():
        with _in_row(number, row):
            positions.append(_position(row))
            counts.append(read_number(row, people, low=0.0))
    return _frame_of_points(positions, "people", counts)


def _read_grid(path: Path) -> "gpd.GeoDataFrame":
    from fieldops import maps

    frame = maps.read_layer(path)
    column = next((name for name in _PEOPLE if name in frame.columns), None)
    if column is None:
        raise BadInput(
            Said("%(name)s has no column people or population", name=path.name), field="--residents", cure=_CURE
        )
    grid = frame[[column, "geometry"]].rename(columns={column: "people"})
    grid["people"] = grid["people"].astype("float64")
    if (grid["people"] < 0).any() or grid["people"].isna().any() or grid["people"].sum() <= 0:
        raise BadInput(
            Said("%(name)s has cells without a count, below 0, or nobody at all", name=path.name),
            field="--residents",
            cure=_CURE,
        )
    return grid


def _frame_of_points(positions: list[tuple[float, float]], column: str, values: list[float]) -> "gpd.GeoDataFrame":
    import geopandas as gpd
    import shapely

    return gpd.GeoDataFrame({column: values}, geometry=list(shapely.points(positions)), crs="EPSG:4326")


@contextmanager
def _in_row(number: int, row: Mapping[str, str]) -> Iterator[None]:
    """Name the row in whatever is refused inside."""
    try:
        check_width(row)
        yield
    except BadInput as refusal:
        raise replace(refusal, row=number) from None


def _position(row: Mapping[str, str]) -> tuple[float, float]:
    lon, lat = read_position(row)
    if lon is None or lat is None:
        raise BadInput("no position is given", field="lon", cure="give lon and lat in degrees")
    return lon, lat
