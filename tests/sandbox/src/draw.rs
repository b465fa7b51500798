//! Deterministic draws: the same seed and the same name give the same numbers for ever.

use alloy_primitives::keccak256;

/// A stream of numbers (SplitMix64) whose start is the keccak of a seed and a name.
pub(crate) struct Draw {
    state: u64,
}

impl Draw {
    /// The stream named by `parts` under `seed`.
    pub(crate) fn new(seed: u64, parts: &[&[u8]]) -> Self {
        let mut bytes = seed.to_be_bytes().to_vec();
        for part in parts {
            bytes.extend_from_slice(part);
            bytes.push(0xff);
        }
        let hash = keccak256(&bytes);
        let mut start = [0u8; 8];
        start.copy_from_slice(&hash[..8]);
        Self { state: u64::from_be_bytes(start) }
    }

    /// The next 64 bits (Steele, Lea and Flood, "Fast splittable pseudorandom number generators").
    pub(crate) fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number in [0, 1).
    pub(crate) fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / 9_007_199_254_740_992.0
    }

    /// A number in [low, high).
    pub(crate) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// An index below `count`; 0 when `count` is 0.
    pub(crate) fn below(&mut self, count: usize) -> usize {
        let Ok(bound) = u64::try_from(count) else { return 0 };
        self.next().checked_rem(bound).and_then(|value| usize::try_from(value).ok()).unwrap_or(0)
    }

    /// A standard normal number (Box and Muller).
    pub(crate) fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.unit()).cos()
    }
}
