//! Cases of API keys.

use std::sync::Arc;

use risk_app::records::ApiKey;
use risk_app::stores::Store;

use crate::samples::{ODD_TEXT, at, wallet};

fn key(byte: u8) -> ApiKey {
    ApiKey {
        hash: [byte; 32],
        label: "ops".to_owned(),
        scopes: vec!["read".to_owned()],
        wallets: None,
        expires_at: None,
        created_at: at(0),
        last_used_at: None,
    }
}

pub(crate) async fn a_key_reads_back_as_it_was_put(store: Arc<dyn Store>) {
    let full = ApiKey {
        label: ODD_TEXT.to_owned(),
        scopes: vec!["read".to_owned(), "write".to_owned(), ODD_TEXT.to_owned()],
        wallets: Some(vec![wallet(2), wallet(1)]),
        expires_at: Some(at(99)),
        last_used_at: Some(at(3)),
        ..key(0)
    };
    let nobody = ApiKey { scopes: vec![], wallets: Some(vec![]), ..key(255) };
    for one in [full, nobody, key(7)] {
        store.put_key(&one).await.unwrap();
        assert_eq!(store.find_key(&one.hash).await.unwrap(), Some(one));
    }
    assert_eq!(store.count_keys().await.unwrap(), 3);
}

pub(crate) async fn putting_the_same_hash_replaces_the_key(store: Arc<dyn Store>) {
    store.put_key(&ApiKey { wallets: Some(vec![wallet(1)]), ..key(1) }).await.unwrap();
    let after = ApiKey { label: "new".to_owned(), expires_at: Some(at(5)), ..key(1) };
    store.put_key(&after).await.unwrap();
    assert_eq!(store.find_key(&[1; 32]).await.unwrap(), Some(after));
    assert_eq!(store.count_keys().await.unwrap(), 1);
}

pub(crate) async fn touching_moves_the_last_use_forward_only(store: Arc<dyn Store>) {
    store.put_key(&key(1)).await.unwrap();
    for (use_at, expected) in [(10, 10), (10, 10), (9, 10), (11, 11)] {
        store.touch_key(&[1; 32], at(use_at)).await.unwrap();
        let found = store.find_key(&[1; 32]).await.unwrap();
        assert_eq!(found, Some(ApiKey { last_used_at: Some(at(expected)), ..key(1) }));
    }
}

pub(crate) async fn an_unknown_hash_is_nobody(store: Arc<dyn Store>) {
    store.put_key(&key(1)).await.unwrap();
    store.touch_key(&[2; 32], at(1)).await.unwrap();
    assert_eq!(store.find_key(&[2; 32]).await.unwrap(), None);
    assert_eq!(store.count_keys().await.unwrap(), 1, "a use makes no key");
}
