"""`next` against live claims, and the lists that phones keep: disjoint, until midnight, refused to others."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from fieldops.actions.awareness import save_estimates
from fieldops.actions.claims import end_claim, make_claim, start_event
from fieldops.actions.decisions import decide
from fieldops.actions.dispatch import next_street
from fieldops.actions.pins import pin_street
from fieldops.actions.plans import make_plan, publish_plan
from fieldops.actions.reserves import keep_reserves, read_reserves, release_reserves
from fieldops.actions.rules import change_rules
from fieldops.actions.surveys import record_surveys
from fieldops.claims import Claim
from fieldops.errors import BadInput, Forbidden, NotFound, StreetReserved
from fieldops.ids import ActorId, ClaimId, CrewId, StreetId
from fieldops.people import Actor, Role
from fieldops.store.claims import add_claim
from fieldops.store.connect import Region
from fieldops.store.dispatch import save_outlook
from fieldops.store.verify import verify
from tests.actions.test_plans import town  # noqa: F401  # a fixture
from tests.conftest import LEAD, NOON
from tests.towns import add_town, numbered, survey_rows

A, B = CrewId("A"), CrewId("B")
C0, C1 = CrewId("C0"), CrewId("C1")
MIDNIGHT = datetime(2026, 3, 2, 16, 0, tzinfo=UTC)  # of NOON's day in Shanghai
HOUR = timedelta(hours=1)


def phone_of(crew: CrewId) -> Actor:
    return Actor(ActorId(f"phone-{crew}"), Role.CREW, crew)


def claim(region: Region, street: str, crew: CrewId, now: datetime = NOON) -> None:
    make_claim(region, LEAD, street=StreetId(street), crew=crew, now=now)


def outlook(region: Region, streets: dict[str, tuple[float, float]]) -> None:
    """Let a plan have found value and hours of these streets."""
    with region.turn(LEAD, now=NOON) as turn:
        rows = [(StreetId(name), value, hours, 0.8, 0.07) for name, (value, hours) in streets.items()]
        save_outlook(turn, rows, [(C0, 0.1, 0.0)], event=turn.head.seq)


def test_a_street_that_somebody_holds_is_never_the_next(region: Region) -> None:
    add_town(region)
    first = next_street(region, LEAD, C0, now=NOON)
    assert first.street == "S0"
    claim(region, "S0", C1)
    assert next_street(region, LEAD, C0, now=NOON).street == "S1"


def test_a_plan_makes_the_choice_and_its_value_decides(town: Region) -> None:  # noqa: F811  # the fixture
    make_plan(town, LEAD, now=NOON, time_limit=1.0)
    found = next_street(town, LEAD, A, now=NOON)
    values = dict(
        town.reader().execute("SELECT street_id, value / hours FROM outlook WHERE hours IS NOT NULL").fetchall()
    )
    assert not found.held
    assert values[found.street] >= 0.8 * max(values.values())  # the way there is the only difference
    assert found.reason.count("finished with 80%") == 1


def test_a_fresh_survey_changes_the_choice_without_a_new_plan(region: Region) -> None:
    add_town(region, streets=3, people=(400.0, 400.0, 400.0))
    outlook(region, dict.fromkeys(("S0", "S1", "S2"), (40.0, 9.0)))
    assert next_street(region, LEAD, C0, now=NOON).street == "S0"
    known = survey_rows([True, True, False] * 6, at=NOON, street="S0")
    record_surveys(region, LEAD, numbered(known), now=NOON + 2 * HOUR)
    save_estimates(region, LEAD, now=NOON + 2 * HOUR)
    assert next_street(region, LEAD, C0, now=NOON + 2 * HOUR).street == "S1"


def test_hours_that_are_promised_to_its_claims_are_not_given_again(region: Region) -> None:
    add_town(region, streets=3)
    outlook(region, dict.fromkeys(("S0", "S1", "S2"), (900.0, 120.0)))
    claim(region, "S1", C0)
    found = next_street(region, LEAD, C0, now=NOON, start=StreetId("S2"))
    assert (found.street, found.held) == ("S1", True)  # a crew of 210 h and streets of more than 105 h
    assert "it holds this street already" in found.reason


def test_set_up_counts_in_what_a_street_takes_of_a_crew(region: Region) -> None:
    add_town(region, streets=3)
    outlook(region, dict.fromkeys(("S0", "S1", "S2"), (40.0, 9.0)))
    before = next_street(region, LEAD, C0, now=NOON)
    people = region.reader().execute("SELECT people FROM crew WHERE id = 'C0'").fetchone()[0]
    change_rules(region, LEAD, why="field_change", now=NOON, setup_minutes=80.0)
    after = next_street(region, LEAD, C0, now=NOON)
    assert after.street == before.street
    assert after.hours - before.hours == pytest.approx(people)  # an hour more for each


def test_a_crew_that_cools_down_is_sent_elsewhere(region: Region) -> None:
    add_town(region)
    claim(region, "S0", C0)
    later = NOON + timedelta(days=7)
    assert next_street(region, LEAD, C0, start=StreetId("S1"), now=later).street != "S0"
    assert next_street(region, LEAD, C1, start=StreetId("S1"), now=later).street in {"S0", "S2"}


def test_a_crew_without_a_place_or_a_street_is_told_why(region: Region) -> None:
    add_town(region, streets=1)
    claim(region, "S0", C1)
    found = next_street(region, LEAD, C0, now=NOON)
    assert (found.street, found.held) == (None, False)
    assert found.reason == "no new street within 3.6 km; 1 held; ask the lead"
    with pytest.raises(NotFound):
        next_street(region, LEAD, CrewId("NOBODY"), now=NOON)


def test_a_crew_without_a_free_street_is_told_what_became_of_those_around_it(region: Region) -> None:
    add_town(region, crews=3)
    for street in ("S0", "S1"):
        claim(region, street, C1)
    later = NOON + HOUR
    record_surveys(region, LEAD, numbered(survey_rows([True] * 10, at=NOON, triangle="T1")), now=later)
    decide(region, LEAD, now=later)
    keep_reserves(region, LEAD, C1, streets=1, now=later)
    told = next_street(region, LEAD, C0, now=later).reason
    assert (
        told
        == "no new street within 3.6 km; 2 held; 3 at the target (moved on); 1 kept for phones of others; ask the lead"
    )
    release_reserves(region, LEAD, C1, now=later)
    outlook(region, {"S2": (900.0, 900.0)})
    told = next_street(region, LEAD, C0, now=later).reason
    assert "1 too far on foot, or more than the 210.0 h that it has left" in told


def test_a_street_pinned_to_another_crew_or_to_nobody_is_never_the_next(region: Region) -> None:
    add_town(region, streets=3)
    pin_street(region, LEAD, StreetId("S0"), C1, why="local_conditions", now=NOON)
    pin_street(region, LEAD, StreetId("S1"), None, why="local_conditions", now=NOON)
    assert next_street(region, LEAD, C0, now=NOON).street == "S2"
    assert next_street(region, LEAD, C1, now=NOON).street in {"S0", "S2"}
    claim(region, "S2", C1)
    assert "2 pinned to others" in next_street(region, LEAD, C0, now=NOON).reason
    assert keep_reserves(region, LEAD, C0, streets=3, now=NOON) == []


def test_a_crew_that_is_off_all_week_or_smaller_than_every_street_is_told_so(region: Region) -> None:
    add_town(region, streets=3)
    outlook(region, dict.fromkeys(("S0", "S1", "S2"), (900.0, 900.0)))
    told = next_street(region, LEAD, C0, now=NOON)
    assert (told.street, told.held) == (None, False)
    assert "3 too far on foot, or more than the 210.0 h that it has left" in told.reason
    with region.turn(LEAD, now=NOON) as turn:
        week = json.dumps([(NOON + timedelta(days=d)).date().isoformat() for d in range(8)])
        turn.connection.execute("UPDATE crew SET days_off = ? WHERE id = ?", (week, C0))
    told = next_street(region, LEAD, C0, now=NOON)
    assert (told.street, told.reason) == (None, "no new street: the crew is off for the next seven days")


def test_what_is_only_believed_at_the_target_is_given_to_be_tested(region: Region) -> None:
    add_town(region, streets=3)
    outlook(region, dict.fromkeys(("S0", "S1", "S2"), (40.0, 9.0)))
    for street in ("S0", "S1", "S2"):
        known = survey_rows([True] * 3, at=NOON, street=street, prefix=street)  # no card decides on three answers
        record_surveys(region, LEAD, numbered(known), now=NOON + 2 * HOUR)
    save_estimates(region, LEAD, now=NOON + 2 * HOUR)
    found = next_street(region, LEAD, C0, now=NOON + 2 * HOUR)
    assert found.street is not None
    assert 10 * 1.5 / 60 <= found.hours < 9.0


def test_at_a_points_move_on_every_crew_of_the_triangle_is_told_another_next_street(region: Region) -> None:
    add_town(region, crews=3)
    for street, crew in (("S0", "C0"), ("S1", "C1"), ("S2", "C2")):
        claim(region, street, CrewId(crew))
    record_surveys(region, LEAD, numbered(survey_rows([True] * 10, at=NOON, triangle="T0")), now=NOON + HOUR)
    done = decide(region, LEAD, now=NOON + HOUR)
    told = {move.crew: move.to for move in done.moved}
    assert set(told) == {"C0", "C1", "C2"}
    assert set(told.values()) == {"S3", "S4", "S5"}  # nobody is told what another was told
    assert all(move.reason for move in done.moved)


# ── reserve lists ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_lists_have_no_street_in_common(region: Region) -> None:
    add_town(region)
    mine = [one.street for one in keep_reserves(region, LEAD, C0, streets=2, now=NOON)]
    theirs = [one.street for one in keep_reserves(region, LEAD, C1, streets=2, now=NOON)]
    assert len(mine) == len(theirs) == 2
    assert not set(mine) & set(theirs)


def test_a_kept_street_is_refused_to_others_until_midnight_and_not_a_moment_longer(region: Region) -> None:
    add_town(region)
    street = keep_reserves(region, phone_of(C0), C0, streets=1, now=NOON)[0].street
    with pytest.raises(StreetReserved) as refused:
        claim(region, street, C1, MIDNIGHT - timedelta(microseconds=1))
    assert "2026-03-03 00:00:00+08:00" in str(refused.value)
    assert "Crew C0" in str(refused.value)
    assert next_street(region, LEAD, C1, now=MIDNIGHT - HOUR).street != street
    claim(region, street, C1, MIDNIGHT)


def test_its_own_crew_claims_what_is_kept_and_the_list_gives_it_up(region: Region) -> None:
    add_town(region)
    street = keep_reserves(region, LEAD, C0, streets=2, now=NOON)[0].street
    claim(region, street, C0, NOON + HOUR)
    assert street not in {one.street for one in read_reserves(region, LEAD, C0, now=NOON + HOUR)}
    held = region.reader().execute("SELECT id FROM claim").fetchone()[0]
    end_claim(region, LEAD, held, outcome="withdrawn", why="no_time", now=NOON + 2 * HOUR)
    claim(region, street, C1, NOON + 2 * HOUR)  # no longer kept: anybody may


def test_a_list_is_filled_up_and_not_made_anew(region: Region) -> None:
    add_town(region)
    first = keep_reserves(region, LEAD, C0, streets=2, now=NOON)
    again = keep_reserves(region, LEAD, C0, streets=3, now=NOON + HOUR)
    assert again[:2] == first
    assert len(again) == 3
    assert keep_reserves(region, LEAD, C0, streets=3, now=NOON + HOUR) == again


def test_what_is_given_back_is_free_at_once(region: Region) -> None:
    add_town(region)
    kept = keep_reserves(region, LEAD, C0, streets=2, now=NOON)
    assert release_reserves(region, LEAD, C0, now=NOON) == kept
    assert read_reserves(region, LEAD, C0, now=NOON) == []
    claim(region, kept[0].street, C1)
    assert keep_reserves(region, LEAD, C0, streets=1, now=NOON)[0].street != kept[0].street


def test_the_plan_leaves_out_what_a_phone_keeps(town: Region) -> None:  # noqa: F811  # the fixture
    kept = {one.street for one in keep_reserves(town, LEAD, A, streets=2, now=NOON)}
    plan = make_plan(town, LEAD, now=NOON, time_limit=1.0)
    assert kept
    assert not kept & {one.street for one in plan.assignments}
    reasons = dict(plan.unassigned)
    assert all("kept for the phone of crew A until 2026-03-03 00:00" in reasons[street] for street in kept)
    publish_plan(town, LEAD, plan.id, now=NOON)  # the door refuses nothing


def test_a_crew_keeps_streets_for_itself_only(region: Region) -> None:
    add_town(region)
    with pytest.raises(Forbidden):
        keep_reserves(region, phone_of(C1), C0, now=NOON)
    with pytest.raises(BadInput, match="1 to 20"):
        keep_reserves(region, LEAD, C0, streets=21, now=NOON)


def test_the_record_of_lists_is_replayed_and_a_changed_row_is_found(region: Region) -> None:
    add_town(region)
    kept = keep_reserves(region, LEAD, C0, streets=3, now=NOON)
    claim(region, kept[0].street, C0)
    release_reserves(region, LEAD, C0, now=NOON + HOUR)
    keep_reserves(region, LEAD, C1, streets=1, now=NOON + HOUR)
    assert verify(region).violations == []
    with region.turn(LEAD, now=NOON + 2 * HOUR) as turn:
        turn.connection.execute("DROP TRIGGER reserve_stays")
        turn.connection.execute("UPDATE reserve SET kept_until = '2026-04-01' WHERE crew_id = 'C1'")
    assert [one.what for one in verify(region).violations if "is kept as" in one.what]


def test_a_claim_of_a_kept_street_past_the_door_is_found(region: Region) -> None:
    add_town(region)
    street = keep_reserves(region, LEAD, C0, streets=1, now=NOON)[0].street
    with region.turn(LEAD, now=NOON) as turn:
        made = Claim(ClaimId("x"), street, C1, 1, NOON, NOON + timedelta(days=7))
        add_claim(turn, made, event=start_event(made))
    assert any("kept for crew C0 (rule 6)" in one.what for one in verify(region).violations)
