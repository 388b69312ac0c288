"""Hubs on streets: where people gather, and central junctions where nobody has marked such a place."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import shapely
from scipy.spatial import KDTree

from fieldops.city.graph import IntArray, WalkGraph
from fieldops.city.metres import FloatArray

GATHERING_M = 150.0  # venues nearer than this to a place make it a gathering place
SPACING_M = 300.0  # hubs of people stand no closer
_FROM_THE_EDGE_M = 330.0  # a junction nearer to the outline would leave a crust of tiny triangles there
# How central a junction is: the sum of these over its claimable streets. Big roads crossing rank first.
_RANK = {
    "trunk": 5.0, "primary": 5.0, "secondary": 4.0, "tertiary": 3.0, "pedestrian": 3.0, "unclassified": 1.5,
    "residential": 1.5, "living_street": 1.5,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Streetside:
    """Hubs on the graph: positions of their nodes, kinds (hand, venues, gate, junction), in order of importance."""

    node: IntArray
    kind: list[str]


@dataclass(frozen=True, slots=True)
class Ground:
    """What the search for hubs and connection points knows of each node of the graph, arrays of shape (n,)."""

    at: FloatArray  # metres, shape (n, 2)
    claimable: Any  # touches a claimable street
    junction: Any  # claimable, three ways or more, not on a bridge
    standing: Any  # claimable, not on a bridge
    rank: FloatArray
    footfall: FloatArray  # people met per hour at venues within `GATHERING_M`


def survey_ground(graph: WalkGraph, segments: pd.DataFrame, venues: pd.DataFrame) -> Ground:
    """Return what is known of each node: streets that meet there, bridges, people met per hour around it."""
    claim = (segments["kind"] == "claim").to_numpy()
    ends = [graph.positions(segments[column]) for column in ("from_node", "to_node")]
    rank = segments["highway"].map(_RANK).fillna(1.0).to_numpy(dtype=float)
    bridge = segments["bridge"].to_numpy(dtype=bool)
    counts = np.zeros((3, len(graph)))
    for end in ends:
        for row, weight in enumerate((claim, claim * rank, bridge)):
            known = end >= 0
            np.add.at(counts[row], end[known], weight[known])
    claimable, on_bridge = counts[0] > 0, counts[2] > 0
    at = np.column_stack((graph.x, graph.y))
    standing = claimable & ~on_bridge
    return Ground(
        at=at, claimable=claimable, standing=standing, junction=standing & (graph.degree >= 3),
        rank=counts[1], footfall=_footfall(at, *_places(graph, venues)),
    )  # fmt: skip


def find_hubs(
    graph: WalkGraph,
    ground: Ground,
    *,
    streets: pd.DataFrame,
    venues: pd.DataFrame,
    area: shapely.MultiPolygon,
    spacing_m: float,
    hand_hubs: pd.DataFrame | None = None,
) -> Streetside:
    """
    Return hubs on streets: hand-made points, peaks of people met, main gates of compounds, then central junctions.

    Parameters
    ----------
    graph, ground
        The walkable graph, and what `survey_ground` says of it.
    streets, venues
        Frames of the city; a compound's `node` is its main gate.
    area
        The operation area in metres; junctions keep away from its outline.
    spacing_m
        Distance between junctions and any other hub.
    hand_hubs
        Optional frame with `lon` and `lat`: points that planners set. They all become hubs.
    """
    chosen = _Chosen(ground.at)
    if hand_hubs is not None and len(hand_hubs):
        node, _ = graph.nearest(hand_hubs["lon"], hand_hubs["lat"])
        chosen.add("hand", node, 0.0)
    node = _peaks(graph, ground, venues)
    chosen.add("venues", node, SPACING_M)
    gates = streets[streets["kind"] == "compound"].sort_values(["people", "street"], ascending=[False, True])
    node = graph.positions(gates["node"])
    chosen.add("gate", node[node >= 0], SPACING_M)
    node = np.flatnonzero(ground.junction)
    node = node[shapely.contains_xy(area, ground.at[node, 0], ground.at[node, 1])]
    if node.size:
        edge = shapely.boundary(area)
        shapely.prepare(edge)
        node = node[~shapely.dwithin(edge, shapely.points(ground.at[node]), _FROM_THE_EDGE_M)]
    order = np.lexsort((graph.nodes[node], -ground.rank[node]))
    chosen.add("junction", node[order], spacing_m)
    return Streetside(np.asarray(chosen.node, dtype=np.int64), chosen.kind)


class _Chosen:
    """Takes places in order of importance, each only if no place taken before is too near."""

    def __init__(self, at: FloatArray) -> None:
        self._at, self._tree = at, KDTree(at)
        self.node: list[int] = []
        self.kind: list[str] = []

    def add(self, kind: str, nodes: IntArray, spacing_m: float) -> None:
        """Take those of the nodes that stand at least `spacing_m` from every node taken."""
        blocked = np.zeros(len(self._at), dtype=bool)
        for taken in self.node:
            blocked[self._tree.query_ball_point(self._at[taken], spacing_m)] = True
        for node in nodes.tolist():
            if not blocked[node]:
                blocked[self._tree.query_ball_point(self._at[node], spacing_m)] = True
                self.node.append(node)
                self.kind.append(kind)


def _places(graph: WalkGraph, venues: pd.DataFrame) -> tuple[FloatArray, FloatArray]:
    """Return where the venues are in metres, and the people met per hour there."""
    if not len(venues):
        return np.empty((0, 2)), np.empty(0)
    points = shapely.get_coordinates(shapely.centroid(venues["geometry"].to_numpy()))
    return np.column_stack(graph.plane.to_metres(points[:, 0], points[:, 1])), venues["people_per_hour"].to_numpy(float)


def _footfall(at: FloatArray, places: FloatArray, people: FloatArray) -> FloatArray:
    """Return the people met per hour at the places within `GATHERING_M` of each point."""
    if not len(places):
        return np.zeros(len(at))
    near: list[list[int]] = list(KDTree(at).query_ball_point(places, GATHERING_M))  # type: ignore[arg-type]
    total = np.zeros(len(at))
    np.add.at(total, np.concatenate(near).astype(np.int64), np.repeat(people, [len(found) for found in near]))
    return total


def _peaks(graph: WalkGraph, ground: Ground, venues: pd.DataFrame) -> IntArray:
    """Return the nodes at gatherings of two venues or more, the busiest first."""
    places, people = _places(graph, venues)
    if not len(places):
        return np.empty(0, dtype=np.int64)
    tree = KDTree(places)
    company = np.asarray(tree.query_ball_point(places, GATHERING_M, return_length=True))
    busy = _footfall(places, places, people)
    street_nodes = np.flatnonzero(ground.standing)
    if not street_nodes.size:
        return np.empty(0, dtype=np.int64)
    away, nearest = KDTree(ground.at[street_nodes]).query(places)
    node = street_nodes[np.asarray(nearest)]
    kept = (company >= 2) & (np.asarray(away) <= GATHERING_M)
    order = np.lexsort((graph.nodes[node], -busy))
    return np.asarray(node[order][kept[order]], dtype=np.int64)
