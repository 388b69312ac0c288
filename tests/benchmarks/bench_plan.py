"""
Streets to crews at city size: proven gaps with and without the terms of a plan, beside others in the same run and time.

Quick (about 12 minutes): 20,000 x 200 with tight hours and all terms for a minute beside the others, loose for a third of one,
50,000 x 1,000 tight for three; what terms cost and how time grows on smaller cities. Full (about an hour): every city beside
all the others. Hours depend on the crew everywhere (walking counts). Every gap is to the one bound that ours proves. Rows are
told as they come; what was stopped goes on where it stopped.
"""

import numpy as np
from rich.console import Console
from rich.table import Table

from tests.benchmarks import ours, peers
from tests.benchmarks.problems import ALL_TERMS, LOOSE, TIGHT
from tests.benchmarks.rows import Row, Rows

OTHERS = ("cp_sat", "highs", "zones", "greedy")
PATIENCE, GRACE = 3.0, 240.0  # times the time limit, and seconds for posing on a busy machine: then a row is ended
MEMORY_MB = 8_000.0
City = tuple[int, int, float, float, tuple[str, ...], tuple[str, ...]]  # streets, crews, s, capacity, terms, others
QUICK: tuple[City, ...] = (
    (20_000, 200, 60.0, TIGHT, ALL_TERMS, OTHERS),
    (20_000, 200, 20.0, LOOSE, ALL_TERMS, ("greedy",)),
    (50_000, 1_000, 180.0, TIGHT, ALL_TERMS, ("greedy",)),
)
FULL: tuple[City, ...] = tuple(
    (streets, crews, seconds, capacity, terms, OTHERS if terms else ("greedy",))
    for streets, crews, seconds in ((20_000, 200, 60.0), (50_000, 1_000, 180.0))
    for capacity in (LOOSE, TIGHT)
    for terms in (ALL_TERMS, ())
)


def gap(bound: float, row: Row) -> str:
    """Return the gap of a row's value to the proven bound, as text."""
    if "value" not in row:
        return str(row["ended"])
    if row["value"] is None:
        return "not installed"
    if row["value"] <= 0:
        return "nothing"
    return f"{bound / row['value'] - 1:.3%}" + (f" ({row['ended']})" if row["ended"] else "")


def limit(seconds: float) -> float:
    """Return the wall seconds after which a row is ended that should have stopped by itself long ago."""
    return PATIENCE * seconds + GRACE


def against_others(cities: tuple[City, ...], rows: Rows, console: Console) -> None:
    """Print a row a city: ours and the others, all against the one bound that ours proves."""
    table = Table(
        "streets x crews", "hours", "terms", "pairs", "s", "CPU s", "peak MB", "load", "ours", "CP-SAT", "HiGHS", "zones",
        "greedy", box=None,
    )  # fmt: skip
    for streets, crews, seconds, capacity, terms, others in cities:
        spec = ["city", streets, crews, capacity, terms]
        word = f"{streets} x {crews}", "tight" if capacity == TIGHT else "loose", "all" if terms else "hours only"
        mine = rows.make(ours.ours, spec, seconds, limit=limit(seconds))
        bound = mine.get("bound", float("nan"))
        console.print(f"  {' '.join(word)}, ours: {gap(bound, mine)} in {mine['wall']:.0f} s")
        shown = dict.fromkeys(OTHERS, "")
        for name in others:
            found = rows.make(peers.other, name, spec, seconds, limit=limit(seconds), memory_mb=MEMORY_MB)
            shown[name] = gap(bound, found)
            console.print(f"  {' '.join(word)}, {name}: {shown[name]} in {found['wall']:.0f} s, {found['peak_mb']} MB")
        table.add_row(
            *word, f"{mine.get('pairs', 0)}", f"{mine['wall']:.0f}", f"{mine['cpu']:.0f}", f"{mine['peak_mb']}",
            f"{mine['load']}", gap(bound, mine), *shown.values(),
        )  # fmt: skip
    console.print(table)


def what_terms_cost(streets: int, crews: int, seconds: float, rows: Rows, console: Console) -> None:
    """Print what each term does to the value and to the gap, one at a time, and the price of fairness."""
    table = Table(f"{streets} x {crews}, tight hours", "value", "of hours only", "gap", "s", "CPU s", "load", box=None)
    ways: dict[str, tuple[str, ...]] = {"hours only": (), **{name: (name,) for name in ALL_TERMS}, "all": ALL_TERMS}
    plain = 0.0
    for name, on in ways.items():
        row = rows.make(ours.ours, ["city", streets, crews, TIGHT, on], seconds, limit=limit(seconds))
        value = row.get("value", 0.0)
        plain = plain or value
        console.print(f"  {name}: {value:,.0f}, gap {gap(row.get('bound', 0.0), row)} in {row['wall']:.0f} s")
        table.add_row(
            name, f"{value:,.0f}", f"{value / plain:.2%}" if plain else "", gap(row.get("bound", 0.0), row),
            f"{row['wall']:.0f}", f"{row['cpu']:.0f}", f"{row['load']}",
        )  # fmt: skip
    fair = rows.make(ours.fairer, ["city", streets, crews, TIGHT, ALL_TERMS], seconds, 0.8, limit=limit(seconds))
    told = f"all, Gini {fair['gini_before']:.3f} to {fair['gini']:.3f}" if "gini" in fair else "all, evened out"
    table.add_row(
        told, f"{fair.get('value', 0.0):,.0f}", f"price {fair.get('price', 0.0):.2%}", gap(fair.get("bound", 0.0), fair),
        f"{fair['wall']:.0f}", f"{fair['cpu']:.0f}", f"{fair['load']}",
    )  # fmt: skip
    console.print(table)


def growth(sizes: tuple[tuple[int, int], ...], rows: Rows, console: Console) -> None:
    """Print the seconds to a gap of 1 % by size, and the exponent of their growth in priced pairs."""
    table = Table("streets x crews", "pairs", "s to 1 %", "CPU s", "gap", "load", box=None)
    points = []
    for streets, crews in sizes:
        spec = ["city", streets, crews, TIGHT, ALL_TERMS]
        row = rows.make(ours.ours, spec, 300.0, 0.01, limit=limit(300.0))
        console.print(f"  {streets} x {crews}: {gap(row.get('bound', 0.0), row)} after {row['wall']:.1f} s")
        if row.get("value"):
            points.append((row["pairs"], row["cpu"]))
        table.add_row(
            f"{streets} x {crews}", f"{row.get('pairs', 0)}", f"{row['wall']:.2f}", f"{row['cpu']:.2f}",
            gap(row.get("bound", 0.0), row), f"{row['load']}",
        )  # fmt: skip
    console.print(table)
    if len(points) > 1:
        pairs, seconds = np.log(np.array(points)).T
        console.print(f"CPU seconds grow with the power {np.polyfit(pairs, seconds, 1)[0]:.2f} of the pairs")


def main(full: bool = False) -> None:
    """Print three tables: others, terms, growth."""
    console, rows = Console(width=150), Rows("plan")
    against_others(FULL if full else QUICK, rows, console)
    what_terms_cost(*((20_000, 200, 30.0) if full else (2_000, 40, 3.0)), rows, console)
    sizes = ((2_500, 25), (5_000, 50), (10_000, 100), (20_000, 200), (50_000, 500))
    growth(sizes if full else sizes[:4], rows, console)
    rows.say(console)
