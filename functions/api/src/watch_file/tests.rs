//! Files as they come: from spreadsheets, from programs, and broken ones.

use super::*;

/// The address of a number, in lower case.
fn address(number: usize) -> String {
    format!("0x{number:040x}")
}

fn csv(text: &str) -> WatchFile {
    WatchFile::read(Format::Csv, text.as_bytes(), None).unwrap()
}

fn told(file: &WatchFile) -> Vec<(u32, &str, Code)> {
    file.errors.iter().map(|one| (one.line.unwrap(), one.field.as_str(), one.code)).collect()
}

#[test]
fn a_spreadsheet_with_a_mark_crlf_quotes_and_a_last_line_without_an_end_is_read_whole() {
    let text = format!(
        "\u{feff}wallet_address,label,channels\r\n{},\"desk, \"\"one\"\"\",a b\r\n{},,\r\n\r\n{},\"\",[]",
        address(1),
        address(2),
        address(3)
    );
    let file = csv(&text);
    assert_eq!((file.lines.len(), file.refused, file.total()), (3, 0, 3), "{:?}", file.errors);
    assert_eq!(file.lines[0].settings.label.as_deref(), Some("desk, \"one\""));
    let channels: Vec<_> =
        file.lines.iter().map(|line| line.settings.channels.as_ref().map(Vec::len)).collect();
    assert_eq!(channels, [Some(2), None, Some(0)]);
}

#[test]
fn each_wrong_line_is_told_by_where_it_begins_whatever_ends_lines() {
    for end in ["\n", "\r\n", "\r"] {
        let lines = [
            "wallet_address,label".to_owned(),
            format!("{},good", address(1)),
            "0x12,short".to_owned(),
            format!("{},\"two\nlines\"", address(2)),
            format!("{},a,b", address(3)),
            format!("{},again", address(1)),
            String::new(),
            address(4),
        ];
        let file = csv(&lines.join(end));
        let expected = [
            (3, "wallet_address", Code::WrongLength),
            (4, "label", Code::Malformed),
            (6, "line", Code::Malformed),
            (7, "wallet_address", Code::Repeated),
            (9, "line", Code::Malformed),
        ];
        assert_eq!(told(&file), expected, "{end:?}");
        assert_eq!((file.lines.len(), file.refused, file.errors_total), (1, 5, 5));
        assert_eq!(file.errors[3].message, "wallet_address is on line 2 already");
    }
}

#[test]
fn an_unclosed_quote_takes_no_line_over_as_text() {
    let text = format!("wallet_address,label\n{},\"open\n{},b\n{},c\n", address(1), address(2), address(3));
    let file = csv(&text);
    assert_eq!((file.lines.len(), told(&file)), (0, vec![(2, "label", Code::Malformed)]));
}

#[test]
fn a_wrong_header_refuses_the_file() {
    let refused = |text: &str| WatchFile::read(Format::Csv, text.as_bytes(), None).unwrap_err();
    let first = |text: &str| {
        let errors = refused(text);
        (errors[0].line, errors[0].field.clone(), errors[0].code)
    };
    assert_eq!(first(""), (Some(1), "wallet_address".to_owned(), Code::Required));
    assert_eq!(first("wallet_address,colour\n"), (Some(1), "colour".to_owned(), Code::UnknownField));
    assert_eq!(first(&format!("{}\n", address(1))).2, Code::UnknownField);
    assert_eq!(csv("wallet_address\n").total(), 0);
}

#[test]
fn the_first_errors_are_told_and_all_are_counted() {
    let lines: String = (0..300).map(|_| "x,\n").collect();
    let file = csv(&format!("wallet_address,label\n{lines}"));
    assert_eq!((file.errors.len(), file.errors_total, file.refused), (MOST_ERRORS, 300, 300));
}

#[test]
fn a_file_has_no_more_lines_than_the_limit_in_either_format() {
    let csv_of = |count: usize| {
        let lines: String = (0..count).map(|number| format!("{}\n", address(number))).collect();
        WatchFile::read(Format::Csv, format!("wallet_address\n{lines}").as_bytes(), None)
    };
    assert_eq!(csv_of(MAX_IMPORT_LINES).unwrap().lines.len(), MAX_IMPORT_LINES);
    assert_eq!(csv_of(MAX_IMPORT_LINES + 1).unwrap_err()[0].code, Code::TooLong);
    let json_of = |count: usize| {
        let list = format!("[{}1]", "1,".repeat(count - 1));
        WatchFile::read(Format::Json, list.as_bytes(), None)
    };
    assert_eq!(json_of(MAX_IMPORT_LINES).unwrap().total(), MAX_IMPORT_LINES);
    assert_eq!(json_of(2_000_000).unwrap_err()[0].code, Code::TooLong);
}

#[test]
fn a_list_of_objects_says_the_same_and_is_told_by_its_places() {
    let text = format!(
        r#"[{{"wallet_address":"{}","label":"a","thresholds":{{"carry_days":60}}}},
            {{"wallet_address":"{0}"}}, 7, {{"wallet_address":"{}","label":{{"a":1,"a":2}}}}, {{}}]"#,
        address(1),
        address(2)
    );
    let file = WatchFile::read(Format::Json, text.as_bytes(), None).unwrap();
    let expected = [
        (2, "wallet_address", Code::Repeated),
        (3, "body", Code::WrongType),
        (4, "body", Code::Repeated),
        (5, "wallet_address", Code::Required),
    ];
    assert_eq!((file.lines.len(), told(&file)), (1, expected.to_vec()));
}

#[test]
fn json_that_is_no_list_or_too_deep_is_refused_and_never_followed() {
    let refused = |text: &[u8]| WatchFile::read(Format::Json, text, None).unwrap_err()[0].code;
    assert_eq!(refused(b"{}"), Code::WrongType);
    assert_eq!(refused(b""), Code::Malformed);
    assert_eq!(refused(b"[{},"), Code::Malformed);
    assert_eq!(refused(b"[\"\xff\"]"), Code::Malformed);
    assert_eq!(refused("[".repeat(3_000_000).as_bytes()), Code::Malformed);
    let deep = format!(r#"[{{"label":{}1{}}}]"#, "[".repeat(1_000_000), "]".repeat(1_000_000));
    let file = WatchFile::read(Format::Json, deep.as_bytes(), None).unwrap();
    assert_eq!((file.refused, file.errors[0].field.as_str()), (1, "body"));
}

#[test]
fn a_wallet_that_the_key_may_not_see_is_refused_on_its_line() {
    let allowed: Wallet = address(2).parse().unwrap();
    let text = format!("wallet_address\n{}\n{}\n", address(1), address(2));
    let file = WatchFile::read(Format::Csv, text.as_bytes(), Some(&[allowed])).unwrap();
    assert_eq!(told(&file), [(2, "wallet_address", Code::Forbidden)]);
    assert_eq!(file.lines[0].wallet, allowed);
}
