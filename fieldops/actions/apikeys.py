"""Keys by which programs use the API: made with a role, shown once, ended."""

import secrets
from dataclasses import dataclass
from datetime import datetime

from fieldops.accounts import CREW_ROLES, read_person
from fieldops.actions.accounts import check_place, require_role
from fieldops.actions.regions import standing_moment
from fieldops.actions.sessions import digest
from fieldops.errors import NotFound
from fieldops.events import ApiKeyEnded, ApiKeyMade
from fieldops.ids import CrewId, new_id
from fieldops.people import Actor, Role
from fieldops.permissions import require
from fieldops.store import accounts as store
from fieldops.store import audit
from fieldops.store.accounts import private_reader, private_turn
from fieldops.store.connect import Region


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key as lists show it; its secret is known to its holder alone."""

    id: str
    name: str
    role: Role
    crew: CrewId | None
    made_at: datetime
    ended_at: datetime | None


def make_key(
    region: Region, actor: Actor, *, name: str, role: Role, crew: CrewId | None = None, now: datetime | None = None
) -> tuple[ApiKey, str]:
    """
    Return a new key and its secret, which is given out once.

    Permission: account.manage. Event: ApiKeyMade.

    Raises
    ------
    Forbidden
        If the actor may not, or the role may do more than theirs.
    BadInput
        If role and crew do not go together, or the name cannot be shown.
    NotFound
        If there is no such crew.
    """
    require(actor, "account.manage", crew=crew)
    require_role(actor, role)
    secret = f"fo_{secrets.token_urlsafe(32)}"
    with region.turn(actor, now=now or standing_moment(region)) as turn, private_turn(region) as private:
        check_place(turn, role, crew if role in CREW_ROLES or crew else None, None)
        key = ApiKey(new_id(), read_person(name), role, crew, turn.now, None)
        store.add_key(private, key.id, digest(secret), key.name, role, crew, made_by=actor.id, at=turn.now)
        audit.append(turn, ApiKeyMade(at=turn.now, key=key.id, role=role, crew=crew))
    return key, secret


def list_keys(region: Region, actor: Actor) -> list[ApiKey]:
    """
    Return all keys, newest first.

    Raises
    ------
    Forbidden
        If the actor may not.
    """
    require(actor, "account.manage")
    with private_reader(region) as private:
        return [ApiKey(*row) for row in store.read_keys(private)]


def end_key(region: Region, actor: Actor, key: str, *, now: datetime | None = None) -> None:
    """
    End a key: the next request with it is refused.

    Permission: account.manage. Event: ApiKeyEnded.

    Raises
    ------
    Forbidden
        If the actor may not.
    NotFound
        If there is no such key in use.
    """
    require(actor, "account.manage")
    with region.turn(actor, now=now or standing_moment(region)) as turn, private_turn(region) as private:
        if not store.end_key(private, key, turn.now):
            raise NotFound("key in use", key, cure="see `fieldops user keys`")
        audit.append(turn, ApiKeyEnded(at=turn.now, key=key))
