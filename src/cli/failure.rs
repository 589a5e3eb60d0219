//! Prints the error that ends a command, once, and turns it into the exit code.

use std::process::ExitCode;

use serde_json::{Map, Value};

use super::args::{LogFormat, Stop};
use super::printer::{Level, Printer};
use crate::error::Error;

/// Prints an error with its causes and advice, or as one JSON line, and gives the exit code.
pub fn report(error: &Error, printer: &Printer) -> ExitCode {
    let code = error.kind().exit_code();
    match printer.log_format() {
        LogFormat::Text => printer.line(Level::Error, &describe(error), Map::new()),
        LogFormat::Json => {
            let mut more = Map::new();
            more.insert("causes".to_owned(), error.causes().into());
            more.insert("help".to_owned(), error.kind().hint().into());
            more.insert("exit_code".to_owned(), Value::from(code));
            printer.line(Level::Error, &error.to_string(), more);
        }
    }
    ExitCode::from(code)
}

/// Prints why the command line cannot be run, or the help that was asked for.
pub fn stop(stop: &Stop, printer: &Printer) -> ExitCode {
    if stop.is_error() {
        printer.stderr_bytes(stop.text(printer.colours_stderr()).as_bytes());
    } else if let Err(error) = printer.data(stop.text(printer.terminal().colour).as_bytes()) {
        return report(&error, printer);
    }
    ExitCode::from(stop.exit_code())
}

/// Writes an error for people: `error: …`, a line for each cause, `help: …`. Further lines of the
/// sentence are indented under the first.
#[must_use]
pub fn describe(error: &Error) -> String {
    let mut text = format!("error: {}", indented(&error.to_string()));
    for cause in error.causes() {
        text.push_str("\n  because: ");
        text.push_str(&indented(&cause));
    }
    if let Some(hint) = error.kind().hint() {
        text.push_str("\n  help: ");
        text.push_str(hint);
    }
    text
}

fn indented(text: &str) -> String {
    text.lines().collect::<Vec<_>>().join("\n  ")
}
