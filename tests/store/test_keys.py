"""Where a region's key comes from: its own file, a secret store's file, a credential of systemd, a command; never a loose file."""

import os
import secrets
import shlex
import sys
from pathlib import Path

import pytest

from fieldops.errors import BadInput
from fieldops.store.connect import create_region, open_region
from fieldops.store.keys import key_path, key_source
from fieldops.store.verify import verify
from tests.conftest import NOON, PLANNER


@pytest.fixture
def vault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of secrets with one key in it; the environment names nothing yet."""
    for name in ("FIELDOPS_KEY", "FIELDOPS_KEY_COMMAND", "CREDENTIALS_DIRECTORY"):
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / "vault"
    folder.mkdir()
    (folder / "fieldops.key").write_text(secrets.token_hex(32) + "\n")
    (folder / "fieldops.key").chmod(0o440)
    return folder


def printing(path: Path) -> str:
    return shlex.join([sys.executable, "-c", f"print(open({str(path)!r}).read())"])


@pytest.mark.parametrize("way", ["credential", "command"])
def test_a_region_lives_on_a_key_of_a_secret_store_and_writes_none_beside_itself(
    vault: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    if way == "credential":
        monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(vault))
    else:
        monkeypatch.setenv("FIELDOPS_KEY_COMMAND", printing(vault / "fieldops.key"))
    path = tmp_path / "region.gpkg"
    create_region(path, PLANNER, sandbox=True, now=NOON).close()
    assert not key_path(path).exists()
    region = open_region(path)
    assert region.key.hex() == (vault / "fieldops.key").read_text().strip()
    assert verify(region).violations == []
    region.close()
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    monkeypatch.delenv("FIELDOPS_KEY_COMMAND", raising=False)
    with pytest.raises(BadInput, match="is missing"):
        open_region(path)


@pytest.mark.skipif(os.name != "posix", reason="rights of files are POSIX's")
@pytest.mark.parametrize("rights", [0o640, 0o604, 0o660, 0o602, 0o666])
def test_a_key_that_others_can_read_is_refused_with_the_cure(vault: Path, tmp_path: Path, rights: int) -> None:
    path = tmp_path / "region.gpkg"
    create_region(path, PLANNER, sandbox=True, now=NOON).close()
    key_path(path).chmod(rights)
    with pytest.raises(BadInput, match="others can read") as refusal:
        open_region(path)
    assert f"chmod 600 {key_path(path)}" in refusal.value.cure
    key_path(path).chmod(0o400)
    open_region(path).close()


@pytest.mark.skipif(os.name != "posix", reason="rights of files are POSIX's")
def test_a_new_region_takes_no_key_that_others_can_read(
    vault: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FIELDOPS_KEY", str(vault / "fieldops.key"))
    with pytest.raises(BadInput, match="others can read"):
        create_region(tmp_path / "region.gpkg", PLANNER, sandbox=True, now=NOON)
    assert not (tmp_path / "region.gpkg").exists()


@pytest.mark.parametrize(
    ("command", "says"),
    [
        (shlex.join([sys.executable, "-c", "raise SystemExit(7)"]), "ended with 7"),
        (shlex.join([sys.executable, "-c", "print('no key')"]), "is no key"),
        ("/nowhere/at/all", "cannot be run"),
        ("'", "cannot be run"),
        (shlex.join([sys.executable, "-c", "print('$(id) ; id')"]), "is no key"),  # through no shell
    ],
)
def test_a_command_that_prints_no_key_is_refused_and_what_it_printed_is_not_told(
    vault: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str, says: str
) -> None:
    path = tmp_path / "region.gpkg"
    create_region(path, PLANNER, sandbox=True, now=NOON).close()
    monkeypatch.setenv("FIELDOPS_KEY_COMMAND", command)
    with pytest.raises(BadInput, match=says) as refusal:
        open_region(path)
    assert "no key\n" not in str(refusal.value)
    assert "uid=" not in str(refusal.value)


def test_the_source_of_the_key_is_told_and_the_key_never(
    vault: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "region.gpkg"
    assert key_source(path) == str(tmp_path / "region.key")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(vault))
    assert key_source(path) == str(vault / "fieldops.key")
    monkeypatch.setenv("FIELDOPS_KEY", str(tmp_path / "own.key"))  # the more particular word counts
    assert key_source(path) == str(tmp_path / "own.key")
    monkeypatch.setenv("FIELDOPS_KEY_COMMAND", "vault kv get -field=key fieldops")
    assert "FIELDOPS_KEY_COMMAND" in key_source(path)
