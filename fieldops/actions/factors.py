"""
The second factor of a desk: a code that an app shows (TOTP, RFC 6238), or one of ten recovery codes, each used once.

Crews have none: they come in by a one-time link, and their phone stays theirs. Which roles must have one is the setting
`second_factor`. Codes follow the clock of the machine, as sessions do; a code counts for half a minute on either side.
"""

import secrets
from datetime import datetime

from pyotp import TOTP, random_base32
from pyotp.utils import strings_equal

from fieldops import clock
from fieldops.accounts import CREW_ROLES, Account
from fieldops.actions.accounts import require_role
from fieldops.actions.regions import standing_moment
from fieldops.actions.sessions import SignedIn, counted, digest, open_session
from fieldops.errors import BadInput, Forbidden, NotFound, SignInRefused
from fieldops.events import AccountChanged
from fieldops.people import Actor
from fieldops.permissions import require
from fieldops.store import audit
from fieldops.store import factors as store
from fieldops.store.accounts import get_account, private_reader, private_turn
from fieldops.store.connect import Region, read_rules

RECOVERY_CODES = 10
STEP = 30  # seconds
_SIGNS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that is mistaken for another


def lacks_factor(region: Region, account: Account) -> bool:
    """Return whether an account has to set a second factor up before it may do anything else."""
    return not account.has_factor and account.role in read_rules(region.reader()).second_factor_roles


def codes_left(region: Region, account: Account) -> int:
    """Return how many recovery codes an account has left."""
    with private_reader(region) as private:
        return store.count_codes(private, account.id)


def begin_factor(region: Region, account: Account) -> str:
    """
    Return the address (otpauth://) of a new secret for an app; it counts once a code of it was shown.

    Raises
    ------
    Forbidden
        If the account is of a crew.
    BadInput
        If it has a second factor already.
    """
    if account.role in CREW_ROLES:
        raise Forbidden(account.actor.id, "account.factor", "crews come in by one-time links")
    secret = random_base32()
    with private_turn(region) as private:
        if get_account(private, account.id).has_factor:
            raise BadInput("the account has a second factor already", field="code", cure="take it away first")
        store.save_secret(private, region, account.id, secret)
    return _address(account, secret)


def begun_factor(region: Region, account: Account) -> str:
    """Return the address of the secret that was begun and not confirmed yet, "" where there is none."""
    with private_reader(region) as private:
        found = store.read_factor(private, region, account.id)
    return _address(account, found.secret) if found and not found.is_confirmed else ""


def confirm_factor(
    region: Region, actor: Actor, account: Account, code: str, *, address: str, now: datetime | None = None
) -> list[str]:
    """
    Let the second factor that was begun count from now on, and return its recovery codes, which are told this once.

    Event: AccountChanged.

    Raises
    ------
    SignInRefused
        If the code is not of this secret.
    TooManyTries
        If there were too many wrong tries of late.
    BadInput
        If none was begun.
    """
    at = now or clock.now()
    codes = [
        "-".join("".join(secrets.choice(_SIGNS) for _ in range(5)) for _ in range(3)) for _ in range(RECOVERY_CODES)
    ]
    storms = counted(region, f"code {account.id}", address, at)
    with storms, region.turn(actor, now=standing_moment(region)) as turn, private_turn(region) as private:
        found = store.read_factor(private, region, account.id)
        if found is None or found.is_confirmed:
            raise BadInput("no second factor was begun", field="code", cure="begin again")
        step = _step_of(found.secret, code, at)
        if step is None:
            raise SignInRefused("code")
        store.confirm(private, account.id, at, step, [digest(one) for one in codes])
        audit.append(turn, AccountChanged(at=turn.now, account=account.id, change="second_factor"))
    return codes


def prove_factor(
    region: Region,
    waiting: SignedIn,
    secret: str,
    code: str,
    *,
    browser: str,
    address: str,
    now: datetime | None = None,
) -> SignedIn:
    """
    Sign somebody in whose session waited for the second factor, in a new session; `secret` is that of the one that waited.

    Raises
    ------
    SignInRefused
        If the code does not count, was used before, or is no recovery code that is left.
    TooManyTries
        If there were too many wrong tries of late.
    """
    at, account = now or clock.now(), waiting.account
    typed = code.strip().lower().replace(" ", "")
    with counted(region, f"code {account.id}", address, at), private_turn(region) as private:
        found = store.read_factor(private, region, account.id)
        step = _step_of(found.secret, typed, at) if found else None
        right = (
            store.use_step(private, account.id, step) if step else store.use_code(private, account.id, digest(typed))
        )
        if not right:
            raise SignInRefused("code")
    return open_session(region, account, browser=browser, before=secret, proved=True, now=at)


def drop_factor(region: Region, actor: Actor, name: str, *, now: datetime | None = None) -> Account:
    """
    Take the second factor of an account away: a lost phone. Everybody may for themselves, having shown their password.

    Permission: account.manage for others. Event: AccountChanged.

    Raises
    ------
    Forbidden
        If it is another's account and the actor may not.
    NotFound
        If there is no such account, or it has no second factor.
    """
    with region.turn(actor, now=now or standing_moment(region)) as turn, private_turn(region) as private:
        account = get_account(private, name)
        if account.actor.id != actor.id:
            require(actor, "account.manage", crew=account.crew)
            require_role(actor, account.role)
        if not store.drop(private, account.id):
            raise NotFound("second factor", account.login, cure="the account signs in without one")
        audit.append(turn, AccountChanged(at=turn.now, account=account.id, change="second_factor_dropped"))
    return account


def _step_of(secret: str, code: str, at: datetime) -> int | None:
    """Return the step of time whose code that is, None where it is none of now, just before or just after."""
    now = int(at.timestamp()) // STEP
    generator = TOTP(secret, interval=STEP)
    right = [step for step in (now - 1, now, now + 1) if strings_equal(generator.generate_otp(step), code.strip())]
    return right[-1] if right else None


def _address(account: Account, secret: str) -> str:
    return TOTP(secret, interval=STEP).provisioning_uri(name=account.login, issuer_name="fieldops")
