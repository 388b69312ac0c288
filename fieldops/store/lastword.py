"""
How far a region's record had come: the newest event that somebody was told to be stored, written down outside the database.

This *last word* lies in three places, each of which outlives another mishap:

- an attribute of the file itself goes where the file goes, by whatever name;
- `region.gpkg-turn` beside it stays where another file is put in its place;
- `region.last` beside the key stays where all of that was taken away. Where the key lies in a folder of its own, the name has a
  mark of the region's place, so that a copy elsewhere under the same key is a region of its own there.

Beside the file and the key it is kept for each record that was ever there, known by the chain value of its first event. It may
lag behind what was stored, by a turn whose process died before it could say so; it never runs ahead, and goes back by a restore only.
"""

import os
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from fieldops.store import keys
from fieldops.store.turnstile import open_like, turnstile_path

ATTRIBUTE = "user.fieldops.last"
_KNOWS_ATTRIBUTES = hasattr(os, "setxattr")  # Linux
_WORD = re.compile(r"([0-9a-f]{64}) ([0-9]{1,18}) ([0-9a-f]{64})(?: ([0-9-]{1,60}))?")


@dataclass(frozen=True, slots=True)
class LastWord:
    """
    The newest event that somebody was told to be stored: chain value of the record's first event, number, chain value.

    `state` is size and time of the file without its log (`state_of`) when it was written down, or when the file was closed by
    the last that had it open; empty in words of before.
    """

    first: str
    seq: int
    chain: str
    state: str = ""


class LastWords:
    """The last words of a region file in all their places."""

    def __init__(self, path: Path) -> None:
        self._real = path.resolve()
        names = dict.fromkeys((self._real, path.parent.resolve() / path.name))  # a link may be made to lead elsewhere
        self._files = tuple(
            file for name in names for file in (turnstile_path(name), keys.place_file(path, "last", name))
        )

    def read(self, first: str) -> list[LastWord]:
        """Return what is known of the record with this first event; what cannot be read as a word is none."""
        texts = [_read_attribute(self._real), *map(_read, self._files)]
        return [word for text in texts for word in _words(text) if word.first == first]

    def newest(self, first: str) -> LastWord | None:
        """Return the newest word, where one beside the file or the key says it: the file's own comes back with an older copy."""
        newest = max((word.seq for word in self.read(first)), default=0)
        beside = (word for file in self._files for word in _words(_read(file)) if word.first == first)
        return next((word for word in beside if word.seq == newest), None)

    def closed(self) -> list[Path]:
        """Return the places beside the file and the key that cannot be read and written."""
        return [file for file in self._files if not _is_open(file)]

    def is_kept(self) -> bool:
        """Return whether there is a place beside the file or the key that can be read and written."""
        return len(self.closed()) < len(self._files)

    def places(self, first: str) -> tuple[int, int]:
        """Return in how many places the newest word of the record stands, and how many there are."""
        words = self.read(first)
        newest = max((word.seq for word in words), default=0)
        return sum(word.seq == newest for word in words), len(self._files) + _KNOWS_ATTRIBUTES

    def write(self, word: LastWord) -> None:
        """Write the word down, unless a newer one of its record is there; to be called by one process at a time."""
        if _is_newer(word, _words(_read_attribute(self._real))):
            _write_attribute(self._real, word)
        for file in self._files:
            known = _words(_read(file))
            if _is_newer(word, known):
                _write(file, self._real, known, word)

    def set_back(self, word: LastWord) -> None:
        """Write the word down whatever was known of its record at this place."""
        _write_attribute(self._real, word)
        for file in self._files:
            _write(file, self._real, _words(_read(file)), word)


def state_of(file: Path) -> str:
    """Return size and time of a file, which change when its log is put into it and whenever somebody else writes it; empty without it."""
    try:
        found = file.stat()
    except OSError:
        return ""
    return f"{found.st_size}-{found.st_mtime_ns}"


def _is_newer(word: LastWord, known: list[LastWord]) -> bool:
    """Return whether it says more than what is known of its record; of the same event, in what state it left the file."""
    of_it = [one for one in known if one.first == word.first]
    return all(one.seq < word.seq or (one.chain == word.chain and one.state != word.state) for one in of_it)


def _is_open(file: Path) -> bool:
    if os.access(file, os.F_OK):
        return file.is_file() and os.access(file, os.R_OK | os.W_OK)
    return os.access(file.parent, os.W_OK | os.X_OK)


def _words(text: str) -> list[LastWord]:
    found = map(_WORD.fullmatch, text.splitlines())
    return [LastWord(one[1], int(one[2]), one[3], one[4] or "") for one in found if one is not None]


def _line(word: LastWord) -> str:
    return f"{word.first} {word.seq} {word.chain} {word.state}".rstrip()


def _read_attribute(file: Path) -> str:
    if _KNOWS_ATTRIBUTES:
        with suppress(OSError):  # it has none
            return os.getxattr(file, ATTRIBUTE).decode("ascii", "replace")
    return ""


def _write_attribute(file: Path, word: LastWord) -> None:
    if _KNOWS_ATTRIBUTES:
        with suppress(OSError):  # a disk that knows none: the word lies beside
            os.setxattr(file, ATTRIBUTE, _line(word).encode())


def _read(file: Path) -> str:
    with suppress(OSError):
        return file.read_bytes().decode("ascii", "replace")
    return ""


def _write(file: Path, region: Path, known: list[LastWord], word: LastWord) -> None:
    """Put the word in the place of an older one of its record, in one write: processes stand in line at that very file."""
    others = [one for one in known if one.first != word.first]
    text = "".join(f"{_line(one)}\n" for one in (*others, word)).encode()
    with suppress(OSError):  # a folder where nothing can be written: the word lags behind
        descriptor = open_like(file, region, os.O_WRONLY)
        try:
            os.write(descriptor, text)
            os.ftruncate(descriptor, len(text))
        finally:
            os.close(descriptor)
