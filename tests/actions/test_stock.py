"""Stock: a book of moves; nothing goes out that is not there, and posters that phones tell of are taken off."""

from datetime import timedelta

import pytest

from fieldops.actions.bases import set_base
from fieldops.actions.stock import OUTSIDE, move_stock, read_stock
from fieldops.errors import BadInput, Forbidden, NotFound
from fieldops.people import Base
from fieldops.store.connect import Region
from tests.conftest import LEAD, NOON
from tests.phone_town import make_phone_town
from tests.phones import Phone, crew_actor

BASE, CREW = "base:城东", "crew:C0"


@pytest.fixture
def town(region: Region) -> Region:
    region.close()
    for left in region.path.parent.iterdir():
        left.unlink()
    made = make_phone_town(region.path)
    set_base(made, LEAD, Base("城东"), now=NOON)
    return made


def move(town: Region, count: int, source: str, target: str, item: str = "poster") -> None:
    move_stock(town, LEAD, item, count, source=source, target=target, now=NOON)


def at_hand(town: Region) -> dict[tuple[str, str], int]:
    return {(one.place, one.item): one.at_hand for one in read_stock(town, LEAD).lines}


def test_what_comes_in_goes_out_to_crews_and_is_used_up(town: Region) -> None:
    move(town, 500, OUTSIDE, BASE)
    move(town, 1000, OUTSIDE, BASE, "leaflet")
    move(town, 60, BASE, CREW)
    move(town, 10, CREW, BASE)
    move(town, 300, BASE, OUTSIDE, "leaflet")
    assert at_hand(town) == {(BASE, "poster"): 450, (BASE, "leaflet"): 700, (CREW, "poster"): 50}
    book = read_stock(town, LEAD).moves
    assert [one.count for one in book] == [300, 10, 60, 1000, 500]


def test_posters_that_phones_tell_of_are_taken_off_the_crew_s_stock(town: Region) -> None:
    move(town, 5, OUTSIDE, CREW)
    phone, later = Phone(), NOON + timedelta(hours=1)
    done = [phone.make(later, "visit", venue="V0", what=what) for what in ("poster_placed", "poster_placed", "talked")]
    phone.send(town, done, later)
    assert at_hand(town) == {(CREW, "poster"): 3}
    with pytest.raises(BadInput, match="3 are there"):
        move(town, 4, CREW, BASE)


def test_a_move_that_cannot_be_is_refused(town: Region) -> None:
    for wrong in (
        {"item": "flag"}, {"count": 0}, {"count": 2_000_000}, {"target": OUTSIDE}, {"source": BASE, "target": CREW}, {"why": "x" * 61},
    ):  # fmt: skip
        given = {"item": "poster", "count": 1, "source": OUTSIDE, "target": BASE, **wrong}
        with pytest.raises(BadInput):
            move_stock(town, LEAD, given.pop("item"), given.pop("count"), now=NOON, **given)  # type: ignore[arg-type]
    for place in ("base:none", "crew:none", "crew:", "moon"):
        with pytest.raises(NotFound):
            move(town, 1, OUTSIDE, place)
    with pytest.raises(Forbidden):
        move_stock(town, crew_actor(), "poster", 1, source=OUTSIDE, target=CREW, now=NOON)
