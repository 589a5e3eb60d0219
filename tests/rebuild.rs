//! A lost or damaged working database is rebuilt without a request to the API, and is what it was.

mod damage;
mod normalizer;

use std::collections::BTreeMap;
use std::fmt::{self, Display};
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::Command;

use paid_sync::catalog::StreamSpec;
use paid_sync::database::{Access, Database, qualified};
use paid_sync::emulator::{Churn, Emulator, Options};
use paid_sync::fault;
use paid_sync::model::Table;
use paid_sync::run::{Lock, SyncOptions};

use crate::support::warehouse::{Home, account, number, tables};

const SETTINGS: &str = "[sync]\nrefresh_budget = 100000";

/// How the program ended.
struct Ended {
    words: String,
    code: Option<i32>,
    signal: Option<i32>,
    stdout: String,
    stderr: String,
}

impl Ended {
    #[track_caller]
    fn expect(self, code: i32, told: &[&str]) -> Self {
        assert_eq!(self.code, Some(code), "{self}");
        for words in told {
            assert!(self.stderr.contains(words), "{words:?} is missing: {self}");
        }
        self
    }
}

impl Display for Ended {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { words, code, signal, stdout, stderr } = self;
        write!(formatter, "`{words}` ended with {code:?}, {signal:?}\n{stdout}\n--- {stderr}")
    }
}

fn run(home: &Home, words: &str, drill: Option<&str>) -> Ended {
    let mut command = Command::new(env!("CARGO_BIN_EXE_paid-sync"));
    command
        .args(words.split_whitespace())
        .args(["--no-progress", "--config"])
        .arg(home.path("sync.toml"))
        .env("PAID_API_KEY", Options::default().api_key);
    if let Some(drill) = drill {
        command.env("PAID_SYNC_FAULT", drill);
    }
    let output = command.output().unwrap();
    Ended {
        words: words.to_owned(),
        code: output.status.code(),
        signal: output.status.signal(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

fn working(home: &Home) -> PathBuf {
    home.warehouse().join("work/warehouse.duckdb")
}

fn open_working(home: &Home) -> Database {
    Database::open(&working(home), &Access::ReadOnly).unwrap()
}

/// Gives a twin of a home, at another account if told.
fn copy(home: &Home, base_url: &str, settings: &str) -> Home {
    let twin = Home::new(base_url, settings);
    let status = Command::new("cp")
        .arg("-a")
        .arg(home.warehouse())
        .arg(twin.folder.path())
        .status()
        .unwrap();
    assert!(status.success());
    twin
}

/// Lets days pass at the account, with edits of all kinds, some of them without an event.
fn change(emulator: &Emulator, seed: u64) {
    emulator.advance(2);
    let churn =
        Churn { actions: 300, seed, over_seconds: 20_000, silent_percent: 20, ..Churn::default() };
    assert!(!emulator.churn(churn).is_empty());
    emulator.advance(1);
}

/// An account that was mirrored three times, with changes in between and a walk of all lists.
async fn mirrored(settings: &str) -> (Emulator, Home) {
    let emulator = account().await;
    let home = Home::new(&emulator.base_url(), settings);
    home.sync(SyncOptions::default()).await;
    change(&emulator, 5);
    home.sync(SyncOptions { full: true, ..SyncOptions::default() }).await;
    change(&emulator, 6);
    home.sync(SyncOptions::default()).await;
    let database = home.open();
    let deleted = tables().map(|spec| {
        let history = qualified("paid_history", spec.name);
        number(&database, &format!("SELECT count(*) FROM {history} WHERE _deleted"))
    });
    assert!(deleted.sum::<i128>() > 0, "some objects were deleted meanwhile");
    assert!(number(&database, "SELECT count(*) FROM _sync.views") > 0, "some were read by id");
    drop(database);
    (emulator, home)
}

/// Everything that a rebuild must bring back as it was.
struct Whole(BTreeMap<String, Table>);

fn whole(database: &Database) -> Whole {
    let mut queries: BTreeMap<String, String> = BTreeMap::new();
    for spec in tables() {
        for schema in ["paid", "paid_history"] {
            let table = qualified(schema, spec.name);
            queries.insert(table.clone(), format!("SELECT * FROM {table} ORDER BY ALL"));
        }
    }
    let quarantine = "SELECT * FROM _sync.quarantine ORDER BY ALL";
    queries.insert("quarantine".to_owned(), quarantine.to_owned());
    let sources = "SELECT * FROM _sync.sources ORDER BY ALL";
    queries.insert("sources".to_owned(), sources.to_owned());
    let table = |(name, query): (String, String)| (name, database.table(&query, &[]).unwrap());
    Whole(queries.into_iter().map(table).collect())
}

#[track_caller]
fn assert_same(found: &Whole, expected: &Whole, what: &str) {
    let versions: usize = expected.0.values().map(|table| table.rows.len()).sum();
    assert!(versions > 1_000, "{versions} rows prove little");
    for (name, expected) in &expected.0 {
        let found = &found.0[name];
        let columns: Vec<&str> =
            expected.columns.iter().map(|column| column.name.as_str()).collect();
        for (found, expected) in found.rows.iter().zip(&expected.rows) {
            let id = &expected[0];
            for (column, (found, expected)) in columns.iter().zip(found.iter().zip(expected)) {
                assert_eq!(found, expected, "{what}: {column} of {id:?} in {name}");
            }
        }
        assert_eq!(found.rows.len(), expected.rows.len(), "{what}: rows of {name}");
    }
}

/// Tells whether a GET shows fields that lists do not.
fn is_richer_by_id(spec: &StreamSpec) -> bool {
    spec.has_column("chase_schedule")
}

/// Gives what list copies show of a table: whether a row is read by id as well is up to the planner,
/// which hints lead.
fn listed(database: &Database, spec: &StreamSpec) -> Table {
    let read_by_id = if is_richer_by_id(spec) { ", chase_schedule, next_chase_on" } else { "" };
    let query = format!(
        "SELECT * EXCLUDE (_first_seen_at, _changed_at, _run_id, _row_hash{read_by_id}) FROM {} \
         ORDER BY id",
        qualified("paid", spec.name)
    );
    database.table(&query, &[]).unwrap()
}

/// Checks that runs after a rebuild give what they give where none was needed.
fn assert_goes_on_alike(rebuilt: &Home, twin: &Home, what: &str) {
    // After a rebuild from the change log alone every list is walked, so let the twin do it too.
    for home in [twin, rebuilt] {
        let ended = run(home, "sync --full", None);
        assert!(matches!(ended.code, Some(0 | 1)), "{what}: {ended}");
    }
    let (rebuilt, twin) = (rebuilt.open(), twin.open());
    let essence = |database: &Database| {
        Whole(tables().map(|spec| (spec.name.to_owned(), listed(database, spec))).collect())
    };
    assert_same(&essence(&rebuilt), &essence(&twin), what);
    for spec in tables().filter(|spec| !is_richer_by_id(spec)) {
        let versions = format!("SELECT count(*) FROM {}", qualified("paid_history", spec.name));
        let counted = (number(&rebuilt, &versions), number(&twin, &versions));
        assert_eq!(counted.0, counted.1, "{what}: versions of {}", spec.name);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_happens_to_it_the_database_comes_back_as_it_was() {
    let (emulator, home) = mirrored(SETTINGS).await;
    let expected = whole(&home.open());
    let snapshot = std::fs::read(home.snapshot()).unwrap();
    let asked = emulator.requests().total;
    let bytes = std::fs::read(working(&home)).unwrap();
    let spoilt: [(&str, Option<&[u8]>); 4] = [
        ("lost", None),
        ("empty", Some(&[])),
        ("cut off", Some(&bytes[..bytes.len() / 3])),
        ("garbled", Some(b"no database, for all its length\n")),
    ];
    for (what, content) in spoilt {
        for words in ["rebuild", "rebuild --from-changes"] {
            std::fs::remove_file(working(&home)).unwrap();
            if let Some(content) = content {
                std::fs::write(working(&home), content).unwrap();
            }
            let told = ["working database", "paid-sync rebuild"];
            run(&home, "sync", None).expect(4, &told);
            let ended = run(&home, words, None).expect(0, &["rebuilt from the"]);
            assert!(ended.stdout.contains("transactions"), "{ended}");
            assert_same(&whole(&open_working(&home)), &expected, &format!("{what}, {words}"));
            let broken = home.warehouse().join("work/warehouse.broken.duckdb");
            if let Some(content) = content {
                assert_eq!(
                    std::fs::read(broken).unwrap(),
                    content,
                    "{what}: what was there is kept"
                );
            }
            assert!(!home.warehouse().join("work/rebuild").exists(), "{what}: swept");
        }
    }
    assert_eq!(emulator.requests().total, asked, "no request was sent");
    assert_eq!(std::fs::read(home.snapshot()).unwrap(), snapshot, "readers see what they saw");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_runs_after_a_rebuild_are_those_of_a_warehouse_that_needed_none() {
    let (emulator, home) = mirrored(SETTINGS).await;
    let homes: Vec<(&str, Home)> = ["rebuild", "rebuild --from-changes"]
        .into_iter()
        .map(|words| (words, copy(&home, &emulator.base_url(), SETTINGS)))
        .collect();
    for (words, rebuilt) in &homes {
        std::fs::remove_file(working(rebuilt)).unwrap();
        run(rebuilt, words, None).expect(0, &[]);
    }
    change(&emulator, 7);
    let last = "SELECT max(run_number) FROM _sync.runs";
    let before = number(&home.open(), last);
    for (words, rebuilt) in &homes {
        let twin = copy(&home, &emulator.base_url(), SETTINGS);
        assert_goes_on_alike(rebuilt, &twin, words);
        assert_eq!(number(&rebuilt.open(), last), before + 1, "{words}: numbers go on rising");
        let runs = "SELECT count(DISTINCT run_id) FROM _sync.runs WHERE status = 'complete' \
                    OR status = 'degraded'";
        assert_eq!(number(&rebuilt.open(), runs), before + 1, "{words}: runs are remembered");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_snapshot_shows_yet_comes_back_from_the_change_log() {
    let (emulator, home) = mirrored(SETTINGS).await;
    change(&emulator, 8);
    let killed = run(&home, "sync", Some("run.finished"));
    assert_eq!(killed.signal, Some(6), "{killed}");
    // The killed process left a log, which only a writer reads.
    let seen = copy(&home, &emulator.base_url(), SETTINGS);
    let spill_directory = seen.path("spill");
    let access = Access::ReadWrite { spill_directory, memory_limit: "500MB" };
    let expected = whole(&Database::open(&working(&seen), &access).unwrap());
    let shown = whole(&home.open());
    let events = |whole: &Whole| whole.0["\"paid\".\"events\""].rows.len();
    assert!(events(&shown) < events(&expected), "readers see less");
    for words in ["rebuild", "rebuild --from-changes"] {
        let home = copy(&home, &emulator.base_url(), SETTINGS);
        std::fs::remove_file(working(&home)).unwrap();
        run(&home, words, None).expect(0, &[]);
        assert_same(&whole(&open_working(&home)), &expected, words);
        let waiting = "SELECT count(*) FROM _sync.parts";
        let parts = paid_sync::durable::files_below(&home.warehouse().join("changes"), "parquet");
        let parts = i128::try_from(parts.unwrap().len()).unwrap();
        assert_eq!(number(&open_working(&home), waiting), parts, "{words}: every part is named");
        let twin = copy(&seen, &emulator.base_url(), SETTINGS);
        assert_goes_on_alike(&home, &twin, words);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rebuild_killed_at_any_point_leaves_the_old_database_or_the_new_one() {
    let (emulator, home) = mirrored(SETTINGS).await;
    let expected = whole(&home.open());
    let ready = fault::REBUILD.iter().position(|point| *point == "rebuild.ready").unwrap();
    for (index, drill) in fault::REBUILD.iter().copied().enumerate() {
        let words =
            if drill == "rebuild.part_replayed" { "rebuild --from-changes" } else { "rebuild" };
        // A healthy database: the next run needs no advice.
        let healthy = copy(&home, &emulator.base_url(), SETTINGS);
        let killed = run(&healthy, words, Some(drill));
        assert_eq!(killed.signal, Some(6), "{drill}: {killed}");
        let next = run(&healthy, "sync", None);
        assert!(matches!(next.code, Some(0 | 1)), "{drill}: {next}");
        assert_same(&whole(&healthy.open()), &expected, drill);
        assert!(!healthy.warehouse().join("work/rebuild").exists(), "{drill}: swept");

        // A lost one: refused, or finished by the next run.
        let lost = copy(&home, &emulator.base_url(), SETTINGS);
        std::fs::write(working(&lost), b"garbage").unwrap();
        std::fs::write(lost.warehouse().join("work/warehouse.duckdb.wal"), b"stray").unwrap();
        let killed = run(&lost, words, Some(drill));
        assert_eq!(killed.signal, Some(6), "{drill}: {killed}");
        if index < ready {
            run(&lost, "sync", None).expect(4, &["paid-sync rebuild"]);
            run(&lost, words, None).expect(0, &[]);
            assert_same(&whole(&open_working(&lost)), &expected, drill);
        }
        let next = run(&lost, "sync", None);
        assert!(matches!(next.code, Some(0 | 1)), "{drill}: {next}");
        if index >= ready {
            assert_same(&whole(&lost.open()), &expected, drill);
        }
        let broken = lost.warehouse().join("work/warehouse.broken.duckdb");
        assert_eq!(std::fs::read(broken).unwrap(), b"garbage", "{drill}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn masked_fields_stay_masked_and_their_salt_is_kept() {
    for sensitive in ["drop", "hash"] {
        let settings = format!("{SETTINGS}\nsensitive = \"{sensitive}\"");
        let (emulator, home) = mirrored(&settings).await;
        let expected = whole(&home.open());
        let salt = std::fs::read(home.warehouse().join("work/salt")).ok();
        assert_eq!(salt.is_some(), sensitive == "hash");
        for words in ["rebuild", "rebuild --from-changes"] {
            let rebuilt = copy(&home, &emulator.base_url(), &settings);
            std::fs::remove_file(working(&rebuilt)).unwrap();
            run(&rebuilt, words, None).expect(0, &[]);
            let what = format!("{sensitive}, {words}");
            assert_same(&whole(&open_working(&rebuilt)), &expected, &what);
            assert_eq!(std::fs::read(rebuilt.warehouse().join("work/salt")).ok(), salt);
            let twin = copy(&home, &emulator.base_url(), &settings);
            assert_goes_on_alike(&rebuilt, &twin, &what);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rebuild_waits_for_nobody() {
    let emulator = account().await;
    let home = Home::new(&emulator.base_url(), SETTINGS);
    run(&home, "rebuild", None).expect(4, &["there is nothing to rebuild from"]);
    home.sync(SyncOptions::default()).await;
    run(&home, "rebuild --source paid", None).expect(2, &["leave out `--source`"]);
    let _held = Lock::acquire(&home.warehouse(), "sync").unwrap();
    run(&home, "rebuild", None).expect(6, &["is in use by `paid-sync sync`"]);
}
