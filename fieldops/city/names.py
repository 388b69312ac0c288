"""Names of streets: when two are the same, what they tell of a way, and names for the nameless."""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

_CJK = re.compile("[\u3400-\u9fff]")
_NO_DOORS = re.compile(r"(主路|高架|高架路|高架桥|隧道|立交|立交桥|环岛|匝道)$")
_LANE = re.compile(r"(弄|巷|胡同|里|里弄|支弄)$")
_BLANKS = re.compile(r"\s+")


@lru_cache(maxsize=1 << 15)  # a city asks for each of its names many times
def normalise(name: str) -> str:
    """Return the form in which two spellings of one name are equal: NFKC, case folded, single blanks."""
    return _BLANKS.sub(" ", unicodedata.normalize("NFKC", name)).strip().casefold()


def is_chinese(name: str) -> bool:
    """Return whether the name is written in Chinese characters."""
    return bool(_CJK.search(name))


def is_lane(name: str) -> bool:
    """Return whether the name is that of a lane: 弄, 巷, 胡同 or 里 at its end."""
    return bool(_LANE.search(name.strip()))


def are_without_doors(names: np.ndarray) -> np.ndarray:
    """Return for each name whether it is that of an elevated road, tunnel, interchange or main carriageway."""
    unique, where = np.unique(names.astype(str), return_inverse=True)
    hit = np.fromiter((bool(_NO_DOORS.search(name)) for name in unique), dtype=bool, count=len(unique))
    found: np.ndarray = hit[where]
    return found


@dataclass(frozen=True, slots=True)
class Words:
    """How the nameless are named in the language of the map."""

    lane: str
    lane_off: str
    lane_between: str
    lane_near: str
    homes: str
    homes_off: str
    span: str
    off: str
    numbered: str


ENGLISH = Words(
    lane="unnamed lane",
    lane_off="lane off {0}",
    lane_between="lane {0} – {1}",
    lane_near="lane near {0}",
    homes="homes",
    homes_off="homes off {0}",
    span="{name} ({a} – {b})",
    off="{name} (at {a})",
    numbered="{label} ({number})",
)
CHINESE = Words(
    lane="无名路",
    lane_off="{0}旁无名路",
    lane_between="{0}至{1}无名路",
    lane_near="{0}附近无名路",
    homes="住宅区",
    homes_off="{0}旁住宅区",
    span="{name}（{a}—{b}）",
    off="{name}（{a}口）",
    numbered="{label}（{number}）",
)


def words_of(names: list[str]) -> Words:
    """Return the words of the language that most of the names are written in."""
    chinese = sum(is_chinese(name) for name in names)
    return CHINESE if 2 * chinese > len(names) else ENGLISH
