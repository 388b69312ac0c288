"""`fieldops recruit reps`, `assign-reps` and `rep-leaves`: who looks after whom."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from fieldops.cli.console import DEFAULT_DB, AsJson, Db, Now, given_moment, print_json, progress_bar, shell_actor
from fieldops.cli.tables import File, Numbered, Strict, import_table

if TYPE_CHECKING:
    from fieldops.intake import Intake
    from fieldops.planning.reps import Answer
    from fieldops.progress import Progress
    from fieldops.store.connect import Region


def register(recruit: typer.Typer) -> None:
    """Add the commands of reps to `recruit`."""
    recruit.command("reps")(reps)
    recruit.command("import-reps")(import_reps)
    recruit.command("assign-reps")(assign_reps)
    recruit.command("rep-leaves")(rep_leaves)


def reps(db: Db = DEFAULT_DB, now: Now = None, as_json: AsJson = False) -> None:
    """
    List the representatives with the sellers in their care.

    Example: fieldops recruit reps
    """
    from rich.console import Console
    from rich.table import Table

    from fieldops.actions.recruiting_reps import list_reps
    from fieldops.store.connect import open_region

    found = list_reps(open_region(db), shell_actor(), now=given_moment(now))
    if as_json:
        print_json([
            {"rep": one.rep.id, "name": one.name, "base": one.rep.base, "cares": one.cares, "free": one.free,
             "follows": one.follows, "works": one.works} for one in found
        ])  # fmt: skip
        return
    table = Table("rep", "name", "base", "sellers", "places free", "candidates followed", "until")
    for one in found:
        until = "" if one.rep.until is None else str(one.rep.until)
        table.add_row(one.rep.id, one.name, one.rep.base, str(one.cares), str(one.free), str(one.follows), until)
    Console().print(table)


def import_reps(
    file: File, db: Db = DEFAULT_DB, strict: Strict = False, now: Now = None, as_json: AsJson = False
) -> None:
    """
    Take in representatives; those who are there already are updated.

    Columns: rep, base, name, and if you like languages (zh;yue), groups (1;4: those that the rep knows best), lon, lat,
    from, until.

    Example: fieldops recruit import-reps reps.csv
    """
    from fieldops.actions import recruiting_reps as acts
    from fieldops.store.connect import open_region

    def take(rows: Numbered, _: "Progress") -> "Intake":
        return acts.import_reps(open_region(db), shell_actor(), rows, strict=strict, now=given_moment(now))

    import_table(file, take, needed=acts.NEEDED, known=acts.KNOWN, as_json=as_json)


def assign_reps(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show who would go to whom; change nothing.")] = False,
    without: Annotated[
        list[str] | None,
        typer.Option(help="What if this rep were not there? Implies --dry-run; give it several times."),
    ] = None,
    cap: Annotated[int | None, typer.Option(min=1, help="What if a rep cared for so many? Implies --dry-run.")] = None,
    most: Annotated[int, typer.Option(min=1, help="Assign at most so many sellers at once, oldest first.")] = 5000,
    db: Db = DEFAULT_DB,
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """
    Give sellers without a rep to reps, as well as can be: way, base, language, group, and even loads; 35 at most each.

    The answer is the best there is by these prices. Every choice comes with its reasons.

    Example: fieldops recruit assign-reps --without R03
    """
    from fieldops.actions import recruiting_reps as acts
    from fieldops.ids import RepId
    from fieldops.store.connect import open_region

    region, moment = open_region(db), given_moment(now)
    if dry_run or without or cap:
        tried = acts.plan_reps(
            region, shell_actor(), most=most, without=[RepId(one) for one in without or ()], cap=cap, now=moment
        )
        if as_json:
            compared = {"otherwise": _document(tried.otherwise), "moved": tried.moved} if without or cap else {}
            print_json({**_document(tried.answer), "changed": False, **compared})
            return
        _show(region, tried.answer)
        if without or cap:
            typer.echo(
                f"otherwise: {tried.moved} sellers elsewhere, {tried.otherwise.unserved} without a rep (now "
                f"{tried.answer.unserved}), price {tried.otherwise.price:,.1f} km (now {tried.answer.price:,.1f})"
            )
        return
    with progress_bar(quiet=as_json) as progress:
        answer = acts.assign_reps(region, shell_actor(), most=most, now=moment, progress=progress)
    if as_json:
        print_json({**_document(answer), "changed": True})
    else:
        _show(region, answer)


def rep_leaves(
    rep: Annotated[str, typer.Argument(help="The rep who leaves.")],
    until: Annotated[
        str | None, typer.Option(metavar="DAY", help="The first day without them; today if left away.")
    ] = None,
    db: Db = DEFAULT_DB,
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """
    Let a rep go and hand everybody over to others within their 35; whom nobody has room for is listed.

    Example: fieldops recruit rep-leaves R03
    """
    from fieldops.actions.recruiting_reps import end_rep
    from fieldops.ids import RepId
    from fieldops.intake import read_day
    from fieldops.store.connect import open_region

    region = open_region(db)
    day = read_day({"until": until or ""}, "until")
    answer = end_rep(region, shell_actor(), RepId(rep), until=day, now=given_moment(now))
    if as_json:
        print_json(_document(answer))
    else:
        _show(region, answer)


def _document(answer: "Answer") -> dict[str, object]:
    return {
        "assigned": [asdict(one) for one in answer.choices if one.rep],
        "unassigned": [asdict(one) for one in answer.choices if not one.rep],
        "price_km": answer.price, "proven": answer.proven, "loads": answer.loads,
    }  # fmt: skip


def _show(region: "Region", answer: "Answer") -> None:
    from rich.console import Console
    from rich.table import Table

    from fieldops.actions.recruiting_lists import names_of
    from fieldops.actions.recruiting_reps import list_reps
    from fieldops.ids import CandidateId

    names = names_of(region, shell_actor(), [CandidateId(one.charge) for one in answer.choices])
    reps_named = {one.rep.id: one.name for one in list_reps(region, shell_actor())}
    table = Table("seller", "rep", "way km", "why")
    for one in answer.choices:
        why = ", ".join(one.reasons).replace("_", " ")
        if one.better:
            why += f" (nearer: {one.better})"
        way = "" if one.way_km is None else f"{one.way_km:.1f}"
        name = names.get(CandidateId(one.charge), one.charge)
        table.add_row(name, f"{reps_named.get(one.rep, '')} ({one.rep})" if one.rep else "nobody", way, why)  # type: ignore[call-overload]
    Console().print(table)
    served = len(answer.choices) - answer.unserved
    proven = "the best there is" if answer.proven else "not proven the best"
    typer.echo(f"{served} with a rep, {answer.unserved} without; {proven}")
