//! The book of a wallet: what each asset is worth or owed by market prices, and whether anything is left out of it.

use std::collections::BTreeMap;

use risk_model::{Affects, Asset, ChainId, Figure, Gap, GapReason, Protocol, Usd};

use super::gaps::reason;
use crate::report::Exposure;

/// One supply, debt or holding by the market's price, USD.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Line {
    pub(super) asset: Asset,
    pub(super) symbol: String,
    pub(super) protocol: Protocol,
    pub(super) chain: ChainId,
    /// Supplied or held.
    pub(super) held_usd: f64,
    /// Owed.
    pub(super) owed_usd: f64,
    /// Part of what is supplied that the protocol could not pay out now.
    pub(super) stuck_usd: f64,
    /// The protocol oracle that its safety depends on, where there is one.
    pub(super) oracle: Option<String>,
}

/// Largest value of one line that is believed, USD: more than all money there is. It keeps every sum finite.
const MAX_LINE_USD: f64 = 1e15;

/// All lines, and the first reason why the value or the debt is more than they say.
#[derive(Debug, Default)]
pub(super) struct Book {
    pub(super) lines: Vec<Line>,
    value_hole: Option<String>,
    debt_hole: Option<String>,
}

impl Book {
    /// Writes a line, unless its value is beyond belief: the gap that says so, and a hole on both sides.
    pub(super) fn write(&mut self, line: Line) -> Option<Gap> {
        if line.held_usd <= MAX_LINE_USD && line.owed_usd <= MAX_LINE_USD {
            self.lines.push(line);
            return None;
        }
        let gap = Gap {
            what: format!("value of {} ({}): amount × price is beyond belief", line.symbol, line.asset),
            source: line.protocol.name(),
            reason: GapReason::Malformed,
            affects: Affects::Value,
            since: None,
        };
        self.miss_value(reason(&gap));
        self.miss_debt(reason(&gap));
        Some(gap)
    }

    /// Something of value could not be counted.
    pub(super) fn miss_value(&mut self, reason: String) {
        self.value_hole.get_or_insert(reason);
    }

    /// Something owed could not be counted.
    pub(super) fn miss_debt(&mut self, reason: String) {
        self.debt_hole.get_or_insert(reason);
    }

    /// Whether the wallet holds or owes anything, known or not.
    pub(super) fn is_empty(&self) -> bool {
        self.lines.is_empty() && self.value_hole.is_none() && self.debt_hole.is_none()
    }

    /// Everything supplied and held, USD.
    pub(super) fn value(&self) -> Figure<Usd> {
        self.sum(self.value_hole.as_ref(), |line| line.held_usd)
    }

    /// Everything owed, USD.
    pub(super) fn debt(&self) -> Figure<Usd> {
        self.sum(self.debt_hole.as_ref(), |line| line.owed_usd)
    }

    /// Value less debt, USD.
    pub(super) fn net_worth(&self) -> Figure<Usd> {
        self.sum(self.value_hole.as_ref().or(self.debt_hole.as_ref()), |line| line.held_usd - line.owed_usd)
    }

    /// Why the signed exposures are not complete, if they are not.
    pub(super) fn hole(&self) -> Option<&String> {
        self.value_hole.as_ref().or(self.debt_hole.as_ref())
    }

    /// Why the gross value is not complete, if it is not.
    pub(super) fn value_hole(&self) -> Option<&String> {
        self.value_hole.as_ref()
    }

    /// Value less debt by asset, USD, in the assets' order; those that cancel out exactly are left out.
    pub(super) fn exposures(&self) -> Vec<(Asset, f64)> {
        let mut sums = BTreeMap::new();
        for line in &self.lines {
            *sums.entry(line.asset).or_insert(0.0) += line.held_usd - line.owed_usd;
        }
        sums.into_iter().filter(|(_, usd)| *usd != 0.0).collect()
    }

    /// What is held and owed of each asset, in the assets' order.
    pub(super) fn by_asset(&self) -> Vec<Exposure> {
        let mut sums: BTreeMap<Asset, Exposure> = BTreeMap::new();
        for line in &self.lines {
            let sum = sums.entry(line.asset).or_insert_with(|| Exposure {
                asset: line.asset,
                symbol: line.symbol.clone(),
                held_usd: 0.0,
                owed_usd: 0.0,
            });
            sum.held_usd += line.held_usd;
            sum.owed_usd += line.owed_usd;
        }
        sums.into_values().collect()
    }

    fn sum(&self, hole: Option<&String>, part: impl Fn(&Line) -> f64) -> Figure<Usd> {
        if let Some(reason) = hole {
            return Figure::Unknown(reason.clone());
        }
        // From nothing rather than from the float sum's −0.
        let sum = self.lines.iter().fold(0.0, |sum, line| sum + part(line));
        Usd::new(sum)
            .map_or_else(|| Figure::Unknown("the values are too large to add".to_owned()), Figure::Known)
    }
}
