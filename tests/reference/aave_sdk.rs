//! Aave accounts against `formatUserSummary` of @aave/math-utils, which front ends show.
//!
//! It rounds half up everywhere, twice for a balance, compounds by the binomial form, never cuts an average, and
//! takes an e-mode for itself as pools since 3.6 do. So a balance may differ by a base unit of the token, ours is an
//! average cut to whole basis points, and what an older pool refuses inside an e-mode is left to the transcribed
//! contracts (`aave_contract`), which have no tolerance.

use risk_engine::aave::{
    AccountData, ReserveAmounts, Rounding, account_data, normalized_debt, reserve_amounts,
};
use risk_model::U256;
use serde_json::{Value, json};

use crate::aave_market::{Case, Shape};
use crate::draw::Draw;
use crate::driver::{answered, ask, decimal};
use crate::gauge::Gauge;

const CASES: usize = 1_500;
const TOLERANCE: f64 = 1e-9;

/// Two weeks at up to 50 %: over that time the two forms of compounding agree to 1e-9. What parts them most is the
/// binomial form's cube of the rate a second, a few thousand units of a ray, cut to whole ones: t³/6e27.
pub(crate) const SHAPE: Shape = Shape {
    generations: &[
        (Rounding::AgainstUser, Some(11)),
        (Rounding::AgainstUser, None),
        (Rounding::HalfUp, Some(7)),
        (Rounding::PerSecond, None),
    ],
    longest_age: 14 * 86_400,
    highest_rate: 0.5,
    least_usd: 1_000.0,
    // This version of the SDK knows none any more.
    has_stable_debt: false,
};

/// What the roundings of the two may be worth, USD by part: two base units of the token and as many of the currency.
pub(crate) fn steps_usd(case: &Case) -> Vec<f64> {
    let steps = case.position.reserves.iter().map(|part| {
        let reserve = &case.market.reserves[part.reserve];
        let price = f64::from(reserve.price.expect("a price")) / 1e8;
        2.0 * (price / 10_f64.powi(i32::from(reserve.decimals)) + 1e-8)
    });
    steps.collect()
}

fn step_usd(case: &Case, uses: impl Fn(&ReserveAmounts) -> bool) -> f64 {
    let amounts = reserve_amounts(&case.market, &case.position).expect("a drawn account computes");
    amounts.iter().zip(steps_usd(case)).filter(|(amounts, _)| uses(amounts)).map(|(_, step)| step).sum()
}

/// Whether the pool's generation refuses what the SDK counts.
pub(crate) fn is_refused_in_e_mode(case: &Case) -> bool {
    let bitmap = case.market.e_modes[0].collateral_bitmap;
    case.market.rounding != Rounding::AgainstUser
        && case.position.e_mode != 0
        && case.market.reserves.iter().any(|reserve| {
            bitmap >> reserve.id & 1 == 1 && (reserve.liquidation_threshold_bps == 0 || reserve.ltv_bps == 0)
        })
}

/// Whether a flagged supply without a threshold counts in the pool's totals (3.6 and later), which the SDK leaves out.
fn is_left_out(case: &Case) -> bool {
    let amounts = reserve_amounts(&case.market, &case.position).expect("a drawn account computes");
    amounts.iter().any(|amounts| amounts.threshold_bps == 0 && !amounts.collateral_base.is_zero())
}

fn usd(base: U256) -> f64 {
    f64::from(base) / 1e8
}

struct Gauges {
    totals: Gauge,
    factor: Gauge,
    averages: Gauge,
    available: Gauge,
}

impl Gauges {
    fn compare(&mut self, case: &Case, data: &AccountData, answer: &Value) {
        let supply_step = step_usd(case, |amounts| !amounts.collateral_base.is_zero());
        let debt_step = step_usd(case, |amounts| !amounts.owed.is_zero());
        let (collateral, debt) = (usd(data.total_collateral_base), usd(data.total_debt_base));
        self.totals.near(collateral, decimal(answer, "collateral"), supply_step, case);
        self.totals.near(debt, decimal(answer, "debt"), debt_step, case);
        if data.total_debt_base.is_zero() {
            // The SDK's "-1" is its sign for no debt; ours is the contract's largest number.
            assert_eq!((decimal(answer, "health_factor"), data.health_factor), (-1.0, U256::MAX), "{case:?}");
        } else {
            let numerator = usd(data.weighted_collateral) / 1e4;
            let factor = numerator / debt;
            // A step of the collateral counts by at most its whole value, as no threshold is over 1.
            let step = factor * debt_step / debt + supply_step / debt;
            self.factor.near(factor, decimal(answer, "health_factor"), step, case);
        }
        for (cut, whole) in [(data.ltv, "ltv"), (data.current_liquidation_threshold, "threshold")] {
            let beyond = decimal(answer, whole) * 1e4 - f64::from(cut);
            // Cut to whole basis points; averages of amounts a step apart may lie on either side of one.
            let slack = 1e-3 + 1e4 * supply_step / collateral.max(1.0);
            self.averages.same(&(-slack..1.0 + slack).contains(&beyond), &true, &(beyond, case));
        }
        let theirs = decimal(answer, "collateral") * f64::from(data.ltv) / 1e4 - decimal(answer, "debt");
        let available = usd(data.available_borrows_base);
        self.available.near(
            available,
            theirs.max(0.0),
            supply_step + debt_step + 1e-9 * (collateral + debt),
            case,
        );
        let uncut = decimal(answer, "available") - available;
        assert!(uncut.abs() <= collateral * 1e-4 + supply_step + debt_step, "{uncut} {case:?}");
    }
}

#[test]
fn an_account_is_what_the_front_ends_sdk_says() {
    let mut draw = Draw::named("aave sdk");
    let cases: Vec<Case> = (0..CASES).map(|_| Case::draw(&mut draw, &SHAPE)).collect();
    let questions: Vec<Value> = cases.iter().map(Case::question).collect();
    let Some(answers) = ask("aave_sdk.mjs", &questions) else {
        return;
    };
    let mut gauges = Gauges {
        totals: Gauge::relative("Aave collateral and debt (@aave/math-utils)", TOLERANCE),
        factor: Gauge::relative("Aave health factor before its cuts (@aave/math-utils)", TOLERANCE),
        averages: Gauge::exact("Aave average LTV and threshold, whole bps (@aave/math-utils)"),
        available: Gauge::relative("Aave available borrows (@aave/math-utils)", TOLERANCE),
    };
    let is_comparable = |case: &Case| !is_refused_in_e_mode(case) && !is_left_out(case);
    for (case, answer) in cases.iter().zip(&answers).filter(|(case, _)| is_comparable(case)) {
        let data = account_data(&case.market, &case.position).expect("a drawn account computes");
        gauges.compare(case, &data, answer);
    }
    gauges.totals.report(CASES);
    gauges.factor.report(CASES / 2);
    gauges.averages.report(CASES);
    gauges.available.report(CASES / 2);
}

#[test]
fn the_interest_of_v2_is_the_sdks_to_the_last_digit() {
    let shape = Shape {
        generations: &[(Rounding::PerSecond, None)],
        longest_age: 400 * 86_400,
        highest_rate: 2.0,
        ..SHAPE
    };
    let question = |case: &Case| {
        let mut question = case.question();
        question["ask"] = "debt_index".into();
        question
    };
    let Some(answered) =
        answered("aave_sdk.mjs", "v2 interest", CASES, |draw| Case::draw(draw, &shape), question)
    else {
        return;
    };
    let mut gauge = Gauge::exact("Aave V2 variable debt index, integers (@aave/math-utils)");
    for (case, answer) in &answered {
        let index = |reserve| normalized_debt(&case.market, reserve).expect("an index");
        let seen: Vec<String> = case.market.reserves.iter().map(|one| index(one).to_string()).collect();
        gauge.same(&json!(seen), &answer["indexes"], case);
    }
    gauge.report(CASES);
}
