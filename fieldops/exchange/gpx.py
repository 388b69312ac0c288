"""GPX 1.1: ways and stops, for every navigation program and watch."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from xml.sax.saxutils import escape

_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<gpx version="1.1" creator="fieldops" '
    'xmlns="http://www.topografix.com/GPX/1/1">\n'
)


def gpx_text(
    name: str, ways: Iterable[tuple[str, Sequence[tuple[float, float]]]], stops: Iterable[Mapping[str, Any]] = ()
) -> str:
    """
    Return a track for each (label, way of (longitude, latitude) in WGS-84), and the stops as waypoints.

    Stops are mappings with `lon`, `lat`, `label` and `comment`; control characters, which XML forbids, are left out.
    """
    points = "".join(
        f'<wpt lat="{stop["lat"]:.6f}" lon="{stop["lon"]:.6f}"><name>{_text(stop["label"])}</name>'
        f"<cmt>{_text(stop.get('comment', ''))}</cmt></wpt>\n"
        for stop in stops
    )
    tracks = "".join(
        f"<trk><name>{_text(label)}</name><trkseg>"
        + "".join(f'<trkpt lat="{lat:.6f}" lon="{lon:.6f}"/>' for lon, lat in way)
        + "</trkseg></trk>\n"
        for label, way in ways
    )
    return f"{_HEAD}<metadata><name>{_text(name)}</name></metadata>\n{points}{tracks}</gpx>\n"


def _text(value: object) -> str:
    return escape("".join(sign for sign in str(value) if sign.isprintable()))
