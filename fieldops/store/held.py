"""
Sign-ups by a poster that wait, and the forms that were used: how floods are told from people, in the private file.

A network is known by a keyed hash that changes every day, so that nobody can follow an address; forms are forgotten after a
day, sign-ups that nobody let in after a week.
"""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from fieldops.clock import format_moment, parse_moment
from fieldops.store.connect import Region
from fieldops.store.persons import private_reader, private_turn, seal, unseal


@dataclass(frozen=True, slots=True)
class Flood:
    """Sign-ups of one poster and one network that wait to be let in or dropped."""

    code: str
    network: str
    count: int
    first_at: datetime
    last_at: datetime


def key_for(region: Region, purpose: str) -> bytes:
    """Return a key of its own for one purpose, which follows from the region's key."""
    return hmac.digest(region.key, f"fieldops {purpose} 1".encode(), "sha256")


def hash_network(region: Region, address: str, now: datetime) -> bytes:
    """Return what stands for a network today."""
    return hmac.digest(key_for(region, "network"), f"{now.date()} {address}".encode(), "sha256")[:12]


def sign_form(region: Region, code: str, issued: str, nonce: str) -> str:
    """Return the signature of a form that was handed out."""
    return hmac.digest(key_for(region, "form"), f"{code} {issued} {nonce}".encode(), "sha256").hex()[:32]


def count_uses(region: Region, network: bytes, code: str, since: datetime) -> tuple[int, int]:
    """Return how many forms were used since a moment: by a network, and by a poster from all networks."""
    with private_reader(region) as connection:
        mine = connection.execute(
            "SELECT count(*) FROM form_use WHERE network = ? AND used_at >= ?", (network, format_moment(since))
        ).fetchone()[0]
        poster = connection.execute(
            "SELECT count(*) FROM form_use WHERE code = ? AND used_at >= ?", (code, format_moment(since))
        ).fetchone()[0]
    return int(mine), int(poster)


def use_form(region: Region, nonce: str, network: bytes, code: str, now: datetime) -> bool:
    """Note that a form was used; return False where it had been used before."""
    with private_turn(region) as connection:
        done = connection.execute(
            "INSERT INTO form_use VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (nonce, network, code, format_moment(now)),
        ).rowcount
    return bool(done)


def hold(
    region: Region, nonce: str, phone_hash: bytes, code: str, network: bytes, form: dict[str, object], now: datetime,
    *, most: int, most_of_network: int,
) -> bool:  # fmt: skip
    """Keep a sign-up sealed until somebody lets it in; return False where there are too many of them."""
    with private_turn(region) as connection:
        total = connection.execute("SELECT count(*) FROM held_sign_up").fetchone()[0]
        mine = connection.execute("SELECT count(*) FROM held_sign_up WHERE network = ?", (network,)).fetchone()[0]
        if total >= most or mine >= most_of_network:
            return False
        connection.execute(
            "INSERT INTO held_sign_up VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (nonce, phone_hash, code, network, format_moment(now), seal(region, nonce, form)),
        )
    return True


def read_floods(region: Region) -> list[Flood]:
    """Return what waits, by poster and network, newest first."""
    with private_reader(region) as connection:
        rows = connection.execute(
            "SELECT code, hex(network), count(*), min(made_at), max(made_at) FROM held_sign_up GROUP BY code, network"
            " ORDER BY max(made_at) DESC"
        ).fetchall()
    return [Flood(row[0], row[1], row[2], parse_moment(row[3]), parse_moment(row[4])) for row in rows]


def read_held(region: Region, code: str, network: str) -> list[tuple[str, dict[str, str], datetime]]:
    """Return the sign-ups of one poster and network that wait: id, what was written, when; oldest first."""
    with private_reader(region) as connection:
        rows = connection.execute(
            "SELECT id, seal, made_at FROM held_sign_up WHERE code = ? AND hex(network) = ? ORDER BY made_at, id",
            (code, network),
        ).fetchall()
    return [(row[0], unseal(region, row[0], row[1]), parse_moment(row[2])) for row in rows]


def drop_held(region: Region, ids: Sequence[str]) -> None:
    """Destroy sign-ups that wait."""
    with private_turn(region) as connection:
        connection.executemany("DELETE FROM held_sign_up WHERE id = ?", [(one,) for one in ids])


def drop_old(region: Region, held_before: datetime, forms_before: datetime) -> int:
    """Destroy sign-ups that were held back and never let in, and what was kept to tell floods; return how many were held."""
    with private_turn(region) as connection:
        held = connection.execute("DELETE FROM held_sign_up WHERE made_at < ?", (format_moment(held_before),)).rowcount
        connection.execute("DELETE FROM form_use WHERE used_at < ?", (format_moment(forms_before),))
    return int(held)


def drop_number(region: Region, phone_hash: bytes) -> None:
    """Destroy a held sign-up of a number."""
    with private_turn(region) as connection:
        connection.execute("DELETE FROM held_sign_up WHERE phone_hash = ?", (phone_hash,))
