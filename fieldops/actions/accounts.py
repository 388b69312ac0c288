"""Accounts: added, listed, disabled, and given a password. Ids and roles go into the record, names and hashes never."""

from datetime import datetime
from typing import TYPE_CHECKING

from fieldops.accounts import CREW_ROLES, MAY_MAKE, Account, read_login, read_person
from fieldops.actions.passwords import hash_password, take_password
from fieldops.actions.regions import standing_moment
from fieldops.errors import BadInput, Forbidden, LastPlanner, NotFound
from fieldops.events import AccountAdded, AccountChanged
from fieldops.ids import AccountId, CrewId, PromoterId, SessionId, new_id
from fieldops.people import Actor, Role
from fieldops.permissions import require
from fieldops.said import Said
from fieldops.store import accounts as store
from fieldops.store import audit, sessions
from fieldops.store.accounts import private_reader, private_turn
from fieldops.store.connect import Region, Turn
from fieldops.store.people import find_promoter, read_crews

if TYPE_CHECKING:
    from fieldops.store.sqlite import sqlite3


def has_accounts(region: Region) -> bool:
    """Return whether anybody ever got an account; before that, the first planner is set up by a link of the server."""
    with private_reader(region) as private:
        return store.count_accounts(private) > 0


def list_accounts(region: Region, actor: Actor) -> list[Account]:
    """
    Return all accounts by role and login, disabled ones last; a crew's lead sees those of the own crew.

    Raises
    ------
    Forbidden
        If the actor may not.
    """
    require(actor, "account.invite")
    with private_reader(region) as private:
        found = store.read_accounts(private)
    return [one for one in found if actor.role not in CREW_ROLES or one.crew == actor.crew]


def find_account(region: Region, actor: Actor, name: str) -> Account:
    """
    Return the account with that login or id.

    Raises
    ------
    Forbidden
        If the actor may not.
    NotFound
        If there is none.
    """
    require(actor, "account.manage")
    with private_reader(region) as private:
        return store.get_account(private, name)


def own_account(region: Region, account: Account) -> Account:
    """Return an account as it is now, for whoever is signed in as it."""
    with private_reader(region) as private:
        return store.get_account(private, account.id)


def add_account(
    region: Region,
    actor: Actor,
    *,
    login: str,
    name: str,
    role: Role,
    crew: CrewId | None = None,
    promoter: PromoterId | None = None,
    password: str | None = None,
    now: datetime | None = None,
) -> Account:
    """
    Add an account. Without a password it signs in by links alone.

    Permission: account.manage. Event: AccountAdded.

    Raises
    ------
    Forbidden
        If the actor may not, or the role may do more than theirs.
    BadInput
        If the login is taken, a field cannot be used, a crew role has no crew, or another role has one.
    NotFound
        If there is no such crew or promoter.
    """
    require(actor, "account.manage", crew=crew)
    require_role(actor, role)
    with region.turn(actor, now=now or standing_moment(region)) as turn:
        return add_in_turn(turn, login=login, name=name, role=role, crew=crew, promoter=promoter, password=password)


def add_in_turn(
    turn: Turn,
    *,
    login: str,
    name: str,
    role: Role,
    crew: CrewId | None,
    promoter: PromoterId | None,
    password: str | None,
) -> Account:
    """Add an account in an open turn; see `add_account`. The caller has asked for the permission."""
    new = read_new_account(turn, login=login, name=name, role=role, crew=crew, promoter=promoter, password=password)
    with private_turn(turn.region) as private:
        write_new_account(turn, private, *new)
    return new[0]


def read_new_account(
    turn: Turn,
    *,
    login: str,
    name: str,
    role: Role,
    crew: CrewId | None,
    promoter: PromoterId | None,
    password: str | None,
) -> tuple[Account, str | None]:
    """Return a new account that may be, and its password's hash; see `add_account` for what is refused."""
    login, name = read_login(login), read_person(name)
    check_place(turn, role, crew, promoter)
    hashed = hash_password(take_password(password, login)) if password is not None else None
    return Account(AccountId(new_id()), login, name, role, crew, promoter, turn.now, None, hashed is not None), hashed


def write_new_account(turn: Turn, private: "sqlite3.Connection", account: Account, hashed: str | None) -> None:
    """Store a new account and its event, in open turns of both files."""
    store.add_account(private, account, hashed)
    audit.append(turn, AccountAdded(at=turn.now, account=account.id, role=account.role, crew=account.crew))


def check_place(turn: Turn, role: Role, crew: CrewId | None, promoter: PromoterId | None) -> None:
    """
    Refuse a crew role without a crew, another role with one, and crews and promoters that are not there.

    Raises
    ------
    BadInput
        If role and crew do not go together, or the promoter is of another crew.
    NotFound
        If there is no such crew or promoter.
    """
    if (role in CREW_ROLES) != (crew is not None):
        cure = "name the crew" if crew is None else "leave the crew away, or choose crew_lead or crew"
        raise BadInput(
            Said("the role %(role)s without a crew", role=role)
            if crew is None
            else Said("the role %(role)s with a crew", role=role),
            field="crew",
            cure=cure,
        )
    if crew is not None and crew not in read_crews(turn.connection):
        raise NotFound("crew", crew, cure="take crews in with `fieldops crews import`")
    found = find_promoter(turn.connection, promoter) if promoter else None
    if promoter and found is None:
        raise NotFound("promoter", promoter, cure="take promoters in with `fieldops promoters import`")
    if found is not None and found.crew != crew:
        raise BadInput(
            Said("promoter %(promoter)s is of crew %(crew)s", promoter=promoter, crew=found.crew),
            field="promoter",
            cure="name that crew",
        )


def require_role(actor: Actor, role: Role) -> None:
    """
    Let the actor give somebody that role.

    Raises
    ------
    Forbidden
        If the role may do more than the actor's own.
    """
    if role not in MAY_MAKE[actor.role]:
        raise Forbidden(actor.id, "account.manage", f"a {actor.role} gives nobody the role {role}")


def set_password(
    region: Region, actor: Actor, name: str, password: str, *, but: SessionId | None = None, now: datetime | None = None
) -> Account:
    """
    Give an account a new password and end its sessions, except `but`; everybody may for themselves.

    Permission: account.manage for others. Event: AccountChanged.

    Raises
    ------
    Forbidden
        If it is another's account and the actor may not.
    NotFound
        If there is no such account.
    BadInput
        If the password is too weak.
    """
    with region.turn(actor, now=now or standing_moment(region)) as turn, private_turn(region) as private:
        account = store.get_account(private, name)
        if account.actor.id != actor.id:
            require(actor, "account.manage", crew=account.crew)
            require_role(actor, account.role)
        store.save_password(private, account.id, hash_password(take_password(password, account.login)))
        sessions.end_sessions(private, account.id, turn.now, but=but)
        audit.append(turn, AccountChanged(at=turn.now, account=account.id, change="password"))
    return account


def disable_account(region: Region, actor: Actor, name: str, *, now: datetime | None = None) -> Account:
    """
    Disable an account: its sessions end at once, its next request is refused.

    Permission: account.manage. Event: AccountChanged.

    Raises
    ------
    Forbidden
        If the actor may not.
    NotFound
        If there is no such account.
    LastPlanner
        If it is the last planner who could let anybody in.
    """
    require(actor, "account.manage")
    with region.turn(actor, now=now or standing_moment(region)) as turn, private_turn(region) as private:
        account = store.get_account(private, name)
        require_role(actor, account.role)
        planners = [one for one in store.read_accounts(private) if one.role is Role.PLANNER and not one.disabled_at]
        if [one.id for one in planners] == [account.id]:
            raise LastPlanner(account.login)
        store.save_disabled(private, account.id, turn.now)
        sessions.end_sessions(private, account.id, turn.now, but=None)
        audit.append(turn, AccountChanged(at=turn.now, account=account.id, change="disabled"))
    return account


def enable_account(region: Region, actor: Actor, name: str, *, now: datetime | None = None) -> Account:
    """
    Let a disabled account sign in again.

    Permission: account.manage. Event: AccountChanged.

    Raises
    ------
    Forbidden
        If the actor may not.
    NotFound
        If there is no such account.
    """
    require(actor, "account.manage")
    with region.turn(actor, now=now or standing_moment(region)) as turn, private_turn(region) as private:
        account = store.get_account(private, name)
        require_role(actor, account.role)
        store.save_disabled(private, account.id, None)
        audit.append(turn, AccountChanged(at=turn.now, account=account.id, change="enabled"))
    return account
