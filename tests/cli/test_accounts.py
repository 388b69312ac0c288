"""`fieldops user` and `invite` at the shell, and the link that a server prints for the first planner."""

import json
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from fieldops.actions.accounts import add_account
from fieldops.actions.invitations import look_at, redeem
from fieldops.actions.jobs import cancel_job, order_job
from fieldops.actions.sessions import find_key, sign_in
from fieldops.actions.tiles import make_tiles
from fieldops.people import Role
from fieldops.store.connect import open_region
from tests.conftest import PLANNER
from tests.desk_town import make_desk_town
from tests.processes import run

FIELDOPS = Path(sys.executable).with_name("fieldops")


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("accounts") / "region.gpkg"
    make_desk_town(path).close()
    make_tiles(path, PLANNER)
    return path


def fieldops(*words: str, db: Path, given: str = "") -> subprocess.CompletedProcess[str]:
    return run(*words, "--db", db, folder=db.parent, typed=given)


def document(*words: str, db: Path, given: str = "") -> Any:
    answer = fieldops(*words, "--json", db=db, given=given)
    assert answer.returncode == 0, answer.stderr
    return json.loads(answer.stdout)


def test_a_made_password_is_shown_once_and_signs_in(town: Path) -> None:
    made = document("user", "add", "wang.li", "--role", "lead", "--name", "王丽", db=town)
    assert (made["login"], made["role"], made["crew"]) == ("wang.li", "lead", None)
    region = open_region(town)
    assert sign_in(region, "wang.li", made["password"], browser="x", address="1.1.1.1").account.name == "王丽"
    region.close()
    listed = document("user", "list", db=town)["accounts"]
    assert "wang.li" in [one["login"] for one in listed]
    assert made["password"] not in json.dumps(listed)
    assert document("user", "disable", "wang.li", db=town)["disabled"] is True
    refused = fieldops("user", "link", "wang.li", db=town)
    assert refused.returncode == 1
    assert refused.stderr.count("\n") == 1
    assert document("user", "disable", "wang.li", "--undo", db=town)["disabled"] is False


def test_a_password_comes_in_by_stdin_and_is_in_no_answer(town: Path) -> None:
    given = "harbour lamp seven tulip"
    made = document("user", "add", "stdin", "--role", "auditor", "--password-stdin", db=town, given=f"{given}\n")
    assert made["password"] is None
    weak = fieldops("user", "add", "weak", "--password-stdin", db=town, given="short\n")
    assert weak.returncode == 1
    assert "at least 15" in weak.stderr


def test_an_invitation_is_a_link_for_one_person_of_the_crew_and_a_code_to_scan(town: Path, tmp_path: Path) -> None:
    picture = tmp_path / "c1.svg"
    made = document("invite", "--crew", "C1", "--url", "https://desk.example.org/", "--qr", str(picture), db=town)
    assert made["role"] == "crew"
    address, _, secret = made["link"].partition("#")
    assert address == "https://desk.example.org/enter"
    assert "<svg" in picture.read_text()
    region = open_region(town)
    assert look_at(region, secret)[0].crew == "C1"
    assert redeem(region, secret, browser="x", name="小张").account.role is Role.CREW
    region.close()
    said = fieldops("invite", "--crew", "C1", db=town).stderr
    assert "one person can use it, until 20" in said
    assert "UTC" not in said  # the city's own time
    assert fieldops("invite", "--crew", "C99", db=town).returncode == 1


def test_a_key_is_shown_once_acts_as_its_role_and_is_ended(town: Path) -> None:
    made = document("user", "key", "payroll", "--role", "auditor", db=town)
    region = open_region(town)
    actor = find_key(region, made["secret"])
    assert actor is not None
    assert actor.role is Role.AUDITOR
    ended = document("user", "keys", "--end", made["key"], db=town)["keys"]
    assert made["secret"] not in json.dumps(ended)
    assert find_key(region, made["secret"]) is None
    region.close()


@pytest.mark.parametrize("words", [("serve",), ("serve", "--sign-in", "first")])
def test_a_server_prints_the_link_of_the_first_planner_or_of_the_account_that_is_named(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    db = tmp_path / "region.gpkg"
    make_desk_town(db).close()
    make_tiles(db, PLANNER)
    if len(words) > 1:
        document("user", "add", "first", "--role", "planner", db=db)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen(
        [FIELDOPS, *words, "--db", db, "--port", str(port), "--no-worker"], stderr=subprocess.PIPE, text=True
    )
    assert server.stderr is not None
    said = []
    for line in server.stderr:
        said.append(line)
        if "fieldops is on" in line:
            break
    server.send_signal(signal.SIGTERM)
    assert server.wait(20) == 0
    server.stderr.close()
    link = next(line.strip() for line in said if "/enter#" in line)
    assert link.startswith(f"http://127.0.0.1:{port}/enter#")
    region = open_region(db)
    invitation, account = look_at(region, link.partition("#")[2])
    region.close()
    assert invitation.role is Role.PLANNER
    assert (account.login if account else None) == (words[2] if len(words) > 1 else None)


def test_the_list_of_jobs_names_who_ordered_each_and_tells_its_kind_state_and_cure(town: Path) -> None:
    region = open_region(town)
    account = add_account(region, PLANNER, login="wang.li.two", name="王丽", role=Role.LEAD)
    region.close()
    first, second = (order_job(town, account.actor, kind, {}) for kind in ("tiles", "plan"))
    cancel_job(town, account.actor, second.id)
    told = fieldops("jobs", db=town)
    assert told.returncode == 0, told.stderr
    by_id = {line.split()[0]: line for line in told.stdout.splitlines()}
    assert all(word in by_id[first.id] for word in ("tiles", "王丽", "waiting", "0%"))
    assert all(word in by_id[second.id] for word in ("plan", "王丽", "stopped"))
    assert account.actor.id not in told.stdout  # names for people; the id stands in the document for programs
    assert "no worker is running: start one with `fieldops worker`" in told.stderr
    told = document("jobs", "--json", db=town)
    assert {(one["job"], one["kind"], one["by"], one["state"]) for one in told["jobs"]} == {
        (first.id, "tiles", account.actor.id, "waiting"), (second.id, "plan", account.actor.id, "stopped"),
    }  # fmt: skip
