//! The one error of the crate: a kind that decides exit code and advice, a sentence, and the source.
//!
//! Modules report *what* failed and *where*; [`Kind`] alone knows what that means for the process.
//! Sources are kept, never formatted into the sentence, so a chain prints every cause once.

use std::error::Error as StdError;
use std::fmt;

/// Result with the crate's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong, as far as exit code and advice are concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The run finished but is degraded: new quarantine, failed tie-out, braked deletions.
    Degraded,
    /// Wrong words on the command line.
    Usage,
    /// `sync.toml` or an environment override is wrong.
    Configuration,
    /// The key belongs to another account than the one in the warehouse.
    WrongAccount,
    /// The API refused the key (401).
    Authentication,
    /// The API refuses one path although the key is good (403 without rate-limit text).
    Forbidden,
    /// The API kept throttling after all retries.
    Throttled,
    /// The server could not be reached, or kept failing.
    Network,
    /// The API answered in a way its contract does not allow.
    Contract,
    /// A list is not offered to this account (402, 404, 501).
    Unavailable,
    /// A file or directory could not be read or written.
    Disk,
    /// `DuckDB` refused a statement or a file.
    Database,
    /// Stored state is unreadable or newer than this program.
    State,
    /// The working database is lost or damaged.
    Lost,
    /// No run has published a snapshot yet.
    Unpublished,
    /// A signal stopped the run; progress is saved.
    Interrupted,
    /// Another run holds the lock.
    Locked,
}

impl Kind {
    /// Every kind, for tables and tests.
    pub const ALL: [Self; 17] = [
        Self::Degraded,
        Self::Usage,
        Self::Configuration,
        Self::WrongAccount,
        Self::Authentication,
        Self::Forbidden,
        Self::Throttled,
        Self::Network,
        Self::Contract,
        Self::Unavailable,
        Self::Disk,
        Self::Database,
        Self::State,
        Self::Lost,
        Self::Unpublished,
        Self::Interrupted,
        Self::Locked,
    ];

    /// Gives the documented exit code of the process (README, "Exit codes").
    #[must_use]
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Degraded => 1,
            Self::Usage | Self::Configuration | Self::WrongAccount => 2,
            Self::Authentication
            | Self::Forbidden
            | Self::Throttled
            | Self::Network
            | Self::Contract
            | Self::Unavailable => 3,
            Self::Disk | Self::Database | Self::State | Self::Lost | Self::Unpublished => 4,
            Self::Interrupted => 5,
            Self::Locked => 6,
        }
    }

    /// Gives the advice printed under an error, where there is one that always holds.
    #[must_use]
    pub const fn hint(self) -> Option<&'static str> {
        match self {
            Self::Degraded | Self::Usage => None,
            Self::Configuration => {
                Some("`paid-sync check` lists every problem of the configuration at once")
            }
            Self::WrongAccount => Some(
                "give this account a [[source]] of its own with another name, or restore the key of the first account",
            ),
            Self::Authentication => Some(
                "check that the environment variable named by `api_key_env` holds the whole key of this account",
            ),
            Self::Forbidden => Some("ask the account's owner to grant this key access to the path"),
            Self::Throttled => {
                Some("lower `requests_per_second` or `max_in_flight` of the source and run again")
            }
            Self::Network => Some(
                "check `base_url`, DNS and proxy, then run again; finished windows are not fetched twice",
            ),
            Self::Contract => {
                Some("the API changed or a proxy interferes; nothing of the bad answer was stored")
            }
            Self::Unavailable => {
                Some("leave the stream out with `streams = [\"*\", \"!name\"]` if this is expected")
            }
            Self::Disk => Some(
                "check permissions and free space of the warehouse directory; the last snapshot is untouched",
            ),
            Self::Database => Some(
                "the last snapshot is untouched; run again; if it fails the same way and the file is below `work/`, `paid-sync rebuild` recovers it",
            ),
            Self::State => Some(
                "use the newest paid-sync, restore what is named above from a backup, or point `[warehouse] dir` at a new directory",
            ),
            Self::Lost => Some(
                "`paid-sync rebuild` recovers it from the snapshot and the change log, without asking the API; the last snapshot is untouched",
            ),
            Self::Unpublished => {
                Some("if a run has published already, check `--config` and `[warehouse] dir`")
            }
            Self::Interrupted => Some("run the same command again to go on where it stopped"),
            Self::Locked => {
                Some("wait for the other run to end; a dead process never leaves the lock behind")
            }
        }
    }

    /// Tells whether the whole run must end (`true`) or only the stream that met the error.
    #[must_use]
    pub const fn ends_run(self) -> bool {
        !matches!(
            self,
            Self::Degraded
                | Self::Forbidden
                | Self::Throttled
                | Self::Network
                | Self::Contract
                | Self::Unavailable
        )
    }
}

/// An error that a person can act on: kind, sentence, cause.
#[derive(Debug)]
pub struct Error {
    kind: Kind,
    message: String,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    /// Makes an error from a sentence that names what failed and where.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), source: None }
    }

    /// Keeps the cause, to be printed under the sentence.
    #[must_use]
    pub fn because(mut self, source: impl StdError + Send + Sync + 'static) -> Self {
        self.source = Some(Box::new(source));
        self
    }

    /// Gives the causes, outermost first, without those that the line before already tells.
    #[must_use]
    pub fn causes(&self) -> Vec<String> {
        let mut told = self.to_string();
        let mut causes = Vec::new();
        let mut next = self.source();
        while let Some(cause) = next {
            let text = cause.to_string();
            if !told.ends_with(&text) {
                causes.push(text.clone());
                told = text;
            }
            next = cause.source();
        }
        causes
    }

    /// Gives sentence and causes in one line, as a record keeps them.
    #[must_use]
    pub fn in_full(&self) -> String {
        let mut told = vec![self.to_string()];
        told.extend(self.causes());
        told.join(": ")
    }

    /// Gives the kind.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.kind
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| -> &(dyn StdError + 'static) { source })
    }
}

/// Adds kind and sentence to a foreign error while keeping it as the cause.
pub trait Context<T> {
    /// Wraps the error; the sentence is only built on failure.
    fn context<S: Into<String>>(self, kind: Kind, message: impl FnOnce() -> S) -> Result<T>;
}

impl<T, E: StdError + Send + Sync + 'static> Context<T> for Result<T, E> {
    fn context<S: Into<String>>(self, kind: Kind, message: impl FnOnce() -> S) -> Result<T> {
        self.map_err(|source| Error::new(kind, message()).because(source))
    }
}
