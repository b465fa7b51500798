//! Metrics of the HTTP side, by route template: never by path, so that a stranger cannot make new series.

use std::collections::HashMap;
use std::time::Duration;

use axum::http::{Method, StatusCode};
use metrics::{Gauge, Histogram};

use risk_model::route::ROUTES;

/// The label of requests that no route took.
const UNMATCHED: &str = "unmatched";

/// Handles made once, so that a request pays for no look-up by name.
pub(crate) struct Meters {
    durations: HashMap<&'static str, (&'static str, Histogram)>,
    unmatched: Histogram,
    in_flight: Gauge,
}

impl Meters {
    /// Handles of the recorder that this process has by now.
    pub(crate) fn new() -> Self {
        let duration =
            |route: &'static str| metrics::histogram!("http_request_duration_seconds", "route" => route);
        Self {
            durations: ROUTES
                .iter()
                .map(|route| (route.template, (route.template, duration(route.template))))
                .collect(),
            unmatched: duration(UNMATCHED),
            in_flight: metrics::gauge!("http_requests_in_flight"),
        }
    }

    /// Counts a request as in flight for as long as the answer is held.
    pub(crate) fn enter(&self) -> InFlight {
        self.in_flight.increment(1.0);
        InFlight(self.in_flight.clone())
    }

    /// The label of a matched route.
    pub(crate) fn label(&self, matched: Option<&str>) -> &'static str {
        matched.and_then(|path| self.durations.get(path)).map_or(UNMATCHED, |(label, _)| label)
    }

    /// Counts an answered request.
    pub(crate) fn record(&self, route: &'static str, method: &Method, status: StatusCode, took: Duration) {
        self.durations
            .get(route)
            .map_or(&self.unmatched, |(_, duration)| duration)
            .record(took.as_secs_f64());
        metrics::counter!(
            "http_requests_total",
            "route" => route,
            "method" => method_name(method),
            "status" => status_name(status)
        )
        .increment(1);
    }
}

/// One request in flight: also one whose client has gone is taken off again.
pub(crate) struct InFlight(Gauge);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.decrement(1.0);
    }
}

/// A method's name; `other` for those that a client made up.
const fn method_name(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

/// The statuses that this API answers, without an allocation.
fn status_name(status: StatusCode) -> metrics::SharedString {
    match status.as_u16() {
        200 => "200".into(),
        404 => "404".into(),
        422 => "422".into(),
        429 => "429".into(),
        _ => status.as_str().to_owned().into(),
    }
}
