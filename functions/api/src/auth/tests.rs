//! Tests of API keys and rights.

use risk_app::stores::ApiKeys;
use risk_model::Timestamp;
use risk_store::MemoryStore;

use super::*;

const NOW: Timestamp = Timestamp::new(1_700_000_000);

fn holder(scopes: &[&str], wallets: Option<Vec<Wallet>>) -> Principal {
    let (_, mut key) = mint_key("test", scopes, NOW).unwrap();
    key.wallets = wallets;
    Principal::Key(Arc::new(HeldKey::of(key)))
}

fn status(outcome: Result<(), Problem>) -> Option<Kind> {
    outcome.err().map(|problem| problem.kind())
}

#[test]
fn a_minted_key_is_its_own_hash_and_never_the_same_twice() {
    let (first, key) = mint_key("a", &["read"], NOW).unwrap();
    let (second, _) = mint_key("a", &["read"], NOW).unwrap();
    assert_ne!(first, second);
    assert_eq!(first.len(), 67);
    assert_eq!(key_hash(&first), Some(key.hash));
    let zeros = key_hash(&format!("rm_{}", "0".repeat(64))).map(hex::encode);
    assert_eq!(
        zeros.as_deref(),
        Some("240d3476e709e3e71247b724c7c74e3cf7d3eeb06dab9ce0b47ec237c9ae9f75"),
        "sha256sum's own"
    );
}

#[test]
fn a_text_that_is_no_key_has_no_hash() {
    let digits = "0123456789abcdef".repeat(4);
    assert!(key_hash(&format!("rm_{digits}")).is_some());
    for text in [
        String::new(),
        digits.clone(),
        format!("rm_{}", &digits[1..]),
        format!("rm_{digits}0"),
        format!("rm_{}", digits.to_uppercase()),
        format!("RM_{digits}"),
        format!(" rm_{digits}"),
        format!("rm_{}é", &digits[2..]),
    ] {
        assert_eq!(key_hash(&text), None, "{text:?}");
    }
}

#[test]
fn read_and_write_are_apart_and_admin_has_both() {
    let cases = [
        (&["read"][..], None, Some(Kind::Forbidden)),
        (&["write"], Some(Kind::Forbidden), None),
        (&["read", "write"], None, None),
        (&["admin"], None, None),
        (&[], Some(Kind::Forbidden), Some(Kind::Forbidden)),
        (&["READ", "all"], Some(Kind::Forbidden), Some(Kind::Forbidden)),
    ];
    for (scopes, read, write) in cases {
        let holder = holder(scopes, None);
        assert_eq!(status(holder.demand(Right::Read)), read, "{scopes:?}");
        assert_eq!(status(holder.demand(Right::Write)), write, "{scopes:?}");
    }
}

#[test]
fn a_key_with_an_allow_list_sees_no_other_wallet() {
    let (mine, other) = (wallet(1), wallet(2));
    let limited = holder(&["read"], Some(vec![mine]));
    assert_eq!(status(limited.demand_wallet(mine)), None);
    assert_eq!(status(limited.demand_wallet(other)), Some(Kind::Forbidden));
    assert_eq!(status(holder(&["read"], Some(Vec::new())).demand_wallet(mine)), Some(Kind::Forbidden));
    assert_eq!(status(holder(&["read"], None).demand_wallet(other)), None);
}

#[test]
fn only_asking_is_reading() {
    assert_eq!(Right::of_request(&Method::GET, "/api/risk/alerts"), Right::Read);
    assert_eq!(Right::of_request(&Method::HEAD, "/api/risk/alerts"), Right::Read);
    for method in [Method::POST, Method::PUT, Method::DELETE, Method::PATCH] {
        assert_eq!(Right::of_request(&method, "/api/risk/analyze"), Right::Write, "{method}");
    }
}

#[tokio::test]
async fn the_first_start_mints_an_admin_key_and_the_second_does_not() {
    let store = MemoryStore::new();
    let minted = mint_first_key(&store, NOW).await.unwrap().unwrap();
    let kept = store.find_key(&key_hash(&minted).unwrap()).await.unwrap().unwrap();
    assert_eq!(kept.scopes, ["admin"]);
    assert_eq!(mint_first_key(&store, NOW).await.unwrap(), None);
    assert_eq!(store.count_keys().await.unwrap(), 1);
}

fn wallet(byte: u8) -> Wallet {
    Wallet::new(risk_model::Address::repeat_byte(byte))
}
