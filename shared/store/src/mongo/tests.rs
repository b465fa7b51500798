//! What an address may be, and that none of it is told.

use std::time::Duration;

use risk_app::stores::{StoreError, Watches};

use super::*;

#[test]
fn an_address_that_is_none_is_refused_without_its_password() {
    for uri in
        ["", "redis://me:hunter2@x", "mongodb://", "mongodb://me:hunter2@", "mongodb://me:hunt/er2@x", "x"]
    {
        let refused = MongoStore::new(uri, "risk", HistoryReads::default()).err();
        assert_eq!(refused, Some(UnusableMongo::Address), "{uri}");
    }
    assert!(!UnusableMongo::Address.to_string().contains("hunter2"));
}

#[test]
fn a_database_has_a_plain_name() {
    let of = |name: &str| MongoStore::new("mongodb://x", name, HistoryReads::default()).err();
    for name in ["risk", "risk-manager_2", &"x".repeat(63)] {
        assert_eq!(of(name), None, "{name}");
    }
    for name in ["", "a b", "a.b", "a/b", "a$b", "ü", &"x".repeat(64)] {
        assert_eq!(of(name), Some(UnusableMongo::Database), "{name}");
    }
}

#[test]
fn every_read_preference_has_one_name_that_reads_back() {
    for one in HistoryReads::ALL {
        assert_eq!(one.name().parse(), Ok(one));
    }
    assert_eq!("Primary".parse::<HistoryReads>(), Err(UnknownPreference));
}

#[tokio::test]
async fn a_server_that_is_not_there_is_told_in_time_and_without_its_address() {
    // Nothing listens on the discard port of this machine.
    let uri = "mongodb://me:hunter2@127.0.0.1:9/?serverSelectionTimeoutMS=300";
    let store = MongoStore::new(uri, "risk", HistoryReads::default()).unwrap();
    let refused =
        tokio::time::timeout(Duration::from_secs(5), store.count_watches()).await.expect("an answer");
    let Err(StoreError::Unavailable(why)) = refused else { panic!("{refused:?}") };
    let said = format!("{why} {why:?}");
    assert!(!said.contains("hunter2") && !said.contains("127.0.0.1"), "{said}");
}
