//! Why a replay cannot be told, or how much of it is missing.

/// Most steps of one replay, and of the history before it: ten years of days, five months of hours.
pub const MOST_STEPS: usize = 3_660;

/// Why there is no replay. `asset` is the index of a position as it was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shortage {
    /// There is no position to replay.
    NoPositions,
    /// An amount is not finite, or negative where it must not be.
    ImpossibleAmount {
        /// Whose.
        asset: usize,
    },
    /// The period has no step, or more than [`MOST_STEPS`].
    ImpossiblePeriod,
    /// There is no believable close of it in the period.
    NoCloses {
        /// Whose.
        asset: usize,
    },
    /// Nothing is owed, so nothing can be liquidated.
    NoDebt,
}

/// How many steps of a replay lack the close of an asset; they are left out, never filled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Missing {
    /// Index of the position as it was given.
    pub asset: usize,
    /// Steps without its close.
    pub steps: usize,
}
