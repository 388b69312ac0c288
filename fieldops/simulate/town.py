"""
The hidden truth of a campaign: who knows, how many people there are, and how streets answer (statistics.md 4.2).

A town is pure: everything is drawn from its seed, and each street answers from a stream of its own, so that two policies
on one seed meet the same people (common random numbers).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from fieldops.awareness import Response, spill_weights
from fieldops.city.synth.truth import AWARENESS_KAPPA, MEAN_AWARENESS, RESPONSE_SPREAD
from fieldops.ids import StreetId, TriangleId
from fieldops.simulate.conditions import Conditions

if TYPE_CHECKING:
    from fieldops.city.model import City

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

_ANSWERS = 256  # answers of a street that are drawn at a time


@dataclass(frozen=True, slots=True, eq=False)
class Town:
    """
    What is true at the start of a campaign; arrays of shape (n_streets,) in the order of `streets`.

    `people` can be met on a street; `awareness` of them know; a promoter-hour reaches `response.rho * factor` new ones. `x`, `y`
    are metres; `triangle` is an index into `triangles`, -1 where a street has none. `venues` says where any stand.
    """

    streets: tuple[StreetId, ...]
    people: FloatArray
    awareness: FloatArray
    factor: FloatArray
    x: FloatArray
    y: FloatArray
    triangle: IntArray
    triangles: tuple[TriangleId, ...]
    point_x: FloatArray
    point_y: FloatArray
    venues: NDArray[np.bool_]
    neighbours: Any
    response: Response

    @property
    def spill(self) -> sparse.csr_array:
        """Return the spill-over weights W, see `spill_weights`."""
        return spill_weights(self.neighbours, len(self.streets))


def hide_truth(
    city: "City", *, neighbours: Any, response: Response, conditions: Conditions, rng: np.random.Generator,
    told: Mapping[str, tuple[float, float, float]] | None = None,
) -> Town:  # fmt: skip
    """
    Draw the truth of a city: people about what the operation believes, awareness and street factors as assumed.

    Parameters
    ----------
    city
        As imported.
    neighbours
        Adjacency of its streets, see `spill_weights`.
    response
        rho, delta, sigma and tau that hold in truth.
    conditions
        For the error in the people.
    rng
        Generator that draws.
    told
        Street -> (people, awareness, new people that an hour reaches), for the streets whose truth is known, as of a
        made-up city; the others' is drawn.
    """
    from fieldops.city.metres import Plane

    streets = city.streets
    middle = streets.geometry.representative_point()
    plane = Plane.around(middle.x.to_numpy(), middle.y.to_numpy())
    x, y = plane.to_metres(middle.x.to_numpy(), middle.y.to_numpy())
    point_x, point_y = plane.to_metres(city.triangles["point_lon"].to_numpy(), city.triangles["point_lat"].to_numpy())
    count = len(streets)
    place = {name: i for i, name in enumerate(city.triangles["triangle"])}
    with_venues = set(city.venues["street"])
    people = streets["people"].to_numpy(np.float64) * np.exp(conditions.people_error * rng.standard_normal(count))
    awareness = rng.beta(MEAN_AWARENESS * AWARENESS_KAPPA, (1 - MEAN_AWARENESS) * AWARENESS_KAPPA, count)
    factor = np.exp(response.tau * rng.standard_normal(count) - response.tau**2 / 2)
    for i, name in enumerate(streets["street"]):
        if told and name in told:
            people[i], awareness[i], rate = told[name]
            factor[i] = rate / response.rho
    return Town(
        streets=tuple(StreetId(name) for name in streets["street"]), people=np.maximum(people, 5.0),
        awareness=awareness, factor=factor, x=x, y=y,
        triangle=np.array([place.get(name, -1) for name in streets["triangle"]], dtype=np.int64),
        triangles=tuple(TriangleId(name) for name in place), point_x=point_x, point_y=point_y,
        venues=np.array([name in with_venues for name in streets["street"]], dtype=bool), neighbours=neighbours,
        response=response,
    )  # fmt: skip


def touching_streets(city: "City") -> sparse.csr_array:
    """Return the adjacency of streets that share a node; a compound meets the streets at its gates."""
    number = {street: k for k, street in enumerate(city.streets["street"])}
    pairs: set[tuple[int, int]] = set()
    for column in ("from_node", "to_node"):
        ends = zip(city.segments["street"], city.segments[column], strict=True)
        pairs |= {(number[street], int(node)) for street, node in ends if street}
    pairs |= {(number[s], int(n)) for s, n in zip(city.gates["street"], city.gates["node"], strict=True)}
    row, node = np.array(sorted(pairs), dtype=np.int64).reshape(-1, 2).T
    _, at = np.unique(node, return_inverse=True)
    incidence = sparse.csr_array((np.ones(row.size), (row, at)), shape=(len(number), int(at.max(initial=0)) + 1))
    touching = sparse.csr_array(incidence @ incidence.T)
    touching.setdiag(0)
    touching.eliminate_zeros()
    return touching


CONTACTS_PER_TOLD, CITY_SPREAD = 1.35, 0.2  # conversations for each person who newly knows; log spread between cities
ASSUMED = Response(tau=RESPONSE_SPREAD, delta=0.02)  # statistics.md, section 5


@dataclass(slots=True, eq=False)
class World:
    """
    A town while a campaign runs in it: awareness changes by the hour, passers-by answer, nights fade it.

    Within a day pushes commute and add, so that the hours of a day give what `next_day` gives.
    """

    town: Town
    conditions: Conditions
    seed: int
    awareness: FloatArray = field(init=False)
    _spill: sparse.csc_array = field(init=False, repr=False)
    _dose: FloatArray = field(init=False, repr=False)
    _talk: FloatArray = field(init=False, repr=False)
    _streams: dict[int, np.random.Generator] = field(default_factory=dict, repr=False)
    _answers: dict[int, list[float]] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        """Start with the truth of the town."""
        town = self.town
        self.awareness = town.awareness.copy()
        self._spill = sparse.csc_array(town.spill)
        self._dose = town.response.rho * town.factor / town.people
        luck = np.random.default_rng([self.seed, 8])
        of_city = CONTACTS_PER_TOLD * np.exp(CITY_SPREAD * luck.standard_normal())
        noise = np.exp(self.conditions.contact_noise * luck.standard_normal(len(town.people)))
        self._talk = of_city * town.response.rho * town.factor * noise

    def rate(self, street: int, begins: float, lasts: float = 0.0) -> float:
        """Return what pushing from that hour of the day on is worth, as a share of the best; `lasts` in clock hours."""
        if not self.town.venues[street]:
            return 1.0
        ends = begins + lasts
        early, late = max(0.0, min(ends, OPEN_FROM) - begins), max(0.0, ends - max(begins, OPEN_UNTIL))
        shut = (early + late) / lasts if lasts > 0 else float(not OPEN_FROM <= begins < OPEN_UNTIL)
        return 1.0 - self.conditions.venue_share * shut

    def missing_hours(self, street: int, target: float) -> float:
        """Return the promoter-hours that bring the street truly to the target in one go at the best hour."""
        ignorant = max(0.0, float(np.log((1.0 - self.awareness[street]) / (1.0 - target))))
        return ignorant / float(self._dose[street])

    def push(self, street: int, hours: float, *, hour: float, lasts: float = 0.0) -> None:
        """Let a street and its neighbours hear of so many promoter-hours, from that hour of the day on."""
        worth = hours * self.rate(street, hour, lasts)
        self._hear(street, worth)
        begin, end = self._spill.indptr[street], self._spill.indptr[street + 1]
        for near, weight in zip(self._spill.indices[begin:end], self._spill.data[begin:end], strict=True):
            self._hear(int(near), self.town.response.sigma * float(weight) * worth)

    def contacts(self, street: int, hours: float) -> int:
        """Return how many conversations a crew counts in so many promoter-hours."""
        luck = self._streams.setdefault(-1 - street, np.random.default_rng([self.seed, 9, street]))
        return int(luck.poisson(self._talk[street] * hours))

    def _hear(self, street: int, hours: float) -> None:
        self.awareness[street] = 1.0 - (1.0 - self.awareness[street]) * np.exp(-self._dose[street] * hours)

    def ask(self, street: int, count: int) -> list[bool]:
        """Return whether each of so many passers-by of a street knows; the same seed gives the same people."""
        return [draw < self.awareness[street] for draw in self._draws(street, count)]

    def ask_point(self, triangle: int, count: int) -> list[tuple[int, bool]]:
        """Return the home street of each of so many passers-by at a connection point, and whether they know."""
        of = np.flatnonzero(self.town.triangle == triangle)
        shares = np.cumsum(self.town.people[of]) / self.town.people[of].sum()
        homes = of[np.searchsorted(shares, self._draws(len(self.town.streets) + triangle, count))]
        return [(int(home), self.ask(int(home), 1)[0]) for home in homes]

    def night(self) -> None:
        """Let the night pass: a share of those who know forgets."""
        self.awareness *= 1.0 - self.town.response.delta

    def _draws(self, stream: int, count: int) -> list[float]:
        waiting = self._answers.setdefault(stream, [])
        while len(waiting) < count:
            if stream not in self._streams:
                self._streams[stream] = np.random.default_rng([self.seed, 7, stream])
            waiting.extend(self._streams[stream].random(_ANSWERS).tolist())
        taken, self._answers[stream] = waiting[:count], waiting[count:]
        return taken


OPEN_FROM, OPEN_UNTIL = 10.0, 20.0  # hours of the day at which people are met at venues


def shortfalls(shares: Sequence[float] | FloatArray, target: float) -> tuple[float, float]:
    """Return the share of streets at the target, and of those more than 5 points below it."""
    left = np.asarray(shares, dtype=np.float64)
    return float((left >= target).mean()), float((left < target - 0.05).mean())
