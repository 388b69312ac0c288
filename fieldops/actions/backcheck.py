"""Trust: places surveyed again by others, promoters to look closer at, quarantine and the way back."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from fieldops.actions.decisions import Decided, decide_in_turn
from fieldops.backcheck import choose_back_checks, compare_counts
from fieldops.city.places import metres_to_nearest
from fieldops.errors import BadInput, NotFound
from fieldops.events import BackCheckOrdered, QuarantineLifted, SurveysQuarantined
from fieldops.ids import CrewId, MeasurementId, PromoterId, StreetId, TriangleId, new_id
from fieldops.intake import read_reason
from fieldops.people import Actor
from fieldops.permissions import require
from fieldops.said import Said
from fieldops.store import backcheck as store
from fieldops.store import positions, quarantine, tallies
from fieldops.store.backcheck import Task
from fieldops.store.connect import Region, read_rules
from fieldops.store.people import read_crews
from fieldops.store.places import cities_at
from fieldops.store.quarantine import Order
from fieldops.store.response import read_fit
from fieldops.suspects import Suspect, rank_suspects

if TYPE_CHECKING:
    from fieldops.store.sqlite import sqlite3


@dataclass(frozen=True, slots=True)
class Checked:
    """A test of a place and its blind re-survey: both counts, and how likely honest counts differ so much."""

    measurement: MeasurementId
    street: StreetId | None
    triangle: TriangleId | None
    knows: int
    asked: int
    knows_again: int
    asked_again: int
    probability: float


@dataclass(frozen=True, slots=True)
class Quarantined:
    """What a quarantine, or its end, touched: its number, the surveys, and what had to be decided again."""

    order: int
    surveys: int
    decided: Decided


def find_suspects(region: Region, actor: Actor, *, days: int = 14, now: datetime | None = None) -> list[Suspect]:
    """
    Return the promoters with reasons to look closer, from the surveys of the last days, heaviest first.

    It is a list of whom to verify, not of who is guilty. Permission: survey.quarantine.
    """
    require(actor, "survey.quarantine")
    connection, at = region.reader(), region.moment(now)
    since = at - timedelta(days=days)
    measured = positions.read_positions(region, since)
    handed = list(store.read_handed(connection, since, at + timedelta(microseconds=1), measured))
    asked = Counter(one.city for one in handed if one.knows is not None)
    knows = Counter(one.city for one in handed if one.knows)
    prior = read_fit(connection, at).response
    expected = {
        city: (knows[city] + prior.mu * prior.kappa) / (asked[city] + prior.kappa)
        for city in {one.city for one in handed}
    }
    return rank_suspects(handed, expected=expected, rechecked=store.read_rechecked(connection))


def order_back_checks(
    region: Region, actor: Actor, *, seed: int | None = None, share: float | None = None, now: datetime | None = None
) -> list[Task]:
    """
    Let other crews survey again, blind, at least the region's share of all tests that moved on; return the new tasks.

    Permission: backcheck.order. Event: BackCheckOrdered for each.

    Parameters
    ----------
    region, actor
        Where and who.
    seed
        Makes the choice repeatable; without one nobody can know it beforehand.
    share
        Share to check, in (0, 1); by default the setting `back_check_share`.
    now
        In a sandbox only.

    Raises
    ------
    Forbidden
        If the actor may not.
    BadInput
        If the share is outside its range.
    """
    require(actor, "backcheck.order")
    wanted = read_rules(region.reader()).back_check_share if share is None else share
    if not 0.0 < wanted <= 1.0:
        raise BadInput(
            Said("a share of %(wanted)s", wanted=f"{wanted:g}"),
            field="share",
            cure="give more than 0 and at most 1, for example 0.1",
        )
    with region.turn(actor, now=now) as turn:
        waiting, ordered = store.unchecked_move_ons(turn.connection)
        chosen = choose_back_checks([one.measurement for one in waiting], ordered, wanted, np.random.default_rng(seed))
        by_name = {one.measurement: one for one in waiting}
        places = [(one.crew, one.lon, one.lat) for one in (by_name[name] for name in chosen)]
        for name, crew in zip(chosen, other_crews(turn.connection, places), strict=True):
            store.order_check(turn, new_id(), event=BackCheckOrdered(at=turn.now, measurement=name, crew=crew))
    new = set(chosen)
    return [task for task in store.read_tasks(region.reader()) if task.measurement in new]


def list_tasks(region: Region, actor: Actor, *, crew: CrewId | None = None) -> list[Task]:
    """Return ordered re-surveys; they say where to ask and not what was found. Permission: survey.record."""
    require(actor, "survey.record", crew=crew if crew is not None else actor.crew)
    return store.read_tasks(region.reader(), crew if crew is not None else actor.crew)


def list_checked(region: Region, actor: Actor, *, with_quarantined: bool = False) -> list[Checked]:
    """
    Return the tests that were surveyed again, least believable first. Permission: survey.quarantine.

    A test is left out where no answer counts, of itself or of its re-survey; `with_quarantined` counts those in quarantine.
    """
    require(actor, "survey.quarantine")
    connection = region.reader()
    blind_of = store.read_blind(connection)
    names = [*blind_of, *chain.from_iterable(blind_of.values())]
    # RULE 13: with and without those in quarantine
    counts = tallies.read_counts(connection, names, read_rules(connection), with_quarantined=with_quarantined)
    found, places = [], store.read_places(connection, blind_of)
    for name, blind in blind_of.items():
        again = [counts[one] for one in blind if one in counts]
        if name in counts and again:
            both = (*counts[name], sum(knows for knows, _ in again), sum(asked for _, asked in again))
            found.append(Checked(name, *places[name], *both, compare_counts(*both)))
    return sorted(found, key=lambda one: (one.probability, one.measurement))


def quarantine_surveys(
    region: Region, actor: Actor, *, reason: str, promoter: PromoterId | None = None,
    measurement: MeasurementId | None = None, now: datetime | None = None,
) -> Quarantined:  # fmt: skip
    """
    Put the surveys of a promoter, or of a measurement, into quarantine: they count in no decision until it is lifted.

    Decisions that rested on them are made again at once; claims that ended meanwhile stay as they are (rule 13). A
    promoter in quarantine hands in no new surveys. Permission: survey.quarantine. Event: SurveysQuarantined.

    Raises
    ------
    Forbidden
        If the actor may not.
    BadInput
        If no reason is given, not exactly one of promoter and measurement, or it is in quarantine already.
    NotFound
        If there is no survey of theirs.
    """
    require(actor, "survey.quarantine")
    reason = read_reason(reason, ("pace", "evenness", "contradicted", "suspect", "complaint"), field="reason")
    if (promoter is None) == (measurement is None):
        raise BadInput("name a promoter or a measurement, one of them", field="promoter")
    with region.turn(actor, now=now) as turn:
        target = (promoter, measurement)
        for order in quarantine.read_orders(turn.connection):
            if (order.promoter, order.measurement) == target and order.undone_at is None:
                raise BadInput(
                    Said("%(given)s is in quarantine already, number %(seq)s", given=str(promoter or measurement), seq=order.seq), field="promoter",
                    cure="see `fieldops backcheck list`",
                )  # fmt: skip
        surveys = quarantine.choose_surveys(turn.connection, *target)
        if not surveys and not (promoter and quarantine.has_told(turn.connection, promoter)):
            noun = "promoter with surveys" if promoter else "measurement"
            raise NotFound(noun, str(promoter or measurement), cure="see `fieldops backcheck suspects`")
        event = SurveysQuarantined(
            at=turn.now, why=reason, promoter=promoter, measurement=measurement, count=len(surveys),
            digest=quarantine.digest_of(surveys),
        )  # fmt: skip
        seq, touched = quarantine.add_order(turn, surveys, reason, event=event)
        return Quarantined(seq, len(surveys), decide_in_turn(turn, only=touched))


def lift_quarantine(region: Region, actor: Actor, order: int, *, now: datetime | None = None) -> Quarantined:
    """
    Let the surveys of a quarantine count again, in estimates and coming tests; claims stay as they are (rule 13).

    Permission: survey.quarantine. Event: QuarantineLifted.

    Raises
    ------
    Forbidden
        If the actor may not.
    NotFound
        If there is no such quarantine, or it is lifted already.
    """
    require(actor, "survey.quarantine")
    with region.turn(actor, now=now) as turn:
        known = {one.seq: one for one in quarantine.read_orders(turn.connection)}
        if order not in known or known[order].undone_at is not None:
            raise NotFound("quarantine in force", str(order), cure="see `fieldops backcheck list`")
        count, touched = quarantine.lift_order(
            turn, order, event=lambda surveys: QuarantineLifted(at=turn.now, order=order, count=surveys)
        )
        return Quarantined(order, count, decide_in_turn(turn, only=touched, ends_claims=False))


def list_quarantines(region: Region, actor: Actor) -> list[Order]:
    """Return all quarantines, newest first. Permission: survey.quarantine."""
    require(actor, "survey.quarantine")
    return quarantine.read_orders(region.reader())


def read_places(
    region: Region, actor: Actor, measurements: Iterable[MeasurementId]
) -> dict[MeasurementId, tuple[StreetId | None, TriangleId | None]]:
    """Return where measurements were made: a street, or a triangle's connection point. Permission: survey.quarantine."""
    require(actor, "survey.quarantine")
    return store.read_places(region.reader(), measurements)


def other_crews(
    connection: "sqlite3.Connection", places: Sequence[tuple[CrewId | None, float, float]]
) -> list[CrewId | None]:
    """
    Return for each place, told with who asked there and where it lies (degrees), the crew that asks again.

    It is another one of the same city: the least busy with such places, then the nearest. None where there is none.
    """
    crews = list(read_crews(connection).values())
    here = cities_at(connection, [(lon, lat) for _, lon, lat in places])
    home = dict(zip(crews, cities_at(connection, [(one.home_lon, one.home_lat) for one in crews]), strict=True))
    busy, found = {crew.id: 0 for crew in crews}, list[CrewId | None]()
    for (asker, lon, lat), city in zip(places, here, strict=True):
        others = [crew for crew in crews if crew.id != asker and home[crew] == city]
        at = np.array([lon]), np.array([lat])
        best = min(
            others,
            key=lambda crew: (busy[crew.id], metres_to_nearest(crew.home_lon, crew.home_lat, *at), crew.id),
            default=None,
        )
        found.append(best.id if best else None)
        if best:
            busy[best.id] += 1
    return found
