//! The other APIs that `emulate` serves.

use std::net::{Ipv4Addr, SocketAddr};

use jiff::Timestamp;
use secrecy::ExposeSecret;

use super::signalled;
use crate::cli::args::{Emulate, EmulatedKind, EmulatedVersion, Size};
use crate::cli::printer::Printer;
use crate::emulator::{Sibling, SiblingKind, SiblingOptions};
use crate::error::{Context, Error, Kind, Result};

/// Refuses words that make no sense for the kind.
pub(super) fn check(words: &Emulate) -> Result<()> {
    match problem(words) {
        Some(problem) => Err(Error::new(Kind::Usage, problem)),
        None => Ok(()),
    }
}

fn problem(words: &Emulate) -> Option<&'static str> {
    let is_paid = words.kind == EmulatedKind::Paid;
    let refusals = [
        (
            words.api_version.is_some() && words.kind != EmulatedKind::PaidAi,
            "`--api-version` is for `--kind paid-ai` only",
        ),
        (
            words.customers.is_some() && is_paid,
            "`--customers` is not for `--kind paid`: choose a `--size`",
        ),
        (
            words.size != Size::Small && !is_paid,
            "`--size` is for `--kind paid` only: choose how many `--customers`",
        ),
        (
            words.api_key.is_some() && words.kind == EmulatedKind::AlternativePayments,
            "`--api-key` is not for `--kind alternative-payments`, which gives tokens to the client \
             that is told at the start",
        ),
        (words.hide_created_at && !is_paid, "`--hide-created-at` is for `--kind paid` only"),
        (words.event_days != 30 && !is_paid, "`--event-days` is for `--kind paid` only"),
        (words.conflict_status != 402 && !is_paid, "`--conflict-status` is for `--kind paid` only"),
        (
            words.churn != 0 && !is_paid,
            "`--churn` is for `--kind paid` only: ask for POST /_emulator/churn?actions=N",
        ),
        (
            words.chaos != 0 && !is_paid,
            "`--chaos` is for `--kind paid` only: order faults at POST /_emulator/faults",
        ),
        (
            words.faults.is_some() && !is_paid,
            "`--faults` is for `--kind paid` only: order faults at POST /_emulator/faults",
        ),
    ];
    refusals.into_iter().find(|(is_wrong, _)| *is_wrong).map(|(_, problem)| problem)
}

/// Serves an account until a signal comes.
pub(super) async fn run(words: &Emulate, printer: &Printer) -> Result<u8> {
    let options = options(words);
    let address = options.address;
    let credentials = credentials(words, &options);
    let prefix = match options.kind {
        SiblingKind::PaidAiV1 => "/api/v1",
        SiblingKind::PaidAiV2 => "/api/v2",
        SiblingKind::AlternativePayments => "",
    };
    let sibling = Sibling::start(options)
        .await
        .context(Kind::Usage, || format!("cannot serve on {address}"))?;
    let base = sibling.base_url();
    let controls = base.trim_end_matches(prefix);
    printer.note(&format!(
        "serving {base} with {credentials}; controls at {controls}/_emulator; Ctrl-C ends it"
    ));
    signalled().await;
    sibling.shutdown().await;
    Ok(0)
}

fn credentials(words: &Emulate, options: &SiblingOptions) -> String {
    match (options.kind, &words.api_key) {
        (SiblingKind::AlternativePayments, _) => {
            format!("client {}, secret {}", options.client_id, options.client_secret)
        }
        (_, Some(_)) => "the key given by --api-key".to_owned(),
        (_, None) => format!("key {}", options.api_key),
    }
}

fn options(words: &Emulate) -> SiblingOptions {
    let defaults = SiblingOptions::default();
    let api_key = words.api_key.as_ref().map(|key| key.expose_secret().to_owned());
    let kind = match (words.kind, words.api_version) {
        (EmulatedKind::AlternativePayments, _) => SiblingKind::AlternativePayments,
        (_, Some(EmulatedVersion::V2)) => SiblingKind::PaidAiV2,
        _ => SiblingKind::PaidAiV1,
    };
    SiblingOptions {
        kind,
        seed: words.seed,
        customers: words.customers.unwrap_or(defaults.customers),
        now: words.now.unwrap_or_else(Timestamp::now).as_second(),
        ticks: words.now.is_none(),
        address: SocketAddr::from((Ipv4Addr::LOCALHOST, words.port)),
        api_key: api_key.unwrap_or_else(|| defaults.api_key.clone()),
        page_cap: words.page_cap.unwrap_or(defaults.page_cap),
        latency: words.latency,
        ..defaults
    }
}
