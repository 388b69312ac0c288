"""
From segments to streets: pieces of one name that hang together, bounded in length; the nameless by their course.

A street is not its name: one name means 1.0-3.4 connected pieces on average, so every piece gets an identity of its own
(see `labels`). The order of the work: join by name, join across carriageways and junction holes, join the nameless, cut
what is too long along its diameter, hand slivers to a neighbour.
"""

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
import pandas as pd
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components, dijkstra

from fieldops.city.raw import FloatArray, IntArray
from fieldops.city.segments import CARRIAGEWAYS_APART_M, bearings, facing_pairs, rejoin_pieces, split_segments

SLIVER_M = 50.0
STRAIGHT_ON_DEG = 40.0
CARRIAGEWAY_PIECE_M = 80.0
_HOLES_M = 60.0  # ends of two carriageways across a junction


@dataclass(frozen=True, slots=True)
class Joined:
    """Segments (some of them cut) with the number of their street; -1 where a segment belongs to none."""

    segments: pd.DataFrame
    street: IntArray
    cut: int
    joined_across: int


def join_streets(segments: pd.DataFrame, *, length_max_m: float) -> Joined:
    """
    Return the streets that claimable segments form.

    Parameters
    ----------
    segments
        As `segments.cut_ways` makes them, with `dual` and `claimable` (bool): those that shall belong to a street.
    length_max_m
        Bound of the length to walk once; the two carriageways of an avenue count half each.

    Returns
    -------
    Joined
        No street is longer than the bound. A street hangs together by shared nodes, or across at most 35 m where it has
        two carriageways or a hole at a junction.
    """
    rows = np.flatnonzero(segments["claimable"].to_numpy())
    mine = segments.iloc[rows]
    group, across = _join_named(mine)
    group = _merge(group, *_pairs_of_nameless(mine))
    group = _merge(group, *facing_pairs(mine))
    all_pieces = np.ones(len(segments), dtype=np.int64)
    all_pieces[rows] = _pieces(mine, group, length_max_m)
    segments, origin = split_segments(segments, all_pieces)
    of_row = np.full(len(all_pieces), -1, dtype=np.int64)
    of_row[rows] = group
    group = of_row[origin]
    rows = np.flatnonzero(group >= 0)
    mine, group = segments.iloc[rows], group[rows]
    pieced, cut = _cut(mine, group, length_max_m)
    street = np.full(len(segments), -1, dtype=np.int64)
    street[rows] = _absorb_slivers(mine, pieced, length_max_m)
    whole, first = rejoin_pieces(segments, origin, street)
    return Joined(whole, street[first], cut, across)


def _pieces(segments: pd.DataFrame, group: IntArray, length_max_m: float) -> IntArray:
    """
    Return into how many pieces each segment is cut, so that groups above the bound can be cut between pieces.

    Carriageways come in short pieces: both of an avenue are cut at the same places, whatever the map's own cuts are.
    """
    work = work_of(segments)
    most = np.where(segments["dual"].to_numpy(), CARRIAGEWAY_PIECE_M / 2, length_max_m / 2)
    long = (np.bincount(group, weights=work)[group] > length_max_m) & (work > most)
    return np.where(long, np.ceil(work / most), 1).astype(np.int64)


def work_of(segments: pd.DataFrame) -> FloatArray:
    """Return the metres of each segment that have to be walked: half for one carriageway of two."""
    work: FloatArray = segments["length_m"].to_numpy() * np.where(segments["dual"].to_numpy(), 0.5, 1.0)
    return work


@dataclass(frozen=True, slots=True)
class _Holes:
    """Pairs of nodes of one group that count as joined although no segment joins them; metres between them."""

    group: IntArray
    u: IntArray
    v: IntArray
    metres: FloatArray


def components(size: int, a: IntArray, b: IntArray) -> IntArray:
    """Return for each of `size` things the number of the set it hangs together with by the pairs `a`, `b`."""
    graph = coo_array((np.ones(len(a), dtype=np.int8), (a, b)), shape=(size, size))
    return np.asarray(connected_components(graph, directed=False)[1], dtype=np.int64)


def _merge(group: IntArray, a: IntArray, b: IntArray) -> IntArray:
    """Return the groups after the groups of rows `a` and `b` have become one."""
    if not len(group):
        return group
    return components(int(group.max()) + 1, group[a], group[b])[group]


def _chain(*labels: IntArray) -> tuple[IntArray, IntArray]:
    """Return pairs of neighbouring positions that agree in all labels, so that equal ones form a chain."""
    order = np.lexsort(labels)
    same = np.ones(max(0, len(order) - 1), dtype=bool)
    for label in labels:
        same &= label[order[1:]] == label[order[:-1]]
    return order[:-1][same], order[1:][same]


def _join_named(segments: pd.DataFrame) -> tuple[IntArray, int]:
    """Join segments of one name that share a node, then such pieces within 35 m; count the second kind of joins."""
    key = segments["key"].to_numpy()
    group = _sharing_nodes(segments, np.where(key < 0, -1 - np.arange(len(key)), key))  # the nameless join nothing here
    named = np.flatnonzero(key >= 0)
    keys, first = np.unique(group[named], return_index=True)
    pieces = np.bincount(key[named][first]) if len(keys) else np.zeros(1, dtype=np.int64)
    scattered = named[pieces[key[named]] > 1]
    lines = segments["line"].to_numpy(object)[scattered]
    one, two = shapely.STRtree(lines).query(lines, predicate="dwithin", distance=CARRIAGEWAYS_APART_M)
    one, two = scattered[one], scattered[two]
    near = (one < two) & (key[one] == key[two]) & (group[one] != group[two])
    merged = _merge(group, one[near], two[near])
    return merged, len(np.unique(group)) - len(np.unique(merged))


def _sharing_nodes(segments: pd.DataFrame, label: IntArray) -> IntArray:
    """Return the sets of segments of one label that hang together by shared nodes."""
    many = len(segments)
    ends = np.concatenate([segments["u"].to_numpy(), segments["v"].to_numpy()])
    a, b = _chain(np.tile(label, 2), ends)
    return components(many, a % many, b % many) if many else np.zeros(0, dtype=np.int64)


def _near_pairs(segments: pd.DataFrame, group: IntArray) -> tuple[IntArray, IntArray]:
    """Return pairs of rows of one group within 35 m of each other, where carriageways or holes may part them."""
    part = _sharing_nodes(segments, group)
    _, first = np.unique(part, return_index=True)
    parts = np.bincount(group[first])
    rows = np.flatnonzero(segments["dual"].to_numpy() | (parts[group] > 1))
    lines = segments["line"].to_numpy(object)[rows]
    one, two = shapely.STRtree(lines).query(lines, predicate="dwithin", distance=CARRIAGEWAYS_APART_M)
    near = (one < two) & (group[rows[one]] == group[rows[two]])
    return rows[one[near]], rows[two[near]]


def _find_holes(segments: pd.DataFrame, one: IntArray, two: IntArray, group: IntArray) -> _Holes:
    """Return for each pair of near segments the pairs of their ends that face each other."""
    lines = segments["line"].to_numpy(object)
    node = np.column_stack((segments["u"].to_numpy(), segments["v"].to_numpy()))
    point = np.column_stack((shapely.get_point(lines, 0), shapely.get_point(lines, -1)))
    apart = np.stack([shapely.distance(point[one, i], point[two, j]) for i in (0, 1) for j in (0, 1)])
    least = apart == apart.min(axis=0) if len(one) else np.zeros((4, 0), dtype=bool)
    faces, pair = np.nonzero(least | (apart <= _HOLES_M))
    return _Holes(group[one[pair]], node[one[pair], faces // 2], node[two[pair], faces % 2], apart[faces, pair])


def _pairs_of_nameless(segments: pd.DataFrame) -> tuple[IntArray, IntArray]:
    """Pair nameless segments through nodes where nothing else ends, and with their straightest continuation."""
    nameless = np.flatnonzero(segments["key"].to_numpy() < 0)
    part = segments.iloc[nameless]
    lines = part["line"].to_numpy(object)
    out = np.concatenate([_leaving(lines), _leaving(shapely.reverse(lines))])
    ends = np.concatenate([part["u"].to_numpy(), part["v"].to_numpy()])
    owner = np.tile(nameless, 2)
    every, degree = np.unique(np.concatenate([segments["u"].to_numpy(), segments["v"].to_numpy()]), return_counts=True)
    order = np.argsort(ends, kind="stable")
    ends, out, owner = ends[order], out[order], owner[order]
    through = degree[np.searchsorted(every, ends)] == 2
    first, second = [], []
    for lag in range(1, int(np.unique(ends, return_counts=True)[1].max()) if len(ends) else 0):
        pair = np.flatnonzero((ends[lag:] == ends[:-lag]) & (owner[lag:] != owner[:-lag]))
        first.append(pair)
        second.append(pair + lag)
    if not first:
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    i, j = np.concatenate(first), np.concatenate(second)
    bend = np.pi - np.abs((out[i] - out[j] + np.pi) % (2 * np.pi) - np.pi)
    bend = np.where(through[i], 0.0, bend)
    good = np.flatnonzero(bend < np.radians(STRAIGHT_ON_DEG))
    best = np.full(len(ends), np.inf)
    np.minimum.at(best, i[good], bend[good])
    np.minimum.at(best, j[good], bend[good])
    mutual = good[(bend[good] <= best[i[good]]) & (bend[good] <= best[j[good]])]
    return owner[i[mutual]], owner[j[mutual]]


def _leaving(lines: np.ndarray) -> np.ndarray:
    """Return the direction in which each line leaves its first point, taken over its first 20 m."""
    if not len(lines):
        return np.zeros(0)
    first = shapely.get_point(lines, 0)
    later = shapely.line_interpolate_point(lines, np.minimum(20.0, shapely.length(lines)))
    ends = np.stack([shapely.get_coordinates(first), shapely.get_coordinates(later)], axis=1)
    return bearings(np.asarray(shapely.linestrings(ends), dtype=object))


def _cut(segments: pd.DataFrame, group: IntArray, length_max_m: float) -> tuple[IntArray, int]:
    """Cut groups above the bound along their diameter path into bins of equal work, each of which hangs together."""
    work = work_of(segments)
    total = np.bincount(group, weights=work)
    too_long = total > length_max_m
    rows = np.flatnonzero(too_long[group])
    bin_of = np.zeros(len(group), dtype=np.int64)
    near = np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    if rows.size:
        mine = segments.iloc[rows]
        one, two = _near_pairs(mine, group[rows])
        along = _position(mine, group[rows], _find_holes(mine, one, two, group[rows]))
        near = rows[one], rows[two]
        order = rows[np.lexsort((along, group[rows]))]
        before = np.cumsum(work[order]) - work[order]
        start = np.flatnonzero(np.r_[True, group[order][1:] != group[order][:-1]])
        before -= np.repeat(before[start], np.diff(np.r_[start, len(order)]))
        bins = np.ceil(total / length_max_m).astype(np.int64)
        over = np.ones(1, dtype=bool)
        while over.any():  # it ends: no segment is longer than half the bound, so twice as many bins always fit
            share = (before + work[order] / 2) / total[group[order]]
            bin_of[order] = np.minimum((share * bins[group[order]]).astype(np.int64), bins[group[order]] - 1)
            number = group[order] * (int(bins.max()) + 1) + bin_of[order]
            names, where = np.unique(number, return_inverse=True)
            over = np.bincount(where, weights=work[order]) > length_max_m
            crowded = np.unique(names[over] // (int(bins.max()) + 1))
            bins[crowded] += 1 + bins[crowded] // 8
    label = group * (int(bin_of.max(initial=0)) + 1) + bin_of
    same = label[near[0]] == label[near[1]]
    part = _sharing_nodes(segments, np.where(too_long[group], label, -1 - group))
    part = np.where(too_long[group], part, part.max(initial=0) + 1 + group)  # what is short stays whole
    part = np.unique(part, return_inverse=True)[1].astype(np.int64)
    return _merge(part, near[0][same], near[1][same]), int(too_long.sum())


def _position(segments: pd.DataFrame, group: IntArray, holes: _Holes) -> FloatArray:
    """Return how far along the diameter of its group the middle of each segment lies, in metres."""
    label = np.concatenate([group, group, holes.group, holes.group])
    node = np.concatenate([segments["u"].to_numpy(), segments["v"].to_numpy(), holes.u, holes.v])
    pair, place = np.unique(np.column_stack((label, node)), axis=0, return_inverse=True)
    place = place.ravel()
    size, many = len(pair), len(group)
    u, v = place[:many], place[many : 2 * many]
    h = len(place[2 * many :]) // 2
    a, b = np.concatenate([u, place[2 * many : 2 * many + h]]), np.concatenate([v, place[2 * many + h :]])
    metres = np.concatenate([segments["length_m"].to_numpy(), np.maximum(holes.metres, 0.1)])
    low, high = np.minimum(a, b), np.maximum(a, b)
    order = np.lexsort((metres, high, low))  # of parallel edges keep the shortest: the matrix would add them up
    low, high, metres = low[order], high[order], metres[order]
    single = np.r_[True, (low[1:] != low[:-1]) | (high[1:] != high[:-1])] & (low != high)
    graph = coo_array((metres[single], (low[single], high[single])), shape=(size, size)).tocsr()
    source = np.flatnonzero(np.r_[True, pair[1:, 0] != pair[:-1, 0]])
    owner = pair[:, 0]
    away = np.zeros(size)
    for _ in range(2):  # the groups share no node, so one search serves all: the farthest node, then from there
        away = np.asarray(dijkstra(graph, directed=False, indices=source, min_only=True))
        away[np.isinf(away)] = 0.0
        far = np.lexsort((away, owner))
        source = far[np.r_[owner[far][1:] != owner[far][:-1], True]]
    position: FloatArray = (away[u] + away[v]) / 2
    return position


def _absorb_slivers(segments: pd.DataFrame, street: IntArray, length_max_m: float) -> IntArray:
    """Hand streets below 50 m to a neighbour of the same name, else to the longest neighbour, where the bound holds."""
    if not len(street):
        return street
    work = np.bincount(street, weights=work_of(segments))
    key = np.full(len(work), -1, dtype=np.int64)
    key[street] = segments["key"].to_numpy()
    slivers = np.flatnonzero(work < SLIVER_M)
    ends = segments[["u", "v"]].to_numpy()
    touching = np.isin(ends, ends[np.isin(street, slivers)]).any(axis=1)
    at: defaultdict[int, set[int]] = defaultdict(set)
    for (u, v), one in zip(ends[touching].tolist(), street[touching].tolist(), strict=True):
        at[u].add(one)
        at[v].add(one)
    beside: defaultdict[int, set[int]] = defaultdict(set)
    for meeting in at.values():
        for one in meeting:
            beside[one] |= meeting
    into = np.arange(len(work))
    for sliver in slivers[np.argsort(work[slivers], kind="stable")].tolist():
        if into[sliver] != sliver or work[sliver] >= SLIVER_M:
            continue
        hosts = {int(into[one]) for one in beside[sliver]} - {sliver}
        hosts = {host for host in hosts if work[host] + work[sliver] <= length_max_m}
        if hosts:
            host = max(hosts, key=lambda one: (key[one] == key[sliver] and key[one] >= 0, work[one], -one))
            work[host] += work[sliver]
            into[into == sliver] = host
    return np.unique(into[street], return_inverse=True)[1].astype(np.int64)
