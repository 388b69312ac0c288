"""What a map holds and lacks: the operation area around its streets, and the coverage report that an import prints."""

import numpy as np
import pandas as pd
import shapely
from scipy import ndimage

from fieldops.city import ways
from fieldops.city.streets import components

_CELL_M = 100.0
_REACH_CELLS = 2
_SMALL_HOLE_M2 = 500_000.0


def town_outline(segments: pd.DataFrame) -> shapely.MultiPolygon:
    """Return the area within about 250 m of a claimable street, in metres; it takes the place of a boundary."""
    lines = segments.loc[segments["kind"] == ways.CLAIM, "line"].to_numpy(object)
    xy = shapely.get_coordinates(shapely.segmentize(lines, _CELL_M / 2))
    low = np.floor(xy.min(axis=0) / _CELL_M) - _REACH_CELLS - 1
    cell = (np.floor(xy / _CELL_M) - low).astype(np.int64)
    filled = np.zeros(cell.max(axis=0) + _REACH_CELLS + 2, dtype=bool)
    filled[cell[:, 0], cell[:, 1]] = True
    filled = ndimage.binary_dilation(filled, np.ones((3, 3), dtype=bool), iterations=_REACH_CELLS)
    edge = np.diff(filled.astype(np.int8), axis=1, prepend=0)
    column, start = np.nonzero(edge == 1)
    _, end = np.nonzero(edge == -1)
    west, south, north = (column + low[0]) * _CELL_M, (start + low[1]) * _CELL_M, (end + low[1]) * _CELL_M
    whole = shapely.union_all(shapely.box(west, south, west + _CELL_M, north))
    smooth = shapely.simplify(whole, _CELL_M)
    parts = [_without_small_holes(part) for part in shapely.get_parts(smooth)]
    return shapely.MultiPolygon(parts)


def _without_small_holes(part: shapely.Polygon) -> shapely.Polygon:
    holes = [ring for ring in part.interiors if shapely.Polygon(ring).area >= _SMALL_HOLE_M2]
    return shapely.Polygon(part.exterior, holes)


def measure_graph(segments: pd.DataFrame) -> dict[str, object]:
    """Return how well the walkable graph hangs together: nodes off its largest part, and the islands they form."""
    open_ = segments[segments["kind"] != ways.CLOSED]
    nodes, place = np.unique(open_[["u", "v"]].to_numpy(), return_inverse=True)
    place = place.reshape(-1, 2)
    part = components(len(nodes), place[:, 0], place[:, 1])
    size = np.bincount(part)
    main = int(size.argmax())
    claim = (open_["kind"] == ways.CLAIM).to_numpy()
    length = np.where(claim, open_["length_m"].to_numpy(), 0.0)
    km = np.bincount(part[place[:, 0]], weights=length, minlength=len(size)) / 1000
    islands = np.flatnonzero((np.arange(len(size)) != main) & (km > 0))
    return {
        "nodes": len(nodes),
        "unreachable_nodes": int(len(nodes) - size[main]),
        "islands": len(islands),
        "islands_km": round(float(km[islands].sum()), 1),
    }


def measure_ways(segments: pd.DataFrame) -> dict[str, object]:
    """Return kilometres by kind of way, and what share of the claimable length has a name."""
    length = segments["length_m"].to_numpy() / 1000
    kind = segments["kind"].to_numpy()
    claim = kind == ways.CLAIM
    named = claim & (segments["key"].to_numpy() >= 0)
    return {
        "claim_km": round(float(length[claim].sum()), 1),
        "link_km": round(float(length[kind == ways.LINK].sum()), 1),
        "closed_km": round(float(length[kind == ways.CLOSED].sum()), 1),
        "named_share_km": round(float(length[named].sum() / max(length[claim].sum(), 1e-9)), 3),
        "dual_km": round(float(length[segments["dual"].to_numpy()].sum()), 1),
    }
