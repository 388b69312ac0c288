"""Plans on assumptions, in the rain, fair ones; two plans side by side; why not another crew."""

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from fieldops.actions.city import MapSource, import_city
from fieldops.actions.claims import end_claim
from fieldops.actions.comparison import compare_plans, paint_changes
from fieldops.actions.moves import price_moves
from fieldops.actions.plans import make_plan, publish_plan, run_plan_job
from fieldops.errors import BadInput, NotFound, PlanNotPublishable
from fieldops.ids import JobId, PlanId, StreetId
from fieldops.planning.terms import KEPT, SWARMED, Terms, WhatIf
from fieldops.progress import no_progress
from fieldops.rules import Rules
from fieldops.store import plans
from fieldops.store.connect import Region, open_region
from fieldops.store.desk import newest_plan
from tests import processes
from tests.conftest import LEAD, NOON, PLANNER
from tests.small_map import write_grid_map


@pytest.fixture
def town(tmp_path: Path) -> Region:
    """A grid town of 6,000 people with two crews whose hours do not suffice for all of it."""
    source = MapSource(map=write_grid_map(tmp_path / "grid.osm"), residents="6000")
    import_city(tmp_path / "region.gpkg", PLANNER, source, name="Grid", time_zone="UTC", sandbox=True, now=NOON)
    region = open_region(tmp_path / "region.gpkg")
    with region.turn(PLANNER, now=NOON) as turn:
        turn.connection.executemany(
            "INSERT INTO crew (id, name, people, hours_per_day, home_lon, home_lat, days_off) VALUES (?, ?, 2, 2.0, ?, ?, '[]')",
            [("A", "A", 20.0, 10.0), ("B", "B", 20.006, 10.0048)],
        )
    return region


def plan(town: Region, **terms: Any) -> plans.StoredPlan:
    return make_plan(town, LEAD, now=NOON, time_limit=1.5, terms=Terms(**terms))


def test_a_what_if_counts_with_other_people_hours_and_days_and_touches_nothing(town: Region) -> None:
    present = plan(town)
    asked = {name: plan(town, what_if=WhatIf(**{name: value})) for name, value in
             (("people", 1.5), ("hours", 3.0), ("days", 3))}  # fmt: skip
    at_hand = present.figures["hours_at_hand"]
    assert asked["people"].figures["hours_at_hand"] == pytest.approx(1.5 * at_hand, abs=0.1)
    assert asked["hours"].figures["hours_at_hand"] == pytest.approx(1.5 * at_hand, abs=0.1)
    assert asked["days"].figures["hours_at_hand"] == pytest.approx(3 / 7 * at_hand, abs=0.1)
    assert asked["people"].objective > present.objective > asked["days"].objective
    assert all(one.figures["lawful"] for one in asked.values())
    newest = newest_plan(town.reader())
    assert newest is not None
    assert newest.id == present.id
    for one in asked.values():
        with pytest.raises(PlanNotPublishable, match="what-if"):
            publish_plan(town, LEAD, one.id, now=NOON)
    assert publish_plan(town, LEAD, present.id, now=NOON).granted


def test_another_threshold_needs_other_hours(town: Region) -> None:
    lower = plan(town, what_if=WhatIf(threshold=0.12))
    surer = plan(town, what_if=WhatIf(finish=0.95))
    assert len(lower.assignments) >= len(plan(town).assignments)
    assert all(one.finish_probability >= 0.95 for one in surer.assignments)


@pytest.mark.parametrize(
    ("words", "says"),
    [(["colour=1"], "no assumption"), (["people"], "not a number"), (["days=9"], "out of range"), (["hours=x"], "not a number")],
)  # fmt: skip
def test_an_assumption_that_cannot_be_meant_is_refused(words: list[str], says: str) -> None:
    with pytest.raises(BadInput, match=says):
        WhatIf.from_words(words)


def test_assumptions_change_only_what_they_name() -> None:
    assert WhatIf().apply(Rules()) == Rules()
    assert WhatIf.from_words(["threshold=0.15", "days=5"]) == WhatIf(threshold=0.15, days=5)
    assert WhatIf(threshold=0.15).apply(Rules()).target_share == 0.15


def test_nobody_works_on_a_rain_day(town: Region) -> None:
    dry = plan(town).figures["hours_at_hand"]
    wet = plan(town, rain=frozenset({date(2026, 3, 3), date(2026, 3, 4), date(2026, 4, 1)}))
    assert wet.figures["hours_at_hand"] == pytest.approx(5 / 7 * dry, abs=0.1)
    assert wet.figures["rain"] == ["2026-03-03", "2026-03-04", "2026-04-01"]


def test_a_street_of_a_swarmed_triangle_is_worth_more(town: Region) -> None:
    before = plan(town)
    triangle = (
        town.reader()
        .execute("SELECT triangle_id FROM street WHERE id = ?", (before.assignments[0].street,))
        .fetchone()[0]
    )
    with town.turn(PLANNER, now=NOON) as turn:
        turn.connection.execute(
            "INSERT INTO measurement (id, triangle_id, opened_at, closes_at, rule, try, phase, blind, given) VALUES"
            " ('m', ?, '2026-03-01T00:00:00.000000Z', '2026-03-01T02:00:00.000000Z', 'r50', 1, 'unknown', 0, 0)",
            (triangle,),
        )
        turn.connection.execute(
            "INSERT INTO decision (id, measurement_id, triangle_id, rule, asked, knows, surveys_used, verdict, wrong_move_on,"
            " wrong_push_on, surveys_digest, decisive_at, decided_at) VALUES ('d', 'm', ?, 'r50', 20, 0, 20, 'push_on', 0.1,"
            " 0.1, '', '2026-03-01T01:00:00.000000Z', '2026-03-01T01:00:00.000000Z')",
            (triangle,),
        )
    after = {one.street: one for one in plan(town).assignments}
    same = [(one, after[one.street]) for one in before.assignments if one.street in after]
    raised = [pair for pair in same if "its triangle is swarmed" in pair[1].reason]
    assert raised
    assert all(new.value == pytest.approx(SWARMED * old.value, rel=1e-3) for old, new in raised)


def test_what_was_published_and_is_free_again_is_worth_keeping(town: Region) -> None:
    first = plan(town)
    done = publish_plan(town, LEAD, first.id, now=NOON)
    claim = done.granted[0]
    end_claim(town, LEAD, claim.id, outcome="revoked", why="safety", now=NOON + timedelta(hours=1))  # no cool-down
    again = make_plan(town, LEAD, now=NOON + timedelta(hours=2), time_limit=1.5)
    old = next(one for one in first.assignments if one.street == claim.street)
    new = next(one for one in again.assignments if one.street == claim.street)
    assert new.crew == claim.crew
    assert new.value == pytest.approx(KEPT * old.value, rel=0.02)


def test_two_plans_side_by_side_name_every_street_that_changes(town: Region) -> None:
    one, other = plan(town), plan(town, what_if=WhatIf(people=0.5))
    found = compare_plans(town, LEAD, other.id, one.id)
    given = [{a.street: a.crew for a in each.assignments} for each in (one, other)]
    assert found.figures["value"] == (one.objective, other.objective)
    assert found.figures["streets"] == (len(one.assignments), len(other.assignments))
    assert {c.street: (c.before, c.after) for c in (*found.added, *found.dropped, *found.moved)} == {
        s: (given[0].get(s), given[1].get(s)) for s in given[0] | given[1] if given[0].get(s) != given[1].get(s)
    }
    same = compare_plans(town, LEAD, one.id, one.id)
    assert (same.kept, same.added, same.dropped, same.moved) == (len(one.assignments), (), (), ())
    painted = paint_changes(town, LEAD, other.id, one.id)
    counts = [painted.count(sort) for sort in (1, 2, 3, 4)]
    assert counts == [found.kept, len(found.added), len(found.moved), len(found.dropped)]
    assert compare_plans(town, LEAD, one.id, "claims").figures == {}


def test_another_crew_is_told_with_its_cost_or_the_rule_that_excludes_it(town: Region) -> None:
    with town.turn(PLANNER, now=NOON) as turn:
        turn.connection.execute(
            "INSERT INTO crew (id, name, people, hours_per_day, home_lon, home_lat, days_off) VALUES"
            " ('TINY', 'T', 1, 0.1, 20.0, 10.0, '[]')"
        )
    made = plan(town)
    one = max(made.assignments, key=lambda a: a.hours)
    told = price_moves(town, LEAD, made.id, one.street)
    assert [price.crew for price in told if price.possible] == ["B" if one.crew == "A" else "A", None]
    assert any("crew TINY would need" in price.reason and "rule 5" in price.reason for price in told)
    publish_plan(town, LEAD, made.id, now=NOON)
    assert price_moves(town, LEAD, made.id, one.street) == told
    with pytest.raises(NotFound):
        price_moves(town, LEAD, made.id, StreetId("nowhere"))


def test_a_job_takes_terms_and_assumptions(town: Region) -> None:
    answer = run_plan_job(
        town.path, LEAD, job=JobId("j1"), progress=no_progress, now=NOON.isoformat(), time_limit=1.0, rain=["2026-03-03"],
        fair=0.9, what_if={"people": 2.0},
    )  # fmt: skip
    stored = plans.read_plan(town.reader(), PlanId("j1"))
    assert answer["plan"] == "j1"
    assert (stored.figures["what_if"], stored.figures["rain"]) == ({"people": 2.0}, ["2026-03-03"])
    assert stored.figures["fair"]["reached"]


def test_the_command_line_compares_and_explains(town: Region) -> None:
    made = plan(town)

    def run(*words: str) -> Any:
        answer = processes.run("plan", *words, "--db", town.path, "--json", folder=Path(town.path).parent)
        assert answer.returncode == 0, answer.stderr
        return json.loads(answer.stdout)

    supposed = run("--what-if", "people=2", "--rain", "2026-03-03", "--time-limit", "1", "--now", NOON.isoformat())
    assert supposed["figures"]["what_if"] == {"people": 2.0}
    compared = run("compare", made.id, supposed["plan"])
    assert compared["figures"]["hours_at_hand"][1] > compared["figures"]["hours_at_hand"][0]
    explained = run("explain", made.id, "--street", made.assignments[0].street)
    assert explained["others"]
