"""First passage on hourly paths of filtered historical simulation, in numpy with numpy's own generator."""

import numpy as np

from lines import answer_all

LAMBDA, PERSISTENCE = 0.94, 0.97
NEAR, FAR, BLOCK = 24, 168, 4


def filtered(returns):
    long_run = np.mean(returns**2)
    variance, residuals = long_run, []
    for one in returns:
        residuals.append(one / np.sqrt(variance))
        variance = (1 - PERSISTENCE) * long_run + PERSISTENCE * (LAMBDA * variance + (1 - LAMBDA) * one**2)
    residuals = np.array(residuals)
    return residuals - residuals.mean(), variance, long_run


def answer(question):
    draw = np.random.default_rng(7)
    paths, nets = question["paths"], question["nets"]
    histories = [np.array(returns) for returns in question["returns"]]
    hours = draw.integers(0, len(histories[0]), (FAR, paths))
    excess = -2.0 * np.log(draw.random((FAR, paths)))
    margins = np.zeros((FAR, paths))
    for returns, net in zip(histories, nets):
        residuals, variance, long_run = filtered(returns)
        level, variance = np.zeros(paths), np.full(paths, variance)
        extremes = np.empty((FAR, paths))
        for step in range(FAR):
            move = np.sqrt(variance) * residuals[hours[step]]
            drifted = move - variance / 2
            # The lower or the upper end of a Brownian bridge over the hour, whichever is the worse for the account.
            reach = np.sqrt(drifted**2 + variance * excess[step])
            extremes[step] = level + (drifted - np.sign(net) * reach) / 2
            level = level + drifted
            variance = (1 - PERSISTENCE) * long_run + PERSISTENCE * (LAMBDA * variance + (1 - LAMBDA) * move**2)
        # Behind the first day one point stands for four hours.
        blocks = extremes[NEAR:].reshape(-1, BLOCK, paths)
        worst = blocks.min(axis=1) if net > 0 else blocks.max(axis=1)
        extremes[NEAR:] = np.repeat(worst, BLOCK, axis=0)
        margins += net * np.exp(extremes)
    hit = margins <= 0.0
    return {"chances": [hit[:NEAR].any(axis=0).mean(), hit.any(axis=0).mean()]}


answer_all(answer)
