"""What a crew tries that wants more than its streets for seven days: by phone, by form and by a program's key."""

from pathlib import Path

import pytest
from flask.testing import FlaskClient

from fieldops.actions.apikeys import make_key
from fieldops.actions.incidents import report_incident, settle_incident
from fieldops.clock import format_moment
from fieldops.ids import StreetId
from fieldops.people import Role
from fieldops.store.connect import Region
from fieldops.store.verify import verify
from tests.accounts import PLAIN_COOKIE, session_of
from tests.conftest import LEAD, NOON, PLANNER
from tests.phone_town import make_phone_town
from tests.phones import Phone, Told
from web.app import create_app
from web.settings import Settings

HERE = {"Origin": "http://localhost"}


@pytest.fixture
def town(tmp_path: Path) -> Region:
    return make_phone_town(tmp_path / "region.gpkg", claims=False)


def browser_of(town: Region, crew: str) -> FlaskClient:
    client = create_app(Settings(town.path)).test_client()
    client.set_cookie(PLAIN_COOKIE, session_of(town.path, Role.CREW_LEAD, crew))
    return client


def told(client: FlaskClient, *records: Told) -> list[str]:
    """Send records; return of each whether it was accepted, or why not."""
    batch = {"sent_at": format_moment(NOON), "records": list(records)}
    answers = client.post("/crew/sync.json", json=batch, headers=HERE).json["answers"]  # type: ignore[index]  # JSON is there
    return [one["reason"] or one["result"] for one in answers]


def held(town: Region) -> list[tuple[object, ...]]:
    rows = town.reader().execute(
        "SELECT street_id, crew_id, generation, outcome FROM claim ORDER BY street_id, generation"
    )
    return [tuple(row) for row in rows]


def test_a_phone_holds_no_street_longer_or_twice_by_asking_again_and_none_of_another_crew(town: Region) -> None:
    first, other, mine, theirs = browser_of(town, "C0"), browser_of(town, "C1"), Phone("C0-0", "A"), Phone("C1-0", "B")

    def wish(phone: Phone, street: str) -> Told:
        return phone.make(NOON, "claim", street=street)

    def give_up(phone: Phone, generation: int | None = None) -> Told:
        return phone.make(NOON, "withdrawal", street="S9", generation=generation)

    once = wish(mine, "S9")
    assert told(first, once) == ["accepted"]
    assert told(first, once) == ["unchanged"]
    assert told(first, wish(mine, "S9")) == ["claimed"]
    assert told(other, wish(theirs, "S9"), wish(mine, "S8"), give_up(theirs)) == [
        "claimed",
        "other_crew",
        "claim_ended",
    ]
    assert told(first, give_up(mine, 5)) == ["claim_ended"]
    assert told(first, give_up(mine, 1), wish(mine, "S9")) == ["accepted", "accepted"]  # a mistake is forgiven
    assert told(first, give_up(mine, 2), wish(mine, "S9")) == ["accepted", "cooling_down"]  # once
    assert told(other, wish(theirs, "S9")) == ["accepted"]  # others may, from the very moment it ended
    assert held(town) == [("S9", "C0", 1, "withdrawn"), ("S9", "C0", 2, "withdrawn"), ("S9", "C1", 3, None)]
    assert verify(town).violations == []


def test_a_street_that_is_closed_for_a_time_is_given_to_no_phone(town: Region) -> None:
    incident = report_incident(town, LEAD, "police", street=StreetId("S5"), now=NOON)
    settle_incident(town, LEAD, incident, "street_closed", close_days=3, now=NOON)
    assert told(browser_of(town, "C1"), Phone("C1-0", "B").make(NOON, "claim", street="S5")) == ["street_closed"]
    assert held(town) == []


def test_a_crew_claims_and_ends_nothing_for_others_by_form_or_key(town: Region) -> None:
    client = browser_of(town, "C1")
    own = {"Authorization": f"Bearer {make_key(town, PLANNER, name='own', role=Role.CREW_LEAD, crew='C1')[1]}"}
    lead = {"Authorization": f"Bearer {make_key(town, PLANNER, name='lead', role=Role.LEAD)[1]}"}
    asked = {"street": "S6", "crew": "C0"}
    for path in ("/claims", "/claims?crew=C1"):
        assert client.post(path, data=asked, headers=HERE).status_code == 403
    assert client.post("/claims", data=asked).status_code == 403  # from another site
    assert (
        client.post("/claims/override", data={**asked, "why": "appeal", "again": "1"}, headers=HERE).status_code == 403
    )
    program = create_app(Settings(town.path)).test_client()
    assert program.post("/api/claims", json=asked, headers=own).status_code == 403
    assert [program.post("/api/claims", json=asked, headers=lead).status_code for _ in range(2)] == [201, 409]
    (claim,) = town.reader().execute("SELECT id FROM claim").fetchone()
    assert program.post(f"/api/claims/{claim}/end", json={"why": "mistake"}, headers=own).status_code == 403
    assert client.post(f"/claims/{claim}/end", data={"why": "mistake"}, headers=HERE).status_code == 403
    assert held(town) == [("S6", "C0", 1, None)]
