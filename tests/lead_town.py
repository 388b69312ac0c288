"""The planned town on its second Monday: a running burst, claims that end at noon and tomorrow, and something of all that a lead decides."""

from datetime import datetime, timedelta
from pathlib import Path

from fieldops.actions.claims import make_claim
from fieldops.actions.decisions import decide
from fieldops.actions.effort import import_effort
from fieldops.actions.incidents import report_incident, settle_incident
from fieldops.actions.surveys import record_surveys
from fieldops.clock import find_zone
from fieldops.events import BurstsSet
from fieldops.ids import CrewId, StreetId
from fieldops.store import audit
from fieldops.store.claims import claims_in_force
from fieldops.store.connect import Region
from tests.conftest import LEAD, NOON, PLANNER
from tests.desk_town import make_desk_town
from tests.recruit_town import recruit

ZONE = find_zone("Asia/Shanghai")
MORNING = datetime(2026, 3, 9, 8, tzinfo=ZONE)
EVENING = datetime(2026, 3, 9, 20, tzinfo=ZONE)


def make_lead_town(path: Path) -> Region:
    """
    Make the town at `path` as it stands at 8 on Monday, 9 March, and return it open.

    Crews C0 to C3 hold a street each until noon, C3 one more until 9 tomorrow; C4 is idle. One street has surveys enough to
    move on, one triangle says push on, a promoter asks like a clock, two incidents wait, 28 candidates are on their way.
    """
    region = make_desk_town(path)
    recruit(region)
    with region.turn(PLANNER, now=NOON) as turn:
        event = BurstsSet(at=turn.now, first_day=NOON.date(), people=25, zones=1, days=9, bound_days=9, digest="d")
        number = audit.append(turn, event)
        turn.connection.execute(
            "INSERT INTO burst VALUES (?, 'ZA', 'ZA', '2026-03-02', 9, 10, 100.0, '', '[]', '')", (number,)
        )
        turn.connection.executemany(
            "INSERT INTO promoter VALUES (?, 'C0', NULL, NULL)", [("P0",), ("P1",), ("P2",), ("P3",)]
        )
    free = region.reader().execute("SELECT min(street) FROM street_status WHERE state = 'free' AND street LIKE 'R5%'")
    make_claim(region, PLANNER, street=StreetId(free.fetchone()[0]), crew=CrewId("C3"), now=NOON + timedelta(hours=21))
    point = region.reader().execute("SELECT min(triangle_id) FROM street").fetchone()[0]
    record_surveys(region, PLANNER, asked("triangle", point, 0, 30, 24, "P2"), now=NOON + timedelta(days=3))
    decide(region, PLANNER, now=NOON + timedelta(days=3, hours=1))
    told = [
        {"day": "2026-03-05", "crew": f"C{crew}", "street": f"R1{crew}", "promoter_hours": "20"} for crew in range(3)
    ]
    import_effort(region, LEAD, list(enumerate(told, start=2)), now=NOON + timedelta(days=4))
    for what in ("police", "turned_away", "danger"):
        name = report_incident(region, LEAD, what, now=NOON + timedelta(days=5))
    settle_incident(region, LEAD, name, "nothing", close_days=0, now=NOON + timedelta(days=5, hours=1))
    held = next(one.street for one in claims_in_force(region.reader(), MORNING) if one.crew == "C0")
    record_surveys(region, PLANNER, asked("street", held, 12, 20, 140, "P0"), now=NOON + timedelta(days=6))
    region_at(region, MORNING)
    return region


def region_at(region: Region, moment: datetime) -> None:
    """Let the sandbox's time go on: its present is its last event."""
    with region.turn(PLANNER, now=moment) as turn:
        turn.connection.execute("INSERT INTO promoter VALUES (?, 'C4', NULL, NULL)", (f"M{moment:%d%H%M}",))


def asked(place: str, name: str, knows: int, surveys: int, hours: int, first: str) -> list[tuple[int, dict[str, str]]]:
    """Return the answers of two promoters at two corners, five minutes apart, from so many hours after NOON on."""
    second = f"P{int(first[1]) + 1}"
    return [
        (
            i + 2,
            {
                "survey_id": f"{name}-{i}", "asked_at": (NOON + timedelta(hours=hours, minutes=5 * i)).isoformat(), place: name,
                "promoter": (first, second)[i % 2], "answer": "knows" if i < knows else "does_not_know", "measurement": f"M{name}",
                "cluster": "AB"[i % 2],
            },
        )
        for i in range(surveys)
    ]  # fmt: skip
