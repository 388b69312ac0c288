"""A region of a few streets and crews, inserted row by row: enough for claims, without a map."""

from fieldops.ids import CrewId, StreetId
from fieldops.store.connect import Region
from tests.conftest import NOON, PLANNER


def add_town(
    region: Region, *, streets: int = 3, crews: int = 3, time_zone: str = "Asia/Shanghai"
) -> tuple[list[StreetId], list[CrewId]]:
    """Insert streets S0, S1 ... and crews C0, C1 ... and return their ids."""
    street_ids = [StreetId(f"S{i}") for i in range(streets)]
    crew_ids = [CrewId(f"C{i}") for i in range(crews)]
    with region.turn(PLANNER, now=NOON if region.sandbox else None) as turn:
        turn.connection.execute(
            "INSERT INTO city VALUES ('town', 'Town', ?, '', '', '', 'wgs84', NULL, '{}', '')", (time_zone,)
        )
        turn.connection.executemany(
            "INSERT INTO street (geom, id, city_id, kind, name, label, name_source, length_m, walk_m, people, people_low,"
            " people_high, people_source, buildings, lon, lat, ways) VALUES"
            " (x'00', ?, 'town', 'street', '', ?, 'map', 100, 100, 300, 200, 400, 'total', 0, 0, 0, '')",
            [(street, f"Road {street}") for street in street_ids],
        )
        turn.connection.executemany(
            "INSERT INTO crew (id, name, people, hours_per_day, home_lon, home_lat, days_off) VALUES (?, ?, 5, 6, 0, 0, '[]')",
            [(crew, f"Crew {crew}") for crew in crew_ids],
        )
    return street_ids, crew_ids
