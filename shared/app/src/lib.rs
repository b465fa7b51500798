//! What the service does: assess, sweep, watch and warn, over ports that take batches.

pub mod alert;
pub mod delivery;
pub mod events;
pub mod ports;
pub mod records;
pub mod service;
pub mod sharing;
pub mod stores;
pub mod summary;
pub mod sweeping;
pub mod traces;

pub use service::{AppError, Service, Settings};
