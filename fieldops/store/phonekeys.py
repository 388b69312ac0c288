"""
The keys to which phones seal sign-ups while these wait on the phone: a lost phone tells nobody who signed up.

A phone makes a key pair for each sign-up, agrees on a secret with the public key of the region (ECDH on P-256, HKDF-SHA256),
seals with AES-256-GCM, bound to the record's id, and keeps its own private key nowhere. Private keys of the region lie in
the private file, sealed under the region's key; so both files and the key file are needed to open anything.
"""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography.exceptions import InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from fieldops.clock import format_moment, parse_moment
from fieldops.errors import BadInput
from fieldops.events import PhoneKeyDestroyed, PhoneKeyMade, PhoneKeysEscrowed
from fieldops.store import audit, persons
from fieldops.store.connect import Region, Turn

_POINT, _NONCE = 65, 12  # bytes of an uncompressed point and of a nonce
_CURVE = ec.SECP256R1()
_SIGN_UP, _ESCROW = b"fieldops sign-up 1", b"fieldops escrow 1"


@dataclass(frozen=True, slots=True)
class PhoneKey:
    """A key of the region: the public part in SPKI; `retired_at` since when phones no longer seal to it."""

    id: str
    public: bytes
    made_at: datetime
    retired_at: datetime | None


def read_keys(region: Region) -> list[PhoneKey]:
    """Return all keys that are kept, the present one first."""
    with persons.private_reader(region) as connection:
        rows = connection.execute(
            "SELECT id, public, made_at, retired_at FROM phone_key ORDER BY retired_at IS NOT NULL, made_at DESC, id"
        ).fetchall()
    return [PhoneKey(row[0], row[1], parse_moment(row[2]), parse_moment(row[3]) if row[3] else None) for row in rows]


def make_key(turn: Turn, *, event: PhoneKeyMade) -> PhoneKey:
    """Make a new key, retire the present one, and record it."""
    private = ec.generate_private_key(_CURVE)
    key = PhoneKey(event.key, _spki(private.public_key()), turn.now, None)
    with persons.private_turn(turn.region) as connection:
        connection.execute("UPDATE phone_key SET retired_at = ? WHERE retired_at IS NULL", (format_moment(turn.now),))
        connection.execute(
            "INSERT INTO phone_key VALUES (?, ?, ?, ?, NULL)",
            (key.id, key.public, _seal(turn.region, key.id, _number(private)), format_moment(turn.now)),
        )
    audit.append(turn, event)
    return key


def destroy_key(turn: Turn, *, event: PhoneKeyDestroyed) -> None:
    """Destroy a retired key; the bytes are overwritten."""
    with persons.private_turn(turn.region) as connection:
        connection.execute("DELETE FROM phone_key WHERE id = ? AND retired_at IS NOT NULL", (event.key,))
    persons.empty_log(turn.region)
    audit.append(turn, event)


def open_sign_up(region: Region, key: str, sealed: str, record: str) -> dict[str, object] | None:
    """
    Return what a phone sealed to one of the region's keys for the record of that id; None where the key is not kept.

    Raises
    ------
    BadInput
        If it was not sealed to that key, or for another record.
    """
    with persons.private_reader(region) as connection:
        row = connection.execute("SELECT seal FROM phone_key WHERE id = ?", (key,)).fetchone()
    if row is None:
        return None
    private = ec.derive_private_key(int(persons.unseal(region, f"phone key {key}", row[0])["number"], 16), _CURVE)
    try:
        told = json.loads(_open(private, _bytes(sealed), _SIGN_UP, record))
    except ValueError:
        told = None
    if not isinstance(told, dict):
        raise BadInput("cannot be opened", field="sealed", cure="write the sign-up again")
    return told


# ── escrow ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def write_escrow(turn: Turn, keeper: str, *, event: PhoneKeysEscrowed) -> str:
    """
    Return the region's private keys named in the event, sealed to the public key (PEM, P-256) of whoever keeps them.

    Raises
    ------
    BadInput
        If that is no such key.
    """
    try:
        public = serialization.load_pem_public_key(keeper.encode())
    except (ValueError, UnsupportedAlgorithm):
        public = None
    if not isinstance(public, ec.EllipticCurvePublicKey) or public.curve.name != _CURVE.name:
        raise BadInput(
            "is no public key on P-256", field="--to", cure="make a pair with `fieldops phones keeper --out F`"
        )
    with persons.private_reader(turn.region) as connection:
        rows = connection.execute("SELECT id, public, seal, made_at FROM phone_key").fetchall()
    kept = [
        {
            "id": row[0], "public": row[1].hex(), "made_at": row[3],
            "number": persons.unseal(turn.region, f"phone key {row[0]}", row[2])["number"],
        }
        for row in rows if row[0] in event.keys
    ]  # fmt: skip
    audit.append(turn, event)
    return base64.b64encode(seal_to(public, json.dumps(kept).encode(), _ESCROW, "")).decode()


def read_escrow(escrow: str, keeper: str) -> list[dict[str, str]]:
    """
    Return the keys in an escrow, opened by its keeper's private key (PEM).

    Raises
    ------
    BadInput
        If they do not belong together.
    """
    try:
        private = serialization.load_pem_private_key(keeper.encode(), password=None)
        if not isinstance(private, ec.EllipticCurvePrivateKey):
            raise ValueError("no key on a curve")
        found: list[dict[str, str]] = json.loads(_open(private, _bytes(escrow.strip()), _ESCROW, ""))
    except (ValueError, TypeError, UnsupportedAlgorithm):
        cure = "give the private key of the pair to which the escrow was sealed"
        raise BadInput("the escrow cannot be opened", field="--with", cure=cure) from None
    return found


def restore_keys(turn: Turn, keys: Sequence[dict[str, str]], *, event: PhoneKeysEscrowed) -> None:
    """Take keys of an escrow in again, retired: they open what phones sealed to them; keys that are there stay."""
    with persons.private_turn(turn.region) as connection:
        connection.executemany(
            "INSERT INTO phone_key VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING",
            [
                (
                    one["id"], bytes.fromhex(one["public"]), _seal(turn.region, one["id"], one["number"]), one["made_at"],
                    format_moment(turn.now),
                )
                for one in keys
            ],
        )  # fmt: skip
    audit.append(turn, event)


def make_keeper() -> tuple[str, str]:
    """Return a new key pair for a keeper of escrows: the private and the public part in PEM."""
    private = ec.generate_private_key(_CURVE)
    secret = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return secret.decode(), public.decode()


# ── sealing ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def seal_to(public: ec.EllipticCurvePublicKey, text: bytes, purpose: bytes, binding: str) -> bytes:
    """Return `text` sealed to a public key, as the phone does: point, nonce, ciphertext; bound to a name."""
    once = ec.generate_private_key(_CURVE)
    point = once.public_key().public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
    nonce = AESGCM.generate_key(128)[:_NONCE]
    return point + nonce + _cipher(once.exchange(ec.ECDH(), public), purpose).encrypt(nonce, text, binding.encode())


def _open(private: ec.EllipticCurvePrivateKey, sealed: bytes, purpose: bytes, binding: str) -> bytes:
    point = ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, sealed[:_POINT])
    cipher = _cipher(private.exchange(ec.ECDH(), point), purpose)
    try:
        return cipher.decrypt(sealed[_POINT : _POINT + _NONCE], sealed[_POINT + _NONCE :], binding.encode())
    except InvalidTag:
        raise ValueError("sealed to another key, for another name, or changed") from None


def _cipher(secret: bytes, purpose: bytes) -> AESGCM:
    return AESGCM(HKDF(hashes.SHA256(), 32, None, purpose).derive(secret))


def _bytes(text: str) -> bytes:
    return base64.b64decode(text.encode(), validate=True)


def _spki(public: ec.EllipticCurvePublicKey) -> bytes:
    return public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def _number(private: ec.EllipticCurvePrivateKey) -> str:
    return f"{private.private_numbers().private_value:064x}"


def _seal(region: Region, key: str, number: str) -> bytes:
    return persons.seal(region, f"phone key {key}", {"number": number})
