//! What transactions do to alerts: they are read first, moved in memory by the rules that every store shares, and
//! written together with the messages that tell it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use mongodb::ClientSession;
use mongodb::bson::{Document, doc};
use mongodb::options::{InsertOneModel, ReplaceOneModel, WriteModel};
use risk_app::delivery::Route;
use risk_app::records::{Alert, Applied};
use risk_engine::alarm::{Identity, Transition};
use risk_model::{AlertKind, AlertState, Happening, Timestamp, Wallet};

use super::base::{ALERTS, Base, Query};
use super::failure::Failure;
use super::record::{document, keys, natural};
use super::{alerts, outbox};
use crate::transition::{self, Target};

/// What makes a standing alert the only one of its kind.
type Key = (Wallet, String, AlertKind);

fn key(alert: &Alert) -> Key {
    (alert.wallet, alert.account.clone(), alert.kind)
}

/// The alerts that a transaction is about, as they are by now.
struct Desk<'b> {
    base: &'b Base,
    alerts: BTreeMap<u64, Alert>,
    standing: BTreeSet<Key>,
    opened: BTreeSet<u64>,
    changed: BTreeSet<u64>,
    /// Ids that were not given yet.
    free_ids: std::ops::Range<u64>,
    letters: Vec<WriteModel>,
}

impl<'b> Desk<'b> {
    /// Reads the alerts that transitions name, and those that stand in the way of an opening.
    async fn read(
        base: &'b Base,
        session: &mut ClientSession,
        transitions: &[Transition],
    ) -> Result<Self, Failure> {
        let (mut wallets, mut ids) = (Vec::new(), BTreeSet::new());
        let mut openings = 0_i64;
        for one in transitions {
            match one {
                Transition::Open { identity: Identity { wallet, .. }, .. } => {
                    wallets.push(*wallet);
                    openings += 1;
                }
                Transition::Escalate { id, .. }
                | Transition::Refresh { id, .. }
                | Transition::Resolve { id, .. } => {
                    // An id that no document holds is nobody's.
                    ids.extend(i64::try_from(*id));
                }
            }
        }
        let ids: Vec<i64> = ids.into_iter().collect();
        let named = Query::of(ALERTS, Document::new());
        let mut found: Vec<Alert> = base.of_each_in(session, "_id", &ids, &named).await?;
        let standing = Query::of(ALERTS, doc! { "standing": true });
        found.extend(base.of_each_in::<Alert, _>(session, "wallet", &keys(&wallets), &standing).await?);
        let stands = |alert: &&Alert| alert.state != AlertState::Resolved;
        let standing = found.iter().filter(stands).map(key).collect();
        let alerts = found.into_iter().map(|alert| (alert.id, alert)).collect();
        let free_ids = if openings == 0 { 0..0 } else { next_ids(base, openings).await? };
        let (opened, changed, letters) = (BTreeSet::new(), BTreeSet::new(), Vec::new());
        Ok(Self { base, alerts, standing, opened, changed, free_ids, letters })
    }

    /// Puts a new alert on the desk and answers it with its id; `None` where one of the identity stands.
    fn open(&mut self, alert: Alert) -> Option<Alert> {
        if !self.standing.insert(key(&alert)) {
            return None;
        }
        let alert = Alert { id: self.free_ids.next()?, ..alert };
        self.opened.insert(alert.id);
        self.alerts.insert(alert.id, alert.clone());
        Some(alert)
    }

    /// Lets `change` alter an alert. Answers it as it then is and whether it changed; `None` where there is none.
    fn alter(&mut self, id: u64, change: impl FnOnce(&mut Alert) -> bool) -> Option<(Alert, bool)> {
        let alert = self.alerts.get_mut(&id)?;
        let has_changed = change(alert);
        if has_changed {
            self.changed.insert(id);
            if alert.state == AlertState::Resolved {
                self.standing.remove(&key(alert));
            }
        }
        Some((alert.clone(), has_changed))
    }

    /// Writes the messages that tell what just happened to an alert.
    fn tell(
        &mut self,
        alert: &Alert,
        happening: Happening,
        (at, routes): (Timestamp, &[Route]),
    ) -> Result<(), Failure> {
        for channel in transition::told_to(alert, routes) {
            self.letters.push(outbox::put(self.base, alert, happening, (channel, at))?);
        }
        Ok(())
    }

    /// The writes. What ends comes before what opens: both may be of one identity.
    fn models(self) -> Result<Vec<WriteModel>, Failure> {
        let namespace = self.base.namespace(ALERTS);
        let mut models = Vec::new();
        for alert in self.changed.difference(&self.opened).filter_map(|id| self.alerts.get(id)) {
            let body = document(&alerts::body(alert)?)?;
            let filter = doc! { "_id": body.get("_id") };
            let model =
                ReplaceOneModel::builder().namespace(namespace.clone()).filter(filter).replacement(body);
            models.push(model.build().into());
        }
        for alert in self.opened.iter().filter_map(|id| self.alerts.get(id)) {
            let body = document(&alerts::body(alert)?)?;
            models.push(InsertOneModel::builder().namespace(namespace.clone()).document(body).build().into());
        }
        models.extend(self.letters);
        Ok(models)
    }
}

/// Ids for as many openings. What is not opened after all leaves a gap; no id is ever given twice.
async fn next_ids(base: &Base, count: i64) -> Result<std::ops::Range<u64>, Failure> {
    // Outside of the transaction: openings of different alerts must not wait for each other.
    let first = base.next_numbers(ALERTS, count).await?;
    let ids = natural(first).zip(natural(count)).map(|(first, count)| first..first.saturating_add(count));
    ids.ok_or(Failure::Malformed("counter"))
}

/// Carries out a batch's transitions in order. Answers what they came to and the writes that make it so.
pub(super) async fn apply(
    base: &Base,
    session: &mut ClientSession,
    transitions: &[Transition],
    (at, routes): (Timestamp, &HashMap<Wallet, Arc<[Route]>>),
) -> Result<(Applied, Vec<WriteModel>), Failure> {
    if transitions.is_empty() {
        return Ok((Applied::default(), Vec::new()));
    }
    let mut desk = Desk::read(base, session, transitions).await?;
    let mut applied = Applied::default();
    for one in transitions {
        let moved = match transition::target(one, at) {
            Target::New(alert) => desk.open(*alert),
            Target::Existing(id) => desk
                .alter(id, |alert| transition::alter(alert, one, at))
                .and_then(|(alert, has_changed)| has_changed.then_some(alert)),
        };
        if let Some(alert) = moved {
            if let (Some(happening), Some(routes)) = (transition::happening(one), routes.get(&alert.wallet)) {
                desk.tell(&alert, happening, (at, routes))?;
            }
            transition::note(&mut applied, one, alert);
        }
    }
    Ok((applied, desk.models()?))
}

/// What somebody does to one alert: resolves it with these words, or acknowledges it.
pub(super) struct Hand {
    pub(super) id: u64,
    pub(super) at: Timestamp,
    pub(super) routes: Vec<Route>,
    pub(super) resolution: Option<String>,
}

/// Does it, and tells it where it changed the alert. Answers the alert as it then is.
pub(super) async fn lay_hand(
    base: &Base,
    session: &mut ClientSession,
    hand: &Hand,
) -> Result<Option<Alert>, Failure> {
    // Read by its id as a transition is.
    let named = Transition::Resolve { id: hand.id, reason: String::new() };
    let mut desk = Desk::read(base, session, std::slice::from_ref(&named)).await?;
    let (happening, altered) = match &hand.resolution {
        Some(words) => {
            (Happening::Resolved, desk.alter(hand.id, |alert| transition::resolve(alert, hand.at, words)))
        }
        None => {
            (Happening::Acknowledged, desk.alter(hand.id, |alert| transition::acknowledge(alert, hand.at)))
        }
    };
    let Some((alert, has_changed)) = altered else { return Ok(None) };
    if has_changed {
        desk.tell(&alert, happening, (hand.at, &hand.routes))?;
        base.write_in(session, desk.models()?).await?;
    }
    Ok(Some(alert))
}
