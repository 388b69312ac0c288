"""What phones recorded comes in through one door, once: whatever the order, the repetitions, the clocks and the claims."""

import random
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from fieldops.actions.backcheck import quarantine_surveys
from fieldops.actions.claims import end_claim, list_claims, make_claim
from fieldops.actions.sync import sync_records
from fieldops.clock import format_moment
from fieldops.errors import BadInput, Forbidden
from fieldops.ids import CrewId, PromoterId, StreetId
from fieldops.people import Role
from fieldops.store.connect import Region, create_region
from fieldops.store.contacts import read_contacts
from fieldops.store.sqlite import sqlite3
from fieldops.store.verify import verify
from tests.conftest import LEAD, PLANNER
from tests.mutants import fails_without
from tests.phones import (
    AGAIN,
    DAY,
    HOUR,
    MINUTE,
    MORNING,
    NOON,
    TAKEN,
    Phone,
    Told,
    answer_to,
    contacts,
    crew_actor,
    query,
    results,
)
from tests.towns import add_town


def state(region: Region) -> list[Sequence[object]]:
    """Everything that figures are made from, in an order of its own; measurements are named by what came first."""
    found: list[Sequence[object]] = []
    for sql in (
        "SELECT id, kind, promoter_id, crew_id, made_at, standing, what, hours FROM phone_record ORDER BY id",
        "SELECT id, made_at, disposition FROM contact ORDER BY id",
        "SELECT id, asked_at, answer, late FROM survey ORDER BY id",
        "SELECT answers, spread_at, left_out, last_asked_at FROM tally ORDER BY 1, 2, 3, 4",
        "SELECT id, promoter_hours, contacts FROM effort ORDER BY id",
    ):
        found += query(region, sql)
    return found


def test_a_batch_sent_again_changes_nothing_and_is_answered_alike(region: Region) -> None:
    add_town(region)
    phone = Phone()
    batch = [*contacts(phone, 4), phone.survey(MORNING, True), phone.make(NOON, "claim", street="S3")]
    first = phone.send(region, batch, NOON)
    before = state(region)
    again = phone.send(region, reversed(batch), NOON + HOUR)
    assert (results(first), results(again)) == ([TAKEN] * 6, [AGAIN] * 6)
    assert answer_to(again, batch[-1]).facts == answer_to(first, batch[-1]).facts != {}
    assert state(region) == before
    assert query(region, "SELECT count(*) FROM event WHERE kind = 'RecordsTaken'") == [(1,)]
    assert verify(region).violations == []


def test_a_rejected_record_that_stands_twice_in_its_batch_is_rejected_twice(region: Region) -> None:
    add_town(region)
    phone = Phone()
    one = {**contacts(phone, 1)[0], "street": "S999"}
    assert results(phone.send(region, [one, one], NOON)) == results(phone.send(region, [one], NOON)) * 2
    assert results(phone.send(region, [one], NOON))[0][0] == "rejected"


@pytest.mark.parametrize("wrong", [{"day": "0001-01-01"}, {"street": "\ud800"}])
def test_what_cannot_be_reckoned_or_written_holds_no_other_record_up(region: Region, wrong: dict[str, str]) -> None:
    add_town(region)
    phone = Phone()
    bad = phone.make(MORNING, "hours", **{"street": "S0", "hours": 3, "day": "2026-03-11", **wrong})
    good = contacts(phone, 1)
    assert [result for result, _ in results(phone.send(region, [bad, *good], NOON))] == ["rejected", "accepted"]


def test_a_record_within_its_own_batch_twice_is_taken_once(region: Region) -> None:
    add_town(region)
    one = contacts(Phone(), 1)[0]
    done = Phone().send(region, [one, one, {**one, "what": "refused"}], NOON)
    assert results(done) == [TAKEN, AGAIN, ("rejected", "id_reused")]
    assert results(Phone().send(region, [{**one, "what": "refused"}], NOON)) == [("rejected", "id_reused")]
    assert len(read_contacts(region.reader())) == 1


def test_one_bad_record_never_holds_the_others_up(region: Region) -> None:
    add_town(region)
    phone = Phone()
    good = contacts(phone, 2)
    bad = [
        phone.make(MORNING, street="S0", what="nonsense"), phone.make(MORNING, street="nowhere", what="refused"),
        {**phone.make(MORNING, street="S0", what="refused"), "promoter": "nobody"},
        {**phone.make(MORNING, street="S0", what="refused"), "promoter": "C1-0"},
        phone.make(MORNING, "hours", street="S0", hours=3, day="2026-03-12"), {}, {"id": 7},
        phone.survey(MORNING, True, home_street="nowhere"),
    ]  # fmt: skip
    done = phone.send(region, [*bad[:4], *good, *bad[4:]], NOON)
    assert [one.reason for one in done.answers] == [
        "malformed", "unknown_place", "unknown_promoter", "other_crew", "", "", "future_day", "malformed", "malformed",
        "unknown_place",
    ]  # fmt: skip
    assert len(read_contacts(region.reader())) == 2


def test_impossible_surveys_of_a_phone_are_refused_one_by_one_with_the_reason(region: Region) -> None:
    add_town(region)
    phone, liar = Phone(), Phone(promoter="C0-1", device="D1")
    liar.send(region, [liar.survey(MORNING, True)], NOON)
    quarantine_surveys(region, LEAD, reason="made_up", promoter=PromoterId("C0-1"), now=NOON)
    good = phone.survey(MORNING, True)
    bad = {
        "unknown_place": phone.survey(MORNING, True, street="nowhere"),
        "unknown_promoter": {**phone.survey(MORNING, True), "promoter": "nobody"},
        "other_crew": {**phone.survey(MORNING, True), "promoter": "C1-0"},
        "quarantined": {**phone.survey(MORNING, True), "promoter": "C0-1"},
        "malformed": {**phone.survey(MORNING, True), "what": "5 of 4"},
        "id_reused": {**good, "what": "does_not_know"},
    }
    done = phone.send(region, [good, *bad.values(), good], NOON)
    assert results(done) == [TAKEN, *(("rejected", reason) for reason in bad), AGAIN]
    # what claims to be of tomorrow is dated by when it came, and never later
    ahead = Phone(device="D2", skew=timedelta(days=1))
    assert results(ahead.send(region, [ahead.survey(MORNING, True)], NOON)) == [TAKEN]
    assert query(region, "SELECT count(*) FROM survey WHERE asked_at > '2026-03-11T12:10'") == [(0,)]


def test_a_batch_is_limited_and_only_crews_and_leads_may_send(region: Region) -> None:
    add_town(region)
    with pytest.raises(BadInput, match="at most 50"):
        Phone().send(region, contacts(Phone(), 51), NOON)
    with pytest.raises(Forbidden):
        Phone().send(region, contacts(Phone(), 1), NOON, crew_actor(role=Role.AUDITOR))
    with pytest.raises(BadInput):
        sync_records(region, LEAD, [], sent_at="yesterday", now=NOON)


def test_a_team_mate_or_a_lead_may_send_what_another_recorded(region: Region) -> None:
    add_town(region)
    phone = Phone(promoter="C0-1", device="old")
    assert results(phone.send(region, contacts(phone, 1), NOON, crew_actor("C0"))) == [TAKEN]
    assert results(phone.send(region, contacts(phone, 2)[1:], NOON, LEAD)) == [TAKEN]
    assert {one.promoter for one in read_contacts(region.reader())} == {"C0-1"}


def test_who_has_left_may_still_send_what_was_made_before(region: Region) -> None:
    add_town(region)
    with region.turn(LEAD, now=NOON) as turn:
        turn.connection.execute("UPDATE promoter SET until = '2026-03-11' WHERE id = 'C0-0'")
    phone = Phone()
    sent = [phone.make(at, street="S0", what="refused") for at in (NOON - DAY, NOON - HOUR)]
    assert results(phone.send(region, sent, NOON)) == [TAKEN, ("rejected", "not_working_then")]


# ── claims while the phone was away ─────────────────────────────────────────────────────────────────────────────────


def test_records_made_after_the_claim_are_kept_and_marked_late_and_revive_nothing(region: Region) -> None:
    add_town(region)
    claim = make_claim(region, LEAD, street=StreetId("S0"), crew=CrewId("C0"), now=NOON - 8 * DAY)
    phone, end = Phone(), claim.held_until
    moments = [end - MINUTE, end, end + HOUR]
    sent = [phone.make(at, street="S0", what="refused", generation=1) for at in moments]
    sent += [phone.survey(at, True, street="S0") for at in moments]
    make_claim(region, LEAD, street=StreetId("S0"), crew=CrewId("C1"), now=NOON - HOUR)
    done = phone.send(region, sent, NOON)
    assert results(done) == [TAKEN] * 6
    assert [one.marks for one in done.answers] == [(), ("late",), ("late",)] * 2
    holders = [one.claim.crew for one in list_claims(region, LEAD, now=NOON)[1]]
    assert holders == ["C1"]
    assert verify(region).violations == []


@pytest.mark.parametrize("what", ["expired", "withdrawn", "revoked", "gone"])
def test_whatever_became_of_the_claim_meanwhile_nothing_that_was_recorded_is_lost(region: Region, what: str) -> None:
    add_town(region)
    made = NOON - 8 * DAY if what == "expired" else MORNING - HOUR
    claim = make_claim(region, LEAD, street=StreetId("S0"), crew=CrewId("C0"), now=made)
    phone = Phone()
    sent = [*contacts(phone, 3, street="S0"), phone.survey(MORNING + MINUTE, True, street="S0")]
    if what in ("withdrawn", "revoked"):
        end_claim(region, LEAD, claim.id, outcome=what, why="tired", now=MORNING)
    elif what == "gone":
        with region.turn(LEAD, now=MORNING) as turn:
            turn.connection.execute("UPDATE street SET status = 'gone' WHERE id = 'S0'")
    done = phone.send(region, sent, NOON)
    mark = "street_gone" if what == "gone" else "late"
    assert [(one.result, mark in one.marks) for one in done.answers] == [("accepted", True)] * 4
    assert len(query(region, "SELECT id FROM phone_record")) == 4
    assert len(query(region, "SELECT id FROM survey")) == (0 if what == "gone" else 1)


@pytest.mark.full
@pytest.mark.parametrize(
    ("guard", "instead", "told"),
    [
        (
            "            marks += [Mark.LATE] * (standing is Standing.LATE)\n",
            "            if standing is Standing.LATE:\n                raise Rejected('claim_ended')\n",
            "3 failed, 1 passed",  # expired, withdrawn, revoked
        ),
        ("            if spot is None:\n", "            if spot is None or spot.gone:\n", "1 failed, 3 passed"),
    ],
)
def test_control_a_door_that_refuses_what_came_late_or_from_a_street_that_is_gone_loses_it(
    tmp_path: Path, guard: str, instead: str, told: str
) -> None:
    test = "tests/actions/test_sync.py::test_whatever_became_of_the_claim_meanwhile_nothing_that_was_recorded_is_lost"
    said = fails_without(tmp_path, test, "fieldops/actions/sync.py", guard, instead)
    assert told in said
    assert "('rejected', False)" in said


def test_late_evidence_that_a_street_was_saturated_ends_the_present_claim_with_the_askers_credit(
    region: Region,
) -> None:
    add_town(region)
    make_claim(region, LEAD, street=StreetId("S0"), crew=CrewId("C0"), now=NOON - 8 * DAY)
    phones = [Phone(promoter=f"C0-{i}", device=f"D{i}") for i in range(2)]
    at = NOON - 2 * DAY
    sent = [phones[i % 2].survey(at + i * 6 * MINUTE, i % 5 < 3, street="S0", cluster=f"{i % 2}") for i in range(10)]
    make_claim(region, LEAD, street=StreetId("S0"), crew=CrewId("C1"), now=NOON - HOUR)
    done = phones[0].send(region, sent, NOON)
    assert results(done) == [TAKEN] * 10
    assert [(move.crew, move.left) for move in done.moved] == [("C1", "S0")]
    ended = query(region, "SELECT crew_id, outcome, credit FROM claim WHERE generation = 2")
    assert ended == [("C1", "saturated", "C0")]
    assert query(region, "SELECT outcome FROM claim WHERE generation = 1") == [("forfeited",)]
    assert verify(region).violations == []


def test_surveys_that_decide_tell_the_crew_its_next_street_at_once(region: Region) -> None:
    add_town(region)
    for street in ("S0", "S1"):
        make_claim(region, LEAD, street=StreetId(street), crew=CrewId("C0"), now=NOON - DAY)
    phone, mate = Phone(), Phone(promoter="C0-1", device="D1")
    sent = [(phone, mate)[i % 2].survey(MORNING + i * 6 * MINUTE, True, cluster="AB"[i % 2]) for i in range(10)]
    done = phone.send(region, sent, NOON)
    assert {(move.left, move.to is not None) for move in done.moved} == {("S0", True), ("S1", True)}
    names = dict(query(region, "SELECT id, name FROM street"))
    told = done.to_json()["moved"]
    assert isinstance(told, list)
    # The phone may know only the streets of its crew.
    assert [one["label"] for one in told] == [names[one["to"]] for one in told]


# ── order, clocks, record ───────────────────────────────────────────────────────────────────────────────────────────


def day_of_records() -> list[Told]:
    phones = [Phone(promoter=f"C0-{i}", device=f"D{i}", skew=(DAY, -MINUTE, timedelta(0))[i]) for i in range(3)]
    made: list[Told] = []
    for i in range(60):
        phone = phones[i % 3]
        at = MORNING + i * MINUTE
        made.append(phone.make(at, street=f"S{i % 3}", what="not_home"))
        made.append(phone.survey(at, i % 7 == 0, cluster=f"{i % 2}"))
        if i % 20 == 7:
            made.append(phone.make(at, "hours", street=f"S{i % 3}", hours=1 + i / 20, day="2026-03-11"))
            made.append(phone.make(at, "undo", about=made[-3]["id"]))
    return made


@pytest.mark.parametrize("seed", range(4))
def test_in_whatever_order_and_batches_records_come_every_figure_is_the_same(tmp_path: Path, seed: int) -> None:
    seen = []
    for name, chance in (("plain", None), ("shuffled", random.Random(seed))):
        region = create_region(tmp_path / f"{name}.gpkg", PLANNER, sandbox=True, now=NOON - 9 * DAY)
        add_town(region)
        skews = {"D0": DAY, "D1": -MINUTE, "D2": timedelta(0)}
        for device, skew in skews.items():
            mine = [one for one in day_of_records() if one["device"] == device]
            if chance:
                mine = chance.sample(mine + mine, 2 * len(mine))
            while mine:
                size = chance.randint(1, 50) if chance else 50
                batch, mine = mine[:size], mine[size:]
                sync_records(region, crew_actor(), batch, sent_at=format_moment(NOON + skew), now=NOON)
        seen.append(state(region))
        assert verify(region).violations == []
        region.close()
    assert seen[0] == seen[1]


def test_what_phones_told_is_never_changed_or_deleted_and_verify_sees_who_went_past_that(region: Region) -> None:
    add_town(region)
    Phone().send(region, contacts(Phone(), 3), NOON)
    for statement in ("UPDATE phone_record SET what = 'signed_up'", "DELETE FROM phone_record"):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"), region.turn(LEAD, now=NOON) as turn:
            turn.connection.execute(statement)
    assert verify(region).violations == []
    for tampering in (
        "UPDATE phone_record SET what = 'signed_up' WHERE number = 2",
        "DELETE FROM phone_record WHERE number = 2",
    ):
        with region.turn(LEAD, now=NOON) as turn:
            for trigger in ("changed", "deleted"):
                turn.connection.execute(f"DROP TRIGGER IF EXISTS phone_record_is_never_{trigger}")
            turn.connection.execute(tampering)
        assert "of this batch are not those that were recorded" in "".join(
            one.what for one in verify(region).violations
        )
