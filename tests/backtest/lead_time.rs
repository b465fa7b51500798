//! How early the alert rule warns before real liquidations, and how often for nothing, beside a fixed line on the
//! health factor.
//!
//! Recall is over the liquidated wallets of a sample whose health factors are derived, not observed (one collateral,
//! one debt, 1 assumed at the hour before). False alarms are counted on borrowers of a reconstruction, as they were
//! and re-levered. Only daily closes reach so far back, so the chance is the closed form by daily volatility: exactly
//! the product's for one against one, by the delta method (where the product simulates hourly paths) for the rest.

pub(crate) mod market;
pub(crate) mod recorded;
pub(crate) mod replay;

use risk_engine::alarm::{Stand, Thresholds, stand};
use risk_engine::market::DailyCloses;

use self::market::Market;
use self::recorded::Recorded;
use self::replay::{Alarms, Lead, Seen, alarms, lead, relevered};

/// Hours before a liquidation that the sample tells the health factor of, furthest first.
pub(crate) const LEADS: [u32; 8] = [168, 72, 48, 24, 12, 6, 3, 1];
/// An alarm is false where nothing is liquidated within so many days of it.
pub(crate) const FALSE_AFTER_DAYS: u64 = 7;

/// When an alert opens and closes.
#[derive(Clone, Debug)]
pub(crate) enum Rule {
    /// The product's own.
    Ours(Box<Thresholds>),
    /// Opens under a health factor, closes 0.05 above it.
    Fixed(f64),
}

impl Rule {
    pub(crate) fn ours() -> Self {
        Self::Ours(Box::default())
    }

    /// Whether it opens (`Some(true)`), closes (`Some(false)`) or leaves the alert as it is.
    pub(crate) fn verdict(&self, seen: Seen) -> Option<bool> {
        match self {
            Self::Ours(thresholds) => match stand(seen.factor, seen.chance, thresholds) {
                Stand::Firing { .. } => Some(true),
                Stand::Clear => Some(false),
                Stand::Between => None,
            },
            Self::Fixed(line) if seen.factor < *line => Some(true),
            Self::Fixed(line) => (seen.factor > line + 0.05).then_some(false),
        }
    }
}

/// What a rule does on all of the recorded data.
pub(crate) struct Measured {
    pub(crate) lead: Lead,
    pub(crate) halves: [(&'static str, Lead); 4],
    pub(crate) as_they_were: Alarms,
    pub(crate) relevered: Alarms,
}

/// The recorded data, with every chance already computed.
pub(crate) struct Bench {
    pub(crate) liquidated: Vec<recorded::Liquidated>,
    histories: Vec<replay::Path>,
    relevered: Vec<replay::Path>,
    pub(crate) excluded: Vec<String>,
    pub(crate) without_chance: usize,
}

impl Bench {
    /// Reads the data beside the daily closes; `None` where it is absent.
    ///
    /// # Errors
    /// A file that is there and is not what it should be.
    pub(crate) fn new(closes: &[(String, DailyCloses)]) -> anyhow::Result<Option<Self>> {
        let Some(Recorded { mut liquidated, borrowers }) = recorded::read()? else { return Ok(None) };
        let market = Market::new(closes);
        for one in &mut liquidated {
            for (day, seen) in &mut one.seen {
                seen.chance = market.pair_chance(&one.collateral, &one.debt, *day, seen.factor);
            }
        }
        let without_chance =
            liquidated.iter().filter(|one| one.seen.iter().all(|(_, seen)| seen.chance.is_none())).count();
        let (histories, excluded) = replay::histories(&borrowers, &market);
        let relevered = relevered(&borrowers, &excluded, &market);
        Ok(Some(Self { liquidated, histories, relevered, excluded, without_chance }))
    }

    /// What a rule does.
    pub(crate) fn measure(&self, rule: &Rule) -> Measured {
        let middle = self.liquidated.len() / 2;
        let is_even =
            |one: &recorded::Liquidated| one.wallet.as_bytes().get(3).is_some_and(|digit| digit % 2 == 0);
        let of = |keep: &dyn Fn(usize, &recorded::Liquidated) -> bool| {
            let kept = self.liquidated.iter().enumerate().filter(|(index, one)| keep(*index, one));
            lead(kept.map(|(_, one)| one), rule)
        };
        Measured {
            lead: of(&|_, _| true),
            halves: [
                ("earlier half", of(&|index, _| index < middle)),
                ("later half", of(&|index, _| index >= middle)),
                ("even wallets", of(&|_, one| is_even(one))),
                ("odd wallets", of(&|_, one| !is_even(one))),
            ],
            as_they_were: alarms(&self.histories, rule),
            relevered: alarms(&self.relevered, rule),
        }
    }

    /// The lowest fixed line, in steps of 0.005, that catches as many as this.
    pub(crate) fn equal_recall(&self, recall: f64) -> f64 {
        let lines = (0..200_u32).map(|step| 1.0 + f64::from(step) * 0.005);
        let caught = |line: f64| lead(self.liquidated.iter(), &Rule::Fixed(line)).recall();
        lines.into_iter().find(|line| caught(*line) >= recall).unwrap_or(2.0)
    }
}
