//! One run at a time: an OS lock, which a dead process cannot leave behind.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;

use crate::clock;
use crate::error::{Context, Error, Kind, Result};

/// Holds the warehouse until dropped.
#[derive(Debug)]
pub struct Lock {
    file: File,
}

impl Drop for Lock {
    /// Closing the file is not enough: a process that another thread is just starting holds a copy
    /// of it for a moment.
    fn drop(&mut self) {
        let _closing_unlocks_too = self.file.unlock();
    }
}

impl Lock {
    /// Takes the lock of a warehouse directory and writes down who holds it.
    ///
    /// # Errors
    /// [`Kind::Locked`] naming the holder; [`Kind::Disk`].
    pub fn acquire(directory: &Path, command: &str) -> Result<Self> {
        let path = directory.join("work").join("lock");
        let disk = || format!("cannot use the lock file {}", path.display());
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .context(Kind::Disk, disk)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                file.read_to_string(&mut holder).context(Kind::Disk, disk)?;
                return Err(Error::new(
                    Kind::Locked,
                    format!("{} is in use by {}", directory.display(), holder.trim()),
                ));
            }
            Err(TryLockError::Error(error)) => return Err(error).context(Kind::Disk, disk),
        }
        let holder = format!(
            "`paid-sync {command}`, process {}, since {}\n",
            std::process::id(),
            clock::show_micros(clock::now_micros())
        );
        file.set_len(0)
            .and_then(|()| file.seek(SeekFrom::Start(0)))
            .and_then(|_| file.write_all(holder.as_bytes()))
            .context(Kind::Disk, disk)?;
        Ok(Self { file })
    }
}
