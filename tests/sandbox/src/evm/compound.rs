//! Compound's contracts: the Comptroller, its oracle and cTokens, the Comets and their price feeds.

mod abi;
mod comet;
mod ctoken;

use alloy_primitives::{Address, I256, U256, Uint};
use alloy_sol_types::{SolCall, SolInterface};

use self::abi::Comptroller::{self, ComptrollerCalls};
use self::abi::PriceOracle::{self, PriceOracleCalls};
use crate::compound::v2::{Market, WAD};
use crate::compound::{Contract, ORACLE};
use crate::evm::abi::Aggregator::{self, AggregatorCalls};
use crate::evm::{Outcome, Reverted, word};
use crate::world::view::View;

pub(super) fn call(view: &View<'_>, contract: Contract, input: &[u8]) -> Outcome {
    match contract {
        Contract::Comptroller => call_comptroller(view, input),
        Contract::Oracle => call_oracle(view, input),
        Contract::CToken(place) => ctoken::call(view, place, input),
        Contract::Comet(place) => comet::call(view, place, input),
        Contract::Feed(place, of) => call_feed(view, place, of, input),
    }
}

/// Name and symbol of a receipt token.
pub(crate) fn label(view: &View<'_>, contract: Contract) -> (String, String) {
    let symbol = match contract {
        Contract::CToken(place) => view.chain.compound.markets.get(place).map(|market| market.symbol.clone()),
        Contract::Comet(place) => {
            let base = view.chain.compound.comets.get(place).and_then(|comet| comet.token(view, None));
            base.map(|base| format!("c{}v3", base.symbol))
        }
        _ => None,
    };
    let symbol = symbol.unwrap_or_default();
    (format!("Compound {symbol}"), symbol)
}

/// Decimals of a receipt token.
pub(crate) fn decimals(view: &View<'_>, contract: Contract) -> u8 {
    match contract {
        Contract::Comet(place) => {
            let base = view.chain.compound.comets.get(place).and_then(|comet| comet.token(view, None));
            base.map_or(18, |base| base.decimals)
        }
        _ => 8,
    }
}

/// Receipt tokens of an owner: cTokens, or the base tokens supplied to a Comet.
pub(crate) fn balance_of(view: &View<'_>, contract: Contract, owner: Address) -> U256 {
    match contract {
        Contract::CToken(place) => ctoken::balance_of(view, place, owner),
        Contract::Comet(place) => comet::supplied(view, place, owner),
        _ => U256::ZERO,
    }
}

/// The market of a cToken's address.
fn market<'a>(view: &View<'a>, address: Address) -> Option<&'a Market> {
    view.chain.compound.markets.iter().find(|market| market.address == address)
}

fn call_comptroller(view: &View<'_>, input: &[u8]) -> Outcome {
    use ComptrollerCalls as Calls;
    let all = &view.chain.compound.markets;
    Ok(match Calls::abi_decode(input).map_err(|_| Reverted::bare())? {
        Calls::getAllMarkets(_) => {
            let list: Vec<Address> = all.iter().map(|market| market.address).collect();
            Comptroller::getAllMarketsCall::abi_encode_returns(&list)
        }
        Calls::getAssetsIn(of) => {
            let wallet = view.world.wallet(of.account);
            let held = wallet.on(view.chain.facts.id).into_iter().flat_map(|held| &held.compound.markets);
            let entered = held.filter(|position| position.entered);
            let list = entered.filter_map(|position| all.get(position.market)).map(|market| market.address);
            Comptroller::getAssetsInCall::abi_encode_returns(&list.collect())
        }
        Calls::markets(of) => {
            let found = market(view, of.cToken);
            Comptroller::marketsCall::abi_encode_returns(&Comptroller::marketsReturn {
                isListed: found.is_some(),
                collateralFactorMantissa: U256::from(found.map_or(0, |market| market.factor)),
                isComped: false,
            })
        }
        Calls::oracle(_) => Comptroller::oracleCall::abi_encode_returns(&ORACLE),
        Calls::closeFactorMantissa(_) => {
            Comptroller::closeFactorMantissaCall::abi_encode_returns(&U256::from(WAD / 2))
        }
        Calls::liquidationIncentiveMantissa(_) => {
            Comptroller::liquidationIncentiveMantissaCall::abi_encode_returns(&U256::from(WAD / 100 * 108))
        }
        Calls::mintGuardianPaused(of) => {
            let is_paused = market(view, of.cToken).is_some_and(|market| market.is_paused);
            Comptroller::mintGuardianPausedCall::abi_encode_returns(&is_paused)
        }
        Calls::isDeprecated(of) => {
            let is_deprecated = market(view, of.cToken).ok_or_else(Reverted::bare)?.is_deprecated;
            Comptroller::isDeprecatedCall::abi_encode_returns(&is_deprecated)
        }
    })
}

fn call_oracle(view: &View<'_>, input: &[u8]) -> Outcome {
    let PriceOracleCalls::getUnderlyingPrice(of) =
        PriceOracleCalls::abi_decode(input).map_err(|_| Reverted::bare())?;
    let market = market(view, of.cToken).ok_or_else(Reverted::bare)?;
    let price = market.price(view.oracle_e8(market.asset));
    Ok(PriceOracle::getUnderlyingPriceCall::abi_encode_returns(&word(&price)))
}

/// A Comet's feed: the asset's Chainlink round where it quotes USD; a constant for a base token quoted in itself.
fn call_feed(view: &View<'_>, place: usize, of: Option<usize>, input: &[u8]) -> Outcome {
    let comet = view.chain.compound.comets.get(place).ok_or_else(Reverted::bare)?;
    let token = comet.token(view, of).ok_or_else(Reverted::bare)?;
    let price = comet.price(view, of).ok_or_else(Reverted::bare)?;
    let round = view.round(token.asset);
    let is_constant = comet.is_in_base && of.is_none();
    let updated_at = if is_constant { view.timestamp } else { round.updated_at };
    let answer = I256::try_from(price).map_err(|_| Reverted::bare())?;
    Ok(match AggregatorCalls::abi_decode(input).map_err(|_| Reverted::bare())? {
        AggregatorCalls::latestRoundData(_) => {
            let id = Uint::<80, 2>::from(if is_constant { 1 } else { round.id });
            Aggregator::latestRoundDataCall::abi_encode_returns(&Aggregator::latestRoundDataReturn {
                roundId: id,
                answer,
                startedAt: U256::from(updated_at),
                updatedAt: U256::from(updated_at),
                answeredInRound: id,
            })
        }
        AggregatorCalls::decimals(_) => Aggregator::decimalsCall::abi_encode_returns(&8),
        _ => return Err(Reverted::bare()),
    })
}
