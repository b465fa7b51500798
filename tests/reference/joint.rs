//! The worst joint move, the common log shock and the time that interest leaves, against scipy's optimiser and roots.

use risk_engine::liquidation::{
    Carry, Leg, Rates, interest_only, log_shock_to_liquidation, totals, worst_joint_move,
};
use serde_json::{Value, json};

use crate::draw::Draw;
use crate::driver::{answered, number};
use crate::gauge::Gauge;

const CASES: usize = 240;

#[derive(Debug)]
struct Account {
    legs: Vec<Leg>,
    covariance: Vec<Vec<f64>>,
    betas: Vec<f64>,
    rates: Vec<Rates>,
}

impl Account {
    /// A healthy account of a few assets, most on one side, all of them moving with a common market.
    fn draw(draw: &mut Draw) -> Self {
        let count = draw.index(5) + 2;
        let mut legs: Vec<Leg> = (0..count)
            .map(|index| {
                let mut amount =
                    |chance: f64| if draw.chance(chance) { draw.magnitude(100.0, 1e6) } else { 0.0 };
                let weighted = amount(if index == 0 { 1.0 } else { 0.6 });
                let debt = amount(if index == 1 { 1.0 } else { 0.3 });
                Leg { weighted_collateral_usd: weighted, debt_usd: debt, price_usd: 1.0 }
            })
            .collect();
        let (n, d) = totals(&legs);
        let wanted = 1.0 + draw.magnitude(0.01, 2.0);
        legs.iter_mut().for_each(|leg| leg.debt_usd *= n / d / wanted);
        let (market, own): (Vec<f64>, Vec<f64>) =
            (0..count).map(|_| (draw.between(0.0, 0.06), draw.magnitude(0.002, 0.06))).unzip();
        let entry = |row: usize, column: usize| {
            market[row] * market[column] + if row == column { own[row] * own[row] } else { 0.0 }
        };
        let covariance = (0..count).map(|row| (0..count).map(|column| entry(row, column)).collect());
        let rate = |draw: &mut Draw| draw.between(0.0, 0.2);
        Self {
            covariance: covariance.collect(),
            betas: (0..count).map(|_| draw.between(0.1, 1.5)).collect(),
            rates: (0..count).map(|_| Rates { supply: rate(draw), borrow: rate(draw) }).collect(),
            legs,
        }
    }

    fn question(&self) -> Value {
        let side = |pick: fn(&Leg) -> f64| self.legs.iter().map(pick).collect::<Vec<_>>();
        let rates = |pick: fn(&Rates) -> f64| self.rates.iter().map(pick).collect::<Vec<_>>();
        json!({
            "weighted": side(|leg| leg.weighted_collateral_usd),
            "debt": side(|leg| leg.debt_usd),
            "covariance": self.covariance,
            "betas": self.betas,
            "supply": rates(|one| one.supply),
            "borrow": rates(|one| one.borrow),
        })
    }
}

#[test]
fn the_nearest_border_the_common_shock_and_the_carry_are_scipys() {
    let Some(answered) = answered("joint.py", "joint moves", CASES, Account::draw, Account::question) else {
        return;
    };
    // SLSQP stops at a point that is good to the square root of its own tolerance.
    let mut sigmas = Gauge::relative("distance of the worst joint move (scipy SLSQP)", 1e-6);
    let mut shocks = Gauge::relative("common log shock (scipy brentq)", 1e-9);
    let mut carries = Gauge::relative("years of interest alone (scipy brentq)", 1e-9);
    let mut missed = 0;
    for (account, answer) in &answered {
        let found = worst_joint_move(&account.legs, &account.covariance);
        match (found, answer["sigmas"].as_f64()) {
            (Some(found), Some(wanted)) => sigmas.near(found.sigmas, wanted, 1e-9, account),
            (None, Some(_)) => missed += 1,
            (_, None) => {}
        }
        let shock = log_shock_to_liquidation(&account.legs, &account.betas);
        assert_eq!(shock.is_some(), answer["shock"].is_number(), "{shock:?} {answer} {account:?}");
        if let Some(shock) = shock {
            shocks.near(shock, number(answer, "shock"), 1e-12, account);
        }
        match interest_only(&account.legs, &account.rates).expect("finite numbers and a debt") {
            Carry::Liquidates { years } => carries.near(years, number(answer, "years"), 1e-12, account),
            Carry::Never => assert!(answer["years"].is_null(), "{answer} {account:?}"),
        }
    }
    // Ours says none where its steps do not settle, which hedged accounts far from the border bring about.
    assert!(missed < CASES / 8, "{missed} borders were not found");
    sigmas.report(CASES * 4 / 5);
    shocks.report(CASES / 4);
    carries.report(CASES / 8);
}
