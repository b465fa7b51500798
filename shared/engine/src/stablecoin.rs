//! The stablecoins of a wallet, and the band of the distance from its dollar that each trades in (risk-math C.6).

use std::collections::BTreeMap;

use risk_model::{Asset, Figure, Usd};

use crate::quantity::whole;
use crate::report::Report;

/// Symbols of tokens that promise one US dollar, upper case. An address list would have to be kept for every chain;
/// the symbol is only believed of a lending market's reserve or of a holding worth something.
pub const STABLECOINS: [&str; 19] = [
    "USDC", "USDC.E", "USDBC", "USDT", "USDT0", "USD₮0", "DAI", "XDAI", "LUSD", "FRAX", "GHO", "PYUSD",
    "USDS", "CRVUSD", "USDE", "RLUSD", "TUSD", "SUSD", "USDP",
];

/// How far a stablecoin trades from its dollar, `|price − 1|`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Band {
    /// Under 0.5 %.
    Pegged,
    /// From 0.5 %.
    Warning,
    /// From 2 %.
    High,
    /// From 5 %.
    Critical,
}

impl Band {
    /// Every band, nearest first.
    pub const ALL: [Self; 4] = [Self::Pegged, Self::Warning, Self::High, Self::Critical];

    /// The distance from which it begins, fraction of a dollar.
    #[must_use]
    pub const fn from(self) -> f64 {
        match self {
            Self::Pegged => 0.0,
            Self::Warning => 0.005,
            Self::High => 0.02,
            Self::Critical => 0.05,
        }
    }

    /// The lower-case name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pegged => "pegged",
            Self::Warning => "warning",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }

    /// The band of a distance, fraction of a dollar.
    #[must_use]
    pub fn of(distance: f64) -> Self {
        Self::ALL.into_iter().rev().find(|band| distance >= band.from()).unwrap_or(Self::Pegged)
    }
}

/// One stablecoin of a wallet.
#[derive(Clone, Debug, PartialEq)]
pub struct Stablecoin {
    /// Which.
    pub asset: Asset,
    /// Its symbol.
    pub symbol: String,
    /// What one trades at.
    pub price: Figure<Usd>,
    /// What it weighs, USD: supplied and owed at its promise of a dollar a token, since the market vouches for the token;
    /// held at its price, since anybody can name a worthless token after a stablecoin.
    pub weight_usd: f64,
}

impl Stablecoin {
    /// `|price − 1|`, fraction of a dollar.
    #[must_use]
    pub fn distance(&self) -> Figure<f64> {
        self.price.clone().map(|price| (price.value() - 1.0).abs())
    }
}

/// The stablecoins that a report's wallet holds, has supplied or pooled, or owes, by asset.
#[must_use]
pub fn stablecoins(report: &Report) -> Vec<Stablecoin> {
    let held = report.holdings.iter().map(|one| {
        let usd = one.price.known().map_or(0.0, |usd| usd.value());
        (one.asset, &one.symbol, &one.price, whole(one.amount, one.decimals) * usd)
    });
    let lent = report.accounts.iter().flat_map(|account| &account.reserves).map(|one| {
        let tokens = whole(one.supplied, one.decimals) + whole(one.owed, one.decimals);
        (one.asset, &one.symbol, &one.market_price, tokens)
    });
    let pooled =
        report.pools.iter().flat_map(|pool| &pool.legs).map(|one| {
            (one.asset, &one.symbol, &one.price, one.value.known().map_or(0.0, |usd| usd.value()))
        });
    let mut coins: BTreeMap<Asset, Stablecoin> = BTreeMap::new();
    for (asset, symbol, price, weight_usd) in
        held.chain(lent).chain(pooled).filter(|(_, symbol, ..)| is_stablecoin(symbol))
    {
        let coin = coins.entry(asset).or_insert_with(|| Stablecoin {
            asset,
            symbol: symbol.clone(),
            price: price.clone(),
            weight_usd: 0.0,
        });
        coin.weight_usd += weight_usd;
    }
    coins.into_values().collect()
}

fn is_stablecoin(symbol: &str) -> bool {
    STABLECOINS.contains(&symbol.to_uppercase().as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_band_begins_at_its_own_distance() {
        let bands = [0.0, 0.004_999, 0.005, 0.019_9, 0.02, 0.05, 0.9].map(Band::of);
        let wanted = [
            Band::Pegged,
            Band::Pegged,
            Band::Warning,
            Band::Warning,
            Band::High,
            Band::Critical,
            Band::Critical,
        ];
        assert_eq!(bands, wanted);
    }
}
