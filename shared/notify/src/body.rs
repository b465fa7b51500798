//! The alert as machines get it: the names are those of the API's own alert.

use risk_app::records::Alert;
use risk_app::summary::rfc3339;
use serde::Serialize;

use crate::wording::within;

/// Most bytes of JSON that one text of an alert may take. All of them together stay under the 20 kB that Standard
/// Webhooks recommends as the limit of a body.
const MOST_TEXT_BYTES: usize = 6_000;
/// The same for names.
const MOST_NAME_BYTES: usize = 1_000;

/// An alert.
#[derive(Debug, Serialize)]
pub(crate) struct AlertBody {
    id: u64,
    wallet_address: String,
    account: String,
    alert_type: &'static str,
    severity: &'static str,
    state: &'static str,
    message: String,
    action: String,
    /// Null where it is no number.
    measured: f64,
    threshold: f64,
    opened_at: String,
    updated_at: String,
    acknowledged_at: Option<String>,
    resolved_at: Option<String>,
    resolution: Option<String>,
}

impl From<&Alert> for AlertBody {
    fn from(alert: &Alert) -> Self {
        Self {
            id: alert.id,
            wallet_address: alert.wallet.to_string(),
            account: json_within(&alert.account, MOST_NAME_BYTES),
            alert_type: alert.kind.name(),
            severity: alert.severity.name(),
            state: alert.state.name(),
            message: json_within(&alert.message, MOST_TEXT_BYTES),
            action: json_within(&alert.action, MOST_TEXT_BYTES),
            measured: alert.measured,
            threshold: alert.threshold,
            opened_at: rfc3339(alert.opened_at),
            updated_at: rfc3339(alert.updated_at),
            acknowledged_at: alert.acknowledged_at.map(rfc3339),
            resolved_at: alert.resolved_at.map(rfc3339),
            resolution: alert.resolution.as_deref().map(|text| json_within(text, MOST_NAME_BYTES)),
        }
    }
}

/// A text that takes at most so many bytes as JSON, which writes two for a quote, a backslash and a line's end.
fn json_within(text: &str, most: usize) -> String {
    let bytes = |written: &str| -> usize {
        written
            .chars()
            .map(|letter| if matches!(letter, '"' | '\\' | '\n') { 2 } else { letter.len_utf8() })
            .sum()
    };
    within(text, most, |letter, into| into.push(letter), bytes)
}
