//! A throw-away database beside the snapshot: the API's copies are staged in it and joined there.

use std::fs::DirBuilder;
use std::io::ErrorKind;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use crate::database::Database;
use crate::durable;
use crate::error::{Context, Error, Kind, Result};
use crate::publish::Publication;
use crate::run::store::blocking;

/// Upper bound of its buffers; what exceeds it spills (I10).
const MEMORY_LIMIT: &str = "256MB";
/// Names tried for the private directory.
const MOST_NAMES: u32 = 1000;

/// A shared handle; the last one removes everything that was staged.
#[derive(Debug, Clone)]
pub(super) struct Scratch {
    inner: Arc<Mutex<Inner>>,
}

/// The order matters: the database closes before its directory goes.
#[derive(Debug)]
struct Inner {
    database: Database,
    _folder: Folder,
}

impl Scratch {
    /// Opens one beside the published snapshot of a warehouse.
    ///
    /// # Errors
    /// [`Kind::Unpublished`] where there is no snapshot; [`Kind::Database`], [`Kind::Disk`].
    pub(super) async fn open(directory: &Path) -> Result<Self> {
        let snapshot = Publication::snapshot_path(directory);
        let inner = blocking(move || {
            if !snapshot.is_file() {
                let path = snapshot.display();
                let message =
                    format!("there is no snapshot {path} yet: run `paid-sync sync` first");
                return Err(Error::new(Kind::Unpublished, message));
            }
            let folder = Folder::new()?;
            let database = Database::beside(&snapshot, &folder.0, MEMORY_LIMIT)?;
            Ok(Inner { database, _folder: folder })
        });
        Ok(Self { inner: Arc::new(Mutex::new(inner.await?)) })
    }

    /// Runs `work` on a thread that may block.
    pub(super) async fn with<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Database) -> Result<T> + Send + 'static,
    {
        let inner = Arc::clone(&self.inner);
        blocking(move || work(&inner.lock().unwrap_or_else(PoisonError::into_inner).database)).await
    }
}

/// A directory that only this user can look into, gone when dropped.
#[derive(Debug)]
struct Folder(PathBuf);

impl Folder {
    fn new() -> Result<Self> {
        let parent = std::env::temp_dir();
        for number in 0..MOST_NAMES {
            let path = parent.join(format!("paid-sync-verify-{}-{number}", std::process::id()));
            // Never one that exists: it could be somebody else's.
            match DirBuilder::new().mode(0o700).create(&path) {
                Ok(()) => return Ok(Self(path)),
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => {
                    return Err(error)
                        .context(Kind::Disk, || format!("cannot create {}", path.display()));
                }
            }
        }
        let message = format!("cannot create a directory of its own in {}", parent.display());
        Err(Error::new(Kind::Disk, message))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What cannot be removed lies in the system's place for such things.
        let _left_behind = durable::remove_tree_if_present(&self.0);
    }
}
