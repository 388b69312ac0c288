"""The `fieldops` command: one Typer application; every noun brings its own commands."""

import sys
from typing import Any

import typer

from fieldops.errors import FieldopsError, Stopped

UsageError: Any = typer.BadParameter.__base__  # typer carries a click of its own and hands out only this much of it

app = typer.Typer(
    name="fieldops",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Plan and run ground promotion: who walks which street for the next seven days, and when to move on.",
)


def main() -> None:
    """Run the command line; refusals become one line on stderr and the exit codes 0, 1, 2, 3."""
    from fieldops.cli import commands

    commands.register(app)
    try:
        code = app(standalone_mode=False)
    except typer.Exit as leaving:
        code = leaving.exit_code
    except UsageError as wrong:
        wrong.show()
        code = 2
    except (KeyboardInterrupt, typer.Abort):
        sys.stderr.write("stopped\n")
        code = 3
    except Stopped as stopped:
        sys.stderr.write(f"{stopped}\n")
        code = 3
    except FieldopsError as refusal:
        sys.stderr.write(f"error: {' '.join(str(refusal).split())}\n")
        code = 1
    except BrokenPipeError:
        code = 0
    sys.exit(code if isinstance(code, int) else 0)
