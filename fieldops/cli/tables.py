"""How every `import FILE` command of a noun reads its table and tells what it did."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fieldops.cli.console import print_json, progress_bar, say

if TYPE_CHECKING:
    from fieldops.intake import Intake
    from fieldops.progress import Progress

File = Annotated[Path, typer.Argument(metavar="FILE", help="CSV in UTF-8 or GB18030, or XLSX, with a header row.")]
Strict = Annotated[
    bool,
    typer.Option(
        "--strict",
        help="Refuse the whole file where a row cannot be used; otherwise that row only, and the command ends with exit 0"
        " as long as one row was taken.",
    ),
]
Coordinates = Annotated[
    str | None,
    typer.Option(
        help="What the file's places are: wgs84, gcj02 (Amap, Tencent) or bd09 (Baidu). Where it is left out they count as"
        " wgs84, and a file whose places lie beside the streets is refused."
    ),
]
_SHOWN = 20

Numbered = Iterable[tuple[int, Mapping[str, str]]]


def import_table(
    file: Path,
    take: "Callable[[Numbered, Progress], Intake]",
    *,
    needed: Sequence[str],
    known: Sequence[str],
    as_json: bool,
) -> None:
    """Read a CSV or XLSX file, hand its rows over, and print what was taken, left and refused; fail where no row was taken."""
    from fieldops.errors import BadInput
    from fieldops.exchange.workbooks import open_given

    table = open_given(file, needed=needed, known=known)
    if table.unknown:
        say(f"left out: the columns {', '.join(table.unknown)}; known are {', '.join(known)}")
    with progress_bar() as progress, _refused_as_json(as_json):
        done = take(table.rows(stage=f"read {file.name}", progress=progress), progress)
    if as_json:
        print_json(done.to_json())
    else:
        for one in done.rejected[:_SHOWN]:
            field = f", {one['field']} = {one['value']!r}" if one["field"] else ""
            say(f"row {one['row']}{field}: {one['reason']}")
        if done.refused > _SHOWN:
            say(f"... and {done.refused - _SHOWN} more refused rows: see them all with --json")
        typer.echo(f"{done.added} added, {done.updated} updated, {done.unchanged} unchanged, {done.refused} refused")
    if done.refused and not (done.added or done.updated or done.unchanged):
        raise BadInput(f"every row of {file.name} was refused", cure="mend the rows named above and import it again")


@contextmanager
def _refused_as_json(as_json: bool) -> Iterator[None]:
    """Print the refused rows of a file that `--strict` refused as the one document before the refusal goes on."""
    from fieldops.errors import RowsRefused
    from fieldops.intake import Intake

    try:
        yield
    except RowsRefused as refusal:
        if as_json:
            print_json(Intake(refused=len(refusal.rejected), rejected=refusal.rejected).to_json())
        raise
