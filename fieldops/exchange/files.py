"""Files that people asked for, written whole or not at all."""

from pathlib import Path

from fieldops.errors import BadInput
from fieldops.said import Said


def write_bytes(path: Path, content: bytes, *, option: str = "--out") -> None:
    """
    Write a file beside its place and move it there, so that nobody finds half of it.

    `option` is what named the file.

    Raises
    ------
    BadInput
        If it cannot be written; the message says why.
    """
    if path.is_dir():
        raise BadInput(Said("%(path)s is a folder", path=path), field=option, cure="name a file in it")
    building = path.with_name(f".{path.name}.new")
    try:
        building.write_bytes(content)
        building.replace(path)
    except OSError as error:
        raise BadInput(
            Said("%(path)s cannot be written (%(strerror)s)", path=path, strerror=error.strerror),
            field=option,
            cure="choose another file",
        ) from None
    finally:
        building.unlink(missing_ok=True)


def write_text(path: Path, text: str, *, option: str = "--out") -> None:
    """Write a text file in UTF-8; see `write_bytes`."""
    write_bytes(path, text.encode("utf-8"), option=option)
