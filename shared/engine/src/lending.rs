//! A lending account of any protocol, as every measure sees it: the same questions, answered by its own protocol's maths.
//!
//! A protocol's module keeps its market and positions in the contract's own integers and implements [`Lending`]; the
//! assessment, the cure, the stress and the simulation speak to [`Account`] only, so that none of them knows a protocol.

use std::fmt;

use risk_model::{Asset, ChainId, GapReason, HealthFactor, Protocol, U256};

use crate::position::Block;
use crate::{aave, compound_v2, compound_v3, morpho};

/// What a protocol's oracle quotes its prices, and an account its totals, in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// US dollars.
    Usd,
    /// Whole tokens of an asset: ether for Aave V2, the loan token for Morpho Blue, the base token for some Comets.
    Asset(Asset),
}

/// An account as its protocol's own maths gives it at its block.
#[derive(Clone, Debug, PartialEq)]
pub struct Facts {
    /// Stable name within the wallet: protocol, chain, contract and, where one contract holds many, the market.
    pub key: String,
    /// The protocol.
    pub protocol: Protocol,
    /// The chain.
    pub chain: ChainId,
    /// The contract that liquidates: pool, Comptroller, Comet, Morpho.
    pub contract: risk_model::Address,
    /// The block everything was read at.
    pub block: Block,
    /// What prices and totals are in.
    pub unit: Unit,
    /// The wallet's e-mode category, 0 for none.
    pub e_mode: u8,
    /// The account as a whole, or why it cannot be computed.
    pub standing: Result<Standing, Fault>,
    /// Whether anything is owed: known even without a single price. `None` where not even that is.
    pub owes: Option<bool>,
    /// Every supply and debt whose amounts could be told; those of zero left out.
    pub parts: Vec<Part>,
    /// How many more there are whose amounts could not be told.
    pub unreadable_parts: usize,
}

/// The account as a whole, by the protocol's oracle.
#[derive(Clone, Debug, PartialEq)]
pub struct Standing {
    /// The protocol's own number where it has one, otherwise Σ collateral × liquidation factor ÷ debt, wad.
    pub health_factor: HealthFactor,
    /// Whether the contract would let it be liquidated now: the contract's own comparison, not one of floats.
    pub is_liquidatable: bool,
    /// Collateral that counts, in the account's unit.
    pub collateral: f64,
    /// Debt, in the account's unit.
    pub debt: f64,
    /// What could still be borrowed, in the account's unit; `None` where the protocol has no such number.
    pub available_borrows: Option<f64>,
    /// Weighted liquidation threshold, bps, cut to whole ones; `None` without collateral or where there is no such number.
    pub liquidation_threshold_bps: Option<u16>,
    /// Weighted loan to value, bps, likewise.
    pub ltv_bps: Option<u16>,
}

/// A wallet's supply of, or debt in, one asset of an account.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// The underlying.
    pub asset: Asset,
    /// Its symbol.
    pub symbol: std::sync::Arc<str>,
    /// Decimals of the amounts.
    pub decimals: u8,
    /// Supplied, base units with interest to the block.
    pub supplied: U256,
    /// Owed, base units with interest to the block.
    pub owed: U256,
    /// Whether the supply counts as collateral.
    pub is_collateral: bool,
    /// Share of the supply's value that counts before liquidation, fraction, for this wallet; whether or not it counts now.
    pub threshold: f64,
    /// The protocol oracle's price of one whole token in the account's unit, above zero; `None` where it gave none.
    pub price: Option<f64>,
    /// When the oracle's source was last updated, Unix seconds, where it could be read.
    pub price_updated_at: Option<u64>,
    /// Interest that the supply earns now, fraction a year, continuously compounded; `None` where it was not read.
    pub supply_rate: Option<f64>,
    /// Interest that the debt costs now, fraction a year, continuously compounded; `None` where it was not read.
    pub borrow_rate: Option<f64>,
    /// Underlying that could be withdrawn from the protocol now, base units, where it could be read.
    pub available_liquidity: Option<U256>,
    /// Whether the protocol takes more of it as supply now.
    pub can_supply: bool,
    /// Whether the protocol takes repayments and pays out now.
    pub can_move: bool,
    /// What governance has decided about it.
    pub terms: Terms,
}

/// What a protocol's governance decides about an asset beside its liquidation threshold, and may change under an
/// account that did nothing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Terms {
    /// Share of the supply's value that may be borrowed against, fraction, for this wallet; `None` where the asset is
    /// no collateral.
    pub loan_to_value: Option<f64>,
    /// What a liquidator takes beyond the value that it repays, fraction (0.05 is 5 %), for this wallet; `None` where
    /// the asset is no collateral.
    pub liquidation_bonus: Option<f64>,
    /// Whether new supplies are refused.
    pub is_frozen: bool,
    /// Whether neither repayments nor withdrawals are taken.
    pub is_paused: bool,
}

impl Part {
    /// Whether it is on either side of the health factor.
    #[must_use]
    pub fn counts(&self) -> bool {
        self.counts_as_collateral() || !self.owed.is_zero()
    }

    /// Whether its supply is on the safe side of the health factor.
    #[must_use]
    pub fn counts_as_collateral(&self) -> bool {
        self.is_collateral && self.threshold > 0.0 && !self.supplied.is_zero()
    }
}

/// Why an account cannot be computed. Never a reason to call it healthy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The kind of the gap it leaves.
    pub reason: GapReason,
    /// In words.
    pub message: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// Something a wallet may do with an account. Amounts are in base units of the asset's underlying.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Supply more, as collateral where it can be.
    Supply {
        /// Of what.
        asset: Asset,
        /// How much.
        amount: U256,
    },
    /// Take out a supply; all of it where the amount is more.
    Withdraw {
        /// Of what.
        asset: Asset,
        /// How much.
        amount: U256,
    },
    /// Pay back a debt; all of it where the amount is more.
    Repay {
        /// Of what.
        asset: Asset,
        /// How much.
        amount: U256,
    },
    /// Owe more.
    Borrow {
        /// Of what.
        asset: Asset,
        /// How much.
        amount: U256,
    },
    /// Enter an e-mode category; 0 leaves it.
    EMode(u8),
}

/// What one liquidation may take from an account at the prices it has, by the protocol version's rules.
#[derive(Clone, Debug, PartialEq)]
pub struct Liquidation {
    /// The debt repaid.
    pub debt_asset: Asset,
    /// How much of it, base units.
    pub repaid: U256,
    /// The collateral seized first; where a protocol takes every collateral, the largest.
    pub collateral_asset: Asset,
    /// How much of it the wallet loses, base units, the protocol's fee included.
    pub seized: U256,
    /// The part of `seized` that the protocol keeps, base units.
    pub protocol_fee: U256,
    /// What is repaid, in the account's unit.
    pub repaid_value: f64,
    /// Everything that is seized, in the account's unit.
    pub seized_value: f64,
    /// What the liquidator gets of it, in the account's unit.
    pub liquidator_value: f64,
}

/// What every lending protocol answers about an account.
pub trait Lending: Sized {
    /// The account by the contract's own maths.
    fn facts(&self) -> Facts;

    /// The account after a change at the same block, by what the contract would then hold (rounding as it does).
    ///
    /// # Errors
    /// What the change needs is not there: the asset is not of this market, or a number does not fit. Whether the
    /// contract's own checks (caps, freezes, health) would let it through is not asked here.
    fn changed(&self, change: &Change) -> Result<Self, Fault>;

    /// The account with every oracle price multiplied: `factor` is by asset and in the same unit as the prices are,
    /// finite and not negative. A price of zero is a price here, not a missing one.
    #[must_use]
    fn repriced(&self, factor: &dyn Fn(&Asset) -> f64) -> Self;

    /// Decimals of an asset of this market, whether or not the wallet has any of it.
    fn decimals(&self, asset: &Asset) -> Option<u8> {
        self.facts().parts.iter().find(|part| part.asset == *asset).map(|part| part.decimals)
    }

    /// The largest single liquidation that the contract would allow now, of the pair of debt and collateral that
    /// costs the wallet most; `None` where it is not liquidatable or cannot be computed.
    fn liquidation(&self) -> Option<Liquidation>;
}

/// An account of one of the protocols.
#[derive(Clone, Debug)]
pub enum Account {
    /// Aave V3, Aave V2 and their forks.
    Aave(aave::Account),
    /// Compound V2: the one account of its Comptroller.
    CompoundV2(compound_v2::Account),
    /// Compound III: an account in one Comet.
    CompoundV3(compound_v3::Account),
    /// One market of Morpho Blue.
    Morpho(morpho::Account),
}

impl Account {
    /// The protocol that it is an account of.
    #[must_use]
    pub fn protocol(&self) -> Protocol {
        match self {
            Self::Aave(account) => account.market.protocol,
            Self::CompoundV2(_) => Protocol::CompoundV2,
            Self::CompoundV3(_) => Protocol::CompoundV3,
            Self::Morpho(_) => Protocol::MorphoBlue,
        }
    }

    /// Receipt tokens that the wallet holds and that its account would not name by itself when it is read again:
    /// cTokens of markets that were not entered, aTokens that are no collateral. They are to be kept among the wallet's known tokens.
    #[must_use]
    pub fn unlisted_deposits(&self) -> Vec<Asset> {
        match self {
            Self::Aave(account) => account.unlisted_deposits(),
            Self::CompoundV2(account) => account.unlisted_deposits(),
            _ => Vec::new(),
        }
    }
}

impl Lending for Account {
    fn facts(&self) -> Facts {
        match self {
            Self::Aave(account) => account.facts(),
            Self::CompoundV2(account) => account.facts(),
            Self::CompoundV3(account) => account.facts(),
            Self::Morpho(account) => account.facts(),
        }
    }

    fn changed(&self, change: &Change) -> Result<Self, Fault> {
        Ok(match self {
            Self::Aave(account) => Self::Aave(account.changed(change)?),
            Self::CompoundV2(account) => Self::CompoundV2(account.changed(change)?),
            Self::CompoundV3(account) => Self::CompoundV3(account.changed(change)?),
            Self::Morpho(account) => Self::Morpho(account.changed(change)?),
        })
    }

    fn repriced(&self, factor: &dyn Fn(&Asset) -> f64) -> Self {
        match self {
            Self::Aave(account) => Self::Aave(account.repriced(factor)),
            Self::CompoundV2(account) => Self::CompoundV2(account.repriced(factor)),
            Self::CompoundV3(account) => Self::CompoundV3(account.repriced(factor)),
            Self::Morpho(account) => Self::Morpho(account.repriced(factor)),
        }
    }

    fn decimals(&self, asset: &Asset) -> Option<u8> {
        match self {
            Self::Aave(account) => account.decimals(asset),
            Self::CompoundV2(account) => account.decimals(asset),
            Self::CompoundV3(account) => account.decimals(asset),
            Self::Morpho(account) => account.decimals(asset),
        }
    }

    fn liquidation(&self) -> Option<Liquidation> {
        match self {
            Self::Aave(account) => account.liquidation(),
            Self::CompoundV2(account) => account.liquidation(),
            Self::CompoundV3(account) => account.liquidation(),
            Self::Morpho(account) => account.liquidation(),
        }
    }
}
