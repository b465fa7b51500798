//! A memory comes back as it was written, and no text at all does harm.

use proptest::prelude::*;
use risk_model::{Address, AlertKind, Severity};

use super::*;

fn numbers() -> impl Strategy<Value = f64> {
    prop_oneof![0.000_001_f64..10.0, Just(f64::MIN_POSITIVE), Just(f64::MAX), 1e-300..1e300]
}

fn times() -> impl Strategy<Value = Timestamp> {
    any::<u64>().prop_map(Timestamp::new)
}

fn asset_terms() -> impl Strategy<Value = AssetTerms> {
    let options = || prop::option::of(-1.0_f64..2.0);
    (0.0_f64..1.0, options(), options(), any::<bool>(), any::<bool>()).prop_map(
        |(liquidation_threshold, loan_to_value, liquidation_bonus, is_frozen, is_paused)| AssetTerms {
            liquidation_threshold,
            terms: Terms { loan_to_value, liquidation_bonus, is_frozen, is_paused },
        },
    )
}

fn peaks() -> impl Strategy<Value = Peaks> {
    (any::<u64>(), numbers(), prop::option::of(numbers())).prop_map(|(half, highest, before)| Peaks {
        half,
        highest,
        before,
    })
}

fn accounts() -> impl Strategy<Value = AccountMemory> {
    let assets = any::<u8>().prop_map(|byte| Asset::contract(ChainId::Base, Address::repeat_byte(byte)));
    let kept = (asset_terms(), prop::option::of((asset_terms(), times())))
        .prop_map(|(accepted, pending)| TermsMemory { accepted, pending });
    (any::<bool>(), prop::option::of(peaks()), any::<u8>(), prop::collection::btree_map(assets, kept, 0..4))
        .prop_map(|(is_near, peaks, e_mode, terms)| AccountMemory { is_near, peaks, e_mode, terms })
}

fn memories() -> impl Strategy<Value = Memory> {
    let gas = (numbers(), times()).prop_map(|(gwei, at)| NormalGas { gwei, at });
    let rests =
        (".*", prop::sample::select(AlertKind::ALL), prop::sample::select(Severity::ALL.to_vec()), times())
            .prop_map(|(account, kind, severity, at)| Rest { account, kind, severity, at });
    (
        prop::option::of(times()),
        prop::collection::btree_map(".*", accounts(), 0..3),
        prop::collection::btree_map(prop::sample::select(ChainId::ALL.to_vec()), gas, 0..3),
        prop::collection::btree_map(prop::sample::select(Protocol::ALL.to_vec()), peaks(), 0..3),
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

proptest! {
    #[test]
    fn a_memory_reads_back_to_the_last_bit(memory in memories()) {
        prop_assert_eq!(memory_of(&text_of(&memory)), Some(memory));
    }

    #[test]
    fn any_text_is_a_memory_or_none(text in ".*", memory in memories(), cut in any::<prop::sample::Index>()) {
        let _ = memory_of(&text);
        let written = text_of(&memory);
        let place = cut.index(written.len());
        if let Some(part) = written.get(..place) {
            prop_assert_eq!(memory_of(part), None, "cut text is none");
        }
    }
}

#[test]
fn an_empty_memory_takes_a_few_bytes_and_other_versions_are_none() {
    assert_eq!(text_of(&Memory::default()), r#"{"v":1}"#);
    for text in [
        "",
        "null",
        "[]",
        "{}",
        r#"{"v":2}"#,
        r#"{"v":1,"x":1}"#,
        r#"{"v":1,"gas":{"mars":["1",1]}}"#,
        r#"{"v":1,"gas":{"base":["-1",1]}}"#,
        r#"{"v":1,"gas":{"base":["1e999",1]}}"#,
        r#"{"v":1,"gas":{"base":[1.0,1]}}"#,
        r#"{"v":1,"locked":{"moon":[1,"1",null]}}"#,
        r#"{"v":1,"rests":[["a","moon_risk","low",1]]}"#,
        r#"{"v":1,"accounts":{"a":{"peaks":[1,"0",null]}}}"#,
    ] {
        assert_eq!(memory_of(text), None, "{text}");
    }
    let many = (0..=MAX_ACCOUNTS).map(|number| format!("\"{number}\":{{}}")).collect::<Vec<_>>().join(",");
    assert_eq!(memory_of(&format!("{{\"v\":1,\"accounts\":{{{many}}}}}")), None);
    assert_eq!(memory_of(&" ".repeat(MAX_BYTES + 1)), None);
}
