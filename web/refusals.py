"""The one place where refusals become answers: the class gives the status, the facts stand on the page."""

from flask import Flask, Response, make_response, render_template
from werkzeug.exceptions import HTTPException, SecurityError

from fieldops.errors import BadInput, ClockRefused, Conflict, FieldopsError, Forbidden, NotFound, StorageFailed

STATUS: tuple[tuple[type[FieldopsError], int], ...] = (
    (NotFound, 404), (Forbidden, 403), (BadInput, 422), (Conflict, 409), (ClockRefused, 409), (StorageFailed, 503),
)  # fmt: skip


def install(app: Flask) -> None:
    """Answer every refusal with a page."""
    app.register_error_handler(FieldopsError, refuse)
    app.register_error_handler(HTTPException, refuse_request)


def status_of(refusal: FieldopsError) -> int:
    """Return the HTTP status of a refusal; 500 for what is our own fault."""
    return next((status for kind, status in STATUS if isinstance(refusal, kind)), 500)


def refuse(refusal: FieldopsError) -> Response:
    """Answer a refusal of the rules."""
    return _page(status_of(refusal), str(refusal))


def refuse_request(error: HTTPException) -> Response:
    """Answer what HTTP itself refuses: no such page, a request too large, a host that is not ours."""
    if isinstance(error, SecurityError):  # a page would name addresses of a host that we do not believe
        return Response("this is not the address of the site\n", 400, mimetype="text/plain")
    return _page(error.code or 500, "")


def _page(status: int, reason: str) -> Response:
    return make_response(render_template("refusal.html", status=status, reason=reason), status)
