//! The Comets that are read: every market of Compound III on the supported chains.

use alloy_primitives::{Address, address};
use risk_engine::compound_v3::Quote;
use risk_model::ChainId;

/// One Comet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CometAddress {
    /// The proxy, whose address never changes.
    pub(crate) address: Address,
    /// What its price feeds quote: dollars, or something that its base token stands for.
    pub(crate) quote: Quote,
}

const fn usd(address: Address) -> CometAddress {
    CometAddress { address, quote: Quote::Usd }
}

const fn base(address: Address) -> CometAddress {
    CometAddress { address, quote: Quote::Base }
}

/// USDC, USDT, USDS in dollars; WETH in ether, wstETH in itself, WBTC in bitcoin.
const ETHEREUM: [CometAddress; 6] = [
    usd(address!("c3d688B66703497DAA19211EEdff47f25384cdc3")),
    usd(address!("3Afdc9BCA9213A35503b077a6072F3D0d5AB0840")),
    usd(address!("5D409e56D886231aDAf00c8775665AD0f9897b56")),
    base(address!("A17581A9E3356d9A858b789D68B4d866e593aE94")),
    base(address!("3D0bb1ccaB520A66e607822fC55BC921738fAFE3")),
    base(address!("e85Dc543813B8c2CFEaAc371517b925a166a9293")),
];
/// USDC, USDT in dollars; WETH in ether.
const OPTIMISM: [CometAddress; 3] = [
    usd(address!("2e44e174f7D53F0212823acC11C01A11d58c5bCB")),
    usd(address!("995E394b8B2437aC8Ce61Ee0bC610D617962B214")),
    base(address!("E36A30D249f7761327fd973001A32010b521b6Fd")),
];
/// USDC, USDT in dollars.
const POLYGON: [CometAddress; 2] = [
    usd(address!("F25212E676D1F7F89Cd72fFEe66158f541246445")),
    usd(address!("aeB318360f27748Acb200CE616E389A6C9409a07")),
];
/// USDC, USDbC, AERO, USDS in dollars; WETH in ether.
const BASE: [CometAddress; 5] = [
    usd(address!("b125E6687d4313864e53df431d5425969c15Eb2F")),
    usd(address!("9c4ec768c28520B50860ea7a15bd7213a9fF58bf")),
    usd(address!("784efeB622244d2348d4F2522f8860B96fbEcE89")),
    usd(address!("2c776041CCFe903071AF44aa147368a9c8EEA518")),
    base(address!("46e6b214b524310239732D51387075E0e70970bf")),
];
/// USDC, USDC.e, USDT in dollars; WETH in ether.
const ARBITRUM: [CometAddress; 4] = [
    usd(address!("9c4ec768c28520B50860ea7a15bd7213a9fF58bf")),
    usd(address!("A5EDBDD9646f8dFF606d7448e414884C7d905dCA")),
    usd(address!("d98Be00b5D27fc98112BdE293e487f8D4cA57d07")),
    base(address!("6f7D514bbD4aFf3BcD1140B7344b32f063dEe486")),
];

/// The Comets of a chain.
///
/// Source: the deployments listed by docs.compound.finance (woof-software/compound-docs-aggregator, compound-3.md),
/// which are the `comet` of compound-finance/comet's `deployments/*/*/roots.json`.
pub(crate) const fn comets_of(chain: ChainId) -> &'static [CometAddress] {
    match chain {
        ChainId::Ethereum => &ETHEREUM,
        ChainId::Optimism => &OPTIMISM,
        ChainId::Polygon => &POLYGON,
        ChainId::Base => &BASE,
        ChainId::Arbitrum => &ARBITRUM,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_chain_has_comets_and_none_twice() {
        for chain in ChainId::ALL {
            let comets = comets_of(chain);
            let distinct: HashSet<_> = comets.iter().map(|comet| comet.address).collect();
            assert!(!comets.is_empty() && distinct.len() == comets.len(), "{chain}");
        }
    }
}
