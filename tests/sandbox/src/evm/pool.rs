//! The Aave V3 Pool's views.

use alloy_primitives::{Address, U256};
use alloy_sol_types::{SolCall, SolInterface};

use crate::evm::abi::Pool::{self, PoolCalls as Calls};
use crate::evm::abi::{CollateralConfig, EModeCategoryLegacy, ReserveDataLegacy};
use crate::evm::{Outcome, Reverted, word};
use crate::world::token::{EMode, Reserve};
use crate::world::view::View;

/// `POOL_REVISION` of 3.6: balances round down and debts up, and an e-mode stands for itself.
const REVISION: u64 = 10;

pub(super) fn call(view: &View<'_>, input: &[u8]) -> Outcome {
    match Calls::abi_decode(input).map_err(|_| Reverted::bare())? {
        Calls::getUserAccountData(of) => account_data(view, of.user),
        Calls::getUserConfiguration(of) => {
            Ok(Pool::getUserConfigurationCall::abi_encode_returns(&user_bits(view, of.user)))
        }
        Calls::getUserEMode(of) => {
            let mode = view
                .world
                .wallet(of.user)
                .on(view.chain.facts.id)
                .and_then(|held| held.account.as_ref().map(|account| account.e_mode));
            Ok(Pool::getUserEModeCall::abi_encode_returns(&U256::from(mode.unwrap_or_default())))
        }
        Calls::getReservesList(_) => Ok(Pool::getReservesListCall::abi_encode_returns(&reserves_list(view))),
        Calls::getReservesCount(_) => {
            Ok(Pool::getReservesCountCall::abi_encode_returns(&U256::from(view.chain.reserves.len())))
        }
        Calls::getReserveAddressById(of) => {
            let token =
                view.token(usize::from(of.id)).filter(|_| usize::from(of.id) < view.chain.reserves.len());
            let address = token.map_or(Address::ZERO, |token| token.underlying);
            Ok(Pool::getReserveAddressByIdCall::abi_encode_returns(&address))
        }
        Calls::POOL_REVISION(_) => Ok(Pool::POOL_REVISIONCall::abi_encode_returns(&U256::from(REVISION))),
        Calls::ADDRESSES_PROVIDER(_) => {
            Ok(Pool::ADDRESSES_PROVIDERCall::abi_encode_returns(&view.chain.facts.provider))
        }
        other => call_category(view, other).unwrap_or_else(|other| call_reserve(view, &other)),
    }
}

fn call_category(view: &View<'_>, call: Calls) -> Result<Outcome, Calls> {
    let mode = |id: u8| view.chain.e_mode(id);
    Ok(Ok(match call {
        Calls::getEModeCategoryData(of) => {
            Pool::getEModeCategoryDataCall::abi_encode_returns(&category_data(mode(of.id)))
        }
        Calls::getEModeCategoryCollateralConfig(of) => {
            let config = mode(of.id).map_or_else(
                || CollateralConfig { ltv: 0, liquidationThreshold: 0, liquidationBonus: 0 },
                |mode| CollateralConfig {
                    ltv: mode.ltv_bps,
                    liquidationThreshold: mode.threshold_bps,
                    liquidationBonus: mode.bonus_bps,
                },
            );
            Pool::getEModeCategoryCollateralConfigCall::abi_encode_returns(&config)
        }
        Calls::getEModeCategoryCollateralBitmap(of) => {
            let bits = mode(of.id).map_or(0, |mode| mode.collateral);
            Pool::getEModeCategoryCollateralBitmapCall::abi_encode_returns(&bits)
        }
        Calls::getEModeCategoryBorrowableBitmap(of) => {
            let bits = mode(of.id).map_or(0, |mode| mode.borrowable);
            Pool::getEModeCategoryBorrowableBitmapCall::abi_encode_returns(&bits)
        }
        Calls::getEModeCategoryLtvzeroBitmap(_) => {
            Pool::getEModeCategoryLtvzeroBitmapCall::abi_encode_returns(&0)
        }
        Calls::getEModeCategoryLabel(of) => {
            let label = mode(of.id).map_or("", |mode| mode.label).to_owned();
            Pool::getEModeCategoryLabelCall::abi_encode_returns(&label)
        }
        other => return Err(other),
    }))
}

fn call_reserve(view: &View<'_>, call: &Calls) -> Outcome {
    let reserve = |asset: Address| {
        view.chain
            .reserve_of(asset)
            .and_then(|place| view.chain.reserves.get(place))
            .ok_or_else(Reverted::bare)
    };
    Ok(match call {
        Calls::getReserveData(of) => {
            Pool::getReserveDataCall::abi_encode_returns(&reserve_data(view, reserve(of.asset).ok()))
        }
        Calls::getConfiguration(of) => {
            let bits = reserve(of.asset).map_or(U256::ZERO, |reserve| configuration(view, reserve));
            Pool::getConfigurationCall::abi_encode_returns(&bits)
        }
        Calls::getReserveNormalizedIncome(of) => {
            let income = view.indexes(reserve(of.asset)?.id).0;
            Pool::getReserveNormalizedIncomeCall::abi_encode_returns(&word(&income))
        }
        Calls::getReserveNormalizedVariableDebt(of) => {
            let debt = view.indexes(reserve(of.asset)?.id).1;
            Pool::getReserveNormalizedVariableDebtCall::abi_encode_returns(&word(&debt))
        }
        Calls::getVirtualUnderlyingBalance(of) => {
            Pool::getVirtualUnderlyingBalanceCall::abi_encode_returns(&reserve(of.asset)?.available)
        }
        Calls::getLiquidationGracePeriod(_) => {
            Pool::getLiquidationGracePeriodCall::abi_encode_returns(&Default::default())
        }
        Calls::getReserveAToken(of) => {
            Pool::getReserveATokenCall::abi_encode_returns(&reserve(of.asset)?.a_token)
        }
        Calls::getReserveVariableDebtToken(of) => {
            Pool::getReserveVariableDebtTokenCall::abi_encode_returns(&reserve(of.asset)?.debt_token)
        }
        Calls::getReserveDeficit(_) => Pool::getReserveDeficitCall::abi_encode_returns(&U256::ZERO),
        _ => return Err(Reverted::bare()),
    })
}

fn account_data(view: &View<'_>, user: Address) -> Outcome {
    let totals = view.totals(user);
    Ok(Pool::getUserAccountDataCall::abi_encode_returns(&Pool::getUserAccountDataReturn {
        totalCollateralBase: word(&totals.collateral_base),
        totalDebtBase: word(&totals.debt_base),
        availableBorrowsBase: word(&totals.available_borrows_base),
        currentLiquidationThreshold: word(&totals.threshold_bps),
        ltv: word(&totals.ltv_bps),
        healthFactor: totals.health_factor_wad.as_ref().map_or(U256::MAX, word),
    }))
}

/// Underlyings by reserve id.
pub(super) fn reserves_list(view: &View<'_>) -> Vec<Address> {
    view.chain.tokens.iter().take(view.chain.reserves.len()).map(|token| token.underlying).collect()
}

fn user_bits(view: &View<'_>, user: Address) -> U256 {
    let wallet = view.world.wallet(user);
    let account = wallet.on(view.chain.facts.id).and_then(|held| held.account.as_ref());
    account.into_iter().flat_map(|account| &account.positions).fold(U256::ZERO, |bits, position| {
        let borrowing = U256::from(u8::from(position.scaled_debt > 0)) << (position.reserve * 2);
        let collateral = U256::from(u8::from(position.collateral)) << (position.reserve * 2 + 1);
        bits | borrowing | collateral
    })
}

/// The reserve's bitmap (ReserveConfiguration.sol).
pub(super) fn configuration(view: &View<'_>, reserve: &Reserve) -> U256 {
    let reserve = &view.governed(reserve);
    let decimals = view.token(reserve.id).map_or(0, |token| token.decimals);
    let protocol_fee = if reserve.bonus_bps == 0 { 0u64 } else { 1_000 };
    let fields: [(u64, usize); 12] = [
        (u64::from(reserve.ltv_bps), 0),
        (u64::from(reserve.threshold_bps), 16),
        (u64::from(reserve.bonus_bps), 32),
        (u64::from(decimals), 48),
        (1, 56),
        (u64::from(reserve.frozen), 57),
        (u64::from(reserve.borrowable), 58),
        (u64::from(reserve.paused), 60),
        (1, 63),
        (u64::from(reserve.factor_bps), 64),
        (reserve.borrow_cap, 80),
        (reserve.supply_cap, 116),
    ];
    let bits = fields.iter().fold(U256::ZERO, |bits, (value, at)| bits | U256::from(*value) << *at);
    bits | U256::from(protocol_fee) << 152usize | U256::from(1u8) << 252usize
}

/// The reserve as `getReserveData` shows it; zeros for an asset that is none.
pub(super) fn reserve_data(view: &View<'_>, reserve: Option<&Reserve>) -> ReserveDataLegacy {
    let id = reserve.map_or(0, |reserve| reserve.id);
    let last_update = reserve.map_or(0, |reserve| reserve.last_update.min(view.timestamp));
    ReserveDataLegacy {
        configuration: reserve.map_or(U256::ZERO, |reserve| configuration(view, reserve)),
        liquidityIndex: reserve.map_or(0, |reserve| reserve.liquidity_index),
        currentLiquidityRate: reserve.map_or(0, |reserve| reserve.supply_rate),
        variableBorrowIndex: reserve.map_or(0, |reserve| reserve.borrow_index),
        currentVariableBorrowRate: reserve.map_or(0, |reserve| reserve.borrow_rate),
        currentStableBorrowRate: 0,
        lastUpdateTimestamp: alloy_primitives::Uint::from(last_update),
        id: u16::try_from(id).unwrap_or_default(),
        aTokenAddress: reserve.map_or(Address::ZERO, |reserve| reserve.a_token),
        stableDebtTokenAddress: Address::ZERO,
        variableDebtTokenAddress: reserve.map_or(Address::ZERO, |reserve| reserve.debt_token),
        interestRateStrategyAddress: reserve.map_or(Address::ZERO, |_| view.chain.facts.protocol_data),
        accruedToTreasury: 0,
        unbacked: 0,
        isolationModeTotalDebt: 0,
    }
}

fn category_data(mode: Option<&EMode>) -> EModeCategoryLegacy {
    EModeCategoryLegacy {
        ltv: mode.map_or(0, |mode| mode.ltv_bps),
        liquidationThreshold: mode.map_or(0, |mode| mode.threshold_bps),
        liquidationBonus: mode.map_or(0, |mode| mode.bonus_bps),
        priceSource: Address::ZERO,
        label: mode.map_or("", |mode| mode.label).to_owned(),
    }
}
