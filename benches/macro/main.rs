//! Whole runs of `paid-sync` against the emulator, beside two floors measured in the same run.
//!
//! `cargo bench --bench macro -- --help` tells the options, `benches/README.md` the columns.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "it talks to whoever measures")]

mod floors;
mod process;
mod scenario;
mod table;
mod truth;

use std::path::{Path, PathBuf};

use clap::{Parser, Subcommand};
use tempfile::TempDir;

/// What goes wrong ends the benchmark.
type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// Measures whole runs against the emulator; each ends by comparing the warehouse with the truth.
#[derive(Debug, Parser)]
struct Options {
    /// Account to load: small, medium, bench (200 000 transactions) or bench-large (1 000 000).
    #[arg(long, default_value = "bench")]
    size: String,
    /// Runs of each scenario; medians are told.
    #[arg(long, default_value_t = 5)]
    runs: usize,
    /// Latencies of the server in milliseconds.
    #[arg(long, value_delimiter = ',', default_value = "0,20,100")]
    latency: Vec<u64>,
    /// Requests in flight, of our process and of the floor.
    #[arg(long, default_value_t = 16)]
    width: usize,
    /// Also walks once with a single request in flight, at every latency above 0.
    #[arg(long)]
    single: bool,
    /// Prints the table of README instead of text.
    #[arg(long)]
    markdown: bool,
    /// Passed by cargo.
    #[arg(long, hide = true)]
    bench: bool,
    #[command(subcommand)]
    step: Option<Step>,
}

/// Each runs in a process of its own, so that its CPU time and memory can be told, and because the
/// peak memory that the system tells of a process is never below that of its parent.
#[derive(Debug, Subcommand)]
#[command(hide = true)]
enum Step {
    /// Asks for the URLs in a file, throws the bodies away, or keeps them.
    Http {
        urls: PathBuf,
        width: usize,
        #[arg(long)]
        keep: Option<PathBuf>,
    },
    /// Reads the kept bodies into tables of a database file.
    Json { bodies: PathBuf, database: PathBuf },
    /// Compares a warehouse with the truth of an emulator; prints the number of rows.
    Truth { address: String, home: PathBuf, streams: Vec<String> },
}

fn main() -> Outcome<()> {
    let options = Options::parse();
    match &options.step {
        Some(Step::Http { urls, width, keep }) => floors::http(urls, *width, keep.as_deref()),
        Some(Step::Json { bodies, database }) => floors::json(bodies, database),
        Some(Step::Truth { address, home, streams }) => {
            println!("{}", truth::compare(address, home, streams)?);
            Ok(())
        }
        None => measure(&options),
    }
}

fn measure(options: &Options) -> Outcome<()> {
    let folder = TempDir::new_in(scratch())?;
    let mut rows = Vec::new();
    for latency in &options.latency {
        rows.extend(scenario::measure(options, *latency, folder.path())?);
    }
    print!("{}", table::render(&rows, options.markdown));
    Ok(())
}

/// Gives a folder on a real disk: fsync is part of what is measured.
fn scratch() -> &'static Path {
    Path::new(env!("CARGO_TARGET_TMPDIR"))
}
