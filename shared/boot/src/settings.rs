//! Settings: every variable of the service, read from a file and the environment, with all problems told at once.

mod parse;
mod source;

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use risk_app::service::NearLine;
use risk_app::sweeping::{Lane, Shard};
use risk_http::Reach;
use risk_model::{ChainId, ChannelId, Protocol};
use risk_notify::{AwsCredentials, ChannelSettings};
use risk_store::{HistoryReads, MongoStore, UnusableMongo, check_redis_url};

pub use source::{ProcessEnvironment, Source, layered};

use parse::Reader;

/// What kind of deployment this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Environment {
    /// A laptop: embedded stores, sandbox providers, readable logs.
    Development,
    /// Like production, with less required.
    Staging,
    /// The real thing.
    Production,
}

impl Environment {
    /// The lower-case name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Development => "development",
            Self::Staging => "staging",
            Self::Production => "production",
        }
    }
}

impl FromStr for Environment {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        [Self::Development, Self::Staging, Self::Production]
            .into_iter()
            .find(|environment| environment.name() == text)
            .ok_or_else(|| "must be development, staging or production".to_owned())
    }
}

/// A credential: it prints as stars everywhere.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// The text itself, for the one place that sends it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// Where one provider is and how it lets us in.
#[derive(Clone, Debug, PartialEq)]
pub struct Provider {
    /// Base URL; Alchemy's holds `{network}` and may hold `{key}`.
    pub url: Secret,
    /// The credential, where there is one.
    pub key: Option<Secret>,
    /// Most requests a second, where the plan has a limit.
    pub rate_per_second: Option<f64>,
}

/// The MongoDB that everything is kept in.
#[derive(Clone, Debug, PartialEq)]
pub struct MongoSettings {
    /// `MONGODB_URI`: `mongodb://[user:password@]host[:port],…` of a replica set, or `mongodb+srv://…`. What it says of the
    /// pool (5 to 20 connections) and of finding a server (3 s) goes.
    pub uri: Secret,
    /// `MONGODB_DATABASE`: the name of the database; risk.
    pub database: String,
    /// `MONGODB_HISTORY_READS`: from which members closes and sweep reports are read, as MongoDB names them (primary,
    /// primaryPreferred, secondary, secondaryPreferred, nearest); primary.
    pub history_reads: HistoryReads,
}

impl MongoSettings {
    /// The store; nothing connects yet.
    pub(crate) fn store(&self) -> Result<MongoStore, UnusableMongo> {
        MongoStore::new(self.uri.expose(), &self.database, self.history_reads)
    }
}

/// Everything that can be set. The field's doc gives its variable and default.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// `ENV`: development, staging or production; development.
    pub environment: Environment,
    /// `MONGODB_URI`, with `MONGODB_DATABASE` and `MONGODB_HISTORY_READS`: where everything is kept by every process
    /// together; none, and it is kept in SQLite.
    pub mongodb: Option<MongoSettings>,
    /// `REDIS_URL`: `redis://[user:password@]host[:port][/database]`, where quotas are counted by every process together
    /// and what happens is told from process to process; none, and each process counts by itself and tells by SQLite,
    /// or with MongoDB within itself alone.
    pub redis_url: Option<Secret>,
    /// `REPLICAS`: how many processes of the API the deployment runs, each with a disk of its own; 1. More than one do not
    /// share what is kept on a disk or in memory, and say so.
    pub replicas: u32,
    /// `DATA_DIR`: where SQLite keeps its file; `data`. Not used with MongoDB.
    pub data_dir: PathBuf,
    /// `PORT`, or `RISK_MANAGER_PORT`: listening port outside Lambda, 0 for any; 8001.
    pub port: u16,
    /// `BIND_ADDRESS`: listening address; 127.0.0.1 in development, else 0.0.0.0.
    pub bind_address: IpAddr,
    /// `LOG_LEVEL`: error, warn, info, debug, trace, or a tracing filter; info.
    pub log_level: String,
    /// `AUTH_MODE`: `keys`, or `open` in development on loopback only; keys.
    pub is_auth_open: bool,
    /// `ADMIN_API_KEY`: the first admin key; made and printed once where absent.
    pub admin_api_key: Option<Secret>,
    /// `RATE_LIMIT_PER_MINUTE`: requests a minute a principal and wallet; 60.
    pub rate_limit_per_minute: u32,
    /// `CLIENT_RATE_LIMIT_PER_MINUTE`: requests a minute a client address; 600.
    pub client_rate_limit_per_minute: u32,
    /// `TRUSTED_PROXIES`: addresses whose `X-Forwarded-For` is believed, comma-separated; none.
    pub trusted_proxies: Vec<IpAddr>,
    /// `CORS_ORIGINS`: origins that browsers may call from, comma-separated; none.
    pub cors_origins: Vec<String>,
    /// `BACKGROUND_TASK_INTERVAL`: seconds between sweeps; 600.
    pub sweep_interval_seconds: u64,
    /// `NEAR_TASK_INTERVAL`: seconds between rounds of the near lane; 60.
    pub near_interval_seconds: u64,
    /// `SWEEP_PAGE`: wallets that a sweep reads at once; 5000.
    pub sweep_page: u32,
    /// `SWEEP_LEASE_SECONDS`: how long a sweep that died keeps the next one out; 120.
    pub sweep_lease_seconds: u64,
    /// `SWEEP_SHARDS` (1) and `SWEEP_SHARD`, or `JOB_COMPLETION_INDEX` as an indexed Kubernetes job sets it (0): the
    /// part of the watch list that this process sweeps.
    pub sweep_shard: Shard,
    /// `SWEEP_LANE`: `every` watched wallet, or those `near` liquidation alone; every.
    pub sweep_lane: Lane,
    /// `NEAR_HEALTH_FACTOR` (1.15) and `NEAR_PROBABILITY_24H` (0.01): past either a wallet is read by the near lane.
    pub near: NearLine,
    /// `CHANNELS`: the channels that alerts are delivered to, a list in JSON or YAML (README); none.
    pub channels: Vec<ChannelSettings>,
    /// `SWEEP_BUS`: the channel whose bus sweeps are asked for and told of on; none. With it and more than one of
    /// `SWEEP_SHARDS`, a scheduled event of the Lambda asks for shards instead of sweeping.
    pub sweep_bus: Option<ChannelId>,
    /// `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`: needed where a channel is a bus; none. Lambda
    /// sets them.
    pub aws: Option<AwsCredentials>,
    /// `DELIVERY_HOLD_SECONDS`: how long a message that a process took before it died waits for another; 90.
    pub delivery_hold_seconds: u64,
    /// `FRESH_SECONDS`: an assessment younger than this is answered again; 60.
    pub fresh_seconds: u64,
    /// `UPSTREAM_DEADLINE_MS`: the longest one call of a provider may take, retries included; 8000.
    pub upstream_deadline: Duration,
    /// `CHAINS`: chains to read, comma-separated; all.
    pub chains: Vec<ChainId>,
    /// `PROTOCOLS`: protocols to read, comma-separated; all. What is not read is named in every answer
    /// (`coverage.left_out`).
    pub protocols: Vec<Protocol>,
    /// `SAMPLE_WALLETS`: `name=0x…` pairs offered on the page in development, comma-separated; none.
    pub sample_wallets: Vec<(String, String)>,
    /// `EDGE_MODULE_DIR`: folder of the edge's module for the web (`edge-wasm/pkg/web` after `make edge`), with which the
    /// page checks what is typed; none, and the page works without.
    pub edge_module_dir: Option<PathBuf>,
    /// `ALCHEMY_URL` (`https://{network}.g.alchemy.com/v2/{key}`), `ALCHEMY_API_KEY`, `ALCHEMY_RATE_PER_SECOND`.
    pub alchemy: Provider,
    /// `COINGECKO_URL` (`https://api.coingecko.com/api/v3`), `COINGECKO_API_KEY`, `COINGECKO_RATE_PER_SECOND` (0.5).
    pub coingecko: Provider,
    /// `DEFILLAMA_URL` (`https://coins.llama.fi`), `DEFILLAMA_RATE_PER_SECOND` (1.5).
    pub defillama: Provider,
    /// `DEFILLAMA_TVL_URL` (`https://api.llama.fi`), `DEFILLAMA_TVL_RATE_PER_SECOND` (1.5).
    pub defillama_locked: Provider,
    /// `ETHERSCAN_URL` (`https://api.etherscan.io/v2/api`), `ETHERSCAN_API_KEY`, `ETHERSCAN_RATE_PER_SECOND` (3).
    pub etherscan: Provider,
    /// `THEGRAPH_URL` (`https://gateway.thegraph.com/api`), `THEGRAPH_API_KEY`, `THEGRAPH_RATE_PER_SECOND`.
    pub the_graph: Provider,
}

/// How far channels reach: what is on this machine is somebody's to receive in development only.
pub(crate) const fn reach(is_development: bool) -> Reach {
    if is_development { Reach::PublicAndLoopback } else { Reach::Public }
}

/// Every problem found in the settings; the process ends with status 64 (`EX_USAGE`).
#[derive(Debug, PartialEq, Eq)]
pub struct Problems(pub Vec<String>);

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "the settings have {} problem(s):", self.0.len())?;
        self.0.iter().try_for_each(|problem| writeln!(f, "  - {problem}"))
    }
}

impl std::error::Error for Problems {}

impl Settings {
    /// Reads every setting.
    ///
    /// # Errors
    /// Every problem at once, each naming its variable and never its value.
    pub fn read(source: &dyn Source) -> Result<Self, Problems> {
        let mut reader = Reader::new(source);
        let environment = reader.parsed("ENV", Environment::Development);
        let is_development = environment == Environment::Development;
        let loopback = IpAddr::from([127, 0, 0, 1]);
        let port = reader.parsed("RISK_MANAGER_PORT", 8001);
        let settings = Self {
            environment,
            mongodb: reader.mongodb(),
            redis_url: reader.secret("REDIS_URL"),
            replicas: reader.within("REPLICAS", 1, 1, 10_000),
            data_dir: reader.parsed("DATA_DIR", PathBuf::from("data")),
            port: reader.parsed("PORT", port),
            bind_address: reader
                .parsed("BIND_ADDRESS", if is_development { loopback } else { IpAddr::from([0, 0, 0, 0]) }),
            log_level: reader.parsed("LOG_LEVEL", "info".to_owned()),
            is_auth_open: reader.one_of("AUTH_MODE", &["keys", "open"]) == 1,
            admin_api_key: reader.secret("ADMIN_API_KEY"),
            rate_limit_per_minute: reader.within("RATE_LIMIT_PER_MINUTE", 60, 1, 1_000_000),
            client_rate_limit_per_minute: reader.within("CLIENT_RATE_LIMIT_PER_MINUTE", 600, 1, 10_000_000),
            trusted_proxies: reader.list("TRUSTED_PROXIES"),
            cors_origins: reader.list("CORS_ORIGINS"),
            sweep_interval_seconds: reader.within("BACKGROUND_TASK_INTERVAL", 600, 10, 86_400).into(),
            near_interval_seconds: reader.within("NEAR_TASK_INTERVAL", 60, 1, 3_600).into(),
            sweep_page: reader.within("SWEEP_PAGE", 5_000, 1, 10_000),
            sweep_lease_seconds: reader.within("SWEEP_LEASE_SECONDS", 120, 1, 3_600).into(),
            sweep_shard: reader.shard(),
            sweep_lane: [Lane::Every, Lane::Near][reader.one_of("SWEEP_LANE", &["every", "near"])],
            near: reader.near_line(),
            channels: reader.channels("CHANNELS", is_development),
            sweep_bus: reader.optional("SWEEP_BUS"),
            aws: reader.aws(),
            delivery_hold_seconds: reader.within("DELIVERY_HOLD_SECONDS", 90, 1, 3_600).into(),
            fresh_seconds: reader.within("FRESH_SECONDS", 60, 1, 3_600).into(),
            upstream_deadline: reader.millis("UPSTREAM_DEADLINE_MS", 8_000, 100, 25_000),
            chains: reader.some_of("CHAINS", &ChainId::ALL),
            protocols: reader.some_of("PROTOCOLS", &Protocol::ALL),
            sample_wallets: reader.pairs("SAMPLE_WALLETS"),
            edge_module_dir: source.value("EDGE_MODULE_DIR").map(PathBuf::from),
            alchemy: reader.provider("ALCHEMY", "https://{network}.g.alchemy.com/v2/{key}", None),
            coingecko: reader.provider("COINGECKO", "https://api.coingecko.com/api/v3", Some(0.5)),
            defillama: reader.provider("DEFILLAMA", "https://coins.llama.fi", Some(1.5)),
            defillama_locked: reader.provider("DEFILLAMA_TVL", "https://api.llama.fi", Some(1.5)),
            etherscan: reader.provider("ETHERSCAN", "https://api.etherscan.io/v2/api", Some(3.0)),
            the_graph: reader.provider("THEGRAPH", "https://gateway.thegraph.com/api", None),
        };
        settings.check(&mut reader);
        reader.finish(settings)
    }

    /// The rules between settings.
    fn check(&self, reader: &mut Reader<'_>) {
        if self.is_auth_open
            && !(self.environment == Environment::Development && self.bind_address.is_loopback())
        {
            reader.problem("AUTH_MODE", "open is for development on a loopback address only");
        }
        if let Some(Err(unusable)) = self.redis_url.as_ref().map(|url| check_redis_url(url.expose())) {
            reader.problem("REDIS_URL", &unusable.to_string());
        }
        if self.environment != Environment::Production {
            return;
        }
        if !reader.is_set("MONGODB_URI") || !reader.is_set("REDIS_URL") {
            reader.problem(
                "MONGODB_URI, REDIS_URL",
                "are required in production: embedded state is not shared",
            );
        }
        for (variable, provider) in [
            ("ALCHEMY_API_KEY", &self.alchemy),
            ("COINGECKO_API_KEY", &self.coingecko),
            ("ETHERSCAN_API_KEY", &self.etherscan),
            ("THEGRAPH_API_KEY", &self.the_graph),
        ] {
            if provider.key.is_none() {
                reader.problem(variable, "is required in production");
            }
        }
    }
}

#[cfg(test)]
mod tests;
