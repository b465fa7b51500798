//! All that is kept of wallets, told and deleted, in SQLite.

use std::collections::BTreeMap;

use async_trait::async_trait;
use risk_app::delivery::Delivery;
use risk_app::stores::{StoreError, Wallets};
use risk_app::traces::{Erased, KeptEvent, KeptMessage, Traces};
use risk_model::Wallet;
use rusqlite::{Row, Transaction};

use super::SqliteStore;
use super::column::{self, Record, all, hex_list};
use super::failure::Failure;

const NEAR: &str = "SELECT wallet FROM near_wallets WHERE wallet IN (SELECT unhex(value) FROM json_each(?1))";
const MEMORIES: &str =
    "SELECT wallet, memory FROM alarm_memories WHERE wallet IN (SELECT unhex(value) FROM json_each(?1))";
// The outbox has no index by wallet: it holds what waits, which is short, and at most a thousand dead letters.
const MESSAGES: &str = "SELECT * FROM outbox WHERE wallet IN (SELECT unhex(value) FROM json_each(?1))
    ORDER BY id, channel, sequence";
const EVENTS: &str = "SELECT wallet, kind, at, data FROM events
    WHERE wallet IN (SELECT unhex(value) FROM json_each(?1)) ORDER BY id";

const COUNT_STANDING: &str = "SELECT count(*) FROM alerts
    WHERE wallet IN (SELECT unhex(value) FROM json_each(?1)) AND state <> 'resolved'";
// The rows stay, emptied: a missing id would be heard as lost events by everybody who listens, and a kind that no
// version knows is heard as one that was missed.
const EMPTY_EVENTS: &str = "UPDATE events SET wallet = zeroblob(20), kind = 'erased', data = '{}'
    WHERE wallet IN (SELECT unhex(value) FROM json_each(?1))";
const DROP_NEAR: &str = "DELETE FROM near_wallets WHERE wallet IN (SELECT unhex(value) FROM json_each(?1))";
const DROP_WATCHES: &str = "DELETE FROM watches WHERE wallet IN (SELECT unhex(value) FROM json_each(?1))";
const DROP_ASSESSMENTS: &str =
    "DELETE FROM assessments WHERE wallet IN (SELECT unhex(value) FROM json_each(?1))";
const DROP_TOKENS: &str = "DELETE FROM known_tokens WHERE wallet IN (SELECT unhex(value) FROM json_each(?1))";
const DROP_MARKETS: &str =
    "DELETE FROM known_markets WHERE wallet IN (SELECT unhex(value) FROM json_each(?1))";
const DROP_MEMORIES: &str =
    "DELETE FROM alarm_memories WHERE wallet IN (SELECT unhex(value) FROM json_each(?1))";
const DROP_ALERTS: &str = "DELETE FROM alerts WHERE wallet IN (SELECT unhex(value) FROM json_each(?1))";
const DROP_MESSAGES: &str = "DELETE FROM outbox WHERE wallet IN (SELECT unhex(value) FROM json_each(?1))";

struct Near(Wallet);

impl Record for Near {
    const WHAT: &'static str = "near wallet";

    fn read(row: &Row<'_>) -> Result<Self, Failure> {
        column::wallet(row, "wallet").map(Self)
    }
}

/// A memory as its row has it, whether it can be understood or not.
struct Remembered(Wallet, String);

impl Record for Remembered {
    const WHAT: &'static str = "alarm memory";

    fn read(row: &Row<'_>) -> Result<Self, Failure> {
        Ok(Self(column::wallet(row, "wallet")?, row.get("memory")?))
    }
}

impl Record for KeptMessage {
    const WHAT: &'static str = "message";

    fn read(row: &Row<'_>) -> Result<Self, Failure> {
        let Delivery { message, attempts } = Delivery::read(row)?;
        Ok(Self {
            message,
            attempts,
            due: column::optional_time(row, "due")?,
            given_up_at: column::optional_time(row, "given_up_at")?,
            why: row.get("why")?,
        })
    }
}

struct EventOf(Wallet, KeptEvent);

impl Record for EventOf {
    const WHAT: &'static str = "event";

    fn read(row: &Row<'_>) -> Result<Self, Failure> {
        let event =
            KeptEvent { kind: row.get("kind")?, at: column::time(row, "at")?, data: row.get("data")? };
        Ok(Self(column::wallet(row, "wallet")?, event))
    }
}

/// The traces of wallets, begun where the first is found.
#[derive(Default)]
struct Found(BTreeMap<Wallet, Traces>);

impl Found {
    fn of(&mut self, wallet: Wallet) -> &mut Traces {
        self.0.entry(wallet).or_insert_with(|| Traces {
            wallet,
            is_near: false,
            memory: None,
            messages: Vec::new(),
            events: Vec::new(),
        })
    }
}

fn traces(file: &Transaction<'_>, wallets: &str) -> Result<Vec<Traces>, Failure> {
    let mut found = Found::default();
    for Near(wallet) in all(&mut *file.prepare_cached(NEAR)?, [wallets])? {
        found.of(wallet).is_near = true;
    }
    for Remembered(wallet, memory) in all(&mut *file.prepare_cached(MEMORIES)?, [wallets])? {
        found.of(wallet).memory = Some(memory);
    }
    for message in all::<KeptMessage>(&mut *file.prepare_cached(MESSAGES)?, [wallets])? {
        found.of(message.message.alert.wallet).messages.push(message);
    }
    for EventOf(wallet, event) in all(&mut *file.prepare_cached(EVENTS)?, [wallets])? {
        found.of(wallet).events.push(event);
    }
    Ok(found.0.into_values().collect())
}

fn erase(file: &Transaction<'_>, wallets: &str) -> Result<Erased, Failure> {
    let drop = |statement: &str| -> Result<u64, Failure> {
        let rows = file.prepare_cached(statement)?.execute([wallets])?;
        u64::try_from(rows).map_err(|_| Failure::OutOfRange("a count"))
    };
    drop(DROP_NEAR)?;
    Ok(Erased {
        watches: drop(DROP_WATCHES)?,
        assessments: drop(DROP_ASSESSMENTS)?,
        token_lists: drop(DROP_TOKENS)?,
        market_lists: drop(DROP_MARKETS)?,
        memories: drop(DROP_MEMORIES)?,
        standing_alerts: column::count(&mut *file.prepare_cached(COUNT_STANDING)?, [wallets])?,
        alerts: drop(DROP_ALERTS)?,
        messages: drop(DROP_MESSAGES)?,
        events: drop(EMPTY_EVENTS)?,
    })
}

#[async_trait]
impl Wallets for SqliteStore {
    async fn traces(&self, wallets: &[Wallet]) -> Result<Vec<Traces>, StoreError> {
        let wallets = hex_list(wallets);
        self.read(move |file| traces(file, &wallets)).await
    }

    async fn erase(&self, wallets: &[Wallet]) -> Result<Erased, StoreError> {
        let wallets = hex_list(wallets);
        self.write(move |file| {
            // What is deleted is overwritten in the file, not only unlinked.
            file.pragma_update(None, "secure_delete", true)?;
            let erased = erase(file, &wallets);
            file.pragma_update(None, "secure_delete", false)?;
            erased
        })
        .await
    }
}
