//! The only place that writes to stdout and stderr: stdout is data, stderr is people.

use std::fmt;
use std::fs;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Map, Value};

use super::args::LogFormat;
use super::progress::Screen;
use crate::clock::{now_micros, show_micros};
use crate::error::{Context, Error, Kind, Result};
use crate::model::Table;
use crate::report::{Format, Terminal, printable, render};

/// What the process finds itself in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Surroundings {
    /// Whether stdout is a terminal.
    pub stdout_is_terminal: bool,
    /// Whether stderr is a terminal.
    pub stderr_is_terminal: bool,
    /// Whether terminals may be sent colours (`NO_COLOR` unset or empty, `TERM` not `dumb`).
    pub colour: bool,
}

impl Surroundings {
    /// Looks at the process; `environment` gives the value of a variable.
    pub fn detect(environment: &dyn Fn(&str) -> Option<String>) -> Self {
        let no_colour = environment("NO_COLOR").is_some_and(|value| !value.is_empty());
        let dumb = environment("TERM").is_some_and(|value| value == "dumb");
        Self {
            stdout_is_terminal: io::stdout().is_terminal(),
            stderr_is_terminal: io::stderr().is_terminal(),
            colour: !no_colour && !dumb,
        }
    }
}

/// How to print.
#[derive(Debug, Clone)]
pub struct PrinterOptions {
    /// Keep notes to people back; warnings and errors stay.
    pub quiet: bool,
    /// Text, or one JSON object a line, on stderr.
    pub log_format: LogFormat,
    /// Draw progress bars, where stderr is a terminal that shows text.
    pub progress: bool,
    /// Where data goes instead of stdout.
    pub output: Option<PathBuf>,
    /// What the process finds itself in.
    pub surroundings: Surroundings,
}

impl Default for PrinterOptions {
    fn default() -> Self {
        Self {
            quiet: false,
            log_format: LogFormat::Text,
            progress: true,
            output: None,
            surroundings: Surroundings::default(),
        }
    }
}

/// How much a line matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Good to know; `--quiet` keeps it back.
    Note,
    /// Someone should look.
    Warning,
    /// The command failed.
    Error,
}

impl Level {
    const fn name(self) -> &'static str {
        match self {
            Self::Note => "INFO",
            Self::Warning => "WARN",
            Self::Error => "ERROR",
        }
    }
}

/// Writes data and lines; clones write to the same places.
///
/// A reader that has gone away (`paid-sync report | head`) is no error: what follows is dropped,
/// and the command ends as it would have.
#[derive(Clone)]
pub struct Printer {
    shared: Arc<Shared>,
}

struct Shared {
    options: PrinterOptions,
    screen: Screen,
    stdout: Mutex<Sink>,
    stderr: Mutex<Sink>,
}

struct Sink {
    writer: Box<dyn Write + Send>,
    reader_is_gone: bool,
}

impl Sink {
    fn new(writer: impl Write + Send + 'static) -> Mutex<Self> {
        Mutex::new(Self { writer: Box::new(writer), reader_is_gone: false })
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.reader_is_gone {
            return Ok(());
        }
        match self.writer.write_all(bytes).and_then(|()| self.writer.flush()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                self.reader_is_gone = true;
                Ok(())
            }
            result => result,
        }
    }
}

impl fmt::Debug for Printer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Printer")
            .field("options", &self.shared.options)
            .finish_non_exhaustive()
    }
}

impl Printer {
    /// Makes a printer on the process's stdout and stderr.
    #[must_use]
    pub fn new(options: PrinterOptions) -> Self {
        Self::writing_to(options, io::stdout(), io::stderr())
    }

    /// Makes a printer on other writers. Bars, if any, are still drawn on stderr.
    #[must_use]
    pub fn writing_to(
        options: PrinterOptions,
        stdout: impl Write + Send + 'static,
        stderr: impl Write + Send + 'static,
    ) -> Self {
        let draws = options.progress
            && !options.quiet
            && options.log_format == LogFormat::Text
            && options.surroundings.stderr_is_terminal;
        let screen = Screen::new(draws);
        let (stdout, stderr) = (Sink::new(stdout), Sink::new(stderr));
        Self { shared: Arc::new(Shared { options, screen, stdout, stderr }) }
    }

    /// Gives the terminal that shows data; no width if data goes to a file or another program.
    #[must_use]
    pub fn terminal(&self) -> Terminal {
        let Surroundings { stdout_is_terminal, colour, .. } = self.shared.options.surroundings;
        if stdout_is_terminal && self.shared.options.output.is_none() {
            Terminal::of_stdout(colour)
        } else {
            Terminal::default()
        }
    }

    /// Tells whether stderr may be sent colours.
    #[must_use]
    pub fn colours_stderr(&self) -> bool {
        let Surroundings { stderr_is_terminal, colour, .. } = self.shared.options.surroundings;
        stderr_is_terminal && colour
    }

    /// Gives the place of the progress bars.
    #[must_use]
    pub fn screen(&self) -> &Screen {
        &self.shared.screen
    }

    /// Tells whether notes are kept back.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        self.shared.options.quiet
    }

    /// Gives the form of lines on stderr.
    #[must_use]
    pub fn log_format(&self) -> LogFormat {
        self.shared.options.log_format
    }

    /// Writes a table as data.
    ///
    /// # Errors
    /// Those of [`Printer::data`] and of [`render`].
    pub fn table(&self, table: &Table, format: Format) -> Result<()> {
        self.data(&render(table, format, self.terminal())?)
    }

    /// Writes data to stdout, or as the whole content of the output file.
    ///
    /// # Errors
    /// [`Kind::Disk`] if it cannot be written.
    pub fn data(&self, bytes: &[u8]) -> Result<()> {
        if let Some(path) = &self.shared.options.output {
            return replace(path, bytes)
                .context(Kind::Disk, || format!("`{}` cannot be written", path.display()));
        }
        self.write(&self.shared.stdout, bytes)
            .context(Kind::Disk, || "the result cannot be written to stdout")
    }

    /// Tells people something; nothing under `--quiet`.
    pub fn note(&self, text: &str) {
        if !self.is_quiet() {
            self.line(Level::Note, text, Map::new());
        }
    }

    /// Tells people something that someone should look at.
    pub fn warning(&self, text: &str) {
        self.line(Level::Warning, text, Map::new());
    }

    /// Writes a line to stderr, made safe to show; `more` joins it where lines are JSON.
    pub(super) fn line(&self, level: Level, text: &str, more: Map<String, Value>) {
        let line = match self.log_format() {
            LogFormat::Text => {
                let mark = if level == Level::Warning { "warning: " } else { "" };
                let lines: Vec<_> = text.lines().map(printable).collect();
                format!("{mark}{}\n", lines.join("\n"))
            }
            LogFormat::Json => {
                let mut object = Map::new();
                object.insert("timestamp".to_owned(), show_micros(now_micros()).into());
                object.insert("level".to_owned(), level.name().into());
                object.insert("message".to_owned(), text.into());
                object.extend(more);
                format!("{}\n", Value::Object(object))
            }
        };
        self.stderr_bytes(line.as_bytes());
    }

    /// Writes finished lines to stderr.
    pub(super) fn stderr_bytes(&self, bytes: &[u8]) {
        // Nowhere is left to report it to.
        let _unreportable = self.write(&self.shared.stderr, bytes);
    }

    fn write(&self, sink: &Mutex<Sink>, bytes: &[u8]) -> io::Result<()> {
        self.shared
            .screen
            .aside(|| sink.lock().unwrap_or_else(PoisonError::into_inner).write(bytes))
    }
}

/// Puts a whole file in place, so that nobody reads half of it; devices and pipes are written to.
fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if fs::metadata(path).is_ok_and(|found| !found.is_file()) {
        return fs::OpenOptions::new().write(true).open(path)?.write_all(bytes);
    }
    let mut part = path.as_os_str().to_owned();
    part.push(".part");
    let written = fs::File::create(&part).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&part, path)
    });
    if written.is_err() {
        // The first failure is the one to report.
        let _unreportable = fs::remove_file(&part);
    }
    written
}

/// Refuses an output file whose folder does not exist, before any work is done.
///
/// # Errors
/// [`Kind::Usage`], naming the folder.
pub fn check_output(path: &Path) -> Result<()> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    if folder.is_dir() {
        return Ok(());
    }
    let message = format!("`--output`: there is no folder `{}`", folder.display());
    Err(Error::new(Kind::Usage, message))
}
