"""How long a made-up city takes, beside reading and settling its map, and how near it comes to the streets wanted."""

import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

from fieldops.city.settle import settle
from fieldops.clock import Stopwatch
from fieldops.exchange.synthfiles import make_city
from fieldops.maps import read_map
from fieldops.rules import Rules


def main(full: bool = False) -> None:
    """Print seconds and streets for growing cities; `full` goes up to 100,000 streets."""
    table = Table("wanted", "streets", "off %", "map MB", "synth s", "read + settle s", "ratio", box=None)
    for streets in (500, 2_000, 8_000, *((20_000, 100_000) if full else ())):
        with tempfile.TemporaryDirectory() as folder:
            whole = Stopwatch()
            made = make_city(Path(folder) / "city", streets=streets, seed=1)
            seconds, path, found = whole.seconds, Path(str(made["map"])), int(str(made["streets"]))
            again = Stopwatch()
            settle(read_map(path), rules=Rules(), name="city", time_zone="Asia/Shanghai")
            table.add_row(f"{streets:,}", f"{found:,}", f"{100 * (found / streets - 1):+.1f}", f"{path.stat().st_size / 1e6:.2f}",
                          f"{seconds:.1f}", f"{again.seconds:.1f}", f"{seconds / again.seconds:.1f}")  # fmt: skip
    Console().print(table)


if __name__ == "__main__":
    main()
