//! The words of the command line, nothing else: what they mean is decided by the commands.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::error::ErrorKind;
use clap::{ArgAction, Args, CommandFactory, Parser, Subcommand, ValueEnum};
use jiff::Timestamp;
use jiff::civil::Date;
use secrecy::SecretString;

use crate::report::{Report, find_report};

/// The whole command line.
#[derive(Debug, Parser)]
#[command(
    name = "paid-sync",
    about = "Mirrors billing APIs, whole and true, into DuckDB and Parquet",
    version,
    max_term_width = 100,
    after_help = "\
Examples:
  paid-sync demo                    try everything against a simulated account
  paid-sync init                    write a sync.toml that explains every setting
  paid-sync sync                    mirror what is new since the last run
  paid-sync report ar_aging         who owes what, for how long

Exit codes: 0 complete, 1 degraded, 2 usage or configuration, 3 source, 4 warehouse,
5 interrupted, 6 another run holds the lock."
)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// What holds for every command.
    #[command(flatten)]
    pub global: Global,
}

/// Flags that every command takes.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Global options")]
pub struct Global {
    /// Configuration file
    #[arg(long, global = true, value_name = "FILE", default_value = "sync.toml")]
    pub config: PathBuf,
    /// How results are written; parquet and html for reports only
    #[arg(long, global = true, value_enum, default_value_t = OutputFormat::Table)]
    pub format: OutputFormat,
    /// Write the result to this file instead of stdout
    #[arg(long, global = true, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Only these sources, separated by commas
    #[arg(long, global = true, value_name = "NAMES", value_delimiter = ',')]
    pub source: Vec<String>,
    /// Only these streams, separated by commas
    #[arg(long, global = true, value_name = "NAMES", value_delimiter = ',')]
    pub stream: Vec<String>,
    /// Say nothing but results, warnings and errors
    #[arg(long, short, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Log more: -v what is done, -vv every request, -vvv everything
    #[arg(long, short, global = true, action = ArgAction::Count)]
    pub verbose: u8,
    /// How log lines and errors are written to stderr
    #[arg(long, global = true, value_enum, default_value_t = LogFormat::Text)]
    pub log_format: LogFormat,
    /// Plain lines instead of progress bars
    #[arg(long, global = true)]
    pub no_progress: bool,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Simulate an account of each kind, mirror them twice and print three reports
    #[command(after_help = "\
Examples:
  paid-sync demo
  paid-sync demo --dir /tmp/demo --size medium --seed 7")]
    Demo(Demo),
    /// Write a sync.toml that explains every setting
    #[command(after_help = "\
Examples:
  paid-sync init
  paid-sync init --config account.toml --force")]
    Init {
        /// Replace a file that exists
        #[arg(long)]
        force: bool,
    },
    /// List every problem of the configuration, then ask each source whether its key works
    #[command(after_help = "\
Examples:
  paid-sync check
  paid-sync check --source paid")]
    Check,
    /// Mirror what is new or changed since the last run
    #[command(after_help = "\
Examples:
  paid-sync sync
  paid-sync sync --source paid --stream invoices,transactions
  paid-sync sync --full --quiet --log-format json")]
    Sync {
        /// Walk every list whole, whatever is known
        #[arg(long)]
        full: bool,
        /// Say what would be walked, why and at what cost, as plan does; mirror nothing
        #[arg(long)]
        dry_run: bool,
    },
    /// Say what the next run would walk, why, and what it would cost; mirror nothing
    #[command(after_help = "\
Examples:
  paid-sync plan                            the next sync
  paid-sync plan --full                     the next sync --full
  paid-sync plan --from 2024-01-01          a backfill from that day on
  paid-sync plan --format json

Rows are predicted from what the warehouse holds; a list that it does not hold is estimated by at
most twenty requests. Refreshes are reads by id of objects that may have changed, at most
refresh_budget. Minutes follow from the configured pace and the latency just seen.")]
    Plan {
        /// Plan a sync that walks every list whole
        #[arg(long, conflicts_with_all = ["from", "to", "again"])]
        full: bool,
        /// Plan a backfill instead of a sync.
        #[command(flatten)]
        past: Past,
    },
    /// Walk a part of the past, as fast as the server allows; goes on where it was cut off
    #[command(after_help = "\
Examples:
  paid-sync backfill                              everything: a first run, or what is missing of it
  paid-sync backfill --from 2019-01-01 --to 2023-12-31
  paid-sync backfill --from 2024-01-01 --stream invoices,transactions --again

Times are those of created_at, UTC. Only what the ledger does not hold as complete is walked,
unless --again is given. Lists are walked in several segments at once, as many as max_in_flight
allows, within requests_per_second. Readers see the result once everything up to now is complete:
after a run without --from, or the next sync.")]
    Backfill(Backfill),
    /// Compare the account with the published snapshot, id by id, and mend what differs
    #[command(after_help = "\
Examples:
  paid-sync verify                                  walk every list, compare every row
  paid-sync verify --stream invoices,transactions -v
  paid-sync verify --sample 50                      50 rows of each stream, read by id
  paid-sync verify --format json --output findings.json
  paid-sync verify --repair                         read again exactly what differs

Shows one line per month of creation that differs, and a total per stream; -v shows all months,
--format json every id with the fields that differ. Objects made after the snapshot are `newer`,
events that the feed no longer shows are `forgotten`: neither is a difference.

Exit codes: 0 no difference, 1 a difference (with --repair: one that is left), else as always.")]
    Verify(Verify),
    /// Recover a lost or damaged working database from the snapshot and the change log
    #[command(after_help = "\
Examples:
  paid-sync rebuild
  paid-sync rebuild --from-changes
  paid-sync rebuild --skip-damaged --format json

Nothing is asked of the API. What was in place is kept as work/warehouse.broken.duckdb. Readers go
on seeing the last snapshot; the next sync publishes.")]
    Rebuild {
        /// Replay the whole change log, whatever the state of the snapshot
        #[arg(long)]
        from_changes: bool,
        /// Go on without parts of the change log that are damaged or lost; ends with exit code 1
        #[arg(long)]
        skip_damaged: bool,
    },
    /// Show how fresh every stream is and how the last run went
    #[command(after_help = "\
Examples:
  paid-sync status
  paid-sync status --format json")]
    Status,
    /// List the streams of every kind of source
    #[command(after_help = "\
Examples:
  paid-sync streams
  paid-sync streams --format csv")]
    Streams,
    /// Print a report, the names of all of them, or one page with everything
    #[command(after_help = "\
Examples:
  paid-sync report                                      the names of all reports
  paid-sync report ar_aging --help                      what it means, column by column
  paid-sync report ar_aging --as-of 2026-10-31
  paid-sync report ar_aging --as-of 2026-10-31 --known-at 2026-11-02T06:00:00Z
  paid-sync report ar_rollforward --from 2026-01-01 --to 2026-10-31 --currency usd
  paid-sync report customer_ledger --customer cus_123
  paid-sync report --format html --output reports.html  one page with all of them
  paid-sync report revenue_by_month --format parquet --output revenue.parquet

Tables and pages show major units by the currency of the row; csv, json and parquet hold minor
units. --as-of tells the state of business on an evening; --known-at what the mirror knew then.")]
    Report(ReportWords),
    /// Serve a simulated account on this machine: read it, write to it, drive it, break it
    #[command(after_help = "\
Examples:
  paid-sync emulate
  paid-sync emulate --port 9000 --size medium --latency 20ms --page-cap 50
  paid-sync emulate --now 2026-11-01T12:00:00Z --seed 7
  paid-sync emulate --churn 30 --chaos 5
  paid-sync emulate --faults faults.json
  paid-sync emulate --kind paid-ai --api-version v2 --customers 200
  paid-sync emulate --kind alternative-payments --port 9001

The API of Paid is below /v0 with the key as user name: curl -u sk_test_emulator: …
The other kinds tell their base and credentials at the start.
Its controls are below /_emulator, which lists them: time, truth, churn, faults, log.
With --now time stands still until POST /_emulator/advance?days=1 moves it.")]
    Emulate(Emulate),
}

/// Words of `report`.
#[derive(Debug, Clone, Default, Args)]
pub struct ReportWords {
    /// Which report; none: the list of them, or with --format html one page with all. Followed by
    /// --help: what that report means, takes and gives
    pub name: Option<String>,
    /// List the reports and the questions they answer; with --format json their contracts
    #[arg(long, conflicts_with = "name")]
    pub list: bool,
    /// Explain the report instead of running it: definitions, parameters, columns, tie-out
    #[arg(long, requires = "name")]
    pub describe: bool,
    /// The day to report on, YYYY-MM-DD; the day of the newest sync unless given
    #[arg(long, visible_alias = "to", value_name = "DATE", value_parser = date)]
    pub as_of: Option<Date>,
    /// Report from what was known at that instant, as 2026-11-02T06:00:00Z
    #[arg(long, value_name = "INSTANT")]
    pub known_at: Option<Timestamp>,
    /// The first day, for reports about a period
    #[arg(long, value_name = "DATE", value_parser = date)]
    pub from: Option<Date>,
    /// Only this customer, by id or name
    #[arg(long, value_name = "ID", requires = "name")]
    pub customer: Option<String>,
    /// Only this currency
    #[arg(long, value_name = "CODE")]
    pub currency: Option<String>,
}

/// Words of `demo`.
#[derive(Debug, Clone, Args)]
pub struct Demo {
    /// Directory for everything it writes
    #[arg(long, default_value = "demo")]
    pub dir: PathBuf,
    /// How large the simulated account is: small or medium
    #[arg(long, default_value = "small", value_parser = demo_size)]
    pub size: Size,
    /// Another number gives another account
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
}

/// Words of `backfill`.
#[derive(Debug, Clone, Copy, Args)]
pub struct Backfill {
    /// The part of the past.
    #[command(flatten)]
    pub past: Past,
    /// Say what would be walked, why and at what cost, as plan does; mirror nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// A part of the past.
#[derive(Debug, Clone, Copy, Args)]
pub struct Past {
    /// First day, YYYY-MM-DD; else from the oldest object on
    #[arg(long, value_name = "DATE", value_parser = date)]
    pub from: Option<Date>,
    /// Last day, YYYY-MM-DD; else up to now
    #[arg(long, value_name = "DATE", value_parser = date)]
    pub to: Option<Date>,
    /// Walk also what is complete already
    #[arg(long)]
    pub again: bool,
}

/// Words of `verify`.
#[derive(Debug, Clone, Args)]
pub struct Verify {
    /// Walk no list: read this many random rows of each stream by id
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub sample: Option<u32>,
    /// Choose the same rows as an earlier sample of the same snapshot, which told its seed
    #[arg(long, value_name = "N", requires = "sample")]
    pub seed: Option<u64>,
    /// Read what differs again, replace it or remove it once proven gone, publish, compare again
    #[arg(long)]
    pub repair: bool,
}

/// Words of `emulate`.
#[derive(Debug, Clone, Args)]
pub struct Emulate {
    /// Which API is simulated
    #[arg(long, value_enum, default_value_t = EmulatedKind::Paid)]
    pub kind: EmulatedKind,
    /// Version of the API of paid-ai; v1 unless given
    #[arg(long, value_enum, value_name = "VERSION")]
    pub api_version: Option<EmulatedVersion>,
    /// How many customers a simulated account of the other kinds than paid has; 40 unless given
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(..=100_000))]
    pub customers: Option<u32>,
    /// Port on 127.0.0.1; 0 takes a free one
    #[arg(long, default_value_t = 8787)]
    pub port: u16,
    /// How large the simulated account is
    #[arg(long, value_enum, default_value_t = Size::Small)]
    pub size: Size,
    /// Another number gives another account
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// The simulated present, such as 2026-11-01T00:00:00Z, which then stands still until it is
    /// moved; else the clock of this machine
    #[arg(long, value_name = "RFC3339")]
    pub now: Option<Timestamp>,
    /// Most rows in a page, whatever is asked for
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub page_cap: Option<u32>,
    /// Time that every answer takes, such as 20ms or 1s
    #[arg(long, value_name = "TIME", default_value = "0ms", value_parser = latency)]
    pub latency: Duration,
    /// Leaves out `created_at` where the documents do not show it.
    #[arg(long, help = "Leave created_at out of customers, invoices and transactions")]
    pub hide_created_at: bool,
    /// Days of the seeded event feed; older events are forgotten
    #[arg(long, value_name = "DAYS", default_value_t = 30)]
    pub event_days: u32,
    /// Let this many random business actions happen every minute
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub churn: u32,
    /// Let this many of a hundred requests meet a random fault that a good client survives
    #[arg(long, value_name = "PERCENT", default_value_t = 0,
        value_parser = clap::value_parser!(u8).range(0..=100))]
    pub chaos: u8,
    /// Script faults from a JSON file, as POST /_emulator/faults takes them
    #[arg(long, value_name = "FILE")]
    pub faults: Option<PathBuf>,
    /// Status of a refused change of state: 402 as documented, or 400
    #[arg(long, value_name = "STATUS", default_value_t = 402, value_parser = conflict_status)]
    pub conflict_status: u16,
    /// The only key that is let in; else the one that is told at the start
    #[arg(long, value_name = "KEY")]
    pub api_key: Option<SecretString>,
}

/// Which API is simulated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum EmulatedKind {
    /// Paid v0.
    Paid,
    /// Paid (paid.ai).
    PaidAi,
    /// Alternative Payments.
    AlternativePayments,
}

/// Which version of an API is simulated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum EmulatedVersion {
    /// Whole arrays, nested errors.
    V1,
    /// Pages by offset.
    V2,
}

/// How large a simulated account is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Size {
    /// At most 150 objects.
    Tiny,
    /// About 5 000 objects.
    Small,
    /// About 100 000 objects.
    Medium,
    /// About two million objects.
    Large,
    /// 200 000 transactions, 40 000 invoices and 10 000 customers.
    Bench,
    /// A million transactions, 200 000 invoices and 50 000 customers.
    BenchLarge,
}

/// How results are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum OutputFormat {
    /// Aligned text.
    Table,
    /// An array of objects.
    Json,
    /// Comma-separated values.
    Csv,
    /// A Parquet file; reports only.
    Parquet,
    /// A page; reports only.
    Html,
}

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// The reason why no command runs: wrong words, or a request for help or the version.
#[derive(Debug)]
pub struct Stop(clap::Error);

impl Stop {
    /// Gives the text to print, with colours or without.
    #[must_use]
    pub fn text(&self, colour: bool) -> String {
        let text = self.0.render();
        if colour { text.ansi().to_string() } else { text.to_string() }
    }

    /// Tells whether the text belongs to stderr (wrong words) or stdout (it was asked for).
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.0.use_stderr()
    }

    /// Gives the exit code: 2 for wrong words, else 0.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        if self.is_error() { 2 } else { 0 }
    }
}

/// Reads the words of the command line, program name first.
///
/// # Errors
/// [`Stop`], to be printed, if a word is wrong, words do not fit each other, or help was asked for.
pub fn read(
    words: impl IntoIterator<Item = OsString>,
    stdout_is_terminal: bool,
) -> Result<Arguments, Stop> {
    let words: Vec<OsString> = words.into_iter().collect();
    let arguments = Arguments::try_parse_from(&words).map_err(|stop| {
        let asked = (stop.kind() == ErrorKind::DisplayHelp).then(|| report_of(&words)).flatten();
        Stop(asked.map_or(stop, |name| report_help(&name, &words)))
    })?;
    match conflict(&arguments, stdout_is_terminal) {
        None => Ok(arguments),
        Some(message) => {
            Err(Stop(Arguments::command().error(ErrorKind::ArgumentConflict, message)))
        }
    }
}

/// Gives the report whose help is asked for: what the words name once they ask for no help.
fn report_of(words: &[OsString]) -> Option<String> {
    let is_help = |word: &&OsString| *word == "--help" || *word == "-h";
    let rest = words.iter().filter(|word| !is_help(word));
    match Arguments::try_parse_from(rest).ok()?.command {
        Command::Report(words) => words.name,
        _ => None,
    }
}

/// Puts the contract of a report above the help of the command.
fn report_help(name: &str, words: &[OsString]) -> clap::Error {
    let command = Arguments::command();
    let described = find_report(name).and_then(Report::description);
    match described {
        Ok(text) => command
            .mut_subcommand("report", |report| report.before_help(&text).before_long_help(&text))
            .try_get_matches_from(words)
            .err()
            .unwrap_or_else(|| Arguments::command().error(ErrorKind::DisplayHelp, text)),
        Err(error) => Arguments::command().error(ErrorKind::InvalidValue, error),
    }
}

fn conflict(arguments: &Arguments, stdout_is_terminal: bool) -> Option<&'static str> {
    let global = &arguments.global;
    let is_report = matches!(arguments.command, Command::Report { .. });
    match global.format {
        OutputFormat::Parquet | OutputFormat::Html if !is_report => {
            Some("`--format parquet` and `--format html` are for `report` only")
        }
        OutputFormat::Parquet if global.output.is_none() && stdout_is_terminal => {
            Some("Parquet is not for terminals: add `--output FILE` or redirect stdout")
        }
        OutputFormat::Table
        | OutputFormat::Json
        | OutputFormat::Csv
        | OutputFormat::Parquet
        | OutputFormat::Html => None,
    }
}

fn demo_size(word: &str) -> Result<Size, String> {
    match word {
        "small" => Ok(Size::Small),
        "medium" => Ok(Size::Medium),
        _ => Err("write `small` or `medium`".to_owned()),
    }
}

fn date(word: &str) -> Result<Date, String> {
    // The crate takes longer forms too, times and all.
    let parsed = if word.len() == "YYYY-MM-DD".len() { word.parse().ok() } else { None };
    parsed.ok_or_else(|| "write a day of the calendar as YYYY-MM-DD".to_owned())
}

fn conflict_status(text: &str) -> Result<u16, String> {
    match text {
        "400" => Ok(400),
        "402" => Ok(402),
        _ => Err("must be 400 or 402".to_owned()),
    }
}

fn latency(word: &str) -> Result<Duration, String> {
    let number = |digits: &str| digits.parse::<u32>().ok().map(u64::from);
    let duration = match (word.strip_suffix("ms"), word.strip_suffix('s')) {
        (Some(digits), _) => number(digits).map(Duration::from_millis),
        (None, Some(digits)) => number(digits).map(Duration::from_secs),
        (None, None) => None,
    };
    duration.ok_or_else(|| "write a number and `ms` or `s`, such as 20ms".to_owned())
}
