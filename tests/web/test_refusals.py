"""What the door to a street refuses, as people and programs read it: in both languages, with its moment as a fact."""

import re
from collections.abc import Callable
from dataclasses import fields
from datetime import timedelta

import pytest
from flask import Flask

from fieldops.clock import find_zone
from fieldops.errors import BadInput, Conflict, CrewCoolingDown, StreetAlreadyClaimed, StreetClosed
from fieldops.ids import ClaimId, CrewId, StreetId
from fieldops.recruiting.care import read_income
from fieldops.recruiting.names import read_person_name
from fieldops.recruiting.phones import read_phone
from fieldops.recruiting.stages import Stage, check_move
from tests.cli.test_refusals import REFUSALS
from tests.conftest import NOON
from web.wording import wording

WEEK_LATER = (NOON + timedelta(days=7)).astimezone(find_zone("Asia/Shanghai"))
SAMPLE: dict[str, object] = {
    "street": StreetId("S0"), "holder": CrewId("C0"), "crew": CrewId("C0"), "claim": ClaimId("K"), "holds": 40, "cap": 40, "outcome": "forfeited",
    "what": "claims", "reason": "saturated", "others": 0, "street_label": "Road 0", "crew_name": "Crew 0", "holder_name": "Crew 0", "own": False,
    "withdrew_again": False,
}  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        *(pytest.param(kind, {}, id=kind.__name__) for kind in REFUSALS),
        pytest.param(StreetAlreadyClaimed, {"own": True}, id="own"),
        pytest.param(CrewCoolingDown, {"withdrew_again": True}, id="withdrew_again"),
        pytest.param(StreetClosed, {"reason": "paused"}, id="paused"),
    ],
)
def test_a_refusal_says_when_in_both_languages_and_carries_it_as_a_fact(
    app: Flask, kind: type[Conflict], more: dict[str, object]
) -> None:
    refusal = kind(**{field.name: (SAMPLE | more).get(field.name, WEEK_LATER) for field in fields(kind)})  # type: ignore[arg-type]
    assert WEEK_LATER in refusal.facts().values()
    assert "2026-03-09 12:00:00+08:00" in str(refusal)
    for language in ("zh-CN", "en"):
        with app.test_request_context(headers={"Accept-Language": language}):
            said = wording(refusal)
        assert "12:00" in said.text, language
        assert said.cure


def _refused(call: Callable[[], object]) -> BadInput:
    with pytest.raises(BadInput) as caught:
        call()
    return caught.value


@pytest.mark.parametrize(
    "call",
    [
        lambda: read_phone(""), lambda: read_phone("12"), lambda: read_phone("王"), lambda: read_phone("+999123456789"),
        lambda: read_income(-5, None), lambda: read_income(900, 100), lambda: read_person_name(""),
        lambda: read_person_name("1" * 200), lambda: read_person_name("123"), lambda: read_person_name("王<b>"),
        lambda: check_move(Stage.NEW, Stage.LOST, Stage.NEW, ""),
        lambda: check_move(Stage.NEW, Stage.CONTACTED, Stage.NEW, "no_time"),
    ],
)  # fmt: skip
def test_what_a_recruiting_form_refuses_is_said_in_chinese_with_its_cure(
    app: Flask, call: Callable[[], object]
) -> None:
    with app.test_request_context(headers={"Accept-Language": "zh-CN"}):
        app.preprocess_request()  # which sets the translations
        said = wording(_refused(call))
    assert said.ours
    assert not re.search("[a-z]{3}", said.text + said.cure), said
