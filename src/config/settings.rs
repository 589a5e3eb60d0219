//! Checked settings: nothing in here needs another look before it is used.

use std::collections::BTreeSet;
use std::path::PathBuf;

use url::Url;

use crate::catalog::SourceKind;

/// Everything that `sync.toml` and its overrides say.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where the warehouse is and who may read it.
    pub warehouse: Warehouse,
    /// How runs proceed.
    pub sync: Sync,
    /// What is mirrored, in the order of the file; at least one, names unique.
    pub sources: Vec<Source>,
}

impl Settings {
    /// Finds a source by name.
    #[must_use]
    pub fn source(&self, name: &str) -> Option<&Source> {
        self.sources.iter().find(|source| source.name == name)
    }
}

/// `[warehouse]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warehouse {
    /// Directory; relative only if the configuration file was named by a relative path.
    pub dir: PathBuf,
    /// Who may read what is published.
    pub readers: Readers,
    /// IANA name of the time zone in which reports cut days and months.
    pub report_timezone: String,
}

/// Who may read the published files (DESIGN 4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readers {
    /// The user who runs the mirror.
    Owner,
    /// That user's group as well.
    Group,
    /// Every user of the machine.
    All,
}

/// `[sync]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sync {
    /// Seconds before the server's now at which a window ends.
    pub settle_lag: i64,
    /// Seconds by which a new window reaches back before the last completed bound.
    pub lookback: i64,
    /// Seconds between two complete re-walks of a stream.
    pub rewalk_every: i64,
    /// Most reads by id in one run.
    pub refresh_budget: u32,
    /// What becomes of sensitive fields.
    pub sensitive: Sensitive,
}

/// What becomes of sensitive fields (CONTRACT N1.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sensitive {
    /// Stored as received.
    Keep,
    /// Stored as a hash.
    Hash,
    /// Not stored.
    Drop,
}

/// One `[[source]]`: an account of an API.
#[derive(Debug, Clone)]
pub struct Source {
    /// Its name, also its schema in the warehouse (DESIGN 1).
    pub name: String,
    /// Which API it speaks.
    pub kind: &'static SourceKind,
    /// Address that stream paths follow: `https`, or `http` to this machine; no trailing slash
    /// unless its path is `/`; no user name, query or fragment.
    pub base_url: Url,
    /// Where its key is.
    pub key: KeyOrigin,
    /// Rows asked for per page, 1 to 1000.
    pub page_size: u32,
    /// Requests per second, 1 to 100 000.
    pub requests_per_second: u32,
    /// Requests under way at once, 1 to 64.
    pub max_in_flight: u32,
    /// Which streams are mirrored.
    pub streams: StreamSelection,
    /// Currency of invoices that name none: three lower-case letters.
    pub default_currency: Option<String>,
}

impl Source {
    /// Tells whether a stream is mirrored.
    #[must_use]
    pub fn selects(&self, stream: &str) -> bool {
        self.streams.contains(stream)
    }
}

/// Where a key is found; never the key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyOrigin {
    /// In the environment variable of this name.
    Environment(String),
    /// In this file.
    File(PathBuf),
}

/// The streams that a source mirrors; at least one, all known to its kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamSelection {
    pub(super) names: BTreeSet<&'static str>,
}

impl StreamSelection {
    /// Tells whether a stream is mirrored.
    #[must_use]
    pub fn contains(&self, stream: &str) -> bool {
        self.names.contains(stream)
    }

    /// Gives the selected names in alphabetical order.
    pub fn names(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.names.iter().copied()
    }
}
