"""The application factory: what every page has, then the pages."""

from flask import Flask

from web import answers, language, refusals, regions, security
from web.leads import desk, tiles
from web.settings import Settings

LARGEST_REQUEST = 1_000_000  # bytes; routes that take files raise it for themselves


def create_app(settings: Settings) -> Flask:
    """Return the application that shows the region named in the settings."""
    app = Flask("web", static_folder="static", template_folder="templates")
    app.config.update(
        MAX_CONTENT_LENGTH=LARGEST_REQUEST,
        MAX_FORM_MEMORY_SIZE=LARGEST_REQUEST,
        TRUSTED_HOSTS=list(settings.hosts),
        SESSION_COOKIE_NAME="__Host-session",
    )
    app.jinja_options = {"trim_blocks": True, "lstrip_blocks": True}
    for part in (language, security, answers, refusals):
        part.install(app)
    regions.install(app, settings.region)
    for pages in (desk, tiles):
        app.register_blueprint(pages.pages)
    return app
