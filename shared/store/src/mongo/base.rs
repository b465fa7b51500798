//! The database: connecting to it, and the few forms of query and write that the ports are made of.

use std::time::Duration;

use futures::TryStreamExt;
use mongodb::bson::{Bson, Document, RawDocumentBuf, doc};
use mongodb::options::{
    Acknowledgment, ClientOptions, ConnectionString, DatabaseOptions, ReadConcern, ReadPreference,
    ReturnDocument, SelectionCriteria, UpdateModifications, UpdateOneModel, WriteConcern, WriteModel,
};
use mongodb::{Client, ClientSession, Collection, Database, Namespace};

use super::failure::Failure;
use super::record::{Record, read};
use super::{HistoryReads, READ, migrations};

pub(super) const ALERTS: &str = "alerts";
pub(super) const API_KEYS: &str = "api_keys";
pub(super) const ASSESSMENTS: &str = "assessments";
pub(super) const CHANNELS_OFF: &str = "channels_off";
pub(super) const CLOSES: &str = "closes";
pub(super) const COUNTERS: &str = "counters";
pub(super) const HOURLY_CLOSES: &str = "hourly_closes";
pub(super) const MARKETS: &str = "known_markets";
pub(super) const MEMORIES: &str = "alarm_memories";
pub(super) const NEAR: &str = "near_wallets";
pub(super) const OUTBOX: &str = "outbox";
pub(super) const SWEEPS: &str = "sweeps";
pub(super) const LEASES: &str = "sweep_leases";
pub(super) const TOKENS: &str = "known_tokens";
pub(super) const WATCHES: &str = "watches";
/// All of them.
pub(super) const COLLECTIONS: [&str; 15] = [
    ALERTS,
    API_KEYS,
    ASSESSMENTS,
    CHANNELS_OFF,
    CLOSES,
    COUNTERS,
    HOURLY_CLOSES,
    LEASES,
    MARKETS,
    MEMORIES,
    NEAR,
    OUTBOX,
    SWEEPS,
    TOKENS,
    WATCHES,
];

/// Connections to one server of the set, where the address says nothing else.
const MOST_CONNECTIONS: u32 = 20;
const FEWEST_CONNECTIONS: u32 = 5;
/// Longest that finding a server, and connecting to one, may take.
const SELECTION: Duration = Duration::from_secs(3);
const CONNECTING: Duration = Duration::from_secs(2);
/// An idle connection is closed after this, before a firewall forgets it.
const IDLE: Duration = Duration::from_secs(300);
/// Longest that the majority of the set may take to have a write.
const MAJORITY: Duration = Duration::from_secs(10);
/// The wire version of MongoDB 8.0, the first that writes a whole batch in one command.
const OLDEST_WIRE_VERSION: i32 = 25;
/// Keys that one query names.
pub(super) const KEYS_A_QUERY: usize = 500;

/// A database that was opened and brought to this version.
#[derive(Clone)]
pub(super) struct Base {
    client: Client,
    database: Database,
    history: SelectionCriteria,
}

/// A query of one collection.
#[derive(Clone)]
pub(super) struct Query {
    collection: &'static str,
    filter: Document,
    order: Option<Document>,
    fields: Option<Document>,
    skip: u32,
    limit: Option<u32>,
    is_history: bool,
}

impl Query {
    /// What matches a filter, in no order.
    pub(super) const fn of(collection: &'static str, filter: Document) -> Self {
        Self { collection, filter, order: None, fields: None, skip: 0, limit: None, is_history: false }
    }

    /// In this order.
    pub(super) fn order(self, order: Document) -> Self {
        Self { order: Some(order), ..self }
    }

    /// These fields alone.
    pub(super) fn fields(self, fields: Document) -> Self {
        Self { fields: Some(fields), ..self }
    }

    /// So many at most, after passing over so many.
    pub(super) fn page(self, skip: u32, limit: u32) -> Self {
        Self { skip, limit: Some(limit), ..self }
    }

    /// From the members of the set that histories are read from.
    pub(super) fn history(self) -> Self {
        Self { is_history: true, ..self }
    }
}

impl Base {
    /// Connects, and migrates where that is needed.
    pub(super) async fn open(
        address: &ConnectionString,
        database: &str,
        history: HistoryReads,
    ) -> Result<Self, Failure> {
        let client = Client::with_options(options(address).await?)?;
        // Not at the client, whose read concern every transaction would take over, also one that reads nothing.
        let majority = DatabaseOptions::builder().read_concern(ReadConcern::majority()).build();
        let database = client.database_with_options(database, majority);
        let history = SelectionCriteria::ReadPreference(history.preference());
        let base = Self { client, database, history };
        base.check_server().await?;
        let migrating = base.clone();
        // On a task of its own: a caller that stops waiting leaves no migration half way, with its lock.
        let migrated = tokio::spawn(async move { migrations::run(&migrating).await });
        migrated.await.map_err(|_| Failure::Schema("the migration ended half way"))??;
        Ok(base)
    }

    /// Whether the server can do what this store is built on.
    async fn check_server(&self) -> Result<(), Failure> {
        let hello = self.database.run_command(doc! { "hello": 1 }).await?;
        if hello.get_i32("maxWireVersion").unwrap_or_default() < OLDEST_WIRE_VERSION {
            return Err(Failure::Server("MongoDB 8.0 or newer is needed"));
        }
        // A server of its own has no transactions.
        if hello.contains_key("setName") || hello.get_str("msg").is_ok_and(|msg| msg == "isdbgrid") {
            return Ok(());
        }
        Err(Failure::Server(
            "a replica set or a sharded cluster is needed: a server of its own has no transactions",
        ))
    }

    pub(super) const fn client(&self) -> &Client {
        &self.client
    }

    pub(super) const fn database(&self) -> &Database {
        &self.database
    }

    pub(super) fn collection(&self, name: &str) -> Collection<RawDocumentBuf> {
        self.database.collection(name)
    }

    /// The same, for writes of whole documents.
    pub(super) fn documents(&self, name: &str) -> Collection<Document> {
        self.database.collection(name)
    }

    pub(super) fn namespace(&self, collection: &str) -> Namespace {
        self.collection(collection).namespace()
    }

    /// A collection for a session that sees one moment, whose read concern is the session's.
    pub(super) fn snapshot(&self, name: &str) -> Collection<RawDocumentBuf> {
        self.client.database(self.database.name()).collection(name)
    }

    /// Every document of a query.
    pub(super) async fn all<T: Record>(&self, query: Query) -> Result<Vec<T>, Failure> {
        // To the server a limit of 0 is none.
        if query.limit == Some(0) {
            return Ok(Vec::new());
        }
        let collection = self.collection(query.collection);
        let mut find = collection.find(query.filter).max_time(READ).skip(u64::from(query.skip));
        if query.is_history {
            find = find.selection_criteria(self.history.clone());
        }
        if let Some(order) = query.order {
            find = find.sort(order);
        }
        if let Some(fields) = query.fields {
            find = find.projection(fields);
        }
        if let Some(limit) = query.limit {
            find = find.limit(i64::from(limit));
        }
        let mut cursor = find.await?;
        let mut found = Vec::new();
        while let Some(document) = cursor.try_next().await? {
            found.push(read(&document)?);
        }
        Ok(found)
    }

    /// The first document of a query.
    pub(super) async fn first<T: Record>(&self, query: Query) -> Result<Option<T>, Failure> {
        Ok(self.all(query.page(0, 1)).await?.pop())
    }

    /// Every document of a query whose `field` is one of these keys, however many they are.
    pub(super) async fn of_each<T: Record>(
        &self,
        field: &str,
        keys: &[String],
        query: &Query,
    ) -> Result<Vec<T>, Failure> {
        let mut found = Vec::new();
        for some in keys.chunks(KEYS_A_QUERY) {
            let mut query = query.clone();
            query.filter.insert(field, doc! { "$in": some });
            found.extend(self.all(query).await?);
        }
        Ok(found)
    }

    /// The same inside a transaction, with keys of any kind.
    pub(super) async fn of_each_in<T: Record, K>(
        &self,
        session: &mut ClientSession,
        field: &str,
        keys: &[K],
        query: &Query,
    ) -> Result<Vec<T>, Failure>
    where
        K: Clone + Into<Bson>,
    {
        let collection = self.collection(query.collection);
        let mut found = Vec::new();
        for some in keys.chunks(KEYS_A_QUERY) {
            let mut filter = query.filter.clone();
            filter.insert(field, doc! { "$in": some.to_vec() });
            let mut find = collection.find(filter);
            if let Some(fields) = &query.fields {
                find = find.projection(fields.clone());
            }
            let mut cursor = find.session(&mut *session).await?;
            while let Some(document) = cursor.next(&mut *session).await {
                found.push(read(&document?)?);
            }
        }
        Ok(found)
    }

    /// How many documents match a filter.
    pub(super) async fn count(&self, collection: &str, filter: Document) -> Result<u64, Failure> {
        Ok(self.collection(collection).count_documents(filter).max_time(READ).await?)
    }

    /// Deletes every document whose key is one of these; how many there were.
    pub(super) async fn delete_each(&self, collection: &str, keys: &[String]) -> Result<u64, Failure> {
        let collection = self.collection(collection);
        let mut deleted = 0;
        for some in keys.chunks(KEYS_A_QUERY) {
            deleted += collection.delete_many(doc! { "_id": { "$in": some } }).await?.deleted_count;
        }
        Ok(deleted)
    }

    /// An update of the document of a key, which is made where there is none.
    pub(super) fn upsert(
        &self,
        collection: &str,
        key: &str,
        update: impl Into<UpdateModifications>,
    ) -> WriteModel {
        let model = UpdateOneModel::builder().namespace(self.namespace(collection));
        model.filter(doc! { "_id": key }).update(update).upsert(true).build().into()
    }

    /// Carries out writes in their order. The first that fails ends it.
    pub(super) async fn write(&self, models: Vec<WriteModel>) -> Result<(), Failure> {
        if !models.is_empty() {
            self.client.bulk_write(models).await?;
        }
        Ok(())
    }

    /// The same inside a transaction.
    pub(super) async fn write_in(
        &self,
        session: &mut ClientSession,
        models: Vec<WriteModel>,
    ) -> Result<(), Failure> {
        if !models.is_empty() {
            self.client.bulk_write(models).session(session).await?;
        }
        Ok(())
    }

    /// The next `count` numbers of a counter that never gives one twice: the first of them.
    pub(super) async fn next_numbers(&self, counter: &str, count: i64) -> Result<i64, Failure> {
        let counters = self.documents(COUNTERS);
        let counted = doc! { "$inc": { "last": count } };
        let counted = counters.find_one_and_update(doc! { "_id": counter }, counted);
        let counter = counted.return_document(ReturnDocument::After).await?;
        let last = counter.and_then(|counter| counter.get_i64("last").ok());
        Ok(last.ok_or(Failure::Malformed("counter"))? - count + 1)
    }
}

/// What the address says, and what this store needs whatever the address says.
async fn options(address: &ConnectionString) -> Result<ClientOptions, Failure> {
    let mut options = ClientOptions::parse(address.clone()).await?;
    options.app_name.get_or_insert_with(|| "risk-manager".to_owned());
    let most = *options.max_pool_size.get_or_insert(MOST_CONNECTIONS);
    options.min_pool_size.get_or_insert(if most == 0 {
        FEWEST_CONNECTIONS
    } else {
        FEWEST_CONNECTIONS.min(most)
    });
    options.max_idle_time.get_or_insert(IDLE);
    options.connect_timeout.get_or_insert(CONNECTING);
    options.server_selection_timeout.get_or_insert(SELECTION);
    options.write_concern =
        Some(WriteConcern::builder().w(Acknowledgment::Majority).journal(true).w_timeout(MAJORITY).build());
    options.read_concern = None;
    options.selection_criteria = Some(SelectionCriteria::ReadPreference(ReadPreference::Primary));
    Ok(options)
}
