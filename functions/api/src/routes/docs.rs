//! `GET /docs`: the OpenAPI document as a page for people, without script and without anything from elsewhere.

mod reference;

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};

use crate::problem::Problem;
use crate::state::Api;
use reference::Reference;

/// The page.
#[derive(Template)]
#[template(path = "docs.html")]
struct DocsPage {
    reference: Reference,
}

/// This document as a page.
#[utoipa::path(
    get,
    path = "/docs",
    tag = "pages",
    responses((status = 200, description = "HTML", body = String, content_type = "text/html"))
)]
pub(crate) async fn show(State(api): State<Arc<Api>>) -> Result<Response, Problem> {
    let html = match api.docs.get() {
        Some(html) => html.clone(),
        None => {
            let html = render(&api.settings.version)?;
            api.docs.get_or_init(|| html.into()).clone()
        }
    };
    Ok(([(header::CONTENT_TYPE, "text/html; charset=utf-8")], html).into_response())
}

fn render(version: &str) -> Result<String, Problem> {
    let failed = |error: &dyn std::error::Error| Problem::internal(error.to_string());
    let document = serde_json::to_value(crate::openapi::document(version)).map_err(|error| failed(&error))?;
    DocsPage { reference: Reference::of(&document) }.render().map_err(|error| failed(&error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_names_every_operation_and_every_schema_and_loads_nothing_from_elsewhere() {
        let html = render("1.2.3").unwrap();
        let document = serde_json::to_value(crate::openapi::document("1.2.3")).unwrap();
        let mut operations = 0;
        for (path, item) in document["paths"].as_object().unwrap() {
            for method in item.as_object().unwrap().keys() {
                operations += 1;
                let heading = format!("<b>{}</b> <code>{path}</code>", method.to_uppercase());
                assert!(html.contains(&heading), "{heading} is missing");
            }
        }
        assert!(operations > 15, "{operations}");
        for schema in document["components"]["schemas"].as_object().unwrap().keys() {
            assert!(html.contains(&format!("id=\"schema-{schema}\"")), "{schema} is missing");
        }
        assert!(!html.contains("http://") && !html.contains("https://") && !html.contains("<script"));
        assert!(html.contains("1.2.3"));
    }
}
