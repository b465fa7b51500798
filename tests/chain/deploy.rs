//! Deploys a market at the addresses of Aave V3's on Ethereum, once for each installation; afterwards its state is loaded.

mod first;
mod second;

use std::io::Write;

use alloy_primitives::{Address, Bytes, I256, U256, keccak256};
use alloy_sol_types::{SolCall, SolValue};
use risk_feeds::markets::{MarketAddresses, market_of};
use risk_feeds::multicall::MULTICALL3;
use risk_model::ChainId;
use serde_json::json;

use crate::artifact::{ADMIN, Creator};
use crate::installed::tools;
use crate::interfaces::{Acl, AddressesProvider, Configurator, Feed, Oracle, Pool, Token};
use crate::market::{Generation, RESERVES, Reserve};
use crate::node::{GENESIS, Node, Transaction};

/// Who lends to the market what others borrow, and borrows so that interest accrues.
pub(crate) const BANK: Address = Address::repeat_byte(0xba);
/// Dollars of each reserve that the bank lends.
const LENT: u64 = 400_000_000;
/// Storage slots that a contract laid at another address takes along: those of its constructor.
const SLOTS: u64 = 24;
/// When a market is ready: later than any block of its deployment.
const READY: u64 = GENESIS + 86_400;
/// Everything that the deployed state follows from.
const SOURCES: [&str; 6] = [
    include_str!("deploy.rs"),
    include_str!("deploy/first.rs"),
    include_str!("deploy/second.rs"),
    include_str!("artifact.rs"),
    include_str!("market.rs"),
    include_str!("interfaces.rs"),
];

/// Where the market is: the addresses that the service knows.
pub(crate) const MARKET: MarketAddresses = market_of(ChainId::Ethereum);

/// Starts a node with the market of a generation on it, and options beside the usual ones.
pub(crate) async fn node_with(generation: Generation, options: &[&str]) -> Node {
    let node = Node::start(options).await;
    load_or(&node, generation.set(), deploy(&node, generation)).await;
    node
}

/// Loads a state by name, or makes it and keeps it.
pub(crate) async fn load_or(node: &Node, name: &str, make: impl Future<Output = ()>) {
    let built = std::fs::read_to_string(tools().join("artifacts.built")).expect("what is built");
    let key = keccak256([&[built.as_str(), name][..], &SOURCES[..]].concat().concat());
    let folder = tools().join("states");
    let file = folder.join(format!("{name}-{key:x}.hex"));
    if let Ok(state) = std::fs::read_to_string(&file) {
        node.call("anvil_loadState", json!([state])).await;
    } else {
        make.await;
        let state = node.call("anvil_dumpState", json!([])).await;
        std::fs::create_dir_all(&folder).expect("a folder for states");
        // Under its name only when it is whole: other tests may look for it, or make it too.
        let mut part = tempfile::NamedTempFile::new_in(&folder).expect("a file beside it");
        part.write_all(state.as_str().expect("a state").as_bytes()).expect("the state is written");
        part.persist(&file).expect("the state is kept");
    }
    // Loading a state does not set the time, and the contracts do not bear one that runs back.
    node.mine_at(READY).await;
}

async fn deploy(node: &Node, generation: Generation) {
    let mut creator = Creator::new(node, "own");
    let multicall = creator.create("Multicall3", &[]).await;
    lay(node, multicall, MULTICALL3).await;
    let token = creator.create("Token", &[]).await;
    let feed = creator.create("Feed", &[]).await;
    for reserve in &RESERVES {
        lay(node, token, reserve.asset).await;
        let begin = Token::beginCall { symbol: reserve.symbol.to_owned(), decimals: reserve.decimals };
        node.send(ADMIN, reserve.asset, &begin).await;
        lay(node, feed, reserve.feed()).await;
        node.send(ADMIN, reserve.feed(), &Feed::setCall { answer: I256::from_raw(reserve.price()) }).await;
    }
    creator = Creator::new(node, generation.set());
    begin_market(node, &creator).await;
    match generation {
        Generation::First => first::deploy(node, &mut creator).await,
        Generation::Second => second::deploy(node, &mut creator).await,
    }
    assert_eq!(node.view(MARKET.provider, &AddressesProvider::getPoolCall {}).await, MARKET.pool);
    let data = creator.create("AaveProtocolDataProvider", &MARKET.provider.abi_encode()).await;
    node.send(ADMIN, MARKET.provider, &AddressesProvider::setPoolDataProviderCall { provider: data }).await;
    let ui = (RESERVES[0].feed(), RESERVES[0].feed()).abi_encode_params();
    let ui = creator.create("UiPoolDataProviderV3", &ui).await;
    lay(node, ui, MARKET.ui_data).await;
    lend(node).await;
}

/// The provider of addresses, who may do what, and the oracle.
async fn begin_market(node: &Node, creator: &Creator<'_>) {
    let provider =
        creator.create("PoolAddressesProvider", &("chain".to_owned(), ADMIN).abi_encode_params()).await;
    lay(node, provider, MARKET.provider).await;
    // The pool is the first contract that the provider creates, as it was on Ethereum.
    node.call("anvil_setNonce", json!([MARKET.provider, "0x1"])).await;
    let to_provider = MARKET.provider;
    node.send(ADMIN, to_provider, &AddressesProvider::setACLAdminCall { admin: ADMIN }).await;
    let manager = creator.create("ACLManager", &MARKET.provider.abi_encode()).await;
    node.send(ADMIN, to_provider, &AddressesProvider::setACLManagerCall { manager }).await;
    node.send(ADMIN, manager, &Acl::addPoolAdminCall { admin: ADMIN }).await;
    node.send(ADMIN, manager, &Acl::addAssetListingAdminCall { admin: ADMIN }).await;
    node.send(ADMIN, manager, &Acl::addRiskAdminCall { admin: ADMIN }).await;
    node.send(ADMIN, manager, &Acl::addEmergencyAdminCall { admin: ADMIN }).await;
    let none: Vec<Address> = Vec::new();
    let arguments =
        (MARKET.provider, none.clone(), none, Address::ZERO, Address::ZERO, U256::from(100_000_000));
    let oracle = creator.create("AaveOracle", &arguments.abi_encode_params()).await;
    lay(node, oracle, MARKET.oracle).await;
    let sources = Oracle::setAssetSourcesCall {
        assets: RESERVES.iter().map(|reserve| reserve.asset).collect(),
        sources: RESERVES.iter().map(Reserve::feed).collect(),
    };
    node.send(ADMIN, MARKET.oracle, &sources).await;
    node.send(ADMIN, to_provider, &AddressesProvider::setPriceOracleCall { oracle: MARKET.oracle }).await;
}

/// What both generations configure alike.
fn terms() -> Vec<Bytes> {
    let mut calls: Vec<Bytes> = Vec::new();
    for reserve in &RESERVES {
        let (asset, [ltv, threshold, bonus, fee]) = (reserve.asset, reserve.terms.map(U256::from));
        if !threshold.is_zero() {
            let terms = Configurator::configureReserveAsCollateralCall { asset, ltv, threshold, bonus };
            calls.push(terms.abi_encode().into());
        }
        let factor = U256::from(1_000);
        calls.push(Configurator::setReserveBorrowingCall { asset, enabled: true }.abi_encode().into());
        calls.push(Configurator::setReserveFactorCall { asset, factor }.abi_encode().into());
        calls.push(Configurator::setLiquidationProtocolFeeCall { asset, fee }.abi_encode().into());
    }
    calls
}

async fn configure(node: &Node, calls: Vec<Bytes>) {
    let to = node.view(MARKET.provider, &AddressesProvider::getPoolConfiguratorCall {}).await;
    let sent: Vec<_> = calls.into_iter().map(|data| Transaction { from: ADMIN, to, data }).collect();
    node.send_all(&sent).await;
}

/// The bank lends of every reserve and borrows a share of each, so that rates differ.
async fn lend(node: &Node) {
    let mut sent = Vec::new();
    for reserve in &RESERVES {
        let (asset, amount) = (reserve.asset, reserve.worth(LENT));
        sent.push(Transaction::new(BANK, asset, &Token::mintCall { to: BANK, value: amount }));
        let supply = Pool::supplyCall { asset, amount, onBehalfOf: BANK, referralCode: 0 };
        sent.push(Transaction::new(BANK, MARKET.pool, &supply));
    }
    for (place, reserve) in (1..).zip(&RESERVES) {
        let amount = reserve.worth(LENT * place / 40);
        sent.push(Transaction::new(BANK, MARKET.pool, &borrow(reserve.asset, amount, BANK)));
    }
    node.send_all(&sent).await;
}

/// A borrowing at the variable rate.
pub(crate) fn borrow(asset: Address, amount: U256, borrower: Address) -> Pool::borrowCall {
    Pool::borrowCall { asset, amount, mode: U256::from(2), referralCode: 0, onBehalfOf: borrower }
}

/// Lays a contract's code and first storage at another address, its own address in the code replaced.
pub(crate) async fn lay(node: &Node, from: Address, to: Address) {
    let code = node.call("eth_getCode", json!([from, "latest"])).await;
    let code = code.as_str().expect("code").replace(&format!("{from:x}"), &format!("{to:x}"));
    node.call("anvil_setCode", json!([to, code])).await;
    for slot in 0..SLOTS {
        let word = node.word(from, U256::from(slot)).await;
        if !word.is_zero() {
            node.call("anvil_setStorageAt", json!([to, U256::from(slot), word_of(word)])).await;
        }
    }
}

/// A storage word as the node takes it.
pub(crate) fn word_of(value: U256) -> String {
    format!("{value:#066x}")
}
