"""How the name of a street sounds, so that 解放路 is found by jiefanglu, jiefang or jfl."""

from functools import lru_cache

from pypinyin import lazy_pinyin

# Signs of place names that sound otherwise in some of them (重庆 chongqing, 长乐 changle): read within the whole name.
_BY_CONTEXT = frozenset("重长乐朝行都厦会藏单解大")


def spoken(label: str) -> tuple[str, str]:
    """Return the pinyin of a name without tones and spaces, and its initials; letters and digits stand for themselves."""
    if _BY_CONTEXT & set(label):
        parts = [part.lower() for part in lazy_pinyin(label)]
    else:
        parts = [_sound(sign) for sign in label]
    return "".join(part for part in parts if part.isalnum()), "".join(part[0] for part in parts if part[:1].isalnum())


def sounds_like(label: tuple[str, str], word: str) -> bool:
    """Return whether a word of letters and digits is part of a name's pinyin or of its initials."""
    return word in label[0] or word in label[1]


@lru_cache(maxsize=8192)
def _sound(sign: str) -> str:
    return lazy_pinyin(sign)[0].lower()
