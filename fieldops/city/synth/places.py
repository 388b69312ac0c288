"""Where people are met in a made-up city: restaurants, shops, cinemas, night markets, bus stops."""

from dataclasses import dataclass

import numpy as np

from fieldops.city.synth import words
from fieldops.city.synth.growth import Growth
from fieldops.city.synth.land import Parcel
from fieldops.city.synth.lattice import HALF_WIDTH, Kind, Lattice
from fieldops.city.synth.names import Names
from fieldops.city.synth.net import Net, Way
from fieldops.city.synth.plane import FloatArray
from fieldops.city.synth.roads import Roads

_PER_KM = {"primary": 9.0, "secondary": 9.0, "tertiary": 8.0, "residential": 6.0, "living_street": 7.0, "trunk": 2.0}
_SIDE_M = 9.0
_MAPPED_SHARE = 0.25  # of the restaurants stand on the map; the others are on the team's own list


@dataclass(frozen=True, slots=True)
class Venue:
    """A venue that is not on the map: kind, name, place in metres, people met per hour, opening times as HH:MM."""

    kind: str
    name: str
    x: float
    y: float
    people_per_hour: int
    open_from: str
    open_until: str


def town_radius(lattice: Lattice) -> float:
    """Return the radius of a disc as large as the urban cells, metres."""
    return float(np.sqrt((lattice.growth == Growth.URBAN).sum() * 0.55e6 / np.pi))


def bustle(lattice: Lattice, x: FloatArray, y: FloatArray) -> FloatArray:
    """Return how busy it is at points in metres: 1 in the middle of the town, less in subcentres, towards 0 outside."""
    scale = max(1_100.0, 0.42 * town_radius(lattice))
    busy = np.exp(-np.hypot(x, y) / scale)
    for cx, cy in lattice.subcentres:
        busy = np.maximum(busy, 0.7 * np.exp(-np.hypot(x - cx, y - cy) / 900))
    return busy


def _fronts(net: Net, ways: list[Way]) -> tuple[FloatArray, FloatArray]:
    """Return the lines of all roads with shops: ends (n, 4) in metres, and venues per km in the busiest place (n,)."""
    lines, rates = [], []
    for way in ways:
        rate = _PER_KM.get(way.tags.get("highway", ""), 0.0)
        if rate and "bridge" not in way.tags and ("name" in way.tags or rate == _PER_KM["living_street"]):
            lines += [(net.x[u], net.y[u], net.x[v], net.y[v]) for u, v in zip(way.nodes, way.nodes[1:], strict=False)]
            rates += [rate] * (len(way.nodes) - 1)
    return np.array(lines).reshape(-1, 4), np.array(rates)


def open_restaurants(
    net: Net, lattice: Lattice, ways: list[Way], names: Names, rng: np.random.Generator
) -> list[Venue]:
    """
    Open restaurants and small shops along the streets, most of them where it is busy.

    A quarter of the restaurants and all supermarkets go on the map; the others are returned.
    """
    lines, rates = _fronts(net, ways)
    busy = bustle(lattice, lines[:, [0, 2]].mean(axis=1), lines[:, [1, 3]].mean(axis=1))
    length = np.hypot(lines[:, 2] - lines[:, 0], lines[:, 3] - lines[:, 1])
    count = rng.poisson(rates * length / 1_000 * np.where(busy > 0.04, busy, 0))
    line = np.repeat(np.arange(len(lines)), count)
    along, side = rng.uniform(0.06, 0.94, line.size), rng.choice([-1.0, 1.0], line.size) * _SIDE_M / length[line]
    dx, dy = lines[line, 2] - lines[line, 0], lines[line, 3] - lines[line, 1]
    x, y = lines[line, 0] + dx * along - dy * side, lines[line, 1] + dy * along + dx * side
    draw, crowd = rng.random(line.size), rng.lognormal(np.log(32), 0.45, line.size) * (0.6 + busy[line])
    listed: list[Venue] = []
    for k in range(line.size):
        at = float(x[k]), float(y[k])
        if draw[k] < 0.08:
            net.node(*at, {"shop": "supermarket", "name": names.shop()})
        elif draw[k] < 0.08 + 0.92 * _MAPPED_SHARE:
            net.node(*at, {"amenity": "restaurant", "name": names.restaurant()})
        else:
            morning = draw[k] > 0.9
            listed.append(Venue("restaurant", names.restaurant(), *at, max(8, round(float(crowd[k]))),
                                "06:00" if morning else "10:30", "13:30" if morning else "21:30"))  # fmt: skip
    return listed


def open_places(net: Net, parcels: list[Parcel], names: Names, rng: np.random.Generator) -> list[Venue]:
    """Put cinemas into malls on the map, and return night markets, which no map knows."""
    listed: list[Venue] = []
    for parcel in parcels:
        x = float(np.mean([net.x[piece.node] for piece in parcel.ring]))
        y = float(np.mean([net.y[piece.node] for piece in parcel.ring]))
        if parcel.use == "mall" and rng.random() < 0.55:
            net.node(x + 6, y + 5, {"amenity": "cinema", "name": words.CINEMAS[int(rng.integers(len(words.CINEMAS)))]})
        if parcel.use == "market" and rng.random() < 0.3:
            listed.append(
                Venue(
                    "market", names.place(("夜市",), parcel.street), x, y, int(rng.integers(120, 320)), "18:00", "23:00"
                )
            )
    return listed


def place_bus_stops(roads: Roads, rng: np.random.Generator) -> None:
    """Put bus stops on both sides of main roads, named after the road or what it passes."""
    net, lattice = roads.net, roads.lattice
    for number, edge in enumerate(lattice.edges):
        served = edge.kind in (Kind.ROAD, Kind.AVENUE) and edge.level >= 1 and edge.highway != "trunk"
        if not served or rng.random() > (0.75 if edge.level == 2 else 0.45):
            continue
        name = roads.names.get(number, ("", ""))[0]
        (ax, ay), (x, y), (bx, by) = edge.middle
        length = float(np.hypot(bx - ax, by - ay))
        away = HALF_WIDTH[edge.kind] + 6.0
        nx, ny = -(by - ay) / length * away, (bx - ax) / length * away
        shift = 14.0 / length
        for sign in (-1, 1):  # the two stops lie a little apart, each before the other
            px, py = x + sign * (nx + (bx - ax) * shift), y + sign * (ny + (by - ay) * shift)
            net.node(px, py, {"highway": "bus_stop", "name": f"{name}站" if name else "公交站"})
