"""
Names of people: what may be one, and the words by which it is found again although it lies sealed.

A name is found by any run of its characters (小明), by pinyin from any syllable on (wang, xiaoming, wangx), by the initials
of its syllables (wxm), and by the last four digits of the phone number. Each such word becomes a keyed token elsewhere.
"""

import unicodedata

from pypinyin import lazy_pinyin

from fieldops.errors import BadInput
from fieldops.said import Said

LONGEST_NAME = 60
_LONGEST_RUN = 8  # syllables of one run; longer names are found by parts
_MARKS_A_LETTER = 4


def read_person_name(text: str) -> str:
    """
    Return a person's name in one form: NFKC, no control or direction characters, single spaces.

    Any script is a name. Raises BadInput where nothing is left, it is too long, or it cannot be a name.

    Raises
    ------
    BadInput
        If it is empty, longer than `LONGEST_NAME`, or holds no letter or digits.
    """
    plain = unicodedata.normalize("NFKC", text[:2000])
    kept = "".join(" " if sign.isspace() else sign for sign in plain if _belongs(sign))
    name = " ".join(kept.split())
    if not name:
        raise BadInput(Said("the name is missing"), field="name", cure=Said("give a name"))
    if len(name) > LONGEST_NAME:
        raise BadInput(
            Said("the name is longer than %(most)s characters", most=LONGEST_NAME),
            field="name",
            cure=Said("give the name only"),
        )
    letters = sum(unicodedata.category(sign)[0] == "L" for sign in name)
    marks = sum(unicodedata.category(sign)[0] == "M" for sign in name)
    if not letters or marks > _MARKS_A_LETTER * letters:
        raise BadInput(Said("the name has no letters"), field="name", cure=Said("give a name"))
    if any(sign in "<>{}[]\\|@#$%^*=+;" or sign.isdigit() for sign in name) or "//" in name:
        raise BadInput(
            Said("the name holds signs that no name has"),
            field="name",
            cure=Said("give the name only, no signs and digits"),
        )
    return name


def _belongs(sign: str) -> bool:
    category = unicodedata.category(sign)
    return sign.isspace() or sign == "\u200c" or sign == "\u200d" or category not in {"Cc", "Cf", "Cs", "Co", "Cn"}


def search_words(name: str, phone: str) -> frozenset[str]:
    """Return every word by which a person is found: parts of the name, pinyin, initials, the last four digits."""
    parts = _syllables(name)
    words: set[str] = {phone[-4:]}
    sounds = [sound for _, sound in parts]
    for start in range(len(parts)):
        for end in range(start + 1, min(len(parts), start + _LONGEST_RUN) + 1):
            sound = "".join(sounds[start:end])
            words.add("".join(sign for sign, _ in parts[start:end]))
            words.add(sound)
            if end < len(parts) and sounds[end]:
                words.add(sound + sounds[end][0])
            if end - start > 1:
                words.add("".join(one[:1] for one in sounds[start:end]))
    return frozenset(word for word in words if word)


def _syllables(name: str) -> list[tuple[str, str]]:
    """Return the name's parts with their sound: each Chinese character, each word of another script."""
    parts: list[tuple[str, str]] = []
    for word in name.casefold().split():
        run = ""
        for sign in word:
            if is_chinese(sign):
                if run:
                    parts.append((run, plain_letters(run)))
                    run = ""
                parts.append((sign, plain_letters(lazy_pinyin(sign)[0])))
            else:
                run += sign
        if run:
            parts.append((run, plain_letters(run)))
    return parts


def is_chinese(sign: str) -> bool:
    """Return whether a character is written in Chinese."""
    return "\u3400" <= sign <= "\u9fff" or "\U00020000" <= sign <= "\U0003ffff"


def plain_letters(word: str) -> str:
    """Return a word without accents and signs within it, so that ü is found by u and O'Neil by oneil."""
    apart = unicodedata.normalize("NFKD", word.replace("ü", "v") if word.isascii() else word)
    return "".join(sign for sign in apart if unicodedata.category(sign)[0] in "LN")


def query_words(text: str) -> tuple[str, ...]:
    """Return what somebody looks for as words of the index, at most five; Chinese and letters part from each other."""
    words: list[str] = []
    for word in unicodedata.normalize("NFKC", text[:100]).casefold().split():
        run = ""
        for sign in word:
            if run and is_chinese(sign) != is_chinese(run[-1]):
                words.append(run)
                run = ""
            run += sign
        words.append(run)
    return tuple(one for one in (word if is_chinese(word[0]) else plain_letters(word) for word in words) if one)[:5]


def matches(words: tuple[str, ...], name: str, phone: str) -> bool:
    """Return whether every word is the beginning of a word by which the person is found."""
    known = search_words(name, phone)
    return all(any(one.startswith(word) for one in known) for word in words)
