use std::path::Path;

use paid_sync::database::{Access, Database};
use paid_sync::run::Lock;

use super::site::{FileState, Site, customer, one_source, serve_account};
use crate::support::script::Script;

const WORKING: &str = "warehouse/work/warehouse.duckdb";
const SNAPSHOT: &str = "warehouse/warehouse.duckdb";

async fn account() -> Script {
    let script = Script::start().await;
    serve_account(&script, "acct_1", &[("/customers", &[customer("cus_1", "One")])]);
    script
}

#[tokio::test(flavor = "multi_thread")]
async fn a_directory_that_cannot_be_made_is_named_before_anything_is_asked() {
    let script = account().await;
    // A file in the way stops every user, root too, unlike permissions.
    for directory in ["file/warehouse", "file"] {
        let config = one_source(script.base_url().as_str());
        let site = Site::configured(&format!("[warehouse]\ndir = \"{directory}\"\n{config}"));
        std::fs::write(site.path("file"), "precious").unwrap();
        site.run("sync").expect(4, &["cannot create the directory", directory, "permissions"]);
        assert!(script.requests().is_empty(), "nothing is asked");
        assert_eq!(std::fs::read_to_string(site.path("file")).unwrap(), "precious");
        site.assert_unpublished();
    }
    let config = one_source(script.base_url().as_str());
    let site = Site::configured(&format!("[warehouse]\ndir = \"file/warehouse\"\n{config}"));
    std::fs::write(site.path("file"), "precious").unwrap();
    site.run("check").expect(4, &["cannot create the directory", "file/warehouse"]);
    for words in ["status", "report ar_aging"] {
        site.run(words).expect(4, &["file/warehouse"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a8_a_warehouse_made_by_a_newer_program_is_left_untouched() {
    let script = account().await;
    let site = Site::mirroring(script.base_url().as_str());
    site.run("sync").expect(0, &[]);
    age_backwards(&site);
    let (published, working) = (site.published(), FileState::of(&site.path(WORKING)));
    let asked = script.requests().len();
    let told = [WORKING, "made by a newer paid-sync", "999", "use the newest paid-sync"];
    for words in ["sync", "sync --full"] {
        site.run(words).expect(4, &told);
    }
    site.assert_unchanged(&published);
    assert!(FileState::of(&site.path(WORKING)) == working, "the working database has changed");
    assert_eq!(script.requests().len(), asked, "nothing is asked");
}

/// Makes the working database one of a program far in the future.
fn age_backwards(site: &Site) {
    let spill_directory = site.path("warehouse/work/spill");
    let access = Access::ReadWrite { spill_directory, memory_limit: "200MB" };
    let database = Database::open(&site.path(WORKING), &access).unwrap();
    database.execute_batch("UPDATE _sync.schema_version SET version = 999").unwrap();
    database.checkpoint_and_close().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_finds_the_lock_held_names_the_holder() {
    let script = account().await;
    let site = Site::mirroring(script.base_url().as_str());
    site.run("sync").expect(0, &[]);
    let before = site.published();
    let asked = script.requests().len();
    let held = Lock::acquire(&site.path("warehouse"), "backfill").unwrap();
    let holder = format!("`paid-sync backfill`, process {}", std::process::id());
    let told = ["warehouse is in use by", holder.as_str(), "since 20", "wait for the other run"];
    site.run("sync").expect(6, &told);
    assert_eq!(script.requests().len(), asked, "nothing is asked");
    site.assert_unchanged(&before);
    // Reading needs no lock.
    site.run("status").expect(0, &[]);

    drop(held);
    site.run("sync").expect(0, &[]);
}

#[test]
fn an_absent_snapshot_is_named_with_the_command_that_makes_one() {
    let site = Site::mirroring("https://api.paidlabs.com/v0");
    for words in ["status", "report ar_aging", "report ar_aging --format parquet"] {
        let told = ["there is no snapshot", SNAPSHOT, "run `paid-sync sync` first"];
        let ended = site.run(words).expect(4, &told);
        assert_eq!(ended.stdout, "", "{words}");
        assert!(!ended.stderr.contains("newest paid-sync"), "advice that does not apply: {ended}");
    }
    assert!(!site.path("warehouse").exists(), "nothing is made");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_working_database_that_is_none_is_named_and_left_as_it_is() {
    let script = account().await;
    let site = Site::mirroring(script.base_url().as_str());
    site.run("sync").expect(0, &[]);
    let before = site.published();
    for garbage in spoilt(&site.path(WORKING)) {
        std::fs::write(site.path(WORKING), &garbage).unwrap();
        let told =
            ["cannot be opened", WORKING, "the last snapshot is untouched", "paid-sync rebuild"];
        site.run("sync").expect(4, &told);
        assert!(std::fs::read(site.path(WORKING)).unwrap() == garbage, "it has changed");
        site.assert_unchanged(&before);
        site.run("status").expect(0, &[]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_that_is_none_is_named() {
    let script = account().await;
    let site = Site::mirroring(script.base_url().as_str());
    site.run("sync").expect(0, &[]);
    for garbage in spoilt(&site.path(SNAPSHOT)) {
        // It is read-only: only a new file can take its place.
        std::fs::remove_file(site.path(SNAPSHOT)).unwrap();
        std::fs::write(site.path(SNAPSHOT), &garbage).unwrap();
        for words in ["status", "report ar_aging"] {
            let ended = site.run(words).expect(4, &["cannot open the database", SNAPSHOT]);
            assert_eq!(ended.stdout, "", "{words}");
        }
    }
    site.run("sync").expect(0, &["published"]);
    assert_eq!(site.ask_snapshot("SELECT id FROM paid.customers"), ["cus_1"]);
}

/// Gives what may be found in place of a database: noise short and long, and its first quarter.
fn spoilt(database: &Path) -> [Vec<u8>; 3] {
    let mut quarter = std::fs::read(database).unwrap();
    quarter.truncate(quarter.len() / 4);
    [b"garbage".to_vec(), b"no database\n".repeat(10_000), quarter]
}
