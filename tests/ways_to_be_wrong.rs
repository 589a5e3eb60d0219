//! The list of `docs/ways-to-be-wrong.md`, and those of its tests that have no better place.

use std::collections::BTreeSet;
use std::path::Path;

use paid_sync::emulator::{Emulator, Fault, Options, Size};
use paid_sync::normalize::Sensitive;
use paid_sync::run::SyncOptions;

use crate::support::oracle::{self, Oracle};
use crate::support::warehouse::{Home, number, tables};

/// Entries of the list, by their letters.
const ENTRIES: [(char, std::ops::RangeInclusive<u32>); 6] =
    [('A', 1..=8), ('B', 9..=16), ('C', 17..=20), ('D', 21..=24), ('E', 25..=28), ('F', 29..=34)];

fn tests_below(directory: &Path, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            tests_below(&path, found);
            continue;
        }
        let code = std::fs::read_to_string(&path).unwrap();
        let names = code.lines().filter_map(|line| line.trim_start().split_once("fn "));
        found.extend(names.filter_map(|(_, rest)| Some(rest.split_once('(')?.0.to_owned())));
    }
}

#[test]
fn every_entry_has_a_test_that_exists_or_a_reason() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let list = std::fs::read_to_string(root.join("docs/ways-to-be-wrong.md")).unwrap();
    let mut tests = BTreeSet::new();
    tests_below(&root.join("tests"), &mut tests);
    for (letter, numbers) in ENTRIES {
        for number in numbers {
            let start = format!("| {letter}{number} | ");
            let line = list.lines().find(|line| line.starts_with(&start)).expect(&start);
            let proof = line.trim_end_matches(" |").rsplit(" | ").next().unwrap();
            match proof.strip_prefix('`').and_then(|rest| rest.split_once('`')) {
                Some((test, _)) => {
                    assert!(tests.contains(test), "{letter}{number}: no test {test}");
                    let prefix = format!("{}{number}_", letter.to_ascii_lowercase());
                    assert!(test.starts_with(&prefix), "{letter}{number}: {test}");
                }
                None => assert!(proof.len() > 20, "{letter}{number}: {proof}"),
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn e26_pages_that_overlap_and_repeat_make_one_row_an_object() {
    let options = Options { size: Size::Small, page_cap: 10, ..Options::default() };
    let emulator = Emulator::start(options).await.unwrap();
    for path in ["/invoices", "/transactions", "/customers"] {
        emulator.fault(Fault::on(path).percent(60, 7).overlap(4));
    }
    let home = Home::new(&emulator.base_url(), "");
    home.sync(SyncOptions::default()).await;
    let database = home.open();
    let oracle = Oracle::new(Sensitive::Keep);
    for spec in tables().filter(|spec| spec.name != "account") {
        let table = format!("paid.{}", spec.name);
        let twice = format!("SELECT count(*) - count(DISTINCT id) FROM {table}");
        assert_eq!(number(&database, &twice), 0, "{table}");
        let truth = oracle.truth(&emulator, spec, None).len();
        assert_eq!(oracle::current(&database, spec).len(), truth, "{table}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn e28_a_finished_walk_leaves_no_ids_and_no_cursor_behind() {
    let options = Options { size: Size::Tiny, ..Options::default() };
    let emulator = Emulator::start(options).await.unwrap();
    let home = Home::new(&emulator.base_url(), "");
    for full in [false, true, false] {
        home.sync(SyncOptions { full, ..SyncOptions::default() }).await;
        emulator.pass(86_400, false);
        let database = home.open();
        assert_eq!(number(&database, "SELECT count(*) FROM _sync.walk_ids"), 0);
        assert_eq!(number(&database, "SELECT count(resume) FROM _sync.ledger"), 0);
    }
}
