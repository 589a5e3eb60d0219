//! Mends what differs: marks the ids, lets an ordinary run read them, looks again.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::catalog::{SingleRead, StreamSpec};
use crate::config::Settings;
use crate::error::Result;
use crate::model::Observer;
use crate::run::lock::Lock;
use crate::run::rebuild::open_working;
use crate::run::store::blocking;
use crate::run::{Account, Stop, Summary, SyncOptions, sync};

use super::VerifyOptions;
use super::findings::{Difference, Findings, difference_json};
use super::scratch::Scratch;
use super::source::SourceCheck;

/// Name under which the run is written down.
const COMMAND: &str = "verify --repair";
/// Requests that one marked id may take: its own, and those of a proof or of its lines.
const REQUESTS_PER_ID: u32 = 4;

/// What is still different.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Left {
    /// Source.
    pub source: String,
    /// Stream.
    pub stream: String,
    /// Id and how it differs now.
    pub difference: Difference,
}

/// What a repair came to.
#[derive(Debug)]
pub struct Repair {
    /// Ids that differed.
    pub marked: usize,
    /// The run that read them again.
    pub summary: Summary,
    /// Those that still differ.
    pub left: Vec<Left>,
}

impl Repair {
    /// Counts the ids that no longer differ.
    #[must_use]
    pub fn repaired(&self) -> usize {
        self.marked.saturating_sub(self.left.len())
    }

    /// Gives the exit code of its run; news in quarantine are no failure of a repair.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self.summary.exit_code() {
            1 => 0,
            code => code,
        }
    }

    pub(super) fn to_json(&self) -> Value {
        let left: Vec<Value> = self
            .left
            .iter()
            .map(|left| {
                let mut value = difference_json(&left.difference);
                value["source"] = json!(left.source);
                value["stream"] = json!(left.stream);
                value
            })
            .collect();
        json!({
            "run_id": self.summary.run_id,
            "status": self.summary.status(),
            "published": self.summary.published,
            "marked": self.marked,
            "repaired": self.repaired(),
            "left": left,
        })
    }
}

/// Ids that differ, by source and stream.
type Groups = BTreeMap<(String, String), Vec<Difference>>;

/// Mends the differences that were found.
///
/// # Errors
/// What keeps the run from starting or from being written down, and what keeps the second look
/// from happening.
pub(super) async fn repair(
    settings: &Settings,
    accounts: &[Account],
    options: &VerifyOptions,
    findings: &Findings,
    observer: &Arc<dyn Observer>,
    stop: &Stop,
) -> Result<Repair> {
    let groups = group(findings);
    let waiting = mark(settings, groups.clone(), observer).await?;
    let mut settings = settings.clone();
    let room = waiting.saturating_mul(REQUESTS_PER_ID);
    settings.sync.refresh_budget = settings.sync.refresh_budget.saturating_add(room);
    let run = SyncOptions {
        command: COMMAND.to_owned(),
        full: groups.keys().any(|(source, stream)| !is_readable(&settings, source, stream)),
        // What differs was looked at one by one, so nothing is left for the brake to judge.
        brake: false,
        retry: options.retry,
        ..SyncOptions::default()
    };
    let copies = accounts
        .iter()
        .map(|account| Account { source: account.source.clone(), key: account.key.clone() });
    let summary =
        sync(&settings, copies.collect(), run, Arc::clone(observer), stop.clone()).await?;
    let marked = findings.differences();
    let left = if summary.interrupted {
        all(groups)
    } else {
        look_again(&settings, accounts, options, groups, observer, stop).await?
    };
    Ok(Repair { marked, summary, left })
}

fn group(findings: &Findings) -> Groups {
    let mut groups = Groups::new();
    for stream in findings.streams.iter().filter(|stream| !stream.differences.is_empty()) {
        let key = (stream.source.clone(), stream.stream.clone());
        groups.entry(key).or_default().extend(stream.differences.iter().cloned());
    }
    groups
}

fn all(groups: Groups) -> Vec<Left> {
    let left = |((source, stream), differences): ((String, String), Vec<Difference>)| {
        differences.into_iter().map(move |difference| Left {
            source: source.clone(),
            stream: stream.clone(),
            difference,
        })
    };
    groups.into_iter().flat_map(left).collect()
}

fn spec_of(settings: &Settings, source: &str, stream: &str) -> Option<&'static StreamSpec> {
    settings.source(source)?.kind.stream(stream)
}

fn is_readable(settings: &Settings, source: &str, stream: &str) -> bool {
    spec_of(settings, source, stream).is_some_and(|spec| spec.single == SingleRead::ById)
}

/// Marks the ids under a lock of its own; the run takes it again. Gives the number of marks that
/// wait.
async fn mark(settings: &Settings, groups: Groups, observer: &Arc<dyn Observer>) -> Result<u32> {
    let (settings, observer) = (settings.clone(), Arc::clone(observer));
    blocking(move || {
        let _lock = Lock::acquire(&settings.warehouse.dir, COMMAND)?;
        let warehouse = open_working(&settings, &*observer)?;
        let mut waiting: u64 = 0;
        for ((source, stream), differences) in groups {
            let ids: Vec<String> =
                differences.into_iter().map(|difference| difference.id).collect();
            waiting = waiting.saturating_add(warehouse.mark_to_verify(&source, &stream, &ids)?);
        }
        warehouse.checkpoint_and_close()?;
        Ok(u32::try_from(waiting).unwrap_or(u32::MAX))
    })
    .await
}

/// Compares the ids once more, by GET where that is possible, with what is published now.
async fn look_again(
    settings: &Settings,
    accounts: &[Account],
    options: &VerifyOptions,
    groups: Groups,
    observer: &Arc<dyn Observer>,
    stop: &Stop,
) -> Result<Vec<Left>> {
    let scratch = Scratch::open(&settings.warehouse.dir).await?;
    let mut left = Vec::new();
    for account in accounts {
        let name = &account.source.name;
        let ours: Vec<_> = groups.iter().filter(|((source, _), _)| source == name).collect();
        if ours.is_empty() {
            continue;
        }
        let mut check =
            SourceCheck::new(settings, account, options.retry, &scratch, observer, stop)?;
        check.identify().await?;
        for ((source, stream), differences) in ours {
            let Some(spec) = spec_of(settings, source, stream) else { continue };
            let found = check.look_again(spec, differences).await?;
            left.extend(found.into_iter().map(|difference| Left {
                source: source.clone(),
                stream: stream.clone(),
                difference,
            }));
        }
    }
    Ok(left)
}
