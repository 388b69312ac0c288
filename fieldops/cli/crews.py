"""`fieldops crews` and `fieldops promoters`: who walks."""

from typing import TYPE_CHECKING, Annotated

import typer

from fieldops.cli.console import DEFAULT_DB, AsJson, Db, Now, given_moment, print_json, say, shell_actor
from fieldops.cli.tables import Coordinates, File, Numbered, Strict, import_table

if TYPE_CHECKING:
    from fieldops.intake import Intake
    from fieldops.progress import Progress

crews = typer.Typer(no_args_is_help=True, help="Crews: the teams that claim streets.")
One = Annotated[str, typer.Argument(help="The promoter's id, see `fieldops promoters list`.")]
promoters = typer.Typer(no_args_is_help=True, help="Promoters: the members of crews.")


def register(app: typer.Typer) -> None:
    """Add the commands `crews ...` and `promoters ...`."""
    app.add_typer(crews, name="crews")
    app.add_typer(promoters, name="promoters")


@crews.command("import")
def import_crews(
    file: File, db: Db = DEFAULT_DB, strict: Strict = False, coordinates: Coordinates = None, now: Now = None,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """
    Take in crews; crews that are there already are updated.

    Columns: crew, name, people, hours_per_day, home_lon, home_lat, and if you like base and days_off: days and days of
    every week, as "2026-03-08 sun" (Sunday, 周日 and 7 are the same).

    Example: fieldops crews import crews.csv
    """
    from fieldops.actions import people
    from fieldops.store.connect import open_region

    def take(rows: Numbered, _: "Progress") -> "Intake":
        region = open_region(db)
        return people.import_crews(
            region, shell_actor(), rows, strict=strict, coordinates=coordinates, now=given_moment(now)
        )

    import_table(file, take, needed=people.CREW_NEEDED, known=people.CREW_KNOWN, as_json=as_json)


@crews.command("list")
def list_crews(db: Db = DEFAULT_DB, as_json: AsJson = False) -> None:
    """List the crews with their strength."""
    from rich.console import Console
    from rich.table import Table

    from fieldops.actions import people
    from fieldops.store.connect import open_region

    found = people.list_crews(open_region(db), shell_actor())
    if as_json:
        print_json([
            {"crew": one.id, "name": one.name, "people": one.people, "hours_per_day": one.hours_per_day,
             "home_lon": one.home_lon, "home_lat": one.home_lat, "base": one.base, "days_off": one.days_off.words()}
            for one in found
        ])  # fmt: skip
        return
    table = Table("crew", "name", "people", "hours a day", "base")
    for one in found:
        table.add_row(one.id, one.name, str(one.people), f"{one.hours_per_day:g}", one.base or "")
    Console().print(table)


@promoters.command("import")
def import_promoters(
    file: File, db: Db = DEFAULT_DB, strict: Strict = False, now: Now = None, as_json: AsJson = False
) -> None:
    """
    Take in promoters; those who are there already are updated. Names go to the private file only.

    Columns: promoter, crew, name, and if you like from (first day) and until (first day no longer worked).

    Example: fieldops promoters import promoters.csv
    """
    from fieldops.actions import people
    from fieldops.store.connect import open_region

    def take(rows: Numbered, _: "Progress") -> "Intake":
        region = open_region(db)
        return people.import_promoters(region, shell_actor(), rows, strict=strict, now=given_moment(now))

    import_table(file, take, needed=people.PROMOTER_NEEDED, known=people.PROMOTER_KNOWN, as_json=as_json)


@promoters.command("list")
def list_promoters(db: Db = DEFAULT_DB, as_json: AsJson = False) -> None:
    """List the promoters with their crew and days."""
    from rich.console import Console
    from rich.table import Table

    from fieldops.actions import people
    from fieldops.store.connect import open_region

    found = people.list_promoters(open_region(db), shell_actor())
    if as_json:
        print_json([
            {"promoter": one.id, "name": name, "crew": one.crew, "from": one.since, "until": one.until}
            for one, name in found
        ])  # fmt: skip
        return
    table = Table("promoter", "name", "crew", "from", "until")
    for one, name in found:
        table.add_row(one.id, name, one.crew, str(one.since or ""), str(one.until or ""))
    Console().print(table)


@promoters.command()
def standby(promoter: One, db: Db = DEFAULT_DB, now: Now = None, as_json: AsJson = False) -> None:
    """Let a promoter stand by: the crew counts one person less. Example: fieldops promoters standby P017"""
    from fieldops.actions.standby import stand_by
    from fieldops.ids import PromoterId
    from fieldops.store.connect import open_region

    done = stand_by(open_region(db), shell_actor(), PromoterId(promoter), now=given_moment(now))
    _told(as_json, {"promoter": done.id, "crew": done.crew, "standby": True}, f"{done.id} of {done.crew} stands by")


@promoters.command()
def place(
    promoter: One,
    crew: Annotated[str, typer.Option(help="The crew to work in.")],
    db: Db = DEFAULT_DB,
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """Send a promoter to a crew, from the standby pool or from another crew. Example: fieldops promoters place P017 --crew C03"""
    from fieldops.actions.standby import send_to_crew
    from fieldops.ids import CrewId, PromoterId
    from fieldops.store.connect import open_region

    done = send_to_crew(open_region(db), shell_actor(), PromoterId(promoter), CrewId(crew), now=given_moment(now))
    _told(as_json, {"promoter": done.id, "crew": crew, "standby": False}, f"{done.id} works in {crew} now")


@promoters.command()
def board(
    promoter: One,
    hide: Annotated[bool, typer.Option("--hide", help="Leave the promoter off the board; without it, show.")] = False,
    db: Db = DEFAULT_DB,
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """Show a promoter on the board of verified work, or not. Example: fieldops promoters board P017 --hide"""
    from fieldops.actions.standby import choose_board
    from fieldops.ids import PromoterId
    from fieldops.store.connect import open_region

    done = choose_board(open_region(db), shell_actor(), PromoterId(promoter), shown=not hide, now=given_moment(now))
    _told(as_json, {"promoter": done.id, "shown": not hide}, f"{done.id} is {'not ' * hide}on the board")


def _told(as_json: bool, facts: dict[str, object], sentence: str) -> None:
    if as_json:
        print_json(facts)
    else:
        say(sentence)
