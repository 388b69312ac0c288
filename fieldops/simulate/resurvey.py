"""Streets and points that are asked once more: blind, by order of the trust desk, or as sentinels of forgetting."""

from datetime import timedelta

from fieldops.actions.sentinels import choose_sentinels_of_day
from fieldops.awareness import Verdict, find_rule
from fieldops.clock import format_moment
from fieldops.simulate.field import Field, Hand


def ask_again(afield: Field, hand: Hand, number: int, *, at_point: bool, name: str, back_check_of: str = "") -> None:
    """Let a crew ask a street or a point first thing in its day, by the card; the answers come in with the evening's."""
    office, world, at = afield.office, afield.world, hand.starts_at
    if not at_point:
        at += afield.go(hand, number)
    town, card = world.town, find_rule(office.rules.move_on_rule)
    place = {"triangle": town.triangles[number]} if at_point else {"street": town.streets[number]}
    gap = timedelta(minutes=office.rules.survey_minutes / hand.size)
    answers: list[bool] = []
    while card.decide(answers).verdict is Verdict.ASK_MORE:
        knows = world.ask_point(number, 1)[0][1] if at_point else world.ask(number, 1)[0]
        at += gap
        afield.late.append({
            "survey_id": f"{name}-{len(answers)}", "asked_at": format_moment(at), "measurement": name, "phase": "before",
            "promoter": hand.askers[len(answers) % len(hand.askers)], "cluster": "ABCDEFGH"[len(answers) // 10 % 8],
            "answer": "knows" if knows else "does_not_know", "back_check_of": back_check_of, **place,
        })  # fmt: skip
        answers.append(knows)
    afield.surveys += len(answers)
    afield.spent.verifying += (at - hand.starts_at) / timedelta(hours=1) * hand.size
    hand.starts_at = at


def ask_sentinels(afield: Field, hands: list[Hand], day: int, *, seed: int) -> None:
    """Let crews ask the finished streets that the region chose for today, so that forgetting is measured."""
    office = afield.office
    by_crew = {hand.crew: hand for hand in hands if hand.askers}
    streets = {street: k for k, street in enumerate(afield.world.town.streets)}
    for one in choose_sentinels_of_day(office.region, office.actor, seed=seed, now=office.now):
        hand = by_crew.get(one.crew) if one.crew else None
        if hand is not None:
            ask_again(afield, hand, streets[one.street], at_point=False, name=f"s{day}-{one.street}")
