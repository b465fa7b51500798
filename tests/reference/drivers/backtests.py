"""Verdicts on a VaR by scipy's distributions."""

from scipy import stats

from lines import answer_all


def distributions(question):
    x = question["x"]
    return {
        "one": stats.chi2.sf(x, 1),
        "two": stats.chi2.sf(x, 2),
        "binomial": stats.binom.cdf(question["successes"], question["trials"], question["probability"]),
    }


def likelihood(hits, days, probability):
    """Log likelihood of the hits, up to the number of orders that they may come in."""
    return stats.binom.logpmf(hits, days, probability)


def ratio(statistic, degrees):
    statistic = max(statistic, 0.0)
    return {"statistic": statistic, "p_value": stats.chi2.sf(statistic, degrees)}


def verdict(question):
    days, tail = question["days"], question["tail"]
    count, hits = len(days), sum(hit for _, hit in days)
    kupiec = 2.0 * (likelihood(hits, count, hits / count) - likelihood(hits, count, tail))
    chance = stats.binom.cdf(hits, count, tail)
    answer = {
        "unconditional": ratio(kupiec, 1),
        "independence": None,
        "conditional": None,
        "zone": "green" if chance < 0.95 else "yellow" if chance < 0.9999 else "red",
    }
    pairs = [(first, second) for (day, first), (after, second) in zip(days, days[1:]) if after == day + 1]
    if pairs:
        after = {kind: [second for first, second in pairs if first == kind] for kind in (False, True)}
        pooled = sum(second for _, second in pairs) / len(pairs)
        statistic = 0.0
        for seconds in after.values():
            if seconds:
                own, again = sum(seconds) / len(seconds), sum(seconds)
                statistic += 2.0 * (likelihood(again, len(seconds), own) - likelihood(again, len(seconds), pooled))
        answer["independence"] = ratio(statistic, 1)
        answer["conditional"] = ratio(max(kupiec, 0.0) + max(statistic, 0.0), 2)
    return answer


ASKED = {"distributions": distributions, "verdict": verdict}

answer_all(lambda question: ASKED[question["ask"]](question))
