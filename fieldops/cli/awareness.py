"""`fieldops awareness`: how many people know, and how streets answer effort."""

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import typer

from fieldops.cli.console import (
    DEFAULT_DB,
    AsJson,
    Db,
    Now,
    WithQuarantined,
    given_moment,
    in_city,
    is_handed_on,
    print_json,
    progress_bar,
    reading,
    shell_actor,
)
from fieldops.said import say_interval, say_share

if TYPE_CHECKING:
    from fieldops.actions.awareness import PlaceAwareness
    from fieldops.store.connect import Region
    from fieldops.store.response import Fit

_SHOWN = 25
_MEANINGS = {
    "rho": "people newly reached by a promoter-hour, on a typical street",
    "delta": "share of those who know that forgets overnight",
    "sigma": "hours that an hour is worth to all neighbouring streets together",
    "tau": "how streets differ in that (standard deviation of the log)",
    "mu": "awareness before the first push",
    "kappa": "how alike streets are before it (surveys that the mean is worth)",
}

awareness = typer.Typer(
    invoke_without_command=True,
    help="How many people know of the programme: zones, triangles and streets, with interval and the hours still needed.",
)


def register(app: typer.Typer) -> None:
    """Add the commands `awareness ...`."""
    app.add_typer(awareness, name="awareness")


@awareness.callback(invoke_without_command=True)
def show_awareness(
    context: typer.Context,
    db: Db = DEFAULT_DB,
    with_quarantined: WithQuarantined = False,
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """
    Show how many people know of the programme: zones, triangles and streets, with interval and the hours still needed.

    Surveys are carried on to today by the effort since; streets share what is known of their triangle. Where nobody was
    asked awareness is unknown, never 0 %.

    Example: fieldops awareness --json
    """
    if is_handed_on(context):
        return
    from rich.console import Console
    from rich.table import Table

    from fieldops.actions.awareness import read_awareness
    from fieldops.store.connect import open_region
    from fieldops.store.places import read_zone

    region = open_region(db)
    with reading(region, with_quarantined=with_quarantined, now=given_moment(now)):
        report = read_awareness(region, shell_actor(), now=given_moment(now))
    if as_json:
        print_json(report.to_json())
        return
    console, zone = Console(), read_zone(region.reader())
    if report.basis.warning:
        console.print(report.basis.warning)
    for noun, places in (("zone", report.zones), ("triangle", report.triangles), ("street", report.streets)):
        measured = sorted((one for one in places if one.share is not None), key=lambda one: -(one.share or 0.0))
        shown = measured[:_SHOWN] or [one for one in places if one.hours_to_target is not None][:3]
        table = Table(noun, "know", "awareness", "80 % interval", "hours to target (80 %)")
        for one in shown:
            table.add_row(one.label or one.name, f"{one.knows} of {one.asked}", *_shares(one), _hours(one, zone))
        console.print(table)
        unknown = len(places) - len(measured)
        console.print(f"{len(measured)} of {len(places)} {noun}s measured, {unknown} unknown" + (
            f"; {len(measured) - _SHOWN} more with --json" if len(measured) > _SHOWN else ""
        ))  # fmt: skip


@awareness.command("fit")
def fit(db: Db = DEFAULT_DB, now: Now = None, as_json: AsJson = False) -> None:
    """
    Fit how streets answer effort to all that was worked and asked, and keep it: forecasts and plans use it from then on.

    A worker does it every night (see `fieldops worker --help`). Until the first fit the numbers are assumed, and intervals are as wide as that makes them. Streets
    that were asked before and after a push tell most; finished streets that are asked again tell how quickly people forget.

    Example: fieldops awareness fit
    """
    from fieldops.actions.awareness import fit_awareness
    from fieldops.store.connect import open_region

    with progress_bar(quiet=as_json) as progress:
        region = open_region(db)
        found = fit_awareness(region, shell_actor(), now=given_moment(now), progress=progress)
    _print_fit(found, region, as_json=as_json)


@awareness.command("response")
def show_response(db: Db = DEFAULT_DB, now: Now = None, as_json: AsJson = False) -> None:
    """
    Show how streets answer effort: as last fitted, with 80 % intervals, or as assumed until then.

    Example: fieldops awareness response
    """
    from fieldops.actions.awareness import read_response
    from fieldops.store.connect import open_region

    region = open_region(db)
    _print_fit(read_response(region, shell_actor(), now=given_moment(now)), region, as_json=as_json)


def _print_fit(found: "Fit", region: "Region", *, as_json: bool) -> None:
    from rich.console import Console
    from rich.table import Table

    response = found.response
    figures = {name: (getattr(response, name), response.interval(name)) for name in _MEANINGS}
    if as_json:
        print_json({
            "fitted_at": found.fitted_at, "assumed": response.assumed, "streets": found.streets, "surveys": found.surveys,
            "hours": found.hours,
            "response": {
                name: {"value": round(value, 5), "low": ends and round(ends[0], 5), "high": ends and round(ends[1], 5)}
                for name, (value, ends) in figures.items()
            },
        })  # fmt: skip
        return
    table = Table("number", "value", "80 % interval", "what it is")
    for name, (value, ends) in figures.items():
        table.add_row(name, f"{value:.3g}", f"{ends[0]:.3g} - {ends[1]:.3g}" if ends else "assumed", _MEANINGS[name])
    Console().print(table)
    typer.echo(
        f"fitted {in_city(found.fitted_at, region)} to {found.surveys:,} surveys on {found.streets:,} streets and "
        f"{found.hours:,.0f} promoter-hours"
        if found.fitted_at
        else "assumed: no field data was fitted yet; do it with `fieldops awareness fit`"
    )


def _shares(one: "PlaceAwareness") -> tuple[str, str]:
    if one.share is None or one.low is None or one.high is None:
        return "unknown", ""
    return say_share(one.share), say_interval(one.low, one.high)


def _hours(one: "PlaceAwareness", zone: ZoneInfo) -> str:
    if one.closed_until is not None:
        return f"moved on, closed until {one.closed_until.astimezone(zone):%Y-%m-%d %H:%M}"
    if one.hours_to_target is None or one.hours_low is None or one.hours_high is None:
        return ""  # RULE 12: no number without its interval
    return f"{one.hours_to_target:,.1f} ({one.hours_low:,.1f} - {one.hours_high:,.1f})"
