"""Venues come in from files."""

from fieldops.actions.venues import import_venues, list_venues
from fieldops.store.connect import Region
from tests.conftest import LEAD, NOON
from tests.towns import add_town, numbered, position

VENUE = {
    "venue_id": "V1",
    "kind": "restaurant",
    "name": "老王饭店",
    "lon": str(position(0)[0]),
    "lat": str(position(0)[1]),
}


def venues(region: Region, *rows: dict[str, str], strict: bool = False) -> dict[str, object]:
    return import_venues(region, LEAD, numbered(rows), strict=strict, now=NOON).to_json()


def test_a_venue_stands_on_the_nearest_street_with_the_usual_figure_of_its_kind(region: Region) -> None:
    add_town(region)
    venues(region, VENUE, {**VENUE, "venue_id": "V2", "people_per_hour": "7"})
    (first, source), (second, _) = list_venues(region, LEAD)
    assert (first.street, source, second.people_per_hour) == ("S0", "csv", 7.0)
    assert first.people_per_hour > 0


def test_a_venue_is_added_then_unchanged_then_updated(region: Region) -> None:
    add_town(region)
    done = [
        venues(region, VENUE),
        venues(region, VENUE),
        venues(region, {**VENUE, "open_from": "09:00", "open_until": "24:00"}),
    ]
    assert [(one["added"], one["updated"], one["unchanged"]) for one in done] == [(1, 0, 0), (0, 0, 1), (0, 1, 0)]


BAD = [
    ({"kind": "Restaurant!"}, "kind"), ({"kind": ""}, "kind"), ({"lon": "118"}, "lon"), ({"lat": ""}, "lat"),
    ({"people_per_hour": "-1"}, "people_per_hour"), ({"open_from": "9"}, "open_from"), ({"open_from": "09:00"}, "open_until"),
    ({"venue_id": ""}, "venue_id"),
]  # fmt: skip


def test_a_venue_that_cannot_be_is_refused_by_its_field(region: Region) -> None:
    add_town(region)
    done = venues(region, *({**VENUE, "venue_id": f"B{i}", **change} for i, (change, _) in enumerate(BAD)))
    assert [one["field"] for one in done["rejected"]] == [field for _, field in BAD]  # type: ignore[attr-defined, index, union-attr]
