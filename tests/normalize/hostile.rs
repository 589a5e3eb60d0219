//! Deep, broken and arbitrary input.

use super::*;

#[test]
fn deep_nesting_exhausts_nothing() {
    for (open, close) in [("[", "]"), (r#"{"a":"#, "}")] {
        let value = format!("{}1{}", open.repeat(20_000), close.repeat(20_000));
        let spaced = format!("{}1{}", format!("{open} ").repeat(20_000), close.repeat(20_000));
        let element =
            |value: &str| element("invoices", &format!(r#""payment":{value},"new":{value}"#));
        for sensitive in [Sensitive::Keep, pepper(), Sensitive::Drop] {
            let batch = normalize_as("invoices", sensitive, &[&element(&value), &value]);
            assert_eq!(batch.received, 2);
        }
        let batch = normalize("invoices", &[&element(&value), &element(&spaced)]);
        assert_eq!(cell(&batch, 0, "payment").as_deref(), Some(&*value));
        assert_eq!(cell(&batch, 1, "payment").as_deref(), Some(&*value));
        assert_eq!(text(&batch, 0, "_row_hash"), text(&batch, 1, "_row_hash"));
        assert_eq!(text(&batch, 0, "_extra"), format!(r#"{{"new":{value}}}"#));
    }
}

#[test]
fn text_nested_too_deep_is_still_repaired_and_not_mistaken_for_structure() {
    let nested = |inner: &str| format!("{}{inner}{}", "[".repeat(200), "]".repeat(200));
    let sent = nested(r#" "a  ]\" [" , "\ud800" "#);
    let batch = normalize("invoices", &[&element("invoices", &format!(r#""payment":{sent}"#))]);
    assert_eq!(cell(&batch, 0, "payment"), Some(nested("\"a  ]\\\" [\",\"\u{fffd}\"")));
    assert_eq!(findings(&batch), [("payment", "text_repaired")]);
}

#[test]
fn names_with_lone_surrogates_are_repaired() {
    let batch = normalize("plans", &[&element("plans", r#""a\ud800":1,"b":"\u0000""#)]);
    assert_eq!(text(&batch, 0, "_extra"), "{\"a\u{fffd}\":1,\"b\":\"\u{fffd}\"}");
    assert_eq!(findings(&batch), [("a\u{fffd}", "text_repaired"), ("b", "text_repaired")]);
    assert_eq!(batch.unknown_fields.len(), 2);
}

#[test]
fn broken_json_is_refused_without_quoting_it() {
    let broken: [&[u8]; 8] = [
        b"",
        b"{\"id\":\"secret\"",
        b"{\"id\":\"secret\"}}",
        b"{\"id\":secret}",
        b"{'id':1}",
        b"\"secret",
        b"{\"id\":\"\xff\"}",
        b"{\"id\":01}",
    ];
    for element in broken {
        let mut page = page(&[r#"{"id":"pl_1","object":"plan"}"#]);
        page.elements.push(Bytes::copy_from_slice(element));
        let error = Normalizer::new(spec("plans"), Sensitive::Keep).normalize(&page).unwrap_err();
        assert_eq!(error.kind(), Kind::Contract);
        assert_eq!(error.to_string(), "element 51 of `plans` is not JSON");
        assert!(!format!("{error:?}").contains("secret"));
    }
}

/// Streams that differ in what they do with fields.
const STREAMS: [&str; 6] =
    ["customers", "invoices", "transactions", "events", "order_items", "account"];

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>()
            .prop_filter_map("finite", |number| number.is_finite().then(|| Value::from(number))),
        any::<String>().prop_map(Value::from),
        "[0-9-]{10}(T[0-9:]{8}Z)?".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::hash_map("(id|object|customer|url|price|\\PC{0,4})", inner, 0..4)
                .prop_map(Value::from_iter),
        ]
    })
}

/// A stream and an element that mixes its own field names with foreign ones.
fn any_element() -> impl Strategy<Value = (&'static str, Value)> {
    prop::sample::select(&STREAMS).prop_flat_map(|stream| {
        let sources = spec(stream).fields.iter().flat_map(|field| field.sources);
        let names: Vec<_> =
            sources.map(|name| name.split('.').next().unwrap().to_owned()).collect();
        let name = prop_oneof![3 => prop::sample::select(names), 1 => "\\PC{0,6}"];
        let fields = prop::collection::hash_map(name, any_json(), 0..16);
        let id = prop_oneof![4 => "[a-z_0-9]{1,9}".prop_map(Value::from), 1 => any_json()];
        (Just(stream), fields, id).prop_map(|(stream, mut fields, id)| {
            fields.insert("id".to_owned(), id);
            fields.entry("object".to_owned()).or_insert_with(|| spec(stream).object.into());
            (stream, Value::from_iter(fields))
        })
    })
}

/// Checks that every field of a stored element is in a column, in `_extra`, or null.
fn assert_nothing_dropped(stream: &str, element: &Value, extra: &Value) {
    let fields = element.as_object().unwrap();
    let present = |name: &str| fields.get(name).is_some_and(|value| !value.is_null());
    for (name, value) in fields {
        let readers =
            || spec(stream).fields.iter().filter(|field| field.sources.contains(&name.as_str()));
        let own = name == "id" || name == "object";
        let shown = readers().any(|field| {
            field.sources.iter().find(|name| present(name)).is_some_and(|first| first == name)
        });
        let known = own || shown || (value.is_null() && readers().next().is_some());
        assert_eq!(extra.get(name), (!known).then_some(value), "{name} of {element}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn no_field_of_any_object_is_dropped((stream, element) in any_element()) {
        let sent = element.to_string();
        let batch = normalize(stream, &[&sent]);
        if batch.records.num_rows() == 1 {
            prop_assert_eq!(&text(&batch, 0, "_raw"), &sent);
            let extra = serde_json::from_str(&text(&batch, 0, "_extra")).unwrap();
            // Reading a float may move its last digit, so both sides are read from text.
            let element = serde_json::from_str(&sent).unwrap();
            // Hygiene changes U+0000, which the generator may put into unknown fields.
            if !sent.contains("\\u0000") {
                assert_nothing_dropped(stream, &element, &extra);
            }
        } else {
            prop_assert_eq!(&batch.quarantined[0].raw, &sent);
        }
    }

    #[test]
    fn layout_of_the_text_does_not_change_row_or_hash((stream, element) in any_element()) {
        let plain = normalize(stream, &[&element.to_string()]);
        let pretty = normalize(stream, &[&serde_json::to_string_pretty(&element).unwrap()]);
        prop_assert_eq!(plain.records.num_rows(), pretty.records.num_rows());
        for column in plain.records.schema().fields() {
            let name = column.name();
            if plain.records.num_rows() == 1 && name != "_raw" && name != "_problems" {
                prop_assert_eq!(cell(&plain, 0, name), cell(&pretty, 0, name));
            }
        }
    }

    #[test]
    fn masking_changes_nothing_but_sensitive_values((stream, element) in any_element()) {
        let sent = element.to_string();
        let kept = normalize(stream, &[&sent]);
        let hashed = normalize_as(stream, pepper(), &[&sent]);
        prop_assert_eq!(kept.records.num_rows(), hashed.records.num_rows());
        if kept.records.num_rows() == 1 {
            prop_assert_eq!(text(&kept, 0, "_row_hash"), text(&hashed, 0, "_row_hash"));
            let mut raw: Value = serde_json::from_str(&text(&hashed, 0, "_raw")).unwrap();
            if sent.matches("\"url\"").count() == 0 {
                prop_assert_eq!(&raw, &serde_json::from_str::<Value>(&sent).unwrap());
            }
            if let Some(url) = raw.get_mut("url").filter(|_| stream == "invoices") {
                prop_assert!(url.is_null() || url.as_str().unwrap().len() == 64);
            }
        }
    }

    #[test]
    fn arbitrary_text_never_panics(text in "[\\[\\]{}:,\"\\\\ud80-9eE+.a-]{0,40}") {
        let page = page(&[&text, &element("events", &format!(r#""data":{text},"x":"{text}""#))]);
        for sensitive in [Sensitive::Keep, pepper(), Sensitive::Drop] {
            let result = Normalizer::new(spec("events"), sensitive).normalize(&page);
            if let Ok(batch) = result {
                prop_assert_eq!(batch.received, 2);
            }
        }
    }

    #[test]
    fn integers_survive_every_spelling(value in any::<i64>(), small in -(1_i64 << 53)..=1 << 53, zeros in 0_usize..30) {
        let zeros = "0".repeat(zeros);
        let spellings = [
            (format!("{value}"), value),
            (format!("\" {value}\""), value),
            (format!("{small}.0{zeros}"), small),
            (format!("{small}{zeros}e-{}", zeros.len()), small),
        ];
        for (spelling, expected) in spellings {
            let batch = normalize("transactions", &[&element("transactions", &format!("\"amount\":{spelling}"))]);
            prop_assert_eq!(cell(&batch, 0, "amount"), Some(expected.to_string()), "{}", spelling);
        }
    }

    #[test]
    fn decimals_survive_to_the_last_digit(whole in 0_u128..10_u128.pow(28), fraction in 0_u64..10_000_000_000, minus in any::<bool>()) {
        let sent = format!("{}{whole}.{fraction:010}", if minus { "-" } else { "" });
        let batch = normalize("plan_items", &[&element("plan_items", &format!(r#""pricing":{{"quantity":{sent}}}"#))]);
        let expected = if whole == 0 && fraction == 0 { "0.0000000000".to_owned() } else { sent };
        prop_assert_eq!(cell(&batch, 0, "pricing_quantity"), Some(expected));
    }

    #[test]
    fn instants_survive_every_offset(seconds in 1_i64..253_402_000_000, micros in 0_i64..1_000_000, minutes in -1439_i32..=1439) {
        let instant = jiff::Timestamp::from_microsecond(seconds * 1_000_000 + micros).unwrap();
        let offset = jiff::tz::Offset::from_seconds(minutes * 60).unwrap();
        let sent = instant.display_with_offset(offset).to_string();
        let batch = normalize("invoices", &[&element("invoices", &format!(r#""issued_at":"{sent}","next_chase_on":{seconds}"#))]);
        let civil = offset_free(instant);
        let found = cell(&batch, 0, "issued_at").unwrap();
        prop_assert_eq!(found.parse::<jiff::civil::DateTime>().unwrap(), civil, "{}", sent);
        prop_assert_eq!(cell(&batch, 0, "next_chase_on"), Some(civil.date().to_string()));
        prop_assert!(batch.problems.is_empty());
    }
}

fn offset_free(instant: jiff::Timestamp) -> jiff::civil::DateTime {
    jiff::tz::Offset::UTC.to_datetime(instant)
}
