//! All that is kept of wallets, told and deleted, in memory. Events are not kept there.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use risk_app::stores::{StoreError, Wallets};
use risk_app::traces::{Erased, Traces};
use risk_model::{AlertState, Wallet};

use super::{MemoryStore, Shelves, counted};
use crate::alarm_memory::text_of;

/// Removes what is kept of these wallets; answers of how many there was something.
fn drop_of<T>(kept: &mut BTreeMap<Wallet, T>, wallets: &BTreeSet<Wallet>) -> u64 {
    counted(wallets.iter().filter(|wallet| kept.remove(wallet).is_some()).count())
}

impl Shelves {
    fn traces(&self, wallet: Wallet) -> Option<Traces> {
        let traces = Traces {
            wallet,
            is_near: self.near.contains(&wallet),
            memory: self.memories.get(&wallet).map(|(_, memory)| text_of(memory)),
            messages: self.messages_of(wallet),
            events: Vec::new(),
        };
        let is_any = traces.is_near || traces.memory.is_some() || !traces.messages.is_empty();
        is_any.then_some(traces)
    }

    fn erase(&mut self, wallets: &BTreeSet<Wallet>) -> Erased {
        let of_known = |(wallet, last): (&Wallet, &risk_app::records::AssessmentRecord)| {
            self.latest.get(wallet).is_none_or(|latest| latest != last)
        };
        let older = self.last_known.iter().filter(|(wallet, _)| wallets.contains(wallet));
        let older = counted(older.filter(|pair| of_known(*pair)).count());
        drop_of(&mut self.last_known, wallets);
        let market_lists = wallets.iter().filter_map(|wallet| self.markets.remove(wallet));
        let market_lists = counted(market_lists.map(|chains| chains.len()).sum());
        self.near.retain(|wallet| !wallets.contains(wallet));
        self.standing.retain(|(wallet, ..), _| !wallets.contains(wallet));
        let (kept, gone) = std::mem::take(&mut self.alerts)
            .into_iter()
            .partition::<BTreeMap<_, _>, _>(|(_, alert)| !wallets.contains(&alert.wallet));
        self.alerts = kept;
        let standing = gone.values().filter(|alert| alert.state != AlertState::Resolved).count();
        Erased {
            watches: drop_of(&mut self.watches, wallets),
            assessments: drop_of(&mut self.latest, wallets) + older,
            token_lists: drop_of(&mut self.tokens, wallets),
            market_lists,
            memories: drop_of(&mut self.memories, wallets),
            alerts: counted(gone.len()),
            standing_alerts: counted(standing),
            messages: self.drop_messages(wallets),
            events: 0,
        }
    }
}

#[async_trait]
impl Wallets for MemoryStore {
    async fn traces(&self, wallets: &[Wallet]) -> Result<Vec<Traces>, StoreError> {
        let shelves = self.shelves()?;
        let distinct: BTreeSet<_> = wallets.iter().copied().collect();
        Ok(distinct.into_iter().filter_map(|wallet| shelves.traces(wallet)).collect())
    }

    async fn erase(&self, wallets: &[Wallet]) -> Result<Erased, StoreError> {
        Ok(self.shelves()?.erase(&wallets.iter().copied().collect()))
    }
}
