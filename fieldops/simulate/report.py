"""One HTML page of a comparison: tables and charts drawn as SVG in the page itself; it asks no network."""

from collections.abc import Sequence
from html import escape
from typing import Any

from fieldops.simulate.figures import CAUSES, TOLD, say_promise

_LEFT = 290.0  # where bars begin: names of policies with their settings are long
_COLOURS = ("#2b6cb0", "#c05621", "#805ad5", "#b7791f", "#2f855a", "#319795", "#718096", "#a0aec0", "#e2e8f0")
_STYLE = """
:root { color-scheme: light dark; --ink: #1a202c; --soft: #4a5568; --line: #e2e8f0 }
@media (prefers-color-scheme: dark) { :root { --ink: #edf2f7; --soft: #cbd5e0; --line: #4a5568 } }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; color: var(--ink) }
.wide { overflow-x: auto } .wide:focus-visible { outline: 2px solid } small { color: var(--soft) }
table { border-collapse: collapse; margin: 1rem 0 } td, th { padding: .25rem .8rem; text-align: right; border-bottom: 1px solid var(--line) }
td:first-child, th:first-child { text-align: left } th { overflow-wrap: anywhere; min-width: 4rem } td small { white-space: nowrap }
svg { width: 100%; min-width: 40rem; height: auto } svg text { fill: var(--ink) }
"""
_WIDE = "<div class='wide' tabindex='0'>"  # what a phone scrolls sideways, by keyboard too


def draw_report(document: dict[str, Any], *, title: str) -> str:
    """
    Return the page: what was run, figures with intervals, crew-days by cause, truth against cost, differences.

    Parameters
    ----------
    document
        As `figures.tell` returns it, with the `setting` of the runs.
    title
        Of the page.
    """
    policies: dict[str, Any] = document["policies"]
    setting = "; ".join(f"{name} {value}" for name, value in document.get("setting", {}).items() if value != "")
    parts = [
        f"<!doctype html><html lang='en'><meta charset='utf-8'><meta name='viewport' content='width=device-width'><title>{escape(title)}</title><style>{_STYLE}</style>",
        f"<h1>{escape(title)}</h1><p><small>{escape(setting)}</small></p>",
        _violations(policies), _figures_table(policies, document),
        "<h2>Where the crew-days went</h2>", _causes_chart(policies, document["bound"].get("with_setup")), _causes_table(policies),
        "<h2>What was truly reached, and what it took</h2>", _truth_chart(policies), _paired_table(document),
        _promise_table(policies),
    ]  # fmt: skip
    return "\n".join(parts) + "</html>\n"


def _violations(policies: dict[str, Any]) -> str:
    """Say first of all where a law was broken or two screens differed: such figures are worth nothing."""
    return "".join(
        f"<p><strong>{escape(name)}: {one['violations']} violations, first {escape(one['first_violations'][0])}</strong></p>"
        for name, one in policies.items()
        if one["violations"]
    )


def _figures_table(policies: dict[str, Any], document: dict[str, Any]) -> str:
    rows = []
    for figure, words in TOLD.items():
        cells = [_with_interval(one, figure) for one in policies.values()]
        rows.append([words, *cells])
    bound = document["bound"].get("with_setup")
    note = f"<p>Omniscient bound: {bound:.2f} crew-days.</p>" if bound else ""
    return (
        _table(["", *policies], rows)
        + note
        + f"<p><small>Intervals: {document['confidence']:.0%}, over cities.</small></p>"
    )


def _with_interval(one: dict[str, Any], figure: str) -> str:
    value, ends = one.get(figure), one["interval"].get(figure)
    if value is None:
        return "not at equal truth"
    return f"{value:,.3g}" if not ends else f"{value:,.3g} <small>({ends[0]:,.3g} to {ends[1]:,.3g})</small>"


def _causes_table(policies: dict[str, Any]) -> str:
    rows = [
        [words, *(f"{one['crew_days_by_cause'][cause]:.2f}" for one in policies.values())]
        for cause, words in CAUSES.items()
    ]
    return _table(["crew-days", *policies], rows)


def _causes_chart(policies: dict[str, Any], bound: float | None) -> str:
    widest = max([sum(one["crew_days_by_cause"].values()) for one in policies.values()] + [bound or 0.0]) or 1.0
    scale, height = 560.0 / widest, 30 * len(policies) + 80
    parts = [f"{_WIDE}<svg viewBox='0 0 900 {height}' role='img' aria-label='crew-days by cause'>"]
    for row, (name, one) in enumerate(policies.items()):
        at = _LEFT
        parts.append(
            f"<text x='{_LEFT - 10}' y='{30 * row + 20}' text-anchor='end' font-size='12'>{escape(name)}</text>"
        )
        for colour, (cause, words) in zip(_COLOURS, CAUSES.items(), strict=True):
            width = one["crew_days_by_cause"][cause] * scale
            parts.append(
                f"<rect x='{at:.1f}' y='{30 * row + 5}' width='{max(width, 0):.1f}' height='20' fill='{colour}'><title>{escape(words)} {one['crew_days_by_cause'][cause]:.2f}</title></rect>"
            )
            at += width
    if bound:
        x = _LEFT + bound * scale
        parts.append(f"<path d='M{x:.1f} 0V{30 * len(policies) + 8}' stroke='currentColor' stroke-dasharray='4 3'/>")
        parts.append(
            f"<text x='{x:.1f}' y='{30 * len(policies) + 24}' text-anchor='middle' font-size='12'>bound {bound:.1f}</text>"
        )
    for place, (colour, words) in enumerate(zip(_COLOURS, CAUSES.values(), strict=True)):
        x, y = 10 + 178 * (place % 5), height - 36 + 20 * (place // 5)
        parts.append(
            f"<rect x='{x}' y='{y}' width='10' height='10' fill='{colour}'/>"
            f"<text x='{x + 14}' y='{y + 9}' font-size='11'>{escape(words)}</text>"
        )
    return "".join(parts) + "</svg></div>"


def _truth_chart(policies: dict[str, Any]) -> str:
    """Draw each policy as a point: crew-days across, share truly at the target up, both with their intervals."""
    days: list[list[float]] = [one["interval"].get("crew_days") or [one["crew_days"]] * 2 for one in policies.values()]
    low, high = 0.95 * min(ends[0] for ends in days), 1.05 * max(ends[1] for ends in days)
    span = (high - low) or 1.0
    places = 0 if span > 10 else 1

    def across(value: float) -> float:
        return 60 + 780 * (value - low) / span

    def up(share: float) -> float:
        return 300.0 - 270.0 * share

    parts = [f"{_WIDE}<svg viewBox='0 0 900 340' role='img' aria-label='truth against crew-days'>"]
    parts += [
        f"<path d='M60 {up(share):.1f}H850' stroke='{'#2f855a' if share == 0.8 else 'var(--line)'}'/>"
        f"<text x='50' y='{up(share) + 4:.1f}' text-anchor='end' font-size='12'>{share:.0%}</text>"
        for share in (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
    ]
    parts += [
        f"<text x='{across(low + span * k / 5):.1f}' y='325' text-anchor='middle' font-size='12'>{low + span * k / 5:.{places}f}</text>"
        for k in range(6)
    ]
    for colour, (name, one) in zip(_cycle(len(policies)), policies.items(), strict=True):
        x, y = across(one["crew_days"]), up(one["truly_at_target"])
        for figure, horizontal in (("crew_days", True), ("truly_at_target", False)):
            ends = one["interval"].get(figure)
            if ends:
                path = (
                    f"M{across(ends[0]):.1f} {y:.1f}H{across(ends[1]):.1f}"
                    if horizontal
                    else f"M{x:.1f} {up(ends[0]):.1f}V{up(ends[1]):.1f}"
                )
                parts.append(f"<path d='{path}' stroke='{colour}' stroke-width='2'/>")
        parts.append(
            f"<circle cx='{x:.1f}' cy='{y:.1f}' r='5' fill='{colour}'/><text x='{x + 8:.1f}' y='{y - 6:.1f}' font-size='12'>{escape(name)}</text>"
        )
    return (
        "".join(parts)
        + "</svg></div><p><small>Across: crew-days. Up: share of streets truly at the target when left.</small></p>"
    )


def _cycle(count: int) -> list[str]:
    return [_COLOURS[k % 6] for k in range(count)]


def _paired_table(document: dict[str, Any]) -> str:
    rows = []
    for name, one in document["paired"].items():
        cells = [
            f"{one[figure]['difference']:+.3g}"
            + (
                ""
                if one[figure]["low"] is None
                else f" <small>({one[figure]['low']:+.3g} to {one[figure]['high']:+.3g})</small>"
            )
            for figure in ("crew_days", "truly_at_target", "left_short", "surveys_per_street")
        ]
        rows.append([escape(name), *cells, f"{one['crew_days_ratio']:.3f}"])
    if not rows:
        return ""
    first = next(iter(document["policies"]), "")
    head = [f"less {first}", "crew-days", "truly at target", "left short", "surveys a street", "ratio of crew-days"]
    return "<h2>Run by run, on the same cities and the same luck</h2>" + _table(head, rows, escaped=True)


def _promise_table(policies: dict[str, Any]) -> str:
    rows = [
        [
            name,
            str(one["promise"]["claims"]),
            str(one["promise"]["weeks"]),
            f"{one['promise']['expected']:.1%}",
            f"{one['promise']['kept']:.1%}",
            "; ".join(say_promise(one["promise"])[1:]),
        ]
        for name, one in policies.items()
        if one["promise"]["claims"]
    ]
    if not rows:
        return ""
    return "<h2>What plans promised, and what was kept</h2>" + _table(
        ["", "claims", "weeks", "promised to finish", "finished", "week by week"], rows
    )


def _table(head: Sequence[str], rows: Sequence[Sequence[str]], *, escaped: bool = False) -> str:
    cells = "".join(
        "<tr>" + "".join(f"<td>{cell if k or escaped else escape(cell)}</td>" for k, cell in enumerate(row)) + "</tr>"
        for row in rows
    )
    heads = "".join(f"<th scope='col'>{escape(one)}</th>" for one in head)
    return f"{_WIDE}<table><tr>{heads}</tr>{cells}</table></div>"
