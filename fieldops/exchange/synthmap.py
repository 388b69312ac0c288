"""A made-up city as an OpenStreetMap file, the same bytes for the same town."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from fieldops.city.synth.town import Town


def write_map(town: "Town", path: Path) -> None:
    """
    Write the town as OSM PBF.

    Parameters
    ----------
    town
        The town; only nodes that a way or a tag needs are written, numbered from 1 in their order.
    path
        File ending in `.osm.pbf`; it must not exist.
    """
    import osmium
    from osmium.osm import mutable

    needed = np.zeros(town.lon.size, bool)
    needed[list(town.tags)] = True
    needed[np.fromiter((node for way in town.ways for node in way.nodes), dtype=np.int64)] = True
    number = np.cumsum(needed)
    header = osmium.io.Header()
    header.set("generator", "fieldops synth")  # neither version nor time: the bytes depend on the town alone
    with osmium.SimpleWriter(str(path), header=header) as out:
        node = mutable.Node()
        for k in np.flatnonzero(needed).tolist():
            node.id, node.location, node.tags = int(number[k]), (town.lon[k], town.lat[k]), town.tags.get(k)
            out.add_node(node)
        way = mutable.Way()
        ids = number.tolist()
        for count, drawn in enumerate(town.ways, start=1):
            way.id, way.nodes, way.tags = count, [ids[k] for k in drawn.nodes], drawn.tags
            out.add_way(way)
