//! The alerts that a series of sweeps must make, counted from the sandbox's own health factors and nothing of the service.

use std::collections::BTreeMap;

use futures::StreamExt;
use risk_tests::Stack;
use serde_json::Value;

/// The watches' own line for `liquidation_risk`, and where it closes.
pub(crate) const OPEN: f64 = 1.20;
const CLOSE: f64 = 1.25;
/// A health factor nearer than this share to a line may fall to either side by the interest of a sweep's seconds.
const DOUBT: f64 = 1e-6;
const REQUESTS_AT_ONCE: usize = 16;

/// Health factors by account (`wallet|account`), lower case, as the sandbox computes them now.
pub(crate) type Factors = BTreeMap<String, f64>;

/// Asks the sandbox for the truth about every wallet.
pub(crate) async fn factors(stack: &Stack, wallets: &[String]) -> Factors {
    let asked = futures::stream::iter(wallets.iter().map(|wallet| async move {
        let truth = stack.control("GET", &format!("expected/{wallet}"), Value::Null).await.unwrap();
        accounts(wallet, &truth)
    }));
    asked.buffer_unordered(REQUESTS_AT_ONCE).concat().await.into_iter().collect()
}

fn accounts(wallet: &str, truth: &Value) -> Vec<(String, f64)> {
    let mut found = Vec::new();
    for chain in truth["chains"].as_array().unwrap() {
        let name = match chain["chain_id"].as_u64().unwrap() {
            1 => "ethereum",
            42161 => "arbitrum",
            other => panic!("no wallet of the draw is on chain {other}"),
        };
        for market in chain["markets"].as_array().unwrap() {
            assert_eq!(market["protocol"], "aave_v3", "the draw has no other accounts");
            let Some(wad) = market["health_factor_wad"].as_str() else { continue };
            let account = format!("aave_v3:{name}:{}", market["pool"].as_str().unwrap()).to_lowercase();
            found.push((format!("{wallet}|{account}"), wad.parse::<f64>().unwrap() / 1e18));
        }
    }
    found
}

/// Where a rule says that an account is.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    Firing(u8),
    Between,
    Clear,
}

/// Severity from 1 (medium) to 3 (critical).
fn severity(factor: f64) -> u8 {
    1 + u8::from(factor < 1.10) + u8::from(factor < 1.05)
}

fn liquidation(factor: f64, _highest: f64) -> Place {
    match factor {
        low if low < OPEN => Place::Firing(severity(low)),
        high if high > CLOSE => Place::Clear,
        _ => Place::Between,
    }
}

fn drop(factor: f64, highest: f64) -> Place {
    let fall = 1.0 - factor / highest;
    match (fall, factor) {
        (fall, low) if fall >= 0.15 && low < 1.50 => Place::Firing(1 + u8::from(low < 1.10)),
        (fall, high) if fall < 0.10 || high > 1.55 => Place::Clear,
        _ => Place::Between,
    }
}

type Rule = fn(f64, f64) -> Place;
const RULES: [(&str, Rule); 2] = [("liquidation_risk", liquidation), ("health_factor_drop", drop)];

/// What an identity went through: its alerts so far by how much was told of each and whether it is over.
#[derive(Debug, Default)]
struct Life {
    severity: u8,
    clear: u8,
    alerts: Vec<(u32, bool)>,
}

impl Life {
    fn step(&mut self, place: Place) {
        let standing = self.alerts.last_mut().filter(|(_, is_over)| !is_over);
        match (standing, place) {
            (None, Place::Firing(severity)) => {
                (self.severity, self.clear) = (severity, 0);
                self.alerts.push((1, false));
            }
            (None, _) => {}
            (Some((told, _)), Place::Firing(severity)) => {
                self.clear = 0;
                if severity > self.severity {
                    self.severity = severity;
                    *told += 1;
                }
            }
            (Some(_), Place::Between) => self.clear = 0,
            (Some((told, is_over)), Place::Clear) => {
                self.clear += 1;
                if self.clear == 2 {
                    (*told, *is_over) = (*told + 1, true);
                }
            }
        }
    }
}

/// The count of all sweeps so far.
#[derive(Default)]
pub(crate) struct Count {
    highest: Factors,
    lives: BTreeMap<String, Life>,
    /// How often a factor left the band on the other side than it came from.
    crossings: BTreeMap<String, (bool, u32)>,
    doubtful: Vec<String>,
}

impl Count {
    /// One sweep at these health factors.
    pub(crate) fn sweep(&mut self, factors: &Factors) {
        for (account, factor) in factors {
            let highest = self.highest.entry(account.clone()).or_insert(*factor);
            *highest = highest.max(*factor);
            for (kind, rule) in RULES {
                let identity = format!("{account}|{kind}");
                let place = rule(*factor, *highest);
                let near = [1.0 - DOUBT, 1.0 + DOUBT].map(|share| rule(factor * share, *highest));
                if near.iter().any(|other| *other != place) {
                    self.doubtful.push(identity.clone());
                }
                self.lives.entry(identity).or_default().step(place);
            }
            let (is_under, crossed) = self.crossings.entry(account.clone()).or_default();
            if (*is_under && *factor > CLOSE) || (!*is_under && *factor < OPEN) {
                (*is_under, *crossed) = (!*is_under, *crossed + 1);
            }
        }
    }

    /// The alerts of every identity that has any, oldest first: how much is told of each, and whether it is over. What
    /// came too near a line is left out.
    pub(crate) fn alerts(&self) -> BTreeMap<&str, &[(u32, bool)]> {
        let lives =
            self.lives.iter().filter(|(name, life)| !life.alerts.is_empty() && !self.is_doubtful(name));
        lives.map(|(name, life)| (name.as_str(), life.alerts.as_slice())).collect()
    }

    /// Whether an identity came too near a line to be counted.
    pub(crate) fn is_doubtful(&self, identity: &str) -> bool {
        self.doubtful.iter().any(|one| one == identity)
    }

    /// How many of the identities are not counted.
    pub(crate) fn doubtful(&self) -> usize {
        self.doubtful.len()
    }

    /// How often the health factor of an account went from one side of the band to the other.
    pub(crate) fn crossings(&self, account: &str) -> u32 {
        self.crossings.get(account).map_or(0, |(_, crossed)| *crossed)
    }
}
