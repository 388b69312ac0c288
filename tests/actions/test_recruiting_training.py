"""First steps with dates, sellers who are stuck, trainings with places; candidates per promoter-hour."""

import multiprocessing
from datetime import timedelta
from pathlib import Path

import pytest

from fieldops.actions.effort import import_effort
from fieldops.actions.recruiting_brings import expected_rates, read_brings
from fieldops.actions.recruiting_lists import list_stuck
from fieldops.actions.recruiting_moves import assign_rep, move_candidate
from fieldops.actions.recruiting_posters import make_poster
from fieldops.actions.recruiting_training import (
    book_training,
    cancel_training,
    list_trainings,
    make_training,
    mark_attended,
    mark_step,
    read_present_steps,
    read_training,
    set_steps,
)
from fieldops.actions.rules import change_rules
from fieldops.errors import BadInput, NotFound, TrainingFull
from fieldops.ids import CandidateId, CrewId, StreetId, TrainingId, VenueId
from fieldops.recruiting.sources import Source, SourceKind
from fieldops.recruiting.stages import Reason, Stage
from fieldops.store.connect import Region, open_region
from fieldops.store.recruiting_training import read_steps_of
from tests.conftest import LEAD, NOON
from tests.recruits import add_rep, advance, join, sellers
from tests.small_region import add_town


def test_a_seller_whose_step_is_overdue_is_stuck_until_it_is_done(region: Region) -> None:
    add_town(region)
    rep = add_rep(region, "R1")
    first, second = join(region, 0).candidate, join(region, 1).candidate
    advance(region, first, Stage.SIGNED)
    advance(region, second, Stage.SIGNED, now=NOON + timedelta(hours=1))
    assign_rep(region, LEAD, second, rep, now=NOON + timedelta(hours=1))
    at_due = NOON + timedelta(days=1)
    assert list_stuck(region, LEAD, now=at_due - timedelta(microseconds=1)) == []
    assert [one.candidate for one, _ in list_stuck(region, LEAD, now=at_due)] == [first]
    late = NOON + timedelta(days=4)
    assert [(one.candidate, one.overdue) for one, _ in list_stuck(region, LEAD, now=late)] == [(first, 5), (second, 5)]
    assert [one.candidate for one, _ in list_stuck(region, LEAD, rep=rep, now=late)] == [second]
    for step, _, _ in read_steps_of(region.reader(), first):
        assert mark_step(region, LEAD, first, step, now=late)
    assert not mark_step(region, LEAD, first, "portrait", now=late)
    assert [one.candidate for one, _ in list_stuck(region, LEAD, now=late)] == [second]
    mark_step(region, LEAD, first, "portrait", done=False, now=late)
    assert list_stuck(region, LEAD, now=late)[0][0].step == "portrait"
    with pytest.raises(NotFound, match="no step"):
        mark_step(region, LEAD, first, "dance", now=late)


def test_a_region_sets_its_own_steps_for_those_who_sign_from_then_on(region: Region) -> None:
    add_town(region)
    before, after = sellers(region, 1)[0], None
    set_steps(region, LEAD, [{"name": "shelf", "days": 2, "label": "上架第一件"}], now=NOON)
    after = sellers(region, 1, first=5)[0]
    assert [step for step, _, _ in read_steps_of(region.reader(), after)] == ["shelf"]
    assert len(read_steps_of(region.reader(), before)) == 6
    assert read_present_steps(region)[0].label == "上架第一件"
    for rows in (
        [{"name": "A B", "days": 1}], [{"name": "a", "days": -1}], [{"name": "a", "days": 1}] * 2, [{"name": "a"}],
        [{"name": f"s{i}", "days": 1} for i in range(31)], [{"name": "a", "days": 1, "label": "x" * 101}],
    ):  # fmt: skip
        with pytest.raises(BadInput):
            set_steps(region, LEAD, rows, now=NOON)


def training(region: Region, capacity: int = 2) -> TrainingId:
    return make_training(
        region, LEAD, base="北站", topic="第一场直播", starts_at=NOON + timedelta(days=2),
        ends_at=NOON + timedelta(days=2, hours=2), capacity=capacity, now=NOON,
    )  # fmt: skip


def test_a_training_takes_as_many_as_it_has_places(region: Region) -> None:
    add_town(region)
    which, who = training(region), [join(region, i).candidate for i in range(3)]
    for one in (*who[:2], who[0]):
        book_training(region, LEAD, which, one, now=NOON)
    with pytest.raises(TrainingFull, match="2 places"):
        book_training(region, LEAD, which, who[2], now=NOON)
    book_training(region, LEAD, which, who[0], booked=False, now=NOON)
    book_training(region, LEAD, which, who[2], now=NOON)
    move_candidate(region, LEAD, who[1], Stage.LOST, reason=Reason.NO_TIME, now=NOON)
    assert [one.candidate for one in read_training(region, LEAD, which)[1]] == [who[2]]
    mark_attended(region, LEAD, which, who[2], came=True, now=NOON + timedelta(days=3))
    (found,) = list_trainings(region, LEAD, now=NOON)
    assert (found.booked, found.came) == (1, 1)
    end = NOON + timedelta(days=2, hours=2)
    assert list_trainings(region, LEAD, now=end) == []
    for since, seen in ((timedelta(0), 1), (timedelta(days=7), 0)):  # who came is noted after the end
        assert len(list_trainings(region, LEAD, over=timedelta(days=7), now=end + since)) == seen
    with pytest.raises(NotFound):
        mark_attended(region, LEAD, which, who[0], came=True, now=NOON + timedelta(days=3))
    with pytest.raises(BadInput, match="over"):
        book_training(region, LEAD, which, who[0], now=NOON + timedelta(days=3))


def _book(path: Path, which: TrainingId, candidates: list[CandidateId], start: object) -> int:
    region, won = open_region(path), 0
    start.wait()  # type: ignore[attr-defined]
    for one in candidates:
        try:
            book_training(region, LEAD, which, one, now=NOON)
            won += 1
        except TrainingFull:
            pass
    region.close()
    return won


def test_of_processes_that_race_for_places_exactly_as_many_win_as_there_are(region: Region) -> None:
    add_town(region)
    which, who = training(region, 5), sellers(region, 16)
    fork = multiprocessing.get_context("fork")
    with fork.Manager() as manager, fork.Pool(4) as pool:
        start = manager.Barrier(4)
        won = pool.starmap(_book, [(region.path, which, who[i::4], start) for i in range(4)])
    assert sum(won) == 5


def test_a_cancelled_training_takes_nobody(region: Region) -> None:
    add_town(region)
    which, who = training(region), join(region).candidate
    cancel_training(region, LEAD, which, now=NOON)
    assert list_trainings(region, LEAD, now=NOON)[0].cancelled_at == NOON
    with pytest.raises(NotFound):
        book_training(region, LEAD, which, who, now=NOON)
    for change in ({"capacity": 0}, {"ends_at": NOON}, {"base": " "}, {"topic": "x" * 101}):
        given = {
            "base": "b",
            "topic": "t",
            "starts_at": NOON,
            "ends_at": NOON + timedelta(hours=1),
            "capacity": 5,
        } | change
        with pytest.raises(BadInput):
            make_training(region, LEAD, now=NOON, **given)  # type: ignore[arg-type]
    past = {"starts_at": NOON - timedelta(hours=2), "ends_at": NOON, "capacity": 5}
    with pytest.raises(BadInput, match="is over"):  # a slip of the date, of which no list would tell
        make_training(region, LEAD, base="b", topic="t", now=NOON, **past)  # type: ignore[arg-type]


# ── what it brings ──────────────────────────────────────────────────────────────────────────────────────────────────


def work(region: Region) -> None:
    """Crew C0 works on S0 and brings many, C1 on S1 and brings few; C2 worked an hour and brought one."""
    rows = [
        {"day": "2026-03-01", "crew": crew, "street": street, "promoter_hours": hours}
        for crew, street, hours in (("C0", "S0", "20"), ("C1", "S1", "20"), ("C2", "S2", "1"))
    ]
    assert import_effort(region, LEAD, list(enumerate(rows, start=2)), now=NOON).added == 3
    at = iter(range(1000))
    for crew, street, came in (("C0", "S0", 12), ("C1", "S1", 3), ("C2", "S2", 1)):
        for _ in range(came):
            source = Source(SourceKind.STREET, street=street, crew=CrewId(crew))  # type: ignore[arg-type]
            join(region, next(at), source=source, made_at=NOON - timedelta(hours=20))


def test_the_days_are_those_of_the_city_newest_first(region: Region) -> None:
    add_town(region)
    work(region)
    (day,) = read_brings(region, LEAD, "day", now=NOON).yields
    assert (day.name, day.candidates, day.hours) == ("2026-03-01", 16, 41.0)


def test_money_follows_from_the_settings_and_calls_of_today_are_counted_where_they_come_from(region: Region) -> None:
    add_town(region)
    work(region)
    change_rules(region, LEAD, why="wages", now=NOON, hour_cost_yuan=30.0, poster_cost_yuan=8.0)
    crews = {one.name: one for one in read_brings(region, LEAD, "crew", now=NOON).yields}
    assert [crews[name].cost for name in ("C0", "C1", "C2")] == [600.0, 600.0, 30.0]
    assert [crews[name].due for name in ("C0", "C1", "C2")] == [12, 3, 1]  # whoever signs up is to be called at once
    (day,) = read_brings(region, LEAD, "day", now=NOON).yields
    assert (day.cost, day.due) == (41.0 * 30.0, 16)
    code = make_poster(region, LEAD, street=StreetId("S0"), now=NOON).code
    join(region, 99, source=Source(SourceKind.POSTER, poster=code), made_at=NOON)
    (poster,) = read_brings(region, LEAD, "poster", now=NOON).yields
    assert (poster.name, poster.candidates, poster.cost, poster.due) == (code, 1, 8.0, 1)
    assert read_brings(region, LEAD, "poster", now=NOON).names[code] == f"Road S0 · {code}"


@pytest.mark.parametrize(
    ("order", "down", "names"),
    [
        ("", None, "021"), ("rate", False, "102"), ("candidates", None, "012"), ("hours", True, "012"), ("due", False, "210"),
        ("yuan_per_candidate", None, "201"), ("name", None, "012"), ("name", True, "210"),
    ],
)  # fmt: skip
def test_what_brings_is_ordered_by_the_column_asked_for_and_summed_over_more_than_is_shown(
    region: Region, order: str, down: bool | None, names: str
) -> None:
    add_town(region)
    work(region)
    whole = read_brings(region, LEAD, "crew", order=order, down=down, now=NOON)
    assert "".join(one.name[-1] for one in whole.yields) == names
    first = read_brings(region, LEAD, "crew", order=order, down=down, most=1, now=NOON)
    assert "".join(one.name[-1] for one in first.yields) == names[0]
    assert (first.count, first.whole.candidates, first.whole.hours) == (3, 16, 41.0)


@pytest.mark.parametrize(("sort", "name"), [("street", "S0"), ("crew", "C1"), ("venue", "V0"), ("day", "2026-03-02")])
def test_who_came_by_a_poster_counts_where_it_hangs_and_for_whose_it_is_though_only_its_code_was_told(
    region: Region, sort: str, name: str
) -> None:
    add_town(region)
    with region.turn(LEAD, now=NOON) as turn:
        turn.connection.execute(
            "INSERT INTO venue (geom, id, city_id, kind, name, people_per_hour, street_id, source)"
            " VALUES (x'00', 'V0', 'town', 'cinema', 'Star', 60, 'S0', 'csv')"
        )
    worked = {"day": "2026-03-02", "crew": "C1", "street": "S0", "venue": "V0", "promoter_hours": "4"}
    assert import_effort(region, LEAD, [(2, worked)], now=NOON).added == 1
    code = make_poster(region, LEAD, venue=VenueId("V0"), crew=CrewId("C1"), now=NOON).code
    join(region, 1, source=Source(SourceKind.POSTER, poster=code), made_at=NOON)
    join(region, 2, source=Source(SourceKind.POSTER, venue=VenueId("V0"), crew=CrewId("C1"), poster=code), made_at=NOON)
    join(region, 3, source=Source(SourceKind.CHANNEL, channel="friend"), made_at=NOON)
    assert [(one.name, one.candidates) for one in read_brings(region, LEAD, sort, now=NOON).yields] == [(name, 2)]


@pytest.mark.parametrize("sort", ["street", "crew"])
def test_what_brought_most_for_certain_comes_first_and_one_lucky_hour_does_not(region: Region, sort: str) -> None:
    add_town(region)
    work(region)
    found = read_brings(region, LEAD, sort, now=NOON)
    assert next(one.name[-1] for one in found.yields) == "0"
    by_name = {one.name[-1]: one for one in found.yields}
    assert by_name["2"].plain == 1.0 > by_name["0"].rate > by_name["1"].rate
    assert by_name["2"].high - by_name["2"].low > by_name["0"].high - by_name["0"].low
    assert found.names[found.yields[0].name] in ("Road S0", "Crew C0")
    assert all(one.low < one.rate < one.high for one in found.yields)


def test_hours_of_the_day_are_those_of_the_city_and_spread_evenly_where_nobody_was_surveyed(region: Region) -> None:
    add_town(region)
    work(region)
    found = {one.name: one for one in read_brings(region, LEAD, "hour", now=NOON).yields}
    assert found["16"].candidates == 16  # NOON is 12:00 in Shanghai; 20 hours before it is 16:00
    assert sum(one.hours for one in found.values()) == pytest.approx(41.0)
    assert found["10"].hours == pytest.approx(4.1)


def test_streets_never_worked_are_expected_to_bring_what_streets_bring(region: Region) -> None:
    add_town(region, streets=4)
    assert expected_rates(region.reader(), NOON, ["S0"]) is None
    work(region)
    rates = expected_rates(region.reader(), NOON, ["S0", "S3"])
    assert rates is not None
    assert rates[1] == pytest.approx(16 / 41, rel=0.15)
    assert rates[0] > rates[1]


def test_an_unknown_sort_is_refused_with_those_that_are_known(region: Region) -> None:
    with pytest.raises(BadInput, match="venue_kind"):
        read_brings(region, LEAD, "weather", now=NOON)
    with pytest.raises(BadInput, match="yuan_per_active"):
        read_brings(region, LEAD, "crew", order="beauty", now=NOON)
