//! Which protocols are read on a chain.

use risk_model::ChainId;

use super::aave::AaveSource;
use super::compound_v2::CompoundV2Source;
use super::compound_v3::CompoundV3Source;
use super::curve::CurveSource;
use super::morpho::MorphoSource;
use super::reader::Source;
use super::uniswap::UniswapSource;
use crate::markets::{AAVE_V2, SPARK, market_of};
use crate::morpho::deployment_of;
use crate::uniswap::addresses_of;

/// Every protocol that this build reads on a chain, beside the tokens.
pub(super) fn sources_of(chain: ChainId) -> Vec<Box<dyn Source>> {
    let mut sources: Vec<Box<dyn Source>> = vec![
        Box::new(AaveSource::new(market_of(chain))),
        Box::new(CompoundV3Source::new(chain)),
        Box::new(UniswapSource::new(addresses_of(chain))),
        Box::new(MorphoSource::new(deployment_of(chain))),
    ];
    if chain == ChainId::Ethereum {
        for market in [AAVE_V2, SPARK] {
            sources.push(Box::new(AaveSource::new(market)));
        }
        sources.push(Box::new(CompoundV2Source::new(chain)));
        sources.push(Box::new(CurveSource::new(chain)));
    }
    sources
}
