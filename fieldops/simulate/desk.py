"""
The trust desk in a campaign: each evening it orders blind re-surveys and puts refuted promoters into quarantine.

Verifiers ask where a crew said "move on", the next morning, and gain nothing from the answer: what they hear is the truth. The
desk acts on a blind re-survey that contradicts, or on reasons that weigh as much as one; rule 13 does the rest.
"""

from dataclasses import dataclass, field

from fieldops.actions.backcheck import find_suspects, list_tasks, order_back_checks, quarantine_surveys
from fieldops.ids import MeasurementId, PromoterId, TriangleId
from fieldops.simulate.field import Field, Hand
from fieldops.simulate.resurvey import ask_again

HEAVY = 6.0  # tens of odds: one in a million honest promoters
_LOOK_BACK_DAYS = 14


@dataclass(slots=True)
class TrustDesk:
    """The desk in a campaign."""

    afield: Field
    asked: set[MeasurementId] = field(default_factory=set)

    def evening(self, *, seed: int) -> None:
        """Put promoters into quarantine whose answers cannot be honest, and order the day's re-surveys."""
        office = self.afield.office
        for suspect in find_suspects(office.region, office.actor, days=_LOOK_BACK_DAYS, now=office.now):
            refuted = any(reason.code == "refuted" for reason in suspect.reasons)
            if suspect.promoter not in self.afield.barred and (refuted or suspect.score >= HEAVY):
                self._quarantine(suspect.promoter)
        order_back_checks(office.region, office.actor, seed=seed, now=office.now)

    def _quarantine(self, promoter: PromoterId) -> None:
        office = self.afield.office
        done = quarantine_surveys(office.region, office.actor, reason="suspect", promoter=promoter, now=office.now)
        self.afield.barred.add(promoter)
        self.afield.quarantined += done.surveys
        office.take(done.decided)
        office.reopen()
        self.afield.note_closed()

    def morning(self, hands: list[Hand], day: int) -> None:
        """Let each crew first do the re-surveys that were ordered of it; their answers come in with the evening's."""
        office = self.afield.office
        by_crew = {hand.crew: hand for hand in hands if hand.askers}
        for task in list_tasks(office.region, office.actor):
            hand = by_crew.get(task.crew) if task.crew else None
            if hand is None or task.measurement in self.asked or task.done_by is not None:
                continue
            self.asked.add(task.measurement)
            town = self.afield.world.town
            number = (
                town.streets.index(task.street) if task.street else town.triangles.index(TriangleId(str(task.triangle)))
            )
            ask_again(
                self.afield, hand, number, at_point=not task.street, name=f"b{day}-{task.measurement}",
                back_check_of=task.measurement,
            )  # fmt: skip
