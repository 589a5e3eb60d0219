//! The integration tests, one binary so that everything is linked once.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::as_conversions,
    clippy::string_slice,
    clippy::too_many_lines,
    clippy::float_cmp,
    clippy::print_stderr,
    clippy::format_push_string,
    clippy::clone_on_ref_ptr,
    clippy::type_complexity,
    reason = "a test that meets the unexpected must fail loudly, wherever in its helpers, and reads best plain"
)]

/// Who may import whom, and which file names which third party.
mod architecture;
/// Parts of the past, several segments at once.
mod backfill;
/// Every wrong input ends in a clear message and the documented exit code.
mod bad_input;
/// The page with all reports in a real browser.
mod browser;
/// Rules that the stream records obey.
mod catalog;
/// Words of the command line, printing, failures.
mod command_line;
/// `sync.toml` and its overrides.
mod config;
/// A process killed at every fault point, then run again (I3).
mod crash;
/// Deletions are proven or do not happen (I9).
mod deletions;
/// Full and failing disks.
mod disk;
/// Edits that lists hide.
mod edits;
/// The simulated account.
mod emulator;
/// Requests, paging, retries, errors.
mod extract;
/// Random histories against the truth.
mod hunt;
/// Where keys come from and never go.
mod keys;
/// Load units committed straight into a working database.
mod load;
/// A month of nightly runs against the truth.
mod month;
/// From JSON to columns.
mod normalize;
/// What a run would do.
mod outlook;
/// Whole runs against the simulated account.
mod pipeline;
/// Which walks a run makes.
mod plan;
/// What readers see after every exit code.
mod publishing;
/// README and shipped files tell the truth.
mod readme;
/// A lost working database is rebuilt without asking the API.
mod rebuild;
/// Tables on terminals, in CSV, JSON and HTML.
mod render;
/// Reports beside a second opinion on the account.
mod report_oracle;
/// Bundled queries on hand-checked data.
mod reports;
/// Other kinds of sources.
mod siblings;
/// The simulated accounts of the sibling APIs.
mod siblings_emulator;
/// Servers that slow down, throttle or have odd clocks.
mod storms;
/// Shared helpers.
mod support;
/// `verify`: what it finds, and what it mends.
mod verify;
/// What mirrors get wrong, entry by entry.
mod ways_to_be_wrong;
