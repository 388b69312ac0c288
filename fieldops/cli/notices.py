"""`fieldops notices`: reminders of claims that end soon, and where they are sent."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from fieldops.cli.console import DEFAULT_DB, AsJson, Db, Now, given_moment, print_json, say, shell_actor

if TYPE_CHECKING:
    from fieldops.store.notices import StoredNotice

notices = typer.Typer(
    no_args_is_help=True,
    help="Reminders 48, 24 and 3 hours before a claim ends: in the crew's inbox and through webhooks.",
)


def register(app: typer.Typer) -> None:
    """Add the commands `notices ...`."""
    app.add_typer(notices, name="notices")


@notices.command()
def due(db: Db = DEFAULT_DB, now: Now = None, as_json: AsJson = False) -> None:
    """Show of which claims the crews are still to be reminded; nothing is made or sent."""
    from fieldops.actions.notices import due_notices
    from fieldops.clock import format_moment
    from fieldops.store.connect import open_region

    at, found = due_notices(open_region(db), shell_actor(), now=given_moment(now))
    rows: list[dict[str, Any]] = [
        {
            "claim": claim.id,
            "street": claim.street,
            "crew": claim.crew,
            "until": format_moment(claim.held_until),
            "hours_before": before.total_seconds() / 3600,
        }
        for claim, before in found
    ]
    if as_json:
        print_json({"now": format_moment(at), "due": rows})
    else:
        for row in rows:
            say(f"street {row['street']}, crew {row['crew']}: {row['hours_before']:g} h reminder, ends {row['until']}")
        say(f"{len(rows)} reminders are due")


@notices.command()
def deliver(db: Db = DEFAULT_DB, now: Now = None, as_json: AsJson = False) -> None:
    """
    Make the reminders that are due and send them. `fieldops worker`, and so `fieldops serve`, does it by itself.

    Messages are sent at least once; what fails is tried again after 1, 2, 4 ... 60 minutes.
    """
    from dataclasses import asdict

    from fieldops.actions.notices import deliver as act
    from fieldops.store.connect import open_region

    done = act(open_region(db), shell_actor(), now=given_moment(now))
    if as_json:
        print_json(asdict(done))
    else:
        say(f"{done.made} reminders made, {done.sent} sent, {done.failed} failed; {done.forfeited} claims had run out")
        for channel, problem in done.problems.items():
            say(f"channel {channel}: {problem}")
    if done.failed:
        raise typer.Exit(1)


@notices.command("list")
def list_notices(
    crew: Annotated[str | None, typer.Option(help="Only this crew's.")] = None,
    channel: Annotated[str, typer.Option(help="The inbox, or a webhook by its name.")] = "inbox",
    db: Db = DEFAULT_DB,
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """List the reminders of claims in force, and whether they have arrived. Example: fieldops notices list --crew C07"""
    from rich.console import Console
    from rich.table import Table

    from fieldops.actions.notices import list_notices as act
    from fieldops.clock import find_zone
    from fieldops.ids import CrewId
    from fieldops.store.connect import open_region

    found = act(
        open_region(db), shell_actor(), crew=CrewId(crew) if crew else None, channel=channel, now=given_moment(now)
    )
    if as_json:
        print_json({"notices": [_row(one) for one in found]})
        return
    if not found:
        say("no reminder stands for a claim in force: `fieldops notices due` tells what is due, `deliver` makes it")
        return
    table = Table("street", "label", "crew", "ends", "reminder", "state", box=None)
    for one in found:
        ends = one.notice.held_until.astimezone(find_zone(one.notice.time_zone)).strftime("%Y-%m-%d %H:%M")
        state = "delivered" if one.delivered_at else f"{one.problem or 'waiting'}, tried {one.attempts} times"
        table.add_row(
            one.notice.street,
            one.notice.street_label,
            f"{one.notice.crew_name} ({one.notice.crew})",
            ends,
            f"{one.notice.hours_before:g} h",
            state,
        )
    Console().print(table)


@notices.command()
def channels(db: Db = DEFAULT_DB, as_json: AsJson = False) -> None:
    """List the webhooks that reminders are sent to; addresses and secrets stay hidden."""
    from urllib.parse import urlsplit

    from fieldops.actions.notices import list_channels
    from fieldops.store.connect import open_region

    rows = [
        {"channel": one.name, "form": one.form, "host": urlsplit(one.url).hostname, "signed": bool(one.secret),
         "language": one.language}
        for one in list_channels(open_region(db), shell_actor())
    ]  # fmt: skip
    if as_json:
        print_json({"channels": rows})
    elif not rows:
        say("no webhook is set; reminders go to the crews' inboxes only, see `fieldops notices channel-set --help`")
    for row in rows if not as_json else []:
        say(
            f"{row['channel']}: {row['form']} at {row['host']}, {'signed' if row['signed'] else 'not signed'}, {row['language']}"
        )


@notices.command("channel-set")
def channel_set(
    name: Annotated[str, typer.Argument(help="A short name, for example leads.")],
    url: Annotated[str, typer.Option(help="The address of the webhook: whoever knows it can write there.")],
    form: Annotated[str, typer.Option(help="plain, wecom, dingtalk or feishu.")] = "plain",
    secret: Annotated[
        str, typer.Option(envvar="FIELDOPS_WEBHOOK_SECRET", help="What messages are signed with.", show_envvar=True)
    ] = "",
    language: Annotated[str, typer.Option(help="zh or en.")] = "zh",
    db: Db = DEFAULT_DB,
    now: Now = None,
) -> None:
    """
    Send reminders to a webhook too: plain JSON, or the group bot of WeCom, DingTalk or Feishu.

    Address and secret are kept in the private file. Plain messages carry X-Fieldops-Signature: sha256= the HMAC of
    "timestamp.body". Example: fieldops notices channel-set leads --form wecom --url https://qyapi.weixin.qq.com/...
    """
    from fieldops.actions.notices import set_channel
    from fieldops.notices import make_channel
    from fieldops.store.connect import open_region

    channel = make_channel(name, form, url, secret, language)
    set_channel(open_region(db), shell_actor(), channel, now=given_moment(now))
    say(f"reminders go to {name} too")


@notices.command("channel-test")
def channel_test(
    name: Annotated[str, typer.Argument(help="The name that the webhook was given.")],
    db: Db = DEFAULT_DB,
    now: Now = None,
) -> None:
    """Send a message to a webhook that only shows that it works; exit code 1 where it does not arrive."""
    from fieldops.actions.notices import try_channel
    from fieldops.store.connect import open_region

    problem = try_channel(open_region(db), shell_actor(), name, now=given_moment(now))
    say(f"{name}: {problem}" if problem else f"{name}: the message has arrived")
    if problem:
        raise typer.Exit(1)


@notices.command("channel-remove")
def channel_remove(
    name: Annotated[str, typer.Argument(help="The name that the webhook was given.")],
    db: Db = DEFAULT_DB,
    now: Now = None,
) -> None:
    """Send no more reminders to a webhook, and forget its address."""
    from fieldops.actions.notices import remove_channel
    from fieldops.store.connect import open_region

    remove_channel(open_region(db), shell_actor(), name, now=given_moment(now))
    say(f"{name} is forgotten")


def _row(one: "StoredNotice") -> dict[str, Any]:
    from fieldops.clock import format_moment

    return {
        "notice": one.notice.id,
        "claim": one.notice.claim,
        "street": one.notice.street,
        "crew": one.notice.crew,
        "until": format_moment(one.notice.held_until),
        "hours_before": one.notice.hours_before,
        "channel": one.channel,
        "delivered_at": format_moment(one.delivered_at) if one.delivered_at else None,
        "attempts": one.attempts,
        "problem": one.problem,
    }
