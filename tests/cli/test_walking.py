"""`fieldops burst`, `next`, `walk` and `export` as somebody at a shell meets them; JSON as other programs expect it."""

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from fieldops.cli import burst, claims, dispatch, export, walk
from fieldops.errors import BadInput, StreetReserved
from fieldops.store.connect import Region
from tests.actions.test_plans import town  # noqa: F401  # a fixture
from tests.actions.test_walks import claimed  # noqa: F401  # a fixture

NOON = "2026-03-02T12:00:00+08:00"
Run = Callable[..., Any]


@pytest.fixture
def run(claimed: Region) -> Run:  # noqa: F811  # the fixture
    """Run a command on the grid town with its plan published; return its JSON, or its text with `as_text`."""
    app = typer.Typer()
    for noun in (burst, claims, dispatch, export, walk):
        noun.register(app)

    def command(*words: str, as_text: bool = False) -> Any:
        options = ["--db", str(claimed.path), "--now", NOON, *([] if as_text else ["--json"])]
        done = CliRunner().invoke(app, [*words, *options], env={"COLUMNS": "160"})
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        assert done.exit_code == 0, done.output
        return done.output if as_text else json.loads(done.stdout)

    return command


def test_next_tells_a_street_why_and_in_how_many_milliseconds_and_keeps_a_list(run: Run) -> None:
    run("claims", "end", "--street", run("claims", "list", "--crew", "A")["claims"][0]["street"])
    found = run("next", "--crew", "A", "--keep", "1")
    assert {"street", "reason", "milliseconds", "reserve"} <= set(found)
    assert found["street"]
    assert found["milliseconds"] > 0
    (kept,) = found["reserve"]
    with pytest.raises(StreetReserved):
        run("claims", "grant", "--crew", "B", "--street", kept["street"])
    assert run("next", "--crew", "A", "--release")["reserve"] == []
    text = run("next", "--crew", "A", as_text=True)
    assert "people still to be told" in text or "no new street" in text or "no free street" in text
    with pytest.raises(BadInput, match="one of the two"):
        run("next", "--crew", "A", "--keep", "1", "--release")


def test_walk_shares_a_zone_among_its_crews_with_a_bound_and_refuses_what_does_not_go_with_it(
    run: Run,
    claimed: Region,  # noqa: F811  # the fixture
) -> None:
    zone = claimed.reader().execute("SELECT min(id) FROM zone").fetchone()[0]
    made = run("walk", "--zone", zone, "--crews", "A,B", "--minutes", "0", "--time-limit", "0.8")
    assert {"zone", "crews", "length_m", "bound_m", "gap", "left_out"} <= set(made)
    assert {one["crew"] for one in made["crews"]} == {"A", "B"}
    assert 0 < made["bound_m"] <= made["length_m"]
    text = run("walk", "--zone", zone, "--crews", "A,B", "--minutes", "0", "--time-limit", "0.8", as_text=True)
    assert "m on foot together; no such walks are below" in text
    with pytest.raises(BadInput, match="--zone goes with"):
        run("walk", "--zone", zone, "--crew", "A")


def test_walk_gives_stops_length_bound_and_gap_and_writes_gpx(run: Run, tmp_path: Path) -> None:
    made = run("walk", "--crew", "A", "--date", "2026-03-02", "--time-limit", "0.3", "--gpx", str(tmp_path / "a.gpx"))
    assert {"stops", "length_m", "bound_m", "gap"} <= set(made)
    for stop in made["stops"]:
        assert {"order", "from_m", "walk_min", "arrive"} <= set(stop)
        assert ("street" in stop) + ("venue" in stop) + ("triangle" in stop) == 1
        assert (
            datetime.fromisoformat(NOON)
            < datetime.fromisoformat(stop["arrive"])
            <= datetime.fromisoformat(stop["leave"])
        )
    first = made["stops"][0]["arrive"]
    assert first.startswith("2026-03-02T09:")  # the day begins at nine, in the city's zone
    assert first.endswith("+00:00")
    assert made["gap"] == pytest.approx(made["length_m"] / made["bound_m"] - 1, abs=1e-4)
    assert "<trkpt " in (tmp_path / "a.gpx").read_text("utf-8")
    assert "no such walk is below" in run("walk", "--crew", "A", "--time-limit", "0.3", as_text=True)
    every = run("walk", "--time-limit", "0.2")
    assert [one["crew"] for one in every["walks"]] == ["A", "B"]


def test_burst_sets_shows_and_overrides(run: Run) -> None:
    made = run("burst", "--people", "40", "--from", "2026-03-04", "--time-limit", "1")
    assert {"bursts", "bound_days", "gap", "gaps"} <= set(made)
    for one in made["bursts"]:
        assert {"start", "days", "zones", "people"} <= set(one)
        assert 7 <= one["days"] <= 15
        assert one["people"] <= 40
    assert run("burst") == made | {"done": []}
    assert "cannot be done in less than" in run("burst", as_text=True)
    zone = made["bursts"][0]["zones"][0]
    assert "may be planned outside bursts" in run("burst", "--override", zone, "--why", "school_fair", as_text=True)


def test_export_writes_what_the_name_of_the_file_says(run: Run, tmp_path: Path) -> None:
    done = run("export", "streets", "--out", str(tmp_path / "s.csv"))
    assert done["bytes"] == (tmp_path / "s.csv").stat().st_size
    assert done["rows"] > 0
    run("export", "claims", "--format", "geojson", "--out", str(tmp_path / "claims.json"))
    assert json.loads((tmp_path / "claims.json").read_text("utf-8"))["type"] == "FeatureCollection"
