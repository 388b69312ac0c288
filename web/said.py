"""Sentences that are values (see `fieldops.said`), written in the reader's language with the reader's numbers."""

from datetime import datetime

from babel.dates import format_datetime
from flask import Flask
from flask_babel import format_decimal, format_percent, get_locale, gettext
from markupsafe import Markup, escape

from fieldops.said import (
    FINEST,
    WHOLE,
    Fact,
    Reason,
    Said,
    ends_to_read,
    interval_of,
    is_little,
    sort_of_fact,
    step_of,
    unpack,
)
from web.crews import crew_name


def install(app: Flask) -> None:
    """
    Give templates the filters `in_words` (text), `reason` (text that says its language where it has no other) and `share`.

    The function `interval` writes the ends of one.
    """
    app.template_filter("in_words")(in_words)
    app.template_filter("reason")(marked)
    app.template_filter("unpacked")(unpack)
    app.template_filter("share")(share_in_words)
    app.template_global("interval")(interval_in_words)
    app.template_global("said")(Said)


def in_words(said: str) -> str:
    """Return a sentence, or several, in the reader's language; a text without facts is its own template."""
    parts = _parts(said)
    return ("；" if _is_chinese() else "; ").join(_one(part) for part in parts)  # Chinese punctuation


def marked(said: str) -> Markup:
    """Return a sentence as markup: English that has no translation says that it is English."""
    text = escape(in_words(said))
    return text if is_ours(said) else Markup('<span lang="en">{}</span>').format(text)


def is_ours(said: str) -> bool:
    """Return whether a sentence can be said in the reader's language."""
    return not _is_chinese() or all(not part or _text(part.template) != part.template for part in _parts(said))


def share_in_words(share: float, finest: float = FINEST) -> str:
    """Return a share of people as they read it; RULE 12: little is never said to be 0 %."""
    return _below(finest) if is_little(share, finest) else _percent(share, finest)


def interval_in_words(low: float, high: float, finest: float = FINEST) -> str:
    """Return an interval of shares of people as they read it."""
    return "–".join(_percent(end, finest) for end in ends_to_read(low, high, finest)) or _below(finest)


def _below(finest: float) -> str:
    return str(gettext("below %(share)s", share=_percent(finest, finest)))


def _percent(share: float, finest: float) -> str:
    return str(format_percent(share, "0.#%" if finest < WHOLE else "0%"))


def _parts(said: str) -> tuple[Said, ...]:
    return Reason([said]).parts


def _is_chinese() -> bool:
    return str(get_locale()).startswith("zh")


def _one(part: Said) -> str:
    if not part.facts:
        return _text(part.template)
    return _text(part.template) % {name: _fact(name, fact) for name, fact in part.facts.items()}


def _text(template: str) -> str:
    return str(gettext(template)) if template else ""


def _fact(name: str, fact: Fact) -> str:
    sort = sort_of_fact(name)
    if sort == "share":
        return share_in_words(float(fact), step_of(float(fact)))
    if sort == "interval":
        low, high = interval_of(fact)
        return interval_in_words(low, high, step_of(high))
    if sort in ("n", "hours"):
        return str(format_decimal(round(float(fact))))
    if sort == "h":
        return str(format_decimal(fact, "#,##0.0"))
    if sort == "m":
        return _way(float(fact))
    if sort == "at":
        return _moment(str(fact))
    return crew_name(str(fact)) if name == "crew" else str(fact)


def _way(metres: float) -> str:
    if metres >= 1000:
        return str(gettext("%(km)s km", km=format_decimal(metres / 1000, "0.0")))
    return str(gettext("%(metres)s m", metres=format_decimal(round(metres))))


def _moment(text: str) -> str:
    try:
        there = datetime.fromisoformat(text)
    except ValueError:
        return text
    return str(format_datetime(there, "M月d日 HH:mm" if _is_chinese() else "d MMM HH:mm", locale=get_locale()))
