"""The lead's morning through forms: what stands on the first page, taking back, granting, deciding, trusting."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from fieldops.actions.backcheck import quarantine_surveys
from fieldops.actions.claims import make_claim
from fieldops.actions.jobs import list_jobs
from fieldops.actions.plans import publish_plan
from fieldops.actions.surveys import record_surveys
from fieldops.actions.today import forecast_claims, read_today
from fieldops.awareness import confidence_interval
from fieldops.events import BurstsSet
from fieldops.ids import CrewId, MeasurementId, StreetId
from fieldops.people import Role
from fieldops.store import audit
from fieldops.store.claims import claims_in_force, claims_of_street
from fieldops.store.connect import Region
from fieldops.worker import Worker
from tests.accounts import PLAIN_COOKIE, session_of
from tests.conftest import NOON, PLANNER
from tests.desk_town import PLAN, make_desk_town
from tests.web.test_desk import text_of
from web.app import create_app
from web.paging import A_PAGE, pages_of
from web.settings import Settings

HERE = {"Origin": "http://localhost", "Accept-Language": "en"}


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Region]:
    """A planned town of its own, in which four crews hold a street each since NOON."""
    region = make_desk_town(tmp_path / "region.gpkg")
    yield region
    region.close()


@pytest.fixture
def lead(town: Region) -> FlaskClient:
    client = create_app(Settings(town.path)).test_client()
    client.set_cookie(PLAIN_COOKIE, session_of(town.path, Role.LEAD))
    return client


def words(client: FlaskClient, path: str) -> str:
    answer = client.get(path, headers=HERE)
    assert answer.status_code == 200, path
    return text_of(answer.text)


def pass_time(town: Region, hours: float) -> None:
    """Let the sandbox's time go on: its present is its last event."""
    with town.turn(PLANNER, now=NOON + timedelta(hours=hours)) as turn:
        turn.connection.execute("INSERT INTO promoter VALUES (?, 'C0', NULL, NULL)", (f"later{hours}",))
        from fieldops.events import RowsImported
        from fieldops.store import audit

        audit.append(
            turn, RowsImported(at=turn.now, noun="promoters", added=1, updated=0, unchanged=0, rejected=0, digest="d")
        )


def test_today_counts_what_the_lists_behind_its_numbers_hold(lead: FlaskClient, town: Region) -> None:
    seen = words(lead, "/today")
    assert "Claimed 4 by 4 crews" in seen
    assert "Saturated 0" in seen
    assert "Free 109" in seen
    assert "Crews idle 1 5 people without a street" in seen
    assert "End within 24 hours 0" in seen
    assert words(lead, "/claims?within=all").count("Take the street back") == 4
    assert "Nothing ends in this time." in words(lead, "/claims")
    assert lead.get("/streets?state=claimed").text.count('scope="row"') == 4
    assert lead.get("/streets?state=free&page=5").text.count('scope="row"') == 9


def test_the_queue_shows_what_ends_within_a_day_from_that_moment_on(lead: FlaskClient, town: Region) -> None:
    pass_time(town, 6 * 24 - 0.1)
    assert "0 claims" in words(lead, "/claims")
    pass_time(town, 6 * 24)
    seen = words(lead, "/claims")
    assert "4 claims" in seen
    assert "24 hours" in seen
    assert "End within 24 hours 4" in words(lead, "/today")


def test_taking_a_street_back_frees_it_and_says_why_in_the_record(lead: FlaskClient, town: Region) -> None:
    claim = claims_in_force(town.reader(), NOON)[0]
    done = lead.post(f"/claims/{claim.id}/end", data={"why": "crew_shrank", "back": "/claims?within=all"}, headers=HERE)
    assert done.status_code == 303
    assert done.headers["Location"] == "/claims?within=all"
    seen = words(lead, "/claims?within=all")
    assert "The claim has ended; the street is free." in seen
    assert "3 claims" in seen
    assert "taken back" in seen
    kept = claims_of_street(town.reader(), claim.street)[0]
    assert (kept.outcome, kept.reason) == ("revoked", "crew_shrank")
    assert (
        town.reader().execute("SELECT actor FROM event ORDER BY seq DESC LIMIT 1").fetchone()[0].startswith("account:")
    )
    again = lead.post(f"/claims/{claim.id}/end", data={"why": "crew_shrank"}, headers=HERE)
    assert again.status_code == 409
    assert "ended already, at" in again.text


def test_a_street_is_taken_back_with_a_reason_only(lead: FlaskClient, town: Region) -> None:
    claim = claims_in_force(town.reader(), NOON)[0]
    assert lead.post(f"/claims/{claim.id}/end", data={"why": ""}, headers=HERE).status_code == 422
    assert len(claims_in_force(town.reader(), NOON)) == 4


def test_granting_goes_through_the_one_door_and_a_refusal_names_holder_and_end(lead: FlaskClient, town: Region) -> None:
    done = lead.post("/claims", data={"street": "R20", "crew": "C4", "back": "/streets/R20"}, headers=HERE)
    assert done.status_code == 303
    assert "戊组 holds the street now." in words(lead, "/streets/R20")
    refused = lead.post("/claims", data={"street": "R20", "crew": "C3", "back": "/streets/R20"}, headers=HERE)
    assert refused.status_code == 409
    seen = text_of(refused.text)
    assert "is claimed by 戊组 until Mon 9 Mar, 12:00" in seen
    assert "take the claim back, with a reason" in seen
    assert 'href="/streets/R20"' in refused.text
    told = lead.post(
        "/claims", data={"street": "R20", "crew": "C3"}, headers={**HERE, "Accept": "application/json"}
    ).json  # fmt: skip
    assert told["error"]["kind"] == "StreetAlreadyClaimed"
    assert told["error"]["facts"]["holder"] == "C4"
    assert told["error"]["facts"]["held_until"] == "2026-03-09T04:00:00.000000Z"
    assert lead.post("/claims", data={"street": "none", "crew": "C3"}, headers=HERE).status_code == 404


def test_a_crew_that_let_a_street_go_goes_on_when_the_lead_lifts_its_cool_down(lead: FlaskClient, town: Region) -> None:
    claim = claims_in_force(town.reader(), NOON)[0]
    pass_time(town, 7 * 24)
    assert "forfeited" in words(lead, "/claims")
    form = {"street": claim.street, "crew": claim.crew}
    assert lead.post("/claims", data=form, headers=HERE).status_code == 409
    done = lead.post("/claims/override", data={**form, "why": "nearly_done", "again": "1"}, headers=HERE)
    assert done.status_code == 303
    assert [one.street for one in claims_in_force(town.reader(), NOON + timedelta(days=7))] == [claim.street]


def surveys(street: str, knows: int, asked: int) -> list[tuple[int, dict[str, str]]]:
    """Answers of two promoters at two corners, a minute apart."""
    rows = []
    for i in range(asked):
        at = NOON + timedelta(minutes=i * 5)
        rows.append((i + 2, {
            "survey_id": f"{street}{i}", "asked_at": at.isoformat(), "street": street, "promoter": f"P{i % 2}",
            "answer": "knows" if i < knows else "does_not_know", "measurement": f"M{street}", "cluster": "AB"[i % 2],
        }))  # fmt: skip
    return rows


def test_running_the_tests_moves_crews_on_and_says_where(lead: FlaskClient, town: Region) -> None:
    with town.turn(PLANNER, now=NOON) as turn:
        turn.connection.executemany("INSERT INTO promoter VALUES (?, 'C0', NULL, NULL)", [("P0",), ("P1",)])
    held = claims_in_force(town.reader(), NOON)[0]
    record_surveys(town, PLANNER, surveys(held.street, 12, 20), now=NOON + timedelta(hours=2))
    assert "1 place measured, not decided" in words(lead, "/today").replace("  ", " ")
    assert "1 place has surveys that no test has looked at" in words(lead, "/move-on")
    ran = lead.post("/move-on", headers=HERE)
    assert ran.status_code == 200
    seen = text_of(ran.text)
    assert "1 place decided" in seen
    assert "every survey has been looked at" in seen
    assert re.search(r"甲组 : \S+ \S+", seen)
    assert claims_of_street(town.reader(), held.street)[0].outcome == "saturated"
    assert "Saturated 1" in words(lead, "/today")
    assert "is saturated" in words(lead, "/today")
    listed = words(lead, "/move-on?verdict=move_on")
    assert "12 of 20" in listed or "of 10" in listed


def test_every_share_of_a_measured_place_has_its_interval_with_and_without_those_in_quarantine(
    lead: FlaskClient, town: Region
) -> None:
    with town.turn(PLANNER, now=NOON) as turn:
        turn.connection.executemany("INSERT INTO promoter VALUES (?, 'C0', NULL, NULL)", [("P0",), ("P1",)])
    street = claims_in_force(town.reader(), NOON)[0].street
    record_surveys(town, PLANNER, surveys(street, 3, 20), now=NOON + timedelta(hours=2))
    shown = re.search(r"3 of 20 \(([\d.]+)%–([\d.]+)%\)", seen := words(lead, "/move-on"))
    assert shown
    assert [float(end) / 100 for end in shown.groups()] == pytest.approx(confidence_interval(3, 20, 0.2), abs=6e-4)
    assert "in quarantine" not in seen
    quarantine_surveys(town, PLANNER, reason="suspect", measurement=MeasurementId(f"M{street}"))
    assert "0 of 0 (0%–100%)" in words(lead, "/move-on")
    assert shown.group() in words(lead, "/move-on?quarantined=1")


def test_a_connection_point_to_be_asked_again_is_called_by_its_street(lead: FlaskClient, town: Region) -> None:
    with town.turn(PLANNER, now=NOON) as turn:
        turn.connection.executemany("INSERT INTO promoter VALUES (?, 'C0', NULL, NULL)", [("P0",), ("P1",)])
    point = town.reader().execute("SELECT min(triangle_id) FROM street").fetchone()[0]
    asked = [(row, {**one, "street": "", "triangle": point}) for row, one in surveys(point, 12, 20)]
    record_surveys(town, PLANNER, asked, now=NOON + timedelta(hours=2))
    lead.post("/move-on", headers=HERE)
    lead.post("/trust/back-checks", headers=HERE)
    seen = words(lead, "/trust")
    assert "Triangle at" in seen
    assert point not in seen


def test_a_comparison_stays_in_sight_when_its_test_goes_into_quarantine(lead: FlaskClient, town: Region) -> None:
    with town.turn(PLANNER, now=NOON) as turn:
        turn.connection.executemany("INSERT INTO promoter VALUES (?, 'C0', NULL, NULL)", [("P0",), ("P1",)])
    street = claims_in_force(town.reader(), NOON)[0].street
    record_surveys(town, PLANNER, surveys(street, 12, 20), now=NOON + timedelta(hours=2))
    again = [
        (
            row,
            {
                **one,
                "survey_id": f"v{row}",
                "answer": "does_not_know",
                "measurement": "V",
                "back_check_of": f"M{street}",
            },
        )
        for row, one in surveys(street, 0, 12)
    ]
    record_surveys(town, PLANNER, again, now=NOON + timedelta(hours=2))
    form = {"measurement": f"M{street}", "why": "contradicted"}
    assert "Count this measurement in no decision" in words(lead, "/trust")
    lead.post("/trust/quarantine", data=form, headers=HERE)
    seen = words(lead, "/trust")
    assert f"M{street}" not in seen  # neither in the reasons nor in the quarantine: people know the street by its name
    assert "12 of 20" in seen
    assert "Count this measurement in no decision" not in seen
    assert "in quarantine" in seen


def test_the_tests_show_what_they_would_decide_before_anything_is_decided(lead: FlaskClient, town: Region) -> None:
    with town.turn(PLANNER, now=NOON) as turn:
        turn.connection.executemany("INSERT INTO promoter VALUES (?, 'C0', NULL, NULL)", [("P0",), ("P1",)])
    held = claims_in_force(town.reader(), NOON)[0]
    record_surveys(town, PLANNER, surveys(held.street, 12, 20), now=NOON + timedelta(hours=2))
    before = town.reader().execute("SELECT max(seq) FROM event").fetchone()[0]
    shown = text_of(lead.post("/move-on/preview", headers=HERE).text)
    assert "Only shown: nothing is decided yet." in shown
    assert "1 place would be decided" in shown
    assert "甲组 : " in shown
    assert town.reader().execute("SELECT max(seq) FROM event").fetchone()[0] == before
    assert len(claims_in_force(town.reader(), NOON)) == 4
    done = text_of(lead.post("/move-on", headers=HERE).text)
    assert "1 place decided" in done
    assert len(claims_in_force(town.reader(), NOON + timedelta(hours=2))) == 3


def test_the_end_of_the_burst_is_forecast_from_its_claims_hours_and_record(lead: FlaskClient, town: Region) -> None:
    with town.turn(PLANNER, now=NOON) as turn:
        event = BurstsSet(at=turn.now, first_day=NOON.date(), people=20, zones=1, days=9, bound_days=9, digest="d")
        number = audit.append(turn, event)
        turn.connection.execute(
            "INSERT INTO burst VALUES (?, 'ZA', 'ZA', '2026-03-02', 9, 10, 100.0, '', '[]', '')", (number,)
        )
    page = words(lead, "/today")
    whole = town.reader().execute("SELECT count(*) FROM street WHERE zone_id = 'ZA'").fetchone()[0]
    assert f"of {whole} streets of the burst will be saturated at its end" in page
    assert "4 are claimed" in page
    assert "claims have kept 100% of what their plan promised" in page


def test_reasons_to_look_closer_are_said_in_the_readers_language(lead: FlaskClient, town: Region) -> None:
    with town.turn(PLANNER, now=NOON) as turn:
        turn.connection.executemany("INSERT INTO promoter VALUES (?, 'C0', NULL, NULL)", [("P0",), ("P1",)])
    record_surveys(town, PLANNER, surveys("R10", 3, 20), now=NOON + timedelta(hours=2))
    for language, said in (
        ("zh-CN", "拦访间隔过于整齐（测试 1 次）"),
        ("en", "asked at even intervals (tests: 1)"),
    ):
        page = lead.get("/trust", headers={"Accept-Language": language}).text
        assert page.count(said) == 2


def test_a_quarantine_takes_surveys_out_and_lifting_it_brings_them_back(lead: FlaskClient, town: Region) -> None:
    with town.turn(PLANNER, now=NOON) as turn:
        turn.connection.executemany("INSERT INTO promoter VALUES (?, 'C0', NULL, NULL)", [("P0",), ("P1",)])
    record_surveys(town, PLANNER, surveys("R10", 3, 20), now=NOON + timedelta(hours=2))
    done = lead.post("/trust/quarantine", data={"promoter": "P0", "why": "suspect"}, headers=HERE)
    assert done.status_code == 303
    assert "10 surveys are in quarantine." in words(lead, "/trust")
    listed = lead.get("/trust", headers={"Accept-Language": "zh-CN"}).text.partition('id="quarantines"')[2]
    assert "回答像是编的" in listed
    assert "suspect" not in listed.partition("</table>")[0]  # a code is for the record
    page = lead.get("/trust").text
    order = re.search(r"/trust/quarantine/(\d+)/lift", page)
    assert order is not None
    lead.post(f"/trust/quarantine/{order[1]}/lift", headers=HERE)
    assert "10 surveys count again." in words(lead, "/trust")
    assert lead.post("/trust/quarantine", data={"promoter": "P9", "why": "suspect"}, headers=HERE).status_code == 404


def test_back_checks_are_ordered_and_listed(lead: FlaskClient, town: Region) -> None:
    assert lead.post("/trust/back-checks", headers=HERE).status_code == 303
    assert "0 back-checks ordered." in words(lead, "/trust")


def test_long_lists_of_trust_are_turned_and_say_how_many_there_are(lead: FlaskClient, town: Region) -> None:
    """Every list of the page at once: suspects, back-checks found and ordered, streets asked again, quarantines."""
    count = A_PAGE + 2
    with town.turn(PLANNER, now=NOON) as turn:
        names = [(f"P{i}",) for i in range(2 * count)]
        turn.connection.executemany("INSERT INTO promoter VALUES (?, 'C0', NULL, NULL)", names)
    streets = [row[0] for row in town.reader().execute("SELECT id FROM street ORDER BY id LIMIT ?", (count,))]
    for i, street in enumerate(streets):
        rows = [
            (row, {**one, "survey_id": f"{street}-{row}", "promoter": f"P{2 * i + row % 2}"})
            for row, one in surveys(street, 3, 20)
        ]
        assert record_surveys(town, PLANNER, rows, now=NOON + timedelta(hours=2)).added == 20
    for street in streets:
        done = quarantine_surveys(
            town, PLANNER, reason="suspect", measurement=MeasurementId(f"M{street}"), now=NOON + timedelta(hours=2)
        )
        assert done.surveys == 20
    page = "suspects", 'name="promoter" value="(P\\d+)"', 2 * count
    for name, row, whole in (page, ("quarantines", r"/trust/quarantine/(\d+)/lift", count)):
        seen, pages = list[str](), pages_of(whole)
        for number in range(1, pages + 1):
            text = lead.get(f"/trust?{name}={number}", headers=HERE).text
            rows = re.findall(row, text)
            assert len(rows) == min(A_PAGE, whole - (number - 1) * A_PAGE), name
            assert f"of {whole} · page {number} of {pages}" in text_of(text)
            seen += rows
        assert len(set(seen)) == whole
    both = words(lead, "/trust?suspects=2&quarantines=2")
    assert "26–50 of 54 · page 2 of 3" in both
    assert "26–27 of 27 · page 2 of 2" in both
    assert lead.get("/trust?suspects=x", headers=HERE).status_code == 422


def test_finished_streets_to_ask_again_are_chosen_once_a_day_and_what_was_found_is_told_by_place(
    lead: FlaskClient, town: Region
) -> None:
    with town.turn(PLANNER, now=NOON) as turn:
        turn.connection.executemany(
            "INSERT INTO promoter VALUES (?, ?, NULL, NULL)", [("P0", "C0"), ("P1", "C0"), ("V0", "C1"), ("V1", "C1")]
        )
    lead.post("/trust/sentinels", headers=HERE)
    assert "0 finished streets are asked again today." in words(lead, "/trust")
    assert "Choose today's streets" in words(lead, "/trust")
    held = claims_in_force(town.reader(), NOON)[0]
    record_surveys(town, PLANNER, surveys(held.street, 12, 20), now=NOON + timedelta(hours=2))
    lead.post("/move-on", headers=HERE)
    assert lead.post("/trust/sentinels", headers=HERE).status_code == 303
    seen = words(lead, "/trust")
    assert "1 finished street is asked again today." in seen
    assert re.search(r"asked again today Street Crew that asks again Done 解放东路1段 (乙|丙|丁|戊)组 waits", seen)
    assert "Choose today's streets" not in seen
    lead.post("/trust/back-checks", headers=HERE)
    again = [
        (row, {**one, "survey_id": f"again{row}", "promoter": f"V{row % 2}", "measurement": "again", "answer": "does_not_know",
               "back_check_of": f"M{held.street}"})
        for row, one in surveys(held.street, 0, 20)
    ]  # fmt: skip
    assert record_surveys(town, PLANNER, again, now=NOON + timedelta(hours=3)).added == 20
    assert "解放东路1段 12 of 20 0 of 20 < 0.01%" in words(lead, "/trust")  # never "0 %"


def test_notices_are_made_once_and_listed_by_crew(lead: FlaskClient, town: Region) -> None:
    pass_time(town, 7 * 24 - 47)
    assert "4 reminders are due" in words(lead, "/notices")
    assert lead.post("/notices", headers=HERE).status_code == 303
    seen = words(lead, "/notices")
    assert "4 notices made" in seen
    assert "nothing is due" in seen
    assert words(lead, "/notices?crew=C1").count("48 hours before") == 1


def test_an_act_that_the_role_does_not_include_is_neither_offered_nor_done(town: Region) -> None:
    auditor = create_app(Settings(town.path)).test_client()
    auditor.set_cookie(PLAIN_COOKIE, session_of(town.path, Role.AUDITOR))
    assert "Take the street back" not in words(auditor, "/claims?within=all")
    claim = claims_in_force(town.reader(), NOON)[0]
    assert auditor.post(f"/claims/{claim.id}/end", data={"why": "x"}, headers=HERE).status_code == 403
    assert len(claims_in_force(town.reader(), NOON)) == 4


def test_the_forecast_is_the_sum_of_the_plans_probabilities_and_unknown_without_any() -> None:
    assert forecast_claims([]) is None
    sure = forecast_claims([[1.0]] * 5 + [[0.0]] * 5)
    assert sure is not None
    assert (sure.claims, sure.expected, sure.low, sure.high) == (10, 5.0, 5, 5)
    coin = forecast_claims([[0.5]] * 100)
    assert coin is not None
    assert (coin.low, coin.high) == (44, 56)  # 50 ± 1.2816 x 5


def test_the_forecast_of_a_published_plan_counts_a_crew_s_streets_of_one_triangle_as_one_decision(town: Region) -> None:
    publish_plan(town, PLANNER, PLAN, best_effort=True, now=NOON)
    found = read_today(town, PLANNER).forecast
    chances = [row[0] for row in town.reader().execute(
        "SELECT a.finish_probability FROM claim AS k JOIN assignment AS a ON a.plan_id = k.plan_id AND a.street_id = k.street_id"
    )]  # fmt: skip
    alone = forecast_claims([[chance] for chance in chances])
    assert found is not None
    assert alone is not None
    assert (found.claims, found.expected) == (alone.claims, pytest.approx(alone.expected))
    assert found.high - found.low > alone.high - alone.low


def test_a_claim_made_elsewhere_shows_at_once(lead: FlaskClient, town: Region) -> None:
    make_claim(town, PLANNER, street=StreetId("R30"), crew=CrewId("C4"), now=NOON)
    assert "Claimed 5" in words(lead, "/today")
    assert "Every crew holds a street." in words(lead, "/today")


def test_a_plan_is_published_from_its_page_and_compared_with_the_claims(lead: FlaskClient, town: Region) -> None:
    page = words(lead, "/plan/plan1")
    assert "Only 30 answers at 2 of 40 triangles so far" in page
    assert "Streets given 75" in page
    assert "Proven gap 0.33%" in page
    assert "4 streets stay with their crews." not in page  # C0 holds R00 by chance only
    refused = lead.post("/plan/plan1/publish", headers=HERE)
    assert refused.status_code == 409
    assert "The plan cannot be published as it is" in text_of(refused.text)
    assert len(claims_in_force(town.reader(), NOON)) == 4
    done = lead.post("/plan/plan1/publish", data={"best_effort": "1"}, headers=HERE)
    assert done.status_code == 303
    seen = words(lead, "/plan/plan1")
    assert "streets are claimed now" in seen
    assert "published" in seen
    assert len(claims_in_force(town.reader(), NOON)) == 75
    assert lead.post("/plan/plan1/publish", headers=HERE).status_code == 409
    assert lead.get("/plan/none").status_code == 404
    assert words(lead, "/plan/plan1?against=plan1").count("75 streets stay with their crews.") == 1


def test_a_plan_says_how_many_hours_are_kept_so_that_crews_finish(lead: FlaskClient, town: Region) -> None:
    assert "Hours kept in reserve 188 so that crews finish with 80%" in words(lead, "/plan/plan1")
    chinese = text_of(lead.get("/plan/plan1", headers={"Accept-Language": "zh-CN"}).text)
    assert "备用工时 188 使各组有 80% 的把握推完" in chinese
    assert "Hours kept in reserve 188 188 +0" in words(lead, "/plan/plan1?against=plan1")
    assert "862 of 1,050 188 in reserve" in words(lead, "/what-if")
    assert "1,050 中的 862 备用 188" in text_of(lead.get("/what-if", headers={"Accept-Language": "zh-CN"}).text)
    with town.turn(PLANNER, now=NOON) as turn:  # a plan of before says nothing of it
        turn.connection.execute("UPDATE plan SET figures = json_remove(figures, '$.hours_kept')")
    for path in ("/plan/plan1", "/what-if"):
        assert "in reserve" not in words(lead, path), path


def test_a_plan_is_ordered_as_a_job_followed_and_cancelled(lead: FlaskClient, town: Region) -> None:
    ordered = lead.post("/plan", data={"start": "2026-03-03T08:00", "seconds": "5", "seed": "7"}, headers=HERE)
    assert ordered.status_code == 303
    address = ordered.headers["Location"]
    assert "No worker is running" in words(lead, address)
    now = lead.get(f"{address}.json").json
    assert (now["state"], now["ended"]) == ("waiting", False)
    assert "a plan is being made" in words(lead, "/plan")
    waiting = list_jobs(town.path, PLANNER)[0]
    assert waiting.parameters == {
        "start": "2026-03-03T00:00:00+00:00", "time_limit": 5.0, "seed": 7, "now": "2026-03-02T04:00:00+00:00",
    }  # fmt: skip
    assert lead.post(f"{address}/cancel", headers=HERE).status_code == 303
    assert lead.get(f"{address}.json").json["state"] == "stopped"
    for wrong in ({"start": "tomorrow"}, {"seconds": "0"}, {"seconds": "9999"}, {"seed": "-1"}, {"seed": "x"}):
        assert lead.post("/plan", data=wrong, headers=HERE).status_code == 422, wrong


def test_a_street_tells_its_story_and_offers_what_may_be_done(lead: FlaskClient, town: Region) -> None:
    with town.turn(PLANNER, now=NOON) as turn:
        turn.connection.executemany("INSERT INTO promoter VALUES (?, 'C0', NULL, NULL)", [("P0",), ("P1",)])
    held = claims_in_force(town.reader(), NOON)[0]
    record_surveys(town, PLANNER, surveys(held.street, 12, 20), now=NOON + timedelta(hours=2))
    page = words(lead, f"/streets/{held.street}")
    assert "measured: 1" in page
    assert "claimed the street" in page
    assert "Take the street back" in page
    assert "Claim for seven days" not in page
    lead.post("/move-on", headers=HERE)
    after = words(lead, f"/streets/{held.street}")
    assert "saturated" in after
    assert "own test" in after
    assert "Claim for seven days" in words(lead, "/streets/R30")
    alone = lead.get("/streets/at/1?part=facts", headers=HERE).text
    assert 'name="back" value="/map?' in alone or "The whole story" in alone


def test_streets_are_found_by_pinyin_and_initials(lead: FlaskClient) -> None:
    for asked in ("jiefangdonglu", "jfdl", "JieFang dong"):
        found = {row["label"] for row in lead.get("/streets.json", query_string={"q": asked}).json}
        assert found
        assert all("解放东路" in label for label in found), asked
    assert lead.get("/streets.json", query_string={"q": "xingfu"}).json


def test_a_street_is_changed_as_a_job_that_the_worker_does(lead: FlaskClient, town: Region) -> None:
    ordered = lead.post("/streets/R30/edit", data={"kind": "rename", "value": "新街"}, headers=HERE)
    assert ordered.status_code == 303
    lead.post("/streets/R00/edit", data={"kind": "close"}, headers=HERE)
    Worker(town.path, lambda _: None).run(once=True)
    assert "新街" in words(lead, "/streets/R30")
    assert "renamed" in words(lead, "/streets/R30")
    jobs = list_jobs(town.path, PLANNER)
    assert {job.kind: job.state for job in jobs[1:]} == {"edit": "done"}
    refused = jobs[0]  # R00 is claimed: it may not be closed under its claim
    assert refused.state == "failed"
    assert "Nothing came of it" in words(lead, f"/plan/jobs/{refused.id}")
    assert "cannot be changed while 甲组 holds it until 9 Mar 12:00" in words(lead, f"/plan/jobs/{refused.id}")
    for wrong in ({"kind": "split"}, {}):
        assert lead.post("/streets/R30/edit", data=wrong, headers=HERE).status_code == 422
    assert lead.post("/streets/none/edit", data={"kind": "close"}, headers=HERE).status_code == 404


def test_bursts_are_ordered_as_a_job_and_stand_on_the_timeline_and_on_today(lead: FlaskClient, town: Region) -> None:
    assert "No burst is set" in words(lead, "/bursts")
    ordered = lead.post("/bursts", data={"people": "1000", "start": "2026-03-02"}, headers=HERE)
    assert ordered.status_code == 303
    Worker(town.path, lambda _: None).run(once=True)
    job = list_jobs(town.path, PLANNER)[0]
    assert (job.state, job.problem) == ("done", "")
    seen = words(lead, "/bursts")
    assert "Set for 1,000 people from Mon 2 Mar" in seen
    assert "片区 A" in seen
    assert "Day 1 of" in words(lead, "/today")
    for wrong in ({"people": "0"}, {"people": "x"}, {"people": "5", "start": "soon"}):
        assert lead.post("/bursts", data=wrong, headers=HERE).status_code == 422
    assert "5 crews" in words(lead, "/people")
