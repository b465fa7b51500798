//! Tests on a real chain: a node, the protocols' own contracts, the service's own feeds, and the engine's figures equal
//! to the contracts' to the last unit.
//!
//! `make test-chain` installs the node and the contracts at pinned versions and runs everything at full size; `make test`
//! runs a small share of the cases. Without the installation (a plain `cargo test`) nothing is compared, and every test
//! says so on stderr. `REFERENCE_SEED` sets the seed of the cases; a failure prints it.

#![cfg(test)]

mod accounts;
mod artifact;
mod borrowers;
mod cases;
mod cure;
mod deploy;
mod feeds;
mod installed;
mod interfaces;
mod liquidation;
mod market;
mod node;
mod pinned;
mod price;
mod service;
mod storage;
mod uniswap;

#[expect(dead_code, reason = "the reference tests draw more kinds of numbers than these")]
#[path = "../reference/draw.rs"]
mod draw;
#[path = "../reference/gauge.rs"]
mod gauge;
