"""
What ties the streets of a city together, by likelihood: valid wherever the asking stopped.

The moments of `pool_streets` take the number of surveys as given, but a card asks on where it is in doubt: on tests of R50 the
moments say that streets differ 40 % more than they do, and the city's mean is 4 % too high. The likelihood of the
answers does not depend on why the asking stopped; it is twice as precise, and it knows that a connection point, where the
people of several streets pass, differs less from its triangle than a street does.
"""

from typing import NamedTuple

import numpy as np
from scipy import sparse, special

from fieldops.awareness.counting import FloatArray, IntArray
from fieldops.awareness.dynamics import Response
from fieldops.awareness.estimate import Correlation, Pool

_MOST_TRIANGLES = 1_500  # more tell nothing new of three numbers
_MEANS = special.expit(np.arange(-6.0, 3.01, 0.25))  # awareness of a triangle, even on the logit scale
# Views before the data, on the scales (logit city, ln kappa of streets, ln kappa of triangles). Most cities lie within a
# factor 2 of what is assumed. How far triangles lie apart nobody can say from one of them: it may be all that streets
# differ, by a factor e more or less, so that one place, however often asked, tells little of the others.
_DEVIATION = np.array([0.7, 0.4, 1.0])
_REACH = np.array([5.0, 2.5, 2.5])  # in those deviations: where the posterior is looked for
_NODES = (17, 9, 9)
_LOOKS = 3  # each at the part of the one before where the posterior is
_NEGLIGIBLE = 1e-4  # of the likeliest


class _Answers(NamedTuple):
    """Counts that differ, as columns, and how often each triangle has them, of shape (n_triangles, n_counts)."""

    knows: FloatArray
    asked: FloatArray
    breadth: FloatArray
    of_triangle: sparse.csr_array


def fit_pool(
    knows: FloatArray, asked: FloatArray, triangle: IntArray, breadth: FloatArray, prior: Response | None = None
) -> Pool:
    """
    Return what ties the units together: the posterior of city and correlations, given all answers before the first push.

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
    s ~ Beta-binomial(n, kappa m_T) around its triangle's mean m_T ~ Beta(K city), summed over the means, and city, kappa and K
    over a grid that narrows to where the posterior is: what a few triangles say of the city is as doubtful as K is. Some
    2 ms for ten measured triangles, 0.3 s for 1,500; more are not looked at.
    """
    assumed = prior or Response()
    # The mean over cities is what is assumed, to a hundredth.
    city = special.logit(assumed.mu) - _DEVIATION[0] ** 2 / 2.0 * (1.0 - 2.0 * assumed.mu)
    before = np.array([city, np.log(2.0 * assumed.kappa), np.log(assumed.kappa)])
    answers = _answers(knows, asked, triangle, breadth)
    low, high = before - _REACH * _DEVIATION, before + _REACH * _DEVIATION
    for _ in range(_LOOKS):
        axes = [np.linspace(*ends, count) for ends, count in zip(zip(low, high, strict=True), _NODES, strict=True)]
        views = np.ix_(
            *(((axis - at) / wide) ** 2 / 2.0 for axis, at, wide in zip(axes, before, _DEVIATION, strict=True))
        )
        logs = _log_likelihood(answers, axes) - sum(views)
        weights = np.exp(logs - logs.max())
        sides = [weights.sum(axis=others) for others in ((1, 2), (0, 2), (0, 1))]
        for i, (axis, side) in enumerate(zip(axes, sides, strict=True)):
            live = axis[side > _NEGLIGIBLE * side.max()]
            low[i], high[i] = live[0] - (axis[1] - axis[0]), live[-1] + (axis[1] - axis[0])
    return _pool(axes, [side / side.sum() for side in sides])


def _answers(knows: FloatArray, asked: FloatArray, triangle: IntArray, breadth: FloatArray) -> _Answers:
    """Return the counts to look at; answers that look alike are one row: a card leaves few different counts."""
    use = asked > 0
    measured = np.unique(triangle[use])
    some = measured[:: max(1, -(-len(measured) // _MOST_TRIANGLES))]
    use &= np.isin(triangle, some)
    columns = np.column_stack([np.round(knows[use], 2), np.round(asked[use], 2), breadth[use]])
    rows, place = np.unique(columns, axis=0, return_inverse=True)
    of = np.searchsorted(some, triangle[use])
    often = sparse.csr_array((np.ones(len(of)), (of, place)), shape=(len(some), len(rows)))
    counts = [column[:, None] for column in rows.T]
    return _Answers(counts[0], counts[1], counts[2], often)


def _log_likelihood(answers: _Answers, axes: list[FloatArray]) -> FloatArray:
    """Return the log-likelihood at each node of (logit city, ln kappa, ln K), shape (n_city, n_kappa, n_K)."""
    shape = tuple(len(axis) for axis in axes)
    logs = np.zeros(shape)
    city, held = special.expit(axes[0])[:, None, None], np.exp(axes[2])[None, :, None]
    triangles = held * (city * np.log(_MEANS) + (1.0 - city) * np.log1p(-_MEANS))
    triangles = np.exp(triangles - np.logaddexp.reduce(triangles, axis=2, keepdims=True)).reshape(-1, len(_MEANS))
    for i, kappa in enumerate(np.exp(axes[1])):
        a = kappa * answers.breadth * _MEANS
        b = kappa * answers.breadth * (1.0 - _MEANS)
        alike = special.betaln(a + answers.knows, b + answers.asked - answers.knows) - special.betaln(a, b)
        by_mean = answers.of_triangle @ alike
        most = by_mean.max(axis=1, initial=-np.inf, keepdims=True)
        with np.errstate(divide="ignore"):  # a node at which a triangle cannot be has no weight
            joint = np.einsum("tm,nm->tn", np.exp(by_mean - most), triangles)  # a product by BLAS waits for its threads
            sums = np.log(joint).sum(axis=0) + most.sum()
        logs[:, i, :] = sums.reshape(shape[0], shape[2])
    return logs


def _pool(axes: list[FloatArray], sides: list[FloatArray]) -> Pool:
    """Return the pool of the posterior; intervals are as wide as what is in doubt of the city and of the correlations."""
    share = special.expit(axes[0])
    city = float(sides[0] @ share)
    # The usual correlation shrinks means; the mean one is what a place of which nothing is known has.
    usual = [float(np.exp(side @ axis)) for side, axis in zip(sides[1:], axes[1:], strict=True)]
    mean = [float(side @ special.expit(-axis)) for side, axis in zip(sides[1:], axes[1:], strict=True)]
    streets, triangles = (Correlation(1.0 / (1.0 + k), rho) for k, rho in zip(usual, mean, strict=True))
    return Pool(city, streets, usual[0], triangles, float(sides[0] @ (share - city) ** 2))
