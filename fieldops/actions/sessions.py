"""
Signing in and out. A session is a random secret in the visitor's cookie; the private file keeps its hash and its times.

Sessions follow the clock of the machine, not the moment of a sandbox. Wrong tries are counted per account, per account and
known browser, and per address: the address may try very often, since a whole mobile network can stand behind one.
"""

import secrets
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from fieldops import clock
from fieldops.accounts import CODE_LASTS, Account, Session, lifetime, over
from fieldops.actions.passwords import hash_password, is_outdated, is_password
from fieldops.actions.regions import standing_moment
from fieldops.errors import NotFound, SignInRefused, TooManyTries
from fieldops.events import SessionEnded
from fieldops.ids import AccountId, SessionId, new_id
from fieldops.people import Actor
from fieldops.permissions import require
from fieldops.store import accounts as store
from fieldops.store import attempts, audit
from fieldops.store import sessions as sessions_store
from fieldops.store.accounts import private_reader, private_turn
from fieldops.store.attempts import window_of
from fieldops.store.connect import Region

SEEN_EVERY = timedelta(minutes=5)
WINDOW = timedelta(minutes=15)
MOST_FOR_ACCOUNT, MOST_FOR_ADDRESS = 10, 300


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session with its account; `secret` is given out once, when it begins."""

    session: Session
    account: Account
    secret: str = ""


def digest(secret: str) -> str:
    """Return the hash under which a random secret is stored; it needs no salt, being random."""
    return sha256(secret.encode("utf-8", "replace")).hexdigest()


def sign_in(
    region: Region,
    login: str,
    password: str,
    *,
    browser: str,
    address: str,
    before: str = "",
    now: datetime | None = None,
) -> SignedIn:
    """
    Sign somebody in by login and password, in a new session; `before` is the secret of this browser's session so far.

    A browser that was signed in to the account has tries of its own, so that a stranger's guessing shuts nobody out.

    Raises
    ------
    SignInRefused
        If they do not belong together, or the account is disabled: no more is told, and it takes as long.
    TooManyTries
        If there were too many wrong tries of late.
    """
    at = now or clock.now()
    name = _typed(login).strip().casefold()[:100]
    with private_reader(region) as private:
        account = store.find_account(private, login=name)
        stored = store.read_password_hash(private, account.id) if account else None
        old = sessions_store.find_session(private, digest(before)) if before else None
    known = old is not None and account is not None and old[1].id == account.id
    who = f"sign-in {digest(name)[:32]}" + (f" {old[0].id}" if known and old else "")
    with counted(region, who, address, at):
        right = is_password(_typed(password[:1000]), stored)
        if account is None or account.disabled_at is not None or not right:
            raise SignInRefused("password")
    if stored and is_outdated(stored):
        with private_turn(region) as private:
            store.save_password(private, account.id, hash_password(_typed(password[:1000])))
    return open_session(region, account, browser=browser, before=before, now=at)


def check_password(
    region: Region, account: Account, password: str, *, address: str, now: datetime | None = None
) -> None:
    """
    Let somebody who is signed in show again who they are; wrong tries count as those of signing in.

    Raises
    ------
    SignInRefused
        If it is not the account's password.
    TooManyTries
        If there were too many wrong tries of late.
    """
    at = now or clock.now()
    with private_reader(region) as private:
        stored = store.read_password_hash(private, account.id)
    with counted(region, f"again {account.id}", address, at):
        if not is_password(_typed(password[:1000]), stored):
            raise SignInRefused("password")


@contextmanager
def counted(region: Region, who: str, address: str, at: datetime) -> Iterator[None]:
    """
    Let somebody show who they are; where it is refused the try counts, and too many are not looked at.

    Raises
    ------
    TooManyTries
        If there were too many wrong tries of late, of `who` or from the address.
    """
    _refuse_storms(region, at, {who: MOST_FOR_ACCOUNT, f"sign-in from {address}": MOST_FOR_ADDRESS})
    try:
        yield
    except SignInRefused:
        with private_turn(region) as private:
            for what in (who, f"sign-in from {address}"):
                attempts.add_attempt(private, what, at, WINDOW)
        raise


def open_session(
    region: Region,
    account: Account,
    *,
    browser: str,
    before: str = "",
    proved: bool = False,
    now: datetime | None = None,
) -> SignedIn:
    """
    Begin a session of an account whose right to it was just shown, under a new secret; the browser's old one ends.

    Where the account has a second factor that was not `proved` too, the session waits for it and lets nobody in.
    """
    at = now or clock.now()
    secret = secrets.token_urlsafe(32)
    waits = account.has_factor and not proved
    ends_at = at + (CODE_LASTS if waits else lifetime(account.role).whole)
    session = Session(SessionId(new_id()), account.id, browser[:80], at, at, ends_at, waits)
    with private_turn(region) as private:
        for kind in (True, False) if before else ():
            old = sessions_store.find_session(private, digest(before), waits=kind)
            if old is not None:
                sessions_store.end_session(private, old[0].id, at)
        sessions_store.add_session(private, session, digest(secret))
    return SignedIn(session, account, secret)


def resume(region: Region, secret: str, *, waits: bool = False, now: datetime | None = None) -> SignedIn | None:
    """
    Return the session of a secret while it lasts; None where it has ended, was ended, or the account is disabled.

    One that `waits` for the second factor is returned only where it is asked for.
    """
    at = now or clock.now()
    with private_reader(region) as private:
        found = sessions_store.find_session(private, digest(secret), waits=waits)
    if found is None or over(found[0], found[1].role, at):
        return None
    if at - found[0].seen_at >= SEEN_EVERY:
        with private_turn(region) as private:
            sessions_store.save_seen(private, found[0].id, at)
    return SignedIn(*found)


def find_key(region: Region, secret: str) -> Actor | None:
    """Return who acts by a key of the API, None where it is unknown or ended."""
    with private_reader(region) as private:
        return store.find_key(private, digest(secret))


def sign_out(region: Region, session: SessionId, *, now: datetime | None = None) -> None:
    """End a session; whoever holds its secret may."""
    with private_turn(region) as private:
        sessions_store.end_session(private, session, now or clock.now())


def list_sessions(region: Region, actor: Actor, account: AccountId, *, now: datetime | None = None) -> list[Session]:
    """
    Return the browsers in which an account is signed in, the last used first; everybody may see their own.

    Raises
    ------
    Forbidden
        If it is another's account and the actor may not.
    NotFound
        If there is no such account.
    """
    at = now or clock.now()
    with private_reader(region) as private:
        owner = store.get_account(private, account)
        if owner.actor.id != actor.id:
            require(actor, "account.invite", crew=owner.crew)
        return [one for one in sessions_store.read_sessions(private, account) if not over(one, owner.role, at)]


def end_session(region: Region, actor: Actor, account: AccountId, session: SessionId) -> None:
    """
    End a session from elsewhere: a lost phone, a browser left open.

    Permission: account.invite for others, a crew's lead for the own crew. Event: SessionEnded.

    Raises
    ------
    Forbidden
        If it is another's account and the actor may not.
    NotFound
        If there is no such account, or no such session of it.
    """
    at = clock.now()
    with region.turn(actor, now=standing_moment(region)) as turn, private_turn(region) as private:
        owner = store.get_account(private, account)
        if owner.actor.id != actor.id:
            require(actor, "account.invite", crew=owner.crew)
        if session not in {one.id for one in sessions_store.read_sessions(private, owner.id)}:
            raise NotFound("session", session, cure="it may have ended already")
        sessions_store.end_session(private, session, at)
        audit.append(turn, SessionEnded(at=turn.now, session=session, account=owner.id))


def count_try(region: Region, what: str, *, most: int, length: timedelta, now: datetime | None = None) -> None:
    """
    Count one more try of something, and refuse it beyond `most` in a window of that length.

    Raises
    ------
    TooManyTries
        If there were `most` already.
    """
    at = now or clock.now()
    with private_turn(region) as private:
        tries = attempts.add_attempt(private, what, at, length)
    if tries > most:
        raise TooManyTries(window_of(at, length) + length - at)


def _typed(text: str) -> str:
    """Return what somebody typed in the one form that is compared; signs that are no text become a mark."""
    return unicodedata.normalize("NFKC", text).encode("utf-8", "replace").decode()


def _refuse_storms(region: Region, at: datetime, most: dict[str, int]) -> None:
    with private_reader(region) as private:
        for what, limit in most.items():
            if attempts.count_attempts(private, what, at, WINDOW) >= limit:
                raise TooManyTries(window_of(at, WINDOW) + WINDOW - at)
