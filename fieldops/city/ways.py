"""Which ways of a map are streets with doors (claim), which are only walked along (link), and which are closed."""

import numpy as np
import pandas as pd

from fieldops.city import names

CLAIM, LINK, CLOSED, LEFT_OUT = "claim", "link", "closed", ""

_ROADS = (
    "residential", "unclassified", "tertiary", "secondary", "primary", "living_street", "pedestrian", "road",
)  # fmt: skip
_FOOT_WITH_DOORS = ("footway", "steps")  # where they have a name of their own
_LINKS = (
    "service", "footway", "path", "steps", "track", "cycleway", "bridleway", "platform", "trail", "trunk", "trunk_link",
    "primary_link", "secondary_link", "tertiary_link", "residential_link", "crossing", "busway",
)  # fmt: skip
_MOTORWAYS = ("motorway", "motorway_link")
_UNBUILT = ("construction", "proposed", "planned", "abandoned", "disused", "razed", "dismantled", "demolished")
_BESIDE_A_STREET = ("sidewalk", "crossing", "traffic_island", "access_aisle")
_OPEN_ON_FOOT = ("yes", "designated", "permissive", "destination", "customers", "official")
_SIDEWALKS = ("both", "left", "right", "yes", "separate")


def classify_ways(ways: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """
    Return for each way its kind and, where it is left out, the reason.

    Parameters
    ----------
    ways
        Rows with the columns `fieldops.city.raw.WAY_TAGS`.

    Returns
    -------
    tuple[np.ndarray, np.ndarray]
        Kinds `claim`, `link`, `closed` or an empty text; reasons `motorway`, `not_built` or `not_walkable`, empty where
        the way is kept. Both are text, in the order of the rows.

    Notes
    -----
    Names tell in China what tags do not: elevated roads, tunnels, interchanges and the main carriageways of expressways
    have no doors, their side roads (辅路) do.
    """
    highway, name = ways["highway"].to_numpy(object), ways["name"].to_numpy(object)
    named = name != ""
    service = ways["service"].to_numpy(object)
    foot, access = ways["foot"].to_numpy(object), ways["access"].to_numpy(object)
    road = np.isin(highway, _ROADS)
    has_sidewalk = np.isin(ways["sidewalk"].to_numpy(object), _SIDEWALKS)
    trunk = highway == "trunk"

    kind = np.full(len(ways), LEFT_OUT, dtype=object)
    kind[np.isin(highway, _LINKS)] = LINK
    kind[road] = CLAIM
    kind[trunk & (has_sidewalk | np.isin(foot, _OPEN_ON_FOOT))] = CLAIM
    kind[(highway == "service") & ((service == "alley") | named)] = CLAIM
    kind[(highway == "service") & np.isin(service, ("driveway", "parking_aisle", "drive-through"))] = LINK
    beside = np.isin(ways["footway"].to_numpy(object), _BESIDE_A_STREET)
    kind[np.isin(highway, _FOOT_WITH_DOORS) & named & ~beside] = CLAIM
    tunnel = ~np.isin(ways["tunnel"].to_numpy(object), ("", "no", "building_passage", "avalanche_protector"))
    circle = np.isin(ways["junction"].to_numpy(object), ("roundabout", "circular")) & ~named
    kind[(kind == CLAIM) & (tunnel | circle | names.are_without_doors(name))] = LINK

    barred = np.isin(access, ("no", "private")) & ~np.isin(foot, _OPEN_ON_FOOT)
    barred |= np.isin(foot, ("no", "private")) & ~(road & has_sidewalk)
    kind[(kind != LEFT_OUT) & barred] = CLOSED
    motorway = np.isin(highway, _MOTORWAYS) | (ways["motorroad"].to_numpy(object) == "yes")
    kind[motorway] = LEFT_OUT

    reason = np.full(len(ways), "", dtype=object)
    reason[kind == LEFT_OUT] = "not_walkable"
    reason[np.isin(highway, _UNBUILT)] = "not_built"
    reason[motorway] = "motorway"
    return kind, reason
