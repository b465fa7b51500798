//! Every route, one file each. A route that is served stands in the OpenAPI document, and the reverse: a test holds it.

pub(crate) mod acknowledge;
pub(crate) mod alerts;
pub(crate) mod analyze;
pub(crate) mod assets;
pub(crate) mod backtest;
pub(crate) mod channel;
pub(crate) mod docs;
pub(crate) mod front;
pub(crate) mod health;
pub(crate) mod info;
pub(crate) mod live;
pub(crate) mod metrics;
pub(crate) mod openapi;
mod own_thresholds;
pub(crate) mod positions;
pub(crate) mod resolve;
pub(crate) mod session;
pub(crate) mod simulate;
pub(crate) mod status;
pub(crate) mod stream;
pub(crate) mod style;
pub(crate) mod summary;
pub(crate) mod wallet_data;
pub(crate) mod watch;
pub(crate) mod watch_import;
pub(crate) mod watches;

use std::sync::Arc;

use axum::routing::{MethodRouter, get, post};
use risk_model::route::ROUTES;

use crate::state::Api;

/// Every route of the model's table with its handlers, in its order.
pub(crate) fn endpoints() -> [MethodRouter<Arc<Api>>; ROUTES.len()] {
    [
        get(front::show),
        post(session::begin),
        post(session::end),
        get(style::show),
        get(assets::show),
        get(docs::show),
        get(openapi::show),
        get(metrics::show),
        get(info::show),
        get(health::show),
        get(live::show),
        get(status::show),
        get(summary::show),
        post(analyze::run),
        post(simulate::run),
        post(backtest::run),
        get(positions::show),
        get(alerts::list),
        post(acknowledge::run),
        post(resolve::run),
        get(stream::listen),
        get(watches::list),
        post(watch_import::run),
        get(watch::show).put(watch::put).delete(watch::remove),
        get(wallet_data::show).delete(wallet_data::remove),
        post(channel::test),
    ]
}
