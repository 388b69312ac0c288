"""`fieldops effort`: promoter-hours worked."""

from typing import TYPE_CHECKING

import typer

from fieldops.cli.console import DEFAULT_DB, AsJson, Db, Now, given_moment, shell_actor
from fieldops.cli.tables import File, Numbered, Strict, import_table

if TYPE_CHECKING:
    from fieldops.intake import Intake
    from fieldops.progress import Progress

effort = typer.Typer(no_args_is_help=True, help="Effort: promoter-hours worked, by day, crew and place.")


def register(app: typer.Typer) -> None:
    """Add the commands `effort ...`."""
    app.add_typer(effort, name="effort")


@effort.command("import")
def import_effort(
    file: File, db: Db = DEFAULT_DB, strict: Strict = False, now: Now = None, as_json: AsJson = False
) -> None:
    """
    Take in effort; a row of the same day, crew and place corrects the earlier one.

    Columns: day (2026-03-01), crew, promoter_hours, and street or venue; if you like contacts. Hours at a venue count for
    the street on which it stands.

    Example: fieldops effort import effort.csv
    """
    from fieldops.actions import effort as acts
    from fieldops.store.connect import open_region

    def take(rows: Numbered, progress: "Progress") -> "Intake":
        return acts.import_effort(
            open_region(db), shell_actor(), rows, strict=strict, now=given_moment(now), progress=progress
        )

    import_table(file, take, needed=acts.NEEDED, known=acts.KNOWN, as_json=as_json)
