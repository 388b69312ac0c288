"""A time zone that cannot be a city's is noticed."""

from zoneinfo import ZoneInfo

import pytest

from fieldops.city.sun import zone_note


def test_the_zone_of_another_continent_is_named_with_the_sun_and_the_clock() -> None:
    note = zone_note("宝山", 121.4, ZoneInfo("America/New_York"))
    assert note == "宝山 lies at 121 E, where the sun keeps UTC+8; America/New_York is UTC-5: see --timezone"


@pytest.mark.parametrize(
    ("lon", "zone"),
    [
        (121.4, "Asia/Shanghai"), (76.0, "Asia/Shanghai"), (-8.6, "Europe/Lisbon"), (-51.2, "America/Sao_Paulo"),
        (174.8, "Pacific/Auckland"), (-172.0, "Pacific/Apia"), (-87.6, "America/Chicago"), (-8.8, "Europe/Madrid"),
    ],
)  # fmt: skip
def test_zones_that_people_live_in_are_not_remarked_on_in_summer_nor_across_the_date_line(
    lon: float, zone: str
) -> None:
    assert zone_note("x", lon, ZoneInfo(zone)) is None
