"""Ledoit-Wolf by scikit-learn; correlation, factors, bets and the spectral repair by numpy."""

import numpy as np
from sklearn.covariance import ledoit_wolf

from lines import answer_all


def correlation_of(covariance):
    deviations = np.sqrt(np.diag(covariance))
    return covariance / np.outer(deviations, deviations)


def shrunk(question):
    covariance, shrinkage = ledoit_wolf(np.array(question["columns"]).T)
    exposures = np.array(question["exposures"])
    values, vectors = np.linalg.eigh(covariance)
    carried = (vectors.T @ exposures) ** 2 * values
    shares = carried / carried.sum()
    shares = shares[shares > 0]
    factor = np.linalg.cholesky(covariance)
    return {
        "covariance": covariance.ravel().tolist(),
        "shrinkage": float(shrinkage),
        "correlation": correlation_of(covariance).ravel().tolist(),
        "cholesky": factor[np.tril_indices(len(factor))].tolist(),
        "eigenvalues": np.linalg.eigvalsh(covariance)[::-1].tolist(),
        "bets": np.exp(-(shares * np.log(shares)).sum()),
    }


def stressed(question):
    is_risk = np.array(question["is_risk"])
    size = len(is_risk)
    own = np.array(question["correlation"]).reshape(size, size)
    block = np.outer(is_risk, is_risk) & ~np.eye(size, dtype=bool)
    wanted = np.where(block, np.maximum(own, question["floor"]), own)
    values, vectors = np.linalg.eigh(wanted)
    repaired = wanted
    if values.min() <= 0:
        repaired = correlation_of(vectors @ np.diag(np.maximum(values, 0)) @ vectors.T)
    return {"stressed": repaired.ravel().tolist(), "moved": np.abs(repaired - wanted).max()}


ASKED = {"shrunk": shrunk, "stressed": stressed}

answer_all(lambda question: ASKED[question["ask"]](question))
