//! Faults that stand in for an answer, or change it on its way.

use std::time::{Duration, Instant, SystemTime};

use paid_sync::emulator::Fault;
use serde_json::Value;

use crate::support::http::{Emulated, Line, get};

fn is_json(text: &str) -> bool {
    serde_json::from_str::<Value>(text).is_ok()
}

fn time(text: &str) -> SystemTime {
    httpdate::parse_http_date(text).expect("an HTTP date")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_status_comes_with_the_error_of_the_api() {
    let emulator = Emulated::start().await;
    for status in [400, 401, 402, 403, 404, 408, 429, 500, 502, 503, 504, 599] {
        emulator.fault(Fault::on("/account").status(status));
        let answer = get(&emulator, "/account");
        assert_eq!(answer.status, status);
        let kind = if status < 500 { "invalid_request_error" } else { "api_error" };
        assert_eq!(answer.error("type"), kind);
        assert!(!answer.error("message").is_empty(), "{status}");
        assert_eq!(answer.headers("content-type"), ["application/json"]);
    }
    emulator.fault(Fault::on("/account").status(403));
    assert_eq!(get(&emulator, "/account").error("message"), "Rate Limit Exceeded");
    emulator.fault(Fault::on("/account").status(400).message("Limit too large").param("limit"));
    let answer = get(&emulator, "/account");
    assert_eq!((&*answer.error("message"), &*answer.error("param")), ("Limit too large", "limit"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_status_can_ask_for_a_wait_in_seconds_or_until_a_date() {
    let emulator = Emulated::start().await;
    emulator.fault(Fault::on("/account").status(429).retry_after(7));
    assert_eq!(get(&emulator, "/account").headers("retry-after"), ["7"]);
    emulator.fault(Fault::on("/account").date_skew(3_600));
    emulator.fault(Fault::on("/account").status(503).retry_after_date(7));
    let answer = get(&emulator, "/account");
    let until = time(answer.headers("retry-after")[0]);
    let wait = until.duration_since(time(answer.headers("date")[0])).expect("a time to come");
    // The date may be written a second later.
    assert!((6..=7).contains(&wait.as_secs()), "{}", answer.head);
    emulator.fault(Fault::on("/account").status(429));
    assert!(get(&emulator, "/account").headers("retry-after").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_status_can_carry_a_page_a_text_or_nothing() {
    let emulator = Emulated::start().await;
    emulator.fault(Fault::on("/account").status(502).html());
    let page = get(&emulator, "/account");
    assert_eq!(page.status, 502);
    assert_eq!(page.headers("content-type"), ["text/html; charset=utf-8"]);
    assert!(page.body.starts_with("<!DOCTYPE html>") && page.body.contains("502 Bad Gateway"));
    emulator.fault(Fault::on("/account").status(200).text().message("All good"));
    let text = get(&emulator, "/account");
    assert_eq!((text.status, &*text.body), (200, "All good"));
    assert_eq!(text.headers("content-type"), ["text/plain; charset=utf-8"]);
    emulator.fault(Fault::on("/account").status(500).empty());
    let nothing = get(&emulator, "/account");
    assert_eq!((nothing.status, &*nothing.body), (500, ""));
    assert!(nothing.headers("content-type").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_truncated_answer_fits_its_length_and_is_no_json() {
    let emulator = Emulated::start().await;
    let whole = get(&emulator, "/products").body;
    emulator.fault(Fault::on("/products").truncate(100));
    let cut = get(&emulator, "/products");
    assert_eq!(cut.status, 200);
    assert_eq!(cut.headers("content-length"), ["100"]);
    assert!(whole.starts_with(&cut.body) && !is_json(&cut.body));
    emulator.fault(Fault::on("/products").truncate(usize::MAX));
    assert_eq!(get(&emulator, "/products").body.len(), whole.len() - 1);
    assert_eq!(get(&emulator, "/products").body, whole);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_garbled_answer_has_its_length_and_is_damaged_the_same_way_each_time() {
    let emulator = Emulated::start().await;
    let whole = get(&emulator, "/products");
    emulator.fault(Fault::on("/products").times(2).garble());
    let garbled = get(&emulator, "/products");
    assert_eq!(garbled.headers("content-type"), ["application/json"]);
    assert_eq!(garbled.headers("content-length"), whole.headers("content-length"));
    assert!(!is_json(&garbled.body));
    assert_eq!(get(&emulator, "/products").body, garbled.body);
    emulator.fault(Fault::on("/products").times(2).garble());
    assert_ne!(get(&emulator, "/products?x=1").body, garbled.body);
    assert_ne!(get(&emulator, "/products?x=2").body, garbled.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_answer_is_late_and_whole() {
    let emulator = Emulated::start().await;
    let whole = get(&emulator, "/products").body;
    emulator.fault(Fault::on("/products").slow(30));
    emulator.fault(Fault::on("/products").slow(20));
    let asked = Instant::now();
    assert_eq!(get(&emulator, "/products").body, whole);
    assert!(asked.elapsed() >= Duration::from_millis(50));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trickling_answer_comes_in_pieces_and_whole() {
    let emulator = Emulated::start().await;
    let whole = get(&emulator, "/products").body;
    let pieces = u32::try_from(whole.len().div_ceil(1_000)).expect("a small number");
    emulator.fault(Fault::on("/products").trickle(2, 1_000));
    let asked = Instant::now();
    let answer = get(&emulator, "/products");
    assert_eq!(answer.headers("content-length"), [whole.len().to_string()]);
    assert_eq!(answer.body, whole);
    assert!(pieces > 1 && asked.elapsed() >= Duration::from_millis(2) * pieces);
}

#[tokio::test(flavor = "multi_thread")]
async fn right_json_can_be_called_html() {
    let emulator = Emulated::start().await;
    emulator.fault(Fault::on("/account").wrong_type());
    let answer = get(&emulator, "/account");
    assert_eq!(answer.headers("content-type"), ["text/html; charset=utf-8"]);
    assert_eq!(answer.json()["object"], "account");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_date_can_be_moved_or_left_out() {
    let emulator = Emulated::start().await;
    let mut line = Line::open(&emulator);
    let date = time(line.get("/account").expect("an answer").headers("date")[0]);
    for seconds in [-86_400, 3_600] {
        emulator.fault(Fault::on("/account").date_skew(seconds));
        let moved = time(line.get("/account").expect("an answer").headers("date")[0]);
        let expected = if seconds < 0 {
            date - Duration::from_hours(24)
        } else {
            date + Duration::from_hours(1)
        };
        let late = moved.duration_since(expected).expect("a later time");
        assert!(late < Duration::from_mins(1), "{late:?}");
    }
    let whole = line.get("/products").expect("an answer");
    emulator.fault(Fault::on("/products").no_date());
    let undated = line.get("/products").expect("an answer");
    assert!(undated.headers("date").is_empty(), "{}", undated.head);
    assert_eq!(undated.headers("content-type"), ["application/json"]);
    assert_eq!(undated.head.lines().count(), whole.head.lines().count() - 1, "{}", undated.head);
    assert_eq!(undated.body, whole.body);
    assert_eq!(line.get("/products").expect("an answer").headers("date").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rate_limit_refuses_what_comes_too_fast() {
    let emulator = Emulated::start().await;
    emulator.fault(Fault::on("/account").rate_limit(1, 2).refused_with(403).telling_the_wait());
    let refused = (0..200).map(|_| get(&emulator, "/account")).find(|answer| answer.status != 200);
    let refused = refused.expect("the bucket runs dry");
    assert_eq!(refused.status, 403);
    assert_eq!(refused.error("message"), "Rate Limit Exceeded");
    assert_eq!(refused.headers("retry-after"), ["1"]);
    assert_eq!(get(&emulator, "/plans").status, 200);
    emulator.fault(Fault::on("/plans").rate_limit(1_000_000, 1_000_000));
    assert_eq!(get(&emulator, "/plans").status, 200);
    emulator.fault(Fault::on("/products").rate_limit(1, 1));
    let refused = (0..200).map(|_| get(&emulator, "/products")).find(|answer| answer.status != 200);
    let refused = refused.expect("the bucket runs dry");
    assert_eq!(refused.status, 429);
    assert!(refused.headers("retry-after").is_empty());
}
