//! Every report on a large warehouse, in every way in which it can be asked.
//!
//! `cargo bench --bench reports -- --help` tells the options, `benches/README.md` the columns.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "it talks to whoever measures")]

mod ask;
#[path = "../macro/process.rs"]
#[expect(dead_code, reason = "whole runs need more of it than reports do")]
mod process;
mod table;

use std::path::{Path, PathBuf};
use std::process::Command;

use clap::{Parser, Subcommand};
use paid_sync::report::REPORTS;
use tempfile::TempDir;

use ask::Way;
use table::Row;

/// What goes wrong ends the benchmark.
type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// Requests in flight while the warehouse is made.
const WIDTH: usize = 16;

/// Measures every report, its tie-out and the page on one warehouse.
#[derive(Debug, Parser)]
struct Options {
    /// Folder that holds `warehouse/`; made there from the emulator if it is not. Else a folder that
    /// is thrown away.
    #[arg(long, value_name = "DIR")]
    home: Option<PathBuf>,
    /// Account to load where there is no warehouse: small, medium, bench (200 000 transactions) or
    /// bench-large (1 000 000).
    #[arg(long, default_value = "bench-large")]
    size: String,
    /// Times that each question is asked; medians are told.
    #[arg(long, default_value_t = 3)]
    runs: usize,
    /// Only this report; `page` for the page.
    #[arg(long, value_name = "NAME")]
    only: Option<String>,
    /// Prints a Markdown table instead of text.
    #[arg(long)]
    markdown: bool,
    /// Passed by cargo.
    #[arg(long, hide = true)]
    bench: bool,
    #[command(subcommand)]
    step: Option<Step>,
}

/// Runs in a process of its own, so that its memory can be told.
#[derive(Debug, Subcommand)]
#[command(hide = true)]
enum Step {
    /// Asks one question; prints seconds and rows.
    Ask { snapshot: PathBuf, report: String, way: Way },
}

fn main() -> Outcome<()> {
    let options = Options::parse();
    match &options.step {
        Some(Step::Ask { snapshot, report, way }) => {
            let (seconds, rows) = ask::ask(snapshot, report, *way)?;
            println!("{seconds} {rows}");
            Ok(())
        }
        None => measure(&options),
    }
}

fn measure(options: &Options) -> Outcome<()> {
    let scratch = TempDir::new_in(env!("CARGO_TARGET_TMPDIR"))?;
    let home = options.home.as_deref().unwrap_or(scratch.path());
    let snapshot = home.join("warehouse/warehouse.duckdb");
    if !snapshot.exists() {
        make(home, &options.size)?;
    }
    let is_asked = |name: &&str| options.only.as_deref().is_none_or(|only| only == *name);
    let mut rows = Vec::new();
    for name in REPORTS.iter().map(|report| report.name).filter(is_asked) {
        eprintln!("{name}");
        let mut row = Row::new(name);
        for way in Way::OF_REPORTS {
            row.add(way, asked(options.runs, &snapshot, name, way)?);
        }
        rows.push(row);
    }
    if is_asked(&ask::PAGE) {
        eprintln!("{}", ask::PAGE);
        let mut row = Row::new(ask::PAGE);
        row.add(Way::View, asked(options.runs, &snapshot, ask::PAGE, Way::View)?);
        rows.push(row);
    }
    print!("{}", table::render(&rows, options.markdown));
    Ok(())
}

/// Mirrors a simulated account.
fn make(home: &Path, size: &str) -> Outcome<()> {
    eprintln!("mirroring an account of size {size}");
    let server = process::Server::start(size, 0)?;
    process::configure(home, &server, WIDTH)?;
    let (cost, _) = process::sync(home, &[])?;
    eprintln!("mirrored in {:.1} s", cost.wall.as_secs_f64());
    Ok(())
}

/// Asks a question several times, each in a process of its own.
fn asked(runs: usize, snapshot: &Path, name: &str, way: Way) -> Outcome<Vec<table::Answer>> {
    let ask = || {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("ask").arg(snapshot).arg(name).arg(way.name());
        let (cost, printed, code) = process::run(&mut command)?;
        let (seconds, rows) = printed.trim().split_once(' ').unwrap_or_default();
        match code {
            0 => Ok(table::Answer {
                seconds: seconds.parse()?,
                rows: rows.parse()?,
                peak_bytes: cost.peak_bytes,
            }),
            _ => Err(format!("{name} by {}: exit code {code}", way.name()).into()),
        }
    };
    (0..runs).map(|_| ask()).collect()
}
