//! Which protocols are read on a chain.

use risk_model::ChainId;

use super::aave::AaveSource;
use super::reader::Source;
use super::uniswap::UniswapSource;
use crate::markets::market_of;
use crate::uniswap::addresses_of;

/// Every protocol that this build reads on a chain, beside the tokens.
pub(super) fn sources_of(chain: ChainId) -> Vec<Box<dyn Source>> {
    vec![Box::new(AaveSource::new(market_of(chain))), Box::new(UniswapSource::new(addresses_of(chain)))]
}
