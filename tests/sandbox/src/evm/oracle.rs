//! AaveOracle and the price sources it reads.

use alloy_primitives::{Address, I256, U256, Uint};
use alloy_sol_types::{SolCall, SolInterface};

use crate::evm::abi::Aggregator::{self, AggregatorCalls};
use crate::evm::abi::Oracle::{self, OracleCalls};
use crate::evm::{Outcome, Reverted};
use crate::world::view::View;

/// Base units of one USD.
pub(super) const BASE_CURRENCY_UNIT: u64 = 100_000_000;

pub(super) fn call(view: &View<'_>, input: &[u8]) -> Outcome {
    use OracleCalls as Calls;
    let price = |asset: Address| -> Result<U256, Reverted> {
        let place = view.chain.reserve_of(asset).ok_or_else(Reverted::bare)?;
        let token = view.token(place).ok_or_else(Reverted::bare)?;
        Ok(U256::from(view.oracle_e8(token.asset)))
    };
    Ok(match Calls::abi_decode(input).map_err(|_| Reverted::bare())? {
        Calls::getAssetPrice(of) => Oracle::getAssetPriceCall::abi_encode_returns(&price(of.asset)?),
        Calls::getAssetsPrices(of) => {
            let prices = of.assets.iter().map(|asset| price(*asset)).collect::<Result<Vec<_>, _>>()?;
            Oracle::getAssetsPricesCall::abi_encode_returns(&prices)
        }
        Calls::getSourceOfAsset(of) => {
            let reserve = view.chain.reserve_of(of.asset).and_then(|place| view.chain.reserves.get(place));
            let source = reserve.map_or(Address::ZERO, |reserve| reserve.source);
            Oracle::getSourceOfAssetCall::abi_encode_returns(&source)
        }
        Calls::BASE_CURRENCY_UNIT(_) => {
            Oracle::BASE_CURRENCY_UNITCall::abi_encode_returns(&U256::from(BASE_CURRENCY_UNIT))
        }
        Calls::BASE_CURRENCY(_) => Oracle::BASE_CURRENCYCall::abi_encode_returns(&Address::ZERO),
    })
}

/// A price source: a Chainlink aggregator, or a ratio adapter, which has no rounds.
pub(super) fn call_source(view: &View<'_>, reserve: usize, input: &[u8]) -> Outcome {
    use AggregatorCalls as Calls;
    let token = view.token(reserve).ok_or_else(Reverted::bare)?;
    let asset = view.world.market.assets().get(token.asset).ok_or_else(Reverted::bare)?;
    let signed = |price_e8: u128| I256::try_from(price_e8).map_err(|_| Reverted::bare());
    Ok(match Calls::abi_decode(input).map_err(|_| Reverted::bare())? {
        Calls::latestRoundData(_) if asset.ratio => return Err(Reverted::bare()),
        Calls::latestRoundData(_) => {
            let round = view.round(token.asset);
            // Proxies put the phase above the aggregator's own round number.
            let id = Uint::<80, 2>::from(round.id) | (Uint::<80, 2>::from(5u8) << 64);
            Aggregator::latestRoundDataCall::abi_encode_returns(&Aggregator::latestRoundDataReturn {
                roundId: id,
                answer: signed(round.answer_e8)?,
                startedAt: U256::from(round.updated_at),
                updatedAt: U256::from(round.updated_at),
                answeredInRound: id,
            })
        }
        Calls::latestAnswer(_) => {
            Aggregator::latestAnswerCall::abi_encode_returns(&signed(view.oracle_e8(token.asset))?)
        }
        Calls::decimals(_) => Aggregator::decimalsCall::abi_encode_returns(&8),
        Calls::description(_) => {
            let kind = if asset.ratio { "Capped " } else { "" };
            let text = format!("{kind}{} / USD", asset.symbol);
            Aggregator::descriptionCall::abi_encode_returns(&text)
        }
        Calls::BASE_TO_USD_AGGREGATOR(_) if asset.ratio => {
            let base = view.chain.reserves.iter().find(|other| {
                let followed = crate::world::asset::Follows::Asset(asset_of(view, other.id));
                asset.follows == followed
            });
            let base = base.map(|base| base.source).ok_or_else(Reverted::bare)?;
            Aggregator::BASE_TO_USD_AGGREGATORCall::abi_encode_returns(&base)
        }
        Calls::BASE_TO_USD_AGGREGATOR(_) => return Err(Reverted::bare()),
    })
}

fn asset_of(view: &View<'_>, reserve: usize) -> usize {
    view.token(reserve).map_or(usize::MAX, |token| token.asset)
}
