//! The only place that sees all stages: wires plan → extract → normalize → load → publish.

mod answers;
mod check;
mod deletion;
mod feed;
mod gathering;
mod identity;
mod lines;
mod lock;
mod outlook;
mod publishing;
mod rebuild;
mod refresh;
mod source;
mod stop;
mod store;
mod stream;
mod summary;
pub mod verify;

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use secrecy::SecretString;

use crate::config::{self, Settings, Source};
use crate::durable;
use crate::error::{Context, Error, Kind, Result};
use crate::extract::RetryPolicy;
use crate::fault;
use crate::load::FinishedRun;
use crate::model::{Event, Observer};
use crate::normalize::Sensitive;
use crate::plan::Backfill;
use crate::publish;

pub use check::{CheckedAccount, check_account, check_directory};
pub use lock::Lock;
pub use outlook::{Outlook, PlannedWalk, outlook};
pub use rebuild::{Basis, RebuildOptions, Rebuilt, RebuiltStream, rebuild};
pub use stop::Stop;
pub use summary::{Summary, UnpublishedRun, unpublished_run};

use source::SourceRun;
use store::Store;

/// A source with its key, ready to be asked.
#[derive(Debug)]
pub struct Account {
    /// Checked settings.
    pub source: Source,
    /// Its key.
    pub key: SecretString,
}

/// What the command line adds to the settings.
#[derive(Debug, Clone)]
pub struct SyncOptions {
    /// Name of the command, for the run's record.
    pub command: String,
    /// Walk every list whole.
    pub full: bool,
    /// Walk a part of the past instead of what is new.
    pub backfill: Option<Backfill>,
    /// Only these streams; empty = all that the source selects.
    pub streams: Vec<String>,
    /// How failing requests are sent again.
    pub retry: RetryPolicy,
    /// Stop deletions that look like a fault of the source (I9).
    pub brake: bool,
}

impl Default for SyncOptions {
    fn default() -> Self {
        Self {
            command: "sync".to_owned(),
            full: false,
            backfill: None,
            streams: Vec::new(),
            retry: RetryPolicy::default(),
            brake: true,
        }
    }
}

/// Runs a sync: reads what is new, commits it, publishes it, and reports truthfully.
///
/// Errors of single streams and sources are in the [`Summary`]; its exit code is the worst of them
/// (I11).
///
/// # Errors
/// What keeps the run from starting or from being written down: lock, disk, database, state.
pub async fn sync(
    settings: &Settings,
    accounts: Vec<Account>,
    options: SyncOptions,
    observer: Arc<dyn Observer>,
    stop: Stop,
) -> Result<Summary> {
    let directory = settings.warehouse.dir.clone();
    prepare(settings)?;
    let _lock = Lock::acquire(&directory, &options.command)?;
    let store = Store::open(settings, &observer).await?;
    let switched = directory.clone();
    store::blocking(move || publish::finish_switch(&switched)).await?;
    let command = options.command.clone();
    let run = store.with(move |warehouse| warehouse.begin_run(&command)).await?;
    let mut summary = Summary::new(&run);
    let views = publishing::begin(settings, &store);

    for account in accounts {
        summary.interrupted = *stop.borrow();
        if summary.interrupted {
            break;
        }
        let source_run = SourceRun {
            account,
            sync: settings.sync,
            sensitive: sensitive(settings, &directory)?,
            options: options.clone(),
            run: run.clone(),
            store: store.clone(),
            observer: Arc::clone(&observer),
            stop: stop.clone(),
        };
        summary.add(source_run.execute().await);
    }

    fault::point("run.before_finish");
    let finished = FinishedRun {
        status: summary.status().to_owned(),
        exit_code: summary.exit_code(),
        requests: summary.requests(),
        message: summary.first_message(),
    };
    let (ended, reports) = (run.clone(), summary.stream_reports());
    store.with(move |warehouse| warehouse.finish_run(&ended, &reports, &finished)).await?;
    fault::point("run.finished");
    drop(views.await);
    match publishing::publish(settings, &run, &summary, store, &observer).await {
        Ok(failed_tie_outs) => {
            summary.published = failed_tie_outs.is_some();
            summary.failed_tie_outs = failed_tie_outs.unwrap_or_default();
        }
        Err(error) => summary.publishing_error = Some(error),
    }
    if summary.published {
        observer.notify(&Event::Published { run: &run.id });
    }
    summary.write(&directory)?;
    Ok(summary)
}

fn prepare(settings: &Settings) -> Result<()> {
    let directory = &settings.warehouse.dir;
    let modes = publishing::modes(settings.warehouse.readers);
    durable::create_directory(directory, modes.directory)?;
    durable::set_mode(directory, modes.directory)?;
    for private in ["work", "changes", "runs"] {
        let path = directory.join(private);
        durable::create_directory(&path, 0o700)?;
        durable::set_mode(&path, 0o700)?;
    }
    Ok(())
}

/// Gives what becomes of sensitive fields. Hashing mixes in a secret of this installation, made at
/// its first use.
fn sensitive(settings: &Settings, directory: &Path) -> Result<Sensitive> {
    match settings.sync.sensitive {
        config::Sensitive::Keep => Ok(Sensitive::Keep),
        config::Sensitive::Drop => Ok(Sensitive::Drop),
        config::Sensitive::Hash => Ok(Sensitive::Hash { salt: salt(directory)? }),
    }
}

fn salt(directory: &Path) -> Result<Vec<u8>> {
    const LENGTH: u64 = 32;
    let path = directory.join("work").join("salt");
    if !path.exists() {
        let mut salt = Vec::new();
        File::open("/dev/urandom")
            .and_then(|random| random.take(LENGTH).read_to_end(&mut salt))
            .context(Kind::Disk, || "cannot read random bytes from /dev/urandom")?;
        durable::write(&path, &salt, 0o600)?;
    }
    let salt =
        std::fs::read(&path).context(Kind::Disk, || format!("cannot read {}", path.display()))?;
    if salt.is_empty() {
        return Err(Error::new(Kind::State, format!("{} is empty", path.display())));
    }
    Ok(salt)
}
