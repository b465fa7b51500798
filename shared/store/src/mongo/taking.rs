//! Taking messages out of the outbox: each is claimed by one taker, and an alert's only in their order.

use std::collections::{BTreeSet, HashMap};

use mongodb::bson::oid::ObjectId;
use mongodb::bson::{Document, doc};
use risk_app::delivery::Delivery;
use risk_model::ChannelId;
use serde::Deserialize;

use super::base::{Base, OUTBOX, Query};
use super::failure::Failure;
use super::outbox::due_by;
use super::record::Record;

/// Messages looked at in one query, at least.
const WINDOW: u32 = 200;
/// How often a taker that lost its messages to another looks again.
const ROUNDS: u32 = 50;

/// A message that may be taken.
#[derive(Deserialize)]
struct Candidate {
    #[serde(rename = "_id")]
    id: String,
    alert_id: i64,
    sequence: u32,
}

impl Record for Candidate {
    const WHAT: &'static str = "message";
    type Body = Self;

    fn of(body: Self) -> Option<Self> {
        Some(body)
    }
}

fn candidates(filter: Document) -> Query {
    Query::of(OUTBOX, filter).fields(doc! { "alert_id": 1, "sequence": 1 })
}

/// Takes up to `limit` messages that are due at `now` and holds them until `until`.
pub(super) async fn take(
    base: &Base,
    channel: &ChannelId,
    (now, until): (i64, i64),
    limit: u32,
) -> Result<Vec<Delivery>, Failure> {
    let most = usize::try_from(limit).unwrap_or(usize::MAX);
    let mut taken = Vec::new();
    for _ in 0..ROUNDS {
        let ids = first_due(base, channel, now, most - taken.len()).await?;
        if ids.is_empty() {
            break;
        }
        taken.extend(claim(base, &ids, (now, until)).await?);
        if taken.len() >= most {
            break;
        }
    }
    Ok(taken)
}

/// Up to `most` messages that are due and the first of their alert that still waits, longest due first.
async fn first_due(base: &Base, channel: &ChannelId, now: i64, most: usize) -> Result<Vec<String>, Failure> {
    let due = doc! { "waiting": true, "channel": channel.as_str(), "due": due_by(now) };
    let due = candidates(due).order(doc! { "due": 1, "alert_id": 1 });
    let mut firsts = Vec::new();
    let mut skip = 0;
    while firsts.len() < most {
        // Messages that wait for an earlier one of their alert may fill a whole window.
        let window: Vec<Candidate> = base.all(due.clone().page(skip, WINDOW)).await?;
        let waiting = earliest(base, channel, &window).await?;
        let is_first = |one: &&Candidate| waiting.get(&one.alert_id) == Some(&one.sequence);
        firsts.extend(window.iter().filter(is_first).map(|one| one.id.clone()));
        if window.len() < usize::try_from(WINDOW).unwrap_or(usize::MAX) {
            break;
        }
        skip = skip.saturating_add(WINDOW);
    }
    firsts.truncate(most);
    Ok(firsts)
}

/// The sequence of the earliest message to a channel that waits, by alert.
async fn earliest(
    base: &Base,
    channel: &ChannelId,
    window: &[Candidate],
) -> Result<HashMap<i64, u32>, Failure> {
    let alerts: BTreeSet<i64> = window.iter().map(|one| one.alert_id).collect();
    let mut earliest: HashMap<i64, u32> = HashMap::new();
    if alerts.is_empty() {
        return Ok(earliest);
    }
    let alerts: Vec<i64> = alerts.into_iter().collect();
    let waits = doc! { "waiting": true, "channel": channel.as_str(), "alert_id": { "$in": alerts } };
    for one in base.all::<Candidate>(candidates(waits)).await? {
        let first = earliest.entry(one.alert_id).or_insert(one.sequence);
        *first = one.sequence.min(*first);
    }
    Ok(earliest)
}

/// Claims messages and answers those that no other taker claimed first, in the order given. The server changes one
/// document at a time, so of two takers one finds it due and the other does not.
async fn claim(base: &Base, ids: &[String], (now, until): (i64, i64)) -> Result<Vec<Delivery>, Failure> {
    let taker = ObjectId::new();
    let free = doc! { "_id": { "$in": ids }, "waiting": true, "due": due_by(now) };
    let held = doc! { "$set": { "due": until, "taker": taker } };
    base.collection(OUTBOX).update_many(free, held).await?;
    let mut claimed: Vec<Delivery> =
        base.of_each("_id", ids, &Query::of(OUTBOX, doc! { "taker": taker })).await?;
    let place: HashMap<&str, usize> = ids.iter().map(String::as_str).zip(0..).collect();
    claimed.sort_by_key(|one| place.get(one.message.id.to_string().as_str()).copied());
    Ok(claimed)
}
