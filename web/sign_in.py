"""Coming in and going out: sign in, use a one-time link, see one's devices, sign out."""

from flask import Blueprint, Response, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from fieldops.actions import accounts, invitations, sessions
from fieldops.actions.sessions import SignedIn
from fieldops.errors import BadInput, FieldopsError, SignInRefused, TooManyTries
from fieldops.ids import SessionId
from web.language import is_path
from web.log import note
from web.navigation import home
from web.refusals import status_of
from web.regions import the_region
from web.session import (
    browser_name,
    current_account,
    current_actor,
    current_session,
    forget_session,
    keep_session,
    public,
    session_secret,
    signed_in,
    visitor,
)

pages = Blueprint("sign_in", __name__)


@pages.get("/")
@public
def front_door() -> AnyResponse:
    """Lead everybody to the first page that is theirs."""
    if visitor() is None:
        return redirect(url_for("sign_in.page"))
    first = home()
    return redirect(url_for(first) if first else url_for("sign_in.devices"))


@pages.get("/sign-in")
@public
def page() -> AnyResponse | str:
    """Return the page on which people sign in."""
    if visitor() is not None:
        return redirect(way_on(request.args.get("next", "")))
    return _sign_in_page()


@pages.post("/sign-in")
@public
def sign_in() -> AnyResponse:
    """Sign somebody in by login and password, in a session of its own."""
    try:
        opened = sessions.sign_in(
            the_region(), request.form.get("login", ""), request.form.get("password", ""), browser=browser_name(),
            address=request.remote_addr or "", before=session_secret(),
        )  # fmt: skip
    except (SignInRefused, TooManyTries) as refusal:
        return again(refusal, _sign_in_page(refusal))
    return _signed_in(opened, "password", way_on(request.form.get("next", "")))


def _signed_in(opened: SignedIn, by: str, target: str) -> Response:
    """Lead somebody on whose right to an account was shown: to where they wanted, or first to the second factor."""
    if opened.session.waits:
        note("second factor asked", account=opened.account.id, by=by)
        return keep_session(to(url_for("second_factor.ask", next=target)), opened)
    note("signed in", account=opened.account.id, by=by)
    return keep_session(to(target), opened)


def _sign_in_page(refusal: FieldopsError | None = None) -> str:
    return render_template(
        "account/sign_in.html",
        refusal=refusal,
        login=request.form.get("login", ""),
        next=request.values.get("next", ""),
    )


@pages.get("/enter")
@public
def enter() -> str:
    """Return the page of one-time links; the secret stands in the fragment, which the page's script puts into the field."""
    return render_template("account/enter.html", refusal=None)


@pages.post("/enter")
@public
def look() -> AnyResponse:
    """Say what a link is for, and ask before it is used up."""
    secret = request.form.get("secret", "")
    try:
        invitation, account = invitations.look_at(the_region(), secret)
    except SignInRefused as refusal:
        return again(refusal, render_template("account/enter.html", refusal=refusal))
    return make_response(
        render_template(
            "account/confirm.html",
            secret=secret,
            invitation=invitation,
            invited=account,
            crew=invitations.crew_of(the_region(), invitation),
            refusal=None,
            given=request.form,
        )
    )


@pages.post("/enter/confirm")
@public
def confirm() -> AnyResponse:
    """Use a link up: sign in, or make the invited account."""
    secret = request.form.get("secret", "")
    try:
        opened = invitations.redeem(
            the_region(), secret, browser=browser_name(), login=request.form.get("login", ""),
            name=request.form.get("name", ""), password=request.form.get("password", ""), before=session_secret(),
        )  # fmt: skip
    except SignInRefused as refusal:
        return again(refusal, render_template("account/enter.html", refusal=refusal))
    except BadInput as refusal:
        invitation, account = invitations.look_at(the_region(), secret)
        body = render_template(
            "account/confirm.html", secret=secret, invitation=invitation, invited=account, refusal=refusal,
            given=request.form, crew=invitations.crew_of(the_region(), invitation),
        )  # fmt: skip
        return again(refusal, body)
    return _signed_in(opened, "link", url_for("sign_in.front_door"))


@pages.post("/sign-out")
@public
def sign_out() -> AnyResponse:
    """End the session of this browser."""
    session = current_session()
    if session is not None:
        sessions.sign_out(the_region(), session.session.id)
    return forget_session(to(url_for("sign_in.page")))


@pages.get("/account")
@signed_in
def devices() -> str:
    """Return one's own page: who one is, where one is signed in, a new password."""
    return _devices()


@pages.post("/account/sessions/end")
@signed_in
def end_session() -> AnyResponse:
    """End a session of one's own from here."""
    account = current_account()
    if account is not None:
        if account.has_password:  # whoever finds an open desk must not put its owner out everywhere else
            try:
                sessions.check_password(
                    the_region(), account, request.form.get("password", ""), address=request.remote_addr or ""
                )
            except (SignInRefused, TooManyTries) as refusal:
                return again(refusal, _devices(refusal))
        chosen = SessionId(request.form.get("session", ""))
        sessions.end_session(the_region(), current_actor(), account.id, chosen)
        flash(gettext("That device is signed out."))
    return to(url_for("sign_in.devices"))


@pages.post("/account/password")
@signed_in
def new_password() -> AnyResponse:
    """Take a new password, shown to be wanted by the old one where there is one; every other device is signed out."""
    session = current_session()
    if session is None:
        return to(url_for("sign_in.devices"))
    try:
        if session.account.has_password:
            sessions.sign_in(
                the_region(), session.account.login, request.form.get("old", ""), browser=browser_name(),
                address=request.remote_addr or "",
            )  # fmt: skip
        accounts.set_password(
            the_region(), current_actor(), session.account.id, request.form.get("password", ""), but=session.session.id
        )
        opened = sessions.open_session(
            the_region(), session.account, browser=browser_name(), before=session_secret(), proved=True
        )
    except (BadInput, SignInRefused, TooManyTries) as refusal:
        return again(refusal, _devices(refusal))
    flash(gettext("The new password is set; every other device is signed out."))
    return keep_session(to(url_for("sign_in.devices")), opened)


def _devices(refusal: FieldopsError | None = None) -> str:
    session, actor = current_session(), current_actor()
    mine = sessions.list_sessions(the_region(), actor, session.account.id) if session else []
    return render_template("account/devices.html", sessions=mine, present=session, refusal=refusal)


def again(refusal: FieldopsError, body: str) -> Response:
    """Return a form once more with what was refused, under the status of the refusal."""
    response = make_response(body, status_of(refusal))
    if response.status_code != 422:
        note("refused", status=response.status_code, kind=type(refusal).__name__)
    if isinstance(refusal, TooManyTries):
        response.headers["Retry-After"] = str(int(refusal.wait.total_seconds()) + 1)
    return response


def way_on(asked: str) -> str:
    """Return the path that was asked for, where it is one of this site."""
    return asked if is_path(asked) else url_for("sign_in.front_door")


def to(path: str) -> Response:
    """Lead on to a path after a form was sent."""
    return Response(status=303, headers={"Location": path})
