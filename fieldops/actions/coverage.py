"""What everybody may see: the state of streets, triangles, zones and crews, and the newest plan."""

from dataclasses import dataclass
from typing import Any

from fieldops.ids import CityId, PlanId
from fieldops.people import Actor
from fieldops.permissions import require
from fieldops.store import coverage
from fieldops.store.connect import Region

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Coverage:
    """The operation at this moment, as plain rows; see `fieldops.store.coverage` for their columns."""

    cities: list[Row]
    streets: list[Row]
    triangles: list[Row]
    zones: list[Row]
    crews: list[Row]
    plan: Row | None
    assignments: list[Row]


def read_coverage(region: Region, actor: Actor, *, city: CityId | None = None, plan: PlanId | None = None) -> Coverage:
    """
    Return the operation at this moment, with the plan of that id, else the newest.

    Raises
    ------
    Forbidden
        If the actor may not read the region.
    """
    require(actor, "region.read")
    connection = region.reader()
    newest = coverage.newest_plan(connection, plan)
    return Coverage(
        cities=[row for row in coverage.read_cities(connection) if city is None or row["id"] == city],
        streets=coverage.street_rows(connection, city),
        triangles=coverage.triangle_rows(connection, city),
        zones=coverage.zone_rows(connection, city),
        crews=coverage.crew_rows(connection),
        plan=newest,
        assignments=coverage.assignment_rows(connection, PlanId(newest["id"])) if newest else [],
    )
