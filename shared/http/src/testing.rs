//! Servers for the tests: one answers by script over axum, one misbehaves below HTTP.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::extract::Request;
use axum::response::Response;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tower_http::compression::CompressionLayer;

/// A server on the loopback interface; it ends with its value.
pub(crate) struct Server {
    pub(crate) base: String,
    hits: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Server {
    /// Answers the n-th request (from 0) with `answer(n, request)`.
    pub(crate) async fn start<F, A>(answer: F) -> Self
    where
        F: Fn(usize, Request) -> A + Clone + Send + Sync + 'static,
        A: Future<Output = Response> + Send + 'static,
    {
        let hits = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&hits);
        let handler = move |request: Request| answer(counter.fetch_add(1, Ordering::SeqCst), request);
        let router = Router::new().fallback(handler).layer(CompressionLayer::new());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { base, hits, task }
    }

    /// Reads each connection's request head, then lets `behave` do what it likes with the socket.
    pub(crate) async fn raw<F, A>(behave: F) -> Self
    where
        F: Fn(TcpStream) -> A + Send + Sync + 'static,
        A: Future<Output = ()> + Send + 'static,
    {
        let hits = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&hits);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let task = tokio::spawn(async move {
            while let Ok((mut socket, _)) = listener.accept().await {
                counter.fetch_add(1, Ordering::SeqCst);
                let mut head = [0_u8; 4096];
                let _ = socket.read(&mut head).await;
                tokio::spawn(behave(socket));
            }
        });
        Self { base, hits, task }
    }

    /// Sends these bytes to each connection and closes it.
    pub(crate) async fn saying(bytes: &'static [u8]) -> Self {
        Self::raw(move |mut socket| async move {
            let _ = socket.write_all(bytes).await;
            let _ = socket.shutdown().await;
        })
        .await
    }

    /// Requests (or raw connections) seen so far.
    pub(crate) fn hits(&self) -> usize {
        self.hits.load(Ordering::SeqCst)
    }
}
