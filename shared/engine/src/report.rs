//! The report on one wallet: every figure, what made the score, what to do, and what is missing.

use risk_model::{
    Address, Asset, ChainId, Figure, Gap, HealthFactor, Protocol, Range, RiskLevel, Severity, Timestamp,
    U256, Usd, Wallet,
};

use crate::lending::Terms;
use crate::liquidation::Carry;
use crate::position::{Block, Provenance, Reading};
use crate::probability::{Estimate, Model};

mod action;
mod gas;
mod left_out;
mod locked;
mod market;
mod pool;

pub use action::Action;
pub use gas::GasCost;
pub use market::{Correlation, MarketRisk, Method, MethodRisk, Tails};
pub use pool::{PoolLegReport, PoolReport, RangeReport};

/// Everything the engine says of one wallet.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// Whose.
    pub wallet: Wallet,
    /// The time it was computed for.
    pub at: Timestamp,
    /// Standing; `Unknown` where the gaps leave more than one possible.
    pub level: RiskLevel,
    /// `max(weighted, liquidation)`, 0 to 100.
    pub score: Range,
    /// The four components, 0 to 100 each.
    pub components: Components,
    /// The worst account's health factor by its protocol's oracle.
    pub health_factor: HealthFactor,
    /// Supplied and held value by market prices.
    pub portfolio_value: Figure<Usd>,
    /// Owed value by market prices.
    pub debt: Figure<Usd>,
    /// Value less debt.
    pub net_worth: Figure<Usd>,
    /// Chance that the worst account's health factor passes under 1 within 24 h, fraction.
    pub liquidation_probability_24h: Figure<Estimate>,
    /// The same within 7 days.
    pub liquidation_probability_7d: Figure<Estimate>,
    /// One entry per lending market the wallet is in, worst first.
    pub accounts: Vec<AccountReport>,
    /// The wallet's own tokens, by value, those without a price last.
    pub holdings: Vec<HoldingReport>,
    /// Its positions in liquidity pools, by value, those without one last.
    pub pools: Vec<PoolReport>,
    /// Market risk at current positions.
    pub market: MarketRisk,
    /// How the value is spread.
    pub concentration: Concentration,
    /// What leaving would take.
    pub liquidity: Liquidity,
    /// What is held, supplied and owed of each asset as far as it could be valued, in the assets' order.
    pub exposures: Vec<Exposure>,
    /// What sudden moves would leave.
    pub stress: Vec<StressReport>,
    /// Gas by chain, where known: gwei.
    pub gas: Vec<(ChainId, f64)>,
    /// What the gas of a repayment costs on the same chains.
    pub repayment_gas: Vec<GasCost>,
    /// Value locked as a whole in each protocol that the wallet is in, where known: USD.
    pub value_locked: Vec<(Protocol, f64)>,
    /// What made the score, largest first.
    pub drivers: Vec<Driver>,
    /// What to do, in amounts.
    pub recommendations: Vec<Recommendation>,
    /// What was read.
    pub readings: Vec<Reading>,
    /// What is missing.
    pub gaps: Vec<Gap>,
    /// Protocols and chains that nobody was asked to read, by name: whoever asks says so after the assessment. Nothing of
    /// them is in any figure, and nothing that is absent from the report has gone because of them.
    pub left_out: Vec<String>,
}

/// The components of the score.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Components {
    /// By the worst account's health factor and 24 h probability.
    pub liquidation: Range,
    /// By the volatility of the wallet's equity.
    pub volatility: Range,
    /// By the Herfindahl-Hirschman index over assets.
    pub concentration: Range,
    /// By the time to sell.
    pub liquidity: Range,
}

/// One lending account.
#[derive(Clone, Debug, PartialEq)]
pub struct AccountReport {
    /// Stable name of the account within its wallet, e.g. `aave_v3:ethereum:0x8787…`.
    pub key: String,
    /// The protocol.
    pub protocol: Protocol,
    /// The chain.
    pub chain: ChainId,
    /// The pool contract.
    pub pool: Address,
    /// The block it was read at.
    pub block: Block,
    /// Where it was read from.
    pub provenance: Provenance,
    /// Whether nothing is doubtful about what it was computed from: read from the chain, at a fresh block, at oracle
    /// prices that are not known to be stale.
    pub is_confirmed: bool,
    /// By the protocol's own oracle: what the protocol liquidates by.
    pub health_factor: HealthFactor,
    /// By market prices.
    pub market_health_factor: HealthFactor,
    /// Collateral in the protocol's base currency (USD, 8 decimals), flagged supplies only.
    pub collateral: Figure<Usd>,
    /// Debt in the base currency.
    pub debt: Figure<Usd>,
    /// What could still be borrowed, base currency.
    pub available_borrows: Figure<Usd>,
    /// The weighted liquidation threshold, bps, as the contract rounds it.
    pub liquidation_threshold_bps: Figure<u16>,
    /// The weighted loan to value, bps.
    pub ltv_bps: Figure<u16>,
    /// The wallet's e-mode category, 0 for none.
    pub e_mode: u8,
    /// Uniform fall of every collateral at which the health factor is 1: `1 − 1/HF`, fraction; negative when already under.
    pub uniform_drop: Figure<f64>,
    /// Distance to liquidation: the likeliest joint move of all prices that brings it, in standard deviations of a day.
    pub distance_sigmas: Figure<f64>,
    /// That move: each asset's factor − 1, fraction; those that do not move left out.
    pub worst_move: Figure<Vec<(Asset, f64)>>,
    /// Where interest alone leads, at the present rates and prices.
    pub carry: Figure<Carry>,
    /// Annualised volatility of ln HF, fraction.
    pub volatility: Figure<f64>,
    /// Chance of HF < 1 within 24 h, fraction.
    pub probability_24h: Figure<Estimate>,
    /// Chance of HF < 1 within 7 days, fraction.
    pub probability_7d: Figure<Estimate>,
    /// What both chances were computed with; `None` where they are unknown.
    pub probability_model: Option<Model>,
    /// What one liquidation would take at the line; known to be `None` without debt.
    pub liquidation_loss: Figure<Option<LiquidationLoss>>,
    /// Every supply and debt.
    pub reserves: Vec<ReserveReport>,
    /// The account's part of the liquidation component.
    pub score: Range,
}

/// The largest single liquidation at the line: where every collateral has fallen until the account may just be
/// liquidated, or as it stands if it may be already. By the protocol's oracle, in USD.
#[derive(Clone, Debug, PartialEq)]
pub struct LiquidationLoss {
    /// The debt repaid.
    pub debt_asset: Asset,
    /// The collateral seized first.
    pub collateral_asset: Asset,
    /// Fall of every collateral that leads to the line, fraction; 0 where it is under it already.
    pub drop: f64,
    /// What is repaid.
    pub repaid: Figure<Usd>,
    /// What is seized, the protocol's fee included.
    pub seized: Figure<Usd>,
    /// What the owner is poorer by: seized less repaid.
    pub owner_loss: Figure<Usd>,
    /// The same as a share of what the account is worth at the line, fraction.
    pub owner_loss_share: Figure<f64>,
    /// What the liquidator gains after the gas of [`crate::Parameters::liquidation_gas_units`]; negative for a loss.
    pub liquidator_profit: Figure<Usd>,
    /// Whether the liquidator gains: an account that nobody gains by may stay under the line.
    pub is_economic: Figure<bool>,
}

/// A wallet's part of one reserve.
#[derive(Clone, Debug, PartialEq)]
pub struct ReserveReport {
    /// The underlying.
    pub asset: Asset,
    /// Its symbol.
    pub symbol: String,
    /// Decimals of the amounts.
    pub decimals: u8,
    /// Supplied, base units with interest to the block.
    pub supplied: U256,
    /// Owed, base units with interest to the block.
    pub owed: U256,
    /// Whether the supply counts as collateral.
    pub is_collateral: bool,
    /// Share of the supply's value that counts before liquidation, in force for this wallet, fraction.
    pub liquidation_threshold: f64,
    /// What governance has decided about it otherwise.
    pub terms: Terms,
    /// Interest that the supply earns now, fraction a year, continuously compounded.
    pub supply_rate: Figure<f64>,
    /// Interest that the debt costs now, fraction a year, continuously compounded.
    pub borrow_rate: Figure<f64>,
    /// The protocol oracle's price, USD.
    pub oracle_price: Figure<Usd>,
    /// When that price's source was last updated, where it says so.
    pub oracle_updated_at: Option<Timestamp>,
    /// The market's price, USD.
    pub market_price: Figure<Usd>,
    /// The price of this asset alone, by the protocol's oracle, at which the health factor is 1.
    pub liquidation_price: LiquidationPrice,
}

/// What one asset's price alone can do to an account.
#[derive(Clone, Debug, PartialEq)]
pub enum LiquidationPrice {
    /// The account liquidates when the price falls under this, USD.
    Below(Usd),
    /// The account liquidates when the price rises over this, USD.
    Above(Usd),
    /// No price of this asset alone liquidates the account.
    Never,
    /// It could not be computed, and why.
    Unknown(String),
}

/// A token in the wallet itself.
#[derive(Clone, Debug, PartialEq)]
pub struct HoldingReport {
    /// Which.
    pub asset: Asset,
    /// Its symbol.
    pub symbol: String,
    /// Decimals of the amount.
    pub decimals: u8,
    /// Base units.
    pub amount: U256,
    /// Price, USD.
    pub price: Figure<Usd>,
    /// Value, USD.
    pub value: Figure<Usd>,
    /// The block it was read at.
    pub block: Block,
}

/// How the gross value is spread.
#[derive(Clone, Debug, PartialEq)]
pub struct Concentration {
    /// Herfindahl-Hirschman index over assets, 0 to 1; `None` inside for an empty wallet.
    pub hhi: Figure<Option<f64>>,
    /// `1 / HHI`.
    pub effective_assets: Figure<Option<f64>>,
    /// Share of each asset, largest first.
    pub by_asset: Figure<Vec<(Asset, String, f64)>>,
    /// By protocol.
    pub by_protocol: Figure<Spread>,
    /// By chain.
    pub by_chain: Figure<Spread>,
    /// By what tokens are worth like, looking through wrappers and promises: ether, bitcoin, dollar, or the asset itself.
    pub by_group: Figure<Spread>,
    /// By issuer; what nobody issues, or nobody known, is in no share.
    pub by_issuer: Figure<Spread>,
    /// By the protocol oracle that prices it; what is in no lending account is in no share.
    pub by_oracle: Figure<Spread>,
}

/// Shares of the gross value under one way of naming it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Spread {
    /// Share of each name, largest first, fraction of the gross value.
    pub shares: Vec<(String, f64)>,
    /// Herfindahl-Hirschman index, `Σ share²`; `None` where nothing has a name.
    pub hhi: Option<f64>,
    /// `1 / HHI`.
    pub effective_number: Option<f64>,
}

/// What leaving all positions would take.
#[derive(Clone, Debug, PartialEq)]
pub struct Liquidity {
    /// Days to sell everything at the `participation` share of the daily volume: the slowest asset's.
    pub days: Figure<f64>,
    /// Cost of selling everything at once by the square-root law, USD.
    pub cost: Figure<Usd>,
    /// What is supplied and could not be withdrawn now, because its protocol has not so much at hand or is paused, USD.
    pub stuck: Figure<Usd>,
    /// By asset, largest first.
    pub by_asset: Vec<AssetExit>,
}

/// What selling one asset would take.
#[derive(Clone, Debug, PartialEq)]
pub struct AssetExit {
    /// Which.
    pub asset: Asset,
    /// Its symbol.
    pub symbol: String,
    /// What could be sold, USD: less what is stuck.
    pub sellable_usd: f64,
    /// Days at the `participation` share of the daily volume.
    pub days: Figure<f64>,
    /// `σ_d · √(Q ÷ ADV)` of it, USD (square-root law of market impact, factor 1).
    pub cost: Figure<Usd>,
    /// Amihud (2002) illiquidity by the present 24 h volume: mean |daily return| per million USD traded.
    pub amihud: Figure<f64>,
}

/// What a wallet has of one asset over all its positions, by market prices.
#[derive(Clone, Debug, PartialEq)]
pub struct Exposure {
    /// Which.
    pub asset: Asset,
    /// Its symbol.
    pub symbol: String,
    /// Held and supplied, USD.
    pub held_usd: f64,
    /// Owed, USD.
    pub owed_usd: f64,
}

/// What a sudden move of prices would leave of the wallet.
#[derive(Clone, Debug, PartialEq)]
pub struct StressReport {
    /// The shock's name.
    pub name: String,
    /// For a replay: the days since the epoch whose closes are its start and its end.
    pub days: Option<(u64, u64)>,
    /// Gain (or loss, negative) of the net worth by market prices.
    pub change: Figure<Usd>,
    /// Net worth after it.
    pub net_worth: Figure<Usd>,
    /// The worst account's health factor after it, by its protocol's oracle.
    pub health_factor: HealthFactor,
    /// The worst account's health factor after it, by market prices.
    pub market_health_factor: HealthFactor,
    /// Keys of the accounts that could then be liquidated.
    pub liquidated: Vec<String>,
}

/// One part of the score and what it adds.
#[derive(Clone, Debug, PartialEq)]
pub struct Driver {
    /// `liquidation`, `volatility`, `concentration` or `liquidity`.
    pub component: &'static str,
    /// Points that it gives the score.
    pub points: f64,
    /// In words, with the figure it comes from.
    pub because: String,
}

/// Something the owner can do, in an amount.
#[derive(Clone, Debug, PartialEq)]
pub struct Recommendation {
    /// The account it is for.
    pub account: String,
    /// How urgent.
    pub severity: Severity,
    /// What to do.
    pub action: Action,
    /// Token to move.
    pub asset: Asset,
    /// Its symbol.
    pub symbol: String,
    /// Whole tokens, decimal text, rounded up at the token's last place.
    pub amount: String,
    /// The amount's value by the protocol's oracle.
    pub value: Figure<Usd>,
    /// For a sale: the debt that its proceeds repay, the swap's cost taken off.
    pub proceeds: Option<Proceeds>,
    /// Health factor after it, recomputed on the changed account.
    pub health_factor_after: HealthFactor,
}

/// What a sale of collateral is turned into and repays.
#[derive(Clone, Debug, PartialEq)]
pub struct Proceeds {
    /// The debt's token.
    pub asset: Asset,
    /// Its symbol.
    pub symbol: String,
    /// Whole tokens, decimal text, rounded down.
    pub amount: String,
}
