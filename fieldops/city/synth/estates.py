"""
Walled ground in a made-up city: compounds, schools, works and hospitals with gates, inner ways and buildings.

Everything is computed for all parcels at once: the wall is the parcel moved inwards, the inner loop the wall moved
inwards, and a gate lies in the wall where it is nearest to the middle of a side with a road.
"""

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from fieldops.city.synth import words
from fieldops.city.synth.land import District, Parcel
from fieldops.city.synth.names import Names
from fieldops.city.synth.net import Net
from fieldops.city.synth.plane import FloatArray
from fieldops.city.synth.roads import named

Polygons = NDArray[np.object_]


@dataclass(frozen=True, slots=True)
class Slab:
    """Buildings of one kind in rows that face south: sizes and distances in metres, `most` of them on one ground."""

    building: str
    length: tuple[float, float]
    depth: float
    gap: float
    pitch: float
    floors: tuple[int, int]
    most: int = 40


SLABS = {
    "walk_up": Slab("apartments", (44, 68), 12, 12, 30, (5, 6), 22),
    "middle": Slab("apartments", (46, 64), 14, 18, 45, (9, 12), 9),
    "tower": Slab("apartments", (28, 34), 22, 36, 60, (16, 24), 5),
    "flats": Slab("apartments", (36, 60), 12, 10, 27, (4, 7), 30),
    "classes": Slab("school", (50, 76), 16, 26, 46, (3, 5), 4),
    "hall": Slab("industrial", (60, 105), 38, 20, 58, (1, 2), 8),
    "office": Slab("office", (42, 58), 20, 40, 70, (6, 15), 2),
    "mall": Slab("retail", (60, 92), 46, 60, 120, (4, 6), 1),
    "ward": Slab("hospital", (44, 80), 18, 26, 52, (6, 12), 4),
    "hall_of_market": Slab("retail", (36, 70), 26, 40, 80, (1, 2), 1),
}


@dataclass(frozen=True, slots=True)
class Use:
    """What a use looks like on the map: tags of the ground, ways in, whether it is walled, and its buildings."""

    tags: dict[str, str]
    setback: float
    gates: int
    loop: bool
    slabs: tuple[str, ...]


USES = {
    "compound": Use({"landuse": "residential"}, 9, 4, True, ("walk_up", "middle", "tower")),
    "flats": Use({}, 6, 0, False, ("flats",)),
    "school": Use({"amenity": "school"}, 8, 2, False, ("classes",)),
    "works": Use({"landuse": "industrial"}, 10, 2, False, ("hall",)),
    "hospital": Use({"amenity": "hospital"}, 8, 2, False, ("ward",)),
    "office": Use({"landuse": "commercial"}, 8, 1, False, ("office",)),
    "mall": Use({"landuse": "retail"}, 7, 0, False, ("mall",)),
    "market": Use({"amenity": "marketplace"}, 5, 0, False, ("hall_of_market",)),
    "park": Use({"leisure": "park"}, 5, 2, True, ()),
    "site": Use({"landuse": "construction"}, 8, 0, False, ()),
    "grass": Use({"landuse": "grass"}, 8, 0, False, ()),
    "fields": Use({"landuse": "farmland"}, 7, 0, False, ()),
}
_NOTHING = np.array([shapely.Polygon()], dtype=object)
_SPINE_M2 = 13_000.0  # ground inside the loop from which on a way runs through the middle
_FARTHEST_GATE_M = 60.0  # from the middle of its side: farther, and the way in would cross the neighbour's ground
FRONT_M = 25.0  # setback where a row of shops and flats stands between the wall and the street


def inset(polygons: Polygons, metres: FloatArray) -> Polygons:
    """Return each polygon moved inwards: its largest part, simplified; empty where nothing is left."""
    moved = shapely.buffer(polygons, -metres, join_style="mitre", quad_segs=1)
    parts, owner = shapely.get_parts(moved, return_index=True)
    area = shapely.area(parts)
    order = np.lexsort((-area, owner))
    first = order[np.r_[True, owner[order][1:] != owner[order][:-1]]] if order.size else order
    largest = np.full(polygons.shape, shapely.Polygon(), dtype=object)
    largest[owner[first]] = parts[first]
    return (
        np.asarray(shapely.simplify(shapely.polygons(shapely.get_exterior_ring(largest)), 0.8), dtype=object)
        if polygons.size
        else largest
    )


def outlines(net: Net, parcels: list[Parcel]) -> Polygons:
    """Return the parcels as polygons in metres."""
    nodes = np.array([piece.node for parcel in parcels for piece in parcel.ring])
    owner = np.repeat(np.arange(len(parcels)), [len(parcel.ring) for parcel in parcels])
    xy = np.column_stack([np.array(net.x)[nodes], np.array(net.y)[nodes]])
    return np.asarray(shapely.polygons(shapely.linearrings(xy, indices=owner)), dtype=object)


def has_front(parcel: Parcel, draw: float) -> bool:
    """Whether shops and flats stand in a row before the wall: usual in the middle of the town."""
    return parcel.use == "compound" and parcel.area_m2 > 14_000 and draw < 0.4 + 0.6 * parcel.centrality


@dataclass(slots=True)
class _Wall:
    """One ring before it is drawn: the places along it where a node must lie."""

    ring: shapely.LineString
    places: list[tuple[float, int]]

    def put(self, net: Net, point: shapely.Point, tags: dict[str, str] | None = None) -> tuple[int, shapely.Point]:
        """Return the node of the ring nearest to the point, and where it lies; one that is there already is used."""
        place = float(shapely.line_locate_point(self.ring, point))
        at = shapely.line_interpolate_point(self.ring, place)
        assert isinstance(at, shapely.Point)
        node = next((node for there, node in self.places if abs(there - place) < 1.0), None)
        if node is None:
            node = net.node(at.x, at.y, tags)
            self.places.append((place, node))
        return node, at

    def draw(self, net: Net) -> list[int]:
        """Return the closed ring of nodes; a corner gives way to a place that lies on it."""
        corners = shapely.get_coordinates(self.ring)
        steps = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(corners, axis=0).T))])
        taken = [place for place, _ in self.places]
        marks = list(self.places)
        for step, (x, y) in zip(steps[:-1].tolist(), corners[:-1].tolist(), strict=True):
            if all(min(abs(step - place), steps[-1] - abs(step - place)) > 0.5 for place in taken):
                marks.append((step, net.node(x, y)))
        nodes = [node for _, node in sorted(marks)]
        return [*nodes, nodes[0]]


def _choose_gates(net: Net, parcel: Parcel, most: int) -> list[tuple[float, float, tuple[int, int]]]:
    """Return up to `most` places on the roads around the parcel, far apart: x, y and the line they lie on."""
    if most > 1:
        most = min(most, 1 + int(parcel.area_m2 // 14_000))
    sides = []
    for piece, after in zip(parcel.ring, parcel.ring[1:] + parcel.ring[:1], strict=True):
        if piece.rank:
            ax, ay, bx, by = net.x[piece.node], net.y[piece.node], net.x[after.node], net.y[after.node]
            length = float(np.hypot(bx - ax, by - ay))
            if length > 16:
                sides.append((length * (1.4 if piece.rank == 2 else 1.0), (ax + bx) / 2, (ay + by) / 2, piece.line))
    sides.sort(key=lambda side: -side[0])
    chosen: list[tuple[float, float, tuple[int, int]]] = []
    apart = 0.55 * parcel.area_m2**0.5
    for _, x, y, line in sides:
        if len(chosen) < most and all(np.hypot(x - p, y - q) > apart for p, q, _ in chosen):
            chosen.append((x, y, line))
    return chosen


def _rows(ring: FloatArray, slab: Slab, length: float, aisle: float) -> tuple[FloatArray, FloatArray, FloatArray]:
    """
    Return slabs in rows from the south, in the frame in which rows run along x: middles x and y, and lengths.

    Each row takes the stretch that is inside the ground at its front and at its back; `aisle` metres stay free on both
    sides of x = 0 for a way.
    """
    y = np.arange(ring[:, 1].min() + slab.depth / 2 + 1, ring[:, 1].max() - slab.depth / 2, slab.pitch)
    following = np.roll(ring, -1, axis=0)
    west, east = np.full(y.size, -np.inf), np.full(y.size, np.inf)
    for level in (y - slab.depth / 2, y + slab.depth / 2):
        below, above = ring[:, 1] < level[:, None], following[:, 1] < level[:, None]
        with np.errstate(divide="ignore", invalid="ignore"):
            x = ring[:, 0] + (following[:, 0] - ring[:, 0]) * (level[:, None] - ring[:, 1]) / (
                following[:, 1] - ring[:, 1]
            )
        west = np.maximum(west, np.where(below != above, x, np.inf).min(axis=1))
        east = np.minimum(east, np.where(below != above, x, -np.inf).max(axis=1))
    stretches = [(west, east)] if aisle == 0 else [(west, np.minimum(east, -aisle)), (np.maximum(west, aisle), east)]
    found = []
    for start, end in stretches:
        for row, (a, b) in enumerate(zip(start.tolist(), end.tolist(), strict=True)):
            if not b - a >= 0.55 * slab.length[0]:
                continue
            count = max(1, round((b - a + slab.gap) / (length + slab.gap)))
            size = min(slab.length[1], (b - a - (count - 1) * slab.gap) / count)
            step = (b - a - size) / (count - 1) if count > 1 else 0.0
            found += [((a + b) / 2 if count == 1 else a + size / 2 + step * k, y[row], size) for k in range(count)]
    x_y_size = np.array(found).reshape(-1, 3)
    return x_y_size[:, 0], x_y_size[:, 1], x_y_size[:, 2] - 0.4


def _place_slabs(
    zones: Polygons, angles: FloatArray, aisles: FloatArray, kinds: list[Slab | None], rng: np.random.Generator
) -> tuple[FloatArray, NDArray[np.int64], NDArray[np.int64]]:
    """Return rectangles (n, 4, 2) that lie whole in their zone, the zone of each and its floors."""
    corners, owner, floors = [], [], []
    filled = ~shapely.is_empty(zones)
    centres = dict(
        zip(np.flatnonzero(filled).tolist(), shapely.get_coordinates(shapely.centroid(zones[filled])), strict=True)
    )
    for k, slab in enumerate(kinds):
        if slab is None or k not in centres:
            continue
        cos, sin = float(np.cos(angles[k])), float(np.sin(angles[k]))
        ring = shapely.get_coordinates(zones[k])[:-1] - centres[k]
        ring = np.column_stack([ring @ (cos, sin), ring @ (-sin, cos)])
        x, y, size = _rows(ring, slab, float(rng.uniform(*slab.length)), float(aisles[k]))
        px = x[:, None] + size[:, None] / 2 * np.array([-1, 1, 1, -1])
        py = y[:, None] + slab.depth / 2 * np.array([-1, -1, 1, 1])
        corners.append(np.stack([centres[k][0] + px * cos - py * sin, centres[k][1] + px * sin + py * cos], axis=-1))
        owner.append(np.full(x.size, k))
        storeys = int(rng.integers(slab.floors[0], slab.floors[1] + 1))
        floors.append(np.clip(storeys + rng.integers(-1, 2, x.size) * (storeys > 7), 1, None))
    if not corners:
        return np.empty((0, 4, 2)), np.empty(0, np.int64), np.empty(0, np.int64)
    all_corners, all_owner, all_floors = np.concatenate(corners), np.concatenate(owner), np.concatenate(floors)
    shapely.prepare(zones)
    inside = np.ones(all_owner.size, bool)
    for k in range(4):  # grounds that are not convex: the corners decide
        inside &= shapely.contains_xy(zones[all_owner], all_corners[:, k, 0], all_corners[:, k, 1])
    number = np.cumsum(inside)
    first = np.searchsorted(all_owner, all_owner)
    within = number - number[first] + inside[first]  # how many of this ground stand already, this one included
    most = np.array([slab.most if slab else 0 for slab in kinds])[all_owner]
    kept = inside & (within <= most)
    return all_corners[kept], all_owner[kept], all_floors[kept]


@dataclass(frozen=True, slots=True)
class Estates:
    """
    What was built on walled and open ground.

    `corners` of the buildings in metres, shape (n, 4, 2), and the `tags` of each; `fronts` are the numbers of the
    parcels that leave room for a row of shops before their wall.
    """

    corners: FloatArray
    tags: list[dict[str, str]]
    fronts: frozenset[int]


def _angle(net: Net, parcel: Parcel) -> float:
    """Return the direction of the rows: along the parcel, but facing south as far as its shape allows."""
    best, angle = 0.0, 0.0
    for piece, after in zip(parcel.ring, parcel.ring[1:] + parcel.ring[:1], strict=True):
        dx, dy = net.x[after.node] - net.x[piece.node], net.y[after.node] - net.y[piece.node]
        if dx * dx + dy * dy > best:
            best, angle = dx * dx + dy * dy, float(np.arctan2(dy, dx))
    angle = (angle + np.pi / 4) % (np.pi / 2) - np.pi / 4
    return float(np.clip(angle, -0.45, 0.45))


def _name(parcel: Parcel, names: Names, old: bool, rng: np.random.Generator) -> str:
    ends = {"school": words.SCHOOLS, "works": words.WORKS, "mall": words.MALLS, "market": words.MARKETS}
    if parcel.use == "compound":
        return names.compound(old=old, near=parcel.street) if rng.random() < 0.93 else ""
    if parcel.use in ends:
        return names.place(ends[parcel.use], parcel.street)
    if parcel.use == "hospital":
        return names.place(("医院",), parcel.street)
    return names.place(("公园",), parcel.street) if parcel.use == "park" else ""


def _slab(parcel: Parcel, rng: np.random.Generator) -> tuple[Slab | None, bool]:
    """Return what is built in rows there, and whether it is of the old kind."""
    choices = USES[parcel.use].slabs
    if not choices:
        return None, False
    if parcel.use != "compound":
        return SLABS[choices[0]], False
    old = parcel.district in (District.OLD, District.CORE, District.INDUSTRY)
    share = (0.72, 0.92) if old else (0.1, 0.55) if parcel.district is District.NEW else (0.42, 0.76)
    draw = rng.random()
    kind = choices[0] if draw < share[0] else choices[1] if draw < share[1] else choices[2]
    return SLABS[kind], kind == "walk_up"


def build_estates(net: Net, parcels: list[Parcel], names: Names, rng: np.random.Generator) -> Estates:
    """
    Draw walls, gates and inner ways of every parcel that has a use with ground, and return its buildings.

    Parameters
    ----------
    net
        The drawing; walls, ways and gates are added to it.
    parcels
        Parcels; those with a use that is not in `USES` are left alone.
    names
        The town's book of names.
    rng
        Generator that decides.
    """
    which = [k for k, parcel in enumerate(parcels) if parcel.use in USES]
    chosen = [parcels[k] for k in which]
    front = np.array([has_front(parcel, draw) for parcel, draw in zip(chosen, rng.random(len(chosen)), strict=True)])
    setback = np.where(front, FRONT_M, [USES[parcel.use].setback for parcel in chosen])
    walls = inset(outlines(net, chosen), setback)
    loops = inset(walls, np.full(len(chosen), 15.0))
    looped = np.array([USES[p.use].loop for p in chosen]) & (shapely.area(loops) > 9_000)
    zones = inset(np.where(looped, loops, walls), np.where(looped, 6.5, 4.0))
    kinds, old = zip(*(_slab(parcel, rng) for parcel in chosen), strict=True)
    titles = [_name(parcel, names, was_old, rng) for parcel, was_old in zip(chosen, old, strict=True)]
    _draw_grounds(net, chosen, walls, np.where(looped, loops, _NOTHING), titles, rng)
    aisles = np.where(looped & (shapely.area(loops) > _SPINE_M2), 5.0, 0.0)
    angles = np.array([_angle(net, parcel) for parcel in chosen])
    corners, owner, floors = _place_slabs(zones, angles, aisles, list(kinds), rng)
    tags = []
    for k, storeys in zip(owner.tolist(), floors.tolist(), strict=True):
        tag = {"building": kinds[k].building, "building:levels": str(storeys)}
        if chosen[k].use == "mall":
            tag |= {"shop": "mall", "name": titles[k]}
        tags.append(tag)
    return Estates(corners, tags, frozenset(which[k] for k in np.flatnonzero(front).tolist()))


def _draw_grounds(
    net: Net, parcels: list[Parcel], walls: Polygons, loops: Polygons, titles: list[str], rng: np.random.Generator
) -> None:
    """Draw wall, loop, and the way through each gate."""
    empty, open_ground = shapely.is_empty(walls), shapely.is_empty(loops)
    unmapped = rng.random(len(parcels)) < 0.08  # compounds that nobody has drawn yet: the importer finds them
    for k, parcel in enumerate(parcels):
        if empty[k]:
            continue
        use = USES[parcel.use]
        wall = _Wall(walls[k].exterior, [])
        loop = None if open_ground[k] else _Wall(loops[k].exterior, [])
        gates = _choose_gates(net, parcel, use.gates)
        for x, y, line in gates:
            if shapely.distance(wall.ring, shapely.Point(x, y)) > _FARTHEST_GATE_M:
                continue
            gate, at = wall.put(net, shapely.Point(x, y), {"barrier": "gate"})
            course = [net.put_into(line, x, y, snap=9.0), gate]
            if loop:
                course.append(loop.put(net, at)[0])
            net.way(course, highway="service")
        if use.tags and not (parcel.use == "compound" and unmapped[k]):
            net.way(wall.draw(net), **use.tags, **(named(titles[k]) if parcel.use != "mall" else {}))
        if loop:
            _spine(net, parcel, loops[k], loop)
            net.way(loop.draw(net), highway="service" if parcel.use != "park" else "footway")


def _spine(net: Net, parcel: Parcel, ground: shapely.Polygon, loop: _Wall) -> None:
    """Draw the way through the middle of a large compound, from one side of its loop to the other."""
    if shapely.area(ground) < _SPINE_M2:
        return
    angle, centre = _angle(net, parcel), shapely.centroid(ground)
    dx, dy = -2_000 * float(np.sin(angle)), 2_000 * float(np.cos(angle))
    cut = shapely.LineString([(centre.x - dx, centre.y - dy), (centre.x + dx, centre.y + dy)]).intersection(ground)
    if cut.geom_type != "LineString" or cut.is_empty:
        return
    ends = [loop.put(net, shapely.Point(x, y))[0] for x, y in shapely.get_coordinates(cut)[[0, -1]].tolist()]
    net.way(ends, highway="service" if parcel.use != "park" else "footway")
