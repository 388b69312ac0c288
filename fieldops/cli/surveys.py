"""`fieldops surveys`: passers-by asked, in measurements."""

from typing import TYPE_CHECKING, Annotated

import typer

from fieldops.cli.console import DEFAULT_DB, AsJson, Db, Now, given_moment, in_city, print_json, shell_actor
from fieldops.cli.tables import Coordinates, File, Numbered, Strict, import_table

if TYPE_CHECKING:
    from fieldops.intake import Intake
    from fieldops.progress import Progress

surveys = typer.Typer(no_args_is_help=True, help="Surveys: passers-by asked whether they know of the programme.")


def register(app: typer.Typer) -> None:
    """Add the commands `surveys ...`."""
    app.add_typer(surveys, name="surveys")


@surveys.command("import")
def import_surveys(
    file: File,
    db: Db = DEFAULT_DB,
    strict: Strict = False,
    unknown_promoters: Annotated[
        bool, typer.Option("--unknown-promoters", help="Take surveys of promoters whom nobody has imported.")
    ] = False,
    coordinates: Coordinates = None,
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """
    Take in surveys, any number: the file is stored as a whole or, where something interrupts, not at all.

    Columns: survey_id, asked_at, answer (knows, does_not_know, refused), promoter, and a place: street, triangle (asked at
    its connection point), or lon and lat; if you like measurement, home_street, cluster (the corner), phase (before or
    after pitching), device_time, accuracy_m, back_check_of.

    A position within 40 m of a connection point counts for its triangle, else for the nearest street within 150 m.
    Without a measurement, surveys of one place within two hours are one. Sending a file again changes nothing.

    Example: fieldops surveys import surveys.csv
    """
    from fieldops.actions.surveys import record_surveys
    from fieldops.store.connect import open_region
    from fieldops.surveys import COLUMNS_KNOWN, COLUMNS_NEEDED

    def take(rows: Numbered, progress: "Progress") -> "Intake":
        return record_surveys(
            open_region(db), shell_actor(), rows, strict=strict, unknown_promoters=unknown_promoters,
            coordinates=coordinates, now=given_moment(now), progress=progress,
        )  # fmt: skip

    import_table(file, take, needed=COLUMNS_NEEDED, known=COLUMNS_KNOWN, as_json=as_json)


@surveys.command("list")
def list_measurement(
    measurement: Annotated[str, typer.Option("--measurement", help="The measurement, as `fieldops decide` names it.")],
    db: Db = DEFAULT_DB,
    as_json: AsJson = False,
) -> None:
    """List the surveys of a measurement in the order asked, and why some do not count."""
    from rich.console import Console
    from rich.table import Table

    from fieldops.actions.surveys import explain_measurement
    from fieldops.ids import MeasurementId
    from fieldops.store.connect import open_region

    region = open_region(db)
    found = explain_measurement(region, shell_actor(), MeasurementId(measurement))
    if as_json:
        print_json([
            {"survey": one.survey.id, "asked_at": one.survey.asked_at, "answer": one.survey.answer,
             "promoter": one.survey.promoter, "cluster": one.survey.corner, "counts": not one.why_not, "why_not": one.why_not}
            for one in found
        ])  # fmt: skip
        return
    table = Table("survey", "asked at", "answer", "promoter", "corner", "counts")
    for one in found:
        asked = one.survey
        counts = "yes" if not one.why_not else f"no: {one.why_not.replace('_', ' ')}"
        table.add_row(asked.id, in_city(asked.asked_at, region), asked.answer, asked.promoter, asked.corner, counts)
    Console().print(table)
