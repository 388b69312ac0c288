"""`fieldops phones`: records handed in as a file, appeals, and the keys to which phones seal sign-ups."""

from pathlib import Path
from typing import Annotated

import typer

from fieldops.cli.console import DEFAULT_DB, AsJson, Db, Now, given_moment, in_city, print_json, say, shell_actor

phones = typer.Typer(no_args_is_help=True, help="Phones of crews: records in a file, appeals, the keys of sign-ups.")


def register(app: typer.Typer) -> None:
    """Add the commands `phones ...`."""
    app.add_typer(phones, name="phones")


@phones.command("sync")
def sync_file(
    file: Annotated[Path, typer.Argument(help="The file that a phone's outbox page exported.")],
    db: Db = DEFAULT_DB, now: Now = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """
    Take in what a phone could not send: the file that its outbox exported. What has arrived already is unchanged.

    Exit code 1 where a record was refused. Example: fieldops phones sync fieldops-outbox.json
    """
    from fieldops.actions.sync import sync_export
    from fieldops.store.connect import open_region

    answers = sync_export(open_region(db), shell_actor(), file.read_bytes(), now=given_moment(now))
    counts = {word: sum(one.result == word for one in answers) for word in ("accepted", "unchanged", "rejected")}
    refused = [one.to_json() for one in answers if one.result == "rejected"]
    if as_json:
        print_json({**counts, "refused": refused})
    else:
        typer.echo(", ".join(f"{count} {word}" for word, count in counts.items()))
        for one in refused:
            typer.echo(f"  {one['id']}: {one['reason']} {one.get('problem', '')}".rstrip())
    if refused:
        raise typer.Exit(1)


@phones.command("say")
def say_words(
    text: Annotated[str, typer.Argument(help="What the crews' phones show; empty takes it back.")],
    crew: Annotated[str | None, typer.Option(help="For this crew only.")] = None,
    day: Annotated[str | None, typer.Option(help="For this day (2026-03-01), by default today.")] = None,
    db: Db = DEFAULT_DB, now: Now = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """
    Say something to the crews for a day: it stands at the top of their phones.

    Example: fieldops phones say "Rain until noon: malls first" --crew C07
    """
    from fieldops.actions.phone import say_words as act
    from fieldops.ids import CrewId
    from fieldops.intake import read_day
    from fieldops.store.connect import open_region

    chosen = act(
        open_region(db), shell_actor(), text, crew=CrewId(crew) if crew else None,
        day=read_day({"--day": day}, "--day") if day else None, now=given_moment(now),
    )  # fmt: skip
    if as_json:
        print_json({"day": chosen.isoformat(), "crew": crew, "text": text})
    else:
        typer.echo(f"phones of {crew or 'all crews'} show it on {chosen}")


@phones.command("appeals")
def list_appeals(
    answered_too: Annotated[bool, typer.Option("--all", help="Also those that were answered.")] = False,
    db: Db = DEFAULT_DB, as_json: AsJson = False,
) -> None:  # fmt: skip
    """
    List what promoters say against what became of their records.

    Example: fieldops phones appeals
    """
    from fieldops.actions.appeals import list_appeals as read
    from fieldops.store.connect import open_region

    region = open_region(db)
    found = read(region, shell_actor(), answered_too=answered_too)
    if as_json:
        print_json({
            "appeals": [
                {
                    "appeal": one.id, "about": one.about, "kind": one.about_kind, "why": one.why, "made_at": one.made_at,
                    "promoter": one.promoter, "crew": one.crew, "upheld": one.upheld, "answer": one.answer_why,
                }
                for one in found
            ]
        })  # fmt: skip
        return
    for one in found:
        said = "" if one.upheld is None else f"  {'upheld' if one.upheld else 'declined'}: {one.answer_why}"
        typer.echo(
            f"{one.id}  {in_city(one.made_at, region)}  {one.promoter} ({one.crew})  {one.why}  about {one.about}{said}"
        )
    if not found:
        typer.echo("no appeal waits for an answer")


@phones.command("answer")
def answer_appeal(
    appeal: Annotated[str, typer.Argument(help="The appeal, as `phones appeals` names it.")],
    why: Annotated[str, typer.Option("--why", help="The reason, a code such as back_check_agrees.")],
    uphold: Annotated[bool, typer.Option("--uphold/--decline", help="Whether the promoter is right.")],
    db: Db = DEFAULT_DB, now: Now = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """
    Answer an appeal; the promoter's phone shows it.

    Example: fieldops phones answer 0a1b... --uphold --why back_check_agrees
    """
    from fieldops.actions.appeals import answer_appeal as act
    from fieldops.store.connect import open_region

    one = act(open_region(db), shell_actor(), appeal, upheld=uphold, why=why, now=given_moment(now))
    if as_json:
        print_json({"appeal": one.id, "about": one.about, "upheld": uphold, "why": why})
    else:
        typer.echo(f"the appeal of {one.promoter} is {'upheld' if uphold else 'declined'}: {why}")


@phones.command("doors")
def list_doors(db: Db = DEFAULT_DB, as_json: AsJson = False) -> None:
    """
    List the doors and venues that asked not to be contacted.

    Example: fieldops phones doors
    """
    from fieldops.actions.doors import list_closed
    from fieldops.store.connect import open_region

    found = list_closed(open_region(db), shell_actor())
    if as_json:
        print_json({
            "doors": [
                {"record": one.records[0], "since": one.since, "place": one.label, "door": one.door, "crew": one.crew}
                for one in found
            ]
        })  # fmt: skip
        return
    for one in found:
        typer.echo(f"{one.records[0]}  {one.since:%Y-%m-%d}  {one.label} {one.door}".rstrip())
    if not found:
        typer.echo("nobody asked not to be contacted")


@phones.command("lift")
def lift_door(
    record: Annotated[str, typer.Argument(help="The record, as `phones doors` names it.")],
    why: Annotated[str, typer.Option("--why", help="The reason, a code such as mistake or moved_away.")],
    db: Db = DEFAULT_DB, now: Now = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """
    Let a door or venue that asked not to be contacted be contacted again.

    Example: fieldops phones lift 0a1b... --why moved_away
    """
    from fieldops.actions.doors import lift_closed
    from fieldops.store.connect import open_region

    one = lift_closed(open_region(db), shell_actor(), record, why=why, now=given_moment(now))
    if as_json:
        print_json({"records": list(one.records), "place": one.label, "door": one.door, "why": why})
    else:
        typer.echo(f"{one.label} {one.door}".rstrip() + " may be contacted again")


@phones.command("keys")
def list_keys(db: Db = DEFAULT_DB, as_json: AsJson = False) -> None:
    """
    List the keys to which phones seal sign-ups, the present one first.

    Example: fieldops phones keys
    """
    from fieldops.actions.phonekeys import list_keys as read
    from fieldops.store.connect import open_region

    keys = read(open_region(db), shell_actor())
    if as_json:
        print_json({"keys": [{"key": one.id, "made_at": one.made_at, "retired_at": one.retired_at} for one in keys]})
        return
    for one in keys:
        since = f"retired {one.retired_at:%Y-%m-%d}" if one.retired_at else "present"
        typer.echo(f"{one.id}  made {one.made_at:%Y-%m-%d}  {since}")
    if not keys:
        typer.echo("no phone has asked for a key yet")


@phones.command("rotate")
def rotate_key(
    why: Annotated[str, typer.Option("--why", help="The reason, a code such as phone_lost.")] = "yearly",
    db: Db = DEFAULT_DB, now: Now = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """
    Make a new key. The old one still opens what is on its way for 60 days and is destroyed by a later rotation.

    Example: fieldops phones rotate --why key_seen
    """
    from fieldops.actions.phonekeys import rotate_key as act
    from fieldops.store.connect import open_region

    made, destroyed = act(open_region(db), shell_actor(), why=why, now=given_moment(now))
    if as_json:
        print_json({"key": made.id, "destroyed": destroyed})
    else:
        typer.echo(f"phones seal to {made.id} from now on; {len(destroyed)} old keys destroyed")


@phones.command("renew-seals")
def renew_seals(
    new_key: Annotated[
        bool, typer.Option("--new-key", help="First add a key to the key file; those before it stay.")
    ] = False,
    db: Db = DEFAULT_DB,
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """
    Seal names, numbers and phone keys of the private file anew, in the present way under the last key of the key file.

    Example: fieldops phones renew-seals --new-key
    """
    from fieldops.actions.phonekeys import renew_seals as act
    from fieldops.store.connect import open_region

    region = open_region(db)
    count = act(region, shell_actor(), new_key=new_key, now=given_moment(now))
    region.close()
    if as_json:
        print_json({"renewed": count, "new_key": new_key})
    else:
        say(f"{count} seals renewed; keep a copy of the key file elsewhere" if new_key else f"{count} seals renewed")


@phones.command("keeper")
def make_keeper(
    out: Annotated[Path, typer.Option(help="The private key to write (PEM); the public one goes beside it, .pub.")],
    as_json: AsJson = False,
) -> None:
    """
    Make the key pair of whoever keeps the escrow. The private part stays with that person, off this machine.

    Example: fieldops phones keeper --out keeper.pem
    """
    from fieldops.actions.phonekeys import make_keeper as act
    from fieldops.errors import BadInput

    public = out.with_name(out.name + ".pub")
    if out.exists() or public.exists():
        raise BadInput(f"{out} or {public} exists already", cure="choose another name with --out")
    secret, shown = act()
    out.touch(mode=0o600)
    out.write_text(secret)
    public.write_text(shown)
    if as_json:
        print_json({"private": str(out), "public": str(public)})
    else:
        say(f"give {public} to `fieldops phones escrow --to`, and keep {out} away from this machine")


@phones.command("escrow")
def export_escrow(
    to: Annotated[Path, typer.Option(help="The keeper's public key (PEM), made by `phones keeper`.")],
    out: Annotated[Path, typer.Option(help="The file to write.")],
    db: Db = DEFAULT_DB, now: Now = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """
    Write the region's keys into a file that only their keeper can open: for the day when the machine is lost.

    Example: fieldops phones escrow --to keeper.pem.pub --out keys.escrow
    """
    from fieldops.actions.phonekeys import export_escrow as act
    from fieldops.store.connect import open_region

    sealed, count = act(open_region(db), shell_actor(), to.read_text(), now=given_moment(now))
    out.write_text(sealed + "\n")
    if as_json:
        print_json({"file": str(out), "keys": count})
    else:
        typer.echo(f"{count} keys are in {out}; repeat this after every `fieldops phones rotate`")


@phones.command("restore")
def restore_escrow(
    escrow: Annotated[Path, typer.Argument(help="The file that `phones escrow` wrote.")],
    keeper: Annotated[Path, typer.Option("--with", help="The keeper's private key (PEM).")],
    db: Db = DEFAULT_DB, now: Now = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """
    Take keys of an escrow in, so that sign-ups still waiting on phones can be opened.

    Example: fieldops phones restore keys.escrow --with keeper.pem
    """
    from fieldops.actions.phonekeys import restore_escrow as act
    from fieldops.store.connect import open_region

    count = act(open_region(db), shell_actor(), escrow.read_text(), keeper.read_text(), now=given_moment(now))
    if as_json:
        print_json({"restored": count})
    else:
        typer.echo(f"{count} keys were missing and are back")
