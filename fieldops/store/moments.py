"""What is said of a moment that lies before the record (rule 2)."""

from datetime import datetime
from zoneinfo import ZoneInfo

from fieldops.clock import local_text
from fieldops.errors import ClockRefused
from fieldops.said import Said


def behind_the_record(present: datetime, last: datetime, zone: ZoneInfo, *, given: bool) -> ClockRefused:
    """Return the refusal of a moment before the last event: a given one is the user's to change, else the clock is wrong."""
    if given:
        return ClockRefused(
            problem=Said(
                "--now %(given)s lies before the last event of this region (%(last)s)",
                given=local_text(present, zone), last=local_text(last, zone),
            ),
            cure="give a later one, or import the map with that --now; where the record ran ahead, see `fieldops check clock`",
        )  # fmt: skip
    return ClockRefused(
        problem=Said(
            "the clock says %(given)s, but the last event was recorded at %(given2)s",
            given=local_text(present, zone), given2=local_text(last, zone),
        ),
        cure="set the clock of this machine right; if it is right and the record had run ahead, see "
        "`fieldops check clock`",
    )  # fmt: skip
