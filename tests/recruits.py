"""Candidates for tests: a region with streets, crews and a way to sign people up."""

from datetime import datetime
from typing import Any

from fieldops.actions.recruiting import SignedUp, sign_up
from fieldops.ids import StreetId
from fieldops.people import Actor
from fieldops.recruiting.consent import FIRST_TEXT
from fieldops.recruiting.sources import Source, SourceKind
from fieldops.store.connect import Region
from tests.conftest import LEAD, NOON

ON_STREET = Source(SourceKind.STREET, street=StreetId("S0"))


def phone(number: int) -> str:
    """The number-th mobile number that can exist."""
    return f"138{number:08d}"


def join(region: Region, number: int = 0, *, actor: Actor = LEAD, now: datetime = NOON, **more: Any) -> SignedUp:
    """Sign the number-th person up."""
    form = {"id": f"form{number}", "name": "王小明", "phone": phone(number), "source": ON_STREET,
            "consent": FIRST_TEXT.version} | more  # fmt: skip
    return sign_up(region, actor, now=now, **form)  # type: ignore[arg-type]
