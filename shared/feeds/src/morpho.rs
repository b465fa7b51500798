//! Morpho Blue on chain: where it is deployed, what of a market is asked, and how the answers make one.

pub(crate) mod contracts;
mod market;

use alloy_primitives::{Address, address};
use alloy_sol_types::SolEvent;
use risk_model::ChainId;

use crate::alchemy::History;
use contracts::Morpho;

pub(crate) use market::position_call;
pub use market::{Ask, MarketRead, read_position};

/// The contract on one chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deployment {
    /// Its chain.
    pub chain: ChainId,
    /// The contract and the events that put a wallet into one of its markets. Borrowing is not among them: it needs
    /// collateral, and positions cannot be transferred. Only the fee recipient gets shares without any event.
    pub history: History,
}

/// The deployment of a chain.
///
/// Source: `addressesRegistry` and `deployments` of npm @morpho-org/blue-sdk 6.4.0; docs.morpho.org names the address
/// of Ethereum and Base.
#[must_use]
pub fn deployment_of(chain: ChainId) -> Deployment {
    const FIRST: Address = address!("BBBBBbbBBb9cC5e90e3b3Af64bdAF62C37EEFFCb");
    let (contract, from_block) = match chain {
        ChainId::Ethereum => (FIRST, 18_883_124),
        ChainId::Base => (FIRST, 13_977_148),
        ChainId::Arbitrum => (address!("6c247b1F6182318877311737BaC0844bAa518F5e"), 296_446_593),
        ChainId::Optimism => (address!("ce95AfbB8EA029495c66020883F87aaE8864AF92"), 130_770_075),
        ChainId::Polygon => (address!("1bF0c2541F820E775182832f06c0B7Fc27A25f67"), 66_931_042),
    };
    let events = vec![Morpho::SupplyCollateral::SIGNATURE_HASH, Morpho::Supply::SIGNATURE_HASH];
    Deployment { chain, history: History { contract, events, from_block } }
}
