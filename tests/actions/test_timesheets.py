"""Hours by promoter and day: verified by own records, else waiting for a lead, whose word counts."""

import csv
import io
from datetime import date, timedelta

import pytest

from fieldops.actions.rules import change_rules
from fieldops.actions.timesheets import confirm_hours, read_timesheet, sheet_bytes
from fieldops.errors import BadInput, Forbidden, NotFound
from fieldops.ids import ActorId, CrewId, PromoterId
from fieldops.people import Actor, Role
from fieldops.store.connect import Region
from tests.conftest import LEAD, NOON
from tests.phone_town import make_phone_town
from tests.phones import Phone, crew_actor

DAY = date(2026, 3, 2)
ONE = PromoterId("C0-0")
LATER = NOON + timedelta(hours=11)


@pytest.fixture
def town(region: Region) -> Region:
    region.close()
    for left in region.path.parent.iterdir():
        left.unlink()
    return make_phone_town(region.path)


def tell(town: Region, hours: float, *, records: int = 0, hours_apart: float = 0.0, promoter: str = "C0-0") -> None:
    phone = Phone(promoter=promoter, device=f"D-{promoter}")
    made = [
        phone.make(NOON + timedelta(hours=hours_apart) * i / max(1, records - 1), street="S0", what="refused")
        for i in range(records)
    ]
    made.append(phone.make(LATER, "hours", street="S0", day=DAY.isoformat(), hours=hours))
    assert {one.result for one in phone.send(town, made, LATER).answers} == {"accepted"}


def states(town: Region) -> dict[str, tuple[str, float]]:
    return {one.promoter: (one.state, one.paid) for one in read_timesheet(town, LEAD, now=LATER).days}


@pytest.mark.parametrize(
    ("records", "apart", "told", "state"),
    [
        (0, 0.0, 6.0, "open"), (1, 0.0, 1.0, "open"), (2, 4.0, 6.0, "verified"), (2, 4.0, 6.25, "open"),
        (20, 6.5, 8.0, "verified"), (2, 0.0, 2.0, "verified"),
        (2, 22.0, 16.5, "open"),
    ],
)  # fmt: skip
def test_a_day_is_verified_where_own_records_span_the_hours_told_but_for_two(
    town: Region, records: int, apart: float, told: float, state: str
) -> None:
    tell(town, told, records=records, hours_apart=apart)
    assert states(town) == {"C0-0": (state, told if state == "verified" else 0.0)}


def test_a_lead_s_word_counts_whatever_was_told_and_may_be_said_anew(town: Region) -> None:
    tell(town, 6.0)
    confirm_hours(town, LEAD, ONE, DAY, 5.5, why="seen_working", now=LATER)
    assert states(town) == {"C0-0": ("confirmed", 5.5)}
    confirm_hours(town, LEAD, ONE, DAY, 0.0, why="not_there", now=LATER)
    confirm_hours(town, LEAD, PromoterId("C1-0"), DAY, 4.0, why="phone_failed", now=LATER)
    assert states(town) == {"C0-0": ("confirmed", 0.0), "C1-0": ("confirmed", 4.0)}
    sheet = read_timesheet(town, LEAD, crew=CrewId("C1"), now=LATER)
    assert [one.promoter for one in sheet.days] == ["C1-0"]


def test_the_last_word_of_a_place_counts_and_places_add_up(town: Region) -> None:
    phone = Phone()
    said = [("S0", 3.0), ("S1", 2.0), ("S0", 1.5)]
    made = [phone.make(NOON, "hours", street=street, day=DAY.isoformat(), hours=hours) for street, hours in said]
    phone.send(town, made, LATER)
    (only,) = read_timesheet(town, LEAD, now=LATER).days
    assert only.told == 3.5


def test_pay_is_the_paid_hours_times_the_rate_and_goes_out_row_by_row(town: Region) -> None:
    tell(town, 6.0, records=5, hours_apart=5.0)
    change_rules(town, LEAD, why="new_rate", now=LATER, pay_per_hour=24.5)
    sheet = read_timesheet(town, LEAD, now=LATER)
    assert (sheet.paid, sheet.rate) == (6.0, 24.5)
    (row,) = csv.DictReader(io.StringIO(sheet_bytes(sheet, "csv").decode("utf-8-sig")))
    assert (row["promoter"], row["day"], row["state"], row["yuan"]) == ("C0-0", "2026-03-02", "verified", "147.0")
    assert sheet_bytes(sheet, "xlsx").startswith(b"PK")


def test_hours_that_files_bring_for_a_crew_are_told_apart(town: Region) -> None:
    tell(town, 6.0, records=5, hours_apart=5.0)
    assert read_timesheet(town, LEAD, now=LATER).loose == 0.0
    with town.turn(LEAD, now=LATER) as turn:
        turn.connection.execute(
            "INSERT INTO effort VALUES ('x', '2026-03-02', 'C1', 'S5', NULL, 12.0, NULL, '2026-03-02T05:00:00.000000Z')"
        )
    assert read_timesheet(town, LEAD, now=LATER).loose == 12.0


def test_what_cannot_be_confirmed_is_refused(town: Region) -> None:
    for hours, why, day in ((25.0, "x", DAY), (-1.0, "x", DAY), (5.0, " ", DAY), (5.0, "x", DAY + timedelta(days=2))):
        with pytest.raises(BadInput):
            confirm_hours(town, LEAD, ONE, day, hours, why=why, now=LATER)
    with pytest.raises(NotFound):
        confirm_hours(town, LEAD, PromoterId("none"), DAY, 5.0, why="x", now=LATER)
    with pytest.raises(Forbidden):
        confirm_hours(town, Actor(ActorId("a"), Role.AUDITOR), ONE, DAY, 5.0, why="x", now=LATER)
    with pytest.raises(Forbidden):
        read_timesheet(town, crew_actor(), now=LATER)
    with pytest.raises(BadInput):
        read_timesheet(town, LEAD, first=DAY, last=DAY - timedelta(days=1), now=LATER)
