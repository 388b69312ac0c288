"""
Who is at the browser, and what each route asks of them.

Every view says who may come, by one decorator below its route: `@public`, `@signed_in` (any account), or
`@needs("permission", crew="name of the argument or field that names the crew concerned")`. `create_app` refuses to start
with a route that says nothing, and `tests/web/test_access.py` asks every route as every role.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from flask import Flask, Response, current_app, g, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from fieldops.actions import sessions
from fieldops.actions.factors import lacks_factor
from fieldops.actions.sessions import SignedIn
from fieldops.errors import FieldopsError, Forbidden, SignInRefused
from fieldops.ids import CrewId
from fieldops.people import Actor
from fieldops.permissions import require, why
from web.regions import the_region

View = TypeVar("View", bound=Callable[..., Any])
SECURE_COOKIE, PLAIN_COOKIE = "__Host-session", "session"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Access:
    """Who may use a route: everybody (`public`), any account, or those with the permissions, for the crew that `crew` names."""

    public: bool = False
    permissions: tuple[str, ...] = ()
    crew: str | None = None


def public(view: View) -> View:
    """Let everybody use the route, signed in or not."""
    return _declare(view, Access(public=True))


def signed_in(view: View) -> View:
    """Let every account use the route."""
    return _declare(view, Access())


def needs(*permissions: str, crew: str | None = None) -> Callable[[View], View]:
    """Let those use the route who have every permission; `crew` is the argument, or field of the form, that names the crew."""
    return lambda view: _declare(view, Access(permissions=permissions, crew=crew))


def _declare(view: View, access: Access) -> View:
    view.access = access  # type: ignore[attr-defined]
    return view


def access_of(app: Flask, endpoint: str) -> Access:
    """
    Return who may use a route.

    Raises
    ------
    LookupError
        If its view says nothing.
    """
    if endpoint.rpartition(".")[2] == "static":
        return Access(public=True)
    found = getattr(app.view_functions[endpoint], "access", None)
    if found is None:
        raise LookupError(f"the view {endpoint} says nothing of who may come: put @public, @signed_in or @needs on it")
    access: Access = found
    return access


def install(app: Flask) -> None:
    """Find out who asks before every view, and refuse those who may not."""
    app.before_request(let_in)
    app.template_global("account")(current_account)
    app.template_global("may")(may)


def check_routes(app: Flask) -> None:
    """
    Refuse to serve an application with a route that says nothing of who may come.

    Raises
    ------
    LookupError
        If there is one; it names the view.
    """
    for rule in app.url_map.iter_rules():
        access_of(app, rule.endpoint)


def let_in() -> AnyResponse | None:
    """Let the request pass, send a visitor to the sign-in page, or refuse."""
    if request.endpoint is None:
        return None  # there is no such page, or not with this method: werkzeug answers
    access = access_of(current_app, request.endpoint)
    if access.public:
        return None
    if visitor() is None:
        if wants_json():
            raise SignInRefused("password")
        back = request.full_path.rstrip("?") if request.method in SAFE_METHODS else None
        return redirect(url_for("sign_in.page", next=back), 303)
    session = current_session()
    if access.permissions and session is not None and lacks_factor(the_region(), session.account):
        if wants_json():
            raise Forbidden(session.account.actor.id, access.permissions[0], "set your second factor up first")
        return redirect(url_for("second_factor.page"), 303)
    for permission in access.permissions:
        require(current_actor(), permission, crew=_crew_asked(access))
    return None


def _crew_asked(access: Access) -> CrewId | None:
    if access.crew is None:
        return None
    body = request.get_json(silent=True) if request.is_json else None
    named = (request.view_args or {}).get(access.crew) or request.form.get(access.crew) or request.args.get(access.crew)
    named = named or (body.get(access.crew) if isinstance(body, dict) else None)
    return CrewId(named) if named and isinstance(named, str) else None


def visitor() -> Actor | None:
    """Return who asks, by a key of the API or by the session of this browser; None where nobody is signed in."""
    if "actor" not in g:
        bearer = request.authorization
        if bearer is not None:  # a request with a key is never helped out by a cookie
            token = bearer.token if bearer.type == "bearer" else None
            g.session, g.actor = None, sessions.find_key(the_region(), token) if token else None
        else:
            secret = session_secret()
            g.session = sessions.resume(the_region(), secret) if secret else None
            g.actor = g.session.account.actor if g.session else None
    actor: Actor | None = g.actor
    return actor


def current_actor() -> Actor:
    """
    Return who asks.

    Raises
    ------
    SignInRefused
        If nobody is signed in; behind `@signed_in` and `@needs` somebody always is.
    """
    actor = visitor()
    if actor is None:
        raise SignInRefused("password")
    return actor


def current_session() -> SignedIn | None:
    """Return the session of this browser with its account; None for visitors and keys of the API."""
    visitor()
    session: SignedIn | None = g.session
    return session


def waiting_session() -> SignedIn | None:
    """Return the session of this browser that waits for the second factor, None where none does."""
    secret = session_secret()
    return sessions.resume(the_region(), secret, waits=True) if secret else None


def current_account() -> Any:
    """Return the account that is signed in here, None for visitors and keys; for templates, whatever went wrong before."""
    try:
        session = current_session() if request.endpoint else None
    except FieldopsError:  # a page that tells of a failure must not fail by asking who reads it
        return None
    return session.account if session else None


def may(permission: str, crew: str | None = None) -> bool:
    """Return whether who asks has the permission, for that crew; what they may not do is not offered."""
    actor = visitor()
    return actor is not None and why(actor, permission, crew=CrewId(crew) if crew else None) is None


def may_use(endpoint: str) -> bool:
    """Return whether who asks may use a route at all."""
    access, actor = access_of(current_app, endpoint), visitor()
    if access.public or actor is None:
        return access.public
    return all(why(actor, permission) is None for permission in access.permissions)


def session_secret() -> str:
    """Return the secret in this browser's cookie, empty where there is none."""
    return request.cookies.get(SECURE_COOKIE if request.is_secure else PLAIN_COOKIE, "")


def keep_session(response: Response, opened: SignedIn) -> Response:
    """Give the browser the secret of its new session, until the session's last day."""
    age = opened.session.ends_at - opened.session.made_at
    response.set_cookie(
        SECURE_COOKIE if request.is_secure else PLAIN_COOKIE, opened.secret, max_age=age, httponly=True, samesite="Lax",
        secure=request.is_secure, path="/",
    )  # fmt: skip
    return response


def forget_session(response: Response) -> Response:
    """Take the session's cookie away, and what the browser kept of its pages."""
    for name in (SECURE_COOKIE, PLAIN_COOKIE):
        response.set_cookie(name, "", max_age=0, httponly=True, samesite="Lax", secure=name == SECURE_COOKIE, path="/")
    response.headers["Clear-Site-Data"] = '"cache"'
    return response


def wants_json() -> bool:
    """Return whether the answer should be for a program: below /api/, a file ending in .json or .bin, or asked for."""
    if request.path.startswith("/api/") or request.path.endswith((".json", ".bin")):
        return True
    best = request.accept_mimetypes.best_match(["text/html", "application/json"], default="text/html")
    return best == "application/json"


def browser_name() -> str:
    """Return what the browser says it is, in a few words that people know: `Android, WeChat`."""
    agent = request.user_agent.string
    systems = {"Android": "Android", "iPhone": "iPhone", "iPad": "iPad", "HarmonyOS": "HarmonyOS", "Windows": "Windows",
               "Mac OS X": "macOS", "Linux": "Linux"}  # fmt: skip
    programs = {"MicroMessenger": "WeChat", "QQBrowser": "QQ", "UCBrowser": "UC", "Edg": "Edge", "Firefox": "Firefox",
                "Chrome": "Chrome", "Safari": "Safari"}  # fmt: skip
    found = [next((name for sign, name in table.items() if sign in agent), None) for table in (systems, programs)]
    return ", ".join(name for name in found if name) or "?"
