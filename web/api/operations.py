"""What programs may ask: the readings and acts of the desk, by the same names."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from fieldops.actions import (
    backcheck,
    claims,
    comparison,
    decisions,
    desk,
    jobs,
    moving,
    notices,
    pins,
    plans,
    rules,
    story,
    today,
)
from fieldops.actions.awareness import save_estimates
from fieldops.actions.desk import CrewTurf, StreetFacts, StreetRow
from fieldops.ids import ClaimId, CrewId, MeasurementId, PlanId, PromoterId, StreetId
from fieldops.rules import read_setting
from web.api import keeping, office, people, recruiting
from web.api.registry import Field, Operation
from web.regions import act_moment, region_path, the_region
from web.session import current_actor

A_PAGE = 100
Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ClaimShown:
    """A claim with the names that people know its street and crew by."""

    claim: str
    street: str
    street_label: str
    crew: str
    crew_name: str
    claimed_at: datetime
    held_until: datetime
    ended_at: datetime | None
    outcome: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class Made:
    """What an act made or changed, by its id."""

    id: str


@dataclass(frozen=True, slots=True)
class PointShown:
    """A measured place with what its test says."""

    measurement: str
    street: str | None
    triangle: str | None
    label: str
    opened_at: datetime
    verdict: str
    rule: str
    knows: int
    asked: int
    wrong_move_on: float
    wrong_push_on: float
    ask: int


@dataclass(frozen=True, slots=True)
class Moved:
    """What running the tests changed: places decided, streets closed, crews with where they go."""

    decided: int
    withdrawn: int
    closed: tuple[str, ...]
    moved: tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True)
class PlanShown:
    """A plan in figures."""

    plan: str
    made_at: datetime
    starts_at: datetime
    published_at: datetime | None
    status: str
    objective: float
    bound: float
    gap: float


@dataclass(frozen=True, slots=True)
class JobShown:
    """A job as it is now."""

    job: str
    kind: str
    state: str
    stage: str
    share: float
    figures: dict[str, float]
    result: dict[str, Any] | None
    problem: str


@dataclass(frozen=True, slots=True)
class TodayShown:
    """Where a city stands."""

    city: str
    present: datetime
    streets: Any
    idle: tuple[Any, ...]
    undecided: int
    pushing: int
    forecast: Any
    ending: Any


def _claim(one: Any) -> ClaimShown:
    c = one.claim
    return ClaimShown(
        c.id,
        c.street,
        one.street_label,
        c.crew,
        one.crew_name,
        c.claimed_at,
        c.held_until,
        c.ended_at,
        c.outcome,
        c.reason,
    )


def _claims(v: Values) -> list[ClaimShown]:
    hours = v.get("within_hours")
    _, found = claims.list_claims(
        the_region(), current_actor(), crew=CrewId(v["crew"]) if v.get("crew") else None,
        street=StreetId(v["street"]) if v.get("street") else None, ended_too=v.get("ended") == "yes",
        ending_within=timedelta(hours=hours) if hours is not None else None, now=act_moment(),
    )  # fmt: skip
    first = (v.get("page", 1) - 1) * A_PAGE
    return [_claim(one) for one in found[first : first + A_PAGE]]


def _grant(v: Values) -> Made:
    made = claims.make_claim(
        the_region(), current_actor(), street=StreetId(v["street"]), crew=CrewId(v["crew"]), now=act_moment()
    )
    return Made(made.id)


def _end(v: Values) -> Made:
    done = claims.end_claim(
        the_region(), current_actor(), ClaimId(v["claim"]), outcome="revoked", why=v["why"], now=act_moment()
    )
    return Made(done.id)


def _override(v: Values) -> list[Made]:
    lifted = claims.override_cool_down(
        the_region(),
        current_actor(),
        street=StreetId(v["street"]),
        crew=CrewId(v["crew"]),
        why=v["why"],
        now=act_moment(),
    )
    return [Made(one.id) for one in lifted]


def _today(_v: Values) -> TodayShown:
    seen = today.read_today(the_region(), current_actor())
    return TodayShown(
        seen.overview.city.id,
        seen.overview.present,
        seen.streets,
        seen.idle,
        seen.undecided,
        seen.pushing,
        seen.forecast,
        seen.ending,
    )


def _streets(v: Values) -> tuple[StreetRow, ...]:
    return desk.find_streets(
        the_region(),
        current_actor(),
        v.get("q", ""),
        state=v.get("state"),
        most=A_PAGE,
        after=(v.get("page", 1) - 1) * A_PAGE,
    )


def _points(_v: Values) -> list[PointShown]:
    region = the_region()
    city = desk.read_overview(region, current_actor()).city.id
    found = moving.read_panel(region, current_actor(), city, now=act_moment()).standings
    return [
        PointShown(
            one.measurement.measurement, one.measurement.street, one.measurement.triangle, one.measurement.label,
            one.measurement.opened_at, one.test.verdict, one.test.rule, one.test.knows, one.test.asked,
            one.test.wrong_move_on, one.test.wrong_push_on, one.test.ask,
        )
        for one in found
    ]  # fmt: skip


def _decide(_v: Values) -> Moved:
    done = decisions.decide(the_region(), current_actor(), now=act_moment())
    if not done.estimated:
        save_estimates(the_region(), current_actor(), now=act_moment())
    moved = tuple({"crew": one.crew, "from": one.left, "to": one.to} for one in done.moved)
    return Moved(len(done.made), len(done.withdrawn), tuple(done.closed), moved)


def _preview(_v: Values) -> Moved:
    done = decisions.preview_decisions(the_region(), current_actor(), now=act_moment())
    moved = tuple({"crew": one.crew, "from": one.left, "to": one.to} for one in done.moved)
    return Moved(len(done.made), len(done.withdrawn), tuple(done.closed), moved)


def _plan(one: Any) -> PlanShown:
    return PlanShown(
        one.id, one.made_at, one.starts_at, one.published_at, one.status, one.objective, one.bound, one.gap
    )


def _order(v: Values) -> JobShown:
    moment = act_moment()
    parameters = {
        "start": v["start"].isoformat() if "start" in v else None, "time_limit": float(v.get("seconds", 20)),
        "seed": v.get("seed", 1), "now": moment.isoformat() if moment else None,
    }  # fmt: skip
    return _job(jobs.order_job(region_path(), current_actor(), "plan", parameters))


def _job(one: Any) -> JobShown:
    return JobShown(one.id, one.kind, one.state, one.stage, one.share, one.figures, one.result, one.problem)


def _publish(v: Values) -> Moved:
    done = plans.publish_plan(
        the_region(), current_actor(), PlanId(v["plan"]), best_effort=v.get("best_effort", False), now=act_moment()
    )
    refused = tuple({"crew": one.crew, "street": one.street, "reason": str(one.error)} for one in done.refused)
    return Moved(len(done.granted), len(refused), tuple(one.street for one in done.granted), refused)


def _move(v: Values) -> JobShown:
    moment = act_moment()
    to = v.get("to")
    found = comparison.open_plan(the_region(), current_actor(), PlanId(v["plan"])).plan.id
    desk.read_street(the_region(), current_actor(), StreetId(v["street"]))
    parameters = {
        "plan": found, "street": v["street"], "crew": None if to is None else "" if to == "nobody" else to,
        "pin": v.get("pin", False), "now": moment.isoformat() if moment else None,
    }  # fmt: skip
    return _job(jobs.order_job(region_path(), current_actor(), "move", parameters))


def _pin(v: Values) -> Made:
    crew = CrewId(v["to"]) if v.get("to") else None
    pins.pin_street(the_region(), current_actor(), StreetId(v["street"]), crew, why=v["why"], now=act_moment())
    return Made(v["street"])


def _unpin(v: Values) -> Made:
    pins.unpin_street(the_region(), current_actor(), StreetId(v["street"]), why=v["why"], now=act_moment())
    return Made(v["street"])


def _quarantine(v: Values) -> dict[str, int]:
    made = backcheck.quarantine_surveys(
        the_region(), current_actor(), reason=v["why"],
        promoter=PromoterId(v["promoter"]) if v.get("promoter") else None,
        measurement=MeasurementId(v["measurement"]) if v.get("measurement") else None, now=act_moment(),
    )  # fmt: skip
    return {"order": made.order, "surveys": made.surveys}


def _change_rules(v: Values) -> list[dict[str, Any]]:
    values = {name: read_setting(name, text) for name, text in v["settings"].items()}
    rules.change_rules(the_region(), current_actor(), why=v["why"], now=act_moment(), **values)
    return _rules(v)


def _rules(_v: Values) -> list[dict[str, Any]]:
    return [
        {"name": one.name, "value": one.value, "default": one.default, "meaning": one.meaning}
        for one in rules.list_rules(the_region(), current_actor())
    ]


_BOTH = {
    "quarantined": Field(choices=("0", "1"), about="1: show figures as if the surveys in quarantine counted (rule 13)")
}
_PAGE = Field("whole", least=1, most=10_000, about=f"{A_PAGE} a page")
_STATES = ("free", "claimed", "saturated", "closed", "paused", "no_permission")
_CREW = Field(needed=True, about="the crew's id")
_STREET = Field(needed=True, about="the street's id")
_WHY = Field(needed=True, about="a code for the record")

OPERATIONS = [
    Operation("today", "GET", "/today", ("desk.read",), "Where the first city stands.", TodayShown, _today, _BOTH),
    Operation("streets", "GET", "/streets", ("desk.read",), "Streets by name, pinyin or state.", list[StreetRow], _streets,
              {"q": Field(about="words of the name"), "state": Field(choices=_STATES), "page": _PAGE, **_BOTH}),
    Operation("street", "GET", "/streets/{street}", ("desk.read",), "All that is known of a street.", StreetFacts,
              lambda v: desk.read_street(the_region(), current_actor(), StreetId(v["street"])), _BOTH),
    Operation("street_story", "GET", "/streets/{street}/story", ("desk.read",), "What happened on a street.", story.Story,
              lambda v: story.read_story(the_region(), current_actor(), StreetId(v["street"])), _BOTH),
    Operation("crews", "GET", "/crews", ("desk.read",), "Crews with what they hold and what the plan gives them.",
              list[CrewTurf], lambda _v: desk.read_overview(the_region(), current_actor()).crews, _BOTH),
    Operation("claims", "GET", "/claims", ("desk.read",), "Claims in force, soonest end first.", list[ClaimShown], _claims,
              {"crew": Field(), "street": Field(), "within_hours": Field("number", least=0, most=100_000),
               "ended": Field(choices=("yes", "no"), about="also what has ended"), "page": _PAGE, **_BOTH}),
    Operation("claim_make", "POST", "/claims", ("claim.make",), "Give a street to a crew for seven days.", Made, _grant,
              body={"street": _STREET, "crew": _CREW}, crew="crew", status=201),
    Operation("claim_end", "POST", "/claims/{claim}/end", ("claim.revoke",), "Take a street back.", Made, _end, body={"why": _WHY}),
    Operation("claim_override", "POST", "/claims/override", ("claim.override",), "Lift a crew's cool-down on a street.",
              list[Made], _override, body={"street": _STREET, "crew": _CREW, "why": _WHY}),
    Operation("points", "GET", "/points", ("desk.read",), "Measured places with their verdicts.", list[PointShown], _points, _BOTH),
    Operation("decide", "POST", "/decide", ("decision.make", "desk.read"), "Run the tests; crews move on.", Moved, _decide),
    Operation("decide_preview", "POST", "/decide/preview", ("decision.make", "desk.read"),
              "What running the tests would do now; nothing is kept.", Moved, _preview),
    Operation("plans", "GET", "/plans", ("desk.read",), "Plans, newest first.", list[PlanShown],
              lambda _v: [_plan(one) for one in comparison.list_plans(the_region(), current_actor())]),
    Operation("plan_make", "POST", "/plans", ("plan.make", "job.read"), "Start a plan as a job.", JobShown, _order,
              body={"start": Field("moment"), "seconds": Field("whole", least=1, most=600), "seed": Field("whole", least=1, most=2**31 - 1)},
              status=202),
    Operation("plan", "GET", "/plans/{plan}", ("desk.read",), "A plan crew by crew, with its reasons.", comparison.OpenedPlan,
              lambda v: comparison.open_plan(the_region(), current_actor(), PlanId(v["plan"])), _BOTH),
    Operation("plan_publish", "POST", "/plans/{plan}/publish", ("plan.publish",), "Claim a plan's streets.", Moved, _publish,
              body={"best_effort": Field("flag", about="leave out what the rules refuse")}),
    Operation("plan_move", "POST", "/plans/{plan}/moves", ("plan.make", "job.read"),
              "Price moving a street to each near crew, or (with `to`) move it, as a job.", JobShown, _move,
              body={"street": _STREET, "to": Field(about="the crew's id, or 'nobody'; left away: only prices"),
                    "pin": Field("flag", about="coming plans keep it there too")}, status=202),
    Operation("pins", "GET", "/pins", ("desk.read",), "Streets pinned by hand.", list[pins.Pin],
              lambda _v: pins.list_pins(the_region(), current_actor())),
    Operation("pin", "POST", "/pins", ("plan.make",), "Pin a street to a crew, or to nobody: coming plans keep it so.", Made, _pin,
              body={"street": _STREET, "to": Field(about="the crew's id; left away: nobody"), "why": _WHY}, status=201),
    Operation("pin_lift", "POST", "/pins/{street}/lift", ("plan.make",), "Lift a street's pin.", Made, _unpin, body={"why": _WHY}),
    Operation("job", "GET", "/jobs/{job}", ("job.read",), "A job as it is now.", JobShown,
              lambda v: _job(jobs.read_job(region_path(), current_actor(), v["job"]))),
    Operation("job_cancel", "POST", "/jobs/{job}/cancel", ("plan.make", "job.read"), "Let a job end with its best.", JobShown,
              lambda v: _job(jobs.cancel_job(region_path(), current_actor(), v["job"]))),
    Operation("suspects", "GET", "/suspects", ("survey.quarantine",), "Promoters to look at closer, with reasons.", list[Any],
              lambda _v: backcheck.find_suspects(the_region(), current_actor(), now=act_moment())),
    Operation("back_checks_order", "POST", "/back-checks", ("backcheck.order",), "Order blind back-checks.", list[Any],
              lambda _v: backcheck.order_back_checks(the_region(), current_actor(), now=act_moment()), status=201),
    Operation("quarantines", "GET", "/quarantines", ("survey.quarantine",), "Quarantines, newest first.", list[Any],
              lambda _v: backcheck.list_quarantines(the_region(), current_actor())),
    Operation("quarantine", "POST", "/quarantines", ("survey.quarantine",), "Put surveys into quarantine.", dict[str, int], _quarantine,
              body={"promoter": Field(), "measurement": Field(), "why": _WHY}, status=201),
    Operation("notices", "GET", "/notices", ("desk.read",), "Reminders of the claims in force.", list[Any],
              lambda _v: notices.list_notices(the_region(), current_actor(), channel=None, now=act_moment())),
    Operation("rules", "GET", "/rules", ("region.read",), "Every setting with its meaning.", list[dict[str, Any]], _rules),
    Operation("rules_change", "POST", "/rules", ("rules.change",), "Give settings new values.", list[dict[str, Any]], _change_rules,
              body={"settings": Field("texts", needed=True), "why": _WHY}),
    *recruiting.OPERATIONS,
    *people.OPERATIONS,
    *office.OPERATIONS,
    *keeping.OPERATIONS,
]  # fmt: skip
