"""Historical tails, moments and shares by numpy and empyrical."""

import empyrical
import numpy as np

from lines import answer_all


def tail(question):
    profits, bps = np.array(question["profits"]), question["tail_bps"]
    alpha, count = bps / 10_000, len(profits)
    losses = np.sort(-profits)[::-1]
    rank = -(-count * bps // 10_000)
    var = losses[rank - 1]
    return {
        "var": var,
        "previous_var": losses[max(rank - 2, 0)],
        "next_var": losses[min(rank, count - 1)],
        "es": var + np.maximum(losses - var, 0.0).sum() / (count * bps / 10_000),
        "inverted_cdf": -np.quantile(profits, alpha, method="inverted_cdf"),
        "empyrical_var": empyrical.value_at_risk(profits, cutoff=alpha),
        "empyrical_cvar": empyrical.conditional_value_at_risk(profits, cutoff=alpha),
    }


def moments(question):
    returns = np.array(question["returns"])
    return {
        "std": returns.std(ddof=1),
        "annual_volatility": empyrical.annual_volatility(returns, annualization=365),
        "max_drawdown": empyrical.max_drawdown(returns),
    }


def shares(question):
    keys, values = np.array(question["values"]).T
    sums = np.bincount(keys.astype(int), weights=values)
    sums = sums[sums > 0]
    weights = np.sort(sums / sums.sum())[::-1]
    index = np.dot(weights, weights)
    return {"shares": weights.tolist(), "hhi": index, "effective": 1.0 / index}


ASKED = {"tail": tail, "moments": moments, "shares": shares}

answer_all(lambda question: ASKED[question["ask"]](question))
