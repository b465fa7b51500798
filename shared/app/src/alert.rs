//! An alert as it is answered: by the API, and in what the event stream says of it.

use serde::Serialize;
use utoipa::ToSchema;

use crate::records::Alert;
use crate::summary::rfc3339;

/// An alert.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AlertBody {
    /// Its id, rising with time.
    pub id: u64,
    /// EIP-55 address.
    pub wallet_address: String,
    /// The account within the wallet; empty for the wallet as a whole.
    pub account: String,
    /// What it warns of.
    pub alert_type: String,
    /// `low`, `medium`, `high`, `critical`.
    pub severity: String,
    /// `open`, `acknowledged`, `resolved`.
    pub state: String,
    /// What is the matter, in words and figures.
    pub message: String,
    /// What to do, in amounts.
    pub action: String,
    /// The figure that fired it.
    pub measured: f64,
    /// The threshold it passed.
    pub threshold: f64,
    /// When it opened, RFC 3339.
    pub opened_at: String,
    /// Last change, RFC 3339.
    pub updated_at: String,
    /// When somebody acknowledged it, RFC 3339.
    pub acknowledged_at: Option<String>,
    /// When it was resolved, RFC 3339.
    pub resolved_at: Option<String>,
    /// By whom or by what it was resolved.
    pub resolution: Option<String>,
}

impl From<&Alert> for AlertBody {
    fn from(alert: &Alert) -> Self {
        Self {
            id: alert.id,
            wallet_address: alert.wallet.to_string(),
            account: alert.account.clone(),
            alert_type: alert.kind.name().to_owned(),
            severity: alert.severity.name().to_owned(),
            state: alert.state.name().to_owned(),
            message: alert.message.clone(),
            action: alert.action.clone(),
            measured: alert.measured,
            threshold: alert.threshold,
            opened_at: rfc3339(alert.opened_at),
            updated_at: rfc3339(alert.updated_at),
            acknowledged_at: alert.acknowledged_at.map(rfc3339),
            resolved_at: alert.resolved_at.map(rfc3339),
            resolution: alert.resolution.clone(),
        }
    }
}
