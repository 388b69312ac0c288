"""The stages from a talk on the street to an active seller, and which moves between them are lawful (rule 16)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from fieldops.errors import BadInput, MoveNotAllowed
from fieldops.ids import CandidateId
from fieldops.said import Said


class Stage(StrEnum):
    """How far somebody has come; the order of the first seven is the way."""

    NEW = "new"
    CONTACTED = "contacted"
    INTERVIEWED = "interviewed"
    SIGNED = "signed"
    TRAINED = "trained"
    FIRST_ORDER = "first_order"
    ACTIVE = "active"
    LOST = "lost"
    DORMANT = "dormant"


WAY = (
    Stage.NEW, Stage.CONTACTED, Stage.INTERVIEWED, Stage.SIGNED, Stage.TRAINED, Stage.FIRST_ORDER, Stage.ACTIVE,
)  # fmt: skip
LEFT = frozenset({Stage.LOST, Stage.DORMANT})
SELLERS = frozenset(WAY[WAY.index(Stage.SIGNED) :])  # whom a rep has in care (rule 18)
RANK = {stage: rank for rank, stage in enumerate(WAY)}


class Reason(StrEnum):
    """Why somebody is lost or dormant."""

    NOT_INTERESTED = "not_interested"
    NO_ANSWER = "no_answer"
    WRONG_NUMBER = "wrong_number"
    NO_TIME = "no_time"
    INCOME_TOO_LOW = "income_too_low"
    OTHER_OFFER = "other_offer"
    TOO_YOUNG = "too_young"
    MOVED_AWAY = "moved_away"
    FAMILY = "family"
    PAUSED = "paused"
    SHOP_CLOSED = "shop_closed"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Move:
    """One change of stage; `moved_at` is when it took effect. `reason` is a code, empty on the way forward."""

    candidate: CandidateId
    before: Stage
    after: Stage
    moved_at: datetime
    reason: str = ""


def furthest(stages: Sequence[Stage]) -> Stage:
    """Return the furthest stage of the way among these; `new` where there is none."""
    return max((stage for stage in stages if stage in RANK), key=RANK.__getitem__, default=Stage.NEW)


def check_move(before: Stage, after: Stage, reached: Stage, reason: str) -> None:
    """
    Let a move pass that rule 16 allows.

    RULE 16: forward one step at a time; back to any earlier stage; lost or dormant from anywhere with a reason; from
    there back to any stage up to the furthest that had been reached.

    Parameters
    ----------
    before, after
        Where the candidate stands, and where they shall stand.
    reached
        The furthest stage of the way that they ever had.
    reason
        A code of `Reason`; needed for lost and dormant, refused elsewhere.

    Raises
    ------
    MoveNotAllowed
        If the move skips a stage, changes nothing, or returns further than was reached.
    BadInput
        If the reason is missing, unknown, or given where none belongs.
    """
    if after == before:
        raise MoveNotAllowed(before=before, after=after, allowed=allowed_moves(before, reached))
    if after in LEFT:
        if reason not in set(Reason):
            if not reason:
                raise BadInput(
                    Said("whoever leaves needs a reason"), field="reason", cure=Said("choose a reason of the list")
                )
            raise BadInput(
                Said("'%(given)s' is no reason", given=reason),
                field="reason",
                cure=Said("use one of %(choices)s", choices=", ".join(Reason)),
            )
        return
    if reason:
        raise BadInput(
            Said("a move within the funnel takes no reason"), field="reason", cure=Said("leave the reason away")
        )
    if after not in allowed_moves(before, reached):
        raise MoveNotAllowed(before=before, after=after, allowed=allowed_moves(before, reached))


def allowed_moves(before: Stage, reached: Stage) -> tuple[Stage, ...]:
    """Return where a candidate may go from a stage, in the order of the way; `reached` counts after lost and dormant."""
    last = RANK[reached] if before in LEFT else RANK[before] + 1
    forward = tuple(stage for stage in WAY[: last + 1] if stage != before)
    return (*forward, *(stage for stage in (Stage.LOST, Stage.DORMANT) if stage != before))


def likely_moves(before: Stage, reached: Stage) -> tuple[Stage, ...]:
    """Return the same, the likeliest first: one step on (or back to where they had been), then back, then out."""
    allowed = allowed_moves(before, reached)
    likeliest = (
        reached if before in LEFT else next((one for one in allowed if RANK.get(one, -1) == RANK[before] + 1), None)
    )
    way = [one for one in allowed if one in RANK and one != likeliest]
    first = (likeliest,) if likeliest is not None and likeliest in allowed else ()
    return (*first, *reversed(way), *(one for one in allowed if one in LEFT))
