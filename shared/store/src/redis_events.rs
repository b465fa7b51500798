//! Events between processes over Redis publish and subscribe, which keeps nothing: whoever is away hears that it missed
//! some.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use futures::StreamExt;
use redis::{Client, RedisError, RedisResult, Value};
use risk_app::events::{Event, Events, Heard};
use risk_app::stores::StoreError;
use risk_model::{Timestamp, Wallet};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use tokio::sync::Mutex;
use tokio::sync::broadcast::{Receiver, Sender};
use tokio::time::{sleep, timeout};

use crate::memory_events::WAITING;
use crate::redis_connection::{RedisConnection, UnusableUrl, reason};

const CHANNEL: &str = "risk:events";
/// Longest that Redis may take to answer.
const DEADLINE: Duration = Duration::from_millis(500);
/// Between two attempts to listen again.
const PAUSE: Duration = Duration::from_secs(1);
/// How often a connection on which nothing comes is asked whether it is still there.
const ASK: Duration = Duration::from_secs(10);
/// Events of one message.
const BATCH: usize = 256;

/// Why what happened could not be told. It never names the URL.
#[derive(Debug, Error)]
enum Failure {
    #[error("Redis did not answer within {} ms", DEADLINE.as_millis())]
    Late,
    #[error("Redis: {0}")]
    Redis(&'static str),
    #[error("an event cannot be written")]
    Unwritten,
}

impl From<RedisError> for Failure {
    fn from(error: RedisError) -> Self {
        Self::Redis(reason(&error))
    }
}

/// One message.
#[derive(Debug, Serialize, Deserialize)]
struct Message {
    /// Whether the sender lost something since its last one.
    after_loss: bool,
    events: Vec<Written>,
}

/// An event as it travels.
#[derive(Debug, Serialize, Deserialize)]
struct Written {
    wallet: String,
    kind: String,
    at: u64,
    data: String,
}

impl Written {
    fn of(event: &Event) -> Self {
        Self {
            wallet: event.wallet.to_string(),
            kind: event.kind.name().to_owned(),
            at: event.at.seconds(),
            data: event.data.clone(),
        }
    }

    /// None where a newer version wrote it.
    fn read(self) -> Option<Event> {
        let wallet: Wallet = self.wallet.parse().ok()?;
        Some(Event { wallet, kind: self.kind.parse().ok()?, at: Timestamp::new(self.at), data: self.data })
    }
}

/// Events of every process that shares a Redis. Nothing connects before something is told or listened for.
pub struct RedisEvents {
    connection: RedisConnection,
    has_lost: AtomicBool,
    shared: Arc<Shared>,
}

struct Shared {
    heard: Sender<Heard>,
    /// Whether a task listens. Whoever begins or ends that holds the lock.
    is_listening: Mutex<bool>,
}

impl RedisEvents {
    /// Events at a URL: `redis://[user:password@]host[:port][/database]`.
    ///
    /// # Errors
    /// It is none.
    pub fn new(url: &str) -> Result<Self, UnusableUrl> {
        Ok(Self {
            connection: RedisConnection::new(url, DEADLINE)?,
            has_lost: AtomicBool::new(false),
            shared: Arc::new(Shared { heard: Sender::new(WAITING), is_listening: Mutex::new(false) }),
        })
    }

    async fn send(&self, events: &[Event]) -> Result<(), Failure> {
        let mut connection = self.connection.get().await?;
        for batch in events.chunks(BATCH) {
            let after_loss = self.has_lost.load(Ordering::Relaxed);
            let message = Message { after_loss, events: batch.iter().map(Written::of).collect() };
            let text = serde_json::to_string(&message).map_err(|_| Failure::Unwritten)?;
            let () = redis::cmd("PUBLISH").arg(CHANNEL).arg(text).query_async(&mut connection).await?;
            self.has_lost.store(false, Ordering::Relaxed);
        }
        Ok(())
    }
}

#[async_trait]
impl Events for RedisEvents {
    async fn publish(&self, events: &[Event]) -> Result<(), StoreError> {
        let sent = match timeout(DEADLINE, self.send(events)).await {
            Ok(sent) => sent,
            Err(_) => Err(Failure::Late),
        };
        let Err(failure) = sent else { return Ok(()) };
        // The next message says so, and is sent on a new connection.
        self.has_lost.store(true, Ordering::Relaxed);
        self.connection.let_go().await;
        Err(StoreError::Unavailable(Box::new(failure)))
    }

    /// Where Redis cannot be reached the listener waits with it, and hears [`Heard::Missed`] when it is back.
    async fn subscribe(&self) -> Result<Receiver<Heard>, StoreError> {
        let mut is_listening = self.shared.is_listening.lock().await;
        let listener = self.shared.heard.subscribe();
        if !*is_listening {
            let first = listen(self.connection.client()).await;
            tokio::spawn(Arc::clone(&self.shared).relay(self.connection.client().clone(), first));
            *is_listening = true;
        }
        Ok(listener)
    }

    fn name(&self) -> &'static str {
        "redis"
    }
}

/// Both ends of a subscription that Redis has confirmed.
type Subscription = (redis::aio::PubSubSink, redis::aio::PubSubStream);

async fn listen(client: &Client) -> Result<Subscription, Failure> {
    let begun = timeout(DEADLINE, async {
        let mut connection = client.get_async_pubsub().await?;
        connection.subscribe(CHANNEL).await?;
        RedisResult::Ok(connection.split())
    });
    Ok(begun.await.map_err(|_| Failure::Late)??)
}

impl Shared {
    /// Hands on what comes, connecting anew where the connection is lost, until nobody listens any more.
    async fn relay(self: Arc<Self>, client: Client, first: Result<Subscription, Failure>) {
        let mut next = first;
        loop {
            match next {
                Ok(subscription) => {
                    if self.hand_on(subscription).await {
                        return;
                    }
                    tracing::warn!("the events of Redis are not heard: the connection was lost");
                }
                Err(failure) => {
                    tracing::warn!(cause = failure.to_string(), "the events of Redis are not heard");
                }
            }
            next = loop {
                sleep(PAUSE).await;
                if self.ends().await {
                    return;
                }
                if let Ok(subscription) = listen(&client).await {
                    // Only now: who reads anew before would miss what comes until now.
                    let _ = self.heard.send(Heard::Missed);
                    tracing::info!("the events of Redis are heard");
                    break Ok(subscription);
                }
            };
        }
    }

    /// Hands on until the connection is lost, or nobody listens any more (`true`).
    async fn hand_on(&self, (mut sink, mut messages): Subscription) -> bool {
        loop {
            match timeout(ASK, messages.next()).await {
                Ok(Some(message)) => self.tell(message.get_payload_bytes()),
                Ok(None) => return false,
                Err(_) => {
                    let answer = timeout(DEADLINE, sink.ping::<Value>()).await;
                    if !matches!(answer, Ok(Ok(_))) {
                        return false;
                    }
                }
            }
            if self.ends().await {
                return true;
            }
        }
    }

    fn tell(&self, message: &[u8]) {
        let heard: Vec<Heard> = match serde_json::from_slice::<Message>(message) {
            Ok(Message { after_loss, events }) => {
                let events = events
                    .into_iter()
                    .map(|event| event.read().map_or(Heard::Missed, |event| Heard::Event(Arc::new(event))));
                after_loss.then_some(Heard::Missed).into_iter().chain(events).collect()
            }
            Err(_) => vec![Heard::Missed],
        };
        for one in heard {
            // That nobody listens is no error.
            let _ = self.heard.send(one);
        }
    }

    async fn ends(&self) -> bool {
        let mut is_listening = self.is_listening.lock().await;
        *is_listening = self.heard.receiver_count() > 0;
        !*is_listening
    }
}
