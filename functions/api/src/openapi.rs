//! The OpenAPI 3.1 document of every route.

use risk_app::summary::LastKnown;
use risk_model::headers::KEY_HEADER;
use utoipa::openapi::OpenApi as Document;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, SecurityScheme};
use utoipa::{Modify, OpenApi};

use crate::problem::ProblemBody;
use crate::routes::{
    acknowledge, alerts, analyze, assets, backtest, channel, docs, front, health, info, live, metrics,
    openapi, positions, resolve, session, simulate, status, stream, style, summary, wallet_data, watch,
    watch_import, watches,
};

#[derive(OpenApi)]
#[openapi(
    info(title = "Risk Manager", description = "Watches DeFi wallets and warns their owners before liquidation. \
        A figure that is not known is given as unknown with a reason, never as a zero.", license(name = "Apache-2.0")),
    paths(
        front::show, session::begin, session::end, style::show, assets::show, docs::show, openapi::show, metrics::show, info::show,
        health::show, live::show, status::show, summary::show, analyze::run, simulate::run, backtest::run, positions::show, alerts::list,
        acknowledge::run, resolve::run, stream::listen, watches::list, watch_import::run, watch::show, watch::put, watch::remove,
        wallet_data::show, wallet_data::remove, channel::test,
    ),
    components(schemas(ProblemBody, LastKnown, positions::LastKnownPositions)),
    tags(
        (name = "wallets", description = "The risk of a wallet"),
        (name = "alerts", description = "Alerts and their answers"),
        (name = "watches", description = "The watch list"),
        (name = "operators", description = "How the service is doing"),
        (name = "pages", description = "Pages and documents"),
    ),
    modifiers(&ApiKeyScheme)
)]
struct Api;

/// The API key in its header.
struct ApiKeyScheme;

impl Modify for ApiKeyScheme {
    fn modify(&self, document: &mut Document) {
        let value = ApiKeyValue::with_description(KEY_HEADER, "rm_ and 64 hex digits");
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("api_key", SecurityScheme::ApiKey(ApiKey::Header(value)));
    }
}

/// The document of this version.
pub(crate) fn document(version: &str) -> Document {
    let mut document = Api::openapi();
    document.info.version = version.to_owned();
    for (path, item) in &mut document.paths.paths {
        let operations = [
            ("get", &mut item.get),
            ("post", &mut item.post),
            ("put", &mut item.put),
            ("delete", &mut item.delete),
        ];
        for (method, operation) in operations {
            if let Some(operation) = operation {
                operation.operation_id = Some(operation_id(method, path));
            }
        }
    }
    document
}

/// A unique name of an operation: handlers share theirs between files.
fn operation_id(method: &str, path: &str) -> String {
    let words = path.split(|letter: char| !letter.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.fold(method.to_owned(), |name, word| format!("{name}_{word}"))
}
