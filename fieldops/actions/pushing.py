"""How long a crew pushes each of its streets, and when it asks at the point: by all that the record says at the moment."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Self
from zoneinfo import ZoneInfo

from fieldops.actions.awareness import estimate_around
from fieldops.awareness import PushPrice, Standing, hours_worth
from fieldops.clock import local_day
from fieldops.errors import NotFound
from fieldops.ids import CrewId, PromoterId, StreetId, TriangleId
from fieldops.people import Actor, Crew
from fieldops.permissions import require
from fieldops.store import claims as claim_store
from fieldops.store import people as people_store
from fieldops.store import places
from fieldops.store import pushing as store
from fieldops.store.connect import Region, read_rules
from fieldops.store.decisions import closed_streets
from fieldops.store.response import believed_fit

if TYPE_CHECKING:
    from scipy import sparse

    from fieldops.awareness import Response
    from fieldops.estimates import StreetAwareness
    from fieldops.store.sqlite import sqlite3


class Say(StrEnum):
    """What a crew does on a street that it holds."""

    PUSH = "push"
    ENOUGH = "enough"  # other streets around the point come first
    ASK_POINT = "ask_point"  # everything around the point is pushed as long as it is worth it
    ASK = "ask"  # the street goes by its own test


@dataclass(frozen=True, slots=True)
class PushOrder:
    """What a crew does on a street, and the promoter-hours of pushing there that are worth it now; 0 where it is enough."""

    street: StreetId
    triangle: TriangleId
    say: Say
    hours: float


def push_orders(region: Region, actor: Actor, crew: CrewId, *, now: datetime | None = None) -> tuple[PushOrder, ...]:
    """
    Return what a crew does on each of its streets, those with most hours first.

    Hours told, conversations counted and answers given until the moment count, those of other crews near too. Permission:
    region.read, crews for themselves.

    Raises
    ------
    Forbidden
        If the actor may not.
    NotFound
        If there is no such crew.
    """
    require(actor, "region.read", crew=crew)
    connection, at = region.reader(), region.moment(now)
    return orders_of(connection, people_store.find_crew(connection, crew), at)


@dataclass(frozen=True, slots=True)
class CrewOrders:
    """What a crew does on its streets as of `now`, with the names of the streets for people."""

    now: datetime
    zone: ZoneInfo
    crew: Crew
    orders: tuple[PushOrder, ...]
    labels: dict[str, str]


def read_pushing(region: Region, actor: Actor, promoter: PromoterId, *, now: datetime | None = None) -> CrewOrders:
    """
    Return the orders of a promoter's crew for its phone; see `push_orders`. Permission: phone.use.

    Raises
    ------
    Forbidden
        If the actor is of another crew.
    NotFound
        If there is no such promoter.
    """
    connection, at = region.reader(), region.moment(now)
    known = people_store.find_promoter(connection, promoter)
    if known is None:
        raise NotFound("promoter", promoter)
    require(actor, "phone.use", crew=known.crew)
    crew = people_store.find_crew(connection, known.crew)
    orders = orders_of(connection, crew, at)
    labels = places.name_places(connection, [one.street for one in orders])
    return CrewOrders(at, places.read_zone(connection), crew, orders, labels)


def orders_of(connection: "sqlite3.Connection", crew: Crew, at: datetime) -> tuple[PushOrder, ...]:
    """Return the orders of a crew by what a connection sees; see `push_orders`."""
    held = {claim.street for claim in claim_store.claims_of_crew(connection, crew.id, at)}
    around = store.open_around(connection, held, at)
    if not around:
        return ()
    rules, zone, response = read_rules(connection), places.read_zone(connection), believed_fit(connection, at).response
    price = PushPrice(rules.push_hour_price, rules.left_short_weight, crew.people * rules.setup_minutes / 60.0)
    stands = store.stands_on(connection, crew.id, held, local_day(at, zone))
    refused = store.refused_points(connection, around, at, zone)
    neighbourhood = _Neighbourhood.of(connection, at, around)
    orders: list[PushOrder] = []
    for triangle, streets in around.items():
        hours = neighbourhood.hours(
            streets, response, target=rules.target_share, price=price, stands=stands, refused=triangle in refused
        )
        say = _what_to_do(hours, refused=triangle in refused)
        orders += [PushOrder(s, triangle, say(h), h) for s, h in zip(streets, hours, strict=True) if s in held]
    return tuple(sorted(orders, key=lambda one: -one.hours))


def _what_to_do(hours: Sequence[float], *, refused: bool) -> Callable[[float], Say]:
    """RULE 10: the point is asked when everything around it is pushed; where that does not help, each street is asked itself."""
    done = Say.ENOUGH if any(hours) else Say.ASK if refused else Say.ASK_POINT
    return lambda mine: Say.PUSH if mine > 0 else done


@dataclass(frozen=True, slots=True)
class _Neighbourhood:
    """What is known of the open streets around some points, and what an hour on one gives to the others."""

    place: dict[StreetId, int]
    known: "StreetAwareness"
    people: dict[StreetId, float]
    beside: dict[StreetId, int]
    spill: "sparse.csr_array"

    @classmethod
    def of(
        cls, connection: "sqlite3.Connection", at: datetime, around: Mapping[TriangleId, Sequence[StreetId]]
    ) -> Self:
        """Return the open streets around these points as they stand at the moment."""
        known, people = estimate_around(connection, at, list(around))
        names, spill = store.spill_around(connection, [street for streets in around.values() for street in streets])
        place = {street: i for i, street in enumerate(known.street)}
        shut = closed_streets(connection, at, names)
        beside = {street: i for i, street in enumerate(names) if street not in shut}
        return cls(place, known, dict(zip(known.street, people.tolist(), strict=True)), beside, spill)

    def hours(
        self, streets: Sequence[StreetId], response: "Response", *, target: float, price: PushPrice,
        stands: StreetId | None, refused: bool,
    ) -> list[float]:  # fmt: skip
        """Return the promoter-hours that each of the streets around a point is worth."""
        known = [
            Standing(
                float(self.known.alpha[i]), float(self.known.beta[i]), self.people[self.known.street[i]],
                float(self.known.pace[i]), float(self.known.pace_deviation[i]),
            )
            for i in (self.place[street] for street in streets)
        ]  # fmt: skip
        mine = [self.beside[street] for street in streets]
        others = [i for i in self.beside.values() if i not in set(mine)]
        columns = response.sigma * self.spill[:, mine].toarray()
        begun = streets.index(stands) if stands in streets else -1
        hours = hours_worth(
            known, response, target=target, price=price, spill=columns[mine], outside=columns[others].sum(axis=0),
            stands=begun, refused=refused,
        )  # fmt: skip
        return [float(one) for one in hours]
