//! Aave V3.0.2: its pool, its reserves, and a category for each reserve that has one.

use alloy_primitives::{Address, Bytes, U256};
use alloy_sol_types::{SolCall, SolValue};

use super::{MARKET, configure, terms};
use crate::artifact::{ADMIN, Creator};
use crate::interfaces::{AddressesProvider, FirstConfigurator, FirstReserveInput};
use crate::market::{E_MODES, Generation, RESERVES};
use crate::node::Node;

/// A percentage of a ray.
fn percent(value: u64) -> U256 {
    U256::from(value) * U256::from(10).pow(U256::from(25))
}

pub(super) async fn deploy(node: &Node, creator: &mut Creator<'_>) {
    for name in ["Borrow", "Bridge", "Configurator", "EMode", "FlashLoan", "Liquidation", "Pool", "Supply"] {
        creator.library(&format!("{name}Logic")).await;
    }
    let implementation = creator.create("Pool", &MARKET.provider.abi_encode()).await;
    node.send(ADMIN, MARKET.provider, &AddressesProvider::setPoolImplCall { implementation }).await;
    let implementation = creator.create("PoolConfigurator", &[]).await;
    node.send(ADMIN, MARKET.provider, &AddressesProvider::setPoolConfiguratorImplCall { implementation })
        .await;
    let input = reserves(creator).await;
    configure(node, vec![FirstConfigurator::initReservesCall { input }.abi_encode().into()]).await;
    configure(node, terms()).await;
    configure(node, categories()).await;
}

async fn reserves(creator: &Creator<'_>) -> Vec<FirstReserveInput> {
    let a_token = creator.create("AToken", &MARKET.pool.abi_encode()).await;
    let stable = creator.create("StableDebtToken", &MARKET.pool.abi_encode()).await;
    let variable = creator.create("VariableDebtToken", &MARKET.pool.abi_encode()).await;
    // Optimal usage, base rate, both slopes; then the stable rate's, which nobody borrows at.
    let rates = [80, 1, 5, 90, 5, 60, 1, 8, 20].map(percent);
    let strategy = [MARKET.provider.abi_encode(), rates.abi_encode()].concat();
    let strategy = creator.create("DefaultReserveInterestRateStrategy", &strategy).await;
    let inputs = RESERVES.iter().map(|reserve| FirstReserveInput {
        aTokenImpl: a_token,
        stableDebtTokenImpl: stable,
        variableDebtTokenImpl: variable,
        underlyingAssetDecimals: reserve.decimals,
        interestRateStrategyAddress: strategy,
        underlyingAsset: reserve.asset,
        treasury: ADMIN,
        incentivesController: Address::ZERO,
        aTokenName: format!("a{}", reserve.symbol),
        aTokenSymbol: format!("a{}", reserve.symbol),
        variableDebtTokenName: format!("v{}", reserve.symbol),
        variableDebtTokenSymbol: format!("v{}", reserve.symbol),
        stableDebtTokenName: format!("s{}", reserve.symbol),
        stableDebtTokenSymbol: format!("s{}", reserve.symbol),
        params: Bytes::from_static(&[0x10]),
    });
    inputs.collect()
}

fn categories() -> Vec<Bytes> {
    let mut calls: Vec<Bytes> = Vec::new();
    for mode in E_MODES.iter().filter(|mode| mode.is_of(Generation::First)) {
        let [ltv, threshold, bonus] = mode.terms;
        let category = FirstConfigurator::setEModeCategoryCall {
            id: mode.id,
            ltv,
            threshold,
            bonus,
            oracle: Address::ZERO,
            label: mode.label.to_owned(),
        };
        calls.push(category.abi_encode().into());
        for member in mode.members {
            let asset = RESERVES[*member].asset;
            calls.push(
                FirstConfigurator::setAssetEModeCategoryCall { asset, id: mode.id }.abi_encode().into(),
            );
        }
    }
    calls
}
