"""Incidents reach the desk from phones without network; a lead closes a street for a time, and it opens by itself."""

from datetime import timedelta

import pytest

from fieldops.actions.awareness import save_estimates
from fieldops.actions.claims import make_claim
from fieldops.actions.incidents import list_incidents, pause_street, reopen_street, report_incident, settle_incident
from fieldops.actions.keep import verify_record
from fieldops.actions.standing import read_standing
from fieldops.errors import BadInput, Forbidden, NotFound, StreetClosed
from fieldops.ids import CrewId, StreetId
from fieldops.store.claims import claims_of_street
from fieldops.store.connect import Region
from tests.conftest import LEAD, NOON
from tests.phone_town import LAT, LON, make_phone_town
from tests.phones import Phone, crew_actor

S0, S8 = StreetId("S0"), StreetId("S8")
BOX = (LON - 1, LAT - 1, LON + 1, LAT + 1)


@pytest.fixture
def town(region: Region) -> Region:
    region.close()
    for left in region.path.parent.iterdir():
        left.unlink()
    made = make_phone_town(region.path)
    save_estimates(made, LEAD, now=NOON)  # the town's are written by hand, and verify derives them again
    return made


def state(town: Region, street: StreetId) -> str:
    found: str = town.reader().execute("SELECT state FROM street_status WHERE street = ?", (street,)).fetchone()[0]
    return found


def test_an_incident_of_a_phone_is_on_the_desk_as_of_when_it_happened(town: Region) -> None:
    phone = Phone()
    made = phone.make(NOON, "incident", what="city_management", street="S0")
    later = NOON + timedelta(hours=5)
    assert [one.result for one in phone.send(town, [made, made], later).answers] == ["accepted", "unchanged"]
    (one,) = list_incidents(town, LEAD, now=later)
    assert (one.what, one.street, one.crew, one.promoter, one.happened_at) == (
        "city_management",
        "S0",
        "C0",
        "C0-0",
        NOON,
    )
    assert phone.send(town, [phone.make(NOON, "incident", what="earthquake")], later).answers[0].result == "rejected"
    assert phone.send(town, [phone.make(NOON, "incident", what="injury")], later).answers[0].result == "accepted"
    assert verify_record(town, LEAD).violations == []


def test_a_street_that_is_closed_for_a_time_is_given_to_nobody_and_opens_by_itself(town: Region) -> None:
    name = report_incident(town, LEAD, "city_management", street=S8, now=NOON)
    until = settle_incident(town, LEAD, name, "street_closed", close_days=3, now=NOON)
    assert until == NOON + timedelta(days=3)
    assert state(town, S8) == "paused"
    with pytest.raises(StreetClosed):
        make_claim(town, LEAD, street=S8, crew=CrewId("C1"), now=NOON + timedelta(days=3) - timedelta(seconds=1))
    assert list_incidents(town, LEAD, now=NOON)[0].paused_until == until
    for at, word, end in ((NOON, "paused", until), (until, "free", None)):
        seen = read_standing(town, LEAD, S8, now=at)
        assert (seen.word, seen.state.paused_until) == (word, end)
    make_claim(town, LEAD, street=S8, crew=CrewId("C1"), now=until)
    assert state(town, S8) == "claimed"
    assert verify_record(town, LEAD).violations == []


def test_closing_a_claimed_street_takes_it_back_without_a_cool_down(town: Region) -> None:
    until = pause_street(town, LEAD, S0, 2, now=NOON)
    (claim,) = claims_of_street(town.reader(), S0)
    assert (claim.outcome, claim.reason, claim.ended_at) == ("revoked", "safety", NOON)
    make_claim(town, LEAD, street=S0, crew=CrewId("C0"), now=until)


def test_a_closed_street_is_opened_again_before_its_time_and_closed_anew(town: Region) -> None:
    pause_street(town, LEAD, S8, 10, now=NOON)
    pause_street(town, LEAD, S8, 2, now=NOON)
    assert list_incidents(town, LEAD) == []
    hour = NOON + timedelta(hours=1)
    reopen_street(town, LEAD, S8, now=hour)
    assert state(town, S8) == "free"
    with pytest.raises(NotFound):
        reopen_street(town, LEAD, S8, now=hour)
    pause_street(town, LEAD, S8, 1, now=hour)
    assert state(town, S8) == "paused"


def test_what_cannot_be_settled_is_refused(town: Region) -> None:
    name = report_incident(town, LEAD, "complaint", now=NOON)
    with pytest.raises(BadInput, match="names no street"):
        settle_incident(town, LEAD, name, "street_closed", close_days=3, now=NOON)
    for outcome, days in (("fine", 0), ("talked", -1), ("talked", 61)):
        with pytest.raises(BadInput):
            settle_incident(town, LEAD, name, outcome, close_days=days, now=NOON)
    settle_incident(town, LEAD, name, "talked", now=NOON)
    with pytest.raises(NotFound):
        settle_incident(town, LEAD, name, "talked", now=NOON)
    with pytest.raises(NotFound):
        report_incident(town, LEAD, "complaint", street=StreetId("none"), now=NOON)
    with pytest.raises(BadInput):
        report_incident(town, LEAD, "rain", now=NOON)
    with pytest.raises(Forbidden):
        settle_incident(town, crew_actor(), name, "talked", now=NOON)
    with pytest.raises(Forbidden):
        report_incident(town, crew_actor("C1"), "complaint", crew=CrewId("C0"), now=NOON)
