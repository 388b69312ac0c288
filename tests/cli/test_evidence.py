"""The commands around evidence, as people and programs call them: files in, one JSON document out, refusals in words."""

import csv
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from fieldops.actions.claims import make_claim
from fieldops.actions.surveys import record_surveys
from fieldops.cli import awareness, backcheck, claims, crews, decide, effort, export, plan, surveys, venues
from fieldops.clock import format_moment, parse_moment
from fieldops.errors import BadInput, RowsRefused
from fieldops.ids import CrewId, StreetId
from fieldops.store.connect import Region
from tests.actions.test_effort import ROW as EFFORT
from tests.actions.test_people import CREW, PROMOTER
from tests.actions.test_venues import VENUE
from tests.conftest import LEAD, NOON
from tests.desk_town import PLAN, make_desk_town
from tests.towns import add_town, numbered, position, survey_rows

LATER = format_moment(NOON.replace(hour=6))


def write(path: Path, rows: list[dict[str, str]], encoding: str = "utf-8") -> Path:
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def run(region: Region, *words: object, now: str | None = LATER) -> Any:
    """Run a command on the region; a refusal goes on as the exception that `main` turns into one line and exit code 1."""
    app = typer.Typer()
    for noun in (awareness, backcheck, claims, crews, decide, effort, export, plan, surveys, venues):
        noun.register(app)
    given = ["--now", now] if now else []
    done = CliRunner().invoke(app, [*(str(word) for word in words), "--db", str(region.path), *given])
    if done.exception is not None:
        assert not isinstance(done.exception, SystemExit), done.output
        raise done.exception
    return done


def document(region: Region, *words: object, now: str | None = LATER) -> Any:
    return json.loads(run(region, *words, "--json", now=now).stdout)


def test_every_table_comes_in_and_says_what_was_added_and_refused(region: Region, tmp_path: Path) -> None:
    add_town(region)
    tables = {
        "crews": [CREW, {**CREW, "crew": "K2", "people": "0"}], "promoters": [PROMOTER], "venues": [VENUE],
        "effort": [EFFORT], "surveys": survey_rows([True] * 4, at=NOON, street="S0"),
    }  # fmt: skip
    for noun, rows in tables.items():
        file = write(tmp_path / f"{noun}.csv", rows, "gb18030")
        done = document(region, noun, "import", file)
        refused = 1 if noun == "crews" else 0
        assert (done["added"], len(done["rejected"])) == (len(rows) - refused, refused)
        assert document(region, noun, "import", file)["unchanged"] == len(rows) - refused
    assert document(region, "crews", "import", tmp_path / "crews.csv")["rejected"] == [
        {"row": 3, "field": "people", "value": "0", "reason": "a crew of 0 people; give 1 to 200"}
    ]


def test_people_read_what_was_refused_on_stderr_and_the_sum_on_stdout(region: Region, tmp_path: Path) -> None:
    add_town(region)
    file = write(
        tmp_path / "crews.csv", [{**CREW, "colour": "red"}, {**CREW, "crew": "K2", "colour": "", "people": "x"}]
    )
    done = run(region, "crews", "import", file)
    assert done.stdout == "1 added, 0 updated, 0 unchanged, 1 refused\n"
    assert "row 3, people = 'x': 'x' is not a number" in done.stderr
    assert "left out: the columns colour" in done.stderr


def test_a_strict_refusal_still_prints_its_one_document(region: Region, tmp_path: Path) -> None:
    add_town(region)
    file = write(tmp_path / "crews.csv", [CREW, {**CREW, "crew": "K2", "people": "0"}])
    with pytest.raises(RowsRefused, match="1 rows cannot be used, the first: row 3, field people"):
        run(region, "crews", "import", file, "--strict", "--json")
    assert [one["crew"] for one in document(region, "crews", "list", now=None)] == ["C0", "C1"]


def test_a_file_without_a_needed_column_is_refused_before_anything_else(region: Region, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no column people, hours_per_day"):
        run(region, "crews", "import", write(tmp_path / "crews.csv", [{"crew": "A", "name": "a"}]))


def test_decide_prints_points_streets_moves_and_swarms(region: Region, tmp_path: Path) -> None:
    add_town(region)
    rows = survey_rows([True] * 4, at=NOON, street="S0", triangle="")
    rows += survey_rows([False] * 10, at=NOON, prefix="t", street="", triangle="T1")
    run(region, "surveys", "import", write(tmp_path / "surveys.csv", rows))
    done = document(region, "decide")
    assert [(one["triangle"], one["knows"], one["asked"], one["decision"], one["rule"]) for one in done["points"]] == [
        ("T1", 0, 10, "push_on", "r50")
    ]
    assert done["points"][0]["error_rates"] == {"wrong_move_on": 0.09943458, "wrong_push_on": 0.09861245}
    assert [(one["street"], one["decision"], one["two_of_ten"]) for one in done["streets"]] == [
        ("S0", "move_on", "move_on")
    ]
    assert (done["moved"], done["swarm"]) == ([], [{"triangle": "T1", "venues": []}])
    shown = run(region, "decide").stdout
    assert "Road 0" in shown
    assert "0 decided" in shown


def test_awareness_says_unknown_to_people_and_null_to_programs(region: Region, tmp_path: Path) -> None:
    add_town(region)
    shown = run(region, "awareness").stdout
    assert "unknown" in shown
    assert "0 of 6 streets measured, 6 unknown" in shown
    assert "Nobody was asked yet" in shown
    assert document(region, "awareness")["basis"]["measured"] == 0
    assert {one["share"] for one in document(region, "awareness")["streets"]} == {None}


def test_quarantine_is_put_on_listed_shown_with_and_without_and_lifted(region: Region, tmp_path: Path) -> None:
    add_town(region)
    rows = survey_rows([True] * 4, at=NOON, street="S0", measurement="M")
    run(region, "surveys", "import", write(tmp_path / "surveys.csv", rows))
    run(region, "decide")
    order = document(region, "backcheck", "quarantine", "--measurement", "M", "--reason", "made_up")
    assert (order["surveys"], order["withdrawn"]) == (4, 1)
    without, shown = (
        document(region, "awareness", *more)["streets"][0]["asked"] for more in ([], ["--with-quarantined"])
    )
    assert (without, shown) == (0, 4)
    lifted = document(region, "backcheck", "lift", order["order"])
    assert (lifted["surveys"], lifted["closed"]) == (4, ["S0"])
    listed = document(region, "backcheck", "list", now=None)
    assert [(one["reason"], one["measurement"], one["lifted_at"] is not None) for one in listed] == [
        ("made_up", "M", True)
    ]
    listed = document(region, "surveys", "list", "--measurement", "M", now=None)
    assert [(one["survey"], one["counts"]) for one in listed] == [(f"s{i}", True) for i in range(4)]


def test_a_back_check_is_ordered_listed_done_and_compared(region: Region, tmp_path: Path) -> None:
    add_town(region)
    rows = survey_rows([True] * 4, at=NOON, street="S0", measurement="M", back_check_of="")
    run(region, "surveys", "import", write(tmp_path / "surveys.csv", rows))
    run(region, "decide")
    assert document(region, "backcheck", "order", "--seed", 1) == [
        {"back_check_of": "M", "crew": "C1", "street": "S0", "triangle": None}
    ]
    again = survey_rows([False] * 10, at=NOON, prefix="v", promoters=["C1-0", "C1-1"], street="S0", back_check_of="M")
    run(region, "surveys", "import", write(tmp_path / "again.csv", again))
    assert [one["done_by"] is not None for one in document(region, "backcheck", "tasks", now=None)] == [True]
    result = document(region, "backcheck", "results", now=None)[0]
    assert (result["knows"], result["asked"], result["knows_again"], result["asked_again"]) == (4, 4, 0, 10)
    suspects = document(region, "backcheck", "suspects")
    assert [(one["promoter"], [why["code"] for why in one["reasons"]]) for one in suspects] == [
        ("C0-0", ["refuted"]), ("C0-1", ["refuted"]),
    ]  # fmt: skip


def test_where_there_is_nothing_to_compare_it_is_said_what_to_do_instead(region: Region, tmp_path: Path) -> None:
    def said(*words: object) -> str:
        return str(run(region, "backcheck", *words, now=LATER if words[0] in ("order", "quarantine") else None).stdout)

    add_town(region)
    assert "0 re-surveys ordered" in said("order")
    for noun, cure in (
        ("tasks", "`fieldops backcheck order`"), ("results", "`fieldops backcheck order`"),
        ("list", "`fieldops backcheck suspects`"), ("suspects", "nobody's answers stand out"),
    ):  # fmt: skip
        assert cure in said(noun)
        assert "┃" not in said(noun)
    rows = survey_rows([True] * 4, at=NOON, street="S0", measurement="M", back_check_of="")
    run(region, "surveys", "import", write(tmp_path / "surveys.csv", rows))
    run(region, "decide")
    said("order")
    assert "none of 1 ordered re-surveys is done yet" in said("results")
    again = survey_rows([False] * 10, at=NOON, prefix="v", promoters=["C1-0", "C1-1"], street="S0", back_check_of="M")
    run(region, "surveys", "import", write(tmp_path / "again.csv", again))
    assert "4 / 4" in said("results")
    said("quarantine", "--measurement", "M", "--reason", "contradicted")
    assert "--with-quarantined" in said("results")
    assert "4 / 4" in said("results", "--with-quarantined")


def test_the_response_is_assumed_until_it_is_fitted_and_then_told_with_intervals(region: Region) -> None:
    add_town(region)
    assumed = document(region, "awareness", "response")
    assert (assumed["assumed"], assumed["response"]["rho"]["low"]) == (True, None)
    assert "do it with `fieldops awareness fit`" in run(region, "awareness", "response").stdout
    record_surveys(
        region, LEAD, numbered(survey_rows([True, False] * 9, at=NOON, street="S0")), now=NOON.replace(hour=6)
    )
    fitted = document(region, "awareness", "fit")
    assert fitted["surveys"] == 18
    assert fitted["response"]["rho"]["low"] < fitted["response"]["rho"]["value"] < fitted["response"]["rho"]["high"]
    assert "on 1 streets" in run(region, "awareness", "response").stdout


def test_sentinels_of_the_day_are_told_once_something_has_moved_on(region: Region) -> None:
    add_town(region)
    assert "nothing to ask again" in run(region, "backcheck", "sentinels").stdout
    record_surveys(region, LEAD, numbered(survey_rows([True] * 4, at=NOON, street="S0")), now=NOON.replace(hour=6))
    run(region, "decide")
    told = document(region, "backcheck", "sentinels")
    assert [(one["street"], one["crew"]) for one in told] == [("S0", "C1")]
    assert "Road 0" in run(region, "backcheck", "sentinels").stdout


def test_impossible_surveys_are_refused_row_by_row_with_the_reason_and_identical_ones_are_unchanged(
    region: Region, tmp_path: Path
) -> None:
    add_town(region)
    made_up = survey_rows([True] * 4, at=NOON, prefix="q", street="S5", promoters=["C1-1"])
    record_surveys(region, LEAD, numbered(made_up), now=NOON + timedelta(hours=1))
    document(region, "backcheck", "quarantine", "--promoter", "C1-1", "--reason", "made_up")
    row = survey_rows([True], at=NOON, street="S0")[0]
    lon, lat = position(0)
    bad = {
        "asked_at": {"asked_at": format_moment(parse_moment(LATER) + timedelta(minutes=11))},
        "lon": {"street": "", "lon": str(lon), "lat": str(lat + 0.2)},
        "promoter": {"promoter": "nobody"}, "survey_id": {"survey_id": "s0", "answer": "does_not_know"},
        "answer": {"answer": "5 of 4"}, "street": {"street": "nowhere"},
    }  # fmt: skip
    columns = dict.fromkeys(["survey_id", "asked_at", "street", "lon", "lat", "answer", "promoter"], "")
    rows = [
        {**columns, **row},
        {**columns, **row},
        *({**columns, **row, "survey_id": f"b{i}", **one} for i, one in enumerate(bad.values())),
        {**columns, **row, "survey_id": "q9", "promoter": "C1-1"},
    ]
    file = write(tmp_path / "surveys.csv", rows)
    done = document(region, "surveys", "import", file)
    assert (done["added"], done["unchanged"]) == (1, 1)
    told = {(one["row"], one["field"]) for one in done["rejected"]}
    assert told == {*((4 + i, field) for i, field in enumerate(bad)), (4 + len(bad), "promoter")}
    assert all(one["reason"] for one in done["rejected"])
    again = document(region, "surveys", "import", file)
    assert (again["added"], again["unchanged"], len(again["rejected"])) == (0, 2, len(done["rejected"]))


def test_tables_and_queues_are_given_out_with_those_in_quarantine_and_without(region: Region, tmp_path: Path) -> None:
    add_town(region)
    make_claim(region, LEAD, street=StreetId("S0"), crew=CrewId("C0"), now=NOON)
    rows = survey_rows([True, *[False] * 8, True], at=NOON, street="S0", measurement="M")
    run(region, "surveys", "import", write(tmp_path / "surveys.csv", rows))
    run(region, "decide")
    run(region, "backcheck", "quarantine", "--measurement", "M", "--reason", "made_up")
    run(region, "decide")  # brings the estimates up to date

    def queue(*more: str) -> int:
        found: int = document(region, "claims", "queue", "--hours", "200", *more)["ending"][0]["asked"]
        return found

    def table(name: str, *more: str) -> dict[str, str]:
        out = tmp_path / f"{name}.csv"
        run(region, "export", "streets", "--out", out, *more)
        with out.open(encoding="utf-8-sig", newline="") as file:
            return next(row for row in csv.DictReader(file) if row["street"] == "S0")

    assert (queue(), queue("--with-quarantined")) == (0, 10)
    assert (table("without")["asked"], table("with", "--with-quarantined")["asked"]) == ("0", "10")
    assert table("again") == table("without")  # nothing of it was stored


def test_whoever_reads_a_plan_or_awareness_is_told_how_many_surveys_are_in_quarantine(tmp_path: Path) -> None:
    region = make_desk_town(tmp_path / "town.gpkg")
    assert "quarantine" not in run(region, "plan", "show", PLAN, now=None).stderr
    rows = survey_rows([True] * 7, at=NOON, street="R00", measurement="M")
    run(region, "surveys", "import", write(tmp_path / "surveys.csv", rows), "--unknown-promoters")
    run(region, "backcheck", "quarantine", "--measurement", "M", "--reason", "made_up")
    for words in (("plan", "show", PLAN), ("awareness",)):
        assert "without the 7 surveys in quarantine; see --with-quarantined" in run(region, *words, now=None).stderr
        assert "as if the 7 surveys in quarantine counted" in run(region, *words, "--with-quarantined", now=None).stderr
    for more in ([], ["--with-quarantined"]):
        shown = document(region, "plan", "show", PLAN, *more, now=None)
        assert shown["quarantine"] == {"surveys": 7, "counted": bool(more)}
    region.close()
