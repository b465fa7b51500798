//! No secret of a channel in what it says of itself or of an answer.

use risk_app::ports::Channels;
use risk_model::{Happening, Severity};
use serde_json::json;

use crate::bench::{Bench, SECRET, SIGNING, message};

pub(crate) async fn no_secret_is_shown_whatever_is_answered(bench: Bench) {
    let opened = message(1, 0, Happening::Opened, Severity::High);
    let mut shown = vec![format!("{:?}", bench.channels)];
    let faults = ["status_429", "status_500", "reset", "error_in_200", "wrong_json", "auth", "gone", "hang"];
    for fault in faults {
        // The text of an answer may hold what it was asked with.
        let echo = json!({"message": format!("no such hook {SECRET}")});
        bench.arm(fault, if fault == "error_in_200" { echo } else { json!({}) }).await;
        shown.push(format!("{:?}", bench.send(&opened).await));
        bench.heal().await;
    }
    shown.push(format!("{:?}", bench.at_nobody().send(&opened).await));
    for text in shown {
        for secret in [SECRET, SIGNING, "http://", "127.0.0.1", "/receivers"] {
            assert!(!text.contains(secret), "{text}");
        }
    }
}
