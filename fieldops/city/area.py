"""The operation area: where a city's claimable streets are, as one outline that the triangles tile."""

from typing import Any

import numpy as np
import shapely

from fieldops.city.metres import FloatArray, Plane

REACH_M = 150.0  # what is nearer than this to a claimable street belongs to the operation
_OUTLINE_M = 80.0  # corners of the outline smaller than this are smoothed away
_MARGIN_M = 60.0  # and this is added first, so that hardly anything of the plain buffer is lost
_SHORT_M = 220.0  # edges of the outline shorter than this would make tiny triangles
_NOTCH_M = 100.0  # notches of the outline narrower than twice this are filled
_HOLE_M2 = 300_000.0  # a hole smaller than one triangle is the inside of a block, not the end of the town


def operation_area(streets: Any, plane: Plane) -> shapely.MultiPolygon:
    """
    Return the area within `REACH_M` of a claimable street, in metres of the plane, its outline smoothed.

    Parameters
    ----------
    streets
        Geometries of streets, lanes and compounds in degrees, an array.
    plane
        The plane of the result.

    Returns
    -------
    shapely.MultiPolygon
        Nearly all of the plain buffer (square ends, so that a street's end needs two corners, not a round of them).
        Holes smaller than 30 hectares are filled, narrow notches too, and no edge is shorter than it must be.
    """
    shapes = plane.flatten(np.asarray(streets, dtype=object))
    drawn = shapely.get_dimensions(shapes) == 2
    # Buffers of single lines are an order of magnitude faster than buffers of multi-part ones.
    lines = np.concatenate((shapely.get_parts(shapely.line_merge(shapes[~drawn])), shapely.get_parts(shapes[drawn])))
    lines = shapely.simplify(lines, 15.0)
    around = REACH_M + _MARGIN_M + _NOTCH_M
    merged = shapely.union_all(shapely.buffer(lines, around, cap_style="square", join_style="mitre", mitre_limit=2.0))
    merged = shapely.buffer(merged, -_NOTCH_M, join_style="mitre")
    parts = [_without_small_holes(part) for part in shapely.get_parts(merged)]
    smooth = shapely.make_valid(shapely.simplify(shapely.union_all(parts), _OUTLINE_M))
    whole = shapely.union_all([_blunted(part) for part in shapely.get_parts(smooth) if part.geom_type == "Polygon"])
    return shapely.MultiPolygon([part for part in shapely.get_parts(whole) if part.geom_type == "Polygon"])


def _without_small_holes(part: shapely.Polygon) -> shapely.Polygon:
    rings = shapely.get_rings(part)
    holes = [ring for ring in rings[1:] if shapely.Polygon(ring).area >= _HOLE_M2]
    return shapely.Polygon(rings[0], holes)


def outline(area: shapely.MultiPolygon, longest_m: float) -> tuple[FloatArray, FloatArray]:
    """
    Return the corners of the outline and its edges, no edge longer than asked for.

    Returns
    -------
    tuple
        Points, shape (n, 2), in metres; edges, shape (n, 2), positions of their end points.
    """
    points: list[FloatArray] = []
    edges: list[Any] = []
    count = 0
    for ring in shapely.get_rings(shapely.get_parts(area)):
        corners = shapely.get_coordinates(shapely.segmentize(ring, longest_m))[:-1]
        own = count + np.arange(len(corners))
        points.append(corners)
        edges.append(np.column_stack((own, np.roll(own, -1))))
        count += len(corners)
    if not points:
        return np.empty((0, 2)), np.empty((0, 2), dtype=np.int64)
    return np.concatenate(points), np.concatenate(edges)


def _blunted(part: shapely.Polygon) -> shapely.Polygon:
    """Return the polygon without its short edges, each replaced outwards; unchanged where that would cross itself."""
    rings = shapely.get_rings(shapely.orient_polygons(part))
    blunt = shapely.Polygon(_long_edges(rings[0]), [_long_edges(hole) for hole in rings[1:]])
    return blunt if blunt.is_valid else part


def _long_edges(ring: shapely.LinearRing) -> list[FloatArray]:
    """Return the corners of a ring (its area on the left) with edges shorter than `_SHORT_M` removed outwards."""
    corners = list(shapely.get_coordinates(ring)[:-1])
    position, unchanged = 0, 0
    while len(corners) > 4 and unchanged <= len(corners):
        before, start, end, after = (corners[(position + k) % len(corners)] for k in (-1, 0, 1, 2))
        position, unchanged = (position + 1) % len(corners), unchanged + 1
        if np.hypot(*(end - start)) >= _SHORT_M:
            continue
        if _turn(before, start, end) <= 0:  # a notch: without its corner the area only grows
            drop, moved = (position - 1) % len(corners), None
        elif _turn(start, end, after) <= 0:
            drop, moved = position % len(corners), None
        else:
            moved = _meeting(before, start, after, end)
            if moved is None or np.hypot(*(moved - (start + end) / 2)) > 1.5 * _SHORT_M:
                continue
            drop = position % len(corners)
        if moved is not None:
            corners[(position - 1) % len(corners)] = moved
        del corners[drop]
        position, unchanged = position % len(corners), 0
    return corners


def _turn(first: FloatArray, second: FloatArray, third: FloatArray) -> float:
    """Return whether one turns left (> 0) or right (< 0) at the second point."""
    ahead, then = second - first, third - second
    return float(ahead[0] * then[1] - ahead[1] * then[0])


def _meeting(before: FloatArray, start: FloatArray, after: FloatArray, end: FloatArray) -> FloatArray | None:
    """Return where the edges on both sides of a short one meet when they are made longer; None if they never do."""
    one, other = start - before, end - after
    across = one[0] * other[1] - one[1] * other[0]
    if abs(across) < 1e-6:
        return None
    gap = end - start
    ahead = (gap[0] * other[1] - gap[1] * other[0]) / across
    back = (gap[0] * one[1] - gap[1] * one[0]) / across
    return start + ahead * one if ahead >= 0 and back >= 0 else None
