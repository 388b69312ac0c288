"""The standby pool: who waits for a crew, who is sent to one, and who is shown on the board of verified work."""

from datetime import datetime

from fieldops.errors import BadInput, NotFound
from fieldops.events import BoardChosen, PromoterPlaced
from fieldops.ids import CrewId, PromoterId
from fieldops.people import Actor, Promoter
from fieldops.permissions import require
from fieldops.said import Said
from fieldops.store import accounts, people
from fieldops.store.connect import Region, Turn

MOST_PEOPLE = 200


def stand_by(region: Region, actor: Actor, promoter: PromoterId, *, now: datetime | None = None) -> Promoter:
    """
    Let a promoter stand by: the crew is one person smaller, and the next plan counts without them.

    Permission: people.place. Event: PromoterPlaced.

    Raises
    ------
    Forbidden
        If the actor may not.
    NotFound
        If there is no such promoter.
    BadInput
        If they stand by already, have left, or are the last of their crew.
    """
    require(actor, "people.place")
    with region.turn(actor, now=now) as turn:
        one = _working(turn, promoter)
        if promoter in people.read_standby(turn.connection):
            raise BadInput(
                Said("%(promoter)s stands by already", promoter=promoter), field="promoter", cure="send them to a crew"
            )
        crew = people.find_crew(turn.connection, one.crew)
        if crew.people == 1:
            raise BadInput(
                Said("crew %(name)s would be empty", name=crew.name), field="promoter", cure="send somebody there first"
            )
        event = PromoterPlaced(at=turn.now, promoter=promoter, before=one.crew, crew=one.crew, standby=True)
        people.place_promoter(turn, event=event, people={crew.id: crew.people - 1})
    return one


def send_to_crew(
    region: Region, actor: Actor, promoter: PromoterId, crew: CrewId, *, now: datetime | None = None
) -> Promoter:
    """
    Let a promoter work in a crew, from the standby pool or from another crew; their account goes along.

    The crew is one person larger, the one that they leave one smaller; the next plan counts so. Permission: people.place.
    Event: PromoterPlaced.

    Raises
    ------
    Forbidden
        If the actor may not.
    NotFound
        If there is no such promoter or crew.
    BadInput
        If they work there already, have left, are the last of their crew, or the crew is full.
    """
    require(actor, "people.place")
    with region.turn(actor, now=now) as turn:
        one, target = _working(turn, promoter), people.find_crew(turn.connection, crew)
        waits = promoter in people.read_standby(turn.connection)
        if one.crew == crew and not waits:
            raise BadInput(
                Said("%(promoter)s works in %(name)s already", promoter=promoter, name=target.name),
                field="crew",
                cure="choose another crew",
            )
        if target.people >= MOST_PEOPLE:
            raise BadInput(
                Said("crew %(name)s has %(people)s people", name=target.name, people=target.people),
                field="crew",
                cure="choose another crew",
            )
        counts = {crew: target.people + 1}
        if not waits:
            left = people.find_crew(turn.connection, one.crew)
            if left.people == 1:
                raise BadInput(
                    Said("crew %(name)s would be empty", name=left.name),
                    field="promoter",
                    cure="send somebody there first",
                )
            counts[left.id] = left.people - 1
        event = PromoterPlaced(at=turn.now, promoter=promoter, before=one.crew, crew=crew, standby=False)
        with accounts.private_turn(region) as private:
            accounts.move_promoter(private, promoter, crew)
            people.place_promoter(turn, event=event, people=counts)
    return one


def choose_board(
    region: Region, actor: Actor, promoter: PromoterId, *, shown: bool, now: datetime | None = None
) -> Promoter:
    """
    Show a promoter on the board of verified work from now on, or not; their work counts for their crew either way.

    Permission: board.choose, in crews for promoters of the own crew. Event: BoardChosen, where it changes something.

    Raises
    ------
    Forbidden
        If the actor may not.
    NotFound
        If there is no such promoter.
    """
    require(actor, "board.choose")
    with region.turn(actor, now=now) as turn:
        one = _find(turn, promoter)
        require(actor, "board.choose", crew=one.crew)
        if (promoter not in people.read_hidden(turn.connection)) != shown:
            people.choose_board(turn, event=BoardChosen(at=turn.now, promoter=promoter, shown=shown))
    return one


def _find(turn: Turn, promoter: PromoterId) -> Promoter:
    one = people.find_promoter(turn.connection, promoter)
    if one is None:
        raise NotFound("promoter", promoter, cure="see `fieldops promoters list`")
    return one


def _working(turn: Turn, promoter: PromoterId) -> Promoter:
    one = _find(turn, promoter)
    if one.until is not None and one.until <= turn.now.date():
        raise BadInput(
            Said("%(promoter)s has left", promoter=promoter),
            field="promoter",
            cure="give them a new first day with `fieldops promoters import`",
        )
    return one
