"""How the field treats a campaign: the people who do not come, the weather, the phones, the made-up answers."""

from dataclasses import asdict, dataclass, fields
from typing import Self

from fieldops.errors import BadInput

_SHARES = (
    "no_show", "attrition", "late_sync", "lost_sync", "fabricating", "fabricated_share", "bad_weather", "venue_share",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """
    What the field does to a plan; the defaults are a plain field, in which everybody comes and everything arrives.

    Parameters
    ----------
    setup_minutes
        What it takes a crew to begin pushing on a street each time it comes there, clock minutes, >= 0.
    people_error
        Spread of the logarithm of the people on a street about what the operation believes, >= 0.
    no_show
        Share of promoters who do not come on a day.
    attrition
        Share of promoters who leave for good within 30 days; the crew is smaller from the next morning on.
    bad_weather
        Share of days of which half is lost to everybody.
    late_sync, lost_sync
        Share of measurements that reach the region only in the evening, and of those that never do.
    fabricating, fabricated_share
        Share of promoters who make answers up, and how often a made-up answer is "knows".
    venue_share
        Share of the contacts of a street with venues that are made there, while these are open only.
    contact_noise
        Spread of the logarithm of conversations per person who newly knows, from street to street, >= 0.
    commute
        Whether the way from home and back takes working hours.
    refused
        Share of passers-by who do not answer.

    Raises
    ------
    BadInput
        If a number is outside its range.
    """

    setup_minutes: float = 20.0
    people_error: float = 0.0
    no_show: float = 0.0
    attrition: float = 0.0
    bad_weather: float = 0.0
    late_sync: float = 0.0
    lost_sync: float = 0.0
    fabricating: float = 0.0
    fabricated_share: float = 0.35
    venue_share: float = 0.0
    contact_noise: float = 0.15
    commute: bool = False
    refused: float = 0.0

    def __post_init__(self) -> None:
        """Refuse numbers that cannot be meant."""
        for name in (*_SHARES, "refused"):
            if not 0.0 <= getattr(self, name) < 1.0:
                raise BadInput(f"a share of {getattr(self, name):g}", field=name, cure="give 0 or more, below 1")
        for name in ("setup_minutes", "people_error", "contact_noise"):
            if getattr(self, name) < 0:
                raise BadInput(f"{getattr(self, name):g} is negative", field=name)

    def to_json(self) -> dict[str, float]:
        """Return plain JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: dict[str, float]) -> Self:
        """
        Return the conditions that `to_json` wrote; what is absent takes its default.

        Raises
        ------
        BadInput
            If a name is unknown.
        """
        unknown = set(stored) - {field.name for field in fields(cls)}
        if unknown:
            raise BadInput(f"the field has no condition {sorted(unknown)[0]}", field=sorted(unknown)[0])
        return cls(**stored)  # type: ignore[arg-type]  # the names were checked


PLAIN = Conditions()
# Shares that operators tell of where they are known, else ASSUMED: a third of promoters lost in a month.
ROUGH = Conditions(
    people_error=0.2, no_show=0.08, attrition=1 / 3, bad_weather=0.07, late_sync=0.1, lost_sync=0.02, venue_share=0.3,
    commute=True, refused=0.1,
)  # fmt: skip
FIELDS = {"plain": PLAIN, "rough": ROUGH}
