"""
Every figure with the surveys in quarantine and without them (rule 13): one switch for all pages of the desk and the API.

The parameter `quarantined=1` of an address lets all that is read for it count them; links to other pages of the desk keep it.
"""

from contextlib import ExitStack

from flask import Flask, current_app, g, has_request_context, request, url_for
from flask_babel import gettext, ngettext

from fieldops.actions import trusting
from web.asked import flag, words_asked
from web.regions import the_region
from web.session import SAFE_METHODS, access_of

PARAMETER = "quarantined"
_DESK = "desk.read"  # who reads the desk may see both


def install(app: Flask) -> None:
    """Let requests ask for it; this stands behind the door that lets them in."""
    app.before_request(count_where_asked)
    app.teardown_appcontext(stop)
    app.url_defaults(stay)
    app.template_global("quarantine_switch")(quarantine_switch)


def is_counting() -> bool:
    """Return whether this request shows figures as if the surveys in quarantine counted."""
    return _reads_desk() and request.args.get(PARAMETER) == "1"


def _reads_desk() -> bool:
    return (
        has_request_context()
        and request.method in SAFE_METHODS
        and request.endpoint is not None
        and _DESK in access_of(current_app, request.endpoint).permissions
    )


def count_where_asked() -> None:
    """
    Let all that is read for this request count them, or none of them.

    Raises
    ------
    BadInput
        If the parameter is neither 0 nor 1.
    """
    if request.method in SAFE_METHODS:
        flag(PARAMETER)
    if _reads_desk():
        way = trusting.with_quarantined if is_counting() else trusting.without_quarantined
        g.quarantined = ExitStack()
        g.quarantined.enter_context(way(the_region()))


def stop(_error: BaseException | None) -> None:
    """Let it be, before the region is closed."""
    counting: ExitStack | None = g.pop("quarantined", None)
    if counting is not None:
        counting.close()


def stay(endpoint: str, values: dict[str, object]) -> None:
    """Keep the parameter in links from page to page of the desk."""
    if PARAMETER not in values and is_counting() and endpoint in current_app.view_functions:
        readable = any("GET" in (rule.methods or ()) for rule in current_app.url_map.iter_rules(endpoint))
        if readable and _DESK in access_of(current_app, endpoint).permissions:
            values[PARAMETER] = 1


def quarantine_switch() -> list[tuple[str, str, bool]]:
    """Return the two ways to show this page, each with its address, words, and whether it is shown; none where none is in quarantine."""
    if request.endpoint is None or not trusting.has_quarantined(the_region()):
        return []
    given, count = words_asked(), trusting.count_quarantined(the_region())
    without, counting = (
        (
            ngettext("without the %(num)s survey in quarantine", "without the %(num)s surveys in quarantine", count),
            ngettext(
                "as if the %(num)s survey in quarantine counted",
                "as if the %(num)s surveys in quarantine counted",
                count,
            ),
        )
        if count
        else (gettext("without those in quarantine"), gettext("as if those in quarantine counted"))
    )
    return [
        (url_for(request.endpoint, **{**given, PARAMETER: value}), words, is_counting() == bool(value))  # type: ignore[arg-type]
        for value, words in ((None, without), (1, counting))
    ]
