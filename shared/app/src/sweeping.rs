//! The words of a sweep: shards of the watch list, lanes, and the lease that keeps two runs of a shard apart.

use std::fmt;

use risk_model::{Address, Timestamp, Wallet};

/// Most shards.
pub const MAX_SHARDS: u32 = 1_024;

/// One of `count` equal parts of the address space. Addresses are hashes, so the parts of a watch list are about equal
/// too; and a page of one is a range of an index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    index: u32,
    count: u32,
}

impl Shard {
    /// The whole watch list.
    pub const WHOLE: Self = Self { index: 0, count: 1 };

    /// Shard `index` (from 0) of `count`; `None` where there is no such shard, or more than [`MAX_SHARDS`].
    #[must_use]
    pub const fn new(index: u32, count: u32) -> Option<Self> {
        if index < count && count <= MAX_SHARDS { Some(Self { index, count }) } else { None }
    }

    /// Every shard of `count`; none where there are more than [`MAX_SHARDS`].
    pub fn all(count: u32) -> impl Iterator<Item = Self> {
        (0..count).filter_map(move |index| Self::new(index, count))
    }

    /// Which, from 0.
    #[must_use]
    pub const fn index(self) -> u32 {
        self.index
    }

    /// Of how many.
    #[must_use]
    pub const fn count(self) -> u32 {
        self.count
    }

    /// The last address before the shard; `None` for the first shard, before which there is none.
    #[must_use]
    pub fn before(self) -> Option<Wallet> {
        (self.index > 0).then(|| last_below(boundary(self.index, self.count)))
    }

    /// The last address in the shard.
    #[must_use]
    pub fn last(self) -> Wallet {
        if self.index + 1 == self.count {
            return Wallet::new(Address::repeat_byte(0xff));
        }
        last_below(boundary(self.index + 1, self.count))
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.count)
    }
}

/// Where shard `index` begins, as the first eight bytes of an address: the smallest number that is not under
/// `index / count` of 2^64.
fn boundary(index: u32, count: u32) -> u64 {
    let share = (u128::from(index) << 64).div_ceil(u128::from(count));
    u64::try_from(share).unwrap_or(u64::MAX)
}

/// The last address whose first eight bytes are under a number, which is over 0.
fn last_below(first_bytes: u64) -> Wallet {
    let mut bytes = [0xff; 20];
    bytes[..8].copy_from_slice(&first_bytes.saturating_sub(1).to_be_bytes());
    Wallet::new(Address::from(bytes))
}

/// Which of the watched wallets a sweep reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    /// Every one.
    Every,
    /// Those near liquidation alone, as their last readable assessment said.
    Near,
}

impl Lane {
    /// The lower-case name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Every => "every",
            Self::Near => "near",
        }
    }
}

/// The right to sweep a lane of a shard, for a while.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// Rises with each change of hands: what a run that has lost its lease writes is refused by it.
    pub token: u64,
    /// The last wallet that the pass has done; the next page begins after it. `None` at the beginning of a pass.
    pub cursor: Option<Wallet>,
    /// When the pass began.
    pub began_at: Timestamp,
}

/// The name under which a lane of a shard is leased.
#[must_use]
pub fn lease_name(lane: Lane, shard: Shard) -> String {
    format!("{}:{shard}", lane.name())
}

/// Ties a commit to a lease: it is refused where the lease has changed hands, and moves the cursor where it has not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fence {
    /// [`lease_name`].
    pub lease: String,
    /// The token of the lease.
    pub token: u64,
    /// The last wallet that the pass has done after this commit; `None` leaves it.
    pub cursor: Option<Wallet>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_cover_every_address_once() {
        for count in [1, 2, 3, 7, 16, 1_000, MAX_SHARDS] {
            let shards: Vec<Shard> = Shard::all(count).collect();
            assert_eq!(shards.len(), usize::try_from(count).unwrap());
            assert_eq!(shards[0].before(), None);
            for pair in shards.windows(2) {
                assert_eq!(pair[1].before(), Some(pair[0].last()), "{count}");
                assert!(pair[0].last() < pair[1].last());
            }
            assert_eq!(shards[shards.len() - 1].last(), Wallet::new(Address::repeat_byte(0xff)));
        }
    }

    #[test]
    fn a_shard_that_is_not_there_is_none() {
        assert_eq!(Shard::new(0, 0), None);
        assert_eq!(Shard::new(3, 3), None);
        assert_eq!(Shard::new(0, MAX_SHARDS + 1), None);
        assert_eq!(Shard::all(0).count(), 0);
        assert_eq!(Shard::new(0, 1), Some(Shard::WHOLE));
    }
}
