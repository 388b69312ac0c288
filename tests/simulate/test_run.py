"""Campaigns run through the real acts: they repeat, keep the rules, and what is wrong is found."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from fieldops.actions.city import MapSource, import_city
from fieldops.actions.claims import make_claim
from fieldops.errors import BadInput, Stopped
from fieldops.ids import ClaimId, CrewId
from fieldops.simulate.conditions import PLAIN, ROUGH
from fieldops.simulate.examine import compare_orders, examine, examine_plan
from fieldops.simulate.office import Map, Office, Planned
from fieldops.simulate.outcome import Outcome, gini
from fieldops.simulate.policies import POLICIES, find_policy
from fieldops.simulate.run import BENCH, run_campaign
from fieldops.simulate.scenes import grid_scene, region_scene
from fieldops.simulate.visit import Visit
from fieldops.store.claims import claims_in_force
from fieldops.store.connect import create_memory_region, create_region
from fieldops.store.decisions import closed_streets
from fieldops.store.plans import StoredAssignment
from tests.small_map import write_grid_map

LAST_EVENING = datetime(2026, 3, 4, 22, tzinfo=UTC)


def small(**conditions: object) -> Outcome:
    scene = grid_scene(city=1, seed=1, conditions=replace(PLAIN, **conditions), side=4, crews=2, days=14)  # type: ignore[arg-type]
    return run_campaign(scene, find_policy("ours"))


@pytest.mark.parametrize("name", POLICIES)
def test_every_policy_keeps_the_rules_on_every_day(name: str) -> None:
    scene = grid_scene(city=3, seed=1, conditions=PLAIN, side=4, crews=2, days=12)
    outcome = run_campaign(scene, find_policy(name))
    assert outcome.violations == []
    assert outcome.claims > 0
    assert outcome.truly_at_target > 0.3
    assert outcome.crew_days == pytest.approx(sum(outcome.hours.values()) / 24.0)


def test_the_same_scene_and_policy_give_the_same_outcome() -> None:
    assert small() == small()


def test_a_rough_field_keeps_the_rules_too() -> None:
    scene = grid_scene(
        city=1, seed=2, conditions=replace(ROUGH, lost_sync=0.1, late_sync=0.3), side=4, crews=2, days=14
    )
    outcome = run_campaign(scene, find_policy("ours"))
    assert outcome.violations == []
    assert outcome.hours["walking"] > 0


def test_nobody_is_paid_more_than_the_hours_of_the_crews_and_the_end_of_a_test() -> None:
    outcome = small()
    assert outcome.crew_days <= 2 * outcome.days * 1.1


@pytest.mark.full
def test_made_up_answers_leave_more_streets_short_and_the_trust_desk_finds_them() -> None:
    scene = grid_scene(
        city=1, seed=1, conditions=replace(PLAIN, fabricating=0.5, fabricated_share=0.8), side=5, crews=2, days=14
    )
    policy = find_policy("nearest-first:rule=r50")
    off, on = run_campaign(scene, policy), run_campaign(scene, policy, trust=True)
    assert off.quarantined == 0
    assert on.quarantined > 0
    assert on.violations == []
    assert on.truly_at_target > off.truly_at_target
    honest = run_campaign(replace(scene, conditions=PLAIN), policy, trust=True)
    assert honest.hours["verifying"] > 0
    assert honest.quarantined == 0


def test_a_street_that_no_hours_bring_there_keeps_neither_its_point_nor_its_crew() -> None:
    """One street of many people knows nothing: its point will never move on; the others go by their own tests."""
    scene = grid_scene(city=1, seed=1, conditions=PLAIN, side=2, crews=1, days=12)
    streets = scene.city.streets.copy()
    streets["people"] = [8_000.0, *streets["people"][1:]]
    town = replace(scene.town, people=streets["people"].to_numpy(float), awareness=np.array([0.005, 0.1, 0.1, 0.1]))
    outcome = run_campaign(replace(scene, city=replace(scene.city, streets=streets), town=town), find_policy("ours"))
    assert outcome.violations == []
    assert outcome.complete
    assert outcome.finished == 3
    assert outcome.surveys < 400


def test_an_order_that_the_record_does_not_bear_out_is_found() -> None:
    scene = grid_scene(city=1, seed=1, conditions=PLAIN, side=4, crews=1, days=2)
    region = create_memory_region(BENCH, now=datetime(2026, 3, 1, tzinfo=UTC))
    assert run_campaign(scene, find_policy("ours"), region=region).violations == []
    office = Office(region, BENCH, Map.of(scene.town, scene.town.people), LAST_EVENING, sizes={CrewId("C000"): 4})
    place = {street: k for k, street in enumerate(scene.town.streets)}
    office.claims = {place[claim.street]: claim for claim in claims_in_force(region.reader(), LAST_EVENING)}
    office.finished = {place[street] for street in closed_streets(region.reader(), LAST_EVENING)}
    assert compare_orders(office, CrewId("C000")) == []
    office.sizes[CrewId("C000")] = 40  # beginning on a street would cost the crew ten times as much
    assert any("phones of C000 show" in wrong for wrong in compare_orders(office, CrewId("C000")))
    region.close()


@pytest.fixture
def evening() -> Iterator[tuple[Office, list[str]]]:
    """The office on the evening of a small campaign's third day, all well, and the streets that nobody holds."""
    scene = grid_scene(city=1, seed=1, conditions=PLAIN, side=6, crews=2, days=3)
    region = create_memory_region(BENCH, now=datetime(2026, 3, 1, tzinfo=UTC))
    assert run_campaign(scene, find_policy("ours"), region=region).violations == []
    office = Office(region, BENCH, Map.of(scene.town, scene.town.people), LAST_EVENING)
    place = {street: k for k, street in enumerate(scene.town.streets)}
    office.claims = {place[claim.street]: claim for claim in claims_in_force(region.reader(), LAST_EVENING)}
    office.finished = {place[street] for street in closed_streets(region.reader(), LAST_EVENING)}
    assert office.claims
    assert office.finished
    assert examine(office) == []
    taken = office.finished | office.claims.keys()
    yield office, [street for street, k in place.items() if k not in taken]
    region.close()


def tamper(office: Office, *statements: str) -> None:
    """Change rows behind the back of every act and of the database's own guards."""
    with office.region.turn(BENCH, now=LAST_EVENING) as turn:
        kinds = turn.connection.execute(
            "SELECT type, name FROM sqlite_schema WHERE type = 'trigger' OR (type = 'index' AND sql LIKE '%UNIQUE%')"
        )
        for kind, name in kinds.fetchall():
            turn.connection.execute(f"DROP {kind} {name}")
        for statement in statements:
            turn.connection.execute(statement)


def test_a_street_that_another_crew_has_left_is_work_for_the_crew_that_holds_it_now(
    evening: tuple[Office, list[str]],
) -> None:
    office, _ = evening
    crew = next(iter(office.claims.values())).crew
    office.sizes[crew] = 4
    held = office.held(crew)
    office.ready.clear()
    left = {s: Visit(CrewId("C009"), s, ClaimId("before"), left=True) for s in held}
    far = (-9_000.0, -9_000.0)  # around the nearest street there it holds nothing
    assert find_policy("ours").choose(office, crew, far, left) in held


def test_a_claim_behind_the_back_of_the_office_is_found(evening: tuple[Office, list[str]]) -> None:
    office, free = evening
    make_claim(office.region, BENCH, street=free[0], crew=CrewId("C000"), now=LAST_EVENING)
    held = len(office.claims)
    assert examine(office) == [f"the office remembers other claims than the region ({held} and {held + 1})"]


def test_a_street_with_two_holders_is_found_though_the_database_let_it_pass(evening: tuple[Office, list[str]]) -> None:
    office, _ = evening
    claim = next(iter(office.claims.values()))
    columns = [row[1] for row in office.region.reader().execute("PRAGMA table_info(claim)")]
    other = {
        "id": "'copy'",
        "generation": "c.generation + 1",
        "crew_id": "(SELECT id FROM crew WHERE id <> c.crew_id LIMIT 1)",
    }
    copied = ", ".join(other.get(name, f"c.{name}") for name in columns)
    tamper(office, f"INSERT INTO claim SELECT {copied} FROM claim AS c WHERE id = '{claim.id}'")
    found = examine(office)
    assert f"street {claim.street} has two holders" in found


def test_an_event_that_was_taken_out_of_the_record_is_found(evening: tuple[Office, list[str]]) -> None:
    office, _ = evening
    tamper(office, "DELETE FROM event WHERE seq = (SELECT max(seq) - 3 FROM event)")
    assert any(wrong.startswith("the record:") for wrong in examine(office))


def test_a_closure_that_only_some_screens_would_show_is_found(evening: tuple[Office, list[str]]) -> None:
    office, _ = evening
    office.finished.pop()
    assert any("finished streets" in wrong for wrong in examine(office))


def test_an_unlawful_plan_is_found() -> None:
    scene = grid_scene(city=1, seed=1, conditions=PLAIN, side=4, crews=2, days=1)
    region = create_memory_region(BENCH, now=datetime(2026, 3, 1, tzinfo=UTC))
    run_campaign(scene, find_policy("nearest-first"), region=region)
    sizes = {crew.id: crew.people for crew in scene.crews}
    office = Office(region, BENCH, Map.of(scene.town, scene.town.people), LAST_EVENING, sizes=sizes)
    place = {street: k for k, street in enumerate(scene.town.streets)}
    office.claims = {place[claim.street]: claim for claim in claims_in_force(region.reader(), LAST_EVENING)}
    office.finished = {place[name] for name in closed_streets(region.reader(), LAST_EVENING)}
    office.plan(seed=1)
    assert office.planned is not None
    assert examine_plan(office) == []
    plan, holders = office.planned.plan, office.planned.holders
    first = next(one for one in plan.assignments if not one.pinned)
    other = next(crew for crew in sizes if crew != first.crew)
    street = scene.town.streets.index(first.street)

    def found(given: list[StoredAssignment], held: dict[int, CrewId] = holders) -> str:
        office.planned = Planned(replace(plan, assignments=tuple(given)), held)
        return " ".join(examine_plan(office))

    assert f"street {first.street} is given 2 times" in found([first, replace(first, crew=other)])
    assert f"crew {first.crew} is given 900.0 h" in found([replace(first, hours=900.0)])
    assert f"street {first.street} would be finished with 10% only" in found([replace(first, finish_probability=0.1)])
    assert f"and {other} holds it" in found([first], {street: other})
    many = dict.fromkeys(range(office.rules.claims_per_crew), first.crew)
    assert f"crew {first.crew} would hold {len(many) + 1} streets" in found([first], many)
    office.waiting[street, first.crew] = LAST_EVENING + timedelta(hours=1)  # it forfeited the street
    assert f"street {first.street} is cooling down for {first.crew}" in found([first])
    assert "cooling down" not in found([replace(first, crew=other)])
    office.waiting[street, first.crew] = LAST_EVENING
    assert "cooling down" not in found([first])
    office.finished.add(street)
    assert f"street {first.street} has moved on" in found([first])
    region.close()


def test_sentinels_are_asked_in_finished_streets_and_cost_hours() -> None:
    scene = grid_scene(city=1, seed=1, conditions=PLAIN, side=4, crews=2, days=10)
    without, asked = (run_campaign(scene, find_policy(f"ours:sentinels={n}+fit_days=3")) for n in (0, 2))
    assert (without.violations, asked.violations) == ([], [])
    assert without.hours["verifying"] == 0.0
    assert asked.hours["verifying"] > 0.0
    assert asked.complete


def test_a_campaign_that_is_stopped_says_so() -> None:
    scene = grid_scene(city=1, seed=1, conditions=PLAIN, side=4, crews=1, days=5)
    with pytest.raises(Stopped):
        run_campaign(scene, find_policy("nearest-first"), progress=lambda *_a, **_f: False)


def test_a_policy_takes_settings_and_refuses_others() -> None:
    assert find_policy("fixed-hours:first=9.5+order=people").first == 9.5  # type: ignore[attr-defined]
    with pytest.raises(BadInput, match="no policy 'magic'"):
        find_policy("magic")
    with pytest.raises(BadInput, match="no setting 'speed'"):
        find_policy("ours:speed=2")
    with pytest.raises(BadInput, match="'soon' is not a value of first"):
        find_policy("fixed-hours:first=soon")


@pytest.mark.parametrize(
    "told",
    [
        "fixed-hours:first=nan", "fixed-hours:first=-1", "nearest-first:order=magic", "nearest-first:rule=r99", "ours:price=-1",
        "ours:part=0", "ours:part=2", "ours:exits=both", "ours:cap=0", "ours:replan_days=0", "ours:rule=r99",
    ],
)  # fmt: skip
def test_a_policy_that_no_crew_can_follow_is_refused_before_anybody_starts(told: str) -> None:
    with pytest.raises(BadInput):
        find_policy(told)


def test_the_gini_of_equal_shares_is_none_and_of_one_winner_nearly_all() -> None:
    assert gini([3, 3, 3]) == 0.0
    assert gini([0, 0, 0, 9]) == pytest.approx(0.75)
    assert gini([]) == 0.0


def test_a_region_in_a_file_gives_the_outcome_of_one_in_memory(tmp_path: Path) -> None:
    scene = grid_scene(city=1, seed=1, conditions=PLAIN, side=3, crews=1, days=6)
    region = create_region(tmp_path / "region.gpkg", BENCH, sandbox=True, now=datetime(2026, 3, 1, tzinfo=UTC))
    assert run_campaign(scene, find_policy("ours"), region=region) == run_campaign(scene, find_policy("ours"))
    region.close()


def test_an_imported_city_is_campaigned_in_with_its_own_triangles_and_nothing_of_its_record(tmp_path: Path) -> None:
    path = tmp_path / "region.gpkg"
    source = MapSource(map=write_grid_map(tmp_path / "map.osm"))
    import_city(path, BENCH, source, name="Town", time_zone="UTC", sandbox=True, now=datetime(2026, 3, 1, tzinfo=UTC))
    before = path.read_bytes()
    scene = region_scene(path, seed=1, conditions=PLAIN, crews=2, days=10)
    assert len(scene.town.triangles) > 0
    outcome = run_campaign(scene, find_policy("ours"))
    assert outcome.violations == []
    assert outcome.finished == outcome.streets > 5
    assert path.read_bytes() == before
    street = scene.town.streets[3]
    truth = tmp_path / "truth.csv"
    truth.write_text(f"street,people,awareness,response\n{street},777,0.5,24\n")
    told = region_scene(path, seed=1, conditions=PLAIN, crews=2, days=10, truth=truth).town
    assert (told.people[3], told.awareness[3], told.factor[3]) == (777.0, 0.5, 2.0)
    assert told.people[4] == scene.town.people[4]
    truth.write_text("street,people,awareness,response\nX,777,1.5,24\n")
    with pytest.raises(BadInput, match="row 2"):
        region_scene(path, seed=1, conditions=PLAIN, crews=2, days=10, truth=truth)
