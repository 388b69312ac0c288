"""What a change of the rules would mean, shown before it is saved: the card with its errors, crews over a new cap, claims."""

from dataclasses import dataclass, fields, replace
from datetime import timedelta

from fieldops.awareness import TWO_OF_TEN, CountRule, design_card, find_rule
from fieldops.people import Actor
from fieldops.permissions import require
from fieldops.rules import MEANINGS, Rules, read_setting
from fieldops.store.claims import claims_in_force
from fieldops.store.connect import Region, read_rules
from fieldops.store.desk import read_present
from fieldops.store.people import read_crews

SHARES = (0.05, 0.10, 0.12, 0.15, 0.18, 0.20, 0.22, 0.25, 0.30, 0.40)


@dataclass(frozen=True, slots=True)
class CardLine:
    """What a card does where `share` of the people know: how often it moves on, and the surveys that this takes."""

    share: float
    move_on: float
    surveys: float
    surveys_95: float


@dataclass(frozen=True, slots=True)
class Card:
    """A card of the move-on test with its errors at the ends of its zone and its operating curve."""

    rule: CountRule
    wrong_move_on: float
    wrong_push_on: float
    curve: tuple[CardLine, ...]

    @property
    def steps(self) -> list[tuple[int, int | None, int | None]]:
        """Return for each look: surveys, at most so many push on, at least so many move on; None where it cannot be."""
        table = zip(self.rule.looks, self.rule.push_on_at_most, self.rule.move_on_at_least, strict=True)
        return [(look, low if low >= 0 else None, high if high <= look else None) for look, low, high in table]


@dataclass(frozen=True, slots=True)
class Change:
    """A setting that would take another value, with what it counts, and how many it touches (None: not countable)."""

    name: str
    before: object
    after: object
    meaning: str
    touches: int | None = None


@dataclass(frozen=True, slots=True)
class Preview:
    """What would change; `cards` are the move-on card before and after, where that changes."""

    changes: tuple[Change, ...]
    cards: tuple[Card, Card] | None


def describe_card(rule: CountRule) -> Card:
    """Return a card with its errors and curve."""
    on, stay = rule.error_rates()
    lines = []
    for share in SHARES:
        found = rule.operating_characteristic(share)
        lines.append(CardLine(share, found.move_on, found.expected_surveys, found.surveys_95))
    return Card(rule, on, stay, tuple(lines))


def show_cards(
    region: Region, actor: Actor, *, zone: tuple[float, float, float, float] | None = None
) -> tuple[Card, Card, Card | None]:
    """
    Return the card in force, the plain rule 2 of 10, and a card made for (p0, p1, alpha, beta) where that is given.

    Raises
    ------
    Forbidden
        If the actor may not read the region.
    BadInput
        If a number of the zone is outside its range.
    """
    require(actor, "region.read")
    rules = read_rules(region.reader())
    made = describe_card(design_card(*zone)) if zone else None
    return describe_card(find_rule(rules.move_on_rule)), describe_card(TWO_OF_TEN), made


def preview_rules(region: Region, actor: Actor, written: dict[str, str]) -> Preview:
    """
    Return what new values of settings, as people write them, would change; nothing is stored.

    Raises
    ------
    Forbidden
        If the actor may not change rules.
    BadInput
        If a name is unknown or a value outside its range.
    """
    require(actor, "rules.change")
    before = read_rules(region.reader())
    values = {name: read_setting(name, text) for name, text in written.items()}
    for name in values.keys() & {"move_on_rule", "audit_rule"}:
        find_rule(str(values[name]))
    after = replace(before, **values)  # type: ignore[arg-type]  # read_setting checked each
    changed = [field.name for field in fields(Rules) if getattr(after, field.name) != getattr(before, field.name)]
    if "second_factor" in changed:
        require(actor, "second_factor.require")
    changes = tuple(
        Change(name, getattr(before, name), getattr(after, name), MEANINGS[name][1], _touches(region, name, after))
        for name in changed
    )
    cards = None
    if "move_on_rule" in changed:
        cards = (describe_card(find_rule(before.move_on_rule)), describe_card(find_rule(after.move_on_rule)))
    return Preview(changes, cards)


def _touches(region: Region, name: str, after: Rules) -> int | None:
    """Return how many things of today a setting would touch: crews over the cap, claims, streets at the target ..."""
    connection = region.reader()
    present = read_present(connection)
    if name == "claims_per_crew":
        held: dict[str, int] = {}
        for claim in claims_in_force(connection, present):
            held[claim.crew] = held.get(claim.crew, 0) + 1
        return sum(count > after.claims_per_crew for count in held.values())
    if name in ("first_reminder", "second_reminder", "last_reminder"):
        before_end: timedelta = getattr(after, name)
        return sum(claim.ends_at - present <= before_end for claim in claims_in_force(connection, present))
    if name == "claim_duration":
        return 0  # claims in force end when they would have ended
    if name == "survey_minutes":
        return len(read_crews(connection))
    return None
