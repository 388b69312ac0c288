"""How a burst will end: streets saturated by its last day, with an interval that learns from how its claims have ended so far."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
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
    claims: Sequence[Sequence[float]],
    free: Sequence[tuple[float, float, str]],
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
        For each claim in force the plan's probability that it moves on; those that are decided together stand together.
    free
        Streets that nobody holds and that are not saturated: promoter-hours, probability, and what they are decided with;
        those of fewest hours are taken first.
    hours_left
        Promoter-hours at hand until the end of the burst, less those that the claims in force still need.
    ended
        Claims of the burst that have ended: what their plan promised, and whether they moved on.

    Notes
    -----
    Promise and outcome meet in a Beta posterior of the share that moves on, with the plan's promise as a prior of
    `PRIOR_CLAIMS` claims. Its doubt is common to all streets and does not average out; that of the decisions does (see
    `doubt_together`).
    """
    later = defaultdict[str, list[float]](list)
    for hours, chance, together in sorted(free):
        if hours > hours_left:
            break
        hours_left -= hours
        later[together].append(chance)
    groups = [*claims, *later.values()]
    coming = [chance for group in groups for chance in group]
    if not coming:
        return Ending(streets, saturated, 0, 0, float(saturated), saturated, saturated, 1.0)
    promised = sum(chance for chance, _ in ended) + PRIOR_CLAIMS * sum(coming) / len(coming)
    moved_on = sum(outcome for _, outcome in ended) + PRIOR_CLAIMS * sum(coming) / len(coming)
    trials = len(ended) + PRIOR_CLAIMS
    share, promise = moved_on / trials, promised / trials
    kept = share / promise
    common = sqrt(share * (1.0 - share) / (trials + 1.0)) / promise  # standard deviation of `kept`
    likely = [[min(1.0, kept * chance) for chance in group] for group in groups]
    expected = saturated + sum(map(sum, likely))
    spread = Z80 * sqrt(doubt_together(likely) + (common * sum(coming)) ** 2)
    most, held = saturated + len(coming), sum(map(len, claims))
    return Ending(
        streets, saturated, held, len(coming) - held, expected, max(saturated, round(expected - spread)),
        min(most, round(expected + spread)), kept,
    )  # fmt: skip


def doubt_together(groups: Iterable[Sequence[float]]) -> float:
    """
    Return the variance of how many streets move on, from their probabilities; those of a group are decided together.

    RULE 10: where one triangle's point decides, all its streets move on or none does: of n streets and one probability p that
    is n^2 p (1 - p), not n p (1 - p). Where they differ the less probable moves on only where the more probable does. Groups
    are independent of each other.
    """
    variance = 0.0
    for group in groups:
        ordered = sorted(group, reverse=True)
        variance += sum((2 * k + 1) * chance for k, chance in enumerate(ordered)) - sum(ordered) ** 2
    return max(0.0, variance)
