"""What streets are called and how they are recognised: names, labels unique in the city, ids from their identity."""

from base64 import b32encode
from collections import Counter
from hashlib import sha1
from itertools import pairwise

import numpy as np
import pandas as pd
import shapely

from fieldops.city import names
from fieldops.city.names import Words
from fieldops.city.raw import IntArray
from fieldops.city.streets import work_of


def make_id(letter: str, *identity: str) -> str:
    """Return an id of 11 characters from what a thing is made of: the same on every machine and at every import."""
    digest = sha1("|".join(identity).encode(), usedforsecurity=False).digest()
    return letter + b32encode(digest).decode()[:10]


def describe_streets(segments: pd.DataFrame, street: IntArray, words: Words) -> pd.DataFrame:
    """
    Return one row a street, in the order of their numbers: lengths, names, crossings, identity, line.

    Parameters
    ----------
    segments
        As `streets.Joined.segments`.
    street
        Number of the street of each segment, -1 for none; numbers run from 0 without a gap.
    words
        How to name the nameless.

    Returns
    -------
    pd.DataFrame
        Columns `kind`, `name`, `name_source`, `length_m`, `walk_m`, `ways`, `node`, `line` (MultiLineString, metres),
        `at_start` and `at_end` (named crossings at its ends, empty where none).
    """
    rows = np.flatnonzero(street >= 0)
    mine, of = segments.iloc[rows], street[rows]
    count = int(of.max()) + 1 if len(of) else 0
    length = mine["length_m"].to_numpy()
    frame = pd.DataFrame({
        "length_m": np.bincount(of, weights=length, minlength=count),
        "walk_m": np.bincount(of, weights=work_of(mine), minlength=count),
    })  # fmt: skip
    frame["ways"] = _ways(mine["way"].to_numpy(), of, count)
    order = np.argsort(of, kind="stable")
    lines = mine["line"].to_numpy(object)
    frame["line"] = np.asarray(shapely.multilinestrings(lines[order], indices=of[order]), dtype=object)
    frame["node"] = _middle_node(mine, of, frame["line"].to_numpy(object))
    own = _own_names(mine["name"].to_numpy(object), of, length, count)
    nameless = own == ""
    start, end = _crossings(mine, of, own)
    frame["at_start"], frame["at_end"] = start, end
    near = _nearest_named(frame["line"].to_numpy(object), own)
    made = [_generate(words, *ends) for ends in zip(start, end, near, strict=True)]
    frame["name"] = np.where(nameless, np.array(made, dtype=object), own)
    frame["name_source"] = np.where(nameless, "generated", "map")
    lane = np.fromiter((names.is_lane(name) for name in own), dtype=bool, count=count)
    frame["kind"] = np.where(nameless | lane, "lane", "street")
    return frame


def _ways(way: IntArray, of: IntArray, count: int) -> list[str]:
    pairs = np.unique(np.column_stack((of, way)), axis=0)
    text = pairs[:, 1].astype(str)
    cuts = np.searchsorted(pairs[:, 0], np.arange(count + 1))
    return [" ".join(text[a:b]) for a, b in pairwise(cuts)]


def _own_names(name: np.ndarray, of: IntArray, length: np.ndarray, count: int) -> np.ndarray:
    """Return for each street the spelling that most of its length has."""
    table = pd.DataFrame({"of": of, "name": name.astype(str), "length": length})
    table = table[table["name"] != ""].groupby(["of", "name"], sort=True)["length"].sum().reset_index()
    table = table.sort_values(["of", "length"], kind="stable").drop_duplicates("of", keep="last")
    own = np.full(count, "", dtype=object)
    own[table["of"].to_numpy()] = table["name"].to_numpy(object)
    return own


def _middle_node(segments: pd.DataFrame, of: IntArray, lines: np.ndarray) -> IntArray:
    """Return the node of each street nearest to its middle."""
    ends = _ends(segments, of)
    middle = shapely.get_coordinates(shapely.centroid(lines))
    ends["away"] = np.hypot(
        ends["x"] - middle[ends["street"].to_numpy(), 0], ends["y"] - middle[ends["street"].to_numpy(), 1]
    )
    nearest = ends.sort_values(["street", "away", "node"], kind="stable").drop_duplicates("street")
    return nearest["node"].to_numpy(np.int64)


def _ends(segments: pd.DataFrame, of: IntArray) -> pd.DataFrame:
    """Return each node of each street once, with its place in metres."""
    lines = segments["line"].to_numpy(object)
    first = shapely.get_coordinates(shapely.get_point(lines, 0))
    last = shapely.get_coordinates(shapely.get_point(lines, -1))
    ends = pd.DataFrame({
        "street": np.tile(of, 2), "node": np.concatenate([segments["u"].to_numpy(), segments["v"].to_numpy()]),
        "x": np.concatenate([first[:, 0], last[:, 0]]), "y": np.concatenate([first[:, 1], last[:, 1]]),
    })  # fmt: skip
    return ends.drop_duplicates(["street", "node"]).reset_index(drop=True)


def _crossings(segments: pd.DataFrame, of: IntArray, own: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the names of the streets that cross each street nearest to its two ends, along its longest direction."""
    ends = _ends(segments, of)
    street = ends["street"].to_numpy()
    count = len(own)
    weight = np.maximum(np.bincount(street, minlength=count), 1)
    dx = ends["x"] - (np.bincount(street, weights=ends["x"], minlength=count) / weight)[street]
    dy = ends["y"] - (np.bincount(street, weights=ends["y"], minlength=count) / weight)[street]
    xx, yy, xy = (np.bincount(street, weights=w, minlength=count) for w in (dx * dx, dy * dy, dx * dy))
    axis = 0.5 * np.arctan2(2 * xy, xx - yy)
    ends["along"] = dx * np.cos(axis)[street] + dy * np.sin(axis)[street]
    other = ends.loc[own[street] != "", ["street", "node"]]
    other = other.assign(name=own[other["street"].to_numpy()])
    cross = ends.merge(other, on="node", suffixes=("", "_other"))
    cross = cross[(cross["street"] != cross["street_other"]) & (cross["name"] != own[cross["street"].to_numpy()])]
    cross = cross.sort_values(["street", "along", "name"], kind="stable")
    start, end = np.full(count, "", dtype=object), np.full(count, "", dtype=object)
    first, last = cross.drop_duplicates("street"), cross.drop_duplicates("street", keep="last")
    start[first["street"].to_numpy()] = first["name"].to_numpy(object)
    end[last["street"].to_numpy()] = last["name"].to_numpy(object)
    return start, np.where(end == start, "", end)


def _nearest_named(lines: np.ndarray, own: np.ndarray) -> np.ndarray:
    """Return the name of the named street nearest to each street, empty where the map names none."""
    near = np.full(len(lines), "", dtype=object)
    named = np.flatnonzero(own != "")
    nameless = np.flatnonzero(own == "")
    if named.size and nameless.size:
        (asked, found) = shapely.STRtree(lines[named]).query_nearest(
            shapely.centroid(lines[nameless]), all_matches=False
        )
        near[nameless[asked]] = own[named[found]]
    return near


def _generate(words: Words, start: str, end: str, near: str) -> str:
    if start and end:
        return words.lane_between.format(start, end)
    if start:
        return words.lane_off.format(start)
    return words.lane_near.format(near) if near else words.lane


def make_labels(units: pd.DataFrame, words: Words) -> list[str]:
    """
    Return for each street, lane and compound a label that no other has.

    The bare name where it is the only one of its name; else with the crossings at its ends; else numbered, in the order
    of the rows. `units` has the columns `name`, `name_source`, `at_start`, `at_end`.
    """
    called = units["name"].tolist()
    times = Counter(map(names.normalise, called))
    labels: list[str] = []
    ends = units["at_start"].tolist(), units["at_end"].tolist()
    for name, source, start, end in zip(called, units["name_source"].tolist(), *ends, strict=True):
        label = name
        if times[names.normalise(name)] > 1 and source == "map":
            if start and end:
                label = words.span.format(name=name, a=start, b=end)
            elif start:
                label = words.off.format(name=name, a=start)
        labels.append(label)
    return _number(labels, words)


def _number(labels: list[str], words: Words) -> list[str]:
    times = Counter(labels)
    taken = {label for label, count in times.items() if count == 1}
    last: Counter[str] = Counter()
    numbered: list[str] = []
    for label in labels:
        unique = label
        while times[label] > 1 and (unique == label or unique in taken):
            last[label] += 1
            unique = words.numbered.format(label=label, number=last[label])
        taken.add(unique)
        numbered.append(unique)
    return numbered


def make_ids(units: pd.DataFrame, middle: np.ndarray) -> list[str]:
    """
    Return the id of each street, lane and compound from its kind, its ways and the number of its piece.

    Units of one kind made of the same ways are numbered from west to east by `middle` (x, y), so that a part of the map
    that did not change keeps its ids in a newer map.
    """
    identity = [f"{kind}|{ways}" for kind, ways in zip(units["kind"].tolist(), units["ways"].tolist(), strict=True)]
    order = np.lexsort((middle[:, 1], middle[:, 0]))
    seen: Counter[str] = Counter()
    ids = [""] * len(units)
    for row in order.tolist():
        ids[row] = make_id("S", identity[row], str(seen[identity[row]]))
        seen[identity[row]] += 1
    return ids
