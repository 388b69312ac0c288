"""The page of a map: everything inside the file, nothing in it can end the script, repeated words stand once."""

import json
import re
from typing import Any

import pytest
import shapely

from fieldops.exchange.mappage import SCALE, map_page
from tests.desk_town import SHARES, town_city


def page(**changes: Any) -> str:
    city = town_city()
    given: dict[str, Any] = {
        "streets": [
            {"street": street, "state": "free", "crew": None, "share": SHARES[i % len(SHARES)], "low": 0.0, "high": 0.5}
            for i, street in enumerate(city.streets["street"])
        ],
        "triangles": [{"triangle": "T00A", "verdict": "move_on", "knows": 14, "asked": 50}], "zones": [],
        "crews": [{"crew": "C0", "name": "甲组", "holds": 1}], "plan": None, "assignments": [], "target_share": 0.2,
    }  # fmt: skip
    return map_page(changes.pop("city", city), **(given | changes))


def content(text: str) -> dict[str, Any]:
    """The data of a page, its columns unfolded as its script does it."""
    data: dict[str, Any] = json.loads(re.search(r'id="data">(.*?)</script>', text, re.DOTALL)[1])  # type: ignore[index]
    for table in (data["streets"], data["triangles"], data["zones"]):
        for name, column in table.items():
            if isinstance(column, dict):
                at = column.get("at", [0] * len(table["id"]))
                table[name] = [column["of"][k] for k in at]
    return data


def test_the_page_holds_every_street_with_what_is_known_of_it() -> None:
    city, streets = town_city(), content(page())["streets"]
    assert streets["id"] == city.streets["street"].tolist()
    assert streets["label"] == city.streets["label"].tolist()
    assert streets["kind"] == city.streets["kind"].tolist()
    assert streets["share"][:6] == SHARES
    assert streets["crew"] == [None] * len(city.streets)
    assert {len(column) for column in streets.values()} == {len(city.streets)}


def test_shapes_come_back_within_a_metre() -> None:
    data, city = content(page()), town_city()
    for shape, parts in zip(city.streets.geometry, data["streets"]["shape"], strict=True):
        x = y = 0
        points = []
        for dx, dy in zip(parts[0][::2], parts[0][1::2], strict=True):
            x, y = x + dx, y + dy
            points.append(((x + data["origin"][0]) / SCALE, (y + data["origin"][1]) / SCALE))
        assert shapely.LineString(points).hausdorff_distance(shapely.get_parts(shape)[0]) < 2e-5


def test_the_plan_and_its_reasons_are_in_it() -> None:
    plan = {"id": "plan1", "starts_at": "2026-03-02T04:00:00Z", "status": "feasible", "objective": 9.0, "bound": 9.1,
            "gap": 0.01, "seconds": 3.0}  # fmt: skip
    given = [{"street": "R00", "crew": "C0", "hours": 11.5, "finish_probability": 0.86, "reason": "300 people to tell"}]
    data = content(page(plan=plan, assignments=given))
    assert data["plan"]["gap"] == 0.01
    at = data["streets"]["id"].index("R00")
    assert [data["streets"][name][at] for name in ("crew", "hours", "reason")] == ["C0", 11.5, "300 people to tell"]
    assert data["streets"]["crew"].count("C0") == 1


@pytest.mark.parametrize("name", ["</script><script>alert(1)</script>", "<!--", "]]>", "a\u2028b", 'x" onload="y'])
def test_no_name_can_leave_the_data(name: str) -> None:
    city = town_city()
    city.streets.loc[0, "label"] = name
    text = page(city=city)
    assert content(text)["streets"]["label"][0] == name
    assert text.count("</script>") == 2
    assert "<!--" not in text
    assert "\u2028" not in text


def test_the_page_asks_for_nothing_outside_itself() -> None:
    assert not re.search(r"(?:src|href)\s*=|url\(|@import|fetch\(|XMLHttp|https?:", page())


def test_what_repeats_stands_once() -> None:
    folded = json.loads(re.search(r'id="data">(.*?)</script>', page(), re.DOTALL)[1])["streets"]  # type: ignore[index]
    assert folded["state"] == {"of": ["free"]}
    assert folded["crew"] == {"of": [None]}
    assert folded["kind"]["of"] == ["street", "compound"]
    assert isinstance(folded["label"], list)
