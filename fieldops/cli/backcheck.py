"""`fieldops backcheck`: are the answers real?"""

from typing import TYPE_CHECKING, Annotated

import typer

from fieldops.cli.console import DEFAULT_DB, AsJson, Db, Now, given_moment, print_json, say, shell_actor

if TYPE_CHECKING:
    from fieldops.actions.backcheck import Quarantined
    from fieldops.store.connect import Region

backcheck = typer.Typer(
    no_args_is_help=True,
    help="Back-checks: blind re-surveys by other crews, promoters to look closer at, quarantine and the way back.",
)


def register(app: typer.Typer) -> None:
    """Add the commands `backcheck ...`."""
    app.add_typer(backcheck, name="backcheck")


@backcheck.command("suspects")
def show_suspects(
    db: Db = DEFAULT_DB,
    days: Annotated[int, typer.Option("--days", min=1, help="Look at the surveys of so many days.")] = 14,
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """
    Rank promoters by reasons to look closer: counts, order of answers, early stops, re-surveys, pace and positions.

    A reason is no proof: among a hundred honest promoters one or two are listed by chance. Send a verifier first.
    """
    from rich.console import Console
    from rich.table import Table

    from fieldops.actions.backcheck import find_suspects
    from fieldops.actions.names import read_names
    from fieldops.store.connect import open_region

    region = open_region(db)
    found = find_suspects(region, shell_actor(), days=days, now=given_moment(now))
    if as_json:
        print_json([
            {"promoter": one.promoter, "score": round(one.score, 3), "knows": one.knows, "asked": one.asked, "reasons": [
                {"code": why.code, "text": why.text, "probability": why.probability, "measurement": why.measurement}
                for why in one.reasons
            ]}
            for one in found
        ])  # fmt: skip
        return
    if not found:
        typer.echo("nobody's answers stand out")
        return
    names = read_names(region, shell_actor())
    table = Table("promoter", "score", "knows / asked", "reasons")
    for one in found:
        reasons = "\n".join(f"{why.text} ({why.measurement})" if why.measurement else why.text for why in one.reasons)
        table.add_row(names.promoter(one.promoter), f"{one.score:.1f}", f"{one.knows} / {one.asked}", reasons)
    Console().print(table)
    say("a reason is no proof: send a verifier before you put anything into quarantine")


@backcheck.command("order")
def order_back_checks(
    db: Db = DEFAULT_DB,
    share: Annotated[
        float | None,
        typer.Option("--share", help="Check this share of all tests that moved on; the region's setting else."),
    ] = None,
    seed: Annotated[int | None, typer.Option("--seed", help="Make the choice repeatable, for tests.")] = None,
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """Let other crews survey again, blind, a random tenth of the places that moved on."""
    from fieldops.actions import backcheck as acts
    from fieldops.actions.names import read_names
    from fieldops.store.connect import open_region

    region = open_region(db)
    made = acts.order_back_checks(region, shell_actor(), seed=seed, share=share, now=given_moment(now))
    if as_json:
        print_json([{"back_check_of": one.measurement, "crew": one.crew, "street": one.street, "triangle": one.triangle}
                    for one in made])  # fmt: skip
        return
    names = read_names(region, shell_actor())
    for one in made:
        crew, place = names.crew(one.crew, "nobody but the askers"), names.place(one.street, one.triangle)
        typer.echo(f"{crew}: survey {place} again (back_check_of = {one.measurement})")
    typer.echo(f"{len(made)} re-surveys ordered")
    if not made:
        say(
            "as many as that share asks for are ordered already, or no place has moved on yet; see `fieldops backcheck tasks`"
        )


@backcheck.command("sentinels")
def show_sentinels(
    db: Db = DEFAULT_DB,
    seed: Annotated[int | None, typer.Option("--seed", help="Make the choice repeatable, for tests.")] = None,
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """
    Choose the finished streets that are asked again today, or show them: they tell how quickly people forget.

    Asked like any street, by a crew that was not the last one there; a worker chooses them every night. How many a day is the setting `sentinels_a_day`.

    Example: fieldops backcheck sentinels
    """
    from rich.console import Console
    from rich.table import Table

    from fieldops.actions.names import read_names
    from fieldops.actions.sentinels import choose_sentinels_of_day
    from fieldops.store.connect import open_region

    region = open_region(db)
    found = choose_sentinels_of_day(region, shell_actor(), seed=seed, now=given_moment(now))
    if as_json:
        print_json([
            {"day": one.day, "street": one.street, "label": one.label, "crew": one.crew, "done_by": one.done_by}
            for one in found
        ])  # fmt: skip
        return
    if not found:
        typer.echo("no street has moved on yet that nobody pushes: there is nothing to ask again")
        return
    names = read_names(region, shell_actor())
    table = Table("day", "street", "crew", "done by")
    for one in found:
        table.add_row(f"{one.day}", one.label or one.street, names.crew(one.crew), one.done_by or "")
    Console().print(table)


@backcheck.command("tasks")
def list_tasks(
    db: Db = DEFAULT_DB,
    crew: Annotated[str | None, typer.Option("--crew", help="Of this crew only.")] = None,
    as_json: AsJson = False,
) -> None:
    """List ordered re-surveys: where to ask, and whether it was done. What was found before is not shown."""
    from rich.console import Console
    from rich.table import Table

    from fieldops.actions import backcheck as acts
    from fieldops.actions.names import read_names
    from fieldops.ids import CrewId
    from fieldops.store.connect import open_region

    region = open_region(db)
    found = acts.list_tasks(region, shell_actor(), crew=CrewId(crew) if crew else None)
    if as_json:
        print_json([
            {"back_check_of": one.measurement, "street": one.street, "triangle": one.triangle, "crew": one.crew,
             "ordered_at": one.ordered_at, "done_by": one.done_by}
            for one in found
        ])  # fmt: skip
        return
    if not found:
        typer.echo("no re-survey is ordered; order some with `fieldops backcheck order`")
        return
    names = read_names(region, shell_actor())
    table = Table("back_check_of", "place", "crew", "ordered", "done by")
    for one in found:
        place, crew = names.place(one.street, one.triangle), names.crew(one.crew)
        table.add_row(one.measurement, place, crew, f"{one.ordered_at:%Y-%m-%d}", one.done_by or "")
    Console().print(table)


@backcheck.command("results")
def list_checked(
    db: Db = DEFAULT_DB,
    with_quarantined: Annotated[
        bool, typer.Option("--with-quarantined", help="Show the tests in quarantine too, as if their surveys counted.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Compare tests with their blind re-surveys, least believable first."""
    from rich.console import Console
    from rich.table import Table

    from fieldops.actions import backcheck as acts
    from fieldops.store.connect import open_region

    region = open_region(db)
    found = acts.list_checked(region, shell_actor(), with_quarantined=with_quarantined)
    if as_json:
        print_json([
            {"measurement": one.measurement, "knows": one.knows, "asked": one.asked, "knows_again": one.knows_again,
             "asked_again": one.asked_again, "probability": one.probability}
            for one in found
        ])  # fmt: skip
        return
    if not found:
        _say_why_nothing_is_compared(region)
        return
    table = Table("measurement", "reported", "found again", "probability if honest")
    for one in found:
        reported, again = f"{one.knows} / {one.asked}", f"{one.knows_again} / {one.asked_again}"
        table.add_row(one.measurement, reported, again, f"{one.probability:.4f}")
    Console().print(table)


@backcheck.command("quarantine")
def quarantine(
    reason: Annotated[str, typer.Option("--reason", help="What was found, as a code such as pace or contradicted.")],
    db: Db = DEFAULT_DB,
    promoter: Annotated[str | None, typer.Option("--promoter", help="All surveys of this promoter.")] = None,
    measurement: Annotated[str | None, typer.Option("--measurement", help="All surveys of this measurement.")] = None,
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """
    Put surveys into quarantine: they count in no decision and no figure until you lift it.

    Decisions that rested on them are made again. See the figures with them by `fieldops awareness --with-quarantined`.
    """
    from fieldops.actions import backcheck as acts
    from fieldops.ids import MeasurementId, PromoterId
    from fieldops.store.connect import open_region

    done = acts.quarantine_surveys(
        open_region(db), shell_actor(), reason=reason, promoter=PromoterId(promoter) if promoter else None,
        measurement=MeasurementId(measurement) if measurement else None, now=given_moment(now),
    )  # fmt: skip
    _print_quarantined(done, as_json=as_json, undo=f"; undo it with `fieldops backcheck lift {done.order}`")


@backcheck.command("lift")
def lift(
    order: Annotated[int, typer.Argument(help="The quarantine's number, as `fieldops backcheck list` prints it.")],
    db: Db = DEFAULT_DB,
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """Let the surveys of a quarantine count again; claims that have moved since stay as they are."""
    from fieldops.actions import backcheck as acts
    from fieldops.store.connect import open_region

    done = acts.lift_quarantine(open_region(db), shell_actor(), order, now=given_moment(now))
    _print_quarantined(done, as_json=as_json, undo="")


@backcheck.command("list")
def list_quarantines(db: Db = DEFAULT_DB, as_json: AsJson = False) -> None:
    """List all quarantines, newest first."""
    from rich.console import Console
    from rich.table import Table

    from fieldops.actions import backcheck as acts
    from fieldops.actions.names import read_names
    from fieldops.store.connect import open_region

    region = open_region(db)
    found = acts.list_quarantines(region, shell_actor())
    if as_json:
        print_json([
            {"order": one.seq, "promoter": one.promoter, "measurement": one.measurement, "reason": one.reason,
             "surveys": one.surveys, "made_at": one.made_at, "lifted_at": one.undone_at}
            for one in found
        ])  # fmt: skip
        return
    if not found:
        typer.echo("no survey was ever in quarantine; `fieldops backcheck suspects` says whose to look closer at")
        return
    names = read_names(region, shell_actor())
    table = Table("number", "of", "surveys", "reason", "since", "lifted")
    for one in found:
        lifted = f"{one.undone_at:%Y-%m-%d}" if one.undone_at else ""
        of = names.promoter(one.promoter) if one.promoter else str(one.measurement)
        table.add_row(str(one.seq), of, str(one.surveys), one.reason, f"{one.made_at:%Y-%m-%d}", lifted)
    Console().print(table)


def _say_why_nothing_is_compared(region: "Region") -> None:
    """Say what is still to be done until there is a test and its re-survey to compare."""
    from fieldops.actions import backcheck as acts

    tasks = acts.list_tasks(region, shell_actor())
    if not tasks:
        typer.echo("no re-survey is ordered; order some with `fieldops backcheck order`")
    elif any(one.done_by for one in tasks):
        typer.echo(
            "no answer of the tests that were surveyed again counts; see those in quarantine with --with-quarantined"
        )
    else:
        typer.echo(
            f"none of {len(tasks)} ordered re-surveys is done yet: see `fieldops backcheck tasks`, and import their surveys"
            " with the column back_check_of"
        )


def _print_quarantined(done: "Quarantined", *, as_json: bool, undo: str) -> None:
    if as_json:
        print_json({
            "order": done.order, "surveys": done.surveys, "decided": len(done.decided.made),
            "withdrawn": len(done.decided.withdrawn), "closed": done.decided.closed,
        })  # fmt: skip
        return
    typer.echo(f"{done.surveys} surveys; {len(done.decided.withdrawn)} decisions withdrawn, "
               f"{len(done.decided.made)} made again{undo}")  # fmt: skip
