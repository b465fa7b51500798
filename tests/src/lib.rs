//! The service seen from outside: the real binaries as processes, in front of the sandbox, on loopback.

pub mod gateway;
pub mod mongo;
pub mod moto;
pub mod process;
pub mod process_facts;
pub mod proxy;
pub mod redis;
pub mod seed;
pub mod stack;

pub use gateway::Gateway;
pub use mongo::Mongo;
pub use moto::Moto;
pub use process::Process;
pub use proxy::{Fault, Proxy};
pub use redis::Redis;
pub use stack::{ADMIN_KEY, CHANNELS, Host, Reply, Stack, answer};
