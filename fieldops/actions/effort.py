"""Effort comes in: how many promoter-hours each crew worked where."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from functools import cache, partial

from fieldops.actions.intake import Row, imported, summarise
from fieldops.clock import local_day
from fieldops.errors import BadInput
from fieldops.ids import CrewId, StreetId, VenueId
from fieldops.intake import Intake, Refusals, check_width, read_day, read_id, read_number
from fieldops.people import Actor, Crew
from fieldops.permissions import require, why
from fieldops.progress import Progress, no_progress
from fieldops.said import Said
from fieldops.store import effort as store
from fieldops.store import places
from fieldops.store.connect import Region, Turn
from fieldops.store.people import read_crews
from fieldops.surveys import Effort

NEEDED = ("day", "crew", "promoter_hours")
KNOWN = (*NEEDED, "street", "venue", "contacts")
_HOURS_A_DAY = 24.0


def import_effort(
    region: Region, actor: Actor, rows: Iterable[Row], *, strict: bool = False, now: datetime | None = None,
    progress: Progress = no_progress,
) -> Intake:  # fmt: skip
    """
    Take in effort, given as numbered rows of text with the columns `KNOWN`; a street or a venue is needed.

    A row of the same day, crew and place corrects what is recorded. Permission: effort.record, crews for themselves.
    Event: RowsImported.

    Raises
    ------
    Forbidden
        If the actor may not.
    RowsRefused
        With `strict`, if any row cannot be used; nothing is stored then.
    Stopped
        If progress asked to stop.
    """
    require(actor, "effort.record")
    with region.turn(actor, now=now) as turn:
        scene, refusals = _Scene(turn), Refusals()
        read: dict[str, Effort] = {}
        first: dict[str, int] = {}
        for number, row in rows:
            try:
                check_width(row)
                one = scene.read(row)
                if one.id in first:
                    raise BadInput(
                        Said("the same day, crew and place as row %(first)s", first=first[one.id]), field="promoter_hours",
                        cure="add the hours up in one row",
                    )  # fmt: skip
                read[one.id], first[one.id] = one, number
            except BadInput as refusal:
                refusals.add(number, refusal, row.get(refusal.field or ""))
        if strict:
            refusals.refuse_any()
        before = store.read_effort(turn.connection, list(read))
        changed = [one for name, one in read.items() if before.get(name) != one]
        done = summarise(refusals, read, before, len(changed))
        if changed:
            store.write_effort(turn, changed, event=imported("effort", turn.now, done, changed))
        progress("effort", 1.0, rows=len(changed))
    return done


class _Scene:
    """What a row of effort is checked against."""

    def __init__(self, turn: Turn) -> None:
        self._actor = turn.actor
        self._today = local_day(turn.now, places.read_zone(turn.connection))
        self._crews: Mapping[CrewId, Crew] = read_crews(turn.connection)
        self._has_street = cache(partial(places.has_street, turn.connection))
        self._venues = places.streets_of_venues(turn.connection)

    def read(self, row: Mapping[str, str]) -> Effort:
        """Return the effort that a row describes, or refuse it."""
        day, crew = self._day(row), self._crew(row)
        street, venue = self._place(row)
        hours = read_number(row, "promoter_hours", low=0.0)
        most = crew.people * _HOURS_A_DAY
        if not 0 < hours <= most:
            raise BadInput(
                Said("%(hours)s promoter-hours of a crew of %(people)s in one day", hours=f'{hours:g}', people=crew.people), field="promoter_hours",
                cure=Said("give more than 0, at most %(most)s", most=f'{most:g}'),
            )  # fmt: skip
        contacts = read_number(row, "contacts", low=0.0) if row.get("contacts") else None
        if contacts is not None and contacts != int(contacts):
            raise BadInput(
                Said("'%(given)s' is not a whole number", given=row["contacts"]), field="contacts", cure="count people"
            )
        return Effort(day, crew.id, street, venue, hours, None if contacts is None else int(contacts))

    def _day(self, row: Mapping[str, str]) -> date:
        day = read_day(row, "day")
        if day is None:
            raise BadInput("is empty", field="day", cure="write it as 2026-03-01")
        if day > self._today:
            raise BadInput(
                Said("%(day)s has not come yet", day=day),
                field="day",
                cure="record what was worked, not what is planned",
            )
        return day

    def _crew(self, row: Mapping[str, str]) -> Crew:
        crew = self._crews.get(CrewId(read_id(row, "crew")))
        if crew is None:
            raise BadInput(
                Said("no crew is called '%(crew)s'", crew=row["crew"]), field="crew", cure="import the crews first"
            )
        reason = why(self._actor, "effort.record", crew=crew.id)
        if reason is not None:
            raise BadInput(reason, field="crew", cure="hand in the effort of your own crew only")
        return crew

    def _place(self, row: Mapping[str, str]) -> tuple[StreetId, VenueId | None]:
        street, venue = row.get("street", ""), row.get("venue", "")
        if not street and not venue:
            raise BadInput("no place is given", field="street", cure="give a street or a venue")
        if venue:
            if venue not in self._venues:
                raise BadInput(
                    Said("no venue is called '%(venue)s'", venue=venue),
                    field="venue",
                    cure="see `fieldops venues list`",
                )
            stands_on = self._venues[VenueId(venue)]
            if stands_on is None or (street and street != stands_on):
                raise BadInput(
                    Said("the venue stands on %(street)s", street=stands_on)
                    if stands_on
                    else "the venue stands on no street",
                    field="venue",
                    cure="leave the street empty, or mend the venue",
                )
            return stands_on, VenueId(venue)
        if not self._has_street(StreetId(street)):
            raise BadInput(
                Said("no street is called '%(street)s'", street=street),
                field="street",
                cure="see `fieldops streets list`",
            )
        return StreetId(street), None
