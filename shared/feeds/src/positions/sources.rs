//! Which protocols are read on a chain.

use risk_model::ChainId;

use super::aave::AaveSource;
use super::reader::Source;
use crate::markets::market_of;

/// Every protocol that this build reads on a chain, beside the tokens.
pub(super) fn sources_of(chain: ChainId) -> Vec<Box<dyn Source>> {
    vec![Box::new(AaveSource::new(market_of(chain)))]
}
