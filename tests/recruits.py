"""Candidates for tests: a region with streets, crews and a way to sign people up."""

from datetime import datetime
from typing import Any

from fieldops.actions.recruiting import SignedUp, sign_up
from fieldops.actions.recruiting_import import import_candidates
from fieldops.actions.recruiting_moves import assign_in_turn, move_candidate
from fieldops.actions.recruiting_reps import import_reps
from fieldops.ids import CandidateId, RepId, StreetId
from fieldops.people import Actor
from fieldops.recruiting.consent import FIRST_TEXT
from fieldops.recruiting.sources import Source, SourceKind
from fieldops.recruiting.stages import WAY, Stage
from fieldops.store.connect import Region
from fieldops.store.persons import find_by_phone
from fieldops.store.recruiting import find_candidate
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


def add_rep(region: Region, name: str, base: str = "北站", **more: str) -> RepId:
    """Take a rep in."""
    row = {"rep": name, "base": base, "name": f"对接人{name}"} | more
    done = import_reps(region, LEAD, [(2, row)], now=NOON)
    assert done.refused == 0, done.rejected
    return RepId(name)


def advance(region: Region, candidate: CandidateId, until: Stage, now: datetime = NOON) -> None:
    """Move a candidate step by step until a stage."""
    found = find_candidate(region.reader(), candidate)
    assert found is not None
    for stage in WAY[WAY.index(found.stage) + 1 : WAY.index(until) + 1]:
        move_candidate(region, LEAD, candidate, stage, now=now)


def sellers(
    region: Region, count: int, rep: RepId | None = None, first: int = 0, street: str = "S0"
) -> list[CandidateId]:
    """So many people who signed, in the care of a rep."""
    rows = [
        (number + 2, {"name": "王小明", "phone": phone(number), "street": street, "stage": "signed"})
        for number in range(first, first + count)
    ]
    done = import_candidates(region, LEAD, rows, consent=FIRST_TEXT.version, now=NOON)
    assert done.added == count, done.rejected
    found = list(find_by_phone(region, [f"+86{phone(number)}" for number in range(first, first + count)]).values())
    if rep is not None:
        with region.turn(LEAD, now=NOON) as turn:
            for who in found:
                assign_in_turn(turn, who, rep, why="test")
    return found
