//! Memory and SQLite give the same answers to the same random history.

use std::sync::Arc;

use proptest::prelude::*;
use risk_app::delivery::Route;
use risk_app::records::{Alert, AlertFilter, Applied, AssessmentRecord, Commit};
use risk_app::stores::Store;
use risk_engine::alarm::{Identity, Transition};
use risk_model::{Address, AlertKind, Range, RiskLevel, Severity, Timestamp, Wallet};

use crate::{MemoryStore, SqliteStore};

fn wallet(number: u8) -> Wallet {
    Wallet::new(Address::repeat_byte(number))
}

/// One act of a history; an `id` is a number in the order of opening. Few wallets and alerts, so that acts meet.
#[derive(Clone, Debug)]
enum Act {
    Commit { at: u64, assessments: Vec<AssessmentRecord>, transitions: Vec<Transition> },
    Acknowledge { id: u64, at: u64 },
    Resolve { id: u64, at: u64 },
}

/// Two channels; the second hears of the worse alerts only.
fn along() -> Arc<[Route]> {
    let route =
        |(name, min_severity): (&str, Severity)| Route { channel: name.parse().unwrap(), min_severity };
    [("desk", Severity::Low), ("pager", Severity::High)].map(route).into()
}

fn severities() -> impl Strategy<Value = Severity> {
    prop::sample::select(Severity::ALL.to_vec())
}

fn assessments() -> impl Strategy<Value = AssessmentRecord> {
    (0..3_u8, 0..6_u64, any::<bool>(), any::<u16>()).prop_map(|(number, seconds, is_informative, mark)| {
        AssessmentRecord {
            wallet: wallet(number),
            at: Timestamp::new(seconds),
            level: RiskLevel::Unknown,
            score: Range::UNKNOWN,
            is_informative,
            body: mark.to_string(),
        }
    })
}

fn openings() -> impl Strategy<Value = Transition> {
    let kinds = prop::sample::select(vec![AlertKind::LiquidationRisk, AlertKind::DataBlind]);
    let accounts = prop::sample::select(vec!["", "main"]);
    (0..3_u8, accounts, kinds, severities()).prop_map(|(number, account, kind, severity)| Transition::Open {
        identity: Identity { wallet: wallet(number), account: account.to_owned(), kind },
        severity,
        message: "opened".to_owned(),
        action: "repay".to_owned(),
        measured: 1.17,
        threshold: 1.2,
    })
}

fn transitions() -> impl Strategy<Value = Transition> {
    prop_oneof![
        3 => openings(),
        1 => (0..12_u64, severities()).prop_map(|(id, severity)| Transition::Escalate {
            id,
            severity,
            message: "escalated".to_owned(),
            action: "repay more".to_owned(),
            measured: 1.04,
            threshold: 1.05,
        }),
        1 => (0..12_u64, 0..3_u8, any::<bool>()).prop_map(|(id, clear_sweeps, is_measured)| Transition::Refresh {
            id,
            clear_sweeps,
            message: "refreshed".to_owned(),
            action: "wait".to_owned(),
            measured: is_measured.then_some(1.3),
        }),
        1 => (0..12_u64).prop_map(|id| Transition::Resolve { id, reason: "clear".to_owned() }),
    ]
}

fn acts() -> impl Strategy<Value = Act> {
    let commit =
        (0..6_u64, prop::collection::vec(assessments(), 0..4), prop::collection::vec(transitions(), 0..6));
    prop_oneof![
        4 => commit.prop_map(|(at, assessments, transitions)| Act::Commit { at, assessments, transitions }),
        1 => (0..12_u64, 0..6_u64).prop_map(|(id, at)| Act::Acknowledge { id, at }),
        1 => (0..12_u64, 0..6_u64).prop_map(|(id, at)| Act::Resolve { id, at }),
    ]
}

/// One of the two stores, and the ids that it gave. Ids only have to rise, so a history names an alert by its number
/// in the order of opening, and answers are compared in these numbers.
struct Twin {
    store: Arc<dyn Store>,
    ids: Vec<u64>,
}

impl Twin {
    fn new(store: Arc<dyn Store>) -> Self {
        Self { store, ids: Vec::new() }
    }

    /// The id of a number; one that no alert has where there is no such number.
    fn id(&self, number: u64) -> u64 {
        usize::try_from(number).ok().and_then(|number| self.ids.get(number)).copied().unwrap_or(u64::MAX)
    }

    fn with_ids(&self, transition: Transition) -> Transition {
        let mut transition = transition;
        match &mut transition {
            Transition::Open { .. } => {}
            Transition::Escalate { id, .. }
            | Transition::Refresh { id, .. }
            | Transition::Resolve { id, .. } => {
                *id = self.id(*id);
            }
        }
        transition
    }

    fn numbered(&self, alerts: impl IntoIterator<Item = Alert>) -> Vec<(Option<usize>, Alert)> {
        let number = |id| self.ids.iter().position(|one| *one == id);
        alerts.into_iter().map(|alert| (number(alert.id), Alert { id: 0, ..alert })).collect()
    }

    /// Does an act, and answers what it told and what is kept after it, as text: the same text is the same answer.
    async fn answer(&mut self, act: Act) -> String {
        let told = match act {
            Act::Commit { at: seconds, assessments, transitions } => {
                let transitions = transitions.into_iter().map(|one| self.with_ids(one)).collect();
                let commit = Commit {
                    at: Timestamp::new(seconds),
                    assessments,
                    transitions,
                    tokens: vec![],
                    markets: vec![],
                    memories: vec![],
                    near: vec![],
                    fence: None,
                    routes: (0..2).map(|number| (wallet(number), along())).collect(),
                };
                let Applied { opened, escalated, resolved } = self.store.commit(commit).await.unwrap();
                self.ids.extend(opened.iter().map(|alert| alert.id));
                [self.numbered(opened), self.numbered(escalated), self.numbered(resolved)]
            }
            Act::Acknowledge { id, at: seconds } => {
                let told =
                    self.store.acknowledge(self.id(id), Timestamp::new(seconds), &along()).await.unwrap();
                [self.numbered(told), vec![], vec![]]
            }
            Act::Resolve { id, at: seconds } => {
                let told = self
                    .store
                    .resolve(self.id(id), Timestamp::new(seconds), "by hand", &along())
                    .await
                    .unwrap();
                [self.numbered(told), vec![], vec![]]
            }
        };
        format!("{told:?}\n{}", self.kept().await)
    }

    async fn kept(&self) -> String {
        let wallets: Vec<Wallet> = (0..3).map(wallet).collect();
        let mut latest = self.store.latest(&wallets).await.unwrap();
        let mut known = self.store.last_known(&wallets).await.unwrap();
        latest.sort_by_key(|record| record.wallet);
        known.sort_by_key(|record| record.wallet);
        let standing = self.numbered(self.store.standing(&wallets).await.unwrap());
        let filter = AlertFilter { limit: 100, ..AlertFilter::default() };
        let (alerts, total) = self.store.list(&filter).await.unwrap();
        let alerts = self.numbered(alerts);
        let outbox = self.store.outbox().await.unwrap();
        let (now, until) = (Timestamp::new(9), Timestamp::new(9));
        let taken = self.store.take(&along()[1].channel, now, until, 100).await.unwrap();
        let told =
            taken.into_iter().map(|one| (one.message.id.sequence, one.message.happening, one.message.alert));
        let told: Vec<_> =
            told.map(|(sequence, happening, alert)| (sequence, happening, self.numbered([alert]))).collect();
        format!("{latest:?}\n{known:?}\n{standing:?}\n{alerts:?}\n{total}\n{outbox:?}\n{told:?}")
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_same_history_gives_the_same_answers(history in prop::collection::vec(acts(), 1..16)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        runtime.block_on(async {
            let folder = tempfile::tempdir().expect("a temporary folder");
            let mut memory = Twin::new(Arc::new(MemoryStore::new()));
            let mut sqlite = Twin::new(Arc::new(SqliteStore::new(folder.path().join("risk.db"))));
            for act in history {
                let expected = memory.answer(act.clone()).await;
                prop_assert_eq!(sqlite.answer(act).await, expected);
            }
            Ok(())
        })?;
    }
}
