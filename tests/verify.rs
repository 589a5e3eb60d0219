//! `verify`: what it finds between a changed account and the snapshot, and what it mends.

use std::collections::BTreeMap;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::PathBuf;
use std::process::{Command, Output};
use std::sync::Arc;

use paid_sync::config::Settings;
use paid_sync::database::{Access, Database};
use paid_sync::emulator::{Churn, Emulator, EventFaults, Fault, Options};
use paid_sync::error::{Kind, Result};
use paid_sync::model::{Observer, Silent};
use paid_sync::run::verify::{self, Findings, Sample, StreamFindings, Verdict, VerifyOptions};
use paid_sync::run::{Account, SyncOptions};
use serde_json::Value;
use tokio::sync::watch;

use crate::support::http::{Line, text};
use crate::support::warehouse::{Home, account, counts, number};

/// Runs of the program.
mod program;
/// Lists as no honest account shows them.
mod scripted;

/// Encodes `sk_test_emulator:`.
const BASIC: &str = "Basic c2tfdGVzdF9lbXVsYXRvcjo=";
const BUDGET: &str = "[sync]\nrefresh_budget = 100000";

/// Starts an account whose feed tells nothing from now on.
async fn silent_account() -> Emulator {
    let emulator = account().await;
    emulator.lie(EventFaults { missing_percent: 100, ..EventFaults::default() });
    emulator
}

async fn mirrored(emulator: &Emulator) -> Home {
    let home = Home::new(&emulator.base_url(), BUDGET);
    assert!(home.sync(SyncOptions::default()).await.published);
    home
}

async fn try_verify(home: &Home, options: VerifyOptions, stopped: bool) -> Result<Findings> {
    let settings: Settings = home.settings();
    let account = |source: &paid_sync::config::Source| Account {
        source: source.clone(),
        key: Options::default().api_key.into(),
    };
    let accounts: Vec<Account> = settings.sources.iter().map(account).collect();
    let (_stop, stop) = watch::channel(stopped);
    let observer: Arc<dyn Observer> = Arc::new(Silent);
    verify::verify(&settings, &accounts, &options, &observer, &stop).await
}

async fn verified(home: &Home) -> Findings {
    try_verify(home, VerifyOptions::default(), false).await.unwrap()
}

async fn repaired(home: &Home) -> Findings {
    let options = VerifyOptions { repair: true, ..VerifyOptions::default() };
    try_verify(home, options, false).await.unwrap()
}

async fn sampled(home: &Home, rows: u32, seed: u64, streams: &[&str]) -> Findings {
    let streams = streams.iter().map(|name| (*name).to_owned()).collect();
    let sample = Some(Sample { rows, seed });
    let options = VerifyOptions { sample, streams, ..VerifyOptions::default() };
    try_verify(home, options, false).await.unwrap()
}

fn stream<'f>(findings: &'f Findings, name: &str) -> &'f StreamFindings {
    findings.streams.iter().find(|stream| stream.stream == name).unwrap()
}

/// Gives all differences as (stream, id, verdict, fields).
fn differences(findings: &Findings) -> Vec<(String, String, Verdict, Vec<String>)> {
    let of_stream = |stream: &StreamFindings| {
        let name = stream.stream.clone();
        let listed = stream.differences.clone().into_iter();
        listed.map(move |known| (name.clone(), known.id, known.verdict, known.fields))
    };
    findings.streams.iter().flat_map(of_stream).collect()
}

fn fields(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// Writes to the account and gives the object.
fn write(emulator: &Emulator, method: &str, path: &str, body: &str) -> Value {
    let answer =
        Line::open(emulator).ask(method, &format!("/v0{path}"), BASIC, body).expect("an answer");
    assert!((200..300).contains(&answer.status), "{method} {path}: {}", answer.body);
    serde_json::from_str(&answer.body).unwrap_or_default()
}

fn one_id(home: &Home, query: &str) -> String {
    home.open().texts(query, &[]).unwrap().remove(0)
}

fn deletable(home: &Home) -> String {
    let query = "SELECT id FROM paid.transactions WHERE invoice_id IS NULL \
                 AND NOT coalesce(paid, false) AND status IS DISTINCT FROM 'void' ORDER BY id";
    one_id(home, query)
}

/// Gives every file of the warehouse with its inode, size and time of change.
fn warehouse_files(home: &Home) -> BTreeMap<PathBuf, (u64, u64, i64, i64)> {
    let mut files = BTreeMap::new();
    let mut waiting = vec![home.warehouse()];
    while let Some(folder) = waiting.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let about = path.symlink_metadata().unwrap();
            if about.is_dir() {
                waiting.push(path.clone());
            }
            let known = (about.ino(), about.size(), about.mtime(), about.mtime_nsec());
            files.insert(path, known);
        }
    }
    files
}

#[tokio::test(flavor = "multi_thread")]
async fn an_equal_account_has_no_difference_and_nothing_is_touched() {
    let emulator = account().await;
    let home = mirrored(&emulator).await;
    let (bytes, files) = (std::fs::read(home.snapshot()).unwrap(), warehouse_files(&home));
    let before = emulator.log().len();
    let findings = verified(&home).await;
    assert_eq!(findings.exit_code(), 0, "{:#}", findings.to_json());
    assert_eq!(differences(&findings), []);
    for (name, rows) in emulator.counts() {
        let total = stream(&findings, &name).total();
        assert_eq!((total.api, total.warehouse, total.same), (rows, rows, rows), "{name}");
    }
    assert!(stream(&findings, "users").quarantined > 0, "the misplaced webhooks");
    let sums = &stream(&findings, "transactions").sums;
    assert!(sums.iter().all(|sum| sum.api == sum.warehouse && sum.column == "amount"));
    for currency in ["usd", "eur"] {
        let sum: i128 = sums
            .iter()
            .filter(|sum| sum.currency.as_deref() == Some(currency))
            .map(|sum| sum.warehouse)
            .sum();
        let query =
            format!("SELECT sum(amount) FROM paid.transactions WHERE currency='{currency}'");
        assert_eq!(sum, number(&home.open(), &query), "{currency}");
    }
    assert_eq!(std::fs::read(home.snapshot()).unwrap(), bytes);
    assert_eq!(warehouse_files(&home), files);
    let asked = emulator.log().split_off(before);
    assert!(!asked.is_empty() && asked.iter().all(|request| request.method == "GET"));
    assert_eq!(usize::try_from(findings.requests).unwrap(), asked.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn b11_an_edit_without_an_event_is_found_with_exactly_its_field() {
    let emulator = silent_account().await;
    let home = mirrored(&emulator).await;
    let id = one_id(&home, "SELECT id FROM paid.customers ORDER BY id");
    write(&emulator, "PUT", &format!("/customers/{id}"), "phone=%2B49%2030%20901820");
    let findings = verified(&home).await;
    assert_eq!(findings.exit_code(), 1);
    let expected = ("customers".to_owned(), id, Verdict::Different, fields(&["phone"]));
    assert_eq!(differences(&findings), [expected]);
    let total = stream(&findings, "customers").total();
    assert_eq!((total.different, total.same + 1), (1, total.api));
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_filled_by_id_are_compared_with_what_lists_show_of_them() {
    let emulator = account().await;
    let home = mirrored(&emulator).await;
    let query = "SELECT id FROM paid.invoices WHERE NOT coalesce(voided, false) \
                 ORDER BY created_at, id";
    let id = one_id(&home, query);
    write(&emulator, "PUT", &format!("/invoices/{id}"), "summary=Noted");
    // A lone object is read by id.
    emulator.pass(1_200, false);
    home.sync(SyncOptions::default()).await;
    let query = format!("SELECT count(*) FROM _sync.views WHERE id = '{id}'");
    assert_eq!(number(&home.open(), &query), 1, "it was read by id");
    let findings = verified(&home).await;
    assert_eq!((findings.exit_code(), differences(&findings)), (0, vec![]));

    emulator.lie(EventFaults { missing_percent: 100, ..EventFaults::default() });
    write(&emulator, "PUT", &format!("/invoices/{id}"), "summary=Thank%20you");
    let findings = verified(&home).await;
    let expected = ("invoices".to_owned(), id.clone(), Verdict::Different, fields(&["summary"]));
    assert_eq!(differences(&findings), std::slice::from_ref(&expected));
    let findings = sampled(&home, 100_000, 1, &["invoices"]).await;
    assert_eq!(differences(&findings), [expected]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_object_is_extra_and_named_once() {
    let emulator = silent_account().await;
    let home = mirrored(&emulator).await;
    let id = deletable(&home);
    write(&emulator, "DELETE", &format!("/transactions/{id}"), "");
    let findings = verified(&home).await;
    let expected = ("transactions".to_owned(), id, Verdict::Extra, vec![]);
    assert_eq!(differences(&findings), [expected]);
    let total = stream(&findings, "transactions").total();
    assert_eq!((total.extra, total.api + 1), (1, total.warehouse));
    let sums = &stream(&findings, "transactions").sums;
    assert_eq!(sums.iter().filter(|sum| sum.api != sum.warehouse).count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_younger_than_the_snapshot_is_newer_and_what_is_older_is_missing() {
    let emulator = silent_account().await;
    let home = mirrored(&emulator).await;
    write(&emulator, "POST", "/plans", "name=late&amount=100&description=Late");
    let findings = verified(&home).await;
    assert_eq!((findings.exit_code(), differences(&findings)), (0, vec![]));
    assert_eq!(stream(&findings, "plans").total().newer, 1);
    write(&emulator, "POST", "/webhooks", "url=https%3A%2F%2Fshop.example%2Fhook");
    let findings = verified(&home).await;
    assert_eq!((findings.exit_code(), differences(&findings)), (0, vec![]));
    assert_eq!(stream(&findings, "webhooks").total().newer, 1, "a list without windows");

    let played = emulator.churn(Churn { actions: 300, seed: 3, ..Churn::default() });
    let old = emulator.now() - 3_600;
    let dated_back: Vec<String> = played
        .iter()
        .filter(|done| done.stream == "transactions" && done.created_at.is_some_and(|at| at < old))
        .map(|done| done.id.clone())
        .collect();
    assert!(!dated_back.is_empty());
    let findings = verified(&home).await;
    let missing: Vec<String> = differences(&findings)
        .into_iter()
        .filter(|(stream, _, verdict, _)| stream == "transactions" && *verdict == Verdict::Missing)
        .map(|(_, id, _, _)| id)
        .collect();
    for id in dated_back {
        let is_alive = get_as_owner(&emulator, &format!("/transactions/{id}")) == 200;
        assert_eq!(missing.contains(&id), is_alive, "{id}");
    }
}

fn get_as_owner(emulator: &Emulator, path: &str) -> u16 {
    Line::open(emulator).ask("GET", &format!("/v0{path}"), BASIC, "").unwrap().status
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_time_of_creation_the_head_of_the_list_is_newer() {
    let options = Options { hide_created_at: true, ..Options::default() };
    let emulator = Emulator::start(options).await.unwrap();
    let home = mirrored(&emulator).await;
    write(&emulator, "POST", "/customers", "name=Late");
    let findings = verified(&home).await;
    assert_eq!((findings.exit_code(), differences(&findings)), (0, vec![]));
    let customers = stream(&findings, "customers");
    assert_eq!(customers.total().newer, 1);
    assert_eq!(customers.months.len(), 1, "nothing tells the month");
    assert_eq!(customers.months[0].month, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn events_that_the_feed_forgot_are_no_difference() {
    let emulator = account().await;
    let home = mirrored(&emulator).await;
    emulator.lie(EventFaults { keep_days: Some(2), ..EventFaults::default() });
    emulator.advance(3);
    let options = VerifyOptions { streams: vec!["events".to_owned()], ..VerifyOptions::default() };
    let findings = try_verify(&home, options, false).await.unwrap();
    let events = stream(&findings, "events");
    let total = events.total();
    assert!(total.forgotten > 0 && total.newer > 0, "{total:?}");
    assert_eq!(total.api - total.newer, total.warehouse - total.forgotten, "{total:?}");
    assert_eq!((findings.exit_code(), differences(&findings)), (0, vec![]));
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_of_a_list_that_ignores_its_cursor_are_asked_for_by_id() {
    let emulator = silent_account().await;
    let home = mirrored(&emulator).await;
    let id = one_id(&home, "SELECT id FROM paid.webhooks ORDER BY id");
    write(&emulator, "DELETE", &format!("/webhooks/{id}"), "");
    let findings = verified(&home).await;
    let webhooks = stream(&findings, "webhooks");
    assert!(webhooks.note.as_deref().unwrap().contains("cursor_ignored"));
    assert_eq!(differences(&findings), [("webhooks".to_owned(), id, Verdict::Gone, vec![])]);
    let total = webhooks.total();
    assert_eq!((total.gone, total.forgotten, total.api + 1), (1, 0, total.warehouse));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sample_reads_by_id_and_can_be_repeated() {
    let emulator = silent_account().await;
    let home = mirrored(&emulator).await;
    let streams = ["customers", "transactions"];
    let asked = |seed| {
        let (emulator, home) = (&emulator, &home);
        async move {
            let before = emulator.log().len();
            let findings = sampled(home, 20, seed, &streams).await;
            assert_eq!((findings.exit_code(), findings.seed), (0, Some(seed)));
            let mut paths: Vec<String> =
                emulator.log().split_off(before).into_iter().map(|asked| asked.path).collect();
            paths.sort();
            assert_eq!(paths.len(), 41, "the account, then each row");
            assert!(paths.iter().all(|path| path == "/account" || path.matches('/').count() == 2));
            paths
        }
    };
    let first = asked(7).await;
    assert_eq!(asked(7).await, first);
    assert_ne!(asked(8).await, first);

    let gone = deletable(&home);
    write(&emulator, "DELETE", &format!("/transactions/{gone}"), "");
    let edited = one_id(&home, "SELECT id FROM paid.customers ORDER BY id DESC");
    write(&emulator, "PUT", &format!("/customers/{edited}"), "notes=changed");
    let findings = sampled(&home, 100_000, 1, &streams).await;
    assert_eq!(findings.exit_code(), 1);
    let expected = [
        ("customers".to_owned(), edited, Verdict::Different, fields(&["notes"])),
        ("transactions".to_owned(), gone, Verdict::Gone, vec![]),
    ];
    assert_eq!(differences(&findings), expected);
    let rows = number(&home.open(), "SELECT count(*) FROM paid.transactions");
    assert_eq!(i128::from(stream(&findings, "transactions").total().warehouse), rows);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repair_mends_edits_deletions_and_what_is_missing() {
    let emulator = silent_account().await;
    let home = mirrored(&emulator).await;
    let run = verified(&home).await.snapshot_run;
    let edited = one_id(&home, "SELECT id FROM paid.customers ORDER BY id");
    write(&emulator, "PUT", &format!("/customers/{edited}"), "phone=123");
    let gone = deletable(&home);
    write(&emulator, "DELETE", &format!("/transactions/{gone}"), "");
    emulator.churn(Churn { actions: 60, seed: 5, silent_percent: 100, ..Churn::default() });
    let before = emulator.requests();

    let findings = repaired(&home).await;
    let found = differences(&findings);
    assert!(found.iter().any(|(_, id, verdict, _)| *id == gone && *verdict == Verdict::Extra));
    assert!(
        found.iter().any(|(_, id, verdict, _)| *id == edited && *verdict == Verdict::Different)
    );
    let repair = findings.repair.as_ref().expect("something was repaired");
    assert_eq!(repair.left, [], "{:#}", findings.to_json());
    assert_eq!((repair.marked, repair.repaired()), (found.len(), found.len()));
    assert_eq!(findings.exit_code(), 0, "{:#}", findings.to_json());
    assert_eq!(emulator.requests().non_get, before.non_get, "only GET was sent");

    let again = verified(&home).await;
    assert_eq!((again.exit_code(), differences(&again)), (0, vec![]));
    assert_ne!(again.snapshot_run, run);
    let database = home.open();
    let newer = stream(&again, "transactions").total().newer;
    assert_eq!(counts(&database)["transactions"] + newer, emulator.counts()["transactions"]);
    let phone =
        format!("SELECT count(*) FROM paid.customers WHERE id = '{edited}' AND phone = '123'");
    assert_eq!(number(&database, &phone), 1);
    let deleted =
        format!("SELECT count(*) FROM paid_history.transactions WHERE id = '{gone}' AND _deleted");
    assert_eq!(number(&database, &deleted), 1, "the deleted version stays in history");
    let command = "SELECT count(*) FROM _sync.runs WHERE command = 'verify --repair'";
    assert_eq!(number(&database, command), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repair_of_nothing_starts_no_run() {
    let emulator = account().await;
    let home = mirrored(&emulator).await;
    let files = warehouse_files(&home);
    let findings = repaired(&home).await;
    assert!(findings.repair.is_none() && findings.exit_code() == 0);
    assert_eq!(warehouse_files(&home), files);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_amount_shows_in_the_sums_of_its_month_and_currency() {
    let emulator = account().await;
    let home = mirrored(&emulator).await;
    let snapshot = home.snapshot();
    std::fs::set_permissions(&snapshot, std::fs::Permissions::from_mode(0o640)).unwrap();
    let access = Access::ReadWrite { spill_directory: home.path("spill"), memory_limit: "512MB" };
    let database = Database::open(&snapshot, &access).unwrap();
    database
        .execute_batch(
            "UPDATE paid.transactions SET amount = amount + 1 WHERE id = \
             (SELECT min(id) FROM paid.transactions WHERE currency = 'usd')",
        )
        .unwrap();
    database.checkpoint_and_close().unwrap();
    let findings = verified(&home).await;
    assert_eq!((findings.exit_code(), differences(&findings)), (1, vec![]));
    let sums = &stream(&findings, "transactions").sums;
    let wrong: Vec<_> = sums.iter().filter(|sum| sum.api != sum.warehouse).collect();
    assert_eq!(wrong.len(), 1, "{wrong:?}");
    assert_eq!(wrong[0].warehouse - wrong[0].api, 1);
    assert_eq!(wrong[0].currency.as_deref(), Some("usd"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_the_account_never_had_is_skipped_and_said_so() {
    let emulator = account().await;
    emulator.fault(Fault::on("/statements").always().status(402));
    let home = mirrored(&emulator).await;
    let findings = verified(&home).await;
    assert_eq!(findings.exit_code(), 0, "{:#}", findings.to_json());
    let skipped = stream(&findings, "statements").skipped.as_deref();
    assert_eq!(skipped, Some("unavailable_on_plan"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_fails_is_an_error_and_the_others_are_compared() {
    let emulator = account().await;
    let home = mirrored(&emulator).await;
    emulator.fault(Fault::on("/plans").always().status(404));
    let findings = verified(&home).await;
    assert_eq!(findings.exit_code(), 3);
    assert_eq!(findings.errors.len(), 1, "{:?}", findings.errors);
    assert!(findings.streams.iter().all(|known| known.stream != "plans"));
    assert!(stream(&findings, "invoices").total().same > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_list_where_rows_are_known_is_refused_not_believed() {
    let emulator = account().await;
    let home = mirrored(&emulator).await;
    emulator.fault(Fault::on("/plans").always().empty_page());
    let findings = verified(&home).await;
    assert_eq!((findings.exit_code(), differences(&findings)), (3, vec![]));
    assert_eq!(findings.errors[0].kind(), Kind::Contract);
    assert!(findings.errors[0].to_string().contains("empty twice"), "{}", findings.errors[0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_snapshot_or_with_another_account_nothing_is_compared() {
    let emulator = account().await;
    let home = Home::new(&emulator.base_url(), "");
    let error = try_verify(&home, VerifyOptions::default(), false).await.unwrap_err();
    assert_eq!((error.kind(), error.kind().exit_code()), (Kind::Unpublished, 4));
    assert_eq!(emulator.log().len(), 0);
    assert!(!home.warehouse().exists());

    let mirrored = mirrored(&emulator).await;
    let options = Options { account_id: Some("acct_other".to_owned()), ..Options::default() };
    let other = Emulator::start(options).await.unwrap();
    let config = std::fs::read_to_string(mirrored.path("sync.toml")).unwrap();
    let config = config.replace(&emulator.base_url(), &other.base_url());
    std::fs::write(mirrored.path("sync.toml"), config).unwrap();
    let findings = verified(&mirrored).await;
    assert_eq!(findings.exit_code(), 2, "{:?}", findings.errors);
    assert_eq!(findings.errors[0].kind(), Kind::WrongAccount);
    let paths: Vec<String> = other.log().into_iter().map(|request| request.path).collect();
    assert_eq!(paths, ["/account"], "no list was asked for");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signal_ends_it_with_its_own_exit_code() {
    let emulator = account().await;
    let home = mirrored(&emulator).await;
    let files = warehouse_files(&home);
    let error = try_verify(&home, VerifyOptions::default(), true).await.unwrap_err();
    assert_eq!((error.kind(), error.kind().exit_code()), (Kind::Interrupted, 5));
    assert_eq!(warehouse_files(&home), files);
}
