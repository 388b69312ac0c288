"""Made-up candidates: nobody exists, no number can ring, nothing lies in the future, and an importer takes every row."""

import re
from datetime import UTC, datetime, timedelta

import numpy as np

from fieldops.exchange.synthcandidates import make_candidates, make_reps
from fieldops.recruiting.names import read_person_name
from fieldops.recruiting.phones import read_phone
from fieldops.recruiting.stages import WAY

UNTIL = datetime(2026, 3, 2, 13, tzinfo=UTC)
EFFORT = [
    {"day": (UNTIL - timedelta(days=day)).date().isoformat(), "crew": f"C{day % 3}", "street": f"S{day % 5}",
     "promoter_hours": "12.5"} for day in range(1, 15)
]  # fmt: skip
BASES = {"C0": "B1", "C1": "B2", "C2": "B2"}


def made(seed: int) -> list[dict[str, object]]:
    return make_candidates(EFFORT, BASES, ["POSTER", "OTHER"], until=UNTIL, rng=np.random.default_rng(seed))


def test_the_same_seed_gives_the_same_people_and_each_has_a_name_and_a_number_of_their_own() -> None:
    rows = made(1)
    assert rows == made(1) != made(2)
    assert len({row["name"] for row in rows}) == len({row["phone"] for row in rows}) == len(rows) > 100


def test_names_say_that_they_are_examples_and_numbers_are_those_kept_for_films() -> None:
    for row in made(3):
        assert read_person_name(str(row["name"])).startswith("示例·")
        assert re.fullmatch(r"\+1\d{3}55501\d\d", read_phone(str(row["phone"])))


def test_stages_are_reached_in_their_order_and_none_after_the_end() -> None:
    for row in made(4):
        moments = [
            datetime.fromisoformat(str(row[name])) for name in ("made_at", *(f"{s}_at" for s in WAY)) if name in row
        ]
        assert moments == sorted(moments)
        assert max(moments) <= UNTIL
        assert ("stage" in row) == ("reason" in row)


def test_every_base_has_a_rep() -> None:
    reps = make_reps(list(BASES.values()), np.random.default_rng(1))
    assert {rep["base"] for rep in reps} == {"B1", "B2"}
