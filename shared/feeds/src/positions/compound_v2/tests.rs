//! Reads of the Comptroller against contracts that answer from a table.

use alloy_primitives::address;
use risk_engine::lending::Lending;
use risk_model::request::Scope;
use risk_model::{B256, HealthFactor, Protocol, Wallet};

use super::*;
use crate::compound::abi::{CToken, Comptroller as Views, PriceOracle};
use crate::compound::v2::COMPTROLLER;
use crate::positions::table::Table;
use crate::testing::SWEPT;

const CHAIN: ChainId = ChainId::Ethereum;
const ANN: Wallet = Wallet::new(Address::repeat_byte(0x11));
const BOB: Wallet = Wallet::new(Address::repeat_byte(0x22));
const C_ETHER: Address = address!("4Ddc2D193948926D02f9B1fE9e1daa0718270ED5");
const C_DOLLAR: Address = Address::repeat_byte(0xcd);
const C_IDLE: Address = Address::repeat_byte(0xce);
const ORACLE: Address = Address::repeat_byte(0x0a);
const WAD: u64 = 1_000_000_000_000_000_000;

fn power(exponent: u64) -> U256 {
    U256::from(10).pow(U256::from(exponent))
}

fn add_market(table: &mut Table, c_token: Address, usd: u64, decimals: u64) {
    let listing = Views::marketsReturn {
        isListed: true,
        collateralFactorMantissa: U256::from(WAD / 4 * 3),
        isComped: true,
    };
    table.put(COMPTROLLER, &Views::marketsCall { cToken: c_token }, &listing);
    table.put(COMPTROLLER, &Views::mintGuardianPausedCall { cToken: c_token }, &false);
    let price = U256::from(usd) * power(36 - decimals);
    table.put(ORACLE, &PriceOracle::getUnderlyingPriceCall { cToken: c_token }, &price);
    table.put(c_token, &CToken::exchangeRateCurrentCall {}, &(power(decimals + 18 - 8) / U256::from(50)));
    table.put(c_token, &CToken::getCashCall {}, &U256::from(5));
    if c_token != C_ETHER {
        let underlying = Address::repeat_byte(c_token[0] & 0x0f);
        table.put(c_token, &CToken::underlyingCall {}, &underlying);
        table.put(underlying, &Erc20::decimalsCall {}, &U256::from(decimals));
        table.put(underlying, &Erc20::symbolCall {}, &"USD".to_owned());
    }
}

fn add_held(table: &mut Table, c_token: Address, wallet: Wallet, c_tokens: U256, owed: U256) {
    let owner = wallet.address();
    table.put(c_token, &Erc20::balanceOfCall { owner }, &c_tokens);
    table.put(c_token, &CToken::borrowBalanceCurrentCall { account: owner }, &owed);
}

/// Ann has 10 ether (500 cETH) against 5,000 dollars, and dollars in a market that she has not entered; Bob nothing.
fn table() -> Table {
    let mut table = Table::default();
    table.put(COMPTROLLER, &Views::getAllMarketsCall {}, &vec![C_ETHER, C_DOLLAR, C_IDLE]);
    table.put(COMPTROLLER, &Views::oracleCall {}, &ORACLE);
    table.put(COMPTROLLER, &Views::closeFactorMantissaCall {}, &U256::from(WAD / 2));
    table.put(COMPTROLLER, &Views::liquidationIncentiveMantissaCall {}, &U256::from(WAD / 100 * 108));
    for (c_token, usd, decimals) in [(C_ETHER, 2_000, 18), (C_DOLLAR, 1, 6), (C_IDLE, 1, 18)] {
        add_market(&mut table, c_token, usd, decimals);
        add_held(&mut table, c_token, BOB, U256::ZERO, U256::ZERO);
    }
    table.put(COMPTROLLER, &Views::getAssetsInCall { account: ANN.address() }, &vec![C_ETHER, C_DOLLAR]);
    table.put(COMPTROLLER, &Views::getAssetsInCall { account: BOB.address() }, &vec![]);
    add_held(&mut table, C_ETHER, ANN, U256::from(500) * power(8), U256::ZERO);
    add_held(&mut table, C_DOLLAR, ANN, U256::ZERO, U256::from(5_000) * power(6));
    add_held(&mut table, C_IDLE, ANN, U256::from(50) * power(8), U256::ZERO);
    table
}

fn read(table: &Table, depth: Depth, known: &[Address]) -> (Vec<Part>, usize) {
    let source = CompoundV2Source::new(CHAIN);
    let known_tokens: Vec<Asset> = known.iter().map(|token| Asset::contract(CHAIN, *token)).collect();
    let queries = [ANN, BOB].map(|wallet| WalletQuery {
        wallet,
        known_tokens: known_tokens.clone(),
        known_markets: Vec::new(),
    });
    let scope = Scope { protocols: vec![Protocol::CompoundV2], chains: Vec::new() };
    let wanted = Wanted { chain: CHAIN, queries: &queries, depth, scope: &scope, protocols: &Protocol::ALL };
    let hints: Vec<Option<Bytes>> = source.hints().iter().map(|call| table.answer(call).ok()).collect();
    let mut reader = source.begin(wanted, &hints);
    let rounds = table.run(&mut *reader);
    let mut parts = vec![Part::default(), Part::default()];
    let own = reader.finish(block(), None, &mut parts);
    if table.0.contains_key(&(COMPTROLLER, Ask::Markets.call().input)) {
        assert_eq!(own.len(), 3, "cTokens are no holdings");
    }
    (parts, rounds)
}

fn block() -> Block {
    Block { number: 7, hash: B256::repeat_byte(1), timestamp: Timestamp::new(1_000_000) }
}

#[test]
fn an_account_is_what_its_entered_markets_say_and_what_lies_beside_them() {
    let (parts, _) = read(&table(), Depth::Discover, &[]);
    assert!(parts.iter().all(|part| part.gaps.is_empty() && part.readings.len() == 1), "{parts:?}");
    assert!(parts[1].accounts.is_empty());
    let [one] = parts[0].accounts.as_slice() else { panic!("{parts:?}") };
    let facts = one.account.facts();
    // 20,000 × 0.75 ÷ 5,000.
    assert_eq!(facts.standing.unwrap().health_factor, HealthFactor::Known(U256::from(3 * WAD)));
    let ether = &facts.parts[0];
    assert_eq!((ether.asset, &*ether.symbol, ether.supplied), (Asset::native(CHAIN), "ETH", power(19)));
    assert_eq!(
        (facts.parts.len(), facts.parts[2].supplied, facts.parts[2].is_collateral),
        (3, power(18), false)
    );
    assert_eq!(one.account.unlisted_deposits(), [Asset::contract(CHAIN, C_IDLE)]);
}

#[test]
fn a_sweep_asks_for_the_deposits_that_a_question_found() {
    let parts_of = |known: &[Address]| {
        let (parts, _) = read(&table(), SWEPT, known);
        parts[0].accounts[0].account.facts().parts.len()
    };
    assert_eq!((parts_of(&[]), parts_of(&[C_IDLE])), (2, 3));
}

#[test]
fn an_unread_balance_or_market_in_use_is_a_gap_and_never_an_account_without_it() {
    let ann = ANN.address();
    let mut unread = table();
    unread.remove(C_DOLLAR, &CToken::borrowBalanceCurrentCall { account: ann });
    let mut faults = vec![unread];
    let mut unread = table();
    unread.remove(C_DOLLAR, &CToken::exchangeRateCurrentCall {});
    faults.push(unread);
    let mut unread = table();
    unread.remove(COMPTROLLER, &Views::getAssetsInCall { account: ann });
    faults.push(unread);
    let mut unread = table();
    unread.remove(COMPTROLLER, &Views::closeFactorMantissaCall {});
    faults.push(unread);
    for table in faults {
        let (parts, _) = read(&table, SWEPT, &[]);
        assert!(parts[0].accounts.is_empty() && parts[0].gaps.len() == 2, "{:?}", parts[0]);
    }
    // An oracle that reverts leaves an account whose health is not known.
    let mut unpriced = table();
    unpriced.remove(ORACLE, &PriceOracle::getUnderlyingPriceCall { cToken: C_ETHER });
    let (parts, _) = read(&unpriced, SWEPT, &[]);
    assert!(parts[0].accounts[0].account.facts().standing.is_err());
}

#[test]
fn old_ctokens_without_a_seize_share_give_the_protocol_none() {
    let (parts, _) = read(&table(), SWEPT, &[]);
    let lending::Account::CompoundV2(account) = &parts[0].accounts[0].account else { panic!() };
    assert!(account.comptroller.markets.iter().all(|market| market.protocol_seize_share.is_zero()));
    assert!(account.comptroller.markets.iter().all(|market| !market.is_deprecated));
}
