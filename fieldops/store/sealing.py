"""
Seals of the private file: a header names the way and the key, so that both can be replaced while old seals still open.

A seal is: way (1 byte), mark of the key (4 bytes), nonce (12 bytes), ciphertext. Way 1 is AES-256-GCM; header and name are bound to
it. Seals from before have no header: nonce and ciphertext under the region's key. The key file may hold further keys, one a
line: the last one seals, all of them open.
"""

import hmac
import os
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305

WAYS: dict[int, type[AESGCM] | type[ChaCha20Poly1305]] = {1: AESGCM, 2: ChaCha20Poly1305}
PRESENT = 1
_HEAD, _NONCE = 5, 12
# Everything sealed in the private file: table, column of its id, column of the seal, and the name that it is bound to.
SEALED = (
    ("person", "candidate_id", "seal", "{}"), ("candidate_note", "id", "seal", "{}"), ("held_sign_up", "id", "seal", "{}"),
    ("phone_key", "id", "seal", "phone key {}"), ("incident_note", "incident_id", "sealed", "incident {}"),
    ("second_factor", "account_id", "seal", "factor {}"),
)  # fmt: skip


def close(keys: tuple[bytes, ...], binding: str, text: bytes, *, way: int = PRESENT) -> bytes:
    """Return bytes sealed under the last of the keys, bound to a name."""
    head, nonce = bytes([way]) + _mark(keys[-1]), os.urandom(_NONCE)
    return head + nonce + _cipher(way, keys[-1]).encrypt(nonce, text, head + binding.encode())


def open_seal(keys: tuple[bytes, ...], binding: str, sealed: bytes) -> bytes:
    """
    Return what was sealed under one of the keys, in whatever way.

    Raises
    ------
    InvalidTag
        If it was changed, is bound to another name, or was sealed under another key.
    """
    head, nonce, rest = sealed[:_HEAD], sealed[_HEAD : _HEAD + _NONCE], sealed[_HEAD + _NONCE :]
    for key in keys if len(rest) > 0 and sealed[0] in WAYS else ():
        if head[1:] == _mark(key):
            try:
                return _cipher(head[0], key).decrypt(nonce, rest, head + binding.encode())
            except InvalidTag:
                break  # a nonce of before may look like a header
    return _cipher(1, keys[0]).decrypt(sealed[:_NONCE], sealed[_NONCE:], binding.encode())


def is_present(keys: tuple[bytes, ...], sealed: bytes) -> bool:
    """Return whether a seal is of the present way and under the last of the keys."""
    return sealed[:_HEAD] == bytes([PRESENT]) + _mark(keys[-1])


@lru_cache(maxsize=16)
def _mark(key: bytes) -> bytes:
    return hmac.digest(key, b"fieldops key mark 1", "sha256")[:4]


@lru_cache(maxsize=16)
def _cipher(way: int, key: bytes) -> AESGCM | ChaCha20Poly1305:
    return WAYS[way](hmac.digest(key, b"fieldops persons seal 1", "sha256"))
