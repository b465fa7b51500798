//! The server's own validation for the places where an edge runs: plain functions over text, and their one-line exports
//! to JavaScript. `make edge` builds the packages.

mod address;
#[cfg(target_arch = "wasm32")]
pub mod exports;
mod limits;
#[cfg(any(target_arch = "wasm32", test))]
mod room;
mod verdict;

pub use address::{checksum_address, is_address, wallet_problem};
pub use limits::{limits, refusal_headers, security_headers};
pub use verdict::{Call, failure, judge};
