"""Every refusal of the door to a street names who holds it, until when in the zone of the city, and what helps."""

import ast
import inspect
import sys
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

import fieldops.actions.claims
import fieldops.claims
from fieldops import errors
from fieldops.actions.city import MapSource, import_city
from fieldops.actions.claims import end_claim, make_claim
from fieldops.actions.incidents import report_incident, settle_incident
from fieldops.actions.recruiting_end import plan_wind_down
from fieldops.actions.reserves import keep_reserves
from fieldops.actions.rules import change_rules
from fieldops.cli.main import main
from fieldops.clock import format_moment
from fieldops.errors import Conflict
from fieldops.errors import claims as door
from fieldops.events import PlanMade
from fieldops.ids import CrewId, PlanId, StreetId
from fieldops.said import Reason, Said
from fieldops.store import city as city_store
from fieldops.store.connect import Region, open_region
from fieldops.store.plans import StoredAssignment, StoredPlan, save_plan
from tests.conftest import LEAD, NOON, PLANNER
from tests.small_map import write_grid_map
from tests.small_region import add_town

DAY = timedelta(days=1)
S = [StreetId(f"S{i}") for i in range(3)]
C = [CrewId(f"C{i}") for i in range(3)]
REFUSALS = [
    kind for _, kind in inspect.getmembers(door, inspect.isclass) if issubclass(kind, Conflict) and kind is not Conflict
]
Words = tuple[str, ...]


def grant(crew: int = 1, street: str = "S0", *, now: datetime = NOON + DAY) -> Words:
    return ("claims", "grant", "--crew", C[crew], "--street", street, "--now", format_moment(now))


def held(region: Region) -> Words:
    make_claim(region, LEAD, street=S[0], crew=C[0], now=NOON)
    return grant()


def cooling(region: Region) -> Words:
    make_claim(region, LEAD, street=S[0], crew=C[0], now=NOON)
    return grant(0, now=NOON + 8 * DAY)


def given_up_twice(region: Region) -> Words:
    half_an_hour = timedelta(minutes=30)
    for start in (NOON, NOON + half_an_hour):
        claim = make_claim(region, LEAD, street=S[0], crew=C[0], now=start)
        end_claim(region, LEAD, claim.id, outcome="withdrawn", why="no_time", now=start + half_an_hour)
    return grant(0)


def at_cap(region: Region) -> Words:
    change_rules(region, LEAD, why="pilot", claims_per_crew=1, now=NOON)
    make_claim(region, LEAD, street=S[1], crew=C[1], now=NOON)
    return grant()


def reserved(region: Region) -> Words:
    kept = keep_reserves(region, LEAD, C[0], streets=1, now=NOON)
    return grant(1, kept[0].street, now=NOON + timedelta(minutes=5))


def ended(region: Region) -> Words:
    claim = make_claim(region, LEAD, street=S[0], crew=C[0], now=NOON)
    end_claim(region, LEAD, claim.id, outcome="withdrawn", why="no_time", now=NOON + DAY)
    return ("claims", "end", claim.id, "--now", format_moment(NOON + DAY))


def saturated(region: Region) -> Words:
    with region.turn(PLANNER, now=NOON) as turn:
        turn.connection.execute("PRAGMA defer_foreign_keys=ON")
        turn.connection.execute(
            "INSERT INTO measurement VALUES ('M', 'S0', NULL, '', '', 'r50', 1, 'unknown', 0, NULL, NULL, 0, NULL)"
        )
        turn.connection.execute(
            "INSERT INTO decision VALUES ('D', 'M', 'S0', NULL, 'r50', 12, 12, 12, 'move_on', 0, 0, '', NULL, '', '', NULL)"
        )
        turn.connection.execute(
            "INSERT INTO closure VALUES ('S0', ?, ?, NULL, 'D')", (format_moment(NOON), format_moment(NOON + 9 * DAY))
        )
    return grant()


def winding_down(region: Region) -> Words:
    plan_wind_down(region, PLANNER, NOON, now=NOON)
    return grant(now=NOON + 30 * DAY)


def in_use(region: Region) -> Words:
    path = region.path.parent / "grid.gpkg"
    old, new = region.path.parent / "old.osm", region.path.parent / "new.osm"
    write_grid_map(old)
    write_grid_map(new, skip=frozenset({"Street 3"}))
    import_city(path, PLANNER, MapSource(map=old), name="Grid", time_zone="Asia/Shanghai", sandbox=True, now=NOON)
    grid = open_region(path)
    streets = city_store.read_city(grid.reader()).streets
    street = StreetId(streets.loc[streets["name"] == "Street 3", "street"].iloc[0])
    with grid.turn(PLANNER, now=NOON) as turn:
        turn.connection.execute("INSERT INTO crew VALUES ('C0', 'Crew C0', 3, 6, 20, 10, NULL, '[]')")
    make_claim(grid, PLANNER, street=street, crew=C[0], now=NOON)
    grid.close()
    return (
        "import",
        str(new),
        "--city",
        "Grid",
        "--timezone",
        "Asia/Shanghai",
        "--now",
        format_moment(NOON),
        "--db",
        str(path),
    )


def own(region: Region) -> Words:
    make_claim(region, LEAD, street=S[0], crew=C[0], now=NOON)
    return grant(0)


def paused(region: Region) -> Words:
    incident = report_incident(region, LEAD, "police", street=S[0], now=NOON)
    settle_incident(region, LEAD, incident, "street_closed", close_days=3, now=NOON)
    return grant()


def shut(region: Region) -> Words:
    with region.turn(PLANNER, now=NOON) as turn:
        turn.connection.execute("UPDATE street SET status = 'closed' WHERE id = 'S0'")
    return grant()


def no_entry(region: Region) -> Words:
    with region.turn(PLANNER, now=NOON) as turn:
        turn.connection.execute("UPDATE street SET permission = 'refused' WHERE id = 'S0'")
    return grant()


def planned(region: Region) -> Words:
    make_claim(region, LEAD, street=S[0], crew=C[0], now=NOON)
    one = StoredAssignment(S[0], C[1], 5.0, 0.9, 1.0, pinned=False, reason=Reason([Said("best")]))
    plan = StoredPlan(
        PlanId("P"), NOON, NOON, "optimal", 1.0, 1.0, 0.0, 0.1, 0, {"lawful": True, "violations": []}, None, (one,)
    )
    with region.turn(PLANNER, now=NOON) as turn:
        save_plan(turn, plan, event=PlanMade(at=NOON, plan=plan.id, objective=1.0, bound=1.0, assignments=1))
    return ("plan", "publish", plan.id, "--now", format_moment(NOON))


WAYS: dict[type[Conflict], tuple[Callable[[Region], Words], str, str]] = {
    door.StreetAlreadyClaimed: (held, "Crew C0 (C0)", "2026-03-09 12:00:00+08:00"),
    door.CrewCoolingDown: (cooling, "Crew C0 (C0)", "2026-03-16 12:00:00+08:00"),
    door.CrewAtCap: (at_cap, "Crew C1 (C1)", "2026-03-09 12:00:00+08:00"),
    door.StreetReserved: (reserved, "Crew C0 (C0)", "2026-03-03 00:00:00+08:00"),
    door.ClaimNotInForce: (ended, "Crew C0 (C0)", "2026-03-03 12:00:00+08:00"),
    door.StreetClosed: (saturated, "Road S0 (S0)", "2026-03-11 12:00:00+08:00"),
    door.RegionWindingDown: (winding_down, "claims", "2026-03-09 12:00:00+08:00"),
    door.StreetInUse: (in_use, "Crew C0 (C0)", "2026-03-09 12:00:00+08:00"),
}


MORE = [
    pytest.param((own, "you hold it until", "2026-03-09 12:00:00+08:00", "`fieldops claims end`"), id="own"),
    pytest.param((given_up_twice, "again and may claim", "2026-03-09 13:00:00+08:00", "`fieldops claims"), id="twice"),
    pytest.param((paused, "paused", "2026-03-05 12:00:00+08:00", "`fieldops incidents reopen`"), id="paused"),
    pytest.param((shut, "Road S0 (S0) cannot be claimed: closed", "`fieldops streets open`"), id="closed"),
    pytest.param((no_entry, "Road S0 (S0) cannot be claimed: no permission", "`fieldops streets permit`"), id="entry"),
    pytest.param((planned, "plan P cannot be published", "Crew C0 (C0)", "2026-03-09 12:00:00+08:00"), id="plan"),
]


def test_the_door_refuses_by_no_class_but_those_that_are_shown_here() -> None:
    kinds = {name for name, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, Conflict)}
    rooms = [inspect.getsource(room) for room in (fieldops.claims, fieldops.actions.claims)]
    made = {
        node.func.id
        for room in rooms
        for node in ast.walk(ast.parse(room))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    assert made & kinds >= {"StreetAlreadyClaimed", "RegionWindingDown"}
    assert made & kinds <= {kind.__name__ for kind in REFUSALS} | {"PlanNotPublishable"}
    assert set(WAYS) == set(REFUSALS)


@pytest.mark.parametrize("way", [*(pytest.param(WAYS[kind], id=kind.__name__) for kind in REFUSALS), *MORE])
def test_a_refusal_at_the_shell_names_holder_end_and_cure_in_one_line(
    region: Region,
    way: tuple[Callable[[Region], Words], str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    add_town(region)
    make, *said = way
    words = make(region)
    region.close()
    monkeypatch.setattr(
        sys, "argv", ["fieldops", *words, *([] if "--db" in words else ["--db", str(region.path)]), "--json"]
    )
    with pytest.raises(SystemExit) as left:
        main()
    told = capsys.readouterr()
    (line,) = [line for line in told.err.splitlines() if line.startswith("error: ")]
    assert left.value.code == 1
    assert told.out == ""
    assert all(part in line for part in said), line
    assert len(line.split("; ", 1)[1]) > 20, "no cure"
