"""Tails of correlated multivariate Student-t moves by numpy, with their sampling error for 10,000 paths."""

import numpy as np

from lines import answer_all

FREEDOM, PATHS, GROUPS = 5, 10_000, 20


def tails_of(losses):
    losses = np.sort(losses)[::-1]
    figures = {}
    for name, bps in (("95", 500), ("99", 100)):
        rank = len(losses) * bps // 10_000
        figures[f"var_{name}"] = losses[rank - 1]
        figures[f"es_{name}"] = losses[:rank].mean()
    return figures


def days(draw, factor, count):
    """Log moves of so many days: normals over one chi-square a day, of unit variance, then correlated."""
    moves = np.zeros((PATHS, len(factor)))
    for _ in range(count):
        scales = np.sqrt((FREEDOM - 2) / draw.chisquare(FREEDOM, (PATHS, 1)))
        moves += draw.standard_normal((PATHS, len(factor))) * scales
    return moves @ factor.T


def answer(question):
    draw = np.random.default_rng(11)
    factor = np.linalg.cholesky(np.array(question["covariance"]))
    exposures = np.array(question["exposures"])
    figures = {}
    for name, count in (("day", 1), ("week", 7)):
        groups = [tails_of(-np.expm1(days(draw, factor, count)) @ exposures) for _ in range(GROUPS)]
        figures[name] = {}
        for field in groups[0]:
            values = np.array([group[field] for group in groups])
            # Of one sample of ours and the mean of these.
            error = values.std(ddof=1) * np.sqrt(1 + 1 / GROUPS)
            figures[name][field] = {"value": values.mean(), "error": error}
    return figures


answer_all(answer)
