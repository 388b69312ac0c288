"""The drawing of a made-up city while it grows: points, ways through them, and points put into lines drawn before."""

from dataclasses import dataclass, field
from math import hypot

Line = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Way:
    """A line or ring (first node again at the end) through nodes of the net, with the tags that OSM would give it."""

    nodes: tuple[int, ...]
    tags: dict[str, str]


@dataclass(slots=True)
class Net:
    """
    Nodes in metres and the ways through them.

    A road that ends on a line drawn before puts its node *into* that line: whoever lives on the other side of the line
    need not know. `finished` then returns every way with all the nodes that were put into it.
    """

    x: list[float] = field(default_factory=list)
    y: list[float] = field(default_factory=list)
    ways: list[Way] = field(default_factory=list)
    tags: dict[int, dict[str, str]] = field(default_factory=dict)
    _into: dict[Line, list[tuple[float, int]]] = field(default_factory=dict)

    def node(self, x: float, y: float, tags: dict[str, str] | None = None) -> int:
        """Return a new node at the point."""
        self.x.append(x)
        self.y.append(y)
        if tags:
            self.tags[len(self.x) - 1] = tags
        return len(self.x) - 1

    def way(self, nodes: list[int], **tags: str) -> None:
        """Draw a way; tag names are given with `_` for `:`."""
        self.ways.append(Way(tuple(nodes), {name.replace("__", ":"): value for name, value in tags.items() if value}))

    def put_into(self, line: Line, x: float, y: float, *, snap: float) -> int:
        """Return the node of the line at the point: one that is there within `snap` metres, else a new one put into it."""
        a, b = min(line), max(line)
        ax, ay = self.x[a], self.y[a]
        dx, dy = self.x[b] - ax, self.y[b] - ay
        length = hypot(dx, dy)
        along = ((x - ax) * dx + (y - ay) * dy) / length
        if along <= min(snap, length / 2):
            return a
        if length - along <= min(snap, length / 2):
            return b
        there = self._into.setdefault((a, b), [])
        for place, node in there:
            if abs(place - along) <= snap:
                return node
        node = self.node(ax + dx * along / length, ay + dy * along / length)
        there.append((along, node))
        return node

    def between(self, u: int, v: int) -> list[int]:
        """Return the nodes that were put into the line from u to v, in that order, without its ends."""
        there = sorted(self._into.get((min(u, v), max(u, v)), ()))
        return [node for _, node in (there if u < v else reversed(there))]

    def finished(self) -> list[Way]:
        """Return all ways with the nodes that were put into them."""
        done = []
        for way in self.ways:
            nodes = [way.nodes[0]]
            for u, v in zip(way.nodes, way.nodes[1:], strict=False):
                nodes += self.between(u, v)
                nodes.append(v)
            done.append(Way(tuple(nodes), way.tags))
        return done
