//! Prices that should agree: a stablecoin with its dollar, a protocol's oracle with the market.

use risk_model::{Asset, Figure, HealthFactor, Severity};

use super::cure::cure;
use super::signal::{Rising, Text};
use super::{Condition, Thresholds};
use crate::report::{AccountReport, Report, ReserveReport};
use crate::stablecoin::{self, Stablecoin};

/// The condition of each stablecoin that the wallet is exposed to enough to matter. A coin without a price is there
/// with an unknown condition, whatever its amount: nobody knows what it is worth.
pub(super) fn stablecoins(report: &Report, thresholds: &Thresholds) -> Vec<(Asset, Condition)> {
    let mut coins = stablecoin::stablecoins(report);
    coins.retain(|coin| coin.price.known().is_none() || coin.weight_usd >= thresholds.depeg_min_usd);
    coins.iter().map(|coin| (coin.asset, depeg(coin, thresholds))).collect()
}

fn depeg(coin: &Stablecoin, thresholds: &Thresholds) -> Condition {
    let Figure::Known(price) = &coin.price else {
        return Condition::Unknown;
    };
    let price = price.value();
    let distance = (price - 1.0).abs();
    let severity = match distance {
        far if far >= thresholds.depeg_critical => Severity::Critical,
        far if far >= thresholds.depeg_high => Severity::High,
        _ => Severity::Medium,
    };
    let message = format!("{} trades at ${price:.4}, {:.2} % from its dollar", coin.symbol, 100.0 * distance);
    let (symbol, weight) = (&coin.symbol, coin.weight_usd);
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
