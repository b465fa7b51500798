//! Every query that the store sends to MongoDB is answered from an index: all ports are used through a tap on the wire,
//! and the server explains each filter that went by.

mod tap;

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::Arc;

use mongodb::bson::{Bson, Document, doc};
use mongodb::{Client, Database};
use risk_app::delivery::{Route, Settlement, SwitchedOff};
use risk_app::records::{AlertFilter, ApiKey, Commit, KeptCloses, KeptHourly, SweepReport};
use risk_app::stores::Store;
use risk_app::sweeping::{Fence, Lane};
use risk_engine::alarm::Memory;
use risk_engine::market::{DailyCloses, HourlyCloses};
use risk_model::{AlertKind, Asset, ChainId, KnownMarkets, Severity};
use risk_store::{HistoryReads, MongoStore};

use crate::samples::{assessment, at, escalation, opening, resolution, wallet, watch};
use tap::Tap;

/// What a command asked of a collection: its filter, and the order of what it wanted.
struct Asked {
    command: String,
    collection: String,
    filter: Document,
    order: Option<Document>,
}

impl Asked {
    fn new(command: &str, collection: &str, filter: &Document) -> Self {
        let (command, collection) = (command.to_owned(), collection.to_owned());
        Self { command, collection, filter: filter.clone(), order: None }
    }

    /// Two of the same shape are explained once: names of fields and operators without the values.
    fn shape(&self) -> String {
        let order = self.order.as_ref().map(ToString::to_string);
        format!("{} {} {:?}", self.collection, names(&Bson::from(self.filter.clone())), order)
    }
}

fn names(value: &Bson) -> String {
    match value {
        Bson::Document(document) => {
            let fields = document.iter().map(|(name, value)| format!("{name}:{}", names(value)));
            format!("{{{}}}", fields.collect::<Vec<_>>().join(","))
        }
        Bson::Array(items) => format!("[{}]", items.first().map(names).unwrap_or_default()),
        _ => "_".to_owned(),
    }
}

/// What a command of the store asks; nothing where it does not look for anything.
fn asked(command: &Document) -> Vec<Asked> {
    let (name, target) = command.iter().next().expect("a command");
    let collection = target.as_str().unwrap_or_default();
    let of = |field: &str| command.get_document(field).cloned().unwrap_or_default();
    let documents = |field: &str| -> Vec<Document> {
        let items = command.get_array(field).cloned().unwrap_or_default();
        items.into_iter().filter_map(|item| item.as_document().cloned()).collect()
    };
    match name.as_str() {
        "find" => {
            let order = command.get_document("sort").ok().cloned();
            vec![Asked { order, ..Asked::new(name, collection, &of("filter")) }]
        }
        "distinct" | "findAndModify" => vec![Asked::new(name, collection, &of("query"))],
        "aggregate" => {
            let stages = documents("pipeline");
            let first = stages.first().and_then(|stage| stage.get_document("$match").ok());
            vec![Asked::new(name, collection, first.unwrap_or(&Document::new()))]
        }
        "update" | "delete" => documents(&format!("{name}s"))
            .iter()
            .map(|one| Asked::new(name, collection, one.get_document("q").expect("a filter")))
            .collect(),
        "bulkWrite" => {
            let spaces = documents("nsInfo");
            documents("ops").iter().filter_map(|one| bulk(&spaces, one)).collect()
        }
        _ => Vec::new(),
    }
}

fn bulk(spaces: &[Document], one: &Document) -> Option<Asked> {
    let (kind, space) = one.iter().next()?;
    let filter = one.get_document("filter").ok()?;
    let space = usize::try_from(space.as_i32()?).ok()?;
    let (_, collection) = spaces.get(space)?.get_str("ns").ok()?.split_once('.')?;
    Some(Asked::new(&format!("bulk {kind}"), collection, filter))
}

impl Asked {
    /// Whether it is answered from the index of keys, which every collection has.
    fn is_by_key(&self) -> bool {
        let is_in_their_order =
            || self.order.as_ref().is_some_and(|order| order.keys().next().unwrap() == "_id");
        self.filter.contains_key("_id") || (self.filter.is_empty() && is_in_their_order())
    }

    /// The server's plan for it, asked as a find, whatever the command was: the server of these tests explains no other.
    async fn plan(&self, database: &Database) -> BTreeSet<String> {
        let mut find = doc! { "find": &self.collection, "filter": &self.filter };
        if let Some(order) = &self.order {
            find.insert("sort", order);
        }
        let plan = database.run_command(doc! { "explain": find, "verbosity": "queryPlanner" }).await.unwrap();
        let mut found = BTreeSet::new();
        stages(plan.get("queryPlanner").expect("a plan"), &mut found);
        found
    }
}

/// Every stage of a plan, at any depth. Plans that were not chosen are left out.
fn stages(plan: &Bson, found: &mut BTreeSet<String>) {
    match plan {
        Bson::Document(document) => {
            for (name, value) in document {
                match (name.as_str(), value) {
                    ("stage", Bson::String(stage)) => {
                        found.insert(stage.clone());
                    }
                    ("rejectedPlans", _) => {}
                    _ => stages(value, found),
                }
            }
        }
        Bson::Array(items) => items.iter().for_each(|item| stages(item, found)),
        _ => {}
    }
}

fn memory() -> Memory {
    Memory { blind_since: Some(at(1)), ..Memory::default() }
}

/// A commit of everything, under a lease.
async fn commit_everything(store: &Arc<dyn Store>) {
    let desk = Route { channel: "desk".parse().unwrap(), min_severity: Severity::Low };
    let lease = store.lease("every:0/1", "first", at(0), at(60)).await.unwrap().unwrap();
    let fence = Fence { lease: "every:0/1".to_owned(), token: lease.token, cursor: Some(wallet(9)) };
    let commit = Commit {
        at: at(1),
        assessments: vec![assessment(1, 1, true), assessment(2, 1, false)],
        transitions: (0..4).map(|number| opening(number, "main")).collect(),
        memories: vec![(wallet(1), memory())],
        routes: (0..4).map(|number| (wallet(number), [desk.clone()].into())).collect(),
        tokens: vec![(wallet(1), vec![Asset::native(ChainId::Base)])],
        markets: vec![(wallet(1), vec![KnownMarkets { chain: ChainId::Base, ids: vec![] }])],
        near: vec![(wallet(1), true), (wallet(2), false)],
        fence: Some(fence),
    };
    let opened = store.commit(commit).await.unwrap().opened;
    let transitions = vec![escalation(opened[0].id, Severity::High), resolution(opened[1].id, "over")];
    store.commit(Commit { at: at(2), transitions, ..Commit::default() }).await.unwrap();
    store.acknowledge(opened[2].id, at(3), std::slice::from_ref(&desk)).await.unwrap();
    store.resolve(opened[2].id, at(4), "over", &[desk]).await.unwrap();
    store.find_alert(opened[3].id).await.unwrap().unwrap();
    store.release("every:0/1", "first", true).await.unwrap();
}

async fn use_watches_and_alerts(store: &Arc<dyn Store>) {
    let watches: Vec<_> = (0..20).map(watch).collect();
    store.put_watches(&watches).await.unwrap();
    store.find_watches(&[wallet(1)]).await.unwrap();
    store.page_watches(None, 5).await.unwrap();
    for lane in [Lane::Every, Lane::Near] {
        store.page_lane(lane, Some(wallet(0)), wallet(9), 5).await.unwrap();
    }
    store.count_watches().await.unwrap();
    store.remove_watches(&[wallet(19)]).await.unwrap();
    let wallets = [wallet(1), wallet(2)];
    store.latest(&wallets).await.unwrap();
    store.last_known(&wallets).await.unwrap();
    store.tokens(&wallets).await.unwrap();
    store.markets(&wallets).await.unwrap();
    store.memories(&wallets).await.unwrap();
    store.standing(&wallets).await.unwrap();
    store.count_standing().await.unwrap();
    let every = AlertFilter { limit: 5, ..AlertFilter::default() };
    let filters = [
        AlertFilter { wallets: Some(wallets.to_vec()), ..every.clone() },
        AlertFilter { severity: Some(Severity::High), ..every.clone() },
        AlertFilter { kind: Some(AlertKind::LiquidationRisk), ..every.clone() },
        AlertFilter { resolved: Some(false), ..every.clone() },
        AlertFilter { before: Some(3), skip: 1, ..every.clone() },
        AlertFilter {
            wallets: Some(wallets.to_vec()),
            resolved: Some(true),
            before: Some(3),
            ..every.clone()
        },
        every,
    ];
    for filter in filters {
        store.list(&filter).await.unwrap();
    }
}

async fn use_the_rest(store: &Arc<dyn Store>) {
    let asset = Asset::native(ChainId::Ethereum);
    let closes = DailyCloses { first_day: 1, closes: vec![Some(1.0)], source: "coingecko" };
    store.put_closes(&[KeptCloses { asset, closes, window_days: 1 }]).await.unwrap();
    let closes = HourlyCloses { first_hour: 1, closes: vec![Some(1.0)], source: "coingecko" };
    store.put_hourly(&[KeptHourly { asset, closes, read_at: at(1) }]).await.unwrap();
    store.closes(&[asset]).await.unwrap();
    store.hourly(&[asset]).await.unwrap();
    let key = ApiKey {
        hash: [1; 32],
        label: "ops".to_owned(),
        scopes: vec![],
        wallets: None,
        expires_at: None,
        created_at: at(0),
        last_used_at: None,
    };
    store.put_key(&key).await.unwrap();
    store.find_key(&key.hash).await.unwrap();
    store.touch_key(&key.hash, at(1)).await.unwrap();
    store.count_keys().await.unwrap();
    store.record(&SweepReport { lane: "near".to_owned(), ..SweepReport::default() }).await.unwrap();
    store.recent(None, 5).await.unwrap();
    store.traces(&[wallet(1)]).await.unwrap();
    store.erase(&[wallet(7)]).await.unwrap();
    store.recent(Some(Lane::Near), 5).await.unwrap();
    let desk = store.due_channels(at(9)).await.unwrap().remove(0);
    let mut taken = store.take(&desk, at(9), at(99), 10).await.unwrap().into_iter().map(|one| one.message.id);
    let settlements = [
        Settlement::Delivered,
        Settlement::Again { at: at(10), why: "busy".to_owned() },
        Settlement::Dead { why: "gone".to_owned() },
    ];
    let settled: Vec<_> = settlements.into_iter().map(|one| (taken.next().unwrap(), one)).collect();
    store.settle(at(9), &settled).await.unwrap();
    store.outbox().await.unwrap();
    store.switch_off(&SwitchedOff { channel: desk.clone(), at: at(9), why: "410".to_owned() }).await.unwrap();
    store.switched_off().await.unwrap();
    store.switch_on(&desk).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_query_is_answered_from_an_index() {
    let Some((uri, name)) = risk_tests::mongo::database().await.unwrap() else { return };
    let Some(server) = uri.strip_prefix("mongodb://").and_then(|rest| rest.parse::<SocketAddr>().ok()) else {
        eprintln!("SKIPPED, NOTHING WAS EXPLAINED: the tap needs mongodb://address:port and nothing else");
        return;
    };
    let (tap, address) = Tap::start(server).await;
    // Otherwise the driver goes where the server says that the set is: past the tap.
    let uri_of_tap = format!("mongodb://{address}/?directConnection=true");
    let store: Arc<dyn Store> =
        Arc::new(MongoStore::new(&uri_of_tap, &name, HistoryReads::default()).unwrap());
    store.count_watches().await.unwrap();
    commit_everything(&store).await;
    use_watches_and_alerts(&store).await;
    use_the_rest(&store).await;

    let all = tap.commands().iter().flat_map(asked).map(|one| (one.shape(), one)).collect::<BTreeMap<_, _>>();
    let database = Client::with_uri_str(&uri).await.unwrap().database(&name);
    let hello = database.run_command(doc! { "hello": 1 }).await.unwrap();
    let mut scans = Vec::new();
    // The server of these tests names the index of keys for one key alone, and for nothing else that it answers.
    let names_it = hello.get_str("setName").is_ok_and(|name| name != "secantus");
    for one in all.values().filter(|one| names_it || !one.is_by_key()) {
        let found = one.plan(&database).await;
        let is_indexed =
            found.iter().any(|stage| ["IXSCAN", "IDHACK", "EXPRESS_IXSCAN"].contains(&stage.as_str()));
        if !is_indexed || found.contains("COLLSCAN") {
            scans.push(format!(
                "{} of {}: {} {:?}: {found:?}",
                one.command, one.collection, one.filter, one.order
            ));
        }
    }
    assert!(scans.is_empty(), "answered by reading everything:\n{}", scans.join("\n"));
    let collections: BTreeSet<&str> = all.values().map(|one| one.collection.as_str()).collect();
    assert!(collections.len() >= 17, "a port was not used: {collections:?}");
    let explained = all.values().filter(|one| !one.is_by_key()).count();
    assert!(all.len() >= 35 && explained >= 15, "{explained} of {} queries", all.len());
}
