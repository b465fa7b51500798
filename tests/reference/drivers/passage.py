"""Normal tails, and the first passage of a drifted Brownian motion, by scipy.stats."""

import math

from scipy import stats

from lines import answer_all


def normal(question):
    return {"cdf": stats.norm.cdf(question["x"])}


def passage(question):
    """Chance that σW + νt reaches −barrier in time: inverse Gaussian towards it, defective away from it."""
    barrier, volatility = question["barrier"], question["volatility"]
    drift, years = question["drift"], question["years"]
    mean, shape = barrier / abs(drift), (barrier / volatility) ** 2
    log_probability = stats.invgauss.logcdf(years, mean / shape, scale=shape)
    if drift > 0.0:
        log_probability -= 2.0 * drift * barrier / volatility**2
    return {"probability": math.exp(log_probability)}


ASKED = {"normal": normal, "passage": passage}

answer_all(lambda question: ASKED[question["ask"]](question))
