//! Assessments, known tokens and the one write of a batch, in memory.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use risk_app::records::{Applied, AssessmentRecord, Commit};
use risk_app::stores::{Assessments, StoreError};
use risk_engine::alarm::Memory;
use risk_model::{Asset, B256, ChainId, KnownMarkets, Timestamp, Wallet};

use super::MemoryStore;

/// Keeps an assessment unless a newer one is there.
fn keep(kept: &mut BTreeMap<Wallet, AssessmentRecord>, assessment: &AssessmentRecord) {
    let has_newer = kept.get(&assessment.wallet).is_some_and(|old| old.at > assessment.at);
    if !has_newer {
        kept.insert(assessment.wallet, assessment.clone());
    }
}

/// What is kept of each of these wallets, once each.
fn of_each<T: Clone>(kept: &BTreeMap<Wallet, T>, wallets: &[Wallet]) -> Vec<(Wallet, T)> {
    let distinct: BTreeSet<_> = wallets.iter().copied().collect();
    distinct.into_iter().filter_map(|wallet| Some((wallet, kept.get(&wallet)?.clone()))).collect()
}

#[async_trait]
impl Assessments for MemoryStore {
    async fn latest(&self, wallets: &[Wallet]) -> Result<Vec<AssessmentRecord>, StoreError> {
        let found = of_each(&self.shelves()?.latest, wallets);
        Ok(found.into_iter().map(|(_, assessment)| assessment).collect())
    }

    async fn last_known(&self, wallets: &[Wallet]) -> Result<Vec<AssessmentRecord>, StoreError> {
        let found = of_each(&self.shelves()?.last_known, wallets);
        Ok(found.into_iter().map(|(_, assessment)| assessment).collect())
    }

    async fn tokens(&self, wallets: &[Wallet]) -> Result<Vec<(Wallet, Vec<Asset>)>, StoreError> {
        let found = of_each(&self.shelves()?.tokens, wallets);
        Ok(found.into_iter().map(|(wallet, (_, assets))| (wallet, assets)).collect())
    }

    async fn markets(&self, wallets: &[Wallet]) -> Result<Vec<(Wallet, Vec<KnownMarkets>)>, StoreError> {
        let found = of_each(&self.shelves()?.markets, wallets);
        let listed = |chains: BTreeMap<ChainId, (Timestamp, Vec<B256>)>| {
            chains.into_iter().map(|(chain, (_, ids))| KnownMarkets { chain, ids }).collect()
        };
        Ok(found.into_iter().map(|(wallet, chains)| (wallet, listed(chains))).collect())
    }

    async fn memories(&self, wallets: &[Wallet]) -> Result<Vec<(Wallet, Memory)>, StoreError> {
        let found = of_each(&self.shelves()?.memories, wallets);
        Ok(found.into_iter().map(|(wallet, (_, memory))| (wallet, memory)).collect())
    }

    async fn commit(&self, commit: Commit) -> Result<Applied, StoreError> {
        let mut shelves = self.shelves()?;
        if let Some(fence) = &commit.fence {
            shelves.pass_fence(fence)?;
        }
        for (wallet, is_near) in commit.near {
            if is_near {
                shelves.near.insert(wallet);
            } else {
                shelves.near.remove(&wallet);
            }
        }
        for assessment in &commit.assessments {
            keep(&mut shelves.latest, assessment);
            if assessment.is_informative {
                keep(&mut shelves.last_known, assessment);
            }
        }
        for (wallet, assets) in commit.tokens {
            let has_newer = shelves.tokens.get(&wallet).is_some_and(|(at, _)| *at > commit.at);
            if !has_newer {
                shelves.tokens.insert(wallet, (commit.at, assets));
            }
        }
        for (wallet, chains) in commit.markets.into_iter().filter(|(_, chains)| !chains.is_empty()) {
            let kept = shelves.markets.entry(wallet).or_default();
            for KnownMarkets { chain, ids } in chains {
                if kept.get(&chain).is_none_or(|(at, _)| *at <= commit.at) {
                    kept.insert(chain, (commit.at, ids));
                }
            }
        }
        for (wallet, memory) in commit.memories {
            if shelves.memories.get(&wallet).is_none_or(|(at, _)| *at <= commit.at) {
                shelves.memories.insert(wallet, (commit.at, memory));
            }
        }
        Ok(shelves.apply(&commit.transitions, (commit.at, &commit.routes)))
    }
}
