//! What a caller may choose about the emulated account.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::str::FromStr;
use std::time::Duration;

use super::account::feed::EventFaults;
use super::faults::Chaos;

/// Chooses how much business the account did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Size {
    /// Holds at most 150 objects of all kinds, for tests that play thousands of accounts.
    Tiny,
    /// Holds about 5 000 objects.
    #[default]
    Small,
    /// Holds about 100 000 objects.
    Medium,
    /// Holds about a million transactions and what belongs to them.
    Large,
    /// Holds about 200 000 transactions on 40 000 invoices of 10 000 customers: years of billing
    /// as benchmarks load them.
    Bench,
    /// Holds five times as much as [`Size::Bench`].
    BenchLarge,
}

impl Size {
    /// Counts the customers who sign up over the seeded years.
    pub(crate) fn customers(self) -> u32 {
        match self {
            Self::Tiny => 4,
            Self::Small => 80,
            Self::Medium => 1_600,
            Self::Large => 36_000,
            Self::Bench => 9_524,
            Self::BenchLarge => 47_620,
        }
    }

    /// Tells how much customers buy.
    pub(crate) fn trade(self) -> Trade {
        match self {
            Self::Tiny | Self::Small | Self::Medium | Self::Large => {
                Trade { one_buyer_in: 1, metered_lines: 0 }
            }
            Self::Bench | Self::BenchLarge => Trade { one_buyer_in: 7, metered_lines: 5 },
        }
    }

    /// Counts those of them who sign up on the first day.
    pub(crate) fn first_customers(self) -> u32 {
        if self == Self::Tiny { 1 } else { self.customers() / 20 }
    }

    /// Counts the seeded days: three and a half years, unless the account is tiny.
    pub(crate) fn days(self) -> u32 {
        if self == Self::Tiny { 60 } else { 1_278 }
    }

    /// Counts the first days in which transactions had their older names.
    pub(crate) fn old_names_days(self) -> i64 {
        if self == Self::Tiny { 20 } else { 200 }
    }

    /// Counts what the account begins with.
    pub(crate) fn stock(self) -> Stock {
        match self {
            Self::Tiny => Stock { webhooks: 2, users: 3, currencies: 2, offers: 2, products: 2 },
            Self::Small | Self::Medium | Self::Large | Self::Bench | Self::BenchLarge => {
                Stock { webhooks: 9, users: 30, currencies: 4, offers: 6, products: 6 }
            }
        }
    }

    /// Bounds the seconds between two things that people do, so that a day's work fits a day.
    pub(crate) fn haste(self) -> i64 {
        match self {
            Self::Tiny | Self::Small => 45,
            Self::Medium | Self::Bench => 8,
            Self::Large | Self::BenchLarge => 2,
        }
    }
}

/// Tells how much customers buy.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Trade {
    /// Lets one customer in so many buy anything; the others only sign up.
    pub(crate) one_buyer_in: usize,
    /// Counts the lines of usage that come with each bill of a subscription.
    pub(crate) metered_lines: u32,
}

/// Counts what an account begins with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stock {
    pub(crate) webhooks: usize,
    pub(crate) users: usize,
    /// Counts the currencies in which plans are offered.
    pub(crate) currencies: usize,
    /// Counts the plans in each currency.
    pub(crate) offers: usize,
    pub(crate) products: usize,
}

impl fmt::Display for Size {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Tiny => "tiny",
            Self::Small => "small",
            Self::Medium => "medium",
            Self::Large => "large",
            Self::Bench => "bench",
            Self::BenchLarge => "bench-large",
        })
    }
}

impl FromStr for Size {
    type Err = UnknownSize;

    fn from_str(text: &str) -> Result<Self, UnknownSize> {
        match text {
            "tiny" => Ok(Self::Tiny),
            "small" => Ok(Self::Small),
            "medium" => Ok(Self::Medium),
            "large" => Ok(Self::Large),
            "bench" => Ok(Self::Bench),
            "bench-large" => Ok(Self::BenchLarge),
            _ => Err(UnknownSize),
        }
    }
}

/// Says that a word names no [`Size`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownSize;

impl fmt::Display for UnknownSize {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the size must be tiny, small, medium, large, bench or bench-large")
    }
}

impl std::error::Error for UnknownSize {}

/// Sets up an [`Emulator`](super::Emulator).
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a choice of its own")]
pub struct Options {
    /// Chooses the account: the same seed and options give the same bytes.
    pub seed: u64,
    /// Chooses how much business the account did.
    pub size: Size,
    /// Sets the simulated time at the start, in Unix seconds. The day's business runs from 06:00
    /// to 09:00 UTC.
    pub now: i64,
    /// Lets the simulated time tick with real time; else only calls move it, and the same calls
    /// give the same bytes.
    pub ticks: bool,
    /// Sets the one key that is accepted.
    pub api_key: String,
    /// Chooses the address to listen on; port 0 takes a free one.
    pub address: SocketAddr,
    /// Caps `pagination[limit]`, whose real maximum nobody documents (CONTRACT G-A1).
    pub page_cap: usize,
    /// Delays every API answer.
    pub latency: Duration,
    /// Leaves `created_at` out of customers, invoices and transactions, as the documents show
    /// them (CONTRACT A-17). Filters work all the same.
    pub hide_created_at: bool,
    /// Limits the seeded event feed to so many last days (CONTRACT G-A7).
    pub event_days: u32,
    /// Chooses how the event feed lies; the seeded past is told truly.
    pub events: EventFaults,
    /// Answers a state conflict with this status; the documents say 402 (CONTRACT A8).
    pub conflict_status: u16,
    /// Sends `total_pages`, which may be absent (CONTRACT A2.1).
    pub total_pages: bool,
    /// Lets `/users` and `/webhooks` ignore paging (CONTRACT A2.5, rows 7 and 8).
    pub unpaged_users: bool,
    /// Plays so many random actions in a real minute while serving, see [`Churn`](super::Churn).
    pub churn_per_minute: u32,
    /// Replaces the id of the account, to play a key of another account.
    pub account_id: Option<String>,
    /// Lets reads fail at random, in ways that pass.
    pub chaos: Option<Chaos>,
}

impl Default for Options {
    /// Chooses a small account as seen at 2026-06-30T12:00:00Z.
    fn default() -> Self {
        Self {
            seed: 1,
            size: Size::Small,
            now: 1_782_820_800,
            ticks: false,
            api_key: "sk_test_emulator".to_owned(),
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            page_cap: 100,
            latency: Duration::ZERO,
            hide_created_at: false,
            event_days: 30,
            events: EventFaults::default(),
            conflict_status: 402,
            total_pages: true,
            unpaged_users: true,
            churn_per_minute: 0,
            account_id: None,
            chaos: None,
        }
    }
}
