"""The chance of a break that liquidates: the closed form by scipy's Poisson and Pareto, and by simulated years in numpy.

Breaks of a leg come at its rate; a break's depth in log is Pareto with its least at 2 %. A break is judged by revaluing
the account with it, alone: a leg that is net long falls by the depth, one that is net short rises by it.
"""

import numpy as np
from scipy import stats

from lines import answer_all

BREAK_FROM, DAYS_PER_YEAR = 0.02, 365.0


def closed(n, d, legs, years):
    """1 - P(no liquidating break): breaks are thinned to those that are deep enough."""
    expected = 0.0
    for leg in legs:
        net = leg["collateral"] - leg["debt"]
        distance = n - d
        if net > distance:
            depth = -np.log1p(-distance / net)
        elif net < 0.0:
            depth = np.log1p(distance / -net)
        else:
            continue
        expected += years * leg["rate"] * stats.pareto.sf(depth, leg["tail"], scale=BREAK_FROM)
    return -np.expm1(stats.poisson.logpmf(0, expected))


def simulated(n, d, legs, years, paths):
    draw = np.random.default_rng(3)
    hit = np.zeros(paths, dtype=bool)
    for leg in legs:
        net = leg["collateral"] - leg["debt"]
        counts = draw.poisson(leg["rate"] * years, paths)
        owners = np.repeat(np.arange(paths), counts)
        depths = np.log(BREAK_FROM) + draw.exponential(1.0 / leg["tail"], len(owners))
        depths = np.exp(depths)
        factor = np.exp(-depths if net > 0 else depths)
        moved = n - d + net * (factor - 1.0)
        hit[owners[moved <= 0.0]] = True
    return hit.mean()


def answer(question):
    legs = question["legs"]
    n, d = (sum(leg[side] for leg in legs) for side in ("collateral", "debt"))
    years = question["days"] / DAYS_PER_YEAR
    if n <= d:
        return {"closed": 1.0, "simulated": 1.0}
    return {
        "closed": closed(n, d, legs, years),
        "simulated": simulated(n, d, legs, years, question["paths"]) if question["paths"] else None,
    }


answer_all(answer)
