//! The outbox in SQLite: a message is a copy of its alert's row, written in the transaction that moved the alert.

use async_trait::async_trait;
use risk_app::delivery::{
    DeadLetter, Delivery, Message, MessageId, OutboxState, Route, Settlement, SwitchedOff,
};
use risk_app::records::Alert;
use risk_app::stores::{Outbox, StoreError};
use risk_model::{ChannelId, Happening, Timestamp};
use rusqlite::{OptionalExtension, Row, Transaction, params};

use super::SqliteStore;
use super::column::{self, Record, all, integer, seconds};
use super::failure::Failure;
use crate::{KEPT_DEAD_LETTERS, SHOWN_DEAD_LETTERS, transition};

const PUT: &str = "INSERT INTO outbox (id, sequence, channel, happening, at, wallet, account, kind, severity, state,
        message, action, measured, threshold, clear_sweeps, opened_at, updated_at, acknowledged_at, resolved_at,
        resolution, told, attempts, due)
    SELECT id, told - 1, ?2, ?3, ?4, wallet, account, kind, severity, state, message, action, measured, threshold,
        clear_sweeps, opened_at, updated_at, acknowledged_at, resolved_at, resolution, told, 0, ?4
    FROM alerts WHERE id = ?1";
const DUE_CHANNELS: &str =
    "SELECT DISTINCT channel FROM outbox WHERE due IS NOT NULL AND due <= ?1 ORDER BY channel";
pub(super) const TAKE: &str = "SELECT * FROM outbox AS one
    WHERE channel = ?1 AND due IS NOT NULL AND due <= ?2 AND NOT EXISTS
        (SELECT 1 FROM outbox AS earlier WHERE earlier.id = one.id AND earlier.channel = one.channel
            AND earlier.due IS NOT NULL AND earlier.sequence < one.sequence)
    ORDER BY due, id LIMIT ?3";
const HOLD: &str = "UPDATE outbox SET due = ?4 WHERE id = ?1 AND channel = ?2 AND sequence = ?3";
const DELIVERED: &str =
    "DELETE FROM outbox WHERE id = ?1 AND channel = ?2 AND sequence = ?3 AND due IS NOT NULL";
const AGAIN: &str = "UPDATE outbox SET due = ?4, why = ?5, attempts = attempts + ?6
    WHERE id = ?1 AND channel = ?2 AND sequence = ?3 AND due IS NOT NULL";
const DEAD: &str = "UPDATE outbox SET due = NULL, given_up_at = ?4, why = ?5, attempts = attempts + 1
    WHERE id = ?1 AND channel = ?2 AND sequence = ?3 AND due IS NOT NULL";
const DROP_OLDEST_DEAD: &str =
    "DELETE FROM outbox WHERE given_up_at IS NOT NULL AND (id, channel, sequence) IN
    (SELECT id, channel, sequence FROM outbox WHERE given_up_at IS NOT NULL
        ORDER BY given_up_at DESC, id DESC, sequence DESC LIMIT -1 OFFSET ?1)";
const WAITING: &str = "SELECT count(*) FROM outbox WHERE due IS NOT NULL";
const OLDEST: &str = "SELECT at FROM outbox WHERE due IS NOT NULL ORDER BY at LIMIT 1";
const DEAD_COUNT: &str = "SELECT count(*) FROM outbox WHERE given_up_at IS NOT NULL";
const DEAD_LETTERS: &str = "SELECT * FROM outbox WHERE given_up_at IS NOT NULL
    ORDER BY given_up_at DESC, id DESC, sequence DESC LIMIT ?1";
const SWITCHED_OFF: &str = "SELECT * FROM channels_off ORDER BY channel";
const SWITCH_OFF: &str =
    "INSERT INTO channels_off (channel, at, why) VALUES (?1, ?2, ?3) ON CONFLICT (channel) DO NOTHING";
const SWITCH_ON: &str = "DELETE FROM channels_off WHERE channel = ?1";

impl Record for Delivery {
    const WHAT: &'static str = "message";

    fn read(row: &Row<'_>) -> Result<Self, Failure> {
        let message = Message {
            id: message_id(row)?,
            happening: column::name::<Happening>(row, "happening")?,
            alert: Alert::read(row)?,
            at: column::time(row, "at")?,
        };
        Ok(Self { message, attempts: row.get("attempts")? })
    }
}

impl Record for DeadLetter {
    const WHAT: &'static str = "dead letter";

    fn read(row: &Row<'_>) -> Result<Self, Failure> {
        Ok(Self {
            id: message_id(row)?,
            attempts: row.get("attempts")?,
            at: column::time(row, "given_up_at")?,
            why: row.get::<_, Option<String>>("why")?.unwrap_or_default(),
        })
    }
}

impl Record for SwitchedOff {
    const WHAT: &'static str = "switched-off channel";

    fn read(row: &Row<'_>) -> Result<Self, Failure> {
        Ok(Self {
            channel: column::name(row, "channel")?,
            at: column::time(row, "at")?,
            why: row.get("why")?,
        })
    }
}

fn message_id(row: &Row<'_>) -> Result<MessageId, Failure> {
    Ok(MessageId {
        alert: column::natural(row, "id")?,
        sequence: row.get("sequence")?,
        channel: column::name(row, "channel")?,
    })
}

/// Writes the messages that tell what just happened to an alert, as its row now says.
pub(super) fn put(
    file: &Transaction<'_>,
    alert: &Alert,
    happening: Happening,
    (at, routes): (Timestamp, &[Route]),
) -> Result<(), Failure> {
    for channel in transition::told_to(alert, routes) {
        file.prepare_cached(PUT)?.execute(params![
            integer(alert.id, "an id")?,
            channel.as_str(),
            happening.name(),
            seconds(at)?,
        ])?;
    }
    Ok(())
}

fn take(
    file: &Transaction<'_>,
    channel: &ChannelId,
    (now, until): (Timestamp, Timestamp),
    limit: u32,
) -> Result<Vec<Delivery>, Failure> {
    let taken: Vec<Delivery> =
        all(&mut *file.prepare_cached(TAKE)?, params![channel.as_str(), seconds(now)?, limit])?;
    let mut hold = file.prepare_cached(HOLD)?;
    for delivery in &taken {
        let MessageId { alert, sequence, channel } = &delivery.message.id;
        hold.execute(params![integer(*alert, "an id")?, channel.as_str(), sequence, seconds(until)?])?;
    }
    Ok(taken)
}

fn settle(file: &Transaction<'_>, at: Timestamp, settled: &[(MessageId, Settlement)]) -> Result<(), Failure> {
    for (MessageId { alert, sequence, channel }, settlement) in settled {
        let (id, channel) = (integer(*alert, "an id")?, channel.as_str());
        match settlement {
            Settlement::Delivered => {
                file.prepare_cached(DELIVERED)?.execute(params![id, channel, sequence])?
            }
            Settlement::Held { at, why } => {
                file.prepare_cached(AGAIN)?.execute(params![id, channel, sequence, seconds(*at)?, why, 0])?
            }
            Settlement::Again { at, why } => {
                file.prepare_cached(AGAIN)?.execute(params![id, channel, sequence, seconds(*at)?, why, 1])?
            }
            Settlement::Dead { why } => {
                file.prepare_cached(DEAD)?.execute(params![id, channel, sequence, seconds(at)?, why])?
            }
        };
    }
    file.prepare_cached(DROP_OLDEST_DEAD)?.execute([KEPT_DEAD_LETTERS])?;
    Ok(())
}

fn state(file: &Transaction<'_>) -> Result<OutboxState, Failure> {
    let oldest: Option<i64> = file.prepare_cached(OLDEST)?.query_row([], |row| row.get(0)).optional()?;
    let oldest = oldest.map(|seconds| u64::try_from(seconds).map_err(|_| Failure::Unreadable)).transpose()?;
    Ok(OutboxState {
        waiting: column::count(&mut *file.prepare_cached(WAITING)?, [])?,
        oldest: oldest.map(Timestamp::new),
        dead: column::count(&mut *file.prepare_cached(DEAD_COUNT)?, [])?,
        dead_letters: all(&mut *file.prepare_cached(DEAD_LETTERS)?, [SHOWN_DEAD_LETTERS])?,
    })
}

#[async_trait]
impl Outbox for SqliteStore {
    async fn due_channels(&self, now: Timestamp) -> Result<Vec<ChannelId>, StoreError> {
        self.read(move |file| {
            let mut statement = file.prepare_cached(DUE_CHANNELS)?;
            let channels = statement.query_and_then([seconds(now)?], |row| column::name(row, "channel"))?;
            channels.collect()
        })
        .await
    }

    async fn take(
        &self,
        channel: &ChannelId,
        now: Timestamp,
        until: Timestamp,
        limit: u32,
    ) -> Result<Vec<Delivery>, StoreError> {
        let channel = channel.clone();
        self.write(move |file| take(file, &channel, (now, until), limit)).await
    }

    async fn settle(&self, at: Timestamp, settled: &[(MessageId, Settlement)]) -> Result<(), StoreError> {
        let settled = settled.to_vec();
        self.write(move |file| settle(file, at, &settled)).await
    }

    async fn outbox(&self) -> Result<OutboxState, StoreError> {
        self.read(state).await
    }

    async fn switched_off(&self) -> Result<Vec<SwitchedOff>, StoreError> {
        self.read(|file| all(&mut *file.prepare_cached(SWITCHED_OFF)?, [])).await
    }

    async fn switch_off(&self, channel: &SwitchedOff) -> Result<(), StoreError> {
        let SwitchedOff { channel, at, why } = channel.clone();
        self.write(move |file| {
            file.prepare_cached(SWITCH_OFF)?.execute(params![channel.as_str(), seconds(at)?, why])?;
            Ok(())
        })
        .await
    }

    async fn switch_on(&self, channel: &ChannelId) -> Result<(), StoreError> {
        let channel = channel.clone();
        self.write(move |file| {
            file.prepare_cached(SWITCH_ON)?.execute([channel.as_str()])?;
            Ok(())
        })
        .await
    }
}
