"""RULE 12 on pages: awareness stands with its interval, and little is never said to be nothing."""

from datetime import timedelta
from pathlib import Path

import pytest

from fieldops.actions.awareness import read_awareness
from fieldops.actions.surveys import record_surveys
from fieldops.people import Role
from fieldops.store.connect import Region
from tests.conftest import LEAD, NOON, PLANNER
from tests.desk_town import make_desk_town
from tests.towns import add_town, numbered, survey_rows
from tests.web.test_desk import text_of
from tests.web.test_people import browser_of


def test_awareness_of_a_few_is_said_to_be_below_and_never_between_nothing_and_nothing(tmp_path: Path) -> None:
    region = make_desk_town(tmp_path / "region.gpkg")
    with region.turn(PLANNER, now=NOON) as turn:
        turn.connection.execute(
            "UPDATE estimate SET asked = 20, knows = 1, share = 0.0003, low = 0.0001, high = 0.0004 WHERE place = 'R00'"
        )
    lead = browser_of(region, Role.LEAD)
    for language, said in (("en", "below 0.1%"), ("zh", "低于 0.1%")):
        for address in ("/streets/R00", "/streets", "/claims?within=all"):
            text = text_of(lead.get(address, headers={"Accept-Language": language}).text)
            assert f"{said} ({said})" in text, address
            assert "0%–0%" not in text
    region.close()


def test_what_nobody_asks_for_half_a_year_fades_until_its_interval_is_below_any_figure(region: Region) -> None:
    """The reason of such intervals: by the response assumed 3 % of those who know forget every night."""
    add_town(region, people=[400.0] * 6)
    rows = survey_rows([True, True, *[False] * 18], at=NOON, street="S0")
    assert not record_surveys(region, LEAD, numbered(rows), now=NOON + timedelta(hours=2)).refused
    then, now = (
        next(one for one in read_awareness(region, LEAD, now=NOON + timedelta(days=days, hours=2)).streets if one.asked)
        for days in (0, 270)
    )
    assert then.share is not None
    assert then.low is not None
    assert 0.02 < then.low < then.share
    assert now.share == pytest.approx(then.share * 0.97**270, rel=0.5)
    assert now.high is not None
    assert now.high < 0.0005
