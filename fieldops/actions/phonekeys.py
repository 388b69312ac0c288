"""The keys of phones: the present one, a new one in its place, old ones destroyed, and their escrow."""

import base64
from dataclasses import dataclass
from datetime import datetime, timedelta

from fieldops.errors import BadInput
from fieldops.events import PhoneKeyDestroyed, PhoneKeyMade, PhoneKeysEscrowed, SealsRenewed
from fieldops.ids import ActorId, new_id
from fieldops.people import Actor, Role
from fieldops.permissions import require
from fieldops.store import audit, persons
from fieldops.store import phonekeys as store
from fieldops.store.connect import Region
from fieldops.store.keys import add_key
from fieldops.store.phonekeys import PhoneKey

KEPT = timedelta(days=60)  # how long a retired key still opens what comes from phones without network
_SERVER = Actor(ActorId("server"), Role.PLANNER)


@dataclass(frozen=True, slots=True)
class PublicKey:
    """What a phone seals to: the key's id, and its public part (SPKI) in base64."""

    id: str
    public: str


def present_key(region: Region, *, now: datetime | None = None) -> PublicKey:
    """Return the key to which phones seal now; the first one is made when it is first asked for. Event: PhoneKeyMade."""
    key = next((one for one in store.read_keys(region) if one.retired_at is None), None)
    if key is None:
        with region.turn(_SERVER, now=now) as turn:  # whoever comes second finds the first one's key
            key = next((one for one in store.read_keys(region) if one.retired_at is None), None)
            key = key or store.make_key(turn, event=PhoneKeyMade(at=turn.now, why="first", key=new_id()))
    return PublicKey(key.id, base64.b64encode(key.public).decode())


def list_keys(region: Region, actor: Actor) -> list[PhoneKey]:
    """Return the keys that are kept, the present one first. Permission: phone_key.manage."""
    require(actor, "phone_key.manage")
    return store.read_keys(region)


def rotate_key(region: Region, actor: Actor, *, why: str, now: datetime | None = None) -> tuple[PhoneKey, list[str]]:
    """
    Make a new key, and destroy those retired longer ago than `KEPT`; return it and the ids of the destroyed.

    Permission: phone_key.manage. Events: PhoneKeyMade, PhoneKeyDestroyed.

    Raises
    ------
    Forbidden
        If the actor may not.
    """
    require(actor, "phone_key.manage")
    with region.turn(actor, now=now) as turn:
        old = [one.id for one in store.read_keys(region) if one.retired_at and turn.now - one.retired_at >= KEPT]
        made = store.make_key(turn, event=PhoneKeyMade(at=turn.now, why=why, key=new_id()))
        for key in old:
            store.destroy_key(turn, event=PhoneKeyDestroyed(at=turn.now, why="no_longer_needed", key=key))
    return made, old


def renew_seals(region: Region, actor: Actor, *, new_key: bool = False, now: datetime | None = None) -> int:
    """
    Seal anew what lies sealed in the private file, under the last key of the key file, first adding a key where asked.

    Permission: phone_key.manage. Event: SealsRenewed. Returns how many seals were renewed. Seals in backups stay as they are: keys are
    added and never taken away.

    Raises
    ------
    Forbidden
        If the actor may not.
    BadInput
        If a key shall be added and it comes from a secret store.
    """
    require(actor, "phone_key.manage")
    if new_key:
        region.newer_keys = (*region.newer_keys, add_key(region.path))
    with region.turn(actor, now=now) as turn:
        count = persons.renew_seals(region)
        audit.append(turn, SealsRenewed(at=turn.now, count=count))
    return count


def export_escrow(region: Region, actor: Actor, keeper: str, *, now: datetime | None = None) -> tuple[str, int]:
    """
    Return the private keys of the region sealed to a keeper's public key (PEM), and how many they are.

    Permission: phone_key.manage. Event: PhoneKeysEscrowed.

    Raises
    ------
    Forbidden
        If the actor may not.
    BadInput
        If that is no public key on P-256, or there is no key yet.
    """
    require(actor, "phone_key.manage")
    keys = tuple(one.id for one in store.read_keys(region))
    if not keys:
        raise BadInput("no phone ever asked for a key", cure="make one with `fieldops phones rotate`")
    with region.turn(actor, now=now) as turn:
        event = PhoneKeysEscrowed(at=turn.now, direction="out", keys=keys)
        return store.write_escrow(turn, keeper, event=event), len(keys)


def restore_escrow(region: Region, actor: Actor, escrow: str, keeper: str, *, now: datetime | None = None) -> int:
    """
    Take the keys of an escrow in, opened by its keeper's private key (PEM); return how many were missing.

    Permission: phone_key.manage. Event: PhoneKeysEscrowed.

    Raises
    ------
    Forbidden
        If the actor may not.
    BadInput
        If escrow and key do not belong together.
    """
    require(actor, "phone_key.manage")
    keys = store.read_escrow(escrow, keeper)
    with region.turn(actor, now=now) as turn:
        there = {one.id for one in store.read_keys(region)}
        missing = [one for one in keys if one["id"] not in there]
        event = PhoneKeysEscrowed(at=turn.now, direction="in", keys=tuple(one["id"] for one in missing))
        store.restore_keys(turn, missing, event=event)
    return len(missing)


def make_keeper() -> tuple[str, str]:
    """Return a new key pair for a keeper: the private and the public part in PEM. Nothing of it is stored."""
    return store.make_keeper()
