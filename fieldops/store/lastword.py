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

import glob
import hashlib
import os
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from fieldops.store import keys
from fieldops.store.turnstile import turnstile_path

ATTRIBUTE = "user.fieldops.last"
_KNOWS_ATTRIBUTES = hasattr(os, "setxattr")  # Linux
_WORD = re.compile(r"([0-9a-f]{64}) ([0-9]{1,18}) ([0-9a-f]{64})(?: ([0-9-]{1,60}))?")


@dataclass(frozen=True, slots=True)
class LastWord:
    """
    The newest event that somebody was told to be stored: chain value of the record's first event, number, chain value.

    `state` is size and time of the file without its log (`state_of`) when it was written down; empty in words of before.
    """

    first: str
    seq: int
    chain: str
    state: str = ""


class LastWords:
    """The last words of a region file in all their places."""

    def __init__(self, path: Path) -> None:
        self._real = path.resolve()
        self._stem = path.stem
        names = dict.fromkeys((self._real, path.parent.resolve() / path.name))  # a link may be made to lead elsewhere
        self._keys = keys.key_path(path).parent.resolve()
        self._files = tuple(file for name in names for file in (turnstile_path(name), self._beside_key(name)))

    def read(self, first: str) -> list[LastWord]:
        """Return what is known of the record with this first event; what cannot be read as a word is none."""
        texts = [_read_attribute(self._real), *map(_read, self._files)]
        return [word for text in texts for word in _words(text) if word.first == first]

    def write(self, word: LastWord) -> None:
        """Write the word down, unless a newer one of its record is there; to be called by one process at a time."""
        if all(known.seq < word.seq for known in _words(_read_attribute(self._real)) if known.first == word.first):
            _write_attribute(self._real, word)
        for file in self._files:
            known = _words(_read(file))
            if all(one.seq < word.seq for one in known if one.first == word.first):
                _write(file, known, word)

    def set_back(self, word: LastWord) -> None:
        """Write the word down whatever was known of its record, beside the key in the name of every place that knew it."""
        _write_attribute(self._real, word)
        for file in self._files:
            _write(file, _words(_read(file)), word)
        for file in set(self._keys.glob(f"{glob.escape(self._stem)}.*.last")).difference(self._files):
            known = _words(_read(file))
            if any(one.first == word.first for one in known):
                _write(file, known, word)

    def _beside_key(self, name: Path) -> Path:
        if self._keys == name.parent:
            return name.with_suffix(".last")
        mark = hashlib.sha256(os.fsencode(name)).hexdigest()[:12]
        return self._keys / f"{name.stem}.{mark}.last"


def state_of(file: Path) -> str:
    """Return size and time of a file, which change when its log is put into it and whenever somebody else writes it."""
    found = file.stat()
    return f"{found.st_size}-{found.st_mtime_ns}"


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


def _write(file: Path, known: list[LastWord], word: LastWord) -> None:
    """Put the word in the place of an older one of its record, in one write: processes stand in line at that very file."""
    others = [one for one in known if one.first != word.first]
    text = "".join(f"{_line(one)}\n" for one in (*others, word)).encode()
    with suppress(OSError):  # a folder where nothing can be written: the word lags behind
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            os.write(descriptor, text)
            os.ftruncate(descriptor, len(text))
        finally:
            os.close(descriptor)
