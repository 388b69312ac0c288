"""The numbers of domain.md as one frozen, validated value; every one is a setting of the region."""

from dataclasses import asdict, dataclass, fields
from datetime import timedelta
from typing import Self

from fieldops.errors import BadInput

_DURATIONS = frozenset({
    "claim_duration", "cool_down", "withdrawal_grace", "clock_tolerance", "cluster_window", "measurement_window",
    "reopen_after", "first_reminder", "second_reminder", "last_reminder",
})  # fmt: skip


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
    # planning
    finish_probability: float = 0.80
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
    # recruiting
    sellers_per_rep: int = 35  # RULE 18

    def __post_init__(self) -> None:
        """Refuse numbers that cannot be meant."""
        for name in ("target_share", "interval_share", "finish_probability", "back_check_share"):
            if not 0.0 < getattr(self, name) < 1.0:
                raise BadInput(f"{getattr(self, name)} is not strictly between 0 and 1", field=name)
        for name in _DURATIONS:
            if getattr(self, name) <= timedelta(0):
                raise BadInput(f"{getattr(self, name)} is not a positive duration", field=name)
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, int | float) and not isinstance(value, bool) and value <= 0:
                raise BadInput(f"{value} is not positive", field=field.name)
        if self.burst_days_min > self.burst_days_max:
            raise BadInput("the shortest burst is longer than the longest", field="burst_days_min")

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
                raise BadInput("no such setting", field=name, cure="see `fieldops rules --help` for the names")
            if name in _DURATIONS:
                if not isinstance(value, int | float):
                    raise BadInput(f"{value!r} is not a number of seconds", field=name)
                value = timedelta(seconds=value)
            values[name] = value
        try:
            return cls(**values)  # type: ignore[arg-type]  # the loop above checked every name
        except TypeError as error:
            raise BadInput(str(error), cure="give each setting a value of its own type") from None
