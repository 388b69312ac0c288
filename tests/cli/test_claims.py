"""`fieldops claims`, `notices`, `backup`, `restore` and `check` as somebody at a shell meets them."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from fieldops.actions.incidents import pause_street
from fieldops.cli import claims, keep, notices
from fieldops.clock import parse_moment
from fieldops.errors import BadInput, NotFound, StreetAlreadyClaimed
from fieldops.ids import StreetId
from fieldops.store.connect import Region
from tests.conftest import LEAD
from tests.small_region import add_town

MONDAY, TUESDAY, SUNDAY = "2026-03-02T13:00:00+08:00", "2026-03-03T13:00:00+08:00", "2026-03-08T13:00:00+08:00"

Run = Callable[..., Any]


@pytest.fixture
def run(region: Region) -> Run:
    """Run a command on a town of three streets; return its JSON, or its text with `as_text`."""
    add_town(region)
    region.close()
    app = typer.Typer()
    for noun in (claims, keep, notices):
        noun.register(app)

    def command(*words: str, as_text: bool = False, code: int = 0, cwd: Path | None = None) -> Any:
        options = ["--db", str(region.path), *([] if as_text else ["--json"])]
        done = CliRunner().invoke(app, [*words, *options], env={"COLUMNS": "120"})
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        assert done.exit_code == code, done.output
        return done.output if as_text else json.loads(done.stdout)

    return command


def test_a_street_is_granted_listed_and_refused_to_others(run: Run) -> None:
    made = run("claims", "grant", "--crew", "C0", "--street", "S0", "--now", MONDAY)
    assert {name: made[name] for name in ("street", "crew", "from", "until")} == {
        "street": "S0", "crew": "C0", "from": "2026-03-02T05:00:00.000000Z", "until": "2026-03-09T05:00:00.000000Z",
    }  # fmt: skip
    with pytest.raises(StreetAlreadyClaimed, match=r"crew Crew C0 \(C0\) until 2026-03-09 13:00:00\+08:00"):
        run("claims", "grant", "--crew", "C1", "--street", "S0", "--now", TUESDAY)
    listed = run("claims", "list", "--now", TUESDAY)
    assert [(one["claim"], one["hours_left"], one["outcome"]) for one in listed["claims"]] == [
        (made["claim"], 144, None)
    ]
    assert run("claims", "list", "--now", "2026-03-01T00:00:00Z")["claims"] == []
    assert run("claims", "list", "--hours-left", "24", "--now", TUESDAY)["claims"] == []
    (ended,) = run("claims", "list", "--ended", "--now", "2026-03-09T05:00:00Z")["claims"]
    assert ended["outcome"] == "forfeited"


def test_the_tables_for_people_show_the_end_in_the_citys_zone(run: Run) -> None:
    run("claims", "grant", "--crew", "C0", "--street", "S0", "--now", MONDAY)
    assert "2026-03-09 13:00" in run("claims", "list", "--now", TUESDAY, as_text=True)
    queue = run("claims", "queue", "--now", SUNDAY, as_text=True)
    assert "24.0 h" in queue
    assert "unknown" in queue  # unmeasured is unknown, never 0 %
    assert "no claim ends within 24 hours" in run("claims", "queue", "--hours", "24", "--now", TUESDAY, as_text=True)


def test_the_queue_shows_what_ends_soon_and_what_its_street_lacks(run: Run) -> None:
    run("claims", "grant", "--crew", "C0", "--street", "S0", "--now", MONDAY)
    run("claims", "grant", "--crew", "C1", "--street", "S1", "--now", TUESDAY)
    (one,) = run("claims", "queue", "--hours", "36", "--now", SUNDAY)["ending"]
    assert (one["street"], one["share"], one["hours_to_target"]) == ("S0", None, None)


def test_a_claim_is_ended_by_its_street_and_a_cool_down_lifted(run: Run) -> None:
    run("claims", "grant", "--crew", "C0", "--street", "S0", "--now", MONDAY)
    with pytest.raises(BadInput, match="not one claim is named"):
        run("claims", "end", "--now", MONDAY)
    assert run("claims", "end", "--street", "S0", "--now", SUNDAY)["outcome"] == "withdrawn"
    with pytest.raises(NotFound, match="nobody holds it"):
        run("claims", "end", "--street", "S0", "--now", SUNDAY)
    words = ("--crew", "C0", "--street", "S0")
    assert len(run("claims", "override", *words, "--why", "nearly_done", "--now", SUNDAY)["lifted"]) == 1
    assert run("claims", "grant", *words, "--now", SUNDAY)["generation"] == 2


def test_verify_answers_with_counts_and_exits_1_where_the_record_was_touched(run: Run, region: Region) -> None:
    run("claims", "grant", "--crew", "C0", "--street", "S0", "--now", MONDAY)
    found = run("claims", "verify")
    assert (found["claims"], found["events"], found["violations"]) == (1, 4, [])
    with region.turn(None, now=None) as turn:  # type: ignore[arg-type]
        turn.connection.execute("DROP TRIGGER event_is_never_changed")
        turn.connection.execute("UPDATE event SET facts = replace(facts, 'C0', 'C1') WHERE seq = 4")
    region.close()
    assert "changed" in run("claims", "verify", code=1)["violations"][0]["what"]
    told = run("claims", "verify", as_text=True, code=1)
    assert "changed" in told
    assert "no event bears the key" not in told
    with region.turn(None, now=None) as turn:  # type: ignore[arg-type]
        turn.connection.execute("UPDATE event SET actor = 'mallory'")
    region.close()
    told = run("claims", "verify", as_text=True, code=1)
    assert "event 1: the event or the one before was changed" in told
    assert "no event bears the key" in told
    assert "no event bears the key" in run("check", as_text=True, code=1)


def test_a_backup_is_restored_and_the_region_examined(run: Run, tmp_path: Path) -> None:
    run("claims", "grant", "--crew", "C0", "--street", "S0", "--now", MONDAY)
    made = run("backup", "--out", str(tmp_path / "monday.gpkg"))
    assert (made["events"], made["rows"]["claim"]) == (4, 1)
    back = run("restore", made["file"], "--replace", "--now", TUESDAY)
    assert back["events"] == 5
    assert Path(back["put_aside"]).exists()
    assert run("check")["ok"]
    assert "every page is sound" in run("check", as_text=True)
    assert run("claims", "verify", "--anchor", made["anchor_file"])["violations"] == []
    assert run("check", "--migrate")["ok"]


def test_a_record_that_ran_ahead_is_shown_and_repaired_only_when_accepted(run: Run) -> None:
    run("claims", "grant", "--crew", "C0", "--street", "S0", "--now", "2099-01-01T00:00:00Z")
    shown = run("check", "clock", "--now", MONDAY)
    assert (shown["agree"], shown["accepted"], len(shown["voided"])) == (False, False, 1)
    assert run("check", "clock", "--accept", "--why", "ntp_failed", "--now", MONDAY)["accepted"]
    assert run("check", "clock", "--now", MONDAY)["agree"]
    assert "agree" in run("check", "clock", "--now", MONDAY, as_text=True)
    run("claims", "grant", "--crew", "C1", "--street", "S0", "--now", MONDAY)


def test_reminders_are_shown_made_and_listed(run: Run) -> None:
    run("claims", "grant", "--crew", "C0", "--street", "S0", "--now", MONDAY)
    (due,) = run("notices", "due", "--now", SUNDAY)["due"]
    assert (due["street"], due["hours_before"]) == ("S0", 24)
    assert run("notices", "deliver", "--now", SUNDAY)["made"] == 1
    assert run("notices", "due", "--now", SUNDAY)["due"] == []
    (listed,) = run("notices", "list", "--crew", "C0", "--now", SUNDAY)["notices"]
    assert listed["delivered_at"] == "2026-03-08T05:00:00.000000Z"
    assert "24 h" in run("notices", "list", "--now", SUNDAY, as_text=True)


def test_a_channel_is_set_shown_without_its_secrets_and_forgotten(run: Run) -> None:
    url = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=hidden"
    run("notices", "channel-set", "leads", "--form", "wecom", "--url", url, "--now", MONDAY, as_text=True)
    assert run("notices", "channels") == {
        "channels": [
            {"channel": "leads", "form": "wecom", "host": "qyapi.weixin.qq.com", "signed": False, "language": "zh"}
        ]
    }
    assert "hidden" not in run("notices", "channels", as_text=True)
    run("notices", "channel-remove", "leads", "--now", MONDAY, as_text=True)
    assert run("notices", "channels")["channels"] == []


@pytest.mark.parametrize(("filter_", "name"), [("--crew", "C99"), ("--zone", "Z99"), ("--street", "S99")])
def test_a_list_of_what_is_not_there_is_refused_and_not_empty(run: Run, filter_: str, name: str) -> None:
    with pytest.raises(NotFound, match=f"'{name}'"):
        run("claims", "list", filter_, name)


def test_a_list_is_narrowed_by_crew_and_by_hours_left(run: Run) -> None:
    run("claims", "grant", "--crew", "C0", "--street", "S0", "--now", MONDAY)
    run("claims", "grant", "--crew", "C1", "--street", "S1", "--now", TUESDAY)

    def streets(*words: str) -> list[str]:
        return [one["street"] for one in run("claims", "list", *words, "--now", SUNDAY)["claims"]]

    assert streets() == ["S0", "S1"]
    assert streets("--crew", "C1") == ["S1"]
    assert streets("--hours-left", "24") == ["S0"]
    assert "Crew C0 (C0)" in run("claims", "queue", "--hours", "24", "--now", SUNDAY, as_text=True)


def test_a_street_that_is_closed_for_a_time_is_told_as_paused_until_when_and_what_opens_it(
    run: Run, region: Region
) -> None:
    pause_street(region, LEAD, StreetId("S0"), 3, now=parse_moment("2026-03-02T04:00:00Z"))
    told = run("claims", "state", "S0", "--now", MONDAY)
    assert (told["state"], told["paused_until"]) == ("paused", "2026-03-05T04:00:00.000000Z")
    assert run("claims", "state", "S0", "--now", MONDAY, as_text=True).splitlines() == [
        "Road S0 (S0) is paused until 2026-03-05 12:00:00+08:00, as of 2026-03-02 13:00:00+08:00 (Asia/Shanghai)",
        "  then it opens by itself; a lead opens it before with `fieldops incidents reopen`",
    ]
    assert run("claims", "state", "S0", "--now", "2026-03-05T12:00:00+08:00")["state"] == "free"


@pytest.mark.parametrize("hours", ["inf", "nan", "-1", "87601"])
def test_a_time_that_cannot_be_meant_is_refused_as_wrong_usage(run: Run, hours: str) -> None:
    assert "Traceback" not in run("claims", "queue", "--hours", hours, as_text=True, code=2)


def test_a_street_is_told_as_it_was_at_any_moment(run: Run) -> None:
    run("claims", "grant", "--crew", "C0", "--street", "S0", "--now", MONDAY)

    def told(now: str) -> Any:
        return run("claims", "state", "S0", "--now", now)

    assert told("2026-03-02T12:59:59+08:00")["state"] == "free"
    held = told(MONDAY)
    assert (held["state"], held["claim"]["crew"], held["cooling_down"]) == ("claimed", "C0", [])
    assert told("2026-03-09T12:59:59.999999+08:00")["state"] == "claimed"
    after = told("2026-03-09T13:00:00+08:00")
    assert (after["state"], after["before"]["crew"]) == ("free", "C0")
    assert after["cooling_down"] == [{"crew": "C0", "until": "2026-03-16T05:00:00.000000Z"}]
    assert (after["paused_until"], told("2026-03-16T13:00:00+08:00")["cooling_down"]) == (None, [])
    people = run("claims", "state", "S0", "--now", "2026-03-10T09:00:00+08:00", as_text=True)
    assert people.splitlines() == [
        "Road S0 (S0) is free, as of 2026-03-10 09:00:00+08:00 (Asia/Shanghai)",
        "  before: Crew C0 (C0), forfeited at 2026-03-09 13:00:00+08:00",
        "  Crew C0 (C0) may not claim it before 2026-03-16 13:00:00+08:00",
    ]
    run("claims", "grant", "--crew", "C1", "--street", "S0", "--now", "2026-03-10T09:00:00+08:00")
    assert "is claimed by Crew C1 (C1) until 2026-03-17 09:00:00+08:00" in run(
        "claims", "state", "S0", "--now", "2026-03-11T09:00:00+08:00", as_text=True
    )


def test_one_end_is_told_in_one_form_wherever_the_shell_tells_it(run: Run) -> None:
    at = "2026-03-02T13:00:46.5+08:00"
    end = "until 2026-03-09 13:00:47+08:00"
    assert end in run("claims", "grant", "--crew", "C1", "--street", "S0", "--now", at, as_text=True)
    assert end in run("claims", "state", "S0", "--now", TUESDAY, as_text=True)
    with pytest.raises(StreetAlreadyClaimed, match=re.escape(end)):
        run("claims", "grant", "--crew", "C0", "--street", "S0", "--now", TUESDAY)
