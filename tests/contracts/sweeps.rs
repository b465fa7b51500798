//! Cases of sweep reports, leases and lanes.

use std::sync::Arc;
use std::time::Duration;

use risk_app::records::{Commit, SweepReport};
use risk_app::stores::{Store, StoreError};
use risk_app::sweeping::{Fence, Lane, Lease};

use crate::samples::{ODD_TEXT, assessment, at, wallet, watch};

fn report(number: u64) -> SweepReport {
    SweepReport {
        started_at: at(number),
        finished_at: at(number + 9),
        wallets: number + 1,
        unknown: number + 2,
        opened: number + 3,
        escalated: number + 4,
        resolved: number + 5,
        lane: "near".to_owned(),
        shard: format!("{number}/9"),
        stopped: number.is_multiple_of(2).then(|| ODD_TEXT.to_owned()),
    }
}

pub(crate) async fn reports_come_newest_first(store: Arc<dyn Store>) {
    assert_eq!(store.recent(None, 5).await.unwrap(), []);
    for number in 0..4 {
        store.record(&report(number)).await.unwrap();
    }
    assert_eq!(store.recent(None, 3).await.unwrap(), [report(3), report(2), report(1)]);
    assert_eq!(store.recent(None, 100).await.unwrap().len(), 4);
    assert_eq!(store.recent(None, 0).await.unwrap(), []);
    let every = SweepReport { lane: "every".to_owned(), ..report(1) };
    store.record(&every).await.unwrap();
    assert_eq!(store.recent(Some(Lane::Every), 9).await.unwrap(), [every]);
    assert_eq!(store.recent(Some(Lane::Near), 1).await.unwrap(), [report(3)]);
}

pub(crate) async fn only_the_newest_thousand_reports_are_kept(store: Arc<dyn Store>) {
    for number in 0..1_005 {
        store.record(&report(number)).await.unwrap();
    }
    let kept = store.recent(None, u32::MAX).await.unwrap();
    assert_eq!(kept.len(), 1_000);
    assert_eq!((kept[0].started_at, kept[999].started_at), (at(1_004), at(5)));
}

/// Takes the lease of the whole list; its token, or `None`.
async fn lease(store: &Arc<dyn Store>, holder: &str, from: u64, to: u64) -> Option<u64> {
    let lease = store.lease("every:0/1", holder, at(from), at(to)).await.expect("the lease");
    lease.map(|lease| lease.token)
}

/// A commit of one assessment under a lease.
fn fenced(token: u64, number: u64, cursor: Option<u64>) -> Commit {
    let fence = Fence { lease: "every:0/1".to_owned(), token, cursor: cursor.map(wallet) };
    Commit {
        at: at(1),
        assessments: vec![assessment(number, 1, true)],
        fence: Some(fence),
        ..Commit::default()
    }
}

pub(crate) async fn a_lease_keeps_a_second_sweep_out_until_it_runs_out(store: Arc<dyn Store>) {
    assert_eq!(lease(&store, "first", 0, 60).await, Some(1));
    assert_eq!(lease(&store, "second", 1, 61).await, None);
    assert_eq!(lease(&store, "second", 59, 119).await, None);
    assert!(store.lease("near:0/1", "second", at(1), at(61)).await.unwrap().is_some(), "another lease");
    assert_eq!(lease(&store, "second", 60, 120).await, Some(2), "it runs out at its end");
    assert_eq!(lease(&store, "first", 61, 121).await, None, "now it is the other's");
}

pub(crate) async fn a_holder_renews_its_own_lease(store: Arc<dyn Store>) {
    assert_eq!(lease(&store, ODD_TEXT, 0, 60).await, Some(1));
    assert_eq!(lease(&store, ODD_TEXT, 50, 110).await, Some(1), "a renewal is no change of hands");
    assert_eq!(lease(&store, "second", 100, 160).await, None, "the renewal counts");
}

pub(crate) async fn only_the_holder_releases(store: Arc<dyn Store>) {
    store.release("every:0/1", "nobody", true).await.unwrap();
    assert_eq!(lease(&store, "first", 0, 60).await, Some(1));
    store.release("every:0/1", "second", true).await.unwrap();
    assert_eq!(lease(&store, "second", 1, 61).await, None);
    store.release("every:0/1", "first", true).await.unwrap();
    assert_eq!(lease(&store, "second", 1, 61).await, Some(2));
}

pub(crate) async fn a_pass_goes_on_where_the_last_run_of_it_ended(store: Arc<dyn Store>) {
    let taken = async |holder: &str, now| {
        store.lease("every:0/1", holder, at(now), at(now + 60)).await.expect("the lease").expect("it is free")
    };
    assert_eq!(taken("first", 0).await, Lease { token: 1, cursor: None, began_at: at(0) });
    store.commit(fenced(1, 3, Some(3))).await.unwrap();
    store.commit(fenced(1, 4, None)).await.unwrap();
    store.release("every:0/1", "first", false).await.unwrap();
    let second = Lease { token: 2, cursor: Some(wallet(3)), began_at: at(0) };
    assert_eq!(taken("second", 10).await, second, "the same pass, which began before");
    store.commit(fenced(2, 5, Some(5))).await.unwrap();
    assert_eq!(taken("second", 11).await, Lease { cursor: Some(wallet(5)), ..second });
    assert_eq!(taken("third", 71).await, Lease { token: 3, cursor: Some(wallet(5)), began_at: at(0) });
    store.release("every:0/1", "third", true).await.unwrap();
    assert_eq!(taken("fourth", 72).await, Lease { token: 4, cursor: None, began_at: at(72) });
}

pub(crate) async fn what_a_run_writes_after_it_lost_its_lease_is_refused_as_a_whole(store: Arc<dyn Store>) {
    assert_eq!(lease(&store, "first", 0, 60).await, Some(1));
    store.commit(fenced(1, 1, Some(1))).await.unwrap();
    assert_eq!(lease(&store, "second", 60, 120).await, Some(2));
    let late = store.commit(fenced(1, 2, Some(2))).await;
    assert!(matches!(late, Err(StoreError::Fenced)), "{late:?}");
    assert!(store.latest(&[wallet(2)]).await.unwrap().is_empty());
    store.commit(fenced(2, 7, Some(7))).await.unwrap();
    store.release("every:0/1", "second", false).await.unwrap();
    let given_back = store.commit(fenced(2, 8, Some(8))).await;
    assert!(matches!(given_back, Err(StoreError::Fenced)), "{given_back:?}");
    let unknown = Fence { lease: "every:1/9".to_owned(), token: 1, cursor: None };
    let unknown = store.commit(Commit { fence: Some(unknown), ..Commit::default() }).await;
    assert!(matches!(unknown, Err(StoreError::Fenced)), "{unknown:?}");
}

pub(crate) async fn a_run_goes_on_after_exactly_what_the_last_one_wrote(store: Arc<dyn Store>) {
    assert_eq!(lease(&store, "first", 0, 60).await, Some(1));
    let first = {
        let store = Arc::clone(&store);
        tokio::spawn(async move {
            let mut written = 0;
            while store.commit(fenced(1, written + 1, Some(written + 1))).await.is_ok() {
                written += 1;
            }
            written
        })
    };
    tokio::time::sleep(Duration::from_millis(100)).await;
    let second = store.lease("every:0/1", "second", at(60), at(120)).await.unwrap().expect("it ran out");
    let written = first.await.unwrap();
    assert!(written > 0, "nothing was written before the lease was taken");
    assert_eq!(
        second.cursor,
        Some(wallet(written)),
        "a commit after the taking went through, or was not seen"
    );
    assert!(store.latest(&[wallet(written + 1)]).await.unwrap().is_empty());
}

pub(crate) async fn a_lane_is_paged_within_its_shard(store: Arc<dyn Store>) {
    let watches: Vec<_> = (1..=6).map(watch).collect();
    store.put_watches(&watches).await.unwrap();
    let near = vec![(wallet(2), true), (wallet(3), true), (wallet(5), true), (wallet(9), true)];
    store.commit(Commit { near, ..Commit::default() }).await.unwrap();
    let page = async |lane, after: Option<u64>, last, limit| {
        let page = store.page_lane(lane, after.map(wallet), wallet(last), limit).await.expect("the page");
        page.iter().map(|watch| (1..=9).find(|number| wallet(*number) == watch.wallet)).collect::<Vec<_>>()
    };
    assert_eq!(page(Lane::Every, None, 4, 3).await, [Some(1), Some(2), Some(3)]);
    assert_eq!(page(Lane::Every, Some(3), 4, 3).await, [Some(4)]);
    assert_eq!(page(Lane::Every, Some(4), 4, 3).await, []);
    assert_eq!(page(Lane::Every, Some(5), 4, 3).await, []);
    assert_eq!(page(Lane::Near, None, 9, 2).await, [Some(2), Some(3)]);
    assert_eq!(page(Lane::Near, Some(3), 9, 2).await, [Some(5)], "wallet 9 is near and not watched");
    let near = vec![(wallet(2), false), (wallet(3), true), (wallet(6), false)];
    store.commit(Commit { near, ..Commit::default() }).await.unwrap();
    assert_eq!(page(Lane::Near, None, 9, 9).await, [Some(3), Some(5)]);
}
