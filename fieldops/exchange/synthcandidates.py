"""
Candidates of a made-up city: who signed up where its crews worked, at its posters and through friends, and how far they came.

Nobody here exists: names are put together from the seasons and animals, behind the word for example, and the numbers are
those that North America keeps for films (555-01xx).
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import numpy as np

from fieldops.clock import format_moment

Row = Mapping[str, object]
WEEKS = 9
_SEASONS = [
    "立春",
    "雨水",
    "惊蛰",
    "春分",
    "清明",
    "谷雨",
    "立夏",
    "小满",
    "芒种",
    "夏至",
    "小暑",
    "大暑",
    "立秋",
    "处暑",
    "白露",
    "秋分",
    "寒露",
    "霜降",
    "立冬",
    "小雪",
    "大雪",
    "冬至",
]
_ANIMALS = [
    "小鹿",
    "白鹤",
    "松鼠",
    "喜鹊",
    "画眉",
    "锦鲤",
    "海豚",
    "羚羊",
    "百灵",
    "翠鸟",
    "雨燕",
    "竹鼠",
    "刺猬",
    "骆驼",
]
_AREA_CODES = (202, 212, 303, 312, 404, 415, 503, 602, 617, 702)
# Of those at the stage before how many come on, and after how many days on average.
_WAY = (
    ("contacted", 0.88, 0.8), ("interviewed", 0.70, 1.4), ("signed", 0.74, 1.4), ("trained", 0.86, 2.0),
    ("first_order", 0.80, 2.4), ("active", 0.72, 4.0),
)  # fmt: skip
_REASONS = ("not_interested", "no_answer", "no_time", "income_too_low", "other_offer", "wrong_number", "family")
_RATE = 0.11  # candidates from a promoter-hour
_GROUPS, _SHARES = ("1", "2", "3", "4"), (0.08, 0.22, 0.25, 0.45)
_INCOMES = {"1": 5200.0, "2": 1300.0, "3": 520.0, "4": 720.0}  # reached a month, in yuan, by the median


def make_reps(bases: Sequence[str], rng: np.random.Generator) -> list[dict[str, object]]:
    """Return reps for bases, given with the number of their crews: one for every ten crews, at least one a base."""
    found: list[dict[str, object]] = []
    for base in sorted(set(bases)):
        for _ in range(1 + bases.count(base) // 10):
            name = f"示例·{_SEASONS[len(found) % len(_SEASONS)]}对接人"
            groups = "" if rng.random() < 0.5 else "1,4"
            found.append({"rep": f"R{len(found) + 1:02d}", "base": base, "name": name, "groups": groups})
    return found


def make_candidates(
    effort: Sequence[Row],
    bases: Mapping[str, str],
    posters: Sequence[str],
    *,
    until: datetime,
    rng: np.random.Generator,
) -> list[dict[str, object]]:
    """
    Return candidates as rows of `recruit import`, by the time of their sign-up.

    Parameters
    ----------
    effort
        Rows of an effort table: day, crew, street, promoter_hours. Crews and streets differ in what an hour brings.
    bases
        The base of each crew.
    posters
        Codes of QR posters; each brings some candidates a week.
    until
        Nothing lies after this moment; days are those of its time zone.
    rng
        Draws everything.
    """
    sources: list[tuple[datetime, dict[str, object]]] = []
    luck = {str(row["crew"]): rng.lognormal(0.0, 0.5) for row in effort}
    for row in effort:
        day = datetime.fromisoformat(str(row["day"])).replace(tzinfo=until.tzinfo)
        for _ in range(rng.poisson(_RATE * luck[str(row["crew"])] * float(str(row["promoter_hours"])))):
            at = day + timedelta(hours=float(rng.uniform(10, 20)))
            sources.append(
                (at, {"street": row["street"], "crew": row["crew"], "base": bases.get(str(row["crew"]), "")})
            )
    some_base = list(bases.values())  # a base as often as it has crews
    for place in [{"poster": code} for code in posters] + [{"channel": "friends"}] * 8 + [{"channel": "video"}] * 4:
        for week in range(WEEKS):
            for _ in range(rng.poisson(1.1)):
                at = until - timedelta(days=7 * week + float(rng.uniform(0, 7)))
                base = some_base[int(rng.integers(len(some_base)))] if some_base else ""
                sources.append((at.replace(hour=int(rng.integers(9, 22))), {**place, "base": base}))
    sources = sorted(((at, source) for at, source in sources if at <= until), key=lambda one: one[0])
    most = len(_SEASONS) * len(_ANIMALS)
    return [_candidate(number, at, source, until, rng) for number, (at, source) in enumerate(sources[:most])]


def _candidate(
    number: int, made_at: datetime, source: dict[str, object], until: datetime, rng: np.random.Generator
) -> dict[str, object]:
    group = str(rng.choice(_GROUPS, p=_SHARES))
    low = 100 * int(rng.integers(4, 8))
    season, animal = _SEASONS[number % len(_SEASONS)], _ANIMALS[number // len(_SEASONS)]
    area, line = _AREA_CODES[number // 100 % len(_AREA_CODES)], number % 100
    row = {
        "name": f"示例·{season}{animal}", "phone": f"+1{area}55501{line:02d}", "group": group, "wanted_low": low,
        "wanted_high": low + 100 * int(rng.integers(2, 6)), "language": "zh", "made_at": format_moment(made_at), **source,
    }  # fmt: skip
    return row | _journey(made_at, group, until, rng)


def _journey(made_at: datetime, group: str, until: datetime, rng: np.random.Generator) -> dict[str, object]:
    """Return the moment of each stage that was reached by then, and how it ended where it did."""
    told: dict[str, object] = {}
    at = made_at
    for stage, share, days in _WAY:
        if rng.random() > share:
            gone = at + timedelta(days=float(rng.uniform(3, 16)))
            ended = "dormant" if stage in ("first_order", "active") else "lost"
            reason = "paused" if ended == "dormant" else str(rng.choice(_REASONS))
            end = {"stage": ended, "stage_since": format_moment(gone), "reason": reason}
            return told | (end if gone <= until else {})
        after = at + timedelta(days=float(rng.gamma(2.0, days / 2)))
        at = max(at, after.astimezone(until.tzinfo).replace(hour=int(rng.integers(9, 20))))  # people talk by day
        if at > until:
            return told
        told[f"{stage}_at"] = format_moment(at)
    return told | {"income_reached": int(_INCOMES[group] * rng.lognormal(0.0, 0.35))}
