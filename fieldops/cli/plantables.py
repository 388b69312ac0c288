"""How a plan looks at the shell: as JSON and as tables."""

import dataclasses
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fieldops.store.plans import StoredPlan


def summary(one: "StoredPlan") -> dict[str, Any]:
    """Return the plan's figures as JSON values."""
    return {
        "plan": one.id, "made_at": one.made_at, "starts_at": one.starts_at, "status": one.status,
        "objective": one.objective, "bound": one.bound, "gap": one.gap, "seconds": one.seconds, "seed": one.seed,
        "published_at": one.published_at, "figures": one.figures,
    }  # fmt: skip


def plan_document(one: "StoredPlan") -> dict[str, Any]:
    """Return the whole plan as JSON values."""
    return summary(one) | {
        "assignments": [dataclasses.asdict(a) for a in one.assignments],
        "unassigned": [{"street": street, "reason": reason} for street, reason in one.unassigned],
        "check": {"lawful": one.figures["lawful"], "violations": one.figures["violations"]},
    }


def print_plan(one: "StoredPlan", names: dict[str, str]) -> None:
    """Print the plan crew by crew, with its bound and what is left; `names` are those of crews and streets by id."""
    from rich.console import Console
    from rich.table import Column, Table

    console, figures = Console(soft_wrap=True), one.figures
    if figures["impossible"]:
        console.print(f"No plan is possible: {figures['impossible']}")
        return
    figured = [Column(title, justify="right") for title in ("streets", "hours", "people to tell", "finish")]
    table = Table("crew", *figured, "worth most", box=None, title=f"Plan {one.id}")
    crews: dict[str, list[Any]] = {}
    for a in one.assignments:
        crews.setdefault(a.crew, []).append(a)
    for crew, mine in sorted(crews.items()):
        new = [a for a in mine if not a.pinned]
        finish = sum(a.finish_probability for a in new) / len(new) if new else 0.0
        table.add_row(
            called(crew, names.get(crew, "")), f"{len(new)}" + (f" + {len(mine) - len(new)}" if len(mine) > len(new) else ""),
            f"{sum(a.hours for a in new):,.1f}", f"{sum(a.value for a in new):,.0f}", f"{finish:.0%}" if new else "",
            ", ".join(names.get(a.street, a.street) for a in (new or mine)[:2]) + (" ..." if len(mine) > 2 else ""),
        )  # fmt: skip
    console.print(table)
    console.print(
        f"{figures['given']} of {figures['streets']} streets · gap {one.gap:.3%} · {'lawful' if figures['lawful'] else 'UNLAWFUL'}"
    )
    console.print(f"{figures['crews_with_streets']} of {figures['crews']} crews; {_say_hours(figures)}")
    console.print(f"value {one.objective:,.1f} people, proven bound {one.bound:,.1f}; {one.seconds:.1f} s")
    if figures.get("recruits"):
        console.print(_say_recruits(**figures["recruits"]))
    if one.basis_warning:
        console.print(one.basis_warning)
    _print_terms(figures, names)
    for street, reason in one.unkept.items():
        console.print(
            f"  pin of {called(street, names.get(street, ''))} not kept: {reason}; lift it with `fieldops plan unpin {street}`"
        )
    for violation in figures["violations"]:
        console.print(f"  violation: {violation}")
    for reason, count in figures["reasons"].items():
        console.print(f"  {count:>5} without a crew: {reason}")


def _say_hours(figures: dict[str, Any]) -> str:
    said = f"{figures['hours_given']:,.0f} of {figures['hours_at_hand']:,.0f} h"
    if "hours_kept" not in figures:  # an older plan, which did not say
        return said
    return f"{said}, {figures['hours_kept']:,.0f} h kept in reserve, so that crews finish with {figures['finish_probability']:.0%}"


def _say_recruits(expected: float | None, people_per_candidate: float) -> str:
    if expected is None:
        return "recruits count too, but nothing is known yet of what brings them: streets are valued by awareness alone"
    return f"recruits count too: {expected:,.1f} candidates are expected from what it gives, each valued as {people_per_candidate:g} people told"


def _print_terms(figures: dict[str, Any], names: dict[str, str]) -> None:
    """Print what the plan was made under, how evenly crews fare, and who is left out."""
    from rich.console import Console

    console = Console(soft_wrap=True)
    if figures.get("what_if"):
        assumed = ", ".join(f"{name} {value:g}" for name, value in figures["what_if"].items())
        console.print(f"What if {assumed}: it is kept for comparing and is never published.")
    if figures.get("rain"):
        console.print(f"Nobody works on {', '.join(figures['rain'])}.")
    if fair := figures.get("fair"):
        kept = "kept" if fair["reached"] else "NOT reached, this is the most even plan found"
        console.print(
            f"Gini of results per hour {figures['gini']:.3f} (before {fair['gini_before']:.3f}, bound {fair['limit']:g} {kept}); "
            f"price of fairness {fair['price']:.2%} of the value"
        )
    for crew, reason in list(figures.get("left_out", {}).items())[:8]:
        console.print(f"  crew {called(crew, names.get(crew, ''))} gets no street: {reason}")


def title(one: "StoredPlan") -> str:
    """Return the plan's id, with what it assumes."""
    assumed = ", ".join(f"{name}={value:g}" for name, value in one.figures.get("what_if", {}).items())
    return f"{one.id}" + (f" ({assumed})" if assumed else "")


def called(id: str, name: str) -> str:  # noqa: A002  # the domain's word
    """Return the name with the id that commands ask for; the id alone where it has no other name."""
    return f"{name} ({id})" if name and name != id else id
