//! `emulate`: serves a simulated account until a signal comes.

mod sibling;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use jiff::Timestamp;
use secrecy::ExposeSecret;

use crate::cli::args::{Emulate, EmulatedKind, Size};
use crate::cli::printer::Printer;
use crate::emulator::{self, Chaos, Emulator, Fault, Options};
use crate::error::{Context, Error, Kind, Result};

pub(super) async fn run(words: &Emulate, printer: &Printer) -> Result<u8> {
    sibling::check(words)?;
    match words.kind {
        EmulatedKind::Paid => paid(words, printer).await,
        EmulatedKind::PaidAi | EmulatedKind::AlternativePayments => {
            sibling::run(words, printer).await
        }
    }
}

async fn paid(words: &Emulate, printer: &Printer) -> Result<u8> {
    let faults = words.faults.as_deref().map(read_faults).transpose()?.unwrap_or_default();
    let emulator = start(options(words)).await?;
    for fault in faults {
        emulator.fault(fault);
    }
    let key = match &words.api_key {
        Some(_) => "the key given by --api-key".to_owned(),
        None => format!("key {}", Options::default().api_key),
    };
    let base = emulator.base_url();
    let controls = base.trim_end_matches("/v0");
    printer.note(&format!(
        "serving {base} with {key}; controls at {controls}/_emulator; Ctrl-C ends it"
    ));
    signalled().await;
    for unused in emulator.unused_faults() {
        printer.warning(&format!("a scripted fault was never used: {unused}"));
    }
    emulator.shutdown().await;
    Ok(0)
}

async fn signalled() {
    let mut stop = super::stop_at_signals();
    // The sender lives as long as the process; an error would mean that no signal can come.
    let _stopped = stop.wait_for(|stopped| *stopped).await;
}

fn options(words: &Emulate) -> Options {
    let defaults = Options::default();
    let api_key = words.api_key.as_ref().map(|key| key.expose_secret().to_owned());
    Options {
        seed: words.seed,
        size: size(words.size),
        now: words.now.unwrap_or_else(Timestamp::now).as_second(),
        ticks: words.now.is_none(),
        api_key: api_key.unwrap_or_else(|| defaults.api_key.clone()),
        address: SocketAddr::from((Ipv4Addr::LOCALHOST, words.port)),
        page_cap: words.page_cap.and_then(|cap| cap.try_into().ok()).unwrap_or(defaults.page_cap),
        latency: words.latency,
        hide_created_at: words.hide_created_at,
        event_days: words.event_days,
        conflict_status: words.conflict_status,
        churn_per_minute: words.churn,
        chaos: (words.chaos > 0).then_some(Chaos { seed: words.seed, percent: words.chaos }),
        ..defaults
    }
}

fn read_faults(path: &Path) -> Result<Vec<Fault>> {
    let text = std::fs::read(path)
        .context(Kind::Usage, || format!("cannot read the faults in {}", path.display()))?;
    Fault::read_all(&text)
        .map_err(|problem| Error::new(Kind::Usage, format!("{}: {problem}", path.display())))
}

/// Starts an emulator with an error that names its address.
pub(super) async fn start(options: Options) -> Result<Emulator> {
    let address = options.address;
    Emulator::start(options).await.context(Kind::Usage, || format!("cannot serve on {address}"))
}

/// Turns the word into the emulator's size.
pub(super) const fn size(size: Size) -> emulator::Size {
    match size {
        Size::Tiny => emulator::Size::Tiny,
        Size::Small => emulator::Size::Small,
        Size::Medium => emulator::Size::Medium,
        Size::Large => emulator::Size::Large,
        Size::Bench => emulator::Size::Bench,
        Size::BenchLarge => emulator::Size::BenchLarge,
    }
}
