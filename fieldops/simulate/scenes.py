"""Where campaigns run: small cities on a grid, or a city that was imported; each with its truth and its force."""

import csv
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from fieldops.errors import BadInput
from fieldops.ids import CrewId
from fieldops.people import Crew
from fieldops.rules import Rules
from fieldops.simulate.conditions import Conditions
from fieldops.simulate.grid import make_grid_city
from fieldops.simulate.run import Scene
from fieldops.simulate.town import ASSUMED, hide_truth, touching_streets
from fieldops.store.city import read_city
from fieldops.store.connect import open_region, read_rules

if TYPE_CHECKING:
    from fieldops.city.model import City

CREW_SIZE, HOURS_A_DAY = 4, 6.0


def grid_scene(
    *,
    city: int,
    seed: int,
    conditions: Conditions,
    side: int = 10,
    crews: int = 3,
    days: int = 21,
    rules: Rules | None = None,
) -> Scene:
    """
    Return a city on a grid; the number of the city gives map and truth, the seed gives the luck of the field.

    Parameters
    ----------
    city, seed
        The same numbers give the same scene.
    conditions
        Of the field.
    side
        The city has side x side streets.
    crews
        Of 4 people, 6 hours a day.
    days
        How long a campaign may take.
    rules
        Settings of the region before the policy changes any.
    """
    rng = np.random.default_rng([city, 1])
    made = make_grid_city(side, rng, people_error=conditions.people_error)
    return scene_of_city(made, seed=seed, conditions=conditions, crews=crews, days=days, rules=rules, rng=rng)


def scene_of_city(
    city: "City", *, seed: int, conditions: Conditions, crews: int, days: int, rules: Rules | None = None,
    rng: np.random.Generator | None = None, told: Mapping[str, tuple[float, float, float]] | None = None,
) -> Scene:  # fmt: skip
    """Return the scene of a city as imported: its truth is drawn, its crews of 4 live on streets of it."""
    rng = rng or np.random.default_rng([seed, 2])
    town = hide_truth(
        city, neighbours=touching_streets(city), response=ASSUMED, conditions=conditions, rng=rng, told=told
    )
    at = rng.choice(len(town.streets), size=crews, replace=crews > len(town.streets))
    middle = city.streets.geometry.representative_point()
    force = tuple(
        Crew(CrewId(f"C{i:03d}"), f"Crew {i}", CREW_SIZE, HOURS_A_DAY, float(middle.x.iloc[k]), float(middle.y.iloc[k]))
        for i, k in enumerate(at.tolist())
    )
    homes = tuple((float(town.x[k]), float(town.y[k])) for k in at.tolist())
    return Scene(city, town, force, homes, conditions, seed, days, rules or Rules())


def region_scene(
    path: Path, *, seed: int, conditions: Conditions, crews: int, days: int, truth: Path | None = None
) -> Scene:
    """
    Return the scene of the city of a region file: its map as it stands, a truth drawn for the seed, no record of the region.

    `truth` is the file of `fieldops synth` with what is true of its streets (street, people, awareness, response).

    Raises
    ------
    NotFound
        If there is no such file, or it holds no city.
    BadInput
        If the truth cannot be read.
    """
    told = _read_truth(truth) if truth else None
    region = open_region(path)
    try:
        city = read_city(region.reader())
        rules = read_rules(region.reader())
    finally:
        region.close()
    city = replace(city, streets=city.streets[city.streets["status"] == "open"].reset_index(drop=True))
    return scene_of_city(city, seed=seed, conditions=conditions, crews=crews, days=days, rules=rules, told=told)


def _read_truth(path: Path) -> dict[str, tuple[float, float, float]]:
    told: dict[str, tuple[float, float, float]] = {}
    try:
        with path.open(encoding="utf-8", newline="") as file:
            for number, row in enumerate(csv.DictReader(file), start=2):
                people, awareness, response = (float(row[column]) for column in ("people", "awareness", "response"))
                if not (people > 0 and 0 < awareness < 1 and response > 0):
                    raise BadInput(f"no truth: {row}", row=number, cure="people and response > 0, awareness in (0, 1)")
                told[row["street"]] = (people, awareness, response)
    except (OSError, KeyError, ValueError, TypeError) as error:
        raise BadInput(
            f"{path} holds no truth of streets ({error})", cure="give the truth.csv of `fieldops synth`"
        ) from None
    return told
