use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{SETTINGS, assert_same, copy, mirrored, open_working, run, whole, working};
use crate::support::warehouse::{Home, counts, files};

/// Parts of the change log, oldest first.
fn parts(home: &Home) -> Vec<PathBuf> {
    let mut parts = files(&home.warehouse().join("changes"));
    parts.sort_by_key(|part| part.file_name().unwrap().to_owned());
    parts
}

fn cut(part: &Path) {
    let bytes = std::fs::read(part).unwrap();
    std::fs::write(part, &bytes[..bytes.len() / 2]).unwrap();
}

fn name(part: &Path) -> String {
    let path = part.to_string_lossy();
    path[path.find("changes/").unwrap()..].to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_that_is_none_is_left_for_the_change_log() {
    let (emulator, home) = mirrored(SETTINGS).await;
    let expected = whole(&home.open());
    let snapshot = std::fs::read(home.snapshot()).unwrap();
    let spoilt: [Option<&[u8]>; 2] = [None, Some(&snapshot[..snapshot.len() / 4])];
    for content in spoilt {
        let home = copy(&home, &emulator.base_url(), SETTINGS);
        std::fs::remove_file(working(&home)).unwrap();
        std::fs::remove_file(home.snapshot()).unwrap();
        let told: &[&str] = if content.is_some() { &["the snapshot is damaged"] } else { &[] };
        if let Some(content) = content {
            std::fs::write(home.snapshot(), content).unwrap();
        }
        run(&home, "sync", None).expect(4, &["paid-sync rebuild"]);
        run(&home, "rebuild", None).expect(0, told).expect(0, &["rebuilt from the changes"]);
        assert_same(&whole(&open_working(&home)), &expected, "without a snapshot");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bite_out_of_the_snapshot_is_found_or_does_no_harm() {
    const BLOCK: usize = 256 * 1024;
    let (_emulator, home) = mirrored(SETTINGS).await;
    let expected = whole(&home.open());
    let snapshot = std::fs::read(home.snapshot()).unwrap();
    let blocks = snapshot.len() / BLOCK;
    let mut found = 0;
    for block in (1..blocks).step_by(blocks.div_ceil(10)) {
        let mut bitten = snapshot.clone();
        for byte in &mut bitten[block * BLOCK..(block + 1) * BLOCK] {
            *byte ^= 0x55;
        }
        std::fs::remove_file(home.snapshot()).unwrap();
        std::fs::write(home.snapshot(), &bitten).unwrap();
        let ended = run(&home, "rebuild", None).expect(0, &[]);
        found += usize::from(ended.stderr.contains("the snapshot is damaged"));
        assert_same(&whole(&open_working(&home)), &expected, &format!("block {block}"));
    }
    assert!(found > 1, "{found} bites were found");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_part_may_be_cut_off_and_no_other() {
    let (emulator, home) = mirrored(SETTINGS).await;
    let expected = counts(&home.open());
    let all = parts(&home);
    let (middle, last) = (name(&all[all.len() / 2]), name(all.last().unwrap()));

    let cut_last = copy(&home, &emulator.base_url(), SETTINGS);
    cut(&cut_last.warehouse().join(&last));
    run(&cut_last, "rebuild", None).expect(0, &["rebuilt from the snapshot"]);
    run(&cut_last, "rebuild --from-changes", None).expect(0, &[&last, "is cut off"]);

    let cut_middle = copy(&home, &emulator.base_url(), SETTINGS);
    cut(&cut_middle.warehouse().join(&middle));
    let before = std::fs::read(working(&cut_middle)).unwrap();
    let told = [middle.as_str(), "is damaged", "--skip-damaged"];
    run(&cut_middle, "rebuild --from-changes", None).expect(4, &told);
    assert_eq!(std::fs::read(working(&cut_middle)).unwrap(), before, "nothing has changed");
    assert_skips(&cut_middle, &middle, &expected);
    // It stays where it is, for whoever can mend it.
    run(&cut_middle, "sync", None);
    assert!(cut_middle.warehouse().join(&middle).is_file());

    let gone = copy(&home, &emulator.base_url(), SETTINGS);
    std::fs::remove_file(gone.warehouse().join(&middle)).unwrap();
    run(&gone, "rebuild --from-changes", None).expect(4, &["the change log lacks", "1 in all"]);
    assert_skips(&gone, "commit number", &expected);

    let empty = copy(&home, &emulator.base_url(), SETTINGS);
    std::fs::write(empty.warehouse().join(&middle), b"").unwrap();
    run(&empty, "rebuild --from-changes", None).expect(4, &told);
    assert_skips(&empty, &middle, &expected);
}

/// Checks that the rebuild goes on without a part, says so, and that the next run fills the hole.
fn assert_skips(home: &Home, named: &str, expected: &BTreeMap<String, u64>) {
    let words = "rebuild --from-changes --skip-damaged --format json";
    let ended = run(home, words, None).expect(1, &[named, "left out"]);
    let report: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(report["left_out"].as_array().unwrap().len(), 1, "{report:#}");
    assert_eq!(report["from"], "changes");
    let next = run(home, "sync", None);
    assert!(matches!(next.code, Some(0 | 1)), "{next}");
    assert_eq!(counts(&home.open()), *expected, "no row is missing, no deleted one is back");
}
