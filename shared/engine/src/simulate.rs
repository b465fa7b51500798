//! What if: a wallet's positions after a move of prices and after steps of its owner, assessed as the real ones are.
//!
//! The market moves first, then the owner acts, in order. What a step takes is taken from the wallet's own tokens as far
//! as they go; the rest comes from outside and is told, so that nobody takes new money for a better position.

mod step;

use std::collections::BTreeMap;
use std::fmt;

use risk_model::{Asset, Timestamp, U256};

use crate::lending::{Change, Lending, Unit};
use crate::market::MarketData;
use crate::parameters::Parameters;
use crate::position::WalletPositions;
use crate::prepared::Prepared;
use crate::quantity::decimal_text;
use crate::report::Report;
use crate::stress::Shock;
use crate::{assess, assess_one};

pub use step::parse_units;

/// One step of the owner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// A change of an account, by its key. The amounts are decimal text in whole tokens.
    Account {
        /// The account's key.
        key: String,
        /// What is done.
        act: Act,
    },
    /// Tokens of the wallet turned into others at market prices, less `swap_cost`.
    Swap {
        /// What is given.
        from: Asset,
        /// What is taken.
        into: Asset,
        /// How much is given, whole tokens.
        amount: String,
    },
}

/// What is done to an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// Supply so much of an asset.
    Supply(Asset, String),
    /// Withdraw so much of an asset, at most all of it.
    Withdraw(Asset, String),
    /// Repay so much of a debt, at most all of it.
    Repay(Asset, String),
    /// Borrow so much of an asset.
    Borrow(Asset, String),
    /// Enter an e-mode category.
    EMode(u8),
}

/// What is to be tried.
#[derive(Clone, Debug, PartialEq)]
pub struct Trial {
    /// How prices move, if they do.
    pub shock: Option<Shock>,
    /// Times the present gas price.
    pub gas_factor: f64,
    /// What the owner does then, in order.
    pub steps: Vec<Step>,
}

/// Both sides of a trial.
#[derive(Clone, Debug, PartialEq)]
pub struct Simulation {
    /// The wallet as it is.
    pub before: Report,
    /// The wallet as it would be; its recommendations are the cures.
    pub after: Report,
    /// What the steps needed and the wallet did not hold: token, symbol, decimals, base units.
    pub from_outside: Vec<Outside>,
}

/// Tokens that had to come from outside the wallet.
#[derive(Clone, Debug, PartialEq)]
pub struct Outside {
    /// Which.
    pub asset: Asset,
    /// Decimals of the amount.
    pub decimals: u8,
    /// Base units.
    pub amount: U256,
}

impl Outside {
    /// The amount in whole tokens, decimal text.
    #[must_use]
    pub fn decimal(&self) -> String {
        decimal_text(self.amount, self.decimals)
    }
}

/// Why a trial cannot be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The step it is about, from 0; `None` where it is about the move of prices.
    pub step: Option<usize>,
    /// Why.
    pub message: String,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// Tries it. `market` must hold quotes and closes of every asset that the steps bring in, as far as there are any: what
/// is missing is a gap of the report after, as anywhere.
///
/// # Errors
/// [`Refusal`] where a step is not possible: no such account, asset or amount, or a number that does not fit. Whether
/// the protocol's own checks (caps, freezes, health) would let it through is not asked; the report after shows the health.
pub fn simulate(
    positions: &WalletPositions,
    market: &MarketData,
    now: Timestamp,
    parameters: &Parameters,
    trial: &Trial,
) -> Result<Simulation, Refusal> {
    let prepared = Prepared::new(market, now, parameters);
    let before = assess(positions, &prepared);
    let mut moved = positions.clone();
    let mut markets = market.clone();
    if let Some(shock) = &trial.shock {
        let factors = factors(&before, market, shock, &prepared)?;
        reprice(&mut moved, &mut markets, &factors, shock.is_oracle_frozen);
    }
    for gas in markets.gas.values_mut() {
        gas.propose_gwei *= trial.gas_factor;
        gas.base_fee_gwei = gas.base_fee_gwei.map(|fee| fee * trial.gas_factor);
    }
    let mut from_outside = Vec::new();
    for (place, step) in trial.steps.iter().enumerate() {
        let refused = |message| Refusal { step: Some(place), message };
        step::take(&mut moved, &markets, parameters, step, &mut from_outside).map_err(refused)?;
    }
    let after = assess_one(&moved, &markets, now, parameters);
    Ok(Simulation { before, after, from_outside })
}

/// The factor of every asset that has a quote or a part in an account.
fn factors(
    before: &Report,
    market: &MarketData,
    shock: &Shock,
    prepared: &Prepared<'_>,
) -> Result<BTreeMap<Asset, f64>, Refusal> {
    let in_accounts = before.accounts.iter().flat_map(|account| &account.reserves);
    let mut symbols: BTreeMap<Asset, &str> =
        in_accounts.map(|part| (part.asset, part.symbol.as_str())).collect();
    symbols.extend(before.exposures.iter().map(|one| (one.asset, one.symbol.as_str())));
    for asset in market.quotes.keys() {
        // A coin that is only a unit of account is what its chain calls it.
        symbols.entry(*asset).or_insert_with(|| match asset.address() {
            None => asset.chain.native_symbol(),
            Some(_) => "",
        });
    }
    let factor = |(asset, symbol): (Asset, &str)| {
        let factor = shock.jump.factor(&asset, symbol, prepared);
        factor.map(|factor| (asset, factor)).map_err(|message| Refusal { step: None, message })
    };
    symbols.into_iter().map(factor).collect()
}

/// Moves market prices, and the oracles' unless they are frozen. An oracle that quotes in a coin moves by the ratio.
fn reprice(
    positions: &mut WalletPositions,
    market: &mut MarketData,
    factors: &BTreeMap<Asset, f64>,
    is_oracle_frozen: bool,
) {
    let factor = |asset: &Asset| factors.get(asset).copied().unwrap_or(1.0);
    for (asset, quote) in &mut market.quotes {
        quote.usd *= factor(asset);
    }
    if is_oracle_frozen {
        return;
    }
    for account in &mut positions.accounts {
        let unit = match account.account.facts().unit {
            Unit::Usd => 1.0,
            Unit::Asset(asset) => factor(&asset),
        };
        account.account = account.account.repriced(&|asset| factor(asset) / unit);
    }
}

/// Every asset that the steps name: what market data is needed for besides the wallet's own.
#[must_use]
pub fn assets_of(steps: &[Step]) -> Vec<Asset> {
    let of = |step: &Step| match step {
        Step::Swap { from, into, .. } => vec![*from, *into],
        Step::Account { act, .. } => match act {
            Act::Supply(asset, _)
            | Act::Withdraw(asset, _)
            | Act::Repay(asset, _)
            | Act::Borrow(asset, _) => {
                vec![*asset]
            }
            Act::EMode(_) => Vec::new(),
        },
    };
    steps.iter().flat_map(of).collect()
}

impl Act {
    /// The change it is, with its amount in base units.
    fn change(&self, account: &impl Lending) -> Result<Change, String> {
        let amount = |asset: &Asset, text: &str| {
            let decimals = account.decimals(asset).ok_or_else(|| format!("{asset} is not in this market"))?;
            parse_units(text, decimals)
        };
        Ok(match self {
            Self::Supply(asset, text) => Change::Supply { asset: *asset, amount: amount(asset, text)? },
            Self::Withdraw(asset, text) => Change::Withdraw { asset: *asset, amount: amount(asset, text)? },
            Self::Repay(asset, text) => Change::Repay { asset: *asset, amount: amount(asset, text)? },
            Self::Borrow(asset, text) => Change::Borrow { asset: *asset, amount: amount(asset, text)? },
            Self::EMode(category) => Change::EMode(*category),
        })
    }
}

#[cfg(test)]
mod tests;
