//! Alerts in memory.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use risk_app::delivery::Route;
use risk_app::records::{Alert, AlertFilter, Applied};
use risk_app::stores::{Alerts, StoreError};
use risk_engine::alarm::Transition;
use risk_model::{AlertKind, AlertState, Happening, Timestamp, Wallet};

use super::{MemoryStore, Shelves, counted};
use crate::transition::{self, Target};

/// What makes a standing alert the only one of its kind.
fn identity(alert: &Alert) -> (Wallet, String, AlertKind) {
    (alert.wallet, alert.account.clone(), alert.kind)
}

/// Whether an alert passes a filter, apart from its place in the list.
fn passes(alert: &Alert, filter: &AlertFilter) -> bool {
    filter.wallets.as_ref().is_none_or(|wallets| wallets.contains(&alert.wallet))
        && filter.severity.is_none_or(|severity| severity == alert.severity)
        && filter.kind.is_none_or(|kind| kind == alert.kind)
        && filter.resolved.is_none_or(|resolved| resolved == (alert.state == AlertState::Resolved))
}

impl Shelves {
    /// Carries out a batch's transitions in order.
    pub(super) fn apply(
        &mut self,
        transitions: &[Transition],
        (at, routes): (Timestamp, &HashMap<Wallet, Arc<[Route]>>),
    ) -> Applied {
        let mut applied = Applied::default();
        for one in transitions {
            let moved = match transition::target(one, at) {
                Target::New(alert) => self.open(*alert),
                Target::Existing(id) => self
                    .alter(id, |alert| transition::alter(alert, one, at))
                    .and_then(|(alert, has_changed)| has_changed.then_some(alert)),
            };
            if let Some(alert) = moved {
                if let (Some(happening), Some(routes)) =
                    (transition::happening(one), routes.get(&alert.wallet))
                {
                    self.tell(&alert, happening, (at, routes));
                }
                transition::note(&mut applied, one, alert);
            }
        }
        applied
    }

    /// Keeps a new alert and answers it with its id; `None` where one of the identity stands.
    fn open(&mut self, alert: Alert) -> Option<Alert> {
        let identity = identity(&alert);
        if self.standing.contains_key(&identity) {
            return None;
        }
        self.last_alert_id += 1;
        let alert = Alert { id: self.last_alert_id, ..alert };
        self.standing.insert(identity, alert.id);
        self.alerts.insert(alert.id, alert.clone());
        Some(alert)
    }

    /// Lets `change` alter an alert. Answers it as it then is and whether it changed; `None` where there is none.
    fn alter(&mut self, id: u64, change: impl FnOnce(&mut Alert) -> bool) -> Option<(Alert, bool)> {
        let alert = self.alerts.get_mut(&id)?;
        let has_changed = change(alert);
        if has_changed && alert.state == AlertState::Resolved {
            self.standing.remove(&identity(alert));
        }
        Some((alert.clone(), has_changed))
    }

    /// Keeps the messages of an alert that changed, and answers the alert.
    fn told(
        &mut self,
        altered: Option<(Alert, bool)>,
        happening: Happening,
        told: (Timestamp, &[Route]),
    ) -> Option<Alert> {
        let (alert, has_changed) = altered?;
        if has_changed {
            self.tell(&alert, happening, told);
        }
        Some(alert)
    }
}

#[async_trait]
impl Alerts for MemoryStore {
    async fn standing(&self, wallets: &[Wallet]) -> Result<Vec<Alert>, StoreError> {
        let shelves = self.shelves()?;
        let mut ids: Vec<u64> = wallets
            .iter()
            .flat_map(|wallet| {
                let from = (*wallet, String::new(), AlertKind::ALL[0]);
                shelves.standing.range(from..).take_while(move |(identity, _)| identity.0 == *wallet)
            })
            .map(|(_, id)| *id)
            .collect();
        ids.sort_unstable();
        ids.dedup();
        Ok(ids.iter().filter_map(|id| shelves.alerts.get(id)).cloned().collect())
    }

    async fn list(&self, filter: &AlertFilter) -> Result<(Vec<Alert>, u64), StoreError> {
        let shelves = self.shelves()?;
        let matching = || shelves.alerts.values().rev().filter(|alert| passes(alert, filter));
        let total = counted(matching().count());
        let page = matching()
            .filter(|alert| filter.before.is_none_or(|before| alert.id < before))
            .skip(usize::try_from(filter.skip).unwrap_or(usize::MAX))
            .take(usize::try_from(filter.limit).unwrap_or(usize::MAX));
        Ok((page.cloned().collect(), total))
    }

    async fn find_alert(&self, id: u64) -> Result<Option<Alert>, StoreError> {
        Ok(self.shelves()?.alerts.get(&id).cloned())
    }

    async fn acknowledge(
        &self,
        id: u64,
        at: Timestamp,
        routes: &[Route],
    ) -> Result<Option<Alert>, StoreError> {
        let mut shelves = self.shelves()?;
        let altered = shelves.alter(id, |alert| transition::acknowledge(alert, at));
        Ok(shelves.told(altered, Happening::Acknowledged, (at, routes)))
    }

    async fn resolve(
        &self,
        id: u64,
        at: Timestamp,
        resolution: &str,
        routes: &[Route],
    ) -> Result<Option<Alert>, StoreError> {
        let mut shelves = self.shelves()?;
        let altered = shelves.alter(id, |alert| transition::resolve(alert, at, resolution));
        Ok(shelves.told(altered, Happening::Resolved, (at, routes)))
    }

    async fn count_standing(&self) -> Result<u64, StoreError> {
        Ok(counted(self.shelves()?.standing.len()))
    }
}
