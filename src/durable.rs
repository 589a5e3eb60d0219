//! File operations that survive a power cut, with errors that name the path.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::error::{Context, Kind, Result};
use crate::fault;

/// Creates a directory and its parents with this mode; an existing one keeps its own.
///
/// # Errors
/// [`Kind::Disk`] naming the directory.
pub fn create_directory(path: &Path, mode: u32) -> Result<()> {
    fault::io("durable.create_directory")
        .and_then(|()| fs::DirBuilder::new().recursive(true).mode(mode).create(path))
        .context(Kind::Disk, || format!("cannot create the directory {}", path.display()))
}

/// Sets the permission bits of a file or directory.
///
/// # Errors
/// [`Kind::Disk`] naming the path.
pub fn set_mode(path: &Path, mode: u32) -> Result<()> {
    fault::io("durable.set_mode")
        .and_then(|()| fs::set_permissions(path, fs::Permissions::from_mode(mode)))
        .context(Kind::Disk, || format!("cannot change the permissions of {}", path.display()))
}

/// Makes the names inside a directory durable.
///
/// # Errors
/// [`Kind::Disk`] naming the directory.
pub fn sync_directory(path: &Path) -> Result<()> {
    sync_file(path)
}

/// Makes a file's content durable.
///
/// # Errors
/// [`Kind::Disk`] naming the file.
pub fn sync_file(path: &Path) -> Result<()> {
    fault::io("durable.sync")
        .and_then(|()| File::open(path))
        .and_then(|file| file.sync_all())
        .context(Kind::Disk, || format!("cannot make {} durable", path.display()))
}

/// Renames over whatever is there and makes the new name durable.
///
/// # Errors
/// [`Kind::Disk`] naming both paths.
pub fn rename(from: &Path, to: &Path) -> Result<()> {
    fault::io("durable.rename")
        .and_then(|()| fs::rename(from, to))
        .context(Kind::Disk, || format!("cannot rename {} to {}", from.display(), to.display()))?;
    to.parent().map_or(Ok(()), sync_directory)
}

/// Removes a file if it is there.
///
/// # Errors
/// [`Kind::Disk`] naming the file.
pub fn remove_if_present(path: &Path) -> Result<()> {
    match fault::io("durable.remove").and_then(|()| fs::remove_file(path)) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).context(Kind::Disk, || format!("cannot remove {}", path.display()))
        }
        _ => Ok(()),
    }
}

/// Removes a directory and all below it if it is there.
///
/// # Errors
/// [`Kind::Disk`] naming the directory.
pub fn remove_tree_if_present(path: &Path) -> Result<()> {
    match fault::io("durable.remove").and_then(|()| fs::remove_dir_all(path)) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).context(Kind::Disk, || format!("cannot remove {}", path.display()))
        }
        _ => Ok(()),
    }
}

/// Writes a whole file so that readers see the old content or the new, never a part.
///
/// # Errors
/// [`Kind::Disk`] naming the file.
pub fn write(path: &Path, content: &[u8], mode: u32) -> Result<()> {
    let temporary = path.with_extension("part");
    let written = || -> std::io::Result<()> {
        fault::io("durable.write")?;
        let mut file = File::create(&temporary)?;
        file.write_all(content)?;
        file.set_permissions(fs::Permissions::from_mode(mode))?;
        file.sync_all()
    };
    written().context(Kind::Disk, || format!("cannot write {}", path.display()))?;
    rename(&temporary, path)
}

/// Lists a directory in name order; an absent one is empty.
///
/// # Errors
/// [`Kind::Disk`] naming the directory.
pub fn list(path: &Path) -> Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries,
    };
    let mut paths = entries
        .and_then(|entries| entries.map(|entry| entry.map(|entry| entry.path())).collect())
        .context(Kind::Disk, || format!("cannot list {}", path.display()))?;
    let paths: &mut Vec<PathBuf> = &mut paths;
    paths.sort();
    Ok(std::mem::take(paths))
}

/// Lists all files below a directory whose name ends in `.{extension}`, in path order.
///
/// # Errors
/// [`Kind::Disk`] naming the directory.
pub fn files_below(path: &Path, extension: &str) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in list(path)? {
        if entry.is_dir() && !entry.is_symlink() {
            found.extend(files_below(&entry, extension)?);
        } else if entry.extension().is_some_and(|ending| ending == extension) {
            found.push(entry);
        }
    }
    Ok(found)
}
