//! Curve's stable pools, to the last digit, against our own transcription of the contract into Python's integers: no
//! package of npm or PyPI has its arithmetic in the contract's own roundings.

use risk_engine::curve::{Amplification, invariant, withdraw_one_coin};
use risk_model::U256;
use serde_json::{Value, json};

use crate::draw::Draw;
use crate::driver::answered;
use crate::gauge::Gauge;

const CASES: usize = 2_000;

fn ten(power: u64) -> U256 {
    U256::from(10).pow(U256::from(power))
}

#[derive(Debug)]
struct Pool {
    balances: Vec<U256>,
    rates: Vec<U256>,
    amp: Amplification,
    fee: U256,
    supply: U256,
    amount: U256,
}

impl Pool {
    fn draw(draw: &mut Draw) -> Self {
        let coins = draw.index(3) + 2;
        let decimals: Vec<u64> = (0..coins).map(|_| draw.one_of(&[6, 8, 18])).collect();
        // From balanced to drained of all but one.
        let balances: Vec<U256> = decimals
            .iter()
            .map(|decimals| U256::from(draw.magnitude(1e3, 1e9).trunc()) * ten(*decimals) + draw.digits(1, 6))
            .collect();
        // To 18 decimals, and what an interest-bearing coin stands for.
        let rates = decimals
            .iter()
            .map(|decimals| ten(36 - decimals) / ten(3) * U256::from(draw.whole(1_000, 1_300)))
            .collect();
        let precision = draw.one_of(&[1, 100]);
        let value = U256::from(draw.magnitude(2.0, 5_000.0).trunc()) * U256::from(precision);
        let whole: f64 =
            balances.iter().zip(&decimals).map(|(one, at)| f64::from(*one) / f64::from(ten(*at))).sum();
        let supply = U256::from((whole * draw.between(0.7, 1.1)).trunc()) * ten(18) + draw.digits(1, 17);
        let amount = supply / U256::from(1_000_000) * U256::from(draw.magnitude(1.0, 9e5).trunc());
        let fee = U256::from(draw.whole(0, 40_000_000));
        Self { balances, rates, amp: Amplification { value, precision }, fee, supply, amount }
    }

    fn question(&self) -> Value {
        let texts = |numbers: &[U256]| numbers.iter().map(U256::to_string).collect::<Vec<_>>();
        json!({
            "balances": texts(&self.balances),
            "rates": texts(&self.rates),
            "amp": self.amp.value.to_string(),
            "a_precision": self.amp.precision,
            "fee": self.fee.to_string(),
            "supply": self.supply.to_string(),
            "amount": self.amount.to_string(),
        })
    }
}

#[test]
fn a_stable_pools_invariant_and_withdrawals_are_the_contracts_to_the_last_digit() {
    let Some(answered) = answered("curve.py", "curve", CASES, Pool::draw, Pool::question) else {
        return;
    };
    let mut invariants = Gauge::exact("Curve D and virtual price, integers (transcribed contract)");
    let mut settled = 0;
    let mut withdrawals = Gauge::exact("Curve withdrawals in one coin, integers (transcribed contract)");
    for (pool, answer) in &answered {
        let scaled: Vec<U256> =
            pool.balances.iter().zip(&pool.rates).map(|(one, rate)| one * rate / ten(18)).collect();
        let d = invariant(&scaled, pool.amp).ok();
        let seen = [d, d.map(|d| d * ten(18) / pool.supply)].map(|one| one.map(|one| one.to_string()));
        invariants.same(&json!(seen), &json!([answer["d"], answer["virtual_price"]]), pool);
        settled += usize::from(d.is_some());
        for (coin, wanted) in answer["paid"].as_array().expect("coins").iter().enumerate() {
            let (terms, taken) = ((pool.amp, pool.fee), (pool.amount, pool.supply));
            let paid = withdraw_one_coin(&scaled, &pool.rates, terms, taken, coin);
            withdrawals.same(&json!(paid.ok().map(|paid| paid.to_string())), wanted, &(coin, pool));
        }
    }
    assert!(settled > CASES * 9 / 10, "only {settled} of the drawn pools have an invariant");
    invariants.report(CASES);
    withdrawals.report(2 * CASES);
}
