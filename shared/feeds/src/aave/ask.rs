//! The single questions that make up a market, so that what one answer leads to is asked next and nothing twice.

use std::collections::BTreeSet;

use alloy_primitives::{Bytes, U256};
use risk_model::{Address, Protocol};

use crate::contracts::{Aggregator, Erc20, LendingPool, Oracle, Pool, UiPoolDataProvider};
use crate::markets::MarketAddresses;
use crate::multicall::{self, ContractCall};

/// Most reserves a market can have (`MAX_RESERVES_COUNT`).
pub(super) const MAX_RESERVES: usize = 128;
/// Words of one reserve's tuple in `getReservesData` before its price source, in versions since 3.2.
const PRICE_SOURCE_WORD: usize = 23;
/// The same where stable rates still had words of their own: before 3.2, Spark and V2.
const PRICE_SOURCE_WORD_WITH_STABLE: usize = 29;
/// Words before the aToken there.
const A_TOKEN_WORD_WITH_STABLE: usize = 19;

/// One question about a market.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Ask {
    /// Pool: every reserve's underlying.
    ReservesList,
    /// Pool: its revision.
    Revision,
    /// V2's pool: whether everything is paused.
    Paused,
    /// Oracle: base units of one USD; V2 has none, it prices in wei of an ether.
    BaseUnit,
    /// Pool: state and configuration of the reserve of an underlying.
    Reserve(Address),
    /// Pool: what can be withdrawn of an underlying (3.1 and later).
    VirtualBalance(Address),
    /// Oracle: price of an underlying.
    Price(Address),
    /// Oracle: the contract it reads the price of an underlying from.
    Source(Address),
    /// A price source: its last round.
    Round(Address),
    /// A token: its symbol.
    Symbol(Address),
    /// A token: what a holder has of it.
    Balance(Address, Address),
    /// Pool: thresholds of an e-mode category (3.2 and later).
    Category(u8),
    /// Pool: collateral of an e-mode category (3.2 and later).
    CategoryCollateral(u8),
    /// Pool: collateral of an e-mode category that lends nothing in it (3.6 and later).
    CategoryLtvZero(u8),
    /// Pool: label of an e-mode category (3.2 and later).
    CategoryLabel(u8),
    /// Pool: an e-mode category as before 3.2.
    CategoryLegacy(u8),
}

impl Ask {
    /// The contract call that asks it.
    #[must_use]
    pub fn call(self, market: &MarketAddresses) -> ContractCall {
        let (pool, oracle) = (market.pool, market.oracle);
        match self {
            Self::ReservesList => ContractCall::new(pool, &Pool::getReservesListCall {}),
            Self::Revision if market.protocol == Protocol::AaveV2 => {
                ContractCall::new(pool, &LendingPool::LENDINGPOOL_REVISIONCall {})
            }
            Self::Revision => ContractCall::new(pool, &Pool::POOL_REVISIONCall {}),
            Self::Paused => ContractCall::new(pool, &LendingPool::pausedCall {}),
            Self::BaseUnit => ContractCall::new(oracle, &Oracle::BASE_CURRENCY_UNITCall {}),
            Self::Reserve(asset) => ContractCall::new(pool, &Pool::getReserveDataCall { asset }),
            Self::VirtualBalance(asset) => {
                ContractCall::new(pool, &Pool::getVirtualUnderlyingBalanceCall { asset })
            }
            Self::Price(asset) => ContractCall::new(oracle, &Oracle::getAssetPriceCall { asset }),
            Self::Source(asset) => ContractCall::new(oracle, &Oracle::getSourceOfAssetCall { asset }),
            Self::Round(source) => ContractCall::new(source, &Aggregator::latestRoundDataCall {}),
            Self::Symbol(token) => ContractCall::new(token, &Erc20::symbolCall {}),
            Self::Balance(token, owner) => ContractCall::new(token, &Erc20::balanceOfCall { owner }),
            Self::Category(id) => ContractCall::new(pool, &Pool::getEModeCategoryCollateralConfigCall { id }),
            Self::CategoryCollateral(id) => {
                ContractCall::new(pool, &Pool::getEModeCategoryCollateralBitmapCall { id })
            }
            Self::CategoryLtvZero(id) => {
                ContractCall::new(pool, &Pool::getEModeCategoryLtvzeroBitmapCall { id })
            }
            Self::CategoryLabel(id) => ContractCall::new(pool, &Pool::getEModeCategoryLabelCall { id }),
            Self::CategoryLegacy(id) => ContractCall::new(pool, &Pool::getEModeCategoryDataCall { id }),
        }
    }

    /// Everything about a market that can be asked before its reserves are known.
    pub(super) fn of_market(protocol: Protocol) -> impl Iterator<Item = Self> {
        let own = if protocol == Protocol::AaveV2 { Self::Paused } else { Self::BaseUnit };
        [Self::ReservesList, Self::Revision, own].into_iter()
    }

    /// Everything about a reserve that can be asked knowing its underlying only.
    pub(super) fn of_reserve(protocol: Protocol, asset: Address) -> impl Iterator<Item = Self> {
        let asks = [Self::Reserve(asset), Self::Price(asset), Self::Source(asset), Self::Symbol(asset)];
        // V2 and Spark's line of V3 do not keep count of what can be withdrawn.
        let tracked = (protocol == Protocol::AaveV3).then_some(Self::VirtualBalance(asset));
        asks.into_iter().chain(tracked)
    }

    /// Everything about an e-mode category: V2 has none, and Spark those of before 3.2.
    pub(super) fn of_category(protocol: Protocol, id: u8) -> impl Iterator<Item = Self> {
        let since_3_2 = [Self::Category(id), Self::CategoryCollateral(id), Self::CategoryLabel(id)];
        let since_3_2 = since_3_2
            .into_iter()
            .chain([Self::CategoryLtvZero(id)])
            .filter(move |_| protocol == Protocol::AaveV3);
        since_3_2.chain((protocol != Protocol::AaveV2).then_some(Self::CategoryLegacy(id)))
    }
}

/// What to ask beside the newest block when nothing is known of a market yet: its answers say what to ask at the
/// pinned block, and are used for nothing else.
#[must_use]
pub fn hints(market: &MarketAddresses) -> Vec<ContractCall> {
    let aggregate = UiPoolDataProvider::getReservesDataCall { provider: market.provider };
    vec![Ask::ReservesList.call(market), ContractCall::new(market.ui_data, &aggregate)]
}

/// The asks that the answers to [`hints`] suggest. A wrong hint costs a wasted call and no more: whatever the pinned
/// answers lead to is asked as well.
#[must_use]
pub fn hinted_asks(protocol: Protocol, answers: &[Option<Bytes>]) -> BTreeSet<Ask> {
    let mut asks = BTreeSet::new();
    let answer = |place: usize| answers.get(place).and_then(Option::as_ref);
    for asset in read_list(answer(0)).unwrap_or_default() {
        asks.extend(Ask::of_reserve(protocol, asset));
    }
    let Some(output) = answer(1) else { return asks };
    if protocol == Protocol::AaveV3 {
        asks.extend(hinted(output, PRICE_SOURCE_WORD).into_iter().flatten().map(Ask::Round));
        return asks;
    }
    asks.extend(hinted(output, PRICE_SOURCE_WORD_WITH_STABLE).into_iter().flatten().map(Ask::Round));
    let balances = hinted(output, 0).into_iter().zip(hinted(output, A_TOKEN_WORD_WITH_STABLE));
    asks.extend(balances.filter_map(|(asset, a_token)| Some(Ask::Balance(asset?, a_token?))));
    asks
}

/// The reserves of a market in its own order; `None` where there are none or too many to be one.
pub(super) fn read_list(output: Option<&Bytes>) -> Option<Vec<Address>> {
    let list = multicall::answer::<Pool::getReservesListCall>(output)?;
    (!list.is_empty() && list.len() <= MAX_RESERVES).then_some(list)
}

/// The address so many words into each reserve's tuple of an answer of `getReservesData`, where there is one.
fn hinted(output: &[u8], word: usize) -> Vec<Option<Address>> {
    let number = |at: usize| {
        let word = output.get(at..at.checked_add(32)?)?;
        usize::try_from(U256::from_be_slice(word)).ok()
    };
    let read = |list: usize, place: usize| {
        let start = list.checked_add(32)?;
        let tuple = start.checked_add(number(start.checked_add(place.checked_mul(32)?)?)?)?;
        let at = tuple.checked_add(word.checked_mul(32)?)?;
        let word = output.get(at..at.checked_add(32)?)?;
        let (zeros, address) = word.split_at(12);
        let address = Address::from_slice(address);
        (zeros.iter().all(|byte| *byte == 0) && !address.is_zero()).then_some(address)
    };
    let Some(list) = number(0) else { return Vec::new() };
    let count = number(list).unwrap_or_default().min(MAX_RESERVES);
    (0..count).map(|place| read(list, place)).collect()
}

#[cfg(test)]
mod tests {
    use alloy_sol_types::SolCall;

    use super::*;

    fn word(value: usize) -> Vec<u8> {
        U256::from(value).to_be_bytes_vec()
    }

    /// An answer of `getReservesData` with two reserves of 40 words each, an address of each at `at`.
    fn aggregate(at: usize, sources: [Address; 2]) -> Bytes {
        let mut output =
            [word(160), word(0), word(0), word(0), word(0), word(2), word(64), word(64 + 40 * 32)].concat();
        for source in sources {
            for place in 0..40 {
                output.extend(if place == at { source.into_word().to_vec() } else { word(place) });
            }
        }
        output.into()
    }

    #[test]
    fn price_sources_are_hinted_by_the_aggregate() {
        let sources = [Address::repeat_byte(0xa1), Address::repeat_byte(0xb2)];
        assert_eq!(hinted(&aggregate(23, sources), 23), sources.map(Some));
        let list = vec![Address::repeat_byte(1)];
        let list = Bytes::from(Pool::getReservesListCall::abi_encode_returns(&list));
        let asks = hinted_asks(Protocol::AaveV3, &[Some(list.clone()), Some(aggregate(23, sources))]);
        assert_eq!(asks.len(), 5 + 2);
        assert!(asks.contains(&Ask::Round(sources[1])));
        let asks = hinted_asks(Protocol::Spark, &[Some(list), Some(aggregate(29, sources))]);
        assert!(asks.contains(&Ask::Round(sources[1])) && asks.contains(&Ask::Round(sources[0])));
    }

    #[test]
    fn a_hostile_aggregate_hints_nothing_and_does_not_panic() {
        for output in [vec![], vec![0xff; 31], vec![0xff; 32], vec![0xff; 4096], word(usize::MAX), word(0)] {
            assert!(hinted(&output, 23).into_iter().flatten().next().is_none());
            assert!(hinted(&output, usize::MAX).into_iter().flatten().next().is_none());
        }
        let mut endless = word(32);
        endless.extend(word(usize::MAX));
        assert!(hinted(&endless, 23).into_iter().flatten().next().is_none());
        assert_eq!(hinted_asks(Protocol::AaveV3, &[]), BTreeSet::new());
    }

    #[test]
    fn an_empty_market_or_one_of_more_reserves_than_the_contract_allows_is_none() {
        let encode = |count: usize| {
            let list = vec![Address::repeat_byte(1); count];
            Bytes::from(Pool::getReservesListCall::abi_encode_returns(&list))
        };
        assert_eq!(read_list(Some(&encode(0))), None);
        assert_eq!(read_list(Some(&encode(128))).unwrap().len(), 128);
        assert_eq!(read_list(Some(&encode(129))), None);
    }
}
