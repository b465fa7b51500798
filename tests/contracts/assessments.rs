//! Cases of assessments and known tokens.

use std::sync::Arc;

use risk_app::records::{AssessmentRecord, Commit};
use risk_app::stores::Store;
use risk_model::{Address, Asset, B256, ChainId, KnownMarkets, Range, RiskLevel, Wallet};

use crate::samples::{ODD_TEXT, assess, assessment, at, many, opening, wallet};

/// The latest and the last known assessment of a wallet.
async fn both(store: &Arc<dyn Store>, number: u64) -> (Vec<AssessmentRecord>, Vec<AssessmentRecord>) {
    let wallets = [wallet(number)];
    (store.latest(&wallets).await.unwrap(), store.last_known(&wallets).await.unwrap())
}

pub(crate) async fn an_assessment_reads_back_as_it_was_committed(store: Arc<dyn Store>) {
    assert_eq!(both(&store, 1).await, (vec![], vec![]));
    for (number, level) in (1..).zip(RiskLevel::ALL) {
        let record = AssessmentRecord {
            level,
            score: Range { at_least: 0.1 + 0.2, at_most: 99.999_999_999_999_99 },
            ..assessment(number, 5, true)
        };
        assess(&store, 5, vec![record.clone()]).await;
        assert_eq!(both(&store, number).await, (vec![record.clone()], vec![record]));
    }
    let twice = store.latest(&[wallet(1), wallet(1), wallet(99)]).await.unwrap();
    assert_eq!(twice.len(), 1, "each wallet that has one, once");
}

pub(crate) async fn an_older_assessment_never_replaces_a_newer_one(store: Arc<dyn Store>) {
    let newer = assessment(1, 100, true);
    assess(&store, 100, vec![newer.clone()]).await;
    for is_informative in [true, false] {
        assess(&store, 200, vec![assessment(1, 99, is_informative)]).await;
        assert_eq!(both(&store, 1).await, (vec![newer.clone()], vec![newer.clone()]));
    }
}

pub(crate) async fn of_two_of_the_same_second_the_later_commit_stays(store: Arc<dyn Store>) {
    let first = assessment(1, 10, true);
    let second = AssessmentRecord { body: "{\"second\":true}".to_owned(), ..first.clone() };
    let blind = assessment(1, 10, false);
    assess(&store, 10, vec![first.clone(), second.clone()]).await;
    assert_eq!(both(&store, 1).await, (vec![second.clone()], vec![second.clone()]));
    assess(&store, 10, vec![blind.clone()]).await;
    assert_eq!(both(&store, 1).await, (vec![blind], vec![second]));
    assess(&store, 10, vec![first.clone()]).await;
    assert_eq!(both(&store, 1).await, (vec![first.clone()], vec![first]));
}

pub(crate) async fn an_uninformative_assessment_is_the_latest_but_never_the_last_known(
    store: Arc<dyn Store>,
) {
    let (known, blind) = (assessment(1, 10, true), assessment(1, 20, false));
    assess(&store, 10, vec![known.clone()]).await;
    assess(&store, 20, vec![blind.clone()]).await;
    assert_eq!(both(&store, 1).await, (vec![blind], vec![known]));

    let never_seen = assessment(2, 20, false);
    assess(&store, 20, vec![never_seen.clone()]).await;
    assert_eq!(both(&store, 2).await, (vec![never_seen], vec![]));

    let seen_again = assessment(1, 30, true);
    assess(&store, 30, vec![seen_again.clone()]).await;
    assert_eq!(both(&store, 1).await, (vec![seen_again.clone()], vec![seen_again]));
}

pub(crate) async fn a_late_informative_assessment_is_known_though_not_the_latest(store: Arc<dyn Store>) {
    let (late, blind) = (assessment(1, 15, true), assessment(1, 20, false));
    assess(&store, 10, vec![assessment(1, 10, true)]).await;
    assess(&store, 20, vec![blind.clone()]).await;
    assess(&store, 21, vec![late.clone()]).await;
    assert_eq!(both(&store, 1).await, (vec![blind], vec![late]));
}

pub(crate) async fn odd_text_and_a_large_body_come_back_byte_for_byte(store: Arc<dyn Store>) {
    let odd = AssessmentRecord { body: ODD_TEXT.to_owned(), ..assessment(1, 1, true) };
    let large =
        AssessmentRecord { body: ODD_TEXT.repeat(1 + 1_048_576 / ODD_TEXT.len()), ..assessment(2, 1, true) };
    let empty = AssessmentRecord { body: String::new(), ..assessment(3, 1, false) };
    assert!(large.body.len() > 1_048_576);
    assess(&store, 1, vec![odd.clone(), large.clone(), empty.clone()]).await;
    for (number, expected) in [(1, odd), (2, large), (3, empty)] {
        let latest = both(&store, number).await.0;
        assert!(latest == [expected], "the body of wallet {number} changed");
    }
}

pub(crate) async fn a_score_that_is_no_number_comes_back_as_none(store: Arc<dyn Store>) {
    let score = Range { at_least: f64::NAN, at_most: f64::INFINITY };
    assess(&store, 1, vec![AssessmentRecord { score, ..assessment(1, 1, false) }, assessment(2, 1, true)])
        .await;
    let latest = both(&store, 1).await.0;
    assert!(latest[0].score.at_least.is_nan(), "NaN must not become a number");
    assert!(latest[0].score.at_most.is_infinite());
    assert_eq!(both(&store, 2).await.0, [assessment(2, 1, true)], "one odd figure must not lose the batch");
}

/// The tokens known of a wallet.
async fn tokens(store: &Arc<dyn Store>, number: u64) -> Vec<(Wallet, Vec<Asset>)> {
    store.tokens(&[wallet(number), wallet(number)]).await.unwrap()
}

async fn discover(store: &Arc<dyn Store>, number: u64, seconds: u64, assets: &[Asset]) {
    let tokens = vec![(wallet(number), assets.to_vec())];
    store.commit(Commit { at: at(seconds), tokens, ..Commit::default() }).await.unwrap();
}

pub(crate) async fn tokens_are_replaced_as_a_whole_and_never_by_older_ones(store: Arc<dyn Store>) {
    let mut assets: Vec<Asset> = ChainId::ALL.into_iter().map(Asset::native).collect();
    assets.extend(ChainId::ALL.into_iter().map(|chain| Asset::contract(chain, Address::repeat_byte(0xab))));
    assert_eq!(tokens(&store, 1).await, []);
    discover(&store, 1, 10, &assets).await;
    assert_eq!(tokens(&store, 1).await, [(wallet(1), assets.clone())]);
    discover(&store, 1, 9, &assets[..1]).await;
    assert_eq!(
        tokens(&store, 1).await,
        [(wallet(1), assets.clone())],
        "an older discovery replaced a newer one"
    );
    discover(&store, 1, 11, &assets[3..7]).await;
    assert_eq!(tokens(&store, 1).await, [(wallet(1), assets[3..7].to_vec())]);
    discover(&store, 1, 12, &[]).await;
    let discovered_none = [(wallet(1), vec![])];
    assert_eq!(tokens(&store, 1).await, discovered_none, "none found is not the same as never looked");
    discover(&store, 1, 11, &assets).await;
    assert_eq!(tokens(&store, 1).await, discovered_none);
}

fn markets_of(chain: ChainId, ids: &[u8]) -> KnownMarkets {
    KnownMarkets { chain, ids: ids.iter().map(|id| B256::repeat_byte(*id)).collect() }
}

pub(crate) async fn markets_are_kept_chain_by_chain_and_never_replaced_by_older_ones(store: Arc<dyn Store>) {
    let keep = async |seconds, found: &[KnownMarkets]| {
        let markets = vec![(wallet(1), found.to_vec())];
        store.commit(Commit { at: at(seconds), markets, ..Commit::default() }).await.unwrap();
    };
    let kept = async || store.markets(&[wallet(1), wallet(1), wallet(2)]).await.unwrap();
    assert_eq!(kept().await, []);
    let (base, optimism) = (markets_of(ChainId::Base, &[1, 2]), markets_of(ChainId::Optimism, &[]));
    keep(10, std::slice::from_ref(&base)).await;
    assert_eq!(kept().await, [(wallet(1), vec![base.clone()])]);
    keep(9, &[markets_of(ChainId::Base, &[]), optimism.clone()]).await;
    let mut both = kept().await;
    both[0].1.sort_by_key(|markets| markets.chain.name());
    assert_eq!(both, [(wallet(1), vec![base, optimism.clone()])], "one chain says nothing of another");
    keep(11, &[markets_of(ChainId::Base, &[3])]).await;
    let mut both = kept().await;
    both[0].1.sort_by_key(|markets| markets.chain.name());
    assert_eq!(both, [(wallet(1), vec![markets_of(ChainId::Base, &[3]), optimism])]);
}

pub(crate) async fn a_batch_of_thousands_is_one_commit(store: Arc<dyn Store>) {
    let numbers = 0..many(&store, 3_000);
    let commit = Commit {
        at: at(1),
        assessments: numbers.clone().map(|number| assessment(number, 1, true)).collect(),
        transitions: numbers.clone().map(|number| opening(number, "aave_v3:ethereum")).collect(),
        tokens: numbers.clone().map(|number| (wallet(number), vec![Asset::native(ChainId::Base)])).collect(),
        markets: numbers
            .clone()
            .map(|number| (wallet(number), vec![markets_of(ChainId::Base, &[7])]))
            .collect(),
        ..Commit::default()
    };
    let wallets: Vec<Wallet> = numbers.map(wallet).collect();
    let applied = store.commit(commit).await.unwrap();
    assert_eq!(applied.opened.len(), wallets.len());
    assert_eq!(store.latest(&wallets).await.unwrap().len(), wallets.len());
    assert_eq!(store.last_known(&wallets).await.unwrap().len(), wallets.len());
    assert_eq!(store.tokens(&wallets).await.unwrap().len(), wallets.len());
    assert_eq!(store.markets(&wallets).await.unwrap().len(), wallets.len());
    assert_eq!(store.standing(&wallets).await.unwrap(), applied.opened);
}
