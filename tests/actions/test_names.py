from fieldops.actions.names import read_names
from fieldops.ids import TriangleId
from fieldops.store.connect import Region
from fieldops.store.places import name_empty_triangles
from tests.conftest import LEAD, NOON, PLANNER
from tests.towns import add_town


def test_a_point_to_whose_triangle_no_street_belongs_is_called_by_the_nearest_street(region: Region) -> None:
    add_town(region)
    with region.turn(PLANNER, now=NOON) as turn:  # the point of T1 lies beside S4
        turn.connection.execute("UPDATE street SET triangle_id = 'T0' WHERE triangle_id = 'T1'")
    names = read_names(region, LEAD)
    assert names.place(None, TriangleId("T0")) == "T0 Road 1"
    assert names.place(None, TriangleId("T1")) == "T1 Road 4"
    with region.turn(PLANNER, now=NOON) as turn:  # what is gone names nothing
        turn.connection.execute("UPDATE street SET status = 'gone' WHERE id = 'S4'")
    near, (lon, _) = name_empty_triangles(region.reader())[TriangleId("T1")]
    assert near in ("Road 3", "Road 5")
    assert lon > 117.2
    with region.turn(PLANNER, now=NOON) as turn:
        turn.connection.execute("UPDATE street SET status = 'gone'")
    assert {label for label, _ in name_empty_triangles(region.reader()).values()} == {""}
