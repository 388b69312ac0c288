"""Seals say how and under which key they were made: ways and keys can be replaced, and what was sealed before still opens."""

import hmac
import os
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from fieldops.actions.phonekeys import present_key, renew_seals
from fieldops.errors import BadInput
from fieldops.store.connect import create_region, open_region
from fieldops.store.incident_notes import read_notes, save_note
from fieldops.store.keys import key_path
from fieldops.store.persons import private_reader
from fieldops.store.sealing import PRESENT, SEALED, WAYS, close, is_present, open_seal
from fieldops.store.verify import verify
from tests.conftest import NOON, PLANNER

OLD, NEW = bytes(range(32)), bytes(range(32, 64))


def sealed_before(key: bytes, binding: str, text: bytes) -> bytes:
    """As seals were made before they had a header."""
    nonce = os.urandom(12)
    cipher = AESGCM(hmac.digest(key, b"fieldops persons seal 1", "sha256"))
    return nonce + cipher.encrypt(nonce, text, binding.encode())


@pytest.mark.parametrize("way", WAYS)
def test_every_way_opens_under_its_name_and_key_alone(way: int) -> None:
    sealed = close((OLD,), "K1", b"text", way=way)
    assert open_seal((OLD,), "K1", sealed) == b"text"
    assert open_seal((OLD, NEW), "K1", sealed) == b"text"
    changed = [bytes([*sealed[:i], sealed[i] ^ 1, *sealed[i + 1 :]]) for i in range(len(sealed))]
    for keys, name, other in (
        ((NEW,), "K1", sealed),
        ((OLD,), "K2", sealed),
        *(((OLD,), "K1", one) for one in changed),
    ):
        with pytest.raises(InvalidTag):
            open_seal(keys, name, other)


def test_a_seal_without_a_header_opens_whatever_its_nonce_looks_like() -> None:
    for _ in range(600):  # every first byte comes, those of the ways too
        assert open_seal((OLD, NEW), "K", sealed_before(OLD, "K", b"text")) == b"text"
    cipher = AESGCM(hmac.digest(OLD, b"fieldops persons seal 1", "sha256"))
    nonce = close((OLD,), "K", b"")[:5] + bytes(7)  # the very header of today
    assert open_seal((OLD,), "K", nonce + cipher.encrypt(nonce, b"text", b"K")) == b"text"


def test_old_seals_open_under_new_keys_and_ways_and_can_be_renewed(tmp_path: Path) -> None:
    region = create_region(tmp_path / "region.gpkg", PLANNER, sandbox=True, now=NOON)
    present_key(region, now=NOON)
    save_note(region, "I1", "the guard was angry", NOON)
    with private_reader(region) as connection:
        old = sealed_before(region.key, "incident I2", b'{"note":"told before"}')
        connection.execute("INSERT INTO incident_note VALUES ('I2', '2026-03-01T00:00:00Z', ?)", (old,))
    assert renew_seals(region, PLANNER, now=NOON) == 1
    assert renew_seals(region, PLANNER, new_key=True, now=NOON) == 3
    region.close()
    assert len(key_path(region.path).read_text().split()) == 2
    region = open_region(region.path)
    assert read_notes(region) == {"I1": "the guard was angry", "I2": "told before"}
    with private_reader(region) as connection:
        for table, _, column, _ in SEALED:
            for row in connection.execute(f"SELECT {column} FROM {table}"):
                assert is_present(region.seal_keys, row[0])
    assert verify(region).violations == []
    region.close()


def test_every_sealed_column_of_the_private_file_is_renewed(tmp_path: Path) -> None:
    region = create_region(tmp_path / "region.gpkg", PLANNER, sandbox=True, now=NOON)
    with private_reader(region) as connection:
        tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        columns = {(table, row[1]) for table in tables for row in connection.execute(f"PRAGMA table_info({table})")}
    region.close()
    assert {one for one in columns if one[1] in ("seal", "sealed")} == {(one[0], one[2]) for one in SEALED}
    assert PRESENT in WAYS


def test_a_key_of_a_secret_store_is_added_to_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    region = create_region(tmp_path / "region.gpkg", PLANNER, sandbox=True, now=NOON)
    monkeypatch.setenv("FIELDOPS_KEY_COMMAND", f"cat {key_path(region.path)}")
    with pytest.raises(BadInput, match="secret store"):
        renew_seals(region, PLANNER, new_key=True, now=NOON)
    region.close()
