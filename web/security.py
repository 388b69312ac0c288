"""What protects every answer: headers, the host check, and the refusal of writes that another site's page asked for."""

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask, Response, abort, current_app, request

# No inline script or style anywhere, no other origin: MapLibre's worker is a file of ours.
CONTENT_SECURITY_POLICY = "; ".join((
    "default-src 'self'", "script-src 'self'", "worker-src 'self'", "style-src 'self'", "connect-src 'self'",
    "img-src 'self' data: blob:", "object-src 'none'", "base-uri 'none'", "form-action 'self'", "frame-ancestors 'none'",
))  # fmt: skip
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "geolocation=(self), camera=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
View = TypeVar("View", bound=Callable[..., Any])


def from_anywhere(view: View) -> View:
    """Let a public view take writes that name no origin: old phones send none, and the view believes no cookie."""
    view.from_anywhere = True  # type: ignore[attr-defined]
    return view


def install(app: Flask) -> None:
    """Check every request before a page sees it, and complete every answer, those of errors too."""
    app.before_request(refuse_foreign_hosts)
    app.before_request(refuse_foreign_writes)
    app.after_request(add_headers)


def refuse_foreign_hosts() -> None:
    """Answer 400 where the request names a host that is not ours: a page of another name rebound to our address."""
    _ = request.host  # raises by TRUSTED_HOSTS, also where no route has been matched


def refuse_foreign_writes() -> None:
    """Answer 403 to a write that a page of another origin asked for; no token that could expire in an open page."""
    bearer = request.authorization
    if request.method in SAFE_METHODS or (bearer is not None and bearer.type == "bearer"):
        return  # no page of another site can send a key of the API: the browser would ask us first, and we never agree
    if getattr(current_app.view_functions.get(request.endpoint or ""), "from_anywhere", False):
        return
    site = request.headers.get("Sec-Fetch-Site")
    ours = site in ("same-origin", "none") if site else request.headers.get("Origin") == request.host_url.rstrip("/")
    if not ours:
        abort(403)


def add_headers(response: Response) -> Response:
    """Set the headers that every answer carries."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if request.is_secure:
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
    return response
