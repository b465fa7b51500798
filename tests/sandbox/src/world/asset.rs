//! What is traded: one row an asset, whatever chain its tokens live on.

use anyhow::{Context, Result, bail};
use num_traits::ToPrimitive;

/// What an asset's price moves with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Follows {
    /// Its own walk, with a share of the common market factor.
    Market,
    /// Another asset, with a little noise (a staked or wrapped form of it).
    Asset(usize),
    /// The dollar: noise around a level, no walk.
    Dollar,
}

/// One asset of the market.
#[derive(Clone, Debug)]
pub(crate) struct Asset {
    /// Name in the tables ("eth").
    pub(crate) key: String,
    /// CoinGecko coin id ("ethereum").
    pub(crate) coin_id: String,
    /// Display name.
    pub(crate) name: String,
    /// Ticker in capitals ("ETH").
    pub(crate) symbol: String,
    /// Starting price in USD.
    pub(crate) base_usd: f64,
    /// Starting price in USD with 8 decimals, as oracles report it.
    pub(crate) base_e8: u128,
    /// What its history moves with.
    pub(crate) follows: Follows,
    /// Standard deviation of log returns a year, as a fraction.
    pub(crate) annual_volatility: f64,
    /// Circulating units.
    pub(crate) supply: f64,
    /// Usual traded value a day in USD.
    pub(crate) daily_volume_usd: f64,
    /// Priced on chain by a ratio adapter, which has `latestAnswer` and no rounds.
    pub(crate) ratio: bool,
}

/// Reads the asset table.
pub(crate) fn load() -> Result<Vec<Asset>> {
    let rows: Vec<Vec<&str>> = include_str!("assets.csv")
        .lines()
        .skip(1)
        .filter(|line| !line.is_empty())
        .map(|line| line.split(',').collect())
        .collect();
    let keys: Vec<&str> = rows.iter().filter_map(|row| row.first().copied()).collect();
    rows.iter().map(|row| parse(row, &keys).with_context(|| format!("asset row {row:?}"))).collect()
}

fn parse(row: &[&str], keys: &[&str]) -> Result<Asset> {
    let [key, coin_id, name, symbol, price, follows, volatility, supply, volume, kind] = row else {
        bail!("{} columns", row.len());
    };
    let base_usd: f64 = price.parse()?;
    Ok(Asset {
        key: (*key).to_owned(),
        coin_id: (*coin_id).to_owned(),
        name: (*name).to_owned(),
        symbol: (*symbol).to_owned(),
        base_usd,
        base_e8: to_e8(base_usd),
        follows: match *follows {
            "-" => Follows::Market,
            "usd" => Follows::Dollar,
            other => Follows::Asset(keys.iter().position(|known| *known == other).context("unknown parent")?),
        },
        annual_volatility: volatility.parse()?,
        supply: supply.parse::<f64>()? * 1e6,
        daily_volume_usd: volume.parse::<f64>()? * 1e6,
        ratio: *kind == "ratio",
    })
}

/// A USD price with 8 decimals, rounded to the nearest unit; 0 for what is no price.
pub(crate) fn to_e8(price_usd: f64) -> u128 {
    (price_usd * 1e8).round().to_u128().unwrap_or(0)
}
