"""Settings, accounts and files through pages: consequences before saving, links shown once, row errors on the screen."""

import csv
import io
import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from openpyxl import Workbook, load_workbook

from fieldops.actions.accounts import list_accounts
from fieldops.actions.files import EXPORTS
from fieldops.people import Role
from fieldops.recruiting.consent import FIRST_TEXT
from fieldops.store.connect import Region, read_rules
from tests.accounts import PLAIN_COOKIE, session_of
from tests.conftest import PLANNER
from tests.desk_town import make_desk_town
from tests.recruits import phone
from tests.web.test_desk import text_of
from tests.web.test_operation import HERE, words
from web.app import create_app
from web.settings import Settings


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Region]:
    region = make_desk_town(tmp_path_factory.mktemp("office") / "region.gpkg")
    yield region
    region.close()


@pytest.fixture
def planner(town: Region) -> FlaskClient:
    client = create_app(Settings(town.path)).test_client()
    client.set_cookie(PLAIN_COOKIE, session_of(town.path, Role.PLANNER))
    return client


def test_a_change_of_the_rules_shows_its_consequences_before_it_is_saved(planner: FlaskClient, town: Region) -> None:
    form = {"claims_per_crew": "1", "first_reminder": "8d", "move_on_rule": "two_of_ten", "cool_down": "7d"}
    shown = planner.post("/settings/preview", data=form, headers=HERE)
    assert shown.status_code == 200
    seen = text_of(shown.text)
    assert "Claims of a crew at most : 40 1" in seen
    assert "0 crews hold more than that now" in seen
    assert "4 claims are due for it at once" in seen
    assert "26.4%" in seen  # 2 of 10 moves on that often where one in ten know
    assert "A crew that let a street go waits : 7d" not in seen
    assert read_rules(town.reader()).claims_per_crew == 40
    assert planner.post("/settings", data={**form, "why": ""}, headers=HERE).status_code == 422
    assert planner.post("/settings", data={**form, "why": "pilot"}, headers=HERE).status_code == 303
    assert "3 settings have new values." in words(planner, "/settings")
    assert read_rules(town.reader()).claims_per_crew == 1
    planner.post(
        "/settings",
        data={"claims_per_crew": "default", "first_reminder": "48h", "move_on_rule": "r50", "why": "back"},
        headers=HERE,
    )


def test_a_page_of_settings_that_was_open_while_somebody_else_changed_them_overwrites_nothing(
    planner: FlaskClient, town: Region
) -> None:
    old = {"was.claims_per_crew": "40", "claims_per_crew": "40", "was.cool_down": "7d", "cool_down": "7d"}
    assert 'name="was.claims_per_crew" value="40"' in planner.get("/settings", headers=HERE).text
    planner.post("/settings", data={"claims_per_crew": "30", "why": "pilot"}, headers=HERE)
    planner.post("/settings", data={**old, "cool_down": "5d", "why": "pilot"}, headers=HERE)
    assert read_rules(town.reader()).claims_per_crew == 30  # nobody touched it on the old page
    assert read_rules(town.reader()).cool_down == timedelta(days=5)
    for way in ("/settings", "/settings/preview"):
        refused = planner.post(way, data={**old, "claims_per_crew": "20", "why": "pilot"}, headers=HERE)
        assert refused.status_code == 422
        assert "it was changed from 40 to 30 since this page was opened" in text_of(refused.text)
    assert read_rules(town.reader()).claims_per_crew == 30
    planner.post("/settings", data={"claims_per_crew": "default", "cool_down": "default", "why": "back"}, headers=HERE)


@pytest.mark.parametrize("wrong", [{"target_share": "2"}, {"claim_duration": "long"}, {"move_on_rule": "none"}])
def test_a_setting_outside_its_range_is_refused_before_anything_is_shown(
    planner: FlaskClient, wrong: dict[str, str]
) -> None:
    assert planner.post("/settings/preview", data=wrong, headers=HERE).status_code == 422


def test_a_card_for_other_errors_is_shown_with_its_worth(planner: FlaskClient) -> None:
    seen = words(planner, "/settings/card?p0=0.12&p1=0.28&alpha=0.05&beta=0.05")
    assert "asked for: moves on" in seen
    wrong = re.search(r"Wrongly on ([\d.]+)% where 12% know; wrongly stay ([\d.]+)% where 28% know", seen)
    assert wrong is not None
    assert float(wrong[1]) <= 5.0
    assert float(wrong[2]) <= 5.0
    assert planner.get("/settings/card?p0=0.5&p1=0.2&alpha=0.1&beta=0.1").status_code == 422
    assert planner.get("/settings/card?p0=x&p1=0.2&alpha=0.1&beta=0.1").status_code == 422


def test_an_invitation_is_shown_once_with_its_code_and_can_be_taken_back(planner: FlaskClient, town: Region) -> None:
    made = planner.post("/accounts/invite", data={"role": "crew", "crew": "C1"}, headers=HERE)
    assert made.status_code == 200
    assert made.headers["Cache-Control"] == "no-store"
    link = re.search(r"http://localhost/enter#([\w-]{20,})", made.text)
    assert link is not None
    assert "<svg" in made.text
    page = planner.get("/accounts", headers=HERE).text
    assert link[1] not in page
    taken = re.search(r"/accounts/invitations/(\w+)/withdraw", page)
    assert taken is not None
    assert planner.post(f"/accounts/invitations/{taken[1]}/withdraw", headers=HERE).status_code == 303
    stranger = create_app(Settings(town.path)).test_client()
    assert stranger.post("/enter", data={"secret": link[1]}, headers=HERE).status_code == 401
    assert planner.post("/accounts/invite", data={"role": "crew"}, headers=HERE).status_code == 422
    assert planner.post("/accounts/invite", data={"role": "king"}, headers=HERE).status_code == 422


def test_an_account_is_disabled_and_let_in_again(planner: FlaskClient, town: Region) -> None:
    session_of(town.path, Role.AUDITOR)
    account = next(one for one in list_accounts(town, PLANNER) if one.role is Role.AUDITOR)
    assert planner.post(f"/accounts/{account.id}/disable", headers=HERE).status_code == 303
    assert "is disabled and signed out everywhere" in words(planner, "/accounts")
    assert planner.post(f"/accounts/{account.id}/enable", headers=HERE).status_code == 303
    assert "/enter#" in planner.post(f"/accounts/{account.id}/link", headers=HERE).text


def upload(client: FlaskClient, noun: str, text: str | bytes, **more: str) -> str:
    body = text.encode() if isinstance(text, str) else text
    answer = client.post(
        "/files/import", data={"noun": noun, "file": (io.BytesIO(body), "../../x.csv"), **more}, headers=HERE,
        content_type="multipart/form-data",
    )  # fmt: skip
    assert answer.status_code in (200, 404, 409, 413, 422), answer.status_code
    return f"{answer.status_code} {text_of(answer.text)}"


def test_a_table_is_taken_in_row_by_row_and_each_refused_row_says_why(planner: FlaskClient, town: Region) -> None:
    table = "promoter,crew,name\nP1,C1,小张\nP2,C9,小李\nP3,,小王\n"
    strict = upload(planner, "promoters", table, strict="1")
    assert strict.startswith("422")
    assert "Nothing was taken" in strict
    assert town.reader().execute("SELECT count(*) FROM promoter").fetchone()[0] == 0
    seen = upload(planner, "promoters", table)
    assert "1 added, 0 changed, 0 as they were, 2 refused" in seen
    assert "3 crew C9 no crew is called 'C9'" in seen
    assert "1 as they were" in upload(planner, "promoters", table.encode("gb18030"))
    for noun, text in (
        ("promoters", ""),
        ("promoters", "a,b\n1,2\n"),
        ("crews", b"\0\1\2"),
        ("crews", "promoter,crew,name\n"),
    ):
        assert upload(planner, noun, text).startswith("422"), (noun, text)
    assert upload(planner, "kings", table).startswith("404")
    assert planner.post("/files/import", data={"noun": "crews"}, headers=HERE).status_code == 422
    large = planner.post(
        "/files/import", data=bytes(20_100_000), content_type="multipart/form-data; boundary=x", headers=HERE
    )
    assert large.status_code == 413


def test_reps_and_candidates_come_in_by_a_page_and_no_candidate_without_consent(
    planner: FlaskClient, town: Region
) -> None:
    assert "No reps yet." in words(planner, "/reps")
    assert "1 added" in upload(planner, "reps", "rep,base,name\nR1,北站,赵姐\n")
    assert "No rep can sign in yet" in words(planner, "/reps")
    table = f"name,phone\n王新,{phone(1)}\n李座机,0571 8888 8888\n"
    refused = upload(planner, "candidates", table)
    assert refused.startswith("409")
    assert "There is no consent" in refused
    assert "1 added, 0 changed, 0 as they were, 1 refused" in upload(
        planner, "candidates", table, consent=FIRST_TEXT.version
    )
    book, file = Workbook(), io.BytesIO()
    for row in (["name", "phone"], ["张表", int(phone(7))], ["坏号", 12]):
        book.active.append(row)
    book.save(file)
    seen = upload(planner, "candidates", file.getvalue(), consent=FIRST_TEXT.version)
    assert "1 added, 0 changed, 0 as they were, 1 refused" in seen
    assert "3 phone" in seen  # row and column of the bad one
    assert upload(planner, "candidates", b"PK\x03\x04 no workbook", consent=FIRST_TEXT.version).startswith("422")
    own = f"name,phone,consent\n王又,{phone(2)},{FIRST_TEXT.version}\n王无,{phone(3)},\n"
    assert "1 added, 0 changed, 0 as they were, 1 refused" in upload(planner, "candidates", own)
    assert town.reader().execute("SELECT count(*) FROM candidate").fetchone()[0] == 3
    session_of(town.path, Role.REP)
    assert "Signs in as" in words(planner, "/reps")


@pytest.mark.parametrize("table", EXPORTS)
def test_every_table_goes_out_as_csv_and_xlsx_with_the_same_rows(
    planner: FlaskClient, town: Region, table: str
) -> None:
    plain = planner.get(f"/files/export/{table}.csv")
    assert plain.status_code == 200
    assert plain.headers["Content-Disposition"] == f'attachment; filename="{table}.csv"'
    rows = list(csv.reader(io.StringIO(plain.data.decode("utf-8-sig"))))
    sheet = load_workbook(io.BytesIO(planner.get(f"/files/export/{table}.xlsx").data)).active
    assert sheet is not None
    assert sheet.max_row == len(rows)
    if table in ("streets", "claims", "crews", "events"):
        assert len(rows) > 4
    assert planner.get(f"/files/export/{table}.exe").status_code == 422


def test_what_a_spreadsheet_would_calculate_goes_out_as_text(planner: FlaskClient, town: Region) -> None:
    for name in ("=1+1", "@SUM(A1)", "-2+3", "＝1"):
        upload(planner, "crews", f"crew,name,people,hours_per_day,home_lon,home_lat\nX,{name},3,6,20,10\n")
        rows = list(csv.DictReader(io.StringIO(planner.get("/files/export/crews.csv").data.decode("utf-8-sig"))))
        assert next(row["name"] for row in rows if row["crew"] == "X") in (f"'{name}", "")
    assert planner.get("/files/export/secrets.csv").status_code == 404
