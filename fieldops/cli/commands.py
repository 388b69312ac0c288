"""Which room brings which command; imports only light modules, so that `--help` answers at once."""

import typer

from fieldops.cli import (
    accounts,
    awareness,
    backcheck,
    bases,
    burst,
    claims,
    crews,
    decide,
    demo,
    dispatch,
    effort,
    export,
    imports,
    keep,
    mappage,
    notices,
    office,
    phones,
    plan,
    pushing,
    recruit,
    rule,
    rules,
    serve,
    simulate,
    streets,
    surveys,
    synth,
    tiles,
    venues,
    walk,
    worker,
)


def register(app: typer.Typer) -> None:
    """Add every command to the application: one line a noun, `noun.register(app)`."""
    synth.register(app)
    imports.register(app)
    streets.register(app)
    crews.register(app)
    bases.register(app)
    surveys.register(app)
    effort.register(app)
    venues.register(app)
    awareness.register(app)
    decide.register(app)
    backcheck.register(app)
    claims.register(app)
    keep.register(app)
    notices.register(app)
    office.register(app)
    phones.register(app)
    mappage.register(app)
    plan.register(app)
    burst.register(app)
    dispatch.register(app)
    pushing.register(app)
    walk.register(app)
    export.register(app)
    rule.register(app)
    rules.register(app)
    recruit.register(app)
    demo.register(app)
    tiles.register(app)
    accounts.register(app)
    serve.register(app)
    worker.register(app)
    simulate.register(app)
