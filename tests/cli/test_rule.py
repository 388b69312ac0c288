import json
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from fieldops.awareness import A130, R50, TWO_OF_TEN, CountRule
from fieldops.cli import rule
from fieldops.cli.rule import field_sentence
from fieldops.errors import BadInput, StorageFailed

app = typer.Typer()
app.callback()(lambda: None)
rule.register(app)


def run(*words: str) -> Any:
    result = CliRunner().invoke(app, ["rule", *words])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def test_the_card_its_sentence_and_the_plain_rule_are_printed() -> None:
    text = " ".join(run().stdout.split())
    assert "Ask 10. Nobody knows: swarm. Four know: move on." in text
    assert "20% 56.2% 28.6 50 62.4% 7.4" in text


def test_the_json_is_one_document_of_the_card_and_both_curves() -> None:
    document = json.loads(run("--json", "--name", "a130").stdout)
    assert tuple(document["looks"]) == A130.looks
    assert tuple(document["push_on_at_most"]) == A130.push_on_at_most
    at_20 = next(point for point in document["curve"] if point["share"] == 0.20)
    assert at_20["move_on"] == pytest.approx(0.53522795, abs=5e-9)
    assert document["two_of_ten"][0]["move_on"] == pytest.approx(0.08613836, abs=5e-9)


def test_a_card_for_another_zone_keeps_its_errors() -> None:
    document = json.loads(run("--json", "--p0", "0.1", "--p1", "0.4", "--alpha", "0.1", "--beta", "0.05").stdout)
    assert document["error_rates"]["wrong_move_on"] <= 0.1
    assert document["error_rates"]["wrong_push_on"] <= 0.05


def test_the_curve_is_drawn_into_the_file_and_json_stays_alone_on_stdout(tmp_path: Path) -> None:
    result = run("--json", "--out", str(tmp_path / "curve.svg"))
    assert json.loads(result.stdout)["rule"] == "r50"
    assert (tmp_path / "curve.svg").read_text().startswith("<svg")


def test_half_a_zone_an_unknown_card_and_a_missing_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="both --p0 and --p1"):
        run("--p0", "0.1")
    with pytest.raises(BadInput, match="r50, a130, two_of_ten"):
        run("--name", "r51")
    with pytest.raises(StorageFailed, match="--out"):
        run("--out", str(tmp_path / "none" / "curve.svg"))


def test_the_field_sentence_says_what_the_card_says() -> None:
    assert field_sentence(R50) == (
        "Ask 10. Nobody knows: swarm. Four know: move on. Otherwise ask five more and look at the card; "
        "at 50 decide by 10."
    )
    assert field_sentence(TWO_OF_TEN) == "Ask 10. One or fewer know: swarm. Two know: move on."
    assert field_sentence(CountRule((3, 5, 8), (-1, 0, 1), (4, 4, 2))).startswith("Ask 3. Ask on to the next line")
