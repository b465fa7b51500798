//! One exchange: send a request, read the whole reply within the size limit.

use std::error::Error;
use std::io;

use bytes::BytesMut;
use reqwest::{Response, Url};

use crate::guarded_names::OutOfReach;
use crate::metering::FailureKind;
use crate::reply::Reply;
use crate::request::Request;
use crate::retry_after::read_retry_after;

/// Room made for a body before any of it is seen; the stated length is not believed beyond this.
const FIRST_ROOM_BYTES: usize = 64 * 1024;

/// Why an exchange gave no complete reply.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Breach {
    /// No connection, or a lost one. The reason is one of ours, not the library's, whose text may hold the URL.
    Broken(FailureKind, &'static str),
    /// The body passed the limit.
    TooLarge,
}

/// Sends once and reads the reply. The caller holds the clock.
pub(crate) async fn exchange(
    http: &reqwest::Client,
    url: Url,
    request: &Request,
    max_bytes: usize,
) -> Result<Reply, Breach> {
    let response = send(http, url, request).await?;
    read_reply(response, max_bytes).await
}

/// Sends once and reads the reply as far as `most_bytes`; the rest of a longer body is never read. The caller holds
/// the clock.
pub(crate) async fn exchange_start(
    http: &reqwest::Client,
    url: Url,
    request: &Request,
    most_bytes: usize,
) -> Result<Reply, Breach> {
    let mut response = send(http, url, request).await?;
    let status = response.status().as_u16();
    let retry_after = read_retry_after(response.headers());
    let mut body = BytesMut::new();
    while body.len() < most_bytes {
        let Some(chunk) = response.chunk().await.map_err(|error| explain_body(&error))? else { break };
        let room = most_bytes - body.len();
        body.extend_from_slice(chunk.get(..room).unwrap_or(&chunk));
    }
    Ok(Reply { status, retry_after, body: body.freeze() })
}

async fn send(http: &reqwest::Client, url: Url, request: &Request) -> Result<Response, Breach> {
    let mut builder = http.request(request.method.clone(), url).headers(request.headers.clone());
    if let Some(body) = &request.body {
        builder = builder.body(body.clone());
    }
    builder.send().await.map_err(|error| explain_send(&error))
}

async fn read_reply(mut response: Response, max_bytes: usize) -> Result<Reply, Breach> {
    let stated = response.content_length().map_or(0, |length| usize::try_from(length).unwrap_or(usize::MAX));
    if stated > max_bytes {
        return Err(Breach::TooLarge);
    }
    let status = response.status().as_u16();
    let retry_after = read_retry_after(response.headers());
    let mut body = BytesMut::with_capacity(stated.min(FIRST_ROOM_BYTES));
    // Chunks arrive decompressed, so the limit holds against a small body that unpacks to a large one.
    while let Some(chunk) = response.chunk().await.map_err(|error| explain_body(&error))? {
        if body.len().saturating_add(chunk.len()) > max_bytes {
            return Err(Breach::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Reply { status, retry_after, body: body.freeze() })
}

fn explain_send(error: &reqwest::Error) -> Breach {
    use FailureKind::{Connect, Timeout, Transport};
    let (kind, reason) = if error.is_timeout() {
        (Timeout, "connecting took too long")
    } else if has_cause::<rustls::Error>(error) {
        (Connect, "the TLS handshake failed")
    } else if has_cause::<OutOfReach>(error) {
        (Connect, "the host name leads to an address that is not public")
    } else if error.is_dns() {
        (Connect, "the host name could not be resolved")
    } else if error.is_connect() {
        (Connect, "the connection could not be made")
    } else {
        (Transport, "the connection was lost before a reply")
    };
    Breach::Broken(kind, reason)
}

fn explain_body(error: &reqwest::Error) -> Breach {
    if error.is_timeout() {
        return Breach::Broken(FailureKind::Timeout, "the reply took too long");
    }
    Breach::Broken(FailureKind::Transport, "the reply was cut short or could not be decompressed")
}

/// Whether an error of this type is in the chain. An I/O error hides what it wraps (its source is the source of
/// that), and TLS errors come wrapped twice.
fn has_cause<E: Error + 'static>(error: &reqwest::Error) -> bool {
    let mut next: Option<&(dyn Error + 'static)> = error.source();
    while let Some(cause) = next {
        if cause.is::<E>() {
            return true;
        }
        let wrapped = cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        next = match wrapped {
            Some(wrapped) => Some(wrapped),
            None => cause.source(),
        };
    }
    false
}
