//! Compares the API with the published snapshot, which is what analysts trust (`verify`).
//!
//! Walks whole lists, or reads a sample by id, stages the copies in a scratch database outside the
//! warehouse and lets one join judge every id. The warehouse is opened read-only and needs no lock;
//! only [`Repair`] writes, through an ordinary run.

mod compare;
mod findings;
mod repair;
mod scratch;
mod source;
mod sql;
mod stage;

use std::sync::Arc;

use crate::config::Settings;
use crate::error::{Kind, Result};
use crate::extract::RetryPolicy;
use crate::model::Observer;

use super::{Account, Stop};
use scratch::Scratch;
use source::SourceCheck;

pub use findings::{Counts, Difference, Findings, Month, StreamFindings, Sum, Verdict};
pub use repair::{Left, Repair};

/// What the command line adds to the settings.
#[derive(Debug, Clone, Default)]
pub struct VerifyOptions {
    /// Only these streams; empty = all that the source selects.
    pub streams: Vec<String>,
    /// Instead of walking lists, read some rows by id.
    pub sample: Option<Sample>,
    /// Mend what differs, by an ordinary run.
    pub repair: bool,
    /// How failing requests are sent again.
    pub retry: RetryPolicy,
}

/// Which rows to read by id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sample {
    /// Rows per stream.
    pub rows: u32,
    /// The same seed on the same snapshot chooses the same rows.
    pub seed: u64,
}

/// Compares the API with the published snapshot, and mends the differences if so ordered.
///
/// Errors of single streams and sources are in the [`Findings`]; the exit code is the worst.
///
/// # Errors
/// [`Kind::Unpublished`] where there is no snapshot, [`Kind::Interrupted`] at a signal, and what
/// keeps a repair from starting.
pub async fn verify(
    settings: &Settings,
    accounts: &[Account],
    options: &VerifyOptions,
    observer: &Arc<dyn Observer>,
    stop: &Stop,
) -> Result<Findings> {
    let scratch = Scratch::open(&settings.warehouse.dir).await?;
    let mut findings = Findings {
        snapshot_run: source::snapshot_run(&scratch).await?,
        seed: options.sample.map(|sample| sample.seed),
        ..Findings::default()
    };
    for account in accounts {
        let mut check =
            SourceCheck::new(settings, account, options.retry, &scratch, observer, stop)?;
        let result = check.run(options, &mut findings).await;
        findings.requests += check.requests();
        match result {
            Err(error) if error.kind() == Kind::Interrupted => return Err(error),
            Err(error) => findings.errors.push(error),
            Ok(()) => {}
        }
    }
    drop(scratch);
    if options.repair && findings.differences() > 0 {
        let repair = repair::repair(settings, accounts, options, &findings, observer, stop).await?;
        findings.repair = Some(repair);
    }
    Ok(findings)
}
