//! Alerts over time: opened and closed by a rule along health factors, and what became of the accounts.

use std::collections::BTreeMap;

use super::market::Market;
use super::recorded::{Borrower, Liquidated, Part};
use super::{FALSE_AFTER_DAYS, Rule};

/// Days that a re-levered portfolio is followed, and between two of them.
const HELD_DAYS: u64 = 30;
const EVERY_DAYS: usize = 7;
/// Health factors that it begins with.
const BEGUN_AT: [f64; 7] = [1.1, 1.2, 1.3, 1.4, 1.5, 1.75, 2.0];
const DAYS_A_MONTH: f64 = 30.44;

/// What a sweep sees of an account.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen {
    pub(crate) factor: f64,
    /// Chance of liquidation within 24 h, where it is known.
    pub(crate) chance: Option<f64>,
}

/// An account over days.
pub(crate) struct Path {
    days: Vec<(u64, Seen)>,
    liquidated_on: Vec<u64>,
}

/// How the liquidated were warned.
pub(crate) struct Lead {
    pub(crate) of: u32,
    pub(crate) warned: u32,
    /// Median hours that the alert stood before; 0 for those not warned.
    pub(crate) median_hours: u32,
}

impl Lead {
    pub(crate) fn recall(&self) -> f64 {
        f64::from(self.warned) / f64::from(self.of.max(1))
    }
}

/// How the others were.
pub(crate) struct Alarms {
    pub(crate) opened: u32,
    pub(crate) false_ones: u32,
    pub(crate) months: f64,
}

impl Alarms {
    pub(crate) fn false_a_month(&self) -> f64 {
        f64::from(self.false_ones) / self.months
    }
}

/// Who has an alert standing an hour before, and since when.
pub(crate) fn lead<'a>(all: impl Iterator<Item = &'a Liquidated>, rule: &Rule) -> Lead {
    let mut since: Vec<u32> = all
        .map(|one| {
            let mut standing = None;
            for ((_, seen), hours) in one.seen.iter().zip(&one.hours) {
                match rule.verdict(*seen) {
                    Some(true) => standing = standing.or(Some(*hours)),
                    Some(false) => standing = None,
                    None => {}
                }
            }
            standing.unwrap_or(0)
        })
        .collect();
    since.sort_unstable();
    let count = |is_counted: fn(&u32) -> bool| since.iter().map(|hours| u32::from(is_counted(hours))).sum();
    Lead {
        of: count(|_| true),
        warned: count(|hours| *hours >= 1),
        median_hours: since.get(since.len() / 2).copied().unwrap_or(0),
    }
}

/// Alarms opened along the paths, each path up to its liquidation.
pub(crate) fn alarms(paths: &[Path], rule: &Rule) -> Alarms {
    let (mut opened, mut false_ones, mut days) = (0, 0, 0_u32);
    for path in paths {
        let mut stands = false;
        for (index, (day, seen)) in path.days.iter().enumerate() {
            if seen.factor < 1.0 {
                break;
            }
            days += 1;
            match rule.verdict(*seen) {
                Some(true) if !stands => {
                    stands = true;
                    opened += 1;
                    false_ones += u32::from(!comes_true(path, index, *day));
                }
                Some(false) => stands = false,
                _ => {}
            }
        }
    }
    Alarms { opened, false_ones, months: f64::from(days) / DAYS_A_MONTH }
}

fn comes_true(path: &Path, from: usize, day: u64) -> bool {
    let last = day + FALSE_AFTER_DAYS;
    path.days[from..].iter().take_while(|(day, _)| *day <= last).any(|(_, seen)| seen.factor < 1.0)
        || path.liquidated_on.iter().any(|on| (day..=last).contains(on))
}

/// N and D by symbol.
#[derive(Default)]
struct Sides {
    n: BTreeMap<String, f64>,
    d: BTreeMap<String, f64>,
}

impl Sides {
    fn of(parts: &[Part], day: u64, market: &Market<'_>) -> Option<Self> {
        let mut sides = Self::default();
        for part in parts {
            let usd = part.amount * market.price(&part.symbol, day)?;
            let (side, value) = match part.threshold {
                Some(threshold) => (&mut sides.n, usd * threshold),
                None => (&mut sides.d, usd),
            };
            *side.entry(part.symbol.clone()).or_default() += value;
        }
        (sides.d.values().sum::<f64>() > 0.0).then_some(sides)
    }

    fn seen(&self, day: u64, market: &Market<'_>) -> Seen {
        let (n, d): (f64, f64) = (self.n.values().sum(), self.d.values().sum());
        let held = self.n.iter().map(|(symbol, usd)| (symbol.as_str(), usd / n));
        let owed = self.d.iter().map(|(symbol, usd)| (symbol.as_str(), -usd / d));
        let weights: Vec<(&str, f64)> = held.chain(owed).collect();
        Seen { factor: n / d, chance: market.chance(&weights, day, n / d) }
    }
}

/// The borrowers as they were, and which are left out: under 1 on more than a tenth of their days and never
/// liquidated, which no borrower can be, or without a single priced day.
pub(crate) fn histories(borrowers: &[Borrower], market: &Market<'_>) -> (Vec<Path>, Vec<String>) {
    let (mut paths, mut excluded) = (Vec::new(), Vec::new());
    for borrower in borrowers {
        let seen = |(day, parts): (&u64, &Vec<Part>)| {
            Sides::of(parts, *day, market).map(|sides| (*day, sides.seen(*day, market)))
        };
        let days: Vec<(u64, Seen)> = borrower.days.iter().filter_map(seen).collect();
        let under = days.iter().filter(|(_, seen)| seen.factor < 1.0).count();
        if days.is_empty() || under * 10 > days.len() {
            excluded.push(borrower.wallet.chars().take(10).collect());
        } else {
            paths.push(Path { days, liquidated_on: borrower.liquidated_on.clone() });
        }
    }
    (paths, excluded)
}

/// The borrowers' portfolios of every seventh day, with the debt scaled to a health factor, held for 30 days.
pub(crate) fn relevered(borrowers: &[Borrower], excluded: &[String], market: &Market<'_>) -> Vec<Path> {
    let is_kept = |one: &&Borrower| !excluded.iter().any(|wallet| one.wallet.starts_with(wallet));
    let mut paths = Vec::new();
    for borrower in borrowers.iter().filter(is_kept) {
        let priced = borrower.days.iter().filter_map(|(day, parts)| {
            Sides::of(parts, *day, market).map(|sides| (*day, parts, sides.seen(*day, market).factor))
        });
        for (begin, parts, factor) in priced.step_by(EVERY_DAYS) {
            for wanted in BEGUN_AT {
                let scaled = scaled(parts, factor / wanted);
                let days = (begin..=begin + HELD_DAYS)
                    .map_while(|day| Some((day, Sides::of(&scaled, day, market)?.seen(day, market))));
                paths.push(Path { days: days.collect(), liquidated_on: Vec::new() });
            }
        }
    }
    paths
}

fn scaled(parts: &[Part], debt: f64) -> Vec<Part> {
    let one = |part: &Part| Part {
        amount: if part.threshold.is_none() { part.amount * debt } else { part.amount },
        ..part.clone()
    };
    parts.iter().map(one).collect()
}
