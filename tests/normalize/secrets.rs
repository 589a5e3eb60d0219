//! Hashes and sensitive values.

use super::*;

fn hash(stream: &str, element: &str) -> String {
    let hash = text(&normalize(stream, &[element]), 0, "_row_hash");
    assert!(hash.len() == 32 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()), "{hash}");
    hash
}

#[test]
fn equal_data_gives_equal_hashes() {
    let base = r#"{"id":"i","object":"invoice","summary":"a/é","metadata":{"x":1,"y":[1,2]},"new":true,"views":3}"#;
    for same in [
        r#" {"object":"invoice", "id":"i","new" :true,"metadata":{"x":1,"y":[1,2]},"summary":"a/é","views":3}"#,
        r#"{"id":"i","object":"invoice","summary":"\u0061\/\u00e9","metadata":{"y":[ 1, 2 ],"x":1},"new":true,"views":3}"#,
        r#"{"id":"no","\u0069d":"i","object":"invoice","summary":"a/é","metadata":{"x":0,"x":1,"y":[1,2]},"new":true}"#,
        r#"{"id":"i","object":"invoice","summary":"a/é","metadata":{"x":1,"y":[1,2]},"new":true,"views":"4"}"#,
    ] {
        assert_eq!(hash("invoices", base), hash("invoices", same), "{same}");
    }
}

#[test]
fn different_data_gives_different_hashes() {
    let elements = [
        r#"{"id":"i","object":"invoice","a":1}"#,
        r#"{"id":"i","object":"invoice","a":2}"#,
        r#"{"id":"i","object":"invoice","a":"1"}"#,
        r#"{"id":"i","object":"invoice","a":null}"#,
        r#"{"id":"i","object":"invoice"}"#,
        r#"{"id":"j","object":"invoice"}"#,
        r#"{"id":"i"}"#,
        r#"{"id":"i","object":"invoice","a":[1,2]}"#,
        r#"{"id":"i","object":"invoice","a":[2,1]}"#,
        r#"{"id":"i","object":"invoice","a":[[1],2]}"#,
        r#"{"id":"i","object":"invoice","a":{"views":1}}"#,
        r#"{"id":"i","object":"invoice","a":{"views":2}}"#,
        r#"{"id":"i","object":"invoice","a":"x\",\"b\":\"y"}"#,
        r#"{"id":"i","object":"invoice","a":"x","b":"y"}"#,
        r#"{"id":"i","object":"invoice","a":"\ud800"}"#,
        r#"{"id":"i","object":"invoice","a":"\ud801"}"#,
        r#"{"id":"i","object":"invoice","a":"\ufffd"}"#,
        r#"{"id":"i","object":"invoice","a":"\\ud800"}"#,
        r#"{"id":"i","object":"invoice","a":"\u0000"}"#,
        r#"{"id":"i","object":"invoice","a":"b "}"#,
        r#"{"id":"i","object":"invoice","a":"b  "}"#,
    ];
    let hashes: BTreeSet<_> = elements.iter().map(|element| hash("invoices", element)).collect();
    assert_eq!(hashes.len(), elements.len());
}

#[test]
fn sensitive_links_are_kept_hashed_or_dropped() {
    let element = format!(r#"{{"id":"i","object":"invoice", "url":"{LINK}","number":"7"}}"#);
    let kept = normalize("invoices", &[&element]);
    assert_eq!(cell(&kept, 0, "url").as_deref(), Some(LINK));
    assert_eq!(text(&kept, 0, "_raw"), element);

    let hashed = normalize_as("invoices", pepper(), &[&element]);
    assert_eq!(cell(&hashed, 0, "url").as_deref(), Some(LINK_DIGEST));
    let raw = format!(r#"{{"id":"i","object":"invoice","url":"{LINK_DIGEST}","number":"7"}}"#);
    assert_eq!(text(&hashed, 0, "_raw"), raw);

    let dropped = normalize_as("invoices", Sensitive::Drop, &[&element]);
    assert_eq!(cell(&dropped, 0, "url"), None);
    assert_eq!(text(&dropped, 0, "_raw"), r#"{"id":"i","object":"invoice","number":"7"}"#);

    for batch in [&hashed, &dropped] {
        assert_eq!(text(batch, 0, "_row_hash"), text(&kept, 0, "_row_hash"));
        assert_eq!(cell(batch, 0, "number").as_deref(), Some("7"));
    }
}

#[test]
fn records_without_sensitive_values_are_not_rewritten() {
    let element = r#"{"id":"i",  "object":"invoice", "a":1, "a":2, "url":null}"#;
    assert_eq!(text(&normalize_as("invoices", pepper(), &[element]), 0, "_raw"), element);
    let plan = r#"{ "id":"i",  "object":"plan", "url":"public" }"#;
    for sensitive in [pepper(), Sensitive::Drop] {
        assert_eq!(text(&normalize_as("plans", sensitive, &[plan]), 0, "_raw"), plan);
    }
}

#[test]
fn no_sensitive_link_survives_anywhere() {
    let cases: &[(&str, String)] = &[
        (
            "events",
            format!(
                r#"{{"id":"e","object":"event","type":"invoice.paid","data":{{"object":"invoice","id":"i","url":"{LINK}"}}}}"#
            ),
        ),
        (
            "events",
            format!(
                r#"{{"id":"e","object":"event","type":"invoice.paid","data":{{"id":"i","url":"{LINK}"}}}}"#
            ),
        ),
        (
            "events",
            format!(
                r#"{{"id":"e","object":"event","data":{{"object":"webhook","subscription_url":"{LINK}"}}}}"#
            ),
        ),
        (
            "events",
            format!(
                r#"{{"id":"e","object":"event","data":[{{"object":"statement","url":"{LINK}"}}]}}"#
            ),
        ),
        (
            "invoices",
            format!(r#"{{"id":"i","object":"invoice","url":"{LINK}","\u0075rl":"{LINK}#2"}}"#),
        ),
        ("invoices", format!(r#"{{"id":"i","url":"{LINK}"}}"#)),
        ("invoices", format!(r#"{{"id":"i","object":"invoice","url":{{"href":"{LINK}"}}}}"#)),
        (
            "customers",
            format!(
                r#"{{"id":"c","object":"customer","latest":{{"object":"invoice","url":"{LINK}"}}}}"#
            ),
        ),
        ("users", format!(r#"{{"id":"h","object":"webhook","url":"{LINK}"}}"#)),
        ("invoices", format!(r#"{{"object":"invoice","url":"{LINK}"}}"#)),
        ("invoices", format!(r#"[{{"object":"invoice","url":"{LINK}"}}]"#)),
        (
            "customers",
            format!(
                r#"{{"id":"c","object":"customer","deep":{}{{"object":"invoice","url":"{LINK}"}}{}}}"#,
                "[".repeat(500),
                "]".repeat(500)
            ),
        ),
    ];
    for (stream, element) in cases {
        assert!(everything(&normalize(stream, &[element])).contains("secret"), "{element}");
        for sensitive in [pepper(), Sensitive::Drop] {
            let batch = normalize_as(stream, sensitive, &[element]);
            assert!(!everything(&batch).contains("secret"), "{element}");
        }
    }
}

/// All text of a batch, findings included.
fn everything(batch: &Batch) -> String {
    let mut all = format!("{:?}{:?}{:?}", batch.problems, batch.quarantined, batch.unknown_fields);
    for row in 0..batch.records.num_rows() {
        for field in batch.records.schema().fields() {
            all.push_str(&cell(batch, row, field.name()).unwrap_or_default());
        }
    }
    all
}

#[test]
fn event_data_is_masked_in_column_and_raw() {
    let element = format!(
        r#"{{"id":"e","object":"event","url":"kept","data":{{"object":"invoice","id":"i","url":"{LINK}"}}}}"#
    );
    let batch = normalize_as("events", pepper(), &[&element]);
    let data = format!(r#"{{"object":"invoice","id":"i","url":"{LINK_DIGEST}"}}"#);
    assert_eq!(cell(&batch, 0, "data"), Some(data.clone()));
    assert_eq!(
        text(&batch, 0, "_raw"),
        format!(r#"{{"id":"e","object":"event","url":"kept","data":{data}}}"#)
    );
    let batch = normalize_as("events", Sensitive::Drop, &[&element]);
    assert_eq!(cell(&batch, 0, "data").as_deref(), Some(r#"{"object":"invoice","id":"i"}"#));
}

#[test]
fn problem_records_never_show_sensitive_values() {
    let masked = [
        ("invoices", format!(r#"{{"id":"i","object":"invoice","url":["{LINK}"]}}"#), "***"),
        ("invoices", format!(r#"{{"id":"i","object":"invoice","url":"{LINK}\u0000"}}"#), "***"),
        (
            "invoices",
            format!(
                r#"{{"id":"i","object":"invoice","customer":{{"object":"statement","url":"{LINK}"}}}}"#
            ),
            r#"{"object":"statement","url":"***"}"#,
        ),
    ];
    for (stream, element, got) in masked {
        let batch = normalize(stream, &[&element]);
        let [problem] = &*batch.problems else { panic!("one expected: {element}") };
        assert_eq!(problem.got, got);
        assert!(!text(&batch, 0, "_problems").contains("secret"));
    }
}

#[test]
fn the_salt_is_not_printed() {
    let normalizer = Normalizer::new(spec("invoices"), pepper());
    let shown = format!("{:?} {normalizer:?}", pepper());
    let bytes = format!("{:?}", b"pepper".as_slice());
    assert!(
        !shown.contains("pepper") && !shown.contains(bytes.trim_matches(['[', ']'])),
        "{shown}"
    );
}
