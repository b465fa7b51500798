"""The references' side of the benchmark: each form timed on the same wallets, least CPU time of several rounds, one thread."""

import json
import sys
import time
from pathlib import Path

import empyrical
import numpy as np
import pandas as pd
from sklearn.covariance import ledoit_wolf

ASSETS, PATHS, LAMBDA, NU = 8, 10_000, 0.94, 5
folder = Path(sys.argv[1])
log_returns = np.fromfile(folder / "returns.f64").reshape(ASSETS, -1).T.copy()
exposures = np.fromfile(folder / "exposures.f64").reshape(-1, ASSETS)
scenarios = np.fromfile(folder / "scenarios.f32", dtype=np.float32).reshape(ASSETS, PATHS)
# What every wallet shares is computed once, as ours is.
simple = np.expm1(log_returns)
levels = np.exp(np.vstack([np.zeros(ASSETS), np.cumsum(log_returns, axis=0)]) - np.sum(log_returns, axis=0))
days = len(simple)
# The recursion seeded with r0², as weights: numpy has no loop of its own for it.
weights = (1 - LAMBDA) * LAMBDA ** np.arange(days - 1, -1, -1)
weights[0] += LAMBDA**days


def least(rounds, calls, call):
    best = float("inf")
    for _ in range(rounds):
        before = time.thread_time()
        for index in range(calls):
            call(index)
        best = min(best, time.thread_time() - before)
    return best / calls * 1e6


def tails(losses):
    count = len(losses)
    k95, k99 = -(-count * 5 // 100), -(-count // 100)
    part = np.partition(losses, (count - k95, count - k99))
    var95, var99 = part[count - k95], part[count - k99]
    es95 = var95 + (part[count - k95 :] - var95).sum() / (0.05 * count)
    es99 = var99 + (part[count - k99 :] - var99).sum() / (0.01 * count)
    return var95, es95, var99, es99


def statistics(index):
    held = exposures[index]
    profits = simple @ held
    var95, es95, var99, es99 = tails(-profits)
    variance = weights @ (profits * profits)
    path = levels @ held
    peak = np.maximum.accumulate(path)
    drawdown = ((peak - path) / peak).max()
    share = np.abs(held) / np.abs(held).sum()
    covariance, shrinkage = ledoit_wolf(log_returns)
    return var95, es99, variance, drawdown, share @ share, shrinkage, covariance[7, 0]


frame = pd.DataFrame(simple)


def in_pandas(index):
    held = exposures[index]
    returns = (frame * held).sum(axis=1) / held.sum()
    for cutoff in (0.05, 0.01):
        empyrical.value_at_risk(returns, cutoff)
        empyrical.conditional_value_at_risk(returns, cutoff)
    (returns**2).ewm(alpha=1 - LAMBDA, adjust=False).mean().iloc[-1]
    empyrical.max_drawdown(returns)
    share = pd.Series(np.abs(held)) / np.abs(held).sum()
    (share**2).sum()
    ledoit_wolf(frame)


factor = np.linalg.cholesky(ledoit_wolf(log_returns)[0])
generator = np.random.default_rng(1)


def monte_carlo(index):
    """The cheapest form of the same model: the simple returns are taken for the log returns."""
    mixing = np.sqrt((NU - 2) / generator.chisquare(NU, PATHS))
    moves = generator.standard_normal((PATHS, ASSETS)) @ (factor.T @ exposures[index])
    return tails(-mixing * moves)


def batch_rows(size):
    held = exposures[:size].astype(np.float32)
    k95, k99 = PATHS - PATHS // 20, PATHS - PATHS // 100

    def call(_):
        losses = -held @ scenarios
        losses.partition((k95, k99), axis=1)
        var95, var99 = losses[:, k95], losses[:, k99]
        return var95, losses[:, k95:].mean(axis=1), var99, losses[:, k99:].mean(axis=1)

    return call


def batch_one_place(size):
    """Partition at 95 % only, then at 99 % within the tail: the least work numpy can do."""
    held = exposures[:size].astype(np.float32)
    k95 = PATHS - PATHS // 20

    def call(_):
        losses = -held @ scenarios
        losses.partition(k95, axis=1)
        tail = losses[:, k95:].copy()
        tail.partition(PATHS // 20 - PATHS // 100, axis=1)
        worst = tail[:, PATHS // 20 - PATHS // 100 :]
        return losses[:, k95], tail.mean(axis=1), worst[:, 0], worst.mean(axis=1)

    return call


sizes = (1, 4, 16, 64, 256)
batches = {size: min(least(8, 4, form(size)) / size for form in (batch_rows, batch_one_place)) for size in sizes}
products = {}
for size in sizes:
    block = exposures[:size].astype(np.float32)
    products[size] = least(8, 4, lambda _, block=block: block @ scenarios) / size
var95, es99, variance, drawdown, concentration, shrinkage, covariance = statistics(0)
print(
    json.dumps(
        {
            "statistics_us": least(20, 50, statistics),
            "empyrical_us": least(8, 20, in_pandas),
            "monte_carlo_us": least(10, 10, monte_carlo),
            "batch_us": min(batches.values()),
            "product_us": min(products.values()),
            "batch_var_99": float(batch_rows(4)(0)[2][0]),
            "var_95": var95,
            "es_99": es99,
            "variance": variance,
            "drawdown": drawdown,
            "concentration": concentration,
            "shrinkage": shrinkage,
            "covariance_70": covariance,
        }
    )
)
