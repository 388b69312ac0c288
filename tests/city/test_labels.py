"""Names for the nameless, labels that no two streets share, ids that survive."""

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from fieldops.city import names
from fieldops.city.labels import make_ids, make_labels
from fieldops.city.settle import settle
from fieldops.rules import Rules
from tests.raw_map import CHINA, GERMANY, Way, raw_map, street


def streets_of(ways: list[Way], *, china: bool = False, way_ids: list[int] | None = None) -> pd.DataFrame:
    raw = raw_map(ways, plane=CHINA if china else GERMANY, way_ids=way_ids)
    return settle(raw, name="Town", time_zone="UTC", rules=Rules()).streets


def test_a_name_that_only_one_street_bears_is_its_label() -> None:
    streets = streets_of([street("Main Street", (0, 0), (300, 0)), street("Oak Street", (300, 0), (300, 200))])
    assert sorted(streets["label"]) == ["Main Street", "Oak Street"]


def test_parts_of_one_name_are_told_apart_by_their_crossings() -> None:
    ways = [
        street("Main", (0, 0), (500, 0), (1000, 0)),
        *(street(n, (x, 0), (x, 200)) for n, x in (("Ash", 0), ("Elm", 500), ("Oak", 1000))),
    ]
    labels = set(streets_of(ways)["label"])
    assert {"Main (Ash – Elm)", "Main (Elm – Oak)"} <= labels or {"Main (Elm – Ash)", "Main (Oak – Elm)"} <= labels


def test_the_nameless_are_called_by_what_they_join_in_the_language_of_the_map() -> None:
    ways = [
        street("建设路", (0, 0), (100, 0), (300, 0)),
        street("人民路", (0, 200), (100, 200), (300, 200)),
        street("", (100, 0), (100, 200)),
        street("", (300, 0), (300, -90)),
    ]
    streets = streets_of(ways, china=True)
    made = set(streets.loc[streets["name_source"] == "generated", "name"])
    assert made & {"建设路至人民路无名路", "人民路至建设路无名路"}
    assert "建设路旁无名路" in made
    english = streets_of([street("Main", (0, 0), (100, 0), (300, 0)), street("", (100, 0), (100, 200))])
    assert set(english["name"]) == {"Main", "lane off Main"}


def test_lanes_are_known_by_their_chinese_ending_and_by_having_no_name() -> None:
    ways = [
        street(name, (0, 100 * i), (90, 100 * i))
        for i, name in enumerate(["东安胡同", "花园弄", "三元里", "建设路", ""])
    ]
    streets = streets_of(ways, china=True).set_index("name")["kind"]
    assert streets[["东安胡同", "花园弄", "三元里"]].eq("lane").all()
    assert streets["建设路"] == "street"
    assert (streets == "lane").sum() == 4


def test_a_map_without_any_name_still_labels_every_street() -> None:
    streets = streets_of([street("", (0, 0), (300, 0)), street("", (0, 90), (300, 90))])
    assert sorted(streets["label"]) == ["unnamed lane (1)", "unnamed lane (2)"]


@given(st.lists(st.sampled_from(["A", "a", "A (1)", "A (B – C)", "B"]), min_size=1, max_size=12))
def test_labels_are_unique_whatever_the_names(given_names: list[str]) -> None:
    units = pd.DataFrame({"name": given_names, "name_source": "map", "at_start": "", "at_end": ""})
    labels = make_labels(units, names.ENGLISH)
    assert len(set(labels)) == len(labels)


def test_streets_keep_their_ids_when_the_map_grows_elsewhere() -> None:
    old = [street("Main", (0, 0), (300, 0)), street("Oak", (300, 0), (300, 900))]
    new = [street("New", (5000, 0), (5100, 0)), *old]
    before, after = streets_of(old, way_ids=[11, 12]), streets_of(new, way_ids=[99, 11, 12])
    assert set(before["street"]) < set(after["street"])
    assert len(after) == len(before) + 1


def test_parts_of_one_way_have_ids_of_their_own_from_west_to_east() -> None:
    units = pd.DataFrame({"kind": ["street"] * 2, "ways": ["7"] * 2})
    there = make_ids(units, pd.DataFrame({"x": [0.0, 9.0], "y": [0.0, 0.0]}).to_numpy())
    back = make_ids(units, pd.DataFrame({"x": [9.0, 0.0], "y": [0.0, 0.0]}).to_numpy())
    assert there == back[::-1]
    assert there[0] != there[1]
