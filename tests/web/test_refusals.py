"""What the door to a street refuses, as people and programs read it: in both languages, with its moment as a fact."""

from dataclasses import fields
from datetime import timedelta

import pytest
from flask import Flask

from fieldops.clock import find_zone
from fieldops.errors import Conflict, StreetAlreadyClaimed, StreetClosed
from fieldops.ids import ClaimId, CrewId, StreetId
from tests.cli.test_refusals import REFUSALS
from tests.conftest import NOON
from web.language import CHINESE, ENGLISH
from web.wording import wording

WEEK_LATER = (NOON + timedelta(days=7)).astimezone(find_zone("Asia/Shanghai"))
SAMPLE: dict[str, object] = {
    "street": StreetId("S0"), "holder": CrewId("C0"), "crew": CrewId("C0"), "claim": ClaimId("K"), "holds": 40, "cap": 40, "outcome": "forfeited",
    "what": "claims", "reason": "saturated", "others": 0, "street_label": "Road 0", "crew_name": "Crew 0", "holder_name": "Crew 0", "own": False,
}  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        *(pytest.param(kind, {}, id=kind.__name__) for kind in REFUSALS),
        pytest.param(StreetAlreadyClaimed, {"own": True}, id="own"),
        pytest.param(StreetClosed, {"reason": "paused"}, id="paused"),
    ],
)
def test_a_refusal_says_when_in_both_languages_and_carries_it_as_a_fact(
    app: Flask, kind: type[Conflict], more: dict[str, object]
) -> None:
    refusal = kind(**{field.name: (SAMPLE | more).get(field.name, WEEK_LATER) for field in fields(kind)})  # type: ignore[arg-type]
    assert WEEK_LATER in refusal.facts().values()
    assert "2026-03-09 12:00:00+08:00" in str(refusal)
    for language in (CHINESE, ENGLISH):
        with app.test_request_context(headers={"Accept-Language": language}):
            said = wording(refusal)
        assert "12:00" in said.text, language
        assert said.cure
