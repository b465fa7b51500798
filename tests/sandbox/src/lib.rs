//! `risk-sandbox`: the providers' real protocols over real HTTP, above a deterministic world.
//!
//! One listener answers as Alchemy (JSON-RPC with the contracts of Aave V3, Compound, Multicall3, ERC-20 tokens and
//! price feeds), CoinGecko, Etherscan, The Graph and DefiLlama, and receives what is sent to Slack,
//! PagerDuty, webhooks, Discord and Telegram. `/control` moves prices and time, commands faults, counts requests and tells the
//! truth about any wallet. Its protocol arithmetic is its own, so that a test which compares a service with
//! it compares two computations.

mod account;
mod clock;
mod coingecko;
mod compound;
mod control;
mod counters;
mod curve;
mod draw;
mod etherscan;
mod evm;
mod faults;
mod liquidity;
mod llama;
mod market;
mod morpho;
mod receivers;
mod rpc;
mod server;
mod the_graph;
mod wallets;
mod world;

use std::fmt;
use std::future::IntoFuture;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use alloy_primitives::Address;
use anyhow::{Context, Result};
use axum::serve::ListenerExt;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::world::World;

/// How a sandbox is started.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// The seed of the world: the same seed gives the same market and the same wallets.
    pub seed: u64,
    /// The TCP port on 127.0.0.1; 0 takes a free one.
    pub port: u16,
}

/// A running sandbox. It stops when it is dropped.
pub struct Sandbox {
    /// "http://127.0.0.1:port", without a slash at the end.
    pub base_url: String,
    /// Where it listens.
    pub addr: SocketAddr,
    world: Arc<World>,
    stop: Option<oneshot::Sender<()>>,
    server: JoinHandle<()>,
}

impl fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sandbox").field("addr", &self.addr).finish_non_exhaustive()
    }
}

impl Sandbox {
    /// Starts a sandbox on 127.0.0.1.
    ///
    /// # Errors
    /// When the port is taken or the built-in tables do not hold together.
    pub async fn start(options: Options) -> Result<Self> {
        let world = Arc::new(World::new(options.seed).context("building the world")?);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port))
            .await
            .with_context(|| format!("listening on 127.0.0.1:{}", options.port))?;
        let addr = listener.local_addr().context("reading the listening address")?;
        let listener = listener.tap_io(|stream| {
            if let Err(error) = stream.set_nodelay(true) {
                tracing::debug!(%error, "no TCP_NODELAY");
            }
        });
        let (stop, stopped) = oneshot::channel::<()>();
        let service = axum::serve(listener, server::router(&world)).with_graceful_shutdown(async move {
            // A dropped sender means the same as a message.
            let _ = stopped.await;
        });
        let server = tokio::spawn(async move {
            if let Err(error) = service.into_future().await {
                tracing::error!(%error, "sandbox server failed");
            }
        });
        Ok(Self { base_url: format!("http://{addr}"), addr, world, stop: Some(stop), server })
    }

    /// The token contracts that a list of an address's tokens holds, by chain id: for tests that begin where a million
    /// wallets were listed long ago.
    #[must_use]
    pub fn tokens_of(&self, address: Address) -> Vec<(u64, Address)> {
        let wallet = self.world.wallet(address);
        let listed = wallet.held.iter().filter_map(|held| {
            let chain = self.world.chain_by_id(held.chain_id)?;
            let places = held.tokens.iter().map(|(place, _)| place).chain(&held.emptied);
            let known = places.filter_map(|place| chain.tokens.get(*place)).map(|token| token.underlying);
            let spam = held.spam.iter().filter_map(|(place, _)| chain.spam.get(*place).copied());
            Some(known.chain(spam).map(|token| (chain.facts.id, token)).collect::<Vec<_>>())
        });
        listed.flatten().collect()
    }

    /// Stops listening and waits until the requests under way are answered.
    pub async fn stop(mut self) {
        self.stop.take();
        let server = std::mem::replace(&mut self.server, tokio::spawn(async {}));
        if let Err(error) = server.await {
            tracing::debug!(%error, "sandbox server was cut off");
        }
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.stop.take();
    }
}
