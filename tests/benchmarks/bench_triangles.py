"""Triangles and zones of real cities: seconds, how many, and how well the rule on the radius is kept."""

import os
import time
from pathlib import Path

import numpy as np

from fieldops.city.build import with_short_segments
from fieldops.city.graph import WalkGraph
from fieldops.city.settle import settle
from fieldops.city.triangles import make_triangles
from fieldops.city.zones import cut_zones
from fieldops.maps import read_map
from fieldops.rules import Rules

ROOT = Path(__file__).parent.parent.parent
QUICK = ["guixi.osm", "wangjing_2020.osm", "yuma.osm.pbf"]
FULL = [*QUICK, "heidelberg.osm.pbf", "chicago_2014_renoded.osm.pbf"]
HEAD = (
    f"{'city':<22}{'streets':>8}{'km2':>8}{'triangles':>10}{'graph s':>9}{'triang. s':>10}{'zones s':>9}"
    f"{'cpu s':>7}{'median m':>9}{'max m':>7}{'beyond':>7}{'barrier':>8}{'max/mean':>9}{'min/mean':>9}{'ms/street':>10}"
)


def measure(path: Path) -> str:
    """Return one line of the table."""
    rules = Rules()
    town = with_short_segments(settle(read_map(path), name=path.stem, time_zone="UTC", rules=rules))
    begun = [time.perf_counter()]
    cpu = time.process_time()
    graph = WalkGraph.from_segments(town.nodes, town.segments)
    begun.append(time.perf_counter())
    tiled = make_triangles(town, graph, rules=rules)
    begun.append(time.perf_counter())
    cut = cut_zones(town, rules=rules, area=tiled.area)
    begun.append(time.perf_counter())
    cpu = time.process_time() - cpu
    seconds, report = np.diff(begun), {**tiled.report, **cut.report}
    return (
        f"{path.name.split('.')[0][:21]:<22}{len(town.streets):>8,}{report['operation_area_km2']:>8,.0f}"
        f"{len(tiled.triangles):>10,}{seconds[0]:>9.2f}{seconds[1]:>10.2f}{seconds[2]:>9.2f}{cpu:>7.1f}"
        f"{report['triangle_radius_median_m']:>9}{report['triangle_radius_max_m']:>7}"
        f"{report['triangles_beyond_radius']:>7}{report['triangles_with_barrier']:>8}"
        f"{report['zone_work_max_to_mean']:>9}{report['zone_work_min_to_mean']:>9}{1000 * cpu / len(town.streets):>10.2f}"
    )


def main(full: bool = False) -> None:
    """Print one table; with `full` the large cities too."""
    folder = Path(os.environ.get("FIELDOPS_SHARED_DATA", ROOT.parent / "shared" / "data")) / "maps"
    if not folder.is_dir():
        print(f"no public maps in {folder}: set $FIELDOPS_SHARED_DATA")
        return
    print(HEAD)
    for name in FULL if full else QUICK:
        print(measure(folder / name), flush=True)


if __name__ == "__main__":
    main()
