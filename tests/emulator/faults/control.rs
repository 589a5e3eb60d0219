//! Faults ordered over HTTP, and the log of requests.

use std::time::Duration;

use paid_sync::emulator::{Fault, LoggedRequest};
use serde_json::{Value, json};

use crate::support::http::{BASIC, Emulated, KEY, Line, control, get};

fn order(emulator: &Emulated, rules: &Value) -> crate::support::http::Answer {
    control(emulator, "POST", "/faults", &rules.to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_are_ordered_told_and_removed_over_http() {
    let emulator = Emulated::start().await;
    let rule = json!({"on": "/plans", "skip": 1, "times": 2,
        "what": {"kind": "status", "status": 429, "retry_after": 2}});
    assert_eq!(order(&emulator, &rule).status, 200);
    let statuses: Vec<u16> = (0..4).map(|_| get(&emulator, "/plans").status).collect();
    assert_eq!(statuses, [200, 429, 429, 200]);
    let more = json!([
        {"on": "*", "method": "GET", "times": "always", "what": {"kind": "no_date"}},
        {"on": "/plans", "times": 0, "what": {"kind": "short_page", "rows": 2}}
    ]);
    assert_eq!(order(&emulator, &more).json().as_array().map(Vec::len), Some(3));
    assert_eq!(get(&emulator, "/plans").data().len(), 2);
    let told = control(&emulator, "GET", "/faults", "").json();
    let counts = |index: usize| (told[index]["matched"].as_u64(), told[index]["fired"].as_u64());
    assert_eq!(counts(0), (Some(5), Some(2)));
    assert_eq!((counts(1), counts(2)), ((Some(1), Some(1)), (Some(1), Some(1))));
    assert_eq!(told[0]["rule"]["what"]["retry_after"], 2);
    assert_eq!(told[2]["rule"]["times"], "always");
    assert_eq!(control(&emulator, "DELETE", "/faults", "").json(), json!([]));
    let answer = get(&emulator, "/plans");
    assert_eq!(answer.headers("date").len(), 1);
    assert!(answer.data().len() > 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_can_be_ordered_over_http_and_is_told_as_ordered() {
    let emulator = Emulated::start().await;
    let kinds = json!([
        {"kind": "status", "status": 403, "message": "m", "param": "p", "body": "error",
            "retry_after": 1, "as_date": true},
        {"kind": "status", "status": 500, "body": "html", "as_date": false},
        {"kind": "status", "status": 500, "body": "text", "as_date": false},
        {"kind": "status", "status": 500, "body": "empty", "as_date": false},
        {"kind": "reset"},
        {"kind": "reset_inside", "after_bytes": 3},
        {"kind": "truncate", "bytes": 3},
        {"kind": "garble"},
        {"kind": "slow", "milliseconds": 3},
        {"kind": "trickle", "milliseconds": 3, "bytes": 3},
        {"kind": "wrong_type"},
        {"kind": "empty_page"},
        {"kind": "short_page", "rows": 3},
        {"kind": "page_cap", "rows": 3},
        {"kind": "repeat_page"},
        {"kind": "ignore_cursor"},
        {"kind": "ignore_filter"},
        {"kind": "overlap", "rows": 3},
        {"kind": "lean_list", "fields": ["amount"]},
        {"kind": "refuse_cursor", "status": 404},
        {"kind": "empty_after_cursor"},
        {"kind": "date_skew", "seconds": -3},
        {"kind": "no_date"},
        {"kind": "play", "actions": 3},
        {"kind": "rate_limit", "per_second": 4, "burst": 8, "status": 403, "retry_after": true},
    ]);
    let rules: Vec<Value> = kinds.as_array().unwrap().iter().map(rule).collect();
    let told = order(&emulator, &rules.clone().into());
    assert_eq!(told.status, 200, "{}", told.body);
    let told = told.json();
    let told: Vec<&Value> = told.as_array().unwrap().iter().map(|one| &one["rule"]).collect();
    assert_eq!(told, rules.iter().collect::<Vec<_>>());
    emulator.clear_faults();
}

fn rule(kind: &Value) -> Value {
    json!({"on": "/invoices", "method": "GET", "skip": 0, "times": 1, "percent": 50, "seed": 7,
        "what": kind})
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_order_is_refused_whole_and_says_what_is_wrong() {
    let emulator = Emulated::start().await;
    let good = json!({"on": "*", "what": {"kind": "reset"}});
    let wrong = [
        (json!({"on": "*", "what": {"kind": "explode"}}), "unknown variant `explode`"),
        (json!({"on": "*", "what": {"kind": "reset", "hard": true}}), "unknown field `hard`"),
        (json!({"on": "*", "what": {"kind": "garble", "x": 1}}), "unknown field `x`"),
        (json!({"on": "*", "what": {"kind": "status", "code": 4}}), "unknown field `code`"),
        (json!({"on": "*", "what": {"kind": "status"}}), "missing field `status`"),
        (json!({"on": "*", "what": {"kind": "truncate", "bytes": -1}}), "-1"),
        (json!({"on": "*", "what": {"status": 500}}), "missing field `kind`"),
        (json!({"on": "*", "who": "me", "what": {"kind": "reset"}}), "unknown field `who`"),
        (json!({"what": {"kind": "reset"}}), "missing field `on`"),
        (json!({"on": "*"}), "`what` is missing"),
        (json!({"on": "*", "times": "often", "what": {"kind": "reset"}}), "`times` must be"),
        (json!({"on": "*", "percent": 0, "what": {"kind": "reset"}}), "`percent` must lie"),
        (json!({"on": "*", "method": "get", "what": {"kind": "reset"}}), "`method` must be"),
        (json!({"on": "plans", "what": {"kind": "reset"}}), "`on` must be"),
        (json!({"on": "*", "what": {"kind": "status", "status": 99}}), "`status` must lie"),
        (json!("reset"), "invalid type"),
    ];
    for (rule, reason) in wrong {
        let refused = order(&emulator, &json!([good, rule]));
        assert_eq!(refused.status, 400, "{rule}");
        assert_eq!(refused.error("type"), "invalid_request_error");
        let message = refused.error("message");
        assert!(message.starts_with("Rule 2: ") && message.contains(reason), "{message}");
    }
    let refused = control(&emulator, "POST", "/faults", "{");
    assert!(refused.error("message").starts_with("This is no JSON: "), "{}", refused.body);
    assert_eq!(control(&emulator, "GET", "/faults", "").json(), json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_api_request_is_logged_with_its_fate_and_without_the_key() {
    let emulator = Emulated::start().await;
    get(&emulator, "/plans?pagination[limit]=3");
    emulator.fault(Fault::on("/plans").slow(10));
    emulator.fault(Fault::on("/plans").date_skew(1));
    emulator.fault(Fault::on("/plans").status(503));
    get(&emulator, "/plans");
    emulator.fault(Fault::on("/account").reset());
    assert!(Line::open(&emulator).get("/account").is_err());
    control(&emulator, "GET", "/counts", "");
    let log = emulator.log();
    let fates: Vec<_> =
        log.iter().map(|entry| (entry.number, entry.status, entry.faults.concat())).collect();
    let expected = [
        (1, Some(200), String::new()),
        (2, Some(503), "slowstatusdate_skew".to_owned()),
        (3, None, "reset".to_owned()),
    ];
    assert_eq!(fates, expected);
    let LoggedRequest { method, path, query, in_flight, .. } = &log[0];
    let asked = (&**method, &**path, &**query, *in_flight);
    assert_eq!(asked, ("GET", "/plans", "pagination[limit]=3", 1));
    assert!(log[1].took_milliseconds >= 10);
    assert!(log.is_sorted_by_key(|entry| entry.at_milliseconds));
    let lines = control(&emulator, "GET", "/log", "");
    assert_eq!(lines.headers("content-type"), ["application/x-ndjson"]);
    let shown: Vec<Value> =
        lines.body.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(Value::from(shown.clone()), serde_json::to_value(&log).expect("JSON"));
    let later = control(&emulator, "GET", "/log?since=2", "").body;
    assert_eq!(serde_json::from_str::<Value>(&later).expect("one line"), shown[2]);
    assert!(control(&emulator, "GET", "/log?since=3", "").body.is_empty());
    let refused = control(&emulator, "GET", "/log?from=3", "");
    assert_eq!((refused.status, refused.error("message").contains("from")), (400, true));
    let secrets = [KEY, BASIC.trim_start_matches("Basic ")];
    assert!(secrets.iter().all(|secret| !lines.body.contains(secret)));
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_under_way_together_and_requests_given_up_are_logged_as_such() {
    let emulator = Emulated::start().await;
    emulator.fault(Fault::on("/account").slow(600_000));
    let mut line = Line::open(&emulator);
    line.begin("/account");
    until(|| emulator.requests().total == 1).await;
    get(&emulator, "/plans");
    drop(line);
    until(|| emulator.log().len() == 2).await;
    let log = emulator.log();
    assert_eq!((&*log[0].path, log[0].status, log[0].in_flight), ("/plans", Some(200), 2));
    assert_eq!((&*log[1].path, log[1].status, log[1].in_flight), ("/account", None, 1));
}

async fn until(is_so: impl Fn() -> bool) {
    while !is_so() {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_documented_orders_are_taken() {
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/src/emulator/control/faults.rs");
    let source = std::fs::read_to_string(source).expect("the source is there");
    let lines = source.lines().filter_map(|line| line.strip_prefix("//! "));
    let example: String = lines
        .skip_while(|line| *line != "```json")
        .skip(1)
        .take_while(|line| *line != "```")
        .collect();
    let emulator = Emulated::start().await;
    let taken = control(&emulator, "POST", "/faults", &example);
    assert_eq!(taken.status, 200, "{}", taken.body);
    assert_eq!(taken.json().as_array().map(Vec::len), Some(5));
    emulator.clear_faults();
}
