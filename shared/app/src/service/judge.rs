//! Judging a batch: the maths of each wallet, its alerts against the standing ones and its body at once; then one write.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use risk_engine::alarm::{self, Judgement, Memory, Standing, Thresholds, Transition};
use risk_engine::report::{AccountReport, Report};
use risk_model::{Affects, Gap, HealthFactor, RiskLevel, Severity, Timestamp, Wallet};

use super::assess::{Outcome, Read};
use super::{AppError, NearLine, Service, Settings};
use crate::events::Event;
use crate::records::{Applied, AssessmentRecord, Commit, Watch};
use crate::summary::Summary;
use crate::sweeping::Fence;

/// The watches of a page, by wallet.
pub(super) type Watches = Arc<HashMap<Wallet, Watch>>;

/// What remains of an assessment when it is written.
pub(super) struct Assessed {
    pub(super) level: RiskLevel,
    /// Whether anything of its positions was read.
    pub(super) is_informative: bool,
    /// What is told of it to whoever listens, until it was.
    pub(super) event: Option<serde_json::Result<Event>>,
    /// The answer and its gaps, where somebody asked; a sweep keeps neither.
    pub(super) answer: Option<(Summary, Vec<Gap>)>,
}

/// A judged batch, ready to be written.
pub(super) struct Judged {
    commit: Commit,
    pub(super) assessed: Vec<Assessed>,
}

impl Judged {
    /// The wallets that it writes of.
    pub(super) fn wallets(&self) -> Vec<Wallet> {
        self.commit.assessments.iter().map(|record| record.wallet).collect()
    }

    /// Leaves out what it would write of other wallets than these. What it says of alerts that are there stays: of those
    /// that are gone it changes nothing.
    pub(super) fn keep(&mut self, wallets: &HashSet<Wallet>) {
        let mut kept = self.commit.assessments.iter().map(|record| wallets.contains(&record.wallet));
        // One of each wallet, in the same order.
        self.assessed.retain(|_| kept.next().unwrap_or(true));
        keep_of(&mut self.commit, wallets);
    }

    /// What it decided of alerts, alone.
    pub(super) fn decided(&self, at: Timestamp) -> Commit {
        let Commit { transitions, routes, memories, .. } = &self.commit;
        let memories = memories.iter().filter(|(wallet, _)| routes.contains_key(wallet));
        Commit {
            at,
            transitions: transitions.clone(),
            routes: routes.clone(),
            memories: memories.cloned().collect(),
            ..Commit::default()
        }
    }
}

/// Leaves out what a commit would write of other wallets than these, but for changes of alerts that are there.
pub(super) fn keep_of(commit: &mut Commit, wallets: &HashSet<Wallet>) {
    let is_kept = |wallet: &Wallet| wallets.contains(wallet);
    commit.assessments.retain(|record| is_kept(&record.wallet));
    commit.transitions.retain(|one| match one {
        Transition::Open { identity, .. } => is_kept(&identity.wallet),
        Transition::Escalate { .. } | Transition::Refresh { .. } | Transition::Resolve { .. } => true,
    });
    commit.memories.retain(|(wallet, _)| is_kept(wallet));
    commit.tokens.retain(|(wallet, _)| is_kept(wallet));
    commit.markets.retain(|(wallet, _)| is_kept(wallet));
    commit.near.retain(|(wallet, _)| is_kept(wallet));
}

/// What the wallets of a batch are judged by, beside what was read of them.
struct Bench {
    standing: HashMap<Wallet, Vec<Standing>>,
    memories: HashMap<Wallet, Memory>,
    watches: Watches,
    settings: Arc<Settings>,
    wants_answer: bool,
}

/// What was decided of one wallet.
struct Verdict {
    record: AssessmentRecord,
    transitions: Vec<Transition>,
    /// Where it changed.
    memory: Option<Memory>,
    is_near: Option<bool>,
    outcome: Outcome,
    assessed: Assessed,
}

impl Service {
    /// Computes a batch and decides its alerts against the standing ones. Nothing is written. The answers are kept
    /// where somebody waits for them.
    pub(super) async fn judge(
        &self,
        read: Read,
        watches: Watches,
        wants_answer: bool,
    ) -> Result<Judged, AppError> {
        let wallets = read.wallets();
        let (standing, memories) =
            tokio::try_join!(self.ports.store.standing(&wallets), self.ports.store.memories(&wallets))?;
        let mut by_wallet: HashMap<Wallet, Vec<Standing>> = HashMap::new();
        for alert in standing {
            by_wallet.entry(alert.wallet).or_default().push(alert.standing());
        }
        let bench = Bench {
            standing: by_wallet,
            memories: memories.into_iter().collect(),
            watches: Arc::clone(&watches),
            settings: Arc::clone(&self.settings),
            wants_answer,
        };
        let depth = read.depth;
        let parameters = self.settings.parameters.clone();
        let verdicts = read.each(parameters, move |report, outcome| bench.judge(report, outcome)).await;
        let mut judged = Judged { commit: Commit::default(), assessed: Vec::with_capacity(verdicts.len()) };
        let everywhere = self.routes(None);
        for verdict in verdicts {
            let verdict = verdict?;
            let (wallet, commit) = (verdict.record.wallet, &mut judged.commit);
            commit.assessments.push(verdict.record);
            commit.memories.extend(verdict.memory.map(|memory| (wallet, memory)));
            commit.near.extend(verdict.is_near.map(|is_near| (wallet, is_near)));
            if !verdict.transitions.is_empty() {
                // Nearly every wallet goes everywhere, so that one list is shared.
                let own = |watch: &&Watch| watch.channels.is_some() || watch.min_severity.is_some();
                let own = watches.get(&wallet).filter(own);
                let routes = own.map_or_else(|| Arc::clone(&everywhere), |watch| self.routes(Some(watch)));
                commit.routes.insert(wallet, routes);
            }
            commit.transitions.extend(verdict.transitions);
            verdict.outcome.keep(wallet, depth, commit);
            judged.assessed.push(verdict.assessed);
        }
        Ok(judged)
    }

    /// Writes a judged batch in one act, under a lease where a sweep does it, and tells what happened.
    pub(super) async fn settle(
        &self,
        judged: Judged,
        fence: Option<Fence>,
    ) -> Result<(Vec<Assessed>, Applied), AppError> {
        let Judged { commit, mut assessed } = judged;
        let applied = self.ports.store.commit(Commit { at: self.ports.clock.now(), fence, ..commit }).await?;
        count(&assessed, &applied);
        self.tell_commit(&mut assessed, &applied).await;
        Ok((assessed, applied))
    }
}

impl Bench {
    fn judge(&self, report: Report, outcome: Outcome) -> Result<Verdict, AppError> {
        let wallet = report.wallet;
        let before = self.standing.get(&wallet).map_or(&[][..], Vec::as_slice);
        let thresholds = self.thresholds(self.watches.get(&wallet));
        let (nothing, remembered) = (Memory::default(), self.memories.get(&wallet));
        let remembered = remembered.unwrap_or(&nothing);
        let Judgement { transitions, memory } = alarm::judge(&report, before, remembered, &thresholds);
        let (active, critical) = counts_after(before, &transitions);
        let summary = Summary::of(&report, active, critical);
        let is_informative = outcome.is_informative;
        Ok(Verdict {
            record: AssessmentRecord {
                wallet,
                at: report.at,
                level: report.level,
                score: report.score,
                is_informative,
                body: serde_json::to_string(&summary)?,
            },
            transitions,
            memory: (memory != *remembered).then_some(memory),
            is_near: is_near(&report, self.settings.near),
            outcome,
            assessed: Assessed {
                level: report.level,
                is_informative,
                event: Some(Event::assessed(wallet, report.at, &summary)),
                answer: self.wants_answer.then_some((summary, report.gaps)),
            },
        })
    }

    fn thresholds(&self, watch: Option<&Watch>) -> Thresholds {
        let mut thresholds = self.settings.thresholds.clone();
        if let Some(open) = watch.and_then(|watch| watch.health_factor_threshold) {
            thresholds.open_liquidation_under(open);
        }
        for (name, value) in watch.into_iter().flat_map(|watch| watch.thresholds.iter()) {
            thresholds.set(name, value);
        }
        thresholds
    }
}

/// Whether a wallet is near liquidation; `None` where it may be and nobody knows: then it is read as often as before.
fn is_near(report: &Report, line: NearLine) -> Option<bool> {
    let under = |account: &AccountReport| {
        let is_close = account.health_factor.ratio().is_some_and(|factor| factor < line.health_factor);
        is_close || account.probability_24h.known().is_some_and(|chance| chance.value >= line.probability_24h)
    };
    if report.accounts.iter().any(under) {
        return Some(true);
    }
    let is_open = report.gaps.iter().any(|gap| gap.affects == Affects::Liquidation)
        || report.accounts.iter().any(|account| matches!(account.health_factor, HealthFactor::Unknown(_)));
    (!is_open).then_some(false)
}

/// Standing alerts after the transitions: all, and the critical ones.
fn counts_after(before: &[Standing], transitions: &[Transition]) -> (u64, u64) {
    let mut severities: HashMap<u64, Severity> =
        before.iter().map(|alert| (alert.id, alert.severity)).collect();
    let mut opened = Vec::new();
    for transition in transitions {
        match transition {
            Transition::Open { severity, .. } => opened.push(*severity),
            Transition::Escalate { id, severity, .. } => {
                severities.insert(*id, *severity);
            }
            Transition::Resolve { id, .. } => {
                severities.remove(id);
            }
            Transition::Refresh { .. } => {}
        }
    }
    let all = severities.into_values().chain(opened);
    all.fold((0, 0), |(active, critical), severity| {
        (active + 1, critical + u64::from(severity == Severity::Critical))
    })
}

fn count(done: &[Assessed], applied: &Applied) {
    for assessed in done {
        metrics::counter!("assessments_total", "level" => assessed.level.name()).increment(1);
    }
    for (transition, alerts) in
        [("opened", &applied.opened), ("escalated", &applied.escalated), ("resolved", &applied.resolved)]
    {
        for alert in alerts {
            metrics::counter!(
                "alerts_total",
                "transition" => transition,
                "kind" => alert.kind.name(),
                "severity" => alert.severity.name()
            )
            .increment(1);
        }
    }
}
