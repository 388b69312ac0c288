"""River, creek, railway and motorway of a made-up city: what nobody lives on, but everybody must get around."""

from math import hypot

import numpy as np
import shapely
from numpy.typing import NDArray

from fieldops.city.synth.lattice import HALF_WIDTH, WATER, Kind, Lattice
from fieldops.city.synth.names import Names
from fieldops.city.synth.net import Net
from fieldops.city.synth.roads import Roads, named

Course = list[tuple[float, float]]
_WATER_BESIDE_ROAD_M = 18.0  # the embankment between a water and the road along it
_WAY_POINTS = 24  # most pieces of a way of water or track: OSM keeps ways short, and so do readers


def courses(lattice: Lattice, kind: Kind) -> list[Course]:
    """Return the middle line of everything of that kind, each as long as it runs on."""
    x, y = lattice.x.ravel(), lattice.y.ravel()
    found: list[Course] = []
    end = -1
    for edge in sorted((e for e in lattice.edges if e.kind is kind), key=lambda e: (e.line, e.place)):
        if edge.a != end:
            found.append([(float(x[edge.a]), float(y[edge.a]))])
        found[-1] += [*edge.middle, (float(x[edge.b]), float(y[edge.b]))]
        end = edge.b
    return found


def barriers(lattice: Lattice) -> NDArray[np.object_]:
    """Return the ground of all waters, rails and motorways as polygons in metres."""
    kinds = (*WATER, Kind.RAIL, Kind.MOTORWAY)
    lines = [(shapely.LineString(course), HALF_WIDTH[kind]) for kind in kinds for course in courses(lattice, kind)]
    return np.array([line.buffer(half, quad_segs=2) for line, half in lines], dtype=object)


def _parallel(course: Course, offset: float) -> Course:
    """Return the line at that distance to the left of the course, point by point."""
    moved = []
    for k, (x, y) in enumerate(course):
        (ax, ay), (bx, by) = course[max(k - 1, 0)], course[min(k + 1, len(course) - 1)]
        length = hypot(bx - ax, by - ay)
        moved.append((x - (by - ay) / length * offset, y + (bx - ax) / length * offset))
    return moved


def _draw(net: Net, course: Course, **tags: str) -> None:
    nodes = [net.node(x, y) for x, y in course]
    for start in range(0, len(nodes) - 1, _WAY_POINTS):
        net.way(nodes[start : start + _WAY_POINTS + 1], **tags)


def draw_scenery(roads: Roads, city: str, names: Names) -> None:
    """
    Draw waters, railway with its station, and motorway with its ramps.

    Parameters
    ----------
    roads
        The main roads; ways are added to their net.
    city
        Name of the city, for station and motorway.
    names
        The town's book of names.
    """
    net, lattice = roads.net, roads.lattice
    for kind, sort, end in ((Kind.RIVER, "river", "江"), (Kind.CREEK, "stream", "河")):
        name = names.water(end)
        for course in courses(lattice, kind):
            half = HALF_WIDTH[kind] - _WATER_BESIDE_ROAD_M
            left = [net.node(x, y) for x, y in _parallel(course, half)]
            right = [net.node(x, y) for x, y in _parallel(course, -half)]
            for start in range(0, len(course) - 1, _WAY_POINTS):
                piece = slice(start, start + _WAY_POINTS + 1)
                net.way(
                    [*left[piece], *reversed(right[piece]), left[start]], natural="water", water=sort, **named(name)
                )
            _draw(net, course, waterway=sort, **named(name))
    for course in courses(lattice, Kind.RAIL):
        for track in (-2.5, 2.5):
            _draw(net, _parallel(course, track), railway="rail", bridge="yes", layer="1")
    for course in courses(lattice, Kind.MOTORWAY):
        for side, direction in ((-9.0, course), (-9.0, list(reversed(course)))):
            _draw(net, _parallel(direction, side), highway="motorway", oneway="yes", bridge="yes", layer="2",
                  ref="G99", **named(f"{city}绕城高速"))  # fmt: skip
    x, y = (
        float(lattice.x[lattice.centre, lattice.lines["rail"]]),
        float(lattice.y[lattice.centre, lattice.lines["rail"]]),
    )
    net.node(x, y, {"railway": "station", "name": f"{city}站", "name:en": f"{named(city)['name__en']} Railway Station"})
    _draw_ramps(roads)


def _draw_ramps(roads: Roads) -> None:
    """Draw four ramps where a main road passes under the motorway."""
    net, lattice = roads.net, roads.lattice
    column, n = lattice.lines["motorway"], lattice.size
    motorway = {e.a: e for e in lattice.edges if e.kind is Kind.MOTORWAY}
    rows = {e.a: k for k, e in enumerate(lattice.edges) if e.line[0] == "r" and e.kind in (Kind.ROAD, Kind.AVENUE)}
    for node in sorted(lattice.crossed):
        i = node // n
        east, west, up, down = rows.get(node), rows.get(node - n), motorway.get(node), motorway.get(node - 1)
        if i != column or east is None or west is None or up is None or down is None or lattice.edges[east].level < 2:
            continue
        for number, k in ((east, 1), (west, -2)):  # the points of the road nearest to the junction on either side
            for edge, m in ((up, 1), (down, -2)):
                course = [edge.middle[1 if m == 1 else -2], edge.middle[0 if m == 1 else -1]]
                road = roads.sides[number][1].nodes[k]
                last = course[-1]
                bend = net.node((last[0] * 2 + net.x[road]) / 3, (last[1] * 2 + net.y[road]) / 3)
                net.way([net.node(*course[0]), bend, road], highway="motorway_link", oneway="yes")
