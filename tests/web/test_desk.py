"""The desk's pages say what the region holds, to everybody and in any browser."""

import html
import json
import re
import struct
from pathlib import Path

from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from fieldops.actions import desk
from fieldops.ids import ActorId
from fieldops.people import Actor, Role
from fieldops.store.connect import open_region
from fieldops.store.frame import CLASSES, UNKNOWN, awareness_class
from tests.desk_town import CREWS, TOWN

VISITOR = Actor(ActorId("test"), Role.AUDITOR)
IN_ENGLISH = {"Accept-Language": "en"}


def text_of(page: str) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page)))


def test_the_first_page_says_without_a_map_what_the_map_shows(client: FlaskClient) -> None:
    page = client.get("/map", headers=IN_ENGLISH).text
    words = text_of(page)
    assert f"<h1>{TOWN}</h1>" in page
    for crew in CREWS:
        assert crew in words
    assert "Planned 75 streets, 5 crews" in words
    assert "Proven gap 0.33%" in words
    assert "unknown: nobody asked yet" in words
    assert "Nobody was asked yet: awareness is assumed everywhere." in words
    assert "还没有问过任何人" in client.get("/map", headers={"Accept-Language": "zh"}).text
    assert "© OpenStreetMap contributors, ODbL 1.0" in words


def test_a_street_that_nobody_measured_is_unknown_and_never_a_number(client: FlaskClient) -> None:
    unknown = text_of(client.get("/streets/R00", headers=IN_ENGLISH).text)
    assert "Awareness unknown People" in unknown
    measured = text_of(client.get("/streets/R01", headers=IN_ENGLISH).text)
    assert "Awareness 2% (1%–4%) ; 2 of 20 know" in measured


def test_a_street_says_who_holds_it_until_when_and_why_it_was_planned(client: FlaskClient) -> None:
    words = text_of(client.get("/streets/R00", headers=IN_ENGLISH).text)
    assert "claimed : 甲组 until Mon 9 Mar, 12:00" in words
    assert "60 of 400 people still to be told (5% know); crew 乙组 finishes with 86%" in words
    assert "11.5 promoter-hours, finishes with 86%" in words


def test_facts_alone_are_what_the_map_opens_for_a_key(client: FlaskClient) -> None:
    alone = client.get("/streets/at/1?part=facts").text
    assert alone.startswith('<article data-key="1"')
    assert "<html" not in alone
    assert client.get("/streets/at/1").headers["Location"] == "/streets/R00"
    assert client.get("/streets/at/99999?part=facts").status_code == 404


def test_a_crew_page_lists_its_streets_with_their_reasons(client: FlaskClient) -> None:
    page = client.get("/crews/C1", headers=IN_ENGLISH).text
    assert page.count('scope="row"') == 15
    assert "60 of 400 people still to be told" in page
    assert client.get("/crews/C9").status_code == 404


def test_streets_are_found_by_all_the_words_of_their_name(client: FlaskClient) -> None:
    found = json.loads(client.get("/streets.json?q=解放+2段").data)
    assert len(found) == 7
    assert all("解放" in row["label"] and "2段" in row["label"] for row in found)
    assert json.loads(client.get("/streets.json?q=MARKET").data)
    assert set(found[0]) == {"key", "label", "lon", "lat"}


def test_signs_that_mean_something_to_a_database_are_just_letters(client: FlaskClient) -> None:
    for words in ("%", "_", "!", "'", '"', "' OR 1=1 --", "\\"):
        assert json.loads(client.get("/streets.json", query_string={"q": words}).data) == [], words


def test_what_is_typed_into_the_search_comes_back_as_text(client: FlaskClient) -> None:
    page = client.get("/streets", query_string={"q": '"><script>alert(1)</script>'}).text
    assert "<script>alert" not in page


def test_the_list_of_streets_turns_its_pages(client: FlaskClient) -> None:
    pages = [client.get(f"/streets?page={number}", headers=IN_ENGLISH).text for number in range(1, 6)]
    assert [page.count('scope="row"') for page in pages] == [25, 25, 25, 25, 13]
    assert "26–50 of 113 · page 2 of 5" in pages[1]
    assert "page=3#list" in pages[1]
    assert [page.count('rel="next"') for page in pages] == [1, 1, 1, 1, 0]
    names = re.findall(r'href="/streets/(\w+)"', "".join(pages))
    assert len(set(names)) == 113


def test_an_unknown_city_is_told(client: FlaskClient) -> None:
    answer = client.get("/map?city=Nowhere", headers=IN_ENGLISH)
    assert answer.status_code == 404
    assert "Nowhere" in answer.text


def test_the_colours_of_the_map_are_the_rows_of_the_region(client: FlaskClient, desk_region: Path) -> None:
    body = client.get("/colours.bin").data
    n, m = struct.unpack_from("<2I", body)
    planned = struct.unpack_from(f"<{n}H", body, 8)
    held = struct.unpack_from(f"<{n}H", body, 8 + 2 * n)
    known = body[8 + 4 * n : 8 + 5 * n]
    assert len(body) == 8 + 7 * n + m
    standing = body[8 + 5 * n : 8 + 6 * n]
    assert not any(body[8 + 6 * n :])  # no bursts are set, no point is decided
    region = open_region(desk_region)
    number = {crew.id: crew.number for crew in desk.read_overview(region, VISITOR).crews}
    for row in desk.find_streets(region, VISITOR, "", most=1_000):
        facts = desk.read_street(region, VISITOR, row.id)
        assert planned[row.fid] == number.get(row.crew, 0)  # type: ignore[arg-type]
        assert held[row.fid] == number.get(facts.holder, 0)  # type: ignore[arg-type]
        assert known[row.fid] == awareness_class(row.share, 0.2)
        assert standing[row.fid] == (1 if facts.holder else 0)
    region.close()
    assert set(known) == {0, 1, 2, 3, 4, 5}


def test_unchanged_colours_are_not_sent_again(client: FlaskClient) -> None:
    first = client.get("/colours.bin")
    again = client.get("/colours.bin", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304
    assert not again.data


@given(share=st.one_of(st.none(), st.floats(0, 1)), target=st.floats(0.01, 0.99))
def test_a_class_is_unknown_or_a_quarter_of_the_target_or_the_target_reached(
    share: float | None, target: float
) -> None:
    found = awareness_class(share, target)
    if share is None:
        assert found == UNKNOWN
    elif share >= target:
        assert found == CLASSES
    else:
        assert 1 <= found < CLASSES
        assert (found - 1) / (CLASSES - 1) * target <= share * (1 + 1e-12)
