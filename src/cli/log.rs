//! Sends log lines to the printer, which keeps them clear of the progress bars.

use std::io;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

use super::args::LogFormat;
use super::printer::Printer;
use crate::error::{Context, Kind, Result};

/// The variable that chooses what is logged, such as `paid_sync=debug,paid_sync::load=trace`.
pub const LOG_VARIABLE: &str = "PAID_SYNC_LOG";

/// Crates that handle requests are never logged below `info`: their details show headers, and
/// with them the key.
const WITHOUT_DETAILS: &str = "reqwest=info,hyper=info,hyper_util=info,h2=info,rustls=info";

/// Starts logging to stderr; what is logged is chosen by `filter` (the value of
/// [`LOG_VARIABLE`]), else by `-q` or the number of `-v`.
///
/// # Errors
/// [`Kind::Configuration`] if the filter cannot be understood or logging has already started.
pub fn start(printer: &Printer, verbose: u8, filter: Option<&str>) -> Result<()> {
    let chosen = filter.filter(|text| !text.trim().is_empty());
    let wanted = chosen.unwrap_or_else(|| level(printer.is_quiet(), verbose));
    let filter = EnvFilter::try_new(format!("{wanted},{WITHOUT_DETAILS}"))
        .context(Kind::Configuration, || format!("{LOG_VARIABLE} is not a log filter"))?;
    let lines = Lines(printer.clone());
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(lines);
    match printer.log_format() {
        LogFormat::Text => tracing::subscriber::set_global_default(
            builder.with_ansi(printer.colours_stderr()).finish(),
        ),
        LogFormat::Json => {
            tracing::subscriber::set_global_default(builder.json().flatten_event(true).finish())
        }
    }
    .context(Kind::Configuration, || "logging has already started")
}

const fn level(quiet: bool, verbose: u8) -> &'static str {
    match (quiet, verbose) {
        (true, _) => "error",
        (false, 0) => "warn",
        (false, 1) => "warn,paid_sync=info",
        (false, 2) => "info,paid_sync=debug",
        (false, _) => "info,paid_sync=trace",
    }
}

/// Makes a writer for each log line.
struct Lines(Printer);

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Line<'a>;

    fn make_writer(&'a self) -> Self::Writer {
        Line(&self.0)
    }
}

/// Takes one finished line: the formatter hands over each event in one write.
struct Line<'a>(&'a Printer);

impl io::Write for Line<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.stderr_bytes(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
