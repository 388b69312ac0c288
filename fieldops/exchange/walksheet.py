"""The sheet of a crew for days without phones: stops with big numbers, boxes to tick, counts to note, a code back."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from fieldops.exchange.posters import draw_code

WORDS: dict[str, dict[str, str]] = {
    "zh": {
        "title": "步行单", "from": "步行", "min": "分钟", "arrive": "到", "leave": "离", "knows": "知道", "not": "不知道",
        "refused": "拒答", "hours": "工时", "contacts": "触达", "done": "完成", "total": "全程", "back": "扫码回录",
        "test": "联通点测量", "venue": "点位", "note": "备注",
    },
    "en": {
        "title": "Walk", "from": "walk", "min": "min", "arrive": "from", "leave": "until", "knows": "knows",
        "not": "does not know", "refused": "refused", "hours": "hours", "contacts": "contacts", "done": "done",
        "total": "in all", "back": "scan to enter it", "test": "test at the connection point", "venue": "venue",
        "note": "note",
    },
}  # fmt: skip
_STYLE = """
@page{size:A4;margin:12mm}
*{box-sizing:border-box}
section{break-after:page}section:last-child{break-after:auto}
body{margin:0;font:12pt/1.35 "Noto Sans CJK SC","PingFang SC","Microsoft YaHei",sans-serif;color:#000;background:#fff}
header{display:flex;justify-content:space-between;gap:8mm;border-bottom:1.2mm solid #000;padding-bottom:3mm}
h1{font-size:26pt;margin:0}header p{margin:1mm 0}.code{width:34mm;flex:none;text-align:center;font-size:8pt}.code svg{width:34mm;height:34mm;display:block}
.way{width:100%;height:58mm;border:.3mm solid #000;margin:3mm 0}
ol{list-style:none;margin:0;padding:0}
li{display:grid;grid-template-columns:20mm 1fr auto;gap:4mm;align-items:center;border-bottom:.3mm solid #000;padding:2.5mm 0;break-inside:avoid}
.number{font-size:34pt;font-weight:700;text-align:right;line-height:1}
.name{font-size:15pt;font-weight:700;overflow-wrap:anywhere}.facts{font-size:10pt}
.fields{display:flex;gap:3mm;flex-wrap:wrap;font-size:9pt;margin-top:1mm}
.field{display:inline-flex;align-items:center;gap:1mm}.field i{display:inline-block;width:16mm;height:7mm;border:.3mm solid #000}
.tick{width:11mm;height:11mm;border:.8mm solid #000}.tick+span{font-size:8pt;display:block;text-align:center}
.later{font-size:10pt;margin-top:4mm}
"""


@dataclass(frozen=True, slots=True)
class Sheet:
    """
    One crew's walk of a day; see `fieldops.store.walks.StoredWalk` for its rows.

    `back` is what the code holds: the address at which the sheet is entered, or a line that names the walk.
    """

    crew: str
    crew_name: str
    day: str
    length_m: float
    stops: Sequence[Mapping[str, Any]]
    left_out: Sequence[Mapping[str, Any]]
    way: Sequence[tuple[float, float]]
    back: str


def walk_sheets(sheets: Sequence[Sheet], *, language: str = "zh") -> str:
    """Return the sheets as one HTML page for A4, a new page for each crew; no script, nothing from elsewhere."""
    sections = "".join(_section(sheet, WORDS[language]) for sheet in sheets)
    return (
        f'<!doctype html><html lang="{"zh-Hans" if language == "zh" else "en"}"><head><meta charset="utf-8">'
        f"<title>{WORDS[language]['title']}</title><style>{_STYLE}</style></head><body>{sections}</body></html>\n"
    )


def _section(sheet: Sheet, words: Mapping[str, str]) -> str:
    rows = "".join(_stop(stop, words) for stop in sheet.stops)
    later = "".join(f"<p>– {escape(str(one['label']))}: {escape(str(one['reason']))}</p>" for one in sheet.left_out)
    return (
        f"<section><header><div><h1>{escape(sheet.crew_name or sheet.crew)}</h1><p>{words['title']} · {escape(sheet.crew)} · "
        f"{escape(sheet.day)}</p><p>{words['total']} {sheet.length_m / 1000:.1f} km</p></div>"
        f'<div class="code">{draw_code(sheet.back)}{words["back"]}</div></header>{_drawing(sheet.way, sheet.stops)}'
        f'<ol>{rows}</ol><div class="later">{later}</div></section>'
    )


def _stop(stop: Mapping[str, Any], words: Mapping[str, str]) -> str:
    noun = next((noun for noun in ("street", "venue", "triangle") if stop.get(noun)), "street")
    name = words["test"] if noun == "triangle" else str(stop["label"])
    kind = f"{words['venue']} · " if noun == "venue" else ""
    asked = ("knows", "not", "refused") if noun == "triangle" else ("knows", "not", "contacts", "hours")
    fields = "".join(f'<span class="field">{words[field]}<i></i></span>' for field in asked)
    return (
        f'<li><div class="number">{stop["order"]}</div><div><div class="name">{escape(name)}</div><div class="facts">{kind}'
        f"{escape(str(stop[noun]))} · {words['arrive']} {stop['arrive']} {words['leave']} {stop['leave']} · {words['from']} "
        f"{stop['from_m']} m ({stop['walk_min']:g} {words['min']})</div>"
        f'<div class="fields">{fields}</div></div><div><div class="tick"></div><span>{words["done"]}</span></div></li>'
    )


def _drawing(way: Sequence[tuple[float, float]], stops: Sequence[Mapping[str, Any]]) -> str:
    """Return the way as a drawing with the numbers of the stops, north up."""
    if len(way) < 2:
        return ""
    narrow = math.cos(math.radians(way[0][1]))
    west, south = min(x for x, _ in way) * narrow, min(y for _, y in way)
    wide, high, edge = 186.0, 58.0, 6.0  # millimetres
    across, along = max(x for x, _ in way) * narrow - west, max(y for _, y in way) - south
    scale = min((wide - 2 * edge) / max(across, 1e-6), (high - 2 * edge) / max(along, 1e-6))
    left, low = (wide - across * scale) / 2, (high + along * scale) / 2

    def place(lon: float, lat: float) -> tuple[float, float]:
        return left + (lon * narrow - west) * scale, low - (lat - south) * scale

    line = " ".join(f"{x:.2f},{y:.2f}" for x, y in (place(*point) for point in way))
    marks = "".join(
        f'<circle cx="{x:.2f}" cy="{y:.2f}" r="3.2" fill="#fff" stroke="#000" stroke-width=".5"/>'
        f'<text x="{x:.2f}" y="{y + 1.4:.2f}" font-size="4" font-weight="700" text-anchor="middle">{stop["order"]}</text>'
        for stop in stops
        if stop.get("lon") is not None
        for x, y in [place(stop["lon"], stop["lat"])]
    )
    x, y = place(*way[0])
    start = f'<rect x="{x - 2:.2f}" y="{y - 2:.2f}" width="4" height="4"/>'  # the meeting point
    return (
        f'<svg class="way" viewBox="0 0 {wide:g} {high:g}" xmlns="http://www.w3.org/2000/svg"><polyline points="{line}" '
        f'fill="none" stroke="#777" stroke-width="1"/>{start}{marks}</svg>'
    )
