"""How long work reports itself and learns that it should stop: one protocol for imports, solvers and simulations."""

from typing import Protocol


class Progress(Protocol):
    """Called now and then by long work; the answer False asks it to stop and keep the best result so far."""

    def __call__(self, stage: str, share: float, **figures: float) -> bool:
        """Report the stage, the share done in [0, 1] and figures such as `bound` and `objective`."""
        ...


def no_progress(stage: str, share: float, **figures: float) -> bool:
    """Report to nobody and never stop."""
    del stage, share, figures
    return True
