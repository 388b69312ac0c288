"""How a burst will end: streets saturated by its last day, with an interval that learns from how its claims have ended so far."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

Z80 = 1.2815515655446004  # 80 % of a normal distribution lie within so many standard deviations
PRIOR_CLAIMS = 10.0  # so many ended claims weigh as much as what the plan promises


@dataclass(frozen=True, slots=True)
class Ending:
    """
    Streets of a burst that will be saturated by its end.

    `saturated` are so already; `claims` are in force and `later` fit into the hours that are left after them; `expected`
    of all `streets` with an 80 % interval `low` to `high`. `kept` is how often claims end as the plan promises, 1 where
    they keep its word.
    """

    streets: int
    saturated: int
    claims: int
    later: int
    expected: float
    low: int
    high: int
    kept: float


def forecast_ending(
    *,
    streets: int,
    saturated: int,
    claims: Sequence[float],
    free: Sequence[tuple[float, float]],
    hours_left: float,
    ended: Sequence[tuple[float, bool]],
) -> Ending:
    """
    Return how many streets of a burst will be saturated at its end.

    Parameters
    ----------
    streets, saturated
        All of the burst, and those that are saturated now.
    claims
        For each claim in force the plan's probability that it moves on.
    free
        Streets that nobody holds and that are not saturated: promoter-hours and probability; those of fewest hours are
        taken first.
    hours_left
        Promoter-hours at hand until the end of the burst, less those that the claims in force still need.
    ended
        Claims of the burst that have ended: what their plan promised, and whether they moved on.

    Notes
    -----
    Promise and outcome meet in a Beta posterior of the share that moves on, with the plan's promise as a prior of
    `PRIOR_CLAIMS` claims. Its doubt is common to all streets and does not average out; that of the single decisions does.
    """
    later: list[float] = []
    for hours, chance in sorted(free):
        if hours > hours_left:
            break
        hours_left -= hours
        later.append(chance)
    coming = [*claims, *later]
    if not coming:
        return Ending(streets, saturated, 0, 0, float(saturated), saturated, saturated, 1.0)
    promised = sum(chance for chance, _ in ended) + PRIOR_CLAIMS * sum(coming) / len(coming)
    moved_on = sum(outcome for _, outcome in ended) + PRIOR_CLAIMS * sum(coming) / len(coming)
    trials = len(ended) + PRIOR_CLAIMS
    share, promise = moved_on / trials, promised / trials
    kept = share / promise
    common = sqrt(share * (1.0 - share) / (trials + 1.0)) / promise  # standard deviation of `kept`
    likely = [min(1.0, kept * chance) for chance in coming]
    expected = saturated + sum(likely)
    spread = Z80 * sqrt(sum(chance * (1.0 - chance) for chance in likely) + (common * sum(coming)) ** 2)
    most = saturated + len(coming)
    return Ending(
        streets, saturated, len(claims), len(later), expected, max(saturated, round(expected - spread)),
        min(most, round(expected + spread)), kept,
    )  # fmt: skip
