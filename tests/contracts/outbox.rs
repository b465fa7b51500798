//! Cases of the outbox: messages are written with what they tell, arrive in order, and are taken by one at a time.

use std::sync::Arc;

use risk_app::delivery::{Delivery, MessageId, OutboxState, Route, Settlement, SwitchedOff};
use risk_app::records::{Applied, Commit};
use risk_app::stores::Store;
use risk_engine::alarm::Transition;
use risk_model::{AlertState, ChannelId, Happening, Severity};

use crate::races::at_once;
use crate::samples::{ODD_TEXT, alert, at, escalation, opening, resolution, wallet};

/// Long after every time of these cases.
const LATER: u64 = 1_000_000;

fn channel(name: &str) -> ChannelId {
    name.parse().expect("a name")
}

fn routes(of: &[(&str, Severity)]) -> Arc<[Route]> {
    of.iter()
        .map(|(name, min_severity)| Route { channel: channel(name), min_severity: *min_severity })
        .collect()
}

/// Commits transitions of wallet 1 that are told along routes.
async fn tell(
    store: &Arc<dyn Store>,
    seconds: u64,
    along: &Arc<[Route]>,
    transitions: Vec<Transition>,
) -> Applied {
    let routes = [(wallet(1), Arc::clone(along))].into();
    let commit = Commit { at: at(seconds), transitions, routes, ..Commit::default() };
    store.commit(commit).await.expect("the commit")
}

async fn take(store: &Arc<dyn Store>, name: &str, now: u64) -> Vec<Delivery> {
    store.take(&channel(name), at(now), at(now + 90), 100).await.expect("the messages")
}

async fn settle(store: &Arc<dyn Store>, id: &MessageId, seconds: u64, settlement: Settlement) {
    store.settle(at(seconds), &[(id.clone(), settlement)]).await.expect("the settlement");
}

/// Takes the messages to a channel one after the other, as fast as they are delivered.
async fn deliver_all(store: &Arc<dyn Store>, name: &str) -> Vec<Delivery> {
    let mut all = Vec::new();
    loop {
        let taken = take(store, name, LATER).await;
        if taken.is_empty() {
            return all;
        }
        for delivery in taken {
            settle(store, &delivery.message.id, LATER, Settlement::Delivered).await;
            all.push(delivery);
        }
    }
}

pub(crate) async fn every_happening_is_told_in_order_as_the_alert_was_then(store: Arc<dyn Store>) {
    let along = routes(&[("desk", Severity::Low)]);
    let opened = tell(&store, 1, &along, vec![opening(1, ODD_TEXT)]).await.opened.remove(0);
    tell(&store, 2, &along, vec![escalation(opened.id, Severity::High)]).await;
    store.acknowledge(opened.id, at(3), &along).await.expect("the act");
    store.resolve(opened.id, at(4), "over", &along).await.expect("the act");
    let told = deliver_all(&store, "desk").await;
    let of = |delivery: &Delivery| {
        let message = &delivery.message;
        let alert = &message.alert;
        (message.id.sequence, message.happening, message.at, alert.severity, alert.state)
    };
    let expected = [
        (0, Happening::Opened, at(1), Severity::Medium, AlertState::Open),
        (1, Happening::Escalated, at(2), Severity::High, AlertState::Open),
        (2, Happening::Acknowledged, at(3), Severity::High, AlertState::Acknowledged),
        (3, Happening::Resolved, at(4), Severity::High, AlertState::Resolved),
    ];
    assert_eq!(told.iter().map(of).collect::<Vec<_>>(), expected);
    assert_eq!(told[0].message.alert, opened);
    assert_eq!(told[3].message.alert, alert(&store, opened.id).await);
    assert!(told.iter().all(|one| one.message.id.alert == opened.id && one.attempts == 0));
    assert_eq!(store.outbox().await.expect("the outbox"), OutboxState::default());
}

pub(crate) async fn what_changes_nothing_tells_nothing(store: Arc<dyn Store>) {
    let along = routes(&[("desk", Severity::Low)]);
    let alert = tell(&store, 1, &along, vec![opening(1, "a")]).await.opened.remove(0);
    assert_eq!(deliver_all(&store, "desk").await.len(), 1);
    let refresh = Transition::Refresh {
        id: alert.id,
        clear_sweeps: 1,
        message: "as before".to_owned(),
        action: "wait".to_owned(),
        measured: None,
    };
    let lower = escalation(alert.id, Severity::Low);
    tell(&store, 2, &along, vec![opening(1, "a"), refresh, lower, resolution(alert.id + 9, "x")]).await;
    store.acknowledge(alert.id, at(3), &[]).await.expect("the act");
    store.acknowledge(alert.id, at(4), &along).await.expect("the act");
    store.resolve(alert.id, at(5), "over", &[]).await.expect("the act");
    store.resolve(alert.id, at(6), "again", &along).await.expect("the act");
    assert_eq!(store.outbox().await.expect("the outbox"), OutboxState::default());
    assert!(store.due_channels(at(LATER)).await.expect("the channels").is_empty());
}

pub(crate) async fn a_channel_hears_of_its_severities_only_and_of_their_end(store: Arc<dyn Store>) {
    let along = routes(&[("desk", Severity::Low), ("pager", Severity::High)]);
    let alert = tell(&store, 1, &along, vec![opening(1, "a")]).await.opened.remove(0);
    assert_eq!(store.due_channels(at(1)).await.expect("the channels"), [channel("desk")]);
    tell(&store, 2, &along, vec![escalation(alert.id, Severity::Critical)]).await;
    tell(&store, 3, &along, vec![resolution(alert.id, "clear")]).await;
    assert_eq!(store.due_channels(at(0)).await.expect("the channels"), []);
    assert_eq!(store.due_channels(at(3)).await.expect("the channels"), [channel("desk"), channel("pager")]);
    let sequences = |told: Vec<Delivery>| told.iter().map(|one| one.message.id.sequence).collect::<Vec<_>>();
    assert_eq!(sequences(deliver_all(&store, "desk").await), [0, 1, 2]);
    assert_eq!(sequences(deliver_all(&store, "pager").await), [1, 2]);
}

pub(crate) async fn what_is_taken_waits_for_its_taker_and_comes_back_when_that_one_is_gone(
    store: Arc<dyn Store>,
) {
    let along = routes(&[("desk", Severity::Low)]);
    let alert = tell(&store, 1, &along, vec![opening(1, "a"), opening(1, "b")]).await.opened.remove(0);
    tell(&store, 2, &along, vec![resolution(alert.id, "clear")]).await;
    let taken = take(&store, "desk", 2).await;
    assert_eq!(taken.len(), 2, "only the first message of each alert");
    assert!(take(&store, "desk", 91).await.is_empty());
    assert!(take(&store, "other", 91).await.is_empty());
    let again = take(&store, "desk", 92).await;
    assert_eq!(again, taken, "a taker that died gives back what it took");
    settle(&store, &taken[0].message.id, 92, Settlement::Delivered).await;
    let next = take(&store, "desk", 92).await;
    assert_eq!(next.len(), 1);
    assert_eq!(next[0].message.id, MessageId { sequence: 1, ..taken[0].message.id.clone() });
}

pub(crate) async fn a_message_is_tried_again_later_and_given_up_in_the_end(store: Arc<dyn Store>) {
    let along = routes(&[("desk", Severity::Low)]);
    tell(&store, 1, &along, vec![opening(1, "a")]).await;
    let id = take(&store, "desk", 1).await.remove(0).message.id;
    let why = || ODD_TEXT.to_owned();
    settle(&store, &id, 2, Settlement::Again { at: at(10), why: why() }).await;
    assert!(take(&store, "desk", 9).await.is_empty());
    assert_eq!(take(&store, "desk", 10).await[0].attempts, 1);
    settle(&store, &id, 11, Settlement::Held { at: at(20), why: why() }).await;
    assert_eq!(take(&store, "desk", 20).await[0].attempts, 1, "to be asked to wait is no failure");
    let state = store.outbox().await.expect("the outbox");
    assert_eq!((state.waiting, state.oldest, state.dead), (1, Some(at(1)), 0));
    settle(&store, &id, 21, Settlement::Dead { why: why() }).await;
    assert!(take(&store, "desk", LATER).await.is_empty());
    let state = store.outbox().await.expect("the outbox");
    assert_eq!((state.waiting, state.oldest, state.dead), (0, None, 1));
    let letter = &state.dead_letters[0];
    assert_eq!((&letter.id, letter.attempts, letter.at, &letter.why), (&id, 2, at(21), &why()));
    settle(&store, &id, 22, Settlement::Delivered).await;
    settle(&store, &id, 22, Settlement::Again { at: at(23), why: why() }).await;
    assert_eq!(store.outbox().await.expect("the outbox"), state, "what is settled stays settled");
}

pub(crate) async fn a_dead_message_holds_up_no_later_one(store: Arc<dyn Store>) {
    let along = routes(&[("desk", Severity::Low)]);
    let alert = tell(&store, 1, &along, vec![opening(1, "a")]).await.opened.remove(0);
    tell(&store, 2, &along, vec![resolution(alert.id, "clear")]).await;
    let id = take(&store, "desk", 2).await.remove(0).message.id;
    settle(&store, &id, 3, Settlement::Dead { why: "no".to_owned() }).await;
    assert_eq!(take(&store, "desk", 3).await[0].message.happening, Happening::Resolved);
}

pub(crate) async fn a_channel_is_switched_off_once_and_on_again(store: Arc<dyn Store>) {
    let off =
        |seconds, why: &str| SwitchedOff { channel: channel("desk"), at: at(seconds), why: why.to_owned() };
    store.switch_off(&off(1, "410")).await.expect("the act");
    store.switch_off(&off(2, "404")).await.expect("the act");
    assert_eq!(store.switched_off().await.expect("the channels"), [off(1, "410")]);
    store.switch_on(&channel("desk")).await.expect("the act");
    store.switch_on(&channel("other")).await.expect("the act");
    assert!(store.switched_off().await.expect("the channels").is_empty());
}

pub(crate) async fn fifty_takers_share_every_message_once(store: Arc<dyn Store>) {
    let along = routes(&[("desk", Severity::Low)]);
    let openings = (0..200).map(|number| opening(1, &format!("account {number}"))).collect();
    assert_eq!(tell(&store, 1, &along, openings).await.opened.len(), 200);
    let taken = at_once(std::iter::repeat_n(store, 50), |store, _| async move {
        store.take(&channel("desk"), at(2), at(92), 7).await.expect("the messages")
    })
    .await;
    let mut ids: Vec<MessageId> = taken.into_iter().flatten().map(|one| one.message.id).collect();
    assert_eq!(ids.len(), 200);
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 200, "a message was taken twice");
}
