"""`fieldops claims`: who holds which street, for how long, and the one door through which a street is claimed."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fieldops.cli.console import (
    DEFAULT_DB,
    AsJson,
    Db,
    Now,
    WithQuarantined,
    given_moment,
    in_zone,
    print_json,
    progress_bar,
    reading,
    say,
    shell_actor,
)
from fieldops.ids import ClaimId, CrewId, StreetId
from fieldops.said import WHOLE, say_interval, say_share

if TYPE_CHECKING:
    from fieldops.actions.standing import Standing
    from fieldops.claims import Claim
    from fieldops.store.claims import ListedClaim

claims = typer.Typer(
    no_args_is_help=True,
    help="Who holds which street. A claim is a crew's alone for seven days; it ends by the clock, and nobody extends it.",
)

Crew = Annotated[str, typer.Option("--crew", metavar="CREW", help="The crew's id.")]
Street = Annotated[
    str, typer.Option("--street", metavar="STREET", help="The street's id, see `fieldops streets list`.")
]


def register(app: typer.Typer) -> None:
    """Add the commands `claims ...`."""
    app.add_typer(claims, name="claims")


@claims.command()
def grant(crew: Crew, street: Street, db: Db = DEFAULT_DB, now: Now = None, as_json: AsJson = False) -> None:
    """
    Give a street to a crew for seven days from now on, or say who has it and until when.

    Example: fieldops claims grant --crew C07 --street S4K2
    """
    from fieldops.actions.bursts import why_outside_bursts
    from fieldops.actions.claims import make_claim
    from fieldops.said import unpack
    from fieldops.store.connect import open_region

    region = open_region(db)
    made = make_claim(region, shell_actor(), street=StreetId(street), crew=CrewId(crew), now=given_moment(now))
    if as_json:
        print_json(_plain(made))
    else:
        say(f"crew {crew} holds street {street} until {_local(region, made, made.held_until)} (claim {made.id})")
        if outside := why_outside_bursts(region, made.street, made.claimed_at):
            say(f"note: {unpack(outside)}; granted all the same, for this is a lead's own choice")


@claims.command()
def end(
    claim: Annotated[str, typer.Argument(help="The claim's id; left away where --street is given.")] = "",
    street: Annotated[str, typer.Option("--street", help="End the claim that is in force on this street.")] = "",
    outcome: Annotated[
        str,
        typer.Option(help="withdrawn (the crew gives it up) or revoked (a lead takes it)."),
    ] = "withdrawn",
    why: Annotated[
        str, typer.Option(help="A code for the record, for example crew_shrank; a revocation needs one.")
    ] = "",
    db: Db = DEFAULT_DB,
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """
    End a claim early: the crew gives it up, or a lead takes it back with a reason.

    Within a day a crew gives a street up without having to wait for it afterwards, but not twice in a week. What has saturated is ended by
    `fieldops decide`, what runs out by the clock. Example: fieldops claims end --street S4K2 --outcome revoked --why crew_shrank
    """
    from fieldops.actions.claims import end_claim, holder
    from fieldops.errors import BadInput
    from fieldops.store.connect import open_region

    if bool(claim) == bool(street):
        raise BadInput("not one claim is named", cure="give the claim's id, or --street for the one in force there")
    region = open_region(db)
    wanted = ClaimId(claim) if claim else holder(region, shell_actor(), StreetId(street), now=given_moment(now)).id
    ended = end_claim(region, shell_actor(), wanted, outcome=outcome, why=why, now=given_moment(now))
    if as_json:
        print_json(_plain(ended))
    else:
        say(
            f"claim {ended.id} of crew {ended.crew} on street {ended.street} ended as {ended.outcome}: the street is free"
        )


@claims.command()
def override(
    crew: Crew,
    street: Street,
    why: Annotated[str, typer.Option(help="A code for the record, for example nearly_done.")],
    db: Db = DEFAULT_DB,
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """
    Let a crew claim a street again at once although it forfeited it; the street still has to be claimed.

    Example: fieldops claims override --crew C07 --street S4K2 --why nearly_done
    """
    from fieldops.actions.claims import override_cool_down
    from fieldops.store.connect import open_region

    lifted = override_cool_down(
        open_region(db), shell_actor(), street=StreetId(street), crew=CrewId(crew), why=why, now=given_moment(now)
    )
    if as_json:
        print_json({"street": street, "crew": crew, "lifted": [claim.id for claim in lifted]})
    else:
        say(f"crew {crew} may claim street {street} again: `fieldops claims grant --crew {crew} --street {street}`")


@claims.command("list")
def list_claims(
    crew: Annotated[str | None, typer.Option(help="Only this crew's.")] = None,
    zone: Annotated[str | None, typer.Option(help="Only streets of this zone.")] = None,
    street: Annotated[str | None, typer.Option(help="Only this street's.")] = None,
    hours_left: Annotated[
        float | None, typer.Option(help="Only what ends within so many hours.", min=0, max=87_600)
    ] = None,
    ended: Annotated[bool, typer.Option("--ended", help="Also what has ended by then, with its outcome.")] = False,
    db: Db = DEFAULT_DB,
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """
    List the claims in force, soonest end first; with --now as they were at any moment.

    Example: fieldops claims list --zone Z3 --hours-left 24
    """
    from datetime import timedelta

    from fieldops.actions.claims import list_claims as act
    from fieldops.store.connect import open_region

    at, found = act(
        open_region(db),
        shell_actor(),
        crew=CrewId(crew) if crew else None,
        zone=zone,
        street=StreetId(street) if street else None,
        ending_within=None if hours_left is None else timedelta(hours=hours_left),
        ended_too=ended,
        now=given_moment(now),
    )
    rows = [_row(one, at) for one in found]
    if as_json:
        print_json({"now": _moment(at), "claims": rows})
    elif not rows:
        say("no claim is in force" if not ended else "no claim was ever made")
    else:
        _print_table(rows, found)


@claims.command()
def state(
    street: Annotated[str, typer.Argument(metavar="STREET", help="The street's id, see `fieldops streets list`.")],
    db: Db = DEFAULT_DB,
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """
    Say what a street is at a moment, now or in the past: free, whose until when, saturated, and which crews have to wait.

    Example: fieldops claims state S4K2 --now 2026-03-05T12:00:00+08:00
    """
    from fieldops.actions.standing import read_standing
    from fieldops.store.connect import open_region

    seen = read_standing(open_region(db), shell_actor(), StreetId(street), now=given_moment(now))
    held, before = seen.state.claim, seen.state.before
    if as_json:
        waits = [{"crew": crew, "until": _moment(until)} for crew, until in seen.state.cool_downs.items()]
        print_json({
            "street": street, "label": seen.label, "now": _moment(seen.at), "state": seen.word,
            "claim": _plain(held) if held else None, "before": _plain(before) if before else None, "cooling_down": waits,
            "paused_until": _moment(seen.state.paused_until) if seen.state.paused_until else None,
        })  # fmt: skip
        return
    at = in_zone(seen.at, seen.time_zone)
    whose = f" by {_crew(seen, held.crew)} until {in_zone(held.ends_at, seen.time_zone)}" if held else ""
    opens = seen.state.paused_until if seen.word == "paused" else None
    whose = f" until {in_zone(opens, seen.time_zone)}" if opens else whose
    typer.echo(f"{seen.label} ({street}) is {seen.word.replace('_', ' ')}{whose}, as of {at} ({seen.time_zone})")
    if opens:
        typer.echo("  then it opens by itself; a lead opens it before with `fieldops incidents reopen`")
    if before:
        ended = in_zone(before.ends_at, seen.time_zone)
        typer.echo(f"  before: {_crew(seen, before.crew)}, {before.outcome_at(seen.at)} at {ended}")
    for crew, until in seen.state.cool_downs.items():
        typer.echo(f"  {_crew(seen, crew)} may not claim it before {in_zone(until, seen.time_zone)}")


@claims.command()
def queue(
    hours: Annotated[float, typer.Option(help="How far to look ahead.", min=0, max=87_600)] = 48.0,
    crew: Annotated[str | None, typer.Option(help="Only this crew's.")] = None,
    zone: Annotated[str | None, typer.Option(help="Only streets of this zone.")] = None,
    with_quarantined: WithQuarantined = False,
    db: Db = DEFAULT_DB,
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """
    Show which claims end soon and what their streets still lack to 20 %: the streets to help, or to give to others.

    Example: fieldops claims queue --hours 24
    """
    from dataclasses import asdict
    from datetime import timedelta

    from fieldops.actions.claims import release_queue
    from fieldops.store.connect import open_region

    region, moment = open_region(db), given_moment(now)
    with reading(region, with_quarantined=with_quarantined, now=moment):
        at, found = release_queue(
            region,
            shell_actor(),
            within=timedelta(hours=hours),
            crew=CrewId(crew) if crew else None,
            zone=zone,
            now=moment,
        )
    rows = [_row(one.listed, at) | asdict(one.missing) for one in found]
    if as_json:
        print_json({"now": _moment(at), "hours": hours, "ending": rows})
    elif not rows:
        say(f"no claim ends within {hours:g} hours")
    else:
        _print_queue(rows, [one.listed for one in found])


@claims.command()
def verify(
    anchor: Annotated[
        Path | None, typer.Option(help="The .anchor file of a backup: find out whether the newest events were cut off.")
    ] = None,
    db: Db = DEFAULT_DB,
    as_json: AsJson = False,
) -> None:
    """
    Replay the whole record: every link of its chain, every claim against the rules, every table against the events.

    Exit code 1 and the list of violations where anything is wrong. Example: fieldops claims verify --json
    """
    from fieldops.actions.keep import verify_record
    from fieldops.store.audit import is_of_another
    from fieldops.store.connect import open_region
    from fieldops.store.keys import key_source

    region = open_region(db, bears_key=False)
    with progress_bar(quiet=as_json) as progress:
        result = verify_record(region, shell_actor(), anchor_file=anchor, progress=progress)
    if as_json:
        print_json(
            {
                "claims": result.claims,
                "events": result.events,
                "violations": [{"event": one.seq, "what": one.what} for one in result.violations],
                "found": result.found,
                "sealed": result.sealed,
                "head": {"event": result.head.seq, "chain": result.head.chain, "recorded_at": result.head.recorded_at},
            }
        )
    else:
        for one in result.violations:
            say(f"event {one.seq}: {one.what}" if one.seq else one.what)
        if not result.sealed:
            say("the rows of this region are not bound to its record yet: run `fieldops check --migrate` once")
        say(f"{result.events} events, {result.claims} claims, {result.found} violations")
        if result.found and is_of_another(region.reader(), region.key):
            say(
                f"no event bears the key {key_source(db)}: where it is that of another region, name the right one in $FIELDOPS_KEY"
            )
    if result.found:
        raise typer.Exit(1)


def _plain(claim: "Claim") -> dict[str, Any]:
    return {
        "claim": claim.id,
        "street": claim.street,
        "crew": claim.crew,
        "generation": claim.generation,
        "from": _moment(claim.claimed_at),
        "until": _moment(claim.held_until),
        "ended_at": _moment(claim.ended_at) if claim.ended_at else None,
        "outcome": claim.outcome,
        "why": claim.reason,
        "credit": claim.credit,
        "plan": claim.plan,
    }


def _row(listed: "ListedClaim", at: datetime) -> dict[str, Any]:
    claim = listed.claim
    left = max(0.0, (claim.ends_at - at).total_seconds() / 3600)
    shown = {"label": listed.street_label, "crew_name": listed.crew_name, "zone": listed.zone}
    return _plain(claim) | shown | {"hours_left": round(left, 3), "outcome": claim.outcome_at(at)}


def _print_table(rows: list[dict[str, Any]], found: "list[ListedClaim]") -> None:
    from rich.console import Console
    from rich.table import Column, Table

    table = Table(
        "street", "label", "crew", "zone", Column("until", no_wrap=True), Column("left", no_wrap=True), box=None
    )
    for row, one in zip(rows, found, strict=True):
        state = row["outcome"] or f"{row['hours_left']:.1f} h"
        table.add_row(
            row["street"], row["label"], f"{row['crew_name']} ({row['crew']})", row["zone"],
            in_zone(one.claim.ends_at, one.time_zone), state,
        )  # fmt: skip
    Console().print(table)


def _print_queue(rows: list[dict[str, Any]], found: "list[ListedClaim]") -> None:
    from rich.console import Console
    from rich.table import Column, Table

    until, left = Column("until", no_wrap=True), Column("left", no_wrap=True)
    table = Table(
        Column("street", no_wrap=True),
        "label",
        "crew",
        until,
        left,
        "knows",
        "share (80 %)",
        "hours to 20 % (80 %)",
        box=None,
    )
    for row, one in zip(rows, found, strict=True):
        share = "unknown"
        if row["share"] is not None:
            share = f"{say_share(row['share'], WHOLE)} ({say_interval(row['low'], row['high'], WHOLE)})"
        hours = "unknown" if row["hours_to_target"] is None else f"{row['hours_to_target']:.1f}"
        if row["hours_low"] is not None:
            hours += f" ({row['hours_low']:.1f}-{row['hours_high']:.1f})"
        table.add_row(
            row["street"], row["label"], f"{row['crew_name']} ({row['crew']})", in_zone(one.claim.ends_at, one.time_zone),
            f"{row['hours_left']:.1f} h", f"{row['knows']} of {row['asked']}", share, hours,
        )  # fmt: skip
    Console().print(table)


def _crew(seen: "Standing", crew: CrewId) -> str:
    return f"{seen.names[crew]} ({crew})"


def _moment(moment: datetime) -> str:
    from fieldops.clock import format_moment

    return format_moment(moment)


def _local(region: Any, claim: "Claim", moment: datetime) -> str:
    from fieldops.store.claims import street_words

    return in_zone(moment, street_words(region.reader(), claim.street)[1])
