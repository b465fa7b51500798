//! Simulated profit and loss: many scenarios shared by all wallets, and the tails of each wallet over them.
//!
//! A scenario is a row, an asset or a factor of its moves a column. A bound of a wallet's loss in every row is one matrix
//! product of whole numbers of 16 bits; only the worst rows are then looked at exactly, in 64-bit floats, where the bound
//! proves that no other row can belong to the tail.

mod expm1;
mod innovations;
mod levels;
mod monte_carlo;
mod order;
mod paths;
mod tail_filter;
mod vectors;

pub use innovations::{Draws, Innovations};
pub use monte_carlo::{monte_carlo_tails, monte_carlo_tails_in_full};
pub use paths::{Column, Path, PathDraws, linear_sums, linear_tails, weekly_column};

/// How far ahead a profit and loss is simulated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Horizon {
    /// One day.
    Day,
    /// Seven days.
    Week,
}

impl Horizon {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Day, Self::Week];

    /// Its days.
    #[must_use]
    pub const fn days(self) -> u32 {
        match self {
            Self::Day => 1,
            Self::Week => 7,
        }
    }
}

/// A 64-bit float as the nearest 32-bit one; infinite where it is too large.
#[expect(clippy::cast_possible_truncation, reason = "the nearest 32-bit float is what is wanted")]
const fn single(value: f64) -> f32 {
    value as f32
}
