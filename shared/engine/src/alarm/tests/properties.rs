//! What holds for every report, every memory and every history.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use proptest::prelude::*;
use risk_model::{
    Affects, AlertKind, ChainId, Figure, Gap, GapReason, HealthFactor, Protocol, Severity, Timestamp, U256,
    Usd,
};

use super::super::*;
use super::borrowing;
use super::life::{Life, Told};
use crate::lending::Terms;
use crate::liquidation::Carry;
use crate::report::{GasCost, Report};
use crate::specimen::{asset, now};

static CALM: LazyLock<Report> = LazyLock::new(|| borrowing(8_000));

/// What is varied in a report: the measures of its one account, and gas.
#[derive(Clone, Copy, Debug)]
struct Seen {
    factor: f64,
    days: f64,
    age_hours: f64,
    gwei: f64,
    threshold: f64,
}

impl Seen {
    fn report(self) -> Report {
        let mut report = CALM.clone();
        let account = &mut report.accounts[0];
        account.health_factor = HealthFactor::Known(U256::from(self.factor * 1e18));
        account.carry = Figure::Known(Carry::Liquidates { years: self.days / 365.0 });
        let seconds = (self.age_hours * 3_600.0).floor();
        for reserve in &mut account.reserves {
            let seconds = U256::from(seconds).to::<u64>();
            reserve.oracle_updated_at = Some(Timestamp::new(now().seconds() - seconds));
        }
        account.reserves[0].liquidation_threshold = self.threshold;
        report.gas = vec![(ChainId::Ethereum, self.gwei)];
        let usd = Figure::Known(Usd::new(self.gwei).unwrap());
        report.repayment_gas = vec![GasCost { chain: ChainId::Ethereum, tokens: 0.01, usd }];
        report
    }

    /// Worse in every measure, or the same.
    fn worse(self, by: f64) -> Self {
        Self {
            factor: self.factor / by,
            days: self.days / by,
            age_hours: self.age_hours * by,
            gwei: self.gwei * by,
            threshold: self.threshold / by,
        }
    }
}

fn seen() -> impl Strategy<Value = Seen> {
    (0.9_f64..2.5, 1.0_f64..100.0, 0.1_f64..40.0, 1.0_f64..100.0, 0.5_f64..0.9).prop_map(
        |(factor, days, age_hours, gwei, threshold)| Seen { factor, days, age_hours, gwei, threshold },
    )
}

fn terms() -> impl Strategy<Value = AssetTerms> {
    (0.0_f64..1.0, prop::option::of(0.0_f64..1.0), any::<bool>(), any::<bool>()).prop_map(
        |(liquidation_threshold, share, is_frozen, is_paused)| AssetTerms {
            liquidation_threshold,
            terms: Terms { loan_to_value: share, liquidation_bonus: share, is_frozen, is_paused },
        },
    )
}

fn times() -> impl Strategy<Value = Timestamp> {
    let near = 0_u64..400_000;
    prop_oneof![any::<u64>(), near.prop_map(|before| now().seconds() - before)].prop_map(Timestamp::new)
}

fn peaks() -> impl Strategy<Value = Peaks> {
    let numbers = || prop_oneof![0.1_f64..5.0, any::<f64>()];
    let halves =
        prop_oneof![any::<u64>(), Just(now().seconds() / 43_200), Just(now().seconds() / 43_200 - 1)];
    (halves, numbers(), prop::option::of(numbers())).prop_map(|(half, highest, before)| Peaks {
        half,
        highest,
        before,
    })
}

fn accounts() -> impl Strategy<Value = AccountMemory> {
    let kept = (terms(), prop::option::of((terms(), times())))
        .prop_map(|(accepted, pending)| TermsMemory { accepted, pending });
    let assets = prop::sample::select(vec![asset(1), asset(3), asset(9)]);
    (any::<bool>(), prop::option::of(peaks()), 0_u8..2, prop::collection::btree_map(assets, kept, 0..4))
        .prop_map(|(is_near, peaks, e_mode, terms)| AccountMemory { is_near, peaks, e_mode, terms })
}

fn memories() -> impl Strategy<Value = Memory> {
    let key = CALM.accounts[0].key.clone();
    let gas =
        (prop_oneof![1.0_f64..100.0, any::<f64>()], times()).prop_map(|(gwei, at)| NormalGas { gwei, at });
    let keys = prop::sample::select(vec![key, String::new(), "ethereum".to_owned()]);
    let severities = prop::sample::select(Severity::ALL.to_vec());
    let rests = (keys.clone(), prop::sample::select(AlertKind::ALL), severities, times())
        .prop_map(|(account, kind, severity, at)| Rest { account, kind, severity, at });
    (
        prop::option::of(times()),
        prop::collection::btree_map(keys, accounts(), 0..3),
        prop::collection::btree_map(Just(ChainId::Ethereum), gas, 0..2),
        prop::collection::btree_map(Just(Protocol::AaveV3), peaks(), 0..2),
        prop::collection::vec(rests, 0..4),
    )
        .prop_map(|(blind_since, accounts, gas, locked, rests)| Memory {
            blind_since,
            accounts,
            gas,
            locked,
            rests,
        })
}

/// One standing alert of every kind, each with one clear sweep behind it.
fn standing() -> Vec<Standing> {
    let account = |kind: AlertKind| match kind {
        AlertKind::GasSpike => "ethereum".to_owned(),
        AlertKind::StablecoinDepeg => asset(3).to_string(),
        AlertKind::DataBlind
        | AlertKind::HighVolatility
        | AlertKind::ValueAtRisk
        | AlertKind::OverExposure
        | AlertKind::LowLiquidity => String::new(),
        _ => CALM.accounts[0].key.clone(),
    };
    let of = |(id, kind): (u64, &AlertKind)| Standing {
        id,
        identity: Identity { wallet: CALM.wallet, account: account(*kind), kind: *kind },
        severity: Severity::Low,
        clear_sweeps: 1,
    };
    (0..).zip(AlertKind::ALL).map(of).collect()
}

/// The report with nothing known of its account.
fn darkened(mut report: Report) -> Report {
    for account in &mut report.accounts {
        account.health_factor = HealthFactor::Unknown("unread".into());
        account.market_health_factor = HealthFactor::Unknown("unread".into());
        account.carry = Figure::Unknown("unread".into());
        account.is_confirmed = false;
        account.reserves.clear();
    }
    (report.gas, report.repayment_gas) = (vec![], vec![]);
    let (what, reason) = ("everything".into(), GapReason::Unavailable);
    report.gaps.push(Gap { what, source: "alchemy", reason, affects: Affects::Liquidation, since: None });
    report
}

fn conditions(report: &Report, memory: &Memory) -> BTreeMap<Identity, Condition> {
    let found = signals(report, memory, &Thresholds::default());
    found.into_iter().map(|signal| (signal.identity, signal.condition)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_unknown_neither_opens_nor_closes(seen in seen(), memory in memories()) {
        let dark = darkened(seen.report());
        let opened = judge(&dark, &[], &memory, &Thresholds::default()).transitions;
        for transition in opened {
            let Transition::Open { identity, .. } = transition else { panic!("{transition:?}") };
            prop_assert!(identity.account.is_empty(), "{identity:?} opened out of nothing");
        }
        for transition in judge(&dark, &standing(), &memory, &Thresholds::default()).transitions {
            match transition {
                Transition::Resolve { .. } => prop_assert!(false, "{transition:?}"),
                Transition::Refresh { clear_sweeps, .. } => prop_assert_eq!(clear_sweeps, 0),
                Transition::Open { .. } | Transition::Escalate { .. } => {}
            }
        }
    }

    #[test]
    fn a_worse_report_never_closes_what_a_better_one_would_not(
        seen in seen(),
        memory in memories(),
        by in 1.0_f64..1.5,
    ) {
        let better = conditions(&seen.report(), &memory);
        let worse = conditions(&seen.worse(by).report(), &memory);
        for (identity, condition) in better {
            if !matches!(condition, Condition::Clear { .. }) {
                let now = worse.get(&identity);
                prop_assert!(!matches!(now, Some(Condition::Clear { .. })), "{identity:?}: {condition:?} became {now:?}");
            }
        }
    }

    #[test]
    fn no_memory_panics_grows_without_bound_or_changes_what_needs_none(seen in seen(), memory in memories()) {
        let report = seen.report();
        let judged = judge(&report, &standing(), &memory, &Thresholds::default());
        prop_assert!(judged.memory.accounts.len() <= MAX_ACCOUNTS && judged.memory.rests.len() <= MAX_RESTS);
        let (with, without) = (conditions(&report, &memory), conditions(&report, &Memory::default()));
        let needs = [AlertKind::HealthFactorDrop, AlertKind::GasSpike, AlertKind::ParameterChange, AlertKind::DataBlind];
        for (identity, condition) in &with {
            if !needs.contains(&identity.kind) {
                prop_assert_eq!(Some(condition), without.get(identity));
            }
        }
        // The next memory is one that any report could have left: nothing of the future, no number that is none.
        let again = judge(&report, &[], &judged.memory, &Thresholds::default()).memory;
        prop_assert!(again.rests.iter().all(|rest| rest.at <= report.at));
        prop_assert!(again.gas.values().all(|gas| gas.gwei.is_finite() && gas.at <= report.at));
    }

    #[test]
    fn the_order_of_what_is_told_changes_nothing(seen in seen(), memory in memories()) {
        let report = seen.report();
        let mut turned = report.clone();
        turned.accounts.reverse();
        turned.accounts[0].reserves.reverse();
        turned.recommendations.reverse();
        turned.gaps.reverse();
        let mut alerts = standing();
        let one = judge(&report, &alerts, &memory, &Thresholds::default());
        alerts.reverse();
        let other = judge(&turned, &alerts, &memory, &Thresholds::default());
        prop_assert_eq!(one.memory.accounts, other.memory.accounts);
        prop_assert_eq!(one.memory.rests, other.memory.rests);
        prop_assert_eq!(one.transitions.len(), other.transitions.len());
        for (a, b) in one.transitions.iter().zip(&other.transitions) {
            prop_assert_eq!(std::mem::discriminant(a), std::mem::discriminant(b));
        }
    }

    #[test]
    fn flapping_opens_at_most_once_a_crossing_of_the_band(days in prop::collection::vec(20.0_f64..60.0, 1..60)) {
        let line = Thresholds::default().carry_days;
        let mut life = Life::default();
        let (mut opened, mut resolved, mut crossings, mut was_clear) = (0, 0, 0, true);
        for (sweep, days) in (0..).zip(days) {
            let seen = Seen { factor: 1.3, days, age_hours: 0.1, gwei: 1.0, threshold: 0.83 };
            match life.told(sweep * 10, &seen.report(), AlertKind::CarryLiquidation) {
                Told::Opened(_) => opened += 1,
                Told::Resolved => resolved += 1,
                _ => {}
            }
            if days < line.open && was_clear {
                crossings += 1;
                was_clear = false;
            } else if days > line.close {
                was_clear = true;
            }
        }
        prop_assert!(opened <= crossings, "{opened} opened in {crossings} crossings");
        prop_assert!(resolved <= opened && opened <= resolved + 1);
    }
}
