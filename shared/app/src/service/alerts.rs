//! Listing alerts and answering them.

use risk_model::Wallet;
use risk_model::request::AlertsRequest;

use super::{AppError, Service};
use crate::events::EventKind;
use crate::records::{Alert, AlertFilter};

/// A page of alerts, newest first.
#[derive(Clone, Debug)]
pub struct AlertPage {
    /// The alerts.
    pub alerts: Vec<Alert>,
    /// How many match in all.
    pub total: u64,
    /// Where the next page begins, where there is one.
    pub next_cursor: Option<u64>,
}

impl Service {
    /// A page of the alerts of `visible` wallets (every wallet where `None`).
    ///
    /// # Errors
    /// Store errors.
    pub async fn alerts(
        &self,
        request: &AlertsRequest,
        visible: Option<&[Wallet]>,
    ) -> Result<AlertPage, AppError> {
        let wallets = match (request.wallet, visible) {
            (Some(wallet), _) => Some(vec![wallet]),
            (None, visible) => visible.map(<[Wallet]>::to_vec),
        };
        let filter = AlertFilter {
            wallets,
            severity: request.severity,
            kind: request.kind,
            resolved: request.resolved,
            before: request.cursor,
            skip: request.skip,
            limit: request.limit,
        };
        let (alerts, total) = self.ports.store.list(&filter).await?;
        let is_full = u32::try_from(alerts.len()).is_ok_and(|length| length == request.limit);
        let next_cursor = alerts.last().map(|alert| alert.id).filter(|_| is_full);
        Ok(AlertPage { alerts, total, next_cursor })
    }

    /// Notes that somebody has seen it. An alert outside `visible` is not there.
    ///
    /// # Errors
    /// [`AppError::NotFound`]; store errors.
    pub async fn acknowledge(&self, id: u64, visible: Option<&[Wallet]>) -> Result<Alert, AppError> {
        let before = self.visible_alert(id, visible).await?;
        let routes = self.routes_of(before.wallet).await?;
        let alert = self.ports.store.acknowledge(id, self.ports.clock.now(), &routes).await?;
        self.answered(&before, alert, EventKind::AlertAcknowledged).await
    }

    /// Closes it by hand. If the condition goes on, the next assessment opens a new one.
    ///
    /// # Errors
    /// [`AppError::NotFound`]; store errors.
    pub async fn resolve(&self, id: u64, visible: Option<&[Wallet]>) -> Result<Alert, AppError> {
        let before = self.visible_alert(id, visible).await?;
        let routes = self.routes_of(before.wallet).await?;
        let alert = self.ports.store.resolve(id, self.ports.clock.now(), "by hand", &routes).await?;
        self.answered(&before, alert, EventKind::AlertResolved).await
    }

    /// An alert that the caller may see.
    async fn visible_alert(&self, id: u64, visible: Option<&[Wallet]>) -> Result<Alert, AppError> {
        let alert = self.ports.store.find_alert(id).await?.ok_or(AppError::NotFound("alert"))?;
        let is_visible = visible.is_none_or(|wallets| wallets.contains(&alert.wallet));
        is_visible.then_some(alert).ok_or(AppError::NotFound("alert"))
    }

    /// The wallet's cached summary counts its alerts, so it is let go; what changed is told.
    async fn answered(
        &self,
        before: &Alert,
        alert: Option<Alert>,
        kind: EventKind,
    ) -> Result<Alert, AppError> {
        let alert = alert.ok_or(AppError::NotFound("alert"))?;
        self.summaries.invalidate(&alert.wallet).await;
        if alert.state != before.state {
            self.tell_answer(kind, &alert).await;
        }
        Ok(alert)
    }
}
