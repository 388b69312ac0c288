"""The progress bar of the terminal; loaded only by commands that work long."""

import signal
import sys
from types import FrameType, TracebackType
from typing import Any, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn


class Bar:
    """A `Progress` that draws stages on stderr and turns the first Ctrl-C into a wish to stop."""

    def __init__(self, *, quiet: bool = False) -> None:
        """Draw nothing where `quiet`; write plain lines where stderr is no terminal."""
        self._console = Console(stderr=True)
        self._drawn = not quiet and self._console.is_terminal
        self._plain = not quiet and not self._drawn
        self._progress = Progress(
            TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"),
            TimeElapsedColumn(), TextColumn("{task.fields[figures]}"), console=self._console, transient=False,
        )  # fmt: skip
        self._tasks: dict[str, TaskID] = {}
        self._stopped = False
        self._before: Any = None

    def __enter__(self) -> Self:
        """Start drawing and listen for Ctrl-C."""
        self._before = signal.signal(signal.SIGINT, self._interrupt)
        if self._drawn:
            self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop drawing and give Ctrl-C back."""
        if self._drawn:
            self._progress.stop()
        signal.signal(signal.SIGINT, self._before)

    def _interrupt(self, _number: int, _frame: FrameType | None) -> None:
        if self._stopped:
            raise KeyboardInterrupt
        self._stopped = True

    @property
    def stopped(self) -> bool:
        """Whether the user asked to stop."""
        return self._stopped

    def __call__(self, stage: str, share: float, **figures: float) -> bool:
        """Draw the stage; see `fieldops.progress.Progress`."""
        text = "  ".join(f"{name} {value:,.4g}" for name, value in figures.items())
        new = stage not in self._tasks
        if new:
            self._tasks[stage] = self._progress.add_task(stage, total=1.0, figures="", visible=self._drawn)
            if self._plain:
                sys.stderr.write(f"{stage} ...\n")
        self._progress.update(self._tasks[stage], completed=min(1.0, share), figures=text)
        return not self._stopped
