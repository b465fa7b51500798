//! Gas of several chains, with and without a fallback.

use risk_model::{Affects, GapReason};
use serde_json::json;

use super::*;
use crate::etherscan::EtherscanSettings;
use crate::key::Key;
use crate::testing::{Answer, NOON, Provider, SetClock, client};

/// Serves Base alone.
struct FeeHistory;

#[async_trait]
impl GasFallback for FeeHistory {
    async fn gas(&self, chain: ChainId) -> Result<Gas, Gap> {
        let observed_at = Timestamp::new(NOON - 2);
        if chain == ChainId::Base {
            Ok(Gas { propose_gwei: 0.01, base_fee_gwei: Some(0.009), source: "alchemy", observed_at })
        } else {
            let what = format!("gas price on {chain}");
            let (reason, affects) = (GapReason::Unavailable, Affects::Confirmation);
            Err(Gap { what, source: "alchemy", reason, affects, since: None })
        }
    }
}

/// Etherscan's free plan: Ethereum and Polygon only.
async fn provider() -> Provider {
    Provider::answering(|seen| match seen.query["chainid"].as_str() {
        "1" | "137" => {
            Answer::ok(json!({"status": "1", "message": "OK", "result": {"ProposeGasPrice": "0.4"}}))
        }
        _ => Answer::ok(json!({"status": "0", "message": "NOTOK",
            "result": "Free API access is not supported for this chain."})),
    })
    .await
}

fn oracle(provider: &Provider, clock: &Arc<SetClock>, fallback: Option<Arc<dyn GasFallback>>) -> GasOracle {
    let mut settings = EtherscanSettings::new(provider.base_url.clone(), Key::new("test-key"));
    settings.requests_per_second = None;
    let etherscan = Etherscan::new(&client(), settings, clock.clone()).unwrap();
    GasOracle::new(Arc::new(etherscan), fallback, clock.clone())
}

#[tokio::test]
async fn chains_that_etherscan_does_not_serve_are_gaps_and_the_others_have_gas() {
    let provider = provider().await;
    let oracle = oracle(&provider, &SetClock::at(NOON), None);
    let (gas, gaps, readings) = oracle.gas(&ChainId::ALL).await;
    assert_eq!((gas.len(), gas[&ChainId::Polygon].propose_gwei), (2, 0.4));
    assert_eq!(readings.len(), 2);
    assert_eq!(gaps.len(), 3);
    assert!(gaps.iter().all(|gap| gap.reason == GapReason::Refused && gap.affects == Affects::Confirmation));
}

#[tokio::test]
async fn the_fallback_serves_and_etherscans_failure_stays_named() {
    let provider = provider().await;
    let oracle = oracle(&provider, &SetClock::at(NOON), Some(Arc::new(FeeHistory)));
    let (gas, gaps, readings) = oracle.gas(&[ChainId::Base, ChainId::Arbitrum, ChainId::Ethereum]).await;
    assert_eq!(gas[&ChainId::Base].source, "alchemy");
    assert_eq!(gas[&ChainId::Ethereum].source, "etherscan");
    assert!(!gas.contains_key(&ChainId::Arbitrum));
    let named: Vec<_> = gaps.iter().map(|gap| (gap.source, gap.what.as_str())).collect();
    assert!(named.contains(&("etherscan", "gas price on base")), "{named:?}");
    assert!(named.contains(&("alchemy", "gas price on arbitrum")), "{named:?}");
    assert_eq!((named.len(), readings.len()), (3, 2));
}

#[tokio::test]
async fn gas_is_kept_for_a_block_and_asked_once_by_many() {
    let provider = provider().await;
    let clock = SetClock::at(NOON);
    let oracle = oracle(&provider, &clock, None);
    let chains = [ChainId::Ethereum, ChainId::Ethereum];
    futures::future::join_all((0..10).map(|_| oracle.gas(&chains))).await;
    clock.pass(KEEP_SECONDS - 1);
    oracle.gas(&chains).await;
    assert_eq!(provider.seen().len(), 1);
    clock.pass(1);
    oracle.gas(&chains).await;
    assert_eq!(provider.seen().len(), 2);
}
