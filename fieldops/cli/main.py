"""The `fieldops` command: one Typer application; every noun brings its own commands."""

import os
import sys
from typing import Any

import typer

from fieldops.errors import BadInput, FieldopsError, Stopped

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

    if not sys.stdout.isatty():  # a pipe has no width: ids and reasons shall be whole there
        os.environ.setdefault("COLUMNS", "200")
    commands.register(app)
    try:
        code = app(options_after_command(readable(sys.argv[1:])), standalone_mode=False)
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


def readable(words: list[str]) -> list[str]:
    """
    Return the words as they were given.

    Raises
    ------
    BadInput
        If one holds bytes that are no UTF-8: no id, and no file that could be named in an answer.
    """
    for word in words:
        try:
            word.encode()
        except UnicodeEncodeError:
            shown = word.encode(errors="surrogateescape").decode(errors="replace")
            raise BadInput(f"'{shown}' is no UTF-8", cure="write it in UTF-8; rename a file of such a name") from None
    return words


def options_after_command(words: list[str]) -> list[str]:
    """Return the words with `--json` and `--db FILE` behind the command they stand before: people write them there too."""
    at = 0
    while at < len(words) and (words[at] in ("--json", "--db") or words[at].startswith("--db=")):
        at += 2 if words[at] == "--db" else 1
    if at >= len(words):
        return words
    rest = words[at:]
    end = rest.index("--") if "--" in rest else len(rest)
    return rest[:end] + words[:at] + rest[end:]
