//! The two hosts of the router: sockets with a graceful drain, and the Lambda runtime.

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::ConnectInfo;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use axum::serve::Listener;
use hyper::body::{Frame, Incoming, SizeHint};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tower::ServiceExt;

use crate::linger::Lingering;

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
        answer(router.clone(), request)
    });
    let connection = connections.watch(http.serve_connection(TokioIo::new(Lingering::new(stream)), service));
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(%error, "a connection ended early");
        }
    });
}

/// The router's answer; it says that the connection ends where the request was not read to its end, because hyper then
/// closes, and a client that was not told would send its next request into that.
async fn answer(router: Router, request: hyper::Request<Incoming>) -> Result<Response, Infallible> {
    let is_read = Arc::new(AtomicBool::new(request.body().is_end_stream()));
    let request = request.map(|body| Body::new(Watched { body, is_read: Arc::clone(&is_read) }));
    let mut response = router.oneshot(request).await?;
    if !is_read.load(Ordering::Relaxed) {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    Ok(response)
}

/// Serves the events of the Lambda runtime API until the runtime ends the process.
///
/// # Errors
/// The runtime API failed.
pub async fn serve_lambda(router: Router) -> anyhow::Result<()> {
    lambda_http::run(router).await.map_err(|error| anyhow::anyhow!(error))
}

/// A request's body that notes when it was read to its end.
struct Watched {
    body: Incoming,
    is_read: Arc<AtomicBool>,
}

impl HttpBody for Watched {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(context);
        if matches!(frame, Poll::Ready(None)) || self.body.is_end_stream() {
            self.is_read.store(true, Ordering::Relaxed);
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
