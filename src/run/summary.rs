//! What a run came to: status, exit code, run report. The worst stream decides (I11).

use std::path::Path;

use serde_json::{Value, json};

use crate::clock;
use crate::config::Settings;
use crate::durable;
use crate::error::{Context, Error, Kind, Result};
use crate::load::{Run, StreamReport};

/// How one source went.
#[derive(Debug)]
pub struct SourceSummary {
    /// Name.
    pub name: String,
    /// Account and all core streams reached the same bound (DESIGN 3).
    pub publishable: bool,
    /// Bound that this run's windows reach, Unix seconds.
    pub complete_to: Option<i64>,
    /// Its streams.
    pub streams: Vec<StreamReport>,
    /// Requests sent.
    pub requests: i64,
    /// Errors, the first one first.
    pub errors: Vec<Error>,
    /// Elements in quarantine that no earlier run had seen.
    pub newly_quarantined: u64,
}

/// How a run went.
#[derive(Debug)]
pub struct Summary {
    /// Run.
    pub run_id: String,
    /// Start, microseconds UTC.
    pub started_at: i64,
    /// Sources, in the order of the configuration.
    pub sources: Vec<SourceSummary>,
    /// A signal stopped it.
    pub interrupted: bool,
    /// Readers see it.
    pub published: bool,
    /// What does not hold between the published reports, a sentence each.
    pub failed_tie_outs: Vec<String>,
    /// Why they do not, although there was something to show.
    pub publishing_error: Option<Error>,
}

impl Summary {
    pub(super) fn new(run: &Run) -> Self {
        Self {
            run_id: run.id.clone(),
            started_at: run.started_at,
            sources: Vec::new(),
            interrupted: false,
            published: false,
            failed_tie_outs: Vec::new(),
            publishing_error: None,
        }
    }

    pub(super) fn add(&mut self, source: SourceSummary) {
        self.sources.push(source);
    }

    /// Gives the exit code: that of the worst error, 1 for new quarantine or a failed tie-out,
    /// else 0.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        if self.interrupted {
            return Kind::Interrupted.exit_code();
        }
        let worst = self.errors().map(|error| error.kind().exit_code()).max().unwrap_or(0);
        let is_degraded = self.newly_quarantined() > 0 || !self.failed_tie_outs.is_empty();
        if worst == 0 && is_degraded {
            return Kind::Degraded.exit_code();
        }
        worst
    }

    /// Gives the status in a word.
    #[must_use]
    pub fn status(&self) -> &'static str {
        match self.exit_code() {
            0 => "complete",
            1 => "degraded",
            5 => "interrupted",
            _ => "failed",
        }
    }

    /// Gives all errors.
    pub fn errors(&self) -> impl Iterator<Item = &Error> {
        self.sources.iter().flat_map(|source| &source.errors).chain(&self.publishing_error)
    }

    /// Counts elements in quarantine that no earlier run had seen.
    #[must_use]
    pub fn newly_quarantined(&self) -> u64 {
        self.sources.iter().map(|source| source.newly_quarantined).sum()
    }

    /// Counts requests.
    #[must_use]
    pub fn requests(&self) -> i64 {
        self.sources.iter().map(|source| source.requests).sum()
    }

    /// Gives all streams.
    #[must_use]
    pub fn stream_reports(&self) -> Vec<StreamReport> {
        self.sources.iter().flat_map(|source| source.streams.clone()).collect()
    }

    /// Counts rows inserted and updated.
    #[must_use]
    pub fn rows_written(&self) -> u64 {
        let streams = self.sources.iter().flat_map(|source| &source.streams);
        streams.map(|stream| stream.outcome.rows.inserted + stream.outcome.rows.updated).sum()
    }

    pub(super) fn first_message(&self) -> Option<String> {
        self.errors().next().map(Error::in_full)
    }

    /// Writes `runs/<run>.json`.
    pub(super) fn write(&self, directory: &Path) -> Result<()> {
        let path = directory.join("runs").join(format!("{}.json", self.run_id));
        let text = format!("{:#}\n", self.to_json());
        durable::write(&path, text.as_bytes(), 0o600)
    }

    /// Gives the run report.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let sources: Vec<Value> = self.sources.iter().map(source_json).collect();
        json!({
            "run_id": self.run_id,
            "started_at": clock::show_micros(self.started_at),
            "finished_at": clock::show_micros(clock::now_micros()),
            "status": self.status(),
            "exit_code": self.exit_code(),
            "published": self.published,
            "failed_tie_outs": self.failed_tie_outs,
            "publishing_error": self.publishing_error.as_ref().map(ToString::to_string),
            "requests": self.requests(),
            "rows_written": self.rows_written(),
            "newly_quarantined": self.newly_quarantined(),
            "sources": sources,
        })
    }
}

/// A run that readers do not see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnpublishedRun {
    /// Run.
    pub id: String,
    /// Its status in a word.
    pub status: String,
}

/// Gives the newest run, if its report says that it was not published.
///
/// # Errors
/// [`Kind::Disk`] if the reports cannot be read.
pub fn unpublished_run(settings: &Settings) -> Result<Option<UnpublishedRun>> {
    let reports = durable::list(&settings.warehouse.dir.join("runs"))?;
    let Some(path) = reports.last() else { return Ok(None) };
    let text = std::fs::read_to_string(path)
        .context(Kind::Disk, || format!("cannot read {}", path.display()))?;
    let report: Value = serde_json::from_str(&text).unwrap_or_default();
    let word = |name: &str| report.get(name).and_then(Value::as_str).unwrap_or("?").to_owned();
    let unpublished = report.get("published") == Some(&Value::Bool(false));
    Ok(unpublished.then(|| UnpublishedRun { id: word("run_id"), status: word("status") }))
}

fn source_json(source: &SourceSummary) -> Value {
    let streams: Vec<Value> = source.streams.iter().map(stream_json).collect();
    let errors: Vec<String> = source.errors.iter().map(Error::in_full).collect();
    json!({
        "source": source.name,
        "publishable": source.publishable,
        "complete_to": source.complete_to.map(clock::show_seconds),
        "requests": source.requests,
        "errors": errors,
        "streams": streams,
    })
}

fn stream_json(report: &StreamReport) -> Value {
    let rows = report.outcome.rows;
    json!({
        "stream": report.stream,
        "status": report.outcome.status.name(),
        "received": rows.received,
        "inserted": rows.inserted,
        "updated": rows.updated,
        "unchanged": rows.unchanged,
        "superseded": rows.superseded,
        "quarantined": rows.quarantined,
        "deleted": rows.deleted,
        "loaded": rows.inserted + rows.updated,
        "ties_out": rows.ties_out(),
        "requests": report.effort.requests,
        "retries": report.effort.retries,
        "pages": report.effort.pages,
        "windows": report.effort.windows,
        "seconds": (report.effort.seconds * 1000.0).round() / 1000.0,
        "note": report.outcome.note,
    })
}
