//! Histories over the wire: kept until the next close, failures for a minute, one request for one coin.

use risk_model::{Address, ChainId};
use serde_json::json;

use super::*;
use crate::coingecko::CoinGeckoSettings;
use crate::key::Key;
use crate::testing::{Answer, NOON, Provider, SetClock, client};

const TODAY: u64 = NOON / DAY_SECONDS;

/// A chart of `days` daily closes up to midnight of `today`, and a "now".
fn chart(today: u64, days: u64) -> Answer {
    let bar = |day: u64| json!([day * DAY_SECONDS * 1_000, 100.0]);
    let mut points: Vec<_> = (today + 1 - days..=today).map(bar).collect();
    points.push(json!([(today * DAY_SECONDS + 1_800) * 1_000, 7.0]));
    Answer::ok(json!({"prices": points}))
}

fn histories(provider: &Provider, clock: &Arc<SetClock>) -> PriceHistories {
    histories_within(Duration::from_millis(800), provider, clock)
}

fn histories_within(deadline: Duration, provider: &Provider, clock: &Arc<SetClock>) -> PriceHistories {
    let mut settings = CoinGeckoSettings::new(provider.base_url.clone(), Key::new("CG-test"));
    settings.requests_per_minute = None;
    settings.deadline = deadline;
    let coingecko = CoinGecko::new(&client(), settings, clock.clone()).unwrap();
    PriceHistories::new(Arc::new(coingecko), clock.clone())
}

fn eth() -> Asset {
    Asset::native(ChainId::Ethereum)
}

#[tokio::test]
async fn eth_on_four_chains_is_one_request_and_the_closes_are_dated_by_their_last_day() {
    let provider = Provider::answering(|_| chart(TODAY, 30)).await;
    let histories = histories(&provider, &SetClock::at(NOON));
    let assets = [ChainId::Ethereum, ChainId::Base, ChainId::Arbitrum, ChainId::Optimism].map(Asset::native);
    let found = histories.daily(&assets, 30).await;
    assert_eq!(provider.seen().len(), 1);
    for asset in &assets {
        let closes = &found.values[asset];
        assert_eq!((closes.first_day, closes.closes.len()), (TODAY - 30, 30));
    }
    assert!(found.asset_gaps.is_empty() && found.gaps.is_empty());
    assert_eq!(found.readings.len(), 1);
    assert_eq!(found.readings[0].observed_at.seconds(), TODAY * DAY_SECONDS);
}

#[tokio::test]
async fn closes_are_asked_again_only_when_the_next_day_has_its_own() {
    let provider = Provider::answering(|_| chart(TODAY, 30)).await;
    let clock = SetClock::at(NOON);
    let histories = histories(&provider, &clock);
    histories.daily(&[eth()], 30).await;
    // 00:39 of the next day.
    clock.pass(DAY_SECONDS - 43_200 + 39 * 60);
    histories.daily(&[eth()], 30).await;
    assert_eq!(provider.seen().len(), 1);
    clock.pass(60);
    provider.change(|_| chart(TODAY + 1, 30));
    let found = histories.daily(&[eth()], 30).await;
    assert_eq!(provider.seen().len(), 2);
    assert_eq!(found.values[&eth()].first_day, TODAY - 29);
}

#[test]
fn the_next_close_after_midnight_is_forty_minutes_away() {
    let midnight = TODAY * DAY_SECONDS;
    assert_eq!(next_close(Timestamp::new(midnight)).seconds(), midnight + 2_400);
    assert_eq!(next_close(Timestamp::new(midnight + 2_399)).seconds(), midnight + 2_400);
    assert_eq!(next_close(Timestamp::new(midnight + 2_400)).seconds(), midnight + 2_400 + DAY_SECONDS);
}

#[tokio::test]
async fn a_failure_is_a_gap_that_affects_volatility_and_is_forgotten_after_a_minute() {
    let provider = Provider::answering(|_| Answer::status(401)).await;
    let clock = SetClock::at(NOON);
    let histories = histories(&provider, &clock);
    for _ in 0..2 {
        let found = histories.daily(&[eth()], 30).await;
        assert!(found.values.is_empty() && found.readings.is_empty());
        let gap = &found.asset_gaps[&eth()][0];
        assert_eq!(
            (gap.source, gap.reason, gap.affects),
            ("coingecko", GapReason::Refused, Affects::Volatility)
        );
        clock.pass(30);
    }
    assert_eq!(provider.seen().len(), 1);
    provider.change(|_| chart(TODAY, 30));
    let found = histories.daily(&[eth()], 30).await;
    assert!(found.values.contains_key(&eth()) && found.asset_gaps.is_empty());
}

#[tokio::test]
async fn closes_of_yesterday_serve_through_a_failure_which_stays_named_and_older_ones_do_not() {
    let provider = Provider::answering(|_| chart(TODAY, 30)).await;
    let clock = SetClock::at(NOON);
    let histories = histories(&provider, &clock);
    histories.daily(&[eth()], 30).await;
    provider.change(|_| Answer::status(401));
    clock.pass(DAY_SECONDS);
    let found = histories.daily(&[eth()], 30).await;
    assert_eq!(found.values[&eth()].first_day, TODAY - 30);
    assert_eq!(found.asset_gaps[&eth()][0].affects, Affects::Confirmation);
    clock.pass(DAY_SECONDS);
    let found = histories.daily(&[eth()], 30).await;
    assert!(found.values.is_empty());
    assert_eq!(found.asset_gaps[&eth()][0].affects, Affects::Volatility);
}

#[tokio::test]
async fn a_coin_the_provider_does_not_know_is_missing_and_not_asked_again_within_the_hour() {
    let unknown = || Answer { status: 404, ..Answer::ok(json!({"error": "coin not found"})) };
    let provider = Provider::answering(move |seen| match seen.path.as_str() {
        "/coins/list" => Answer::status(401),
        _ => unknown(),
    })
    .await;
    let clock = SetClock::at(NOON);
    let histories = histories(&provider, &clock);
    let spam = Asset::contract(ChainId::Base, Address::repeat_byte(0xbd));
    for _ in 0..3 {
        let found = histories.daily(&[spam], 30).await;
        assert_eq!(found.asset_gaps[&spam][0].reason, GapReason::Missing);
        clock.pass(1_199);
    }
    let charts = provider.seen().iter().filter(|seen| seen.path != "/coins/list").count();
    assert_eq!(charts, 1);
}

#[tokio::test]
async fn questions_at_the_same_time_share_one_request() {
    let slow = || Answer { wait: Duration::from_millis(100), ..chart(TODAY, 30) };
    let provider = Provider::answering(move |_| slow()).await;
    let histories = histories(&provider, &SetClock::at(NOON));
    let asked =
        futures::future::join_all((0..20).map(|_| async { histories.daily(&[eth()], 30).await })).await;
    assert!(asked.iter().all(|found| found.values.contains_key(&eth())));
    assert_eq!(provider.seen().len(), 1);
}

#[tokio::test]
async fn charts_that_do_not_come_in_time_are_gaps_and_the_rest_is_there() {
    let provider = Provider::answering(move |seen| match seen.path.as_str() {
        "/coins/list" => Answer::status(401),
        // The first eight coins, and nobody else ever.
        path if path.contains("/0x0") => chart(TODAY, 30),
        _ => Answer { wait: Duration::from_secs(3_600), ..chart(TODAY, 30) },
    })
    .await;
    let clock = SetClock::at(NOON);
    let histories = histories_within(Duration::from_secs(4), &provider, &clock);
    let assets: Vec<_> =
        (8..=47_u8).map(|byte| Asset::contract(ChainId::Base, Address::repeat_byte(byte))).collect();
    let found = histories.daily(&assets, 30).await;
    assert_eq!((found.values.len(), found.asset_gaps.len()), (8, 32));
}
