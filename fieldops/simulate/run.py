"""A whole campaign: days through the real acts on a sandbox region in memory, examined every night."""

from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import numpy as np

from fieldops.actions.city import plant_city
from fieldops.actions.effort import import_effort
from fieldops.actions.people import import_crews
from fieldops.actions.rules import change_rules
from fieldops.errors import Stopped
from fieldops.events import RowsImported
from fieldops.ids import ActorId, CrewId, PromoterId
from fieldops.people import Actor, Crew, Promoter, Role
from fieldops.progress import Progress, no_progress
from fieldops.rules import Rules
from fieldops.simulate.conditions import Conditions
from fieldops.simulate.desk import TrustDesk
from fieldops.simulate.examine import compare_orders, examine, examine_plan
from fieldops.simulate.field import STARTS_AT, Field, Hand
from fieldops.simulate.office import Map, Office
from fieldops.simulate.outcome import Outcome, summarise
from fieldops.simulate.policies import Policy
from fieldops.simulate.resurvey import ask_sentinels
from fieldops.simulate.town import Town, World
from fieldops.store.connect import Region, create_memory_region
from fieldops.store.people import write_promoters

if TYPE_CHECKING:
    from fieldops.city.model import City

FIRST_DAY = date(2026, 3, 2)
BENCH = Actor(ActorId("simulate"), Role.PLANNER)


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """A city with its truth and its force, ready to be campaigned in: the same for every policy of a seed."""

    city: "City"
    town: Town
    crews: tuple[Crew, ...]
    homes: tuple[tuple[float, float], ...]  # of the crews, metres as in the town
    conditions: Conditions
    seed: int
    days: int
    rules: Rules = field(default_factory=Rules)


@dataclass(slots=True)
class Campaign:
    """A campaign while it runs."""

    scene: Scene
    policy: Policy
    region: Region
    office: Office
    afield: Field
    zone: ZoneInfo
    members: dict[CrewId, list[PromoterId]]
    rng: np.random.Generator
    desk: TrustDesk | None
    violations: list[str] = field(default_factory=list)
    day: int = 0


def run_campaign(
    scene: Scene, policy: Policy, *, region: Region | None = None, trust: bool = False, examined: bool = True,
    progress: Progress = no_progress,
) -> Outcome:  # fmt: skip
    """
    Run a policy on a scene until every street is finished or the days are over.

    Parameters
    ----------
    scene, policy
        What to run; the same pair gives the same outcome.
    region
        An empty sandbox to run it in; one in memory by default, closed at the end.
    trust
        Whether the trust desk works: re-surveys, suspects, quarantine.
    examined
        Whether the invariants are examined after every day, not only after the last.
    progress
        Told the share of the days; where it answers False the campaign ends there, and the outcome says so.

    Raises
    ------
    Stopped
        If stopped before the first day was over.
    """
    own = region is None
    region = region or create_memory_region(BENCH, now=_moment(ZoneInfo(scene.city.time_zone), 0, 1.0))
    try:
        campaign = _open(scene, policy, region, trust=trust)
        while campaign.day < scene.days and not _is_over(campaign):
            _work_day(campaign, last=campaign.day + 1 == scene.days, examined=examined)
            if not progress("simulate", campaign.day / scene.days, finished=float(len(campaign.office.finished))):
                raise Stopped("the campaign was not run to its end")
        return summarise(
            scene.town, campaign.afield, campaign.office, policy, days=campaign.day, target=campaign.office.rules.target_share,
            violations=[*campaign.violations, *campaign.office.unlawful],
        )  # fmt: skip
    finally:
        if own:
            region.close()


def _open(scene: Scene, policy: Policy, region: Region, *, trust: bool) -> Campaign:
    """Plant city, crews and settings."""
    zone = ZoneInfo(scene.city.time_zone)
    now = _moment(zone, 0, 2.0)
    plant_city(region, BENCH, scene.city, now=now)
    # One pass: a street that moved on stays closed for the whole campaign, under every policy.
    rules = replace(policy.settings(scene.rules), reopen_after=timedelta(days=scene.days + 30))
    changed = {name: getattr(rules, name) for name in rules.to_json()}
    change_rules(region, BENCH, why="policy", now=now, **changed)
    members = {crew.id: [PromoterId(f"{crew.id}-{i}") for i in range(crew.people)] for crew in scene.crews}
    campaign = _campaign(scene, policy, region, zone, members, now, trust=trust)
    _import_crews(campaign, now)
    promoters = [Promoter(one, crew) for crew, mine in members.items() for one in mine]
    _write_promoters(region, promoters, now)
    return campaign


def _campaign(
    scene: Scene, policy: Policy, region: Region, zone: ZoneInfo, members: dict[CrewId, list[PromoterId]], now: datetime,
    *, trust: bool,
) -> Campaign:  # fmt: skip
    town = scene.town
    office = Office(region, BENCH, Map.of(town, scene.city.streets["people"].to_numpy(float)), now)
    world = World(town, scene.conditions, scene.seed)
    luck, field_luck = np.random.default_rng([scene.seed, 3]), np.random.default_rng([scene.seed, 4])
    every = [one for mine in members.values() for one in mine]
    made_up = {one for one in every if luck.random() < scene.conditions.fabricating}
    places = {crew.id: home for crew, home in zip(scene.crews, scene.homes, strict=True)}
    offset = (zone.utcoffset(now.astimezone(zone).replace(tzinfo=None)) or timedelta()) / timedelta(hours=1)
    hands = Field(world, office, policy, scene.conditions, offset, field_luck, made_up, places)
    return Campaign(scene, policy, region, office, hands, zone, members, luck, TrustDesk(hands) if trust else None)


def _is_over(campaign: Campaign) -> bool:
    office = campaign.office
    return len(office.finished) + len(office.given_up - office.finished) == len(campaign.scene.town.streets)


def _work_day(campaign: Campaign, *, last: bool, examined: bool) -> None:
    """Let one day pass: morning, field, evening, night."""
    scene, office, afield = campaign.scene, campaign.office, campaign.afield
    office.now = _moment(campaign.zone, campaign.day, 7.0)
    office.forget_estimate()
    _lose_people(campaign)
    office.expire()
    office.planned = None
    campaign.policy.morning(office, campaign.day)
    if examined:
        asked = scene.crews[campaign.day % len(scene.crews)].id
        found = [*examine_plan(office), *compare_orders(office, asked)]
        campaign.violations += [f"day {campaign.day}: {wrong}" for wrong in found]
    starts_at = _moment(campaign.zone, campaign.day, STARTS_AT)
    bad = np.random.default_rng([scene.seed, 5, campaign.day]).random() < scene.conditions.bad_weather
    hands = [_hand(campaign, crew, starts_at, bad=bad) for crew in scene.crews]
    if campaign.desk is not None:
        campaign.desk.morning(hands, campaign.day)
    if campaign.policy.sentinels:
        ask_sentinels(afield, hands, campaign.day, seed=scene.seed * 1000 + campaign.day)
    afield.day(hands)
    afield.pay_idle(hands, afield.busy_until if _is_over(campaign) else None)
    office.now = _moment(campaign.zone, campaign.day, 21.0)
    _evening(campaign)
    if examined or last or _is_over(campaign):
        campaign.violations += [f"day {campaign.day}: {wrong}" for wrong in examine(office)]
    afield.world.night()
    campaign.day += 1


def _evening(campaign: Campaign) -> None:
    """Hand in the day's hours and the surveys that came late, and decide."""
    office, afield = campaign.office, campaign.afield
    day = (FIRST_DAY + timedelta(days=campaign.day)).isoformat()
    rows = [
        {
            "day": day,
            "crew": crew,
            "street": office.map.streets[street],
            "promoter_hours": f"{hours:.4f}",
            "contacts": str(afield.talked[crew, street]),
        }
        for (crew, street), hours in afield.worked.items()
        if hours > 5e-5
    ]
    if rows:
        done = import_effort(campaign.region, BENCH, enumerate(rows, start=2), now=office.now)
        campaign.violations += [f"day {campaign.day}: effort refused: {one['reason']}" for one in done.rejected[:3]]
    if afield.late:
        office.record(afield.late)
        afield.late.clear()
        office.decide()
        afield.note_closed()
    if campaign.desk is not None:
        office.reopen()  # a blind re-survey may have said push on
        campaign.desk.evening(seed=campaign.scene.seed * 1000 + campaign.day)


def _hand(campaign: Campaign, crew: Crew, starts_at: datetime, *, bad: bool) -> Hand:
    scene = campaign.scene
    number = [one.id for one in scene.crews].index(crew.id)
    luck = np.random.default_rng([scene.seed, 6, campaign.day, number])
    there = [one for one in campaign.members[crew.id] if luck.random() >= scene.conditions.no_show]
    hours = crew.hours_per_day * (0.5 if bad else 1.0)
    place = scene.homes[number] if scene.conditions.commute else campaign.afield.places[crew.id]
    askers = [one for one in there if one not in campaign.afield.barred]
    if scene.conditions.commute:
        campaign.office.stands.pop(crew.id, None)
    street = campaign.office.stands.get(crew.id)
    return Hand(crew.id, there, askers, place, starts_at, starts_at + timedelta(hours=hours), street)


def _lose_people(campaign: Campaign) -> None:
    """Let promoters leave for good; their crews are smaller from today on."""
    loss = 1.0 - (1.0 - campaign.scene.conditions.attrition) ** (1 / 30)
    if loss <= 0 or campaign.day == 0:
        return
    gone: list[Promoter] = []
    today = FIRST_DAY + timedelta(days=campaign.day)
    for crew, mine in campaign.members.items():
        leaving = [one for one in mine if campaign.rng.random() < loss]
        if len(leaving) == len(mine):
            leaving = leaving[1:]  # somebody always stays: a crew of nobody is no crew
        gone += [Promoter(one, crew, None, today) for one in leaving]
        campaign.members[crew] = [one for one in mine if one not in leaving]
    if gone:
        _write_promoters(campaign.region, gone, campaign.office.now)
        _import_crews(campaign, campaign.office.now)


def _import_crews(campaign: Campaign, now: datetime) -> None:
    rows: list[dict[str, Any]] = [
        {"crew": crew.id, "name": crew.name, "people": str(len(campaign.members[crew.id])),
         "hours_per_day": str(crew.hours_per_day), "home_lon": str(crew.home_lon), "home_lat": str(crew.home_lat)}
        for crew in campaign.scene.crews
    ]  # fmt: skip
    import_crews(campaign.region, BENCH, enumerate(rows, start=2), strict=True, now=now)
    campaign.office.sizes.update({crew: len(mine) for crew, mine in campaign.members.items()})


def _write_promoters(region: Region, promoters: list[Promoter], now: datetime) -> None:
    """Store promoters without names: a region in memory has no private file."""
    with region.turn(BENCH, now=now) as turn:
        event = RowsImported(
            at=turn.now, noun="promoters", added=len(promoters), updated=0, unchanged=0, rejected=0, digest=""
        )
        write_promoters(turn, promoters, event=event)


def _moment(zone: ZoneInfo, day: int, hour: float) -> datetime:
    start = datetime.combine(FIRST_DAY + timedelta(days=day), time(0), zone)
    return (start + timedelta(hours=hour)).astimezone(ZoneInfo("UTC"))
