"""`fieldops burst`: which zones are pushed when, for 7 to 15 consecutive days each."""

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fieldops.cli.console import DEFAULT_DB, AsJson, Db, Now, given_moment, print_json, progress_bar, say, shell_actor

if TYPE_CHECKING:
    from fieldops.actions.bursts import Bursts


def register(app: typer.Typer) -> None:
    """Add the command `burst`."""
    app.command("burst")(burst)


def burst(
    people: Annotated[
        int | None,
        typer.Option(min=1, help="Promoters at hand on every day; without it the bursts that are set are shown."),
    ] = None,
    start: Annotated[
        str | None, typer.Option("--from", metavar="DATE", help="First day, as 2026-03-02; today by default.")
    ] = None,
    days_min: Annotated[int | None, typer.Option(min=1, help="Shortest burst; 7 by the rules of the region.")] = None,
    days_max: Annotated[int | None, typer.Option(min=1, help="Longest burst; 15 by the rules of the region.")] = None,
    override: Annotated[
        str | None,
        typer.Option(metavar="ZONE", help="Let the plan give streets of this zone outside bursts; needs --why."),
    ] = None,
    why: Annotated[str, typer.Option(help="A code for the record, for example school_fair.")] = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what so many people would take, and store nothing.")
    ] = False,
    time_limit: Annotated[float, typer.Option(min=0.5, help="Seconds for the solver.")] = 10.0,
    seed: Annotated[int, typer.Option(help="The same seed searches in the same order.")] = 1,
    db: Db = DEFAULT_DB,
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """
    Set bursts: zones pushed at the same time for 7 to 15 days, so that the city is done soonest.

    Once set, the plan gives streets only inside running ones. Set them again when a zone lags: what runs goes on, and is
    given more days. What would so many people take? See it with --dry-run: the bursts that are set stay.

    Example: fieldops burst --people 1000 --from 2026-03-02 --dry-run
    """
    from fieldops.actions.bursts import override_burst, read_bursts, set_bursts
    from fieldops.ids import ZoneId
    from fieldops.intake import read_day
    from fieldops.store.bursts import zone_names
    from fieldops.store.connect import open_region

    region, actor, at = open_region(db), shell_actor(), given_moment(now)
    if override is not None:
        override_burst(region, actor, ZoneId(override), why=why, now=at)
        say(f"zone {override} may be planned outside bursts until bursts are set anew")
    if people is None:
        found = read_bursts(region, actor, now=at)
    else:
        with progress_bar(quiet=as_json) as progress:
            found = set_bursts(
                region, actor, people_at_hand=people, start=read_day({"--from": start or ""}, "--from"), days_min=days_min,
                days_max=days_max, time_limit=time_limit, seed=seed, dry_run=dry_run, now=at, progress=progress,
            )  # fmt: skip
    if as_json:
        print_json(_document(found) | {"stored": not dry_run})
    else:
        _print(found, zone_names(region.reader()))
        if people is not None:
            _say_before(found, stored=not dry_run)


def _document(found: "Bursts") -> dict[str, Any]:
    starts = sorted({one.starts_on for one in found.slots})
    groups = [(start, [one for one in found.slots if one.starts_on == start]) for start in starts]
    return {
        "bursts": [
            {
                "start": start.isoformat(), "days": max(one.days for one in group),
                "zones": sorted({one.zone for one in group}), "people": sum(one.people for one in group),
                "parts": [
                    {
                        "part": one.part, "zone": one.zone, "days": one.days, "people": one.people, "hours": one.hours,
                        "reason": one.reason, "streets": one.streets,
                    }
                    for one in group
                ],
            }
            for start, group in groups
        ],
        "days": found.days, "bound_days": found.bound_days, "gap": round(found.gap, 6),
        "gaps": [{"part": part, "zone": zone, "day": day.isoformat()} for part, zone, day in found.gaps],
        "lagging": [{"part": part, "hours": hours} for part, hours in sorted(found.lagging.items())], "done": found.done,
        "ends_on": found.ends_on and found.ends_on.isoformat(),
        "before": found.before and {"first_day": found.before.first_day.isoformat(), "people": found.before.people, "ends_on": found.before.ends_on.isoformat()},
    }  # fmt: skip


def _say_before(found: "Bursts", *, stored: bool) -> None:
    """Say what these bursts take the place of, or would."""
    if found.before and found.ends_on:
        old, new = (day - timedelta(days=1) for day in (found.before.ends_on, found.ends_on))
        say(
            f"the bursts set for {found.before.people} people from {found.before.first_day} on end on {old}; these end on {new}"
            f"{' and have taken their place' if stored else ''}"
        )
    if not stored:
        say("nothing was stored: leave --dry-run away to set these")


def _print(found: "Bursts", names: dict[Any, str]) -> None:
    from rich.console import Console
    from rich.table import Column, Table

    right = [Column(name, justify="right") for name in ("days", "people", "hours")]
    table = Table("first day", "last day", "zone", "name", *right, "remark", box=None)
    for one in found.slots:
        table.add_row(
            one.starts_on.isoformat(), (one.ends_on - timedelta(days=1)).isoformat(), one.part, names.get(one.zone, ""), str(one.days),
            str(one.people), f"{one.hours:,.0f}", one.reason,
        )  # fmt: skip
    Console().print(table)
    for part, _, day in found.gaps:
        typer.echo(f"gap: nobody worked in {part} on {day}")
    for part, hours in sorted(found.lagging.items()):
        typer.echo(f"lags: {part} by {hours:,.0f} h; set the bursts anew: fieldops burst --people N")
    typer.echo(
        f"all done in {found.days} days with {found.people} people; it cannot be done in less than {found.bound_days} "
        f"(gap {found.gap:.1%})"
    )
