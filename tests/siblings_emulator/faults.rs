//! Every trouble that can be ordered.

use std::io::ErrorKind;

use paid_sync::emulator::SiblingKind::{AlternativePayments, PaidAiV1, PaidAiV2};
use paid_sync::emulator::{SiblingFault, SiblingTrouble};
use serde_json::{Value, json};

use super::caller::{Caller, encoded};
use crate::support::http::text;

#[tokio::test(flavor = "multi_thread")]
async fn statuses_carry_the_error_of_their_api() {
    for (kind, told) in [
        (
            PaidAiV1,
            json!({"error": {
                "message": "Forbidden", "code": "FORBIDDEN", "details": null,
            }}),
        ),
        (PaidAiV2, json!({"error": "Forbidden", "code": "FORBIDDEN"})),
        (AlternativePayments, json!({"code": "forbidden", "message": "Forbidden"})),
    ] {
        let caller = Caller::start(kind).await;
        caller.break_once("/customers", SiblingTrouble::Status(403));
        assert_ne!(caller.get("/orders").status, 403);
        let answer = caller.get("/customers");
        assert_eq!((answer.status, answer.json()), (403, told));
        assert_eq!(caller.get("/customers").status, 200, "once");
        let log = caller.log();
        let struck = log.iter().find(|request| request.status == Some(403)).unwrap();
        assert_eq!(
            (struck.path.as_str(), struck.faults.as_slice()),
            ("/customers", &["status"][..])
        );

        caller.break_once("", SiblingTrouble::StatusWithBody(502, "<html>".to_owned()));
        let answer = caller.get("/customers");
        assert_eq!((answer.status, answer.body.as_str()), (502, "<html>"));
        caller.break_once("/customers", SiblingTrouble::Body("[]".to_owned()));
        assert_eq!(caller.get("/customers").body, "[]");
        caller.break_once("/customers", SiblingTrouble::RetryAfter(7));
        let answer = caller.get("/customers");
        assert_eq!((answer.status, answer.headers("retry-after")), (429, vec!["7"]));
        caller.break_once("/customers", SiblingTrouble::RateLimitReset(9));
        let until = (caller.now() + 9).to_string();
        assert_eq!(caller.get("/customers").headers("x-ratelimit-reset"), [until]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_break() {
    let caller = Caller::start(PaidAiV1).await;
    let whole = caller.get("/customers");
    caller.break_once("/customers", SiblingTrouble::Truncate);
    let cut = caller.get("/customers");
    assert_eq!((cut.status, cut.body.len()), (200, whole.body.len() / 2));
    assert!(serde_json::from_str::<Value>(&cut.body).is_err());
    caller.break_once("/customers", SiblingTrouble::Reset);
    let reset = caller.ask_as(&caller.authorization, "GET", "/customers", "").unwrap_err();
    assert_eq!((reset.kind, reset.received.len()), (ErrorKind::ConnectionReset, 0));
    assert_eq!(caller.log().last().unwrap().status, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_wait_queue_and_last() {
    let caller = Caller::start(PaidAiV1).await;
    let order = |skip, times, status| {
        caller.fault(SiblingFault {
            path_prefix: "/customers".to_owned(),
            skip,
            times,
            what: SiblingTrouble::Status(status),
        });
    };
    order(1, 2, 500);
    order(0, 2, 503);
    let statuses = |count| (0..count).map(|_| caller.get("/customers").status).collect::<Vec<_>>();
    assert_eq!(statuses(5), [503, 500, 500, 503, 200]);
    order(1, 1, 500);
    assert_eq!(caller.unused_faults().len(), 1);
    assert_eq!(statuses(2), [200, 500]);
    assert!(caller.unused_faults().is_empty());
    order(0, 1, 500);
    order(1, 1, 503);
    assert_eq!(statuses(3), [500, 503, 200], "a request that is struck counts for the others");
    order(0, 0, 500);
    assert_eq!(statuses(3), [500; 3], "0 is for ever");
    assert_eq!(caller.control("DELETE", "/faults", "").status, 200);
    assert_eq!(statuses(1), [200]);
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_lie_about_what_comes_next() {
    let caller = Caller::start(AlternativePayments).await;
    let read = |query: &str| caller.get(&format!("/customers?limit=5{query}")).json();
    let usual = read("");
    let cursor = encoded(text(&usual, "end_cursor"));
    let broken = |what, query: &str| {
        caller.break_once("/customers", what);
        let page = read(query);
        assert!(caller.unused_faults().is_empty());
        page
    };
    let page = broken(SiblingTrouble::EmptyCursor, "");
    assert_eq!((&page["has_next_page"], &page["end_cursor"]), (&json!(true), &json!("")));
    assert_eq!(page["data"], usual["data"]);
    let page = broken(SiblingTrouble::SameCursor, &format!("&after={cursor}"));
    assert_eq!((&page["has_next_page"], &page["end_cursor"]), (&json!(true), &usual["end_cursor"]));
    let page = broken(SiblingTrouble::NestedPageInfo, "");
    let info = json!({"has_next_page": true, "end_cursor": usual["end_cursor"]});
    assert_eq!((&page["pagination"], page.get("end_cursor")), (&info, None));
    let page = broken(SiblingTrouble::NextCursorShape, "");
    assert_eq!((&page["next_cursor"], &page["has_more"]), (&usual["end_cursor"], &json!(true)));
    let page = broken(SiblingTrouble::NoPageInfo, "");
    assert_eq!(page, json!({"data": usual["data"]}));

    caller.break_once("/customers", SiblingTrouble::EmptyCursor);
    caller.get(&format!("/customers/{}", text(&usual["data"][0], "id")));
    assert_eq!(caller.unused_faults().len(), 1, "a read by id has no cursor to spoil");
    read("");
    caller.break_once("/customers", SiblingTrouble::SameCursor);
    read("");
    assert_eq!(caller.unused_faults().len(), 1, "nor has the first page one to repeat");
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_vanish_while_a_list_is_read() {
    let caller = Caller::start(PaidAiV2).await;
    let usual = caller.walk_offsets("/customers/", 100);
    let first = caller.get("/customers/?limit=10").data();
    caller.break_once("/customers", SiblingTrouble::Shift);
    let second = caller.get("/customers/?limit=10&offset=10");
    assert_eq!(second.json()["pagination"]["total"], 39);
    assert_eq!(second.data(), usual[11..21], "the eleventh row was never shown");
    assert_eq!(first, usual[..10]);
    assert_eq!(caller.counts()["customers"], 39);
    let page = caller.get("/customers/?limit=100").json();
    caller.break_once("/customers", SiblingTrouble::NoPageInfo);
    assert_eq!(caller.get("/customers/?limit=100").json(), json!({"data": page["data"]}));
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_are_taken_back_in_the_middle() {
    let mut caller = Caller::start(AlternativePayments).await;
    caller.fault(SiblingFault {
        path_prefix: "/customers".to_owned(),
        skip: 1,
        times: 1,
        what: SiblingTrouble::RevokeToken,
    });
    assert_eq!(caller.get("/customers").status, 200);
    assert_eq!(caller.get("/customers").status, 401);
    assert_eq!(caller.get("/invoices").status, 401);
    caller.authorization = caller.token();
    assert_eq!(caller.get("/customers").status, 200);
    let caller = Caller::start(PaidAiV2).await;
    caller.break_once("/customers", SiblingTrouble::RevokeToken);
    assert_eq!(caller.get("/customers").status, 401);
}
