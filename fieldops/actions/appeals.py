"""Appeals: what promoters say against what became of their records, and what a lead answers."""

from datetime import datetime

from fieldops.errors import NotFound
from fieldops.events import AppealAnswered
from fieldops.intake import read_reason
from fieldops.people import Actor
from fieldops.permissions import require
from fieldops.store import contacts as store
from fieldops.store.connect import Region
from fieldops.store.contacts import Appeal


def list_appeals(region: Region, actor: Actor, *, answered_too: bool = False) -> list[Appeal]:
    """Return the appeals that wait for an answer, newest first, or all. Permission: appeal.answer."""
    require(actor, "appeal.answer")
    return store.read_appeals(region.reader(), open_only=not answered_too)


def answer_appeal(
    region: Region, actor: Actor, appeal: str, *, upheld: bool, why: str, now: datetime | None = None
) -> Appeal:
    """
    Answer an appeal: uphold or decline it, with a reason code. It changes no record: what is to follow is another act.

    Permission: appeal.answer. Event: AppealAnswered.

    Raises
    ------
    Forbidden
        If the actor may not.
    NotFound
        If there is no such appeal, or it was answered.
    BadInput
        If no reason is given.
    """
    require(actor, "appeal.answer")
    why = read_reason(why, ("back_check_agrees", "back_check_differs", "seen_by_the_lead", "mistake"))
    with region.turn(actor, now=now) as turn:
        waiting = {one.id: one for one in store.read_appeals(turn.connection, open_only=True)}
        if appeal not in waiting:
            raise NotFound("open appeal", appeal, cure="see `fieldops phones appeals`")
        one = waiting[appeal]
        store.write_answer(
            turn, event=AppealAnswered(at=turn.now, why=why, appeal=appeal, about=one.about, upheld=upheld)
        )
    return one
