//! `sync.toml` and `PAID_SYNC__…` variables become checked [`Settings`], or all their problems at once.
//!
//! [`parse`] is pure; [`load`] and [`Source::read_key`] read files. Nothing past this module sees
//! the shape of the file, and no message repeats a value that could be a key.

mod document;
mod key;
mod overlay;
mod problem;
mod resolve;
mod section;
mod settings;
mod source;

use std::fs;
use std::io;
use std::path::Path;

pub use problem::{Place, Problem};
pub use resolve::parse;
pub use settings::{
    KeyOrigin, Readers, Sensitive, Settings, Source, StreamSelection, Sync, Warehouse,
};

use crate::error::{Context, Error, Kind, Result};

/// The configuration that `paid-sync init` writes: every setting, explained, at its default.
pub const TEMPLATE: &str = include_str!("../../sync.toml");

/// Reads and checks a configuration file; relative paths in it start at the file's folder.
///
/// `environment` gives all variables of the process; those that begin with `PAID_SYNC__` override
/// the file.
///
/// # Errors
/// [`Kind::Configuration`] if the file is absent or unreadable, or with every problem of its
/// content, one a line.
pub fn load(path: &Path, environment: &dyn Fn() -> Vec<(String, String)>) -> Result<Settings> {
    let text = match fs::read_to_string(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(Error::new(
                Kind::Configuration,
                format!(
                    "there is no `{}`; `paid-sync init` writes one that explains every setting",
                    path.display()
                ),
            ));
        }
        read => read.context(Kind::Configuration, || {
            format!("the configuration `{}` cannot be read", path.display())
        })?,
    };
    parse(&text, path, &environment()).map_err(|problems| summary(&problems))
}

/// Gives the process's variables, without those whose name or value is not Unicode.
#[must_use]
pub fn process_environment() -> Vec<(String, String)> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}

fn summary(problems: &[Problem]) -> Error {
    let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
    let text = match lines.as_slice() {
        [only] => only.clone(),
        all => format!("{} problems in the configuration:\n{}", all.len(), all.join("\n")),
    };
    Error::new(Kind::Configuration, text)
}
