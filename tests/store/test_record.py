"""What an event tells, that nothing changes it, and that the key of its chain lies outside the file (rule 20)."""

from datetime import timedelta

import pytest

from fieldops.actions.claims import close_ended_in_turn, make_claim
from fieldops.actions.sync import sync_records
from fieldops.clock import format_moment
from fieldops.ids import CrewId, DeviceId, StreetId
from fieldops.store.connect import Region
from fieldops.store.sqlite import sqlite3
from tests.conftest import LEAD, NOON
from tests.phone_town import make_phone_town
from tests.phones import Phone, crew_actor
from tests.small_region import add_town

WEEK = timedelta(days=7)


@pytest.mark.parametrize(
    "statement", ["UPDATE event SET why = 'other'", "DELETE FROM event", "UPDATE event SET seq = seq + 100"]
)
def test_no_event_is_changed_or_deleted_by_any_program(region: Region, statement: str) -> None:
    add_town(region)
    make_claim(region, LEAD, street=StreetId("S0"), crew=CrewId("C0"), now=NOON)
    region.close()
    other = sqlite3.connect(region.path)
    with pytest.raises(sqlite3.IntegrityError, match="never"):
        other.execute(statement)
    other.close()


def test_an_event_tells_who_did_what_from_which_device_when_it_took_effect_and_when_it_was_recorded(
    region: Region,
) -> None:
    path = region.path.with_name("phones.gpkg")
    town, phone = make_phone_town(path, claims=False), Phone(promoter="C1-0")
    wish = [phone.make(NOON, "claim", street="S7")]
    sync_records(town, crew_actor("C1"), wish, sent_at=format_moment(NOON), device=DeviceId("session-7"), now=NOON)
    later = NOON + WEEK + timedelta(hours=3)
    with town.turn(LEAD, now=later) as turn:
        close_ended_in_turn(turn)
    rows = town.reader().execute(
        "SELECT kind, actor, device, took_effect_at, recorded_at, why, facts ->> 'street', facts ->> 'crew' FROM event"
        " WHERE kind IN ('StreetClaimed', 'ClaimForfeited') ORDER BY seq"
    )
    noon, end = format_moment(NOON), format_moment(NOON + WEEK)
    assert [tuple(row) for row in rows] == [
        ("StreetClaimed", "phone-of-C1", "session-7", noon, noon, "", "S7", "C1"),
        ("ClaimForfeited", LEAD.id, "", end, format_moment(later), "clock", "S7", "C1"),
    ]
    town.close()


def test_the_key_of_the_chain_lies_in_none_of_the_regions_databases(region: Region) -> None:
    add_town(region)
    make_claim(region, LEAD, street=StreetId("S0"), crew=CrewId("C0"), now=NOON)
    region.close()
    held = [path for path in region.path.parent.iterdir() if path.is_file() and path.suffix != ".key"]
    assert {region.path, region.private_path} <= set(held)
    assert [
        path for path in held if region.key in path.read_bytes() or region.key.hex().encode() in path.read_bytes()
    ] == []
