"""Somebody of a role who is signed in, without a password: the secret of a session, for cookies of tests."""

from pathlib import Path

from fieldops.actions.accounts import add_account
from fieldops.actions.sessions import open_session
from fieldops.errors import NotFound
from fieldops.ids import CrewId
from fieldops.people import Role
from fieldops.store.accounts import find_account, private_reader
from fieldops.store.connect import open_region
from tests.conftest import PLANNER
from web.session import PLAIN_COOKIE

__all__ = ["PLAIN_COOKIE", "session_of"]


def session_of(path: Path, role: Role, crew: str | None = None) -> str:
    """Return the secret of a new session; the account is made where there is none of that role and crew."""
    login = f"{role}-{crew}".lower() if crew else str(role)
    region = open_region(path)
    try:
        with private_reader(region) as private:
            account = find_account(private, login=login)
        if account is None:
            account = add_account(
                region,
                PLANNER,
                login=login,
                name=f"{role} {crew or ''}",
                role=role,
                crew=CrewId(crew) if crew else None,
            )
        return open_session(region, account, browser="test").secret
    except NotFound as missing:
        raise AssertionError(f"the tests' region lacks it: {missing}") from missing
    finally:
        region.close()
