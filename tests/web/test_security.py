"""What every answer carries, and which requests are refused before a page sees them."""

import pytest
from flask.testing import FlaskClient

from web.answers import FOR_EVER
from web.language import is_path
from web.security import HEADERS

HERE = "http://localhost"


def test_the_policy_allows_no_inline_script_or_style_and_no_other_origin() -> None:
    policy = HEADERS["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "http" not in policy
    assert "*" not in policy


def test_pages_hold_no_inline_script_or_style(client: FlaskClient) -> None:
    for path in ("/map", "/streets", "/streets/R00", "/crews/C1", "/nothing", "/account"):
        page = client.get(path).text
        assert "<style" not in page
        assert " style=" not in page
        assert "<script>" not in page
        assert " onclick" not in page


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "", "localhost.evil.example:8000"])
@pytest.mark.parametrize("path", ["/", "/static/page.css", "/nothing"])
def test_a_host_name_that_is_not_ours_is_refused(client: FlaskClient, host: str, path: str) -> None:
    got = client.get(path, headers={"Host": host})
    assert got.status_code == 400
    assert "evil" not in got.text


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:8000"])
def test_our_own_host_names_are_answered(client: FlaskClient, host: str) -> None:
    assert client.get("/sign-in", headers={"Host": host}).status_code in (200, 302)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, 303),
        ({"Sec-Fetch-Site": "none"}, 303),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Origin": HERE}, 403),
        ({"Origin": HERE}, 303),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({}, 403),
    ],
)
def test_a_write_that_another_site_asked_for_is_refused(
    client: FlaskClient, headers: dict[str, str], status: int
) -> None:
    assert client.post("/language", data={"language": "en"}, headers=headers).status_code == status


def test_a_request_larger_than_a_megabyte_is_refused(client: FlaskClient) -> None:
    body = {"language": "x" * 1_100_000}
    assert client.post("/language", data=body, headers={"Origin": HERE}).status_code == 413


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example",
        "https://evil.example",
        "\\\\evil",
        "/\\evil",
        "javascript:1",
        "",
        "/a\nb",
        "/\t/evil",
        "/ä",
        "x",
    ],
)
def test_a_way_back_that_leaves_the_site_leads_home(client: FlaskClient, target: str) -> None:
    assert not is_path(target)
    got = client.post("/language", data={"language": "en", "back": target}, headers={"Origin": HERE})
    assert got.headers["Location"] == "/"


def test_files_with_a_version_in_their_address_are_kept_for_ever_and_others_are_asked_for_again(
    client: FlaskClient,
) -> None:
    assert client.get("/static/page.css?v=1").headers["Cache-Control"] == FOR_EVER
    assert client.get("/static/page.css").headers["Cache-Control"] == "no-cache"
    assert client.get("/map").headers["Cache-Control"] == "private, no-cache"


def test_texts_travel_compressed_only_where_the_browser_takes_it(client: FlaskClient) -> None:
    plain, packed = client.get("/map"), client.get("/map", headers={"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert len(packed.data) < len(plain.data) / 2
    assert "Accept-Encoding" in packed.headers["Vary"]


def test_the_desk_stays_within_its_budget(client: FlaskClient) -> None:
    scripts = ("map.js", "vendor/pmtiles/dist/pmtiles.js", "vendor/maplibre-gl/dist/maplibre-gl.mjs",
               "vendor/maplibre-gl/dist/maplibre-gl-worker.mjs")  # fmt: skip
    sizes = [len(client.get(f"/static/{name}", headers={"Accept-Encoding": "gzip"}).data) for name in scripts]
    assert sum(sizes) < 480_000
    page = client.get("/map", headers={"Accept-Encoding": "gzip"})
    assert len(page.data) < 20_000
