"""The nearest point of the border N = D by scipy's SLSQP, and roots along a line by brentq."""

import numpy as np
from scipy import optimize, special

from lines import answer_all


def nearest(weighted, debt, covariance):
    """Least |y| with ln N(Ly) = ln D(Ly), from the delta method's point and from one around it; None where neither led there."""
    lower = np.linalg.cholesky(covariance)
    sides = lambda y: [special.logsumexp(lower @ y, b=side) for side in (weighted, debt)]
    border = lambda y: np.subtract(*sides(y))

    def slope(y):
        n, d = sides(y)
        return lower.T @ (weighted * np.exp(lower @ y - n) - debt * np.exp(lower @ y - d))

    gradient = slope(np.zeros(len(debt)))
    start = -border(np.zeros(len(debt))) * gradient / (gradient @ gradient)
    draw = np.random.default_rng(1)
    best = np.inf
    for scale in (0.0, 0.5):
        first = start + scale * np.linalg.norm(start) * draw.standard_normal(len(start))
        found = optimize.minimize(
            lambda y: y @ y,
            first,
            jac=lambda y: 2 * y,
            constraints={"type": "eq", "fun": border, "jac": slope},
            method="SLSQP",
            options={"ftol": 1e-15, "maxiter": 200},
        )
        if abs(border(found.x)) < 1e-9:
            best = min(best, np.linalg.norm(found.x))
    return best if np.isfinite(best) else None


def first_root(surplus, steps):
    """The first root along the steps, where the surplus starts above zero; None where it stays there."""
    before = 0.0
    for step in steps:
        if surplus(step) <= 0.0:
            return optimize.brentq(surplus, before, step, xtol=1e-15, rtol=1e-14, maxiter=500)
        before = step
    return None


def answer(question):
    weighted, debt = np.array(question["weighted"]), np.array(question["debt"])
    betas, supply, borrow = (np.array(question[name]) for name in ("betas", "supply", "borrow"))
    shock = lambda s: weighted @ np.exp(-betas * s) - debt @ np.exp(-betas * s)
    # Both sides less the largest growth, so that a thousand years do not overflow.
    most = max(supply.max(), borrow.max())
    carry = lambda t: weighted @ np.exp((supply - most) * t) - debt @ np.exp((borrow - most) * t)
    return {
        "sigmas": nearest(weighted, debt, np.array(question["covariance"])),
        "shock": first_root(shock, 1e-3 * 1.25 ** np.arange(0, 49)),
        "years": first_root(carry, 1.1 ** np.arange(0, 135) / 365),
    }


answer_all(answer)
