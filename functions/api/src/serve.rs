//! The two hosts of the router: sockets with a graceful drain, and the Lambda runtime.

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::pin;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use axum::serve::Listener;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tower::ServiceExt;

/// Requests that run at shutdown are given this long to end.
pub const DRAIN_SECONDS: u64 = 10;
/// A client that has not sent its headers by then is let go; so is an idle connection.
const HEADER_READ_SECONDS: u64 = 30;
/// Headers and URL together, bytes: more than the edge of the router refuses in words.
const MAX_HEAD_BYTES: usize = 64 * 1024;
/// Headers of a request.
const MAX_HEADERS: usize = 100;

/// Serves until `shutdown` ends, then lets running requests end for [`DRAIN_SECONDS`].
///
/// `axum::serve` sets no limit on the time and size of a request's head, so hyper is driven here.
pub async fn serve(router: Router, mut listener: TcpListener, shutdown: impl Future<Output = ()> + Send) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(Duration::from_secs(HEADER_READ_SECONDS))
        .max_headers(MAX_HEADERS)
        .max_header_size(MAX_HEAD_BYTES);
    let connections = GracefulShutdown::new();
    let mut shutdown = pin!(shutdown);
    loop {
        tokio::select! {
            // axum's listener waits and goes on where accepting fails for want of file descriptors.
            (stream, peer) = Listener::accept(&mut listener) => connect(&http, &connections, router.clone(), stream, peer),
            () = &mut shutdown => break,
        }
    }
    drop(listener);
    if tokio::time::timeout(Duration::from_secs(DRAIN_SECONDS), connections.shutdown()).await.is_err() {
        tracing::warn!("requests were still running when the time to drain was over");
    }
}

/// Serves one connection in a task of its own.
fn connect(
    http: &http1::Builder,
    connections: &GracefulShutdown,
    router: Router,
    stream: TcpStream,
    peer: SocketAddr,
) {
    // Small answers must not wait for an acknowledgement; a socket that refuses this serves all the same.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        answer(router.clone(), request.map(Body::new))
    });
    let connection = connections.watch(http.serve_connection(TokioIo::new(stream), service));
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(%error, "a connection ended early");
        }
    });
}

async fn answer(router: Router, request: Request) -> Result<axum::response::Response, Infallible> {
    router.oneshot(request).await
}

/// Serves the events of the Lambda runtime API until the runtime ends the process.
///
/// # Errors
/// The runtime API failed.
pub async fn serve_lambda(router: Router) -> anyhow::Result<()> {
    lambda_http::run(router).await.map_err(|error| anyhow::anyhow!(error))
}
