"""`fieldops rule`: the card of the move-on test, what it is worth, and cards for other zones."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fieldops.cli.console import AsJson, print_json, say
from fieldops.errors import BadInput, StorageFailed

if TYPE_CHECKING:
    from fieldops.awareness import CountRule

SHARES = (0.05, 0.08, 0.10, 0.12, 0.15, 0.18, 0.20, 0.22, 0.25, 0.28, 0.30, 0.40)
_NUMBERS = ["Nobody", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten"]


def register(app: typer.Typer) -> None:
    """Add `fieldops rule`."""
    app.command("rule")(show_rule)


def show_rule(
    name: Annotated[str, typer.Option(help="Which card: r50 (streets), a130 (audits) or two_of_ten.")] = "r50",
    p0: Annotated[float | None, typer.Option(help="Make a card instead: share at which it should push on.")] = None,
    p1: Annotated[float | None, typer.Option(help="... and share at which it should move on.")] = None,
    alpha: Annotated[float, typer.Option(help="Allowed probability of moving on wrongly, at --p0.")] = 0.10,
    beta: Annotated[float, typer.Option(help="Allowed probability of pushing on wrongly, at --p1.")] = 0.10,
    out: Annotated[Path | None, typer.Option(help="Draw the operating curve into this SVG file.")] = None,
    as_json: AsJson = False,
) -> None:
    """
    Show the card that says when to move on, and how often it errs.

    Ask passers-by, look at the card, and leave, push on or ask more. The table tells for each true share of people who know
    how often the card moves on and how many surveys that takes, with the plain rule "2 of 10" beside it.

    Examples: `fieldops rule` · `fieldops rule --name a130 --out curve.svg` · `fieldops rule --p0 0.15 --p1 0.30 --alpha 0.05`
    """
    from fieldops.awareness import design_card, draw_curve, find_rule

    if (p0 is None) != (p1 is None):
        raise BadInput("a zone has two ends", cure="give both --p0 and --p1, for example --p0 0.12 --p1 0.28")
    rule = find_rule(name) if p0 is None or p1 is None else design_card(p0, p1, alpha, beta)
    if out is not None:
        try:
            out.write_text(draw_curve(rule), encoding="utf-8")
        except OSError as error:
            raise StorageFailed(
                f"{out} cannot be written: {error.strerror}", "choose another place with --out"
            ) from None
        say(f"curve drawn in {out}")
    if as_json:
        print_json(_document(rule))
    else:
        _show(rule)


def _curve(rule: "CountRule") -> list[dict[str, float]]:
    points = ((share, rule.operating_characteristic(share)) for share in SHARES)
    return [
        {"share": share, "move_on": found.move_on, "expected_surveys": found.expected_surveys,
         "surveys_95": found.surveys_95} for share, found in points
    ]  # fmt: skip


def _document(rule: "CountRule") -> dict[str, object]:
    from fieldops.awareness import TWO_OF_TEN

    wrong_move_on, wrong_push_on = rule.error_rates()
    return {
        "rule": rule.name, "looks": rule.looks, "push_on_at_most": rule.push_on_at_most,
        "move_on_at_least": rule.move_on_at_least, "zone": rule.zone,
        "error_rates": {"wrong_move_on": wrong_move_on, "wrong_push_on": wrong_push_on},
        "sentence": field_sentence(rule), "curve": _curve(rule), "two_of_ten": _curve(TWO_OF_TEN),
    }  # fmt: skip


def _count(number: int) -> str:
    return _NUMBERS[number] if number < len(_NUMBERS) else str(number)


def field_sentence(rule: "CountRule") -> str:
    """Return what a promoter is told, for example "Ask 10. Nobody knows: swarm. Four know: move on. ..."."""
    first, low, high = rule.looks[0], rule.push_on_at_most[0], rule.move_on_at_least[0]
    words = [f"Ask {first}."]
    if low >= 0:
        limit = "Nobody knows" if low == 0 else f"{_count(low)} or fewer know"
        words.append(f"{limit}: swarm.")
    if high <= first:
        words.append(f"{_count(high)} {'knows' if high == 1 else 'know'}: move on.")
    if len(rule.looks) > 1:
        steps = {b - a for a, b in zip(rule.looks, rule.looks[1:], strict=False)}
        more = f"ask {_count(min(steps)).lower()} more" if len(steps) == 1 else "ask on to the next line"
        opening = "Otherwise " + more if len(words) > 1 else more.capitalize()
        words.append(f"{opening} and look at the card; at {rule.looks[-1]} decide by {rule.move_on_at_least[-1]}.")
    return " ".join(words)


def _show(rule: "CountRule") -> None:
    from rich.console import Console
    from rich.table import Table

    from fieldops.awareness import TWO_OF_TEN

    console = Console()
    wrong_move_on, wrong_push_on = rule.error_rates()
    card = Table(title=f"Card {rule.name}", title_justify="left", box=None, pad_edge=False)
    for column in ("surveys", "swarm if at most", "move on if at least"):
        card.add_column(column, justify="right")
    for look, low, high in zip(rule.looks, rule.push_on_at_most, rule.move_on_at_least, strict=True):
        card.add_row(str(look), str(low) if low >= 0 else "-", str(high) if high <= look else "-")
    console.print(card)
    console.print(f"\n{field_sentence(rule)}")
    console.print(
        f"Moves on wrongly {wrong_move_on:.1%} of the time where {rule.zone[0]:.0%} know; "
        f"pushes on wrongly {wrong_push_on:.1%} where {rule.zone[1]:.0%} know.\n",
        highlight=False,
    )
    table = Table(title="What it is worth", title_justify="left", box=None, pad_edge=False)
    for column in ("truly know", "moves on", "surveys", "95 of 100 by", "2 of 10 moves on", "its surveys"):
        table.add_column(column, justify="right")
    for own, plain in zip(_curve(rule), _curve(TWO_OF_TEN), strict=True):
        table.add_row(
            f"{own['share']:.0%}", f"{own['move_on']:.1%}", f"{own['expected_surveys']:.1f}", f"{own['surveys_95']:.0f}",
            f"{plain['move_on']:.1%}", f"{plain['expected_surveys']:.1f}",
        )  # fmt: skip
    console.print(table)
