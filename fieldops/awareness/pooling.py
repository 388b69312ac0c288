"""
What ties the streets of a city together, by likelihood: valid wherever the asking stopped.

The moments of `pool_streets` take the number of surveys as given, but a card asks on where it is in doubt: on tests of R50 the
moments say that streets differ 40 % more than they do, and the city's mean is 4 % too high. The likelihood of the
answers does not depend on why the asking stopped; it is twice as precise, and it knows that a connection point, where the
people of several streets pass, differs less from its triangle than a street does.
"""

import numpy as np
from scipy import optimize, special

from fieldops.awareness.counting import FloatArray, IntArray
from fieldops.awareness.dynamics import Response
from fieldops.awareness.estimate import Correlation, Pool

_MOST_TRIANGLES = 1_500  # more tell nothing new of three numbers
_MEANS = special.expit(np.arange(-6.0, 1.01, 0.25))  # awareness of a triangle, even on the logit scale
# Views before the data, on the scales (logit city, ln kappa of streets, ln kappa of triangles): what is assumed of streets'
# differences, split evenly between the two levels, may be wrong by a factor 1.5 either way.
_DEVIATION = np.array([1.0, 0.4, 0.4])
_STEP = 0.1
_REACH = np.array([5.0, 2.5, 2.5])


def fit_pool(
    knows: FloatArray, asked: FloatArray, triangle: IntArray, breadth: FloatArray, prior: Response | None = None
) -> Pool:
    """
    Return what ties the units together: the mode of the penalised likelihood of all answers before the first push.

    Parameters
    ----------
    knows, asked
        Counts by unit, shape (n_units,); fractions are welcome.
    triangle
        Index of each unit's triangle, shape (n_units,).
    breadth
        How many streets' people each unit mixes, >= 1: 1 for a street, more for a connection point, which differs
        less from its triangle's mean.
    prior
        Mean and kappa of streets before the data; by default the assumed ones. Never those fitted to the same answers: they
        would count twice.

    Notes
    -----
    s ~ Beta-binomial(n, kappa m_T) around its triangle's mean m_T ~ Beta(K city): summed over 29 means, three numbers by
    L-BFGS-B. Some 0.1 s for 500 measured units; linear, and at most 1,500 triangles are looked at.
    """
    use = asked > 0
    measured = np.unique(triangle[use])
    some = measured[:: max(1, -(-len(measured) // _MOST_TRIANGLES))]
    use &= np.isin(triangle, some)
    assumed = prior or Response()
    before = np.array([special.logit(assumed.mu), *[np.log(2.0 * assumed.kappa)] * 2])
    if not use.any():
        return _pool(before, _DEVIATION)
    of = np.searchsorted(some, triangle[use])
    # Answers that look alike count once, so often: a card leaves few different counts.
    rows, place = np.unique(
        np.column_stack([np.round(knows[use], 2), np.round(asked[use], 2), breadth[use]]), axis=0, return_inverse=True
    )
    s, n, wide = rows.T[:, :, None]

    def cost(x: FloatArray) -> float:
        city, kappa, held = special.expit(x[0]), np.exp(x[1]) * wide, np.exp(x[2])
        a, b = kappa * _MEANS, kappa * (1.0 - _MEANS)
        alike = special.betaln(a + s, b + n - s) - special.betaln(a, b)
        by_triangle = np.zeros((len(some), len(_MEANS)))
        np.add.at(by_triangle, of, alike[place])
        mean = held * (city * np.log(_MEANS) + (1.0 - city) * np.log1p(-_MEANS))
        off = (x - before) / _DEVIATION
        total = np.logaddexp.reduce(by_triangle + mean - np.logaddexp.reduce(mean), axis=1).sum()
        return 0.5 * float(off @ off) - float(total)

    bounds = list(zip(before - _REACH * _DEVIATION, before + _REACH * _DEVIATION, strict=True))
    found = optimize.minimize(cost, before, method="L-BFGS-B", bounds=bounds, options={"ftol": 1e-7})
    mode = np.asarray(found.x)
    bends = [(cost(mode + step) - 2.0 * cost(mode) + cost(mode - step)) / _STEP**2 for step in _STEP * np.eye(3)]
    return _pool(mode, np.minimum(1.0 / np.sqrt(np.maximum(bends, 1e-9)), _DEVIATION))


def _pool(x: FloatArray, deviation: FloatArray) -> Pool:
    """Return the pool at the mode; intervals are as wide as what is in doubt of the city and of the correlations' means."""
    kappa, held = np.exp(x[1:])
    streets, triangles = (
        Correlation(float(1.0 / (1.0 + k)), float(np.exp(doubt**2 / 2.0) / (1.0 + k)))
        for k, doubt in zip((kappa, held), deviation[1:], strict=True)
    )
    city = float(special.expit(x[0]))
    return Pool(city, streets, float(kappa), triangles, float(city * (1.0 - city) * deviation[0]) ** 2)
