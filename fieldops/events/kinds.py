"""Every kind of event by the name under which it is stored."""

from typing import get_type_hints

from fieldops.events.event import Event


def event_kinds() -> dict[str, type[Event]]:
    """Return every kind of event by its stored name."""
    kinds: dict[str, type[Event]] = {}
    waiting = [Event]
    while waiting:
        for kind in waiting.pop().__subclasses__():
            kinds[kind.__name__] = kind
            waiting.append(kind)
    return kinds


def event_fields(kind: type[Event]) -> dict[str, object]:
    """Return the fields of a kind of event with their types."""
    return get_type_hints(kind)
