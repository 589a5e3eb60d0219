//! The edge to people: words in, results and exit code out.

pub mod args;
pub mod commands;
pub mod failure;
pub mod log;
pub mod printer;
pub mod progress;

use std::ffi::OsString;
use std::process::ExitCode;

use args::Arguments;
use printer::{Printer, PrinterOptions, Surroundings};

use crate::error::{Context, Kind, Result};

fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Threads for work that blocks: the warehouse, and looking up a host's name beside it.
const BLOCKING_THREADS: usize = 2;

/// Runs the program with these words and gives its exit code.
pub fn main(words: impl IntoIterator<Item = OsString>) -> ExitCode {
    let surroundings = Surroundings::detect(&environment);
    let plain = PrinterOptions { surroundings, ..PrinterOptions::default() };
    let arguments = match args::read(words, surroundings.stdout_is_terminal) {
        Ok(arguments) => arguments,
        Err(stop) => return failure::stop(&stop, &Printer::new(plain)),
    };
    let global = &arguments.global;
    let printer = Printer::new(PrinterOptions {
        quiet: global.quiet,
        log_format: global.log_format,
        progress: !global.no_progress,
        output: global.output.clone(),
        ..plain
    });
    match start(&arguments, &printer) {
        Ok(code) => ExitCode::from(code),
        Err(error) => failure::report(&error, &printer),
    }
}

fn start(arguments: &Arguments, printer: &Printer) -> Result<u8> {
    let filter = environment(log::LOG_VARIABLE);
    log::start(printer, arguments.global.verbose, filter.as_deref())?;
    if let Some(output) = &arguments.global.output {
        printer::check_output(output)?;
    }
    // Blocking work is one piece at a time; every further thread would keep freed memory of its own.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .max_blocking_threads(BLOCKING_THREADS)
        .enable_all()
        .build()
        .context(Kind::Disk, || "cannot start the runtime")?;
    runtime.block_on(commands::run(arguments, printer))
}
