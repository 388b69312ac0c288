"""Refusals of the door to a street as people read them: with names, and moments in the zone of the city."""

from dataclasses import fields, replace
from datetime import datetime

from fieldops.clock import find_zone
from fieldops.errors import Conflict
from fieldops.store import claims as store
from fieldops.store.connect import Turn
from fieldops.store.places import read_zone


def in_words(turn: Turn, refusal: Conflict) -> Conflict:
    """Return the refusal with the names of street and crew, and its moments in the zone of the city."""
    told = {field.name for field in fields(refusal)}
    words: dict[str, object] = {}
    zone = read_zone(turn.connection)
    if "street_label" in told:
        label, zone_name = store.street_words(turn.connection, refusal.street)  # type: ignore[attr-defined]  # a class with a label has its street
        words["street_label"], zone = label, find_zone(zone_name)
    for name in told & {"holder", "crew"}:
        words[f"{name}_name"] = store.crew_name(turn.connection, getattr(refusal, name))
    moments = {name: moment for name in told if isinstance(moment := getattr(refusal, name), datetime)}
    return replace(refusal, **words, **{name: moment.astimezone(zone) for name, moment in moments.items()})
