//! One coercion after the other: CONTRACT V2 and V3.

use super::*;

#[test]
fn instants_follow_the_contract() {
    check_column(
        "invoices",
        "issued_at",
        &[
            ("1426021736", Some("2015-03-10T21:08:56"), &[]),
            ("1425970800", Some("2015-03-10T07:00:00"), &[]),
            ("1433978417", Some("2015-06-10T23:20:17"), &[]),
            ("1463875199", Some("2016-05-21T23:59:59"), &[]),
            ("1463803200", Some("2016-05-21T04:00:00"), &[]),
            ("1490832000", Some("2017-03-30T00:00:00"), &[]),
            (r#""1452728157""#, Some("2016-01-13T23:35:57"), &[]),
            (r#""2015-02-25""#, Some("2015-02-25T00:00:00"), &["coerced"]),
            ("0", None, &[]),
            (r#""0""#, None, &[]),
            (r#""""#, None, &[]),
            ("null", None, &[]),
            ("1426021736000", None, &["out_of_range"]),
            (r#""1426021736000""#, None, &["out_of_range"]),
            ("99999999999999999999999", None, &["out_of_range"]),
            ("-1", None, &["out_of_range"]),
            ("1", Some("1970-01-01T00:00:01"), &[]),
            ("253402300799", Some("9999-12-31T23:59:59"), &[]),
            ("253402300800", None, &["out_of_range"]),
            (r#""2015-02-30""#, None, &["bad_time"]),
            (r#""2015-03-10T23:30:00-07:00""#, Some("2015-03-11T06:30:00"), &[]),
            (r#""2015-03-10t23:30:00z""#, Some("2015-03-10T23:30:00"), &[]),
            (r#""2015-03-10T23:30:00.25Z""#, Some("2015-03-10T23:30:00.250"), &[]),
            (r#""2015-03-10T23:30:00.123456000Z""#, Some("2015-03-10T23:30:00.123456"), &[]),
            (r#""2015-03-10T23:30:00.1234567Z""#, Some("2015-03-10T23:30:00.123456"), &["coerced"]),
            (r#""2015-03-10T23:30:00""#, Some("2015-03-10T23:30:00"), &["coerced"]),
            (r#""2016-12-31T23:59:60Z""#, Some("2016-12-31T23:59:59"), &["coerced"]),
            (r#""9999-12-31T23:59:59Z""#, Some("9999-12-31T23:59:59"), &[]),
            (r#""9999-12-31T23:59:59-01:00""#, None, &["out_of_range"]),
            ("1426021736.9", Some("2015-03-10T21:08:56"), &["coerced"]),
            ("1.426021736e9", Some("2015-03-10T21:08:56"), &["coerced"]),
            ("true", None, &["bad_time"]),
            ("{}", None, &["bad_time"]),
            ("[1426021736]", None, &["bad_time"]),
            (r#"" 1426021736""#, None, &["bad_time"]),
            (r#""yesterday""#, None, &["bad_time"]),
            (r#""2015-03-10T24:00:00Z""#, None, &["bad_time"]),
            (r#""2015-03-10T23:30:00+0700""#, None, &["bad_time"]),
            (r#""2015-03-10T23:30:00Zulu""#, None, &["bad_time"]),
            (r#""2015-03-10T23:30:00.Z""#, None, &["bad_time"]),
            (r#""0000-01-01""#, None, &["bad_time"]),
        ],
    );
}

#[test]
fn dates_follow_the_contract() {
    check_column(
        "invoices",
        "next_chase_on",
        &[
            ("1426021736", Some("2015-03-10"), &[]),
            ("1425970800", Some("2015-03-10"), &[]),
            ("1433978417", Some("2015-06-10"), &[]),
            ("1463875199", Some("2016-05-21"), &[]),
            ("1463803200", Some("2016-05-21"), &[]),
            ("1463270400", Some("2016-05-15"), &[]),
            ("1463284800", Some("2016-05-15"), &[]),
            ("1490832000", Some("2017-03-30"), &[]),
            (r#""1452728157""#, Some("2016-01-13"), &[]),
            (r#""2015-02-25""#, Some("2015-02-25"), &[]),
            (r#""2016-02-29""#, Some("2016-02-29"), &[]),
            (r#""1969-12-31""#, Some("1969-12-31"), &[]),
            (r#""9999-12-31""#, Some("9999-12-31"), &[]),
            (r#""2015-02-29""#, None, &["bad_time"]),
            (r#""2015-02-30""#, None, &["bad_time"]),
            (r#""2015-2-3""#, None, &["bad_time"]),
            ("0", None, &[]),
            (r#""0""#, None, &[]),
            (r#""""#, None, &[]),
            ("null", None, &[]),
            ("1426021736000", None, &["out_of_range"]),
            (r#""2015-03-10T23:30:00-07:00""#, Some("2015-03-11"), &[]),
            (r#""1969-12-31T23:00:00Z""#, Some("1969-12-31"), &[]),
            ("true", None, &["bad_time"]),
            ("{}", None, &["bad_time"]),
        ],
    );
}

#[test]
fn only_a_time_of_creation_must_not_be_zero() {
    check_column(
        "invoices",
        "created_at",
        &[("0", None, &["zero_time"]), (r#""0""#, None, &["zero_time"]), (r#""""#, None, &[])],
    );
    check(&[("customers", "created", "0", "created_at", None, &["zero_time"])]);
}

#[test]
fn a_bare_date_carries_no_instant() {
    check(&[
        ("invoices", "due_date", r#""2015-02-25""#, "due_at", None, &[]),
        ("invoices", "due_date", r#""2015-02-25""#, "due_date", Some("2015-02-25"), &[]),
        ("invoices", "due_date", "1426021736", "due_at", Some("2015-03-10T21:08:56"), &[]),
        ("invoices", "due_date", r#""1426021736""#, "due_at", Some("2015-03-10T21:08:56"), &[]),
        (
            "invoices",
            "due_date",
            r#""2015-03-10T23:30:00-07:00""#,
            "due_at",
            Some("2015-03-11T06:30:00"),
            &[],
        ),
        ("invoices", "due_date", "0", "due_at", None, &[]),
        // Two columns read the field, the problem is one.
        ("invoices", "due_date", "true", "due_at", None, &["bad_time"]),
        (
            "invoices",
            "due_date",
            "1426021736.5",
            "due_at",
            Some("2015-03-10T21:08:56"),
            &["coerced"],
        ),
    ]);
}

#[test]
fn amounts_are_exact_or_null() {
    check_column(
        "transactions",
        "amount",
        &[
            ("100", Some("100"), &[]),
            (r#""100""#, Some("100"), &["coerced"]),
            ("100.0", Some("100"), &["coerced"]),
            ("1e2", Some("100"), &["coerced"]),
            ("1E+2", Some("100"), &["coerced"]),
            ("1200e-1", Some("120"), &["coerced"]),
            ("-247", Some("-247"), &[]),
            ("-0", Some("0"), &[]),
            ("0", Some("0"), &[]),
            ("0.0", Some("0"), &["coerced"]),
            ("0e99999999999999999999", Some("0"), &["coerced"]),
            (r#""  +7 ""#, Some("7"), &["coerced"]),
            (r#""-7\n""#, Some("-7"), &["coerced"]),
            ("12.5", None, &["not_integer"]),
            ("12.50", None, &["not_integer"]),
            ("12e-1", None, &["not_integer"]),
            ("1e-400", None, &["not_integer"]),
            (r#""12.50""#, None, &["not_integer"]),
            // Text with a point may be meant in major units, whatever follows the point.
            (r#""12.00""#, None, &["not_integer"]),
            (r#""1e-1""#, None, &["not_integer"]),
            (r#""1e2""#, None, &["bad_number"]),
            (r#""$1""#, None, &["bad_number"]),
            (r#""1,000""#, None, &["bad_number"]),
            (r#""1 000""#, None, &["bad_number"]),
            (r#""""#, None, &["bad_number"]),
            (r#"".""#, None, &["bad_number"]),
            (r#""+-1""#, None, &["bad_number"]),
            (r#""NaN""#, None, &["bad_number"]),
            ("true", None, &["bad_number"]),
            ("[]", None, &["bad_number"]),
            ("{}", None, &["bad_number"]),
            ("null", None, &[]),
            ("9223372036854775807", Some("9223372036854775807"), &[]),
            ("-9223372036854775808", Some("-9223372036854775808"), &[]),
            ("9223372036854775808", None, &["out_of_range"]),
            ("-9223372036854775809", None, &["out_of_range"]),
            (r#""9223372036854775807""#, Some("9223372036854775807"), &["coerced"]),
            (r#""9223372036854775808""#, None, &["out_of_range"]),
            ("9007199254740992.0", Some("9007199254740992"), &["coerced"]),
            ("-9007199254740992.0", Some("-9007199254740992"), &["coerced"]),
            ("9007199254740993.0", None, &["out_of_range"]),
            ("9007199254740993", Some("9007199254740993"), &[]),
            ("1e18", None, &["out_of_range"]),
            ("1e999999999999999999999", None, &["out_of_range"]),
            ("123456789012345678901234567890123456789012345", None, &["out_of_range"]),
            ("0.123456789012345678901234567890123456789012345", None, &["not_integer"]),
        ],
    );
    check_column(
        "customers",
        "terms",
        &[(r#""30""#, Some("30"), &["coerced"]), ("1.5", None, &["not_integer"])],
    );
}

#[test]
fn decimals_are_exact_or_null() {
    check(
        &[
            ("1.0", Some("1.0000000000"), &[] as &[&str]),
            ("0.1", Some("0.1000000000"), &[]),
            (r#""2.50""#, Some("2.5000000000"), &[]),
            ("-1e-10", Some("-0.0000000001"), &[]),
            ("1.00000000000000000000", Some("1.0000000000"), &[]),
            ("1e27", Some("1000000000000000000000000000.0000000000"), &[]),
            (
                "9999999999999999999999999999.9999999999",
                Some("9999999999999999999999999999.9999999999"),
                &[],
            ),
            ("1e28", None, &["bad_number"]),
            ("1e-11", None, &["bad_number"]),
            (r#""a""#, None, &["bad_number"]),
            ("true", None, &["bad_number"]),
        ]
        .map(|(value, expected, codes)| {
            let nested: &'static str = Box::leak(format!(r#"{{"quantity":{value}}}"#).into());
            ("plan_items", "pricing", nested, "pricing_quantity", expected, codes)
        }),
    );
}

#[test]
fn booleans_follow_the_contract() {
    check_column(
        "transactions",
        "paid",
        &[
            ("true", Some("true"), &[]),
            ("false", Some("false"), &[]),
            (r#""true""#, Some("true"), &["coerced"]),
            (r#""FALSE""#, Some("false"), &["coerced"]),
            ("1", Some("true"), &["coerced"]),
            ("0", Some("false"), &["coerced"]),
            (r#""1""#, Some("true"), &["coerced"]),
            (r#""0""#, Some("false"), &["coerced"]),
            (r#""yes""#, None, &["bad_boolean"]),
            (r#""""#, None, &["bad_boolean"]),
            ("2", None, &["bad_boolean"]),
            ("1.0", None, &["bad_boolean"]),
            ("{}", None, &["bad_boolean"]),
            ("null", None, &[]),
        ],
    );
}

#[test]
fn text_stays_as_sent() {
    check_column(
        "customers",
        "name",
        &[
            (
                r#""  Ünï \"quoted\" \\ \u00e9 \ud83d\ude00 ""#,
                Some("  Ünï \"quoted\" \\ é 😀 "),
                &[],
            ),
            (r#""""#, Some(""), &[]),
            ("12.50", Some("12.50"), &["coerced"]),
            ("true", Some("true"), &["coerced"]),
            ("[]", None, &["bad_text"]),
            ("{}", None, &["bad_text"]),
            (r#""a\u0000b""#, Some("a\u{fffd}b"), &["text_repaired"]),
            (r#""a\ud800b""#, Some("a\u{fffd}b"), &["text_repaired"]),
            (r#""\udc00\ud800""#, Some("\u{fffd}\u{fffd}"), &["text_repaired"]),
            (r#""\ud83d\ud83d\ude00""#, Some("\u{fffd}😀"), &["text_repaired"]),
        ],
    );
    check_column(
        "customers",
        "cc_emails",
        &[
            (r#""a@b.c, d@e.f""#, Some("a@b.c, d@e.f"), &[]),
            (r#"[ "a@b.c", "d@e.f" ]"#, Some(r#"["a@b.c","d@e.f"]"#), &["coerced"]),
            ("{}", None, &["bad_text"]),
        ],
    );
    check_column(
        "transactions",
        "currency",
        &[
            (r#""USD""#, Some("usd"), &[]),
            (r#""eur""#, Some("eur"), &[]),
            (r#""ÄUS""#, Some("Äus"), &[]),
        ],
    );
}

#[test]
fn unknown_values_of_closed_sets_are_kept_and_noted() {
    check_column(
        "plans",
        "interval",
        &[
            (r#""month""#, Some("month"), &[]),
            (r#""fortnight""#, Some("fortnight"), &["unknown_enum"]),
            (r#""Month""#, Some("Month"), &["unknown_enum"]),
            ("5", Some("5"), &["coerced", "unknown_enum"]),
        ],
    );
    check_column("invoices", "status", &[(r#""anything""#, Some("anything"), &[])]);
}

#[test]
fn references_are_ids_or_embedded_objects() {
    check(&[
        ("subscriptions", "plan", r#"{"id":"pl_x"}"#, "plan_id", Some("pl_x"), &[]),
        ("subscriptions", "plan", r#""pl_x""#, "plan_id", Some("pl_x"), &[]),
        ("subscriptions", "plan", "5", "plan_id", Some("5"), &["coerced"]),
        ("subscriptions", "plan", r#"{"id":5}"#, "plan_id", Some("5"), &["coerced"]),
        ("subscriptions", "plan", "true", "plan_id", None, &["bad_ref"]),
        ("subscriptions", "plan", "5.5", "plan_id", None, &["bad_ref"]),
        ("subscriptions", "plan", "[]", "plan_id", None, &["bad_ref"]),
        ("subscriptions", "plan", "{}", "plan_id", None, &["bad_ref"]),
        ("subscriptions", "plan", r#"{"id":{"id":"pl_x"}}"#, "plan_id", None, &["bad_ref"]),
        ("subscriptions", "plan", r#""""#, "plan_id", None, &[]),
        ("subscriptions", "plan", r#""pl_x""#, "plan_snapshot", None, &[]),
        ("subscriptions", "plan", "5", "plan_snapshot", None, &["coerced"]),
        (
            "subscriptions",
            "plan",
            r#"{ "id" : "pl_x" }"#,
            "plan_snapshot",
            Some(r#"{"id":"pl_x"}"#),
            &[],
        ),
        ("statements", "resource", r#""cus_1""#, "customer_id", Some("cus_1"), &[]),
        ("statements", "resource", r#""inv_1""#, "customer_id", None, &[]),
        ("statements", "resource", "5", "customer_id", None, &["coerced"]),
    ]);
}

#[test]
fn ids_that_must_not_enter_a_path_are_kept_and_noted() {
    for id in
        ["by_external_id", "external", "request", "events", "retry", ".", "..", "a/b", "a?b", "a#b"]
    {
        let batch = normalize(
            "invoices",
            &[&format!(r#"{{"id":"{id}","object":"invoice","customer":"{id}"}}"#)],
        );
        assert_eq!(cell(&batch, 0, "id").as_deref(), Some(id));
        assert_eq!(cell(&batch, 0, "customer_id").as_deref(), Some(id));
        assert_eq!(findings(&batch), [("id", "bad_ref"), ("customer", "bad_ref")]);
    }
    let batch = normalize("invoices", &[r#"{"id":"a:b %","object":"invoice","customer":"x..y"}"#]);
    assert_eq!(findings(&batch), []);
}

#[test]
fn json_columns_hold_compact_json() {
    check_column(
        "invoices",
        "metadata",
        &[
            (r#"{ "b" : [ 1 , 2.50 ] , "a" : "x  y" }"#, Some(r#"{"b":[1,2.50],"a":"x  y"}"#), &[]),
            ("[]", Some("{}"), &["coerced"]),
            ("[ ]", Some("{}"), &["coerced"]),
            ("[1]", None, &["bad_json"]),
            (r#"{"a":1}"#, Some(r#"{"a":1}"#), &[]),
            (r#"{"a":1,"b":2,"a":3}"#, Some(r#"{"b":2,"a":3}"#), &[]),
            (r#"{"a":{"c":1,"c":2}}"#, Some(r#"{"a":{"c":2}}"#), &[]),
            (r#""x""#, None, &["bad_json"]),
            (r#"{"a":"\ud800\u0000"}"#, Some("{\"a\":\"\u{fffd}\u{fffd}\"}"), &["text_repaired"]),
            (
                r#"{"a\ud800":"\n\"\u00e9"}"#,
                Some("{\"a\u{fffd}\":\"\\u000a\\\"é\"}"),
                &["text_repaired"],
            ),
        ],
    );
    check_column(
        "invoices",
        "chase_schedule",
        &[
            (r#"[-7, "0", "~1"]"#, Some(r#"[-7,"0","~1"]"#), &[]),
            ("{}", Some("{}"), &[]),
            ("5", None, &["bad_json"]),
            ("null", None, &[]),
        ],
    );
    check_column(
        "invoices",
        "payment",
        &[
            ("5", Some("5"), &[]),
            (r#""card""#, Some(r#""card""#), &[]),
            ("false", Some("false"), &[]),
            ("[ ]", Some("[]"), &[]),
        ],
    );
}
