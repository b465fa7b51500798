//! Tests of the lending replay: liquidation, alerts, lead, holes, and what cannot be replayed.

use proptest::prelude::*;

use super::*;

const HOUR: u64 = 3_600;

/// 10 tokens of collateral at a threshold of 0.8 against 5 USD of a stablecoin.
const TERMS: [LendingTerm; 2] = [
    LendingTerm { weighted_collateral: 8.0, debt: 0.0 },
    LendingTerm { weighted_collateral: 0.0, debt: 5.0 },
];

fn path(collateral: &[Option<f64>]) -> PricePath {
    let stable = vec![Some(1.0); collateral.len()];
    PricePath::new(Timestamp::new(0), HOUR, vec![collateral.to_vec(), stable]).unwrap()
}

fn known(prices: &[f64]) -> Vec<Option<f64>> {
    prices.iter().copied().map(Some).collect()
}

fn replay(prices: &[Option<f64>], rule: &dyn Fn(&Moment<'_>) -> Option<bool>) -> LendingReplay {
    replay_lending(&TERMS, &path(prices), Timestamp::new(0), rule).unwrap()
}

fn hour(hours: u64) -> Timestamp {
    Timestamp::new(hours * HOUR)
}

#[test]
fn the_lead_is_counted_from_the_alert_that_stands_at_the_liquidation() {
    // 8 × price ÷ 5: 1.6, 1.12, 1.6, 1.12, 1.04, 0.96; what comes after is another account's.
    let prices = known(&[1.0, 0.7, 1.0, 0.7, 0.65, 0.6, 2.0]);
    let seen = replay(&prices, &health_factor_below(1.2));
    assert_eq!(seen.liquidatable_at, Some(hour(5)));
    let first = Episode { from: hour(1), until: Some(hour(2)) };
    assert_eq!(seen.episodes, [first, Episode { from: hour(3), until: None }]);
    assert_eq!(seen.lead_seconds, Some(2 * HOUR));
    assert_eq!(seen.health.len(), 6);
    assert!((seen.health[0].1 - 1.6).abs() < 1e-12);
    assert_eq!((seen.undecided, seen.missing.len()), (0, 0));
}

#[test]
fn an_alert_at_the_liquidation_itself_has_no_lead_and_a_silent_rule_has_none_at_all() {
    let prices = known(&[1.0, 0.5]);
    assert_eq!(replay(&prices, &health_factor_below(1.2)).lead_seconds, Some(0));
    let silent = replay(&prices, &|_| Some(false));
    assert_eq!((silent.liquidatable_at, silent.lead_seconds), (Some(hour(1)), None));
    let survivor = replay(&known(&[1.0, 0.7]), &health_factor_below(1.2));
    assert_eq!((survivor.liquidatable_at, survivor.lead_seconds), (None, None));
    assert_eq!(survivor.episodes.len(), 1);
}

#[test]
fn a_factor_of_exactly_one_is_not_liquidatable() {
    assert_eq!(replay(&known(&[0.625]), &|_| Some(false)).liquidatable_at, None);
}

#[test]
fn a_rule_that_cannot_tell_closes_no_alert() {
    let blind = |moment: &Moment<'_>| (moment.at != hour(1)).then_some(moment.health_factor < 1.2);
    let seen = replay(&known(&[0.7, 1.0, 0.7, 0.5]), &blind);
    assert_eq!(seen.undecided, 1);
    assert_eq!(seen.lead_seconds, Some(3 * HOUR));
}

#[test]
fn a_step_without_a_price_is_counted_and_has_no_factor() {
    let seen = replay(&[Some(1.0), None, Some(f64::NAN), Some(0.5)], &health_factor_below(1.2));
    assert_eq!(seen.missing, [Missing { asset: 0, steps: 2 }]);
    assert_eq!(seen.health.len(), 2);
    assert_eq!(seen.liquidatable_at, Some(hour(3)));
}

#[test]
fn an_asset_that_takes_no_part_needs_no_price() {
    let idle = LendingTerm { weighted_collateral: 0.0, debt: 0.0 };
    let rows = vec![known(&[1.0, 0.7]), known(&[1.0, 1.0]), vec![None, None]];
    let path = PricePath::new(Timestamp::new(0), HOUR, rows).unwrap();
    let terms = [TERMS[0], TERMS[1], idle];
    let seen = replay_lending(&terms, &path, Timestamp::new(0), &health_factor_below(1.2)).unwrap();
    assert_eq!((seen.health.len(), seen.missing.len()), (2, 0));
}

#[test]
fn what_cannot_be_replayed_is_named() {
    let ask = |terms: &[LendingTerm], prices: &[Option<f64>], from| {
        replay_lending(terms, &path(prices), from, &health_factor_below(1.2)).unwrap_err()
    };
    let (start, prices) = (Timestamp::new(0), known(&[1.0, 1.0]));
    assert_eq!(ask(&[], &prices, start), Shortage::NoPositions);
    assert_eq!(ask(&TERMS[..1], &prices, start), Shortage::NoDebt);
    assert_eq!(ask(&TERMS, &prices, hour(2)), Shortage::ImpossiblePeriod);
    assert_eq!(ask(&TERMS, &[None, None], start), Shortage::NoCloses { asset: 0 });
    for wrong in [-1.0, f64::NAN, f64::INFINITY] {
        let terms = [TERMS[0], LendingTerm { weighted_collateral: 0.0, debt: wrong }];
        assert_eq!(ask(&terms, &prices, start), Shortage::ImpossibleAmount { asset: 1 });
    }
}

#[test]
fn the_history_before_the_period_serves_the_rule_and_is_not_replayed() {
    let mut prices: Vec<f64> = (0..100).map(|hour| if hour % 2 == 0 { 1.0 } else { 1.02 }).collect();
    prices.extend([0.9, 0.8, 0.7, 0.66, 0.6]);
    let rule = |window| passage_at_least(0.05, 86_400, window, 60, FilterParameters::default());
    let path = path(&known(&prices));
    let seen = replay_lending(&TERMS, &path, hour(100), &rule(90)).unwrap();
    assert_eq!(seen.health.first().map(|(at, _)| *at), Some(hour(100)));
    assert_eq!(seen.undecided, 0);
    assert!(seen.lead_seconds.unwrap() >= HOUR, "{seen:?}");
    // With a window that is shorter than the fewest moves it can never tell.
    let blind = replay_lending(&TERMS, &path, hour(100), &rule(30)).unwrap();
    assert_eq!((blind.undecided, blind.lead_seconds), (4, Some(0)));
}

#[test]
fn the_moves_of_the_factor_are_the_collaterals_less_the_debts() {
    let rows = vec![vec![None, Some(1.0), Some(2.0), Some(2.0)], known(&[1.0, 1.0, 1.0, 4.0])];
    let path = PricePath::new(Timestamp::new(0), HOUR, rows).unwrap();
    let moves = std::cell::RefCell::new(Vec::new());
    let rule = |moment: &Moment<'_>| {
        moves.borrow_mut().push(moment.moves(10).unwrap());
        Some(false)
    };
    replay_lending(&TERMS, &path, Timestamp::new(0), &rule).unwrap();
    let last = moves.borrow().last().unwrap().clone();
    let wanted = [std::f64::consts::LN_2, -2.0 * std::f64::consts::LN_2];
    assert!(last.iter().zip(wanted).all(|(seen, wanted)| (seen - wanted).abs() < 1e-12), "{last:?}");
    assert_eq!(last.len(), 2);
}

proptest! {
    #[test]
    fn more_debt_never_comes_to_liquidation_later(
        prices in prop::collection::vec(0.1_f64..10.0, 1..50), debt in 0.1_f64..10.0, more in 0.0_f64..10.0,
    ) {
        let path = path(&known(&prices));
        let when = |debt| {
            let terms = [TERMS[0], LendingTerm { weighted_collateral: 0.0, debt }];
            let seen = replay_lending(&terms, &path, Timestamp::new(0), &health_factor_below(1.2)).unwrap();
            seen.liquidatable_at.map_or(u64::MAX, Timestamp::seconds)
        };
        prop_assert!(when(debt + more) <= when(debt));
    }

    #[test]
    fn a_higher_limit_never_has_a_shorter_lead(
        prices in prop::collection::vec(0.3_f64..1.5, 1..50), limit in 1.0_f64..3.0, more in 0.0_f64..1.0,
    ) {
        let prices = known(&prices);
        let lead = |limit| replay(&prices, &health_factor_below(limit)).lead_seconds;
        prop_assert!(lead(limit + more) >= lead(limit));
    }
}
