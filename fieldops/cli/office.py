"""`fieldops pay`, `incidents` and `stock`: the office of a region."""

from typing import Annotated, Any

import typer

from fieldops.cli.console import DEFAULT_DB, AsJson, Db, Now, given_moment, in_zone, print_json, say, shell_actor

pay = typer.Typer(no_args_is_help=True, help="Hours by promoter and day, which are verified, and what they come to.")
incidents = typer.Typer(no_args_is_help=True, help="What happened in the field, and streets closed for a time.")
stock = typer.Typer(no_args_is_help=True, help="Posters and leaflets at every base and crew.")


def register(app: typer.Typer) -> None:
    """Add the commands `pay ...`, `incidents ...` and `stock ...`."""
    app.add_typer(pay, name="pay")
    app.add_typer(incidents, name="incidents")
    app.add_typer(stock, name="stock")


@pay.command()
def sheet(
    first: Annotated[str, typer.Option(help="First day, for example 2026-03-02; a week back where left away.")] = "",
    last: Annotated[str, typer.Option(help="Last day; today where left away.")] = "",
    crew: Annotated[str, typer.Option(help="Only this crew's.")] = "",
    out: Annotated[str, typer.Option(help="Write it to this file, .csv or .xlsx.")] = "",
    db: Db = DEFAULT_DB,
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """Show hours by promoter and day with what is paid, or write them to a file. Example: fieldops pay sheet --out march.xlsx"""
    from dataclasses import asdict
    from pathlib import Path

    from fieldops.actions.timesheets import read_timesheet, sheet_bytes
    from fieldops.errors import BadInput
    from fieldops.ids import CrewId
    from fieldops.store.connect import open_region

    found = read_timesheet(
        open_region(db), shell_actor(), first=_day(first), last=_day(last), crew=CrewId(crew) if crew else None,
        now=given_moment(now),
    )  # fmt: skip
    if out:
        form = Path(out).suffix.lstrip(".")
        if form not in ("csv", "xlsx"):
            raise BadInput(f"'{out}' is neither .csv nor .xlsx", field="--out", cure="name it so")
        Path(out).write_bytes(sheet_bytes(found, form))
    if as_json:
        days = [asdict(one) for one in found.days]
        print_json({"first": found.first, "last": found.last, "rate": found.rate, "loose": found.loose, "days": days})
        return
    for one in [] if out else found.days:
        say(
            f"{one.day} {one.promoter} of {found.crews.get(one.crew, one.crew)}: told {one.told:g} h, {one.state}, paid {one.paid:g} h"
        )
    waiting = sum(one.state == "open" for one in found.days)
    say(
        f"{found.paid:g} hours at {found.rate:g} yuan: {found.paid * found.rate:,.2f} yuan; {waiting} days wait for a lead"
    )


@pay.command()
def confirm(
    promoter: Annotated[str, typer.Argument(help="The promoter's id.")],
    day: Annotated[str, typer.Argument(help="The day, for example 2026-03-02.")],
    hours: Annotated[float, typer.Argument(help="Hours that count; 0 for none.")],
    why: Annotated[str, typer.Option(help="A code for the record, for example seen_working.")],
    db: Db = DEFAULT_DB,
    now: Now = None,
) -> None:
    """Say how many hours of a promoter's day are paid. Example: fieldops pay confirm P017 2026-03-02 6.5 --why seen_working"""
    from fieldops.actions.timesheets import confirm_hours
    from fieldops.errors import BadInput
    from fieldops.ids import PromoterId
    from fieldops.store.connect import open_region

    chosen = _day(day)
    if chosen is None:
        raise BadInput("no day", field="DAY", cure="write it as 2026-03-02")
    confirm_hours(open_region(db), shell_actor(), PromoterId(promoter), chosen, hours, why=why, now=given_moment(now))
    say(f"{hours:g} hours of {promoter} on {chosen} count")


@incidents.command("list")
def list_incidents(db: Db = DEFAULT_DB, now: Now = None, as_json: AsJson = False) -> None:
    """List incidents, those that wait first, with the streets that are closed because of them."""
    from dataclasses import asdict

    from fieldops.actions.incidents import list_incidents as act
    from fieldops.store.connect import open_region
    from fieldops.store.places import read_zone

    region = open_region(db)
    found = act(region, shell_actor(), now=given_moment(now))
    if as_json:
        print_json({"incidents": [asdict(one) for one in found]})
        return
    zone = read_zone(region.reader()).key
    for one in found:
        closed = f"; street closed until {in_zone(one.paused_until, zone)}" if one.paused_until else ""
        at = in_zone(one.happened_at, zone)
        say(f"{one.id} {at} {one.what} {one.street_label} {one.crew_name}: {one.outcome or 'waits'}{closed}")
    if not found:
        say("nothing has happened")


@incidents.command("report")
def report(
    what: Annotated[
        str, typer.Argument(help="city_management, police, turned_away, complaint, injury, danger or other.")
    ],
    street: Annotated[str, typer.Option(help="The street's id.")] = "",
    crew: Annotated[str, typer.Option(help="The crew's id.")] = "",
    db: Db = DEFAULT_DB,
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """Report something that happened in the field. Example: fieldops incidents report city_management --street S17"""
    from fieldops.actions.incidents import report_incident
    from fieldops.ids import CrewId, StreetId
    from fieldops.store.connect import open_region

    made = report_incident(
        open_region(db), shell_actor(), what, street=StreetId(street) if street else None,
        crew=CrewId(crew) if crew else None, now=given_moment(now),
    )  # fmt: skip
    _told(as_json, {"incident": made}, f"incident {made} is on the list")


@incidents.command("settle")
def settle(
    incident: Annotated[str, typer.Argument(help="The incident's id.")],
    outcome: Annotated[str, typer.Option(help="talked, nothing, street_closed, crew_moved or reported_on.")],
    close_days: Annotated[
        int, typer.Option(help="Close its street to claims for so many days; its claim is taken back.")
    ] = 0,
    db: Db = DEFAULT_DB,
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """Settle an incident. Example: fieldops incidents settle 3f2a --outcome street_closed --close-days 3"""
    from fieldops.actions.incidents import settle_incident
    from fieldops.store.connect import open_region
    from fieldops.store.places import read_zone

    region = open_region(db)
    until = settle_incident(region, shell_actor(), incident, outcome, close_days=close_days, now=given_moment(now))
    closed = f"; the street is closed until {in_zone(until, read_zone(region.reader()).key)}" if until else ""
    _told(
        as_json,
        {"incident": incident, "closed_until": until},
        f"settled{closed}",
    )


@incidents.command("reopen")
def reopen(
    street: Annotated[str, typer.Argument(help="The street's id.")], db: Db = DEFAULT_DB, now: Now = None
) -> None:
    """Open a street again before its time is over. Example: fieldops incidents reopen S17"""
    from fieldops.actions.incidents import reopen_street
    from fieldops.ids import StreetId
    from fieldops.store.connect import open_region

    reopen_street(open_region(db), shell_actor(), StreetId(street), now=given_moment(now))
    say(f"{street} is open to claims again")


@stock.command("list")
def list_stock(db: Db = DEFAULT_DB, as_json: AsJson = False) -> None:
    """List what every base and crew should have of posters and leaflets."""
    from dataclasses import asdict

    from fieldops.actions.stock import read_stock
    from fieldops.store.connect import open_region

    found = read_stock(open_region(db), shell_actor())
    if as_json:
        print_json({"stock": [asdict(one) | {"at_hand": one.at_hand} for one in found.lines]})
        return
    for one in found.lines:
        say(f"{one.place}: {one.at_hand} {one.item}s ({one.came} in, {one.went} out, {one.placed} placed)")
    if not found.lines:
        say("nothing has come in yet: `fieldops stock move poster 500 --to base:NAME`")


@stock.command()
def move(
    item: Annotated[str, typer.Argument(help="poster or leaflet.")],
    count: Annotated[int, typer.Argument(help="How many.")],
    to: Annotated[str, typer.Option(help="outside, base:NAME or crew:ID.")],
    source: Annotated[str, typer.Option("--from", help="outside, base:NAME or crew:ID.")] = "outside",
    why: Annotated[str, typer.Option(help="A word or two for the book.")] = "",
    db: Db = DEFAULT_DB,
    now: Now = None,
) -> None:
    """Write down that posters or leaflets went somewhere. Example: fieldops stock move poster 500 --to base:城东"""
    from fieldops.actions.stock import move_stock
    from fieldops.store.connect import open_region

    move_stock(open_region(db), shell_actor(), item, count, source=source, target=to, why=why, now=given_moment(now))
    say(f"{count} {item}s from {source} to {to}")


def _day(text: str) -> Any:
    from fieldops.clock import parse_day

    return parse_day(text, field="DAY") if text else None


def _told(as_json: bool, facts: dict[str, object], sentence: str) -> None:
    if as_json:
        print_json(facts)
    else:
        say(sentence)
