"""The one door, on a real database."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest

from fieldops.actions.claims import (
    close_ended_in_turn,
    end_claim,
    end_in_turn,
    make_claim,
    override_cool_down,
    publish_in_turn,
)
from fieldops.claims import Outcome
from fieldops.errors import (
    BadInput,
    ClaimNotInForce,
    CrewAtCap,
    CrewCoolingDown,
    Forbidden,
    NotFound,
    PlanNotPublishable,
    StreetAlreadyClaimed,
    StreetClosed,
)
from fieldops.ids import ActorId, CrewId, PlanId, StreetId
from fieldops.people import Actor, Role
from fieldops.store import claims as store
from fieldops.store.connect import Region, create_memory_region
from tests.conftest import LEAD, NOON, PLANNER, ROOT
from tests.small_region import add_town

WEEK = timedelta(days=7)
DAY = timedelta(days=1)
S0, S1 = StreetId("S0"), StreetId("S1")
C0, C1 = CrewId("C0"), CrewId("C1")


@pytest.fixture
def town() -> Iterator[Region]:
    region = create_memory_region(PLANNER, now=NOON)
    add_town(region, streets=50, crews=3)
    yield region
    region.close()


def kinds(region: Region) -> list[str]:
    return [row[0] for row in region.reader().execute("SELECT kind FROM event WHERE kind <> 'RowsSealed' ORDER BY seq")]


def test_a_claim_is_stored_with_its_event_in_the_same_turn(town: Region) -> None:
    claim = make_claim(town, LEAD, street=S0, crew=C0, now=NOON)
    assert store.claims_in_force(town.reader(), NOON) == [claim]
    assert store.find_claim(town.reader(), claim.id) == claim
    assert kinds(town) == ["RegionCreated", "StreetClaimed"]


def test_a_refusal_names_street_holder_and_end_in_the_citys_zone_and_leaves_no_trace(town: Region) -> None:
    make_claim(town, LEAD, street=S0, crew=C0, now=NOON)
    with pytest.raises(StreetAlreadyClaimed) as refusal:
        make_claim(town, LEAD, street=S0, crew=C1, now=NOON + DAY)
    assert "Road S0 (S0) is claimed by crew Crew C0 (C0) until 2026-03-09 12:00:00+08:00" in str(refusal.value)
    assert refusal.value.held_until == NOON + WEEK
    assert kinds(town) == ["RegionCreated", "StreetClaimed"]


def test_what_the_clock_has_ended_is_forfeited_at_its_own_end_before_the_next_grant(town: Region) -> None:
    first = make_claim(town, LEAD, street=S0, crew=C0, now=NOON)
    second = make_claim(town, LEAD, street=S0, crew=C1, now=NOON + WEEK + DAY)
    closed = store.find_claim(town.reader(), first.id)
    assert (closed.outcome, closed.ended_at) == (Outcome.FORFEITED, NOON + WEEK)
    assert second.generation == 2
    assert kinds(town)[1:] == ["StreetClaimed", "ClaimForfeited", "StreetClaimed"]


def test_the_past_is_read_as_it_was(town: Region) -> None:
    first = make_claim(town, LEAD, street=S0, crew=C0, now=NOON)
    end_claim(town, LEAD, first.id, outcome="withdrawn", why="no_time", now=NOON + DAY)
    second = make_claim(town, LEAD, street=S0, crew=C1, now=NOON + 2 * DAY)
    held = {
        days: [claim.crew for claim in store.claims_in_force(town.reader(), NOON + days * DAY)]
        for days in (-1, 0, 1, 2, 9)
    }
    assert held == {-1: [], 0: [C0], 1: [], 2: [C1], 9: []}
    state = store.street_state(town.reader(), S0, NOON + 2 * DAY)
    assert state.claim is not None
    assert state.claim.id == second.id
    assert state.before is not None
    assert (state.before.id, state.before.outcome) == (first.id, Outcome.WITHDRAWN)


def test_a_crew_lead_claims_for_the_own_crew_only(town: Region) -> None:
    leader = Actor(ActorId("leader"), Role.CREW_LEAD, C0)
    claim = make_claim(town, leader, street=S0, crew=C0, now=NOON)
    with pytest.raises(Forbidden):
        make_claim(town, leader, street=S1, crew=C1, now=NOON)
    with pytest.raises(Forbidden):
        end_claim(town, Actor(ActorId("other"), Role.CREW_LEAD, C1), claim.id, outcome="withdrawn", why="", now=NOON)
    with pytest.raises(Forbidden):
        end_claim(town, leader, claim.id, outcome="revoked", why="mine", now=NOON)
    assert end_claim(town, leader, claim.id, outcome="withdrawn", why="", now=NOON).outcome is Outcome.WITHDRAWN


@pytest.mark.parametrize("outcome", ["saturated", "forfeited", "lost"])
def test_nobody_ends_a_claim_by_hand_as_what_only_a_test_or_the_clock_can_say(town: Region, outcome: str) -> None:
    claim = make_claim(town, LEAD, street=S0, crew=C0, now=NOON)
    with pytest.raises(BadInput):
        end_claim(town, LEAD, claim.id, outcome=outcome, why="reason", now=NOON)


def test_a_revocation_needs_a_reason(town: Region) -> None:
    claim = make_claim(town, LEAD, street=S0, crew=C0, now=NOON)
    with pytest.raises(BadInput):
        end_claim(town, LEAD, claim.id, outcome="revoked", why=" ", now=NOON)


def test_an_end_that_the_clock_brought_is_known_before_it_is_written(town: Region) -> None:
    claim = make_claim(town, LEAD, street=S0, crew=C0, now=NOON)
    with pytest.raises(ClaimNotInForce) as refusal:
        end_claim(town, LEAD, claim.id, outcome="withdrawn", why="", now=NOON + WEEK)
    assert (refusal.value.outcome, refusal.value.ended_at) == ("forfeited", NOON + WEEK)


def test_an_end_that_comes_too_late_is_told_in_the_citys_zone(town: Region) -> None:
    made = make_claim(town, LEAD, street=S0, crew=C0, now=NOON)
    with pytest.raises(ClaimNotInForce, match=r"ended as forfeited at 2026-03-09 12:00:00\+08:00"):
        end_claim(town, LEAD, made.id, outcome="withdrawn", why="", now=NOON + 8 * DAY)


def test_unknown_streets_crews_and_claims_are_named(town: Region) -> None:
    with pytest.raises(NotFound, match="no street 'nowhere'"):
        make_claim(town, LEAD, street=StreetId("nowhere"), crew=C0, now=NOON)
    with pytest.raises(NotFound, match="no crew 'nobody'"):
        make_claim(town, LEAD, street=S0, crew=CrewId("nobody"), now=NOON)
    with pytest.raises(NotFound, match="no claim 'none'"):
        end_claim(town, LEAD, "none", outcome="withdrawn", why="", now=NOON)  # type: ignore[arg-type]


def test_a_street_that_the_map_lost_or_that_forbids_entry_is_refused(town: Region) -> None:
    with town.turn(PLANNER, now=NOON) as turn:
        turn.connection.execute("UPDATE street SET status = 'gone' WHERE id = 'S0'")
        turn.connection.execute("UPDATE street SET permission = 'refused' WHERE id = 'S1'")
    for street, reason in ((S0, "closed"), (S1, "no_permission")):
        with pytest.raises(StreetClosed) as refusal:
            make_claim(town, LEAD, street=street, crew=C0, now=NOON)
        assert refusal.value.reason == reason
        assert store.street_state(town.reader(), street, NOON).closed == reason


def test_the_forty_first_claim_of_a_crew_is_refused_until_one_of_the_forty_has_ended(town: Region) -> None:
    claims = [make_claim(town, LEAD, street=StreetId(f"S{i}"), crew=C0, now=NOON + i * DAY / 40) for i in range(40)]
    with pytest.raises(CrewAtCap):
        make_claim(town, LEAD, street=StreetId("S40"), crew=C0, now=claims[0].held_until - timedelta(seconds=1))
    make_claim(town, LEAD, street=StreetId("S40"), crew=C0, now=claims[0].held_until)


def test_a_lead_lifts_a_cool_down_with_a_reason_and_the_crew_goes_on(town: Region) -> None:
    first = make_claim(town, LEAD, street=S0, crew=C0, now=NOON)
    over = NOON + WEEK + DAY
    assert store.cool_downs(town.reader(), over) == {(S0, C0): NOON + 2 * WEEK}
    with pytest.raises(CrewCoolingDown, match=r"2026-03-16 12:00:00\+08:00"):
        make_claim(town, LEAD, street=S0, crew=C0, now=over)
    with pytest.raises(BadInput):
        override_cool_down(town, LEAD, street=S0, crew=C0, why="", now=over)
    with pytest.raises(Forbidden):
        override_cool_down(town, Actor(ActorId("x"), Role.CREW_LEAD, C0), street=S0, crew=C0, why="me", now=over)
    (lifted,) = override_cool_down(town, LEAD, street=S0, crew=C0, why="nearly_done", now=over)
    assert lifted.id == first.id
    assert store.cool_downs(town.reader(), over) == {}
    assert store.cool_downs(town.reader(), over - timedelta(seconds=1)) == {(S0, C0): NOON + 2 * WEEK}
    again = make_claim(town, LEAD, street=S0, crew=C0, now=over)
    assert store.cool_downs(town.reader(), again.held_until) == {(S0, C0): again.held_until + WEEK}


def test_a_crew_that_withdraws_and_claims_again_in_turn_cannot_stretch_its_claim(town: Region) -> None:
    for at in (NOON, NOON + DAY):
        claim = make_claim(town, LEAD, street=S0, crew=C0, now=at)
        end_claim(town, LEAD, claim.id, outcome="withdrawn", why="no_time", now=at + DAY)
    over = NOON + 2 * DAY
    with pytest.raises(CrewCoolingDown, match=r"withdrew from street Road S0 \(S0\) again") as refusal:
        make_claim(town, LEAD, street=S0, crew=C0, now=over)
    assert refusal.value.until == over + WEEK
    assert store.cool_downs(town.reader(), over) == {(S0, C0): over + WEEK}
    assert store.street_state(town.reader(), S0, over).cool_downs == {C0: over + WEEK}
    make_claim(town, LEAD, street=S0, crew=C0, now=over + WEEK)


def test_a_cool_down_that_does_not_exist_cannot_be_lifted(town: Region) -> None:
    make_claim(town, LEAD, street=S0, crew=C0, now=NOON)
    with pytest.raises(NotFound):
        override_cool_down(town, LEAD, street=S0, crew=C0, why="early", now=NOON + DAY)


def test_a_plan_is_claimed_whole_or_not_at_all(town: Region) -> None:
    make_claim(town, LEAD, street=S1, crew=C1, now=NOON)
    pairs = [(S0, C0), (S1, C0), (StreetId("S2"), C0)]
    with pytest.raises(PlanNotPublishable, match="Road S1"), town.turn(LEAD, now=NOON) as turn:
        publish_in_turn(turn, PlanId("P"), pairs, best_effort=False)
    assert [claim.street for claim in store.claims_in_force(town.reader(), NOON)] == [S1]


def test_a_plan_by_best_effort_leaves_out_what_the_rules_refuse_and_says_so(town: Region) -> None:
    make_claim(town, LEAD, street=S1, crew=C1, now=NOON)
    with town.turn(LEAD, now=NOON) as turn:
        done = publish_in_turn(turn, PlanId("P"), [(S0, C0), (S1, C0), (S0, C1)], best_effort=True)
    assert [(claim.street, claim.crew, claim.plan) for claim in done.granted] == [(S0, C0, "P")]
    assert [(r.street, r.crew, type(r.error)) for r in done.refused] == [
        (S1, C0, StreetAlreadyClaimed),
        (S0, C1, StreetAlreadyClaimed),
    ]


def test_the_sweep_writes_down_only_what_the_clock_has_ended(town: Region) -> None:
    early = make_claim(town, LEAD, street=S0, crew=C0, now=NOON)
    make_claim(town, LEAD, street=S1, crew=C0, now=NOON + DAY)
    with town.turn(LEAD, now=NOON + WEEK) as turn:
        assert [claim.id for claim in close_ended_in_turn(turn)] == [early.id]
        assert close_ended_in_turn(turn) == []


def test_saturation_ends_a_claim_within_a_turn_and_brings_no_cool_down(town: Region) -> None:
    claim = make_claim(town, LEAD, street=S0, crew=C0, now=NOON)
    with town.turn(LEAD, now=NOON + DAY) as turn:
        end_in_turn(turn, claim.id, outcome=Outcome.SATURATED, why="street_test")
    assert store.cool_downs(town.reader(), NOON + DAY) == {}
    assert make_claim(town, LEAD, street=S0, crew=C0, now=NOON + DAY).generation == 2


@pytest.mark.parametrize(
    ("writes", "rooms"),
    [
        (r"\badd_claim\(|INSERT (OR \w+ )?INTO claim\b", {"actions/claims.py", "store/claims.py"}),
        (r"\bwrite_end\(|UPDATE (OR \w+ )?claim\b", {"actions/claims.py", "actions/keep.py", "store/claims.py"}),
        (r"\bgrant_in_turn\(", {"actions/claims.py", "actions/effects.py"}),
    ],
)
def test_claims_are_made_and_ended_behind_the_one_door_only(writes: str, rooms: set[str]) -> None:
    code = {
        path.relative_to(ROOT).as_posix(): path.read_text("utf-8")
        for top in ("fieldops", "web")
        for path in (ROOT / top).rglob("*.py")
        if "node_modules" not in path.parts
    }
    found = {name for name, text in code.items() if re.search(writes, text) and "migrations" not in name}
    assert found == {f"fieldops/{room}" for room in rooms}
