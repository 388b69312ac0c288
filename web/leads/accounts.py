"""Accounts: who may come in, invited by a one-use link with its QR code, disabled, or let in again."""

import segno
from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from markupsafe import Markup
from werkzeug.wrappers import Response as AnyResponse

from fieldops.accounts import CREW_ROLES, MAY_MAKE
from fieldops.actions import accounts, factors, invitations
from fieldops.errors import BadInput
from fieldops.ids import InvitationId
from fieldops.people import Role
from web.crews import read_crew
from web.navigation import Entry
from web.regions import the_region
from web.session import current_actor, needs

pages = Blueprint("accounts", __name__)
MENU = [Entry("accounts.page", lazy_gettext("Accounts"), 92, "office")]


@pages.get("/accounts")
@needs("account.manage")
def page() -> str:
    """Return all accounts, the open invitations, and the form that invites."""
    return _page("")


def _page(link: str) -> str:
    region, actor = the_region(), current_actor()
    return render_template(
        "leads/accounts.html", accounts=accounts.list_accounts(region, actor), link=link, code=qr_code(link) if link else "",
        invitations=invitations.open_invitations(region, actor),
        roles=[role for role in Role if role in MAY_MAKE[actor.role]], crew_roles=CREW_ROLES,
    )  # fmt: skip


def qr_code(link: str) -> Markup:
    """Return a QR code as SVG without any style of its own."""
    return Markup(segno.make(link, error="m").svg_inline(omitsize=True, border=4, dark="#000000", light="#ffffff"))  # noqa: S704  made by segno


@pages.post("/accounts/invite")
@needs("account.invite", crew="crew")
def invite() -> AnyResponse:
    """Make a one-use link, and show it this once."""
    try:
        role = Role(request.form.get("role", ""))
    except ValueError:
        raise BadInput("no such role", field="role", cure="choose one of the list") from None
    named = request.form.get("crew", "").strip() if role in CREW_ROLES else ""
    _, secret = invitations.make_invitation(
        the_region(), current_actor(), role=role, crew=read_crew(named) if named else None
    )
    return _shown(secret)


def _shown(secret: str) -> AnyResponse:
    response = make_response(_page(f"{request.host_url.rstrip('/')}{url_for('sign_in.enter')}#{secret}"))
    response.headers["Cache-Control"] = "no-store"
    return response


@pages.post("/accounts/<account>/link")
@needs("account.manage")
def link(account: str) -> AnyResponse:
    """Make a link that signs an account in once: a forgotten password, a new phone."""
    return _shown(invitations.make_sign_in_link(the_region(), current_actor(), account)[1])


@pages.post("/accounts/<account>/disable")
@needs("account.manage")
def disable(account: str) -> AnyResponse:
    """Disable an account: every browser in which it is signed in is out with its next request."""
    done = accounts.disable_account(the_region(), current_actor(), account)
    flash(gettext("%(name)s is disabled and signed out everywhere.", name=done.name))
    return redirect(url_for("accounts.page"), 303)


@pages.post("/accounts/<account>/second-factor/off")
@needs("account.manage")
def drop_factor(account: str) -> AnyResponse:
    """Take the second factor of an account away: a lost phone, and no recovery code left."""
    done = factors.drop_factor(the_region(), current_actor(), account)
    flash(gettext("%(name)s signs in without a second factor now.", name=done.name))
    return redirect(url_for("accounts.page"), 303)


@pages.post("/accounts/<account>/enable")
@needs("account.manage")
def enable(account: str) -> AnyResponse:
    """Let a disabled account in again."""
    done = accounts.enable_account(the_region(), current_actor(), account)
    flash(gettext("%(name)s may sign in again.", name=done.name))
    return redirect(url_for("accounts.page"), 303)


@pages.post("/accounts/invitations/<invitation>/withdraw")
@needs("account.manage")
def withdraw(invitation: str) -> AnyResponse:
    """Take an open link back."""
    invitations.withdraw_invitation(the_region(), current_actor(), InvitationId(invitation))
    flash(gettext("The link is taken back."))
    return redirect(url_for("accounts.page"), 303)
