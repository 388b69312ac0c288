"""A street's story, and streets found by how their names sound."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from fieldops.city.spoken import sounds_like, spoken
from fieldops.ids import CityId, StreetId
from fieldops.people import Actor
from fieldops.permissions import require
from fieldops.store import desk, story
from fieldops.store.connect import Region, open_region
from fieldops.store.story import Chapter

MOST_CHAPTERS = 60
MOST_SOUNDING = 200


@dataclass(frozen=True, slots=True)
class Story:
    """What happened on a street, newest first, with its conversations by outcome and how many candidates it brought."""

    chapters: tuple[Chapter, ...]
    contacts: dict[str, int]
    candidates: int


def read_story(region: Region, actor: Actor, street: StreetId) -> Story:
    """
    Return a street's story.

    Raises
    ------
    Forbidden
        If the actor may not read the desk.
    """
    require(actor, "desk.read")
    connection = region.reader()
    chapters = tuple(story.read_story(connection, street, MOST_CHAPTERS))
    return Story(chapters, story.count_contacts(connection, street), story.count_candidates(connection, street))


def streets_sounding(region: Region, words: str, city: CityId) -> list[StreetId]:
    """Return the streets whose names sound like all the words (pinyin or initials), shortest name first; [] for other letters."""
    asked = [word for word in words.lower().replace("'", "").split() if word.isascii() and word.isalnum()]
    if not asked or len(asked) < len(words.split()):
        return []
    known = _spoken(region.path, desk.map_number(region.reader()), city)
    hits = [street for street, name in known if all(sounds_like(name, word) for word in asked)]
    return hits[:MOST_SOUNDING]


@lru_cache(maxsize=4)
def _spoken(path: Path, _map: int, city: CityId) -> list[tuple[StreetId, tuple[str, str]]]:
    """Read the names once for each state of the map; a city of 50,000 streets takes about a second."""
    region = open_region(path)
    try:
        return [(street, spoken(label)) for street, label in story.read_labels(region.reader(), city)]
    finally:
        region.close()
