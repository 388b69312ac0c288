"""Batches: stored as they run, taken up where they stopped, told with intervals, drawn on one page."""

import json
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from fieldops.cli import simulate
from fieldops.errors import BadInput
from fieldops.simulate.batch import BOUND, Job, run_batch
from fieldops.simulate.figures import mean_with_interval, say_promise, tell
from fieldops.simulate.report import draw_report

app = typer.Typer()
app.callback()(lambda: None)
simulate.register(app)
NAMES = ["nearest-first", "fixed-hours:first=8"]
JOBS = [
    Job(policy=name, city=city, seed=city, days=8, crews=2, side=3) for city in (1, 2, 3) for name in [*NAMES, BOUND]
]


def test_a_stopped_batch_goes_on_where_it_was(tmp_path: Path) -> None:
    store, told = tmp_path / "results.jsonl", []

    def stop_after_four(stage: str, share: float, **_figures: float) -> bool:
        told.append(share)
        return len(told) <= 4

    first, complete = run_batch(JOBS, store=store, progress=stop_after_four)
    assert len(first) == 4
    assert not complete
    with store.open("a") as file:
        file.write('{"key": "torn')  # the process was killed while it wrote
    begun: list[float] = []
    every, complete = run_batch(JOBS, store=store, progress=lambda _s, share, **_f: begun.append(share) or True)
    assert complete
    assert len(every) == len(JOBS)
    assert len(begun) == len(JOBS) - 4
    assert every[:4] == first
    again, _ = run_batch(JOBS, store=store, progress=lambda *_a, **_f: pytest.fail("nothing is left to run"))
    assert again == every


def test_what_plans_promised_is_told_by_the_week_with_its_interval_over_cities() -> None:
    """Two weeks of three cities: 80, 90 and 100 of 100 kept in the first, all 50 in the second, 0.9 promised throughout."""
    done, _ = run_batch(JOBS)
    told = {100: 80.0, 101: 90.0, 102: 100.0}
    kept = iter(told.values())
    changed = [
        replace(
            one,
            outcome=one.outcome
            and replace(one.outcome, days=14, promised=150, kept=int(k := next(kept)) + 50, expected=135.0,
                        promises=[[100.0, k, 90.0], [50.0, 50.0, 45.0]]),
        )
        for one in done if one.job.policy == "nearest-first"
    ]  # fmt: skip
    promise = tell(changed, ["nearest-first"])["policies"]["nearest-first"]["promise"]
    assert (promise["claims"], promise["weeks"], promise["kept"], promise["expected"]) == (450, 6, 0.9333, 0.9)
    first, second = promise["by_week"]
    assert (first["week"], first["kept"], first["difference"]) == (1, 0.9, 0.0)
    reach = 2.919986 * 10.0 / 3**0.5 / 100.0  # t of 2 degrees at 95 %, the three cities' deviation of 10 in 100
    assert first["interval"] == pytest.approx([-reach, reach], abs=1e-4)
    assert second["interval"] == [0.1, 0.1]
    assert (
        say_promise(promise)[1]
        == "week 1: promised 90.0% of 300 claims, finished in time 90.0%: +0.0 points (-16.9 to +16.9)"
    )


def test_a_file_of_something_else_is_refused(tmp_path: Path) -> None:
    store = tmp_path / "notes.txt"
    store.write_text("dear diary\nmore\n")
    with pytest.raises(BadInput, match="row 1"):
        run_batch(JOBS, store=store)


def test_intervals_are_over_cities_and_absent_where_there_are_too_few() -> None:
    assert mean_with_interval([1.0, 3.0], [1, 2]) == (2.0, None, None)
    mean, low, high = mean_with_interval([1.0, 1.0, 2.0, 2.0, 3.0, 3.0], [1, 1, 2, 2, 3, 3])
    assert mean == 2.0
    assert low is not None
    assert high is not None
    assert (low, high) == pytest.approx((2 - 2.919986 / 3**0.5, 2 + 2.919986 / 3**0.5), rel=1e-5)


class Tags(HTMLParser):
    """Counts the tags and the addresses of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href", "xlink:href")]


def test_the_page_has_tables_and_charts_and_asks_no_network() -> None:
    done, _ = run_batch(JOBS)
    document = tell(done, NAMES)
    assert document["bound"]["with_setup"] > 0
    for one in document["policies"].values():
        assert one["crew_days"] > document["bound"]["pushing"]
        assert one["violations"] == 0
        assert sum(one["crew_days_by_cause"].values()) == pytest.approx(one["crew_days"], abs=0.01)
    page = Tags()
    page.feed(draw_report(document, title="<b> & more"))
    assert page.tags.count("svg") == 2
    assert page.tags.count("table") >= 3
    assert page.addresses == []
    assert "b" not in page.tags
    document["policies"][NAMES[0]] |= {"violations": 2, "first_violations": ["day 3: two holders <1>", "day 4"]}
    assert "2 violations, first day 3: two holders &lt;1&gt;" in draw_report(document, title="")
    alone = document["paired"]["fixed-hours:first=8"]
    means = {name: one["crew_days"] for name, one in document["policies"].items()}
    assert alone["crew_days"]["difference"] == pytest.approx(means[NAMES[1]] - means[NAMES[0]], abs=1e-3)


def test_the_ratio_to_the_bound_is_told_at_equal_truth_only() -> None:
    done, _ = run_batch(JOBS)
    for at_target, short, told in ((0.8, 0.05, True), (0.79, 0.0, False), (0.9, 0.06, False)):
        alike = [
            replace(one, outcome=replace(one.outcome, truly_at_target=at_target, left_short=short, complete=True))
            if one.outcome
            else one
            for one in done
        ]
        document = tell(alike, NAMES)
        assert all(("times_bound" in one) is told for one in document["policies"].values())
        assert ("not at equal truth" in draw_report(document, title="")) is not told


def test_the_command_fails_where_a_law_was_broken(tmp_path: Path) -> None:
    store = tmp_path / "results"
    line = ["simulate", "--days", "4", "--runs", "1", "--policy", "nearest-first", "--streets", "9", "--workers", "1",
            "--store", str(store)]  # fmt: skip
    assert CliRunner().invoke(app, line).exit_code == 0
    assert '"violations": []' in store.read_text()
    store.write_text(store.read_text().replace('"violations": []', '"violations": ["day 3: two holders"]'))
    broken = CliRunner().invoke(app, line)
    assert broken.exit_code == 1
    assert "1 VIOLATIONS, first day 3: two holders" in broken.stdout


def test_the_command_prints_one_document(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    words = ["simulate", "--days", "4", "--runs", "1", "--policy", "nearest-first", "--streets", "9", "--workers", "1"]
    answer = CliRunner().invoke(app, [*words, "--json", "--out", str(page)])
    assert answer.exit_code == 0, answer.output
    document = json.loads(answer.stdout)
    figures = document["policies"]["nearest-first"]
    assert {"crew_days", "truly_at_target", "left_short", "surveys_per_street", "interval"} <= figures.keys()
    assert document["bound"]["with_setup"] > 0
    assert page.read_text().startswith("<!doctype html>")


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["--streets", "10"], "no square grid"),
        (["--policy", "magic"], "no policy 'magic'"),
        (["--field", "sunny"], "no field 'sunny'"),
        (["--runs", "3", "--luck", "2"], "no multiple of 2"),
        (["--truth", "truth.csv"], "a truth is of a region"),
    ],
)
def test_the_command_refuses_what_cannot_be_meant(words: list[str], reason: str) -> None:
    answer = CliRunner().invoke(app, ["simulate", *words])
    assert isinstance(answer.exception, BadInput)
    assert reason in str(answer.exception)


@pytest.mark.parametrize("option", ["--out", "--store"])
def test_a_file_that_cannot_be_written_is_refused_before_anything_is_run(option: str, tmp_path: Path) -> None:
    line = ["simulate", "--streets", "100", "--runs", "500", option, str(tmp_path / "nowhere" / "file")]
    done = CliRunner().invoke(app, line)
    assert isinstance(done.exception, BadInput)
    assert "cannot be written" in str(done.exception)


def test_intervals_of_shares_stay_within_0_and_1_and_no_policy_is_run_twice() -> None:
    line = ["simulate", "--streets", "9", "--runs", "3", "--days", "8", "--crews", "1", "--workers", "1", "--json",
            "--policy", "nearest-first,nearest-first"]  # fmt: skip
    document = json.loads(CliRunner().invoke(app, line).stdout)
    assert list(document["policies"]) == ["nearest-first"]
    for figure in ("truly_at_target", "left_short"):
        low, high = document["policies"]["nearest-first"]["interval"][figure]
        assert 0.0 <= low <= high <= 1.0
