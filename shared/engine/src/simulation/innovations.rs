//! Student-t innovations of every path and factor: drawn once, shared by every wallet of every sweep.

use std::sync::OnceLock;

use libm::sqrt;

use super::levels::Levels;
use super::{Horizon, single};
use crate::random::normals;

/// Factors that one draw of the generator serves.
const BLOCK: usize = 4;
/// Blocks at most: 256 factors.
const MOST_BLOCKS: u32 = 64;
/// Days of a path.
const DAYS: u32 = 7;
/// Third words of the counters: the factors' normals, and those of the variance that a day's factors share.
const FACTORS: u32 = 0;
const VARIANCES: u32 = 1 << 16;
/// A path whose factors of a block lie further out than this many standard deviations of a normal day is always looked
/// at exactly.
const FAR: f64 = 10.0;

/// Share of the numbers of a block beyond its `tail` on either side: a little over twice 5 %, so that about as many paths
/// of a wallet as its tail at 95 % has, and not many more, are beyond it.
const TAIL_SHARE: (usize, usize) = (11, 100);

/// What a simulation draws.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Draws {
    /// Seed of the generator.
    pub seed: u64,
    /// Paths, 1 to 1,000,000.
    pub paths: u32,
    /// Degrees of freedom ν of Student's t, 3 to 100: the fewer, the fatter the tails.
    pub degrees_of_freedom: u32,
}

impl Default for Draws {
    fn default() -> Self {
        Self { seed: 20_240_229, paths: 10_000, degrees_of_freedom: 5 }
    }
}

impl Draws {
    fn are_sound(&self) -> bool {
        (1..=1_000_000).contains(&self.paths) && (3..=100).contains(&self.degrees_of_freedom)
    }
}

/// Innovations of unit variance by path and factor. A day's factors are multivariate Student-t: independent normals over
/// one chi-square that they share, `z·√((ν − 2) ÷ χ²ᵥ)`, so that large moves come together; a week is the sum of seven
/// such days. Factor, path and day are the counter: a number does not depend on how many others are drawn.
#[derive(Debug)]
pub struct Innovations {
    draws: Draws,
    /// `√((ν − 2) ÷ χ²ᵥ)` of each path's days.
    scales: Vec<[f64; DAYS as usize]>,
    blocks: Vec<OnceLock<Block>>,
}

/// Four factors.
#[derive(Debug)]
struct Block {
    day: Columns,
    week: Columns,
}

#[derive(Debug)]
struct Columns {
    /// By path, the block's factors side by side: what a path is valued with.
    rows: Vec<[f32; BLOCK]>,
    /// By factor, then path, in 16 bits: what paths are chosen with. Clipped on paths that are far out.
    factors: [Levels; BLOCK],
    /// `Σ ε²` over the block's factors, in 16 bits.
    squares: Levels,
    /// Paths that are far out.
    far: Vec<u32>,
    /// What a factor passes on about [`TAIL_SHARE`] of the paths.
    tail: f64,
}

impl Innovations {
    /// Innovations that are drawn when a factor is first asked for; `None` for draws outside their bounds.
    #[must_use]
    pub fn new(draws: Draws) -> Option<Self> {
        draws.are_sound().then(|| Self {
            draws,
            scales: (0..draws.paths).map(|path| scales(&draws, path)).collect(),
            blocks: (0..MOST_BLOCKS).map(|_| OnceLock::new()).collect(),
        })
    }

    /// The innovations of the default draws, which are made once a process.
    #[must_use]
    pub fn standard() -> Option<&'static Self> {
        static STANDARD: OnceLock<Option<Innovations>> = OnceLock::new();
        STANDARD.get_or_init(|| Self::new(Draws::default())).as_ref()
    }

    /// What they were drawn by.
    #[must_use]
    pub const fn draws(&self) -> &Draws {
        &self.draws
    }

    /// The first `count` factors over a horizon; `None` for none and for more than there can be (256).
    pub(super) fn factors(&self, count: usize, horizon: Horizon) -> Option<Factors<'_>> {
        let mut blocks = Vec::with_capacity(count.div_ceil(BLOCK));
        for index in 0..count.div_ceil(BLOCK) {
            let first = u32::try_from(index).ok()?;
            let block = self.blocks.get(index)?.get_or_init(|| self.draw(first));
            blocks.push(match horizon {
                Horizon::Day => &block.day,
                Horizon::Week => &block.week,
            });
        }
        (!blocks.is_empty()).then_some(Factors { blocks, count, days: f64::from(horizon.days()) })
    }

    fn draw(&self, block: u32) -> Block {
        let paths = self.scales.len();
        let (mut day, mut week) = (Columns::empty(paths, 1), Columns::empty(paths, DAYS));
        for (path, scales) in (0_u32..).zip(&self.scales) {
            let mut sum = [0.0; BLOCK];
            for (index, scale) in (0_u32..).zip(scales) {
                let one = normals(self.draws.seed, [path, index, FACTORS + block, 0]).map(|z| z * scale);
                for (sum, one) in sum.iter_mut().zip(one) {
                    *sum += one;
                }
                if index == 0 {
                    day.push(path, one, 1);
                }
            }
            week.push(path, sum, DAYS);
        }
        (day.tail, week.tail) = (day.beyond(TAIL_SHARE), week.beyond(TAIL_SHARE));
        Block { day, week }
    }
}

/// The factors of a wallet.
#[derive(Debug)]
pub(super) struct Factors<'a> {
    blocks: Vec<&'a Columns>,
    /// Factors that are used: those of the last block may be fewer than it has.
    count: usize,
    days: f64,
}

impl<'a> Factors<'a> {
    /// Paths.
    pub(super) fn paths(&self) -> usize {
        self.blocks.first().map_or(0, |block| block.rows.len())
    }

    /// By block, then path: the innovations of its four factors.
    pub(super) fn rows(&self) -> impl ExactSizeIterator<Item = &'a [[f32; BLOCK]]> + '_ {
        self.blocks.iter().map(|block| block.rows.as_slice())
    }

    /// By factor, in 16 bits.
    pub(super) fn columns(&self) -> impl Iterator<Item = &'a Levels> + '_ {
        self.blocks.iter().flat_map(|block| &block.factors).take(self.count)
    }

    /// By block, in 16 bits: the sum of the blocks bounds the square of the innovation's length.
    pub(super) fn squares(&self) -> impl Iterator<Item = &'a Levels> + '_ {
        self.blocks.iter().map(|block| &block.squares)
    }

    /// The paths on which an innovation is clipped, some of them twice.
    pub(super) fn far(&self) -> impl Iterator<Item = &'a [u32]> + '_ {
        self.blocks.iter().map(|block| block.far.as_slice())
    }

    /// What an innovation of any direction passes on a little over 5 % of the paths, roughly.
    pub(super) fn tail(&self) -> f64 {
        self.blocks.first().map_or(0.0, |block| block.tail)
    }

    /// A bound on the length of any path that is not far out.
    pub(super) fn near_length(&self) -> f64 {
        let blocks = f64::from(u32::try_from(self.blocks.len()).unwrap_or(u32::MAX));
        FAR * sqrt(blocks * self.days)
    }

    /// About the squared length of a path of the tail: twice that of all paths.
    pub(super) fn usual_square(&self) -> f64 {
        2.0 * f64::from(u32::try_from(self.count).unwrap_or(u32::MAX)) * self.days
    }
}

impl Columns {
    fn empty(paths: usize, days: u32) -> Self {
        let most = FAR * sqrt(f64::from(days));
        Self {
            rows: Vec::with_capacity(paths),
            factors: std::array::from_fn(|_| Levels::empty(paths, most)),
            squares: Levels::empty(paths, most * most),
            far: Vec::new(),
            tail: 0.0,
        }
    }

    /// What a share of all numbers passes, whatever their sign.
    fn beyond(&self, (part, whole): (usize, usize)) -> f64 {
        let mut sizes: Vec<f32> = self.rows.iter().flatten().map(|innovation| innovation.abs()).collect();
        let place = sizes.len() * part / whole;
        if place >= sizes.len() {
            return 0.0;
        }
        f64::from(*sizes.select_nth_unstable_by(place, |a, b| b.total_cmp(a)).1)
    }

    fn push(&mut self, path: u32, innovations: [f64; BLOCK], days: u32) {
        let stored = innovations.map(single);
        let mut square = 0.0;
        for (column, innovation) in self.factors.iter_mut().zip(stored) {
            column.push(innovation);
            square += f64::from(innovation) * f64::from(innovation);
        }
        self.rows.push(stored);
        // A hair over, so that rounding keeps it a bound.
        square *= 1.000_001;
        self.squares.push(single(square));
        if square > FAR * FAR * f64::from(days) {
            self.far.push(path);
        }
    }
}

fn scales(draws: &Draws, path: u32) -> [f64; DAYS as usize] {
    let freedom = draws.degrees_of_freedom;
    let of_day = |day: u32| {
        let words =
            (0..freedom.div_ceil(4)).flat_map(|part| normals(draws.seed, [path, day, VARIANCES + part, 0]));
        let taken = usize::try_from(freedom).unwrap_or(usize::MAX);
        let chi_square: f64 = words.take(taken).map(|z| z * z).sum();
        sqrt(f64::from(freedom - 2) / chi_square)
    };
    [0, 1, 2, 3, 4, 5, 6].map(of_day)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(factors: &Factors<'_>, factor: usize) -> Vec<f32> {
        let rows = factors.rows().nth(factor / BLOCK).unwrap();
        rows.iter().map(|row| row[factor % BLOCK]).collect()
    }

    fn moments(column: &[f32]) -> (f64, f64, f64) {
        let count = f64::from(u32::try_from(column.len()).unwrap());
        let mean = |power: i32| column.iter().map(|x| f64::from(*x).powi(power)).sum::<f64>() / count;
        (mean(1), mean(2), mean(4) / (mean(2) * mean(2)))
    }

    #[test]
    fn a_day_has_unit_variance_and_fat_tails_and_a_week_seven_times_the_variance_and_thinner_ones() {
        let innovations = Innovations::new(Draws { paths: 100_000, ..Draws::default() }).unwrap();
        let [day, week] = [Horizon::Day, Horizon::Week].map(|horizon| {
            let factors = innovations.factors(8, horizon).unwrap();
            [0, 1, 2, 3, 4, 5, 6, 7].map(|factor| column(&factors, factor))
        });
        for factor in [0, 3, 7] {
            let (mean, variance, kurtosis) = moments(&day[factor]);
            assert!(
                mean.abs() < 0.015 && (variance - 1.0).abs() < 0.05 && kurtosis > 5.0,
                "{mean} {variance} {kurtosis}"
            );
            let (mean, variance, weekly) = moments(&week[factor]);
            assert!(mean.abs() < 0.04 && (variance / 7.0 - 1.0).abs() < 0.04, "{mean} {variance}");
            assert!((3.0..kurtosis).contains(&weekly), "{weekly}");
        }
        let both = day[0].iter().zip(&day[5]);
        let covariance = both.map(|(a, b)| f64::from(*a) * f64::from(*b)).sum::<f64>() / 100_000.0;
        assert!(covariance.abs() < 0.02, "{covariance}");
    }

    #[test]
    fn a_number_does_not_depend_on_how_many_others_are_drawn() {
        let few = Innovations::new(Draws { paths: 10, ..Draws::default() }).unwrap();
        let many = Innovations::new(Draws { paths: 100, ..Draws::default() }).unwrap();
        let of = |innovations: &Innovations, count, factor: usize, path: usize| {
            column(&innovations.factors(count, Horizon::Week).unwrap(), factor)[path].to_bits()
        };
        assert_eq!(of(&few, 3, 2, 9), of(&many, 12, 2, 9));
        assert_eq!(few.factors(256, Horizon::Day).map(|factors| factors.columns().count()), Some(256));
        assert!(few.factors(257, Horizon::Day).is_none() && few.factors(0, Horizon::Day).is_none());
    }

    #[test]
    fn draws_outside_their_bounds_are_refused() {
        for (paths, degrees_of_freedom) in [(0, 5), (2_000_000, 5), (10, 2), (10, 101)] {
            assert!(Innovations::new(Draws { seed: 1, paths, degrees_of_freedom }).is_none());
        }
    }
}
