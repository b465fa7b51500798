//! `UiPoolDataProviderV3.getReservesData`: the whole market in one answer, put together as the contract does.

use alloy_primitives::{I256, U256};
use alloy_sol_types::SolCall;

use crate::evm::abi::UiPoolDataProvider as Ui;
use crate::evm::abi::{
    AggregatedReserveData, BaseCurrencyInfo, ReserveDataLegacy, ReserveLimits, ReserveMarket, ReserveState,
    ReserveTerms,
};
use crate::evm::oracle::BASE_CURRENCY_UNIT;
use crate::evm::pool::reserve_data;
use crate::evm::{Outcome, Reverted};
use crate::world::token::{Reserve, Token};
use crate::world::view::View;

/// Decimals of a debt ceiling (`ReserveConfiguration.DEBT_CEILING_DECIMALS`).
const DEBT_CEILING_DECIMALS: u64 = 2;

/// Every reserve in reserve order, and what prices are quoted in.
pub(super) fn reserves_data(view: &View<'_>) -> Outcome {
    let reserves = view.chain.reserves.iter().zip(&view.chain.tokens);
    let native = view.oracle_e8(view.chain.native_asset);
    Ok(Ui::getReservesDataCall::abi_encode_returns(&Ui::getReservesDataReturn {
        _0: reserves.map(|(reserve, token)| aggregate(view, reserve, token)).collect(),
        _1: BaseCurrencyInfo {
            marketReferenceCurrencyUnit: U256::from(BASE_CURRENCY_UNIT),
            marketReferenceCurrencyPriceInUsd: signed(u128::from(BASE_CURRENCY_UNIT))?,
            networkBaseTokenPriceInUsd: signed(native)?,
            networkBaseTokenPriceDecimals: 8,
        },
    }))
}

fn signed(value: u128) -> Result<I256, Reverted> {
    I256::try_from(value).map_err(|_| Reverted::bare())
}

fn aggregate(view: &View<'_>, reserve: &Reserve, token: &Token) -> AggregatedReserveData {
    let base = reserve_data(view, Some(reserve));
    let reserve = &view.governed(reserve);
    AggregatedReserveData {
        underlyingAsset: token.underlying,
        name: token.name.clone(),
        symbol: token.symbol.clone(),
        decimals: U256::from(token.decimals),
        terms: terms(reserve),
        market: market(view, reserve, token),
        limits: limits(reserve, &base),
        state: state(&base),
    }
}

/// The collateral flag is the base LTV's here, and the liquidation threshold's in AaveProtocolDataProvider.
fn terms(reserve: &Reserve) -> ReserveTerms {
    ReserveTerms {
        baseLTVasCollateral: U256::from(reserve.ltv_bps),
        reserveLiquidationThreshold: U256::from(reserve.threshold_bps),
        reserveLiquidationBonus: U256::from(reserve.bonus_bps),
        reserveFactor: U256::from(reserve.factor_bps),
        usageAsCollateralEnabled: reserve.ltv_bps != 0,
        borrowingEnabled: reserve.borrowable,
        isActive: true,
        isFrozen: reserve.frozen,
    }
}

fn state(base: &ReserveDataLegacy) -> ReserveState {
    ReserveState {
        liquidityIndex: base.liquidityIndex,
        variableBorrowIndex: base.variableBorrowIndex,
        liquidityRate: base.currentLiquidityRate,
        variableBorrowRate: base.currentVariableBorrowRate,
        lastUpdateTimestamp: base.lastUpdateTimestamp,
        aTokenAddress: base.aTokenAddress,
        variableDebtTokenAddress: base.variableDebtTokenAddress,
        interestRateStrategyAddress: base.interestRateStrategyAddress,
    }
}

/// The rate curve is zeros, as the contract leaves it where the strategy does not answer: none does here.
fn market(view: &View<'_>, reserve: &Reserve, token: &Token) -> ReserveMarket {
    ReserveMarket {
        availableLiquidity: U256::from(reserve.available),
        totalScaledVariableDebt: U256::from(reserve.scaled_debt),
        priceInMarketReferenceCurrency: U256::from(view.oracle_e8(token.asset)),
        priceOracle: reserve.source,
        variableRateSlope1: U256::ZERO,
        variableRateSlope2: U256::ZERO,
        baseVariableBorrowRate: U256::ZERO,
        optimalUsageRatio: U256::ZERO,
    }
}

/// No reserve of the sandbox is siloed or isolated, and none has a deficit: see its bitmap and Pool views.
fn limits(reserve: &Reserve, base: &ReserveDataLegacy) -> ReserveLimits {
    ReserveLimits {
        isPaused: reserve.paused,
        isSiloedBorrowing: false,
        accruedToTreasury: base.accruedToTreasury,
        isolationModeTotalDebt: base.isolationModeTotalDebt,
        flashLoanEnabled: true,
        debtCeiling: U256::ZERO,
        debtCeilingDecimals: U256::from(DEBT_CEILING_DECIMALS),
        borrowCap: U256::from(reserve.borrow_cap),
        supplyCap: U256::from(reserve.supply_cap),
        borrowableInIsolation: false,
        virtualUnderlyingBalance: reserve.available,
        deficit: 0,
    }
}
