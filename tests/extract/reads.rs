//! Single reads, ids, and the probe of the filter (CONTRACT 0.3, A2.4, A2.6).

use paid_sync::error::Kind;
use paid_sync::extract::{FilterSupport, Single, is_usable_id};
use paid_sync::model::View;
use serde_json::json;

use super::{client, spec};
use crate::support::script::{Reply, Request, Script};

#[tokio::test]
async fn one_object_is_read_by_its_encoded_id() {
    for (id, path) in [
        ("cus_DLjf9aDKE9fkdncz", "/customers/cus_DLjf9aDKE9fkdncz"),
        ("a b%2e", "/customers/a%20b%252e"),
        ("ü\t\\;", "/customers/%C3%BC%09%5C%3B"),
        ("...", "/customers/..."),
        ("17", "/customers/17"),
    ] {
        let script = Script::start().await;
        script.on(path, [Reply::json(200, &json!({"id": id}))]);
        let found = client(&script).read_one(spec("customers"), id).await.unwrap();
        let Single::Found(page) = found else { panic!("{id} was not found") };
        assert_eq!((page.view, page.request, page.elements.len()), (View::Get, 1, 1));
    }
}

#[tokio::test]
async fn ids_that_address_something_else_are_never_asked_for() {
    let script = Script::start().await;
    let client = client(&script);
    for id in [
        "by_external_id",
        "external",
        "request",
        "events",
        "retry",
        "BY_External_id",
        "by_external_id.json",
        "",
        ".",
        "..",
        "a/b",
        "../account",
        "a?b",
        "a#b",
    ] {
        assert!(!is_usable_id(id), "{id}");
        let error = client.read_one(spec("customers"), id).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Contract, "{id}");
    }
    let error = client.read_one(spec("account"), "acct_1").await.unwrap_err();
    assert_eq!(error.kind(), Kind::Contract, "the account is not read by id");
    assert_eq!(client.requests_sent(), 0);
    assert!(script.requests().is_empty());
}

#[tokio::test]
async fn only_the_apis_own_404_proves_an_object_missing() {
    let flat = json!({"type": "invalid_request_error", "message": "Missing id", "param": "id"});
    for (reply, missing) in [
        (Reply::error(404, "Missing id"), true),
        (Reply::json(404, &flat), true),
        (Reply::bytes(404, "<h1>Not Found</h1>"), false),
        (Reply::bytes(404, ""), false),
        (Reply::json(404, &json!({"message": "Not Found"})), false),
        (Reply::json(404, &json!({"error": {"code": 404, "message": "no"}})), false),
        (Reply::json(404, &json!({"error": "not_found"})), false),
    ] {
        let script = Script::start().await;
        script.on("/invoices/inv_1", [reply.clone()]);
        match client(&script).read_one(spec("invoices"), "inv_1").await {
            Ok(Single::Missing { .. }) => assert!(missing, "{reply:?}"),
            Ok(Single::Found(page)) => panic!("{page:?}"),
            Err(error) => {
                assert!(!missing, "{reply:?}");
                assert_eq!(error.kind(), Kind::Contract);
            }
        }
    }
}

#[tokio::test]
async fn a_single_answer_that_is_no_object_breaks_the_contract() {
    for body in ["[]", "7", "null", r#""text""#] {
        let script = Script::start().await;
        script.on("/plans/pl_1", [Reply::bytes(200, body)]);
        let error = client(&script).read_one(spec("plans"), "pl_1").await.unwrap_err();
        assert_eq!(error.kind(), Kind::Contract, "{body}");
    }
}

/// Rows of a list at these times, filtered as the variant heeds `gt` and `lte`.
fn filtered(request: &Request, times: &[i64], gt: bool, lte: bool) -> Reply {
    let bound = |name: &str| request.param(name).map(|text| text.parse::<i64>().unwrap());
    let from = bound("created_at[gt]").filter(|_| gt).unwrap_or(i64::MIN);
    let to = bound("created_at[lte]").filter(|_| lte).unwrap_or(i64::MAX);
    let rows = times.iter().filter(|at| **at > from && **at <= to).map(|at| json!({"id": at}));
    Reply::list(&rows.collect::<Vec<_>>())
}

#[tokio::test]
async fn the_probe_tells_a_working_filter_from_a_broken_one() {
    let past: &[i64] = &[1_425_000_000];
    for (times, gt, lte, expected) in [
        (past, true, true, FilterSupport::Honoured),
        (&[], false, false, FilterSupport::Honoured),
        (past, false, true, FilterSupport::Ignored),
        (past, true, false, FilterSupport::Ignored),
        (past, false, false, FilterSupport::Ignored),
        // Rows that the filter hides although it should not.
        (&[0], true, true, FilterSupport::Ignored),
    ] {
        let script = Script::start().await;
        script.answer("/invoices", move |request| {
            assert_eq!(request.param("pagination[limit]").as_deref(), Some("1"));
            filtered(
                request,
                if times == [0] && !request.query.contains("lte%5D=1&") {
                    if request.query.contains("created_at") { &[] } else { &[5] }
                } else {
                    times
                },
                gt,
                lte,
            )
        });
        let client = client(&script);
        let support = client.probe_created_filter(spec("invoices")).await.unwrap();
        assert_eq!(support, expected, "{times:?} {gt} {lte}");
        assert!(client.requests_sent() <= 4);
    }
}

#[tokio::test]
async fn a_filter_that_is_refused_counts_as_ignored() {
    let script = Script::start().await;
    let body = json!({"error": {"type": "invalid_request_error", "param": "created_at"}});
    script.on("/events", [Reply::json(400, &body)]);
    let client = client(&script);
    let support = client.probe_created_filter(spec("events")).await.unwrap();
    assert_eq!(support, FilterSupport::Ignored);
    script.on("/events", [Reply::error(400, "no")]);
    let error = client.probe_created_filter(spec("events")).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Contract);
}
