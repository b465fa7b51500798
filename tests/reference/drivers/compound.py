"""Compound's account arithmetic in Python's integers, transcribed from the contracts by hand.

V2: compound-finance/compound-protocol 00b1e162, Comptroller.sol (getHypotheticalAccountLiquidityInternal,
liquidateBorrowAllowed, liquidateCalculateSeizeTokens), ExponentialNoError.sol, CToken.sol (seizeInternal).
V3: compound-finance/comet 00555272, Comet.sol (accruedInterestIndices, isLiquidatable, isBorrowCollateralized),
CometCore.sol; the supply rate by its own curve, as in later releases.
"""

from lines import answer_all

WAD, INDEX = 10**18, 10**15


def mul_exp(a, b):
    return a * b // WAD


def v2(question):
    markets = [{name: int(text) for name, text in market.items()} for market in question["markets"]]
    collateral = borrow = 0
    for part in question["positions"]:
        if not part["is_entered"]:
            continue
        market = markets[part["market"]]
        denom = mul_exp(mul_exp(market["collateral_factor"], market["exchange_rate"]), market["price"])
        collateral += denom * int(part["c_tokens"]) // WAD
        borrow += market["price"] * int(part["owed"]) // WAD
    shortfall = max(borrow - collateral, 0)
    answer = {"sums": [str(one) for one in (collateral, borrow, max(collateral - borrow, 0), shortfall)]}
    taken = question["taken"]
    if taken is not None:
        by_market = {part["market"]: part for part in question["positions"]}
        debt, seized_from = markets[taken["debt"]], markets[taken["collateral"]]
        repaid = int(taken["repaid"])
        numerator = mul_exp(int(question["liquidation_incentive"]), debt["price"])
        denominator = mul_exp(seized_from["price"], seized_from["exchange_rate"])
        tokens = (numerator * WAD // denominator) * repaid // WAD
        most = int(question["close_factor"]) * int(by_market[taken["debt"]]["owed"]) // WAD
        held = int(by_market[taken["collateral"]]["c_tokens"])
        kept = tokens * seized_from["protocol_seize_share"] // WAD
        answer["taken"] = {
            "seized": str(seized_from["exchange_rate"] * tokens // WAD),
            "kept": str(seized_from["exchange_rate"] * kept // WAD),
            "is_allowed": shortfall > 0 and repaid <= most and tokens <= held,
        }
    return answer


def rate_at(curve, utilization):
    base, low, high, kink = (int(text) for text in curve)
    if utilization <= kink:
        return base + low * utilization // WAD
    return base + low * kink // WAD + high * (utilization - kink) // WAD


def v3(question):
    supply_index, borrow_index = (int(text) for text in question["indexes"])
    total_supply, total_borrow = (int(text) for text in question["totals"])
    supplied_in_all, owed_in_all = total_supply * supply_index // INDEX, total_borrow * borrow_index // INDEX
    utilization = owed_in_all * WAD // supplied_in_all if supplied_in_all else 0
    rates = [rate_at(curve, utilization) for curve in question["curves"]]
    elapsed = question["elapsed"]
    supply_index += supply_index * (rates[0] * elapsed) // WAD
    borrow_index += borrow_index * (rates[1] * elapsed) // WAD
    principal = int(question["principal"])
    supplied = principal * supply_index // INDEX if principal >= 0 else 0
    owed = -principal * borrow_index // INDEX if principal < 0 else 0
    debt = owed * int(question["base_price"]) // 10 ** question["base_decimals"]
    value, weighted = 0, [0, 0, 0]
    for one in question["collaterals"]:
        worth = int(one["balance"]) * int(one["price"]) // 10 ** one["decimals"]
        value += worth
        weighted = [total + worth * int(factor) // WAD for total, factor in zip(weighted, one["factors"])]
    account = {
        "figures": [str(figure) for figure in (supplied, owed, debt, value)],
        "weighted": [str(figure) for figure in weighted],
        "is_liquidatable": principal < 0 and weighted[1] - debt < 0,
        "is_borrow_collateralized": principal >= 0 or weighted[0] - debt >= 0,
    }
    return {"indexes": [str(one) for one in (supply_index, borrow_index, *rates)], "account": account}


ASKED = {"v2": v2, "v3": v3}

answer_all(lambda question: ASKED[question["ask"]](question))
