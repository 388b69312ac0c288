"""Records as a phone makes them: ids, a counter, the phone's own clock."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from fieldops.actions.sync import Answer, Synced, sync_records
from fieldops.clock import format_moment
from fieldops.contacts import Disposition
from fieldops.ids import ActorId, CrewId
from fieldops.people import Actor, Role
from fieldops.store.connect import Region
from tests.conftest import NOON as FIRST_NOON

Told = dict[str, object]
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
NOON = FIRST_NOON + 9 * DAY  # the region was made nine days before
MORNING = NOON - 3 * HOUR
TAKEN, AGAIN = ("accepted", ""), ("unchanged", "")


def crew_actor(crew: str = "C0", role: Role = Role.CREW_LEAD) -> Actor:
    """Somebody of a crew, signed in on a phone."""
    return Actor(ActorId(f"phone-of-{crew}"), role, CrewId(crew))


@dataclass
class Phone:
    """
    A phone whose clock is wrong by `skew` (shown minus true); it knows `offset_s` from its last answer at `answered_at`.
    """

    promoter: str = "C0-0"
    device: str = "D0"
    skew: timedelta = timedelta(0)
    offset_s: float | None = None
    answered_at: str | None = None
    made: list[Told] = field(default_factory=list)

    def make(self, at: datetime, kind: str = "contact", **fields: object) -> Told:
        """Make a record at the true moment `at`."""
        seq = len(self.made) + 1
        record: Told = {
            "id": f"{self.device}-{seq}", "seq": seq, "kind": kind, "device": self.device, "promoter": self.promoter,
            "device_time": format_moment(at + self.skew), "offset_s": self.offset_s, "answered_at": self.answered_at,
            **fields,
        }  # fmt: skip
        self.made.append(record)
        return record

    def survey(self, at: datetime, knows: bool, **fields: object) -> Told:
        """Make a survey, by default at the connection point T0."""
        place = fields if "street" in fields else {"triangle": "T0", **fields}
        return self.make(at, "survey", what="knows" if knows else "does_not_know", **place)

    def send(self, region: Region, records: Iterable[Told], now: datetime, actor: Actor | None = None) -> Synced:
        """Send records at the true moment `now`, and learn the clock's offset from the answer."""
        done = sync_records(
            region, actor or crew_actor(self.promoter.split("-")[0]), list(records),
            sent_at=format_moment(now + self.skew), now=now,
        )  # fmt: skip
        self.offset_s, self.answered_at = -self.skew.total_seconds(), format_moment(done.now)
        return done


def results(done: Synced) -> list[tuple[str, str]]:
    """What each record was answered."""
    return [(one.result, one.reason) for one in done.answers]


def answer_to(done: Synced, record: Told) -> Answer:
    """The answer to one record."""
    return next(one for one in done.answers if one.id == record["id"])


def query(region: Region, sql: str) -> list[tuple[object, ...]]:
    """Rows of the region's file."""
    return [tuple(row) for row in region.reader().execute(sql)]


def contacts(phone: Phone, count: int, **fields: object) -> list[Told]:
    """So many contacts of a morning, a minute apart, on three streets."""
    words = list(Disposition)[:3]
    return [
        phone.make(MORNING + i * MINUTE, **{"street": f"S{i % 3}", "what": words[i % 3], **fields})
        for i in range(count)
    ]
