"""The table beside the map: the same facts of the same streets, sorted and filtered."""

from dataclasses import dataclass

from fieldops.actions.desk import chosen_city
from fieldops.actions.story import streets_sounding
from fieldops.ids import CityId
from fieldops.people import Actor
from fieldops.permissions import require
from fieldops.store import desk
from fieldops.store import street_list as store
from fieldops.store.connect import Region
from fieldops.store.street_list import SORTS as SORTS
from fieldops.store.street_list import ListedStreet as ListedStreet
from fieldops.store.street_list import Wish as Wish

A_PAGE = 50


@dataclass(frozen=True, slots=True)
class StreetPage:
    """A page of the table, and whether there is another one after it."""

    wish: Wish
    page: int
    rows: tuple[ListedStreet, ...]
    more: bool


def list_streets(region: Region, actor: Actor, wish: Wish, *, city: CityId | None = None, page: int = 1) -> StreetPage:
    """
    Return a page of the streets of a city, the first city by default, as wished.

    Raises
    ------
    Forbidden
        If the actor may not read the desk.
    NotFound
        If there is no such city.
    """
    require(actor, "desk.read")
    connection, chosen = region.reader(), chosen_city(region, city)
    plan = desk.newest_plan(connection)
    found = store.list_streets(
        connection, chosen, plan.id if plan else None, wish,
        sounding=streets_sounding(region, wish.words, chosen) if wish.words else (),
        most=A_PAGE + 1, after=(page - 1) * A_PAGE,
    )  # fmt: skip
    return StreetPage(wish, page, tuple(found[:A_PAGE]), len(found) > A_PAGE)
