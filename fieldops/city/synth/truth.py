"""The hidden truth of a made-up city: how many people each street has, how many of them know, how streets answer effort."""

from dataclasses import dataclass

import numpy as np
from scipy import special

from fieldops.city.synth.plane import FloatArray, Waves

MEDIAN_PEOPLE = 400.0
MEAN_AWARENESS, AWARENESS_KAPPA = 0.07, 25.0
CONTACTS_PER_HOUR, RESPONSE_SPREAD = 12.0, 0.35
_SPATIAL_SHARE = 0.65  # of the variance of awareness is shared with the neighbourhood
# Of the variance of people follows from the buildings: so an import with the true total is as far off as in Porto Alegre,
# where 80 % of the streets lie within a factor 2.3 of what was taken for them (`city.population.SPREAD`).
_BUILDINGS_SHARE = 0.56


@dataclass(frozen=True, slots=True)
class Truth:
    """
    What no promoter sees, by street, each of shape (n_streets,).

    `people` are persons; `awareness` the share of them who know, in (0, 1); `response` the new people that one
    promoter-hour really reaches on that street.
    """

    people: FloatArray
    awareness: FloatArray
    response: FloatArray


def _normal_scores(values: FloatArray) -> FloatArray:
    """Return standard normal quantiles in the order of the values."""
    rank = np.empty(values.size)
    rank[np.argsort(values, kind="stable")] = np.arange(values.size)
    return np.asarray(special.ndtri((rank + 0.5) / values.size), dtype=np.float64)


def make_truth(built: FloatArray, x: FloatArray, y: FloatArray, rng: np.random.Generator) -> Truth:
    """
    Draw the truth of a city.

    Parameters
    ----------
    built
        People that each street's buildings suggest, shape (n_streets,), > 0: what live there are more or fewer.
    x, y
        Where the streets lie, metres.
    rng
        Generator that draws.

    Returns
    -------
    Truth
        People lognormal around 400; awareness Beta with mean 0.07 and kappa 25, alike in a neighbourhood of about a
        kilometre; response lognormal with mean 12 and street factor tau 0.35.

    Notes
    -----
    statistics.md 4.2 and 4.4. The marginal distributions are exact (a Gaussian copula over ranks), so that the prior
    of the estimator can be checked against them.
    """
    logs = np.log(built)
    spread = float(np.clip(logs.std(), 0.6, 0.85))
    standard = (logs - logs.mean()) / max(float(logs.std()), 1e-9)
    noise = rng.standard_normal(built.size)
    score = _normal_scores(np.sqrt(_BUILDINGS_SHARE) * standard + np.sqrt(1 - _BUILDINGS_SHARE) * noise)
    people = np.maximum(np.round(MEDIAN_PEOPLE * np.exp(spread * score)), 5.0)
    field = _normal_scores(Waves(rng, 1_600, 6_000, 30)(x, y))
    mixed = np.sqrt(_SPATIAL_SHARE) * field + np.sqrt(1 - _SPATIAL_SHARE) * rng.standard_normal(built.size)
    share = special.ndtr(_normal_scores(mixed))
    awareness = special.betaincinv(MEAN_AWARENESS * AWARENESS_KAPPA, (1 - MEAN_AWARENESS) * AWARENESS_KAPPA, share)
    factor = np.exp(RESPONSE_SPREAD * rng.standard_normal(built.size) - RESPONSE_SPREAD**2 / 2)
    return Truth(people, np.asarray(awareness, dtype=np.float64), CONTACTS_PER_HOUR * factor)
