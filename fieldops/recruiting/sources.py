"""Where a candidate comes from (rule 17): a street, a venue, a crew, a channel or a QR poster."""

import re
from dataclasses import dataclass
from enum import StrEnum

from fieldops.errors import BadInput
from fieldops.ids import CrewId, PosterCode, StreetId, VenueId
from fieldops.intake import holds_number
from fieldops.said import Said

CODE_SIGNS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # none that are read for another one
CODE_LENGTH = 8
_CHANNEL = re.compile(r"[\w.\-]{1,32}")


class SourceKind(StrEnum):
    """The sort of a source."""

    STREET = "street"
    VENUE = "venue"
    CREW = "crew"
    CHANNEL = "channel"
    POSTER = "poster"


class Group(StrEnum):
    """The four groups of sellers; the first and the last come first."""

    LARGE = "1"  # hundreds of orders a day
    SMALL = "2"
    NEWCOMER = "3"
    PART_TIME = "4"


GROUPS_FIRST = (Group.LARGE, Group.PART_TIME, Group.SMALL, Group.NEWCOMER)
PRIORITY_GROUPS = frozenset({Group.LARGE, Group.PART_TIME})


@dataclass(frozen=True, slots=True)
class Source:
    """
    A source: its kind names the field that must be there; the others say what else is known.

    Raises
    ------
    BadInput
        If the field of its kind is missing, or a channel is no short word.
    """

    kind: SourceKind
    street: StreetId | None = None
    venue: VenueId | None = None
    crew: CrewId | None = None
    channel: str | None = None
    poster: PosterCode | None = None

    def __post_init__(self) -> None:
        """Refuse a source that says nothing."""
        if not getattr(self, self.kind.value):
            raise BadInput(
                Said("the source %(kind)s is not named", kind=self.kind), field=self.kind.value, cure="name it"
            )
        if self.channel is not None and (not _CHANNEL.fullmatch(self.channel) or holds_number(self.channel)):
            cure = "use one word, such as wechat or friend, with no number of more than 4 digits"
            raise BadInput("is no channel", field="channel", cure=cure)


@dataclass(frozen=True, slots=True)
class Poster:
    """A QR poster: whoever scans it comes to `/join/<code>`; it hangs on a street or at a venue, or a crew hands it out."""

    code: PosterCode
    street: StreetId | None
    venue: VenueId | None
    crew: CrewId | None
    made_at: str
    closed_at: str | None = None

    def source(self) -> Source:
        """Return the source of those who come by it."""
        return Source(SourceKind.POSTER, self.street, self.venue, self.crew, None, self.code)


def read_code(text: str) -> PosterCode:
    """
    Return the code of a poster as it was typed or scanned.

    Raises
    ------
    BadInput
        If it cannot be a code.
    """
    code = text.strip().upper()
    if len(code) != CODE_LENGTH or not set(code) <= set(CODE_SIGNS):
        raise BadInput("is no code of a poster", field="code", cure="scan the poster again")
    return PosterCode(code)
