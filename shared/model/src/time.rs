//! Time: whole seconds since the Unix epoch, always given, never read from a clock.

/// Seconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Timestamp(u64);

impl Timestamp {
    /// A time from its Unix seconds.
    #[must_use]
    pub const fn new(seconds: u64) -> Self {
        Self(seconds)
    }

    /// Unix seconds.
    #[must_use]
    pub const fn seconds(self) -> u64 {
        self.0
    }

    /// Whole UTC days since the epoch: the bucket of a daily close.
    #[must_use]
    pub const fn day(self) -> u64 {
        self.0 / 86_400
    }

    /// Seconds from `earlier` to this time; 0 if `earlier` is the later one.
    #[must_use]
    pub const fn seconds_since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }

    /// This time moved forward.
    #[must_use]
    pub const fn plus_seconds(self, seconds: u64) -> Self {
        Self(self.0.saturating_add(seconds))
    }
}
