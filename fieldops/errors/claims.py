"""
What the door to a street refuses: each names who holds it, until when in the zone of the city, and what helps.

Moments are aware and lie in the zone of the city, so that people read the time on their own clocks; a zone of the city
is not known to the pure rules: `actions.claims` puts it in, with the names.
"""

from dataclasses import dataclass
from datetime import datetime

from fieldops.errors.tree import Conflict
from fieldops.ids import ClaimId, CrewId, StreetId
from fieldops.said import Reason, Said, say_end


def _named(id: str, name: str) -> str:  # noqa: A002  # the domain's word
    return f"{name} ({id})" if name and name != id else id


@dataclass(eq=False)
class StreetAlreadyClaimed(Conflict):
    """Another crew, or the crew itself where it is its `own`, holds the street until `held_until`."""

    street: StreetId
    holder: CrewId
    held_until: datetime
    own: bool = False
    street_label: str = ""
    holder_name: str = ""

    def __str__(self) -> str:
        """Name holder, end and cure."""
        if self.own:
            return (
                f"you hold it until {say_end(self.held_until)}: street {_named(self.street, self.street_label)} is claimed "
                f"by crew {_named(self.holder, self.holder_name)} itself; work on, or give it back with `fieldops claims end`"
            )
        return (
            f"street {_named(self.street, self.street_label)} is claimed by crew "
            f"{_named(self.holder, self.holder_name)} until {say_end(self.held_until)}; claim it from that moment on, "
            "see what is free with `fieldops next`, or let a lead revoke the claim with a reason"
        )


@dataclass(eq=False)
class StreetReserved(Conflict):
    """The street is kept for the phone of another crew until `kept_until` (rule 6)."""

    street: StreetId
    crew: CrewId
    kept_until: datetime
    street_label: str = ""
    crew_name: str = ""

    def __str__(self) -> str:
        """Name crew, end and cure."""
        street, crew = _named(self.street, self.street_label), _named(self.crew, self.crew_name)
        cure = "claim it from that moment on, or give the list back with `fieldops next --release`"
        return f"street {street} is kept for the phone of crew {crew} until {say_end(self.kept_until)}; {cure}"


@dataclass(eq=False)
class CrewCoolingDown(Conflict):
    """
    The crew forfeited the street and may not claim it again before `until` (rule 4).

    `withdrew_again` is whether it gave the street up within the grace, and had done so less than a cool-down before.
    """

    street: StreetId
    crew: CrewId
    until: datetime
    withdrew_again: bool = False
    street_label: str = ""
    crew_name: str = ""

    def __str__(self) -> str:
        """Name crew, end and cure."""
        street = _named(self.street, self.street_label)
        did = f"withdrew from street {street} again" if self.withdrew_again else f"forfeited street {street}"
        return (
            f"crew {_named(self.crew, self.crew_name)} {did} and may claim it again from {say_end(self.until)}; another crew may claim it now, or a lead lifts the "
            "cool-down with `fieldops claims override` and a reason"
        )


@dataclass(eq=False)
class CrewAtCap(Conflict):
    """The crew holds as many claims as it may (rule 5); the first of them ends at `first_ends`."""

    crew: CrewId
    holds: int
    cap: int
    first_ends: datetime
    crew_name: str = ""

    def __str__(self) -> str:
        """Name crew, count, end and cure."""
        return (
            f"crew {_named(self.crew, self.crew_name)} holds {self.holds} claims and may hold {self.cap}; finish or "
            f"withdraw from a street first, or wait: the first of them ends at {say_end(self.first_ends)}"
        )


@dataclass(eq=False)
class StreetClosed(Conflict):
    """
    The street cannot be claimed now: `reason` is saturated (rule 8), paused, closed or no_permission.

    `until` is when a pause ends, or a saturated street opens again at the latest.
    """

    street: StreetId
    reason: str
    until: datetime | None = None
    street_label: str = ""

    def __str__(self) -> str:
        """Name street, reason, end where there is one, and cure."""
        cure = {
            "saturated": "claim it from that moment on, when its forecast falls below the target, or once a fresh "
            "decisive test of its own says push on",
            "paused": "claim it from that moment on, or a lead opens it before with `fieldops incidents reopen`",
            "closed": "a planner opens it again with `fieldops streets open`",
            "no_permission": "entry was refused; once it is granted, record it with `fieldops streets permit`",
        }[self.reason]
        end = f" until {say_end(self.until)}" if self.until else ""
        return f"street {_named(self.street, self.street_label)} cannot be claimed{end}: {self.reason.replace('_', ' ')}; {cure}"


@dataclass(eq=False)
class StreetInUse(Conflict):
    """A change of the map would pull `street` from under the claim of `holder`; `others` more are in the same place."""

    street: StreetId
    holder: CrewId
    held_until: datetime
    others: int = 0
    street_label: str = ""
    holder_name: str = ""

    def told(self) -> Reason:
        """Return street, holder and end, and the cure."""
        facts = {
            "street": self.street_label or self.street, "crew": self.holder_name or self.holder,
            "end_at": f"{self.held_until:%Y-%m-%d %H:%M}",
        }  # fmt: skip
        more = Said("and %(others_n)s more claimed streets", others_n=self.others) if self.others else ""
        lost = Said("%(street)s cannot be changed while %(crew)s holds it until %(end_at)s", **facts)
        return Reason([lost, more, Said("wait for that moment, or take the claim back with a reason")])

    def __str__(self) -> str:
        """Name street, holder, end and cure."""
        more = f" (and {self.others} more claimed streets)" if self.others else ""
        return (
            f"street {_named(self.street, self.street_label)} cannot be changed while crew "
            f"{_named(self.holder, self.holder_name)} holds it until {say_end(self.held_until)}{more}; wait for that "
            "moment, or revoke the claim with a reason"
        )


@dataclass(eq=False)
class ClaimNotInForce(Conflict):
    """The claim of `crew` on `street` has ended already, as `outcome`, at `ended_at`."""

    claim: ClaimId
    street: StreetId
    crew: CrewId
    outcome: str
    ended_at: datetime
    street_label: str = ""
    crew_name: str = ""

    def __str__(self) -> str:
        """Name claim, crew, outcome, moment and cure."""
        return (
            f"claim {self.claim} of crew {_named(self.crew, self.crew_name)} on street "
            f"{_named(self.street, self.street_label)} ended as {self.outcome} at {say_end(self.ended_at)}; nothing is "
            "left to end, see `fieldops claims list`"
        )


@dataclass(eq=False)
class RegionWindingDown(Conflict):
    """The region closes: `what` is no longer done since `since`."""

    what: str
    since: datetime

    def __str__(self) -> str:
        """Name what ended and when."""
        return (
            f"the region is winding down: no {self.what} since {say_end(self.since)}; see `fieldops recruit wind-down`"
        )
