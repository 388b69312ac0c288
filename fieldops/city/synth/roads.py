"""
From the bones to the main roads as they lie on the ground: carriageways, bridges, junctions, and the blocks between.

Everything that is broad (an avenue, a river, a railway) has two sides. At a junction the side lines of neighbouring
arms meet in a corner node, so that two avenues meet in four nodes, as they do in OSM. The sides of an avenue are its
carriageways (traffic keeps to the right); the sides of a water are the roads along it; a crossing is the line from one
corner of an arm to its other corner.
"""

from dataclasses import dataclass
from math import atan2, dist, hypot

from fieldops.city.synth.lattice import HALF_WIDTH, WATER, Edge, Kind, Lattice
from fieldops.city.synth.names import english
from fieldops.city.synth.net import Net

Point = tuple[float, float]
RANK = {"trunk": 3, "primary": 3, "secondary": 3, "tertiary": 2}


@dataclass(frozen=True, slots=True)
class Block:
    """
    A face between main roads: its corner nodes counter-clockwise.

    `ranks[k]` tells the road from node k to the next: 3 main road, 2 street, 1 lane, 0 no road; `names[k]` its name.
    `cells` are the fine lattice cells that it covers; `water` says that it is the bed of a river or creek.
    """

    nodes: tuple[int, ...]
    ranks: tuple[int, ...]
    names: tuple[str, ...]
    cells: tuple[tuple[int, int], ...]


@dataclass(slots=True)
class _Arm:
    """One edge as seen from one of its ends."""

    edge: int
    outward: bool  # the edge starts here
    along: Point  # unit vector out of the junction
    half: float
    left: int = -1  # corner node where the left side begins, seen outwards
    right: int = -1


@dataclass(frozen=True, slots=True)
class Side:
    """One side of an edge from its `a` to its `b`, with the points between."""

    nodes: tuple[int, ...]
    road: bool


def _arms(lattice: Lattice) -> dict[int, list[_Arm]]:
    """Return the arms of every node, counter-clockwise."""
    x, y = lattice.x.ravel(), lattice.y.ravel()
    arms: dict[int, list[_Arm]] = {}
    for number, edge in enumerate(lattice.edges):
        half = HALF_WIDTH[edge.kind]
        for node, near, outward in ((edge.a, edge.middle[0], True), (edge.b, edge.middle[-1], False)):
            dx, dy = near[0] - float(x[node]), near[1] - float(y[node])
            length = hypot(dx, dy)
            arms.setdefault(node, []).append(_Arm(number, outward, (dx / length, dy / length), half))
    for around in arms.values():
        around.sort(key=lambda arm: atan2(arm.along[1], arm.along[0]))
    return arms


def _corner(at: Point, first: _Arm, second: _Arm) -> Point:
    """Return where the left side of an arm meets the right side of the next one counter-clockwise."""
    (ax, ay), (bx, by) = first.along, second.along
    px, py = at[0] - ay * first.half, at[1] + ax * first.half
    qx, qy = at[0] + by * second.half, at[1] - bx * second.half
    cross = ax * by - ay * bx
    if abs(cross) < 0.25 or first is second:  # nearly straight on: halfway between the two offsets
        return (px + qx) / 2, (py + qy) / 2
    s = ((qx - px) * by - (qy - py) * bx) / cross
    reach = 3 * max(first.half, second.half)
    s = min(max(s, -reach), reach)
    return px + ax * s, py + ay * s


def _make_corners(net: Net, at: Point, around: list[_Arm]) -> None:
    """Give the arms of one junction their corner nodes; an arm without breadth joins the corners on both sides of it."""
    count = len(around)
    points = [_corner(at, around[k], around[(k + 1) % count]) for k in range(count)]
    group = list(range(count))
    for k, arm in enumerate(around):
        if arm.half == 0 and count > 1:
            old, new = group[k], group[k - 1]
            group = [new if g == old else g for g in group]
    nodes: dict[int, int] = {}
    for g in dict.fromkeys(group):
        members = [points[k] for k in range(count) if group[k] == g]
        nodes[g] = net.node(sum(p[0] for p in members) / len(members), sum(p[1] for p in members) / len(members))
    for k, arm in enumerate(around):
        arm.left, arm.right = nodes[group[k]], nodes[group[k - 1]]


def _has_road(edge: Edge, *, left: bool) -> bool:
    if edge.kind in (Kind.ROAD, Kind.AVENUE):
        return True
    return edge.kind in WATER and (edge.left if left else edge.right)


def _breadth(net: Net, at: Point, arm: _Arm) -> float:
    """Return how far the arm's corners lie from the middle of the junction: a broad river takes much of a short edge."""
    return max(dist(at, (net.x[node], net.y[node])) for node in (arm.left, arm.right))


def _sides(net: Net, lattice: Lattice, ends: list[tuple[_Arm, _Arm]]) -> list[tuple[Side, Side]]:
    """Return (left, right) of every edge, both from `a` to `b`; one and the same where the edge has no breadth."""
    x, y = lattice.x.ravel(), lattice.y.ravel()
    found = []
    for edge, (start, end) in zip(lattice.edges, ends, strict=True):
        half = HALF_WIDTH[edge.kind]
        first, last = (float(x[edge.a]), float(y[edge.a])), (float(x[edge.b]), float(y[edge.b]))
        clear = _breadth(net, first, start) + 9, _breadth(net, last, end) + 9
        kept = [point for point in edge.middle if dist(point, first) > clear[0] and dist(point, last) > clear[1]]
        course = [first, *(kept or [edge.middle[1]]), last]
        left_nodes, right_nodes = [start.left], [start.right]
        for before, point, after in zip(course, course[1:], course[2:], strict=False):
            dx, dy = after[0] - before[0], after[1] - before[1]
            length = hypot(dx, dy)
            nx, ny = -dy / length * half, dx / length * half
            left_nodes.append(net.node(point[0] + nx, point[1] + ny))
            right_nodes.append(net.node(point[0] - nx, point[1] - ny) if half else left_nodes[-1])
        left_nodes.append(end.right)
        right_nodes.append(end.left)
        found.append((Side(tuple(left_nodes), _has_road(edge, left=True)),
                      Side(tuple(right_nodes), _has_road(edge, left=False))))  # fmt: skip
    return found


def _faces(arms: dict[int, list[_Arm]]) -> list[list[tuple[int, bool]]]:
    """Return the faces as cycles of (edge, taken from a to b), each with the face on its left."""
    position = {(arm.edge, arm.outward): (node, k) for node, around in arms.items() for k, arm in enumerate(around)}
    seen: set[tuple[int, bool]] = set()
    cycles = []
    for start in position:
        if start in seen:
            continue
        cycle, here = [], start
        while here not in seen:
            seen.add(here)
            cycle.append(here)
            node, k = position[here[0], not here[1]]  # the same edge seen from its other end
            following = arms[node][k - 1]
            here = (following.edge, following.outward)
        cycles.append(cycle)
    return cycles


@dataclass(slots=True)
class Roads:
    """The main roads of a city, drawn into a net, and the blocks between them."""

    net: Net
    lattice: Lattice
    names: dict[int, tuple[str, str]]  # edge -> names of its left and its right side
    sides: list[tuple[Side, Side]]  # left and right of every edge, both from `a` to `b`
    blocks: list[Block]


def _draw_edges(roads: Roads) -> None:
    """Draw the sides that are roads."""
    for number, edge in enumerate(roads.lattice.edges):
        (left, right), names = roads.sides[number], roads.names.get(number, ("", ""))
        if edge.kind is Kind.ROAD:
            roads.net.way(list(left.nodes), highway=edge.highway, **named(names[0]))
        elif edge.kind is Kind.AVENUE:
            shared = {"highway": edge.highway, "oneway": "yes", "lanes": "3", "sidewalk": "right"}
            roads.net.way(list(right.nodes), **shared, **named(names[1]))
            roads.net.way(list(reversed(left.nodes)), **shared, **named(names[0]))
        elif edge.kind in WATER:
            for side, name in zip((left, right), names, strict=True):
                if side.road:
                    roads.net.way(list(side.nodes), highway=edge.highway, **named(name))


def named(name: str) -> dict[str, str]:
    """Return the tags of a name in Chinese and in English; none for no name."""
    return {"name": name, "name__en": english(name)} if name else {}


def _crossing(lattice: Lattice, node: int, arm: _Arm, before: _Arm, after: _Arm) -> bool:
    """Whether a road runs over the mouth of the arm, from its right corner to its left one."""
    edge, lower, upper = (lattice.edges[a.edge] for a in (arm, before, after))
    if arm.left == arm.right or edge.kind in (Kind.ROAD, Kind.NONE):
        return False
    facing = _has_road(lower, left=before.outward) and _has_road(upper, left=not after.outward)
    if not facing:
        return False
    if edge.kind is Kind.AVENUE:
        return True
    along_water = lower.kind in WATER and upper.kind in WATER
    if edge.kind is Kind.CREEK and along_water:
        return True  # the road along the river passes over the mouth of the creek
    return node in lattice.crossed and not along_water


def _draw_crossings(roads: Roads, arms: dict[int, list[_Arm]]) -> None:
    """Draw what lies inside the junctions: carriageways that go on, bridges, ways under the railway."""
    lattice, net = roads.lattice, roads.net
    for node, around in arms.items():
        count = len(around)
        if count < 3:
            continue
        drawn: set[tuple[int, int]] = set()
        for k, arm in enumerate(around):
            before, after = around[k - 1], around[(k + 1) % count]
            if not _crossing(lattice, node, arm, before, after):
                continue
            line = (min(arm.left, arm.right), max(arm.left, arm.right))
            if line in drawn:
                continue
            drawn.add(line)
            edge = lattice.edges[arm.edge]
            other = max((before, after), key=lambda a: (lattice.edges[a.edge].line != edge.line,
                                                        lattice.edges[a.edge].kind is Kind.AVENUE,
                                                        lattice.edges[a.edge].level))  # fmt: skip
            through = lattice.edges[other.edge]
            names = roads.names.get(other.edge, ("", ""))
            name = names[0] if (other is before) == other.outward else names[1]
            tags = {"highway": through.highway, **named(name)}
            if through.kind is Kind.AVENUE:
                tags["oneway"] = "yes"
            if edge.kind in WATER:
                tags |= {"bridge": "yes", "layer": "1"}
            net.way([arm.right, arm.left], **tags)


def _blocks(roads: Roads, arms: dict[int, list[_Arm]]) -> list[Block]:
    """Return the faces that are land and closed, with the rank and name of the road along each piece of their edge."""
    lattice, net = roads.lattice, roads.net
    found = []
    for cycle in _faces(arms):
        nodes: list[int] = []
        ranks: list[int] = []
        names: list[str] = []
        cells: dict[tuple[int, int], None] = {}
        for number, forward in cycle:
            edge = lattice.edges[number]
            side = roads.sides[number][0 if forward else 1]
            course = side.nodes if forward else tuple(reversed(side.nodes))
            rank = RANK.get(edge.highway, 2) if side.road else 0
            nodes += course[:-1]
            ranks += [rank] * (len(course) - 1)
            names += [roads.names.get(number, ("", ""))[0 if forward else 1]] * (len(course) - 1)
            (i, j), direction = divmod(edge.a, lattice.size), edge.line[0]
            if direction in ("r", "c"):
                cells[(i, j if forward else j - 1) if direction == "r" else (i - 1 if forward else i, j)] = None
        area = (
            sum(net.x[a] * net.y[b] - net.x[b] * net.y[a] for a, b in zip(nodes, [*nodes[1:], nodes[0]], strict=True))
            / 2
        )
        if area > 1_500 and len(set(nodes)) == len(nodes):
            found.append(Block(tuple(nodes), tuple(ranks), tuple(names), tuple(cells)))
    return found


def lay_roads(lattice: Lattice, names: dict[int, tuple[str, str]]) -> Roads:
    """
    Return the main roads of the lattice, drawn, and the blocks between them.

    Parameters
    ----------
    lattice
        The bones of the city.
    names
        Names of the left and the right side of the edges that have one, by number of the edge.
    """
    roads = Roads(Net(), lattice, names, [], [])
    arms = _arms(lattice)
    x, y = lattice.x.ravel(), lattice.y.ravel()
    ends: dict[int, list[_Arm]] = {}
    for node, around in arms.items():
        _make_corners(roads.net, (float(x[node]), float(y[node])), around)
        for arm in around:
            ends.setdefault(arm.edge, []).append(arm)
    ordered = [(pair[0], pair[1]) if pair[0].outward else (pair[1], pair[0]) for _, pair in sorted(ends.items())]
    roads.sides = _sides(roads.net, lattice, ordered)
    _draw_edges(roads)
    _draw_crossings(roads, arms)
    roads.blocks = _blocks(roads, arms)
    return roads
