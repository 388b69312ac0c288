"""The map at any moment, the table beside it, triangles, and layers given out."""

import json
import struct
from dataclasses import dataclass
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from fieldops.actions.awareness import measured_shares
from fieldops.actions.surveys import record_surveys
from fieldops.events import BurstsSet
from fieldops.store import audit
from fieldops.store.claims import claims_in_force
from fieldops.store.connect import Region
from fieldops.store.frame import awareness_class
from tests.conftest import NOON, PLANNER
from tests.desk_town import PLAN
from tests.web.test_operation import HERE, pass_time, surveys, words
from tests.web.test_operation import lead as lead
from tests.web.test_operation import town as town


@dataclass(frozen=True)
class Frame:
    planned: tuple[int, ...]
    held: tuple[int, ...]
    aware: bytes
    left: bytes
    burst: bytes
    verdict: bytes


def frame(client: FlaskClient, hours: float | None = None) -> Frame:
    at = {} if hours is None else {"at": (NOON + timedelta(hours=hours)).isoformat()}
    body = client.get("/colours.bin", query_string=at).data
    n, m = struct.unpack_from("<2I", body)
    assert len(body) == 8 + 7 * n + m
    planned, held = (struct.unpack_from(f"<{n}H", body, 8 + 2 * n * k) for k in (0, 1))
    aware, left, burst = (body[8 + (4 + k) * n : 8 + (5 + k) * n] for k in (0, 1, 2))
    return Frame(planned, held, aware, left, burst, body[8 + 7 * n :])


def key_of(town: Region, street: str) -> int:
    found: int = town.reader().execute("SELECT fid FROM street WHERE id = ?", (street,)).fetchone()[0]
    return found


def test_the_map_shows_who_held_what_at_a_past_moment(lead: FlaskClient, town: Region) -> None:
    claim = claims_in_force(town.reader(), NOON)[0]
    fid = key_of(town, claim.street)
    pass_time(town, 200)
    number = 1 + [f"C{i}" for i in range(5)].index(claim.crew)
    seen = [
        (one.left[fid], one.held[fid]) for hours in (-1, 0, 73, 121, 145, 167.9, 168) for one in [frame(lead, hours)]
    ]
    assert seen == [(0, 0), (1, number), (2, number), (3, number), (4, number), (4, number), (0, 0)]
    assert frame(lead, -1).planned[fid] == 0  # no plan had been made
    assert frame(lead, 1).planned[fid] == number
    for wrong in ("tomorrow", (NOON + timedelta(days=400)).isoformat()):
        assert lead.get("/colours.bin", query_string={"at": wrong}).status_code == 422


def test_ahead_claims_have_ended_and_the_newest_plan_holds_what_it_gives(lead: FlaskClient, town: Region) -> None:
    held, planned = (key_of(town, street) for street in ("R00", "R20"))
    ahead, after = frame(lead, 24), frame(lead, 24 * 8)
    assert (ahead.held[held], ahead.left[held]) == (1, 1)
    assert ahead.held[planned] == ahead.planned[planned] > 0
    assert (after.held[held], after.held[planned]) == (0, 0)
    assert frame(lead).held[planned] == 0
    assert ahead.aware == frame(lead).aware


def test_past_awareness_is_what_the_surveys_until_then_say_and_unknown_before_the_first(
    lead: FlaskClient, town: Region
) -> None:
    with town.turn(PLANNER, now=NOON) as turn:
        turn.connection.executemany("INSERT INTO promoter VALUES (?, 'C0', NULL, NULL)", [("P0",), ("P1",)])
    held = claims_in_force(town.reader(), NOON)[0]
    record_surveys(town, PLANNER, surveys(held.street, 12, 20), now=NOON + timedelta(hours=2))
    pass_time(town, 72)
    fid = key_of(town, held.street)
    assert frame(lead, -1).aware[fid] == 0
    then = frame(lead, 24).aware[fid]
    assert then == awareness_class(measured_shares(town, NOON + timedelta(hours=24))[held.street], 0.2) > 0
    assert sum(1 for one in frame(lead, 24).aware if one) == 1  # nobody asked anywhere else: unknown, never 0 %


def test_streets_are_coloured_by_the_span_of_days_of_their_burst(lead: FlaskClient, town: Region) -> None:
    with town.turn(PLANNER, now=NOON) as turn:
        event = BurstsSet(at=turn.now, first_day=NOON.date(), people=20, zones=2, days=19, bound_days=19, digest="d")
        number = audit.append(turn, event)
        for zone, starts, days in (("ZA", "2026-03-02", 9), ("ZB", "2026-03-11", 10)):
            turn.connection.execute(
                "INSERT INTO burst VALUES (?, ?, ?, ?, ?, 10, 100.0, '', '[]', '')", (number, zone, zone, starts, days)
            )
    burst = frame(lead).burst
    assert (burst[key_of(town, "R00")], burst[key_of(town, "R07")]) == (1, 2)
    page = words(lead, "/map")
    assert "Mon 2 Mar – 9 days, 1 zone" in page
    assert "in no burst" in page


def test_what_a_plan_changes_is_a_colour_for_each_street(lead: FlaskClient, town: Region) -> None:
    body = lead.get(f"/changes.bin?plan={PLAN}&against=claims").data
    assert body.count(1) + body.count(2) + body.count(3) == 75
    assert body[key_of(town, "R00")] == 1
    page = words(lead, f"/map?plan={PLAN}")
    assert "goes to another crew" in page
    assert lead.get("/changes.bin").status_code == 404


def listed(client: FlaskClient, **wish: str) -> list[str]:
    page = client.get("/map/streets", query_string=wish, headers=HERE).text
    return [part.split('">')[0] for part in page.split("/streets/")[1:] if not part.startswith("?")]


def test_the_table_beside_the_map_sorts_with_the_unknown_last_either_way(lead: FlaskClient, town: Region) -> None:
    shares = dict(town.reader().execute("SELECT place, share FROM estimate WHERE noun = 'street'"))
    for down in ("", "1"):
        order = [shares[street] for page in "12345" for street in listed(lead, sort="aware", down=down, page=page)]
        known = [share for share in order if share is not None]
        assert len(order) == 113
        assert known == sorted(known, reverse=bool(down))
        assert order[: len(known)] == known
    assert lead.get("/map/streets", query_string={"sort": "; DROP TABLE street"}).status_code == 422
    assert listed(lead, page="99") == listed(lead, page="5")  # the last one


@pytest.mark.parametrize(
    ("wish", "condition"),
    [
        ({"state": "claimed"}, "state = 'claimed'"), ({"measured": "no"}, "share IS NULL"),
        ({"measured": "yes", "q": "解放"}, "share IS NOT NULL AND label LIKE '%解放%'"), ({"q": "%"}, "0"),
        ({"crew": "C4", "state": "free"}, "street IN (SELECT street_id FROM assignment WHERE crew_id = 'C4') AND state = 'free'"),
    ],
)  # fmt: skip
def test_the_table_is_filtered(lead: FlaskClient, town: Region, wish: dict[str, str], condition: str) -> None:
    found = {street for page in "12345" for street in listed(lead, page=page, **wish)}
    rows = town.reader().execute(f"SELECT street FROM street_status WHERE {condition}")
    assert found == {row[0] for row in rows}


def test_the_whole_page_holds_the_table_without_a_script(lead: FlaskClient) -> None:
    page = lead.get("/map?sort=people&down=1", headers=HERE).text
    assert 'aria-sort="descending"' in page
    assert page.count("<tr data-key=") == 25
    assert "page=2" in page
    assert "unknown" in page


def test_a_triangle_tells_its_tests_streets_and_decision(lead: FlaskClient, town: Region) -> None:
    with town.turn(PLANNER, now=NOON) as turn:
        turn.connection.execute(
            "INSERT INTO measurement (id, triangle_id, opened_at, closes_at, rule, try, phase, blind, given) VALUES"
            " ('m', 'T00A', '2026-03-02T01:00:00.000000Z', '2026-03-02T03:00:00.000000Z', 'r50', 1, 'unknown', 0, 0)"
        )
        turn.connection.execute(
            "INSERT INTO tally (measurement_id, answers, spread_at, left_out, last_asked_at, undecided)"
            " VALUES ('m', '0010', 2, '[]', '2026-03-02T02:00:00.000000Z', 1)"
        )
    key = town.reader().execute("SELECT fid FROM triangle WHERE id = 'T00A'").fetchone()[0]
    page = words(lead, f"/triangles/at/{key}")
    assert "no decision yet" in page
    assert "1 of 4 know" in page
    assert "113 streets" in page
    alone = lead.get(f"/triangles/at/{key}?part=facts", headers=HERE).text
    assert alone.lstrip().startswith("<article")
    assert lead.get("/triangles/at/9999").status_code == 404


def test_layers_are_given_out_as_geojson_and_geopackage(lead: FlaskClient) -> None:
    answer = lead.get("/map/export/streets.geojson")
    assert answer.mimetype == "application/geo+json"
    assert len(json.loads(answer.data)["features"]) == 113
    assert lead.get("/map/export/streets.gpkg").data.startswith(b"SQLite format 3")
    assert "attachment" in answer.headers["Content-Disposition"]
    assert lead.get("/map/export/streets.exe").status_code == 422
    assert lead.get("/map/export/accounts.gpkg").status_code == 422
