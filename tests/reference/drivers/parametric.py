"""Moments, normal tails and Cornish-Fisher's expansion by numpy and scipy, shortfalls by numerical integration."""

import numpy as np
from numpy.polynomial import Polynomial
from scipy import stats

from lines import answer_all

# Gauss and Legendre's rule over twelve deviations, on which all that is integrated here is smooth.
NODES, WEIGHTS = np.polynomial.legendre.leggauss(128)
REACH = 12.0


def density(x):
    return np.exp(-x * x / 2.0) / np.sqrt(2.0 * np.pi)


def moments(question):
    returns = np.array(question["returns"])
    return {
        "mean": returns.mean(),
        "deviation": returns.std(ddof=1),
        "skewness": stats.skew(returns),
        "kurtosis": stats.kurtosis(returns),
    }


def normal(question):
    mean, deviation = question["mean"], question["deviation"]
    alphas = np.array(question["tails_bps"]) / 10_000
    edges = stats.norm.ppf(alphas)
    points = edges[:, None] + REACH * (NODES - 1.0) / 2.0
    beyond = (points * density(points)) @ WEIGHTS * REACH / 2.0 / alphas
    tails = [
        {"var": -(mean + deviation * edge), "es": -(mean + deviation * mean_beyond)}
        for edge, mean_beyond in zip(edges, beyond)
    ]
    p = question["p"]
    quantile = stats.norm.ppf(p) if 0.0 < p < 1.0 else 0.0
    return {"quantile": quantile, "tails": tails}


def cornish_fisher(question):
    mean, deviation = question["mean"], question["deviation"]
    s, k = question["skewness"], question["kurtosis"]
    z = Polynomial([0.0, 1.0])
    expansion = z + (z**2 - 1) * s / 6 + (z**3 - 3 * z) * k / 24 - (2 * z**3 - 5 * z) * s**2 / 36
    slope = expansion.deriv()
    constant, linear, square = np.append(slope.coef, np.zeros(3))[:3]
    # A parabola that opens downwards has no least value.
    least = constant - linear**2 / (4 * square) if square > 0 else -np.inf if square < 0 or linear != 0 else constant
    # The mean quantile under α, over z, in which it is smooth.
    alphas = np.array(question["tails_bps"]) / 10_000
    edges = stats.norm.ppf(alphas)
    points = edges[:, None] + REACH * (NODES - 1.0) / 2.0
    beyond = (expansion(points) * density(points)) @ WEIGHTS * REACH / 2.0 / alphas
    tails = [
        {"var": -(mean + deviation * expansion(edge)), "es": -(mean + deviation * mean_beyond)}
        for edge, mean_beyond in zip(edges, beyond)
    ]
    return {"least_slope": max(least, -1e300), "tails": tails}


ASKED = {"moments": moments, "normal": normal, "cornish_fisher": cornish_fisher}

answer_all(lambda question: ASKED[question["ask"]](question))
