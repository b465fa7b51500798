//! The reader and the writer beside serde_json: every document has the same verdict, at the same place, and the same values.

mod numbers;
mod oracle;

use proptest::prelude::*;
use serde_json::Value as Theirs;

use super::*;

/// Whether two values are the same. Floats may differ in their last digits: serde_json's are a little off (`numbers`
/// holds ours to the nearest one).
fn is_same(ours: &Value, theirs: &Theirs) -> bool {
    match (ours, theirs) {
        (Value::Null, Theirs::Null) => true,
        (Value::Bool(one), Theirs::Bool(other)) => one == other,
        (Value::Whole(one), Theirs::Number(other)) => other.as_u64() == Some(*one),
        (Value::Number(one), Theirs::Number(other)) => {
            let near = other.as_f64().unwrap();
            other.as_u64().is_none() && (one - near).abs() <= near.abs() * 1e-15 + 1e-322
        }
        (Value::Text(one), Theirs::String(other)) => one == other,
        (Value::List(one), Theirs::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| is_same(one, other))
        }
        (Value::Object(one), Theirs::Object(other)) => {
            one.len() == other.len()
                && one.iter().all(|(name, value)| other.get(&**name).is_some_and(|it| is_same(value, it)))
        }
        _ => false,
    }
}

/// Compares the two readers, and says which verdict both gave.
fn compare(bytes: &[u8]) -> Result<(), Fault> {
    let shown = || String::from_utf8_lossy(bytes).into_owned();
    match (object(bytes), oracle::object(bytes)) {
        (Ok((fields, repeated)), Ok(theirs)) => {
            let (mut first, mut again) = (Vec::new(), Vec::new());
            for (name, value) in theirs {
                let is_known = first.iter().any(|(known, _)| *known == name);
                if is_known { again.push(name) } else { first.push((name, value)) }
            }
            assert_eq!(repeated, again, "{}", shown());
            assert_eq!(fields.len(), first.len(), "{}", shown());
            for ((name, value), (their_name, theirs)) in fields.iter().zip(&first) {
                assert!(name == their_name && is_same(value, theirs), "{value:?} {theirs:?} {}", shown());
            }
            Ok(())
        }
        (Err(fault), Err(oracle::Refusal::Other(theirs))) => {
            assert_eq!(fault, theirs, "{}", shown());
            Err(fault)
        }
        // It may stop in the middle of an exponent that is too large, and ours at its end.
        (Err(fault @ Fault::Malformed { .. }), Err(oracle::Refusal::TooLarge)) => Err(fault),
        (ours, theirs) => panic!("{ours:?} {theirs:?} {}", shown()),
    }
}

fn string() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        8 => "[a-z0-9 /]{0,6}",
        2 => "\\PC",
        1 => r#"\\["\\/bfnrt]"#,
        1 => "\\\\u00[0-7][0-9a-fA-F]",
        1 => "\\\\u[dD][89abAB][0-9a-f]{2}\\\\u[dD][c-fC-F][0-9a-f]{2}",
        // Wrong ones: half a pair, no digits, no escape, a control character.
        1 => prop::sample::select(vec!["\\ud800", "\\udc00x", "\\ud83d\\u0041", "\\u12", "\\x", "\\", "\u{1}", "\n", "\u{7f}", "\0"])
            .prop_map(str::to_owned),
    ];
    prop::collection::vec(piece, 0..4).prop_map(|pieces| format!("\"{}\"", pieces.concat()))
}

fn white() -> impl Strategy<Value = &'static str> {
    prop_oneof![10 => Just(""), 1 => prop::sample::select(vec![" ", "\n", "\r\n", "\t", "\n \n", "\u{a0}", "\u{c}"])]
}

/// A document: right nearly everywhere.
fn document() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        prop::sample::select(vec![
            "null", "true", "false", "nul", "True", "NaN", "-", "0", "-0", "01", "1.", ".5", "1e", "{}", "[]"
        ])
        .prop_map(str::to_owned),
        numbers::written(),
        numbers::written(),
        string(),
        string(),
    ];
    let name = prop_oneof![
        string(),
        prop::sample::select(vec!["\"a\"", "\"b\"", "\"\\u0061\""]).prop_map(str::to_owned)
    ];
    let value = leaf.prop_recursive(4, 40, 6, move |inner| {
        let item = (white(), inner.clone(), white())
            .prop_map(|(before, item, after)| format!("{before}{item}{after}"));
        let member = (white(), name.clone(), white(), inner, white())
            .prop_map(|(a, name, b, value, c)| format!("{a}{name}{b}:{value}{c}"));
        prop_oneof![
            1 => prop::collection::vec(item, 0..5).prop_map(|items| format!("[{}]", items.join(","))),
            3 => prop::collection::vec(member, 0..5).prop_map(|members| format!("{{{}}}", members.join(","))),
        ]
    });
    let member = (string(), value.clone()).prop_map(|(name, value)| format!("{name}:{value}"));
    let whole = prop::collection::vec(member, 0..5).prop_map(|members| format!("{{{}}}", members.join(",")));
    let whole = prop_oneof![6 => whole, 1 => value];
    (white(), whole, white()).prop_map(|(before, whole, after)| format!("{before}{whole}{after}"))
}

/// Bytes of which JSON is made, and some others.
fn byte() -> impl Strategy<Value = u8> {
    let known = b"{}[]\",:\\/bfnrtu0123456789dDaAeE+-. \n\ttrue\x00\x1f\x7f\xc3\xa9\xe2\x82\xac\xed\xa0\x80\xf0\x9f\x92\xa9\xff".to_vec();
    prop_oneof![9 => prop::sample::select(known), 1 => any::<u8>()]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    #[test]
    fn a_document_is_read_as_serde_json_reads_it(document in document()) {
        let _ = compare(document.as_bytes());
    }

    #[test]
    fn so_is_one_that_was_damaged(
        document in document(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), byte(), 0..3), 1..4),
    ) {
        let mut bytes = document.into_bytes();
        for (place, byte, how) in damage {
            let at = place.index(bytes.len() + 1);
            match how {
                0 => bytes.insert(at, byte),
                1 if at < bytes.len() => bytes[at] = byte,
                _ => bytes.truncate(at),
            }
        }
        let _ = compare(&bytes);
    }

    #[test]
    fn so_is_anything_made_of_the_same_bytes(bytes in prop::collection::vec(byte(), 0..24)) {
        let _ = compare(&bytes);
        let _ = compare(&[b"{\"", bytes.as_slice()].concat());
        let _ = compare(&[b"{\"a\":\"", bytes.as_slice(), b"\"}"].concat());
    }

    #[test]
    fn a_text_is_written_as_serde_json_writes_it(text in "(?s)[\\x00-\\x7f\\PC]{0,20}") {
        let mut written = String::new();
        quote(&mut written, &text);
        prop_assert_eq!(&written, &serde_json::to_string(&text).unwrap());
        let whole = format!("{{\"a\":{written}}}");
        prop_assert_eq!(&object(whole.as_bytes()).unwrap().0[0].1, &Value::Text(text.as_str().into()));
    }
}

#[test]
fn the_generated_documents_reach_every_verdict() {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut counts = [0_usize; 4];
    for _ in 0..4_000 {
        let document = document().new_tree(&mut runner).unwrap().current();
        counts[match compare(document.as_bytes()) {
            Ok(()) => 0,
            Err(Fault::Malformed { .. }) => 1,
            Err(Fault::NoObject) => 2,
            Err(Fault::Repeated) => 3,
        }] += 1;
    }
    assert!(counts.iter().all(|count| *count > 40) && counts[0] > 800, "{counts:?}");
}

#[test]
fn what_lies_too_deep_is_refused_at_the_same_depth() {
    for depth in 1..=200 {
        for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
            let document = format!("{{\"a\":{}1{}}}", open.repeat(depth), close.repeat(depth));
            assert_eq!(compare(document.as_bytes()).is_ok(), depth < 127, "{depth}");
        }
    }
    // As deep as a body can be: no stack is used up.
    assert!(compare("{\"a\":".repeat(13_000).as_bytes()).is_err());
    // What was left counts no more.
    let wide = format!("{{\"a\":[{}1]}}", "[],{},".repeat(300));
    assert_eq!(compare(wide.as_bytes()), Ok(()));
}

#[test]
fn the_byte_that_cannot_be_is_told_by_its_place() {
    let place = |text: &str| match object(text.as_bytes()).unwrap_err() {
        Fault::Malformed { line, column } => (line, column),
        other => panic!("{other:?}"),
    };
    assert_eq!(place(""), (1, 0));
    assert_eq!(place("{\"a\": x}"), (1, 7));
    assert_eq!(place("{\"a\":1,\r\n \"b\";1}"), (2, 5));
    assert_eq!(place("{} {"), (1, 4));
    assert_eq!(place("\u{feff}{}"), (1, 1));
}

#[test]
fn thousands_of_names_are_told_apart_in_their_order() {
    let members: Vec<String> = (0..8_000).map(|number| format!("\"{}\":1", number * 7_919 % 6_000)).collect();
    let text = format!("{{{}}}", members.join(","));
    let (fields, repeated) = object(text.as_bytes()).unwrap();
    assert_eq!((fields.len(), repeated.len(), &*fields[1].0), (6_000, 2_000, "1919"));
    let nested = format!("{{\"a\":{text}}}");
    assert_eq!(object(nested.as_bytes()).unwrap_err(), Fault::Repeated);
}

#[test]
fn an_object_is_written_member_by_member() {
    let mut writer = Writer::new();
    let items = ["c", "d"];
    writer.text("a", "\"\u{1f}é").raw("b", "[1,2]").list("items", &items, |item, inner| {
        inner.text(item, "").raw("e", "0");
    });
    writer.raw("last", "{}").list("none", &items[..0], |_, _| {});
    let expected =
        r#"{"a":"\"\u001fé","b":[1,2],"items":[{"c":"","e":0},{"d":"","e":0}],"last":{},"none":[]}"#;
    assert_eq!(writer.finish(), expected);
    assert_eq!(Writer::new().finish(), "{}");
}
