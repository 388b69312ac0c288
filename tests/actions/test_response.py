"""How streets answer effort: fitted to the record, kept with its intervals, used by estimates, plans and re-openings."""

from datetime import timedelta

import numpy as np
import pytest

from fieldops.actions.awareness import fit_awareness, read_response, street_awareness
from fieldops.actions.decisions import decide
from fieldops.actions.effort import import_effort
from fieldops.actions.surveys import record_surveys
from fieldops.awareness import Response
from fieldops.errors import BadInput, Forbidden, Stopped
from fieldops.ids import ActorId, CrewId, StreetId
from fieldops.people import Actor, Role
from fieldops.store.connect import Region
from fieldops.store.decisions import closed_streets
from fieldops.store.verify import verify
from tests.conftest import LEAD, NOON
from tests.towns import add_town, numbered, survey_rows

DAY = timedelta(days=1)
BEGIN = NOON - 6 * DAY
STREETS, HOURS = 24, 8.0


def push_half(region: Region, rho: float) -> None:
    """Ask everywhere, push the first half of the streets, ask there again: `rho` people are newly told an hour."""
    add_town(region, streets=STREETS)
    rng, rows, effort = np.random.default_rng(1), [], []
    before = rng.beta(2, 20, STREETS)
    after = 1 - (1 - before) * np.exp(-rho * HOURS / 400)
    for i in range(STREETS):
        rows += survey_rows(
            rng.random(25) < before[i], at=BEGIN, prefix=f"a{i}-", minutes=4, street=f"S{i}", phase="before"
        )
        if i < STREETS // 2:
            effort.append({"day": "2026-02-24", "crew": "C0", "street": f"S{i}", "promoter_hours": str(HOURS)})
            rows += survey_rows(
                rng.random(25) < after[i], at=BEGIN + timedelta(hours=4), prefix=f"b{i}-", minutes=4, street=f"S{i}",
                phase="after",
            )  # fmt: skip
    import_effort(region, LEAD, numbered(effort), now=NOON)
    assert not record_surveys(region, LEAD, numbered(rows), now=NOON).refused


def test_before_the_first_fit_the_response_is_assumed_and_in_doubt_as_the_people_are(region: Region) -> None:
    add_town(region)
    found = read_response(region, LEAD, now=NOON)
    assert found.fitted_at is None
    assert found.response.assumed
    assert found.response.tau == pytest.approx(np.hypot(Response().tau, np.log(1.2 / 0.8) / 2.563))


@pytest.mark.parametrize("rho", [4.0, 30.0])
def test_a_fit_finds_how_streets_answered_and_says_how_surely(region: Region, rho: float) -> None:
    push_half(region, rho)
    found = fit_awareness(region, LEAD, now=NOON)
    assert (found.streets, found.surveys, found.hours) == (STREETS, 36 * 25, 12 * HOURS)
    assert found.response.rho == pytest.approx(rho, rel=0.5)
    ends = found.response.interval("rho")
    assert ends is not None
    assert ends[0] < found.response.rho < ends[1]
    assert read_response(region, LEAD, now=NOON) == found
    assert verify(region).violations == []


def test_estimates_and_hours_use_the_newest_fit_and_a_past_moment_uses_its_own(region: Region) -> None:
    push_half(region, 40.0)
    assumed = street_awareness(region, now=NOON)
    fit_awareness(region, LEAD, now=NOON)
    fitted = street_awareness(region, now=NOON)
    # Twelve streets answered three times as quickly as assumed: it is the streets' pace now, not twelve exceptions.
    pushed = [assumed.street.index(StreetId(f"S{i}")) for i in range(STREETS // 2)]
    assert np.median(assumed.factor[pushed]) > 1.5 * np.median(fitted.factor[pushed])
    assert np.median(fitted.factor[pushed]) == pytest.approx(1.0, abs=0.2)
    assert read_response(region, LEAD, now=NOON - timedelta(seconds=1)).fitted_at is None
    assert street_awareness(region, now=NOON + 9 * DAY).share[-1] < fitted.share[-1]


def test_a_street_opens_again_when_the_fitted_forgetting_says_so(region: Region) -> None:
    push_half(region, 12.0)
    fit_awareness(region, LEAD, now=NOON)
    fading = read_response(region, LEAD, now=NOON).response
    rows = survey_rows([True] * 30, at=NOON, prefix="c", minutes=2, promoters=["C0-0", "C0-1", "C0-2"], street="S20")
    record_surveys(region, LEAD, numbered(rows), now=NOON + timedelta(hours=1))
    decide(region, LEAD, now=NOON + timedelta(hours=1))
    until = closed_streets(region.reader(), NOON + timedelta(hours=1))[StreetId("S20")]
    estimate = (fading.mu * fading.kappa + 30) / (fading.kappa + 30)
    nights = np.log(estimate / 0.2) / -np.log(1 - fading.delta)
    assert until == NOON + timedelta(minutes=6) + timedelta(days=max(7.0, nights))  # four who know decide


def test_a_fit_that_was_changed_behind_the_record_is_found(region: Region) -> None:
    push_half(region, 12.0)
    fit_awareness(region, LEAD, now=NOON)
    with region.turn(LEAD, now=NOON) as turn:
        turn.connection.execute("DROP TRIGGER response_is_never_changed")
        turn.connection.execute("UPDATE response SET response = replace(response, '\"rho\":', '\"rho\":9')")
    assert any("fitted response" in one.what for one in verify(region).violations)


def test_without_surveys_without_leave_or_when_stopped_nothing_is_stored(region: Region) -> None:
    add_town(region)
    with pytest.raises(BadInput, match="nobody was asked"):
        fit_awareness(region, LEAD, now=NOON)
    record_surveys(region, LEAD, numbered(survey_rows([True] * 5, at=NOON, street="S0")), now=NOON + DAY)
    with pytest.raises(Forbidden):
        fit_awareness(region, Actor(ActorId("p"), Role.CREW, CrewId("C0")), now=NOON + DAY)
    with pytest.raises(Stopped):
        fit_awareness(region, LEAD, now=NOON + DAY, progress=lambda stage, *_, **__: stage != "fitting")
    assert read_response(region, LEAD, now=NOON + DAY).fitted_at is None
