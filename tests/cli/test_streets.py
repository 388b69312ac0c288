"""`fieldops streets list`: people with their interval and source, narrowed by kind, zone and name."""

import json
from pathlib import Path

from tests.cli.test_main import fieldops
from tests.desk_town import make_desk_town


def test_streets_come_with_their_people_and_are_narrowed(tmp_path: Path) -> None:
    make_desk_town(tmp_path / "region.gpkg").close()

    def listed(*words: str) -> list[dict[str, object]]:
        answer = fieldops("streets", "list", *words, "--json", folder=tmp_path)
        assert answer.returncode == 0, answer.stderr
        return json.loads(answer.stdout)["streets"]  # type: ignore[no-any-return]

    everything = listed()
    assert len(everything) == 113
    first = everything[0]
    assert (first["people_low"], first["people"], first["people_high"]) == (200.0, 400.0, 800.0)
    assert first["people_source"] == "total"
    assert {one["kind"] for one in listed("--kind", "compound")} == {"compound"}
    assert len(listed("--kind", "compound")) == 3
    assert {one["zone"] for one in listed("--zone", "ZB")} == {"ZB"}
    assert len(listed("解放东", "--zone", "ZA")) == 4


def test_an_unknown_kind_is_wrong_usage_and_no_match_is_said(tmp_path: Path) -> None:
    make_desk_town(tmp_path / "region.gpkg").close()
    assert fieldops("streets", "list", "--kind", "house", folder=tmp_path).returncode == 2
    assert "no street is called so" in fieldops("streets", "list", "nowhere", folder=tmp_path).stderr


def test_a_claimed_street_is_listed_with_its_holder_and_nothing_that_reads_as_free(tmp_path: Path) -> None:
    region = make_desk_town(tmp_path / "region.gpkg")
    street, crew, now = (
        region.reader().execute("SELECT street_id, crew_id, claimed_at FROM claim WHERE ended_at IS NULL").fetchone()
    )
    region.close()
    answer = fieldops("streets", "list", street, "--now", now, "--json", folder=tmp_path)
    (one,) = json.loads(answer.stdout)["streets"]
    assert one["holder"] == crew
    assert one["held_until"].endswith("Z")
    text = fieldops("streets", "list", street, "--now", now, folder=tmp_path).stdout
    assert crew in text
    assert "free" not in text
