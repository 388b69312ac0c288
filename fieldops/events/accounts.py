"""Who may come in: accounts, invitations and sessions by their ids; names and passwords lie in the private file."""

from dataclasses import dataclass

from fieldops.events.event import Event
from fieldops.ids import AccountId, CrewId, InvitationId, SessionId


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountAdded(Event):
    """Somebody got an account with a role; crew roles belong to a crew."""

    account: AccountId
    role: str
    crew: CrewId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountChanged(Event):
    """An account was disabled, enabled, took a new password, a second factor, or lost it; `change` says which."""

    account: AccountId
    change: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SealsRenewed(Event):
    """What lies sealed in the private file was sealed anew, under the last key; `count` says how much."""

    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class InvitationMade(Event):
    """A one-use link was made: for a new account of that role, or to sign an existing account in."""

    invitation: InvitationId
    role: str
    crew: CrewId | None
    account: AccountId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class InvitationUsed(Event):
    """A one-use link was used by this account."""

    invitation: InvitationId
    account: AccountId


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionEnded(Event):
    """A session was ended from another device, or by a lead: a lost phone, somebody who left."""

    session: SessionId
    account: AccountId


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKeyMade(Event):
    """A key of the API was made with a role."""

    key: str
    role: str
    crew: CrewId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKeyEnded(Event):
    """A key of the API was ended."""

    key: str
