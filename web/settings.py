"""What one web process is told at its start."""

from dataclasses import dataclass
from pathlib import Path

LOOPBACK = ("localhost", "127.0.0.1")


@dataclass(frozen=True, slots=True)
class Settings:
    """The region file to show, and the host names by which it may be asked for (without port)."""

    region: Path
    hosts: tuple[str, ...] = LOOPBACK
