"""Settings change by an act, with their event, and verify follows them."""

from datetime import timedelta

import pytest

from fieldops.actions.rules import change_rules
from fieldops.errors import BadInput, Forbidden
from fieldops.ids import ActorId
from fieldops.people import Actor, Role
from fieldops.store.connect import Region, read_rules
from fieldops.store.verify import verify
from tests.conftest import LEAD, NOON


def test_a_changed_setting_is_in_force_and_on_the_record(region: Region) -> None:
    change_rules(region, LEAD, now=NOON, claims_per_crew=3, cool_down=timedelta(days=2))
    rules = read_rules(region.reader())
    assert (rules.claims_per_crew, rules.cool_down) == (3, timedelta(days=2))
    facts = region.reader().execute("SELECT facts FROM event WHERE kind = 'RulesChanged'").fetchone()[0]
    assert facts == '{"settings":{"claims_per_crew":3,"cool_down":172800.0}}'
    assert verify(region).violations == []


def test_what_changes_nothing_is_not_recorded(region: Region) -> None:
    change_rules(region, LEAD, now=NOON, claims_per_crew=40)
    assert region.reader().execute("SELECT count(*) FROM event WHERE kind = 'RulesChanged'").fetchone()[0] == 0


def test_unknown_settings_and_impossible_values_are_refused(region: Region) -> None:
    with pytest.raises(BadInput, match="colour"):
        change_rules(region, LEAD, now=NOON, colour="blue")
    with pytest.raises(BadInput, match="target_share"):
        change_rules(region, LEAD, now=NOON, target_share=2.0)
    with pytest.raises(Forbidden):
        change_rules(region, Actor(ActorId("crew"), Role.CREW), now=NOON, claims_per_crew=3)
