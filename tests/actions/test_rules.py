"""Changing rules: with a reason, on the record, from that moment on; the record is verified under the rules of its time."""

from datetime import timedelta

import pytest

from fieldops.actions.claims import make_claim
from fieldops.actions.consequences import preview_rules
from fieldops.actions.keep import verify_record
from fieldops.actions.rules import change_rules, list_rules
from fieldops.errors import BadInput, CrewAtCap, Forbidden
from fieldops.ids import ActorId, CrewId
from fieldops.people import Actor, Role
from fieldops.store import audit
from fieldops.store.connect import Region, read_rules
from tests.conftest import LEAD, NOON, PLANNER
from tests.small_region import add_town

CREW = Actor(ActorId("walker"), Role.CREW, CrewId("C0"))


def test_a_setting_is_listed_with_its_value_its_default_and_its_meaning(region: Region) -> None:
    change_rules(region, LEAD, why="pilot", now=NOON, claims_per_crew=3)
    by_name = {one.name: one for one in list_rules(region, CREW)}
    cap = by_name["claims_per_crew"]
    assert (cap.value, cap.default, cap.rule, cap.is_changed) == (3, 40, 5, True)
    assert not by_name["target_share"].is_changed


def test_new_rules_hold_for_the_next_claim_and_leave_those_in_force_alone(region: Region) -> None:
    streets, crews = add_town(region)
    before = make_claim(region, LEAD, street=streets[0], crew=crews[0], now=NOON)
    later = NOON + timedelta(hours=1)
    changed = change_rules(region, LEAD, why="pilot", now=later, claim_duration=timedelta(days=5), claims_per_crew=2)
    assert [one.name for one in changed] == ["claim_duration", "claims_per_crew"]
    after = make_claim(region, LEAD, street=streets[1], crew=crews[0], now=later)
    assert before.held_until - before.claimed_at == timedelta(days=7)
    assert after.held_until - after.claimed_at == timedelta(days=5)
    with pytest.raises(CrewAtCap):
        make_claim(region, LEAD, street=streets[2], crew=crews[0], now=later)
    assert verify_record(region, LEAD).violations == []


def test_text_is_read_as_people_write_it_and_kept_as_what_it_means(region: Region) -> None:
    change_rules(region, LEAD, why="pilot", now=NOON, claims_per_crew="12", cool_down="36h", target_share="25%")
    rules = read_rules(region.reader())
    assert (rules.claims_per_crew, rules.cool_down, rules.target_share) == (12, timedelta(hours=36), 0.25)
    assert verify_record(region, LEAD).violations == []


def test_a_change_is_an_event_with_what_changed_and_why(region: Region) -> None:
    change_rules(region, LEAD, why="pilot", now=NOON, target_share=0.25, cool_down=timedelta(days=7))
    row = region.reader().execute("SELECT kind, actor, why, facts FROM event WHERE kind = 'RulesChanged'").fetchone()
    assert tuple(row) == ("RulesChanged", "lead", "pilot", '{"settings":{"target_share":0.25}}')
    last = audit.head(region.reader())
    assert change_rules(region, LEAD, why="again", now=NOON, target_share=0.25) == []
    assert audit.head(region.reader()) == last


def test_the_default_comes_back(region: Region) -> None:
    change_rules(region, LEAD, why="pilot", now=NOON, target_share=0.25)
    change_rules(region, LEAD, why="over", now=NOON, target_share=0.2)
    assert read_rules(region.reader()).target_share == 0.2
    assert verify_record(region, LEAD).violations == []


@pytest.mark.parametrize(
    ("changes", "why", "problem"),
    [
        ({"target_share": 0.25}, " ", "a reason is missing; write small letters, digits and _ only, such as pilot"),
        ({"target_share": 1.2}, "x", "not strictly between 0 and 1"),
        ({"burst_days_min": 16}, "x", "shortest burst is longer"),
        ({"claims_per_crew": 0}, "x", "not positive"),
        ({"move_on_rule": "r49"}, "x", "no rule is called 'r49'"),
        ({"nothing": 1}, "x", "nothing: no such setting"),
        (
            {"claims_per_crew": 12.5},
            "x",
            "claims_per_crew: 12.5 is of another kind; give it as a whole number, such as 40",
        ),
        ({"claims_per_crew": True}, "x", "claims_per_crew: True is of another kind"),
        ({"cool_down": 7}, "x", "cool_down: 7 is of another kind; give it as a duration, such as 7d"),
        ({"target_share": None}, "x", "target_share: None is of another kind"),
        ({"move_on_rule": 5}, "x", "no rule is called '5'"),
        ({"walk_both_sides": 1}, "x", "walk_both_sides: 1 is of another kind; give it as yes or no, such as yes"),
        ({"claims_per_crew": "many"}, "x", "claims_per_crew: 'many' is not a whole number"),
    ],
)
def test_what_cannot_be_meant_changes_nothing(
    region: Region, changes: dict[str, object], why: str, problem: str
) -> None:
    with pytest.raises(BadInput, match=problem):
        change_rules(region, LEAD, why=why, now=NOON, **changes)
    assert read_rules(region.reader()) == read_rules(region.reader()).__class__()


def test_only_leads_change_rules(region: Region) -> None:
    with pytest.raises(Forbidden):
        change_rules(region, CREW, why="x", now=NOON, target_share=0.1)


def test_a_setting_changed_behind_the_record_is_found(region: Region) -> None:
    change_rules(region, LEAD, why="pilot", now=NOON, claims_per_crew=3)
    with region.turn(LEAD, now=NOON) as turn:
        turn.connection.execute("""UPDATE setting SET value = '{"claims_per_crew": 30}' WHERE name = 'rules'""")
    found = [one.what for one in verify_record(region, LEAD).violations]
    assert found == ["the setting claims_per_crew is 30 in the table, and 3 in the record"]


def test_only_planners_say_who_needs_a_second_factor(region: Region) -> None:
    with pytest.raises(Forbidden, match="second_factor"):
        change_rules(region, LEAD, why="pilot", second_factor="lead", now=NOON)
    with pytest.raises(Forbidden, match="second_factor"):
        preview_rules(region, LEAD, {"second_factor": "lead"})
    assert read_rules(region.reader()).second_factor == "nobody"
    change_rules(
        region, LEAD, why="pilot", second_factor="nobody", pay_per_hour=31.0, now=NOON
    )  # a form holds all of them
    (changed,) = change_rules(region, PLANNER, why="lead_decision", second_factor="planner lead", now=NOON)
    assert changed.value == "planner lead"
    with pytest.raises(Forbidden):
        change_rules(region, LEAD, why="pilot", second_factor="nobody", now=NOON)
    assert "keys of the API need none" in next(
        one.meaning for one in list_rules(region, PLANNER) if one.name == "second_factor"
    )
