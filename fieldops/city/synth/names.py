"""Made-up Chinese names with their English form: each name is given once, so that no town repeats itself absurdly."""

import re
from collections.abc import Iterable, Sequence
from itertools import chain, count

import numpy as np

from fieldops.city.synth import words
from fieldops.city.synth.words import PINYIN

_ENGLISH_ENDS = {"大道": "Avenue", "大街": "Avenue", "大桥": "Bridge", "高速": "Expressway", "路": "Road", "街": "Street",
                 "巷": "Lane", "弄": "Alley"}  # fmt: skip
_SIDES = {"东": "East", "西": "West", "南": "South", "北": "North", "中": "Middle"}
_DIGITS = "零一二三四五六七八九"


def pinyin(name: str) -> str:
    """Return the name in pinyin without tones, one capitalised word; digits and Latin letters stay."""
    return "".join(PINYIN.get(character, character) for character in name).capitalize()


def english(name: str) -> str:
    """Return the name as a street sign spells it: `解放东路` is `Jiefang East Road`."""
    numbered = re.fullmatch(r"(.+?)(\d+)弄", name)
    if numbered:
        return f"Alley {numbered[2]}, {english(numbered[1])}"
    for end, word in _ENGLISH_ENDS.items():
        stem = name.removesuffix(end)
        if stem != name and stem:
            side = _SIDES.get(stem[-1]) if len(stem) > 2 else None
            return f"{pinyin(stem[:-1])} {side} {word}" if side else f"{pinyin(stem)} {word}"
    return pinyin(name)


def numeral(number: int) -> str:
    """Return a number from 1 to 99 in Chinese: 12 is `十二`."""
    tens, ones = divmod(number, 10)
    head = "" if tens == 0 else "十" if tens == 1 else _DIGITS[tens] + "十"
    return head + (_DIGITS[ones] if ones else "")


class Names:
    """
    The town's book of names: every call gives a name that was not given before.

    Parameters
    ----------
    rng
        Generator that shuffles the words; the same generator state gives the same names.
    """

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng
        self._given: set[str] = set()
        self._old = self._stems(words.CLASSIC_ROADS)
        self._new = self._stems(words.NEW_ROADS)
        pairs = [a + b for a in words.AUSPICIOUS_FIRST for b in words.AUSPICIOUS_SECOND if a != b]
        self._pairs = self._stems(pairs)
        self._lanes = self._stems(words.LANES)
        self._villages = self._stems([
            name + end for name in words.SURNAMES for end in words.VILLAGE_ENDS
        ])  # fmt: skip

    def _stems(self, stems: Sequence[str]) -> list[str]:
        """Return the stems in the seed's order, the last one to be given first."""
        return [stems[i] for i in self.rng.permutation(len(stems))]

    def _pick(self, choices: Sequence[str]) -> str:
        return choices[int(self.rng.integers(len(choices)))]

    def _pair(self) -> str:
        return self._pick(words.AUSPICIOUS_FIRST) + self._pick(words.AUSPICIOUS_SECOND)

    def _first_free(self, stem: str, end: str) -> str:
        """Return stem + end, numbered where it was given already."""
        numbers = (numeral(n) if n < 100 else f"{n}号" for n in count(2))
        return self._take(chain((stem + end,), (f"{stem}{number}{end}" for number in numbers)))

    def _take(self, tries: Iterable[str]) -> str:
        """Return the first name that was not given before, and give it."""
        name = next(name for name in tries if name not in self._given)
        self._given.add(name)
        return name

    def city(self) -> str:
        """Return the name of a city that does not exist."""
        return self._pick(words.CITY_NAMES)

    def water(self, end: str) -> str:
        """Return the name of a river (`江`) or a small one (`河`)."""
        return self._first_free(self._pick(words.AUSPICIOUS_FIRST), end)

    def stem(self, *, new: bool = False) -> str:
        """Return the stem of a road, such as `解放`: the well-known ones first, then endless auspicious pairs."""
        stems = self._new if new and self._new else self._old or self._pairs
        stem = stems.pop() if stems else self._pick(words.AUSPICIOUS_FIRST) + self._pick(words.SURNAMES)
        while stem in self._given:
            stem = self._pick(words.AUSPICIOUS_FIRST) + self._pick(words.SURNAMES) + self._pick(words.AUSPICIOUS_SECOND)
        self._given.add(stem)
        return stem

    def street(self) -> str:
        """Return the name of a street inside a block, such as `锦祥路`."""
        stem = self._pairs.pop() if self._pairs else self._pair()  # large towns number theirs: 云泽二路
        return self._first_free(stem, "路" if self.rng.random() < 0.72 else "街")

    def lane(self, parent: str) -> str:
        """Return the name of a lane: an old trade while there are any, else numbered after its street."""
        if self._lanes and self.rng.random() < 0.6:
            return self._first_free(self._lanes.pop(), "巷")
        stem = parent.removesuffix("路").removesuffix("街").removesuffix("巷")
        if not stem:
            return self._first_free(self._pair(), "巷")
        if self.rng.random() < 0.3:
            return self._take(f"{parent}{n}弄" for n in count(2 + int(self.rng.integers(60)), 2))
        return self._take(chain((f"{stem}{numeral(n)}巷" for n in range(1, 100)), (f"{stem}{n}巷" for n in count(100))))

    def compound(self, *, old: bool, near: str) -> str:
        """Return the name of a compound: a work unit's or the street's when old, a developer's dream when new."""
        if old:
            return self._first_free(near[:2] or self._pick(words.NEW_ROADS), self._pick(words.COMPOUND_ENDS_OLD))
        stem = self._pair()
        return self._first_free(stem, self._pick(words.COMPOUND_ENDS_NEW))

    def village(self) -> str:
        """Return the name of a village, such as `李家湾`."""
        stem = self._villages.pop() if self._villages else self._pick(words.AUSPICIOUS_FIRST) + "村"
        return self._first_free(stem, "")

    def place(self, ends: Sequence[str], near: str) -> str:
        """Return the name of a school, mall, works ... after the street it stands near."""
        stem = near[:2] if near and self.rng.random() < 0.5 else ""
        if not stem:
            stem = self._pair()
        return self._first_free(stem, self._pick(ends))

    def restaurant(self) -> str:
        """Return what stands over the door of a restaurant; these may repeat, as they do in life."""
        stem = self._pick(words.ORIGINS) if self.rng.random() < 0.55 else "老" + self._pick(words.SURNAMES)
        return stem + self._pick(words.DISHES)

    def shop(self) -> str:
        """Return the name of a supermarket; chains repeat."""
        return self._pick(words.AUSPICIOUS_FIRST) + self._pick(("佳", "万家", "润发", "客来", "百惠")) + "超市"

    def person(self) -> str:
        """Return the name of a person who does not exist."""
        given = self._pick(words.GIVEN) + (self._pick(words.GIVEN) if self.rng.random() < 0.7 else "")
        return self._pick(words.SURNAMES) + given
