"""A representative's care: 35 sellers at most (rule 18), and what the 36th needs."""

from dataclasses import dataclass
from datetime import date

from fieldops.errors import BadInput, RepAtCap
from fieldops.ids import RepId
from fieldops.recruiting.sources import Group
from fieldops.said import Said


@dataclass(frozen=True, slots=True)
class Rep:
    """
    A representative over the half-open days [`since`, `until`); the name lies in the private file.

    `languages` are ISO 639 codes such as zh, yue, ug; `groups` are those that the rep knows best, none where all alike.
    Home in degrees WGS-84, None where it is not known.
    """

    id: RepId
    base: str
    languages: frozenset[str] = frozenset({"zh"})
    groups: frozenset[Group] = frozenset()
    lon: float | None = None
    lat: float | None = None
    since: date | None = None
    until: date | None = None

    def works_on(self, day: date) -> bool:
        """Return whether the rep is there on a day."""
        return (self.since is None or self.since <= day) and (self.until is None or day < self.until)


def admit(rep: RepId, cares: int, cap: int, *, override: str = "") -> None:
    """
    Let one more seller into a rep's care; RULE 18: beyond the cap only by a lead with a reason, given as `override`.

    Raises
    ------
    RepAtCap
        If the rep cares for as many as may be and no reason is given.
    """
    if cares >= cap and not override:
        raise RepAtCap(rep=rep, cares=cares, cap=cap)


def read_income(low: int | None, high: int | None) -> tuple[int | None, int | None]:
    """
    Return an income band in yuan a month.

    Raises
    ------
    BadInput
        If it is negative, beyond a million, or ends below its beginning.
    """
    for amount in (low, high):
        if amount is not None and not 0 <= amount <= 1_000_000:
            raise BadInput(
                Said("%(amount)s yuan a month", amount=amount), field="income",
                cure=Said("give %(least)s to %(most)s", least=0, most=1_000_000),
            )  # fmt: skip
    if low is not None and high is not None and high < low:
        raise BadInput(
            Said("the band ends below its beginning"), field="income", cure=Said("give the lower number first")
        )
    return low, high
