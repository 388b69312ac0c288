"""
One-use links: an invitation makes an account, a sign-in link signs an existing one in.

The secret is 128 random bits in the fragment of the address, which no server, proxy or log sees; the page posts it. It is
used up by one conditional update: of any number of browsers one gets in.
"""

import secrets
from datetime import datetime, timedelta

from fieldops import clock
from fieldops.accounts import (
    CREW_ROLES,
    INVITATION_LASTS,
    SIGN_IN_LINK_LASTS,
    Account,
    Invitation,
    read_login,
)
from fieldops.actions.accounts import check_place, read_new_account, require_role, write_new_account
from fieldops.actions.regions import standing_moment
from fieldops.actions.sessions import SignedIn, digest, open_session
from fieldops.errors import BadInput, Forbidden, NotFound, SignInRefused
from fieldops.events import InvitationMade, InvitationUsed
from fieldops.ids import AccountId, ActorId, CrewId, InvitationId, PromoterId, new_id
from fieldops.people import Actor, Role
from fieldops.permissions import require
from fieldops.store import accounts as accounts_store
from fieldops.store import audit
from fieldops.store import invitations as store
from fieldops.store.accounts import private_reader, private_turn
from fieldops.store.connect import Region, Turn
from fieldops.store.people import find_crew

SOMEBODY = ActorId("invited")


def make_invitation(
    region: Region,
    actor: Actor,
    *,
    role: Role,
    crew: CrewId | None = None,
    promoter: PromoterId | None = None,
    lasts: timedelta = INVITATION_LASTS,
    now: datetime | None = None,
) -> tuple[Invitation, str]:
    """
    Return an invitation to a new account of that role, and its secret, which is given out once.

    Permission: account.invite, a crew's lead for the own crew. Event: InvitationMade.

    Raises
    ------
    Forbidden
        If the actor may not, or the role may do more than theirs.
    BadInput
        If role and crew do not go together.
    NotFound
        If there is no such crew or promoter.
    """
    require(actor, "account.invite", crew=crew)
    require_role(actor, role)
    with region.turn(actor, now=now or standing_moment(region)) as turn:
        check_place(turn, role, crew, promoter)
        return _make(turn, role=role, crew=crew, promoter=promoter, account=None, lasts=lasts)


def make_sign_in_link(
    region: Region, actor: Actor, name: str, *, lasts: timedelta = SIGN_IN_LINK_LASTS, now: datetime | None = None
) -> tuple[Invitation, str]:
    """
    Return a link that signs an existing account in once, and its secret: a forgotten password, a new phone.

    Permission: account.invite for others, a crew's lead for the own crew; everybody for themselves. Event: InvitationMade.

    Raises
    ------
    Forbidden
        If it is another's account and the actor may not.
    NotFound
        If there is no such account, or it is disabled.
    """
    with private_reader(region) as private:
        account = accounts_store.get_account(private, name)
    if account.actor.id != actor.id:
        require(actor, "account.invite", crew=account.crew)
        require_role(actor, account.role)
        if actor.role in CREW_ROLES and account.crew is None:
            raise Forbidden(actor.id, "account.invite", "the account is of no crew")
    if account.disabled_at is not None:
        raise NotFound("account that may sign in", account.login, cure="enable it first")
    with region.turn(actor, now=now or standing_moment(region)) as turn:
        return _make(
            turn, role=account.role, crew=account.crew, promoter=account.promoter, account=account.id, lasts=lasts
        )


def first_link(region: Region, actor: Actor) -> str | None:
    """Return the secret of a link that sets the first planner up, None where somebody has an account already."""
    with private_reader(region) as private:
        if accounts_store.count_accounts(private):
            return None
    return make_invitation(region, actor, role=Role.PLANNER)[1]


def look_at(region: Region, secret: str, *, now: datetime | None = None) -> tuple[Invitation, Account | None]:
    """
    Return what a link is for, without using it up: the invitation, and the account that it signs in.

    Raises
    ------
    SignInRefused
        If it is used up, has ended, or never was.
    """
    with private_reader(region) as private:
        found = store.find_invitation(private, digest(secret.strip()), now or clock.now())
        account = accounts_store.find_account(private, identity=found.account) if found and found.account else None
    if found is None or (account is not None and account.disabled_at is not None):
        raise SignInRefused("link")
    return found, account


def crew_of(region: Region, invitation: Invitation) -> str:
    """Return the name of the crew that a link leads to, "" where it leads to none; for whoever holds the link."""
    return find_crew(region.reader(), invitation.crew).name if invitation.crew else ""


def redeem(
    region: Region,
    secret: str,
    *,
    browser: str,
    login: str = "",
    name: str = "",
    password: str = "",
    before: str = "",
    now: datetime | None = None,
) -> SignedIn:
    """
    Use a link up: sign its account in, or make the invited account and sign it in.

    Crew roles may leave login and password away: their phone stays signed in for the season, and a lead makes a new link
    where it is lost. Events: AccountAdded, InvitationUsed.

    Raises
    ------
    SignInRefused
        If it is used up, has ended, or never was.
    BadInput
        If the name, the login or the password cannot be used; the link is good for another try then.
    """
    at = now or clock.now()
    invitation, account = look_at(region, secret, now=at)
    who = account.actor if account else Actor(SOMEBODY, invitation.role, invitation.crew)
    if account is None and not password and invitation.role not in CREW_ROLES:
        raise BadInput("no password", field="password", cure="choose one")
    with region.turn(who, now=standing_moment(region)) as turn:
        new = None
        if account is None:
            made_up = f"{invitation.crew}-{secrets.token_hex(3)}" if invitation.role in CREW_ROLES else ""
            new = read_new_account(
                turn, login=read_login(login or made_up), name=name, role=invitation.role, crew=invitation.crew,
                promoter=invitation.promoter, password=password or None,
            )  # fmt: skip
            account = new[0]
        with private_turn(region) as private:  # who is too late leaves nothing behind, no account either
            if not store.use_invitation(private, invitation.id, at, account.id):
                raise SignInRefused("link")
            if new is not None:
                write_new_account(turn, private, *new)
            audit.append(turn, InvitationUsed(at=turn.now, invitation=invitation.id, account=account.id))
    return open_session(region, account, browser=browser, before=before, now=at)


def open_invitations(region: Region, actor: Actor, *, now: datetime | None = None) -> list[Invitation]:
    """
    Return the links that can still be used, newest first; a crew's lead sees those of the own crew.

    Raises
    ------
    Forbidden
        If the actor may not.
    """
    require(actor, "account.invite")
    with private_reader(region) as private:
        found = store.open_invitations(private, now or clock.now())
    return [one for one in found if actor.role not in CREW_ROLES or one.crew == actor.crew]


def withdraw_invitation(region: Region, actor: Actor, invitation: InvitationId) -> None:
    """
    Take a link back; one that is used up stays as it is.

    Raises
    ------
    Forbidden
        If the actor may not.
    NotFound
        If there is no such open link, or not for the actor's crew.
    """
    if invitation not in {one.id for one in open_invitations(region, actor)}:
        raise NotFound("open invitation", invitation, cure="it may be used or have ended")
    with private_turn(region) as private:
        store.use_invitation(private, invitation, clock.now(), None)


def _make(
    turn: Turn,
    *,
    role: Role,
    crew: CrewId | None,
    promoter: PromoterId | None,
    account: AccountId | None,
    lasts: timedelta,
) -> tuple[Invitation, str]:
    """Links follow the clock of the machine, as sessions do."""
    at, secret = clock.now(), secrets.token_urlsafe(16)
    made = Invitation(InvitationId(new_id()), role, crew, promoter, account, at, at + lasts)
    with private_turn(turn.region) as private:
        store.add_invitation(private, made, digest(secret), made_by=turn.actor.id)
        audit.append(turn, InvitationMade(at=turn.now, invitation=made.id, role=role, crew=crew, account=account))
    return made, secret
