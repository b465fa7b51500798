//! A crash, its end, and a price that flaps, over thousands of wallets: exactly the alerts that an independent count
//! expects, each told once on each channel. `make crash` takes 10,000; `WALLETS` sets another number.

use std::collections::{BTreeMap, BTreeSet};

use risk_model::{OwnThresholds, ThresholdName};
use risk_store::SqliteStore;
use risk_tests::{Host, Stack, seed};
use serde_json::{Value, json};

use crate::expected::{Count, OPEN, factors};
use crate::{alerts, is_standing, number, sweep_to_the_end, wait_for_the_outbox};

/// Two receivers, so that "once on each" can be seen.
const TWO_HOOKS: (&str, &str) = (
    "CHANNELS",
    r#"[{"id": "first", "kind": "webhook", "url": "{sandbox}/receivers/webhook/a",
         "secrets": ["whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="]},
        {"id": "second", "kind": "webhook", "url": "{sandbox}/receivers/webhook/b",
         "secrets": ["whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="]}]"#,
);

/// A service, its watched wallets, and the count that goes along.
struct Scene {
    stack: Stack,
    wallets: Vec<String>,
    count: Count,
}

impl Scene {
    async fn start(wallets: u64) -> Self {
        let settings = [TWO_HOOKS, ("SWEEP_PAGE", "500"), ("DELIVERY_HOLD_SECONDS", "60")];
        let stack = Stack::start(Host::Container, &settings).await.unwrap();
        let mut own = OwnThresholds::new();
        // The health factor alone decides, and what is over may be back at once: both can be counted from outside.
        own.set(ThresholdName::Probability24h, 1.0).unwrap();
        own.set(ThresholdName::CoolDownSeconds, 0.0).unwrap();
        let store = SqliteStore::new(stack.data_dir().join("risk.sqlite"));
        seed::watch_list(&stack.sandbox, &store, wallets, &own, Some(OPEN)).await.unwrap();
        let wallets = (0..wallets).map(|index| format!("{:#x}", seed::address(index))).collect();
        Self { stack, wallets, count: Count::default() }
    }

    /// Moves every price that floats, where it is told to, and sweeps.
    async fn sweep_at(&mut self, factor: Option<f64>) {
        if let Some(factor) = factor {
            self.stack.control("POST", "crash", json!({"asset": "*", "factor": factor})).await.unwrap();
        }
        self.count.sweep(&factors(&self.stack, &self.wallets).await);
        sweep_to_the_end(&self.stack).await;
        wait_for_the_outbox(&self.stack).await;
        self.compare().await;
    }

    /// Holds what the service made to the count.
    async fn compare(&self) {
        let told = self.told().await;
        let mut made: BTreeMap<String, Vec<(u32, bool)>> = BTreeMap::new();
        let mut found = alerts(&self.stack).await;
        found.sort_by_key(|alert| alert["id"].to_string().trim_matches('"').parse::<u64>().unwrap());
        for alert in &found {
            let [wallet, account, kind] =
                ["wallet_address", "account", "alert_type"].map(|name| alert[name].as_str().unwrap());
            let identity = format!("{wallet}|{account}|{kind}").to_lowercase();
            let id = alert["id"].to_string();
            let times =
                told.get(id.trim_matches('"')).unwrap_or_else(|| panic!("nothing was told of {alert}"));
            made.entry(identity).or_default().push((*times, !is_standing(alert)));
        }
        let counted = |name: &String| {
            ["|liquidation_risk", "|health_factor_drop"].iter().any(|kind| name.ends_with(kind))
                && !self.count.is_doubtful(name)
        };
        made.retain(|name, _| counted(name));
        let made: BTreeMap<&str, &[(u32, bool)]> =
            made.iter().map(|(name, alerts)| (name.as_str(), alerts.as_slice())).collect();
        let expected = self.count.alerts();
        let names: BTreeSet<&&str> = made.keys().chain(expected.keys()).collect();
        let differing: Vec<_> =
            names.into_iter().filter(|name| made.get(**name) != expected.get(**name)).collect();
        let shown = differing.iter().take(5).map(|name| (name, made.get(**name), expected.get(**name)));
        assert!(differing.is_empty(), "{} differ: {:?}", differing.len(), shown.collect::<Vec<_>>());
    }

    /// How many happenings of each alert arrived, the same on both channels; a repeat fails here.
    async fn told(&self) -> BTreeMap<String, u32> {
        let count = self.stack.control("GET", "received/webhook/count", Value::Null).await.unwrap();
        let mut channels: BTreeMap<String, BTreeMap<String, u32>> = BTreeMap::new();
        for (id, times) in count["ids"].as_object().unwrap() {
            assert_eq!(times, 1, "{id} arrived more than once");
            let parts: Vec<&str> = id.trim_start_matches("msg_").splitn(3, '_').collect();
            let [alert, _, channel] = parts[..] else { panic!("{id} is no id of a message") };
            *channels.entry(channel.to_owned()).or_default().entry(alert.to_owned()).or_default() += 1;
        }
        let first = channels.remove("first").unwrap_or_default();
        assert_eq!(first, channels.remove("second").unwrap_or_default(), "both channels hear the same");
        first
    }

    async fn messages(&self) -> Value {
        let count = self.stack.control("GET", "received/webhook/count", Value::Null).await.unwrap();
        count["accepted"].clone()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_its_end_and_a_flapping_price_make_exactly_the_alerts_of_an_independent_count() {
    let wallets = number("WALLETS", 250);
    let mut scene = Scene::start(wallets).await;
    scene.sweep_at(None).await;
    let before = scene.count.alerts().len();
    scene.sweep_at(Some(0.8)).await;
    let fallen = scene.count.alerts().len();
    assert!(fallen > before, "the crash opens alerts");
    // What the crash made better (a share of a wallet that is smaller now) closes at the second sweep of it.
    scene.sweep_at(None).await;
    let messages = scene.messages().await;
    scene.sweep_at(None).await;
    scene.sweep_at(None).await;
    assert_eq!(scene.messages().await, messages, "sweeps of the same tell nothing");
    scene.sweep_at(Some(1.25)).await;
    scene.sweep_at(None).await;
    let over = |count: &Count| count.alerts().values().flat_map(|all| all.iter()).filter(|one| one.1).count();
    let recovered = over(&scene.count);
    assert!(recovered > 0, "the end of the crash resolves alerts");
    // Around the line, faster than an alert can close, and then slowly enough for that.
    let (down, up) = (Some(0.88), Some(1.0 / 0.88));
    for factor in [down, up, down, up, None, down, None, up, None] {
        scene.sweep_at(factor).await;
    }
    let (doubtful, counted) = (scene.count.doubtful(), scene.count.alerts().len());
    assert!(
        doubtful * 50 <= counted,
        "{doubtful} too near a line beside {counted} counted: the count proves little"
    );
    let mut pairs = 0;
    for (identity, lives) in scene.count.alerts() {
        let Some(account) = identity.strip_suffix("|liquidation_risk") else { continue };
        let crossings = scene.count.crossings(account);
        let opened = u32::try_from(lives.len()).unwrap();
        assert!(opened <= crossings.div_ceil(2), "{identity} opened {opened} times in {crossings} crossings");
        pairs += lives.iter().filter(|one| one.1).count();
    }
    println!(
        "{wallets} wallets, 16 sweeps: {before} identities stood before, {fallen} after the crash, {recovered} were over \
         after it; {pairs} pairs of liquidation in the end; {} messages, each once on each of two channels; {} too near a \
         line to be counted",
        scene.messages().await,
        doubtful
    );
}
