//! The world: chains, assets, wallets and clock, all of them functions of a seed, and what was commanded.

pub(crate) mod asset;
pub(crate) mod chain;
pub(crate) mod fork;
pub(crate) mod governed;
pub(crate) mod moved;
pub(crate) mod pool;
pub(crate) mod token;
pub(crate) mod view;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use alloy_primitives::{Address, B256, keccak256};
use anyhow::Result;

use crate::clock::Clock;
use crate::counters::Counters;
use crate::faults::FaultBook;
use crate::market::Market;
use crate::receivers::Inbox;
use crate::wallets::{self, Wallet};
use crate::world::chain::Chain;
use crate::world::governed::Governed;
use crate::world::moved::MovedPools;

/// How many derived wallets are remembered before they are derived again.
const REMEMBERED_WALLETS: usize = 100_000;

/// Everything the routes answer from.
pub(crate) struct World {
    /// The seed of every draw.
    pub(crate) seed: u64,
    /// The clock.
    pub(crate) clock: Clock,
    /// Prices and their history.
    pub(crate) market: Market,
    /// The chains in the order of [`chain::FACTS`].
    pub(crate) chains: Vec<Chain>,
    /// Liquidity pools moved away from the market.
    pub(crate) moved_pools: MovedPools,
    /// Reserves' terms and gas that were changed.
    pub(crate) governed: Governed,
    /// Faults in force.
    pub(crate) faults: FaultBook,
    /// Requests seen.
    pub(crate) counters: Counters,
    /// What the receivers were sent.
    pub(crate) inbox: Inbox,
    wallets: Mutex<HashMap<Address, Arc<Wallet>>>,
    /// First replaced block of each reorganisation, by chain id.
    forks: RwLock<HashMap<u64, Vec<u64>>>,
}

impl World {
    /// The world of a seed, beginning now.
    pub(crate) fn new(seed: u64) -> Result<Self> {
        let clock = Clock::new();
        let now = clock.now();
        let assets = asset::load()?;
        let chains = token::load(&assets, seed, now)?;
        Ok(Self {
            seed,
            clock,
            market: Market::new(seed, assets, now),
            chains,
            moved_pools: MovedPools::default(),
            governed: Governed::default(),
            faults: FaultBook::new(seed),
            counters: Counters::default(),
            inbox: Inbox::default(),
            wallets: Mutex::new(HashMap::new()),
            forks: RwLock::new(HashMap::new()),
        })
    }

    /// The chain of an Alchemy slug.
    pub(crate) fn chain_by_slug(&self, slug: &str) -> Option<&Chain> {
        self.chains.iter().find(|chain| chain.facts.slug == slug)
    }

    /// The chain of an EIP-155 id.
    pub(crate) fn chain_by_id(&self, id: u64) -> Option<&Chain> {
        self.chains.iter().find(|chain| chain.facts.id == id)
    }

    /// The wallet of an address; every address has one.
    pub(crate) fn wallet(&self, address: Address) -> Arc<Wallet> {
        if let Some(known) = self.remembered().get(&address) {
            return Arc::clone(known);
        }
        let made = Arc::new(wallets::derive(self, address));
        let mut remembered = self.remembered();
        if remembered.len() >= REMEMBERED_WALLETS {
            remembered.clear();
        }
        remembered.insert(address, Arc::clone(&made));
        made
    }

    fn remembered(&self) -> MutexGuard<'_, HashMap<Address, Arc<Wallet>>> {
        self.wallets.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The hash of a block under the reorganisations so far. Its last 8 bytes carry the number, masked,
    /// so that a hash can be read back without remembering it.
    pub(crate) fn block_hash(&self, chain: &Chain, number: u64) -> B256 {
        let epoch = self
            .forks
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&chain.facts.id)
            .map_or(0, |forks| forks.iter().filter(|from| **from <= number).count());
        let name = format!("block {} {} {number} {epoch}", self.seed, chain.facts.id);
        let mut hash = keccak256(name);
        let mask = mask_of(&hash);
        hash[24..].copy_from_slice(&(number ^ mask).to_be_bytes());
        hash
    }

    /// The number of the block of this hash; none if the chain does not (or no longer) hold it.
    pub(crate) fn block_of_hash(&self, chain: &Chain, hash: B256) -> Option<u64> {
        let mut last = [0u8; 8];
        last.copy_from_slice(&hash[24..]);
        let number = u64::from_be_bytes(last) ^ mask_of(&hash);
        let known = number >= chain.facts.anchor_number && number <= chain.head(self.clock.now());
        (known && self.block_hash(chain, number) == hash).then_some(number)
    }

    /// Replaces the newest `depth` blocks of a chain by others.
    pub(crate) fn reorganise(&self, chain: &Chain, depth: u64) {
        let from = chain.head(self.clock.now()).saturating_sub(depth.saturating_sub(1));
        let mut forks = self.forks.write().unwrap_or_else(PoisonError::into_inner);
        forks.entry(chain.facts.id).or_default().push(from);
    }

    /// Lets a new block appear on every chain and returns the time from which a change holds: later
    /// than every block seen so far, not later than the newest.
    pub(crate) fn mine(&self) -> u64 {
        self.clock.advance(12);
        let now = self.clock.now();
        now - now % 12
    }

    /// Puts everything back to the beginning.
    pub(crate) fn reset(&self) {
        self.clock.reset();
        self.market.reset();
        self.moved_pools.clear();
        self.governed.clear();
        self.faults.clear(None);
        self.counters.clear();
        self.inbox.clear();
        self.forks.write().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

fn mask_of(hash: &B256) -> u64 {
    let mut first = [0u8; 8];
    first.copy_from_slice(&hash[..8]);
    u64::from_be_bytes(first)
}
