"""A made-up city: bones, roads, streets, buildings and venues, all from one seed."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from fieldops.city.synth.blocks import Cutter
from fieldops.city.synth.estates import build_estates
from fieldops.city.synth.houses import build_rows
from fieldops.city.synth.land import divide
from fieldops.city.synth.lattice import make_lattice
from fieldops.city.synth.names import Names, english
from fieldops.city.synth.naming import name_edges
from fieldops.city.synth.net import Way
from fieldops.city.synth.places import Venue, open_places, open_restaurants, place_bus_stops
from fieldops.city.synth.plane import FloatArray, to_degrees
from fieldops.city.synth.roads import lay_roads
from fieldops.city.synth.scenery import barriers, draw_scenery
from fieldops.city.synth.villages import lay_villages, village_sites
from fieldops.errors import Stopped
from fieldops.progress import Progress, no_progress


@dataclass(frozen=True, slots=True)
class Town:
    """
    A made-up city as a map: nodes in degrees WGS-84, ways through them, tags, and the venues that no map knows.

    `lon`, `lat` hold every node; `tags` those of single nodes, by number; `ways` name their nodes by number. `venues`
    are in degrees too, in the order (kind, name, lon, lat, people per hour, open from, open until).
    """

    name: str
    lon: FloatArray
    lat: FloatArray
    tags: dict[int, dict[str, str]]
    ways: tuple[Way, ...]
    venues: tuple[tuple[str, str, float, float, int, str, str], ...]

    @property
    def english_name(self) -> str:
        """Return the name in pinyin."""
        return english(self.name)


def _degrees(venues: list[Venue]) -> tuple[tuple[str, str, float, float, int, str, str], ...]:
    lon, lat = to_degrees(np.array([v.x for v in venues]), np.array([v.y for v in venues]))
    return tuple((v.kind, v.name, a, b, v.people_per_hour, v.open_from, v.open_until)
                 for v, a, b in zip(venues, lon.tolist(), lat.tolist(), strict=True))  # fmt: skip


def _without_islands(ways: list[Way], nodes: int) -> list[Way]:
    """Return the ways without roads that hang on nothing, such as a highway whose bridge was never built."""
    walked = [way for way in ways if way.tags.get("highway", "motorway") not in ("motorway", "motorway_link")]
    steps = np.array([step for way in walked for step in pairwise(way.nodes)])
    graph = coo_array((np.ones(len(steps)), (steps[:, 0], steps[:, 1])), shape=(nodes, nodes))
    label = connected_components(graph, directed=False)[1]
    main = np.bincount(label[steps[:, 0]]).argmax()
    islands = {id(way) for way in walked if label[way.nodes[0]] != main}
    return [way for way in ways if id(way) not in islands]


def make_town(streets: float, rng: np.random.Generator, progress: Progress = no_progress, *, fill: float = 1.0) -> Town:
    """
    Return a made-up city of about so many streets.

    Parameters
    ----------
    streets
        Streets wanted as the importer counts them; met to about 25 %, see `fieldops.exchange.synthfiles` for better.
    rng
        Generator that decides everything: the same state gives the same town, to the last digit.
    progress
        Told of each step.
    fill
        Moves the edge of the town, see `make_lattice`: how to come nearer to the number of streets.

    Raises
    ------
    Stopped
        If progress asked to stop.
    """
    bones, naming, cutting, building, trade, country = rng.spawn(6)

    def step(share: float) -> None:
        if not progress("town", share):
            raise Stopped("nothing was written")

    step(0.0)
    names = Names(naming)
    city = names.city()
    lattice = make_lattice(streets, bones, fill=fill)
    roads = lay_roads(lattice, name_edges(lattice, names))
    net, cutter = roads.net, Cutter(roads.net, names)
    step(0.1)
    parcels = divide(roads, cutter, cutting)
    sites = village_sites(net, lattice, parcels, country)
    step(0.4)
    villages = lay_villages(net, cutter, sites, barriers(lattice), names, country)
    draw_scenery(roads, city, names)
    step(0.5)
    estates = build_estates(net, parcels, names, building)
    step(0.75)
    corners, tags = build_rows(net, [*parcels, *villages], estates.fronts, building)
    place_bus_stops(roads, trade)
    ways = _without_islands(net.finished(), len(net.x))
    listed = open_restaurants(net, lattice, ways, names, trade) + open_places(net, parcels, names, trade)
    net.node(0.0, 0.0, {"place": "city", "name": city, "name:en": english(city)})
    step(0.9)
    shapes = np.concatenate([estates.corners, corners])
    first = len(net.x)
    x = np.concatenate([np.array(net.x), shapes[:, :, 0].ravel()])
    y = np.concatenate([np.array(net.y), shapes[:, :, 1].ravel()])
    lon, lat = to_degrees(x, y)
    for k, tag in enumerate([*estates.tags, *tags]):
        a = first + 4 * k
        ways.append(Way((a, a + 1, a + 2, a + 3, a), tag))
    step(1.0)
    return Town(city, lon, lat, net.tags, tuple(ways), _degrees(listed))
