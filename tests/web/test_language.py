"""Chinese and English: who gets which, and that every word is there in both."""

import re
from pathlib import Path

import pytest
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from flask import Flask
from flask.testing import FlaskClient

from tests import refusal_texts
from tests.conftest import ROOT
from web.language import CHINESE, ENGLISH, TRANSLATIONS, asked_language, here, read_catalogue

WEB = TRANSLATIONS.parent
CJK = re.compile(r"[\u2e80-\u9fff\uff00-\uffef]")
HOLES = re.compile(r"%\(\w+\)s")


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("zh-CN,zh;q=0.9,en;q=0.8", CHINESE),
        ("zh", CHINESE),
        ("zh-TW", CHINESE),
        ("zh-Hans-CN", CHINESE),
        ("ZH-cn", CHINESE),
        ("en-US", ENGLISH),
        ("en-US,en;q=0.9,zh;q=0.8", ENGLISH),
        ("en;q=0.5,zh;q=0.9", CHINESE),
        ("fr", ENGLISH),
        ("fr,zh;q=0.1", CHINESE),
        ("zh;q=0,en", ENGLISH),
        ("", CHINESE),
        ("en;q=abc", CHINESE),
    ],
)
def test_the_language_is_the_one_asked_for_most(client: FlaskClient, header: str, language: str) -> None:
    assert asked_language(header) == language
    page = client.get("/map", headers={"Accept-Language": header}).text
    assert f'<html lang="{language.replace("_", "-")}">' in page


def test_a_choice_is_remembered_against_what_the_browser_asks_for(client: FlaskClient) -> None:
    chosen = client.post(
        "/language", data={"language": "en", "back": "/streets?q=1"}, headers={"Origin": "http://localhost"}
    )
    assert chosen.headers["Location"] == "/streets?q=1"
    assert 'lang="en"' in client.get("/map", headers={"Accept-Language": "zh-CN"}).text
    assert "HttpOnly" in chosen.headers["Set-Cookie"]
    assert "SameSite=Lax" in chosen.headers["Set-Cookie"]


def extracted() -> set[str | tuple[str, ...]]:
    options = {"**/templates/**.html": {"trim_blocks": "true", "lstrip_blocks": "true"}}
    methods = [("**.py", "python"), ("**/templates/**.html", "jinja2")]
    found = extract_from_dir(
        WEB,
        method_map=methods,
        options_map=options,
        keywords={**DEFAULT_KEYWORDS, "lazy_gettext": None, "Said": None},
        directory_filter=lambda path: "node_modules" not in path,
    )
    sentences = extract_from_dir(
        ROOT / "fieldops", method_map=[("**.py", "python")], keywords={"template": None, "Said": None}
    )
    return {message for _, _, message, _, _ in (*found, *sentences)} | refusal_texts.constants()


def test_every_word_of_the_pages_is_translated_and_none_is_left_over() -> None:
    texts = {message.id: message for message in read_catalogue(CHINESE) if message.id}
    assert set(texts) == extracted()
    for text, message in texts.items():
        translations = (message.string,) if isinstance(message.string, str) else message.string
        sources = (text,) if isinstance(text, str) else text
        assert all(translations), text
        assert not message.fuzzy, text
        for translation in translations:
            assert CJK.search(translation), text
            assert set(HOLES.findall(translation)) == set(HOLES.findall(sources[-1])), text


@pytest.mark.parametrize("template", sorted((WEB / "templates").rglob("*.html")), ids=lambda path: path.name)
def test_templates_hold_no_chinese_of_their_own(template: Path) -> None:
    assert not CJK.search(template.read_text("utf-8"))


def test_english_pages_show_chinese_only_in_names(client: FlaskClient) -> None:
    page = client.get("/nothing", headers={"Accept-Language": "en"}).text.replace("中文", "")
    assert not CJK.search(page)


@pytest.mark.parametrize(("referrer", "back"), [("/bases?page=1", "/bases?page=1"), ("", "/"), ("//elsewhere/x", "/")])
def test_another_language_after_a_refused_form_shows_the_page_that_had_the_form(
    app: Flask, referrer: str, back: str
) -> None:
    headers = {"Referer": f"http://localhost{referrer}" if referrer.startswith("/b") else referrer}
    with app.test_request_context("/bases/remove", method="POST", headers=headers):
        assert here() == back
    with app.test_request_context("/bases?page=2", headers=headers):
        assert here() == "/bases?page=2"
