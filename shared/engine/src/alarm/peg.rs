//! Prices that should agree: a stablecoin with its dollar, a protocol's oracle with the market.

use std::collections::BTreeMap;

use risk_model::{Asset, Figure, HealthFactor, Severity};

use super::cure::cure;
use super::signal::{Rising, Text};
use super::{Condition, STABLECOINS, Thresholds};
use crate::quantity::whole;
use crate::report::{AccountReport, Report, ReserveReport};

/// One stablecoin of the wallet.
struct Coin<'a> {
    symbol: &'a str,
    price: Option<f64>,
    /// What it weighs: supplied and owed at its promise of a dollar a token, since the market vouches for the token;
    /// held at its price, since anybody can name a worthless token after a stablecoin.
    weight_usd: f64,
}

/// The condition of each stablecoin that the wallet is exposed to enough to matter. A coin without a price is there
/// with an unknown condition, whatever its amount: nobody knows what it is worth.
pub(super) fn stablecoins(report: &Report, thresholds: &Thresholds) -> Vec<(Asset, Condition)> {
    let mut coins: BTreeMap<Asset, Coin<'_>> = BTreeMap::new();
    let held = report.holdings.iter().map(|one| {
        let price = one.price.known().map(|usd| usd.value());
        (one.asset, one.symbol.as_str(), price, whole(one.amount, one.decimals) * price.unwrap_or(0.0))
    });
    let lent = report.accounts.iter().flat_map(|account| &account.reserves).map(|one| {
        let tokens = whole(one.supplied, one.decimals) + whole(one.owed, one.decimals);
        (one.asset, one.symbol.as_str(), one.market_price.known().map(|usd| usd.value()), tokens)
    });
    let pooled = report.pools.iter().flat_map(|pool| &pool.legs).map(|one| {
        let price = one.price.known().map(|usd| usd.value());
        (one.asset, one.symbol.as_str(), price, one.value.known().map_or(0.0, |usd| usd.value()))
    });
    for (asset, symbol, price, weight_usd) in
        held.chain(lent).chain(pooled).filter(|(_, symbol, ..)| is_stablecoin(symbol))
    {
        coins.entry(asset).or_insert(Coin { symbol, price, weight_usd: 0.0 }).weight_usd += weight_usd;
    }
    coins
        .into_iter()
        .filter(|(_, coin)| coin.price.is_none() || coin.weight_usd >= thresholds.depeg_min_usd)
        .map(|(asset, coin)| (asset, depeg(&coin, thresholds)))
        .collect()
}

fn is_stablecoin(symbol: &str) -> bool {
    let symbol = symbol.to_uppercase();
    STABLECOINS.contains(&symbol.as_str())
}

fn depeg(coin: &Coin<'_>, thresholds: &Thresholds) -> Condition {
    let Some(price) = coin.price else {
        return Condition::Unknown;
    };
    let distance = (price - 1.0).abs();
    let severity = match distance {
        far if far >= thresholds.depeg_critical => Severity::Critical,
        far if far >= thresholds.depeg_high => Severity::High,
        _ => Severity::Medium,
    };
    let message = format!("{} trades at ${price:.4}, {:.2} % from its dollar", coin.symbol, 100.0 * distance);
    let (symbol, weight) = (coin.symbol, coin.weight_usd);
    let action = if price < 1.0 {
        format!(
            "Leave what is held of {symbol} (${weight:.2} with what is owed), or repay what is owed in it while it is cheap."
        )
    } else {
        format!(
            "Sell what is held of {symbol} (${weight:.2} with what is owed) while it is dear; what is owed in it costs more now."
        )
    };
    Rising { low: distance, high: distance, line: thresholds.depeg, severity }.judge(Text { message, action })
}

/// How far an account's oracle prices are from the market's, by the furthest of those that its health depends on.
/// High where the account would be close to liquidation by the market's prices.
pub(super) fn divergence(account: &AccountReport, report: &Report, thresholds: &Thresholds) -> Condition {
    let used = |reserve: &&ReserveReport| reserve.is_collateral || !reserve.owed.is_zero();
    let distances: Vec<(&str, Option<f64>)> = account
        .reserves
        .iter()
        .filter(used)
        .map(|reserve| (reserve.symbol.as_str(), distance(reserve)))
        .collect();
    let known = distances.iter().filter_map(|(symbol, distance)| Some((*symbol, (*distance)?)));
    let (symbol, furthest) = known.fold(("", 0.0), |most, one| if one.1 > most.1 { one } else { most });
    let is_complete = distances.iter().all(|(_, distance)| distance.is_some());
    let is_near = match &account.market_health_factor {
        HealthFactor::Known(_) => {
            account.market_health_factor.ratio().is_some_and(|one| one < thresholds.health_factor_high)
        }
        HealthFactor::NoDebt | HealthFactor::Unknown(_) => false,
    };
    let message = if symbol.is_empty() {
        format!("{}: oracle and market agree", account.key)
    } else {
        format!("{}: oracle and market differ by {:.2} % on {symbol}", account.key, 100.0 * furthest)
    };
    let action = format!(
        "Do not rely on the health factor alone: look at the one by market prices too. {}",
        cure(account, report, by_market(account))
    );
    Rising {
        low: furthest,
        high: if is_complete { furthest } else { f64::INFINITY },
        line: thresholds.divergence,
        severity: if is_near { Severity::High } else { Severity::Medium },
    }
    .judge(Text { message, action })
}

/// The factor by the oracle at which the one by market prices is 1.5, as long as the two differ as they do.
fn by_market(account: &AccountReport) -> Option<f64> {
    let target = 1.5 * account.health_factor.ratio()? / account.market_health_factor.ratio()?;
    target.is_finite().then_some(target)
}

fn distance(reserve: &ReserveReport) -> Option<f64> {
    match (&reserve.oracle_price, &reserve.market_price) {
        (Figure::Known(oracle), Figure::Known(market)) => {
            let distance = (oracle.value() - market.value()).abs() / market.value();
            distance.is_finite().then_some(distance)
        }
        _ => None,
    }
}
