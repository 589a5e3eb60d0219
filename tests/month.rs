//! Nightly runs, compared night by night with the truth, history included.
//!
//! Nine nights, which hold a re-walk, in the usual suite; `PAID_SYNC_HUNT_NIGHTS=30` for a month.

use std::collections::{BTreeMap, BTreeSet};

use paid_sync::catalog::StreamSpec;
use paid_sync::database::Database;
use paid_sync::emulator::{Churn, Emulator, Fault, Options};
use paid_sync::model::Cell;
use paid_sync::normalize::Sensitive;
use paid_sync::run::SyncOptions;
use serde_json::Value;

use crate::support::oracle::{self, Oracle, Rows, Shown};
use crate::support::warehouse::{Home, files, number, tables};

/// Nights that are played unless told otherwise.
const NIGHTS: usize = 9;
/// Seconds by which windows end before the present, unless told otherwise.
const SETTLE_LAG: i64 = 60;
const MINUTE: i64 = 60;

fn nights_to_play() -> usize {
    let told = std::env::var("PAID_SYNC_HUNT_NIGHTS").ok();
    told.and_then(|nights| nights.parse().ok()).unwrap_or(NIGHTS)
}

/// What was true on a night, just before the mirror ran.
struct Night {
    at: i64,
    truth: BTreeMap<&'static str, Rows>,
    /// Objects that events of this day name, by stream, less events too fresh to be read.
    named: BTreeSet<(String, String)>,
}

/// Streams with current rows, less those that only grow.
fn living() -> impl Iterator<Item = &'static StreamSpec> {
    tables().filter(|spec| !spec.append_only)
}

impl Night {
    fn of(emulator: &Emulator, oracle: &Oracle, since: i64) -> Self {
        let at = emulator.now();
        let truth = living().map(|spec| (spec.name, oracle.truth(emulator, spec, None))).collect();
        let events = emulator.truth("events", None).unwrap();
        let events = events.iter().map(|event| serde_json::from_slice::<Value>(event).unwrap());
        let readable = events.filter(|event| {
            let created_at = event["created_at"].as_i64().unwrap();
            created_at > since - SETTLE_LAG && created_at <= at - SETTLE_LAG
        });
        let name = |event: Value| {
            let word = |field: &str| event["data"][field].as_str().unwrap_or_default().to_owned();
            (word("object"), word("id"))
        };
        Self { at, truth, named: readable.map(name).collect() }
    }
}

/// What freshness promises of a stream, in Unix seconds.
struct Promise {
    edits: Option<i64>,
    deletes: Option<i64>,
}

fn promise(database: &Database, spec: &StreamSpec) -> Promise {
    let bound = |column: &str| {
        let query = format!(
            "SELECT epoch_us({column}) // 1000000 FROM _sync.freshness WHERE stream = '{}'",
            spec.name
        );
        database.optional_integer(&query, &[]).unwrap()
    };
    Promise { edits: bound("edits_guaranteed_to"), deletes: bound("deletes_guaranteed_to") }
}

/// Checks one stream after a run: what is missing, what should be gone, and what is out of date
/// although it was promised not to be.
fn judge(spec: &'static StreamSpec, nights: &[Night], shown: &Shown, database: &Database) {
    let tonight = nights.last().unwrap();
    let (truth, found) = (&tonight.truth[spec.name], &shown.rows[spec.name]);
    let promise = promise(database, spec);
    let place = format!("night {}, {}", nights.len(), spec.name);
    let missing: Vec<_> = truth.keys().filter(|id| !found.contains_key(*id)).collect();
    assert!(missing.is_empty(), "{place}: {missing:?} are missing");
    for (id, row) in found {
        let is_true_on = |night: &Night| match night.truth[spec.name].get(id) {
            Some(truth) => is_same(spec, truth, row),
            None => false,
        };
        if is_true_on(tonight) {
            continue;
        }
        let Some(truth) = truth.get(id) else {
            let died =
                nights.iter().find(|night| !night.truth[spec.name].contains_key(id)).unwrap();
            let should_be_gone = promise.deletes.is_some_and(|promised| promised >= died.at);
            assert!(!should_be_gone, "{place}: {id} was deleted by {}", died.at);
            continue;
        };
        let promised = promise.edits.unwrap_or(i64::MIN);
        let since = nights.iter().rposition(|night| night.at <= promised).unwrap_or(0);
        assert!(
            nights[since..].iter().any(is_true_on),
            "{place}: {id} is older than the promised {promised}: {row:?}, not {truth:?}"
        );
        let is_named = |night: &Night| night.named.contains(&(spec.object.to_owned(), id.clone()));
        let last_true = nights.iter().rposition(is_true_on).unwrap_or(0);
        assert!(
            !nights[last_true + 1..].iter().any(is_named),
            "{place}: an event named {id}, but it reads {row:?}, not {truth:?}"
        );
    }
}

/// A row that no GET has read lacks what only a GET shows.
fn is_same(spec: &StreamSpec, truth: &[Cell], row: &[Cell]) -> bool {
    let cells = oracle::columns(spec).into_iter().zip(truth.iter().zip(row));
    cells
        .into_iter()
        .all(|(column, (should, is))| should == is || oracle::is_get_only(spec, column))
}

async fn follow(emulator: &Emulator, silent_percent: u8) -> (usize, usize) {
    let home = Home::new(&emulator.base_url(), "");
    let oracle = Oracle::new(Sensitive::Keep);
    let (mut nights, mut shown): (Vec<Night>, Vec<Shown>) = (Vec::new(), Vec::new());
    let (mut stale, mut rows) = (0, 0);
    for number in 0..nights_to_play() {
        let since = emulator.now();
        let churn = Churn {
            actions: 40,
            seed: u64::try_from(number).unwrap(),
            over_seconds: 7_200,
            silent_percent,
            backdate: false,
        };
        emulator.churn(churn);
        // Back to noon, so that mornings are over when the mirror runs.
        emulator.pass(22 * 3_600, true);
        nights.push(Night::of(emulator, &oracle, since));
        let summary = home.sync(SyncOptions::default()).await;
        assert!(matches!(summary.exit_code(), 0 | 1), "{:#}", summary.to_json());
        let database = home.open();
        let seen = Shown::of(&database, nights[number].at);
        for spec in living() {
            judge(spec, &nights, &seen, &database);
            let (truth, found) = (&nights[number].truth[spec.name], &seen.rows[spec.name]);
            let is_true = |(id, row): &(&String, &Vec<Cell>)| {
                truth.get(*id).is_some_and(|truth| is_same(spec, truth, row))
            };
            rows += found.len();
            stale += found.len() - found.iter().filter(is_true).count();
        }
        shown.push(seen);
    }
    let forgotten = oracle::forgotten(&home.open(), &shown, false);
    assert!(forgotten.is_empty(), "{forgotten:#?}");
    (stale, rows)
}

#[tokio::test(flavor = "multi_thread")]
async fn b14_a_month_of_nights_is_true_every_night_when_events_tell_everything() {
    let emulator = Emulator::start(Options::default()).await.unwrap();
    let (stale, rows) = follow(&emulator, 0).await;
    eprintln!("a truthful month: {stale} of {rows} rows out of date, summed over all nights");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_month_with_silent_edits_is_as_true_as_freshness_promises() {
    let emulator = Emulator::start(Options { seed: 2, ..Options::default() }).await.unwrap();
    let (stale, rows) = follow(&emulator, 30).await;
    eprintln!("a silent month: {stale} of {rows} rows out of date, summed over all nights");
    assert!(stale * 50 < rows, "{stale} of {rows} rows were out of date");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_month_without_changes_writes_no_version_whatever_lists_and_gets_show() {
    let emulator = Emulator::start(Options::default()).await.unwrap();
    // List copies stay poorer than those of GET, as CONTRACT A-31 expects of live servers.
    for list in ["/invoices", "/transactions", "/customers"] {
        emulator.fault(Fault::on(list).always().lean_list(&["metadata", "terms"]));
    }
    let home = Home::new(&emulator.base_url(), "");
    home.sync(SyncOptions::default()).await;
    home.sync(SyncOptions::default()).await;
    let parts = || files(&home.warehouse().join("changes")).len();
    let (rows, versions) = (counts(&home.open(), "paid"), counts(&home.open(), "paid_history"));
    let views = "SELECT sum(views) FROM paid.invoices";
    let before = number(&home.open(), views);
    let mut has_unseen_views = false;
    for night in 0..nights_to_play() {
        // Twenty minutes of an afternoon, in which nothing is due.
        emulator.pass(u32::try_from(20 * MINUTE).unwrap(), false);
        let is_viewed = night % 5 == 2;
        if is_viewed {
            emulator.view_invoices();
            // Those of settled invoices show at the next walk of the whole list.
            has_unseen_views = true;
        }
        let known = parts();
        let full = night % 5 == 4;
        let summary = home.sync(SyncOptions { full, ..SyncOptions::default() }).await;
        assert_eq!(summary.exit_code(), 0, "night {night}: {:#}", summary.to_json());
        let database = home.open();
        assert_eq!(counts(&database, "paid"), rows, "night {night}: rows");
        assert_eq!(counts(&database, "paid_history"), versions, "night {night}: versions");
        if !has_unseen_views {
            assert_eq!(summary.rows_written(), 0, "night {night}: {:#}", summary.to_json());
            assert_eq!(parts(), known, "night {night}: the change log grew");
        }
        has_unseen_views &= !full;
    }
    assert!(number(&home.open(), views) > before, "views are followed in place");
}

fn counts(database: &Database, schema: &str) -> BTreeMap<&'static str, i128> {
    let count = |spec: &'static StreamSpec| {
        (spec.name, number(database, &format!("SELECT count(*) FROM {schema}.{}", spec.name)))
    };
    tables().map(count).collect()
}
