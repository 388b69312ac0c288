"""`fieldops phones` for people and scripts."""

import json
from pathlib import Path

import typer
from typer.testing import CliRunner

from fieldops.cli import phones
from fieldops.store.connect import Region
from tests.conftest import NOON
from tests.phones import Phone
from tests.towns import add_town


def run(region: Region, *words: str, code: int = 0) -> str:
    app = typer.Typer()
    phones.register(app)
    app.callback()(lambda: None)
    done = CliRunner().invoke(app, ["phones", *words])
    assert done.exit_code == code, done.output
    return done.stdout


def test_an_exported_outbox_is_handed_in_and_appeals_are_answered(region: Region, tmp_path: Path) -> None:
    add_town(region)
    phone = Phone()
    made = [phone.make(NOON, street=street, what="refused") for street in ("S0", "none")]
    made.append(phone.make(NOON, "appeal", about=made[1]["id"], why="it_is_true"))
    file = tmp_path / "outbox.json"
    file.write_text(json.dumps({"records": made}))
    db = ("--db", str(region.path))
    told = json.loads(run(region, "sync", str(file), *db, "--json", code=1))
    assert (told["accepted"], told["rejected"], told["refused"][0]["reason"]) == (2, 1, "unknown_place")
    assert "1 rejected" in run(region, "sync", str(file), *db, code=1)
    (appeal,) = json.loads(run(region, "appeals", *db, "--json"))["appeals"]
    assert appeal["why"] in run(region, "appeals", *db)
    assert (
        json.loads(run(region, "answer", appeal["appeal"], "--decline", "--why", "no", *db, "--json"))["upheld"]
        is False
    )
    assert "no appeal" in run(region, "appeals", *db)


def test_a_lead_says_something_for_a_day(region: Region) -> None:
    add_town(region)
    db = ("--db", str(region.path))
    assert json.loads(run(region, "say", "malls first", "--day", "2026-03-02", *db, "--json"))["day"] == "2026-03-02"
    assert "C0" in run(region, "say", "come early", "--crew", "C0", *db)


def test_a_door_that_asked_not_to_be_contacted_is_listed_and_lifted_with_a_reason(region: Region) -> None:
    add_town(region)
    db, phone = ("--db", str(region.path)), Phone()
    assert "nobody" in run(region, "doors", *db)
    phone.send(region, [phone.make(NOON, street="S0", what="do_not_contact", door="3-502")], NOON)
    (door,) = json.loads(run(region, "doors", *db, "--json"))["doors"]
    assert (door["place"], door["door"], door["crew"]) == ("Road 0", "3-502", "C0")
    assert "Road 0 3-502" in run(region, "doors", *db)
    assert "may be contacted again" in run(region, "lift", door["record"], "--why", "moved_away", *db)
    assert "nobody" in run(region, "doors", *db)


def test_keys_are_made_listed_escrowed_and_restored(region: Region, tmp_path: Path) -> None:
    db, keeper, escrow = ("--db", str(region.path)), tmp_path / "keeper.pem", tmp_path / "keys.escrow"
    assert "no phone" in run(region, "keys", *db)
    key = json.loads(run(region, "rotate", "--why", "first", *db, "--json"))["key"]
    run(region, "rotate", *db)
    assert [one["key"] for one in json.loads(run(region, "keys", *db, "--json"))["keys"]][1] == key
    run(region, "keeper", "--out", str(keeper))
    assert keeper.stat().st_mode & 0o077 == 0
    run(region, "escrow", "--to", f"{keeper}.pub", "--out", str(escrow), *db)
    assert json.loads(run(region, "restore", str(escrow), "--with", str(keeper), *db, "--json")) == {"restored": 0}
