"""Small OSM maps as XML text: a grid of named streets with homes, enough for a whole import."""

from pathlib import Path

LON, LAT, STEP = 20.0, 10.0, 0.0012  # about 131 m between crossings


def grid_map(columns: int = 6, rows: int = 5, *, skip: frozenset[str] = frozenset(), shift: float = 0.0) -> str:
    """Return a town of `rows` avenues and `columns` streets; `skip` names streets that this map lacks."""
    nodes, ways = [], []
    for y in range(rows):
        for x in range(columns):
            lon, lat = LON + x * STEP + shift, LAT + y * STEP
            nodes.append(f'<node id="{1 + y * columns + x}" lon="{lon:.7f}" lat="{lat:.7f}" version="1"/>')
    for y in range(rows):
        ways.append((1000 + y, f"Avenue {y}", [1 + y * columns + x for x in range(columns)]))
    for x in range(columns):
        ways.append((2000 + x, f"Street {x}", [1 + y * columns + x for y in range(rows)]))
    lines = []
    for way, name, refs in ways:
        if name not in skip:
            members = "".join(f'<nd ref="{ref}"/>' for ref in refs)
            lines.append(
                f'<way id="{way}" version="1">{members}<tag k="highway" v="residential"/><tag k="name" v="{name}"/></way>'
            )
    number = 10_000
    for y in range(rows):
        for x in range(columns - 1):
            number, home, home_nodes = _home(number, LON + (x + 0.4) * STEP + shift, LAT + y * STEP + 0.0002)
            nodes += home_nodes
            lines.append(home)
    return (
        '<?xml version="1.0" encoding="UTF-8"?><osm version="0.6" generator="test">'
        + "".join(nodes)
        + "".join(lines)
        + "</osm>"
    )


def _home(number: int, lon: float, lat: float) -> tuple[int, str, list[str]]:
    corners = [(0, 0), (0.0001, 0), (0.0001, 0.0001), (0, 0.0001)]
    nodes = [
        f'<node id="{number + i}" lon="{lon + dx:.7f}" lat="{lat + dy:.7f}" version="1"/>'
        for i, (dx, dy) in enumerate(corners)
    ]
    refs = "".join(f'<nd ref="{number + i % 4}"/>' for i in range(5))
    home = (
        f'<way id="{number}" version="1">{refs}<tag k="building" v="apartments"/><tag k="building:levels" v="6"/></way>'
    )
    return number + 4, home, nodes


def write_grid_map(path: Path, *, skip: frozenset[str] = frozenset(), shift: float = 0.0) -> Path:
    """Write the grid map and return its path."""
    path.write_text(grid_map(skip=skip, shift=shift), "utf-8")
    return path
