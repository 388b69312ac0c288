"""The application factory: what every page has, then the pages."""

from collections.abc import Iterable
from types import ModuleType

from flask import Flask

from fieldops.actions.regions import derive_key
from web import (
    answers,
    api,
    crew,
    crews,
    join,
    language,
    leads,
    messages,
    navigation,
    pace,
    paging,
    quarantined,
    refusals,
    regions,
    said,
    second_factor,
    security,
    session,
    sign_in,
)
from web.settings import Settings

LARGEST_REQUEST = 1_000_000  # bytes; routes that take files raise it for themselves


def create_app(settings: Settings) -> Flask:
    """
    Return the application that shows the region named in the settings.

    Raises
    ------
    LookupError
        If a route says nothing of who may come.
    """
    app = Flask("web", static_folder="static", template_folder="templates")
    app.config.update(
        MAX_CONTENT_LENGTH=LARGEST_REQUEST,
        MAX_FORM_MEMORY_SIZE=LARGEST_REQUEST,
        TRUSTED_HOSTS=list(settings.hosts),
    )
    app.jinja_options = {"trim_blocks": True, "lstrip_blocks": True}
    regions.install(app, settings.region)
    app.secret_key = derive_key(settings.region, "web messages")
    app.session_interface = messages.Messages()
    for part in (language, security, answers, refusals, said, session, pace, quarantined, crews, paging):
        part.install(app)
    navigation.install(app, rooms())
    session.check_routes(app)
    return app


def rooms() -> Iterable[ModuleType]:
    """Return every room of pages, in the order of their audiences."""
    return (sign_in, second_factor, *leads.ROOMS, *crew.ROOMS, *join.ROOMS, *api.ROOMS)
