//! The SDK's requests by our own client: one TLS stack, one set of limits, and no URL in an error.

use std::error::Error;

use aws_sdk_eventbridge::config::http::{HttpRequest, HttpResponse};
use aws_sdk_eventbridge::config::{RuntimeComponents, SharedHttpClient};
use aws_sdk_eventbridge::error::ConnectorError;
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector, http_client_fn,
};
use risk_http::{CallError, Destination, Request};

/// What EventBridge speaks.
const CONTENT_TYPE: &str = "application/x-amz-json-1.1";

/// A client of the SDK whose requests all go to a destination.
pub(super) fn client(destination: Destination) -> SharedHttpClient {
    let connector = SharedHttpConnector::new(Connector(destination));
    http_client_fn(move |_: &HttpConnectorSettings, _: &RuntimeComponents| connector.clone())
}

#[derive(Clone, Debug)]
struct Connector(Destination);

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let Self(destination) = self.clone();
        HttpConnectorFuture::new(async move {
            let reply = destination.send(&carried(&request)).await.map_err(failed)?;
            let status = reply.status.try_into().map_err(|_| ConnectorError::io("no HTTP status".into()))?;
            Ok(HttpResponse::new(status, reply.body.into()))
        })
    }
}

/// The request as ours: the same body, headers and signature. The host and the length are those of the connection, and
/// the path is that of the endpoint: EventBridge has one.
fn carried(request: &HttpRequest) -> Request {
    let body = request.body().bytes().unwrap_or_default().to_vec();
    let headers = request.headers().iter().filter(|(name, _)| !matches!(*name, "host" | "content-length"));
    headers.fold(Request::post_bytes("", CONTENT_TYPE, body), |carried, (name, value)| {
        carried.header(name, value)
    })
}

fn failed(error: CallError) -> ConnectorError {
    match error {
        CallError::Timeout { .. } => ConnectorError::timeout(error.into()),
        _ => ConnectorError::io(error.into()),
    }
}

/// Why there was no answer, where our client had none: its own words hold no secret.
pub(super) fn reason(error: &(dyn Error + 'static)) -> Option<String> {
    let mut next = Some(error);
    while let Some(cause) = next {
        if let Some(ours) = cause.downcast_ref::<CallError>() {
            return Some(ours.to_string());
        }
        next = cause.source();
    }
    None
}
