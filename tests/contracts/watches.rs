//! Cases of the watch list.

use std::sync::Arc;

use risk_app::records::Watch;
use risk_app::stores::Store;
use risk_model::{OwnThresholds, Severity, ThresholdName, Wallet};

use crate::samples::{ODD_TEXT, at, many, wallet, watch};

/// Each at its least and a little.
fn every_threshold() -> OwnThresholds {
    let mut own = OwnThresholds::new();
    for name in ThresholdName::ALL {
        own.set(*name, name.bounds().0 + 0.007).unwrap();
    }
    own
}

pub(crate) async fn a_watch_reads_back_as_it_was_put(store: Arc<dyn Store>) {
    let full = Watch {
        label: Some(ODD_TEXT.to_owned()),
        health_factor_threshold: Some(1.234_567_890_123),
        thresholds: every_threshold(),
        channels: Some(vec!["desk".parse().unwrap(), "night-shift_2".parse().unwrap()]),
        min_severity: Some(Severity::High),
        updated_at: at(9),
        ..watch(1)
    };
    let bare = watch(2);
    let silent = Watch { channels: Some(vec![]), ..watch(3) };
    store.put_watches(&[full.clone(), bare.clone(), silent.clone()]).await.unwrap();
    assert_eq!(store.find_watches(&[silent.wallet]).await.unwrap(), [silent], "nowhere is not by default");
    assert_eq!(store.find_watches(&[full.wallet]).await.unwrap(), [full]);
    assert_eq!(store.find_watches(&[bare.wallet]).await.unwrap(), [bare]);
    assert_eq!(store.count_watches().await.unwrap(), 3);
}

pub(crate) async fn putting_again_changes_everything_but_the_beginning(store: Arc<dyn Store>) {
    let before = Watch {
        label: Some("before".to_owned()),
        health_factor_threshold: Some(1.5),
        thresholds: every_threshold(),
        channels: Some(vec![]),
        min_severity: Some(Severity::Low),
        ..watch(1)
    };
    let after = Watch { created_at: at(50), updated_at: at(50), ..watch(1) };
    store.put_watches(&[before]).await.unwrap();
    store.put_watches(&[after]).await.unwrap();
    let kept = Watch { created_at: at(0), updated_at: at(50), ..watch(1) };
    assert_eq!(store.find_watches(&[wallet(1)]).await.unwrap(), [kept]);
    assert_eq!(store.count_watches().await.unwrap(), 1);
}

pub(crate) async fn removing_answers_how_many_were_there(store: Arc<dyn Store>) {
    store.put_watches(&[watch(1), watch(2), watch(3)]).await.unwrap();
    let removed = store.remove_watches(&[wallet(1), wallet(1), wallet(3), wallet(9)]).await.unwrap();
    assert_eq!(removed, 2);
    assert_eq!(store.remove_watches(&[wallet(1)]).await.unwrap(), 0);
    assert_eq!(store.remove_watches(&[]).await.unwrap(), 0);
    assert_eq!(store.page_watches(None, 10).await.unwrap(), [watch(2)]);
}

pub(crate) async fn finding_answers_each_watched_wallet_once(store: Arc<dyn Store>) {
    store.put_watches(&[watch(1), watch(2)]).await.unwrap();
    let found = store.find_watches(&[wallet(2), wallet(2), wallet(7)]).await.unwrap();
    assert_eq!(found, [watch(2)]);
    assert_eq!(store.find_watches(&[]).await.unwrap(), []);
}

/// Every page of the list, each of `limit` wallets.
async fn walk(store: &Arc<dyn Store>, limit: u32) -> Vec<Wallet> {
    let mut seen: Vec<Wallet> = Vec::new();
    loop {
        let page = store.page_watches(seen.last().copied(), limit).await.unwrap();
        assert!(page.len() <= usize::try_from(limit).unwrap());
        if page.is_empty() {
            return seen;
        }
        seen.extend(page.iter().map(|watch| watch.wallet));
    }
}

pub(crate) async fn pages_go_through_the_list_in_the_order_of_the_address(store: Arc<dyn Store>) {
    let numbers = [u64::MAX, 0, 5, 1 << 63, 300, 17, 255, 256];
    let watches: Vec<Watch> = numbers.into_iter().map(watch).collect();
    store.put_watches(&watches).await.unwrap();
    let mut sorted: Vec<Wallet> = watches.iter().map(|watch| watch.wallet).collect();
    sorted.sort();
    for limit in [1, 3, 8, 200] {
        assert_eq!(walk(&store, limit).await, sorted, "pages of {limit}");
    }
    assert_eq!(store.page_watches(None, 0).await.unwrap(), []);
    assert_eq!(store.page_watches(Some(wallet(u64::MAX)), 5).await.unwrap(), []);
}

pub(crate) async fn pages_skip_nothing_that_stands_while_others_write(store: Arc<dyn Store>) {
    let standing: Vec<Watch> = (0..200).map(|number| watch(number * 10)).collect();
    store.put_watches(&standing).await.unwrap();
    let writer = {
        let store = Arc::clone(&store);
        tokio::spawn(async move {
            for number in 0..200_u64 {
                let passing = watch(number * 10 + 5);
                store.put_watches(std::slice::from_ref(&passing)).await.unwrap();
                if number.is_multiple_of(2) {
                    store.remove_watches(&[passing.wallet]).await.unwrap();
                }
            }
        })
    };
    while !writer.is_finished() {
        let seen = walk(&store, 7).await;
        assert!(seen.is_sorted_by(|a, b| a < b), "a wallet came twice or out of order");
        for watch in &standing {
            assert!(seen.binary_search(&watch.wallet).is_ok(), "{} was skipped", watch.wallet);
        }
    }
    writer.await.unwrap();
    assert_eq!(walk(&store, 7).await.len(), 300);
}

pub(crate) async fn thousands_of_wallets_go_in_one_call(store: Arc<dyn Store>) {
    let watches: Vec<Watch> = (0..many(&store, 5_000)).map(watch).collect();
    let wallets: Vec<Wallet> = watches.iter().map(|watch| watch.wallet).collect();
    store.put_watches(&watches).await.unwrap();
    let mut found = store.find_watches(&wallets).await.unwrap();
    found.sort_by_key(|watch| watch.wallet);
    assert_eq!(found, watches);
    assert_eq!(store.remove_watches(&wallets).await.unwrap(), many(&store, 5_000));
    assert_eq!(store.count_watches().await.unwrap(), 0);
}
