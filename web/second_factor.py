"""The second factor of a desk: asked for after the password, set up with a QR code on one's own page, taken away there."""

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from fieldops.accounts import CREW_ROLES, Account
from fieldops.actions import accounts, factors, sessions
from fieldops.errors import FieldopsError, Forbidden, SignInRefused, TooManyTries
from web.leads.accounts import qr_code
from web.log import note
from web.regions import the_region
from web.session import (
    browser_name,
    current_actor,
    current_session,
    keep_session,
    public,
    session_secret,
    signed_in,
    waiting_session,
)
from web.sign_in import again, to, way_on

pages = Blueprint("second_factor", __name__)


@pages.get("/sign-in/code")
@public
def ask() -> AnyResponse | str:
    """Ask for the code that the app shows, or for a recovery code."""
    return _ask() if waiting_session() else redirect(url_for("sign_in.page"), 303)


@pages.post("/sign-in/code")
@public
def prove() -> AnyResponse:
    """Sign somebody in who has shown the second factor too."""
    waiting = waiting_session()
    if waiting is None:
        return to(url_for("sign_in.page"))
    try:
        opened = factors.prove_factor(
            the_region(), waiting, session_secret(), request.form.get("code", ""), browser=browser_name(),
            address=request.remote_addr or "",
        )  # fmt: skip
    except (SignInRefused, TooManyTries) as refusal:
        return again(refusal, _ask(refusal))
    note("signed in", account=opened.account.id, by="second factor")
    return keep_session(to(way_on(request.form.get("next", ""))), opened)


def _ask(refusal: FieldopsError | None = None) -> str:
    return render_template("account/code.html", refusal=refusal, next=request.values.get("next", ""))


@pages.get("/account/second-factor")
@signed_in
def page() -> AnyResponse | str:
    """Return the page on which one's own second factor is set up or taken away."""
    return _page()


@pages.post("/account/second-factor/begin")
@signed_in
def begin() -> AnyResponse:
    """Show the QR code of a new secret, once it was shown who asks."""
    try:
        factors.begin_factor(the_region(), _shown())
    except (SignInRefused, TooManyTries) as refusal:
        return again(refusal, _page(refusal))
    return _secret(_page(begun=True))


@pages.post("/account/second-factor")
@signed_in
def confirm() -> AnyResponse:
    """Let the new secret count, shown by a code of the app, and tell the recovery codes this once."""
    try:
        codes = factors.confirm_factor(
            the_region(), current_actor(), _mine(), request.form.get("code", ""), address=request.remote_addr or ""
        )
    except (SignInRefused, TooManyTries) as refusal:
        response = again(refusal, _page(refusal, begun=True))
        if isinstance(refusal, SignInRefused):  # who asks is signed in: a field of the form is wrong
            response.status_code = 422
        return _secret(response)
    return _secret(_page(codes=codes))


@pages.post("/account/second-factor/off")
@signed_in
def off() -> AnyResponse:
    """Take one's own second factor away, once it was shown who asks."""
    try:
        factors.drop_factor(the_region(), current_actor(), _shown().id)
    except (SignInRefused, TooManyTries) as refusal:
        return again(refusal, _page(refusal))
    flash(gettext("The second factor is taken away."))
    return to(url_for("second_factor.page"))


def _mine() -> Account:
    session = current_session()
    if session is None or session.account.role in CREW_ROLES:
        raise Forbidden(current_actor().id, "account.factor", "crews come in by one-time links")
    return session.account


def _shown() -> Account:
    """Return one's own account once its password was typed again; whoever finds an open desk changes nothing here."""
    account = _mine()
    if account.has_password:
        sessions.check_password(
            the_region(), account, request.form.get("password", ""), address=request.remote_addr or ""
        )
    return account


def _page(refusal: FieldopsError | None = None, *, begun: bool = False, codes: list[str] | None = None) -> str:
    account = accounts.own_account(the_region(), _mine())
    address = factors.begun_factor(the_region(), account) if begun else ""
    return render_template(
        "account/second_factor.html", refusal=refusal, mine=account, codes=codes or [],
        address=address, code=qr_code(address) if address else "", secret=_spelled(address),
        left=factors.codes_left(the_region(), account), wanted=factors.lacks_factor(the_region(), account),
    )  # fmt: skip


def _spelled(address: str) -> str:
    """Return the secret of an address in groups of four, for apps that cannot read a QR code."""
    secret = address.partition("secret=")[2].partition("&")[0]
    return " ".join(secret[i : i + 4] for i in range(0, len(secret), 4))


def _secret(body: str | AnyResponse) -> AnyResponse:
    response = make_response(body)
    response.headers["Cache-Control"] = "no-store"
    return response
