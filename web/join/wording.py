"""The words of recruiting in the reader's language, for templates and messages."""

from collections.abc import Mapping

from flask_babel import force_locale, gettext

from fieldops.actions.recruiting_lists import Stage


def stage_name(stage: str) -> str:
    """Return a stage as people say it."""
    words: dict[Stage, str] = {
        Stage.NEW: gettext("new"), Stage.CONTACTED: gettext("contacted"), Stage.INTERVIEWED: gettext("interviewed"),
        Stage.SIGNED: gettext("signed"), Stage.TRAINED: gettext("trained"), Stage.FIRST_ORDER: gettext("first order"),
        Stage.ACTIVE: gettext("active"), Stage.LOST: gettext("lost"), Stage.DORMANT: gettext("dormant"),
    }  # fmt: skip
    return words[Stage(stage)]


def poster_words(language: str, own: Mapping[str, str]) -> tuple[str, str]:
    """Return headline and text of a poster in a language: the region's own words, else ours."""
    prefix = "chinese" if language.startswith("zh") else "english"
    with force_locale(language):
        headline = gettext("Earn part-time, from home")
        text = gettext("Sell part-time, 500 to 1,000 yuan a month. Scan, leave your name, and we call you.")
    return own.get(f"{prefix}_headline") or headline, own.get(f"{prefix}_text") or text
