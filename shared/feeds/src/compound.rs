//! Compound on chain: Compound V2's Comptroller and the Comets of Compound III, at one pinned block.

pub(crate) mod abi;
pub(crate) mod comets;
pub(crate) mod questions;
pub(crate) mod v2;
pub(crate) mod v3;
