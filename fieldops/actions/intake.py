"""What the imports of all nouns share: rows read by their key, the summary, and the event."""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any, TypeVar

from fieldops.errors import BadInput
from fieldops.events import RowsImported
from fieldops.intake import Intake, Refusals, check_width, read_id
from fieldops.said import Said

Row = tuple[int, Mapping[str, str]]
Read = TypeVar("Read")


def read_by_key(
    rows: Iterable[Row], key: str, read: Callable[[Mapping[str, str]], Read], refusals: Refusals
) -> dict[str, Read]:
    """Return what rows say by their key; a row that cannot be used, and a key's second row, go to the refusals."""
    found: dict[str, Read] = {}
    first: dict[str, int] = {}
    for number, row in rows:
        try:
            check_width(row)
            name = read_id(row, key)
            if name in first:
                raise BadInput(
                    Said("%(name)s is in row %(first)s already", name=name, first=first[name]),
                    field=key,
                    cure="keep one of the two rows",
                )
            found[name] = read(row)
            first[name] = number
        except BadInput as refusal:
            refusals.add(number, refusal, row.get(refusal.field or ""))
    return found


def summarise(refusals: Refusals, read: Mapping[str, object], before: Iterable[str], changed: int) -> Intake:
    """Return what an import did: `changed` of the rows read are new or other than what was there `before`."""
    added = len(read.keys() - set(before))
    return Intake(added, changed - added, len(read) - changed, refusals.count, refusals.in_order())


def imported(noun: str, at: datetime, done: Intake, stored: Sequence[Any]) -> RowsImported:
    """Return the event of an import; its digest is SHA-256 over the stored values, field by field."""
    digest = hashlib.sha256()
    for value in stored:
        facts = (getattr(value, field.name) for field in fields(value))
        plain = (sorted(map(str, fact)) if isinstance(fact, frozenset) else fact for fact in facts)
        digest.update(("\t".join(map(str, plain)) + "\n").encode())
    return RowsImported(
        at=at, noun=noun, added=done.added, updated=done.updated, unchanged=done.unchanged, rejected=done.refused,
        digest=digest.hexdigest(),
    )  # fmt: skip
