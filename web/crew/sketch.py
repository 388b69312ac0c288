"""A light drawing of the day's streets: paths for an inline SVG, no map library and no tiles."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import cos, radians

Line = Sequence[tuple[float, float]]
WIDTH, MOST_HEIGHT, MARGIN = 328.0, 300.0, 14.0
STEP = 1.5  # units; bends nearer than that are not seen


@dataclass(frozen=True, slots=True)
class Sketch:
    """A drawing of `width` x `height` units: a path for each street, and where its number stands."""

    width: int
    height: int
    paths: list[str]
    spots: list[tuple[float, float]]


def draw(streets: Sequence[Sequence[Line]], spots: Sequence[tuple[float, float]]) -> Sketch:
    """Return the sketch of streets, given by their lines in degrees, and of spots such as their middles."""
    corners = [point for lines in streets for line in lines for point in line] + list(spots)
    if not corners:
        return Sketch(int(WIDTH), 0, [], [])
    west, east = min(x for x, _ in corners), max(x for x, _ in corners)
    south, north = min(y for _, y in corners), max(y for _, y in corners)
    narrow = cos(radians((south + north) / 2))
    span = max((east - west) * narrow, 1e-5)
    scale = min((WIDTH - 2 * MARGIN) / span, (MOST_HEIGHT - 2 * MARGIN) / max(north - south, 1e-5))
    left = (WIDTH - span * scale) / 2

    def at(point: tuple[float, float]) -> tuple[float, float]:
        x, y = point
        return round(left + (x - west) * narrow * scale, 1), round(MARGIN + (north - y) * scale, 1)

    height = int((north - south) * scale + 2 * MARGIN)
    return Sketch(int(WIDTH), height, ["".join(_path([at(p) for p in line]) for line in lines) for lines in streets],
                  [at(spot) for spot in spots])  # fmt: skip


def _path(points: Sequence[tuple[float, float]]) -> str:
    kept = [points[0]]
    for point in points[1:-1]:
        if abs(point[0] - kept[-1][0]) + abs(point[1] - kept[-1][1]) >= STEP:
            kept.append(point)
    kept.append(points[-1])
    return "M" + "L".join(f"{x:g} {y:g}" for x, y in kept)
