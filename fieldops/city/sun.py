"""Whether the time zone of a city can be that of its place."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from fieldops.city.model import City
from fieldops.city.raw import MADE_UP
from fieldops.said import Said

FARTHEST_H = 4.0  # Kashgar keeps the time of Beijing with the sun 3 h behind; farther off is a slip
_DEGREES_AN_HOUR = 15.0


def zone_notes(city: City, zone: ZoneInfo) -> list[Said]:
    """Return what is odd about the time zone of a city; a made-up one lies in the sea and keeps any time."""
    note = None if city.attribution == MADE_UP else zone_note(city.name, float(city.boundary.centroid.x), zone)
    return [note] if note else []


def zone_note(city: str, lon: float, zone: ZoneInfo) -> Said | None:
    """Return a sentence where the standard time of a zone is more than 4 h from the sun at a longitude (degrees), else None."""
    day = datetime(2026, 1, 1, tzinfo=zone)
    standard = (day.utcoffset() or timedelta(0)) - (day.dst() or timedelta(0))
    clock_h = standard / timedelta(hours=1)
    sun_h = lon / _DEGREES_AN_HOUR
    if abs((clock_h - sun_h + 12) % 24 - 12) <= FARTHEST_H:
        return None
    return Said(
        "%(city)s lies at %(place)s, where the sun keeps UTC%(sun)s; %(zone)s is UTC%(clock)s: see --timezone",
        city=city, place=f"{abs(lon):.0f} {'E' if lon >= 0 else 'W'}", sun=f"{sun_h:+.0f}", zone=zone.key, clock=f"{clock_h:+g}",
    )  # fmt: skip
