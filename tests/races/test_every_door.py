"""One street, asked for at one moment through every door that there is: one holder, and each loser reads who it is."""

import io
import json
import multiprocessing
import sys
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest

from fieldops.actions.apikeys import make_key
from fieldops.actions.plans import publish_plan
from fieldops.cli.main import main
from fieldops.clock import format_moment
from fieldops.errors import Conflict
from fieldops.events import PlanMade
from fieldops.ids import CrewId, PlanId, StreetId
from fieldops.people import Role
from fieldops.said import Reason, Said
from fieldops.store import dispatch, plans
from fieldops.store.connect import Region, open_region
from fieldops.store.verify import verify
from tests.accounts import PLAIN_COOKIE, session_of
from tests.conftest import LEAD, NOON, PLANNER
from tests.phone_town import make_phone_town
from tests.phones import Phone
from tests.races import contest as race
from web.app import create_app
from web.settings import Settings

STREETS = [StreetId(f"S{i}") for i in range(6)]
HERE = {"Origin": "http://localhost"}
_FORK = multiprocessing.get_context("fork")


@dataclass(frozen=True, slots=True)
class Keys:
    """What lets people and programs in: a lead's session, a program's key."""

    desk: str
    program: str


Ask = Callable[[StreetId], str]  # returns "" where the street was given, else what the loser reads


def at_the_shell(path: Path, crew: CrewId, _keys: Keys) -> Ask:
    def ask(street: StreetId) -> str:
        words = ("claims", "grant", "--crew", crew, "--street", street, "--now", format_moment(NOON), "--db", str(path))
        sys.argv, told = ["fieldops", *words], io.StringIO()
        try:
            with redirect_stderr(told), redirect_stdout(io.StringIO()):
                main()
        except SystemExit as left:
            return told.getvalue() if left.code else ""
        return ""

    return ask


def by_the_form(path: Path, crew: CrewId, keys: Keys) -> Ask:
    browser = create_app(Settings(path)).test_client()
    browser.set_cookie(PLAIN_COOKIE, keys.desk)

    def ask(street: StreetId) -> str:
        got = browser.post("/claims", data={"street": street, "crew": crew}, headers=HERE)
        assert got.status_code in (303, 409), got.text
        return got.text if got.status_code == 409 else ""

    return ask


def by_a_program(path: Path, crew: CrewId, keys: Keys) -> Ask:
    client = create_app(Settings(path)).test_client()

    def ask(street: StreetId) -> str:
        bearer = {"Authorization": f"Bearer {keys.program}"}
        got = client.post("/api/claims", json={"street": street, "crew": crew}, headers=bearer)
        assert got.status_code in (201, 409), got.text
        return got.text if got.status_code == 409 else ""

    return ask


def from_a_phone(path: Path, crew: CrewId, _keys: Keys) -> Ask:
    """Wish for the street as a phone does, without its list of kept streets, which would decide the race beforehand."""
    region, phone = open_region(path), Phone(promoter=f"{crew}-0")

    def ask(street: StreetId) -> str:
        (answer,) = phone.send(region, [phone.make(NOON, "claim", street=street)], NOON).answers
        assert answer.result == "accepted" or answer.reason == "claimed", answer
        return "" if answer.result == "accepted" else json.dumps(answer.to_json())

    return ask


def by_a_plan(path: Path, _crew: CrewId, _keys: Keys) -> Ask:
    region = open_region(path)

    def ask(street: StreetId) -> str:
        try:
            publish_plan(region, LEAD, PlanId(f"plan-{street}-"), now=NOON)
        except Conflict as refusal:
            return str(refusal)
        return ""

    return ask


def past_the_door(path: Path, crew: CrewId, _keys: Keys) -> Ask:
    """Ask the rules in one turn and write in another: the control."""
    region = open_region(path)

    def ask(street: StreetId) -> str:
        try:
            race.without_the_guard(region, street, crew, NOON)
        except Conflict as refusal:
            return str(refusal)
        return ""

    return ask


Door = Callable[[Path, CrewId, Keys], Ask]
DOORS: list[Door] = [at_the_shell, by_the_form, by_a_program, from_a_phone, by_a_plan]
PLAN = CrewId(f"C{DOORS.index(by_a_plan)}")


def make_town(path: Path) -> tuple[Region, Keys]:
    """Make a town in which nobody holds anything, a crew for each door, and a plan for each street."""
    region = make_phone_town(path, claims=False)
    with region.turn(PLANNER, now=NOON) as turn:
        write, crews = turn.connection.executemany, range(3, len(DOORS))
        write("INSERT INTO crew VALUES (?, ?, 5, 6, 117.2, 28.3, NULL, '[]')", [(f"C{i}", f"第{i}组") for i in crews])
        write("INSERT INTO promoter VALUES (?, ?, NULL, NULL)", [(f"C{i}-0", f"C{i}") for i in crews])
        for street in STREETS:
            one = plans.StoredAssignment(street, PLAN, 5.0, 0.9, 1.0, pinned=False, reason=Reason([Said("best")]))
            plan = plans.StoredPlan(
                PlanId(f"plan-{street}-"), NOON, NOON, "optimal", 1.0, 1.0, 0.0, 0.1, 0, {"lawful": True, "violations": []},
                None, (one,),
            )  # fmt: skip
            plans.save_plan(turn, plan, event=PlanMade(at=NOON, plan=plan.id, objective=1.0, bound=1.0, assignments=1))
        known = [(street, 1.0, 5.0, 0.9, 1.0) for street in STREETS]  # else each claim takes a whole day of its crew
        dispatch.save_outlook(turn, known, [], event=turn.head.seq)
    program = make_key(region, PLANNER, name="tests", role=Role.LEAD)[1]
    return region, Keys(session_of(path, Role.LEAD), program)


def contest(region: Region, keys: Keys, doors: list[Door]) -> dict[StreetId, list[tuple[CrewId, str]]]:
    """Let a process stand at each door, a barrier before each street; return what each crew was told of each street."""
    region.close()  # an open SQLite connection does not survive a fork
    barrier = _FORK.Barrier(len(doors))

    def stand(number: int, door: Door, barrier: Barrier) -> None:
        crew = CrewId(f"C{number}")
        ask, told = door(region.path, crew, keys), []
        for street in STREETS:
            barrier.wait(timeout=300)
            told.append((street, crew, ask(street)))
        region.path.with_name(f"{number}.json").write_text(json.dumps(told), "utf-8")

    asking = [_FORK.Process(target=stand, args=(number, door, barrier)) for number, door in enumerate(doors)]
    for process in asking:
        process.start()
    for process in asking:
        process.join()
    assert [process.exitcode for process in asking] == [0] * len(doors)
    found: dict[StreetId, list[tuple[CrewId, str]]] = {street: [] for street in STREETS}
    for number in range(len(doors)):
        for street, crew, said in json.loads(region.path.with_name(f"{number}.json").read_text("utf-8")):
            found[street].append((crew, said))
    return found


def test_of_all_doors_at_once_one_gives_the_street_and_the_others_say_who_has_it_until_when(tmp_path: Path) -> None:
    region, keys = make_town(tmp_path / "region.gpkg")
    told = contest(region, keys, DOORS)
    holders = dict(region.reader().execute("SELECT street_id, crew_id FROM claim").fetchall())
    names = dict(region.reader().execute("SELECT id, name FROM crew").fetchall())
    for street, answers in told.items():
        (winner,) = [crew for crew, said in answers if not said]
        assert holders[street] == winner
        for _, said in answers:
            assert not said or winner in said or names[winner] in said, said
            assert not said or any(
                end in said for end in ("2026-03-09 12:00", "3月9日 周一 12:00", "2026-03-09T04:00")
            ), said
    assert race.overlaps(region) == 0
    assert verify(region).violations == []
    region.close()


def test_control_a_door_beside_the_one_lets_two_crews_in_and_both_checks_see_them(tmp_path: Path) -> None:
    for attempt in range(20):  # a crowded machine may let them ask one after the other for once
        folder = tmp_path / str(attempt)
        folder.mkdir()
        region, keys = make_town(folder / "region.gpkg")
        race.remove_the_locks(region)
        told = contest(region, keys, [past_the_door, past_the_door, past_the_door])
        if any(len([crew for crew, said in answers if not said]) > 1 for answers in told.values()):
            break
        region.close()
    assert race.overlaps(region) > 0
    assert race.doubles_in_the_record(region) > 0
    region.close()


@pytest.mark.parametrize("door", DOORS)
def test_every_door_gives_a_street_that_is_free(tmp_path: Path, door: Door) -> None:
    region, keys = make_town(tmp_path / "region.gpkg")
    region.close()
    number = DOORS.index(door)
    crew = CrewId(f"C{number}")
    assert door(region.path, crew, keys)(STREETS[0]) == ""
    assert [row[0] for row in region.reader().execute("SELECT crew_id FROM claim")] == [crew]
    region.close()
