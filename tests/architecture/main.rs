//! Walls held by machines: the dependency rule and the tidy rules.

#![cfg(test)]

mod dependencies;
mod tidy;
