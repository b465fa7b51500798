//! The adapters of the ports: what each provider says, parsed, bounded and dated; what it does not say is a gap.
//!
//! Base URLs and keys are arguments, time is a [`risk_app::ports::Clock`], and every call goes through a
//! [`risk_http::Upstream`] fed by the parsed meaning of its replies. No figure here is ever a default: a price,
//! an account or a history that could not be read is absent, and a [`risk_model::Gap`] names it.

// Market data.
pub mod coingecko;
pub mod coins;
pub mod defillama;
pub mod etherscan;
pub mod gas;
pub mod histories;
pub mod provider;
pub mod quotes;

// Positions.
pub mod aave;
pub mod alchemy;
mod compound;
mod contracts;
mod curve;
pub mod erc20;
pub mod json_rpc;
pub mod markets;
pub mod morpho;
pub mod multicall;
pub mod positions;
pub mod the_graph;
pub mod uniswap;

// Shared by all.
mod figures;
pub mod gaps;
mod key;

pub use key::Key;

#[cfg(test)]
mod testing;
#[cfg(test)]
mod testing_node;
