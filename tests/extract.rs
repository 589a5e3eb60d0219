//! Transport, credentials, errors, retries, pace and clock of extraction (CONTRACT A1, V1).

mod lost;
mod paging;
mod reads;
mod segments;
mod shelf;

use std::error::Error as StdError;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use paid_sync::catalog::{Authentication, StreamSpec, source_kind};
use paid_sync::error::{Error, Kind};
use paid_sync::extract::{
    Client, ClientOptions, DEFAULT_MAX_BODY_BYTES, Decision, HttpFailure, RetryPolicy, ServerClock,
    Tries, Trouble, decide, stream_status,
};
use paid_sync::model::{Event, Observer, Silent, StreamStatus};
use serde_json::json;

use crate::support::script::{Reply, Script};

const KEY: &str = "sk_test_local";

fn options(script: &Script) -> ClientOptions {
    ClientOptions {
        source: "paid".to_owned(),
        base_url: script.base_url(),
        authentication: Authentication::BasicKey,
        key: KEY.into(),
        page_size: 100,
        requests_per_second: 10_000,
        max_in_flight: 4,
        max_body_bytes: DEFAULT_MAX_BODY_BYTES,
        retry: RetryPolicy { base: Duration::from_millis(1), ..RetryPolicy::default() },
    }
}

fn client(script: &Script) -> Client {
    Client::new(options(script), Arc::new(Silent)).unwrap()
}

fn spec(name: &str) -> &'static StreamSpec {
    source_kind("paid").unwrap().tables().find(|spec| spec.name == name).unwrap()
}

/// Gives an error and all its causes as one text.
fn chain(error: &Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text} | {error}");
        cause = error.source();
    }
    text
}

#[derive(Default)]
struct Notes {
    retries: Mutex<Vec<(String, String, u32, f64)>>,
    warnings: Mutex<Vec<String>>,
}

impl Observer for Notes {
    fn notify(&self, event: &Event<'_>) {
        match event {
            Event::Retrying { path, reason, attempt, wait_seconds } => self
                .retries
                .lock()
                .unwrap()
                .push(((*path).to_owned(), (*reason).to_owned(), *attempt, *wait_seconds)),
            Event::Warning { text } => self.warnings.lock().unwrap().push((*text).to_owned()),
            _ => {}
        }
    }
}

async fn account_error(replies: Vec<Reply>) -> (Error, usize) {
    let script = Script::start().await;
    script.on("/account", replies);
    let error = client(&script).account(spec("account")).await.unwrap_err();
    (error, script.requests().len())
}

#[tokio::test]
async fn every_request_is_a_get_with_key_agent_and_accept() {
    for (authentication, expected) in [
        (Authentication::BasicKey, "Basic c2tfdGVzdF9sb2NhbDo="),
        (Authentication::BearerKey, "Bearer sk_test_local"),
    ] {
        let script = Script::start().await;
        script.on("/account", [Reply::json(200, &json!({"id": "acct_1"}))]);
        let options = ClientOptions { authentication, ..options(&script) };
        let client = Client::new(options, Arc::new(Silent)).unwrap();
        let page = client.account(spec("account")).await.unwrap();
        assert_eq!(page.elements[0].as_ref(), br#"{"id":"acct_1"}"#);
        let request = &script.requests()[0];
        assert_eq!(request.method, "GET");
        assert_eq!(request.query, "");
        assert_eq!(request.header("authorization"), Some(expected));
        let agent = request.header("user-agent").unwrap();
        assert!(agent.starts_with("paid-sync/"), "{agent}");
        assert_eq!(request.header("accept"), Some("application/json"));
    }
}

#[tokio::test]
async fn base_urls_other_than_https_or_loopback_are_refused() {
    let script = Script::start().await;
    for (base, accepted) in [
        ("http://example.com/v0", false),
        ("http://127.0.0.1:8080/v0", true),
        ("http://127.9.9.9/v0", true),
        ("http://[::1]:8080/v0", true),
        ("http://localhost:8080/v0", true),
        ("http://localhost.example.com/v0", false),
        ("http://10.0.0.1/v0", false),
        ("ftp://127.0.0.1/v0", false),
        ("https://key@api.paidlabs.com/v0", false),
        ("https://api.paidlabs.com/v0?key=x", false),
    ] {
        let options = ClientOptions { base_url: base.parse().unwrap(), ..options(&script) };
        let made = Client::new(options, Arc::new(Silent));
        assert_eq!(made.is_ok(), accepted, "{base}");
        assert!(made.err().is_none_or(|error| error.kind() == Kind::Configuration), "{base}");
    }
}

#[tokio::test]
async fn keys_that_cannot_be_sent_are_refused_without_being_shown() {
    let script = Script::start().await;
    for (authentication, key) in [
        (Authentication::BasicKey, ""),
        (Authentication::BasicKey, " "),
        (Authentication::BearerKey, "sk_line\nbreak"),
        (Authentication::ClientCredentials, "sk_other"),
    ] {
        let options = ClientOptions { authentication, key: key.into(), ..options(&script) };
        let error = Client::new(options, Arc::new(Silent)).unwrap_err();
        assert_eq!(error.kind(), Kind::Configuration);
        assert!(!chain(&error).contains("sk_"), "{error}");
    }
}

#[tokio::test]
async fn f30_each_status_has_its_kind_stream_status_and_number_of_tries() {
    let rate = "Rate Limit Exceeded";
    for (status, message, kind, stream, tries) in [
        (401, "Invalid API Key provided", Kind::Authentication, StreamStatus::Failed, 1),
        (402, "Upgrade Required", Kind::Unavailable, StreamStatus::UnavailableOnPlan, 1),
        (403, "You may not", Kind::Forbidden, StreamStatus::Forbidden, 2),
        (403, rate, Kind::Throttled, StreamStatus::Throttled, 8),
        (429, "", Kind::Throttled, StreamStatus::Throttled, 8),
        (404, "Missing id", Kind::Unavailable, StreamStatus::Unavailable, 1),
        (501, "", Kind::Unavailable, StreamStatus::Unavailable, 1),
        (408, "", Kind::Network, StreamStatus::Failed, 8),
        (500, "", Kind::Network, StreamStatus::Failed, 8),
        (503, "", Kind::Network, StreamStatus::Failed, 8),
        (599, "", Kind::Network, StreamStatus::Failed, 8),
        (400, "no", Kind::Contract, StreamStatus::Failed, 1),
        (410, "gone", Kind::Contract, StreamStatus::Failed, 1),
        (301, "", Kind::Contract, StreamStatus::Failed, 1),
    ] {
        let (error, sent) = account_error(vec![Reply::error(status, message); tries]).await;
        assert_eq!(error.kind(), kind, "{status} {message}");
        assert_eq!(stream_status(&error), stream, "{status} {message}");
        assert_eq!(sent, tries, "{status} {message}");
        let failure = HttpFailure::of(&error).unwrap();
        assert_eq!(failure.status, Some(status));
        assert_eq!(usize::try_from(failure.tries).unwrap(), tries);
        let text = error.to_string();
        for part in ["`paid`", "GET /account", &tries.to_string(), " s)"] {
            assert!(text.contains(part), "{text} lacks {part}");
        }
    }
}

#[tokio::test]
async fn passing_trouble_is_survived_and_told() {
    let good = || Reply::json(200, &json!({"id": "acct_1"}));
    let rate_limit = || Reply::error(403, "Rate Limit Exceeded");
    for (replies, waits) in [
        (vec![rate_limit(), rate_limit(), good()], 2),
        (vec![Reply::error(429, "slow down"), Reply::error(500, ""), good()], 2),
        (vec![Reply::hang_up(), good()], 1),
        (vec![Reply::bytes(200, r#"{"id": "acct_1", "name": "x"}"#).cut_at(12), good()], 1),
        (vec![Reply::bytes(200, r#"{"id": "acct"#), good()], 1),
        (vec![Reply::bytes(200, "<html>busy</html>"), good()], 1),
        (vec![Reply::error(403, "odd"), good()], 1),
    ] {
        let script = Script::start().await;
        script.on("/account", replies);
        let notes = Arc::new(Notes::default());
        let observer: Arc<dyn Observer> = notes.clone();
        let client = Client::new(options(&script), observer).unwrap();
        let page = client.account(spec("account")).await.unwrap();
        assert_eq!(page.request, waits + 1, "the number is that of the try that was answered");
        assert_eq!(client.requests_sent(), waits + 1);
        let retries = notes.retries.lock().unwrap();
        assert_eq!(i64::try_from(retries.len()).unwrap(), waits);
        assert_eq!((retries[0].0.as_str(), retries[0].2), ("/account", 1));
    }
}

#[tokio::test]
async fn both_error_shapes_are_read_and_bodies_kept_short() {
    let wrapped =
        json!({"error": {"type": "invalid_request_error", "message": "M\u{7}m", "param": "p"}});
    let flat = json!({"type": "invalid_request_error", "message": "M\u{7}m", "param": "p"});
    for body in [wrapped, flat] {
        let (error, _) = account_error(vec![Reply::json(400, &body)]).await;
        let api = &HttpFailure::of(&error).unwrap().api;
        assert!(api.has_known_type());
        assert_eq!(api.message.as_deref(), Some("M m"), "control characters are gone");
        assert_eq!(api.param.as_deref(), Some("p"));
        assert!(chain(&error).contains("M m"));
    }
    for body in ["", "<h1>Not Found</h1>", r#"{"message": "no Route matched"}"#, "[]", "7"] {
        let (error, _) = account_error(vec![Reply::bytes(400, body)]).await;
        assert!(!HttpFailure::of(&error).unwrap().api.has_known_type(), "{body}");
    }
    let (error, _) = account_error(vec![Reply::bytes(400, "é".repeat(50_000))]).await;
    assert_eq!(HttpFailure::of(&error).unwrap().body.len(), 2_000);
}

#[tokio::test]
async fn the_key_never_shows_even_if_the_server_echoes_it() {
    let echoed = format!("bad {KEY} and Basic c2tfdGVzdF9sb2NhbDo= {}", KEY.repeat(200));
    for reply in [
        Reply::error(401, &echoed),
        Reply::bytes(400, echoed.clone()),
        Reply::json(200, &json!([echoed])),
        Reply::bytes(302, "").header("location", &format!("https://example.com/{KEY}")),
    ] {
        let script = Script::start().await;
        script.on("/account", [reply]);
        let client = client(&script);
        let error = client.account(spec("account")).await.unwrap_err();
        let shown = format!("{client:?} {error:?} {} {:?}", chain(&error), options(&script));
        assert!(!shown.contains(KEY), "{shown}");
        assert!(!shown.contains("c2tfdGVzdF9sb2NhbDo"), "{shown}");
    }
}

#[tokio::test]
async fn answers_over_the_size_limit_are_refused_at_once() {
    // 100 002 bytes of JSON in 136.
    let squeezed = [
        &[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 3, 0xed, 0xc1, 0x41, 0x11, 0, 0, 0x0c, 2, 0xa0][..],
        &[0x2a, 0xeb, 0xe5, 0xad, 0x7f, 0x0d, 0x6b, 0xf8, 0, 0x72][..],
        &[0; 96],
        &[0xc0, 0xac, 0x2f, 0x9f, 9, 0x83, 0x86, 0xa2, 0x86, 1, 0][..],
    ]
    .concat();
    let large = format!("[{}]", " ".repeat(100_000));
    for (limit, reply, accepted) in [
        (100_002, Reply::bytes(200, large.clone()), true),
        (100_001, Reply::bytes(200, large.clone()), false),
        (100_001, Reply::bytes(200, large).unannounced(), false),
        (100_002, Reply::bytes(200, squeezed.clone()).header("content-encoding", "gzip"), true),
        (100_001, Reply::bytes(200, squeezed).header("content-encoding", "gzip"), false),
    ] {
        let script = Script::start().await;
        script.on("/customers", [reply]);
        let options = ClientOptions { max_body_bytes: limit, ..options(&script) };
        let client = Client::new(options, Arc::new(Silent)).unwrap();
        let ended = shelf::collect(&client, shelf::all("customers")).await.0;
        assert_eq!(ended.is_ok(), accepted, "{limit} {ended:?}");
        if let Err(error) = ended {
            assert_eq!(error.kind(), Kind::Contract);
            assert!(error.to_string().contains("larger"), "{error}");
            assert_eq!(client.requests_sent(), 1);
        }
    }
}

#[tokio::test]
async fn redirects_are_reported_and_not_followed() {
    let script = Script::start().await;
    let target = script.base_url().join("/v0/elsewhere").unwrap();
    script.on("/account", [Reply::bytes(302, "").header("location", target.as_str())]);
    let error = client(&script).account(spec("account")).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Contract);
    assert!(error.to_string().contains("redirects are not followed"), "{error}");
    assert_eq!(script.requests().len(), 1);
}

#[tokio::test]
async fn a_server_that_is_not_there_is_a_network_error_with_its_cause() {
    let script = Script::start().await;
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let base_url = format!("http://{address}/v0").parse().unwrap();
    let client =
        Client::new(ClientOptions { base_url, ..options(&script) }, Arc::new(Silent)).unwrap();
    let error = client.account(spec("account")).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Network);
    assert_eq!(HttpFailure::of(&error).unwrap().tries, 8);
    assert!(chain(&error).to_lowercase().contains("refused"), "{}", chain(&error));
}

#[tokio::test]
async fn retry_after_is_honoured_up_to_its_cap() {
    let then = httpdate::fmt_http_date(std::time::UNIX_EPOCH + Duration::from_secs(1_425_000_100));
    for value in ["100", then.as_str()] {
        let script = Script::start().await;
        let throttled = Reply::bytes(429, "").at(1_425_000_000).header("retry-after", value);
        script.on("/account", [throttled, Reply::json(200, &json!({}))]);
        let notes = Arc::new(Notes::default());
        let observer: Arc<dyn Observer> = notes.clone();
        let mut options = options(&script);
        options.retry.retry_after_cap = Duration::from_millis(20);
        Client::new(options, observer).unwrap().account(spec("account")).await.unwrap();
        let waits: Vec<f64> = notes.retries.lock().unwrap().iter().map(|retry| retry.3).collect();
        assert_eq!(waits, [0.02], "{value}");
    }
}

#[test]
fn retries_wait_longer_and_longer_and_stop() {
    let policy = RetryPolicy::default();
    let seconds = Duration::from_secs;
    let tries = |total, forbidden| Tries { total, forbidden };
    let wait = |wait| Decision::Wait(seconds(wait));
    for (trouble, tries, retry_after, expected) in [
        (Trouble::Server, tries(1, 0), None, wait(1)),
        (Trouble::Network, tries(2, 0), None, wait(2)),
        (Trouble::NotJson, tries(4, 0), None, wait(8)),
        (Trouble::Throttled, tries(7, 0), None, wait(60)),
        (Trouble::Throttled, tries(8, 0), None, Decision::GiveUp),
        (Trouble::Throttled, tries(1, 0), Some(seconds(30)), wait(30)),
        (Trouble::Throttled, tries(6, 0), Some(seconds(30)), wait(32)),
        (Trouble::Throttled, tries(1, 0), Some(seconds(9_000)), wait(300)),
        (Trouble::Forbidden, tries(1, 1), None, wait(1)),
        (Trouble::Forbidden, tries(2, 2), None, Decision::GiveUp),
        (Trouble::Forbidden, tries(5, 1), None, wait(16)),
        (Trouble::Authentication, tries(1, 0), None, Decision::GiveUp),
        (Trouble::Plan, tries(1, 0), None, Decision::GiveUp),
        (Trouble::Absent, tries(1, 0), None, Decision::GiveUp),
        (Trouble::Refused, tries(1, 0), Some(seconds(1)), Decision::GiveUp),
    ] {
        let decision = decide(&policy, trouble, tries, retry_after, |longest| longest);
        assert_eq!(decision, expected, "{trouble:?} {tries:?} {retry_after:?}");
    }
    let least = decide(&policy, Trouble::Server, tries(5, 0), None, |_| Duration::ZERO);
    assert_eq!(least, Decision::Wait(Duration::ZERO), "full jitter reaches down to nothing");
}

#[test]
fn the_server_clock_trusts_the_median_and_never_runs_backwards() {
    const S: i64 = 1_000_000;
    let mut clock = ServerClock::default();
    assert_eq!(clock.now(5 * S), None);
    assert_eq!(clock.observe(1_000 * S, 0), None);
    assert_eq!(clock.now(S), Some(1_001 * S));
    assert_eq!(clock.observe(1_012 * S, 10 * S), None, "two seconds off is believed");
    assert_eq!(clock.observe(1_020 * S, 20 * S), None);
    assert_eq!(clock.observe(9_000 * S, 30 * S), Some(7_970 * S), "far off is not");
    assert_eq!(clock.now(30 * S), Some(1_030 * S));
    for second in 31..60 {
        clock.observe((950 + second) * S, second * S);
    }
    assert_eq!(clock.now(31 * S), Some(1_030 * S), "stands still until time catches up");
    assert_eq!(clock.now(90 * S), Some(1_040 * S));
}

#[tokio::test]
async fn server_time_comes_from_date_headers_and_outliers_are_told_once() {
    let script = Script::start().await;
    let good = || Reply::json(200, &json!({}));
    let undated = good().undated();
    let far = || good().at(1_425_090_000);
    let near = || good().at(1_425_000_000);
    script.on("/account", [undated, near(), near(), near(), far(), far()]);
    let notes = Arc::new(Notes::default());
    let observer: Arc<dyn Observer> = notes.clone();
    let client = Client::new(options(&script), observer).unwrap();
    assert_eq!(client.server_now().unwrap_err().kind(), Kind::Contract);
    assert!(client.account(spec("account")).await.unwrap().observed_at > 1_600_000_000_000_000);
    assert!(client.server_now().is_err(), "an answer without a date tells no time");
    for _ in 0..5 {
        let page = client.account(spec("account")).await.unwrap();
        let lag = page.observed_at - 1_425_000_000_000_000;
        assert!((0..300_000_000).contains(&lag), "{lag}");
    }
    let lag = client.server_now().unwrap() - 1_425_000_000;
    assert!((0..300).contains(&lag), "{lag}");
    assert_eq!(notes.warnings.lock().unwrap().len(), 1);
}

/// Asks twenty times at once; gives the request numbers in ascending order.
async fn crowd(client: &Client) -> Vec<i64> {
    let asks: Vec<_> = (0..20)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { client.account(spec("account")).await.unwrap().request })
        })
        .collect();
    let mut numbers = Vec::new();
    for ask in asks {
        numbers.push(ask.await.unwrap());
    }
    numbers.sort_unstable();
    numbers
}

#[tokio::test]
async fn requests_in_flight_stay_within_the_limit_which_halves_when_throttled() {
    let script = Script::start().await;
    script.answer("/account", |_| Reply::json(200, &json!({})).after(Duration::from_millis(5)));
    let client = client(&script);
    assert_eq!(crowd(&client).await, (1..=20).collect::<Vec<_>>(), "each number is taken once");
    assert!((1..=4).contains(&script.busiest()));
    for (reply, limit) in [
        (Reply::error(403, "no access"), 4),
        (Reply::error(403, "Rate Limit Exceeded"), 2),
        (Reply::error(429, ""), 1),
        (Reply::error(429, ""), 1),
    ] {
        script.on("/account", [reply]);
        client.account(spec("account")).await.unwrap();
        assert_eq!(crowd(&client).await.len(), 20);
        let busiest = script.busiest();
        assert!(busiest <= limit, "{busiest} of {limit}");
    }
}
