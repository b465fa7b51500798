//! The three verdicts on a VaR: Kupiec's on how often it was passed, Christoffersen's on when, and Basel's zones.
//!
//! Kupiec (1995), *Techniques for verifying the accuracy of risk measurement models*; Christoffersen (1998), *Evaluating
//! interval forecasts*; Basel Committee (1996), *Supervisory framework for the use of backtesting*. In all of them
//! `0·ln 0 = 0`. They are for one-day forecasts: overlapping days of a longer horizon are not independent.

use libm::log;

use super::distribution::{binomial_cdf, chi_squared_1_survival, chi_squared_2_survival};

/// A likelihood-ratio test.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LikelihoodRatio {
    /// −2 ln of the ratio, 0 or more.
    pub statistic: f64,
    /// Chance of a statistic as large as this if the VaR is right, fraction.
    pub p_value: f64,
}

impl LikelihoodRatio {
    /// Whether the VaR is refused at a significance (fraction, as 0.05).
    #[must_use]
    pub fn rejects(&self, significance: f64) -> bool {
        self.p_value < significance
    }
}

/// How often a day of one kind followed one of the other: `calm_to_hit` is `n01`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Transitions {
    /// `n00`: no exceedance on two days in a row.
    pub calm_to_calm: u32,
    /// `n01`: an exceedance after a day without one.
    pub calm_to_hit: u32,
    /// `n10`: none after an exceedance.
    pub hit_to_calm: u32,
    /// `n11`: two exceedances in a row.
    pub hit_to_hit: u32,
}

impl Transitions {
    /// Counts `(day since the epoch, whether the loss passed the VaR)`, oldest first. Days with a hole between them are
    /// no pair.
    #[must_use]
    pub fn of(days: &[(u64, bool)]) -> Self {
        let mut counts = Self::default();
        for pair in days.windows(2) {
            let [(day, first), (next, second)] = pair else { continue };
            if day.checked_add(1) != Some(*next) {
                continue;
            }
            let count = match (first, second) {
                (false, false) => &mut counts.calm_to_calm,
                (false, true) => &mut counts.calm_to_hit,
                (true, false) => &mut counts.hit_to_calm,
                (true, true) => &mut counts.hit_to_hit,
            };
            *count = count.saturating_add(1);
        }
        counts
    }
}

/// Basel's zones, by the chance of no more exceedances than there were if the VaR is right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Zone {
    /// Under 95 %.
    Green,
    /// From 95 % and under 99.99 %.
    Yellow,
    /// 99.99 % and more.
    Red,
}

impl Zone {
    /// The snake-case name used in answers.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Green => "green",
            Self::Yellow => "yellow",
            Self::Red => "red",
        }
    }
}

/// Everything that is said of one VaR over one period.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// Days with a forecast and an outcome.
    pub observations: u32,
    /// Days whose loss passed the VaR.
    pub exceedances: u32,
    /// Share of the days that were to pass it, fraction.
    pub expected_share: f64,
    /// Kupiec: as many exceedances as said?
    pub unconditional: LikelihoodRatio,
    /// Christoffersen: an exceedance no likelier after another? `None` where no two days are neighbours.
    pub independence: Option<LikelihoodRatio>,
    /// Both at once; `None` as for `independence`.
    pub conditional: Option<LikelihoodRatio>,
    /// Basel's zone.
    pub zone: Zone,
}

impl Verdict {
    /// Judges `(day since the epoch, whether the loss passed the VaR)`, oldest first, of a VaR that `tail` (fraction) of
    /// the days are to pass. `None` without days, or for a tail outside 0 to 1.
    #[must_use]
    pub fn of(days: &[(u64, bool)], tail: f64) -> Option<Self> {
        let observations = u32::try_from(days.len()).ok()?;
        let exceedances = u32::try_from(days.iter().filter(|(_, hit)| *hit).count()).ok()?;
        let transitions = Transitions::of(days);
        let unconditional = unconditional_coverage(observations, exceedances, tail)?;
        let independence = independence(&transitions);
        Some(Self {
            observations,
            exceedances,
            expected_share: tail,
            unconditional,
            independence,
            conditional: independence.map(|second| conditional_coverage(&unconditional, &second)),
            zone: traffic_light(observations, exceedances, tail)?,
        })
    }
}

/// Kupiec's test that `exceedances` of `observations` days are a share of `tail`, χ² with one degree of freedom:
/// `LR = 2·[x ln(x/n) + (n−x) ln(1−x/n) − x ln p − (n−x) ln(1−p)]`.
///
/// `None` without days, with more exceedances than days, or for a tail that is not between 0 and 1.
#[must_use]
pub fn unconditional_coverage(observations: u32, exceedances: u32, tail: f64) -> Option<LikelihoodRatio> {
    if observations == 0 || exceedances > observations || !(tail > 0.0 && tail < 1.0) {
        return None;
    }
    let (n, x) = (f64::from(observations), f64::from(exceedances));
    let seen = n_log(x, x / n) + n_log(n - x, (n - x) / n);
    let statistic = (2.0 * (seen - n_log(x, tail) - n_log(n - x, 1.0 - tail))).max(0.0);
    Some(LikelihoodRatio { statistic, p_value: chi_squared_1_survival(statistic) })
}

/// Christoffersen's test that an exceedance is as likely after one as after none, χ² with one degree of freedom:
/// `LR = 2·[ln L(π01, π11) − ln L(π)]`. `None` without a pair of days.
#[must_use]
pub fn independence(transitions: &Transitions) -> Option<LikelihoodRatio> {
    let n00 = f64::from(transitions.calm_to_calm);
    let n01 = f64::from(transitions.calm_to_hit);
    let n10 = f64::from(transitions.hit_to_calm);
    let n11 = f64::from(transitions.hit_to_hit);
    let pairs = n00 + n01 + n10 + n11;
    if pairs <= 0.0 {
        return None;
    }
    let apart = n_log(n00, n00 / (n00 + n01))
        + n_log(n01, n01 / (n00 + n01))
        + n_log(n10, n10 / (n10 + n11))
        + n_log(n11, n11 / (n10 + n11));
    let together = n_log(n00 + n10, (n00 + n10) / pairs) + n_log(n01 + n11, (n01 + n11) / pairs);
    let statistic = (2.0 * (apart - together)).max(0.0);
    Some(LikelihoodRatio { statistic, p_value: chi_squared_1_survival(statistic) })
}

/// Christoffersen's test of both: the sum of the two statistics, χ² with two degrees of freedom.
#[must_use]
pub fn conditional_coverage(
    unconditional: &LikelihoodRatio,
    independence: &LikelihoodRatio,
) -> LikelihoodRatio {
    let statistic = unconditional.statistic + independence.statistic;
    LikelihoodRatio { statistic, p_value: chi_squared_2_survival(statistic) }
}

/// The zone of `exceedances` in `observations` days of which a share of `tail` was to pass the VaR; `None` as for
/// [`unconditional_coverage`].
#[must_use]
pub fn traffic_light(observations: u32, exceedances: u32, tail: f64) -> Option<Zone> {
    if observations == 0 || exceedances > observations || !(tail > 0.0 && tail < 1.0) {
        return None;
    }
    Some(match binomial_cdf(exceedances, observations, tail)? {
        chance if chance < 0.95 => Zone::Green,
        chance if chance < 0.9999 => Zone::Yellow,
        _ => Zone::Red,
    })
}

/// `count·ln(share)`, and 0 for a count of 0.
fn n_log(count: f64, share: f64) -> f64 {
    if count > 0.0 { count * log(share) } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn near(seen: f64, wanted: f64) {
        assert!((seen / wanted - 1.0).abs() < 1e-9, "{seen} is not {wanted}");
    }

    /// Days in a row with exceedances at these indexes.
    fn days(count: u64, hits: &[u64]) -> Vec<(u64, bool)> {
        (0..count).map(|day| (day, hits.contains(&day))).collect()
    }

    #[test]
    fn kupiec_gives_the_reference_values() {
        for (n, x, tail, statistic, p_value) in [
            (250, 3, 0.01, 0.094_940_122_664_432_64, 0.757_988_321_373_29),
            (250, 7, 0.01, 5.496_990_447_792_683, 0.019_049_230_890_526_535),
            (250, 0, 0.01, 5.025_167_926_750_726, 0.024_981_503_053_449_73),
            (250, 20, 0.05, 4.039_520_476_139_216_5, 0.044_446_449_306_055_284),
            (365, 30, 0.05, 6.724_674_760_203_385, 0.009_508_806_853_339_333),
            (10, 10, 0.5, 13.862_943_611_198_906, 1.966_376_556_020_979_7e-4),
            (1, 0, 0.05, 0.102_586_588_775_101_16, 0.748_747_432_562_768_9),
            (250, 250, 0.05, 1_497.866_136_776_995_5, 0.0),
        ] {
            let test = unconditional_coverage(n, x, tail).unwrap();
            near(test.statistic, statistic);
            assert!((test.p_value - p_value).abs() < 1e-9 * p_value.max(1e-300), "{}", test.p_value);
        }
    }

    #[test]
    fn christoffersen_gives_the_reference_values() {
        let days = days(250, &[10, 11, 12, 100, 180]);
        let transitions = Transitions::of(&days);
        let wanted = Transitions { calm_to_calm: 241, calm_to_hit: 3, hit_to_calm: 3, hit_to_hit: 2 };
        assert_eq!(transitions, wanted);
        let test = independence(&transitions).unwrap();
        near(test.statistic, 9.894_654_433_330_205);
        near(test.p_value, 0.001_657_595_754_664_73);

        let verdict = Verdict::of(&days, 0.01).unwrap();
        assert_eq!((verdict.observations, verdict.exceedances, verdict.zone), (250, 5, Zone::Yellow));
        near(verdict.unconditional.statistic, 1.956_809_788_230_622);
        near(verdict.conditional.unwrap().statistic, 11.851_464_221_560_827);
        near(verdict.conditional.unwrap().p_value, 0.002_669_852_341_841_236_6);
        assert!(verdict.conditional.unwrap().rejects(0.05) && !verdict.unconditional.rejects(0.05));
    }

    #[test]
    fn the_zones_begin_where_basel_says() {
        let zone = |n, x, tail| traffic_light(n, x, tail).unwrap();
        assert_eq!((zone(250, 4, 0.01), zone(250, 5, 0.01)), (Zone::Green, Zone::Yellow));
        assert_eq!((zone(250, 9, 0.01), zone(250, 10, 0.01)), (Zone::Yellow, Zone::Red));
        assert_eq!((zone(365, 24, 0.05), zone(365, 25, 0.05)), (Zone::Green, Zone::Yellow));
        assert_eq!((zone(365, 34, 0.05), zone(365, 35, 0.05)), (Zone::Yellow, Zone::Red));
    }

    #[test]
    fn no_exceedance_and_nothing_but_exceedances_are_independent() {
        for hits in [vec![], (0..50).collect::<Vec<u64>>()] {
            let verdict = Verdict::of(&days(50, &hits), 0.05).unwrap();
            assert!(verdict.independence.unwrap().statistic.abs() < 1e-12);
            near(verdict.conditional.unwrap().statistic, verdict.unconditional.statistic);
        }
    }

    #[test]
    fn a_hole_between_two_days_makes_them_no_pair() {
        let holed = [(1, true), (2, true), (5, true), (6, false)];
        let counts = Transitions { hit_to_hit: 1, hit_to_calm: 1, ..Transitions::default() };
        assert_eq!(Transitions::of(&holed), counts);
        let alone = Verdict::of(&[(1, false)], 0.05).unwrap();
        assert_eq!((alone.independence, alone.conditional), (None, None));
        assert_eq!(Transitions::of(&[(u64::MAX, true), (0, true)]), Transitions::default());
    }

    #[test]
    fn no_days_and_impossible_counts_have_no_verdict() {
        assert_eq!(Verdict::of(&[], 0.05), None);
        assert_eq!(unconditional_coverage(5, 6, 0.05), None);
        for tail in [0.0, 1.0, -0.1, f64::NAN] {
            assert_eq!(unconditional_coverage(5, 1, tail), None);
            assert_eq!(traffic_light(5, 1, tail), None);
        }
    }

    proptest! {
        #[test]
        fn every_verdict_is_a_probability_of_a_statistic_that_is_not_negative(
            hits in prop::collection::vec(any::<bool>(), 1..400), tail in 0.001_f64..0.999,
        ) {
            let days: Vec<(u64, bool)> = (0..).zip(hits).collect();
            let verdict = Verdict::of(&days, tail).unwrap();
            for test in [Some(verdict.unconditional), verdict.independence, verdict.conditional].into_iter().flatten() {
                prop_assert!(test.statistic >= 0.0 && test.statistic.is_finite());
                prop_assert!((0.0..=1.0).contains(&test.p_value));
            }
        }
    }
}
