"""The notes on security in CONTRIBUTING.md say what the code does."""

import re
from pathlib import Path

from fieldops.actions.jobs import KINDS
from fieldops.actions.passwords import hash_password

ROOT = Path(__file__).parents[2]
NOTES = (ROOT / "CONTRIBUTING.md").read_text("utf-8").split("## Security")[1]
CODE = {
    path.relative_to(ROOT).as_posix(): path.read_text("utf-8")
    for top in ("fieldops", "web")
    for path in sorted((ROOT / top).rglob("*.py"))
    if "node_modules" not in path.parts
}


def test_every_way_of_cryptography_in_the_code_is_in_the_notes() -> None:
    ways = {"AESGCM": "AES-256-GCM", "ChaCha20Poly1305": "ChaCha20-Poly1305", "HKDF": "HKDF-SHA256", "SECP256R1": "P-256", "ECDH": "ECDH", "hmac.digest": "HMAC-SHA256", "PasswordHasher": "argon2id"}  # fmt: skip
    for sign, name in ways.items():
        assert any(sign in text for text in CODE.values()), sign
        assert name in NOTES, name
    memory, passes = re.findall(r"m=(\d+),t=(\d+)", hash_password("x"))[0]
    assert f"argon2id, {round(int(memory) / 1024)} MiB, {passes} passes" in NOTES


def test_every_key_has_its_life_written_down() -> None:
    rows = [row for row in NOTES.splitlines() if row.startswith("| ") and not row.startswith(("| key", "|---"))]
    assert len(rows) >= 5
    assert all(
        len(row.strip("|").split("|")) == 4 and all(cell.strip() for cell in row.strip("|").split("|")) for row in rows
    )


def test_everything_that_is_logged_is_in_the_notes() -> None:
    said = {
        word
        for name, text in CODE.items()
        if name.startswith("web/")
        for word in re.findall(r"\bnote\(\s*\"([^\"]+)\"", text)
    }
    assert said
    for word in said:
        assert f"`{word}`" in NOTES, word
    loggers = [name for name, text in CODE.items() if "getLogger" in text]
    assert loggers == ["web/log.py"]


def test_only_webhooks_go_out_of_the_machine() -> None:
    out = re.compile(
        r"urlopen|build_opener|http\.client|HTTPSConnection|requests\.(get|post)|create_connection|smtplib|ftplib"
    )
    assert [name for name, text in CODE.items() if out.search(text)] == ["fieldops/exchange/webhooks.py"]
    assert "exchange/webhooks" in NOTES


def test_every_kind_of_long_work_is_in_the_notes() -> None:
    told = NOTES.split("never in a\nrequest: ")[1].split(".")[0]
    assert set(re.split(r",\s*", told)) == set(KINDS)


def test_the_times_for_updates_are_written_down() -> None:
    assert re.search(r"within 7 days.*within 30.*every 90", NOTES.replace("\n", " "))
