//! Cases of all that is kept of a wallet: told whole, and deleted whole.

use std::collections::BTreeSet;
use std::sync::Arc;

use risk_app::delivery::{Route, Settlement};
use risk_app::records::Commit;
use risk_app::stores::Store;
use risk_app::traces::Erased;
use risk_engine::alarm::Memory;
use risk_model::{Asset, B256, ChainId, KnownMarkets, Severity, Wallet};

use crate::samples::{
    alert, assessment, at, every_alert, many, opened, opening, opening_of, resolution, transact, wallet,
    watch,
};

fn along() -> Arc<[Route]> {
    let channel = "desk".parse().expect("a name");
    [Route { channel, min_severity: Severity::Low }].into()
}

/// Everything that can be kept of wallets: two alerts each, one of them resolved, their three messages.
async fn fill(store: &Arc<dyn Store>, numbers: &[u64]) {
    let watches: Vec<_> = numbers.iter().map(|number| watch(*number)).collect();
    store.put_watches(&watches).await.expect("the watches");
    for number in numbers {
        let wallet = wallet(*number);
        let markets = KnownMarkets { chain: ChainId::Base, ids: vec![B256::repeat_byte(3)] };
        let other_markets = KnownMarkets { chain: ChainId::Ethereum, ids: vec![] };
        let commit = Commit {
            at: at(1),
            assessments: vec![assessment(*number, 1, true), assessment(*number, 2, false)],
            transitions: vec![opening(*number, "main"), opening(*number, "other")],
            memories: vec![(wallet, Memory { blind_since: Some(at(1)), ..Memory::default() })],
            routes: [(wallet, along())].into(),
            tokens: vec![(wallet, vec![Asset::native(ChainId::Polygon)])],
            markets: vec![(wallet, vec![markets, other_markets])],
            near: vec![(wallet, true)],
            fence: None,
        };
        let opened = store.commit(commit).await.expect("the commit").opened;
        let ended = Commit {
            at: at(3),
            transitions: vec![resolution(opened[1].id, "clear")],
            routes: [(wallet, along())].into(),
            ..Commit::default()
        };
        store.commit(ended).await.expect("the commit");
    }
}

/// Everything that is kept of a wallet, as text: the same text is the same data.
async fn kept(store: &Arc<dyn Store>, wallet: Wallet) -> String {
    let one = [wallet];
    let alerts: Vec<_> =
        every_alert(store).await.into_iter().filter(|alert| alert.wallet == wallet).collect();
    format!(
        "{:?} {:?} {:?} {:?} {:?} {:?} {alerts:?} {:?}",
        store.find_watches(&one).await.expect("the watch"),
        store.latest(&one).await.expect("the assessment"),
        store.last_known(&one).await.expect("the assessment"),
        store.tokens(&one).await.expect("the tokens"),
        store.markets(&one).await.expect("the markets"),
        store.memories(&one).await.expect("the memory"),
        store.traces(&one).await.expect("the traces"),
    )
}

pub(crate) async fn traces_are_what_no_other_port_tells(store: Arc<dyn Store>) {
    assert_eq!(store.traces(&[wallet(1)]).await.expect("none"), []);
    fill(&store, &[1, 2]).await;
    assert_eq!(store.traces(&[]).await.expect("none"), []);
    let traces = store.traces(&[wallet(1), wallet(1), wallet(9)]).await.expect("the traces");
    assert_eq!(traces.len(), 1, "{traces:?}");
    let one = &traces[0];
    assert!(one.wallet == wallet(1) && one.is_near);
    let memory = one.memory.as_deref().expect("a memory");
    assert!(memory.contains("1700000001"), "{memory}");
    let told: Vec<_> = one
        .messages
        .iter()
        .map(|kept| (kept.message.alert.account.as_str(), kept.message.id.sequence, kept.due, kept.attempts))
        .collect();
    let expected = [("main", 0, Some(at(1)), 0), ("other", 0, Some(at(1)), 0), ("other", 1, Some(at(3)), 0)];
    assert_eq!(told, expected);
}

pub(crate) async fn a_message_tells_how_its_attempts_went(store: Arc<dyn Store>) {
    fill(&store, &[1]).await;
    let traces = store.traces(&[wallet(1)]).await.expect("the traces");
    let ids: Vec<_> = traces[0].messages.iter().map(|kept| kept.message.id.clone()).collect();
    let settled = [
        (ids[0].clone(), Settlement::Again { at: at(60), why: "it is busy".to_owned() }),
        (ids[1].clone(), Settlement::Dead { why: "it refused".to_owned() }),
        (ids[2].clone(), Settlement::Delivered),
    ];
    store.settle(at(50), &settled).await.expect("the settlement");
    let messages = store.traces(&[wallet(1)]).await.expect("the traces").remove(0).messages;
    let told: Vec<_> = messages
        .iter()
        .map(|kept| (kept.message.id.clone(), kept.attempts, kept.due, kept.given_up_at, kept.why.as_deref()))
        .collect();
    let expected = [
        (ids[0].clone(), 1, Some(at(60)), None, Some("it is busy")),
        (ids[1].clone(), 1, None, Some(at(50)), Some("it refused")),
    ];
    assert_eq!(told, expected);
    assert_eq!(store.erase(&[wallet(1)]).await.expect("the end").messages, 2);
    assert_eq!(store.outbox().await.expect("the outbox").dead, 0);
}

pub(crate) async fn erasing_leaves_nothing_of_a_wallet_and_everything_of_the_others(store: Arc<dyn Store>) {
    fill(&store, &[1, 2, 3]).await;
    let others = [kept(&store, wallet(1)).await, kept(&store, wallet(3)).await];
    let untouched = kept(&store, wallet(9)).await;
    let erased = store.erase(&[wallet(2), wallet(2), wallet(9)]).await.expect("the end");
    let expected = Erased {
        watches: 1,
        assessments: 2,
        token_lists: 1,
        market_lists: 2,
        memories: 1,
        alerts: 2,
        standing_alerts: 1,
        messages: 3,
        events: 0,
    };
    assert_eq!(erased, expected);
    assert_eq!(kept(&store, wallet(2)).await, untouched, "something is left");
    assert_eq!([kept(&store, wallet(1)).await, kept(&store, wallet(3)).await], others);
    assert_eq!(store.count_standing().await.expect("a count"), 2);
    assert_eq!(store.outbox().await.expect("the outbox").waiting, 6);
    let again = store.erase(&[wallet(2)]).await.expect("the end");
    assert_eq!(again, Erased::default());
    assert_eq!(store.erase(&[]).await.expect("nothing"), Erased::default());
}

pub(crate) async fn what_was_erased_may_begin_anew_and_its_ids_are_not_given_again(store: Arc<dyn Store>) {
    fill(&store, &[1]).await;
    let last = every_alert(&store).await[0].id;
    let gone: BTreeSet<u64> = every_alert(&store).await.iter().map(|alert| alert.id).collect();
    store.erase(&[wallet(1)]).await.expect("the end");
    for id in &gone {
        assert_eq!(store.find_alert(*id).await.expect("an answer"), None);
        assert_eq!(store.acknowledge(*id, at(9), &along()).await.expect("an answer"), None);
    }
    // The same identity, whose alert stood when it was erased.
    let anew = opened(&store, 10, opening(1, "main")).await;
    assert!(anew.id > last, "an id came twice");
    assert_eq!(anew.told, 1);
    // A run that still knows the erased alert changes nothing.
    let late = transact(&store, 11, vec![resolution(last, "late")]).await;
    assert_eq!(late, risk_app::records::Applied::default());
    assert_eq!(alert(&store, anew.id).await, anew);
    store.put_watches(&[watch(1)]).await.expect("the watch");
    assert_eq!(store.count_watches().await.expect("a count"), 1);
}

pub(crate) async fn thousands_of_wallets_are_erased_in_one_act(store: Arc<dyn Store>) {
    let kind = risk_model::AlertKind::DataBlind;
    let last = many(&store, 3_000);
    let openings = (0..=last).map(|number| opening_of(number, "", kind, Severity::High)).collect();
    transact(&store, 1, openings).await;
    assert_eq!(store.count_standing().await.expect("a count"), last + 1);
    let wallets: Vec<Wallet> = (0..last).map(wallet).collect();
    let erased = store.erase(&wallets).await.expect("the end");
    assert_eq!((erased.alerts, erased.standing_alerts), (last, last));
    let left = every_alert(&store).await;
    assert_eq!(left.iter().map(|alert| alert.wallet).collect::<Vec<_>>(), [wallet(last)]);
}
