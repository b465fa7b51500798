//! The contracts of Aave V2 and Spark: pool, oracle, data provider, tokens and price sources.

mod abi;

use alloy_primitives::{Address, I256, U256, Uint};
use alloy_sol_types::{SolCall, SolInterface};

use self::abi::LendingPool::{self, LendingPoolCalls};
use self::abi::UiData::{self, UiDataCalls};
use self::abi::{
    AggregatedWithStable, BaseCurrency, MarketWithStable, ReserveDataV2, StateWithStable, TermsWithStable,
    UserReserveDataWithStable,
};
use crate::evm::abi::Aggregator::{self, AggregatorCalls};
use crate::evm::abi::Erc20::{self, Erc20Calls};
use crate::evm::abi::Oracle::{self, OracleCalls};
use crate::evm::abi::Pool::{self, PoolCalls};
use crate::evm::abi::{EModeCategoryLegacy, ReserveDataLegacy};
use crate::evm::{Outcome, Reverted, word};
use crate::wallets::fork::ForkPosition;
use crate::world::fork::state::{account_of, balances, price, totals};
use crate::world::fork::{Fork, ForkReserve, Kind, Role, SPARK_E_MODE};
use crate::world::token::Token;
use crate::world::view::View;

/// `LENDINGPOOL_REVISION` of V2, and `POOL_REVISION` of SparkLend 1.0.0.
const REVISIONS: (u64, u64) = (3, 4);

/// A market at a block.
struct Market<'a> {
    view: &'a View<'a>,
    place: usize,
    fork: &'a Fork,
}

pub(super) fn call(view: &View<'_>, place: usize, role: Role, input: &[u8]) -> Outcome {
    let fork = view.chain.forks.get(place).ok_or_else(Reverted::bare)?;
    let market = Market { view, place, fork };
    match (role, fork.kind) {
        (Role::Pool, Kind::AaveV2) => market.lending_pool(input),
        (Role::Pool, Kind::Spark) => market.pool(input),
        (Role::Oracle, _) => market.oracle(input),
        (Role::UiData, _) => market.ui_data(input),
        (Role::Source(id), _) => market.source(id, input),
        (Role::AToken(_) | Role::DebtToken(_) | Role::StableToken(_), _) => market.token(role, input),
    }
}

/// Symbol of one of a market's tokens.
pub(crate) fn symbol(view: &View<'_>, place: usize, role: Role) -> String {
    let reserve = view.chain.forks.get(place).zip(id_of(role)).and_then(|(fork, id)| fork.reserves.get(id));
    let symbol = reserve.and_then(|reserve| view.token(reserve.token)).map_or("", |token| &token.symbol);
    match role {
        Role::DebtToken(_) => format!("variableDebt{symbol}"),
        Role::StableToken(_) => format!("stableDebt{symbol}"),
        _ => format!("a{symbol}"),
    }
}

/// Decimals of one of a market's tokens.
pub(crate) fn decimals(view: &View<'_>, place: usize, role: Role) -> u8 {
    let reserve = view.chain.forks.get(place).zip(id_of(role)).and_then(|(fork, id)| fork.reserves.get(id));
    reserve.and_then(|reserve| view.token(reserve.token)).map_or(0, |token| token.decimals)
}

/// What an owner has of one of a market's tokens.
pub(crate) fn balance_of(view: &View<'_>, place: usize, role: Role, owner: Address) -> U256 {
    let find = || {
        let fork = view.chain.forks.get(place)?;
        let id = id_of(role)?;
        let account = account_of(view, place, owner)?;
        let position = account.positions.iter().find(|position| position.reserve == id)?;
        let [supplied, variable, stable] = balances(view, fork, fork.reserves.get(id)?, position);
        Some(word(&match role {
            Role::DebtToken(_) => variable,
            Role::StableToken(_) => stable,
            _ => supplied,
        }))
    };
    find().unwrap_or_default()
}

const fn id_of(role: Role) -> Option<usize> {
    match role {
        Role::AToken(id) | Role::DebtToken(id) | Role::StableToken(id) => Some(id),
        _ => None,
    }
}

fn e_mode_bits(reserve: &ForkReserve) -> U256 {
    U256::from(reserve.e_mode) << 168usize
}

impl Market<'_> {
    fn rows(&self) -> impl Iterator<Item = (usize, &ForkReserve, &Token)> {
        let rows = self.fork.reserves.iter().enumerate();
        rows.filter_map(|(id, reserve)| Some((id, reserve, self.view.token(reserve.token)?)))
    }

    fn of(&self, asset: Address) -> Result<(usize, &ForkReserve, &Token), Reverted> {
        self.rows().find(|(_, _, token)| token.underlying == asset).ok_or_else(Reverted::bare)
    }

    fn list(&self) -> Vec<Address> {
        self.rows().map(|(_, _, token)| token.underlying).collect()
    }

    /// Bits that both generations have: everything is active, may be borrowed, and at stable rates too.
    fn configuration(reserve: &ForkReserve, token: &Token) -> U256 {
        let fields: [(u64, usize); 8] = [
            (u64::from(reserve.ltv_bps), 0),
            (u64::from(reserve.threshold_bps), 16),
            (u64::from(reserve.bonus_bps), 32),
            (u64::from(token.decimals), 48),
            (1, 56),
            (1, 58),
            (1, 59),
            (1_000, 64),
        ];
        fields.iter().fold(U256::ZERO, |bits, (value, at)| bits | U256::from(*value) << *at)
    }

    fn lending_pool(&self, input: &[u8]) -> Outcome {
        use LendingPoolCalls as Calls;
        Ok(match Calls::abi_decode(input).map_err(|_| Reverted::bare())? {
            Calls::LENDINGPOOL_REVISION(_) => {
                LendingPool::LENDINGPOOL_REVISIONCall::abi_encode_returns(&U256::from(REVISIONS.0))
            }
            Calls::paused(_) => LendingPool::pausedCall::abi_encode_returns(&false),
            Calls::getReservesList(_) => LendingPool::getReservesListCall::abi_encode_returns(&self.list()),
            Calls::getReserveData(of) => {
                let (id, reserve, token) = self.of(of.asset)?;
                LendingPool::getReserveDataCall::abi_encode_returns(&ReserveDataV2 {
                    configuration: Self::configuration(reserve, token),
                    liquidityIndex: reserve.liquidity_index,
                    variableBorrowIndex: reserve.borrow_index,
                    currentLiquidityRate: reserve.supply_rate,
                    currentVariableBorrowRate: reserve.borrow_rate,
                    currentStableBorrowRate: 0,
                    lastUpdateTimestamp: Uint::from(reserve.last_update),
                    aTokenAddress: reserve.a_token,
                    stableDebtTokenAddress: reserve.stable_token,
                    variableDebtTokenAddress: reserve.debt_token,
                    interestRateStrategyAddress: self.fork.ui_data,
                    id: u8::try_from(id).unwrap_or_default(),
                })
            }
            Calls::getUserConfiguration(of) => {
                LendingPool::getUserConfigurationCall::abi_encode_returns(&self.user_bits(of.user))
            }
            Calls::getUserAccountData(of) => self.account_data(of.user),
        })
    }

    /// `UserConfiguration`: two bits a reserve, borrowing and collateral.
    fn user_bits(&self, user: Address) -> U256 {
        let account = account_of(self.view, self.place, user);
        let positions = account.iter().flat_map(|account| &account.positions);
        positions.fold(U256::ZERO, |bits, position| {
            let owes = position.scaled_debt > 0 || position.stable.0 > 0;
            let own = u8::from(owes) | u8::from(position.collateral) << 1;
            bits | U256::from(own) << (2 * position.reserve)
        })
    }

    fn account_data(&self, user: Address) -> Vec<u8> {
        let totals = totals(self.view, self.place, self.fork, user);
        Pool::getUserAccountDataCall::abi_encode_returns(&Pool::getUserAccountDataReturn {
            totalCollateralBase: word(&totals.collateral_base),
            totalDebtBase: word(&totals.debt_base),
            availableBorrowsBase: word(&totals.available_borrows_base),
            currentLiquidationThreshold: word(&totals.threshold_bps),
            ltv: word(&totals.ltv_bps),
            healthFactor: totals.health_factor_wad.as_ref().map_or(U256::MAX, word),
        })
    }

    fn pool(&self, input: &[u8]) -> Outcome {
        use PoolCalls as Calls;
        Ok(match Calls::abi_decode(input).map_err(|_| Reverted::bare())? {
            Calls::POOL_REVISION(_) => Pool::POOL_REVISIONCall::abi_encode_returns(&U256::from(REVISIONS.1)),
            Calls::getReservesList(_) => Pool::getReservesListCall::abi_encode_returns(&self.list()),
            Calls::getReserveData(of) => {
                let (id, reserve, token) = self.of(of.asset)?;
                Pool::getReserveDataCall::abi_encode_returns(&self.reserve_data(id, reserve, token))
            }
            Calls::getUserConfiguration(of) => {
                Pool::getUserConfigurationCall::abi_encode_returns(&self.user_bits(of.user))
            }
            Calls::getUserAccountData(of) => self.account_data(of.user),
            Calls::getEModeCategoryData(of) => {
                let (id, ltv, threshold, bonus) = SPARK_E_MODE;
                let [ltv, threshold, bonus] = if of.id == id { [ltv, threshold, bonus] } else { [0; 3] };
                Pool::getEModeCategoryDataCall::abi_encode_returns(&EModeCategoryLegacy {
                    ltv,
                    liquidationThreshold: threshold,
                    liquidationBonus: bonus,
                    priceSource: Address::ZERO,
                    label: if of.id == id { "ETH".to_owned() } else { String::new() },
                })
            }
            _ => return Err(Reverted::bare()),
        })
    }

    fn reserve_data(&self, id: usize, reserve: &ForkReserve, token: &Token) -> ReserveDataLegacy {
        let fee = U256::from(1_000u64) << 152usize;
        ReserveDataLegacy {
            configuration: Self::configuration(reserve, token) | e_mode_bits(reserve) | fee,
            liquidityIndex: reserve.liquidity_index,
            currentLiquidityRate: reserve.supply_rate,
            variableBorrowIndex: reserve.borrow_index,
            currentVariableBorrowRate: reserve.borrow_rate,
            currentStableBorrowRate: 0,
            lastUpdateTimestamp: Uint::from(reserve.last_update),
            id: u16::try_from(id).unwrap_or_default(),
            aTokenAddress: reserve.a_token,
            stableDebtTokenAddress: reserve.stable_token,
            variableDebtTokenAddress: reserve.debt_token,
            interestRateStrategyAddress: self.fork.ui_data,
            accruedToTreasury: 0,
            unbacked: 0,
            isolationModeTotalDebt: 0,
        }
    }

    fn oracle(&self, input: &[u8]) -> Outcome {
        use OracleCalls as Calls;
        let price =
            |asset| self.of(asset).map(|(_, reserve, _)| U256::from(price(self.view, self.fork, reserve)));
        Ok(match Calls::abi_decode(input).map_err(|_| Reverted::bare())? {
            Calls::getAssetPrice(of) => Oracle::getAssetPriceCall::abi_encode_returns(&price(of.asset)?),
            Calls::getSourceOfAsset(of) => {
                Oracle::getSourceOfAssetCall::abi_encode_returns(&self.of(of.asset)?.1.source)
            }
            Calls::BASE_CURRENCY_UNIT(_) if self.fork.kind == Kind::Spark => {
                Oracle::BASE_CURRENCY_UNITCall::abi_encode_returns(&U256::from(100_000_000u64))
            }
            _ => return Err(Reverted::bare()),
        })
    }

    fn source(&self, id: usize, input: &[u8]) -> Outcome {
        let reserve = self.fork.reserves.get(id).ok_or_else(Reverted::bare)?;
        let token = self.view.token(reserve.token).ok_or_else(Reverted::bare)?;
        let answer = I256::try_from(price(self.view, self.fork, reserve)).map_err(|_| Reverted::bare())?;
        Ok(match AggregatorCalls::abi_decode(input).map_err(|_| Reverted::bare())? {
            AggregatorCalls::latestRoundData(_) => {
                let round = self.view.round(token.asset);
                Aggregator::latestRoundDataCall::abi_encode_returns(&Aggregator::latestRoundDataReturn {
                    roundId: Uint::from(round.id),
                    answer,
                    startedAt: U256::from(round.updated_at),
                    updatedAt: U256::from(round.updated_at),
                    answeredInRound: Uint::from(round.id),
                })
            }
            AggregatorCalls::latestAnswer(_) => Aggregator::latestAnswerCall::abi_encode_returns(&answer),
            _ => return Err(Reverted::bare()),
        })
    }

    fn token(&self, role: Role, input: &[u8]) -> Outcome {
        Ok(match Erc20Calls::abi_decode(input).map_err(|_| Reverted::bare())? {
            Erc20Calls::symbol(_) => {
                Erc20::symbolCall::abi_encode_returns(&symbol(self.view, self.place, role))
            }
            Erc20Calls::decimals(_) => {
                Erc20::decimalsCall::abi_encode_returns(&decimals(self.view, self.place, role))
            }
            Erc20Calls::balanceOf(of) => {
                Erc20::balanceOfCall::abi_encode_returns(&balance_of(self.view, self.place, role, of.owner))
            }
            _ => return Err(Reverted::bare()),
        })
    }

    fn ui_data(&self, input: &[u8]) -> Outcome {
        match UiDataCalls::abi_decode(input).map_err(|_| Reverted::bare())? {
            UiDataCalls::getReservesData(of) if of.provider == self.fork.provider => {
                let native = self.view.oracle_e8(self.view.chain.native_asset);
                let native = I256::try_from(native).map_err(|_| Reverted::bare())?;
                Ok(UiData::getReservesDataCall::abi_encode_returns(&UiData::getReservesDataReturn {
                    _0: self.rows().map(|(_, reserve, token)| self.aggregate(reserve, token)).collect(),
                    _1: BaseCurrency {
                        unit: U256::from(1u8),
                        priceInUsd: native,
                        nativePriceInUsd: native,
                        nativePriceDecimals: 8,
                    },
                }))
            }
            UiDataCalls::getUserReservesData(of) if of.provider == self.fork.provider => {
                Ok(self.user_rows(of.user))
            }
            _ => Err(Reverted::bare()),
        }
    }

    fn aggregate(&self, reserve: &ForkReserve, token: &Token) -> AggregatedWithStable {
        AggregatedWithStable {
            underlyingAsset: token.underlying,
            name: token.name.clone(),
            symbol: token.symbol.clone(),
            decimals: U256::from(token.decimals),
            terms: TermsWithStable {
                baseLTVasCollateral: U256::from(reserve.ltv_bps),
                reserveLiquidationThreshold: U256::from(reserve.threshold_bps),
                reserveLiquidationBonus: U256::from(reserve.bonus_bps),
                reserveFactor: U256::from(1_000u64),
                usageAsCollateralEnabled: reserve.ltv_bps != 0,
                borrowingEnabled: true,
                stableBorrowRateEnabled: true,
                isActive: true,
                isFrozen: false,
            },
            state: StateWithStable {
                liquidityIndex: reserve.liquidity_index,
                variableBorrowIndex: reserve.borrow_index,
                liquidityRate: reserve.supply_rate,
                variableBorrowRate: reserve.borrow_rate,
                stableBorrowRate: 0,
                lastUpdateTimestamp: Uint::from(reserve.last_update),
                aTokenAddress: reserve.a_token,
                stableDebtTokenAddress: reserve.stable_token,
                variableDebtTokenAddress: reserve.debt_token,
                interestRateStrategyAddress: self.fork.ui_data,
            },
            market: MarketWithStable {
                availableLiquidity: U256::from(reserve.available),
                totalPrincipalStableDebt: U256::ZERO,
                averageStableRate: U256::ZERO,
                stableDebtLastUpdateTimestamp: U256::ZERO,
                totalScaledVariableDebt: U256::ZERO,
                priceInMarketReferenceCurrency: U256::from(price(self.view, self.fork, reserve)),
                priceOracle: reserve.source,
            },
            rest: [U256::ZERO; 26],
        }
    }

    fn user_rows(&self, user: Address) -> Vec<u8> {
        let account = account_of(self.view, self.place, user);
        let find = |id: usize| -> ForkPosition {
            let positions = account.iter().flat_map(|account| &account.positions);
            positions.filter(|position| position.reserve == id).copied().next().unwrap_or_default()
        };
        let rows = self.rows().map(|(id, _, token)| {
            let position = find(id);
            let (principal, rate, since) = position.stable;
            UserReserveDataWithStable {
                underlyingAsset: token.underlying,
                scaledATokenBalance: U256::from(position.scaled_supply),
                usageAsCollateralEnabledOnUser: position.collateral,
                stableBorrowRate: U256::from(rate),
                scaledVariableDebt: U256::from(position.scaled_debt),
                principalStableDebt: U256::from(principal),
                stableBorrowLastUpdateTimestamp: U256::from(since),
            }
        });
        UiData::getUserReservesDataCall::abi_encode_returns(&UiData::getUserReservesDataReturn {
            _0: rows.collect(),
            _1: account.as_ref().map_or(0, |account| account.e_mode),
        })
    }
}
