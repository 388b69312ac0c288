"""Edits by hand on a town of three streets and a compound."""

import numpy as np
import pandas as pd
import pytest

from fieldops.city.edits import Edit, apply_edit
from fieldops.city.identity import match_streets
from fieldops.city.model import SCHEMA, City, check_frame
from fieldops.errors import BadInput, NotFound
from fieldops.ids import StreetId
from tests.small_town import STEP, town


def row(city: City, name: str) -> pd.Series:
    for frame in SCHEMA:
        check_frame(frame, getattr(city, frame))
    found = city.streets[city.streets["street"] == name]
    assert len(found) == 1, f"{name} occurs {len(found)} times"
    return found.iloc[0]


def ids(*names: str) -> tuple[StreetId, ...]:
    return tuple(StreetId(name) for name in names)


def test_the_town_follows_the_schema() -> None:
    for name in SCHEMA:
        check_frame(name, getattr(town(), name))


def test_a_renamed_street_has_its_new_name_and_a_label_of_its_own() -> None:
    city = apply_edit(town(), Edit(kind="rename", streets=ids("EAST"), value="North"))
    assert row(city, "EAST")["name"] == "North"
    assert row(city, "EAST")["label"] == "North 2"  # the label North is taken
    assert row(city, "EAST")["name_source"] == "hand"


def test_a_street_split_at_a_crossing_gives_two_streets_that_share_its_people_and_segments() -> None:
    edit = Edit(kind="split", streets=ids("EAST"), made=ids("H1", "H2"), wkt=f"POINT ({1.9 * STEP} 0)")
    city = apply_edit(town(), edit)
    assert "EAST" not in set(city.streets["street"])
    assert row(city, "H1")["people"] == pytest.approx(200.0)
    assert row(city, "H2")["people"] == pytest.approx(100.0)
    assert list(city.segments["street"]) == ["H1", "H1", "H2", "NORTH"]


def test_a_street_of_one_segment_cannot_be_split() -> None:
    with pytest.raises(BadInput, match="no crossing inside"):
        apply_edit(town(), Edit(kind="split", streets=ids("NORTH"), made=ids("H1", "H2"), wkt="POINT (0 0)"))


def test_a_compound_cut_by_a_line_gives_each_part_the_buildings_that_stand_in_it() -> None:
    cut = f"LINESTRING ({2 * STEP} {-STEP}, {2 * STEP} {2 * STEP})"
    city = apply_edit(town(), Edit(kind="split", streets=ids("COURT"), made=ids("H1", "H2"), wkt=cut))
    assert sorted(city.buildings["street"]) == ["H1", "H2"]
    assert row(city, "H1")["people"] == pytest.approx(250.0)
    assert set(city.gates["street"]) <= {"H1", "H2"}


def test_a_line_beside_a_compound_does_not_cut_it() -> None:
    with pytest.raises(BadInput, match="two parts"):
        apply_edit(
            town(),
            Edit(kind="split", streets=ids("COURT"), made=ids("H1", "H2"), wkt="LINESTRING (0 0.001, 0.001 0.001)"),
        )


def test_joined_streets_are_one_street_with_the_people_and_segments_of_all() -> None:
    city = apply_edit(town(), Edit(kind="join", streets=ids("EAST", "NORTH"), made=ids("H1")))
    assert row(city, "H1")["people"] == pytest.approx(400.0)
    assert set(city.segments["street"]) == {"H1"}
    assert row(city, "H1")["ways"] == "east north"


def test_a_compound_is_not_joined_with_a_street() -> None:
    with pytest.raises(BadInput, match="compound"):
        apply_edit(town(), Edit(kind="join", streets=ids("EAST", "COURT"), made=ids("H1")))


def test_a_drawn_street_has_people_by_its_length_and_stands_in_the_nearest_zone() -> None:
    city = apply_edit(town(), Edit(kind="draw", made=ids("H1"), value="New Lane", wkt="LINESTRING (0 0, 0 0.001)"))
    assert row(city, "H1")["label"] == "New Lane"
    assert row(city, "H1")["people_source"] == "length"
    assert 0 < row(city, "H1")["people_low"] < row(city, "H1")["people"] < row(city, "H1")["people_high"]
    assert row(city, "H1")["zone"] == "Z1"


def test_a_gate_set_by_hand_takes_the_place_of_a_guessed_one_and_the_walk_goes_there() -> None:
    city = apply_edit(town(), Edit(kind="gate", streets=ids("COURT"), wkt=f"POINT ({3 * STEP} 0)"))
    assert list(city.gates["source"]) == ["hand"]
    assert row(city, "COURT")["node"] == 4


@pytest.mark.parametrize(
    ("edit", "says"),
    [
        (Edit(kind="draw", made=ids("H1"), wkt="LINESTRING (0 0, 20 0.001)"), "2,2.* km long .* longitude first"),
        (Edit(kind="draw", made=ids("H1"), wkt="LINESTRING (28.3 117.2, 28.3 117.201)"), "from the nearest street"),
        (Edit(kind="gate", streets=ids("COURT"), wkt="POINT (2 2)"), "the gate lies .* km from COURT"),
        (Edit(kind="split", streets=ids("EAST"), made=ids("H1", "H2"), wkt="POINT (2 2)"), "the cut lies .* from EAST"),
        (Edit(kind="join", streets=ids("EAST", "EAST"), made=ids("H1")), "name two or more, each once"),
    ],
)
def test_a_place_or_a_list_that_can_hardly_be_meant_is_refused(edit: Edit, says: str) -> None:
    with pytest.raises(BadInput, match=says):
        apply_edit(town(), edit)


def test_streets_that_lie_apart_are_not_joined_and_a_closed_one_is_not_opened_by_it() -> None:
    far = apply_edit(town(), Edit(kind="draw", made=ids("FAR"), wkt="LINESTRING (0 0.003, 0 0.004)"))
    with pytest.raises(BadInput, match="FAR does not touch EAST"):
        apply_edit(far, Edit(kind="join", streets=ids("EAST", "FAR"), made=ids("H1")))
    closed = apply_edit(town(), Edit(kind="close", streets=ids("NORTH")))
    with pytest.raises(BadInput, match="NORTH is closed and EAST is not; open it first"):
        apply_edit(closed, Edit(kind="join", streets=ids("EAST", "NORTH"), made=ids("H1")))


def test_an_edit_of_a_street_that_is_not_there_says_so() -> None:
    with pytest.raises(NotFound, match="WEST"):
        apply_edit(town(), Edit(kind="close", streets=ids("WEST")))


def test_an_edit_survives_json() -> None:
    edit = Edit(kind="split", streets=ids("EAST"), made=ids("H1", "H2"), wkt="POINT (0 0)")
    assert Edit.from_json(edit.to_json()) == edit


def test_the_same_streets_under_new_ids_match_by_their_ground() -> None:
    old, new = town().streets, town().streets.copy()
    new["street"] = ["X", "Y", "Z"]
    moved = new.set_geometry(new.geometry.translate(xoff=0.00005))  # 5 m
    np.testing.assert_array_equal(match_streets(old, moved), [0, 1, 2])


def test_a_street_elsewhere_matches_nothing() -> None:
    new = town().streets.iloc[[1]].copy()
    new["street"] = ["X"]
    far = new.set_geometry(new.geometry.translate(xoff=0.01))
    np.testing.assert_array_equal(match_streets(town().streets, far), [-1])


def test_equal_ids_match_before_ground() -> None:
    new = town().streets.copy()
    new["street"] = ["NORTH", "EAST", "COURT"]
    np.testing.assert_array_equal(match_streets(town().streets, new), [1, 0, 2])


def test_a_compound_never_matches_a_street() -> None:
    old = town().streets.iloc[[0]]
    new = old.copy()
    new["street"], new["kind"] = ["X"], ["compound"]
    np.testing.assert_array_equal(match_streets(old, new), [-1])
