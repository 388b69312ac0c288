"""What programs may ask of people: verified work, the standby pool, and who works where."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from fieldops.actions import roster, standby
from fieldops.ids import CrewId, PromoterId
from web.api.registry import Field, Operation
from web.regions import act_moment, the_region
from web.session import current_actor

Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class PeopleShown:
    """Verified work since a day: of crews, and of the promoters who want to be on the board; who stands by; who will stay."""

    since: date
    crews: tuple[Any, ...]
    board: tuple[Any, ...]
    standby: tuple[str, ...]
    stays: tuple[Any, ...]
    heads: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class PromoterShown:
    """A promoter that an act was done for."""

    promoter: str
    crew: str


def _people(_v: Values) -> PeopleShown:
    seen = roster.read_roster(the_region(), current_actor())
    return PeopleShown(seen.first, seen.crews, seen.board, tuple(seen.standby), seen.stays, seen.heads)


def _place(v: Values) -> PromoterShown:
    region, actor, promoter = the_region(), current_actor(), PromoterId(v["promoter"])
    if v.get("crew"):
        standby.send_to_crew(region, actor, promoter, CrewId(v["crew"]), now=act_moment())
        return PromoterShown(promoter, v["crew"])
    return PromoterShown(promoter, standby.stand_by(region, actor, promoter, now=act_moment()).crew)


def _board(v: Values) -> PromoterShown:
    done = standby.choose_board(
        the_region(), current_actor(), PromoterId(v["promoter"]), shown=v["shown"], now=act_moment()
    )
    return PromoterShown(done.id, done.crew)


OPERATIONS = [
    Operation("people", "GET", "/people", ("desk.read",), "Verified work, standby pool, who will stay.", PeopleShown, _people),
    Operation("promoter_place", "POST", "/promoters/{promoter}/place", ("people.place",),
              "Send a promoter to a crew, or without one let them stand by.", PromoterShown, _place,
              body={"crew": Field(about="the crew's id; left away: stand by")}),
    Operation("promoter_board", "POST", "/promoters/{promoter}/board", ("desk.read", "board.choose"),
              "Show a promoter on the board, or not.", PromoterShown, _board, body={"shown": Field("flag", needed=True)}),
]  # fmt: skip
