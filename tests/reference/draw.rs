//! Random cases: the same seed gives the same cases for ever, and each test draws from a stream of its own name.

use risk_model::U256;

/// A stream of numbers (SplitMix64: Steele, Lea and Flood, "Fast splittable pseudorandom number generators").
pub(crate) struct Draw {
    state: u64,
}

/// The seed of this run: `REFERENCE_SEED`, or the one that CI uses.
pub(crate) fn seed() -> u64 {
    #[expect(clippy::disallowed_methods, reason = "the seed of a test run is set by whoever runs it")]
    let given = std::env::var("REFERENCE_SEED");
    given.map_or(20_260_101, |text| text.parse().expect("REFERENCE_SEED is a whole number"))
}

impl Draw {
    /// The stream of this run's seed with this name.
    pub(crate) fn named(name: &str) -> Self {
        let mut state = seed();
        for byte in name.bytes() {
            state = mixed(state ^ u64::from(byte));
        }
        Self { state }
    }

    /// The next 64 bits.
    pub(crate) fn bits(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mixed(self.state)
    }

    /// A number in [0, 1).
    pub(crate) fn unit(&mut self) -> f64 {
        let high = u32::try_from(self.bits() >> 32).expect("32 bits");
        let low = u32::try_from(self.bits() >> 43).expect("21 bits");
        (f64::from(high) + f64::from(low) / 2_097_152.0) / 4_294_967_296.0
    }

    /// A number in [low, high).
    pub(crate) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// A number in [low, high) whose logarithm is even: as many between 1 and 10 as between 10 and 100.
    pub(crate) fn magnitude(&mut self, low: f64, high: f64) -> f64 {
        self.between(low.ln(), high.ln()).exp()
    }

    /// A whole number in low..=high.
    pub(crate) fn whole(&mut self, low: u64, high: u64) -> u64 {
        low + self.bits() % (high - low + 1)
    }

    /// An index below `count`.
    pub(crate) fn index(&mut self, count: usize) -> usize {
        usize::try_from(self.whole(0, u64::try_from(count).expect("a count") - 1)).expect("an index")
    }

    /// True with this chance.
    pub(crate) fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// One of these.
    pub(crate) fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.index(choices.len())]
    }

    /// A standard normal number (Box and Muller).
    pub(crate) fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.unit()).cos()
    }

    /// A daily return of a market with fat tails: normal, and ten times as wide one day in thirty.
    pub(crate) fn market_return(&mut self) -> f64 {
        let width = if self.chance(1.0 / 30.0) { 0.10 } else { 0.02 };
        (width * self.normal()).max(-0.9)
    }

    /// As many of them.
    pub(crate) fn market_returns(&mut self, count: usize) -> Vec<f64> {
        (0..count).map(|_| self.market_return()).collect()
    }

    /// A whole number of low..=high decimal digits, every one of them drawn.
    pub(crate) fn digits(&mut self, low: u64, high: u64) -> U256 {
        let (length, first) = (self.whole(low, high), self.whole(1, 9));
        let ten = U256::from(10);
        (1..length).fold(U256::from(first), |number, _| number * ten + U256::from(self.whole(0, 9)))
    }
}

fn mixed(mut state: u64) -> u64 {
    state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    state ^ (state >> 31)
}

#[test]
fn the_same_name_draws_the_same_and_another_name_something_else() {
    let first = |name| Draw::named(name).bits();
    assert_eq!(first("a"), first("a"));
    assert_ne!(first("a"), first("b"));
    let mut draw = Draw::named("bounds");
    for _ in 0..10_000 {
        assert!((0.0..1.0).contains(&draw.unit()));
        assert!((3..=5).contains(&draw.whole(3, 5)));
    }
}
