"""Where phones were is measured for weeks only: the region keeps a coarse grid, the private file forgets after 30 days."""

from datetime import timedelta

from fieldops.actions.backcheck import find_suspects
from fieldops.actions.recruiting_duties import KEEP_POSITIONS, run_retention
from fieldops.actions.surveys import record_surveys
from fieldops.store.connect import Region
from fieldops.store.positions import read_positions
from fieldops.store.verify import verify
from tests.conftest import LEAD
from tests.conftest import NOON as FIRST_NOON
from tests.phones import Phone
from tests.towns import add_town, numbered, position, survey_rows

NOON = FIRST_NOON + timedelta(days=9)
MINUTE = timedelta(minutes=1)


def send_some(region: Region) -> tuple[float, float]:
    """Let a phone tell of a contact and twelve surveys, all from one spot, and return the spot."""
    add_town(region)
    lon, lat = position(0, north_m=23)
    lon, lat, phone = lon + 0.000123, lat + 0.000123, Phone()
    here = {"street": "S0", "lon": lon, "lat": lat, "accuracy_m": 5.0}
    made = [phone.make(NOON - 60 * MINUTE, what="refused", **here)]
    made += [phone.survey(NOON + (i - 59) * MINUTE, False, cluster=f"{i // 5}", **here) for i in range(12)]
    phone.send(region, made, NOON)
    return lon, lat


def test_the_region_keeps_positions_on_a_grid_and_the_private_file_what_was_measured(region: Region) -> None:
    lon, lat = send_some(region)
    for table in ("phone_record", "survey"):
        rows = region.reader().execute(f"SELECT DISTINCT lon, lat, accuracy_m FROM {table}").fetchall()
        assert [tuple(row) for row in rows] == [(round(lon, 3), round(lat, 3), None)]
    found = read_positions(region, NOON - timedelta(days=1))
    assert len(found) == 13
    assert set(found.values()) == {(lon, lat, 5.0)}


def test_no_digit_of_the_measured_position_stands_in_the_region_file(region: Region) -> None:
    import struct

    lon, lat = send_some(region)
    region.close()
    stored = b"".join(path.read_bytes() for path in region.path.parent.glob("region.gpkg*"))
    for degrees in (lon, lat):
        assert struct.pack(">d", degrees) not in stored
        assert repr(degrees).encode() not in stored
    assert struct.pack(">d", round(lon, 3)) in stored  # what is looked for would be found


def test_after_thirty_days_a_retention_run_forgets_them_and_says_so_on_the_record(region: Region) -> None:
    send_some(region)
    before = run_retention(region, LEAD, now=NOON - 60 * MINUTE + KEEP_POSITIONS)
    assert before.positions == 0
    done = run_retention(region, LEAD, now=NOON + KEEP_POSITIONS)
    assert done.positions == 13
    assert read_positions(region, FIRST_NOON) == {}
    told = region.reader().execute("SELECT facts FROM event WHERE kind = 'RetentionRun' ORDER BY seq").fetchall()
    assert ['"positions":13' in row[0] for row in told] == [False, True]
    assert verify(region).violations == []


def test_who_never_moved_is_seen_while_positions_are_kept_and_nobody_is_accused_by_the_grid(region: Region) -> None:
    send_some(region)
    codes = [reason.code for one in find_suspects(region, LEAD, now=NOON) for reason in one.reasons]
    assert "never_moved" in codes
    run_retention(region, LEAD, now=NOON + KEEP_POSITIONS)
    later = find_suspects(region, LEAD, days=40, now=NOON + KEEP_POSITIONS)
    assert "never_moved" not in [reason.code for one in later for reason in one.reasons]


def test_a_measured_position_of_a_file_is_kept_as_coarsely_and_a_second_import_changes_nothing(region: Region) -> None:
    add_town(region)
    lon, lat = position(1, north_m=44)
    rows = survey_rows([True, False], at=NOON - 60 * MINUTE, lon=f"{lon + 1e-5}", lat=f"{lat}", accuracy_m="8")
    rows += survey_rows([True], at=NOON - 50 * MINUTE, prefix="p", lon=f"{lon}", lat=f"{lat}")  # a place: no accuracy
    assert record_surveys(region, LEAD, numbered(rows), now=NOON).added == 3
    assert record_surveys(region, LEAD, numbered(rows), now=NOON).unchanged == 3
    stored = region.reader().execute("SELECT id, lon FROM survey ORDER BY id").fetchall()
    assert [tuple(row) for row in stored] == [("p0", lon), ("s0", round(lon, 3)), ("s1", round(lon, 3))]
    assert set(read_positions(region, FIRST_NOON)) == {"s0", "s1"}
