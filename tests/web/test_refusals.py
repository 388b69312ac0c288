"""What the door to a street refuses, as people and programs read it: in both languages, with its moment as a fact."""

import re
from collections.abc import Callable
from dataclasses import fields
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from fieldops.clock import find_zone
from fieldops.errors import (
    BadInput,
    Conflict,
    ConsentMissing,
    CrewCoolingDown,
    FieldopsError,
    MoveNotAllowed,
    NotFound,
    RecordDamaged,
    RegionWindingDown,
    RepAtCap,
    StorageFailed,
    StreetAlreadyClaimed,
    StreetClosed,
    TrainingFull,
)
from fieldops.ids import ClaimId, CrewId, RepId, StreetId, TrainingId
from fieldops.recruiting.care import read_income
from fieldops.recruiting.names import read_person_name
from fieldops.recruiting.phones import read_mobile, read_phone
from fieldops.recruiting.stages import Stage, check_move
from fieldops.said import Reason, Said, pack, unpack
from tests import refusal_texts
from tests.cli.test_refusals import REFUSALS
from tests.conftest import NOON, ROOT
from web.fields import field_name
from web.said import in_words, is_ours
from web.wording import wording

CJK = re.compile(r"[\u4e00-\u9fff]")
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
            app.preprocess_request()  # which sets the translations
            said = wording(refusal)
        assert "12:00" in said.text, language
        assert said.cure
        assert said.ours
        assert bool(CJK.search(said.text)) is bool(CJK.search(said.cure)) is (language == "zh-CN"), language


def _refused(call: Callable[[], object]) -> BadInput:
    with pytest.raises(BadInput) as caught:
        call()
    return caught.value


@pytest.mark.parametrize(
    "call",
    [
        lambda: read_phone(""), lambda: read_mobile("0571 8888 8888"), lambda: read_phone("12"), lambda: read_phone("王"), lambda: read_phone("+999123456789"),
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


@pytest.mark.parametrize(
    "refusal",
    [
        ConsentMissing(version=""), ConsentMissing(version="v9"), RepAtCap(rep=RepId("R1"), cares=35, cap=35),
        MoveNotAllowed(before="new", after="signed", allowed=("contacted", "lost")),
        TrainingFull(training=TrainingId("T"), capacity=12), RegionWindingDown(what="sign_ups", since=NOON),
    ],
    ids=lambda refusal: type(refusal).__name__,
)  # fmt: skip
def test_what_recruiting_refuses_is_said_in_the_reader_s_language_with_its_cure(
    app: Flask, refusal: FieldopsError
) -> None:
    for language in ("zh-CN", "en"):
        with app.test_request_context(headers={"Accept-Language": language}):
            app.preprocess_request()
            said = wording(refusal)
        assert said.ours
        assert said.cure
        for text in (said.text, said.cure):
            assert bool(CJK.search(text)) is (language == "zh-CN"), text
            assert language == "en" or set(re.findall("[a-z]{5,}", text)) <= {"consent"}, text  # a column's name


def test_a_full_training_of_one_place_is_not_said_in_the_plural(app: Flask) -> None:
    with app.test_request_context(headers={"Accept-Language": "en"}):
        app.preprocess_request()
        said = [wording(TrainingFull(training=TrainingId("T"), capacity=places)).text for places in (1, 12)]
    assert said == ["The one place of this training is taken.", "All 12 places of this training are taken."]


def test_no_refusal_that_a_page_can_show_is_put_together_from_pieces() -> None:
    assert refusal_texts.in_pieces() == []


def test_every_refusal_that_a_page_can_show_is_said_in_chinese(app: Flask) -> None:
    sentences = refusal_texts.constants() | refusal_texts.templates()
    assert len(sentences) > 500
    with app.test_request_context(headers={"Accept-Language": "zh-CN"}):
        app.preprocess_request()
        english = sorted(one for one in sentences if not CJK.search(in_words(one)))
    assert english == []


def test_every_room_that_is_left_out_of_the_refusals_of_pages_is_there() -> None:
    assert [room for room in refusal_texts.ELSEWHERE if not (ROOT / room).exists()] == []


def test_a_refusal_names_its_field_as_the_form_does(app: Flask) -> None:
    for language, said in (("zh-CN", "人数：“x”不是整数"), ("en", "Number of people: 'x' is not a whole number")):
        with app.test_request_context(headers={"Accept-Language": language}):
            app.preprocess_request()
            refusal = BadInput(Said("'%(given)s' is not a whole number", given="x"), field="--people")
            assert wording(refusal).text == said
            assert field_name("home_lon") == "home_lon"  # the column of a file
            assert field_name("claim_duration") != "claim_duration"  # a setting


@pytest.mark.parametrize("refusal", [
    NotFound("street", "S9", cure="see `fieldops streets list`"),
    StorageFailed(problem=Said("the region file refuses: %(text)s; nothing was written", text="locked"), cure="free disk space and try again"),
    RecordDamaged(problem=Said("the region file is damaged: %(text)s", text="malformed")),
    BadInput(Reason([Said("%(count)s rows cannot be used, the first: row %(row)s", count=2, row=3), "is empty"])),
], ids=lambda refusal: type(refusal).__name__)  # fmt: skip
def test_a_refusal_of_any_class_is_whole_in_chinese_and_after_it_was_stored(app: Flask, refusal: FieldopsError) -> None:
    with app.test_request_context(headers={"Accept-Language": "zh-CN"}):
        app.preprocess_request()
        said = wording(refusal)
        assert said.ours
        assert CJK.search(said.text)
        stored = unpack(pack(refusal.told()))
        assert stored == refusal.told()
        assert is_ours(stored)
        assert CJK.search(in_words(stored))


def test_a_page_shows_what_a_form_refuses_in_the_reader_s_language(client: FlaskClient) -> None:
    for language, words in (("zh-CN", "没有填日期"), ("en", "no day")):
        answer = client.post("/pay", data={"promoter": "P1", "hours": "6"},
                             headers={"Origin": "http://localhost", "Accept-Language": language})  # fmt: skip
        assert answer.status_code == 422
        assert words in answer.text
        assert 'lang="en">' not in answer.text or language == "en"


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/streets/at/99999999999999999999", 404), ("/triangles/at/99999999999999999999", 404),
        ("/map/edit/street.json?key=99999999999999999999", 404), ("/pay?first=0001-01-01&last=0001-01-02", 422),
        ("/pay?first=9999-12-30&last=9999-12-31", 422), ("/map/export/none.geojson", 422),
        ("/map/export/surveys.geojson", 422), ("/map/export/streets.pdf", 422),
    ],
)  # fmt: skip
def test_an_address_that_nobody_would_write_is_refused_in_chinese_and_never_an_accident(
    client: FlaskClient, path: str, code: int
) -> None:
    answer = client.get(path, headers={"Accept-Language": "zh-CN"})
    assert answer.status_code == code
    assert 'lang="en">' not in answer.text


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"people": "2500"}, "人数：2500% 超出范围 请写 5% 到 2000%"), ({"threshold": "0"}, "目标：0% 超出范围 请写 1% 到 95%"),
        ({"finish": "100"}, "完成把握：100% 超出范围 请写 5% 到 99%"), ({"days": "9"}, "天数：9 超出范围 请写 1 到 7"),
        ({"hours": "5", "seconds": "0"}, "搜索秒数：“0”不能用"), ({"hours": "5", "start": "0001-01-01T00:00"}, "请写 2000 年到 2099 年的日期"),
    ],
)  # fmt: skip
def test_a_what_if_is_refused_in_the_units_and_words_of_its_form(
    client: FlaskClient, data: dict[str, str], said: str
) -> None:
    answer = client.post("/what-if", data=data, headers={"Origin": "http://localhost", "Accept-Language": "zh-CN"})
    assert answer.status_code == 422
    assert said in " ".join(re.sub(r"<[^>]+>", " ", answer.text).split())
