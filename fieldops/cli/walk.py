"""`fieldops walk`: today's way of a crew, stop by stop."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import typer

from fieldops.cli.console import (
    DEFAULT_DB,
    AsJson,
    Db,
    Now,
    given_moment,
    own_stdout,
    print_json,
    progress_bar,
    say,
    shell_actor,
)
from fieldops.errors import BadInput

if TYPE_CHECKING:
    from fieldops.actions.walks import Walks
    from fieldops.store.walks import StoredWalk


def register(app: typer.Typer) -> None:
    """Add the command `walk`."""
    app.command("walk")(walk)


def walk(
    crew: Annotated[
        str | None,
        typer.Option("--crew", metavar="CREW", help="The crew's id; without it the walks of all crews are made."),
    ] = None,
    day: Annotated[
        str | None, typer.Option("--date", metavar="DATE", help="The day, as 2026-03-02; today by default.")
    ] = None,
    zone: Annotated[
        str | None,
        typer.Option("--zone", metavar="ZONE", help="Share all open streets of a zone among crews; nothing is stored."),
    ] = None,
    crews: Annotated[
        str, typer.Option("--crews", metavar="A,B", help="With --zone: who walks; else those that hold a street of it.")
    ] = "",
    minutes: Annotated[
        float, typer.Option(min=0.0, help="With --zone: worked on each street, beside walking it.")
    ] = 10.0,
    sides: Annotated[
        int | None,
        typer.Option(
            min=1, max=2, help="Walk each street on one or both sides; the setting walk_both_sides by default."
        ),
    ] = None,
    gpx: Annotated[
        Path | None, typer.Option("--gpx", metavar="FILE", help="Also write the way for phones and watches.")
    ] = None,
    time_limit: Annotated[
        float, typer.Option(min=0.1, help="Seconds for the search; the bound takes some more.")
    ] = 3.0,
    seed: Annotated[int, typer.Option(help="The same seed searches in the same order.")] = 1,
    db: Db = DEFAULT_DB,
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """
    Order the day of a crew on foot: its streets, venues while they are open, points to test, from its meeting point and back.

    The week's streets are shared over its days, near ones together; no walk that does the same is shorter than the bound.

    Example: fieldops walk --crew C07 --date 2026-03-02 --gpx c07.gpx
    """
    given = _Given(db, day, sides, time_limit, seed, now, as_json)
    if zone is not None:
        if crew is not None or gpx is not None or sides is not None:
            raise BadInput(
                "--zone goes with --crews, --minutes and --date only", field="--zone", cure="leave the others away"
            )
        _walk_zone(given, zone, crews, minutes)
    elif crew is None:
        _walk_all(given)
    else:
        _walk_crew(given, crew, gpx)


@dataclass(frozen=True)
class _Given:
    """What the words of the command say, whosever walk it is."""

    db: Path
    day: str | None
    sides: int | None
    time_limit: float
    seed: int
    now: str | None
    as_json: bool

    def options(self) -> dict[str, Any]:
        """Return them as the acts take them."""
        return {
            "sides": self.sides, "time_limit": self.time_limit, "seed": self.seed, "now": given_moment(self.now),
        }  # fmt: skip


def _walk_all(given: _Given) -> None:
    from fieldops.actions.walks import make_walks
    from fieldops.intake import read_day
    from fieldops.store.connect import open_region
    from fieldops.store.places import read_zone

    region, day = open_region(given.db), read_day({"--date": given.day or ""}, "--date")
    with own_stdout(), progress_bar(quiet=given.as_json) as progress:
        every = make_walks(region, shell_actor(), day, progress=progress, **given.options())
    _tell_all(every, read_zone(region.reader()), as_json=given.as_json)


def _walk_crew(given: _Given, crew: str, gpx: Path | None) -> None:
    from fieldops.actions.walks import make_walk
    from fieldops.exchange.files import write_text
    from fieldops.exchange.gpx import gpx_text
    from fieldops.ids import CrewId
    from fieldops.intake import read_day
    from fieldops.store.connect import open_region
    from fieldops.store.places import read_zone

    region, day = open_region(given.db), read_day({"--date": given.day or ""}, "--date")
    with own_stdout():
        made = make_walk(region, shell_actor(), CrewId(crew), day, **given.options())
    if gpx is not None:
        way = gpx_text(f"{crew} {made.day}", [(crew, made.way)], [_waypoint(row) for row in made.visits])
        write_text(gpx, way, option="--gpx")
        say(f"{gpx}: the way, {len(made.way)} points")
    if given.as_json:
        print_json(_document(made, read_zone(region.reader())))
    else:
        _print(made)


def _walk_zone(given: _Given, zone: str, crews: str, minutes: float) -> None:
    from fieldops.actions.zonewalks import walk_zone
    from fieldops.ids import CrewId, ZoneId
    from fieldops.intake import read_day
    from fieldops.store.connect import open_region

    with own_stdout():
        made = walk_zone(
            open_region(given.db), shell_actor(), ZoneId(zone), read_day({"--date": given.day or ""}, "--date"),
            crews=[CrewId(word) for word in crews.replace(",", " ").split()], minutes=minutes,
            time_limit=given.time_limit, seed=given.seed, now=given_moment(given.now),
        )  # fmt: skip
    if given.as_json:
        print_json({
            "zone": made.zone, "date": made.day.isoformat(), "length_m": made.length_m, "bound_m": made.bound_m,
            "gap": round(made.gap, 6),
            "crews": [
                {"crew": one.crew, "streets": [street for street, _ in one.streets], "length_m": one.length_m,
                 "minutes": one.minutes, "minutes_at_hand": one.minutes_at_hand}
                for one in made.crews
            ],
            "left_out": [{"street": street, "label": label, "reason": why} for street, label, why in made.left_out],
        })  # fmt: skip
        return
    for one in made.crews:
        typer.echo(
            f"{one.crew}: {len(one.streets)} streets, {one.length_m:,.0f} m, {one.minutes:.0f} of {one.minutes_at_hand:.0f} min: "
            + ", ".join(label for _, label in one.streets)
        )
    for _, label, why in made.left_out:
        typer.echo(f"left out: {label}: {why}")
    typer.echo(
        f"{made.length_m:,.0f} m on foot together; no such walks are below {made.bound_m:,.0f} m (gap {made.gap:.1%})"
    )


def _tell_all(every: "Walks", zone: ZoneInfo, *, as_json: bool) -> None:
    if as_json:
        print_json({
            "walks": [_document(one, zone) for one in every.made],
            "refused": [{"crew": crew, "reason": reason} for crew, reason in every.refused],
        })  # fmt: skip
        return
    for one in every.made:
        typer.echo(
            f"{one.crew}: {len(one.visits)} stops, {one.length_m:,.0f} m, bound {one.bound_m:,.0f} m ({one.gap:.1%})"
        )
    for crew, reason in every.refused:
        typer.echo(f"{crew}: no walk: {reason}")


def _waypoint(row: dict[str, Any]) -> dict[str, Any]:
    return {"lon": row["lon"], "lat": row["lat"], "label": f"{row['order']} {row['label']}", "comment": row["arrive"]}


def _moment(made: "StoredWalk", clock: str, zone: ZoneInfo) -> str:
    """Return the moment of a walk's "HH:MM", which goes on counting after midnight."""
    hours, _, minutes = clock.partition(":")
    return (datetime.combine(made.day, time(), zone) + timedelta(hours=int(hours), minutes=int(minutes))).isoformat()


def _document(made: "StoredWalk", zone: ZoneInfo) -> dict[str, Any]:
    stops = [row | {word: _moment(made, row[word], zone) for word in ("arrive", "leave")} for row in made.visits]
    return {
        "crew": made.crew, "date": made.day.isoformat(), "stops": stops, "length_m": made.length_m,
        "bound_m": made.bound_m, "gap": round(made.gap, 6),
        "left_out": [{k: v for k, v in row.items() if k != "left_out"} for row in made.left_out],
    }  # fmt: skip


def _print(made: "StoredWalk") -> None:
    from rich.console import Console
    from rich.table import Column, Table

    table = Table(
        Column("#", justify="right"), "at", "until", Column("walk", justify="right"), "what", "name", box=None,
        title=f"Crew {made.crew}, {made.day}",
    )  # fmt: skip
    for row in made.visits:
        noun = next(noun for noun in ("street", "venue", "triangle") if noun in row)
        shown = noun if noun != "triangle" else "test"
        table.add_row(
            str(row["order"]), row["arrive"], row["leave"], f"{row['from_m']} m", shown,
            f"{row['label']} ({row[noun]})",
        )  # fmt: skip
    Console().print(table)
    for row in made.left_out:
        typer.echo(f"not today: {row['label']}: {row['reason']}")
    typer.echo(f"{made.length_m:,.0f} m on foot; no such walk is below {made.bound_m:,.0f} m (gap {made.gap:.1%})")
