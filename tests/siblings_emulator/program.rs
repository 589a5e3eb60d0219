//! `paid-sync emulate --kind …`: what it refuses, and what it tells and serves.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use crate::support::http::Line;

fn program(words: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_paid-sync"));
    command
        .args(words.split(' '))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    command
}

#[test]
fn words_that_make_no_sense_for_a_kind_are_refused() {
    for (words, told) in [
        ("--api-version v2", "`--api-version` is for `--kind paid-ai` only"),
        ("--kind alternative-payments --api-version v1", "`--api-version`"),
        ("--customers 5", "choose a `--size`"),
        ("--kind paid-ai --size medium", "choose how many `--customers`"),
        ("--kind alternative-payments --api-key k", "the client that is told at the start"),
        ("--kind paid-ai --hide-created-at", "`--hide-created-at`"),
        ("--kind paid-ai --event-days 5", "`--event-days`"),
        ("--kind paid-ai --conflict-status 400", "`--conflict-status`"),
        ("--kind paid-ai --churn 1", "/_emulator/churn"),
        ("--kind paid-ai --chaos 1", "/_emulator/faults"),
        ("--kind paid-ai --faults x.json", "/_emulator/faults"),
        ("--kind paid-ai --api-version v3", "possible values: v1, v2"),
        ("--kind stripe", "alternative-payments"),
    ] {
        let output = program(&format!("emulate --port 0 {words}")).output().unwrap();
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{words}\n{text}");
        assert!(text.contains(told), "{words}\n{text}");
    }
}

#[test]
fn every_kind_tells_where_it_serves_and_to_whom() {
    for (words, base, credentials, path) in [
        ("--kind paid-ai", "/api/v1 ", "key sk_test_paid_ai", "/api/v1/customers"),
        (
            "--kind paid-ai --api-version v2",
            "/api/v2 ",
            "key sk_test_paid_ai",
            "/api/v2/customers/",
        ),
        (
            "--kind alternative-payments --customers 3",
            " ",
            "client client_emulator, secret secret_emulator",
            "/customers",
        ),
    ] {
        let words = format!("emulate --port 0 --now 2026-11-01T00:00:00Z {words}");
        let mut child = program(&words).spawn().unwrap();
        let mut told = String::new();
        BufReader::new(child.stderr.take().unwrap()).read_line(&mut told).unwrap();
        assert!(told.contains(credentials), "{told}");
        let start = told.find("http://").unwrap();
        let end = told[start..].find(' ').unwrap() + start;
        assert!(told[start..=end].ends_with(base), "{told}");
        let key = "Bearer sk_test_paid_ai";
        let answer = Line::to(&told[start..end]).ask("GET", path, key, "").unwrap();
        let is_token_kind = path == "/customers";
        assert_eq!(answer.status, if is_token_kind { 401 } else { 200 }, "{}", answer.body);
        let clock = Line::to(&told[start..end]).ask("GET", "/_emulator/clock", "", "").unwrap();
        assert_eq!(clock.json()["now"], 1_793_491_200);
        child.kill().unwrap();
        child.wait().unwrap();
    }
}
