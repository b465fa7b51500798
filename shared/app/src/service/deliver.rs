//! Delivering: what waits in the outbox is sent until its channel takes it, each channel apart from the others.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use risk_model::{ChannelId, Severity, Timestamp, Wallet};
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, JoinSet};
use tracing::{debug, error, warn};

use super::{AppError, Service};
use crate::delivery::{Channel, Delivery, Receipt, Route, Settlement, SwitchedOff};
use crate::records::Watch;

/// Messages taken at once.
const BATCH: u32 = 16;
/// Requests at once to one channel.
const AT_ONCE: usize = 4;
/// Seconds until a failed attempt is repeated, by how many failed before; after the last one the message is given up,
/// 48 hours after the first. A warning of a liquidation is worth most in its first minutes, so these are close
/// together; the tail is that of the Standard Webhooks specification.
const SCHEDULE_SECONDS: [u64; 10] = [5, 15, 60, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 57_600];
/// A channel that only asks to wait is heard for this long, seconds.
const MOST_AGE_SECONDS: u64 = 3 * 86_400;
/// A channel cannot ask to be left alone for longer than this at once, seconds.
const MOST_PAUSE_SECONDS: u64 = 3_600;
/// How often the outbox is looked at while nothing happens.
const LOOK_EVERY: Duration = Duration::from_secs(1);

impl Service {
    /// The channels that alerts are delivered to.
    #[must_use]
    pub fn channels(&self) -> &[Channel] {
        self.ports.channels.list()
    }

    /// Where the alerts of a wallet go: the channels that its watch names, or every configured one, each from its own
    /// least severity or the watch's, whichever is worse. A channel that a watch names and nobody configured is passed
    /// over.
    pub(super) fn routes(&self, watch: Option<&Watch>) -> Arc<[Route]> {
        let named = watch.and_then(|watch| watch.channels.as_ref());
        let least = watch.and_then(|watch| watch.min_severity).unwrap_or(Severity::Low);
        let chosen = self.ports.channels.list().iter();
        let chosen = chosen.filter(|channel| named.is_none_or(|named| named.contains(&channel.id)));
        let route = |channel: &Channel| Route {
            channel: channel.id.clone(),
            min_severity: channel.min_severity.max(least),
        };
        chosen.map(route).collect()
    }

    /// The same, of a wallet whose watch is not at hand.
    pub(super) async fn routes_of(&self, wallet: Wallet) -> Result<Arc<[Route]>, AppError> {
        let watches = self.ports.store.find_watches(&[wallet]).await?;
        Ok(self.routes(watches.first()))
    }

    /// Sends a test message and answers what the channel said. A channel that takes it is switched on again.
    ///
    /// # Errors
    /// [`AppError::NotFound`] where no such channel is configured; store errors.
    pub async fn test_channel(&self, channel: &ChannelId) -> Result<Receipt, AppError> {
        if !self.channels().iter().any(|one| one.id == *channel) {
            return Err(AppError::NotFound("channel"));
        }
        let receipt = self.ports.channels.test(channel, self.ports.clock.now()).await;
        if receipt == Receipt::Accepted {
            self.ports.store.switch_on(channel).await?;
        }
        Ok(receipt)
    }

    /// Sends what is due to one channel until nothing is. Answers until when the channel asked to be left alone.
    async fn deliver_to(&self, channel: &ChannelId) -> Result<Option<Timestamp>, AppError> {
        loop {
            let off = self.ports.store.switched_off().await?.into_iter().find(|off| off.channel == *channel);
            let now = self.ports.clock.now();
            let until = now.plus_seconds(self.settings.delivery_hold_seconds);
            let batch = self.ports.store.take(channel, now, until, BATCH).await?;
            if batch.is_empty() {
                return Ok(None);
            }
            let pause = match off {
                Some(off) => self.give_up(&batch, &off).await.map(|()| None)?,
                None => self.send(channel, batch).await?,
            };
            if pause.is_some() {
                return Ok(pause);
            }
        }
    }

    /// Sends a batch and notes each receipt as it comes, so that a process that dies repeats as little as it can.
    async fn send(&self, channel: &ChannelId, batch: Vec<Delivery>) -> Result<Option<Timestamp>, AppError> {
        let attempt = async |delivery: Delivery| {
            let receipt = self.ports.channels.send(&delivery.message).await;
            (delivery, receipt)
        };
        let mut receipts = pin!(futures::stream::iter(batch).map(attempt).buffer_unordered(AT_ONCE));
        let mut pause = None;
        while let Some((delivery, receipt)) = receipts.next().await {
            let now = self.ports.clock.now();
            if let Receipt::Gone { why } = &receipt {
                let off = SwitchedOff { channel: channel.clone(), at: now, why: why.clone() };
                error!(channel = %channel, why, "a channel is gone and is switched off");
                self.ports.store.switch_off(&off).await?;
            }
            if let Receipt::Later { after_seconds: Some(seconds), .. } = &receipt {
                pause = pause.max(Some(now.plus_seconds((*seconds).min(MOST_PAUSE_SECONDS))));
            }
            let settlement = settlement(&delivery, receipt, now);
            note(&delivery, &settlement);
            self.ports.store.settle(now, &[(delivery.message.id, settlement)]).await?;
        }
        Ok(pause)
    }

    /// Nothing is sent to a channel that is off, and nothing waits for it for ever.
    async fn give_up(&self, batch: &[Delivery], off: &SwitchedOff) -> Result<(), AppError> {
        let why = format!("the channel is switched off: {}", off.why);
        let dead = batch.iter().map(|one| (one.message.id.clone(), Settlement::Dead { why: why.clone() }));
        let dead: Vec<_> = dead.collect();
        batch.iter().zip(&dead).for_each(|(delivery, (_, settlement))| note(delivery, settlement));
        Ok(self.ports.store.settle(self.ports.clock.now(), &dead).await?)
    }
}

/// What becomes of a message by the receipt of an attempt.
fn settlement(delivery: &Delivery, receipt: Receipt, now: Timestamp) -> Settlement {
    match receipt {
        Receipt::Accepted => Settlement::Delivered,
        Receipt::Refused { why } | Receipt::Gone { why } => Settlement::Dead { why },
        Receipt::Later { why, after_seconds: Some(_) }
            if now.seconds_since(delivery.message.at) > MOST_AGE_SECONDS =>
        {
            Settlement::Dead { why }
        }
        Receipt::Later { why, after_seconds: Some(seconds) } => {
            let seconds = seconds.clamp(1, MOST_PAUSE_SECONDS);
            Settlement::Held { at: now.plus_seconds(seconds), why }
        }
        Receipt::Later { why, after_seconds: None } => match delay_seconds(delivery) {
            Some(seconds) => Settlement::Again { at: now.plus_seconds(seconds), why },
            None => Settlement::Dead { why },
        },
    }
}

/// Seconds until the next attempt, up to a fifth more than the schedule says so that messages that failed together do
/// not come back together; `None` after the last. The same message waits the same each time it is computed.
fn delay_seconds(delivery: &Delivery) -> Option<u64> {
    let seconds = SCHEDULE_SECONDS.get(usize::try_from(delivery.attempts).ok()?)?;
    let mut hasher = DefaultHasher::new();
    (&delivery.message.id, delivery.attempts).hash(&mut hasher);
    Some(seconds + hasher.finish() % (seconds / 5 + 1))
}

fn note(delivery: &Delivery, settlement: &Settlement) {
    let (id, attempts) = (&delivery.message.id, delivery.attempts);
    let outcome = match settlement {
        Settlement::Delivered => "delivered",
        Settlement::Held { .. } => "held",
        Settlement::Again { why, .. } => {
            debug!(message.id = %id, attempts, why, "a delivery failed and is tried again");
            "failed"
        }
        Settlement::Dead { why } => {
            warn!(message.id = %id, attempts, why, "a message was given up");
            "dead"
        }
    };
    metrics::counter!("deliveries_total", "channel" => id.channel.to_string(), "outcome" => outcome)
        .increment(1);
}

/// Delivering that goes on beside other work until it is ended.
pub struct Delivering {
    stop: oneshot::Sender<Duration>,
    task: JoinHandle<()>,
}

impl Delivering {
    /// Begins to deliver what waits in a service's outbox, and what comes into it.
    #[must_use]
    pub fn begin(service: &Arc<Service>) -> Self {
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(Dispatcher::new(Arc::clone(service)).run(stopped));
        Self { stop, task }
    }

    /// Ends it once nothing is due any more, at the latest after `within`.
    pub async fn end(self, within: Duration) {
        let _ = self.stop.send(within);
        if let Err(error) = self.task.await {
            error!(cause = %error, "delivering panicked");
        }
    }
}

/// Delivers what waits, a task for each channel that has something due: one that hangs holds up no other.
struct Dispatcher {
    service: Arc<Service>,
    tasks: JoinSet<(ChannelId, Result<Option<Timestamp>, AppError>)>,
    busy: BTreeSet<ChannelId>,
    paused: BTreeMap<ChannelId, Timestamp>,
}

impl Dispatcher {
    fn new(service: Arc<Service>) -> Self {
        Self { service, tasks: JoinSet::new(), busy: BTreeSet::new(), paused: BTreeMap::new() }
    }

    /// Delivers until `stop` says for how long to go on, and then until nothing is due, at most for that time. What is on
    /// its way after it is sent again by another process.
    async fn run(mut self, stop: oneshot::Receiver<Duration>) {
        let mut stop = pin!(stop);
        let within = loop {
            self.look().await;
            tokio::select! {
                within = &mut stop => break within.unwrap_or_default(),
                () = self.rest() => {}
            }
        };
        let emptied = tokio::time::timeout(within, async {
            while self.look().await {
                self.rest().await;
            }
        });
        if emptied.await.is_err() {
            warn!("messages were still on their way at the end; they are sent again");
        }
    }

    /// Begins what is due and answers whether anything runs. An outbox that cannot be read is told, and looked at again.
    async fn look(&mut self) -> bool {
        self.begin().await.unwrap_or_else(|error| {
            error!(cause = %error, "the outbox cannot be read");
            !self.tasks.is_empty()
        })
    }

    /// Starts a task for every channel that has something due and none yet. Answers whether any runs.
    async fn begin(&mut self) -> Result<bool, AppError> {
        while let Some(done) = self.tasks.try_join_next() {
            self.end(done);
        }
        let now = self.service.ports.clock.now();
        self.paused.retain(|_, until| *until > now);
        for channel in self.service.ports.store.due_channels(now).await? {
            if self.paused.contains_key(&channel) || !self.busy.insert(channel.clone()) {
                continue;
            }
            let service = Arc::clone(&self.service);
            self.tasks.spawn(async move {
                let done = service.deliver_to(&channel).await;
                (channel, done)
            });
        }
        Ok(!self.tasks.is_empty())
    }

    /// Waits until a channel is done, or for the time to look again.
    async fn rest(&mut self) {
        if self.tasks.is_empty() {
            tokio::time::sleep(LOOK_EVERY).await;
        } else if let Ok(Some(done)) = tokio::time::timeout(LOOK_EVERY, self.tasks.join_next()).await {
            self.end(done);
        }
    }

    fn end(
        &mut self,
        done: Result<(ChannelId, Result<Option<Timestamp>, AppError>), tokio::task::JoinError>,
    ) {
        match done {
            Ok((channel, done)) => {
                self.busy.remove(&channel);
                match done {
                    Ok(Some(until)) => {
                        self.paused.insert(channel, until);
                    }
                    Ok(None) => {}
                    Err(error) => error!(channel = %channel, cause = %error, "delivering stopped"),
                }
            }
            // A task that panicked names no channel: all that do not run may be begun again.
            Err(error) => {
                error!(cause = %error, "delivering panicked");
                self.busy.clear();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schedule_rises_and_ends() {
        for pair in SCHEDULE_SECONDS.windows(2) {
            assert!(pair[0] < pair[1]);
        }
        assert!(SCHEDULE_SECONDS.iter().sum::<u64>() <= 48 * 3_600 + 3_600);
    }
}
