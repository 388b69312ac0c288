"""The table beside the map: the same facts of the same streets, sorted and filtered."""

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


def list_streets(
    region: Region, actor: Actor, wish: Wish, *, city: CityId | None = None, most: int, after: int = 0
) -> tuple[ListedStreet, ...]:
    """
    Return `most` streets of a city, the first city by default, as wished, from number `after` on.

    Raises
    ------
    Forbidden
        If the actor may not read the desk.
    NotFound
        If there is no such city.
    """
    found = store.list_streets(region.reader(), _search(region, actor, wish, city), most=most, after=after)
    return tuple(found)


def count_streets(region: Region, actor: Actor, wish: Wish, *, city: CityId | None = None) -> int:
    """
    Return how many streets of a city, the first city by default, are as wished.

    Raises
    ------
    Forbidden
        If the actor may not read the desk.
    NotFound
        If there is no such city.
    """
    return store.count_streets(region.reader(), _search(region, actor, wish, city))


def _search(region: Region, actor: Actor, wish: Wish, city: CityId | None) -> store.Search:
    require(actor, "desk.read")
    chosen, plan = chosen_city(region, city), desk.newest_plan(region.reader())
    sounding = streets_sounding(region, wish.words, chosen) if wish.words else ()
    return store.Search(chosen, plan.id if plan else None, wish, tuple(sounding))
