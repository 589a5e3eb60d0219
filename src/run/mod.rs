//! The only place that sees all stages: wires plan → extract → normalize → load → publish.

mod check;
mod lock;
mod publishing;
mod refresh;
mod source;
mod store;
mod stream;
mod summary;

use std::path::PathBuf;
use std::sync::Arc;

use secrecy::SecretString;
use tokio::sync::watch;

use crate::config::{Settings, Source};
use crate::durable;
use crate::error::{Error, Kind, Result};
use crate::extract::RetryPolicy;
use crate::fault;
use crate::load::FinishedRun;
use crate::model::{Event, Observer};

pub use check::{CheckedAccount, check_account, check_directory};
pub use lock::Lock;
pub use summary::Summary;

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
#[derive(Debug, Clone, Default)]
pub struct SyncOptions {
    /// Name of the command, for the run's record.
    pub command: String,
    /// Walk every list whole.
    pub full: bool,
    /// Only these streams; empty = all that the source selects.
    pub streams: Vec<String>,
    /// How failing requests are sent again.
    pub retry: RetryPolicy,
}

/// Resolves to `true` once the run should finish its load unit, save and stop.
pub type Stop = watch::Receiver<bool>;

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
    let store = Store::open(&directory).await?;
    let command = options.command.clone();
    let run = store.with(move |warehouse| warehouse.begin_run(&command)).await?;
    let mut summary = Summary::new(&run);

    for account in accounts {
        let source_run = SourceRun {
            account,
            sync: settings.sync,
            salt: salt(&directory)?,
            options: options.clone(),
            run: run.clone(),
            store: store.clone(),
            observer: Arc::clone(&observer),
            stop: stop.clone(),
        };
        summary.add(source_run.execute().await);
        summary.interrupted = *stop.borrow();
        if summary.interrupted {
            break;
        }
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
    summary.published = publishing::publish(settings, &run, &summary, store, &observer).await?;
    if summary.published {
        observer.notify(&Event::Published { run: &run.id });
    }
    summary.write(&directory)?;
    Ok(summary)
}

fn prepare(settings: &Settings) -> Result<()> {
    let directory = &settings.warehouse.dir;
    let modes = publishing::modes(settings.warehouse.readers);
    if !directory.exists() {
        durable::create_directory(directory, modes.directory)?;
        durable::set_mode(directory, modes.directory)?;
    }
    for private in ["work", "changes", "runs"] {
        let path = directory.join(private);
        durable::create_directory(&path, 0o700)?;
        durable::set_mode(&path, 0o700)?;
    }
    Ok(())
}

/// Gives the secret of this installation that `sensitive = "hash"` mixes in; made once.
fn salt(directory: &std::path::Path) -> Result<Vec<u8>> {
    let path: PathBuf = directory.join("work").join("salt");
    match std::fs::read(&path) {
        Ok(salt) if !salt.is_empty() => Ok(salt),
        Ok(_) => Err(Error::new(Kind::State, format!("{} is empty", path.display()))),
        Err(_) => {
            let salt: Vec<u8> = std::iter::repeat_with(|| fastrand::u8(..)).take(32).collect();
            durable::write(&path, &salt, 0o600)?;
            Ok(salt)
        }
    }
}
