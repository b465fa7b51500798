"""Filtered historical simulation in numpy, and the shortfall of its tail by numerical integration."""

import numpy as np

from lines import answer_all

TAIL_INDEX = 3.0
DECAY, BURN_IN, FLOOR = 0.90, 20, 0.01


def value_at_risk(losses, alpha):
    """Of losses, largest first: linear between the ranks k/(n+1), a Pareto tail beyond the first, flat behind the last."""
    rank = alpha * (len(losses) + 1)
    if rank < 1.0:
        return losses[0] * rank ** (-1.0 / TAIL_INDEX) if losses[0] > 0 else losses[0]
    return np.interp(rank, np.arange(1, len(losses) + 1), losses)


def tail_of(profits, bps):
    losses, alpha, count = np.sort(-profits)[::-1], bps / 10_000, len(profits)
    first = min(1.0 / (count + 1), alpha)
    # The Pareto part by hand, since it has a pole at 0: the mean of u^(-1/3) under u is 3/2 of it at u.
    area = first * value_at_risk(losses, first * (1 - 1e-15)) * (1.5 if losses[0] > 0 else 1.0)
    kinks = np.arange(2, count + 1) / (count + 1)
    edges = np.concatenate([[first], kinks[kinks < alpha], [alpha]])
    # Between two kinks the rest is a straight line, of which trapezes are the integral.
    ends = [value_at_risk(losses, max(edge, first)) for edge in edges]
    area += np.trapezoid(ends, edges)
    return value_at_risk(losses, alpha), area / alpha


def tail(question):
    profits, bps = np.array(question["profits"]), question["tail_bps"]
    var, es = tail_of(profits, bps)
    inside = 1 <= bps / 10_000 * (len(profits) + 1) <= len(profits)
    weibull = -np.quantile(profits, bps / 10_000, method="weibull") if inside else None
    return {"var": var, "es": es, "weibull": weibull}


def simulation(question):
    returns, exposure = np.array(question["returns"]), question["exposure"]
    lowest = FLOOR * np.sqrt(np.mean(returns**2))
    volatility = max(np.sqrt(np.mean(returns[:BURN_IN] ** 2)), lowest)
    standardised = []
    for one in returns[BURN_IN:]:
        standardised.append(one / volatility)
        volatility = max(np.sqrt(DECAY * volatility**2 + (1 - DECAY) * one**2), lowest)
    profits = exposure * np.expm1(np.array(standardised) * volatility)
    var, es = tail_of(profits, question["tail_bps"])
    most = exposure if exposure > 0 else np.inf
    return {"var": min(var, most), "es": min(es, most)}


ASKED = {"tail": tail, "simulation": simulation}

answer_all(lambda question: ASKED[question["ask"]](question))
