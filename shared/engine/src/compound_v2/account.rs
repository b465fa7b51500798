//! Account liquidity as the Comptroller computes it, to the last digit and truncation by truncation.
//!
//! Source: compound-protocol, `Comptroller.getHypotheticalAccountLiquidityInternal` and `ExponentialNoError.sol`
//! (risk-math C.1.3). The contract takes stored exchange rates and debts; here both are accrued to the block, because
//! anyone may accrue every market in the transaction that liquidates.

use std::fmt;
use std::sync::Arc;

use risk_model::{Asset, U256};

use super::{Account, Market, MarketPosition};
use crate::aave::{Overflow, WAD, add, mul_div_floor};

/// What the Comptroller sums up, in USD wad (1e18 is one USD).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Liquidity {
    /// Σ collateral × collateral factor.
    pub collateral: U256,
    /// Σ debt.
    pub borrow: U256,
    /// Collateral before its factor, of the markets that have one: for display only.
    pub unweighted: U256,
}

impl Liquidity {
    /// What could still be borrowed, USD wad.
    #[must_use]
    pub fn excess(&self) -> U256 {
        self.collateral.saturating_sub(self.borrow)
    }

    /// What is missing, USD wad. Liquidatable where it is more than nothing.
    #[must_use]
    pub fn shortfall(&self) -> U256 {
        self.borrow.saturating_sub(self.collateral)
    }
}

/// Why an account cannot be computed. Never a reason to call it healthy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccountError {
    /// The position names a market that the Comptroller does not have.
    UnknownMarket,
    /// The position names a market twice.
    RepeatedMarket {
        /// Which.
        symbol: Arc<str>,
    },
    /// The oracle gave no price for an entered market: the contract answers `PRICE_ERROR`.
    Unpriced {
        /// Which.
        symbol: Arc<str>,
    },
    /// Something is owed in a market that was not entered, which no Comptroller allows.
    DebtOutside {
        /// Which.
        symbol: Arc<str>,
    },
    /// A number does not fit 256 bits: the contract would revert.
    Overflow {
        /// Of which market, or `the account`.
        symbol: Arc<str>,
    },
}

impl fmt::Display for AccountError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownMarket => {
                write!(f, "the position names a market that the Comptroller does not have")
            }
            Self::RepeatedMarket { symbol } => write!(f, "the position names {symbol} twice"),
            Self::Unpriced { symbol } => write!(f, "the protocol's oracle has no price for {symbol}"),
            Self::DebtOutside { symbol } => write!(f, "{symbol} is owed in a market that was not entered"),
            Self::Overflow { symbol } => write!(f, "the numbers of {symbol} do not fit 256 bits"),
        }
    }
}

impl std::error::Error for AccountError {}

impl Market {
    /// `balanceOfUnderlying`: what cTokens are worth in base units of the underlying, floored.
    ///
    /// # Errors
    /// The product does not fit 256 bits.
    pub fn underlying(&self, c_tokens: U256) -> Result<U256, Overflow> {
        mul_div_floor(self.exchange_rate, c_tokens, WAD)
    }

    /// `tokensToDenom`: USD of one cToken base unit after the collateral factor, each product truncated to a wad.
    fn tokens_to_denom(&self, price: U256) -> Result<U256, Overflow> {
        let factored = mul_div_floor(self.collateral_factor, self.exchange_rate, WAD)?;
        mul_div_floor(factored, price, WAD)
    }
}

impl Account {
    /// cTokens of markets that the wallet has not entered.
    #[must_use]
    pub fn unlisted_deposits(&self) -> Vec<Asset> {
        let held = self.positions.iter().filter(|part| !part.is_entered && !part.c_tokens.is_zero());
        let markets = held.filter_map(|part| self.market(part).ok());
        markets.map(|market| Asset::contract(self.comptroller.chain, market.c_token)).collect()
    }

    /// The market of a part.
    pub(super) fn market(&self, part: &MarketPosition) -> Result<&Market, AccountError> {
        self.comptroller.markets.get(part.market).ok_or(AccountError::UnknownMarket)
    }
}

/// `getAccountLiquidity` at the Comptroller's block, over the entered markets.
///
/// # Errors
/// Any [`AccountError`]. An entered market without a price is one even where the wallet has nothing in it, as in the
/// contract.
pub fn liquidity(account: &Account) -> Result<Liquidity, AccountError> {
    let mut sums = Liquidity { collateral: U256::ZERO, borrow: U256::ZERO, unweighted: U256::ZERO };
    let mut seen = vec![false; account.comptroller.markets.len()];
    for part in &account.positions {
        let market = account.market(part)?;
        let symbol = || market.symbol.clone();
        if seen.get_mut(part.market).is_none_or(|seen| std::mem::replace(seen, true)) {
            return Err(AccountError::RepeatedMarket { symbol: symbol() });
        }
        if !part.is_entered {
            if !part.owed.is_zero() {
                return Err(AccountError::DebtOutside { symbol: symbol() });
            }
            continue;
        }
        let price = market.price.ok_or_else(|| AccountError::Unpriced { symbol: symbol() })?;
        sums.add(market, part, price).map_err(|_| AccountError::Overflow { symbol: symbol() })?;
    }
    Ok(sums)
}

impl Liquidity {
    fn add(&mut self, market: &Market, part: &MarketPosition, price: U256) -> Result<(), Overflow> {
        let weighted = mul_div_floor(market.tokens_to_denom(price)?, part.c_tokens, WAD)?;
        self.collateral = add(self.collateral, weighted)?;
        self.borrow = add(self.borrow, mul_div_floor(price, part.owed, WAD)?)?;
        if !market.collateral_factor.is_zero() {
            let value = mul_div_floor(price, market.underlying(part.c_tokens)?, WAD)?;
            self.unweighted = add(self.unweighted, value)?;
        }
        Ok(())
    }
}
