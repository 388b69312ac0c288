"""
Where the key of a region comes from, and that nobody else can read it there.

In this order: `$FIELDOPS_KEY_COMMAND`, a command that prints the key, such as that of a vault; `$FIELDOPS_KEY`, a file, such as
one that a secret store mounts; the credential `fieldops.key` of systemd (`LoadCredentialEncrypted=fieldops.key:...`); else
`region.key` beside `region.gpkg`, made with the region. A file that others can read is refused.
"""

import hashlib
import os
import re
import secrets
import shlex
import subprocess
from functools import lru_cache
from pathlib import Path

from fieldops.errors import BadInput
from fieldops.said import Said

CREDENTIAL = "fieldops.key"
PATIENCE = 20.0  # seconds for a vault to answer
_KEY = re.compile(r"[0-9a-f]{64}")
_CURE = "copy it back from where you keep it, or name it in $FIELDOPS_KEY"


def key_path(path: Path) -> Path:
    """Return the key file of a region; beside it lie the region's anchors. A key that a command prints has no file of its own."""
    given = os.environ.get("FIELDOPS_KEY")
    return Path(given) if given else path.with_suffix(".key")


def beside_key(path: Path, ending: str) -> Path:
    """Return a file of the region beside its key file: what must not lie in a backup. Never in a store of secrets, which is read-only."""
    return key_path(path).parent / f"{path.stem}.{ending}"


def place_file(path: Path, ending: str, name: Path | None = None) -> Path:
    """
    Return a file of the region beside its key file that is kept for this place alone.

    Where the key lies in a folder of its own, which several regions and copies may share, it has a mark of the place: that of
    `name`, another name of the region file, where one is given.
    """
    folder, name = key_path(path).parent.resolve(), name or path.resolve()
    if folder == name.parent:
        return folder / f"{name.stem}.{ending}"
    mark = hashlib.sha256(os.fsencode(name)).hexdigest()[:12]
    return folder / f"{name.stem}.{mark}.{ending}"


def key_source(path: Path) -> str:
    """Return where the key of a region comes from, in words for whoever runs the server."""
    if os.environ.get("FIELDOPS_KEY_COMMAND"):
        return "what $FIELDOPS_KEY_COMMAND prints"
    return str(_credential() or key_path(path))


def has_key(path: Path) -> bool:
    """Return whether a region's key can be asked for."""
    return bool(os.environ.get("FIELDOPS_KEY_COMMAND")) or _file(path).exists()


def read_key(path: Path) -> bytes:
    """Return the key of a region, 256 bits; see `read_keys`."""
    return read_keys(path)[0]


def read_keys(path: Path) -> list[bytes]:
    """
    Return the key of a region, and the keys that were added for newer seals, one a line; each has 256 bits.

    Raises
    ------
    BadInput
        If it is missing, others can read its file, its command fails or takes longer than `PATIENCE`, or it is no key.
    """
    command = os.environ.get("FIELDOPS_KEY_COMMAND")
    text = _printed(command) if command else _written(_file(path))
    lines = text.split()
    if not lines or not all(_KEY.fullmatch(line) for line in lines):
        problem = Said("%(source)s is no key", source=key_source(path))
        raise BadInput(problem, cure="it is 64 digits of 0-9 and a-f, as `fieldops` made it")
    return [bytes.fromhex(line) for line in lines]


def is_open_to_others(file: Path) -> bool:
    """Return whether others than its owner can read or write a key file."""
    # systemd gives credentials to the service's user by an entry of their own, which shows as rights of the group.
    forbidden = 0o037 if file == _credential() else 0o077
    return os.name == "posix" and bool(file.stat().st_mode & forbidden)


def make_key(path: Path) -> None:
    """
    Make a key of 256 random bits for a new region, readable by its owner only, unless there is one.

    Raises
    ------
    BadInput
        If the key is to come from a command that fails, or a file that others can read.
    """
    if has_key(path):
        read_key(path)
        return
    descriptor = os.open(key_path(path), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_hex(32) + "\n")


def add_key(path: Path) -> bytes:
    """
    Add a new key to the key file of a region: from now on it seals, and those before it go on opening.

    Raises
    ------
    BadInput
        If the key comes from a secret store: whoever keeps that adds a line there.
    """
    if key_source(path) != str(key_path(path)):
        cure = "add a line of 64 digits of 0-9 and a-f there, below the others"
        raise BadInput("the key comes from a secret store", field="--new-key", cure=cure)
    read_keys(path)
    made = secrets.token_hex(32)
    with key_path(path).open("a") as file:
        file.write(made + "\n")
        file.flush()
        os.fsync(file.fileno())
    return bytes.fromhex(made)


def _credential() -> Path | None:
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    if not folder or os.environ.get("FIELDOPS_KEY") or not (Path(folder) / CREDENTIAL).exists():
        return None
    return Path(folder) / CREDENTIAL


def _file(path: Path) -> Path:
    return _credential() or key_path(path)


def _written(file: Path) -> str:
    if not file.exists():
        raise BadInput(Said("the key %(keys)s of this region is missing", keys=file), cure=_CURE)
    if is_open_to_others(file):
        raise BadInput(
            Said("others can read the key %(keys)s", keys=file),
            cure=Said("chmod 600 %(keys)s, and think of it as known", keys=file),
        )
    try:
        return file.read_text().strip().lower()
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(
            Said("the key %(keys)s cannot be read (%(error)s)", keys=file, error=error), cure=_CURE
        ) from None


@lru_cache(maxsize=1)
def _printed(command: str) -> str:
    """Return what a command prints; a process asks once, and never through a shell."""
    try:
        asked = subprocess.run(
            shlex.split(command),
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        problem = Said("$FIELDOPS_KEY_COMMAND cannot be run (%(error)s)", error=type(error).__name__)
        raise BadInput(problem, cure="run it by hand: it prints the key and nothing else") from None
    if asked.returncode:
        problem = Said("$FIELDOPS_KEY_COMMAND ended with %(code)s", code=asked.returncode)
        raise BadInput(problem, cure="run it by hand: it prints the key and nothing else")
    return asked.stdout.strip().lower()
