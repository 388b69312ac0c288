"""The numbers of domain.md as one frozen, validated value; every one is a setting of the region."""

import math
import re
from dataclasses import asdict, dataclass, fields
from datetime import timedelta
from typing import Self

from fieldops.errors import BadInput
from fieldops.said import Said, template

_DURATIONS = frozenset({
    "claim_duration", "cool_down", "withdrawal_grace", "clock_tolerance", "cluster_window", "measurement_window",
    "reopen_after", "first_reminder", "second_reminder", "last_reminder",
})  # fmt: skip
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(d|h|min|s)")
_LONGEST = timedelta(days=3_650)
TEST_SURVEYS = 30  # the most that R50 expects, wherever awareness stands
_DESKS = frozenset({"planner", "lead", "auditor", "rep"})
_SECONDS = {"d": 86_400, "h": 3_600, "min": 60, "s": 1}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """
    The settings of a region, with the defaults of domain.md.

    Shares and probabilities are in [0, 1]; durations are `timedelta`; lengths are metres; hours are promoter-hours.

    Raises
    ------
    BadInput
        If a number is outside its range; the message names the setting.
    """

    target_share: float = 0.20
    # claims
    claim_duration: timedelta = timedelta(days=7)  # RULE 2
    cool_down: timedelta = timedelta(days=7)  # RULE 4
    withdrawal_grace: timedelta = timedelta(days=1)  # RULE 4
    claims_per_crew: int = 40  # RULE 5
    clock_tolerance: timedelta = timedelta(days=1)  # RULE 2
    reopen_after: timedelta = timedelta(days=7)  # RULE 8
    first_reminder: timedelta = timedelta(hours=48)  # before a claim ends
    second_reminder: timedelta = timedelta(hours=24)
    last_reminder: timedelta = timedelta(hours=3)
    # moving on
    move_on_rule: str = "r50"
    audit_rule: str = "a130"
    tests_per_claim: int = 3  # RULE 9
    least_promoters: int = 2
    least_clusters: int = 2
    surveys_per_cluster: int = 5
    cluster_window: timedelta = timedelta(minutes=20)
    measurement_window: timedelta = timedelta(hours=2)
    small_street_people: int = 200
    interval_share: float = 0.80  # RULE 12
    back_check_share: float = 0.10
    sentinels_a_day: int = 3
    # planning
    finish_probability: float = 0.80
    push_hour_price: float = 0.22  # chances of streets being truly at the target that an hour of pushing must add
    left_short_weight: float = 2.5  # such chances that it is worth not to leave a street more than 5 points short
    setup_minutes: float = 20.0  # until a crew that comes to a street pushes
    survey_minutes: float = 1.5
    walk_speed_km_h: float = 4.5
    walk_both_sides: bool = True
    day_begins_hour: float = 9.0  # of the local day
    venue_minutes: float = 20.0  # at a venue stop of a walk
    venues_per_walk: int = 6
    dispatch_reach_m: float = 1200.0  # on foot, from where the crew stands
    reserves_per_crew: int = 3  # RULE 6
    # map
    street_length_max_m: float = 800.0
    triangle_radius_max_m: float = 600.0
    compound_people_max: int = 5000
    # bursts
    burst_days_min: int = 7  # RULE 14
    burst_days_max: int = 15
    # the web
    requests_a_minute: int = 1_200
    second_factor: str = "nobody"  # or the roles that need one, such as "planner lead"
    # the office
    pay_per_hour: float = 20.0  # yuan
    # recruiting
    sellers_per_rep: int = 35  # RULE 18
    plan_values: str = "awareness"  # or "recruits": what a plan counts a street for
    people_per_candidate: float = 20.0
    hour_cost_yuan: float = 20.0  # of a promoter-hour, all told
    poster_cost_yuan: float = 5.0  # of one poster, printed and hung

    def __post_init__(self) -> None:
        """Refuse what is of another kind than the default, and numbers that cannot be meant."""
        for field in fields(self):
            _refuse_another_kind(field.name, getattr(self, field.name), field.default)
        for name in ("target_share", "interval_share", "finish_probability", "back_check_share"):
            if not 0.0 < getattr(self, name) < 1.0:
                raise BadInput(Said("%(given)s is not strictly between 0 and 1", given=getattr(self, name)), field=name)
        for name in _DURATIONS:
            if getattr(self, name) <= timedelta(0):
                raise BadInput(Said("%(given)s is not a positive duration", given=getattr(self, name)), field=name)
            if getattr(self, name) > _LONGEST:
                raise BadInput(
                    Said("%(days)s days", days=getattr(self, name).days),
                    field=name,
                    cure=Said("give at most %(days)sd", days=_LONGEST.days),
                )
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, int | float) and not isinstance(value, bool) and not 0 < value < math.inf:
                raise BadInput(Said("%(value)s is not positive and finite", value=value), field=field.name)
        if self.plan_values not in ("awareness", "recruits"):
            raise BadInput(
                Said("'%(plan_values)s' is neither awareness nor recruits", plan_values=self.plan_values),
                field="plan_values",
            )
        if not self.second_factor_roles <= _DESKS or not self.second_factor.strip():
            raise BadInput(
                Said("'%(second_factor)s' names other roles than those of desks", second_factor=self.second_factor),
                field="second_factor",
                cure=Said("write nobody, or some of %(roles)s", roles=", ".join(sorted(_DESKS))),
            )
        if self.burst_days_min > self.burst_days_max:
            raise BadInput("the shortest burst is longer than the longest", field="burst_days_min")

    @property
    def second_factor_roles(self) -> frozenset[str]:
        """Return the roles whose accounts need a second factor; crews have one-time links and their own phones."""
        named = frozenset(self.second_factor.replace(",", " ").split())
        return frozenset() if named == {"nobody"} else named

    @property
    def test_hours(self) -> float:
        """Promoter-hours that the test of a connection point takes of its crew (RULE 10)."""
        return TEST_SURVEYS * self.survey_minutes / 60.0

    def to_json(self) -> dict[str, object]:
        """Return plain JSON values; durations become seconds."""
        return {k: v.total_seconds() if isinstance(v, timedelta) else v for k, v in asdict(self).items()}

    @classmethod
    def from_json(cls, stored: dict[str, object]) -> Self:
        """
        Return the rules that `to_json` wrote; settings that are absent take their default.

        Raises
        ------
        BadInput
            If a name is unknown or a value has the wrong type.
        """
        known = {field.name: field.type for field in fields(cls)}
        values: dict[str, object] = {}
        for name, value in stored.items():
            if name not in known:
                raise BadInput("no such setting", field=name, cure="see `fieldops rules` for the names")
            if name in _DURATIONS:
                if not isinstance(value, int | float):
                    raise BadInput(Said("%(value)s is not a number of seconds", value=f"{value!r}"), field=name)
                value = timedelta(seconds=value)
            values[name] = value
        try:
            return cls(**values)  # type: ignore[arg-type]  # the loop above checked every name
        except TypeError:
            raise BadInput(
                "a setting has a value of another type", cure="give each setting a value of its own type"
            ) from None


def _refuse_another_kind(name: str, value: object, default: object) -> None:
    """Let a value pass that is of the kind of its default; a whole number is a number."""
    wanted = (int, float) if isinstance(default, float) else type(default)
    if isinstance(value, wanted) and isinstance(value, bool) == isinstance(default, bool):
        return
    cure = {
        timedelta: template("give it as a duration, such as %(sample)s"), bool: template("give it as yes or no, such as %(sample)s"),
        int: template("give it as a whole number, such as %(sample)s"), float: template("give it as a number, such as %(sample)s"),
        str: template("give it as a word, such as %(sample)s"),
    }[type(default)]  # fmt: skip
    problem = Said("%(value)s is of another kind", value=repr(value))
    raise BadInput(problem, field=name, cure=Said(cure, sample=write_setting(default)))


def read_setting(name: str, text: str) -> object:
    """
    Return the value that a person wrote for a setting: 0.25 or 25%, 90min, 36h, 7d, yes, r50; `default` for its default.

    Raises
    ------
    BadInput
        If there is no such setting, or the text is no value of its kind.
    """
    default = {field.name: field.default for field in fields(Rules)}
    if name not in default:
        raise BadInput("no such setting", field=name, cure="see `fieldops rules` for the names")
    kind, written = default[name], text.strip().lower()
    if written == "default":
        return kind
    if isinstance(kind, timedelta):
        found = _DURATION.fullmatch(written)
        if found:
            seconds = float(found[1]) * _SECONDS[found[2]]
            return timedelta(seconds=min(seconds, 2 * _LONGEST.total_seconds()))  # what is too long, Rules refuses
        raise BadInput(
            Said("'%(text)s' is not a duration", text=text), field=name, cure="write it as 7d, 36h, 90min or 30s"
        )
    if isinstance(kind, bool):
        if written in ("yes", "no"):
            return written == "yes"
        raise BadInput(Said("'%(text)s' is neither yes nor no", text=text), field=name, cure="write yes or no")
    if isinstance(kind, str):
        return written
    try:
        if isinstance(kind, int):
            return int(written)
        return float(written.removesuffix("%")) / (100.0 if written.endswith("%") else 1.0)
    except ValueError:
        raise BadInput(
            Said("'%(given)s' is not a whole number", given=text)
            if isinstance(kind, int)
            else Said("'%(given)s' is not a number", given=text),
            field=name,
            cure=Said("write it as %(sample)s", sample=kind),
        ) from None


def write_setting(value: object) -> str:
    """Return a value as a person writes it; `read_setting` reads it back."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if not isinstance(value, timedelta):
        return f"{value:.12g}" if isinstance(value, float) else str(value)
    seconds = value.total_seconds()
    unit = next(unit for unit in ("d", "h", "min", "s") if seconds % _SECONDS[unit] == 0 or unit == "s")
    return f"{seconds / _SECONDS[unit]:.12g}{unit}"


# What each setting means: the number of its rule in domain.md (0: none), and a sentence for the person who sets it.
MEANINGS: dict[str, tuple[int, str]] = {
    "target_share": (10, "share of people who know of the programme, at which a crew moves on"),
    "claim_duration": (2, "how long a street is a crew's alone; claims in force keep what they were made with"),
    "cool_down": (4, "after forfeiting a street its crew may not claim it again for so long"),
    "withdrawal_grace": (4, "a crew that withdraws within this time has no cool-down, once within a cool-down"),
    "claims_per_crew": (5, "most streets that a crew may hold at once"),
    "clock_tolerance": (2, "a clock farther behind the last event refuses writes"),
    "reopen_after": (8, "a street that moved on stays closed at least so long"),
    "first_reminder": (0, "first reminder, before the end of a claim"),
    "second_reminder": (0, "second reminder, before the end of a claim"),
    "last_reminder": (0, "last reminder, before the end of a claim"),
    "move_on_rule": (9, "card of the test at a place: r50, a130 or two_of_ten (the plain 2 of 10)"),
    "audit_rule": (9, "card of the tests of a place beyond `tests_per_claim`"),
    "tests_per_claim": (9, "most tests of a place in one claim"),
    "least_promoters": (9, "a test counts with so many promoters, or with `least_clusters` corners"),
    "least_clusters": (9, "a test counts with so many corners, or with `least_promoters` promoters"),
    "surveys_per_cluster": (9, "most surveys of one promoter at one corner in `cluster_window`"),
    "cluster_window": (9, "the time in which `surveys_per_cluster` are counted"),
    "measurement_window": (9, "longest sitting of one measurement"),
    "small_street_people": (9, "streets with fewer people have no test of their own"),
    "interval_share": (12, "probability that intervals hold"),
    "back_check_share": (13, "share of places that verifiers ask again"),
    "sentinels_a_day": (8, "finished streets asked again each day, so that forgetting is measured"),
    "finish_probability": (5, "probability of moving on within the claim, for which a plan gives hours"),
    "push_hour_price": (
        10,
        "crews push while an hour adds more than this to the chances, summed over streets, of being truly at the target",
    ),
    "left_short_weight": (10, "what it is worth, in such chances, that a street is not left more than 5 points short"),
    "setup_minutes": (10, "minutes that a crew takes on a street before it pushes; streets not worth it are left out"),
    "survey_minutes": (10, "minutes that one survey takes of a crew's hours"),
    "walk_speed_km_h": (5, "speed on foot, for the hours that walking costs"),
    "walk_both_sides": (5, "whether both sides of a street are walked"),
    "day_begins_hour": (0, "hour of the local day at which walks begin"),
    "venue_minutes": (11, "minutes at a venue stop of a walk"),
    "venues_per_walk": (11, "most venue stops of one walk"),
    "dispatch_reach_m": (10, "how far on foot the next street may be, from where the crew stands"),
    "reserves_per_crew": (6, "streets kept for the phone of each crew until the end of the day"),
    "street_length_max_m": (0, "longer streets are cut when a map is imported"),
    "triangle_radius_max_m": (0, "longest walk from a connection point to its hubs, when a map is imported"),
    "compound_people_max": (0, "larger compounds are divided when a map is imported"),
    "burst_days_min": (14, "shortest burst, in days"),
    "burst_days_max": (14, "longest burst, in days"),
    "requests_a_minute": (
        0,
        "most requests of one signed-in device in a minute; visitors of one address together have ten times it",
    ),
    "second_factor": (
        0,
        "whose accounts need a second factor, a code of an app beside the password: nobody, or roles such as planner lead; "
        "planners set it, keys of the API need none",
    ),
    "pay_per_hour": (0, "yuan for a verified hour, on the pay sheet"),
    "sellers_per_rep": (18, "most sellers in care of one rep"),
    "plan_values": (
        0,
        "what a plan counts a street for: awareness, or recruits too (the candidates expected from its hours)",
    ),
    "people_per_candidate": (0, "with plan_values recruits: one expected candidate counts as so many people told"),
    "hour_cost_yuan": (0, "what a promoter-hour costs, wages and all, in yuan: for the cost of candidates and sellers"),
    "poster_cost_yuan": (0, "what one poster costs, printed and hung, in yuan"),
}
