//! Stress: what a sudden move of prices would leave of a wallet, and which of its accounts it would liquidate.
//!
//! The positions stay as they are, and every price jumps at once, so no path, no interest and no owner's reaction lies
//! between. Health factors are moved by the ratio of the shocked to the present legs, so that at no shock they are the
//! protocol's own number.

mod replay;

use std::collections::BTreeMap;

use risk_model::{Affects, Asset, Figure, Gap, HealthFactor, Usd};

use crate::prepared::Prepared;
use crate::probability::depeg::Peg;
use crate::quantity::{wad_from, whole};
use crate::report::{AccountReport, Exposure, Report, StressReport};

pub use replay::{Replay, replay};

/// How prices jump, by asset and symbol, as factors of the present price (0.7 is a fall of 30 %).
#[derive(Clone, Debug, PartialEq)]
pub enum Jump {
    /// Everything that promises no dollar, by the same factor: correlations of one.
    Risk(f64),
    /// Everything that promises to be worth this, but is not the thing itself.
    Pegged(Peg, f64),
    /// These assets, each by its own factor; all others stay.
    Assets(BTreeMap<Asset, f64>),
    /// What each rule names, by its factor. A rule for an asset goes before one for a peg, that before one for everything
    /// at risk; of two of a kind the first. What no rule names stays.
    Rules(Vec<(Named, f64)>),
    /// As the closes moved between two days, each asset by its own factor; an asset without both closes is unknown.
    Days {
        /// Day since the epoch whose close is the start.
        from: u64,
        /// Day since the epoch whose close is the end.
        to: u64,
    },
}

/// What a rule names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Named {
    /// One asset.
    Asset(Asset),
    /// Everything that promises to be worth this, but is not the thing itself.
    Peg(Peg),
    /// Everything that promises no dollar.
    Risk,
}

impl Named {
    /// How closely it names an asset: 0 is closest; `None` where it does not.
    fn closeness(self, asset: &Asset, symbol: &str) -> Option<u8> {
        match self {
            Self::Asset(named) => (named == *asset).then_some(0),
            Self::Peg(peg) => (Peg::of(symbol) == Some(peg) && !peg.is_base(symbol)).then_some(1),
            Self::Risk => (Peg::of(symbol) != Some(Peg::Dollar)).then_some(2),
        }
    }
}

/// A shock to judge.
#[derive(Clone, Debug, PartialEq)]
pub struct Shock {
    /// Its name in answers.
    pub name: String,
    /// How prices jump.
    pub jump: Jump,
    /// Whether the protocols' oracles stay where they are while the market moves.
    pub is_oracle_frozen: bool,
}

impl Jump {
    /// The factor of an asset's price.
    ///
    /// # Errors
    /// Why it is not known: a replay of days without closes.
    pub fn factor(&self, asset: &Asset, symbol: &str, prepared: &Prepared<'_>) -> Result<f64, String> {
        match self {
            Self::Risk(factor) => Ok(if Peg::of(symbol) == Some(Peg::Dollar) { 1.0 } else { *factor }),
            Self::Pegged(peg, factor) => {
                let breaks = Peg::of(symbol) == Some(*peg) && !peg.is_base(symbol);
                Ok(if breaks { *factor } else { 1.0 })
            }
            Self::Assets(factors) => Ok(factors.get(asset).copied().unwrap_or(1.0)),
            Self::Rules(rules) => {
                let named =
                    rules.iter().filter_map(|(rule, factor)| Some((rule.closeness(asset, symbol)?, *factor)));
                // The first of the closest.
                Ok(named.min_by_key(|(closeness, _)| *closeness).map_or(1.0, |(_, factor)| factor))
            }
            Self::Days { from, to } => {
                let closes = prepared.market().closes.get(asset);
                let on = |day: u64| closes.and_then(|closes| closes.on(day)).filter(|close| *close > 0.0);
                let moved = on(*from).zip(on(*to)).map(|(from, to)| to / from).filter(|one| one.is_finite());
                moved.ok_or_else(|| format!("{symbol} has no closes on the days to replay"))
            }
        }
    }
}

/// The shocks that every answer holds: a crash of everything by 30 % and by 50 %, the largest dollar held at 0.88 (USDC
/// on 2023-03-11), staked ether 7 % under ether (stETH in June 2022), a crash of 20 % that the oracles do not show, and
/// the worst day and week of the window for the positions as they are today.
#[must_use]
pub fn standard(report: &Report, prepared: &Prepared<'_>) -> Vec<Shock> {
    let shock = |name: &str, jump| Shock { name: name.to_owned(), jump, is_oracle_frozen: false };
    let mut shocks =
        vec![shock("correlated_crash_30", Jump::Risk(0.7)), shock("correlated_crash_50", Jump::Risk(0.5))];
    let dollars = report.exposures.iter().filter(|one| Peg::of(&one.symbol) == Some(Peg::Dollar));
    if let Some(largest) =
        dollars.filter(|one| one.held_usd > 0.0).max_by(|a, b| a.held_usd.total_cmp(&b.held_usd))
    {
        let jump = Jump::Assets(BTreeMap::from([(largest.asset, 0.88)]));
        shocks.push(shock("largest_dollar_depeg_12", jump));
    }
    let pegs_to_ether =
        |one: &Exposure| Peg::of(&one.symbol) == Some(Peg::Ether) && !Peg::Ether.is_base(&one.symbol);
    if report.exposures.iter().any(pegs_to_ether) {
        shocks.push(shock("staked_ether_depeg_7", Jump::Pegged(Peg::Ether, 0.93)));
    }
    shocks.push(Shock { is_oracle_frozen: true, ..shock("oracle_freeze_20", Jump::Risk(0.8)) });
    for (name, days) in [("worst_day", 1), ("worst_week", 7)] {
        if let Some(Replay { from, to, .. }) = replay(&report.exposures, prepared, days) {
            shocks.push(shock(name, Jump::Days { from, to }));
        }
    }
    shocks
}

/// What a shock would leave.
#[must_use]
pub fn apply(report: &Report, shock: &Shock, prepared: &Prepared<'_>) -> StressReport {
    let moves = Moves::of(report, shock, prepared);
    let change = change(report, &moves);
    let accounts: Vec<Shocked<'_>> =
        report.accounts.iter().map(|account| shocked(account, shock, &moves)).collect();
    let days = match shock.jump {
        Jump::Days { from, to } => Some((from, to)),
        _ => None,
    };
    StressReport {
        name: shock.name.clone(),
        days,
        net_worth: both(&report.net_worth, &change, |worth, change| worth + change),
        change,
        health_factor: worst(report, &accounts, |one| &one.oracle),
        market_health_factor: worst(report, &accounts, |one| &one.market),
        liquidated: accounts
            .iter()
            .filter(|one| one.oracle.ratio().is_some_and(|factor| factor < 1.0))
            .map(|one| one.account.key.clone())
            .collect(),
    }
}

/// The factor of every asset of a report, once for its exposures and its accounts.
struct Moves<'a> {
    shock: &'a Shock,
    prepared: &'a Prepared<'a>,
    /// In the exposures' order, which is the assets'.
    factors: Vec<(Asset, Result<f64, String>)>,
}

impl<'a> Moves<'a> {
    fn of(report: &Report, shock: &'a Shock, prepared: &'a Prepared<'a>) -> Self {
        let factor = |one: &Exposure| (one.asset, shock.jump.factor(&one.asset, &one.symbol, prepared));
        Self { shock, prepared, factors: report.exposures.iter().map(factor).collect() }
    }

    fn factor(&self, asset: &Asset, symbol: &str) -> Result<f64, String> {
        match self.factors.binary_search_by(|(known, _)| known.cmp(asset)) {
            Ok(at) => self.factors.get(at).map_or_else(|| Err(String::new()), |(_, factor)| factor.clone()),
            // An asset without a market price is in no exposure, and moves all the same.
            Err(_) => self.shock.jump.factor(asset, symbol, self.prepared),
        }
    }
}

/// What the wallet's net worth would gain or lose, by market prices.
fn change(report: &Report, moves: &Moves<'_>) -> Figure<Usd> {
    if let Figure::Unknown(why) = &report.net_worth {
        return Figure::Unknown(why.clone());
    }
    let mut sum = 0.0;
    for one in &report.exposures {
        match moves.factor(&one.asset, &one.symbol) {
            Ok(factor) => sum += (one.held_usd - one.owed_usd) * (factor - 1.0),
            Err(why) => return Figure::Unknown(why),
        }
    }
    Usd::new(sum).map_or_else(|| Figure::Unknown("the values are too large to add".to_owned()), Figure::Known)
}

fn both(a: &Figure<Usd>, b: &Figure<Usd>, f: impl Fn(f64, f64) -> f64) -> Figure<Usd> {
    match (a, b) {
        (Figure::Known(a), Figure::Known(b)) => Usd::new(f(a.value(), b.value()))
            .map_or_else(|| Figure::Unknown("the values are too large to add".to_owned()), Figure::Known),
        (Figure::Unknown(why), _) | (_, Figure::Unknown(why)) => Figure::Unknown(why.clone()),
    }
}

struct Shocked<'a> {
    account: &'a AccountReport,
    oracle: HealthFactor,
    market: HealthFactor,
}

fn shocked<'a>(account: &'a AccountReport, shock: &Shock, moves: &Moves<'_>) -> Shocked<'a> {
    let moved = |factor: &HealthFactor, is_moved: bool| match factor {
        HealthFactor::Known(_) if is_moved => after(account, factor, moves),
        other => other.clone(),
    };
    Shocked {
        account,
        oracle: moved(&account.health_factor, !shock.is_oracle_frozen),
        market: moved(&account.market_health_factor, true),
    }
}

/// The health factor times what the shock makes of N and D.
fn after(account: &AccountReport, factor: &HealthFactor, moves: &Moves<'_>) -> HealthFactor {
    let [mut n, mut d, mut moved_n, mut moved_d] = [0.0; 4];
    for part in &account.reserves {
        let counts = part.is_collateral && part.liquidation_threshold > 0.0 && !part.supplied.is_zero();
        if !counts && part.owed.is_zero() {
            continue;
        }
        let Figure::Known(price) = &part.oracle_price else {
            return HealthFactor::Unknown(format!("{} has no price to move", part.symbol));
        };
        let times = match moves.factor(&part.asset, &part.symbol) {
            Ok(times) => times,
            Err(why) => return HealthFactor::Unknown(why),
        };
        let usd = |amount| whole(amount, part.decimals) * price.value();
        let collateral = if counts { usd(part.supplied) * part.liquidation_threshold } else { 0.0 };
        n += collateral;
        moved_n += collateral * times;
        d += usd(part.owed);
        moved_d += usd(part.owed) * times;
    }
    let before = factor.ratio().unwrap_or(f64::NAN);
    // Without collateral the factor is 0 and stays there.
    let grown = if n > 0.0 { moved_n / n } else { 1.0 };
    let wad = wad_from(before * grown / (moved_d / d));
    wad.map_or_else(
        || HealthFactor::Unknown("the moved values cannot be divided".to_owned()),
        HealthFactor::Known,
    )
}

/// The worst account's, by the rule of the report: certainty needs nothing else, anything less needs everything.
fn worst<'a>(
    report: &Report,
    accounts: &'a [Shocked<'a>],
    pick: impl Fn(&'a Shocked<'a>) -> &'a HealthFactor,
) -> HealthFactor {
    let mut lowest = None;
    let mut unknown = None;
    for factor in accounts.iter().map(pick) {
        match factor {
            HealthFactor::Known(wad) => {
                lowest = Some(lowest.map_or(*wad, |low: risk_model::U256| low.min(*wad)));
            }
            HealthFactor::Unknown(why) => unknown = unknown.or_else(|| Some(why.clone())),
            HealthFactor::NoDebt => {}
        }
    }
    if let Some(wad) = lowest.filter(|wad| *wad < HealthFactor::WAD) {
        return HealthFactor::Known(wad);
    }
    let gap: Option<&Gap> = report.gaps.iter().find(|gap| gap.affects == Affects::Liquidation);
    if let Some(why) = unknown.or_else(|| gap.map(|gap| format!("{}: {}", gap.what, gap.reason))) {
        return HealthFactor::Unknown(why);
    }
    lowest.map_or(HealthFactor::NoDebt, HealthFactor::Known)
}

#[cfg(test)]
mod tests;
