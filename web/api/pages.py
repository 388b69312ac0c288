"""The routes of programs: every operation of the registry, and the OpenAPI file that describes them."""

from flask import Blueprint, Response, jsonify

from web.api.operations import OPERATIONS
from web.api.registry import describe, register
from web.session import public

VERSION = "1"
pages = Blueprint("api", __name__, url_prefix="/api")
register(pages, OPERATIONS)


@pages.get("/openapi.json")
@public
def openapi() -> Response:
    """Return the OpenAPI 3.1 file."""
    return jsonify(describe(OPERATIONS, VERSION))
