//! Shows a run to people: one bar per stream on a terminal, else lines and a heartbeat.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use indicatif::{HumanDuration, MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::printer::Printer;
use crate::model::{Event, Observer, Outcome, RowCounts, StreamStatus};

/// Time between two heartbeat lines.
const HEARTBEAT: Duration = Duration::from_secs(30);

/// Time after a failed try for which it is told as the reason of the pace: about as long as the pace
/// takes to recover (CONTRACT G-A2).
const SLOWED: Duration = Duration::from_mins(1);

/// Time between two pictures of a bar.
const TICK: Duration = Duration::from_millis(120);

/// The place of the bars, at the bottom of the terminal; whoever writes lines goes through
/// [`Screen::aside`], or bars and lines tear each other apart.
#[derive(Debug, Clone)]
pub struct Screen {
    bars: MultiProgress,
    draws: bool,
}

impl Screen {
    /// Makes a screen on stderr that draws bars, or one that draws nothing.
    #[must_use]
    pub fn new(draws: bool) -> Self {
        let target =
            if draws { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        Self { bars: MultiProgress::with_draw_target(target), draws }
    }

    /// Takes the bars away while `write` runs, which must not touch them.
    pub fn aside<R>(&self, write: impl FnOnce() -> R) -> R {
        self.bars.suspend(write)
    }

    fn bar(&self, name: &str) -> ProgressBar {
        if !self.draws {
            return ProgressBar::hidden();
        }
        let bar = self.bars.add(ProgressBar::no_length());
        bar.set_style(style("{prefix:28} {spinner} {pos} pages {msg}"));
        bar.set_prefix(name.to_owned());
        bar.enable_steady_tick(TICK);
        bar
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

/// What is known of a stream that is under way.
#[derive(Debug)]
struct Tally {
    rows: u64,
    pages: u64,
    /// Estimate; lists have no totals.
    left: Option<u64>,
    begun: Instant,
    /// When and why the server last slowed it down.
    slowed: Option<(Instant, String)>,
    bar: ProgressBar,
}

impl Tally {
    fn new(bar: ProgressBar) -> Self {
        Self { rows: 0, pages: 0, left: None, begun: Instant::now(), slowed: None, bar }
    }

    fn add_page(&mut self, rows: u64, total_pages: Option<u64>, pages_left: Option<u64>) {
        self.rows += rows;
        self.pages += 1;
        // What the walk itself can tell is worth more than the server's hint (CONTRACT G-A3), and
        // more pages than either said are no surprise.
        let hinted = total_pages.map(|total| total.saturating_sub(self.pages));
        self.left = pages_left.or(hinted);
        if let Some(left) = self.left {
            if self.bar.length().is_none() {
                self.bar.set_style(style("{prefix:28} {bar:24} {pos}/{len} pages {msg}"));
            }
            self.bar.set_length(self.pages + left);
        }
        self.bar.set_position(self.pages);
        self.bar.set_message(self.pace());
    }

    /// Says how fast it goes: `1200 rows, 600/s, 6 requests/s, about 12 s left`.
    fn pace(&self) -> String {
        let elapsed = self.begun.elapsed();
        let each_second = |count: u64| u128::from(count) * 1_000 / elapsed.as_millis().max(1);
        let (rows, requests) = (each_second(self.rows), each_second(self.pages));
        let mut pace = format!("{} rows, {rows}/s, {requests} requests/s", self.rows);
        if let Some(left) = self.left {
            let per_page = elapsed / u32::try_from(self.pages.max(1)).unwrap_or(u32::MAX);
            let left = per_page.saturating_mul(u32::try_from(left).unwrap_or(u32::MAX));
            // Writing to a `String` cannot fail.
            let _infallible = write!(pace, ", about {} left", HumanDuration(left));
        }
        if let Some((_, why)) = self.slowed.as_ref().filter(|(at, _)| at.elapsed() < SLOWED) {
            let _infallible = write!(pace, ", slowed down: {why}");
        }
        pace
    }
}

/// Streams under way, by `source.stream`.
type Running = BTreeMap<String, Tally>;

/// Shows events through a printer.
#[derive(Debug)]
pub struct Progress {
    printer: Printer,
    running: Arc<Mutex<Running>>,
    heartbeat: Option<Heartbeat>,
}

impl Progress {
    /// Begins to show a run: with bars if the printer's screen draws them.
    #[must_use]
    pub fn new(printer: &Printer) -> Self {
        let running = Arc::new(Mutex::new(Running::new()));
        let silent = printer.screen().draws || printer.is_quiet();
        let heartbeat = if silent { None } else { Some(Heartbeat::start(printer, &running)) };
        Self { printer: printer.clone(), running, heartbeat }
    }

    fn running(&self) -> MutexGuard<'_, Running> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn start(&self, name: String, plan: &str) {
        let screen = self.printer.screen();
        if !screen.draws {
            self.printer.note(&format!("{name}: {plan}"));
        }
        let bar = screen.bar(&name);
        self.running().insert(name, Tally::new(bar));
    }

    /// Notes why the stream behind a path is slower now.
    fn slow_down(&self, path: &str, reason: &str) {
        let stream = path.trim_start_matches('/').split('/').next().unwrap_or_default();
        let mut running = self.running();
        let slowed = running.iter_mut().filter(|(name, _)| {
            name.rsplit_once('.').is_some_and(|(_, running)| running == stream)
        });
        for (_, tally) in slowed {
            tally.slowed = Some((Instant::now(), reason.to_owned()));
        }
    }

    fn finish(&self, name: &str, outcome: &Outcome) {
        let tally = self.running().remove(name);
        if let Some(tally) = tally {
            tally.bar.finish_and_clear();
        }
        let line = format!("{name}: {}", summary(outcome));
        match outcome.status {
            StreamStatus::Complete => self.printer.note(&line),
            StreamStatus::CursorIgnored
            | StreamStatus::UnavailableOnPlan
            | StreamStatus::Unavailable
            | StreamStatus::Forbidden
            | StreamStatus::Throttled
            | StreamStatus::Failed
            | StreamStatus::Interrupted => self.printer.warning(&line),
        }
    }
}

impl Observer for Progress {
    fn notify(&self, event: &Event<'_>) {
        match event {
            Event::StreamStarted { source, stream, plan } => {
                self.start(format!("{source}.{stream}"), plan);
            }
            Event::PageFetched { source, stream, rows, total_pages, pages_left } => {
                if let Some(tally) = self.running().get_mut(&format!("{source}.{stream}")) {
                    tally.add_page(*rows, *total_pages, *pages_left);
                }
            }
            Event::Committed { .. } => {}
            Event::StreamFinished { source, stream, outcome } => {
                self.finish(&format!("{source}.{stream}"), outcome);
            }
            Event::Retrying { path, reason, attempt, wait_seconds } => {
                self.slow_down(path, reason);
                self.printer.note(&format!(
                    "{path}: {reason}; attempt {attempt} failed, next in {wait_seconds:.1} s"
                ));
            }
            Event::Warning { text } => self.printer.warning(text),
            Event::Publishing => self.printer.note("publishing the snapshot"),
            Event::Published { run } => self.printer.note(&format!("published run {run}")),
        }
    }
}

/// Says how a stream went: `complete, 1234 received: 10 new, 4 changed, 1220 unchanged`.
fn summary(outcome: &Outcome) -> String {
    let status = outcome.status;
    let RowCounts { received, inserted, updated, unchanged, .. } = outcome.rows;
    let mut line = format!(
        "{status}, {received} received: {inserted} new, {updated} changed, {unchanged} unchanged"
    );
    // Writing to a `String` cannot fail.
    let mut add = |text: std::fmt::Arguments<'_>| {
        let _infallible = line.write_fmt(text);
    };
    if outcome.rows.superseded > 0 {
        add(format_args!(", {} superseded", outcome.rows.superseded));
    }
    if outcome.rows.quarantined > 0 {
        add(format_args!(", {} quarantined", outcome.rows.quarantined));
    }
    if let Some(note) = &outcome.note {
        add(format_args!("; {note}"));
    }
    line
}

/// Says what is under way, or nothing if nothing is.
fn pulse(running: &Running) -> Option<String> {
    let one = |(name, tally): (&String, &Tally)| {
        format!("{name} {} pages, {}", tally.pages, tally.pace())
    };
    let streams: Vec<String> = running.iter().map(one).collect();
    if streams.is_empty() { None } else { Some(format!("under way: {}", streams.join(", "))) }
}

/// A thread that prints a line now and then, so that a log shows that the run lives.
#[derive(Debug)]
struct Heartbeat {
    stop: Sender<()>,
    thread: Option<JoinHandle<()>>,
}

impl Heartbeat {
    fn start(printer: &Printer, running: &Arc<Mutex<Running>>) -> Self {
        let (stop, stopped) = mpsc::channel();
        let (printer, running) = (printer.clone(), Arc::clone(running));
        let thread = std::thread::spawn(move || {
            while stopped.recv_timeout(HEARTBEAT) == Err(RecvTimeoutError::Timeout) {
                let line = pulse(&running.lock().unwrap_or_else(PoisonError::into_inner));
                if let Some(line) = line {
                    printer.note(&line);
                }
            }
        });
        Self { stop, thread: Some(thread) }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        for tally in self.running().values() {
            tally.bar.finish_and_clear();
        }
        if let Some(Heartbeat { stop, thread }) = self.heartbeat.take() {
            drop(stop);
            if let Some(thread) = thread {
                // A heartbeat that panicked has nothing left to say.
                let _ended = thread.join();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pace_tells_what_is_left_and_why_it_is_slow() {
        let mut tally = Tally::new(ProgressBar::hidden());
        tally.add_page(100, None, None);
        assert!(tally.pace().starts_with("100 rows, "), "{}", tally.pace());
        assert!(!tally.pace().contains("left"), "nobody can tell yet: {}", tally.pace());
        tally.add_page(100, Some(50), Some(7));
        assert_eq!(tally.left, Some(7), "the server's count is only a hint");
        tally.add_page(100, Some(50), None);
        assert_eq!(tally.left, Some(47));
        tally.slowed = Some((Instant::now(), "the server throttles (HTTP 429)".to_owned()));
        let pace = tally.pace();
        assert!(pace.contains(" left, slowed down: the server throttles (HTTP 429)"), "{pace}");
    }
}
