//! Plays a history: business, faults, a run of the mirror, what must hold then, and so on; at its
//! end the mirror must equal the truth, and its past what it once showed.

use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Output, Stdio};
use std::time::{Duration, Instant};

use paid_sync::catalog::StreamSpec;
use paid_sync::database::Database;
use paid_sync::emulator::{Emulator, EventFaults};
use paid_sync::model::Cell;
use paid_sync::normalize::Sensitive;
use paid_sync::run::SyncOptions;
use serde_json::Value;

use super::checks::{self, Seen};
use super::plan::{Plan, Round, Run};
use crate::support::oracle::{self, Oracle, Shown};
use crate::support::warehouse::{Home, number, tables};

/// Says whether the mirror proves deletions; until it does, rows of deleted objects may stay.
pub(super) const DELETES_ARE_PROVEN: bool = true;

/// Runs that may be needed until nothing waits to be read again.
const LAST_RUNS: usize = 3;
/// Bounds a run; none takes longer than a moment.
const PATIENCE: Duration = Duration::from_mins(2);

/// What a run came to.
pub(super) struct Outcome {
    /// Exit code; none of a process that died on purpose.
    pub(super) code: Option<u8>,
    /// The run's report; none if it wrote none.
    pub(super) report: Option<Value>,
    /// Everything was walked anew.
    pub(super) is_full: bool,
    /// What went wrong, for people.
    pub(super) text: String,
}

/// A history under way.
struct History<'a> {
    plan: &'a Plan,
    emulator: Emulator,
    home: Home,
    seen: Seen,
    shown: Vec<Shown>,
    /// Some list was poorer than usual while it was mirrored.
    was_lean: bool,
    /// The last run may have left a walk that the next one goes on with, rather than begin anew.
    is_cut_off: bool,
    runs: u64,
}

/// Plays a history and gives the number of runs in it, or what was wrong.
pub(super) async fn play(plan: &Plan) -> Result<u64, String> {
    let emulator =
        Emulator::start(plan.account.options()).await.map_err(|error| error.to_string())?;
    let home = Home::new(&emulator.base_url(), "");
    let text = plan.settings.text(&emulator.base_url());
    std::fs::write(home.path("sync.toml"), text).map_err(|error| error.to_string())?;
    let mut history = History {
        plan,
        emulator,
        home,
        seen: Seen::default(),
        shown: Vec::new(),
        was_lean: false,
        is_cut_off: false,
        runs: 0,
    };
    let played = history.play().await;
    let runs = history.runs;
    if played.is_err() && std::env::var_os("PAID_SYNC_HUNT_KEEP").is_some() {
        eprintln!("the warehouse is kept in {}", history.home.folder.keep().display());
    }
    played?;
    history.emulator.shutdown().await;
    Ok(runs)
}

impl History<'_> {
    async fn play(&mut self) -> Result<(), String> {
        for (index, round) in self.plan.rounds.iter().enumerate() {
            let told = self.round(round).await;
            told.map_err(|wrong| format!("round {}: {wrong}", index + 1))?;
        }
        self.end().await.map_err(|wrong| format!("end: {wrong}"))
    }

    async fn round(&mut self, round: &Round) -> Result<(), String> {
        self.happen(round);
        self.was_lean |= round.is_lean;
        let at = self.emulator.now();
        self.seen.expect(&self.emulator, self.plan);
        let outcome = self.run(round).await;
        self.is_cut_off = outcome.code != Some(0) || round.is_deceived;
        self.emulator.clear_faults();
        self.emulator.set_chaos(None);
        self.judge(&outcome, round.is_deceived, at)
    }

    /// Plays what comes before the run.
    fn happen(&self, round: &Round) {
        let emulator = &self.emulator;
        emulator.pass(round.pass, round.people);
        if let Some(lies) = round.lies {
            emulator.lie(lies);
        }
        if let Some(churn) = round.churn {
            emulator.churn(churn);
        }
        emulator.pass(round.settle, round.people);
        // What people do in the morning shows up to a quarter of an hour late.
        let second = emulator.now().rem_euclid(86_400);
        let evening = 9 * 3_600 + 1_800;
        if (5 * 3_600 + 2_700..evening).contains(&second) {
            emulator.pass(u32::try_from(evening - second).unwrap(), true);
        }
        for fault in &round.faults {
            emulator.fault(fault.clone());
        }
        emulator.set_chaos(round.chaos);
    }

    async fn run(&mut self, round: &Round) -> Outcome {
        self.runs += 1;
        let words: &[&str] = if round.full { &["sync", "--full"] } else { &["sync"] };
        match &round.run {
            Run::Here => self.run_here(round.full).await,
            Run::Dying(point) => {
                let mut command = self.home.command(words);
                command.env("PAID_SYNC_FAULT", point).stdout(Stdio::null()).stderr(Stdio::piped());
                self.ended(&command.output().unwrap())
            }
            Run::Stopped(requests) => {
                let before = self.emulator.requests().total;
                let mut command = self.home.command(words);
                let child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
                let output =
                    stop_after(child, || self.emulator.requests().total - before >= *requests);
                self.ended(&output)
            }
        }
    }

    async fn run_here(&self, full: bool) -> Outcome {
        let mut options = SyncOptions { full, brake: false, ..SyncOptions::default() };
        options.retry.base = Duration::from_millis(1);
        options.retry.cap = Duration::from_millis(2);
        options.retry.retry_after_cap = Duration::from_millis(2);
        match self.home.try_sync(options).await {
            Ok(summary) => Outcome {
                code: Some(summary.exit_code()),
                report: Some(summary.to_json()),
                is_full: full,
                text: summary.errors().map(ToString::to_string).collect::<Vec<_>>().join("; "),
            },
            Err(error) => Outcome {
                code: Some(error.kind().exit_code()),
                report: None,
                is_full: false,
                text: paid_sync::cli::failure::describe(&error),
            },
        }
    }

    fn ended(&self, output: &Output) -> Outcome {
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        let code = match (output.status.code(), output.status.signal()) {
            (Some(code), _) => u8::try_from(code).ok(),
            (None, Some(6)) => None,
            (None, _) => Some(u8::MAX),
        };
        let report = code.is_some().then(|| self.home.newest_report()).flatten();
        Outcome { code, report, is_full: false, text }
    }

    /// Checks what must hold after every run.
    fn judge(&mut self, outcome: &Outcome, is_deceived: bool, at: i64) -> Result<(), String> {
        checks::exit_code(outcome)?;
        checks::report(outcome)?;
        checks::requests(&self.emulator)?;
        if !self.home.snapshot().exists() {
            if is_deceived {
                self.seen.forget();
            }
            return Ok(());
        }
        let database = self.home.open();
        checks::snapshot(&database)?;
        if outcome.code.is_some() {
            checks::parquet(&self.home, &database)?;
        }
        let shown = Shown::of(&database, at);
        if self.shown.last().is_none_or(|last| last.run != shown.run) {
            self.shown.push(shown);
        }
        self.seen.judge(
            &self.emulator,
            outcome,
            self.shown.last().map(|shown| &shown.rows),
            is_deceived,
        )
    }

    /// Ends all trouble, lets the mirror catch up, and compares everything.
    async fn end(&mut self) -> Result<(), String> {
        self.emulator.lie(EventFaults::default());
        let text = std::fs::read_to_string(self.home.path("sync.toml")).unwrap();
        let budget = format!("refresh_budget = {}\n", self.plan.settings.refresh_budget);
        let text = text.replace(&budget, "refresh_budget = 100000\n");
        std::fs::write(self.home.path("sync.toml"), text).unwrap();
        for number in 1..=LAST_RUNS {
            self.emulator.pass(1_200, false);
            let at = self.emulator.now();
            self.seen.expect(&self.emulator, self.plan);
            self.runs += 1;
            let outcome = self.run_here(true).await;
            if !matches!(outcome.code, Some(0 | 1)) {
                return Err(format!("the last runs end with {:?}: {}", outcome.code, outcome.text));
            }
            self.judge(&outcome, false, at)?;
            if (number > 1 || !self.is_cut_off) && self.waiting()?.is_empty() {
                break;
            }
        }
        let waiting = self.waiting()?;
        if !waiting.is_empty() {
            return Err(format!("still waiting to be read again: {waiting:?}"));
        }
        self.compare_with_truth()?;
        self.compare_with_memory()?;
        self.run_in_vain().await
    }

    /// Lists what waits to be read again, less what waits for a proof that it is gone.
    fn waiting(&self) -> Result<Vec<String>, String> {
        let query = "SELECT DISTINCT stream || ' ' || id FROM _sync.dirty ORDER BY 1";
        let mut waiting = self.home.open().texts(query, &[]).map_err(|error| error.to_string())?;
        if !DELETES_ARE_PROVEN {
            waiting.retain(|entry| {
                let (stream, id) = entry.split_once(' ').unwrap();
                self.emulator.dates(stream).unwrap().iter().any(|(known, _)| known == id)
            });
        }
        Ok(waiting)
    }

    fn compare_with_truth(&self) -> Result<(), String> {
        let oracle = Oracle::new(self.sensitive());
        let database = self.home.open();
        for spec in tables() {
            let truth = oracle.truth(&self.emulator, spec, None);
            let mut found = oracle::current(&database, spec);
            let forgets = spec.append_only;
            let keeps =
                !DELETES_ARE_PROVEN && ["transactions", "users", "webhooks"].contains(&spec.name);
            if forgets || keeps {
                found.retain(|id, _| truth.contains_key(id));
            }
            let listed = oracle.listed(&self.emulator, spec);
            let wrong = oracle::differences(spec, &truth, &found, |id, column, _, is| {
                // A row that no GET has read lacks what only a GET shows.
                oracle::is_get_only(spec, column)
                    && (*is == Cell::Null || is_settled(spec, &truth[id]))
                    || listed[id] == found[id]
            });
            if !wrong.is_empty() {
                return Err(format!("the mirror is not the truth: {wrong:#?}"));
            }
            checks::volatile(&self.emulator, &database, spec)?;
        }
        Ok(())
    }

    fn compare_with_memory(&self) -> Result<(), String> {
        let database = self.home.open();
        let wrong = oracle::forgotten(&database, &self.shown, self.was_lean);
        if !wrong.is_empty() {
            return Err(format!("history is not what was shown: {wrong:#?}"));
        }
        self.deleted_versions_are_marked(&database)
    }

    /// Whatever is gone from the truth but was shown once is in the history, closed as deleted.
    fn deleted_versions_are_marked(&self, database: &Database) -> Result<(), String> {
        if !DELETES_ARE_PROVEN {
            return Ok(());
        }
        for spec in tables().filter(|spec| !spec.append_only && spec.name != "account") {
            let alive = self.emulator.dates(spec.name).unwrap();
            let versions = oracle::versions(database, spec);
            let once = self.shown.iter().flat_map(|shown| shown.rows[spec.name].keys());
            for id in once {
                let last = versions
                    .iter()
                    .filter(|version| version.id == *id)
                    .max_by_key(|v| (v.from, v.to));
                let is_alive = alive.iter().any(|(known, _)| known == id);
                let is_marked = last.is_some_and(|version| version.deleted && version.to.is_some());
                if is_marked == is_alive {
                    return Err(format!(
                        "{}: {id} is alive: {is_alive}, its last version reads {last:?}",
                        spec.name
                    ));
                }
            }
        }
        Ok(())
    }

    /// A run without news makes no version, though it may read objects by id that only lists had
    /// shown; the one after it writes nothing at all (I4).
    async fn run_in_vain(&mut self) -> Result<(), String> {
        let versions = |database: &Database| -> Vec<i128> {
            let count = |spec: &StreamSpec| {
                number(database, &format!("SELECT count(*) FROM paid_history.{}", spec.name))
            };
            tables().map(count).collect()
        };
        let before = versions(&self.home.open());
        // Most of a history's time is runs: only one in four also tries that the next one writes nothing.
        let runs: &[bool] =
            if self.plan.account.seed.is_multiple_of(4) { &[false, true] } else { &[false] };
        for &is_last in runs {
            self.runs += 1;
            let outcome = self.run_here(false).await;
            let report = outcome.report.unwrap_or_default();
            let has_written = is_last && report["rows_written"] != 0;
            let has_versions = versions(&self.home.open()) != before;
            if outcome.code != Some(0) || has_written || has_versions {
                return Err(format!("a run without news: {report:#} {}", outcome.text));
            }
        }
        Ok(())
    }

    fn sensitive(&self) -> Sensitive {
        match self.plan.settings.sensitive {
            "hash" => {
                let salt = std::fs::read(self.home.warehouse().join("work/salt")).unwrap();
                Sensitive::Hash { salt }
            }
            "drop" => Sensitive::Drop,
            _ => Sensitive::Keep,
        }
    }
}

/// Tells whether an invoice is paid or voided; nobody looks at it again then.
fn is_settled(spec: &StreamSpec, row: &[Cell]) -> bool {
    let columns = oracle::columns(spec);
    let is = |name: &str| {
        let place = columns.iter().position(|column| *column == name);
        place.is_some_and(|place| row[place] == Cell::Boolean(true))
    };
    is("paid") || is("voided")
}

/// Sends SIGTERM when it is time, if the process still runs then.
fn stop_after(mut child: Child, is_time: impl Fn() -> bool) -> Output {
    let begun = Instant::now();
    while child.try_wait().unwrap().is_none() {
        assert!(begun.elapsed() < PATIENCE, "a run does not end");
        if is_time() {
            let pid = child.id().to_string();
            drop(std::process::Command::new("kill").args(["-TERM", &pid]).status());
            break;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    child.wait_with_output().unwrap()
}
