//! Boot: settings, telemetry, wiring and shutdown. The only crate that reads the environment and picks adapters.

mod allocator;
mod backup;
pub mod clock;
pub mod host;
pub mod settings;
mod sharing;
pub mod shutdown;
pub mod telemetry;
pub mod wiring;

pub use backup::Copied;
pub use clock::SystemClock;
pub use settings::{Environment, Problems, Settings, Source};
pub use wiring::{Wired, wire};
