//! Reads typed values from a source and keeps every problem until the end.

use std::str::FromStr;
use std::time::Duration;

use risk_app::service::NearLine;
use risk_app::sweeping::{MAX_SHARDS, Shard};
use risk_model::Wallet;
use risk_notify::{AwsCredentials, ChannelSettings, channels_of};
use risk_store::{HistoryReads, UnusableMongo};

use super::{MongoSettings, Problems, Provider, Secret, Source, reach};

pub(super) struct Reader<'a> {
    source: &'a dyn Source,
    problems: Vec<String>,
}

impl<'a> Reader<'a> {
    pub(super) const fn new(source: &'a dyn Source) -> Self {
        Self { source, problems: Vec::new() }
    }

    pub(super) fn problem(&mut self, variable: &str, what: &str) {
        self.problems.push(format!("{variable}: {what}"));
    }

    pub(super) fn is_set(&self, variable: &str) -> bool {
        self.source.value(variable).is_some()
    }

    /// A value of any type that parses from text.
    pub(super) fn parsed<T: FromStr>(&mut self, variable: &str, default: T) -> T {
        let Some(text) = self.source.value(variable) else {
            return default;
        };
        text.parse().unwrap_or_else(|_| {
            self.problem(variable, "is malformed");
            default
        })
    }

    /// A value of any type that parses from text, where it is set.
    pub(super) fn optional<T: FromStr>(&mut self, variable: &str) -> Option<T> {
        let text = self.source.value(variable)?;
        let value = text.parse().ok();
        if value.is_none() {
            self.problem(variable, "is malformed");
        }
        value
    }

    /// A whole number within bounds.
    pub(super) fn within(&mut self, variable: &str, default: u32, least: u32, most: u32) -> u32 {
        let number = self.parsed(variable, default);
        if !(least..=most).contains(&number) {
            self.problem(variable, &format!("must be from {least} to {most}"));
        }
        number
    }

    /// A time in milliseconds within bounds.
    pub(super) fn millis(&mut self, variable: &str, default: u32, least: u32, most: u32) -> Duration {
        Duration::from_millis(self.within(variable, default, least, most).into())
    }

    /// A number within bounds.
    pub(super) fn fraction(&mut self, variable: &str, default: f64, least: f64, most: f64) -> f64 {
        let number = self.parsed(variable, default);
        if !(least..=most).contains(&number) {
            self.problem(variable, &format!("must be from {least} to {most}"));
        }
        number
    }

    /// The channels; only in development may they be on this machine.
    pub(super) fn channels(&mut self, variable: &str, is_development: bool) -> Vec<ChannelSettings> {
        let text = self.source.value(variable).unwrap_or_default();
        channels_of(&text, reach(is_development)).unwrap_or_else(|rejections| {
            for rejection in rejections {
                self.problem(variable, &rejection.message);
            }
            Vec::new()
        })
    }

    /// What AWS knows the process by.
    pub(super) fn aws(&self) -> Option<AwsCredentials> {
        let secret = |variable| self.source.value(variable).map(risk_notify::Secret::new);
        Some(AwsCredentials {
            access_key_id: self.source.value("AWS_ACCESS_KEY_ID")?,
            secret_access_key: secret("AWS_SECRET_ACCESS_KEY")?,
            session_token: secret("AWS_SESSION_TOKEN"),
        })
    }

    /// The MongoDB that everything is kept in, where there is one.
    pub(super) fn mongodb(&mut self) -> Option<MongoSettings> {
        let names = HistoryReads::ALL.map(HistoryReads::name);
        let history_reads = HistoryReads::ALL[self.one_of("MONGODB_HISTORY_READS", &names)];
        let database = self.parsed("MONGODB_DATABASE", "risk".to_owned());
        let settings = MongoSettings { uri: self.secret("MONGODB_URI")?, database, history_reads };
        if let Err(unusable) = settings.store() {
            let variable = match unusable {
                UnusableMongo::Address => "MONGODB_URI",
                UnusableMongo::Database => "MONGODB_DATABASE",
            };
            self.problem(variable, &unusable.to_string());
        }
        Some(settings)
    }

    /// The shard to sweep.
    pub(super) fn shard(&mut self) -> Shard {
        let count = self.within("SWEEP_SHARDS", 1, 1, MAX_SHARDS);
        let completion_index = self.parsed("JOB_COMPLETION_INDEX", 0);
        let index = self.parsed("SWEEP_SHARD", completion_index);
        Shard::new(index, count).unwrap_or_else(|| {
            self.problem("SWEEP_SHARD, JOB_COMPLETION_INDEX", "must be under SWEEP_SHARDS");
            Shard::WHOLE
        })
    }

    /// Which of the known texts it is; the first where it is not set.
    pub(super) fn one_of(&mut self, variable: &str, known: &[&str]) -> usize {
        let Some(text) = self.source.value(variable) else {
            return 0;
        };
        known.iter().position(|one| *one == text).unwrap_or_else(|| {
            self.problem(variable, &format!("must be one of {}", known.join(", ")));
            0
        })
    }

    /// From where on a wallet counts as near liquidation.
    pub(super) fn near_line(&mut self) -> NearLine {
        let near = NearLine::default();
        NearLine {
            health_factor: self.fraction("NEAR_HEALTH_FACTOR", near.health_factor, 1.0, 10.0),
            probability_24h: self.fraction("NEAR_PROBABILITY_24H", near.probability_24h, 0.0, 1.0),
        }
    }

    pub(super) fn secret(&self, variable: &str) -> Option<Secret> {
        self.source.value(variable).map(Secret)
    }

    /// Comma-separated values.
    pub(super) fn list<T: FromStr>(&mut self, variable: &str) -> Vec<T> {
        let text = self.source.value(variable).unwrap_or_default();
        let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
        let parsed: Result<Vec<T>, _> = parts.map(str::parse).collect();
        parsed.unwrap_or_else(|_| {
            self.problem(variable, "has a malformed item");
            Vec::new()
        })
    }

    /// Some of these, by name; all of them where it is not set.
    pub(super) fn some_of<T: FromStr + Copy + Ord>(&mut self, variable: &str, all: &[T]) -> Vec<T> {
        let mut named = self.list(variable);
        if named.is_empty() {
            named = all.to_vec();
        }
        named.sort_unstable();
        named.dedup();
        named
    }

    /// `name=0x…` pairs.
    pub(super) fn pairs(&mut self, variable: &str) -> Vec<(String, String)> {
        let mut pairs = Vec::new();
        for item in self.list::<String>(variable) {
            match item.split_once('=') {
                Some((name, address)) if address.parse::<Wallet>().is_ok() => {
                    pairs.push((name.to_owned(), address.to_owned()));
                }
                _ => self.problem(variable, "must be name=0x… pairs"),
            }
        }
        pairs
    }

    /// `X_URL`, `X_API_KEY` and `X_RATE_PER_SECOND`.
    pub(super) fn provider(&mut self, prefix: &str, url: &str, rate_per_second: Option<f64>) -> Provider {
        let (url_variable, rate_variable) = (format!("{prefix}_URL"), format!("{prefix}_RATE_PER_SECOND"));
        let url = self.parsed(&url_variable, url.to_owned());
        if !(url.starts_with("https://") || url.starts_with("http://")) {
            self.problem(&url_variable, "must be an http or https URL");
        }
        let rate = self.source.value(&rate_variable).map(|_| self.parsed(&rate_variable, 1.0));
        if rate.is_some_and(|rate: f64| !(rate.is_finite() && rate > 0.0)) {
            self.problem(&rate_variable, "must be above 0");
        }
        Provider {
            url: Secret(url),
            key: self.secret(&format!("{prefix}_API_KEY")),
            rate_per_second: rate.or(rate_per_second),
        }
    }

    pub(super) fn finish<T>(self, settings: T) -> Result<T, Problems> {
        if self.problems.is_empty() { Ok(settings) } else { Err(Problems(self.problems)) }
    }
}
