//! Watch lists of any size, laid into a store as an import leaves them once every wallet's tokens were looked up.

use alloy_primitives::{Address, keccak256};
use risk_app::records::{Commit, Watch};
use risk_app::stores::Store;
use risk_model::{Asset, ChainId, KnownMarkets, OwnThresholds, Timestamp, Wallet};
use risk_sandbox::Sandbox;

/// Watches written in one act.
const BATCH: usize = 10_000;

/// An address with a portfolio of its own in the sandbox: spread over the whole space, as real ones are.
#[must_use]
pub fn address(index: u64) -> Address {
    Address::from_slice(&keccak256(index.to_be_bytes())[12..])
}

/// Watches the first `count` addresses, each as `own` says, with the tokens that the sandbox would list for it.
///
/// # Errors
/// The store's.
pub async fn watch_list(
    sandbox: &Sandbox,
    store: &dyn Store,
    count: u64,
    own: &OwnThresholds,
    health_factor_threshold: Option<f64>,
) -> anyhow::Result<()> {
    let addresses: Vec<Address> = (0..count).map(address).collect();
    let at = Timestamp::new(1);
    for batch in addresses.chunks(BATCH) {
        let watch = |address: &Address| Watch {
            wallet: Wallet::new(*address),
            label: None,
            health_factor_threshold,
            thresholds: own.clone(),
            channels: None,
            min_severity: None,
            created_at: at,
            updated_at: at,
        };
        store.put_watches(&batch.iter().map(watch).collect::<Vec<_>>()).await?;
        let found = |address: &Address| {
            let tokens = sandbox.tokens_of(*address).into_iter();
            let tokens =
                tokens.filter_map(|(chain, token)| Some(Asset::contract(ChainId::from_id(chain)?, token)));
            (Wallet::new(*address), tokens.collect())
        };
        let looked_through = |address: &Address| {
            let nowhere = ChainId::ALL.into_iter().map(|chain| KnownMarkets { chain, ids: Vec::new() });
            (Wallet::new(*address), nowhere.collect())
        };
        let commit = Commit {
            at,
            tokens: batch.iter().map(found).collect(),
            markets: batch.iter().map(looked_through).collect(),
            ..Commit::default()
        };
        store.commit(commit).await?;
    }
    Ok(())
}
