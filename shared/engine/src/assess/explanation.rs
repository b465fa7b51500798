//! The components in words, each with the figure that it comes from.

use risk_model::{Figure, HealthFactor};

use super::spread::Spread;
use crate::probability::Estimate;
use crate::report::{AccountReport, MarketRisk};

/// Why liquidation, volatility, concentration and liquidity are what they are, in this order.
pub(super) fn because(accounts: &[AccountReport], market: &MarketRisk, spread: &Spread) -> [String; 4] {
    [liquidation(accounts), volatility(market), concentration(spread), liquidity(spread)]
}

fn liquidation(accounts: &[AccountReport]) -> String {
    // The component is the worst account's by points, which a high probability can make another than the first.
    let worst = accounts.iter().rev().max_by(|a, b| a.score.at_most.total_cmp(&b.score.at_most));
    let Some(account) = worst else {
        return "no lending account was read".to_owned();
    };
    let health = match &account.health_factor {
        HealthFactor::NoDebt => "nothing is owed".to_owned(),
        HealthFactor::Unknown(why) => format!("health factor is unknown ({why})"),
        HealthFactor::Known(_) => {
            let factor = account.health_factor.ratio().unwrap_or(0.0);
            format!("health factor {factor:.4} {}", chance(&account.probability_24h))
        }
    };
    format!("{}: {health}", account.key)
}

fn chance(probability: &Figure<Estimate>) -> String {
    match probability {
        Figure::Known(chance) => {
            format!("with a chance of {:.2} % of liquidation within 24 h", 100.0 * chance.value)
        }
        Figure::Unknown(why) => format!("with an unknown chance of liquidation within 24 h ({why})"),
    }
}

fn volatility(market: &MarketRisk) -> String {
    match &market.volatility {
        Figure::Known(volatility) => {
            format!("equity moves {:.1} % a year over {} days", 100.0 * volatility, market.observations)
        }
        Figure::Unknown(why) => format!("volatility of equity is unknown: {why}"),
    }
}

fn concentration(spread: &Spread) -> String {
    match (&spread.concentration.hhi, &spread.concentration.by_asset) {
        (Figure::Known(Some(index)), Figure::Known(shares)) => {
            let largest = shares.first().map_or(String::new(), |(_, symbol, share)| {
                format!("; the largest is {symbol} with {:.1} %", 100.0 * share)
            });
            format!("Herfindahl index {index:.3} over {} assets{largest}", shares.len())
        }
        (Figure::Unknown(why), _) | (_, Figure::Unknown(why)) => {
            format!("spread over assets is unknown: {why}")
        }
        _ => "nothing is held".to_owned(),
    }
}

fn liquidity(spread: &Spread) -> String {
    let days = match &spread.liquidity.days {
        Figure::Known(days) => format!("{days:.2} days to sell the slowest asset"),
        Figure::Unknown(why) => format!("time to sell is unknown: {why}"),
    };
    if spread.stuck_share > 0.0 {
        return format!(
            "{days}; {:.1} % could not be withdrawn from its protocol now",
            100.0 * spread.stuck_share
        );
    }
    days
}
