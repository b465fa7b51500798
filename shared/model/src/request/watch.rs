//! The fields of a watch, its thresholds and its channels.

use super::body::{Body, item_of};
use super::{MAX_CHANNELS, MAX_LABEL, Parsed, WatchRequest};
use crate::channel::ChannelId;
use crate::rejection::Code;
use crate::text::joined;
use crate::threshold::{OwnThresholds, ThresholdName};

/// Why two names of one threshold are refused together.
const GIVEN_TWICE: &str = "health_factor_threshold and thresholds.health_factor are one threshold";

/// Takes the fields of a watch; what is refused stays in the body.
pub(super) fn settings(body: &mut Body) -> WatchRequest {
    let label = body.text("label", MAX_LABEL);
    let older = body.number("health_factor_threshold", 1.0, 10.0);
    let (newer, thresholds) = body.object("thresholds", thresholds).unwrap_or_default();
    if older.is_some() && newer.is_some() {
        body.refuse_with("health_factor_threshold", Code::Repeated, GIVEN_TWICE);
    }
    let channels = channels(body);
    let min_severity = body.optional("min_severity", str::parse);
    WatchRequest { label, health_factor: newer.or(older), thresholds, channels, min_severity }
}

/// The health factor and the other thresholds of the object `thresholds`.
fn thresholds(mut body: Body) -> Parsed<(Option<f64>, OwnThresholds)> {
    let health_factor = body.number("health_factor", 1.0, 10.0);
    let mut own = OwnThresholds::new();
    for name in ThresholdName::ALL {
        let (least, most) = name.bounds();
        let Some(value) = body.number_between(name.name(), least, most) else { continue };
        if let Err(code) = own.set(*name, value) {
            body.refuse_with(name.name(), code, code.message());
        }
    }
    body.finish(|| Some((health_factor, own)))
}

/// The channels of a watch, each once; `None` where the field is not there.
fn channels(body: &mut Body) -> Option<Vec<ChannelId>> {
    let is_there = body.has("channels");
    let listed: Vec<ChannelId> = body.list("channels", str::parse);
    if listed.len() > MAX_CHANNELS {
        let message = joined(&["channels has more than ", &MAX_CHANNELS.to_string(), " items"]);
        body.refuse_with("channels", Code::TooLong, &message);
    }
    for (index, channel) in listed.iter().enumerate() {
        if listed.iter().take(index).any(|earlier| earlier == channel) {
            let name = item_of("channels", index);
            body.refuse_with(&name, Code::Repeated, &joined(&[&name, " is there already"]));
        }
    }
    is_there.then_some(listed)
}
