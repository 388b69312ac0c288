"""Passwords: hashed by argon2id, compared in equal time, made of words that can be read out."""

import secrets
from functools import cache
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

# OWASP's least: 19 MiB, two passes, one lane; about 50 ms. Two at a time, so that a storm of sign-ins leaves a core free.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
_AT_ONCE = BoundedSemaphore(2)
_SIGNS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that is mistaken for another


def hash_password(password: str) -> str:
    """Return the argon2id hash of a password, with its salt and costs."""
    with _AT_ONCE:
        return _HASHER.hash(password)


def is_password(password: str, stored: str | None) -> bool:
    """Return whether a password belongs to a stored hash; without a hash it takes as long and is False."""
    with _AT_ONCE:
        try:
            return _HASHER.verify(stored or _nobody(), password) and stored is not None
        except (VerificationError, InvalidHashError):
            return False


def is_outdated(stored: str) -> bool:
    """Return whether a hash was made with other costs than those of today."""
    return _HASHER.check_needs_rehash(stored)


def make_password() -> str:
    """Return a random password of 20 signs in groups, about 99 bits."""
    return "-".join("".join(secrets.choice(_SIGNS) for _ in range(5)) for _ in range(4))


@cache
def _nobody() -> str:
    return _HASHER.hash(secrets.token_hex())
