//! The one connection of a process to a Redis, opened when it is first needed and again after it was let go.

use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, RedisError};
use thiserror::Error;
use tokio::sync::Mutex;

/// A URL that no Redis can be reached at. It does not say which: there may be a password in it.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("must be redis://[user:password@]host[:port][/database]; TLS (rediss://) is not built in")]
pub struct UnusableUrl;

/// Refuses a URL that no Redis can be reached at. Nothing connects.
///
/// # Errors
/// It is none.
pub fn check_redis_url(url: &str) -> Result<(), UnusableUrl> {
    Client::open(url).map(drop).map_err(|_| UnusableUrl)
}

/// A connection that requests which come together share.
pub(crate) struct RedisConnection {
    client: Client,
    deadline: Duration,
    held: Mutex<Option<MultiplexedConnection>>,
}

impl RedisConnection {
    /// A connection to a URL; nothing connects yet. `deadline` is the longest that connecting, and any answer, may take.
    pub(crate) fn new(url: &str, deadline: Duration) -> Result<Self, UnusableUrl> {
        let client = Client::open(url).map_err(|_| UnusableUrl)?;
        Ok(Self { client, deadline, held: Mutex::new(None) })
    }

    /// The connection, opened where there is none.
    pub(crate) async fn get(&self) -> Result<MultiplexedConnection, RedisError> {
        let mut held = self.held.lock().await;
        if let Some(connection) = held.as_ref() {
            return Ok(connection.clone());
        }
        let limits = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(self.deadline))
            .set_response_timeout(Some(self.deadline));
        let connection = self.client.get_multiplexed_async_connection_with_config(&limits).await?;
        *held = Some(connection.clone());
        Ok(connection)
    }

    /// Lets the connection go: the next one who asks connects anew.
    pub(crate) async fn let_go(&self) {
        *self.held.lock().await = None;
    }

    /// Where and how it connects.
    pub(crate) const fn client(&self) -> &Client {
        &self.client
    }
}

/// Why, in words that hold neither the URL nor anything that the server said.
pub(crate) fn reason(error: &RedisError) -> &'static str {
    if error.is_timeout() {
        "no answer in time"
    } else if error.is_connection_refusal() {
        "the connection was refused"
    } else if error.is_connection_dropped() || error.is_io_error() {
        "the connection was lost"
    } else {
        "the server refused the call"
    }
}
