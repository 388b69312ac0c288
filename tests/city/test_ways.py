"""Which ways have doors."""

import pandas as pd
import pytest

from fieldops.city.raw import WAY_TAGS
from fieldops.city.ways import classify_ways

CASES = [
    ({"highway": "residential"}, "claim", ""),
    ({"highway": "primary", "name": "建设路"}, "claim", ""),
    ({"highway": "service"}, "link", ""),
    ({"highway": "service", "service": "alley"}, "claim", ""),
    ({"highway": "service", "name": "Yard Road"}, "claim", ""),
    ({"highway": "service", "service": "driveway", "name": "No. 5"}, "link", ""),
    ({"highway": "service", "service": "driveway", "access": "private"}, "closed", ""),
    ({"highway": "footway", "name": "Old Steps"}, "claim", ""),
    ({"highway": "footway", "footway": "sidewalk", "name": "Main Street"}, "link", ""),
    ({"highway": "footway"}, "link", ""),
    ({"highway": "track", "name": "Forest Track"}, "link", ""),
    ({"highway": "primary_link"}, "link", ""),
    ({"highway": "trunk", "name": "Ring"}, "link", ""),
    ({"highway": "trunk", "name": "Ring", "sidewalk": "both"}, "claim", ""),
    ({"highway": "primary", "tunnel": "yes"}, "link", ""),
    ({"highway": "residential", "tunnel": "building_passage"}, "claim", ""),
    ({"highway": "primary", "name": "北二环高架"}, "link", ""),
    ({"highway": "primary", "name": "机场高速辅路"}, "claim", ""),
    ({"highway": "secondary", "junction": "roundabout"}, "link", ""),
    ({"highway": "residential", "access": "private"}, "closed", ""),
    ({"highway": "residential", "access": "private", "foot": "yes"}, "claim", ""),
    ({"highway": "primary", "foot": "no", "sidewalk": "separate"}, "claim", ""),
    ({"highway": "cycleway", "foot": "no"}, "closed", ""),
    ({"highway": "motorway", "name": "A5"}, "", "motorway"),
    ({"highway": "primary", "motorroad": "yes"}, "", "motorway"),
    ({"highway": "construction"}, "", "not_built"),
    ({"highway": "raceway"}, "", "not_walkable"),
]


@pytest.mark.parametrize(("tags", "kind", "reason"), CASES)
def test_a_way_is_claimed_linked_closed_or_left_out_by_its_tags(tags: dict[str, str], kind: str, reason: str) -> None:
    rows = pd.DataFrame([{tag: tags.get(tag, "") for tag in WAY_TAGS}], dtype=object)
    kinds, reasons = classify_ways(rows)
    assert (kinds[0], reasons[0]) == (kind, reason)
