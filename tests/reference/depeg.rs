//! The chance that a broken peg liquidates: against scipy's distributions, and against breaks simulated in numpy.

use risk_engine::probability::depeg::{Peg, PeggedLeg, jump};
use serde_json::{Value, json};

use crate::draw::Draw;
use crate::driver::{answered, number};
use crate::gauge::Gauge;

const CASES: usize = 2_000;
const SIMULATED: usize = 12;
/// Simulated years of an account.
const PATHS: u32 = 400_000;

#[derive(Debug)]
struct Case {
    legs: Vec<PeggedLeg>,
    days: f64,
    paths: u32,
}

impl Case {
    fn draw(draw: &mut Draw) -> Self {
        let count = draw.index(4) + 1;
        let leg = |draw: &mut Draw| PeggedLeg {
            peg: draw.one_of(&[Peg::Dollar, Peg::Ether, Peg::Bitcoin]),
            weighted_collateral_usd: if draw.chance(0.7) { draw.magnitude(1.0, 1e6) } else { 0.0 },
            debt_usd: if draw.chance(0.4) { draw.magnitude(1.0, 1e6) } else { 0.0 },
        };
        let mut legs: Vec<PeggedLeg> = (0..count).map(|_| leg(draw)).collect();
        // A debt that leaves a little distance, as loops have.
        let n: f64 = legs.iter().map(|leg| leg.weighted_collateral_usd).sum();
        let d: f64 = legs.iter().map(|leg| leg.debt_usd).sum();
        let debt_usd = (n / (1.0 + draw.magnitude(1e-3, 1.0)) - d).max(0.0);
        legs.push(PeggedLeg { peg: Peg::Dollar, weighted_collateral_usd: 0.0, debt_usd });
        Self { legs, days: draw.magnitude(0.1, 400.0), paths: 0 }
    }

    fn draw_simulated(draw: &mut Draw) -> Self {
        // A year, so that there are breaks enough to count.
        Self { paths: PATHS, days: 365.0, ..Self::draw(draw) }
    }

    fn question(&self) -> Value {
        let legs = self.legs.iter().map(|leg| {
            let breaks = leg.peg.breaks();
            json!({
                "collateral": leg.weighted_collateral_usd,
                "debt": leg.debt_usd,
                "rate": breaks.rate,
                "tail": breaks.tail,
            })
        });
        json!({ "legs": legs.collect::<Vec<_>>(), "days": self.days, "paths": self.paths })
    }

    fn chance(&self) -> f64 {
        let n = self.legs.iter().map(|leg| leg.weighted_collateral_usd).sum();
        let d = self.legs.iter().map(|leg| leg.debt_usd).sum();
        jump(n, d, &self.legs, self.days).expect("finite amounts").value
    }
}

#[test]
fn the_chance_of_a_break_is_scipys() {
    let Some(answered) = answered("depeg.py", "depeg", CASES, Case::draw, Case::question) else {
        return;
    };
    let mut gauge = Gauge::relative("chance of a liquidating break (scipy's Poisson and Pareto)", 1e-9);
    for (case, answer) in &answered {
        gauge.near(case.chance(), number(answer, "closed"), 1e-15, case);
    }
    gauge.report(CASES);
}

#[test]
fn the_chance_of_a_break_is_that_of_simulated_breaks_within_their_error() {
    let Some(answered) = answered("depeg.py", "breaks", SIMULATED, Case::draw_simulated, Case::question)
    else {
        return;
    };
    let mut gauge = Gauge::relative("chance of a liquidating break, standard errors apart (numpy)", 4.0);
    for (case, answer) in &answered {
        let (seen, wanted) = (case.chance(), number(answer, "simulated"));
        let error = (seen * (1.0 - seen) / f64::from(PATHS)).sqrt();
        // Nothing can be apart where nothing can happen, or nothing else can.
        let apart = if error > 0.0 { (seen - wanted) / error } else { seen - wanted };
        gauge.near(1.0 + apart, 1.0, 0.0, &(seen, wanted, case));
    }
    gauge.report(SIMULATED);
}
