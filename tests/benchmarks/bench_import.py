"""
Reading and settling real maps: a bare pass of pyosmium, GDAL, and ours, each in a fresh process; and how it grows.

Seconds are wall time and CPU time of the whole process, libraries included; memory is the peak of the process. The maps
lie in the folder of public data (`$FIELDOPS_SHARED_DATA`). The bare pass visits every object in Python and keeps none. OSMnx is measured on one small map where it is installed.
"""

import importlib.util
import json
import math
import os
import subprocess
import sys
from pathlib import Path

from fieldops.clock import Stopwatch

ROOT = Path(__file__).parent.parent.parent
FOLDER = Path(os.environ.get("FIELDOPS_SHARED_DATA", ROOT.parent / "shared" / "data")) / "maps"
QUICK = ("guixi.osm", "wangjing_2020.osm", "helsinki_centre_2019.osm.pbf", "yuma.osm.pbf")
FULL = (*QUICK, "poa_2020.osm.pbf", "heidelberg.osm.pbf", "chicago_2014_renoded.osm.pbf")
OSMNX_MAP = "guixi.osm"

_BARE = """
import osmium
count = sum(1 for thing in osmium.FileProcessor(path).with_locations("flex_mem"))
"""
_GDAL = """
import pyogrio
count = sum(len(pyogrio.read_dataframe(path, layer=layer)) for layer in ("lines", "points", "multipolygons"))
"""
_OSMNX = """
import osmnx
count = len(osmnx.graph.graph_from_xml(path).edges)
"""
_READ = """
from fieldops.maps import read_map
count = len(read_map(path).ways)
"""
_OURS = """
from fieldops.city.settle import settle
from fieldops.maps import read_map
from fieldops.rules import Rules
made = settle(read_map(path), name="Town", time_zone="UTC", rules=Rules())
count = {"segments": len(made.segments), "streets": len(made.streets), "homes": len(made.buildings),
         "venues": len(made.venues), "compounds": int((made.streets["kind"] == "compound").sum())}
"""
_REPORT = """
import json, resource
used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
print(json.dumps({"count": count, "cpu": sum(u.ru_utime + u.ru_stime for u in used), "mb": max(u.ru_maxrss for u in used) / 1024}))
"""


def measure(code: str, path: Path) -> dict[str, object] | None:
    """Run the code on the map in a fresh process; None where it fails."""
    watch = Stopwatch()
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", f"path = {str(path)!r}\n{code}\n{_REPORT}"],
        capture_output=True, text=True, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}, check=False,
    )  # fmt: skip
    if done.returncode != 0:
        return None
    return {"wall": watch.seconds, **json.loads(done.stdout.splitlines()[-1])}


def cell(result: dict[str, object] | None) -> str:
    if result is None:
        return f"{'failed':>22}"
    return f"{result['wall']:7.2f} {result['cpu']:6.2f} {result['mb']:6.0f} MB"


def exponent(sizes: list[int], seconds: list[float]) -> float:
    """The slope between the smallest and the largest in doubly logarithmic scale: 1 is linear."""
    return math.log(seconds[-1] / seconds[0]) / math.log(sizes[-1] / sizes[0])


def main(full: bool = False) -> None:
    """Print the table: wall s, CPU s, peak MB of each reader; ours against a bare pass; counts; growth."""
    if not FOLDER.is_dir():
        print("the folder of public maps is not here: set $FIELDOPS_SHARED_DATA")
        return
    head = ("map", "pyosmium, bare pass", "GDAL, no graph", "ours: read", "ours: read and settle")
    print(f"{head[0]:30}" + "".join(f"{title:>24}" for title in head[1:]) + f"{'x bare (CPU)':>14}")
    sizes: list[int] = []
    seconds: list[float] = []
    for name in FULL if full else QUICK:
        path = FOLDER / name
        bare, gdal, read, ours = (measure(code, path) for code in (_BARE, _GDAL, _READ, _OURS))
        ratio = f"{ours['cpu'] / bare['cpu']:14.1f}" if ours and bare else ""  # type: ignore[operator]
        print(f"{name:30}" + "".join(f"{cell(one):>24}" for one in (bare, gdal, read, ours)) + ratio)
        if ours and isinstance(ours["count"], dict):
            print(f"{'':30}" + "  ".join(f"{count:,} {what}" for what, count in ours["count"].items()))
            sizes.append(ours["count"]["segments"])
            seconds.append(float(ours["cpu"]))  # type: ignore[arg-type]
    if len(sizes) > 1:
        start = seconds[0]  # almost all of it is the libraries' start
        print(
            f"growth from {sizes[0]:,} to {sizes[-1]:,} segments: CPU x {seconds[-1] / start:.1f}, exponent {exponent(sizes, seconds):.2f}"
        )
    if importlib.util.find_spec("osmnx") is None:
        print("OSMnx: not installed, not measured")
    else:
        print(f"OSMnx graph_from_xml, {OSMNX_MAP}: {cell(measure(_OSMNX, FOLDER / OSMNX_MAP))}")


if __name__ == "__main__":
    main(full="--full" in sys.argv)
