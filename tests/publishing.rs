//! What readers see after every exit code: the run before or the run after, whole, in the snapshot
//! and in the Parquet tables alike (DESIGN 3 and 9).

use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use paid_sync::database::{Access, Database};
use paid_sync::emulator::{Churn, Emulator, Fault, Options, Size};

use crate::support::essence::{Essence, essence};
use crate::support::oracle;
use crate::support::warehouse::{Home, files, number, tables};

const SETTINGS: &str = "[sync]\nrefresh_budget = 100000";

async fn start(options: Options) -> Emulator {
    Emulator::start(Options { size: Size::Tiny, ..options }).await.unwrap()
}

fn sync(home: &Home) -> Output {
    home.command(&["sync"]).output().unwrap()
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn assert_code(output: &Output, code: i32) {
    assert_eq!(output.status.code(), Some(code), "{}", text(output));
}

/// Lets things happen that a run will show.
fn live(emulator: &Emulator) {
    emulator.churn(Churn {
        actions: 30,
        seed: 5,
        over_seconds: 3_600,
        backdate: false,
        ..Churn::default()
    });
    emulator.pass(86_400, true);
}

/// What a reader sees.
#[derive(Debug, PartialEq)]
struct Sight {
    run: String,
    tables: PathBuf,
    essence: Essence,
}

fn sight(home: &Home) -> Sight {
    let database = home.open();
    let newest = "SELECT run_id FROM _sync.runs ORDER BY run_number DESC LIMIT 1";
    let run = database.texts(newest, &[]).unwrap().remove(0);
    let tables = std::fs::read_link(home.warehouse().join("tables")).unwrap();
    assert!(tables.ends_with(&run), "the snapshot shows {run}, the tables {}", tables.display());
    Sight { run, tables, essence: essence(&database) }
}

/// A mirror that has run, and an account in which things happened since.
async fn mirror() -> (Emulator, Home, Sight) {
    let emulator = start(Options::default()).await;
    let home = Home::new(&emulator.base_url(), SETTINGS);
    assert_code(&sync(&home), 1);
    let before = sight(&home);
    live(&emulator);
    (emulator, home, before)
}

#[tokio::test(flavor = "multi_thread")]
async fn exit_1_for_new_quarantine_and_exit_0_both_show_the_new_run() {
    let (emulator, home, first) = mirror().await;
    let quarantined = number(&home.open(), "SELECT count(*) FROM _sync.quarantine");
    assert!(quarantined > 0, "{first:?}");
    let again = sync(&home);
    assert!(matches!(again.status.code(), Some(0 | 1)), "{}", text(&again));
    let second = sight(&home);
    assert_ne!(second.run, first.run);
    assert_ne!(second.essence.current, first.essence.current);
    let invoices = i128::from(emulator.counts()["invoices"]);
    assert_eq!(number(&home.open(), "SELECT count(*) FROM paid.invoices"), invoices);
    assert_code(&sync(&home), 0);
    assert_ne!(sight(&home).run, second.run);
}

#[tokio::test(flavor = "multi_thread")]
async fn exit_2_shows_the_run_before() {
    let (_emulator, home, before) = mirror().await;
    let good = std::fs::read_to_string(home.path("sync.toml")).unwrap();
    std::fs::write(home.path("sync.toml"), good.replace("refresh_budget", "refresh_buget"))
        .unwrap();
    assert_code(&sync(&home), 2);
    assert_eq!(sight(&home), before);
    let other =
        start(Options { account_id: Some("acct_other".to_owned()), ..Options::default() }).await;
    let elsewhere = good.lines().map(|line| {
        if line.starts_with("base_url") {
            format!("base_url = \"{}\"", other.base_url())
        } else {
            line.to_owned()
        }
    });
    std::fs::write(home.path("sync.toml"), elsewhere.collect::<Vec<_>>().join("\n")).unwrap();
    let refused = sync(&home);
    assert_code(&refused, 2);
    assert!(text(&refused).contains("acct_other"), "{}", text(&refused));
    assert_eq!(sight(&home), before);
    assert_eq!(other.requests().total, 1, "no list is asked of a wrong account");
}

#[tokio::test(flavor = "multi_thread")]
async fn exit_3_for_a_core_list_shows_the_run_before_and_the_next_run_catches_up() {
    for list in ["/events", "/invoices"] {
        let (emulator, home, before) = mirror().await;
        let undisturbed = home.twin(&emulator, SETTINGS);
        emulator.fault(Fault::on(list).always().status(500));
        let failed = sync(&home);
        assert_code(&failed, 3);
        assert!(text(&failed).contains(list.trim_start_matches('/')), "{}", text(&failed));
        assert_eq!(sight(&home), before, "{list}");
        emulator.clear_faults();
        for home in [&home, &undisturbed] {
            let again = sync(home);
            assert!(matches!(again.status.code(), Some(0 | 1)), "{list}: {}", text(&again));
        }
        let (caught_up, expected) = (home.open(), undisturbed.open());
        for spec in tables() {
            let (expected, found) =
                (oracle::current(&expected, spec), oracle::current(&caught_up, spec));
            // An event that is read after its invoice takes a GET, which shows more than a list.
            let wrong = oracle::differences(spec, &expected, &found, |_, column, _, _| {
                oracle::is_get_only(spec, column)
            });
            assert!(wrong.is_empty(), "{list}: {wrong:#?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn exit_3_for_an_optional_list_shows_the_new_run_and_says_that_the_list_lags() {
    let (emulator, home, before) = mirror().await;
    emulator.fault(Fault::on("/orders").always().status(500));
    assert_code(&sync(&home), 3);
    let after = sight(&home);
    assert_ne!(after.run, before.run);
    assert_ne!(after.essence.current, before.essence.current);
    let database = home.open();
    let status = "SELECT last_status FROM _sync.freshness WHERE stream = 'orders'";
    assert_eq!(database.texts(status, &[]).unwrap(), ["failed"]);
    let bound = |stream: &str| {
        let query = format!(
            "SELECT epoch(complete_to)::BIGINT FROM _sync.freshness WHERE stream = '{stream}'"
        );
        number(&database, &query)
    };
    assert!(bound("orders") < bound("invoices"));
}

#[tokio::test(flavor = "multi_thread")]
async fn exit_3_for_one_of_two_sources_shows_the_other_one_new() {
    let (first, second) =
        (start(Options::default()).await, start(Options { seed: 9, ..Options::default() }).await);
    let more = format!(
        "{SETTINGS}\n[[source]]\nname = \"other\"\nbase_url = \"{}\"\napi_key_env = \"PAID_API_KEY\"\n\
         requests_per_second = 10000\n",
        second.base_url()
    );
    let home = Home::new(&first.base_url(), &more);
    assert_code(&sync(&home), 1);
    let (before, other) = (sight(&home), rows_of(&home.open(), "other"));
    live(&first);
    live(&second);
    second.fault(Fault::on("/invoices").always().status(500));
    assert_code(&sync(&home), 3);
    let after = sight(&home);
    assert_ne!(after.essence.current, before.essence.current);
    assert_eq!(
        rows_of(&home.open(), "other"),
        other,
        "a source that failed stays as it was, whole"
    );
    second.clear_faults();
    let again = sync(&home);
    assert!(matches!(again.status.code(), Some(0 | 1)), "{}", text(&again));
    assert_ne!(rows_of(&home.open(), "other"), other);
}

/// Reads what identifies the rows and versions of a source.
fn rows_of(database: &Database, source: &str) -> Vec<String> {
    let one = |stream: &str| {
        format!(
            "SELECT '{stream} ' || id || ' ' || _row_hash || ' ' || _run_id FROM {source}_history.{stream}"
        )
    };
    let streams = ["customers", "invoices", "transactions", "events", "orders"].map(one);
    let query = format!("{} ORDER BY 1", streams.join(" UNION ALL "));
    database.texts(&query, &[]).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn exit_5_shows_the_run_before() {
    let emulator =
        start(Options { latency: Duration::from_millis(30), ..Options::default() }).await;
    let home = Home::new(&emulator.base_url(), SETTINGS);
    assert_code(&sync(&home), 1);
    let before = sight(&home);
    live(&emulator);
    for requests in [1, 10, 25] {
        let begun = emulator.requests().total;
        let mut command = home.command(&["sync", "--full"]);
        let child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        while emulator.requests().total < begun + requests {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        signal(child.id(), "TERM");
        assert_code(&child.wait_with_output().unwrap(), 5);
        assert_eq!(sight(&home), before, "after {requests} requests");
    }
}

fn signal(process: u32, name: &str) {
    let sent = Command::new("kill").args([&format!("-{name}"), &process.to_string()]).status();
    assert!(sent.unwrap().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_killed_at_any_moment_shows_the_run_before_or_the_run_after() {
    let (emulator, base, before) = mirror().await;
    let undisturbed = base.twin(&emulator, SETTINGS);
    assert!(matches!(sync(&undisturbed).status.code(), Some(0 | 1)));
    let after = sight(&undisturbed).essence;
    let home = base.twin(&emulator, SETTINGS);
    for milliseconds in (0..600).step_by(60) {
        let mut command = home.command(&["sync"]);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        tokio::time::sleep(Duration::from_millis(milliseconds)).await;
        child.kill().unwrap();
        let status = child.wait().unwrap();
        assert!(status.signal() == Some(9) || matches!(status.code(), Some(0 | 1)), "{status}");
        let seen = essence(&home.open());
        assert!(
            seen == before.essence || seen.current == after.current,
            "after {milliseconds} ms: {seen:#?}"
        );
    }
    let last = sync(&home);
    assert!(matches!(last.status.code(), Some(0 | 1)), "{}", text(&last));
    assert_eq!(sight(&home).essence, after);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_processes_one_runs_and_the_other_names_it_and_exits_6() {
    let emulator =
        start(Options { latency: Duration::from_millis(30), ..Options::default() }).await;
    let home = Home::new(&emulator.base_url(), SETTINGS);
    let mut command = home.command(&["sync"]);
    let first = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    while emulator.requests().total < 3 {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    let asked = emulator.requests().total;
    let second = sync(&home);
    assert_code(&second, 6);
    let told = text(&second);
    assert!(told.contains(&format!("process {}", first.id())), "{told}");
    assert!(told.contains("paid-sync sync"), "{told}");
    assert!(emulator.requests().total >= asked);
    assert_code(&first.wait_with_output().unwrap(), 1);
    assert_code(&sync(&home), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_started_at_once_lose_nothing() {
    let (emulator, base, _) = mirror().await;
    let undisturbed = base.twin(&emulator, SETTINGS);
    assert!(matches!(sync(&undisturbed).status.code(), Some(0 | 1)));
    let expected = sight(&undisturbed).essence;
    for _ in 0..4 {
        let home = base.twin(&emulator, SETTINGS);
        let start = || {
            let mut command = home.command(&["sync"]);
            command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
        };
        let outputs = [start(), start()].map(|child| child.wait_with_output().unwrap());
        let mut codes = outputs.each_ref().map(|output| output.status.code().unwrap());
        codes.sort_unstable();
        // The loser exits 6, unless the winner had ended before it asked for the lock.
        assert!(matches!(codes, [0 | 1, 6] | [0, 0 | 1]), "{codes:?} {}", text(&outputs[0]));
        assert_eq!(sight(&home).essence, expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_strict_umask_locks_no_reader_out() {
    let emulator = start(Options::default()).await;
    let home = Home::new(&emulator.base_url(), "[warehouse]\nreaders = \"all\"");
    let plain = home.command(&["sync"]);
    let mut strict = Command::new("sh");
    strict.args(["-c", "umask 077; exec \"$@\"", "sh"]);
    strict.arg(plain.get_program()).args(plain.get_args());
    strict.envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
    assert!(matches!(strict.output().unwrap().status.code(), Some(0 | 1)));
    let shown = files(&std::fs::canonicalize(home.warehouse().join("tables")).unwrap());
    let parquet = shown.iter().filter(|path| path.extension().is_some_and(|end| end == "parquet"));
    let published: Vec<_> = parquet.cloned().chain([home.snapshot()]).collect();
    assert!(published.len() > 10, "{published:?}");
    for path in published {
        let mode = std::fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o444, "{}", path.display());
    }
}

/// Clients before 1.4 follow links to what a checkpoint has left behind, and fail.
#[tokio::test]
async fn nothing_is_kept_of_the_checkpoint_before() {
    let folder = tempfile::TempDir::new().unwrap();
    let access = Access::ReadWrite {
        spill_directory: folder.path().join("spill"),
        memory_limit: paid_sync::database::MEMORY_LIMIT,
    };
    let database = Database::open(&folder.path().join("any.duckdb"), &access).unwrap();
    let setting = "SELECT count(*) FROM duckdb_settings() \
                   WHERE name = 'experimental_metadata_reuse' AND value = 'false'";
    assert_eq!(number(&database, setting), 1);
}
