"""Who may do what: one table, and the reason when somebody may not."""

from fieldops.errors import Forbidden
from fieldops.ids import CrewId
from fieldops.people import Actor, Role
from fieldops.said import Said

_LEADS = frozenset({Role.PLANNER, Role.LEAD})
_CREWS = frozenset({Role.CREW_LEAD, Role.CREW})
_ALL = frozenset(Role)

PERMISSIONS: dict[str, frozenset[Role]] = {
    "region.create": frozenset({Role.PLANNER}),
    "region.read": _ALL,
    "desk.read": _LEADS | {Role.AUDITOR},
    "account.manage": _LEADS,
    "account.invite": _LEADS | {Role.CREW_LEAD},
    "city.import": frozenset({Role.PLANNER}),
    "street.edit": _LEADS,
    "crew.import": _LEADS,
    "base.set": _LEADS,
    "pay.read": _LEADS | {Role.AUDITOR},
    "pay.confirm": _LEADS,
    "incident.report": _LEADS | _CREWS,
    "incident.settle": _LEADS,
    "stock.move": _LEADS,
    "people.place": _LEADS,
    "board.choose": _LEADS | _CREWS,
    "venue.import": _LEADS,
    "survey.record": _LEADS | _CREWS,
    "effort.record": _LEADS | _CREWS,
    "record.sync": _LEADS | _CREWS,
    "appeal.answer": _LEADS,
    "contact.lift": _LEADS,
    "day.say": _LEADS,
    "phone.use": _CREWS,
    "phone_key.manage": frozenset({Role.PLANNER}),
    "plan.make": _LEADS,
    "plan.publish": _LEADS,
    "job.read": _LEADS | {Role.AUDITOR},
    "burst.set": _LEADS,
    "burst.override": _LEADS,
    "reserve.keep": _LEADS | _CREWS,
    "table.export": _LEADS | {Role.AUDITOR},
    "walk.make": _LEADS | _CREWS,
    "claim.make": _LEADS | {Role.CREW_LEAD},
    "claim.withdraw": _LEADS | {Role.CREW_LEAD},
    "claim.revoke": _LEADS,
    "claim.override": _LEADS,
    "decision.make": _LEADS | _CREWS,
    "response.fit": _LEADS,
    "backcheck.order": _LEADS | {Role.AUDITOR},
    "survey.quarantine": _LEADS | {Role.AUDITOR},
    "rules.change": _LEADS,
    "second_factor.require": frozenset({Role.PLANNER}),
    "record.verify": _ALL,
    "record.keep": _LEADS,
    "record.restore": frozenset({Role.PLANNER}),
    "notice.deliver": _LEADS,
    "candidate.add": _LEADS | _CREWS | {Role.REP},
    "candidate.import": _LEADS,
    "candidate.read": _LEADS | {Role.REP, Role.AUDITOR},
    "candidate.name": _LEADS | {Role.REP},
    "candidate.move": _LEADS | {Role.REP},
    "candidate.reveal": _LEADS | {Role.REP},
    "candidate.merge": _LEADS,
    "candidate.export": _LEADS,
    "candidate.erase": _LEADS,
    "rep.manage": _LEADS,
    "rep.override": _LEADS,
    "poster.make": _LEADS,
    "training.manage": _LEADS | {Role.REP},
    "recruiting.settings": _LEADS,
    "region.wind_down": _LEADS,
}


def why(actor: Actor, permission: str, *, crew: CrewId | None = None) -> str | None:
    """
    Return the reason why the actor may not, or None when they may.

    Crew roles act for their own crew only: `crew` names the crew that the act concerns.
    """
    if actor.role not in PERMISSIONS[permission]:
        return Said("the role %(role)s does not include it", role=actor.role)
    if actor.role in _CREWS and crew is not None and actor.crew != crew:
        return Said(
            "it concerns crew %(other)s, and %(actor)s belongs to crew %(own)s",
            other=crew,
            actor=actor.id,
            own=actor.crew,
        )
    return None


def require(actor: Actor, permission: str, *, crew: CrewId | None = None) -> None:
    """
    Let the actor pass.

    Raises
    ------
    Forbidden
        If `why` has a reason.
    """
    reason = why(actor, permission, crew=crew)
    if reason is not None:
        raise Forbidden(actor=actor.id, permission=permission, reason=reason)
