//! Gas in the report: what a repayment costs on a chain.

use risk_model::{ChainId, Figure, Usd};

/// What the gas of a repayment ([`crate::Parameters::repayment_gas_units`]) costs on a chain.
#[derive(Clone, Debug, PartialEq)]
pub struct GasCost {
    /// The chain.
    pub chain: ChainId,
    /// Whole tokens of the chain's own.
    pub tokens: f64,
    /// What they are worth by the market.
    pub usd: Figure<Usd>,
}
