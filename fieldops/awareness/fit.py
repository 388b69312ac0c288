"""The response of streets to effort, fitted to what was worked and asked, with intervals (statistics.md 4.4)."""

from dataclasses import replace

import numpy as np
from scipy import optimize

from fieldops.awareness.counting import FloatArray, IntArray
from fieldops.awareness.dynamics import Response
from fieldops.awareness.history import (
    LOG_PACE_WEIGHTS,
    PACES,
    History,
    blocks,
    start_log_weights,
    start_scores,
    walk_block,
)
from fieldops.errors import BadInput, Stopped
from fieldops.progress import Progress, no_progress

# Weak normal views before the data, on the scales of a response: (rho, delta, sigma, mu, kappa, tau).
BEFORE_DEVIATION = np.array([1.0, 1.0, 1.0, 1.0, 0.8, 0.5])
_USUAL_STEPS = 40
_REACH = 6.0  # in those deviations: where L-BFGS-B may look


def fit_response(history: History, before: Response | None = None, *, progress: Progress = no_progress) -> Response:
    """
    Return the response that the history speaks for, with its uncertainty.

    Parameters
    ----------
    history
        Hours and surveys. rho shows only in the contrast before and after pushes, delta only where finished streets are asked
        again (see `choose_sentinels`), sigma only on neighbours that were not pushed; what the history does not tell stays at
        the value before with a wide interval.
    before
        What is thought before the data; by default the assumed response.
    progress
        Told of every step, as a share of the usual number of them; may stop the fit.

    Returns
    -------
    Response
        The mode of the penalised likelihood; `covariance` from its curvature there (Laplace).

    Raises
    ------
    BadInput
        If nobody was asked.
    Stopped
        If progress asked to stop.

    Notes
    -----
    Each street's start ~ Beta(mu kappa, (1 - mu) kappa) and rate rho exp(tau z - tau^2 / 2) are summed over 53 x 7 nodes;
    L-BFGS-B with the exact gradient. About a second for 200 streets x 14 days; linear in the streets that were asked.
    """
    asked: IntArray = np.unique(history.street[history.asked > 0])
    if not len(asked):
        raise BadInput("nobody was asked: there is nothing to fit", cure="import surveys first")
    spilled, centre = history.spilled(), (before or Response()).on_scales()

    steps_done = 0

    def cost(x: FloatArray) -> tuple[float, FloatArray]:
        nonlocal steps_done
        steps_done += 1
        if not progress("fitting", min(0.99, steps_done / _USUAL_STEPS)):
            raise Stopped("nothing was stored")
        value, slope = minus_log_likelihood(x, history, spilled, asked)
        off = (x - centre) / BEFORE_DEVIATION
        return value + 0.5 * float(off @ off), slope + off / BEFORE_DEVIATION

    bounds = list(zip(centre - _REACH * BEFORE_DEVIATION, centre + _REACH * BEFORE_DEVIATION, strict=True))
    found = optimize.minimize(cost, centre, jac=True, method="L-BFGS-B", bounds=bounds)
    mode = np.asarray(found.x)
    # Laplace: curvature by differences of the exact gradient.
    steps = 1e-3 * np.eye(len(mode))
    curvature = np.array([(cost(mode + step)[1] - cost(mode - step)[1]) / 2e-3 for step in steps])
    stiff, along = np.linalg.eigh((curvature + curvature.T) / 2.0)
    # What the record says nothing of is as uncertain as it was before, never more.
    covariance = (along / np.maximum(stiff, float(np.min(BEFORE_DEVIATION**-2)))) @ along.T
    return replace(Response.from_scales(mode), covariance=tuple(tuple(row) for row in covariance.tolist()))


def minus_log_likelihood(
    x: FloatArray, history: History, spilled: FloatArray, asked: IntArray
) -> tuple[float, FloatArray]:
    """Return minus the log-likelihood of a response with the numbers `x` on its scales, and its gradient by them."""
    response = Response.from_scales(x)
    prior = start_log_weights(np.array(response.mu), response.kappa)
    by_start = start_scores(response.mu, response.kappa)
    total, score = 0.0, np.zeros(len(x))
    pace_slope = response.tau * PACES - response.tau**2
    for chosen in blocks(asked):
        likelihood, slopes, _ = walk_block(history, spilled, chosen, [response], gradient=True)
        joint = likelihood + prior[:, None] + LOG_PACE_WEIGHTS
        whole = np.logaddexp.reduce(joint, axis=(1, 2), keepdims=True)
        total += float(whole.sum())
        posterior = np.exp(joint - whole)
        by_rate = np.einsum("ijk,ijk->k", posterior, slopes[0])
        starts = posterior.sum(axis=(0, 2))
        by_alpha, by_beta = float(starts @ by_start[0]), float(starts @ by_start[1])
        score += [
            by_rate.sum(),
            np.vdot(posterior, slopes[1]),
            np.vdot(posterior, slopes[2]),
            response.kappa * (by_alpha - by_beta),
            response.mu * by_alpha + (1.0 - response.mu) * by_beta,
            by_rate @ pace_slope,
        ]
    # From the natural numbers to their scales: d delta = delta (1 - delta) d logit(delta), and so on.
    scale = [1.0, response.delta * (1 - response.delta), response.sigma * (2 - response.sigma) / 2,
             response.mu * (1 - response.mu), response.kappa, 1.0]  # fmt: skip
    return -total, -score * np.array(scale)
