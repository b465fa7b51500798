//! Columns of numbers in 16 bits, and their weighted sums: half the memory of 32-bit floats and twice the lanes of a
//! vector, with a bound on the error that rounding makes. Whole numbers add up to the same on every machine.

use super::vectors;

/// The largest level; the smallest one is its negative.
const MOST: f64 = 32_767.0;
/// The largest sum that the unit is chosen for: what rounding adds to it stays below [`MOST`].
const MOST_SUM: f64 = 31_000.0;
/// Terms that a sum may have, since each may be a unit off.
const MOST_TERMS: usize = 1_024;
/// A weight of one: products are of a weight in so many parts and a level.
const ONE: f64 = 32_768.0;
/// A hair over, for what 64-bit floats round in a bound.
const HAIR: f64 = 1.000_001;

/// A column of numbers as whole multiples of a step, each to the nearest one.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Levels {
    levels: Vec<i16>,
    step: f64,
}

/// A column and what it is multiplied with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Term<'a> {
    pub(super) column: &'a Levels,
    pub(super) load: f64,
}

/// Sums of every row: what is summed is `unit × sum`, give or take the slack, but for rows that a column clips.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Sums {
    pub(super) sums: Vec<i16>,
    pub(super) unit: f64,
    pub(super) slack: f64,
}

impl Levels {
    /// An empty column of numbers between `−most` and `most`, a number above zero.
    pub(super) fn empty(rows: usize, most: f64) -> Self {
        Self { levels: Vec::with_capacity(rows), step: most / MOST }
    }

    /// Adds a number; one further out than the most is clipped to it, and stands for nothing then.
    pub(super) fn push(&mut self, number: f32) {
        self.levels.push(nearest(f64::from(number) / self.step));
    }

    /// Numbers of which the largest, whatever its sign, is `most`. A column of zeros has a step all the same.
    pub(super) fn of(numbers: &[f32], most: f32) -> Self {
        let mut column = Self::empty(numbers.len(), f64::from(most).max(f64::MIN_POSITIVE));
        numbers.iter().for_each(|number| column.push(*number));
        column
    }
}

/// `Σ load × column` of every row, where no sum of the first few terms, nor of what is added later, is over `most` in a row
/// that no column clips. The shortest column ends the rows.
///
/// `None` for no terms or too many, and for a `most` that is not a number above zero or under what a term can reach.
pub(super) fn weighted(terms: &[Term<'_>], most: f64) -> Option<Sums> {
    let rows = terms.iter().map(|term| term.column.levels.len()).min()?;
    let unit = most / MOST_SUM;
    let mut sums = Sums { sums: vec![0; rows], unit, slack: 0.0 };
    if !unit.is_normal() || unit < 0.0 {
        return None;
    }
    sums.add(terms)?;
    Some(sums)
}

impl Sums {
    /// Adds `Σ load × column` to every row; `None` where that does not fit, and for a column that has fewer rows.
    pub(super) fn add(&mut self, terms: &[Term<'_>]) -> Option<()> {
        if terms.len() > MOST_TERMS {
            return None;
        }
        let mut weights = Vec::with_capacity(terms.len());
        let mut columns = Vec::with_capacity(terms.len());
        for Term { column, load } in terms {
            let weight = load * column.step / self.unit * ONE;
            if weight.is_nan() || weight.abs() > MOST {
                return None;
            }
            // Half a step of the number, half a part of the weight, which is half a unit at the furthest level, and half
            // a unit of the product.
            self.slack += HAIR * (load.abs() * column.step / 2.0 + self.unit);
            weights.push(nearest(weight));
            columns.push(column.levels.get(..self.sums.len())?);
        }
        vectors::add_weighted(&mut self.sums, &columns, &weights);
        Some(())
    }

    /// How many rows add up to a value or more, give or take the slack.
    pub(super) fn count_at_least(&self, value: f64) -> usize {
        vectors::count_at_least(&self.sums, nearest(value / self.unit))
    }

    /// Adds `load × x²` to every row, rounded upwards, where `x` are other sums that are at most `most` but for their
    /// slack; where x can be one or more, the row becomes the largest sum.
    ///
    /// `None` where that is more than the unit was chosen for.
    pub(super) fn add_squares(&mut self, x: &Self, load: f64, most: f64) -> Option<()> {
        // A level squared loses 15 bits, so that it is a level again.
        let weight = (load * x.unit * x.unit * ONE / self.unit * ONE).ceil();
        if !(0.0..=MOST).contains(&weight) {
            return None;
        }
        let limit = ((1.0 - x.slack) / x.unit).floor();
        let limit = if limit <= MOST { nearest(limit) } else { i16::MAX };
        vectors::add_squares(&mut self.sums, &x.sums, nearest(weight), limit);
        // The rounding of x, of its square, and of the weight and the product.
        self.slack +=
            HAIR * (load * x.slack * (2.0 * most + x.slack) + load * x.unit * x.unit * ONE / 2.0 + self.unit);
        Some(())
    }

    /// Makes every row the largest sum whose `squares` can be over a limit.
    pub(super) fn mark_over(&mut self, squares: &Self, limit: f64) {
        let limit = ((limit - squares.slack) / squares.unit).floor().min(MOST);
        vectors::mark_over(&mut self.sums, &squares.sums, nearest(limit));
    }

    /// Makes some rows the largest sum: nothing is known of them.
    pub(super) fn mark(&mut self, rows: &[u32]) {
        for row in rows {
            if let Some(sum) = usize::try_from(*row).ok().and_then(|row| self.sums.get_mut(row)) {
                *sum = i16::MAX;
            }
        }
    }
}

/// The nearest level, at most [`MOST`] either way; 0 for what is no number.
#[expect(clippy::cast_possible_truncation, reason = "it is rounded and within 16 bits")]
fn nearest(number: f64) -> i16 {
    number.round().clamp(-MOST, MOST) as i16
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_sum_in_16_bits_is_the_sum_to_within_the_slack_it_tells(
            numbers in prop::collection::vec(prop::collection::vec(-3.0_f32..3.0, 70), 1..20),
            loads in prop::collection::vec(-5.0_f64..5.0, 20),
        ) {
            let columns: Vec<Levels> = numbers.iter().map(|one| Levels::of(one, 3.0)).collect();
            let terms: Vec<Term<'_>> =
                columns.iter().zip(&loads).map(|(column, load)| Term { column, load: *load }).collect();
            let most: f64 = terms.iter().map(|term| term.load.abs() * 3.0).sum();
            let Sums { sums, unit, slack } = weighted(&terms, most).unwrap();
            for (row, sum) in sums.iter().enumerate() {
                let exact: f64 = numbers.iter().zip(&loads).map(|(one, load)| load * f64::from(one[row])).sum();
                prop_assert!((unit * f64::from(*sum) - exact).abs() <= slack);
            }
            // A unit a term, of 31,000, and half a step of each number.
            prop_assert!(slack < most * 6e-5 * f64::from(u32::try_from(terms.len() + 1).unwrap()));
        }

        #[test]
        fn squares_are_added_upwards_and_rows_beyond_one_are_marked(
            numbers in prop::collection::vec(-1.2_f32..1.2, 70), load in 0.0_f64..0.8,
        ) {
            let column = Levels::of(&numbers, 1.2);
            let x = weighted(&[Term { column: &column, load: 1.0 }], 1.2).unwrap();
            let mut sums = weighted(&[Term { column: &column, load: 0.5 }], 3.0).unwrap();
            sums.add_squares(&x, load, 1.2).unwrap();
            for (number, sum) in numbers.iter().zip(&sums.sums) {
                let number = f64::from(*number);
                let apart = sums.unit * f64::from(*sum) - 0.5 * number - load * number * number;
                if *sum == i16::MAX {
                    prop_assert!(number > 0.99);
                } else {
                    prop_assert!(number < 1.0 && apart.abs() <= sums.slack + load * 1e-3, "{number} {apart}");
                }
            }
        }
    }

    #[test]
    fn what_does_not_fit_has_no_sums() {
        let column = Levels::of(&[1.0, -2.0], 2.0);
        let term = |load: f64| [Term { column: &column, load }];
        assert_eq!(weighted(&term(1.0), 2.0).map(|sums| sums.sums), Some(vec![15_501, -31_000]));
        for most in [0.0, 1.0, f64::NAN, f64::INFINITY] {
            assert_eq!(weighted(&term(1.0), most), None);
        }
        assert_eq!(weighted(&term(f64::NAN), 2.0), None);
        assert_eq!(weighted(&[], 2.0), None);
    }
}
