//! Disk trouble: an honest error (exit 4) that names a file, the run before left for readers, and
//! a next run that makes good.

use std::process::{Command, Output};

use paid_sync::emulator::{Churn, Emulator, Options, Size};
use paid_sync::fault;

use crate::support::essence::{Essence, essence};
use crate::support::warehouse::{Home, counts, number};

const SETTINGS: &str = "[sync]\nrefresh_budget = 100000";

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn sync(home: &Home) -> Output {
    home.command(&["sync"]).output().unwrap()
}

/// A mirror that has run once, what it shows, and what the next run makes of it undisturbed.
struct Stage {
    emulator: Emulator,
    base: Home,
    before: Essence,
    after: Essence,
    undisturbed: Home,
}

async fn stage() -> Stage {
    let options = Options { size: Size::Tiny, ..Options::default() };
    let emulator = Emulator::start(options).await.unwrap();
    let base = Home::new(&emulator.base_url(), SETTINGS);
    assert_eq!(sync(&base).status.code(), Some(1));
    let before = essence(&base.open());
    emulator.churn(Churn {
        actions: 30,
        seed: 5,
        over_seconds: 3_600,
        backdate: false,
        ..Churn::default()
    });
    emulator.pass(86_400, true);
    let undisturbed = base.twin(&emulator, SETTINGS);
    assert!(matches!(sync(&undisturbed).status.code(), Some(0 | 1)));
    let after = essence(&undisturbed.open());
    assert_ne!(before, after);
    Stage { emulator, base, before, after, undisturbed }
}

impl Stage {
    fn home(&self) -> Home {
        self.base.twin(&self.emulator, SETTINGS)
    }

    /// Readers see the run before, the run after, or a run that met trouble once all lists were
    /// read and that says which objects wait to be read again.
    fn judge_sight(&self, home: &Home, trouble: &str) {
        let database = home.open();
        let seen = essence(&database);
        let waiting = number(&database, "SELECT count(*) FROM _sync.dirty");
        let is_frank = waiting > 0 && counts(&database) == counts(&self.undisturbed.open());
        assert!(
            seen == self.before || seen == self.after || is_frank,
            "{trouble}: readers see a mixture"
        );
    }

    /// Checks a run that met trouble, and the run after it.
    fn judge(&self, home: &Home, output: &Output, trouble: &str) {
        let told = text(output);
        assert_eq!(output.status.code(), Some(4), "{trouble}: {told}");
        assert!(told.contains("error: "), "{trouble}: {told}");
        assert!(
            told.contains(&home.folder.path().display().to_string()),
            "{trouble}: no file is named: {told}"
        );
        self.judge_sight(home, trouble);
        let again = sync(home);
        assert!(matches!(again.status.code(), Some(0 | 1)), "{trouble}, then: {}", text(&again));
        let recovered = essence(&home.open());
        assert_eq!(recovered.versions, self.after.versions, "{trouble}: versions");
        assert_eq!(recovered, self.after, "{trouble}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_file_operation_is_told_and_made_good_wherever_it_happens() {
    let stage = stage().await;
    for operation in fault::FILE_OPERATIONS {
        // Wider and wider apart, up to a visit that no longer happens.
        let visits = std::iter::successors(Some(1_u32), |visit| Some(visit + visit.div_ceil(2)));
        for visit in visits {
            let drill = format!("{operation}:{visit}=fail");
            let home = stage.home();
            let output = home.command(&["sync"]).env("PAID_SYNC_FAULT", &drill).output().unwrap();
            if matches!(output.status.code(), Some(0 | 1)) {
                assert!(visit > 1, "{operation} never happens");
                break;
            }
            assert!(text(&output).contains("No space left"), "{drill}: {}", text(&output));
            stage.judge(&home, &output, &drill);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_dies_in_a_file_operation_recovers() {
    let stage = stage().await;
    for operation in fault::FILE_OPERATIONS {
        for visit in [1, 3, 6, 9] {
            let drill = format!("{operation}:{visit}");
            let home = stage.home();
            let output = home.command(&["sync"]).env("PAID_SYNC_FAULT", &drill).output().unwrap();
            let seen = essence(&home.open());
            assert!(seen == stage.before || seen == stage.after, "{drill}: readers see a mixture");
            if output.status.code().is_none() {
                assert!(matches!(sync(&home).status.code(), Some(0 | 1)), "{drill}");
            }
            assert_eq!(essence(&home.open()), stage.after, "{drill}");
        }
    }
}

/// Runs the program where no file may grow beyond so many kilobytes: writing fails as on a full
/// disk.
fn sync_within(home: &Home, kilobytes: u32) -> Output {
    let plain = home.command(&["sync"]);
    let script = format!("trap '' XFSZ; ulimit -f {}; exec \"$@\"", kilobytes * 2);
    let mut command = Command::new("sh");
    command.args(["-c", &script, "sh"]).arg(plain.get_program()).args(plain.get_args());
    for (name, value) in plain.get_envs() {
        command.env(name, value.unwrap());
    }
    command.output().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_leaves_the_run_before_and_an_honest_error() {
    let stage = stage().await;
    let working = stage.base.warehouse().join("work/warehouse.duckdb");
    let size = std::fs::metadata(working).unwrap().len() / 1_024;
    let size = u32::try_from(size).unwrap();
    let mut failed = 0;
    for kilobytes in
        [1, 4, 64, 256, size / 2, size - 256, size + 8, size + 64, size + 300, size + 1_024]
    {
        let home = stage.home();
        let output = sync_within(&home, kilobytes);
        if !matches!(output.status.code(), Some(0 | 1)) {
            failed += 1;
            stage.judge(&home, &output, &format!("{kilobytes} KB of {size}"));
        }
    }
    assert!(failed >= 4, "only {failed} runs met a full disk");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_where_a_directory_must_be_is_named() {
    let stage = stage().await;
    for name in ["work", "changes", "runs", "generations"] {
        let home = stage.home();
        let (place, aside) = (home.warehouse().join(name), home.path("aside"));
        std::fs::rename(&place, &aside).unwrap();
        std::fs::write(&place, b"in the way").unwrap();
        let output = sync(&home);
        assert_eq!(output.status.code(), Some(4), "{name}: {}", text(&output));
        assert!(text(&output).contains(&place.display().to_string()), "{name}: {}", text(&output));
        assert_eq!(essence(&home.open()), stage.before, "{name}");
        std::fs::remove_file(&place).unwrap();
        std::fs::rename(&aside, &place).unwrap();
        let again = sync(&home);
        assert!(matches!(again.status.code(), Some(0 | 1)), "{name}: {}", text(&again));
        assert_eq!(essence(&home.open()), stage.after, "{name}");
    }
}
