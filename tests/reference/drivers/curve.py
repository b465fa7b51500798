"""Curve's StableSwap in Python's integers, transcribed from the contract by hand: no package of the registries has it.

curvefi/curve-contract, pool-templates/base/SwapTemplateBase.vy: _get_D, get_virtual_price, _get_y_D and
_calc_withdraw_one_coin, with A_PRECISION 100; the older pools have 1 and are otherwise the same.
"""

from lines import answer_all

PRECISION, FEE_DENOMINATOR = 10**18, 10**10


class Revert(Exception):
    pass


def get_d(xp, amp, a_precision):
    n = len(xp)
    s = sum(xp)
    if s == 0:
        return 0
    d, ann = s, amp * n
    for _ in range(255):
        d_p = d
        for x in xp:
            d_p = d_p * d // (x * n)
        before = d
        d = (ann * s // a_precision + d_p * n) * d // ((ann - a_precision) * d // a_precision + (n + 1) * d_p)
        if abs(d - before) <= 1:
            return d
    raise Revert


def get_y_d(amp, i, xp, d, a_precision):
    n = len(xp)
    ann = amp * n
    c, s = d, 0
    for k in range(n):
        if k == i:
            continue
        s += xp[k]
        c = c * d // (xp[k] * n)
    c = c * d * a_precision // (ann * n)
    b = s + d * a_precision // ann
    y = d
    for _ in range(255):
        before = y
        y = (y * y + c) // (2 * y + b - d)
        if abs(y - before) <= 1:
            return y
    raise Revert


def withdraw(amount, i, balances, rates, amp, a_precision, fee, supply):
    n = len(balances)
    xp = [balance * rate // PRECISION for balance, rate in zip(balances, rates)]
    d0 = get_d(xp, amp, a_precision)
    d1 = d0 - amount * d0 // supply
    new_y = get_y_d(amp, i, xp, d1, a_precision)
    fee = fee * n // (4 * (n - 1))
    reduced = list(xp)
    for j in range(n):
        expected = xp[j] * d1 // d0 - new_y if j == i else xp[j] - xp[j] * d1 // d0
        if expected < 0:
            raise Revert
        reduced[j] -= fee * expected // FEE_DENOMINATOR
    dy = reduced[i] - get_y_d(amp, i, reduced, d1, a_precision)
    if dy < 1:
        raise Revert
    return (dy - 1) * PRECISION // rates[i]


def answer(question):
    balances, rates = ([int(text) for text in question[name]] for name in ("balances", "rates"))
    amp, fee, supply, amount = (int(question[name]) for name in ("amp", "fee", "supply", "amount"))
    a_precision = question["a_precision"]
    xp = [balance * rate // PRECISION for balance, rate in zip(balances, rates)]
    try:
        d = get_d(xp, amp, a_precision)
    except Revert:
        # So drained that Newton's steps go back and forth between two numbers.
        return {"d": None, "virtual_price": None, "paid": [None] * len(balances)}
    paid = []
    for coin in range(len(balances)):
        try:
            paid.append(str(withdraw(amount, coin, balances, rates, amp, a_precision, fee, supply)))
        except (Revert, ZeroDivisionError):
            paid.append(None)
    return {"d": str(d), "virtual_price": str(d * PRECISION // supply), "paid": paid}


answer_all(answer)
