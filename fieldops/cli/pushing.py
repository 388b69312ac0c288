"""`fieldops push`: how long a crew pushes each of its streets, and where it asks."""

from typing import TYPE_CHECKING, Annotated

import typer

from fieldops.cli.console import DEFAULT_DB, AsJson, Db, Now, given_moment, print_json, shell_actor

if TYPE_CHECKING:
    from fieldops.actions.pushing import PushOrder


def register(app: typer.Typer) -> None:
    """Add the command `push`."""
    app.command("push")(push)


def push(
    crew: Annotated[str, typer.Option("--crew", metavar="CREW", help="The crew's id.")],
    db: Db = DEFAULT_DB,
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """
    Tell a crew how many promoter-hours to push on each of its streets, by all that was told, counted and asked until now.

    The streets around a connection point are reckoned together: what spills over from one to the next is saved. A street is
    pushed while an hour there adds enough to the chance of being truly at the target (`push_hour_price`, `left_short_weight`,
    `setup_minutes` of `fieldops rules`); when that is so nowhere around a point, the point is asked. Where the point said
    push on all the same, and nothing more is worth it, each street is asked itself.

    Example: fieldops push --crew C07
    """
    from fieldops.actions.pushing import push_orders
    from fieldops.ids import CrewId
    from fieldops.store.connect import open_region
    from fieldops.store.places import name_places

    region = open_region(db)
    orders = push_orders(region, shell_actor(), CrewId(crew), now=given_moment(now))
    labels = name_places(region.reader(), [one.street for one in orders])
    if as_json:
        print_json({
            "crew": crew,
            "streets": [
                {"street": one.street, "label": labels.get(one.street, ""), "triangle": one.triangle, "say": one.say,
                 "hours": round(one.hours, 2)}
                for one in orders
            ],
        })  # fmt: skip
        return
    for one in orders:
        typer.echo(f"{labels.get(one.street) or one.street} ({one.street}): {_words(one)}")
    if not orders:
        typer.echo(f"crew {crew} holds no street that is open")


def _words(one: "PushOrder") -> str:
    return {
        "push": f"push {one.hours:.1f} promoter-hours",
        "enough": "enough for now: others around its point come first",
        "ask_point": f"enough: ask at the connection point of {one.triangle}",
        "ask": "its point said push on and no push is worth it: ask on the street itself",
    }[one.say]
