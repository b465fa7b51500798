//! `getReservesData`, decoded by the source's own field order and held against the Pool's and the oracle's views.

use alloy_primitives::{Address, B256, I256, U256};
use alloy_sol_types::{SolCall, sol};
use serde_json::json;

use crate::support::*;

// The 40 fields of `IUiPoolDataProviderV3.AggregatedReserveData` since 3.4, in order. Static runs stand in structs of
// their own: the codec's tuples end at 24, and a static struct is encoded in place.
sol! {
    struct Terms { uint256 decimals; uint256 ltv; uint256 threshold; uint256 bonus; uint256 factor; bool collateral;
        bool borrowing; bool active; bool frozen; uint128 supplyIndex; uint128 debtIndex; uint128 supplyRate;
        uint128 debtRate; uint40 updated; address aToken; address debtToken; address strategy; }
    struct Amounts { uint256 available; uint256 scaledDebt; uint256 price; address source; uint256 slope1;
        uint256 slope2; uint256 baseRate; uint256 optimal; bool paused; bool siloed; uint128 treasury; uint128 isolated;
        bool flash; uint256 ceiling; uint256 ceilingDecimals; uint256 borrowCap; uint256 supplyCap; bool inIsolation;
        uint128 virtualBalance; uint128 deficit; }
    struct Aggregated { address underlying; string name; string symbol; Terms terms; Amounts amounts; }
    struct Currency { uint256 unit; int256 unitInUsd; int256 nativeInUsd; uint8 nativeDecimals; }
    function getReservesData(address provider) returns (Aggregated[] reserves, Currency currency);
    struct Category { uint16 ltv; uint16 threshold; uint16 bonus; uint128 collateral; string label; uint128 borrowable;
        uint128 ltvZero; }
    struct Mode { uint8 id; Category category; }
    function getEModes(address provider) returns (Mode[]);
    struct ReserveWords { uint256 configuration; uint128 supplyIndex; uint128 supplyRate; uint128 debtIndex;
        uint128 debtRate; uint128 stableRate; uint40 updated; uint16 id; address aToken; address stableToken;
        address debtToken; address strategy; uint128 treasury; uint128 unbacked; uint128 isolated; }
    function getReserveData(address asset) returns (ReserveWords);
    function getVirtualUnderlyingBalance(address asset) returns (uint128);
    function getEModeCategoryBorrowableBitmap(uint8 id) returns (uint128);
    function scaledTotalSupply() returns (uint256);
}

async fn read(probe: &Probe, at: &serde_json::Value) -> getReservesDataReturn {
    probe.call(UI_DATA, &getReservesDataCall { provider: address(PROVIDER) }, at).await
}

async fn pinned(probe: &Probe) -> serde_json::Value {
    json!({"blockHash": probe.head("eth-mainnet").await.1})
}

#[tokio::test]
async fn the_aggregate_says_of_every_reserve_what_pool_and_oracle_say() {
    let probe = Probe::start(7).await;
    let at = pinned(&probe).await;
    let read = read(&probe, &at).await;
    let list = probe.call(POOL, &getReservesListCall {}, &at).await;
    let listed: Vec<Address> = read.reserves.iter().map(|reserve| reserve.underlying).collect();
    assert_eq!(listed, list);
    for reserve in &read.reserves {
        let asset = reserve.underlying;
        let (terms, amounts) = (&reserve.terms, &reserve.amounts);
        let pool = probe.call(POOL, &getReserveDataCall { asset }, &at).await;
        assert_eq!((terms.supplyIndex, terms.supplyRate), (pool.supplyIndex, pool.supplyRate));
        assert_eq!((terms.debtIndex, terms.debtRate), (pool.debtIndex, pool.debtRate));
        assert_eq!((terms.updated, terms.strategy), (pool.updated, pool.strategy));
        assert_eq!((terms.aToken, terms.debtToken), (pool.aToken, pool.debtToken));
        let source = probe.call(ORACLE, &getSourceOfAssetCall { asset }, &at).await;
        assert_eq!(amounts.source, source, "{}", reserve.symbol);
        assert_eq!(amounts.price, probe.call(ORACLE, &getAssetPriceCall { asset }, &at).await);
        let idle = probe.call(&asset.to_string(), &balanceOfCall { owner: pool.aToken }, &at).await;
        assert_eq!(amounts.available, idle);
        let usable = probe.call(POOL, &getVirtualUnderlyingBalanceCall { asset }, &at).await;
        assert_eq!(amounts.virtualBalance, usable);
        let scaled = probe.call(&pool.debtToken.to_string(), &scaledTotalSupplyCall {}, &at).await;
        assert_eq!(amounts.scaledDebt, scaled);
        assert_bits(reserve, pool.configuration);
    }
}

/// Holds a reserve against the Pool's bitmap (ReserveConfiguration.sol).
fn assert_bits(reserve: &Aggregated, bits: U256) {
    let field = |from: usize, width: usize| (bits >> from) & ((U256::from(1u8) << width) - U256::from(1u8));
    let (terms, amounts) = (&reserve.terms, &reserve.amounts);
    assert_eq!(terms.ltv, field(0, 16), "{}", reserve.symbol);
    assert_eq!((terms.threshold, terms.bonus), (field(16, 16), field(32, 16)));
    assert_eq!((terms.decimals, terms.factor), (field(48, 8), field(64, 16)));
    assert_eq!((terms.active, terms.frozen), (bits.bit(56), bits.bit(57)));
    assert_eq!((terms.borrowing, amounts.paused), (bits.bit(58), bits.bit(60)));
    assert_eq!(
        (amounts.inIsolation, amounts.siloed, amounts.flash),
        (bits.bit(61), bits.bit(62), bits.bit(63))
    );
    assert_eq!((amounts.borrowCap, amounts.supplyCap), (field(80, 36), field(116, 36)));
    assert_eq!(amounts.ceiling, field(212, 40));
    assert_eq!(terms.collateral, !field(0, 16).is_zero(), "the contract goes by the base LTV");
}

#[tokio::test]
async fn the_aggregate_names_even_mkr_and_prices_the_native_coin() {
    let probe = Probe::start(7).await;
    let at = pinned(&probe).await;
    let read = read(&probe, &at).await;
    let find = |underlying: Address| {
        read.reserves.iter().find(|reserve| reserve.underlying == underlying).expect("a reserve")
    };
    let ether = find(address(WETH));
    assert_eq!((ether.symbol.as_str(), ether.terms.decimals), ("WETH", U256::from(18u8)));
    let dollar = find(address(USDC));
    assert_eq!((dollar.name.as_str(), dollar.symbol.as_str()), ("USD Coin", "USDC"));
    let maker = find(address("0x9f8F72aA9304c8B593d555F12eF6589cC3A579A2"));
    assert_eq!(maker.symbol, "MKR", "a string, though the token answers in 32 bytes");
    let unit = I256::try_from(100_000_000u64).expect("fits");
    assert_eq!((read.currency.unit, read.currency.unitInUsd), (U256::from(100_000_000u64), unit));
    assert_eq!(read.currency.nativeInUsd, I256::from_raw(ether.amounts.price));
    assert_eq!(read.currency.nativeDecimals, 8);
}

#[tokio::test]
async fn a_reserve_of_the_aggregate_has_40_words_with_the_price_source_as_word_23() {
    let probe = Probe::start(7).await;
    let at = pinned(&probe).await;
    let call = getReservesDataCall { provider: address(PROVIDER) };
    let answer = probe.try_call("eth-mainnet", UI_DATA, &call, &at).await;
    let output = unhex(answer["result"].as_str().expect("result"));
    let word = |at: usize| B256::from_slice(&output[at..at + 32]);
    let number = |at: usize| usize::try_from(U256::from_be_bytes(word(at).0)).expect("an offset");
    // The list's place stands before the four words of the currency.
    assert_eq!((number(0), number(5 * 32)), (5 * 32, 28));
    let first = 6 * 32 + number(6 * 32);
    assert_eq!(word(first), address(WETH).into_word());
    assert_eq!(number(first + 32), 40 * 32, "the name begins where the fixed words end");
    let source = probe.call(ORACLE, &getSourceOfAssetCall { asset: address(WETH) }, &at).await;
    assert_eq!(word(first + 23 * 32), source.into_word());
    let other = getReservesDataCall { provider: address(POOL) };
    let refused = probe.try_call("eth-mainnet", UI_DATA, &other, &at).await;
    assert_eq!(refused["error"]["message"], "execution reverted");
}

#[tokio::test]
async fn the_e_modes_come_in_the_layout_of_3_6() {
    let probe = Probe::start(7).await;
    let at = pinned(&probe).await;
    let modes = probe.call(UI_DATA, &getEModesCall { provider: address(PROVIDER) }, &at).await;
    assert_eq!(modes.iter().map(|mode| mode.id).collect::<Vec<_>>(), [1, 2]);
    for mode in modes {
        let borrowable = probe.call(POOL, &getEModeCategoryBorrowableBitmapCall { id: mode.id }, &at).await;
        assert_eq!((mode.category.borrowable, mode.category.ltvZero), (borrowable, 0));
        assert!(mode.category.threshold > mode.category.ltv && !mode.category.label.is_empty());
    }
}

#[tokio::test]
async fn a_hundred_aggregates_come_quickly_in_one_call() {
    let probe = Probe::start(7).await;
    let call = inner(UI_DATA, &getReservesDataCall { provider: address(PROVIDER) });
    let calls = vec![call; 100];
    let started = tokio::time::Instant::now();
    let results = probe.call(MULTICALL3, &aggregate3Call { calls }, &json!("latest")).await;
    let took = started.elapsed();
    println!("100 aggregates in one call: {took:?}");
    assert!(results.len() == 100 && results.iter().all(|result| result.success));
    let last = getReservesDataCall::abi_decode_returns(&results[99].returnData).expect("decodes");
    assert_eq!(last.reserves.len(), 28);
    // Under a second on a quiet machine, unoptimised; the bound leaves room for a busy one.
    assert!(took < std::time::Duration::from_secs(5), "{took:?}");
}
