//! The vocabulary of Risk Manager: parsed types whose constructors are the validation.
//!
//! No I/O, no clock and no randomness, so that the edge can run the same rules as the server in WebAssembly.

pub mod alert;
pub mod asset;
pub mod chain;
pub mod channel;
pub mod credential;
pub mod figure;
pub mod gap;
pub mod headers;
pub mod json;
pub mod market;
pub mod money;
mod named;
pub mod problem;
pub mod protocol;
pub mod rejection;
pub mod request;
pub mod route;
pub mod scan;
pub mod severity;
pub mod text;
pub mod threshold;
pub mod time;
pub mod validation;
pub mod wallet;

pub use alert::{AlertKind, AlertState, Happening};
pub use alloy_primitives::{Address, B256, U256};
pub use asset::{Asset, Token};
pub use chain::ChainId;
pub use channel::{ChannelId, ChannelKind};
pub use figure::{Figure, HealthFactor, Range};
pub use gap::{Affects, Gap, GapReason};
pub use market::KnownMarkets;
pub use money::Usd;
pub use protocol::Protocol;
pub use rejection::{Code, Rejection};
pub use severity::{RiskLevel, Severity};
pub use threshold::{OwnThresholds, ThresholdName};
pub use time::Timestamp;
pub use wallet::Wallet;
