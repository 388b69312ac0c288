"""
Public generalized assignment instances: our answer against the best known value, beside CP-SAT and HiGHS in the same 60 s.

Quick (at most 20 minutes): eight instances. Full (at most an hour and a half): all of them, and made-up ones of the hard kinds,
as large as 1,600 x 80, whose gaps are to the bound that ours proves, for no best value is known. Whoever has proven that nothing
is better stops before. Rows are told as they come; what was stopped goes on where it stopped.
"""

import csv

from rich.console import Console
from rich.table import Table

from tests.benchmarks import ours, peers
from tests.benchmarks.problems import FOLDER
from tests.benchmarks.rows import Row, Rows

QUICK = ("a20200", "b20200", "c10400", "c20200", "d05200", "d10100", "e05100", "e10100")
LIKE = tuple((kind, *size) for size in ((400, 20), (900, 30), (1_600, 80)) for kind in "cde")
OTHERS = ("cp_sat", "highs")
SECONDS = 60.0
LIMIT = 300.0  # wall seconds after which a row is ended that should have stopped by itself long ago


def cost_of(row: Row, what: str = "value") -> float:
    """Return the cost that a row's value or bound stands for, nan where there is none."""
    return row["offset"] - row[what] if row.get(what) else float("nan")


def told(share: float, row: Row) -> str:
    """Return a gap as text, or why there is none."""
    if share != share:
        return str(row["ended"] or "nothing")
    return f"{share:.3%}" + (f" ({row['ended']})" if row["ended"] else "")


def compare(spec: list[object], known: int | None, rows: Rows, console: Console) -> tuple[list[str], list[float]]:
    """Return a row of the table, and the gaps of ours, CP-SAT and HiGHS to the best known, else to the bound."""
    mine = rows.make(ours.ours, spec, SECONDS, limit=LIMIT)
    cost, bound = cost_of(mine), cost_of(mine, "bound")
    against = known or bound
    others = [rows.make(peers.other, one, spec, SECONDS, limit=LIMIT) for one in OTHERS]
    gaps = [cost / against - 1, *(cost_of(one) / against - 1 for one in others)]
    shown = [told(share, row) for share, row in zip(gaps, [mine, *others], strict=True)]
    name = " ".join(str(word) for word in spec[1:])
    console.print(f"  {name}: ours {shown[0]}, CP-SAT {shown[1]}, HiGHS {shown[2]}")
    return [
        name, str(known or ""), f"{cost:.0f}", shown[0], f"{cost / bound - 1:.3%}", f"{mine['wall']:.1f}", f"{mine['cpu']:.1f}",
        f"{mine['load']}", *shown[1:], *(f"{one['cpu']:.1f}" for one in others),
    ], gaps  # fmt: skip


def contest(specs: list[tuple[list[object], int | None]], rows: Rows, console: Console) -> None:
    """Print one row an instance, then the worst gap of each type."""
    table = Table(
        "instance", "best known", "ours", "gap", "to bound", "s", "CPU s", "load", "CP-SAT", "HiGHS", "CPU s", "CPU s", box=None,
    )  # fmt: skip
    worst: dict[str, list[float]] = {}
    for spec, known in specs:
        shown, gaps = compare(spec, known, rows, console)
        table.add_row(*shown)
        kind = str(spec[1])[0]
        worst[kind] = [max(pair) for pair in zip(gaps, worst.get(kind, gaps), strict=True)]
    for kind, gaps in sorted(worst.items()):
        table.add_row(
            f"type {kind}", "worst", "", f"{gaps[0]:.3%}", "", "", "", "", *(f"{one:.3%}" for one in gaps[1:])
        )
    console.print(table)


def main(full: bool = False) -> None:
    """Print the public instances against the best known, and with `full` made-up ones against the bound."""
    console, rows = Console(width=150), Rows("gap")
    if FOLDER.is_dir():
        with (FOLDER / "best_known.csv").open() as file:
            best = {row["name"]: int(row["best_known"]) for row in csv.DictReader(file) if row["set"] == "gap"}
        contest([(["public", name], best[name]) for name in (sorted(best) if full else QUICK)], rows, console)
    else:
        console.print("the folder of public data is not here (see $FIELDOPS_SHARED_DATA)")
    if full:
        contest([(["like", *one], None) for one in LIKE], rows, console)
    rows.say(console)
