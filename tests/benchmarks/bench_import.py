"""
Importing real maps, from the smallest to the largest: a bare pass of pyosmium, GDAL, and ours, each in a fresh process.

Seconds are wall time and CPU time of the process and its children, libraries included; memory is the peak of the larger
one. The bare pass visits every object in Python and keeps none; GDAL reads lines, points and polygons and makes no
graph; *read* ends with ways, places and homes, *settle* with streets, lanes, compounds and people on a walkable graph,
*import* is the command as it is typed, triangles, zones and database included. On one town OSMnx makes its graph of the
same streets too, from a file that holds nothing but streets (with `--full` also from the whole file). The maps lie in
the folder of public data (`$FIELDOPS_SHARED_DATA`).
"""

import json
import math
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from fieldops.clock import Stopwatch

ROOT = Path(__file__).parent.parent.parent
FOLDER = Path(os.environ.get("FIELDOPS_SHARED_DATA", ROOT.parent / "shared" / "data")) / "maps"
MAPS = (
    "shanghai_university_baoshan_2021.osm", "wangjing_2020.osm", "cau_haidian_2026.osm", "guixi.osm",
    "helsinki_centre_2019.osm.pbf", "yuma.osm.pbf", "poa_2020.osm.pbf", "heidelberg.osm.pbf",
    "chicago_2014_renoded.osm.pbf",
)  # fmt: skip
OSMNX_MAP = "yuma.osm.pbf"

_BARE = """
import osmium
count = sum(1 for thing in osmium.FileProcessor(path).with_locations("flex_mem"))
"""
_GDAL = """
import pyogrio
count = sum(len(pyogrio.read_dataframe(path, layer=layer, on_invalid="ignore")) for layer in ("lines", "points", "multipolygons"))
"""
_READ = """
from fieldops.maps import read_map
count = len(read_map(path).ways)
"""
_SETTLE = """
from fieldops.city.settle import settle
from fieldops.maps import read_map
from fieldops.rules import Rules
made = settle(read_map(path), name="Town", time_zone="UTC", rules=Rules())
count = len(made.segments)
"""
_IMPORT = """
import pathlib, tempfile
from fieldops.actions.city import MapSource, import_city
from fieldops.ids import ActorId
from fieldops.people import Actor, Role
with tempfile.TemporaryDirectory() as folder:
    done = import_city(pathlib.Path(folder, "region.gpkg"), Actor(ActorId("bench"), Role.PLANNER),
                       MapSource(map=pathlib.Path(path)), name="Town", time_zone="UTC")
count = {what: done.figures[what] for what in ("segments", "streets", "compounds", "triangles", "zones")}
"""
_OSMNX = """
import osmnx
count = len(osmnx.graph.graph_from_xml(path).edges)
"""
_TO_XML = """
import osmium
with osmium.SimpleWriter(out) as writer:
    for thing in osmium.FileProcessor(path):
        if thing.is_node() or not streets_alone or (thing.is_way() and "highway" in thing.tags):
            writer.add(thing)
"""
_REPORT = """
import json, resource
used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
print(json.dumps({"count": count, "cpu": sum(u.ru_utime + u.ru_stime for u in used), "mb": max(u.ru_maxrss for u in used) / 1024}))
"""

Result = dict[str, Any]


def measure(code: str, path: Path) -> Result | None:
    """Run the code on the map in a fresh process; None where it fails."""
    watch = Stopwatch()
    done = run(f"path = {str(path)!r}\n{code}\n{_REPORT}")
    return {"wall": watch.seconds, **json.loads(done.stdout.splitlines()[-1])} if done.returncode == 0 else None


def run(code: str) -> subprocess.CompletedProcess[str]:
    """Run the code in a fresh process of the project."""
    return subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        capture_output=True, text=True, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}, check=False,
    )  # fmt: skip


def cell(result: Result | None) -> str:
    """Return wall s, CPU s and MB of a run."""
    return "failed" if result is None else f"{result['wall']:6.1f} {result['cpu']:6.1f} {result['mb']:5.0f}"


def ratio(one: Result | None, other: Result | None) -> str:
    """Return how many times the CPU time and the memory of another run a run needs."""
    return f"{one['cpu'] / other['cpu']:.1f} x CPU, {one['mb'] / other['mb']:.1f} x MB" if one and other else ""


def exponent(sizes: list[int], seconds: list[float]) -> float:
    """The slope between the first and the last in doubly logarithmic scale: 1 is linear."""
    return math.log(seconds[-1] / seconds[0]) / math.log(sizes[-1] / sizes[0])


def main(full: bool = False) -> None:
    """Print the table, the growth from the smallest to the largest file, and OSMnx beside ours."""
    if not FOLDER.is_dir():
        print("the folder of public maps is not here: set $FIELDOPS_SHARED_DATA")
        return
    titles = ("bare pass", "GDAL, no graph", "ours: read", "ours: settle", "ours: import")
    codes = (_BARE, _GDAL, _READ, _SETTLE, _IMPORT)
    print("wall s, CPU s, peak MB".ljust(38) + "".join(f"{title:>22}" for title in titles))
    sizes: list[int] = []
    runs: list[list[Result | None]] = []
    for name in sorted(MAPS, key=lambda name: (FOLDER / name).stat().st_size if name.endswith("pbf") else 0):
        results = [measure(code, FOLDER / name) for code in codes]
        print(name.ljust(38) + "".join(f"{cell(one):>22}" for one in results), flush=True)
        made = results[-1]
        if made:
            figures = "  ".join(f"{count:,} {what}" for what, count in made["count"].items())
            print(f"    {figures}; import / bare pass {ratio(made, results[0])}", flush=True)
            sizes.append(made["count"]["segments"])
            runs.append(results)
    print_growth(sizes, runs)
    for streets_alone in (True, False) if full else (True,):
        print_osmnx(streets_alone)


def print_growth(sizes: list[int], runs: list[list[Result | None]]) -> None:
    """Print how the import grows from the first map of a thousand segments, below which libraries start, to the last."""
    order = sorted(range(len(sizes)), key=sizes.__getitem__)
    for first, last in ((order[0], order[-1]), (order[-2], order[-1])):
        few, many = runs[first][-1], runs[last][-1]
        if few and many:
            slope = exponent([sizes[first], sizes[last]], [few["cpu"], many["cpu"]])
            print(
                f"growth of the import from {sizes[first]:,} to {sizes[last]:,} segments (x {sizes[last] / sizes[first]:.0f}): "
                f"{ratio(many, few)}; exponent of CPU {slope:.2f}"
            )


def print_osmnx(streets_alone: bool) -> None:
    """Print OSMnx beside ours on the same town."""
    with tempfile.TemporaryDirectory() as folder:
        xml = Path(folder, "town.osm")
        run(f"path, out, streets_alone = {str(FOLDER / OSMNX_MAP)!r}, {str(xml)!r}, {streets_alone}\n{_TO_XML}")
        results = [measure(code, xml) for code in (_OSMNX, _READ, _SETTLE)]
    print(f"{OSMNX_MAP} as XML, {'streets alone' if streets_alone else 'the whole file'} (wall s, CPU s, peak MB)")
    for title, one in zip(("OSMnx graph_from_xml", "ours: read", "ours: settle"), results, strict=True):
        print(f"    {title:22}{cell(one):>22}   {ratio(results[0], one)}")


if __name__ == "__main__":
    main(full="--full" in sys.argv)
