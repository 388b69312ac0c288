"""Rule 7 through the doors that evidence really takes: the phone's sync, and a file that is imported and decided."""

from datetime import datetime, timedelta

import pytest

from fieldops.actions.claims import make_claim
from fieldops.actions.decisions import decide
from fieldops.actions.surveys import record_surveys
from fieldops.clock import format_moment
from fieldops.ids import CrewId, StreetId
from fieldops.store.claims import claims_of_street
from fieldops.store.connect import Region
from fieldops.store.verify import verify
from tests.conftest import LEAD, NOON
from tests.phones import Phone
from tests.towns import add_town, numbered, survey_rows

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
FORFEIT = NOON + 7 * DAY  # when the claim of C0 on S0 ends
S0 = StreetId("S0")


@pytest.fixture
def town(region: Region) -> Region:
    """A town where C0 forfeited S0 at the very moment that C1 claimed it."""
    add_town(region, crews=3)
    for street, crew, at in ((S0, "C0", FORFEIT - 7 * DAY), (S0, "C1", FORFEIT)):
        make_claim(region, LEAD, street=street, crew=CrewId(crew), now=at)
    return region


def ends(region: Region, at: datetime = FORFEIT + 5 * HOUR) -> list[tuple[str, str | None, str | None]]:
    """How the claims on S0 ended: crew, outcome, credit."""
    return [(one.crew, one.outcome_at(at), one.credit) for one in claims_of_street(region.reader(), S0)]


def from_phones(
    region: Region, begin: datetime, *, place: str = "street", crew: str = "C0", refused_at: datetime | None = None
) -> None:
    """Let two promoters of a crew ask four who know, six minutes apart, and sync three hours after the forfeit."""
    phones = [Phone(promoter=f"{crew}-{i}", device=f"{crew}D{i}") for i in range(2)]
    where = {"street": "S0"} if place == "street" else {"triangle": "T0"}
    made = [phones[i % 2].survey(begin + i * 6 * MINUTE, True, measurement="M", **where) for i in range(4)]
    if refused_at:
        made.append(phones[0].make(refused_at, "survey", what="refused", measurement="M", **where))
    done = phones[0].send(region, made, FORFEIT + 3 * HOUR)
    assert {one.result for one in done.answers} == {"accepted"}


def from_file(region: Region, begin: datetime, *, prefix: str = "s", crew: str = "C0", **columns: str) -> None:
    """Import four surveys of a crew, six minutes apart, three hours after the forfeit."""
    askers = (f"{crew}-0", f"{crew}-1")
    rows = survey_rows([True] * 4, at=begin, minutes=6, prefix=prefix, promoters=askers, **columns)
    assert not record_surveys(region, LEAD, numbered(rows), now=FORFEIT + 3 * HOUR).refused
    decide(region, LEAD, now=FORFEIT + 3 * HOUR)


@pytest.mark.parametrize("place", ["street", "point"])
def test_evidence_made_in_time_and_synced_after_the_forfeit_gives_the_asker_the_credit(
    town: Region, place: str
) -> None:
    from_phones(town, FORFEIT - HOUR, place=place)
    assert ends(town) == [("C0", "forfeited", None), ("C1", "saturated", "C0")]
    assert verify(town).violations == []


def test_what_is_asked_after_the_decisive_survey_takes_no_credit_away(town: Region) -> None:
    from_phones(town, FORFEIT - HOUR, refused_at=FORFEIT + 30 * MINUTE)
    assert ends(town) == [("C0", "forfeited", None), ("C1", "saturated", "C0")]


def test_evidence_made_after_the_claims_end_is_marked_late_and_brings_its_asker_no_credit(region: Region) -> None:
    add_town(region)
    make_claim(region, LEAD, street=S0, crew=CrewId("C0"), now=FORFEIT - 7 * DAY)
    make_claim(region, LEAD, street=S0, crew=CrewId("C1"), now=FORFEIT + 2 * HOUR)
    from_phones(region, FORFEIT + HOUR)
    assert ends(region) == [("C0", "forfeited", None), ("C1", "saturated", "C1")]
    assert region.reader().execute("SELECT sum(late) FROM survey").fetchone()[0] == 4


def test_whoever_asked_without_a_claim_of_their_own_takes_no_credit_from_the_holder(town: Region) -> None:
    from_phones(town, FORFEIT - HOUR, crew="C2")
    assert ends(town)[-1] == ("C1", "saturated", "C1")


def test_an_imported_file_is_evidence_by_the_time_its_surveys_were_made(town: Region) -> None:
    from_file(town, FORFEIT - HOUR, street="S0")
    assert ends(town) == [("C0", "forfeited", None), ("C1", "saturated", "C0")]


def test_in_a_measurement_of_two_crews_the_credit_goes_to_the_one_that_asked_what_decided(town: Region) -> None:
    own = survey_rows([True], at=FORFEIT + 10 * MINUTE, prefix="c1", promoters=("C1-0",), street="S0")
    record_surveys(town, LEAD, numbered(own), now=FORFEIT + HOUR)
    from_file(town, FORFEIT - 30 * MINUTE, street="S0")
    assert town.reader().execute("SELECT count(*), max(crew_id) FROM measurement").fetchone()[:] == (1, "C1")
    assert ends(town)[-1] == ("C1", "saturated", "C0")


def test_a_point_tested_by_a_crew_of_its_triangle_credits_it_for_streets_that_others_claimed_since(
    region: Region,
) -> None:
    add_town(region)
    make_claim(region, LEAD, street=StreetId("S1"), crew=CrewId("C0"), now=FORFEIT - 2 * DAY)
    make_claim(region, LEAD, street=S0, crew=CrewId("C1"), now=FORFEIT)
    from_file(region, FORFEIT - HOUR, triangle="T0")
    assert ends(region) == [("C1", "saturated", "C0")]
    assert claims_of_street(region.reader(), StreetId("S1"))[0].credit == "C0"


def test_a_row_sent_again_after_all_that_changes_nothing(town: Region) -> None:
    from_file(town, FORFEIT - HOUR, street="S0")
    before = ends(town)
    row = {
        "survey_id": "s0", "asked_at": format_moment(FORFEIT - HOUR), "answer": "knows", "promoter": "C0-0", "street": "S0",
    }  # fmt: skip
    done = record_surveys(town, LEAD, numbered([row]), now=FORFEIT + 4 * HOUR)
    assert (done.added, done.unchanged) == (0, 1)
    decide(town, LEAD, now=FORFEIT + 4 * HOUR)
    assert ends(town) == before
