//! Random histories of the other kinds, as the hunt plays them for Paid: business, faults, kills at
//! any page, and at the end the truth.

use paid_sync::emulator::{SiblingFault, SiblingKind, SiblingOptions, SiblingTrouble};
use paid_sync::run::SyncOptions;

use super::site::{KINDS, Site};
use crate::support::warehouse::{number, quick};

/// Seeds played unless `PAID_SYNC_SIBLING_SEEDS` says how many.
const SEEDS: u64 = 1;

/// A source of choices; the same seed gives the same ones.
struct Dice(fastrand::Rng);

impl Dice {
    fn below(&mut self, bound: u32) -> u32 {
        self.0.u32(0..bound)
    }
}

fn trouble(dice: &mut Dice) -> SiblingTrouble {
    match dice.below(8) {
        0 => SiblingTrouble::Status(500),
        1 => SiblingTrouble::Reset,
        2 => SiblingTrouble::Truncate,
        3 => SiblingTrouble::Shift,
        4 => SiblingTrouble::EmptyCursor,
        5 => SiblingTrouble::SameCursor,
        6 => SiblingTrouble::RevokeToken,
        _ => SiblingTrouble::Status(503),
    }
}

async fn play(kind: SiblingKind, seed: u64) -> Result<(), String> {
    let mut dice = Dice(fastrand::Rng::with_seed(seed));
    let page_cap = [3, 10, 100][usize::try_from(dice.below(3)).unwrap()];
    let customers = 2 + dice.below(20);
    let options = SiblingOptions {
        kind,
        seed,
        customers,
        page_cap,
        ticks: false,
        ..SiblingOptions::default()
    };
    let site = Site::with(options, &format!("page_size = {page_cap}")).await;
    let quietly = || SyncOptions { retry: quick(), brake: false, ..SyncOptions::default() };
    for round in 0..3 + u64::from(dice.below(3)) {
        for _ in 0..dice.below(4) {
            let path_prefix = ["", "/customers", "/orders", "/invoices", "/payments"]
                [usize::try_from(dice.below(5)).unwrap()];
            let (path_prefix, skip) = (path_prefix.to_owned(), dice.below(12));
            let what = trouble(&mut dice);
            site.sibling.fault(SiblingFault { path_prefix, skip, times: 1 + dice.below(2), what });
        }
        site.sync_with(quietly()).await;
        site.sibling.pass(dice.below(200_000));
        site.sibling.churn(seed * 1_000 + round, dice.below(12));
    }
    // Faults that are still ordered strike in these runs; what only two lists can tell takes two more.
    for _ in 0..8 {
        if site.sibling.unused_faults().is_empty() {
            break;
        }
        site.sync_with(quietly()).await;
        site.sibling.pass(3_600);
    }
    for _ in 0..3 {
        site.sync_with(quietly()).await;
        site.sibling.pass(3_600);
    }
    let mut wrong = site.differences();
    let waiting = number(&site.open(), "SELECT count(*) FROM _sync.dirty");
    if waiting > 0 {
        wrong.push(format!("{waiting} hints wait"));
    }
    let last = site.sync_with(quietly()).await;
    if last.rows_written() > 0 {
        wrong.push(format!("a run without news wrote {} rows", last.rows_written()));
    }
    if !wrong.is_empty() {
        wrong.push(format!("{:#}", last.to_json()));
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n")) }
}

#[tokio::test]
async fn no_random_history_leads_the_mirror_astray() {
    let number = |name: &str| std::env::var(name).ok()?.parse::<u64>().ok();
    let from = number("PAID_SYNC_SIBLING_FROM").unwrap_or(1);
    let seeds = number("PAID_SYNC_SIBLING_SEEDS").unwrap_or(SEEDS);
    let mut wrong = Vec::new();
    for seed in from..from + seeds {
        let only = std::env::var("PAID_SYNC_SIBLING_KIND").ok();
        for (kind, name) in KINDS {
            if only.as_ref().is_some_and(|only| only != name) {
                continue;
            }
            if let Err(difference) = play(kind, seed).await {
                wrong.push(format!("{name}, seed {seed}:\n{difference}"));
            }
        }
    }
    eprintln!("{} histories of {} kinds", seeds, KINDS.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
