//! What a run tells its observers (progress bars, logs, tests) while it works.

use std::fmt;

use super::RowCounts;

/// How a stream ended (DESIGN 9, CONTRACT A2.5 and N6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StreamStatus {
    /// Its walk reached a proven end and everything is committed.
    Complete,
    /// The server ignored the cursor; its first page was kept.
    CursorIgnored,
    /// The list is not part of the account's plan (402).
    UnavailableOnPlan,
    /// The list does not exist (404, 501).
    Unavailable,
    /// The key may not read it (403).
    Forbidden,
    /// Throttled to the last retry.
    Throttled,
    /// It failed; the run's error says how.
    Failed,
    /// A signal stopped it; progress is saved.
    Interrupted,
}

impl StreamStatus {
    /// Every status.
    pub const ALL: &'static [Self] = &[
        Self::Complete,
        Self::CursorIgnored,
        Self::UnavailableOnPlan,
        Self::Unavailable,
        Self::Forbidden,
        Self::Throttled,
        Self::Failed,
        Self::Interrupted,
    ];

    /// Everything that the list offered was read.
    #[must_use]
    pub const fn is_finished(self) -> bool {
        matches!(self, Self::Complete | Self::CursorIgnored)
    }

    /// Gives the name stored in the warehouse and printed.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::CursorIgnored => "cursor_ignored",
            Self::UnavailableOnPlan => "unavailable_on_plan",
            Self::Unavailable => "unavailable",
            Self::Forbidden => "forbidden",
            Self::Throttled => "throttled_or_forbidden",
            Self::Failed => "failed",
            Self::Interrupted => "interrupted",
        }
    }
}

impl fmt::Display for StreamStatus {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// How one stream of one run went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// How it ended.
    pub status: StreamStatus,
    /// What became of its elements.
    pub rows: RowCounts,
    /// What to know about it, for a person.
    pub note: Option<String>,
}

/// One thing that happened.
#[derive(Debug, Clone)]
pub enum Event<'a> {
    /// A stream's walk begins.
    StreamStarted {
        /// Source name.
        source: &'a str,
        /// Stream name.
        stream: &'a str,
        /// What is asked for, in a few words: `whole list`, `window (1, 2]`.
        plan: &'a str,
        /// It goes on where an earlier walk was cut off.
        is_resumed: bool,
    },
    /// A page arrived.
    PageFetched {
        /// Source name.
        source: &'a str,
        /// Stream name.
        stream: &'a str,
        /// Elements on the page.
        rows: u64,
        /// The server's hint, good for display only (CONTRACT G-A3).
        total_pages: Option<u64>,
        /// Estimate of the pages to come, from the time of creation that is not covered yet.
        pages_left: Option<u64>,
    },
    /// A load unit was committed.
    Committed {
        /// Source name.
        source: &'a str,
        /// Stream name.
        stream: &'a str,
        /// New rows.
        inserted: u64,
        /// Rows with a new version.
        updated: u64,
    },
    /// A stream is done.
    StreamFinished {
        /// Source name.
        source: &'a str,
        /// Stream name.
        stream: &'a str,
        /// How it went.
        outcome: &'a Outcome,
    },
    /// A request failed and will be sent again.
    Retrying {
        /// Path below the base URL.
        path: &'a str,
        /// What went wrong.
        reason: &'a str,
        /// Tries so far.
        attempt: u32,
        /// Seconds until the next try.
        wait_seconds: f64,
    },
    /// The server throttles, and requests are sent more slowly; or they recover from that.
    Paced {
        /// Source name.
        source: &'a str,
        /// Requests that may be sent in a second now.
        requests_per_second: f64,
        /// Those that the configuration allows.
        configured: f64,
        /// Why they were slowed down; `None` where they recover.
        reason: Option<&'a str>,
    },
    /// Something a person should know.
    Warning {
        /// One sentence.
        text: &'a str,
    },
    /// Making the snapshot began.
    Publishing,
    /// Readers see this run now.
    Published {
        /// Run id.
        run: &'a str,
    },
}

/// Receives events; must not block for long.
pub trait Observer: Send + Sync {
    /// Takes note of an event.
    fn notify(&self, event: &Event<'_>);
}

/// Takes no note of anything.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Observer for Silent {
    fn notify(&self, _event: &Event<'_>) {}
}
