//! Reads of Comets against contracts that answer from a table.

use alloy_primitives::{Signed, Uint, address};
use alloy_sol_types::SolCall;
use risk_engine::lending::Lending;
use risk_model::request::Scope;
use risk_model::{B256, HealthFactor, Protocol, Wallet};

use super::*;
use crate::compound::abi::{AssetInfo, Comet as Views, TotalsBasic};
use crate::contracts::{Aggregator, Erc20};
use crate::positions::table::Table;
use crate::testing::SWEPT;

const CHAIN: ChainId = ChainId::Polygon;
const ANN: Wallet = Wallet::new(Address::repeat_byte(0x11));
const BOB: Wallet = Wallet::new(Address::repeat_byte(0x22));
const DOLLAR: Address = address!("00000000000000000000000000000000000000d0");
const WAD: u64 = 1_000_000_000_000_000_000;

fn block() -> Block {
    Block { number: 7, hash: B256::repeat_byte(1), timestamp: Timestamp::new(1_000_000) }
}

impl Table {
    /// A Comet of dollars with so many collaterals, asset `n` at `n + 1` dollars.
    fn add_comet(&mut self, comet: Address, count: u8) {
        let totals = TotalsBasic {
            baseSupplyIndex: 1_000_000_000_000_000,
            baseBorrowIndex: 1_000_000_000_000_000,
            trackingSupplyIndex: 0,
            trackingBorrowIndex: 0,
            totalSupplyBase: Uint::from(1_000_000),
            totalBorrowBase: Uint::from(500_000),
            lastAccrualTime: Uint::from(999_000),
            pauseFlags: 4,
        };
        self.put(comet, &Views::totalsBasicCall {}, &totals);
        self.put(comet, &Views::totalSupplyCall {}, &U256::from(1_000_000));
        // A thousand seconds at a billionth: a millionth of 500,000, floored.
        self.put(comet, &Views::totalBorrowCall {}, &U256::from(500_000));
        self.put(comet, &Views::baseTokenCall {}, &DOLLAR);
        self.put(comet, &Views::baseTokenPriceFeedCall {}, &asset(99));
        self.put(comet, &Views::decimalsCall {}, &6);
        self.put(comet, &Views::numAssetsCall {}, &count);
        self.put(comet, &Views::getPriceCall { priceFeed: asset(99) }, &U256::from(100_000_000));
        self.put(comet, &Views::supplyPerSecondInterestRateBaseCall {}, &U256::ZERO);
        self.put(comet, &Views::borrowPerSecondInterestRateBaseCall {}, &U256::from(1_000_000_000));
        self.put(comet, &Views::supplyKinkCall {}, &U256::from(WAD));
        self.put(comet, &Views::borrowKinkCall {}, &U256::from(WAD));
        self.put(comet, &Views::supplyPerSecondInterestRateSlopeLowCall {}, &U256::ZERO);
        self.put(comet, &Views::borrowPerSecondInterestRateSlopeLowCall {}, &U256::ZERO);
        self.put(comet, &Views::supplyPerSecondInterestRateSlopeHighCall {}, &U256::ZERO);
        self.put(comet, &Views::borrowPerSecondInterestRateSlopeHighCall {}, &U256::ZERO);
        self.put(DOLLAR, &Erc20::symbolCall {}, &"USD".to_owned());
        for place in 0..count {
            self.add_collateral(comet, place);
        }
    }

    fn add_collateral(&mut self, comet: Address, place: u8) {
        let feed = asset(place + 100);
        let info = AssetInfo {
            offset: place,
            asset: asset(place),
            priceFeed: feed,
            scale: 100_000_000,
            borrowCollateralFactor: WAD / 10 * 7,
            liquidateCollateralFactor: WAD / 10 * 8,
            liquidationFactor: WAD / 10 * 9,
            supplyCap: 1_000_000_000_000,
        };
        self.put(comet, &Views::getAssetInfoCall { i: place }, &info);
        self.put(
            comet,
            &Views::getPriceCall { priceFeed: feed },
            &U256::from(100_000_000 * (u64::from(place) + 1)),
        );
        let round = Aggregator::latestRoundDataReturn {
            roundId: Uint::from(1),
            answer: Default::default(),
            startedAt: U256::ZERO,
            updatedAt: U256::from(900_000),
            answeredInRound: Uint::from(1),
        };
        self.put(feed, &Aggregator::latestRoundDataCall {}, &round);
        let totals = Views::totalsCollateralReturn { totalSupplyAsset: 5, reserved: 0 };
        self.put(comet, &Views::totalsCollateralCall { asset: asset(place) }, &totals);
    }

    fn add_user(&mut self, comet: Address, wallet: Wallet, principal: i64, balances: &[(u8, u128)]) {
        let account = wallet.address();
        let bits = balances.iter().fold(0_u32, |bits, (place, _)| bits | 1 << place);
        let basic = Views::userBasicReturn {
            principal: Signed::<104, 2>::try_from(principal).unwrap(),
            baseTrackingIndex: 3,
            baseTrackingAccrued: 4,
            assetsIn: u16::try_from(bits & 0xffff).unwrap(),
            reserved: u8::try_from(bits >> 16).unwrap(),
        };
        self.put(comet, &Views::userBasicCall { account }, &basic);
        for (place, balance) in balances {
            let held = Views::userCollateralReturn { balance: *balance, reserved: 0 };
            self.put(comet, &Views::userCollateralCall { account, asset: asset(*place) }, &held);
        }
    }
}

fn asset(place: u8) -> Address {
    Address::with_last_byte(place + 1)
}

/// Two Comets: Ann owes in the first, with collaterals on both sides of the sixteenth; Bob has nothing.
fn table() -> Table {
    let [first, second] = comets_of(CHAIN) else { panic!() };
    let mut table = Table::default();
    table.add_comet(first.address, 18);
    table.add_comet(second.address, 1);
    table.add_user(first.address, ANN, -50_000_000, &[(0, 2_000_000_000), (17, 300_000_000)]);
    table.add_user(second.address, ANN, 0, &[]);
    for comet in [first, second] {
        table.add_user(comet.address, BOB, 0, &[]);
    }
    table
}

/// Reads both wallets; the parts, and how many rounds it took.
fn read(source: &CompoundV3Source, table: &Table) -> (Vec<Part>, usize) {
    let queries =
        [ANN, BOB].map(|wallet| WalletQuery { wallet, known_tokens: Vec::new(), known_markets: Vec::new() });
    let scope = Scope { protocols: vec![Protocol::CompoundV3], chains: Vec::new() };
    let wanted =
        Wanted { chain: CHAIN, queries: &queries, depth: SWEPT, scope: &scope, protocols: &Protocol::ALL };
    let hints: Vec<Option<Bytes>> = source.hints().iter().map(|call| aggregated(table, call)).collect();
    let mut reader = source.begin(wanted, &hints);
    let rounds = table.run(&mut *reader);
    let mut parts = vec![Part::default(), Part::default()];
    reader.finish(block(), None, &mut parts);
    (parts, rounds)
}

/// The answer to one aggregate.
fn aggregated(table: &Table, call: &ContractCall) -> Option<Bytes> {
    use crate::contracts::Multicall3;
    let sent = Multicall3::tryAggregateCall::abi_decode(&call.input).ok()?;
    let results: Vec<_> = sent
        .calls
        .into_iter()
        .map(|one| table.answer(&ContractCall { target: one.target, input: one.callData }))
        .map(|answer| Multicall3::Result { success: answer.is_ok(), returnData: answer.unwrap_or_default() })
        .collect();
    Some(Multicall3::tryAggregateCall::abi_encode_returns(&results).into())
}

#[test]
fn a_first_read_takes_two_rounds_and_finds_collaterals_beyond_the_sixteenth() {
    let source = CompoundV3Source::new(CHAIN);
    let (parts, rounds) = read(&source, &table());
    assert_eq!(rounds, 2, "everything, then the balances of Ann's collaterals");
    assert!(parts.iter().all(|part| part.gaps.is_empty() && part.readings.len() == 1), "{parts:?}");
    assert!(parts[1].accounts.is_empty());
    let [account] = parts[0].accounts.as_slice() else { panic!("{parts:?}") };
    let facts = account.account.facts();
    let amounts: Vec<_> = facts.parts.iter().map(|part| (part.supplied, part.owed)).collect();
    let (zero, of) = (U256::ZERO, U256::from::<u64>);
    // 50.00005 are owed; 20 of the first at 1 dollar and 3 of the eighteenth at 18.
    assert_eq!(amounts, [(zero, of(50_000_050)), (of(2_000_000_000), zero), (of(300_000_000), zero)]);
    assert_eq!(facts.parts[2].price, Some(18.0));
    assert_eq!(facts.parts[2].price_updated_at, Some(900_000));
    assert!(!facts.parts[1].can_move && facts.parts[1].can_supply, "withdrawals are paused");
    let HealthFactor::Known(factor) = facts.standing.unwrap().health_factor else { panic!() };
    assert_eq!(factor, of(5_920_000_000) * of(WAD) / of(5_000_005_000));
    // Nobody asks for hints any more, and a wallet with nothing costs no further round.
    assert!(source.hints().is_empty());
    let mut empty = table();
    empty.add_user(comets_of(CHAIN)[0].address, ANN, 0, &[]);
    assert_eq!(read(&source, &empty).1, 1);
}

#[test]
fn without_hints_it_takes_one_more_round_for_each_thing_that_leads_to_another() {
    let source = CompoundV3Source::new(CHAIN);
    let mut silent = table();
    let (hinted, _) = read(&source, &silent);
    *source.learned.lock().unwrap() = vec![BTreeSet::new(); 2];
    silent.0.retain(|(target, _), _| *target != MULTICALL3);
    let (parts, rounds) = read(&source, &silent);
    assert_eq!(parts[0].accounts.len(), hinted[0].accounts.len());
    assert!(rounds <= 4, "{rounds}");
}

#[test]
fn a_comet_whose_totals_are_not_those_of_our_rules_is_a_gap_for_whoever_is_in_it() {
    let first = comets_of(CHAIN)[0].address;
    let mut table = table();
    table.put(first, &Views::totalBorrowCall {}, &U256::from(500_001));
    let (parts, _) = read(&CompoundV3Source::new(CHAIN), &table);
    assert!(parts[0].accounts.is_empty() && parts[0].readings.is_empty());
    assert!(
        parts[0].gaps.iter().all(|gap| gap.reason == GapReason::UnverifiedRules) && parts[0].gaps.len() == 2
    );
    assert!(parts[1].gaps.is_empty(), "the Comet itself says that Bob has nothing");
}

#[test]
fn an_unread_balance_or_user_is_a_gap_and_never_an_account_without_it() {
    let first = comets_of(CHAIN)[0].address;
    let mut unread = table();
    let call = Views::userCollateralCall { account: ANN.address(), asset: asset(17) };
    unread.remove(first, &call);
    let (parts, _) = read(&CompoundV3Source::new(CHAIN), &unread);
    assert!(parts[0].accounts.is_empty() && !parts[0].gaps.is_empty());
    let mut unread = table();
    let call = Views::userBasicCall { account: BOB.address() };
    unread.remove(first, &call);
    let (parts, _) = read(&CompoundV3Source::new(CHAIN), &unread);
    assert!(!parts[1].gaps.is_empty() && parts[0].accounts.len() == 1);
    // A feed that reverts leaves an account whose health is not known.
    let mut unread = table();
    unread.remove(first, &Views::getPriceCall { priceFeed: asset(117) });
    let (parts, _) = read(&CompoundV3Source::new(CHAIN), &unread);
    assert!(parts[0].accounts[0].account.facts().standing.is_err());
}
