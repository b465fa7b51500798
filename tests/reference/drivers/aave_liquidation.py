"""`liquidationCall` of Aave in Python's integers, transcribed from the contracts by hand: how much of a debt one call
repays and what it seizes, or None where the contract reverts. No package of the registries computes it.

"half": aave/protocol-v2, LendingPoolCollateralManager.sol. "reserve": aave/aave-v3-core, LiquidationLogic.sol (3.0 to
3.2). "position": aave-dao/aave-v3-origin, LiquidationLogic.sol of 3.3 to 3.6; "directed": of 3.7.
"""

from lines import answer_all

HALF, ALL, BPS, RAY = 5_000, 10_000, 10_000, 10**27
CLOSE_FACTOR_HF_THRESHOLD = 95 * 10**16
MIN_BASE_MAX_CLOSE_FACTOR_THRESHOLD, MIN_LEFTOVER_BASE = 2_000 * 10**8, 1_000 * 10**8


def percent_mul(value, bps):
    return (value * bps + BPS // 2) // BPS


def percent_div(value, bps):
    return (value * BPS + bps // 2) // bps


def ceil_div(a, b):
    return -(-a // b)


def most_debt(case):
    debt, collateral = case["debt"], case["collateral"]
    early = case["health_factor"] > CLOSE_FACTOR_HF_THRESHOLD
    if case["rules"] == "half":
        return percent_mul(debt["amount"], HALF)
    if case["rules"] == "reserve":
        return percent_mul(debt["amount"], HALF if early else ALL)
    product = debt["amount"] * debt["price"]
    debt_base = ceil_div(product, debt["unit"]) if case["ceils_debt"] else product // debt["unit"]
    collateral_base = collateral["amount"] * collateral["price"] // collateral["unit"]
    if min(debt_base, collateral_base) >= MIN_BASE_MAX_CLOSE_FACTOR_THRESHOLD and early:
        half = percent_mul(case["total_debt"], HALF)
        if debt_base > half:
            return half * debt["unit"] // debt["price"]
    return debt["amount"]


def seized_for(case, repaid):
    """Collateral with the fee in it, the debt it takes, and the fee."""
    debt, collateral, bonus = case["debt"], case["collateral"], case["bonus"]
    worth = debt["price"] * repaid * collateral["unit"]
    ratio = collateral["price"] * debt["unit"]
    directed = case["rules"] == "directed"
    if case["rules"] == "half":
        most = percent_mul(worth, bonus) // ratio
    elif directed:
        most = worth // ratio * bonus // BPS
    else:
        most = percent_mul(worth // ratio, bonus)
    amount = most
    if most > collateral["amount"]:
        amount = collateral["amount"]
        value = collateral["price"] * amount * debt["unit"] // (debt["price"] * collateral["unit"])
        needed = ceil_div(value * BPS, bonus) if case["ceils_debt"] else percent_div(value, bonus)
        repaid = min(needed, repaid) if case["rules"] == "half" else needed
    fee = 0
    if case["fee"]:
        if directed:
            fee = ceil_div((amount - amount * BPS // bonus) * case["fee"], BPS)
        else:
            fee = percent_mul(amount - percent_div(amount, bonus), case["fee"])
    return amount, repaid, fee


def settled(case, seized, fee):
    """What is moved: the liquidator's part is burned first, and where rounding leaves fewer deposit tokens than the fee,
    they are the fee (`if (scaledDownLiquidationProtocolFee > scaledDownUserBalance)`, LiquidationLogic.sol)."""
    scaled, index = case["collateral"]["scaled"], case["collateral"]["index"]

    def down(amount):
        return ceil_div(amount * RAY, index) if case["ceils_debt"] else (amount * RAY + index // 2) // index

    left = max(scaled - down(seized - fee), 0)
    if down(fee) <= left:
        return seized, fee
    clipped = left * index // RAY if case["ceils_debt"] else (left * index + RAY // 2) // RAY
    return seized - fee + clipped, clipped


def call(case, to_cover):
    debt, collateral = case["debt"], case["collateral"]
    seized, repaid, fee = seized_for(case, min(to_cover, most_debt(case)))
    if case["rules"] in ("position", "directed") and repaid < debt["amount"] and seized < collateral["amount"]:
        left = (debt["amount"] - repaid) * debt["price"]
        debt_left = ceil_div(left, debt["unit"]) if case["ceils_debt"] else left // debt["unit"]
        collateral_left = (collateral["amount"] - seized) * collateral["price"] // collateral["unit"]
        if debt_left < MIN_LEFTOVER_BASE or collateral_left < MIN_LEFTOVER_BASE:
            return None
    seized, fee = settled(case, seized, fee)
    return [str(repaid), str(seized), str(fee)]


def answer(question):
    case = dict(question)
    for name in ("health_factor", "total_debt"):
        case[name] = int(case[name])
    for side in ("debt", "collateral"):
        case[side] = {name: int(text) for name, text in question[side].items()}
    repaid = int(question["repaid"])
    return {
        "call": call(case, repaid),
        "one_more": call(case, repaid + 1),
        "everything": call(case, 2**255),
    }


answer_all(answer)
