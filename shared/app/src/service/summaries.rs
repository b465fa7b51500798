//! Summaries and analyses of one wallet: from memory, from the store, or assessed now, once for all who wait.

use std::collections::HashSet;
use std::sync::Arc;

use bytes::Bytes;
use risk_model::request::{AnalyzeRequest, Scope, SummaryRequest};
use risk_model::{Severity, Timestamp, Wallet};

use super::{AppError, Service};
use crate::ports::{Depth, WalletQuery};
use crate::records::{Alert, AlertFilter, Applied, AssessmentRecord};
use crate::stores::StoreError;
use crate::summary::{LastKnown, Stale, Summary};

/// A summary ready to send.
#[derive(Clone, Debug)]
pub struct Answer {
    /// When it was computed.
    pub at: Timestamp,
    /// The JSON body, shared by every answer until it is too old.
    pub body: Bytes,
}

/// An assessment made now, and what it did to the wallet's alerts.
#[derive(Clone, Debug)]
pub struct Analysis {
    /// The assessment.
    pub summary: Summary,
    /// Alerts that it opened, raised and resolved.
    pub transitions: Applied,
}

impl Service {
    /// The latest assessment if it is fresh enough, else a new one. Requests for the same wallet share one flight. While the
    /// store cannot be reached, what was answered within the last hour, marked as stale; nothing over a `max_age`.
    ///
    /// # Errors
    /// [`AppError::NothingKnown`] where no provider answers and nothing was known before; store errors.
    pub async fn summary(&self, request: &SummaryRequest) -> Result<Arc<Answer>, AppError> {
        let limit = request.max_age_seconds.map_or(self.settings.fresh_seconds, u64::from);
        let wallet = request.wallet;
        if let Some(answer) = self.summaries.get(&wallet).await {
            if self.age(answer.at) <= limit {
                metrics::counter!("summary_cache_total", "outcome" => "hit").increment(1);
                return Ok(answer);
            }
            self.summaries.invalidate(&wallet).await;
        }
        metrics::counter!("summary_cache_total", "outcome" => "miss").increment(1);
        // Boxed when it is needed: a future of a whole assessment would else be part of every cached answer's.
        let flight = self.summaries.try_get_with(wallet, async { Box::pin(self.load(wallet, limit)).await });
        match flight.await {
            Ok(answer) => {
                self.answered.insert(wallet, Arc::clone(&answer)).await;
                Ok(answer)
            }
            Err(error) => match self.stale_answer(request, &error).await? {
                Some(answer) => Ok(answer),
                None => Err(AppError::Shared(error)),
            },
        }
    }

    /// What was answered last, marked with its age, where the store cannot be reached and no age was asked for that it
    /// is over.
    async fn stale_answer(
        &self,
        request: &SummaryRequest,
        error: &Arc<AppError>,
    ) -> Result<Option<Arc<Answer>>, AppError> {
        if !matches!(error.root(), AppError::Store(StoreError::Unavailable(_))) {
            return Ok(None);
        }
        let Some(answer) = self.answered.get(&request.wallet).await else { return Ok(None) };
        let age_seconds = self.age(answer.at);
        if request.max_age_seconds.is_some_and(|limit| age_seconds > u64::from(limit)) {
            return Ok(None);
        }
        metrics::counter!("summary_stale_total").increment(1);
        let mut summary: Summary = serde_json::from_slice(&answer.body)?;
        summary.stale = Some(Stale { age_seconds, because: "the store cannot be reached".to_owned() });
        Ok(Some(Arc::new(Answer { at: answer.at, body: serde_json::to_vec(&summary)?.into() })))
    }

    /// Assesses now and stores it, unless `force_refresh` is absent and the latest assessment is seconds old.
    /// With a narrower scope it answers for that scope alone and stores nothing: a part is not the whole.
    ///
    /// # Errors
    /// As [`Service::summary`].
    pub async fn analyze(&self, request: &AnalyzeRequest) -> Result<Analysis, AppError> {
        if !request.scope.is_whole() {
            return self.analyze_part(request).await;
        }
        if !request.force_refresh {
            let latest = self.ports.store.latest(&[request.wallet]).await?.into_iter().next();
            if let Some(record) = latest.filter(|record| self.is_fresh(record, self.settings.fresh_seconds)) {
                return Ok(Analysis {
                    summary: self.revive(&record).await?,
                    transitions: Applied::default(),
                });
            }
        }
        let (summary, transitions) = self.assess_one(request.wallet).await?;
        self.summaries.invalidate(&request.wallet).await;
        Ok(Analysis { summary, transitions })
    }

    async fn analyze_part(&self, request: &AnalyzeRequest) -> Result<Analysis, AppError> {
        let query =
            WalletQuery { wallet: request.wallet, known_tokens: Vec::new(), known_markets: Vec::new() };
        let read = self.read(&[query], Depth::Discover, &request.scope, &HashSet::new()).await;
        let parameters = self.settings.parameters.clone();
        let assessed = read.each(parameters, |report, outcome| (report, outcome.is_informative)).await;
        let (report, is_informative) = assessed.into_iter().next().ok_or(AppError::NotFound("wallet"))?;
        if !is_informative {
            return Err(AppError::NothingKnown(report.gaps));
        }
        let (active, critical) = self.standing_counts(request.wallet).await?;
        Ok(Analysis { summary: Summary::of(&report, active, critical), transitions: Applied::default() })
    }

    /// The stored assessment if fresh enough, else one made now.
    async fn load(&self, wallet: Wallet, limit: u64) -> Result<Arc<Answer>, AppError> {
        let stored = self.ports.store.latest(&[wallet]).await?.into_iter().next();
        let (at, summary) = match stored.filter(|record| self.is_fresh(record, limit)) {
            Some(record) => (record.at, self.revive(&record).await?),
            None => {
                let summary = self.assess_one(wallet).await?.0;
                (self.ports.clock.now(), summary)
            }
        };
        Ok(Arc::new(Answer { at, body: serde_json::to_vec(&summary)?.into() }))
    }

    /// One wallet, read anew and stored; falls back to the last known assessment where nothing can be read.
    pub(super) async fn assess_one(&self, wallet: Wallet) -> Result<(Summary, Applied), AppError> {
        let query = self.query_of(wallet).await?;
        let watches = self.ports.store.find_watches(&[wallet]).await?;
        let watches = watches.into_iter().map(|watch| (watch.wallet, watch)).collect();
        let read = self.read(&[query], Depth::Discover, &Scope::default(), &HashSet::new()).await;
        let judged = self.judge(read, Arc::new(watches), true).await?;
        let (assessed, applied) = self.settle(judged, None).await?;
        let is_informative = assessed.iter().all(|one| one.is_informative);
        let answer = assessed.into_iter().find_map(|one| one.answer);
        let (mut summary, gaps) = answer.ok_or(AppError::NotFound("wallet"))?;
        if is_informative {
            return Ok((summary, applied));
        }
        let last = self.ports.store.last_known(&[wallet]).await?.into_iter().next();
        let Some(record) = last else {
            return Err(AppError::NothingKnown(gaps));
        };
        let assessment = Box::new(serde_json::from_str(&record.body)?);
        summary.last_known = Some(LastKnown { age_seconds: self.age(record.at), assessment });
        Ok((summary, applied))
    }

    /// What is to be read of one wallet, with what was discovered of it before.
    pub(super) async fn query_of(&self, wallet: Wallet) -> Result<WalletQuery, AppError> {
        let known = self.ports.store.tokens(&[wallet]).await?.into_iter().next();
        let markets = self.ports.store.markets(&[wallet]).await?.into_iter().next();
        Ok(WalletQuery {
            wallet,
            known_tokens: known.map(|(_, tokens)| tokens).unwrap_or_default(),
            known_markets: markets.map(|(_, markets)| markets).unwrap_or_default(),
        })
    }

    /// A stored assessment with its alerts counted anew: they may have been answered since.
    async fn revive(&self, record: &AssessmentRecord) -> Result<Summary, AppError> {
        let mut summary: Summary = serde_json::from_str(&record.body)?;
        (summary.active_alerts_count, summary.critical_alerts_count) =
            self.standing_counts(record.wallet).await?;
        Ok(summary)
    }

    pub(super) async fn standing_counts(&self, wallet: Wallet) -> Result<(u64, u64), AppError> {
        let standing = self.ports.store.standing(&[wallet]).await?;
        let critical = standing.iter().filter(|alert| alert.severity == Severity::Critical).count();
        Ok((standing.len() as u64, critical as u64))
    }

    /// An assessment that read nothing is never fresh: the providers may be back.
    fn is_fresh(&self, record: &AssessmentRecord, limit: u64) -> bool {
        record.is_informative && self.age(record.at) <= limit
    }

    pub(super) fn age(&self, at: Timestamp) -> u64 {
        self.ports.clock.now().seconds_since(at)
    }

    /// The newest alerts of one wallet that are not resolved, for pages.
    ///
    /// # Errors
    /// Store errors.
    pub async fn standing_alerts(&self, wallet: Wallet) -> Result<Vec<Alert>, AppError> {
        let filter = AlertFilter {
            wallets: Some(vec![wallet]),
            resolved: Some(false),
            limit: 50,
            ..AlertFilter::default()
        };
        Ok(self.ports.store.list(&filter).await?.0)
    }
}
