"""The one place where refusals become answers: the class gives the status, its facts the page or the JSON."""

from typing import Any

from flask import Flask, Response, jsonify, make_response, render_template, request
from werkzeug.exceptions import BadRequest, HTTPException, SecurityError

from fieldops.clock import format_moment
from fieldops.errors import (
    BadInput,
    ClockRefused,
    Conflict,
    FieldopsError,
    Forbidden,
    NotFound,
    SignInRefused,
    StorageFailed,
    TooManyTries,
)
from web.language import is_path
from web.log import note
from web.session import wants_json
from web.wording import wording

STATUS: tuple[tuple[type[FieldopsError], int], ...] = (
    (NotFound, 404), (Forbidden, 403), (BadInput, 422), (Conflict, 409), (ClockRefused, 409), (StorageFailed, 503),
    (SignInRefused, 401), (TooManyTries, 429),
)  # fmt: skip


def install(app: Flask) -> None:
    """Answer every refusal in one shape: a page for people, `{"error": {...}}` for programs."""
    app.register_error_handler(FieldopsError, refuse)
    app.register_error_handler(HTTPException, refuse_request)
    app.register_error_handler(
        RecursionError, lambda _error: refuse_request(BadRequest())
    )  # JSON a thousand brackets deep
    app.template_global("wording")(wording)


def status_of(refusal: FieldopsError) -> int:
    """Return the HTTP status of a refusal; 500 for what is our own fault."""
    return next((status for kind, status in STATUS if isinstance(refusal, kind)), 500)


def refuse(refusal: FieldopsError) -> Response:
    """Answer a refusal of the rules."""
    status = status_of(refusal)
    if status in (401, 403, 429, 500):
        note("refused", status=status, kind=type(refusal).__name__)
    if wants_json():
        response = as_json(status, type(refusal).__name__, str(refusal), _plain(refusal.facts()))
    else:
        response = _page(status, refusal)
    if isinstance(refusal, TooManyTries):
        response.headers["Retry-After"] = str(int(refusal.wait.total_seconds()) + 1)
    elif isinstance(refusal, StorageFailed):
        response.headers["Retry-After"] = "5"
    elif isinstance(refusal, SignInRefused):
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def refuse_request(error: HTTPException) -> Response:
    """Answer what HTTP itself refuses: no such page, a request too large, a host that is not ours."""
    if isinstance(error, SecurityError):  # a page would name addresses of a host that we do not believe
        return Response("this is not the address of the site\n", 400, mimetype="text/plain")
    status = error.code or 500
    if wants_json():
        return as_json(status, type(error).__name__, error.description or error.name, {})
    return _page(status, None)


def as_json(status: int, kind: str, text: str, facts: dict[str, object]) -> Response:
    """Return a refusal for programs: what kind, which status, one English sentence with the cure, and its facts."""
    response = jsonify({"error": {"kind": kind, "status": status, "text": text, "facts": facts}})
    response.status_code = status
    return response


def _plain(facts: dict[str, object]) -> dict[str, object]:
    return {name: _value(value) for name, value in facts.items()}


def _value(value: Any) -> object:
    if isinstance(value, tuple | list):
        return [_value(one) for one in value]
    if isinstance(value, dict):
        return {str(name): _value(one) for name, one in value.items()}
    if hasattr(value, "tzinfo"):
        return format_moment(value)
    return value if isinstance(value, int | float | str | bool) or value is None else str(value)


def _page(status: int, refusal: FieldopsError | None) -> Response:
    back = request.form.get("back", "") if refusal else ""  # a request that HTTP refuses may have no form to read
    return make_response(
        render_template("refusal.html", status=status, refusal=refusal, back=back if is_path(back) else "/"), status
    )
