//! Walls held by machines: the dependency rule and the tidy rules.

mod dependencies;
mod tidy;
