"""RULE 13: whatever is read of a region can be read with the surveys in quarantine and without them."""

from datetime import timedelta
from pathlib import Path

import pytest

from fieldops.actions import trusting as trusting_act
from fieldops.actions.awareness import read_awareness, save_estimates
from fieldops.actions.backcheck import lift_quarantine, quarantine_surveys
from fieldops.actions.decisions import read_standings
from fieldops.actions.effort import import_effort
from fieldops.actions.keep import back_up, restore
from fieldops.actions.surveys import record_surveys
from fieldops.actions.trusting import has_quarantined, with_quarantined
from fieldops.events import PlanMade
from fieldops.ids import PlanId, PromoterId
from fieldops.store import audit, trusting
from fieldops.store.connect import Region, create_region
from tests.conftest import LEAD, NOON, PLANNER
from tests.towns import add_town, numbered, survey_rows

BEFORE, LATER = NOON - timedelta(days=2), NOON + timedelta(hours=1)
TABLES = ("tally", "home_tally", "estimate", "street_status", "triangle_status", "zone_status")
PASSING = {"as_of", "estimated_at", "undecided", "geom"}


def figures(region: Region) -> dict[str, object]:
    """Return everything that rests on surveys, as it is read."""
    found: dict[str, object] = {
        "awareness": read_awareness(region, LEAD, now=LATER).to_json(),
        "standings": [one.to_json() for one in read_standings(region, LEAD, now=LATER)],
    }
    for name in TABLES:
        rows = region.reader().execute(f"SELECT * FROM {name}").fetchall()  # constants
        found[name] = sorted(
            [sorted((key, str(row[key])) for key in row.keys() if key not in PASSING) for row in rows]  # noqa: SIM118
        )
    return found


@pytest.fixture(params=["file", "memory"])
def asked(request: pytest.FixtureRequest, region: Region, tmp_path) -> Region:  # type: ignore[no-untyped-def]
    """A town with a made-up promoter: at a street, at a point, and on a small street that was pushed."""
    town = region if request.param == "memory" else create_region(tmp_path / "r.gpkg", LEAD, sandbox=True, now=NOON)
    add_town(town, people=[400, 400, 90, 400, 400, 400])
    honest = ["C0-0", "C0-1"]
    for prefix, place, answers, promoters in (
        ("a", {"street": "S0"}, [False] * 9 + [True], honest), ("fake-a", {"street": "S0"}, [True] * 6, ["C1-0"]),
        ("b", {"triangle": "T1", "home_street": "S4"}, [False] * 8, honest),
        ("fake-b", {"triangle": "T1", "home_street": "S4"}, [True] * 5, ["C1-0"]),
        ("fake-c", {"street": "S2"}, [True] * 4, ["C1-0"]),
    ):  # fmt: skip
        rows = survey_rows(
            answers, at=BEFORE, prefix=prefix, promoters=promoters, **place, measurement="M" + prefix[-1]
        )
        assert not record_surveys(town, LEAD, numbered(rows), now=NOON).refused
    effort = {"day": "2026-03-01", "crew": "C0", "street": "S0", "promoter_hours": "5"}
    import_effort(town, LEAD, numbered([effort]), now=NOON)
    save_estimates(town, LEAD, now=LATER)
    return town


def test_with_those_in_quarantine_every_figure_is_what_it_was_before(asked: Region) -> None:
    before = figures(asked)
    assert not has_quarantined(asked)
    quarantine_surveys(asked, LEAD, reason="made_up", promoter=PromoterId("C1-0"), now=LATER)
    save_estimates(asked, LEAD, now=LATER)
    without = figures(asked)
    assert all(without[name] != before[name] for name in before)
    with with_quarantined(asked, now=LATER):
        assert figures(asked) == before
    assert figures(asked) == without  # nothing of it was stored
    order = asked.reader().execute("SELECT max(seq) FROM quarantine_order").fetchone()[0]
    lift_quarantine(asked, LEAD, order, now=LATER)
    assert not has_quarantined(asked)
    with with_quarantined(asked, now=LATER):
        assert not trusting.is_trusting(asked.reader())  # there is one way only


def test_page_after_page_estimates_are_made_once_until_what_they_rest_on_changes(asked: Region) -> None:
    def shares() -> list[float | None]:
        with with_quarantined(asked):
            return [row[0] for row in asked.reader().execute("SELECT share FROM estimate ORDER BY place")]

    quarantine_surveys(asked, LEAD, reason="made_up", promoter=PromoterId("C1-0"), now=LATER)
    made = trusting_act._rows.cache_info().misses
    first = shares()
    assert shares() == first
    once = 0 if asked.in_memory else 1
    assert trusting_act._rows.cache_info().misses == made + once
    rows = survey_rows([True] * 9, at=LATER, prefix="new", promoters=["C0-0", "C0-1"], street="S5", measurement="new")
    record_surveys(asked, LEAD, numbered(rows), now=LATER + timedelta(hours=1))
    assert shares() != first
    assert trusting_act._rows.cache_info().misses == made + 2 * once


def test_nothing_is_written_while_they_count_and_a_block_within_a_block_changes_nothing(asked: Region) -> None:
    quarantine_surveys(asked, LEAD, reason="made_up", promoter=PromoterId("C1-0"), now=LATER)
    with with_quarantined(asked, now=LATER):
        shown = figures(asked)
        with with_quarantined(asked, now=LATER):
            assert figures(asked) == shown
        assert figures(asked) == shown
        with pytest.raises(RuntimeError, match="write turn"):
            save_estimates(asked, LEAD, now=LATER)
    save_estimates(asked, LEAD, now=LATER)


def test_a_restored_region_is_not_shown_with_what_was_estimated_before(tmp_path: Path) -> None:
    """After it as many events as before may have come, of other surveys."""

    def shown(region: Region) -> list[float | None]:
        with with_quarantined(region):
            return [row[0] for row in region.reader().execute("SELECT share FROM estimate ORDER BY place")]

    def ask(region: Region, prefix: str, knows: bool) -> None:
        rows = survey_rows([knows] * 9, at=BEFORE, prefix=prefix, promoters=["C0-0"], street="S5", measurement=prefix)
        assert not record_surveys(region, LEAD, numbered(rows), now=LATER).refused

    def newest(region: Region) -> int:
        found: int = region.reader().execute("SELECT max(seq) FROM event WHERE kind = 'SurveysRecorded'").fetchone()[0]
        return found

    town = create_region(tmp_path / "r.gpkg", LEAD, sandbox=True, now=NOON)
    add_town(town)
    rows = survey_rows([True] * 6, at=BEFORE, prefix="a", promoters=["C1-0"], street="S0", measurement="a")
    record_surveys(town, LEAD, numbered(rows), now=NOON)
    quarantine_surveys(town, LEAD, reason="made_up", promoter=PromoterId("C1-0"), now=LATER)
    back_up(town, PLANNER, tmp_path / "kept.gpkg")
    for prefix in ("x", "y"):
        ask(town, prefix, knows=True)
    before, number = shown(town), newest(town)
    town.close()
    again, _ = restore(tmp_path / "r.gpkg", PLANNER, tmp_path / "kept.gpkg", replace_present=True, now=LATER)
    with again.turn(PLANNER, now=LATER) as turn:
        audit.append(turn, PlanMade(at=LATER, plan=PlanId("P"), objective=0.0, bound=0.0, assignments=0))
    ask(again, "z", knows=False)
    assert newest(again) == number
    assert shown(again) != before
    again.close()
