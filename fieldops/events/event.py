"""
The root of all events: what happened, as frozen values in the past tense (rule 20).

An event carries ids and facts, never names, phone numbers or free text: a person can be erased without touching the
record. The class name is the kind under which the event is stored; `facts()` is its canonical content.
"""

from dataclasses import dataclass, fields
from datetime import date, datetime

from fieldops.clock import format_moment


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """
    Root of all events. Who and from which device are added by the write turn that records it.

    `at` is when it took effect (aware UTC), not when it was recorded; `why` is a code such as `clock` or `lead_decision`.
    """

    at: datetime
    why: str = ""

    @property
    def kind(self) -> str:
        """Return the name under which the event is stored."""
        return type(self).__name__

    def facts(self) -> dict[str, object]:
        """Return what happened as plain JSON values, without `at` and `why`."""
        return {
            field.name: _plain(getattr(self, field.name)) for field in fields(self) if field.name not in ("at", "why")
        }


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return format_moment(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, tuple | frozenset | set):
        return [_plain(item) for item in (value if isinstance(value, tuple) else sorted(value))]
    return value
