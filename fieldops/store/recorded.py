"""What of the record is counted: as it is now, as if other quarantines were in force, or as it was at an event."""

import json
from collections.abc import Collection
from dataclasses import dataclass

# all of them as SQL with the parameters `:orders` (a JSON list) and `:event`
_NOW = "SELECT seq FROM quarantine_order WHERE undone_at IS NULL"
_GIVEN = "SELECT value FROM json_each(:orders)"
_AT = (
    "SELECT o.seq FROM quarantine_order AS o WHERE o.seq <= :event AND NOT EXISTS (SELECT 1 FROM event AS e WHERE e.seq <= :event"
    " AND e.seq > o.seq AND e.kind = 'QuarantineLifted' AND e.facts ->> 'order' = o.seq)"
)
_TALKS_AT = (
    "(SELECT id, made_at, promoter_id, street_id, venue_id, door, what AS disposition FROM phone_record AS r"
    " WHERE kind = 'contact' AND batch <= :event AND NOT EXISTS (SELECT 1 FROM phone_record AS u WHERE u.about = r.id"
    " AND u.kind = 'undo' AND u.promoter_id = r.promoter_id AND u.batch <= :event))"
)
_OPENED_AT = "(SELECT min(f.asked_at) FROM survey AS f WHERE f.measurement_id = m.id AND f.batch <= :event)"


@dataclass(frozen=True, slots=True)
class Recorded:
    """
    Which surveys and talks are counted, as SQL; `given` fills its parameters.

    `in_force` are the numbers of the quarantines in force, `surveys` a condition on surveys `s`, `talks` what stands for
    the table of talks, `opened` the moment at which a measurement `m` was opened.
    """

    in_force: str = _NOW
    surveys: str = ""
    talks: str = "contact"
    opened: str = "m.opened_at"
    orders: Collection[int] = ()
    event: int | None = None

    @classmethod
    def as_if(cls, orders: Collection[int], event: int | None = None) -> "Recorded":
        """Return the record as if these quarantines were in force; as it was at an event where one is given."""
        return cls(_GIVEN, orders=orders) if event is None else cls._until(event, _GIVEN, orders)

    @classmethod
    def at(cls, event: int) -> "Recorded":
        """Return the record as it was when the event of that number was recorded, its quarantines too."""
        return cls._until(event, _AT)

    @classmethod
    def _until(cls, event: int, in_force: str, orders: Collection[int] = ()) -> "Recorded":
        return cls(in_force, " AND s.batch <= :event", _TALKS_AT, _OPENED_AT, orders, event)

    @property
    def given(self) -> dict[str, object]:
        """What fills the parameters of the SQL."""
        return {"orders": json.dumps(sorted(self.orders)), "event": self.event}


NOW = Recorded()
