"""Hours of entry: how much of a crew's day a street is open to promoters."""

import math

DAY_H = 24.0
DAYS = (-DAY_H, 0.0, DAY_H)  # yesterday's hours may reach past midnight, and a crew's day too
FORGIVEN_H = 0.001  # of a street's work, which no clock tells from none
Span = tuple[float, float]  # hours of a day, from and until; beyond midnight they go on counting


def read_span(opens: str, closes: str) -> Span:
    """Return two times of day, HH:MM, as hours; the whole day where they are empty, past midnight where they fall."""
    if not opens or not closes:
        return 0.0, DAY_H
    start, end = (int(text[:2]) + int(text[3:]) / 60.0 for text in (opens, closes))
    return start, end if end > start else end + DAY_H


def read_minutes(opens: str, closes: str) -> Span:
    """Return two times of day as minutes, without an end where the place is always open."""
    start, end = read_span(opens, closes)
    return 60.0 * start, 60.0 * end if opens and closes else math.inf


def say_minutes(minutes: float) -> str:
    """Return minutes of the day as HH:MM; beyond midnight they go on counting."""
    whole = round(minutes)
    return f"{whole // 60:02d}:{whole % 60:02d}"


def say_span(opens: float, closes: float) -> str:
    """Return hours as HH:MM-HH:MM."""
    times = [f"{int(hour) % 24:02d}:{round(60 * (hour % 1)):02d}" for hour in (opens, closes)]
    return "-".join(times)


def hours_within(begins: float, ends: float, opens: float, closes: float) -> float:
    """Return the hours from `begins` to `ends` in which a place is open that opens at the same hours every day."""
    return sum(b - a for a, b in spans_within(begins, ends, opens, closes))


def spans_within(begins: float, ends: float, opens: float, closes: float) -> list[Span]:
    """Return the spans from `begins` to `ends` in which a place is open that opens at the same hours every day."""
    spans = [(max(begins, opens + day), min(ends, closes + day)) for day in DAYS]
    return [(a, b) for a, b in spans if b > a]
