//! Whole rows: CONTRACT V6, the quirks of A4, quarantine, problems.

use super::*;

/// Expected cells of one record of CONTRACT V6: column and value.
type Cells = &'static [(&'static str, Option<&'static str>)];

#[test]
fn sample_records_become_the_expected_rows() {
    let rows: &[(&str, &str, Cells)] = &[
        (
            "subscriptions",
            r#"{"id":"sub_1","object":"subscription","customer":"cus_1","starts_on":1425970800,"started_at":1426020560,
                "ended_at":0,"cancelled_at":0,"plan":{"id":"pl_skBQYX4jmEE6VsTcRNkPg","object":"plan"}}"#,
            &[
                ("plan_id", Some("pl_skBQYX4jmEE6VsTcRNkPg")),
                ("starts_on", Some("2015-03-10")),
                ("started_at", Some("2015-03-10T20:49:20")),
                ("ended_at", None),
                ("cancelled_at", None),
                ("plan_snapshot", Some(r#"{"id":"pl_skBQYX4jmEE6VsTcRNkPg","object":"plan"}"#)),
            ],
        ),
        (
            "subscriptions",
            r#"{"id":"sub_1","object":"subscription","ended_at":1425971230,"cancelled_at":1425971230}"#,
            &[
                ("ended_at", Some("2015-03-10T07:07:10")),
                ("cancelled_at", Some("2015-03-10T07:07:10")),
            ],
        ),
        (
            "subscriptions",
            r#"{"id":"sub_1","object":"subscription","starts_on":"2015-03-04","next_transaction_on":"2016-03-04","canceled_at":1425971230}"#,
            &[
                ("starts_on", Some("2015-03-04")),
                ("next_transaction_on", Some("2016-03-04")),
                ("cancelled_at", Some("2015-03-10T07:07:10")),
            ],
        ),
        (
            "transactions",
            r#"{"id":"tr_1","object":"transaction","paid_at":"2015-02-25","serviced_on":1433978417,"invoice":null}"#,
            &[
                ("paid_on", Some("2015-02-25")),
                ("paid_at", None),
                ("serviced_on", Some("2015-06-10")),
                ("invoice_id", None),
                ("currency", None),
            ],
        ),
        (
            "transactions",
            r#"{"id":"tr_1","object":"transaction","paid_on":null,"properties":{}}"#,
            &[("paid_on", None), ("metadata", Some("{}"))],
        ),
        (
            "transactions",
            r#"{"id":"tr_1","object":"transaction","amount":-100,"invoice":null,"paid":false}"#,
            &[("amount", Some("-100")), ("paid", Some("false")), ("_extra", Some("{}"))],
        ),
        (
            "webhooks",
            r#"{"id":"hook_1","object":"webhook","created_at":"1452728157"}"#,
            &[("created_at", Some("2016-01-13T23:35:57"))],
        ),
        (
            "statements",
            r#"{"id":"stmt_1","object":"statement","resource":"cus_1","expires_at":1490918400}"#,
            &[("expired_at", Some("2017-03-31T00:00:00")), ("customer_id", Some("cus_1"))],
        ),
        (
            "statements",
            r#"{"id":"stmt_1","object":"statement","expired_at":1490918400,"expires_on":1490832000}"#,
            &[("expired_at", Some("2017-03-31T00:00:00")), ("expires_on", Some("2017-03-30"))],
        ),
        (
            "events",
            r#"{"id":"evt_1","object":"event","type":"invoice.generated","created_at":1426021736,
                "data":{"id":"inv_1","object":"invoice","customer":"cus_0_4"}}"#,
            &[
                ("data_object", Some("invoice")),
                ("data_id", Some("inv_1")),
                ("data_customer_id", Some("cus_0_4")),
                ("type", Some("invoice.generated")),
            ],
        ),
        (
            "events",
            r#"{"id":"evt_1","object":"event","data":{"id":"cus_9","object":"customer"}}"#,
            &[("data_customer_id", Some("cus_9")), ("data_id", Some("cus_9"))],
        ),
        (
            "events",
            r#"{"id":"evt_1","object":"event","data":{"id":"pl_9","object":"plan"}}"#,
            &[("data_customer_id", None), ("data_object", Some("plan"))],
        ),
        (
            "customers",
            r#"{"id":"cus_1","object":"customer","loyalty": {"tier": 2}}"#,
            &[("_extra", Some(r#"{"loyalty":{"tier":2}}"#))],
        ),
        (
            "products",
            r#"{"id":"prod_1","object":"product","pricing":{"currency":"usd","price":15999,"type":"quantity"}}"#,
            &[
                ("pricing_currency", Some("usd")),
                ("pricing_price", Some("15999")),
                ("pricing_type", Some("quantity")),
                ("pricing", Some(r#"{"currency":"usd","price":15999,"type":"quantity"}"#)),
            ],
        ),
        (
            "plan_items",
            r#"{"id":"pi_1","object":"plan_item","plan":"pl_1","pricing_structure":{"price":1,"quantity":1.0}}"#,
            &[
                ("pricing", Some(r#"{"price":1,"quantity":1.0}"#)),
                ("pricing_price", Some("1")),
                ("pricing_quantity", Some("1.0000000000")),
            ],
        ),
        (
            "order_items",
            r#"{"id":"oi_1","object":"order_item","service_starts_on":1463270400,"service_ends_on":1463875199,"transaction":null}"#,
            &[
                ("service_starts_on", Some("2016-05-15")),
                ("service_ends_on", Some("2016-05-21")),
                ("transaction_id", None),
            ],
        ),
    ];
    for (stream, element, cells) in rows {
        let batch = normalize(stream, &[element]);
        assert_eq!(findings(&batch), [], "{element}");
        assert_eq!(text(&batch, 0, "_raw"), *element);
        for (column, expected) in *cells {
            assert_eq!(cell(&batch, 0, column).as_deref(), *expected, "{column} of {element}");
        }
    }
}

#[test]
fn quirks_of_the_api_are_read() {
    check(&[
        ("account", "business_logo", r#""""#, "business_logo", Some(""), &[]),
        ("account", "business_logo", "null", "business_logo", None, &[]),
        ("account", "tax_id_label", "true", "tax_id_label", Some("true"), &["coerced"]),
        ("webhooks", "url", "5", "url", Some("5"), &["coerced"]),
        ("users", "created_at", r#""1452728157""#, "created_at", Some("2016-01-13T23:35:57"), &[]),
        ("customers", "external_id", "42", "external_id", Some("42"), &["coerced"]),
        ("customers", "created", "1426021736", "created_at", Some("2015-03-10T21:08:56"), &[]),
        ("subscriptions", "start_on", r#""2015-03-04""#, "starts_on", Some("2015-03-04"), &[]),
        ("transactions", "paid_on", r#""2015-02-25""#, "paid_on", Some("2015-02-25"), &[]),
        ("transactions", "paid_at", "1433978417", "paid_at", Some("2015-06-10T23:20:17"), &[]),
    ]);
    let account =
        normalize("account", &[r#"{"id":"acct_1","object":"account","business_name":"Paid"}"#]);
    assert_eq!(cell(&account, 0, "object").as_deref(), Some("account"));
    assert_eq!(text(&account, 0, "_extra"), "{}");
}

#[test]
fn the_preferred_name_wins_and_the_other_stays_readable() {
    let fields =
        r#""properties":{"old":1},"metadata":{"new":2},"created":null,"created_at":1426021736"#;
    let batch = normalize("customers", &[&element("customers", fields)]);
    assert_eq!(cell(&batch, 0, "metadata").as_deref(), Some(r#"{"new":2}"#));
    assert_eq!(text(&batch, 0, "_extra"), r#"{"properties":{"old":1}}"#);
    assert_eq!(batch.unknown_fields, []);

    let batch = normalize(
        "customers",
        &[&element("customers", r#""metadata":null,"properties":{"old":1}"#)],
    );
    assert_eq!(cell(&batch, 0, "metadata").as_deref(), Some(r#"{"old":1}"#));
    assert_eq!(text(&batch, 0, "_extra"), "{}");

    let both = r#""pricing":{"price":1},"pricing_structure":{"price":2,"type":"t"}"#;
    let batch = normalize("products", &[&element("products", both)]);
    assert_eq!(cell(&batch, 0, "pricing_price").as_deref(), Some("1"));
    assert_eq!(cell(&batch, 0, "pricing_type").as_deref(), Some("t"));
    assert_eq!(text(&batch, 0, "_extra"), r#"{"pricing_structure":{"price":2,"type":"t"}}"#);
}

#[test]
fn unknown_fields_are_kept_and_counted() {
    let elements = [
        element("customers", r#""zeta": [1, 2],"alpha":null,"k\u0065y":"v""#),
        element("customers", r#""zeta": "x""#),
        element("customers", r#""name":"n""#),
    ];
    let elements: Vec<_> = elements.iter().map(String::as_str).collect();
    let batch = normalize("customers", &elements);
    assert_eq!(text(&batch, 0, "_extra"), r#"{"alpha":null,"key":"v","zeta":[1,2]}"#);
    assert_eq!(text(&batch, 2, "_extra"), "{}");
    let seen: Vec<_> = batch
        .unknown_fields
        .iter()
        .map(|unknown| (&*unknown.field, unknown.json_type, unknown.rows))
        .collect();
    assert_eq!(seen, [("alpha", "null", 1), ("key", "string", 1), ("zeta", "array", 2)]);
    assert_eq!(batch.problems, []);
}

#[test]
fn elements_without_identity_go_to_quarantine() {
    let long = "x".repeat(256);
    let cases: &[(String, ProblemCode, Option<&str>, Option<&str>)] = &[
        ("null".into(), ProblemCode::NotAnObject, None, None),
        ("5".into(), ProblemCode::NotAnObject, None, None),
        (r#""usr_1""#.into(), ProblemCode::NotAnObject, None, None),
        ("[]".into(), ProblemCode::NotAnObject, None, None),
        ("{}".into(), ProblemCode::NoId, None, None),
        (r#"{"object":"user"}"#.into(), ProblemCode::NoId, Some("user"), None),
        (r#"{"object":"user","id":null}"#.into(), ProblemCode::NoId, Some("user"), None),
        (r#"{"object":"user","id":""}"#.into(), ProblemCode::NoId, Some("user"), Some("")),
        (r#"{"object":"user","id":true}"#.into(), ProblemCode::NoId, Some("user"), Some("true")),
        (r#"{"object":"user","id":1.5}"#.into(), ProblemCode::NoId, Some("user"), Some("1.5")),
        (
            r#"{"object":"user","id":{"id":"a"}}"#.into(),
            ProblemCode::NoId,
            Some("user"),
            Some(r#"{"id":"a"}"#),
        ),
        (
            format!(r#"{{"object":"user","id":"{long}"}}"#),
            ProblemCode::NoId,
            Some("user"),
            Some(&long),
        ),
        (
            r#"{"object":"webhook","id":"hook_1"}"#.into(),
            ProblemCode::UnexpectedObject,
            Some("webhook"),
            Some("hook_1"),
        ),
        (
            r#"{"object":"User","id":"u"}"#.into(),
            ProblemCode::UnexpectedObject,
            Some("User"),
            Some("u"),
        ),
        (r#"{"object":5,"id":"u"}"#.into(), ProblemCode::UnexpectedObject, Some("5"), Some("u")),
    ];
    for (element, code, object, id) in cases {
        let batch = normalize("users", &[r#"{"object":"user","id":"user_1"}"#, element]);
        assert_eq!(batch.records.num_rows(), 1);
        let [quarantined] = &*batch.quarantined else { panic!("one expected: {element}") };
        assert_eq!(quarantined.code, *code, "{element}");
        assert_eq!(quarantined.position, 51);
        assert_eq!((quarantined.object.as_deref(), quarantined.id.as_deref()), (*object, *id));
        assert_eq!(quarantined.raw, *element);
        assert_eq!(batch.problems, []);
    }
}

#[test]
fn usable_identities_are_accepted() {
    let longest = "x".repeat(255);
    let cases: &[(String, &str, &[(&str, &str)])] = &[
        (r#"{"object":"user","id":17}"#.into(), "17", &[("id", "coerced")]),
        (r#"{"id":"u"}"#.into(), "u", &[("object", "object_missing")]),
        (r#"{"id":"u","object":null}"#.into(), "u", &[("object", "object_missing")]),
        (r#"{"\u0069d":"\u0075","object":"us\u0065r"}"#.into(), "u", &[]),
        (r#"{"id":"a","object":"user","id":"b"}"#.into(), "b", &[]),
        (r#"{"id":"a\u0000","object":"user"}"#.into(), "a\u{fffd}", &[("id", "text_repaired")]),
        (format!(r#"{{"object":"user","id":"{longest}"}}"#), &longest, &[]),
    ];
    for (element, id, problems) in cases {
        let batch = normalize("users", &[element]);
        assert_eq!(cell(&batch, 0, "id").as_deref(), Some(*id), "{element}");
        assert_eq!(findings(&batch), *problems, "{element}");
    }
}

#[test]
fn problems_name_field_code_value_and_type() {
    let long = "é".repeat(150);
    let fields = format!(r#""amount":"12.5","paid":"{long}","invoice":[1, 2]"#);
    let batch = normalize("transactions", &["{}", &element("transactions", &fields)]);
    let stored: Value = serde_json::from_str(&text(&batch, 0, "_problems")).unwrap();
    let short = "é".repeat(100);
    let expected = json!([
        {"field": "invoice", "code": "bad_ref", "got": "[1, 2]", "type": "array"},
        {"field": "amount", "code": "not_integer", "got": "12.5", "type": "string"},
        {"field": "paid", "code": "bad_boolean", "got": short, "type": "string"},
    ]);
    assert_eq!(stored, expected);
    assert!(batch.problems.iter().all(|problem| problem.id == "x_1"));
    assert_eq!(text(&normalize("plans", &[&element("plans", r#""a":1"#)]), 0, "_problems"), "[]");
}

#[test]
fn problems_of_one_row_do_not_leak_into_the_next() {
    let bad = r#"{"id":"tr_1","object":"transaction","amount":"x"}"#;
    let good = r#"{"id":"tr_2","object":"transaction","amount":5}"#;
    let lost = r#"{"id":"a\ud800","object":"webhook"}"#;
    let batch = normalize("transactions", &[bad, lost, good, bad]);
    assert_eq!(findings(&batch), [("amount", "bad_number"), ("amount", "bad_number")]);
    assert_eq!(text(&batch, 1, "_problems"), "[]");
    assert_eq!(batch.quarantined.len(), 1);
}

#[test]
fn system_columns_tell_where_a_row_came_from() {
    let normalizer = Normalizer::new(spec("plans"), Sensitive::Keep);
    let mut page = page(&[r#"{"id":"pl_1","object":"plan"}"#]);
    page.view = View::Get;
    let batch = normalizer.normalize(&page).unwrap();
    assert_eq!(cell(&batch, 0, "_request").as_deref(), Some("7"));
    assert_eq!(cell(&batch, 0, "_observed_at").as_deref(), Some("2015-03-10T21:08:56.000001"));
    assert_eq!(cell(&batch, 0, "_view").as_deref(), Some("get"));
    assert_eq!(batch.records.schema(), normalizer.schema());
}

#[test]
fn an_empty_page_gives_an_empty_batch() {
    let batch = normalize("plans", &[]);
    assert_eq!(batch.records.num_rows(), 0);
    assert_eq!(batch.records.schema().fields().len(), spec("plans").fields.len() + 9);
}

#[test]
fn stage_schemas_follow_the_catalogue() {
    for table in source_kind("paid").unwrap().tables() {
        let schema = stage_schema(table);
        let names: Vec<_> = schema.fields().iter().map(|field| field.name().as_str()).collect();
        let mut expected = vec!["id"];
        expected.extend(table.fields.iter().map(|field| field.column));
        expected.extend([
            "_row_hash",
            "_list_hash",
            "_extra",
            "_problems",
            "_raw",
            "_request",
            "_observed_at",
            "_view",
        ]);
        assert_eq!(names, expected);
        for field in table.fields {
            let found = schema.field_with_name(field.column).unwrap();
            let data_type = match field.coercion.sql_type() {
                "VARCHAR" | "JSON" => DataType::Utf8,
                "BIGINT" => DataType::Int64,
                "DECIMAL(38,10)" => DataType::Decimal128(38, 10),
                "BOOLEAN" => DataType::Boolean,
                "TIMESTAMP" => DataType::Timestamp(TimeUnit::Microsecond, None),
                "DATE" => DataType::Date32,
                other => panic!("unknown type {other}"),
            };
            assert_eq!(
                (found.data_type(), found.is_nullable()),
                (&data_type, true),
                "{}",
                field.column
            );
        }
        assert!(!schema.field_with_name("id").unwrap().is_nullable());
    }
}
