//! The edge: it says what the API says, in every host that it runs in.
//!
//! `tests/edge/install.sh` and `make edge` bring what the hosts need; without them only native code is compared, aloud.

#![cfg(test)]

mod cases;
mod draw;
mod driver;
mod native;
mod page;
mod sameness;
mod viewer_request;
mod wire;
mod worker;
