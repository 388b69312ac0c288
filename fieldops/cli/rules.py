"""`fieldops rules`: every number of the rules is a setting of the region."""

from typing import Annotated, Any

import typer

from fieldops.cli.console import DEFAULT_DB, AsJson, Db, Now, given_moment, is_handed_on, print_json, say, shell_actor

rules = typer.Typer(
    invoke_without_command=True, help="The numbers of the rules: what each means, its default, and how to change it."
)


def register(app: typer.Typer) -> None:
    """Add the commands `rules ...`."""
    app.add_typer(rules, name="rules")


@rules.callback()
def show(context: typer.Context, db: Db = DEFAULT_DB, as_json: AsJson = False) -> None:
    """
    List every setting of the rules with its value here, its default and its meaning.

    Example: fieldops rules --db region.gpkg
    """
    if is_handed_on(context):
        return
    from fieldops.actions.rules import list_rules
    from fieldops.store.connect import open_region

    found = list_rules(open_region(db), shell_actor())
    if as_json:
        print_json({"rules": [_row(one) for one in found]})
        return
    from rich.console import Console
    from rich.table import Column, Table

    table = Table(Column("setting", no_wrap=True), "here", "default", "rule", "meaning", box=None)
    for one in found:
        row = _row(one)
        value = f"[bold]{row['value']}[/] *" if one.is_changed else row["value"]
        table.add_row(one.name, value, row["default"], str(one.rule or ""), one.meaning)
    Console().print(table)
    say("* differs from the default. Change one: fieldops rules set claims_per_crew=30 --why small_crews")


@rules.command("set")
def change(
    settings: Annotated[
        list[str], typer.Argument(metavar="NAME=VALUE", help="Settings and their new values; `default` is a value too.")
    ],
    why: Annotated[str, typer.Option(help="A code for the record, for example pilot_of_10_days.")],
    db: Db = DEFAULT_DB,
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """
    Give settings new values, with a reason; they hold from this moment on, and the change is on the record.

    Shares are written as 0.25 or 25%, durations as 7d, 36h or 90min, switches as yes or no. Claims in force end when they
    would have ended anyhow. Example: fieldops rules set burst_days_min=8 burst_days_max=12 --why pilot
    """
    from fieldops.actions.rules import change_rules
    from fieldops.errors import BadInput
    from fieldops.rules import read_setting
    from fieldops.store.connect import open_region

    pairs = [setting.partition("=") for setting in settings]
    for name, equals, _ in pairs:
        if not equals:
            raise BadInput(f"'{name}' has no value", cure=f"write {name}=VALUE")
    wanted = {name.strip(): value for name, _, value in pairs}
    if len(wanted) < len(pairs):
        raise BadInput("a setting is named twice", cure="name each once")
    values = {name: read_setting(name, text) for name, text in wanted.items()}
    changed = change_rules(open_region(db), shell_actor(), why=why, now=given_moment(now), **values)
    if as_json:
        print_json({"changed": [_row(one) for one in changed]})
    elif not changed:
        say("nothing changed: the settings have these values already")
    for one in () if as_json else changed:
        row = _row(one)
        say(f"{one.name} is {row['value']} from now on (default {row['default']}): {one.meaning}")


def _row(one: Any) -> dict[str, Any]:
    from fieldops.rules import write_setting

    return {
        "name": one.name, "value": write_setting(one.value), "default": write_setting(one.default),
        "changed": one.is_changed, "rule": one.rule or None, "meaning": one.meaning,
    }  # fmt: skip
