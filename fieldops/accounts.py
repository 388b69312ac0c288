"""Who may come in, for how long, and what makes a password too weak: the rules of accounts, sessions and invitations."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from fieldops.errors import BadInput
from fieldops.ids import AccountId, ActorId, CrewId, InvitationId, PromoterId, SessionId
from fieldops.people import Actor, Role
from fieldops.said import Said

CREW_ROLES = frozenset({Role.CREW_LEAD, Role.CREW})
SHORTEST_PASSWORD, LONGEST_PASSWORD = 15, 128
INVITATION_LASTS = timedelta(hours=72)
SIGN_IN_LINK_LASTS = timedelta(minutes=10)
CODE_LASTS = timedelta(minutes=10)  # from the password to the code of the second factor

# Nobody makes an account that may do more than their own.
MAY_MAKE: dict[Role, frozenset[Role]] = {
    Role.PLANNER: frozenset(Role),
    Role.LEAD: frozenset({Role.LEAD, Role.CREW_LEAD, Role.CREW, Role.AUDITOR, Role.REP}),
    Role.CREW_LEAD: frozenset({Role.CREW}),
    Role.CREW: frozenset(),
    Role.AUDITOR: frozenset(),
    Role.REP: frozenset(),
}
_WEAK_PARTS = ("password", "fieldops", "qwertyuiop", "asdfghjkl", "1q2w3e4r", "letmein", "iloveyou", "woaini", "admin")


@dataclass(frozen=True, slots=True)
class Lifetime:
    """How long a session lasts unused, and at most."""

    idle: timedelta
    whole: timedelta


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who may sign in; crew roles belong to a crew, and to a promoter where that is known."""

    id: AccountId
    login: str
    name: str
    role: Role
    crew: CrewId | None
    promoter: PromoterId | None
    made_at: datetime
    disabled_at: datetime | None
    has_password: bool
    has_factor: bool = False

    @property
    def actor(self) -> Actor:
        """Return this account as somebody who acts; the record knows it by its id, never by its name."""
        return Actor(ActorId(f"account:{self.id}"), self.role, self.crew)


@dataclass(frozen=True, slots=True)
class Session:
    """One browser in which an account is signed in; `browser` says what it is, such as `Android, WeChat`."""

    id: SessionId
    account: AccountId
    browser: str
    made_at: datetime
    seen_at: datetime
    ends_at: datetime
    waits: bool = False  # for the second factor: until then it lets nobody in


@dataclass(frozen=True, slots=True)
class Invitation:
    """A one-use link: for a new account of that role and crew, or to sign `account` in."""

    id: InvitationId
    role: Role
    crew: CrewId | None
    promoter: PromoterId | None
    account: AccountId | None
    made_at: datetime
    ends_at: datetime


def lifetime(role: Role) -> Lifetime:
    """Return how long a session of that role lasts: a phone of a crew for the season, a desk for a working day unused."""
    idle = timedelta(days=30) if role in CREW_ROLES else timedelta(hours=12)
    return Lifetime(idle, timedelta(days=90))


def over(session: Session, role: Role, now: datetime) -> bool:
    """Return whether a session has ended by the clock."""
    return now >= session.ends_at or now >= session.seen_at + lifetime(role).idle


def read_login(text: str) -> str:
    """
    Return the login in the form in which it is stored and compared.

    Raises
    ------
    BadInput
        If it is shorter than 2 or longer than 40 signs, or holds other signs than letters, digits and `. _ - @ +`.
    """
    login = unicodedata.normalize("NFKC", text).strip().casefold()
    if not 2 <= len(login) <= 40 or not re.fullmatch(r"[\w.@+-]+", login):
        raise BadInput(
            Said("'%(text)s' cannot be a login", text=text[:50]),
            field="login",
            cure="2 to 40 letters, digits or . _ - @ +",
        )
    return login


def read_person(text: str) -> str:
    """
    Return the name of a person, as written, without outer spaces.

    Raises
    ------
    BadInput
        If it is empty, longer than 60 signs, or holds control characters.
    """
    name = unicodedata.normalize("NFC", text).strip()
    if not 1 <= len(name) <= 60 or any(unicodedata.category(sign).startswith("C") for sign in name):
        raise BadInput("a name that cannot be shown", field="name", cure="1 to 60 signs")
    return name


def read_password(text: str, login: str) -> str:
    """
    Return a password that is hard to guess, in the form in which it is hashed.

    Any sign may stand in it and none must. Refused are: fewer than `SHORTEST_PASSWORD` signs, a short piece repeated, runs
    such as 123456 or abcdef, the login, and the words that everybody tries first.

    Raises
    ------
    BadInput
        If it is too short, too long, or easy to guess; the password itself is not in the message.
    """
    password = unicodedata.normalize("NFKC", text)
    if len(password) < SHORTEST_PASSWORD:
        raise BadInput(
            Said("a password of %(count)s signs", count=len(password)), field="password",
            cure=Said("take at least %(shortest_password)s: four words that do not belong together do well", shortest_password=SHORTEST_PASSWORD),
        )  # fmt: skip
    if len(password) > LONGEST_PASSWORD:
        raise BadInput(
            "a password that is too long",
            field="password",
            cure=Said("take at most %(longest_password)s signs", longest_password=LONGEST_PASSWORD),
        )
    plain = password.casefold()
    left = plain
    for part in (*_WEAK_PARTS, login.casefold()):
        left = left.replace(part, "")
    steps = [ord(after) - ord(before) for before, after in pairwise(left)]
    dull = sum(step in (0, 1, -1) for step in steps)
    if len(set(left)) < 5 or len(left) - dull < 6 or re.fullmatch(r"(.{1,6}?)\1+.{0,5}", plain):
        raise BadInput(
            "a password that is easy to guess", field="password",
            cure="take four words that do not belong together, not runs, repeats, or your login",
        )  # fmt: skip
    return password
