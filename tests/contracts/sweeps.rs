//! Cases of sweep reports and the lease.

use std::sync::Arc;

use risk_app::records::SweepReport;
use risk_app::stores::Store;

use crate::samples::{ODD_TEXT, at};

fn report(number: u64) -> SweepReport {
    SweepReport {
        started_at: at(number),
        finished_at: at(number + 9),
        wallets: number + 1,
        unknown: number + 2,
        opened: number + 3,
        escalated: number + 4,
        resolved: number + 5,
        stopped: number.is_multiple_of(2).then(|| ODD_TEXT.to_owned()),
    }
}

pub(crate) async fn reports_come_newest_first(store: Arc<dyn Store>) {
    assert_eq!(store.recent(5).await.unwrap(), []);
    for number in 0..4 {
        store.record(&report(number)).await.unwrap();
    }
    assert_eq!(store.recent(3).await.unwrap(), [report(3), report(2), report(1)]);
    assert_eq!(store.recent(100).await.unwrap().len(), 4);
    assert_eq!(store.recent(0).await.unwrap(), []);
}

pub(crate) async fn only_the_newest_thousand_reports_are_kept(store: Arc<dyn Store>) {
    for number in 0..1_005 {
        store.record(&report(number)).await.unwrap();
    }
    let kept = store.recent(u32::MAX).await.unwrap();
    assert_eq!(kept.len(), 1_000);
    assert_eq!((kept[0].started_at, kept[999].started_at), (at(1_004), at(5)));
}

pub(crate) async fn a_lease_keeps_a_second_sweep_out_until_it_runs_out(store: Arc<dyn Store>) {
    assert!(store.lease("first", at(0), at(60)).await.unwrap());
    assert!(!store.lease("second", at(1), at(61)).await.unwrap());
    assert!(!store.lease("second", at(59), at(119)).await.unwrap());
    assert!(store.lease("second", at(60), at(120)).await.unwrap(), "it runs out at its end");
    assert!(!store.lease("first", at(61), at(121)).await.unwrap(), "now it is the other's");
}

pub(crate) async fn a_holder_renews_its_own_lease(store: Arc<dyn Store>) {
    assert!(store.lease(ODD_TEXT, at(0), at(60)).await.unwrap());
    assert!(store.lease(ODD_TEXT, at(50), at(110)).await.unwrap());
    assert!(!store.lease("second", at(100), at(160)).await.unwrap(), "the renewal counts");
}

pub(crate) async fn only_the_holder_releases(store: Arc<dyn Store>) {
    store.release("nobody").await.unwrap();
    assert!(store.lease("first", at(0), at(60)).await.unwrap());
    store.release("second").await.unwrap();
    assert!(!store.lease("second", at(1), at(61)).await.unwrap());
    store.release("first").await.unwrap();
    assert!(store.lease("second", at(1), at(61)).await.unwrap());
}
