"""Sign-ups are sealed on the phone: opened once at the server, readable nowhere in between, and not lost with a machine."""

import base64
import json
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from fieldops.actions.appeals import answer_appeal, list_appeals
from fieldops.actions.phonekeys import (
    KEPT,
    PublicKey,
    export_escrow,
    list_keys,
    make_keeper,
    present_key,
    restore_escrow,
    rotate_key,
)
from fieldops.actions.recruiting_duties import export_person
from fieldops.actions.recruiting_lists import read_candidate
from fieldops.actions.sync import sync_export
from fieldops.errors import BadInput, Forbidden, NotFound
from fieldops.ids import PromoterId
from fieldops.recruiting.consent import FIRST_TEXT
from fieldops.store import persons
from fieldops.store.connect import Region, create_region
from fieldops.store.phone import read_own
from fieldops.store.phonekeys import seal_to
from fieldops.store.verify import verify
from tests.conftest import LEAD, NOON, PLANNER
from tests.phones import Phone, Told, answer_to, results
from tests.towns import add_town

WANG = {"name": "王小明", "phone": "13812345678", "group": "4"}


def sealed(phone: Phone, key: PublicKey, person: dict[str, str] | None = None, **fields: object) -> Told:
    """A sign-up as a phone seals it."""
    record = phone.make(NOON, "sign_up", **{"street": "S0", "about": FIRST_TEXT.version, "key": key.id, **fields})
    public = serialization.load_der_public_key(base64.b64decode(key.public))
    assert isinstance(public, ec.EllipticCurvePublicKey)
    text = json.dumps(person or WANG, ensure_ascii=False).encode()
    record["sealed"] = base64.b64encode(seal_to(public, text, b"fieldops sign-up 1", str(record["id"]))).decode()
    return record


def people(region: Region) -> list[tuple[object, ...]]:
    rows = region.reader().execute(
        "SELECT id, source_kind, street_id, venue_id, crew_id FROM candidate ORDER BY number"
    )
    return [tuple(row) for row in rows]


def test_a_sealed_sign_up_becomes_a_candidate_once_with_its_source(region: Region) -> None:
    add_town(region)
    phone, key = Phone(), present_key(region, now=NOON)
    record = sealed(phone, key)
    assert results(phone.send(region, [record], NOON)) == [("accepted", "")]
    assert results(phone.send(region, [record], NOON)) == [("unchanged", "")]
    ((candidate, *source),) = people(region)
    assert source == ["street", "S0", None, "C0"]
    known = persons.read_persons(region, [candidate])[candidate]  # type: ignore[list-item, index]
    assert (known.name, known.phone, known.consent) == ("王小明", "+8613812345678", FIRST_TEXT.version)
    assert verify(region).violations == []


@pytest.mark.parametrize(
    ("said", "way"),
    [
        ({"shown": "whole"}, "phone_whole"),
        ({"shown": "short"}, "phone_short"),
        ({}, "phone"),
        ({"shown": "?"}, "phone"),
    ],
)
def test_the_record_of_a_consent_says_whether_the_whole_text_was_shown(
    region: Region, said: dict[str, str], way: str
) -> None:
    add_town(region)
    phone, key = Phone(), present_key(region, now=NOON)
    assert results(phone.send(region, [sealed(phone, key, {**WANG, **said})], NOON)) == [("accepted", "")]
    ((candidate, *_),) = people(region)
    assert read_candidate(region, LEAD, candidate, now=NOON).consent_way == way  # type: ignore[arg-type]
    given = export_person(region, LEAD, candidate, now=NOON)["records"]  # type: ignore[arg-type]
    assert [one["person"]["way"] for one in given] == [way]  # type: ignore[attr-defined]


def test_who_has_signed_up_before_is_told_at_sync(region: Region) -> None:
    add_town(region)
    phone, key = Phone(), present_key(region, now=NOON)
    first, again = sealed(phone, key), sealed(phone, key, {**WANG, "name": "Wang"})
    done = phone.send(region, [first, again], NOON)
    assert [answer_to(done, one).facts["again"] for one in (first, again)] == [False, True]
    assert len(people(region)) == 1
    own = read_own(region.reader(), PromoterId(str(first["promoter"])), NOON - timedelta(days=1), NOON.date())
    assert own.sign_ups == 1  # the promoter's own page counts a person once


def test_nothing_readable_of_a_sign_up_lies_in_the_region_file_or_in_an_answer(region: Region) -> None:
    add_town(region)
    phone, key = Phone(), present_key(region, now=NOON)
    wrong = sealed(phone, key, {**WANG, "phone": "13899"})
    done = phone.send(region, [sealed(phone, key), wrong], NOON)
    assert results(done) == [("accepted", ""), ("rejected", "malformed")]
    assert "13899" not in json.dumps(done.to_json())
    region.close()
    for path in region.path.parent.iterdir():
        assert "王小明".encode() not in path.read_bytes()
        assert b"13812345678" not in path.read_bytes()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"id": "another"}, "malformed"), ({"key": "none"}, "unknown_key"), ({"sealed": "AAAA"}, "malformed"),
        ({"sealed": "!"}, "malformed"), ({"about": "v0"}, "unknown_consent"), ({"sealed": None}, "malformed"),
    ],
)  # fmt: skip
def test_what_cannot_be_opened_or_was_not_agreed_to_is_refused(region: Region, change: Told, reason: str) -> None:
    add_town(region)
    phone = Phone()
    record = {**sealed(phone, present_key(region, now=NOON)), **change}
    assert results(phone.send(region, [record], NOON)) == [("rejected", reason)]
    assert people(region) == []


def test_a_retired_key_opens_what_is_on_its_way_until_it_is_destroyed(region: Region) -> None:
    add_town(region)
    phone, key = Phone(), present_key(region, now=NOON)
    waiting = [sealed(phone, key), sealed(phone, key, {**WANG, "phone": "13912345678"})]
    rotate_key(region, PLANNER, why="test", now=NOON)
    assert present_key(region).id != key.id
    assert results(phone.send(region, waiting[:1], NOON)) == [("accepted", "")]
    _, destroyed = rotate_key(region, PLANNER, why="test", now=NOON + KEPT)
    assert destroyed == [key.id]
    assert results(phone.send(region, waiting[1:], NOON + KEPT)) == [("rejected", "unknown_key")]
    with pytest.raises(Forbidden):
        rotate_key(region, LEAD, why="test")


def test_an_escrow_gives_the_keys_back_to_a_restored_region_and_to_its_keeper_alone(
    region: Region, tmp_path: Path
) -> None:
    add_town(region)
    phone, key = Phone(), present_key(region, now=NOON)
    waiting = sealed(phone, key)
    (secret, public), (stranger, _) = make_keeper(), make_keeper()
    escrow, count = export_escrow(region, PLANNER, public, now=NOON)
    assert count == 1
    (tmp_path / "new").mkdir()
    other = create_region(tmp_path / "new" / "region.gpkg", PLANNER, sandbox=True, now=NOON)  # another key file
    add_town(other)
    assert results(phone.send(other, [waiting], NOON)) == [("rejected", "unknown_key")]
    for broken, keeper in ((escrow, stranger), (escrow[:-8] + "AAAAAAA=", secret), ("?", secret), (escrow, public)):
        with pytest.raises(BadInput):
            restore_escrow(other, PLANNER, broken, keeper, now=NOON)
    assert restore_escrow(other, PLANNER, escrow, secret, now=NOON) == 1
    assert restore_escrow(other, PLANNER, escrow, secret, now=NOON) == 0
    assert results(phone.send(other, [waiting], NOON)) == [("accepted", "")]
    assert verify(other).violations == []
    other.close()


def test_an_escrow_is_sealed_to_a_public_key_on_the_right_curve_only(region: Region) -> None:
    with pytest.raises(BadInput, match="no phone ever"):
        export_escrow(region, PLANNER, make_keeper()[1], now=NOON)
    present_key(region, now=NOON)
    wrong = ec.generate_private_key(ec.SECP384R1()).public_key()
    pem = wrong.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()
    for keeper in ("", "-----BEGIN PUBLIC KEY-----", pem):
        with pytest.raises(BadInput, match="P-256"):
            export_escrow(region, PLANNER, keeper, now=NOON)
    assert [one.retired_at for one in list_keys(region, PLANNER)] == [None]


# ── appeals and exports ─────────────────────────────────────────────────────────────────────────────────────────────


def test_an_appeal_is_answered_once_and_with_a_reason(region: Region) -> None:
    add_town(region)
    phone = Phone()
    lost = phone.make(NOON, street="none", what="refused")
    appeal = phone.make(NOON, "appeal", about=lost["id"], why="it_is_true")
    assert results(phone.send(region, [lost, appeal], NOON)) == [("rejected", "unknown_place"), ("accepted", "")]
    assert [(one.about, one.upheld) for one in list_appeals(region, LEAD)] == [(lost["id"], None)]
    with pytest.raises(BadInput):
        answer_appeal(region, LEAD, str(appeal["id"]), upheld=True, why=" ", now=NOON)
    answer_appeal(region, LEAD, str(appeal["id"]), upheld=True, why="map_was_wrong", now=NOON)
    with pytest.raises(NotFound):
        answer_appeal(region, LEAD, str(appeal["id"]), upheld=False, why="no", now=NOON)
    assert list_appeals(region, LEAD) == []
    assert [one.upheld for one in list_appeals(region, LEAD, answered_too=True)] == [True]
    assert verify(region).violations == []


def test_an_exported_outbox_is_taken_in_as_if_the_phone_had_sent_it(region: Region) -> None:
    add_town(region)
    phone = Phone(skew=timedelta(days=1), offset_s=-86400.0)
    made = [phone.make(NOON, street=f"S{i % 3}", what="not_home") for i in range(120)]
    content = json.dumps({"records": made}).encode()
    assert {one.result for one in sync_export(region, LEAD, content, now=NOON)} == {"accepted"}
    assert {one.result for one in sync_export(region, LEAD, content, now=NOON)} == {"unchanged"}
    stored = region.reader().execute("SELECT DISTINCT made_at FROM phone_record").fetchall()
    assert [row[0] for row in stored] == ["2026-03-02T04:00:00.000000Z"]
    for wrong in (b"", b"[]", b'{"records": [1]}', b'{"records": 5}', b"[" * 200_000):
        with pytest.raises(BadInput):
            sync_export(region, LEAD, wrong, now=NOON)
