"""Volatility recursions by arch, with our parameters and, unless it says otherwise, our first variance."""

import numpy as np
from arch.univariate import GARCH, EWMAVariance
from scipy import stats

from lines import answer_all

HOURLY_LAMBDA, HOURLY_PERSISTENCE = 0.94, 0.97
DECAY, BURN_IN, FLOOR = 0.90, 20, 0.01


def recursion(model, parameters, returns, first):
    """The variances of each day and of the one after the last."""
    extended = np.append(returns, 0.0)
    bounds = np.tile([0.0, np.finfo(float).max], (len(extended), 1))
    return model.compute_variance(np.array(parameters), extended, np.empty_like(extended), first, bounds)


def ewma(question):
    returns = np.array(question["returns"])
    model = EWMAVariance(0.94)
    last = lambda first: recursion(model, [], returns, first)[-1]
    return {
        "first_square": last(returns[0] ** 2),
        "backcast": last(model.backcast(returns)),
        "first_sixty": last(np.mean(returns[:60] ** 2)),
        "ordinary": np.sort(np.abs(returns))[len(returns) // 2] / stats.norm.ppf(0.75),
    }


def daily(question):
    returns = np.array(question["returns"])
    rest = returns[BURN_IN:]
    variances = recursion(EWMAVariance(DECAY), [], rest, np.mean(returns[:BURN_IN] ** 2))
    floor = FLOOR * np.sqrt(np.mean(returns**2))
    assert np.sqrt(variances).min() > floor, "arch has no floor: draw returns that do not need one"
    return {"standardised": (rest / np.sqrt(variances[:-1])).tolist(), "volatility": np.sqrt(variances[-1])}


def hourly(question):
    returns = np.array(question["returns"])
    long_run = np.mean(returns**2)
    alpha = HOURLY_PERSISTENCE * (1 - HOURLY_LAMBDA)
    beta = HOURLY_PERSISTENCE * HOURLY_LAMBDA
    parameters = [(1 - HOURLY_PERSISTENCE) * long_run, alpha, beta]
    variances = recursion(GARCH(1, 0, 1), parameters, returns, long_run)
    residuals = returns / np.sqrt(variances[:-1])
    # arch's own forecast of the variance, hour by hour.
    bounds = np.tile([0.0, np.finfo(float).max], (len(returns), 1))
    ahead = GARCH(1, 0, 1).forecast(np.array(parameters), returns, long_run, bounds, start=len(returns) - 1, horizon=168)
    hours = ahead.forecasts[-1]
    return {
        "residuals": (residuals - residuals.mean()).tolist(),
        "variance": variances[-1],
        "day": hours[:24].sum(),
        "week": hours.sum(),
    }


ASKED = {"ewma": ewma, "daily": daily, "hourly": hourly}

answer_all(lambda question: ASKED[question["ask"]](question))
