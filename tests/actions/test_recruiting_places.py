"""The funnel of one place: one pass over packed ways gives what a slow count, candidate by candidate, gives."""

import random
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest

from fieldops.actions.recruiting_duties import erase_person
from fieldops.actions.recruiting_import import import_candidates
from fieldops.actions.recruiting_lists import Filters, read_funnel
from fieldops.actions.recruiting_moves import (
    describe_candidate,
    merge_candidates,
    move_candidate,
    undo_merge,
)
from fieldops.actions.recruiting_posters import make_poster
from fieldops.clock import format_moment, local_day
from fieldops.ids import CrewId, PosterCode, StreetId, VenueId
from fieldops.recruiting.consent import FIRST_TEXT
from fieldops.recruiting.funnel import Tallies, Tally, cohorts, stage_figures, survival
from fieldops.recruiting.journey import LEFT_MARK, UNKNOWN_DAYS, Entry, Journey, Path, entries, walk_journey
from fieldops.recruiting.packed import count_packed, pack
from fieldops.recruiting.sources import Group, Source, SourceKind
from fieldops.recruiting.stages import LEFT, WAY, Reason, Stage, allowed_moves
from fieldops.store.connect import Region
from fieldops.store.places import read_zone
from fieldops.store.recruiting import each_journey
from fieldops.store.recruiting_brings import read_worked
from fieldops.store.recruiting_lists import read_ways
from fieldops.store.verify import verify
from tests.conftest import LEAD, NOON
from tests.recruits import join, phone
from tests.small_region import add_town

DAY = timedelta(days=1)
PLACES = (
    Filters(street=StreetId("S0")), Filters(crew=CrewId("C0")), Filters(crew=CrewId("C1")), Filters(venue=VenueId("V0")),
    Filters(base="北站"),
)  # fmt: skip


def tally_up(found: Iterable[Entry]) -> Tallies:
    """Return the tallies of entries, one by one."""
    days: dict[str, dict[str, Counter[int]]] = {Path.CANDIDATE: {}, Path.STEP: {}}
    weeks: Counter[tuple[date, str]] = Counter()
    left: dict[str, Counter[tuple[date, str, int]]] = {Path.CANDIDATE: Counter(), Path.SELLER: Counter()}
    begin = {Path.CANDIDATE: Stage.NEW, Path.SELLER: Stage.FIRST_ORDER}
    for one in found:
        if one.path in days:
            days[one.path].setdefault(one.stage, Counter())[one.days] += 1
        if one.path == Path.CANDIDATE:
            weeks[one.week, one.stage] += 1
        if one.path in left and one.stage in (begin[one.path], LEFT_MARK):
            left[one.path][one.week, one.stage, one.days // 7 * 7] += 1
    curves = {path: [Tally(path, *key, count) for key, count in counts.items()] for path, counts in left.items()}
    told = [(*key, count) for key, count in weeks.items()]
    return Tallies(days[Path.CANDIDATE], days[Path.STEP], told, curves[Path.CANDIDATE], curves[Path.SELLER])


def figures(tallies: Tallies, today: date) -> tuple[object, ...]:
    return (
        stage_figures(tallies, 0.8), cohorts(tallies), survival(tallies.candidates, Path.CANDIDATE, today, 0.8),
        survival(tallies.sellers, Path.SELLER, today, 0.8),
    )  # fmt: skip


def slowly(region: Region, filters: Filters, since: date | None, today: date) -> tuple[object, ...]:
    """Return the figures by going through every candidate and every move."""
    connection, found = region.reader(), list[Entry]()
    for one, moves, _ in each_journey(connection):
        wanted = (
            (filters.street, one.source.street), (filters.venue, one.source.venue), (filters.crew, one.source.crew),
            (filters.poster, one.source.poster), (filters.base, one.base), (filters.kind, one.source.kind), (filters.group, one.group),
        )  # fmt: skip
        if one.merged_into is None and all(asked in (None, there) for asked, there in wanted):
            way = walk_journey(one.made_at, moves, read_zone(connection))
            found += [
                entry for entry in entries(way, one.source.kind, one.group) if since is None or entry.week >= since
            ]
    return figures(tally_up(found), today)


def live_through(region: Region, rng: random.Random, people: int, acts: int) -> PosterCode:
    """Sign people up over a year and let anything happen to them: moves on, back and out, merges, undone ones, erasure."""
    now = NOON
    with region.turn(LEAD, now=now) as turn:
        turn.connection.execute(
            "INSERT INTO venue (geom, id, city_id, kind, name, people_per_hour, source)"
            " VALUES (x'00', 'V0', 'town', 'mall', 'Mall', 100, 'hand')"
        )
    poster = make_poster(region, LEAD, crew=CrewId("C0"), now=NOON).code
    sources = (
        Source(SourceKind.STREET, street=StreetId("S0"), crew=CrewId("C0")), Source(SourceKind.CREW, crew=CrewId("C1")),
        Source(SourceKind.VENUE, venue=VenueId("V0"), crew=CrewId("C0")), Source(SourceKind.CHANNEL, channel="wechat"),
        Source(SourceKind.POSTER, poster=poster), Source(SourceKind.STREET, street=StreetId("S1"), crew=CrewId("C1")),
    )  # fmt: skip
    rows = [
        (number + 2, {"name": "王小明", "phone": phone(1000 + number), "street": "S0", "crew": "C1", "base": "北站", "stage": rng.choice(WAY),
                      "made_at": format_moment(now - rng.randrange(200) * DAY), "stage_since": format_moment(now)})
        for number in range(people // 2)
    ]  # fmt: skip
    assert import_candidates(region, LEAD, rows, consent=FIRST_TEXT.version, now=now).added == people // 2
    for number in range(people):
        now += rng.random() * DAY
        join(region, number, now=now, source=rng.choice(sources), group=rng.choice([None, *Group]))
    for _ in range(acts):
        now += rng.random() * DAY
        there = [one for one, _, _ in each_journey(region.reader())]
        alive, merged = (
            [one for one in there if one.counts],
            [one for one in there if one.merged_into and not one.erased_at],
        )
        one, act = rng.choice(alive), rng.random()
        if act < 0.75:
            likely = [WAY[WAY.index(one.stage) + 1]] * 6 if one.stage in WAY[:-1] else []
            after = rng.choice([*likely, *allowed_moves(one.stage, one.reached)])
            move_candidate(region, LEAD, one.id, after, reason=Reason.NO_TIME if after in LEFT else "", now=now)
        elif act < 0.85:
            group, base = rng.choice([None, *Group]), rng.choice([None, "北站", "南门"])
            describe_candidate(region, LEAD, one.id, group=group, base=base, now=now)
        elif act < 0.92 and len(alive) > 1:
            merge_candidates(region, LEAD, rng.choice([other.id for other in alive if other != one]), one.id, now=now)
        elif act < 0.96 and merged:
            undo_merge(region, LEAD, rng.choice(merged).id, now=now)
        else:
            erase_person(region, LEAD, one.id, now=now)
    return poster


@pytest.mark.parametrize("seed", range(4))
def test_the_funnel_of_every_place_is_the_slow_count_of_it_whatever_happened(region: Region, seed: int) -> None:
    add_town(region)
    rng = random.Random(seed)
    poster = live_through(region, rng, people=24, acts=150)
    places = (*PLACES, Filters(poster=poster))
    later = region.moment() + 40 * DAY
    today, reached = local_day(later, read_zone(region.reader())), 0
    narrower = (
        *places, *(replace(one, group=Group.PART_TIME) for one in places), replace(PLACES[0], crew=CrewId("C1")),
        *(replace(one, kind=SourceKind.STREET) for one in places),
    )  # fmt: skip
    for since in (None, today - 200 * DAY):
        for filters in narrower:
            report = read_funnel(region, LEAD, filters, since=since, now=later)
            told = (report.stages, report.cohorts, report.candidates, report.sellers)
            assert told == slowly(region, filters, since, today), (filters, since)
            reached += sum(one.reached for one in report.stages)
    assert reached > 100
    assert verify(region).violations == []


def test_the_funnel_of_all_is_the_slow_count_too(region: Region) -> None:
    add_town(region)
    live_through(region, random.Random(9), people=20, acts=120)
    later = region.moment() + 40 * DAY
    today = local_day(later, read_zone(region.reader()))
    for filters in (Filters(), Filters(kind=SourceKind.STREET), Filters(group=Group.NEWCOMER)):
        for since in (None, today - 200 * DAY):
            report = read_funnel(region, LEAD, filters, since=since, now=later)
            assert (report.stages, report.cohorts, report.candidates, report.sellers) == slowly(
                region, filters, since, today
            )


def test_a_way_is_packed_without_loss_at_every_number_of_days() -> None:
    zone = ZoneInfo("Asia/Shanghai")
    for days in [*range(70), *range(70, 730, 7), 728]:
        kept = days if days <= 60 else days - days % 7
        ways = [
            Journey(date(2026, 3, 2), (0, kept), (0, kept), left=kept, selling=date(1969, 12, 29), sold=kept),
            Journey(date(1969, 12, 29), (0, UNKNOWN_DAYS, kept), (0, UNKNOWN_DAYS, UNKNOWN_DAYS)),
            walk_journey(NOON, [], zone),
        ]
        told = count_packed("".join(pack(one) for one in ways))
        found = [entry for one in ways for entry in entries(one, SourceKind.STREET, None)]
        assert figures(told, date(2026, 6, 1)) == figures(tally_up(found), date(2026, 6, 1)), days
    assert len({len(pack(one)) for one in ways}) == 1


@pytest.mark.parametrize(
    ("filters", "index"),
    [
        (PLACES[0], "funnel_of_street"), (PLACES[1], "funnel_of_crew"), (PLACES[3], "funnel_of_venue"),
        (PLACES[4], "funnel_of_base"), (Filters(poster=PosterCode("P")), "funnel_of_poster"),
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    "narrow", [lambda one: one, lambda one: replace(one, kind=SourceKind.STREET, group=Group.LARGE)]
)
def test_the_funnel_of_a_place_is_answered_by_one_index_alone(
    region: Region, filters: Filters, index: str, narrow: Callable[[Filters], Filters]
) -> None:
    asked: list[str] = []
    connection = region.reader()
    connection.set_trace_callback(asked.append)
    read_ways(connection, narrow(filters))
    connection.set_trace_callback(None)
    plan = connection.execute("EXPLAIN QUERY PLAN " + asked[0]).fetchall()
    assert f"COVERING INDEX {index}" in " ".join(row[3] for row in plan)


@pytest.mark.parametrize(("by", "index"), [("street", "candidate_of_street"), ("crew", "candidate_of_crew")])
def test_what_every_street_and_crew_brought_is_answered_by_one_index_alone(region: Region, by: str, index: str) -> None:
    asked: list[str] = []
    connection = region.reader()
    connection.set_trace_callback(asked.append)
    read_worked(connection, by, NOON - DAY, NOON.date(), NOON)
    connection.set_trace_callback(None)
    plan = connection.execute("EXPLAIN QUERY PLAN " + asked[0]).fetchall()
    assert f"COVERING INDEX {index}" in " ".join(row[3] for row in plan)
