"""Passwords: hashed by argon2id, compared in equal time, made of words that can be read out."""

import os
import secrets
from functools import cache, lru_cache
from pathlib import Path
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from fieldops.accounts import SHORTEST_PASSWORD, read_password
from fieldops.errors import BadInput
from fieldops.said import Said

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


def take_password(text: str, login: str) -> str:
    """
    Return a password that is hard to guess and stands on no list that the operator gave.

    `$FIELDOPS_PASSWORD_LIST` names a file of known passwords, one a line: the commonest ones, or those of a breach. Nothing
    is asked of anybody else.

    Raises
    ------
    BadInput
        If it is too short, too long, easy to guess, or known; also if the list cannot be read.
    """
    password = read_password(text, login)
    given = os.environ.get("FIELDOPS_PASSWORD_LIST")
    if given and password.casefold() in _known(Path(given), _changed_at(Path(given))):
        raise BadInput(
            "a password that others know", field="password", cure="take four words that do not belong together"
        )
    return password


def _changed_at(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError as error:
        raise BadInput(
            Said("the list %(path)s cannot be read (%(strerror)s)", path=path, strerror=error.strerror),
            cure="mend $FIELDOPS_PASSWORD_LIST",
        ) from None


@lru_cache(maxsize=1)
def _known(path: Path, _changed: int) -> frozenset[str]:
    """Return the lines that are long enough to be passwords here at all, in small letters."""
    with path.open(encoding="utf-8", errors="replace") as lines:
        return frozenset(word for line in lines if len(word := line.rstrip("\r\n").casefold()) >= SHORTEST_PASSWORD)
