//! Walks: queries, pages, proven ends, envelopes (CONTRACT A2.1 to A2.4, V1, V5; DESIGN 6).

use std::sync::Arc;

use paid_sync::error::Kind;
use paid_sync::extract::{
    Client, ClientOptions, HttpFailure, ResumePoint, WalkRequest, WalkStatus,
};
use paid_sync::model::{Silent, View, Window};
use serde_json::{Value, json};

use super::shelf::{Shelf, all, at, collect, ids, sizes, stock};
use super::{client, options};
use crate::support::script::{Reply, Request, Script};

fn cursors(script: &Script) -> Vec<Option<String>> {
    script.requests().iter().map(Request::after).collect()
}

#[tokio::test]
async fn queries_are_spelt_as_the_contract_has_them() {
    let script = Script::start().await;
    let window = Window { from: Some(1_425_264_804), to: Some(1_425_494_198) };
    script.on(
        "/customers",
        [
            Reply::list(&[json!({"id": "cus_a"}), json!({"id": "cus_DLjf9aDKE9fkdncz"})]),
            Reply::list(&[json!({"id": "cus_b"})]),
            Reply::list(&[]),
        ],
    );
    let request = WalkRequest { window, ..all("customers") };
    collect(&client(&script), request).await.0.unwrap();
    let queries: Vec<String> = script.requests().into_iter().map(|sent| sent.query).collect();
    let window = "created_at%5Bgt%5D=1425264804&created_at%5Blte%5D=1425494198";
    assert_eq!(queries[0], format!("pagination%5Blimit%5D=100&{window}"));
    let second = "pagination%5Blimit%5D=100&pagination%5Bstarting_after%5D=cus_DLjf9aDKE9fkdncz";
    assert_eq!(queries[1], format!("{second}&{window}"));
    assert!(script.requests().iter().all(|sent| sent.method == "GET" && sent.path == "/customers"));
}

#[tokio::test]
async fn lists_of_all_lengths_are_walked_to_a_proven_end() {
    // Rows, cap of the server, page sizes asked for and received, requests.
    for (rows, cap, limit, pages, requests) in [
        (60, 25, 100, vec![25, 25, 10], 4),
        (50, 25, 25, vec![25, 25], 4),
        (50, 25, 100, vec![25, 25], 4),
        (0, 25, 100, vec![], 1),
        (1, 25, 100, vec![1], 3),
        (2, 1, 1, vec![1, 1], 4),
        (10, 100, 100, vec![10], 3),
        (300, 100, 100, vec![100, 100, 100], 5),
    ] {
        let script = Script::start().await;
        stock(&script, Shelf::of(rows, cap), |_, _| {});
        let options = ClientOptions { page_size: limit, ..options(&script) };
        let client = Client::new(options, Arc::new(Silent)).unwrap();
        let (end, walked) = collect(&client, all("customers")).await;
        let end = end.unwrap();
        assert_eq!(end.status, WalkStatus::Complete, "{rows}");
        assert_eq!(sizes(&walked), pages, "{rows}");
        assert_eq!(ids(&walked).len(), rows);
        assert_eq!(end.rows, u64::try_from(rows).unwrap());
        assert_eq!(end.pages, u64::try_from(pages.len()).unwrap());
        assert_eq!(
            (u64::try_from(script.requests().len()), usize::try_from(end.requests)),
            (Ok(requests), usize::try_from(requests)),
            "{rows}"
        );
    }
}

#[tokio::test]
async fn pages_say_where_they_stand() {
    let script = Script::start().await;
    stock(&script, Shelf::of(60, 25), |_, _| {});
    let (_, walked) = collect(&client(&script), all("customers")).await;
    let places: Vec<_> = walked.iter().map(|w| (w.page.request, w.page.first_position)).collect();
    assert_eq!(places, [(1, 0), (2, 25), (3, 50)]);
    assert!(walked.iter().all(|w| w.page.view == View::List && w.page.observed_at > 0));
    assert_eq!((walked[1].resume.rows(), walked[1].resume.pages()), (50, 2));
    let written = serde_json::to_value(&walked[1].resume).unwrap();
    let resume: ResumePoint =
        serde_json::from_value(written["segments"][0]["point"].clone()).unwrap();
    assert_eq!(resume.cursors.len(), 26, "one page and the cursor that gave it");
    assert_eq!((resume.cursors[0].as_str(), resume.cursors[25].as_str()), ("r0049", "r0024"));
    assert_eq!((resume.rows, resume.pages, resume.low_water), (50, 2, Some(at(49))));
    assert_eq!(walked[0].total_pages, None);
}

#[tokio::test]
async fn a_full_page_known_from_an_earlier_walk_makes_later_ends_cheaper() {
    let script = Script::start().await;
    let shelf = stock(&script, Shelf::of(25, 25), |_, _| {});
    let client = client(&script);
    assert_eq!(collect(&client, all("customers")).await.0.unwrap().requests, 3);
    shelf.lock().unwrap().rows.truncate(7);
    assert_eq!(collect(&client, all("customers")).await.0.unwrap().requests, 2);
}

#[tokio::test]
async fn bare_arrays_and_page_counts_are_read() {
    let script = Script::start().await;
    script.on(
        "/plans",
        [
            Reply::json(200, &json!([{"id": "pl_1"}, {"id": "pl_2"}])),
            Reply::json(
                200,
                &json!({"object": "list", "data": [{"id": "pl_3"}], "total_pages": 7}),
            ),
            Reply::json(200, &json!([])),
        ],
    );
    let (end, walked) = collect(&client(&script), all("plans")).await;
    assert_eq!(end.unwrap().status, WalkStatus::Complete);
    let pages: Vec<_> = walked.iter().map(|walked| walked.total_pages).collect();
    assert_eq!(pages, [None, Some(7)]);
    assert_eq!(walked[0].page.elements[0].as_ref(), br#"{"id":"pl_1"}"#);
}

#[tokio::test]
async fn an_ignored_cursor_ends_the_walk_with_the_rows_it_gave() {
    let script = Script::start().await;
    let rows: Vec<Value> = (0..25).map(|index| json!({"id": format!("user_{index}")})).collect();
    script.answer("/users", move |_| Reply::list(&rows));
    let (end, walked) = collect(&client(&script), all("users")).await;
    let end = end.unwrap();
    assert_eq!((end.status, end.rows, end.requests), (WalkStatus::CursorIgnored, 25, 2));
    assert_eq!(sizes(&walked), [25]);
}

#[tokio::test]
async fn f34_a_loop_over_old_pages_is_noticed() {
    // 60 pages in a ring: longer than what is remembered of ids.
    let script = Script::start().await;
    script.answer("/users", |request| {
        let next = request.after().map_or(0, |id| (id.parse::<u64>().unwrap() / 10 + 1) % 60);
        Reply::list(&[json!({"id": next * 10}), json!({"id": next * 10 + 1})])
    });
    let (end, _) = collect(&client(&script), all("users")).await;
    let end = end.unwrap();
    assert_eq!(end.status, WalkStatus::CursorIgnored);
    assert!((60..=62).contains(&end.requests), "{end:?}");
    // A new row at the head each time, then the old rows again.
    let script = Script::start().await;
    let mut count = 0;
    script.answer("/users", move |_| {
        count += 1;
        Reply::list(&[json!({"id": format!("new_{count}")}), json!({"id": "old"})])
    });
    let (end, walked) = collect(&client(&script), all("users")).await;
    assert_eq!(end.unwrap().status, WalkStatus::CursorIgnored);
    assert_eq!(sizes(&walked), [2, 2]);
}

#[tokio::test]
async fn the_same_id_on_two_pages_is_passed_on_and_counted_once() {
    let script = Script::start().await;
    let version = |v: u32| json!({"id": "b", "v": v});
    script.on(
        "/plans",
        [
            Reply::list(&[json!({"id": "a"}), version(1)]),
            Reply::list(&[version(2), json!({"id": "c"})]),
            Reply::list(&[json!({"id": "d"})]),
            Reply::list(&[]),
        ],
    );
    let (end, walked) = collect(&client(&script), all("plans")).await;
    let end = end.unwrap();
    assert_eq!((end.status, end.rows), (WalkStatus::Complete, 4));
    assert_eq!(sizes(&walked), [2, 2, 1]);
    assert!(walked[0].page.request < walked[1].page.request);
    assert_eq!(walked[2].page.first_position, 4);
}

#[tokio::test]
async fn elements_of_another_kind_are_passed_on() {
    let script = Script::start().await;
    let elements =
        [json!({"object": "webhook", "id": "hook_1"}), json!(7), json!({"id": "user_1"})];
    script.on(
        "/users",
        [Reply::list(&elements), Reply::list(&[]), Reply::list(&[json!({"id": "user_1"})])],
    );
    let (end, walked) = collect(&client(&script), all("users")).await;
    assert_eq!(end.unwrap().status, WalkStatus::Complete);
    assert_eq!(walked[0].page.elements[1].as_ref(), b"7");
}

#[tokio::test]
async fn cursors_are_the_last_usable_ids() {
    for (elements, cursor) in [
        (json!([{"id": "a"}, {"id": "by_external_id"}, {"id": "x/y"}, {"name": "n"}]), "a"),
        (json!([{"id": "a"}, {"id": 18_446_744_073_709_551_615_u64}]), "18446744073709551615"),
        (json!([{"id": "a"}, {"id": 1.5}, {"id": null}, {"id": ""}, {"id": ["b"]}]), "a"),
    ] {
        let script = Script::start().await;
        let body = json!({"object": "list", "data": elements});
        let proof = Reply::list(&[json!({"id": cursor})]);
        script.on("/plans", [Reply::json(200, &body), Reply::list(&[]), proof]);
        collect(&client(&script), all("plans")).await.0.unwrap();
        assert_eq!(cursors(&script)[1].as_deref(), Some(cursor));
    }
    let script = Script::start().await;
    script.on("/plans", [Reply::list(&[json!({"id": "events"}), json!({})])]);
    let (end, walked) = collect(&client(&script), all("plans")).await;
    assert_eq!(end.unwrap_err().kind(), Kind::Contract);
    assert!(walked.is_empty());
}

#[tokio::test]
async fn answers_that_are_no_list_break_the_contract() {
    let long = format!("<html>{}\u{1b}[31m", "x".repeat(500));
    for (body, tries) in [
        (r#"{"object": "customer", "data": []}"#, 1),
        (r#"{"data": []}"#, 1),
        (r#"{"object": "list"}"#, 1),
        (r#"{"object": "list", "data": null}"#, 1),
        (r#"{"object": "list", "data": {}}"#, 1),
        (r#"{"object": "list", "data": [], "data": [1]}"#, 1),
        ("null", 1),
        (r#""list""#, 1),
        (r#"{"object": "list", "data": [1, 2"#, 8),
        (r#"{"object": "list", "data": []} trailing"#, 8),
        ("[1,]", 8),
        ("", 8),
        (long.as_str(), 8),
    ] {
        let script = Script::start().await;
        script.on("/plans", vec![Reply::bytes(200, body); tries]);
        let (end, walked) = collect(&client(&script), all("plans")).await;
        let error = end.unwrap_err();
        assert_eq!(error.kind(), Kind::Contract, "{body}");
        assert!(walked.is_empty());
        let text = error.to_string();
        let start: String = body.chars().take(100).collect();
        for part in ["`paid`", "/plans", "page 1", &start] {
            assert!(text.contains(part), "{text} lacks {part}");
        }
        assert!(text.len() < 500 && !text.contains('\u{1b}'), "{text}");
    }
}

#[tokio::test]
async fn a_page_cut_in_the_middle_is_asked_for_again() {
    let script = Script::start().await;
    let page = || Reply::list(&[json!({"id": "a"}), json!({"id": "b"})]);
    script.on(
        "/plans",
        [page().cut_at(40), page(), Reply::list(&[]), Reply::list(&[json!({"id": "b"})])],
    );
    let (end, walked) = collect(&client(&script), all("plans")).await;
    let end = end.unwrap();
    assert_eq!((end.rows, end.pages, end.requests), (2, 1, 4));
    assert_eq!(walked[0].page.request, 2);
}

#[tokio::test]
async fn a_refused_page_size_is_halved_and_remembered() {
    let script = Script::start().await;
    let shelf = Shelf::of(60, 100);
    script.answer("/customers", move |request| {
        let limit: u32 = request.param("pagination[limit]").unwrap().parse().unwrap();
        let refusal =
            json!({"error": {"type": "invalid_request_error", "param": "pagination[limit]"}});
        if limit > 25 { Reply::json(400, &refusal) } else { shelf.serve(request) }
    });
    let client = client(&script);
    let (end, walked) = collect(&client, all("customers")).await;
    assert_eq!(end.unwrap().status, WalkStatus::Complete);
    assert_eq!(sizes(&walked), [25, 25, 10]);
    let limits = |script: &Script| -> Vec<String> {
        script.requests().iter().filter_map(|sent| sent.param("pagination[limit]")).collect()
    };
    assert_eq!(limits(&script)[..3], ["100", "50", "25"]);
    let before = limits(&script).len();
    collect(&client, all("customers")).await.0.unwrap();
    assert!(limits(&script)[before..].iter().all(|limit| limit == "25"));
}

#[tokio::test]
async fn a_page_size_refused_for_ever_is_an_error() {
    let script = Script::start().await;
    script.answer("/customers", |_| Reply::error(400, "Invalid value for param: limit."));
    let error = collect(&client(&script), all("customers")).await.0.unwrap_err();
    assert_eq!(error.kind(), Kind::Contract);
    assert_eq!(script.requests().len(), 3);
}

#[tokio::test]
async fn rows_outside_the_window_show_that_the_filter_is_ignored() {
    let window = Window { from: Some(100), to: Some(200) };
    for (created_at, inside) in [
        (json!(101), true),
        (json!(200), true),
        (json!("150"), true),
        (json!(null), true),
        (json!(0), true),
        (json!("soon"), true),
        (json!(100), false),
        (json!(201), false),
        (json!("99"), false),
    ] {
        let script = Script::start().await;
        let rows = [json!({"id": "a"}), json!({"id": "b", "created_at": created_at})];
        script.answer("/plans", move |request| match request.after().as_deref() {
            None => Reply::list(&rows),
            Some("a") => Reply::list(&rows[1..]),
            Some(_) => Reply::list(&[]),
        });
        let request = WalkRequest { window, ..all("plans") };
        let (end, walked) = collect(&client(&script), request).await;
        let status = if inside { WalkStatus::Complete } else { WalkStatus::FilterIgnored };
        assert_eq!(end.unwrap().status, status, "{created_at}");
        assert_eq!(walked.len(), usize::from(inside), "{created_at}");
    }
}

#[tokio::test]
async fn a_refusal_of_the_list_itself_is_an_error() {
    for (status, kind) in [
        (401, Kind::Authentication),
        (402, Kind::Unavailable),
        (404, Kind::Unavailable),
        (501, Kind::Unavailable),
        (400, Kind::Contract),
        (403, Kind::Forbidden),
    ] {
        let script = Script::start().await;
        script.answer("/statements", move |_| Reply::error(status, "no"));
        let error = collect(&client(&script), all("statements")).await.0.unwrap_err();
        assert_eq!(error.kind(), kind, "{status}");
        assert_eq!(HttpFailure::of(&error).unwrap().status, Some(status));
    }
}

#[tokio::test]
async fn a_short_page_without_ids_ends_a_list_and_is_handed_on() {
    let script = Script::start().await;
    script.on(
        "/customers",
        [
            Reply::list(&[json!({"id": "cus_a"}), json!({"id": "cus_b"})]),
            Reply::list(&[json!({"name": "nobody"})]),
        ],
    );
    let (end, walked) = collect(&client(&script), all("customers")).await;
    assert_eq!(end.unwrap().status, WalkStatus::Complete);
    assert_eq!(sizes(&walked), [2, 1], "the element without id is for quarantine");
}

#[tokio::test]
async fn a_full_page_without_ids_is_no_end() {
    let script = Script::start().await;
    let nobody = json!({"name": "nobody"});
    script.on(
        "/customers",
        [
            Reply::list(&[json!({"id": "cus_a"}), json!({"id": "cus_b"})]),
            Reply::list(&[nobody.clone(), nobody]),
        ],
    );
    let (end, walked) = collect(&client(&script), all("customers")).await;
    let error = end.unwrap_err();
    assert_eq!(error.kind(), Kind::Contract);
    assert!(error.to_string().contains("no element has an id"), "{error}");
    assert_eq!(sizes(&walked), [2]);
}
