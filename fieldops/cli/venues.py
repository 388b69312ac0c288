"""`fieldops venues`: places where people are met."""

from typing import TYPE_CHECKING

import typer

from fieldops.cli.console import DEFAULT_DB, AsJson, Db, Now, given_moment, print_json, shell_actor
from fieldops.cli.tables import Coordinates, File, Numbered, Strict, import_table

if TYPE_CHECKING:
    from fieldops.intake import Intake
    from fieldops.progress import Progress

venues = typer.Typer(no_args_is_help=True, help="Venues: places where people are met.")


def register(app: typer.Typer) -> None:
    """Add the commands `venues ...`."""
    app.add_typer(venues, name="venues")


@venues.command("import")
def import_venues(
    file: File, db: Db = DEFAULT_DB, strict: Strict = False, coordinates: Coordinates = None, now: Now = None,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """
    Take in venues; each stands on the street nearest to it, at most 150 m away.

    Columns: venue_id, kind (restaurant, cinema, mall ...), name, lon, lat, and if you like people_per_hour, open_from and
    open_until (09:30). Where people_per_hour is empty the usual figure of the kind is taken.

    Example: fieldops venues import venues.csv
    """
    from fieldops.actions import venues as acts
    from fieldops.store.connect import open_region

    def take(rows: Numbered, _: "Progress") -> "Intake":
        return acts.import_venues(
            open_region(db), shell_actor(), rows, strict=strict, coordinates=coordinates, now=given_moment(now)
        )

    import_table(file, take, needed=acts.NEEDED, known=acts.KNOWN, as_json=as_json)


@venues.command("list")
def list_venues(db: Db = DEFAULT_DB, as_json: AsJson = False) -> None:
    """List the venues, most people per hour first."""
    from rich.console import Console
    from rich.table import Table

    from fieldops.actions import venues as acts
    from fieldops.store.connect import open_region

    found = sorted(acts.list_venues(open_region(db), shell_actor()), key=lambda one: -one[0].people_per_hour)
    if as_json:
        print_json([
            {"venue": one.id, "kind": one.kind, "name": one.name, "lon": one.lon, "lat": one.lat, "street": one.street,
             "people_per_hour": one.people_per_hour, "open_from": one.open_from, "open_until": one.open_until,
             "source": source}
            for one, source in found
        ])  # fmt: skip
        return
    table = Table("venue", "kind", "name", "people an hour", "open", "street", "source")
    for one, source in found:
        hours = f"{one.open_from}-{one.open_until}" if one.open_from else ""
        table.add_row(one.id, one.kind, one.name, f"{one.people_per_hour:g}", hours, one.street or "", source)
    Console().print(table)
