//! Aave V3.6: its pool, its reserves, and e-modes with bitmaps of their members.

use alloy_primitives::Bytes;
use alloy_sol_types::{SolCall, SolValue};

use super::{MARKET, configure, terms};
use crate::artifact::{ADMIN, Creator};
use crate::interfaces::{AddressesProvider, RateData, SecondConfigurator, SecondReserveInput};
use crate::market::{E_MODES, RESERVES};
use crate::node::Node;
use alloy_primitives::Address;

pub(super) async fn deploy(node: &Node, creator: &mut Creator<'_>) {
    for name in ["Borrow", "Configurator", "FlashLoan", "Liquidation", "Pool", "Supply"] {
        creator.library(&format!("{name}Logic")).await;
    }
    let strategy =
        creator.create("DefaultReserveInterestRateStrategyV2", &MARKET.provider.abi_encode()).await;
    let implementation =
        creator.create("PoolInstance", &(MARKET.provider, strategy).abi_encode_params()).await;
    node.send(ADMIN, MARKET.provider, &AddressesProvider::setPoolImplCall { implementation }).await;
    let implementation = creator.create("PoolConfiguratorInstance", &[]).await;
    node.send(ADMIN, MARKET.provider, &AddressesProvider::setPoolConfiguratorImplCall { implementation })
        .await;
    let input = reserves(creator).await;
    configure(node, vec![SecondConfigurator::initReservesCall { input }.abi_encode().into()]).await;
    configure(node, terms()).await;
    configure(node, e_modes()).await;
}

async fn reserves(creator: &Creator<'_>) -> Vec<SecondReserveInput> {
    let a_token = (MARKET.pool, Address::ZERO, ADMIN).abi_encode_params();
    let a_token = creator.create("ATokenInstance", &a_token).await;
    let variable = (MARKET.pool, Address::ZERO).abi_encode_params();
    let variable = creator.create("VariableDebtTokenInstance", &variable).await;
    let rates = RateData {
        optimalUsageRatio: 8_000,
        baseVariableBorrowRate: 100,
        variableRateSlope1: 500,
        variableRateSlope2: 9_000,
    };
    let inputs = RESERVES.iter().map(|reserve| SecondReserveInput {
        aTokenImpl: a_token,
        variableDebtTokenImpl: variable,
        underlyingAsset: reserve.asset,
        aTokenName: format!("a{}", reserve.symbol),
        aTokenSymbol: format!("a{}", reserve.symbol),
        variableDebtTokenName: format!("v{}", reserve.symbol),
        variableDebtTokenSymbol: format!("v{}", reserve.symbol),
        params: Bytes::new(),
        interestRateData: rates.abi_encode().into(),
    });
    inputs.collect()
}

fn e_modes() -> Vec<Bytes> {
    let mut calls: Vec<Bytes> = Vec::new();
    for mode in &E_MODES {
        let ([ltv, threshold, bonus], id, label) = (mode.terms, mode.id, mode.label.to_owned());
        let category = SecondConfigurator::setEModeCategoryCall { id, ltv, threshold, bonus, label };
        calls.push(category.abi_encode().into());
        for member in mode.members {
            let asset = RESERVES[*member].asset;
            let collateral =
                SecondConfigurator::setAssetCollateralInEModeCall { asset, id, collateral: true };
            calls.push(collateral.abi_encode().into());
            let borrowable =
                SecondConfigurator::setAssetBorrowableInEModeCall { asset, id, borrowable: true };
            calls.push(borrowable.abi_encode().into());
        }
        for member in mode.ltv_zero {
            let asset = RESERVES[*member].asset;
            let zero = SecondConfigurator::setAssetLtvzeroInEModeCall { asset, id, ltvzero: true };
            calls.push(zero.abi_encode().into());
        }
    }
    calls
}
