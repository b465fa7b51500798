//! The data providers around the pool: UiPoolDataProviderV3, AaveProtocolDataProvider, PoolAddressesProvider.

use alloy_primitives::{Address, U256};
use alloy_sol_types::{SolCall, SolInterface};

use crate::account;
use crate::evm::abi::AddressesProvider::{self, AddressesProviderCalls};
use crate::evm::abi::ProtocolDataProvider::{self as Protocol, ProtocolDataProviderCalls};
use crate::evm::abi::UiPoolDataProvider::{self as Ui, UiPoolDataProviderCalls};
use crate::evm::abi::{EModeCategory, Emode, UserReserveData};
use crate::evm::aggregate;
use crate::evm::pool::reserves_list;
use crate::evm::{Outcome, Reverted, word};
use crate::wallets::Position;
use crate::world::token::{Reserve, Token};
use crate::world::view::View;

pub(super) fn call_provider(view: &View<'_>, input: &[u8]) -> Outcome {
    use AddressesProviderCalls as Calls;
    let facts = view.chain.facts;
    Ok(match Calls::abi_decode(input).map_err(|_| Reverted::bare())? {
        Calls::getPool(_) => AddressesProvider::getPoolCall::abi_encode_returns(&facts.pool),
        Calls::getPriceOracle(_) => AddressesProvider::getPriceOracleCall::abi_encode_returns(&facts.oracle),
        Calls::getPoolDataProvider(_) => {
            AddressesProvider::getPoolDataProviderCall::abi_encode_returns(&facts.protocol_data)
        }
        Calls::getMarketId(_) => {
            let market = format!("Aave {} Market", facts.name);
            AddressesProvider::getMarketIdCall::abi_encode_returns(&market)
        }
    })
}

pub(super) fn call_ui(view: &View<'_>, input: &[u8]) -> Outcome {
    use UiPoolDataProviderCalls as Calls;
    let check = |provider: Address| {
        if provider == view.chain.facts.provider { Ok(()) } else { Err(Reverted::bare()) }
    };
    match Calls::abi_decode(input).map_err(|_| Reverted::bare())? {
        Calls::getReservesList(of) => {
            check(of.provider)?;
            Ok(Ui::getReservesListCall::abi_encode_returns(&reserves_list(view)))
        }
        Calls::getReservesData(of) => {
            check(of.provider)?;
            aggregate::reserves_data(view)
        }
        Calls::getUserReservesData(of) => {
            check(of.provider)?;
            Ok(user_reserves(view, of.user))
        }
        Calls::getEModes(of) => {
            check(of.provider)?;
            Ok(Ui::getEModesCall::abi_encode_returns(&e_modes(view)))
        }
    }
}

/// Every reserve of the market, held or not, in reserve order.
fn user_reserves(view: &View<'_>, user: Address) -> Vec<u8> {
    let wallet = view.world.wallet(user);
    let account = wallet.on(view.chain.facts.id).and_then(|held| held.account.as_ref());
    let rows = view.chain.tokens.iter().take(view.chain.reserves.len()).enumerate();
    let rows = rows.map(|(place, token)| {
        let position = account.map(|account| find(&account.positions, place)).unwrap_or_default();
        UserReserveData {
            underlyingAsset: token.underlying,
            scaledATokenBalance: U256::from(position.scaled_supply),
            usageAsCollateralEnabledOnUser: position.collateral,
            scaledVariableDebt: U256::from(position.scaled_debt),
        }
    });
    let e_mode = account.map_or(0, |account| account.e_mode);
    Ui::getUserReservesDataCall::abi_encode_returns(&Ui::getUserReservesDataReturn {
        _0: rows.collect(),
        _1: e_mode,
    })
}

fn find(positions: &[Position], reserve: usize) -> Position {
    positions.iter().find(|position| position.reserve == reserve).copied().unwrap_or_default()
}

fn e_modes(view: &View<'_>) -> Vec<Emode> {
    let one = |mode: &crate::world::token::EMode| Emode {
        id: mode.id,
        eMode: EModeCategory {
            ltv: mode.ltv_bps,
            liquidationThreshold: mode.threshold_bps,
            liquidationBonus: mode.bonus_bps,
            collateralBitmap: mode.collateral,
            label: mode.label.to_owned(),
            borrowableBitmap: mode.borrowable,
            ltvzeroBitmap: 0,
        },
    };
    view.chain.e_modes.iter().map(one).collect()
}

pub(super) fn call_protocol(view: &View<'_>, input: &[u8]) -> Outcome {
    use ProtocolDataProviderCalls as Calls;
    let known = |asset: Address| {
        let place = view.chain.reserve_of(asset).ok_or_else(Reverted::bare)?;
        view.chain.reserves.get(place).zip(view.token(place)).ok_or_else(Reverted::bare)
    };
    Ok(match Calls::abi_decode(input).map_err(|_| Reverted::bare())? {
        Calls::getReserveConfigurationData(of) => {
            let (reserve, token) = known(of.asset)?;
            reserve_configuration(&view.governed(reserve), token)
        }
        Calls::getReserveTokensAddresses(of) => {
            let (reserve, _) = known(of.asset)?;
            Protocol::getReserveTokensAddressesCall::abi_encode_returns(
                &Protocol::getReserveTokensAddressesReturn {
                    aTokenAddress: reserve.a_token,
                    stableDebtTokenAddress: Address::ZERO,
                    variableDebtTokenAddress: reserve.debt_token,
                },
            )
        }
        Calls::getUserReserveData(of) => user_reserve(view, known(of.asset)?.0, of.user),
        Calls::getPaused(_) => Protocol::getPausedCall::abi_encode_returns(&false),
    })
}

fn reserve_configuration(reserve: &Reserve, token: &Token) -> Vec<u8> {
    Protocol::getReserveConfigurationDataCall::abi_encode_returns(
        &Protocol::getReserveConfigurationDataReturn {
            decimals: U256::from(token.decimals),
            ltv: U256::from(reserve.ltv_bps),
            liquidationThreshold: U256::from(reserve.threshold_bps),
            liquidationBonus: U256::from(reserve.bonus_bps),
            reserveFactor: U256::from(reserve.factor_bps),
            usageAsCollateralEnabled: reserve.threshold_bps != 0,
            borrowingEnabled: reserve.borrowable,
            stableBorrowRateEnabled: false,
            isActive: true,
            isFrozen: reserve.frozen,
        },
    )
}

fn user_reserve(view: &View<'_>, reserve: &Reserve, user: Address) -> Vec<u8> {
    let wallet = view.world.wallet(user);
    let account = wallet.on(view.chain.facts.id).and_then(|held| held.account.as_ref());
    let position = account.map(|account| find(&account.positions, reserve.id)).unwrap_or_default();
    let (income, debt_index) = view.indexes(reserve.id);
    Protocol::getUserReserveDataCall::abi_encode_returns(&Protocol::getUserReserveDataReturn {
        currentATokenBalance: word(&account::balance(position.scaled_supply, &income)),
        currentStableDebt: U256::ZERO,
        currentVariableDebt: word(&account::owed(position.scaled_debt, &debt_index)),
        principalStableDebt: U256::ZERO,
        scaledVariableDebt: U256::from(position.scaled_debt),
        stableBorrowRate: U256::ZERO,
        liquidityRate: U256::from(reserve.supply_rate),
        stableRateLastUpdated: Default::default(),
        usageAsCollateralEnabled: position.collateral,
    })
}
