"""A crew's phone: what it needs for the day in one answer, its promoter's own page, and the words of the day."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from fieldops.actions.phonekeys import present_key
from fieldops.actions.regions import standing_moment
from fieldops.actions.reserves import keep_reserves
from fieldops.actions.roster import read_own_work
from fieldops.awareness import find_rule
from fieldops.city.coordinates import bd09_from_wgs84, gcj02_from_wgs84
from fieldops.claims import Claim, Reserve
from fieldops.clock import local_day
from fieldops.errors import BadInput, NotFound
from fieldops.events import AccountChanged, DayWordsSet, RowsImported
from fieldops.ids import AccountId, CrewId, MeasurementId, PromoterId, StreetId, TriangleId
from fieldops.people import Actor, Crew, Promoter
from fieldops.permissions import require, why
from fieldops.recruiting.consent import ConsentText
from fieldops.rules import Rules
from fieldops.said import Said
from fieldops.store import accounts as account_store
from fieldops.store import audit, contacts, dispatch, places, private, recruiting_settings, tallies, walks, words
from fieldops.store import claims as claim_store
from fieldops.store import people as people_store
from fieldops.store import phone as store
from fieldops.store import reserves as reserve_store
from fieldops.store.connect import Region, read_rules
from fieldops.store.phone import Credit, Doubted, Ended, Own, Place, Point, Rank, Sitting, VenueStop
from fieldops.store.roster import PromoterWork
from fieldops.surveys import Asked, why_not_counted

LONGEST_WORDS = 500
MOST_HOMES = 40  # streets of a triangle to choose the home street from
_LATELY = timedelta(days=2)
_WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Card:
    """A move-on rule as a phone computes it: *push on* at `low[n]` knows or fewer after n surveys, *move on* at `high[n]`."""

    name: str
    looks: tuple[int, ...]
    low: tuple[int, ...]
    high: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class OpenSitting:
    """A measurement that still takes surveys, with the answers that count so far: who, at which corner, when, what."""

    sitting: Sitting
    counted: tuple[Asked, ...]


@dataclass(frozen=True, slots=True)
class Held:
    """A street that the crew holds, with its claim and the doors that asked not to be contacted."""

    claim: Claim
    place: Place
    doors: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Day:
    """
    All that a phone needs for a day, as it stands at `now`.

    `held` is in walking order; `kept` and `free` are streets to go to next: those kept for the crew, and others near.
    """

    now: datetime
    zone: ZoneInfo
    promoter: PromoterId
    crew: Crew
    may_claim: bool
    rules: Rules
    cards: tuple[Card, ...]
    held: tuple[Held, ...]
    stops: tuple[VenueStop, ...]
    points: tuple[Point, ...]
    homes: dict[TriangleId, list[tuple[StreetId, str]]]
    sittings: tuple[OpenSitting, ...]
    kept: tuple[tuple[Reserve, Place], ...]
    ended: tuple[Ended, ...]
    words: tuple[str, ...]
    consent: ConsentText
    key: str
    public_key: str


def own_promoter(region: Region, actor: Actor, account: AccountId) -> PromoterId:
    """
    Return the promoter that an account of a crew works as; whoever was invited without one becomes one, from today on.

    Permission: phone.use. Events: RowsImported (promoters) and AccountChanged, where one is made.

    Raises
    ------
    Forbidden
        If the actor is of no crew.
    NotFound
        If there is no such account.
    """
    require(actor, "phone.use")
    with account_store.private_reader(region) as connection:
        known = account_store.get_account(connection, account)
    if known.promoter is not None:
        return known.promoter
    if known.crew is None:
        raise NotFound("crew of account", account, cure="invite the person to a crew")
    with region.turn(actor, now=standing_moment(region)) as turn:
        today = local_day(turn.now, places.read_zone(turn.connection))
        promoter = Promoter(PromoterId(f"{known.crew}-{account[:8]}"), known.crew, today)
        event = RowsImported(
            at=turn.now, why="joined", noun="promoters", added=1, updated=0, unchanged=0, rejected=0, digest=promoter.id
        )
        private.save_names(region, {promoter.id: known.name})
        people_store.write_promoters(turn, [promoter], event=event)
        with account_store.private_turn(region) as connection:
            account_store.save_promoter(connection, account, promoter.id)
            audit.append(turn, AccountChanged(at=turn.now, account=account, change="promoter"))
    return promoter.id


def read_day(region: Region, actor: Actor, promoter: PromoterId, *, now: datetime | None = None) -> Day:
    """
    Return what the phone of a promoter needs for the day.

    Permission: phone.use.

    Raises
    ------
    Forbidden
        If the actor may not.
    NotFound
        If there is no such promoter or crew.
    """
    require(actor, "phone.use")
    connection, at = region.reader(), region.moment(now or standing_moment(region))
    known = people_store.find_promoter(connection, promoter)
    if known is None:
        raise NotFound("promoter", promoter)
    require(actor, "phone.use", crew=known.crew)
    crew, rules, zone = (
        people_store.find_crew(connection, known.crew),
        read_rules(connection),
        places.read_zone(connection),
    )
    claims = {claim.street: claim for claim in claim_store.claims_of_crew(connection, crew.id, at)}
    kept = {one.street: one for one in reserve_store.reserves_of_crew(connection, crew.id, at)}
    known_places = store.read_places(connection, [*claims, *kept])
    doors = contacts.doors_not_to_contact(connection, claims)
    held = [
        Held(claim, known_places[street], tuple(doors.get(street, ())))
        for street, claim in claims.items() if street in known_places
    ]  # fmt: skip
    held = _in_walking_order(
        held, _walk_of_day(region, crew.id, local_day(at, zone)), dispatch.crew_standing(connection, crew.id, at, None)
    )
    triangles = [one for one in dict.fromkeys(one.place.triangle for one in held) if one]
    sittings = store.open_sittings(connection, [*triangles, *(one.place.street for one in held)], at)
    key = present_key(region, now=standing_moment(region))
    consent = recruiting_settings.present_consent(connection)
    return Day(
        at, zone, promoter, crew, why(actor, "claim.make", crew=crew.id) is None, rules, _cards(rules), tuple(held),
        tuple(store.read_stops(connection, claims)), tuple(store.read_points(connection, triangles, crew.id, at)),
        store.read_homes(connection, triangles, most=MOST_HOMES),
        _counted(region, sittings, rules),
        tuple((one, known_places[street]) for street, one in kept.items() if street in known_places),
        _ended_lately(store.ended_claims(connection, crew.id, at - _LATELY, at), claims),
        tuple(words.read_words(region, crew.id, local_day(at, zone))), consent, key.id, key.public,
    )  # fmt: skip


def keep_day(region: Region, actor: Actor, crew: CrewId, *, now: datetime | None = None) -> list[Reserve]:
    """Keep streets for the crew's phones until the end of the day, where the list is not full; see `keep_reserves`."""
    at = region.moment(now or standing_moment(region))
    listed = reserve_store.reserves_of_crew(region.reader(), crew, at)
    if len(listed) >= read_rules(region.reader()).reserves_per_crew:
        return listed
    return keep_reserves(region, actor, crew, now=now or standing_moment(region))


def _cards(rules: Rules) -> tuple[Card, ...]:
    """Return the cards with the bounds at which they stop: the count tables that decide at the server, as they are."""
    found = []
    for name in (rules.move_on_rule, rules.audit_rule):
        card = find_rule(name)
        bounds = card.curtailed_bounds
        found.append(Card(name, card.looks, tuple(map(int, bounds.low)), tuple(map(int, bounds.high))))
    return tuple(found)


def _counted(region: Region, sittings: list[Sitting], rules: Rules) -> tuple[OpenSitting, ...]:
    asked = tallies.read_asked(region.reader(), [MeasurementId(one.measurement) for one in sittings])
    found = []
    for sitting in sittings:
        surveys = asked.get(sitting.measurement, [])
        reasons = why_not_counted(surveys, rules)
        counted = tuple(one for one, reason in zip(surveys, reasons, strict=True) if not reason)
        found.append(OpenSitting(sitting, counted))
    return tuple(found)


def _ended_lately(ended: list[Ended], held: Collection[StreetId]) -> tuple[Ended, ...]:
    """Return the last end of each street, the last first; not of one that the crew holds again."""
    last: dict[StreetId, Ended] = {}
    for one in ended:
        if one.street not in held:
            last.setdefault(one.street, one)
    return tuple(last.values())


def _walk_of_day(region: Region, crew: CrewId, day: date) -> dict[str, int]:
    """Return the place of each street in the walk that was planned for the day; nothing where none was."""
    try:
        walk = walks.newest_walk(region.reader(), crew, day)
    except NotFound:
        return {}
    return {str(stop["street"]): place for place, stop in reversed(list(enumerate(walk.visits))) if stop.get("street")}


def _in_walking_order(held: list[Held], walk: dict[str, int], standing: dispatch.CrewStanding) -> list[Held]:
    """Return streets in the order of the day's walk; the others after them, each the nearest next from where the crew is."""
    order = sorted((one for one in held if one.place.street in walk), key=lambda one: walk[one.place.street])
    left = [one for one in held if one.place.street not in walk]
    lon, lat = (order[-1].place.lon, order[-1].place.lat) if order else (standing.lon, standing.lat)
    narrow = np.cos(np.radians(lat))
    while left:
        nearest = min(
            left, key=lambda one: (np.hypot((one.place.lon - lon) * narrow, one.place.lat - lat), one.place.street)
        )
        left.remove(nearest)
        order.append(nearest)
        lon, lat = nearest.place.lon, nearest.place.lat
    return order


def shifted(positions: list[tuple[float, float]]) -> list[tuple[tuple[float, float], tuple[float, float]]]:
    """Return positions (degrees WGS-84) as the maps of Amap and Tencent (GCJ-02) and of Baidu (BD-09) count them."""
    if not positions:
        return []
    lon, lat = np.array(positions, dtype=float).T
    amap, baidu = gcj02_from_wgs84(lon, lat), bd09_from_wgs84(lon, lat)
    return [
        ((float(amap[0][i]), float(amap[1][i])), (float(baidu[0][i]), float(baidu[1][i])))
        for i in range(len(positions))
    ]


# ── one's own page, the words of the day ────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class OwnPage:
    """A promoter's week: what was done, what it came to, appeals, and where the crew stands."""

    now: datetime
    zone: ZoneInfo
    promoter: PromoterId
    name: str
    crew: Crew
    own: Own
    credits: tuple[Credit, ...]
    rank: Rank
    work: PromoterWork
    shown: bool
    counted_from: date
    appeals: tuple[contacts.Appeal, ...]
    doubted: tuple[Doubted, ...]


def read_own_page(region: Region, actor: Actor, promoter: PromoterId, *, now: datetime | None = None) -> OwnPage:
    """
    Return a promoter's own page: the last seven days.

    Permission: phone.use, for promoters of the own crew.

    Raises
    ------
    Forbidden
        If the actor may not.
    NotFound
        If there is no such promoter.
    """
    require(actor, "phone.use")
    connection, at = region.reader(), region.moment(now or standing_moment(region))
    known = people_store.find_promoter(connection, promoter)
    if known is None:
        raise NotFound("promoter", promoter)
    require(actor, "phone.use", crew=known.crew)
    zone = places.read_zone(connection)
    first = local_day(at, zone) - timedelta(days=6)
    since = datetime.combine(first, time(), zone)
    work, shown, counted = read_own_work(region, actor, promoter)
    return OwnPage(
        at, zone, promoter, private.read_names(region).get(promoter, promoter), people_store.find_crew(connection, known.crew),
        store.read_own(connection, promoter, since, first), tuple(store.read_credits(connection, known.crew, at - _WEEK)),
        store.read_rank(connection, known.crew, datetime.combine(counted, time(), zone)), work, shown, counted,
        tuple(contacts.read_appeals(connection, promoter=promoter)), tuple(store.read_doubted(connection, promoter)),
    )  # fmt: skip


def list_words(region: Region, actor: Actor, *, now: datetime | None = None) -> tuple[date, dict[CrewId | None, str]]:
    """Return today, and what crews' phones show today, by crew; None is everybody. Permission: day.say."""
    require(actor, "day.say")
    day = local_day(region.moment(now or standing_moment(region)), places.read_zone(region.reader()))
    return day, words.list_words(region, day)


def say_words(
    region: Region, actor: Actor, text: str, *, crew: CrewId | None = None, day: date | None = None,
    now: datetime | None = None,
) -> date:  # fmt: skip
    """
    Say something to a crew, or to all, for a day (today): its phones show it. Nothing is said where the text is empty.

    Permission: day.say. Event: DayWordsSet; the words themselves lie in the private file.

    Raises
    ------
    Forbidden
        If the actor may not.
    BadInput
        If the text is too long.
    NotFound
        If there is no such crew.
    """
    require(actor, "day.say")
    if len(text.strip()) > LONGEST_WORDS:
        raise BadInput(
            Said("%(count)s characters", count=len(text)),
            field="text",
            cure=Said("say it in %(longest_words)s", longest_words=LONGEST_WORDS),
        )
    with region.turn(actor, now=now or standing_moment(region)) as turn:
        if crew is not None:
            people_store.find_crew(turn.connection, crew)
        chosen = day or local_day(turn.now, places.read_zone(turn.connection))
        words.save_words(turn, text.strip(), event=DayWordsSet(at=turn.now, crew=crew, day=chosen))
    return chosen
