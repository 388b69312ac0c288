"""The assignments that benchmarks pose: made-up cities, public instances, and made-up instances of the public kinds."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.vq import kmeans2
from scipy.spatial import KDTree

from fieldops.planning.assignment import AssignmentProblem
from fieldops.planning.terms import KEPT, SWARMED
from tests.benchmarks.rows import ROOT

FOLDER = Path(os.environ.get("FIELDOPS_SHARED_DATA", ROOT.parent / "shared" / "data"))
HOURS = 100  # hours are whole hundredths, as in a region's plan
NEAREST = 20
CREWS_A_ZONE = 10
LOOSE, TIGHT = 0.9, 0.5  # what all crews have together, as a share of the hours of all streets
ALL_TERMS = ("capped", "pins", "cooling", "weights")


@dataclass(frozen=True)
class Terms:
    """Which terms are on; `capacity` is `LOOSE`, `TIGHT` or another share."""

    capacity: float
    capped: bool = False
    pins: bool = False
    cooling: bool = False
    weights: bool = False


def made_up(streets: int, crews: int, terms: Terms, *, seed: int = 0) -> tuple[AssignmentProblem, NDArray[np.int64]]:
    """
    Return a made-up city, and the zone of each crew: clustered streets, lognormal hours of 1 to 12, 20 nearest crews.

    Live claims take a tenth of the hours first; 3 % of the pairs cool down; the cap binds for about half of the crews; a
    tenth of the streets lie in swarmed triangles and a tenth of the pairs were published before.
    """
    rng = np.random.default_rng(seed)
    side = np.sqrt(streets) * 120.0  # metres
    middles = rng.uniform(0, side, (max(4, streets // 400), 2))
    near = middles[rng.integers(len(middles), size=streets)] + rng.normal(0, 800, (streets, 2))
    place = np.where(rng.random((streets, 1)) < 0.7, near, rng.uniform(0, side, (streets, 2)))
    homes = place[rng.choice(streets, crews, replace=False)] + rng.normal(0, 300, (crews, 2))
    hours = np.clip(rng.lognormal(1.2, 0.6, streets), 1, 12)
    people = hours * rng.lognormal(3.5, 0.35, streets)
    metres, crew = KDTree(homes).query(place, k=min(NEAREST, crews))
    street, crew = np.repeat(np.arange(streets), crew.shape[1]), crew.ravel()
    walk = 1.3 * metres.ravel() / 4500.0
    needed = np.ceil((hours[street] + walk) * HOURS) / HOURS
    room = rng.uniform(0.7, 1.3, crews)
    share = room * terms.capacity * hours.sum() / room.sum() * (0.9 if terms.pins else 1.0)
    worth = people[street]
    if terms.weights:
        worth = worth * np.where(rng.random(streets)[street] < 0.1, SWARMED, 1.0)
        worth = worth * np.where(rng.random(len(street)) < 0.1, KEPT, 1.0)
    lawful = rng.random(len(street)) > (0.03 if terms.cooling else 0.0)
    cap = int(np.ceil(terms.capacity * streets / crews)) if terms.capped else None
    problem = AssignmentProblem(
        worth[lawful], needed[lawful], np.floor(share * HOURS) / HOURS, np.column_stack([street, crew])[lawful], cap,
        streets=streets,
    )  # fmt: skip
    _, zone = kmeans2(homes, max(1, crews // CREWS_A_ZONE), minit="++", rng=rng)
    return problem, zone.astype(np.int64)


def pose_instance(path: Path) -> tuple[AssignmentProblem, int]:
    """Return a public instance and what minus its objective is the cost; see `pose_costs`."""
    numbers = np.array(path.read_text().split(), dtype=np.int64)
    agents, jobs = int(numbers[0]), int(numbers[1])
    cost, use = numbers[2 : 2 + 2 * agents * jobs].reshape(2, agents, jobs)
    return pose_costs(cost, use, numbers[2 + 2 * agents * jobs :][:agents])


def pose_costs(
    cost: NDArray[np.int64], use: NDArray[np.int64], room: NDArray[np.int64]
) -> tuple[AssignmentProblem, int]:
    """
    Return costs of agents and jobs, shape (agents, jobs), as values K - cost, and K times the jobs.

    K exceeds what all jobs can cost together, so that leaving a job out never pays.
    """
    agents, jobs = cost.shape
    large = int(cost.max()) * jobs + 1
    agent, job = np.indices((agents, jobs)).reshape(2, -1)
    return AssignmentProblem((large - cost).ravel(), use.ravel(), room, np.column_stack([job, agent])), large * jobs


def like_public(kind: str, jobs: int, agents: int, *, seed: int = 0) -> tuple[AssignmentProblem, int]:
    """
    Return a made-up instance of kind c, d or e, of any size: the public ones of the hard kinds are small.

    Notes
    -----
    Chu & Beasley (1997), Computers & Operations Research 24(1), for c and d; Laguna, Kelly, Gonzalez-Velarde & Glover
    (1995), European Journal of Operational Research 82(1), for e.
    """
    rng = np.random.default_rng(seed)
    shape = (agents, jobs)
    if kind == "c":
        use, cost = rng.integers(5, 26, shape), rng.integers(10, 51, shape)
    elif kind == "d":
        use = rng.integers(1, 101, shape)
        cost = 111 - use + rng.integers(-10, 11, shape)
    else:
        use = np.ceil(1 - 10 * np.log(rng.uniform(1e-12, 1, shape))).astype(np.int64)
        cost = np.ceil(1000 / use - 10 * rng.uniform(0, 1, shape)).astype(np.int64)
    return pose_costs(np.maximum(cost, 1), use, np.floor(0.8 * use.sum(axis=1) / agents).astype(np.int64))


def posed(spec: list[Any]) -> tuple[AssignmentProblem, int, NDArray[np.int64]]:
    """
    Return the problem that plain words name, its offset, and the zone of each crew.

    `["city", streets, crews, capacity, [terms that are on]]`, `["public", name]`, `["like", kind, jobs, agents]`.
    """
    if spec[0] == "city":
        _, streets, crews, capacity, on = spec
        problem, zone = made_up(streets, crews, Terms(capacity, **dict.fromkeys(on, True)))
        return problem, 0, zone
    problem, offset = pose_instance(FOLDER / "gap" / spec[1]) if spec[0] == "public" else like_public(*spec[1:])
    return problem, offset, np.arange(problem.crews) // CREWS_A_ZONE
