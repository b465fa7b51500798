"""Return series by pandas, and the market risk of a wallet by numpy."""

import numpy as np
import pandas as pd

from lines import answer_all

WINDOW, FILL = 365, 2


def series(question):
    """Log returns of the last year's latest run without a hole of more than two days."""
    closes = pd.Series(question["closes"], dtype=float).iloc[-(WINDOW + 1) :]
    filled = closes.ffill(limit=FILL)
    # A long hole is partly filled by the limit: what is before its end is of another run.
    holes = np.flatnonzero(filled.isna() & (np.arange(len(filled)) > closes.first_valid_index() - closes.index[0]))
    if len(holes):
        filled = filled.iloc[holes[-1] + 1 :]
    return {"returns": np.log(filled.dropna()).diff().dropna().tolist()}


def wallet(question):
    values, closes = np.array(question["values"]), np.array(question["closes"])
    profits = values @ (closes[:, 1:] / closes[:, :-1] - 1.0)
    losses = np.sort(-profits)[::-1]
    path = (values[:, None] * closes / closes[:, -1:]).sum(axis=0)
    figures = {
        "volatility": profits.std(ddof=1) / values.sum() * np.sqrt(365),
        "max_drawdown": (1.0 - path / np.maximum.accumulate(path)).max(),
        "hhi": ((values / values.sum()) ** 2).sum(),
    }
    for name, bps in (("95", 500), ("99", 100)):
        var = losses[-(-len(losses) * bps // 10_000) - 1]
        figures[f"var_{name}"] = var
        figures[f"es_{name}"] = var + np.maximum(losses - var, 0.0).sum() / (len(losses) * bps / 10_000)
    return figures


ASKED = {"series": series, "wallet": wallet}

answer_all(lambda question: ASKED[question["ask"]](question))
