"""What programs may ask of the office: bases, hours and pay, incidents, stock."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from fieldops.actions import bases, incidents, stock, timesheets
from fieldops.clock import parse_day
from fieldops.errors import BadInput
from fieldops.ids import CrewId, PromoterId, StreetId
from fieldops.people import Base
from web.api.registry import Field, Operation
from web.regions import act_moment, the_region
from web.session import current_actor

Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Named:
    """What an act made or changed, by its name or id."""

    id: str


@dataclass(frozen=True, slots=True)
class SheetShown:
    """A timesheet: days with what is told, verified and paid; yuan an hour; hours of files that are nobody's."""

    first: date
    last: date
    rate: float
    days: tuple[timesheets.SheetDay, ...]
    loose: float


@dataclass(frozen=True, slots=True)
class Settled:
    """A settled incident, and until when its street is closed."""

    id: str
    closed_until: datetime | None


@dataclass(frozen=True, slots=True)
class StockShown:
    """What a place had in and out of an item, and what should be there."""

    place: str
    item: str
    came: int
    went: int
    placed: int
    at_hand: int


def _set_base(v: Values) -> Named:
    base = Base(v["name"].strip(), v.get("address", ""), v.get("lon"), v.get("lat"), v.get("hours", ""))
    bases.set_base(the_region(), current_actor(), base, now=act_moment())
    return Named(base.name)


def _sheet(v: Values) -> SheetShown:
    crew = v.get("crew")
    seen = timesheets.read_timesheet(
        the_region(), current_actor(), first=_day(v, "first"), last=_day(v, "last"), crew=CrewId(crew) if crew else None,
        now=act_moment(),
    )  # fmt: skip
    return SheetShown(seen.first, seen.last, seen.rate, seen.days, seen.loose)


def _confirm(v: Values) -> Named:
    day = _day(v, "day")
    if day is None:
        raise BadInput("no day", field="day", cure="write it as 2026-03-02")
    timesheets.confirm_hours(
        the_region(), current_actor(), PromoterId(v["promoter"]), day, v["hours"], why=v["why"], now=act_moment()
    )
    return Named(v["promoter"])


def _report(v: Values) -> Named:
    made = incidents.report_incident(
        the_region(), current_actor(), v["what"], street=StreetId(v["street"]) if v.get("street") else None,
        crew=CrewId(v["crew"]) if v.get("crew") else None, now=act_moment(),
    )  # fmt: skip
    return Named(made)


def _settle(v: Values) -> Settled:
    until = incidents.settle_incident(
        the_region(), current_actor(), v["incident"], v["outcome"], close_days=v.get("close_days", 0), now=act_moment()
    )
    return Settled(v["incident"], until)


def _stock(_v: Values) -> list[StockShown]:
    lines = stock.read_stock(the_region(), current_actor()).lines
    return [StockShown(one.place, one.item, one.came, one.went, one.placed, one.at_hand) for one in lines]


def _move(v: Values) -> Named:
    stock.move_stock(
        the_region(), current_actor(), v["item"], v["count"], source=v["source"], target=v["target"], why=v.get("why", ""),
        now=act_moment(),
    )  # fmt: skip
    return Named(v["item"])


def _day(v: Values, name: str) -> date | None:
    return parse_day(v[name], field=name) if v.get(name) else None


_WHY = Field(needed=True, about="a code for the record")
_DAY = Field(about="a day, such as 2026-03-02")
_PLACE = Field(needed=True, about="outside, base:NAME or crew:ID")

OPERATIONS = [
    Operation("bases", "GET", "/bases", ("desk.read",), "Bases with who belongs to each.", list[Any],
              lambda _v: bases.list_bases(the_region(), current_actor())),
    Operation("base_set", "POST", "/bases", ("base.set",), "Describe a base.", Named, _set_base, status=201,
              body={"name": Field(needed=True), "address": Field(), "hours": Field(), "lon": Field("number", least=-180, most=180),
                    "lat": Field("number", least=-85, most=85)}),
    Operation("timesheet", "GET", "/timesheet", ("pay.read",), "Hours by promoter and day, and what is paid.", SheetShown, _sheet,
              {"first": _DAY, "last": _DAY, "crew": Field()}),
    Operation("hours_confirm", "POST", "/timesheet", ("pay.confirm",), "Say how many hours of a promoter's day are paid.", Named,
              _confirm, body={"promoter": Field(needed=True), "day": Field(needed=True, about="such as 2026-03-02"),
                              "hours": Field("number", needed=True, least=0, most=24), "why": _WHY}),
    Operation("incidents", "GET", "/incidents", ("desk.read",), "Incidents, those that wait first.", list[Any],
              lambda _v: incidents.list_incidents(the_region(), current_actor(), now=act_moment())),
    Operation("incident_report", "POST", "/incidents", ("desk.read", "incident.report"), "Report what happened.", Named, _report,
              status=201, body={"what": Field(needed=True, choices=incidents.KINDS), "street": Field(), "crew": Field()}),
    Operation("incident_settle", "POST", "/incidents/{incident}/settle", ("incident.settle",), "Settle an incident.", Settled, _settle,
              body={"outcome": Field(needed=True, choices=incidents.OUTCOMES), "close_days": Field("whole", least=0, most=60)}),
    Operation("stock", "GET", "/stock", ("desk.read",), "Posters and leaflets at every base and crew.", list[StockShown], _stock),
    Operation("stock_move", "POST", "/stock", ("stock.move",), "Move posters or leaflets.", Named, _move, status=201,
              body={"item": Field(needed=True, choices=stock.ITEMS), "count": Field("whole", needed=True, least=1, most=1_000_000),
                    "source": _PLACE, "target": _PLACE, "why": Field()}),
]  # fmt: skip
