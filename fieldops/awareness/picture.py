"""The operating curve of a card as a picture: how likely it moves on where so many people know."""

from collections.abc import Sequence

import numpy as np

from fieldops.awareness.counting import FloatArray
from fieldops.awareness.stopping import TWO_OF_TEN, CountRule

_WIDTH, _HEIGHT = 640, 400
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 24, 48, 64
_STYLE = """
svg{--ink:#1b1f24;--paper:#ffffff;--faint:#d7dce2;--card:#0b62b8;--plain:#b4530a;--zone:#0b62b81a}
@media (prefers-color-scheme:dark){svg{--ink:#e8eaed;--paper:#15181c;--faint:#3a4048;--card:#6db3ff;--plain:#ffa45c;--zone:#6db3ff26}}
text{font:13px system-ui,'Noto Sans CJK SC',sans-serif;fill:var(--ink)} .title{font-size:15px;font-weight:600}
.paper{fill:var(--paper)} .zone{fill:var(--zone)} .grid{stroke:var(--faint)} .axis{stroke:var(--ink)}
.target{stroke:var(--ink);stroke-dasharray:2 4} .curve{fill:none;stroke-width:2.5}
.card{stroke:var(--card)} .plain{stroke:var(--plain);stroke-dasharray:7 4} .end{text-anchor:end} .mid{text-anchor:middle}
"""


def draw_curve(rule: CountRule, *, target: float = 0.20, most: float = 0.40) -> str:
    """
    Return the operating curve of the card beside that of the plain "2 of 10", as an SVG document.

    Parameters
    ----------
    rule
        The card.
    target
        Share at which the crew should move on: a dotted line.
    most
        Right end of the picture, a share in (0, 1].

    Returns
    -------
    str
        SVG with its own colours for light and dark, labelled axes, a title and a description for screen readers.
    """
    shares = np.linspace(0.0, most, 161)
    name = (rule.name or "card").upper().replace("_", " ")
    low, high = rule.zone
    wrong_move_on, wrong_push_on = rule.error_rates()
    title = f"{name}: probability of moving on"
    told = (
        f"The card moves on with {wrong_move_on:.1%} where {low:.0%} of the people know and pushes on with "
        f"{wrong_push_on:.1%} where {high:.0%} know; shaded between them nothing is promised."
    )
    body = [
        f'<rect class="zone" x="{_x(low, most):.1f}" y="{_TOP}" width="{_x(high, most) - _x(low, most):.1f}"'
        f' height="{_y(0) - _TOP:.1f}"/>',
        *_grid(most),
        f'<line class="target" x1="{_x(target, most):.1f}" y1="{_TOP}" x2="{_x(target, most):.1f}" y2="{_y(0):.1f}"/>',
        f'<text class="mid" x="{_x(target, most):.1f}" y="{_TOP - 6}">target {target:.0%}</text>',
        _curve("plain", shares, TWO_OF_TEN.move_on_curve(shares), most),
        _curve("card", shares, rule.move_on_curve(shares), most),
        *_legend((("card", name), ("plain", "plain 2 of 10"))),
        f'<text class="mid" x="{(_LEFT + _WIDTH - _RIGHT) / 2:.0f}" y="{_HEIGHT - 18}">share of people who know</text>',
        f'<text class="mid" transform="translate(18 {(_TOP + _HEIGHT - _BOTTOM) / 2:.0f}) rotate(-90)">'
        "probability of moving on</text>",
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img"'
        f' aria-labelledby="title told"><title id="title">{title}</title><desc id="told">{told}</desc>'
        f'<style>{_STYLE}</style><rect class="paper" width="{_WIDTH}" height="{_HEIGHT}"/>'
        f'<text class="title" x="{_LEFT}" y="24">{title}</text>\n' + "\n".join(body) + "\n</svg>\n"
    )


def _x(share: float, most: float) -> float:
    return _LEFT + (_WIDTH - _LEFT - _RIGHT) * share / most


def _y(probability: float) -> float:
    return _HEIGHT - _BOTTOM - (_HEIGHT - _TOP - _BOTTOM) * probability


def _grid(most: float) -> list[str]:
    lines = []
    for tenth in range(0, 11, 2):
        y, axis = _y(tenth / 10), "axis" if tenth == 0 else "grid"
        lines.append(f'<line class="{axis}" x1="{_LEFT}" y1="{y:.1f}" x2="{_WIDTH - _RIGHT}" y2="{y:.1f}"/>')
        lines.append(f'<text class="end" x="{_LEFT - 8}" y="{y + 4:.1f}">{tenth * 10} %</text>')
    for share in np.arange(0.0, most + 1e-9, 0.05):
        x = _x(float(share), most)
        lines.append(f'<line class="axis" x1="{x:.1f}" y1="{_y(0):.1f}" x2="{x:.1f}" y2="{_y(0) + 5:.1f}"/>')
        lines.append(f'<text class="mid" x="{x:.1f}" y="{_y(0) + 20:.1f}">{share * 100:.0f} %</text>')
    return lines


def _curve(kind: str, shares: FloatArray, values: FloatArray, most: float) -> str:
    points = " ".join(f"{_x(float(s), most):.1f},{_y(float(v)):.1f}" for s, v in zip(shares, values, strict=True))
    return f'<polyline class="curve {kind}" points="{points}"/>'


def _legend(entries: Sequence[tuple[str, str]]) -> list[str]:
    x, lines = _WIDTH - _RIGHT - 150, []
    for row, (kind, words) in enumerate(entries):
        y = _y(0) - 46 + 22 * row
        lines.append(f'<line class="curve {kind}" x1="{x}" y1="{y:.0f}" x2="{x + 32}" y2="{y:.0f}"/>')
        lines.append(f'<text x="{x + 40}" y="{y + 4:.0f}">{words}</text>')
    return lines
