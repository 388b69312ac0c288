"""Wrong turns at the shell: each ends in one line that names what was given and the cure, never in a traceback."""

import json
import sqlite3
import subprocess
from pathlib import Path

import pytest

from tests.conftest import NOON
from tests.processes import run
from tests.small_map import write_grid_map

NOW = NOON.isoformat()
CREWS = "crew,name,people,hours_per_day,home_lon,home_lat\nA,A,2,2,20.0,10.0\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a region that is in use, one for trying out, and a table of crews."""
    made = tmp_path_factory.mktemp("turns")
    write_grid_map(made / "grid.osm")
    (made / "crews.csv").write_text(CREWS, "utf-8")
    (made / "some").mkdir()
    assert (
        told(made, "import", "grid.osm", "--city", "Grid", "--timezone", "UTC", "--residents", "3000").returncode == 0
    )
    sandbox = ("--db", "try.gpkg", "--sandbox", "--now", NOW)
    assert told(made, "import", "grid.osm", "--city", "Grid", "--residents", "3000", *sandbox).returncode == 0
    return made


def told(folder: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return run(*words, folder=folder, environment=environment)


def refusal(answer: subprocess.CompletedProcess[str]) -> str:
    """The one line of a refusal, after what was told of progress."""
    assert answer.returncode == 1, answer.stderr
    assert "Traceback" not in answer.stderr
    return answer.stderr.strip().splitlines()[-1]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("burst", "--people", "5", "--from", "9999-12-31"), "--from: 9999-12-31 is more than a year ahead"),
        (("burst", "--people", "5", "--days-max", "30"), "field --days-max: bursts of 7 to 30 days; give days within 7 to 15"),
        (("burst", "--people", "5", "--days-min", "3"), "field --days-min: bursts of 3 to 15 days; give days within 7 to 15"),
        (("burst",), "no bursts are set; set them: fieldops burst --people N"),
        (("crews", "import", "some"), "some is a folder; name the file in it"),
        (("export", "streets", "--format", "csv", "--out", "some"), "field --out: some is a folder; name a file in it"),
        (("export", "streets", "--format", "csv", "--out", "."), "field --out: . is a folder; name a file in it"),
        (("export", "claims", "--out", "c.csv", "--crew", "NOPE"), "no crew 'NOPE' here"),
        (("export", "walks", "--out", "w.csv", "--date", "2030-01-01"), "no walk '2030-01-01' here; make them first"),
        (("export", "walks", "--out", "w.gpx", "--date", "2030-01-01"), "no walk '2030-01-01' here; make them first"),
        (("plan", "--db", "x.gpkg", "publish", "p"), "--db stands before `publish` and would be lost; write it behind"),
        (("rules", "--json", "set", "target_share=0.3"), "--json stands before `set` and would be lost"),
        (("plan", "--db", "some"), "some is a folder; name the region file with --db or $FIELDOPS_DB"),
        (("import", "grid.osm", "--city", "Grid", "--sandbox"), "field --sandbox: region.gpkg is a region in use"),
        (("import", "grid.osm", "--city", "X", "--db", "none/x.gpkg"), "field --db: there is no folder"),
        (("serve", "--host", "no such host"), "cannot listen on no such host:8000"),
        (("serve", "--host", "203.0.113.9"), "choose another --host"),
    ],
)  # fmt: skip
def test_a_wrong_turn_is_told_with_its_option_and_the_cure(folder: Path, words: tuple[str, ...], says: str) -> None:
    answer = told(folder, *words)
    assert says in refusal(answer)
    assert not answer.stdout
    assert "link sets the first planner up" not in answer.stderr


def test_a_folder_in_the_environment_is_named(folder: Path) -> None:
    assert "some is a folder" in refusal(told(folder, "awareness", FIELDOPS_DB="some"))


def test_a_missing_folder_is_noticed_before_the_map_is_read(folder: Path) -> None:
    answer = told(folder, "import", "none.osm", "--city", "X", "--db", "none/x.gpkg")
    assert "there is no folder" in refusal(answer)


def test_an_impossible_plan_is_a_refusal_that_keeps_its_document(folder: Path) -> None:
    answer = told(folder, "plan", "--db", "try.gpkg", "--now", NOW, "--json", "--time-limit", "0.5")
    assert refusal(answer).startswith("error: no plan is possible: the region has no crew")
    document = json.loads(answer.stdout)
    assert document["status"] == "impossible"
    assert document["assignments"] == []
    shown = told(folder, "plan", "--db", "try.gpkg", "--now", NOW, "--time-limit", "0.5")
    assert "fieldops plan publish" not in shown.stderr
    assert refusal(shown).count("no crew") == 1


def test_moments_in_json_end_in_z_and_hours_are_shown_with_their_interval(folder: Path) -> None:
    answer = told(folder, "awareness", "--db", "try.gpkg", "--now", NOW, "--json")
    assert json.loads(answer.stdout)["at"] == "2026-03-02T04:00:00.000000Z"
    text = told(folder, "awareness", "--db", "try.gpkg", "--now", NOW).stdout
    rows = [line for line in text.splitlines() if "unknown" in line and "measured" not in line]
    assert rows
    assert all(line.rstrip(" │").endswith(")") and " - " in line for line in rows)


def test_a_region_of_an_older_fieldops_is_refused_until_it_is_migrated(folder: Path) -> None:
    answer = told(folder, "import", "grid.osm", "--city", "Grid", "--db", "old.gpkg", "--residents", "3000")
    assert answer.returncode == 0, answer.stderr
    with sqlite3.connect(folder / "old.gpkg") as older:
        older.execute("DELETE FROM _sqlite_migrations WHERE name = 'm2026_11_26_neighbours'")
        for index in ("segment_from", "segment_to", "gate_street", "gate_node"):
            older.execute(f"DROP INDEX {index}")
    older.close()
    for words in (("burst",), ("burst", "--people", "5"), ("plan",), ("claims", "list")):
        said = refusal(told(folder, *words, "--db", "old.gpkg"))
        assert said == "error: old.gpkg was made by an older fieldops; stop the web, then `fieldops check --migrate`"
    found = told(folder, "check", "--db", "old.gpkg")
    assert "missing or changed" in found.stderr
    assert told(folder, "check", "--migrate", "--db", "old.gpkg").returncode == 0
    assert "no bursts are set" in refusal(told(folder, "burst", "--db", "old.gpkg"))


def test_the_days_of_bursts_are_shown_to_the_last_one_and_every_column_is_whole(folder: Path) -> None:
    made = json.loads(told(folder, "burst", "--people", "40", "--json", "--db", "try.gpkg", "--now", NOW).stdout)
    first = made["bursts"][0]
    shown = told(folder, "burst", "--db", "try.gpkg", "--now", NOW, COLUMNS="100").stdout
    assert "first day" in shown
    assert "last day" in shown
    assert first["start"] == "2026-03-02"
    assert f"2026-03-{first['days'] + 1:02d}" in shown
    assert f"2026-03-{first['days'] + 2:02d}" not in shown


def test_ids_are_whole_in_a_pipe_and_in_a_narrow_window(folder: Path) -> None:
    ids = [row["street"] for row in json.loads(told(folder, "streets", "list", "--json").stdout)["streets"]]
    for width in ({}, {"COLUMNS": "80"}):
        shown = told(folder, "streets", "list", **width).stdout
        assert all(one in shown for one in ids)


def test_a_city_without_a_name_is_called_as_its_file_is_and_renewed_by_it(folder: Path) -> None:
    for again in (False, True):
        made = told(folder, "import", "grid.osm", "--db", "named.gpkg", "--timezone", "UTC", "--json")
        assert made.returncode == 0, made.stderr
        assert "note: the city is called grid, as its file is: see --city" in made.stderr
        document = json.loads(made.stdout)
        assert document["city"] == "grid"
        assert (document["kept"] > 0) == again
    assert "the name of the city is empty" in refusal(told(folder, "import", "grid.osm", "--city", ""))
