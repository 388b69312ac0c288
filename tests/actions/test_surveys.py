"""Surveys come in through one door: what is refused, idempotent replay, measurements, lateness, digest, all or nothing."""

import hashlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from fieldops.actions.claims import end_claim, make_claim
from fieldops.actions.surveys import Recorded, explain_measurement, record_surveys
from fieldops.errors import NotFound, RowsRefused, Stopped
from fieldops.ids import ActorId, CrewId, MeasurementId, StreetId
from fieldops.people import Actor, Role
from fieldops.store.connect import Region, open_region
from fieldops.store.sqlite import sqlite3
from fieldops.store.surveys import batch_digests
from tests.conftest import LEAD, NOON, ROOT
from tests.towns import add_town, numbered, position, survey_rows

MORNING = NOON - timedelta(hours=4)
YES, NO = [True] * 4, [False] * 10


def record(region: Region, rows: Iterable[dict[str, str]], *, actor: Actor = LEAD, **more: object) -> Recorded:
    return record_surveys(region, actor, numbered(rows), **{"now": NOON, **more})  # type: ignore[arg-type]


def fields(done: Recorded) -> list[object]:
    return [one["field"] for one in done.rejected]


def query(region: Region, sql: str) -> list[tuple[object, ...]]:
    return [tuple(row) for row in region.reader().execute(sql)]


def test_the_same_batch_again_changes_nothing(region: Region) -> None:
    add_town(region)
    rows = survey_rows(NO, at=MORNING, street="S0") + survey_rows(YES, at=MORNING, prefix="t", triangle="T1")
    first, again = record(region, rows), record(region, reversed(rows))
    assert (first.added, again.added, again.unchanged, again.refused) == (14, 0, 14, 0)
    assert query(region, "SELECT count(*) FROM event WHERE kind = 'SurveysRecorded'") == [(1,)]


def test_what_cannot_be_is_refused_by_field_and_the_others_go_on(region: Region) -> None:
    add_town(region)
    row = survey_rows([True], at=MORNING, street="S0")[0]
    lon, lat = position(0)
    bad: list[tuple[dict[str, str], str]] = [
        ({"asked_at": (NOON + timedelta(minutes=11)).isoformat()}, "asked_at"), ({"street": "none"}, "street"),
        ({"street": "", "triangle": "none"}, "triangle"), ({"home_street": "none"}, "home_street"),
        ({"promoter": "nobody"}, "promoter"), ({"answer": "perhaps"}, "answer"),
        ({"street": "", "lon": str(lon), "lat": str(lat + 0.1)}, "lon"), ({"lon": str(lon), "lat": str(lat + 1)}, "lon"),
        ({"back_check_of": "none"}, "back_check_of"),
    ]  # fmt: skip
    rows = [{**row, "survey_id": f"b{i}", **change} for i, (change, _) in enumerate(bad)]
    done = record(region, [*rows, row, {"": "2 values where the header names 5"}])
    assert (fields(done), done.added) == ([*(field for _, field in bad), None], 1)


def test_an_id_used_again_with_another_answer_is_refused_in_the_same_file_and_later(region: Region) -> None:
    add_town(region)
    row = survey_rows([True], at=MORNING, street="S0")[0]
    other = {**row, "answer": "does_not_know"}
    assert fields(record(region, [row, row, other])) == ["survey_id"]
    later = record(region, [other, {**row, "street": "S1"}])
    assert (fields(later), later.added) == (["survey_id"] * 2, 0)
    assert query(region, "SELECT answer FROM survey") == [("knows",)]


def test_promoters_are_asked_for_their_days_in_the_citys_calendar(region: Region) -> None:
    add_town(region)
    with region.turn(LEAD, now=NOON) as turn:
        turn.connection.execute("UPDATE promoter SET since = '2026-02-10', until = '2026-03-02' WHERE id = 'C0-0'")
    evening = NOON - timedelta(hours=12, minutes=1)  # 23:59 of the day before in Shanghai
    days = [evening, evening + timedelta(minutes=2), NOON - timedelta(days=20)]
    rows = [survey_rows([True], at=at, prefix=f"p{i}", street="S0")[0] for i, at in enumerate(days)]
    assert [one["row"] for one in record(region, rows).rejected] == [3]


def test_unknown_promoters_are_taken_when_asked_for_but_not_from_a_phone(region: Region) -> None:
    add_town(region)
    rows = survey_rows([True], at=MORNING, street="S0", promoters=["stranger"])
    crew = Actor(ActorId("phone"), Role.CREW, CrewId("C0"))
    assert record(region, rows).refused == 1
    assert record(region, rows, actor=crew, unknown_promoters=True).refused == 1
    assert record(region, rows, unknown_promoters=True).added == 1


def test_a_crew_hands_in_its_own_surveys_only(region: Region) -> None:
    add_town(region)
    rows = survey_rows([True, True], at=MORNING, street="S0", promoters=["C0-0", "C1-0"])
    done = record(region, rows, actor=Actor(ActorId("phone"), Role.CREW, CrewId("C0")))
    assert (done.added, fields(done)) == (1, ["promoter"])


def test_a_strict_batch_with_a_bad_row_stores_nothing(region: Region) -> None:
    add_town(region)
    rows = survey_rows(NO, at=MORNING, street="S0")
    with pytest.raises(RowsRefused, match="row 12"):
        record(region, [*rows, {**rows[0], "survey_id": "x", "street": "none"}], strict=True)
    assert query(region, "SELECT (SELECT count(*) FROM survey), (SELECT count(*) FROM measurement)") == [(0, 0)]


def test_a_wish_to_stop_leaves_nothing_behind(region: Region) -> None:
    add_town(region)
    with pytest.raises(Stopped):
        record(region, survey_rows(NO, at=MORNING, street="S0"), progress=lambda stage, share, **figures: False)
    assert query(region, "SELECT count(*) FROM survey") == [(0,)]


# ── measurements ────────────────────────────────────────────────────────────────────────────────────────────────────


def measurements(region: Region) -> list[tuple[object, ...]]:
    return query(
        region,
        "SELECT coalesce(street_id, triangle_id), phase, rule, try, blind, t.answers FROM measurement AS m"
        " JOIN tally AS t ON t.measurement_id = m.id ORDER BY 1, m.opened_at",
    )


def test_surveys_of_a_place_within_two_hours_are_one_measurement(region: Region) -> None:
    add_town(region)
    record(region, survey_rows([True, False, True], at=MORNING, street="S0", minutes=60))
    record(region, survey_rows([False], at=MORNING + timedelta(minutes=121), prefix="u", street="S0"))
    assert [row[-1] for row in measurements(region)] == ["101", "0"]


def test_in_whatever_order_the_rows_of_a_file_stand_the_measurements_are_the_same(region: Region) -> None:
    add_town(region)
    rng, kept = np.random.default_rng(5), []
    for street, order in zip(
        ("S0", "S1", "S2"), [np.arange(12), *(rng.permutation(12) for _ in range(2))], strict=True
    ):
        rows = survey_rows([True, False] * 6, at=MORNING - timedelta(hours=3), prefix=street, street=street, minutes=25)
        record(region, [rows[i] for i in order])
        kept.append([row[-1] for row in measurements(region) if row[0] == street])
    assert kept == [["10101", "01010", "10"]] * 3


def test_what_was_asked_earlier_and_sent_later_joins_its_measurement(region: Region) -> None:
    add_town(region)
    record(region, survey_rows([True] * 3, at=MORNING, street="S0"))
    record(region, survey_rows([False] * 2, at=MORNING - timedelta(minutes=30), prefix="late", street="S0"))
    assert [row[-1] for row in measurements(region)] == ["00111"]
    opened = query(region, "SELECT opened_at, closes_at FROM measurement")[0]
    assert opened == ("2026-03-01T23:30:00.000000Z", "2026-03-02T01:30:00.000000Z")


def test_before_and_after_pitching_are_two_measurements(region: Region) -> None:
    add_town(region)
    record(region, survey_rows([False] * 3, at=MORNING, street="S0", phase="before"))
    record(region, survey_rows([True] * 3, at=MORNING + timedelta(minutes=30), prefix="x", street="S0", phase="after"))
    assert [(row[1], row[-1]) for row in measurements(region)] == [("arrival", "000"), ("exit", "111")]


def test_a_named_measurement_is_at_one_place_and_no_longer_than_two_hours(region: Region) -> None:
    add_town(region)
    record(region, survey_rows([True], at=MORNING, street="S0", measurement="M"))
    elsewhere = survey_rows([True], at=MORNING, prefix="e", street="S1", measurement="M")
    too_long = survey_rows([True], at=MORNING + timedelta(minutes=121), prefix="l", street="S0", measurement="M")
    within = survey_rows([True], at=MORNING + timedelta(minutes=120), prefix="w", street="S0", measurement="M")
    done = record(region, [*elsewhere, *too_long, *within])
    assert (done.added, fields(done)) == (1, ["measurement", "measurement"])


def test_the_fourth_test_of_a_street_within_a_claim_is_opened_with_the_audit_rule(region: Region) -> None:
    add_town(region)
    start = NOON - timedelta(days=2)
    for i in range(4):
        record(region, survey_rows([True], at=start + timedelta(hours=6 * i), prefix=f"t{i}", street="S0"))
    assert [row[2:4] for row in measurements(region)] == [("r50", 1), ("r50", 2), ("r50", 3), ("a130", 4)]


@pytest.mark.parametrize("files", [1, 8])
def test_of_tests_opened_in_one_second_three_have_the_short_rule_in_whatever_files_they_come(
    region: Region, files: int
) -> None:
    add_town(region)
    rows = [
        row
        for i in (5, 2, 7, 0, 3, 6, 1, 4)
        for row in survey_rows([True], at=MORNING, prefix=f"t{i}", street="S0", measurement=f"M{i}")
    ]
    for part in np.array_split(np.arange(8), files):
        record(region, [rows[i] for i in part])
    found = query(region, "SELECT id, try, rule FROM measurement ORDER BY id")
    assert found == [(f"M{i}", i + 1, "r50" if i < 3 else "a130") for i in range(8)]


def test_tests_count_anew_from_the_start_of_a_claim(region: Region) -> None:
    add_town(region)
    for i in range(3):
        record(region, survey_rows([True], at=NOON - timedelta(hours=20 - 5 * i), prefix=f"t{i}", street="S0"))
    claim = make_claim(region, LEAD, street=StreetId("S0"), crew=CrewId("C0"), now=NOON)
    record(
        region, survey_rows([True], at=NOON + timedelta(hours=3), prefix="n", street="S0"), now=NOON + timedelta(days=1)
    )
    assert measurements(region)[-1][2:4] == ("r50", 1)
    assert query(region, "SELECT claim_id, crew_id FROM measurement ORDER BY opened_at DESC LIMIT 1") == [
        (claim.id, "C0")
    ]


def test_a_blind_measurement_names_what_it_checks_by_the_measurement_or_by_one_of_its_surveys(region: Region) -> None:
    add_town(region)
    record(region, survey_rows(YES, at=MORNING, street="S0", measurement="M"))
    blind = survey_rows(NO, at=MORNING, prefix="v", street="S0", promoters=["C1-0", "C1-1"])
    for i, row in enumerate(blind):
        row["back_check_of"] = "M" if i % 2 else "s0"
    record(region, blind)
    assert [(row[4], row[-1]) for row in measurements(region)] == [(0, "1111"), (1, "0" * 10)]
    assert query(region, "SELECT back_check_of FROM measurement WHERE blind = 1") == [("M",)]


def test_a_blind_measurement_is_of_the_same_place(region: Region) -> None:
    add_town(region)
    record(region, survey_rows(YES, at=MORNING, street="S0", measurement="M"))
    done = record(region, survey_rows(NO, at=MORNING, prefix="v", street="S1", back_check_of="M"))
    assert (done.added, set(fields(done))) == (0, {"back_check_of"})


def test_positions_are_filed_to_the_connection_point_or_the_street_nearby(region: Region) -> None:
    add_town(region)
    point, street = position(1, north_m=45), position(0, north_m=60)
    rows = survey_rows([True], at=MORNING, lon=str(point[0]), lat=str(point[1]), home_street="S2")
    rows += survey_rows([False], at=MORNING, prefix="q", lon=str(street[0]), lat=str(street[1]))
    assert record(region, rows).added == 2
    assert [(row[0], row[-1]) for row in measurements(region)] == [("S0", "0"), ("T0", "1")]
    assert query(region, "SELECT street_id, knows, asked FROM home_tally ORDER BY 1") == [("S0", 0, 1), ("S2", 1, 1)]


def test_what_does_not_count_is_kept_with_its_reason(region: Region) -> None:
    add_town(region)
    rows = survey_rows([True] * 6, at=MORNING, minutes=2, promoters=["C0-0"], street="S0", measurement="M")
    record(region, [*rows, {**rows[0], "survey_id": "r", "answer": "refused"}])
    found = explain_measurement(region, LEAD, MeasurementId("M"))
    assert {one.survey.id: one.why_not for one in found if one.why_not} == {"s5": "crowded", "r": "refused"}
    with pytest.raises(NotFound):
        explain_measurement(region, LEAD, MeasurementId("none"))


# ── the record ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_survey_after_the_end_of_the_crews_claim_is_kept_and_marked_late(region: Region) -> None:
    add_town(region)
    claim = make_claim(region, LEAD, street=StreetId("S0"), crew=CrewId("C0"), now=NOON)
    end = NOON + timedelta(hours=5)
    end_claim(region, LEAD, claim.id, outcome="withdrawn", why="tired", now=end)
    moments = [end - timedelta(minutes=1), end, end + timedelta(minutes=30)]
    rows = [survey_rows([True], at=at, prefix=f"l{i}", street="S0")[0] for i, at in enumerate(moments)]
    rows += survey_rows([True], at=end, prefix="other", street="S0", promoters=["C1-0"])
    done = record(region, rows, now=end + timedelta(days=3))
    assert (done.added, done.late) == (4, 2)
    assert dict(query(region, "SELECT id, late FROM survey")) == {"l00": 0, "l10": 1, "l20": 1, "other0": 0}  # type: ignore[arg-type]


def test_a_batch_is_one_event_whose_digest_is_that_of_the_stored_surveys(region: Region) -> None:
    add_town(region)
    for day in range(2):
        record(region, survey_rows(NO, at=MORNING - timedelta(days=day), prefix=f"d{day}-", street="S0"))
    events = [
        json.loads(str(row[0])) for row in query(region, "SELECT facts FROM event WHERE kind = 'SurveysRecorded'")
    ]
    recomputed = [
        {"count": count, "late": late, "digest": digest} for _, count, late, digest in batch_digests(region.reader())
    ]
    assert recomputed == events
    stored = query(
        region,
        "SELECT id, measurement_id, asked_at, answer, promoter_id, home_street_id, cluster, phase, lon, lat, accuracy_m,"
        " device_time, late FROM survey WHERE batch = (SELECT min(batch) FROM survey) ORDER BY number",
    )
    lines = "".join(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n" for row in stored)
    assert hashlib.sha256(lines.encode()).hexdigest() == events[0]["digest"]


def test_surveys_are_never_changed_or_deleted(region: Region) -> None:
    add_town(region)
    record(region, survey_rows([True], at=MORNING, street="S0"))
    for statement in ("UPDATE survey SET answer = 'does_not_know'", "DELETE FROM survey"):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"), region.turn(LEAD, now=NOON) as turn:
            turn.connection.execute(statement)


KILLED = """
import sys
from pathlib import Path
sys.path.insert(0, {root!r})
from datetime import timedelta
from fieldops.actions.surveys import record_surveys
from fieldops.store.connect import open_region
from tests.conftest import LEAD, NOON
from tests.towns import numbered, survey_rows

def progress(stage, share, **figures):
    if stage == {stage!r}:
        print("now", flush=True)
        sys.stdin.read()
    return True

rows = survey_rows([False] * 3000, at=NOON - timedelta(days=20), minutes=9, street="S0")
record_surveys(open_region(Path({path!r})), LEAD, numbered(rows), now=NOON, progress=progress)
"""


@pytest.mark.parametrize("stage", ["append", "tally"])
def test_a_killed_import_leaves_nothing_behind(region: Region, stage: str) -> None:
    add_town(region)
    region.close()
    code = KILLED.format(root=str(ROOT), path=str(region.path), stage=stage)
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={**os.environ}
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"now\n"  # rows are written, the turn is open
        process.send_signal(signal.SIGKILL)
        process.wait()
    again = open_region(Path(region.path))
    assert query(again, "SELECT (SELECT count(*) FROM survey), (SELECT count(*) FROM tally)") == [(0, 0)]
    assert record(again, survey_rows(NO, at=MORNING, street="S0")).added == 10
    again.close()


def test_a_few_new_surveys_cost_the_same_however_many_are_there(region: Region) -> None:
    add_town(region)

    def work(rows: list[dict[str, str]]) -> int:
        steps = [0]
        with region.turn(LEAD, now=NOON) as turn:
            writer = turn.connection
        writer.set_progress_handler(lambda: steps.__setitem__(0, steps[0] + 1), 100)
        record(region, rows)
        writer.set_progress_handler(None, 0)
        return steps[0]

    first = work(survey_rows(NO, at=MORNING, street="S0"))
    record(region, survey_rows([False] * 3000, at=NOON - timedelta(days=20), prefix="m", minutes=9, street="S1"))
    assert work(survey_rows(NO, at=MORNING, prefix="n", street="S2")) < first * 1.25
