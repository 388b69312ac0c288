"""What a desk page reads: the city with its plan and crews, one street. Light: no pandas."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from fieldops.actions.story import streets_sounding
from fieldops.errors import NotFound
from fieldops.estimates import Basis
from fieldops.ids import CityId, CrewId, PlanId, StreetId
from fieldops.people import Actor
from fieldops.permissions import require
from fieldops.store import desk
from fieldops.store.connect import Region, read_rules
from fieldops.store.coverage import read_cities
from fieldops.store.desk import CrewTurf as CrewTurf
from fieldops.store.desk import Figures, PlanCard
from fieldops.store.desk import StreetFacts as StreetFacts
from fieldops.store.desk import StreetRow as StreetRow
from fieldops.store.people import read_crews


@dataclass(frozen=True, slots=True)
class CityCard:
    """A city as a heading: its time zone, bounds in degrees (west, south, east, north), and what its source is due."""

    id: CityId
    time_zone: str
    attribution: str
    bounds: tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Overview:
    """The first page: one city with its figures, the newest plan (None before the first), and every crew's turf; `basis` is what awareness rests on."""

    city: CityCard
    cities: tuple[CityId, ...]
    present: datetime
    target_share: float
    figures: Figures
    basis: Basis
    plan: PlanCard | None
    crews: tuple[CrewTurf, ...]


@dataclass(frozen=True, slots=True)
class Turf:
    """One crew with the streets that the newest plan gives it."""

    crew: CrewTurf
    streets: tuple[StreetRow, ...]


def read_overview(region: Region, actor: Actor, *, city: CityId | None = None) -> Overview:
    """
    Return the overview of a city; without a name that of the first by name.

    Raises
    ------
    NotFound
        If there is no such city, or no city at all.
    """
    require(actor, "region.read")
    connection = region.reader()
    cards = _cards(region)
    plan = desk.newest_plan(connection)
    chosen = _chosen(cards, city)
    return Overview(
        city=chosen,
        cities=tuple(cards),
        present=desk.read_present(connection),
        target_share=read_rules(connection).target_share,
        figures=desk.read_figures(connection, chosen.id),
        basis=Basis.of(desk.asked_by_triangle(connection, chosen.id)),
        plan=plan,
        crews=tuple(desk.read_turfs(connection, plan.id if plan else None)),
    )


def read_time_zone(region: Region) -> str:
    """Return the time zone of the region's first city, by name; UTC in a region without one."""
    return next((row["time_zone"] for row in read_cities(region.reader())), "UTC")


def read_street(region: Region, actor: Actor, street: StreetId) -> StreetFacts:
    """
    Return all that is known of one street.

    Raises
    ------
    NotFound
        If there is no such street.
    """
    require(actor, "region.read")
    return desk.read_street(region.reader(), _plan(region), street)


def street_by_key(region: Region, actor: Actor, key: int) -> StreetId:
    """
    Return the id of the street whose integer key the map's tiles carry.

    Raises
    ------
    NotFound
        If there is none.
    """
    require(actor, "region.read")
    return desk.street_by_key(region.reader(), key)


def find_streets(
    region: Region,
    actor: Actor,
    words: str,
    *,
    city: CityId | None = None,
    state: str | None = None,
    most: int = 50,
    after: int = 0,
) -> tuple[StreetRow, ...]:
    """Return streets of the city whose name holds or sounds like all the words, `most` of them from number `after` on, of one state or any."""
    require(actor, "region.read")
    chosen = _chosen(_cards(region), city).id
    sounding = streets_sounding(region, words, chosen)
    return tuple(
        desk.find_streets(
            region.reader(), chosen, _plan(region), words, state=state, sounding=sounding, most=most, after=after
        )
    )


def list_crew_names(region: Region, actor: Actor) -> dict[CrewId, str]:
    """Return the names of all crews by id."""
    require(actor, "region.read")
    return {crew.id: crew.name for crew in read_crews(region.reader()).values()}


def street_labels(region: Region, actor: Actor, streets: Iterable[StreetId]) -> dict[StreetId, str]:
    """Return the names that people know streets by."""
    require(actor, "region.read")
    return desk.street_labels(region.reader(), list(streets))


def read_turf(region: Region, actor: Actor, crew: CrewId) -> Turf:
    """
    Return one crew with its streets in the newest plan.

    Raises
    ------
    NotFound
        If there is no such crew.
    """
    require(actor, "region.read")
    plan = _plan(region)
    mine = next((turf for turf in desk.read_turfs(region.reader(), plan) if turf.id == crew), None)
    if mine is None:
        raise NotFound("crew", crew, cure="see `fieldops crews --help`")
    return Turf(mine, tuple(desk.streets_of_crew(region.reader(), plan, crew)))


def _plan(region: Region) -> PlanId | None:
    plan = desk.newest_plan(region.reader())
    return plan.id if plan else None


def _cards(region: Region) -> dict[CityId, CityCard]:
    rows = read_cities(region.reader())
    return {row["id"]: CityCard(row["id"], row["time_zone"], row["attribution"], tuple(row["bounds"])) for row in rows}


def chosen_city(region: Region, city: CityId | None) -> CityId:
    """Return the city of that name, the first where there is no name; see `read_overview`."""
    return _chosen(_cards(region), city).id


def _chosen(cards: dict[CityId, CityCard], city: CityId | None) -> CityCard:
    card = cards.get(city) if city else next(iter(cards.values()), None)
    if card is None:
        raise NotFound("city", city or "", cure="import a map with `fieldops import MAP --city NAME`")
    return card
