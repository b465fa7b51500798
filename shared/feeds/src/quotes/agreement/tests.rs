//! Every pair of answers and the quote and gap that come of it.

use risk_model::ChainId;

use super::*;
use crate::testing::NOON;

fn asset() -> Asset {
    Asset::native(ChainId::Ethereum)
}

fn priced(usd: f64, age_seconds: u64) -> Said {
    let observed_at = Timestamp::new(NOON - age_seconds);
    Said::Price(Price { usd, observed_at, volume_24h_usd: Some(5.0) })
}

fn unheard(reason: GapReason) -> Said {
    Said::Unheard { reason, since: Some(Timestamp::new(7)) }
}

fn judged(first: &Said, second: &Said) -> (Option<Quote>, Option<Gap>) {
    judge(&asset(), first, second, &QuoteLimits::default(), Timestamp::new(NOON))
}

#[test]
fn two_prices_within_two_percent_confirm_each_other() {
    let (quote, gap) = judged(&priced(100.0, 10), &priced(102.0, 20));
    let quote = quote.unwrap();
    assert_eq!((quote.usd, quote.source, quote.confirmed_by), (100.0, "coingecko", Some("defillama")));
    assert_eq!((quote.observed_at.seconds(), quote.volume_24h_usd), (NOON - 10, Some(5.0)));
    assert_eq!(gap, None);
}

#[test]
fn two_prices_between_two_and_five_percent_give_the_first_and_say_unconfirmed() {
    let (quote, gap) = judged(&priced(100.0, 0), &priced(104.0, 0));
    assert_eq!(quote.unwrap().confirmed_by, None);
    let gap = gap.unwrap();
    assert_eq!((gap.reason, gap.affects), (GapReason::Divergent, Affects::Confirmation));
}

#[test]
fn two_prices_further_than_five_percent_apart_are_no_price_whichever_is_lower() {
    for (one, other) in [(100.0, 105.1), (105.1, 100.0), (2_000.0, 1_400.0), (1e-12, 1e9)] {
        let (quote, gap) = judged(&priced(one, 0), &priced(other, 0));
        assert_eq!(quote, None);
        let gap = gap.unwrap();
        assert_eq!((gap.reason, gap.affects), (GapReason::Divergent, Affects::Value));
        assert!(gap.what.contains("ethereum:native"), "{}", gap.what);
    }
    assert!(judged(&priced(100.0, 0), &priced(105.0, 0)).0.is_some());
}

#[test]
fn either_serves_alone_and_the_other_is_named() {
    let (quote, gap) = judged(&priced(100.0, 0), &Said::Without(GapReason::Missing));
    assert_eq!(quote.unwrap().source, "coingecko");
    let gap = gap.unwrap();
    assert_eq!(
        (gap.source, gap.reason, gap.affects),
        ("defillama", GapReason::Missing, Affects::Confirmation)
    );
    let (quote, gap) = judged(&Said::Without(GapReason::Malformed), &priced(100.0, 0));
    assert_eq!(quote.unwrap().source, "defillama");
    assert_eq!((gap.as_ref().unwrap().source, gap.unwrap().reason), ("coingecko", GapReason::Malformed));
}

#[test]
fn a_failed_provider_is_not_told_again_for_each_asset_it_left_to_the_other() {
    let (quote, gap) = judged(&unheard(GapReason::Unavailable), &priced(100.0, 0));
    assert_eq!((quote.unwrap().source, gap), ("defillama", None));
    let (quote, gap) = judged(&priced(100.0, 0), &unheard(GapReason::Throttled));
    assert_eq!((quote.unwrap().source, gap), ("coingecko", None));
}

#[test]
fn a_price_that_is_too_old_neither_serves_nor_contradicts_a_fresh_one() {
    let (quote, gap) = judged(&priced(100.0, 901), &priced(60.0, 30));
    let quote = quote.unwrap();
    assert_eq!((quote.usd, quote.source, quote.confirmed_by), (60.0, "defillama", None));
    let gap = gap.unwrap();
    assert_eq!((gap.source, gap.reason), ("coingecko", GapReason::Stale));
    assert_eq!(gap.since, Some(Timestamp::new(NOON - 901)));
    assert!(judged(&priced(100.0, 900), &priced(100.0, 0)).0.unwrap().confirmed_by.is_some());
    let (quote, gap) = judged(&priced(100.0, 901), &priced(100.0, 5_000));
    assert_eq!((quote, gap.unwrap().reason), (None, GapReason::Stale));
}

#[test]
fn without_any_price_the_gap_affects_value_and_gives_the_reason_worth_knowing() {
    use GapReason::{Malformed, Missing, Refused, Unavailable};
    let cases = [
        (Said::Without(Missing), Said::Without(Missing), "coingecko", Missing),
        (Said::Without(Missing), Said::Without(Malformed), "defillama", Malformed),
        (Said::Without(Missing), unheard(Unavailable), "defillama", Unavailable),
        (unheard(Refused), unheard(Unavailable), "coingecko", Refused),
        (Said::Without(Malformed), unheard(Unavailable), "defillama", Unavailable),
    ];
    for (first, second, source, reason) in cases {
        let (quote, gap) = judged(&first, &second);
        assert_eq!(quote, None);
        let gap = gap.unwrap();
        assert_eq!((gap.source, gap.reason, gap.affects), (source, reason, Affects::Value));
    }
}
