//! Every report beside a second opinion: the emulator's truth, added up again from
//! `docs/definitions.md` alone, without SQL.
//!
//! `PAID_SYNC_ORACLE_HISTORIES` random histories are played, 3 unless told otherwise, from seed
//! `PAID_SYNC_ORACLE_FROM` on, else 1. Every fourth account is larger, so that three are quick.

mod asked;
mod facts;
mod history;
mod owing;
mod receivable;
mod selling;

use std::time::Instant;

/// Histories that are played unless told otherwise.
const HISTORIES: u64 = 3;

fn setting(name: &str) -> Option<u64> {
    std::env::var(format!("PAID_SYNC_ORACLE_{name}")).ok()?.parse().ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_report_is_what_the_account_adds_up_to() {
    let (from, histories) = (setting("FROM").unwrap_or(1), setting("HISTORIES"));
    let histories = histories.unwrap_or(HISTORIES);
    let (begun, mut compared) = (Instant::now(), 0);
    for seed in from..from + histories {
        match history::play(seed).await {
            Ok(rows) => {
                compared += rows;
                eprintln!("seed {seed}: {rows} rows, after {:?}", begun.elapsed());
            }
            Err(wrong) => {
                panic!("PAID_SYNC_ORACLE_FROM={seed} PAID_SYNC_ORACLE_HISTORIES=1: {wrong}")
            }
        }
    }
    eprintln!("{compared} rows of reports are what the account adds up to");
    assert!(compared > 0, "nothing was compared");
}
