"""Bases: described by name, with who belongs to each; one that somebody belongs to stays."""

import pytest

from fieldops.actions.bases import list_bases, remove_base, set_base
from fieldops.errors import BadInput, Forbidden, NotFound
from fieldops.people import Base
from fieldops.store.connect import Region
from tests.conftest import LEAD, NOON
from tests.phone_town import make_phone_town
from tests.phones import crew_actor


@pytest.fixture
def town(region: Region) -> Region:
    region.close()
    for left in region.path.parent.iterdir():
        left.unlink()
    made = make_phone_town(region.path)
    with made.turn(LEAD, now=NOON) as turn:
        turn.connection.execute("UPDATE crew SET base = '城东' WHERE id IN ('C0', 'C1')")
    return made


def test_a_base_that_crews_name_is_on_the_list_before_anybody_describes_it(town: Region) -> None:
    (only,) = list_bases(town, LEAD)
    assert (only.name, only.base, only.crews, only.people) == ("城东", None, 2, 10)
    set_base(town, LEAD, Base("城东", "解放路8号", 117.2, 28.3, "9:00-21:00"), now=NOON)
    set_base(town, LEAD, Base("城西"), now=NOON)
    east, west = list_bases(town, LEAD)
    assert east.base == Base("城东", "解放路8号", 117.2, 28.3, "9:00-21:00")
    assert (west.name, west.in_use) == ("城西", False)
    assert town.reader().execute("SELECT count(*) FROM event WHERE kind = 'BaseSet'").fetchone()[0] == 2


def test_a_base_goes_only_when_nobody_belongs_to_it(town: Region) -> None:
    set_base(town, LEAD, Base("城东"), now=NOON)
    set_base(town, LEAD, Base("城西"), now=NOON)
    with pytest.raises(BadInput, match="2 crews, 0 reps"):
        remove_base(town, LEAD, "城东", now=NOON)
    remove_base(town, LEAD, "城西", now=NOON)
    assert [one.name for one in list_bases(town, LEAD)] == ["城东"]
    with pytest.raises(NotFound):
        remove_base(town, LEAD, "城西", now=NOON)
    with pytest.raises(Forbidden):
        set_base(town, crew_actor(), Base("x"), now=NOON)


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": " "},
        {"name": "x" * 61},
        {"name": "x", "lon": 1.0},
        {"name": "x", "lon": 200.0, "lat": 1.0},
        {"name": "x", "address": "y" * 201},
    ],
)
def test_a_base_that_cannot_be_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(BadInput):
        Base(**wrong)  # type: ignore[arg-type]
