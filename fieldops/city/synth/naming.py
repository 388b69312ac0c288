"""What the main roads of a made-up city are called: stems that run on across the town, in sections by the compass."""

from fieldops.city.synth.lattice import WATER, Edge, Kind, Lattice
from fieldops.city.synth.names import Names, numeral

SideNames = tuple[str, str]
_RIVER_STEMS = ("滨江", "沿江", "望江", "江滨")
_CREEK_STEMS = ("滨河", "沿河", "清河")


def _compass(dx: float, dy: float) -> str:
    """Return the Chinese word for the side towards which (dx, dy) points."""
    if abs(dx) >= abs(dy):
        return "东" if dx > 0 else "西"
    return "北" if dy > 0 else "南"


def _middle(edge: Edge) -> tuple[float, float]:
    return edge.middle[1]


def _runs(edges: list[tuple[int, Edge]]) -> list[list[tuple[int, Edge]]]:
    """Return the edges of one line as runs without a gap."""
    runs: list[list[tuple[int, Edge]]] = []
    for item in edges:
        if runs and item[1].place == runs[-1][-1][1].place + 1:
            runs[-1].append(item)
        else:
            runs.append([item])
    return runs


def _name_run(run: list[tuple[int, Edge]], names: Names, *, new: bool, end: str) -> dict[int, SideNames]:
    """Return one stem over the run, in sections such as east, middle and west where it is long."""
    stem = names.stem(new=new)
    (x0, y0), (x1, y1) = _middle(run[0][1]), _middle(run[-1][1])
    first, last = _compass(x0 - x1, y0 - y1), _compass(x1 - x0, y1 - y0)
    count = len(run)
    sections = [first, "中", last] if count >= 8 else [first, last] if count >= 4 and end == "路" else [""]
    if end in ("大道", "街"):
        sections = [""]
    found = {}
    for k, (number, _) in enumerate(run):
        name = f"{stem}{sections[k * len(sections) // count]}{end}"
        found[number] = (name, name)
    return found


def _end(level: int, draw: float) -> str:
    if level == 2:
        return "大道" if draw < 0.4 else "路"
    return "路" if draw < (0.85 if level == 1 else 0.7) else "大街" if level == 1 else "街"


def _name_grid(lattice: Lattice, lines: list[list[tuple[int, Edge]]], names: Names) -> dict[int, SideNames]:
    found: dict[int, SideNames] = {}
    rng = names.rng
    for line in lines:
        for run in _runs([item for item in line if item[1].kind in (Kind.ROAD, Kind.AVENUE)]):
            start = 0
            while start < len(run):
                level = run[start][1].level
                length = int(rng.integers(6, 13)) if level == 2 else int(rng.integers(4, 10))
                piece = run[start : start + length]
                if len(run) - start - length < 2:
                    piece = run[start:]
                x, y = _middle(piece[len(piece) // 2][1])
                inner = (x * x + y * y) ** 0.5 < 4 * lattice.old_radius_m
                found |= _name_run(piece, names, new=not inner, end=_end(level, rng.random()))
                start += len(piece)
    return found


def _name_waters(lines: list[list[tuple[int, Edge]]], names: Names) -> dict[int, SideNames]:
    """Return the names of the roads along the waters: one for each bank, a fresh stem every few kilometres."""
    found: dict[int, SideNames] = {}
    for line in lines:
        for run in _runs([item for item in line if item[1].kind in WATER]):
            stems = _RIVER_STEMS if run[0][1].kind is Kind.RIVER else _CREEK_STEMS
            for k, (number, edge) in enumerate(run):
                (x0, y0), (x1, y1) = edge.middle[0], edge.middle[-1]
                left, right = _compass(y0 - y1, x1 - x0), _compass(y1 - y0, x0 - x1)
                part = k // 12
                stem = stems[part % len(stems)] + ("" if part < len(stems) else numeral(part // len(stems) + 1))
                end = "大道" if part == 0 and run[0][1].kind is Kind.RIVER else "路"
                found[number] = (f"{stem}{left}{end}" if end == "路" else f"{stem}大道", f"{stem}{right}路")
    del names
    return found


def name_edges(lattice: Lattice, names: Names) -> dict[int, SideNames]:
    """
    Return the names of the left and the right side of every edge that is a road or has roads along it.

    Parameters
    ----------
    lattice
        The bones of the city.
    names
        The town's book of names.
    """
    by_line: dict[tuple[str, int], list[tuple[int, Edge]]] = {}
    found: dict[int, SideNames] = {}
    for number, edge in enumerate(lattice.edges):
        if edge.ring:
            x, y = _middle(edge)
            ring = "环城" if edge.ring == 1 else numeral(edge.ring) + "环"
            found[number] = (f"{ring}{_compass(x, y)}路",) * 2
        else:
            by_line.setdefault(edge.line, []).append((number, edge))
    # the middle of the town takes the well-known names
    lines = sorted(by_line.values(), key=lambda line: min(abs(e.middle[1][0]) + abs(e.middle[1][1]) for _, e in line))
    lines = [sorted(line, key=lambda item: item[1].place) for line in lines]
    return found | _name_grid(lattice, lines, names) | _name_waters(lines, names)
