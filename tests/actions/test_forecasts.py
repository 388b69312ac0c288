"""RULE 13: what a plan promises, with the surveys in quarantine and without them."""

from datetime import timedelta

import numpy as np
import pytest

from fieldops.actions import forecasts
from fieldops.actions.backcheck import lift_quarantine, quarantine_surveys
from fieldops.actions.comparison import compare_plans, open_plan, read_figures
from fieldops.actions.desk import read_overview
from fieldops.actions.ground import pose_ground, read_ground, settle_ground
from fieldops.actions.moves import move_street
from fieldops.actions.people import import_crews
from fieldops.actions.plans import make_plan, publish_plan
from fieldops.actions.rules import change_rules
from fieldops.actions.surveys import record_surveys
from fieldops.actions.today import read_today
from fieldops.actions.trusting import with_quarantined, without_quarantined
from fieldops.ids import CrewId, PlanId, PromoterId, StreetId
from fieldops.planning.reserve import promise
from fieldops.planning.terms import Terms, WhatIf
from fieldops.store import plans
from fieldops.store.connect import Region, open_region
from tests.actions.test_whatif import town as town
from tests.conftest import LEAD, NOON, PLANNER
from tests.towns import numbered, survey_rows

DAY = timedelta(days=1)
FAKER = PromoterId("B-0")


def ask(town: Region, street: str, answers: list[bool], promoters: list[str], *, at: object = NOON - DAY / 2) -> None:
    rows = survey_rows(
        answers,
        at=at,
        prefix=f"{street}{promoters[0]}{at}"[:30],
        minutes=5,
        promoters=promoters,
        street=street,
        measurement=f"M{street}{at}"[:40],  # type: ignore[arg-type]
    )
    done = record_surveys(town, LEAD, numbered(rows), now=max(NOON, at + DAY / 4))  # type: ignore[operator, type-var]
    assert not done.refused, done.rejected


@pytest.fixture
def asked(town: Region) -> Region:
    """The town, in which a promoter of B made up that many know on every third street."""
    with town.turn(PLANNER, now=NOON) as turn:
        turn.connection.execute("UPDATE crew SET people = 3, hours_per_day = 2.5")
        turn.connection.executemany(
            "INSERT INTO promoter VALUES (?, ?, NULL, NULL)", [("A-0", "A"), ("A-1", "A"), ("B-0", "B")]
        )
    streets = [row[0] for row in town.reader().execute("SELECT id FROM street WHERE status = 'open' ORDER BY id")]
    for number, street in enumerate(streets):
        if number % 3 == 0:
            ask(town, street, [True] * 3 + [False] * 9, [FAKER])
        elif number % 3 == 1:
            ask(town, street, [False] * 9 + [True], ["A-0", "A-1"])
    return town


def chances(region: Region, plan: PlanId) -> dict[StreetId, float]:
    found = open_plan(region, LEAD, plan).plan.assignments
    return {one.street: one.finish_probability for one in found if not one.pinned}


def exactly(region: Region, name: PlanId) -> dict[StreetId, float]:
    """What the planner itself promises of a plan, by what counts in what is read."""
    plan = plans.read_plan(region.reader(), name)
    ground = read_ground(region, plan.starts_at, Terms.from_figures(plan.figures), without=name)
    problem, _ = settle_ground(pose_ground(region, ground, np.random.default_rng(plan.seed), plan.known_at), ground)
    given = {one.street: problem.crews.ids.index(one.crew) for one in plan.assignments if not one.pinned}
    crew_of_street = np.array([given.get(street, -1) for street in problem.streets.ids])
    return dict(zip(problem.streets.ids, promise(problem, crew_of_street).tolist(), strict=True))


@pytest.mark.parametrize("what_if", [None, WhatIf(people=1.5, days=5)], ids=["as it is", "what if"])
def test_a_promise_is_what_the_planner_would_have_said_by_the_surveys_that_count(
    asked: Region, what_if: WhatIf | None
) -> None:
    made = make_plan(asked, LEAD, now=NOON + DAY / 2, time_limit=1.5, terms=Terms(what_if=what_if))
    said = chances(asked, made.id)
    assert len(said) > 3
    order = quarantine_surveys(asked, LEAD, reason="made_up", promoter=FAKER, now=NOON + DAY).order
    with without_quarantined(asked):
        without, due = chances(asked, made.id), exactly(asked, made.id)
    assert min(without.values()) < min(said.values()) - 0.1  # so much was made up
    assert without == pytest.approx({street: due[street] for street in without}, abs=0.1)
    with with_quarantined(asked):
        assert chances(asked, made.id) == said
        with without_quarantined(asked):
            assert chances(asked, made.id) == said  # within a block nothing changes
    with without_quarantined(asked), with_quarantined(asked):
        assert chances(asked, made.id) == said
    lift_quarantine(asked, LEAD, order, now=NOON + DAY)
    with without_quarantined(asked):
        assert chances(asked, made.id) == said


def test_a_plan_made_without_them_promises_more_or_less_where_they_count(asked: Region) -> None:
    quarantine_surveys(asked, LEAD, reason="made_up", promoter=FAKER, now=NOON + DAY / 2)
    made = make_plan(asked, LEAD, now=NOON + DAY, time_limit=1.5)
    said = chances(asked, made.id)
    with without_quarantined(asked):
        assert chances(asked, made.id) == said
    with with_quarantined(asked):
        shown, due = chances(asked, made.id), exactly(asked, made.id)
    assert sum(shown.values()) > sum(said.values())
    assert shown == pytest.approx({street: due[street] for street in shown}, abs=0.1)


def by_what_counts(region: Region, plan: PlanId) -> dict[StreetId, float]:
    with without_quarantined(region):
        return chances(region, plan)


def test_surveys_of_after_the_plan_and_plans_that_are_over_leave_a_promise_as_it_was(asked: Region) -> None:
    made = make_plan(asked, LEAD, now=NOON + DAY / 2, time_limit=1.5)
    said = chances(asked, made.id)
    street = next(iter(said))
    with asked.turn(PLANNER, now=NOON + DAY / 2) as turn:
        turn.connection.execute("INSERT INTO promoter VALUES ('B-1', 'B', NULL, NULL)")
    ask(asked, street, [True] * 12, ["B-1"], at=NOON + DAY)
    quarantine_surveys(asked, LEAD, reason="made_up", promoter=PromoterId("B-1"), now=NOON + 2 * DAY)
    assert by_what_counts(asked, made.id) == said
    quarantine_surveys(asked, LEAD, reason="made_up", promoter=FAKER, now=NOON + 2 * DAY)
    assert by_what_counts(asked, made.id) != said
    ask(asked, street, [True] * 2, ["A-0"], at=NOON + 8 * DAY)  # time goes on
    assert by_what_counts(asked, made.id) == said


def test_surveys_asked_before_a_plan_but_recorded_after_it_are_in_its_promise_neither_way(asked: Region) -> None:
    with asked.turn(PLANNER, now=NOON) as turn:
        turn.connection.execute("INSERT INTO promoter VALUES ('B-1', 'B', NULL, NULL)")
    made = make_plan(asked, LEAD, now=NOON + DAY * 0.4, time_limit=1.5)
    said = chances(asked, made.id)
    for street in said:
        ask(asked, street, [True] * 8 + [False] * 4, ["B-1"], at=NOON + DAY * 0.3)  # they come in when the plan stands
    late = quarantine_surveys(asked, LEAD, reason="suspect", promoter=PromoterId("B-1"), now=NOON + DAY).order
    assert by_what_counts(asked, made.id) == said
    quarantine_surveys(asked, LEAD, reason="made_up", promoter=FAKER, now=NOON + DAY)
    without = by_what_counts(asked, made.id)
    assert without != said
    lift_quarantine(asked, LEAD, late, now=NOON + DAY)
    assert by_what_counts(asked, made.id) == without


def test_a_quarantine_of_the_same_moment_or_during_the_solve_is_not_known_to_the_plan(asked: Region) -> None:
    at = NOON + DAY / 2
    made = make_plan(asked, LEAD, now=at, time_limit=1.5)
    said = chances(asked, made.id)
    order = quarantine_surveys(asked, LEAD, reason="suspect", promoter=FAKER, now=at).order
    assert min(by_what_counts(asked, made.id).values()) < min(said.values()) - 0.1
    lift_quarantine(asked, LEAD, order, now=at)
    assert by_what_counts(asked, made.id) == said
    orders: list[int] = []

    def meanwhile(stage: str, share: float, **figures: float) -> bool:
        if stage == "reading" and share == 1.0 and not orders:
            other = open_region(asked.path)
            orders.append(quarantine_surveys(other, LEAD, reason="suspect", promoter=FAKER, now=at).order)
            other.close()
        return True

    made = make_plan(asked, LEAD, now=at, time_limit=1.5, progress=meanwhile)
    assert orders
    said = chances(asked, made.id)
    assert min(by_what_counts(asked, made.id).values()) < min(said.values()) - 0.1


def test_plans_that_nobody_reads_are_not_reckoned(asked: Region) -> None:
    drafts = [make_plan(asked, LEAD, now=NOON + DAY / 2, time_limit=0.3) for _ in range(3)]
    newest = make_plan(asked, LEAD, now=NOON + DAY * 0.6, time_limit=0.3)
    publish_plan(asked, LEAD, newest.id, now=NOON + DAY * 0.6)
    quarantine_surveys(asked, LEAD, reason="made_up", promoter=FAKER, now=NOON + DAY)
    before = forecasts._of_file.cache_info().misses
    for _ in range(2):
        with without_quarantined(asked):
            read_overview(asked, LEAD)
            read_today(asked, LEAD)
        assert forecasts._of_file.cache_info().misses == before + 1
    by_what_counts(asked, drafts[1].id)
    assert forecasts._of_file.cache_info().misses == before + 2


def test_every_figure_of_a_promise_follows(asked: Region) -> None:
    made = make_plan(asked, LEAD, now=NOON + DAY / 2, time_limit=1.5)
    publish_plan(asked, LEAD, made.id, now=NOON + DAY / 2)
    quarantine_surveys(asked, LEAD, reason="made_up", promoter=FAKER, now=NOON + DAY)
    shown = []
    for way in (with_quarantined, without_quarantined):
        with way(asked):
            finished = sum(chances(asked, made.id).values())
            overview, today = read_overview(asked, LEAD), read_today(asked, LEAD)
            assert overview.plan is not None
            assert today.forecast is not None
            assert [
                overview.plan.finished, sum(crew.finished for crew in overview.crews), today.forecast.expected,
                read_figures(asked, LEAD, [made.id])[made.id]["finished"],
                compare_plans(asked, LEAD, made.id, made.id).figures["finished"][1],
            ] == pytest.approx([finished] * 5)  # fmt: skip
            shown.append(finished)
    assert shown[0] > shown[1] + 0.2
    assert plans.read_plan(asked.reader(), made.id).assignments == made.assignments  # nothing of it is stored


def crew_rows(region: Region, **changed: str) -> list[dict[str, str]]:
    homes = {"A": ("20.0", "10.0"), "B": ("20.006", "10.0048")}
    return [
        {"crew": crew, "name": crew, "people": "3", "hours_per_day": "2.5", "home_lon": lon, "home_lat": lat} | changed
        for crew, (lon, lat) in homes.items()
    ]


def test_a_change_of_crews_or_of_settings_after_a_plan_is_in_its_promise_neither_way(asked: Region) -> None:
    made = make_plan(asked, LEAD, now=NOON + DAY / 2, time_limit=1.5)
    said = chances(asked, made.id)
    quarantine_surveys(asked, LEAD, reason="made_up", promoter=FAKER, now=NOON + DAY)
    without = by_what_counts(asked, made.id)
    assert import_crews(asked, LEAD, numbered(crew_rows(asked, people="1")), now=NOON + DAY).updated == 2
    assert by_what_counts(asked, made.id) == without
    change_rules(asked, PLANNER, why="pilot", target_share=0.15, survey_minutes=9.0, now=NOON + DAY)
    assert by_what_counts(asked, made.id) == without
    forecasts._of_file.cache_clear()
    assert by_what_counts(asked, made.id) == without
    with with_quarantined(asked):
        assert chances(asked, made.id) == said


def test_a_plan_made_after_a_change_of_crews_promises_by_the_crews_of_then(asked: Region) -> None:
    import_crews(asked, LEAD, numbered(crew_rows(asked, people="2")), now=NOON + DAY / 4)
    made = make_plan(asked, LEAD, now=NOON + DAY / 2, time_limit=1.5)
    quarantine_surveys(asked, LEAD, reason="made_up", promoter=FAKER, now=NOON + DAY)
    with without_quarantined(asked):
        without, due = chances(asked, made.id), exactly(asked, made.id)
    assert without == pytest.approx({street: due[street] for street in without}, abs=0.1)


def test_a_plan_moved_by_hand_promises_by_the_crews_of_the_move(asked: Region) -> None:
    made = make_plan(asked, LEAD, now=NOON + DAY / 2, time_limit=1.5)
    import_crews(asked, LEAD, numbered(crew_rows(asked, people="2")), now=NOON + DAY * 0.6)
    street = next(one for one in made.assignments if one.crew == "A").street
    moved, _ = move_street(asked, LEAD, made.id, street, CrewId("B"), now=NOON + DAY * 0.7)
    quarantine_surveys(asked, LEAD, reason="made_up", promoter=FAKER, now=NOON + DAY)
    with without_quarantined(asked):
        without, due = chances(asked, moved.id), exactly(asked, moved.id)
    assert without == pytest.approx({one: due[one] for one in without}, abs=0.1)


def test_of_a_plan_that_does_not_say_what_its_crews_were_a_new_import_of_crews_is_seen(asked: Region) -> None:
    made = make_plan(asked, LEAD, now=NOON + DAY / 2, time_limit=1.5)
    with asked.turn(PLANNER, now=NOON + DAY / 2) as turn:
        turn.connection.execute(
            "UPDATE plan SET figures = json_remove(figures, '$.weeks')"
        )  # as older versions made it
    quarantine_surveys(asked, LEAD, reason="made_up", promoter=FAKER, now=NOON + DAY)
    without = by_what_counts(asked, made.id)
    import_crews(asked, LEAD, numbered(crew_rows(asked, people="30")), now=NOON + DAY)
    assert by_what_counts(asked, made.id) != without
