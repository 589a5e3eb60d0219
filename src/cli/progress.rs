//! Shows a run to people: one bar per stream on a terminal, else lines and a heartbeat.

use std::collections::{BTreeMap, VecDeque};
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

/// Time between two looks at what bars say: a run that waits has no page to show it by.
const REFRESH: Duration = Duration::from_secs(1);

/// Time after a failed try for which it is told as the reason of the pace.
const SLOWED: Duration = Duration::from_mins(1);

/// The last time, whose pages make the current pace.
const RECENT: Duration = Duration::from_secs(10);

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
    /// Pages of the whole list by the first page, which stands behind no cursor.
    total: Option<u64>,
    /// Estimate; lists have no totals.
    left: Option<u64>,
    begun: Instant,
    /// When pages came lately, and their rows.
    recent: VecDeque<(Instant, u64)>,
    /// It goes on where another walk was cut off: what its pages say of the whole list counts more.
    is_resumed: bool,
    /// When and why a request for it last failed.
    slowed: Option<(Instant, String)>,
    bar: ProgressBar,
}

impl Tally {
    fn new(bar: ProgressBar, is_resumed: bool) -> Self {
        let begun = Instant::now();
        let (total, left, slowed, recent) = (None, None, None, VecDeque::new());
        Self { rows: 0, pages: 0, total, left, begun, recent, is_resumed, slowed, bar }
    }

    fn add_page(&mut self, rows: u64, total_pages: Option<u64>, pages_left: Option<u64>) {
        if self.pages == 0 && !self.is_resumed {
            self.total = total_pages;
        }
        self.rows += rows;
        self.pages += 1;
        self.forget_old();
        self.recent.push_back((Instant::now(), rows));
        // The server's count of the whole list is a hint for display (CONTRACT G-A3); where it has
        // none, or has told too few, the time that is not covered yet tells.
        let hinted = self.total.and_then(|total| total.checked_sub(self.pages));
        self.left = hinted.or(pages_left);
        if let Some(left) = self.left {
            if self.bar.length().is_none() {
                self.bar.set_style(style("{prefix:28} {bar:24} {pos}/{len} pages {msg}"));
            }
            self.bar.set_length(self.pages + left);
        }
        self.bar.set_position(self.pages);
    }

    fn forget_old(&mut self) {
        while self.recent.front().is_some_and(|(at, _)| at.elapsed() > RECENT) {
            self.recent.pop_front();
        }
    }

    /// Says how fast it goes: `1200 rows, 600/s, 6 requests/s, about 12 s left`.
    fn pace(&mut self, held: Option<&Held>) -> String {
        self.forget_old();
        let span = self.begun.elapsed().min(RECENT).as_secs_f64().max(0.001);
        let each_second = |count: u64| f64::from(u32::try_from(count).unwrap_or(u32::MAX)) / span;
        let pages = each_second(self.recent.len().try_into().unwrap_or(u64::MAX));
        let rows = each_second(self.recent.iter().map(|(_, rows)| rows).sum());
        let mut pace =
            format!("{} rows, {}/s, {} requests/s", self.rows, brief(rows), brief(pages));
        // Writing to a `String` cannot fail.
        let mut add = |text: std::fmt::Arguments<'_>| {
            let _infallible = pace.write_fmt(text);
        };
        // Nobody can tell how long a run that stands still will take.
        if let Some(left) = self.left.filter(|left| *left > 0 && pages > 0.0) {
            let left = f64::from(u32::try_from(left).unwrap_or(u32::MAX)) / pages;
            let left = Duration::try_from_secs_f64(left).unwrap_or(Duration::MAX);
            add(format_args!(", about {} left", HumanDuration(left)));
        }
        match (held, &self.slowed) {
            (Some(Held { now, configured, why }), _) => {
                let (now, configured) = (brief(*now), brief(*configured));
                add(format_args!(", held to {now} of {configured} requests/s: {why}"));
            }
            (None, Some((at, why))) if at.elapsed() < SLOWED => {
                add(format_args!(", slowed down: {why}"));
            }
            (None, _) => {}
        }
        pace
    }
}

/// Writes a rate: with a decimal where it is small.
fn brief(rate: f64) -> String {
    if rate >= 9.95 || rate == 0.0 { format!("{rate:.0}") } else { format!("{rate:.1}") }
}

/// A pace below the one that is configured.
#[derive(Debug)]
struct Held {
    /// Requests per second.
    now: f64,
    configured: f64,
    why: String,
}

/// What is under way.
#[derive(Debug, Default)]
struct Running {
    /// Streams, by `source.stream`.
    streams: BTreeMap<String, Tally>,
    /// Sources whose requests are held back.
    held: BTreeMap<String, Held>,
}

impl Running {
    /// Says how fast each stream goes.
    fn paces(&mut self) -> impl Iterator<Item = (&str, &Tally, String)> {
        let held = &self.held;
        self.streams.iter_mut().map(|(name, tally)| {
            let source = name.rsplit_once('.').map_or(name.as_str(), |(source, _)| source);
            let pace = tally.pace(held.get(source));
            (name.as_str(), &*tally, pace)
        })
    }
}

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
        let running = Arc::new(Mutex::new(Running::default()));
        let heartbeat = if printer.screen().draws {
            Some(Heartbeat::start(REFRESH, &running, refresh))
        } else if printer.is_quiet() {
            None
        } else {
            let printer = printer.clone();
            let tell = move |running: &mut Running| {
                if let Some(line) = pulse(running) {
                    printer.note(&line);
                }
            };
            Some(Heartbeat::start(HEARTBEAT, &running, tell))
        };
        Self { printer: printer.clone(), running, heartbeat }
    }

    fn running(&self) -> MutexGuard<'_, Running> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn start(&self, name: String, plan: &str, is_resumed: bool) {
        let screen = self.printer.screen();
        if !screen.draws {
            self.printer.note(&format!("{name}: {plan}"));
        }
        let bar = screen.bar(&name);
        let before = self.running().streams.insert(name, Tally::new(bar, is_resumed));
        if let Some(before) = before {
            before.bar.finish_and_clear();
        }
    }

    /// Notes why the stream behind a path is slower now.
    fn slow_down(&self, path: &str, reason: &str) {
        let stream = path.trim_start_matches('/').split('/').next().unwrap_or_default();
        let mut running = self.running();
        let slowed = running.streams.iter_mut().filter(|(name, _)| {
            name.rsplit_once('.').is_some_and(|(_, running)| running == stream)
        });
        for (_, tally) in slowed {
            tally.slowed = Some((Instant::now(), reason.to_owned()));
        }
    }

    /// Notes how fast requests of a source may follow each other now.
    fn hold(&self, source: &str, now: f64, configured: f64, reason: Option<&str>) {
        let mut running = self.running();
        let before = running.held.remove(source);
        let why = reason.map(str::to_owned).or(before.map(|held| held.why));
        if let Some(why) = why.filter(|_| now < configured) {
            running.held.insert(source.to_owned(), Held { now, configured, why });
        }
    }

    fn finish(&self, name: &str, outcome: &Outcome) {
        let tally = self.running().streams.remove(name);
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
            Event::StreamStarted { source, stream, plan, is_resumed } => {
                self.start(format!("{source}.{stream}"), plan, *is_resumed);
            }
            Event::PageFetched { source, stream, rows, total_pages, pages_left } => {
                let name = format!("{source}.{stream}");
                if let Some(tally) = self.running().streams.get_mut(&name) {
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
            Event::Paced { source, requests_per_second, configured, reason } => {
                self.hold(source, *requests_per_second, *configured, *reason);
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
fn pulse(running: &mut Running) -> Option<String> {
    let one = |(name, tally, pace): (&str, &Tally, String)| {
        format!("{name} {} pages, {pace}", tally.pages)
    };
    let streams: Vec<String> = running.paces().map(one).collect();
    if streams.is_empty() { None } else { Some(format!("under way: {}", streams.join(", "))) }
}

/// Lets bars say how fast it goes now.
fn refresh(running: &mut Running) {
    running.paces().for_each(|(_, tally, pace)| tally.bar.set_message(pace));
}

/// A thread that shows now and then that the run lives.
#[derive(Debug)]
struct Heartbeat {
    stop: Sender<()>,
    thread: Option<JoinHandle<()>>,
}

impl Heartbeat {
    fn start(
        every: Duration,
        running: &Arc<Mutex<Running>>,
        show: impl Fn(&mut Running) + Send + 'static,
    ) -> Self {
        let (stop, stopped) = mpsc::channel();
        let running = Arc::clone(running);
        let thread = std::thread::spawn(move || {
            while stopped.recv_timeout(every) == Err(RecvTimeoutError::Timeout) {
                show(&mut running.lock().unwrap_or_else(PoisonError::into_inner));
            }
        });
        Self { stop, thread: Some(thread) }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        for tally in self.running().streams.values() {
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
    use crate::cli::printer::PrinterOptions;

    #[test]
    fn the_pace_tells_what_is_left_and_why_it_is_slow() {
        let mut tally = Tally::new(ProgressBar::hidden(), false);
        tally.add_page(100, None, None);
        let pace = tally.pace(None);
        assert!(pace.starts_with("100 rows, "), "{pace}");
        assert!(!pace.contains("left"), "nobody can tell yet: {pace}");
        tally.add_page(100, Some(50), Some(7));
        assert_eq!(tally.left, Some(7), "what stands behind a cursor may count the rest only");
        tally.slowed = Some((Instant::now(), "the server failed (HTTP 500)".to_owned()));
        let pace = tally.pace(None);
        assert!(pace.contains(" left, slowed down: the server failed (HTTP 500)"), "{pace}");
        let why = "the server throttles (HTTP 429)".to_owned();
        let held = Held { now: 0.25, configured: 40.0, why };
        let pace = tally.pace(Some(&held));
        let expected = " left, held to 0.2 of 40 requests/s: the server throttles (HTTP 429)";
        assert!(pace.ends_with(expected), "{pace}");
    }

    #[test]
    fn the_first_page_tells_the_length_unless_the_walk_is_resumed() {
        let mut tally = Tally::new(ProgressBar::hidden(), false);
        tally.add_page(100, Some(3), Some(900));
        assert_eq!(tally.left, Some(2));
        tally.add_page(100, Some(70), Some(900));
        tally.add_page(100, Some(3), Some(900));
        assert_eq!(tally.left, Some(0));
        assert!(!tally.pace(None).contains("left"), "{}", tally.pace(None));
        tally.add_page(100, Some(3), Some(4));
        assert_eq!(tally.left, Some(4), "there is more than was told");
        let mut resumed = Tally::new(ProgressBar::hidden(), true);
        resumed.add_page(100, Some(3), Some(900));
        assert_eq!(resumed.left, Some(900));
    }

    #[test]
    fn a_source_is_held_until_its_pace_is_the_configured_one() {
        let printer = Printer::new(PrinterOptions::default());
        let progress = Progress::new(&printer);
        progress.hold("paid", 2.0, 4.0, Some("throttled"));
        progress.hold("paid", 2.2, 4.0, None);
        let held = |progress: &Progress| {
            progress.running().held.get("paid").map(|held| (held.now, held.why.clone()))
        };
        assert_eq!(held(&progress), Some((2.2, "throttled".to_owned())));
        progress.hold("paid", 4.0, 4.0, None);
        assert_eq!(held(&progress), None);
    }
}
