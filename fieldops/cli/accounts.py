"""`fieldops user` and `fieldops invite`: who may come in, and by which link."""

import sys
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from fieldops.cli.console import DEFAULT_DB, AsJson, Db, in_city, print_json, say, shell_actor
from fieldops.errors import BadInput
from fieldops.people import Role

user = typer.Typer(
    no_args_is_help=True, help="Accounts: add one, list them, disable one, make a link that signs one in."
)

Url = Annotated[
    str, typer.Option(envvar="FIELDOPS_URL", help="Address at which people reach the server; it begins the link.")
]
Qr = Annotated[Path | None, typer.Option(help="Also write the link as a QR code to this .svg or .png file.")]
OWN_ADDRESS = "http://127.0.0.1:8000"


def register(app: typer.Typer) -> None:
    """Add the commands `user` and `invite`."""
    app.add_typer(user, name="user")
    app.command()(invite)


@user.command("add")
def add(
    login: Annotated[str, typer.Argument(help="The name by which the person signs in.")],
    role: Annotated[Role, typer.Option(help="planner, lead, crew_lead, crew, auditor or rep.")] = Role.LEAD,
    name: Annotated[str, typer.Option(help="The person's name, shown on pages; the login where left away.")] = "",
    crew: Annotated[str | None, typer.Option(help="The crew, for the roles crew_lead and crew.")] = None,
    promoter: Annotated[str | None, typer.Option(help="Which promoter of the crew this person is.")] = None,
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password from stdin instead of making one.")
    ] = False,
    db: Db = DEFAULT_DB,
    as_json: AsJson = False,
) -> None:
    """
    Add an account; without --password-stdin a password is made and shown once.

    Example: fieldops user add wang.li --role lead --name 王丽
    """
    from fieldops.actions.accounts import add_account
    from fieldops.actions.passwords import make_password
    from fieldops.ids import CrewId, PromoterId
    from fieldops.store.connect import open_region
    from fieldops.store.upgrade import migrate_files

    given = sys.stdin.readline().rstrip("\n") if password_stdin else ""
    made = "" if password_stdin else make_password()
    region = open_region(db)
    migrate_files(db)
    account = add_account(
        region, shell_actor(), login=login, name=name or login, role=role, crew=CrewId(crew) if crew else None,
        promoter=PromoterId(promoter) if promoter else None, password=given or made,
    )  # fmt: skip
    region.close()
    if as_json:
        print_json({**_facts(account), "password": made or None})
        return
    say(f"{account.login} may sign in as {account.role}" + (f" of crew {account.crew}" if account.crew else ""))
    if made:
        typer.echo(f"password: {made}")
        say("it is shown this once; the person can change it on the page of the account")


@user.command("list")
def list_users(db: Db = DEFAULT_DB, as_json: AsJson = False) -> None:
    """
    List all accounts with their role, crew and state.

    Example: fieldops user list
    """
    from rich.console import Console
    from rich.table import Table

    from fieldops.actions.accounts import list_accounts
    from fieldops.store.connect import open_region
    from fieldops.store.upgrade import migrate_files

    region = open_region(db)
    migrate_files(db)
    found = list_accounts(region, shell_actor())
    region.close()
    if as_json:
        print_json({"accounts": [_facts(account) for account in found]})
    elif not found:
        say("nobody has an account yet; `fieldops serve` prints a link that sets the first planner up")
    else:
        table = Table("login", "name", "role", "crew", "password", "state")
        for one in found:
            word = "yes" if one.has_password else "link only"
            state = "disabled" if one.disabled_at else "may sign in"
            table.add_row(one.login, one.name, one.role, one.crew or "", word, state)
        Console().print(table)


@user.command("drop-factor")
def drop_factor(
    login: Annotated[str, typer.Argument(help="The login of the account.")],
    db: Db = DEFAULT_DB,
    as_json: AsJson = False,
) -> None:
    """
    Take the second factor of an account away, where its phone and its recovery codes are lost.

    Example: fieldops user drop-factor wang.li
    """
    from fieldops.actions.factors import drop_factor as act
    from fieldops.store.connect import open_region

    region = open_region(db)
    account = act(region, shell_actor(), login)
    region.close()
    if as_json:
        print_json({**_facts(account), "second_factor": False})
    else:
        say(f"{account.login} signs in without a second factor now")


@user.command("disable")
def disable(
    login: Annotated[str, typer.Argument(help="The login of the account.")],
    undo: Annotated[bool, typer.Option("--undo", help="Let the account sign in again.")] = False,
    db: Db = DEFAULT_DB,
    as_json: AsJson = False,
) -> None:
    """
    Disable an account: every browser in which it is signed in is refused from the next request on.

    Example: fieldops user disable wang.li
    """
    from fieldops.actions.accounts import disable_account, enable_account
    from fieldops.store.connect import open_region

    region = open_region(db)
    account = (enable_account if undo else disable_account)(region, shell_actor(), login)
    region.close()
    if as_json:
        print_json({**_facts(account), "disabled": not undo})
    else:
        say(f"{account.login} may sign in again" if undo else f"{account.login} is disabled and signed out everywhere")


@user.command("link")
def link(
    login: Annotated[str, typer.Argument(help="The login of the account.")],
    minutes: Annotated[int, typer.Option(min=1, max=1440, help="How long the link can be used.")] = 10,
    url: Url = OWN_ADDRESS,
    qr: Qr = None,
    db: Db = DEFAULT_DB,
    as_json: AsJson = False,
) -> None:
    """
    Make a link that signs an account in once: a forgotten password, a new phone.

    Example: fieldops user link wang.li --url https://desk.example.org
    """
    from fieldops.actions.invitations import make_sign_in_link
    from fieldops.store.connect import open_region

    region = open_region(db)
    made, secret = make_sign_in_link(region, shell_actor(), login, lasts=timedelta(minutes=minutes))
    until = in_city(made.ends_at, region)
    region.close()
    _give(made, enter_address(url, secret), qr, until, as_json=as_json)


@user.command("key")
def key(
    name: Annotated[str, typer.Argument(help="What the key is for, for example payroll.")],
    role: Annotated[Role, typer.Option(help="What the program may do: as somebody of this role.")] = Role.AUDITOR,
    crew: Annotated[str | None, typer.Option(help="The crew, for the roles crew_lead and crew.")] = None,
    db: Db = DEFAULT_DB,
    as_json: AsJson = False,
) -> None:
    """
    Make a key for a program that uses the API; it is shown once.

    Example: fieldops user key payroll --role auditor
    """
    from fieldops.actions.apikeys import make_key
    from fieldops.ids import CrewId
    from fieldops.store.connect import open_region
    from fieldops.store.upgrade import migrate_files

    region = open_region(db)
    migrate_files(db)
    made, secret = make_key(region, shell_actor(), name=name, role=role, crew=CrewId(crew) if crew else None)
    region.close()
    if as_json:
        print_json({"key": made.id, "name": made.name, "role": made.role, "crew": made.crew, "secret": secret})
    else:
        typer.echo(secret)
        say(f"the key {made.id} acts as {made.role}; send it as `Authorization: Bearer ...`; it is shown this once")


@user.command("keys")
def keys(
    end: Annotated[str | None, typer.Option(metavar="KEY", help="End this key: its next request is refused.")] = None,
    db: Db = DEFAULT_DB,
    as_json: AsJson = False,
) -> None:
    """
    List the keys of programs; --end ends one.

    Example: fieldops user keys --end 3f2a9c
    """
    from rich.console import Console
    from rich.table import Table

    from fieldops.actions.apikeys import end_key, list_keys
    from fieldops.store.connect import open_region
    from fieldops.store.upgrade import migrate_files

    region = open_region(db)
    migrate_files(db)
    if end:
        end_key(region, shell_actor(), end)
    found = list_keys(region, shell_actor())
    region.close()
    if as_json:
        print_json({"keys": [{"key": one.id, "name": one.name, "role": one.role, "crew": one.crew, "made_at": one.made_at,
                              "ended_at": one.ended_at} for one in found]})  # fmt: skip
        return
    table = Table("key", "for", "role", "crew", "made", "state")
    for one in found:
        state = "ended" if one.ended_at else "in use"
        table.add_row(one.id, one.name, one.role, one.crew or "", f"{one.made_at:%Y-%m-%d}", state)
    Console().print(table)


def invite(
    crew: Annotated[str | None, typer.Option(help="The crew that the person joins.")] = None,
    role: Annotated[
        Role | None, typer.Option(help="planner, lead, crew_lead, crew, auditor or rep; crew where --crew is given.")
    ] = None,
    promoter: Annotated[str | None, typer.Option(help="Which promoter of the crew this person is.")] = None,
    hours: Annotated[int, typer.Option(min=1, max=720, help="How long the link can be used.")] = 72,
    url: Url = OWN_ADDRESS,
    qr: Qr = None,
    db: Db = DEFAULT_DB,
    as_json: AsJson = False,
) -> None:
    """
    Make a link (and a QR code) by which one person joins, without e-mail or password: a member of a crew, or a lead.

    Example: fieldops invite --crew C01 --url https://desk.example.org --qr c01.svg
    """
    from fieldops.actions.invitations import make_invitation
    from fieldops.ids import CrewId, PromoterId
    from fieldops.store.connect import open_region
    from fieldops.store.upgrade import migrate_files

    region = open_region(db)
    migrate_files(db)
    made, secret = make_invitation(
        region, shell_actor(), role=role or (Role.CREW if crew else Role.LEAD), crew=CrewId(crew) if crew else None,
        promoter=PromoterId(promoter) if promoter else None, lasts=timedelta(hours=hours),
    )  # fmt: skip
    until = in_city(made.ends_at, region)
    region.close()
    _give(made, enter_address(url, secret), qr, until, as_json=as_json)


def enter_address(url: str, secret: str) -> str:
    """Return the address of a one-time link; the secret stands in the fragment, which no server or proxy sees."""
    return f"{url.rstrip('/')}/enter#{secret}"


def _give(made: Any, address: str, qr: Path | None, until: str, *, as_json: bool) -> None:
    from io import BytesIO

    import segno

    from fieldops.exchange.files import write_bytes

    code = segno.make(address, error="m")
    if qr:
        drawn = BytesIO()
        code.save(drawn, kind="png" if qr.suffix == ".png" else "svg", scale=8, border=4)
        try:
            write_bytes(qr, drawn.getvalue())
        except BadInput as refusal:  # the link is made and shown this once: what it is drawn into is the lesser thing
            say(f"note: {refusal}")
            qr = None
    if as_json:
        print_json({"invitation": made.id, "role": made.role, "crew": made.crew, "link": address, "until": made.ends_at,
                    "qr": str(qr) if qr else None})  # fmt: skip
        return
    if sys.stderr.isatty():
        code.terminal(out=sys.stderr, compact=True)
    typer.echo(address)
    say(f"one person can use it, until {until}" + (f"; {qr} shows it as a QR code" if qr else ""))


def _facts(account: Any) -> dict[str, object]:
    return {
        "account": account.id, "login": account.login, "name": account.name, "role": account.role, "crew": account.crew,
        "promoter": account.promoter, "disabled": account.disabled_at is not None,
    }  # fmt: skip
