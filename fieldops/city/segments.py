"""From ways to the edges of the walkable graph: cut at shared nodes, clipped to the boundary, carriageways paired."""

import numpy as np
import pandas as pd
import shapely

from fieldops.city import names, ways
from fieldops.city.coordinates import ground_lengths
from fieldops.city.metres import Plane
from fieldops.city.raw import IntArray, RawMap

CARRIAGEWAYS_APART_M = 35.0
CARRIAGEWAY_OFF_M = 5.0  # nearer, it is one line drawn twice or bent


def cut_ways(raw: RawMap, kind: np.ndarray, plane: Plane) -> pd.DataFrame:
    """
    Return the segments: ways cut where another walkable way, or they themselves, share a node.

    Parameters
    ----------
    raw
        The map.
    kind
        Kind of each way; ways of the kind "" are not part of the graph.
    plane
        Flat map in which `line` is drawn.

    Returns
    -------
    pd.DataFrame
        Columns `way`, `u`, `v` (nodes), `kind`, `highway`, `name`, `key` (number of the normalised name, -1 where it has
        none), `oneway` (1 as drawn, -1 against, 0 both), `bridge`, `length_m` (on the ground), `line` (metres).
    """
    sizes = np.diff(raw.starts)
    kept = (kind != ways.LEFT_OUT) & (sizes >= 2)
    owner = np.repeat(np.arange(len(sizes)), sizes)
    mine = np.flatnonzero(kept[owner])
    owner, refs = owner[mine], raw.refs[mine]
    if not len(mine):
        return _frame(raw, kind, np.zeros(0, int), refs, refs, np.zeros(0, object), np.zeros(0), plane)
    _, where, times = np.unique(refs, return_inverse=True, return_counts=True)
    first = np.r_[True, owner[1:] != owner[:-1]]
    last = np.r_[first[1:], True]
    breaks = np.flatnonzero((times[where] > 1) | first | last)
    follows = owner[breaks[1:]] == owner[breaks[:-1]]
    begin, end = breaks[:-1][follows], breaks[1:][follows]
    count = end - begin + 1
    segment = np.repeat(np.arange(len(begin)), count)
    vertex = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count) + begin[segment]
    lon, lat = raw.lon[mine][vertex], raw.lat[mine][vertex]
    lines = np.asarray(shapely.linestrings(np.column_stack((lon, lat)), indices=segment), dtype=object)
    length = ground_lengths(lines)
    real = length > 0
    return _frame(raw, kind, owner[begin][real], refs[begin][real], refs[end][real], lines[real], length[real], plane)


def _frame(
    raw: RawMap, kind: np.ndarray, way: np.ndarray, u: IntArray, v: IntArray, lines: np.ndarray, length: np.ndarray,
    plane: Plane,
) -> pd.DataFrame:  # fmt: skip
    tags = raw.ways.iloc[way]
    name = tags["name"].to_numpy(object)
    unique, where = np.unique(name.astype(str), return_inverse=True)
    keys, key_of = np.unique(np.array([names.normalise(one) for one in unique], dtype=str), return_inverse=True)
    key = key_of[where] if len(unique) else np.zeros(0, dtype=np.int64)
    key = np.where(keys[key] == "", -1, key) if len(unique) else key
    oneway = tags["oneway"].to_numpy(object)
    forward = np.isin(oneway, ("yes", "true", "1")) | np.isin(tags["junction"].to_numpy(object), ("roundabout",))
    return pd.DataFrame({
        "way": tags["way"].to_numpy(np.int64),
        "u": u,
        "v": v,
        "kind": kind[way],
        "highway": tags["highway"].to_numpy(object),
        "name": name,
        "key": key.astype(np.int64),
        "oneway": np.where(forward, 1, np.where(np.isin(oneway, ("-1", "reverse")), -1, 0)),
        "bridge": ~np.isin(tags["bridge"].to_numpy(object), ("", "no")),
        "length_m": length,
        "line": plane.flatten(lines),
    })  # fmt: skip


def clip_segments(segments: pd.DataFrame, boundary: shapely.Geometry) -> pd.DataFrame:
    """
    Return the parts of the segments inside the boundary (metres); where it cuts a segment, a new open end is made.

    New nodes have negative numbers, in the order of the segments.
    """
    shapely.prepare(boundary)
    lines = segments["line"].to_numpy(object)
    inside = shapely.covers(boundary, lines)
    crossing = np.flatnonzero(~inside & shapely.intersects(boundary, lines))
    parts, of = shapely.get_parts(shapely.intersection(boundary, lines[crossing]), return_index=True)
    good = (shapely.get_type_id(parts) == 1) & (shapely.length(parts) > 0.01)
    parts, of = parts[good], crossing[of[good]]
    pieces = segments.iloc[of].copy()
    before = lines[of]
    forward = shapely.line_locate_point(before, shapely.get_point(parts, 0)) <= shapely.line_locate_point(
        before, shapely.get_point(parts, -1)
    )
    parts = np.where(forward, parts, shapely.reverse(parts))
    starts_here = shapely.dwithin(shapely.get_point(parts, 0), shapely.get_point(before, 0), 0.01)
    ends_here = shapely.dwithin(shapely.get_point(parts, -1), shapely.get_point(before, -1), 0.01)
    lowest = min(0, int(segments[["u", "v"]].min().min()) if len(segments) else 0)
    fresh = lowest - 1 - np.arange(2 * len(pieces))
    pieces["u"] = np.where(starts_here, pieces["u"], fresh[: len(pieces)])
    pieces["v"] = np.where(ends_here, pieces["v"], fresh[len(pieces) :])
    pieces["length_m"] = pieces["length_m"].to_numpy() * shapely.length(parts) / shapely.length(before)
    pieces["line"] = parts
    joined: pd.DataFrame = pd.concat([segments[inside], pieces]).sort_index(kind="stable").reset_index(drop=True)
    return joined


def split_segments(segments: pd.DataFrame, pieces: IntArray) -> tuple[pd.DataFrame, IntArray]:
    """
    Return the segments with each cut into so many equal pieces, and for each piece the row it comes from.

    New nodes have negative numbers.
    """
    lowest = min(0, int(segments[["u", "v"]].min().min()) if len(segments) else 0)
    origin = np.repeat(np.arange(len(segments)), pieces)
    result = segments.iloc[origin].reset_index(drop=True)
    many = np.flatnonzero(pieces[origin] > 1)
    if not many.size:
        return result, origin
    step = (np.arange(len(origin)) - np.repeat(np.cumsum(pieces) - pieces, pieces))[many]
    share = pieces[origin[many]]
    whole = result["line"].to_numpy(object)[many]
    lines = result["line"].to_numpy(object).copy()
    lines[many] = _cut_lines(whole, step / share, (step + 1) / share)
    is_last = step == share - 1
    fresh = lowest - np.cumsum(~is_last)  # the node after each piece that is not its segment's last
    u, v = result["u"].to_numpy().copy(), result["v"].to_numpy().copy()
    v[many] = np.where(is_last, v[many], fresh)
    u[many] = np.where(step == 0, u[many], np.r_[0, fresh[:-1]])
    length = result["length_m"].to_numpy().copy()
    length[many] /= share
    return result.assign(u=u, v=v, length_m=length, line=lines), origin


def rejoin_pieces(segments: pd.DataFrame, origin: IntArray, street: IntArray) -> tuple[pd.DataFrame, IntArray]:
    """
    Return the segments with pieces that follow each other on one street as one again, and the row that each begins with.

    `origin` is what `split_segments` returned: pieces of one segment stand together, in their order.
    """
    starts = np.r_[True, (origin[1:] != origin[:-1]) | (street[1:] != street[:-1])][: len(origin)]
    first = np.flatnonzero(starts)
    if len(first) == len(segments):
        return segments, first
    run = np.cumsum(starts) - 1
    xy, piece = shapely.get_coordinates(segments["line"].to_numpy(object), return_index=True)
    shared = np.r_[False, piece[1:] != piece[:-1]] & ~starts[piece]  # a piece begins where the one before it ends
    result = segments.iloc[first].reset_index(drop=True)
    lines = np.asarray(shapely.linestrings(xy[~shared], indices=run[piece[~shared]]), dtype=object)
    last = np.r_[first[1:], len(segments)] - 1
    length = np.bincount(run, weights=segments["length_m"].to_numpy())
    return result.assign(v=segments["v"].to_numpy()[last], length_m=length, line=lines), first


def _cut_lines(lines: np.ndarray, start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Return the part of each line between two shares of its length."""
    total = shapely.length(lines)
    xy, owner = shapely.get_coordinates(lines, return_index=True)
    step = np.r_[0.0, np.hypot(*np.diff(xy, axis=0).T)]
    step[np.r_[True, owner[1:] != owner[:-1]]] = 0.0
    run = np.cumsum(step)
    first = np.searchsorted(owner, np.arange(len(lines)))
    along = run - run[first][owner]
    inside = (along > (start * total)[owner] + 1e-6) & (along < (end * total)[owner] - 1e-6)
    heads = shapely.get_coordinates(shapely.line_interpolate_point(lines, start, normalized=True))
    tails = shapely.get_coordinates(shapely.line_interpolate_point(lines, end, normalized=True))
    number = np.arange(len(lines))
    order = np.concatenate([number * 3, owner[inside] * 3 + 1, number * 3 + 2])
    every = np.concatenate([heads, xy[inside], tails])
    place = np.concatenate([number, owner[inside], number])
    rank = np.argsort(order, kind="stable")
    return np.asarray(shapely.linestrings(every[rank], indices=place[rank]), dtype=object)


def bearings(lines: np.ndarray) -> np.ndarray:
    """Return the directions of lines from first to last point, in radians counter-clockwise from east."""
    delta = shapely.get_coordinates(shapely.get_point(lines, -1)) - shapely.get_coordinates(shapely.get_point(lines, 0))
    turned: np.ndarray = np.arctan2(delta[:, 1], delta[:, 0])
    return turned


def facing_pairs(segments: pd.DataFrame) -> tuple[IntArray, IntArray]:
    """
    Return pairs of rows that are the two carriageways of one street.

    Traffic runs one way on the first and, within 35 m of its middle, the other way on the second, which has the same name
    (or, without names, the same class). Where the map does not tell the direction of one of them, the name must be the
    same and the second must run beside the first, not on from it or back from its end. A pair may occur in one order or in both.
    """
    rows = np.flatnonzero(segments["kind"].to_numpy() == ways.CLAIM)
    lines = segments["line"].to_numpy(object)[rows]
    key = segments["key"].to_numpy()[rows]
    oneway = segments["oneway"].to_numpy()[rows]
    highway = segments["highway"].to_numpy(object)[rows]
    could = np.flatnonzero((oneway != 0) | (key >= 0))
    middle = shapely.line_interpolate_point(lines[could], 0.5, normalized=True)
    a, b = shapely.STRtree(lines).query(middle, predicate="dwithin", distance=CARRIAGEWAYS_APART_M)
    a, middle = could[a], middle[a]
    alike = (a != b) & (key[a] == key[b]) & ((key[a] >= 0) | (highway[a] == highway[b]))
    a, b, middle = a[alike], b[alike], middle[alike]
    heading = bearings(lines) + np.where(oneway < 0, np.pi, 0.0)
    turn = np.cos(heading[a] - heading[b])
    told = (oneway[a] != 0) & (oneway[b] != 0)
    against = turn < np.cos(np.radians(135.0))
    parallel = (np.abs(turn) > np.cos(np.radians(45.0))) & (key[a] >= 0) & _runs_beside(middle, lines[b])
    beside = parallel & ~_turns_back(key, segments[["u", "v"]].to_numpy()[rows], a, b)
    pair = np.where(told, against, beside)
    return rows[a[pair]], rows[b[pair]]


def _turns_back(key: IntArray, ends: IntArray, a: IntArray, b: IntArray) -> np.ndarray:
    """Return for each pair of rows whether the second goes on where the first ends, as at a hairpin, and nothing forks."""
    at = pd.DataFrame({"key": np.repeat(key, 2), "node": ends.ravel()})
    alone = (at.groupby(["key", "node"])["key"].transform("size") == 2).to_numpy().reshape(ends.shape)
    meets = ends[a][:, :, None] == ends[b][:, None, :]
    turns: np.ndarray = (meets & alone[a][:, :, None]).any(axis=(1, 2))
    return turns


def _runs_beside(points: np.ndarray, lines: np.ndarray) -> np.ndarray:
    """Return for each point whether it lies beside its line: off it, and nearest to neither of its ends."""
    along = shapely.line_locate_point(lines, points)
    between = (along > 1.0) & (along < shapely.length(lines) - 1.0)
    beside: np.ndarray = between & (shapely.distance(lines, points) >= CARRIAGEWAY_OFF_M)
    return beside


def find_duals(segments: pd.DataFrame) -> np.ndarray:
    """Return for each segment whether it is one carriageway of two; both are walked as one, so each counts half."""
    dual = np.zeros(len(segments), dtype=bool)
    dual[facing_pairs(segments)[0]] = True
    return dual
