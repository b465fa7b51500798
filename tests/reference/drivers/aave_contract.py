"""Pool.getUserAccountData in Python's integers, transcribed from the contracts by hand.

V2 ("per second"): aave/protocol-v2 129a96a3, the files named next; the rate is cut to a second before it compounds.
Until 3.4 ("half up"): aave/aave-v3-core 02d593c3, GenericLogic.sol, MathUtils.sol, WadRayMath.sol, PercentageMath.sol.
Since 3.5 ("against the user"): aave-dao/aave-v3-origin 00cec228, the same files and TokenMath.sol; since 3.6 (revision
10) an e-mode's configuration stands for itself.
"""

from lines import answer_all

RAY, WAD, YEAR = 10**27, 10**18, 31_536_000
MAX = 2**256 - 1


def ray_mul(a, b):
    return (a * b + RAY // 2) // RAY


def percent_mul(value, bps):
    return (value * bps + 5_000) // 10_000


def wad_div(a, b):
    return (a * WAD + b // 2) // b


def ceil_div(a, b):
    return -(-a // b)


def normalized_income(reserve, now):
    seconds = now - reserve["last_update"]
    index = int(reserve["liquidity_index"])
    if seconds == 0:
        return index
    return ray_mul(RAY + int(reserve["liquidity_rate"]) * seconds // YEAR, index)


def compounded(rate, seconds, rounding):
    if seconds == 0:
        return RAY
    if rounding == "against_user":
        x = rate * seconds // YEAR
        return RAY + x + ray_mul(x, x // 2 + ray_mul(x, x // 6))
    less_one, less_two = seconds - 1, seconds - 2 if seconds > 2 else 0
    if rounding == "per_second":
        per_second = rate // YEAR
        squared = ray_mul(per_second, per_second)
        cubed = ray_mul(squared, per_second)
        first = per_second * seconds
        return RAY + first + seconds * less_one * squared // 2 + seconds * less_one * less_two * cubed // 6
    squared = ray_mul(rate, rate) // (YEAR * YEAR)
    cubed = ray_mul(squared, rate) // YEAR
    second = seconds * less_one * squared // 2
    third = seconds * less_one * less_two * cubed // 6
    return RAY + rate * seconds // YEAR + second + third


def normalized_debt(reserve, now, rounding):
    seconds = now - reserve["last_update"]
    index = int(reserve["variable_borrow_index"])
    if seconds == 0:
        return index
    return ray_mul(compounded(int(reserve["variable_borrow_rate"]), seconds, rounding), index)


def stable_balance(debt, now, rounding):
    """StableDebtToken.balanceOf."""
    if debt is None:
        return 0
    return ray_mul(int(debt["principal"]), compounded(int(debt["rate"]), now - debt["last_update"], rounding))


def account(question):
    now, rounding = question["now"], question["rounding"]
    against_user = rounding == "against_user"
    revision = question["revision"]
    decoupled = against_user and (revision is None or revision >= 10)
    category = question["category"] if question["e_mode"] else None
    bitmap = int(question["category"]["collateral_bitmap"])
    collateral = debt = weighted = weighted_ltv = 0
    balances = []
    for part in question["parts"]:
        reserve = question["reserves"][part["reserve"]]
        price, unit = int(reserve["price"]), 10 ** reserve["decimals"]
        scaled_supply, scaled_debt = int(part["scaled_a_token"]), int(part["scaled_variable_debt"])
        if against_user:
            supplied = scaled_supply * normalized_income(reserve, now) // RAY
            owed = ceil_div(scaled_debt * normalized_debt(reserve, now, rounding), RAY)
            debt += ceil_div(owed * price, unit)
        else:
            supplied = ray_mul(scaled_supply, normalized_income(reserve, now))
            owed = ray_mul(scaled_debt, normalized_debt(reserve, now, rounding))
            owed += stable_balance(part["stable_debt"], now, rounding)
            debt += owed * price // unit
        balances.append([str(supplied), str(owed)])
        member = category is not None and (bitmap >> reserve["id"]) & 1
        if decoupled:
            threshold = category["threshold"] if member else reserve["threshold"]
            ltv = category["ltv"] if member else reserve["ltv"]
        else:
            threshold = reserve["threshold"] and (category["threshold"] if member else reserve["threshold"])
            ltv = reserve["ltv"] and (category["ltv"] if member else reserve["ltv"])
        if (threshold or decoupled) and part["is_collateral"]:
            value = supplied * price // unit
            collateral += value
            weighted += value * threshold
            weighted_ltv += value * ltv
    average_threshold = weighted // collateral if collateral else 0
    average_ltv = weighted_ltv // collateral if collateral else 0
    if debt == 0:
        factor = MAX
    elif against_user:
        factor = wad_div(weighted, debt) // 10_000
    else:
        factor = wad_div(percent_mul(collateral, average_threshold), debt)
    borrowable = collateral * average_ltv // 10_000 if against_user else percent_mul(collateral, average_ltv)
    available = max(borrowable - debt, 0)
    figures = [collateral, debt, available, average_threshold, average_ltv, factor, weighted]
    return {"account": [str(figure) for figure in figures], "balances": balances}


answer_all(account)
