//! The API from outside: the real binary under both hosts, in front of the sandbox.

#![cfg(test)]

mod access;
mod backup;
mod bad_input;
mod catalogue;
mod faults;
mod import;
mod life;
mod mongo;
mod operators;
mod redis_faults;
mod shared_prices;
mod shared_quota;
mod sharing;
mod stream;
