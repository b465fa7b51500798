//! Cases of what the alarms remember.

use std::collections::BTreeMap;
use std::sync::Arc;

use risk_app::records::Commit;
use risk_app::stores::Store;
use risk_engine::alarm::{AccountMemory, AssetTerms, Memory, NormalGas, Peaks, Rest, TermsMemory};
use risk_engine::lending::Terms;
use risk_model::{AlertKind, Asset, ChainId, Protocol, Severity, Wallet};

use crate::samples::{ODD_TEXT, at, many, wallet};

/// A memory with something of everything; `mark` tells two apart.
fn memory(mark: u64) -> Memory {
    let terms = |liquidation_threshold| AssetTerms {
        liquidation_threshold,
        terms: Terms {
            loan_to_value: Some(0.1 + 0.2),
            liquidation_bonus: None,
            is_frozen: true,
            is_paused: false,
        },
    };
    let asset = Asset::native(ChainId::Base);
    let kept = TermsMemory { accepted: terms(0.83), pending: Some((terms(1.0 / 3.0), at(mark))) };
    let peaks = Peaks { half: mark, highest: 2.0_f64.sqrt(), before: Some(1.1) };
    let account = AccountMemory {
        is_near: true,
        peaks: Some(peaks),
        e_mode: 2,
        terms: BTreeMap::from([(asset, kept)]),
    };
    let rest = Rest {
        account: ODD_TEXT.to_owned(),
        kind: AlertKind::GasSpike,
        severity: Severity::High,
        at: at(mark),
    };
    Memory {
        blind_since: Some(at(mark)),
        accounts: BTreeMap::from([
            (ODD_TEXT.to_owned(), account),
            ("empty".to_owned(), AccountMemory::default()),
        ]),
        gas: BTreeMap::from([(ChainId::Ethereum, NormalGas { gwei: 1e-9 / 7.0, at: at(mark) })]),
        locked: BTreeMap::from([(Protocol::Curve, peaks)]),
        rests: vec![rest],
    }
}

async fn keep(store: &Arc<dyn Store>, seconds: u64, memories: Vec<(Wallet, Memory)>) {
    let commit = Commit { at: at(seconds), memories, ..Commit::default() };
    store.commit(commit).await.expect("the commit");
}

pub(crate) async fn a_memory_reads_back_to_the_last_bit_and_is_none_where_none_was_kept(
    store: Arc<dyn Store>,
) {
    assert_eq!(store.memories(&[wallet(1)]).await.expect("none"), []);
    keep(&store, 1, vec![(wallet(1), memory(1)), (wallet(2), Memory::default())]).await;
    let kept = store.memories(&[wallet(1), wallet(1), wallet(3)]).await.expect("the memories");
    assert_eq!(kept, [(wallet(1), memory(1))]);
    let empty = store.memories(&[wallet(2)]).await.expect("the memories");
    assert_eq!(empty, [(wallet(2), Memory::default())]);
    assert_eq!(store.memories(&[]).await.expect("none"), []);
}

pub(crate) async fn an_older_memory_never_replaces_a_newer_one(store: Arc<dyn Store>) {
    keep(&store, 10, vec![(wallet(1), memory(10))]).await;
    keep(&store, 9, vec![(wallet(1), memory(9))]).await;
    assert_eq!(store.memories(&[wallet(1)]).await.expect("the memory"), [(wallet(1), memory(10))]);
    keep(&store, 10, vec![(wallet(1), memory(11))]).await;
    assert_eq!(store.memories(&[wallet(1)]).await.expect("the memory"), [(wallet(1), memory(11))]);
}

pub(crate) async fn thousands_of_memories_are_one_commit(store: Arc<dyn Store>) {
    let wallets: Vec<Wallet> = (0..many(&store, 3_000)).map(wallet).collect();
    keep(&store, 1, wallets.iter().map(|wallet| (*wallet, memory(1))).collect()).await;
    let mut kept = store.memories(&wallets).await.expect("the memories");
    kept.sort_by_key(|(wallet, _)| *wallet);
    assert_eq!(kept.len(), wallets.len());
    assert!(kept.iter().zip(&wallets).all(|(one, wallet)| *one == (*wallet, memory(1))));
}
