"""
Timesheets and pay: hours by promoter and day, which of them are verified, and what they come to.

What a phone told of a day is verified where the promoter's own records of that day speak for it: at least two, and their
span, with two hours for the way and the talks before and after, is no shorter than the hours told, which are at most
sixteen. Everything else waits for a lead, whose word counts. Only verified and confirmed hours are paid.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from fieldops.actions.people import promoter_names
from fieldops.clock import local_day
from fieldops.contacts import LONG_DAY
from fieldops.errors import BadInput, NotFound
from fieldops.events import HoursConfirmed
from fieldops.exchange.spreadsheets import csv_bytes, xlsx_bytes
from fieldops.ids import CrewId, PromoterId
from fieldops.people import Actor
from fieldops.permissions import require
from fieldops.said import Said
from fieldops.store import people
from fieldops.store import timesheets as store
from fieldops.store.connect import Region, read_rules
from fieldops.store.places import read_zone

LEAST_RECORDS = 2
MARGIN = timedelta(hours=2)
LONGEST = 62  # days of a sheet
CENTURY = range(2000, 2100)  # years; the calendar ends soon before and after what Python can reckon with
COLUMNS = (
    "promoter", "name", "crew", "crew_name", "day", "hours_told", "own_records", "state", "why", "hours_paid",
    "yuan_an_hour", "yuan",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class SheetDay:
    """A promoter's day: hours told, own records, whether it is verified, confirmed or open, and the hours that are paid."""

    promoter: PromoterId
    crew: CrewId
    day: date
    told: float
    records: int
    state: str
    why: str
    paid: float

    @property
    def is_long(self) -> bool:
        """Whether more hours were told than a day of one promoter can have."""
        return self.told > LONG_DAY


@dataclass(frozen=True, slots=True)
class Sheet:
    """
    A timesheet from `first` to `last`, both included; `rate` is in yuan an hour.

    `loose` are promoter-hours that files brought for crews without saying whose they are: they are on no sheet.
    """

    first: date
    last: date
    today: date
    days: tuple[SheetDay, ...]
    rate: float
    names: dict[PromoterId, str]
    crews: dict[CrewId, str]
    loose: float

    @property
    def paid(self) -> float:
        """Return the hours that are paid."""
        return round(sum(one.paid for one in self.days), 2)


def read_timesheet(
    region: Region, actor: Actor, *, first: date | None = None, last: date | None = None, crew: CrewId | None = None,
    now: datetime | None = None,
) -> Sheet:  # fmt: skip
    """
    Return the timesheet of the days from first (a week back) to last (today), of one crew or all.

    Permission: pay.read.

    Raises
    ------
    Forbidden
        If the actor may not.
    BadInput
        If the days are in the wrong order, too many, or in another century.
    """
    require(actor, "pay.read")
    connection = region.reader()
    zone = read_zone(connection)
    today = local_day(region.moment(now), zone)
    last = last or today
    first = first or last - timedelta(days=6)
    if not 0 <= (last - first).days < LONGEST or first.year not in CENTURY or last.year not in CENTURY:
        raise BadInput(
            Said("from %(first)s to %(last)s", first=first, last=last),
            field="first",
            cure=Said("give at most %(longest)s days, the first one first", longest=LONGEST),
        )
    told = store.read_told(connection, first, last)
    confirmed = store.read_confirmed(connection, first, last)
    since, until = (datetime.combine(day, time(), zone) for day in (first, last + timedelta(days=1)))
    spoken = store.read_spoken(connection, since, until, lambda moment: local_day(moment, zone))
    crew_of = {one.id: one.crew for one in people.read_promoters(connection).values()}
    days = []
    for key in sorted(told.keys() | confirmed.keys()):
        where, hours = told.get(key, (crew_of.get(key[0], CrewId("")), 0.0))
        if crew is None or where == crew:
            days.append(_day(key, where, hours, spoken.get(key), confirmed.get(key)))
    loose = store.sum_of_effort(connection, first, last) - sum(hours for _, hours in told.values())
    return Sheet(
        first, last, today, tuple(days), read_rules(connection).pay_per_hour, promoter_names(region, actor),
        {one.id: one.name for one in people.read_crews(connection).values()}, max(0.0, round(loose, 2)),
    )  # fmt: skip


def _day(
    key: store.DayOf, crew: CrewId, told: float, spoken: store.Spoken | None, said: store.Confirmed | None
) -> SheetDay:
    promoter, day = key
    records = spoken.records if spoken else 0
    if said is not None:
        return SheetDay(promoter, crew, day, told, records, "confirmed", said.why, said.hours)
    span = spoken.last - spoken.first if spoken else timedelta(0)
    speaks = records >= LEAST_RECORDS and told <= LONG_DAY and timedelta(hours=told) <= span + MARGIN
    return SheetDay(promoter, crew, day, told, records, "verified" if speaks else "open", "", told if speaks else 0.0)


def confirm_hours(
    region: Region,
    actor: Actor,
    promoter: PromoterId,
    day: date,
    hours: float,
    *,
    why: str,
    now: datetime | None = None,
) -> None:
    """
    Say how many hours of a promoter's day are paid, whatever the phone told; 0 for none.

    Permission: pay.confirm. Event: HoursConfirmed.

    Raises
    ------
    Forbidden
        If the actor may not.
    NotFound
        If there is no such promoter.
    BadInput
        If the hours cannot be, the day has not come, or no reason is given.
    """
    require(actor, "pay.confirm")
    if not 0 <= hours <= 24:
        raise BadInput(Said("%(hours)s hours", hours=hours), field="hours", cure="give 0 to 24")
    if not why.strip() or len(why) > 60:
        raise BadInput("no reason of a few words", field="why", cure="say why, for example seen_working")
    with region.turn(actor, now=now) as turn:
        if people.find_promoter(turn.connection, promoter) is None:
            raise NotFound("promoter", promoter, cure="see `fieldops promoters list`")
        if day > local_day(turn.now, read_zone(turn.connection)):
            raise BadInput(Said("%(day)s has not come", day=day), field="day", cure="give a day that is over or today")
        event = HoursConfirmed(at=turn.now, why=why.strip(), promoter=promoter, day=day, hours=round(hours, 2))
        store.write_confirmed(turn, event=event)


def sheet_bytes(sheet: Sheet, form: str) -> bytes:
    """Return a timesheet as CSV or XLSX, a row a promoter and day; text that a spreadsheet would calculate is defused."""
    rows = [
        {
            "promoter": one.promoter, "name": sheet.names.get(one.promoter, ""), "crew": one.crew,
            "crew_name": sheet.crews.get(one.crew, ""), "day": one.day.isoformat(), "hours_told": one.told,
            "own_records": one.records, "state": one.state, "why": one.why, "hours_paid": one.paid,
            "yuan_an_hour": sheet.rate, "yuan": round(one.paid * sheet.rate, 2),
        }
        for one in sheet.days
    ]  # fmt: skip
    return xlsx_bytes("pay", COLUMNS, rows) if form == "xlsx" else csv_bytes(COLUMNS, rows)
