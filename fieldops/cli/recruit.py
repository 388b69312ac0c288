"""`fieldops recruit`: from a talk on the street to an active seller: candidates, the funnel, what brings them."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fieldops.cli import recruit_duties, recruit_reps
from fieldops.cli.console import DEFAULT_DB, AsJson, Db, Now, given_moment, print_json, shell_actor
from fieldops.cli.tables import File, Numbered, Strict, import_table

if TYPE_CHECKING:
    from fieldops.intake import Intake
    from fieldops.progress import Progress
    from fieldops.recruiting.funnel import Interval

recruit = typer.Typer(
    no_args_is_help=True, help="Recruiting: candidates become sellers; reps, posters, the funnel, people's rights."
)


def register(app: typer.Typer) -> None:
    """Add the commands `recruit ...`."""
    recruit_reps.register(recruit)
    recruit_duties.register(recruit)
    app.add_typer(recruit, name="recruit")


@recruit.command("import")
def import_candidates(
    file: File,
    db: Db = DEFAULT_DB,
    consent: Annotated[
        str,
        typer.Option(help="The version of the consent text to which rows without one agreed; see `recruit consent`."),
    ] = "",
    strict: Strict = False,
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """
    Take in candidates; a phone number that is known already changes nobody.

    Columns: name, phone, and if you like source (street, venue, crew, channel, poster) with the column of that name, group
    (1 to 4), stage, stage_since, reason (for lost and dormant), made_at, consent, wanted_low, wanted_high, income_reached, language,
    base; and where it is known when each stage was reached: contacted_at, interviewed_at, signed_at, trained_at, first_order_at,
    active_at. No number is stored without a consent. Names and numbers lie sealed in the private file.

    Example: fieldops recruit import candidates.csv --consent 0123456789ab
    """
    from fieldops.actions import recruiting_import as acts
    from fieldops.store.connect import open_region

    def take(rows: Numbered, progress: "Progress") -> "Intake":
        return acts.import_candidates(
            open_region(db),
            shell_actor(),
            rows,
            consent=consent,
            strict=strict,
            now=given_moment(now),
            progress=progress,
        )

    import_table(file, take, needed=acts.NEEDED, known=acts.KNOWN, as_json=as_json)


@recruit.command("find")
def find(
    words: Annotated[
        str, typer.Argument(help="Part of a name, pinyin, initials, a phone number or its last four digits.")
    ],
    db: Db = DEFAULT_DB,
    as_json: AsJson = False,
) -> None:
    """
    Find candidates although their names lie sealed; numbers are shown with four digits.

    Example: fieldops recruit find xiaoming
    """
    from rich.console import Console
    from rich.table import Table

    from fieldops.actions.recruiting_lists import list_candidates
    from fieldops.store.connect import open_region

    found = list_candidates(open_region(db), shell_actor(), words=words)
    if as_json:
        print_json({
            "candidates": [
                {"candidate": one.candidate.id, "name": one.name, "phone": one.phone, "stage": one.candidate.stage,
                 "group": one.candidate.group, "rep": one.candidate.rep, "place": one.place}
                for one in found.cards
            ],
            "more": found.more,
        })  # fmt: skip
        return
    table = Table("candidate", "name", "phone", "stage", "group", "rep", "street")
    for one in found.cards:
        row = one.candidate
        table.add_row(row.id[:8], one.name, one.phone, row.stage, row.group or "", row.rep or "", one.place)
    Console().print(table)
    if found.more:
        typer.echo("... and more: say more of the name", err=True)


@recruit.command("funnel")
def funnel(
    source: Annotated[str | None, typer.Option(help="Only of one kind: street, venue, crew, channel, poster.")] = None,
    group: Annotated[str | None, typer.Option(help="Only one group of sellers, 1 to 4.")] = None,
    street: Annotated[str | None, typer.Option(help="Only of this street.")] = None,
    venue: Annotated[str | None, typer.Option(help="Only of this venue.")] = None,
    crew: Annotated[str | None, typer.Option(help="Only of this crew.")] = None,
    poster: Annotated[str | None, typer.Option(help="Only of the poster with this code.")] = None,
    base: Annotated[str | None, typer.Option(help="Only of this base.")] = None,
    since: Annotated[
        str | None, typer.Option(metavar="DAY", help="Only cohorts from this day on, as 2026-03-01.")
    ] = None,
    db: Db = DEFAULT_DB,
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """
    Show the funnel: how many reached each stage, after how many days, and how many stay; every figure with its interval.

    Example: fieldops recruit funnel --source poster --group 4
    """
    from fieldops.actions.recruiting_lists import Filters, read_funnel
    from fieldops.ids import CrewId, PosterCode, StreetId, VenueId
    from fieldops.intake import read_choice, read_day
    from fieldops.recruiting.sources import Group, SourceKind
    from fieldops.store.connect import open_region

    asked = Filters(
        kind=read_choice(SourceKind, {"source": source}, "source") if source else None,
        group=read_choice(Group, {"group": group}, "group") if group else None,
        street=StreetId(street) if street else None, venue=VenueId(venue) if venue else None,
        crew=CrewId(crew) if crew else None, poster=PosterCode(poster) if poster else None, base=base,
    )  # fmt: skip
    report = read_funnel(
        open_region(db), shell_actor(), asked, since=read_day({"since": since or ""}, "since"), now=given_moment(now)
    )
    if as_json:
        print_json({
            "stages": [asdict(one) for one in report.stages],
            "cohorts": [asdict(one) for one in report.cohorts],
            "survival": {"candidates": asdict(report.candidates), "sellers": asdict(report.sellers)},
            "incomes": [
                dict(zip(("group", "sellers", "wanted_low", "wanted_high", "reached"), row, strict=True)) for row in report.incomes
            ],
            "interval_share": report.share,
        })  # fmt: skip
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(
        "stage", "reached", "of the stage before", "of all", "median days from the stage before", "from sign-up"
    )
    for one in report.stages:
        table.add_row(
            one.stage.replace("_", " "), f"{one.reached:,}", _share(one.conversion), _share(one.overall), _days(one.step_days),
            _days(one.total_days),
        )  # fmt: skip
    Console().print(table)
    for what, curve in (("candidates not lost or dormant", report.candidates), ("sellers still there", report.sellers)):
        told = ", ".join(f"{week} w {_share(share)}" for week, share in zip(curve.weeks, curve.shares, strict=True))
        typer.echo(f"{what}: {told or 'unknown yet'}")
    typer.echo(f"intervals hold {report.share:.0%}; days are of those who arrived")


def _share(one: "Interval") -> str:
    if one.value is None:
        return "unknown"
    low, high = one.low if one.low is not None else one.value, one.high if one.high is not None else one.value
    return f"{one.value:.1%} ({low:.1%} to {high:.1%})"


def _days(one: "Interval") -> str:
    return "unknown" if one.value is None else f"{one.value:g} ({one.low:g} to {one.high:g})"


def _yuan(one: "Interval") -> str:
    if one.value is None or one.low is None:
        return "unknown"
    digits = 0 if one.value >= 10 else 1
    high = "..." if one.high is None else f"{one.high:,.{digits}f}"
    return f"{one.value:,.{digits}f} ({one.low:,.{digits}f}-{high})"


@recruit.command("brings")
def brings(
    by: Annotated[str, typer.Option(help="street, venue, venue_kind, crew, day, hour or poster.")] = "street",
    most: Annotated[int, typer.Option(min=1, help="Show at most so many.")] = 30,
    db: Db = DEFAULT_DB,
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """
    Show what everything brought, what it cost, and how many calls are due today; best first by what is certain.

    Candidates per promoter-hour are drawn to the mean where there are few hours. Money follows from the settings
    hour_cost_yuan and poster_cost_yuan; a poster counts as one unit instead of hours.

    Example: fieldops recruit brings --by crew
    """
    from rich.console import Console
    from rich.table import Table

    from fieldops.actions.recruiting_brings import read_brings
    from fieldops.store.connect import open_region

    found = read_brings(open_region(db), shell_actor(), by, most=most, now=given_moment(now))
    if as_json:
        print_json({
            "by": by, "interval_share": found.share, "mean": found.pool.mean if found.pool else None,
            "yields": [{**asdict(one), "label": found.names.get(one.name, one.name)} for one in found.yields],
        })  # fmt: skip
        return
    table = Table(
        by.replace("_", " "),
        "came",
        "signed",
        "active",
        "to call",
        "hours",
        "yuan",
        "yuan a candidate",
        "yuan an active",
    )
    for one in found.yields:
        table.add_row(
            found.names.get(one.name, one.name), str(one.candidates), str(one.signed), str(one.active), str(one.due),
            "" if by == "poster" else f"{one.hours:,.1f}", "unknown" if one.cost is None else f"{one.cost:,.0f}",
            _yuan(one.yuan_per_candidate), _yuan(one.yuan_per_active),
        )  # fmt: skip
    Console().print(table)
    if not found.yields:
        typer.echo("nothing is known yet: take in effort and candidates", err=True)
    else:
        unit = "poster" if by == "poster" else "promoter-hour"
        typer.echo(f"a {unit} costs {found.unit_cost:g} yuan; intervals hold {found.share:.0%}")


@recruit.command("poster")
def poster(
    street: Annotated[str | None, typer.Option(help="The street on which it hangs.")] = None,
    venue: Annotated[str | None, typer.Option(help="The venue at which it hangs.")] = None,
    crew: Annotated[str | None, typer.Option(help="The crew that hands it out.")] = None,
    address: Annotated[
        str, typer.Option(metavar="URL", help="Where the site is reached; the code leads to URL/join/CODE.")
    ] = "http://127.0.0.1:8000",
    out: Annotated[Path | None, typer.Option(help="Write the QR code as SVG.")] = None,
    db: Db = DEFAULT_DB,
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """
    Make a QR poster: whoever scans it signs up, and the street, venue or crew is known as the source.

    Example: fieldops recruit poster --street s12 --address https://join.example.cn --out poster.svg
    """
    from fieldops.actions.recruiting_posters import make_poster
    from fieldops.exchange.files import write_text
    from fieldops.exchange.posters import draw_code
    from fieldops.ids import CrewId, StreetId, VenueId
    from fieldops.store.connect import open_region

    made = make_poster(
        open_region(db), shell_actor(), street=StreetId(street) if street else None, venue=VenueId(venue) if venue else None,
        crew=CrewId(crew) if crew else None, now=given_moment(now),
    )  # fmt: skip
    link = f"{address.rstrip('/')}/join/{made.code}"
    if out:
        write_text(out, draw_code(link))
    if as_json:
        print_json({"code": made.code, "address": link, "file": str(out) if out else None})
    else:
        typer.echo(link)


@recruit.command("stuck")
def stuck(db: Db = DEFAULT_DB, now: Now = None, as_json: AsJson = False) -> None:
    """
    List sellers whose first steps are overdue, stuck longest first.

    Example: fieldops recruit stuck
    """
    from rich.console import Console
    from rich.table import Table

    from fieldops.actions.recruiting_lists import list_stuck
    from fieldops.store.connect import open_region

    found = list_stuck(open_region(db), shell_actor(), now=given_moment(now))
    if as_json:
        print_json([
            {"candidate": one.candidate, "name": card.name, "rep": card.candidate.rep, "overdue": one.overdue, "step": one.step,
             "since": one.since} for one, card in found
        ])  # fmt: skip
        return
    table = Table("name", "rep", "overdue steps", "first of them", "since")
    for one, card in found:
        table.add_row(card.name, card.candidate.rep or "", str(one.overdue), one.step, f"{one.since:%Y-%m-%d}")
    Console().print(table)
