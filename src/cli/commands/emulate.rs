//! `emulate`: serves a simulated account until a signal comes.

use std::net::{Ipv4Addr, SocketAddr};

use jiff::Timestamp;
use secrecy::ExposeSecret;

use crate::cli::args::{Emulate, Size};
use crate::cli::printer::Printer;
use crate::emulator::{self, Emulator, Options};
use crate::error::{Context, Kind, Result};

pub(super) async fn run(words: &Emulate, printer: &Printer) -> Result<u8> {
    let defaults = Options::default();
    let api_key = words.api_key.as_ref().map(|key| key.expose_secret().to_owned());
    let options = Options {
        seed: words.seed,
        size: size(words.size),
        now: words.now.unwrap_or_else(Timestamp::now).as_second(),
        api_key: api_key.unwrap_or_else(|| defaults.api_key.clone()),
        address: SocketAddr::from((Ipv4Addr::LOCALHOST, words.port)),
        page_cap: words.page_cap.and_then(|cap| cap.try_into().ok()).unwrap_or(defaults.page_cap),
        latency: words.latency,
        hide_created_at: words.hide_created_at,
        ..defaults
    };
    let key = match &words.api_key {
        Some(_) => "the key given by --api-key".to_owned(),
        None => format!("key {}", options.api_key),
    };
    let emulator = start(options).await?;
    printer.note(&format!("serving {} with {key}; Ctrl-C ends it", emulator.base_url()));
    let mut stop = super::stop_at_signals();
    // The sender lives as long as the process; an error would mean that no signal can come.
    let _stopped = stop.wait_for(|stopped| *stopped).await;
    emulator.shutdown().await;
    Ok(0)
}

/// Starts an emulator with an error that names its address.
pub(super) async fn start(options: Options) -> Result<Emulator> {
    let address = options.address;
    Emulator::start(options).await.context(Kind::Usage, || format!("cannot serve on {address}"))
}

/// Turns the word into the emulator's size.
pub(super) const fn size(size: Size) -> emulator::Size {
    match size {
        Size::Small => emulator::Size::Small,
        Size::Medium => emulator::Size::Medium,
        Size::Large => emulator::Size::Large,
    }
}
