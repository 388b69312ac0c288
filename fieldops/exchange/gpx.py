"""GPX 1.1: a way and its stops, for every navigation program and watch."""

from collections.abc import Iterable, Mapping
from typing import Any
from xml.sax.saxutils import escape

_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<gpx version="1.1" creator="fieldops" '
    'xmlns="http://www.topografix.com/GPX/1/1">\n'
)


def gpx_text(name: str, way: Iterable[tuple[float, float]], stops: Iterable[Mapping[str, Any]] = ()) -> str:
    """
    Return a track of (longitude, latitude) in WGS-84 with the stops that have a place, as waypoints.

    Stops are mappings with `lon`, `lat`, `label` and `comment`; control characters, which XML forbids, are left out.
    """
    points = "".join(
        f'<wpt lat="{stop["lat"]:.6f}" lon="{stop["lon"]:.6f}"><name>{_text(stop["label"])}</name>'
        f"<cmt>{_text(stop.get('comment', ''))}</cmt></wpt>\n"
        for stop in stops
    )
    track = "".join(f'<trkpt lat="{lat:.6f}" lon="{lon:.6f}"/>' for lon, lat in way)
    return f"{_HEAD}{points}<trk><name>{_text(name)}</name><trkseg>{track}</trkseg></trk>\n</gpx>\n"


def _text(value: object) -> str:
    return escape("".join(sign for sign in str(value) if sign.isprintable()))
