//! What a caller may choose about the emulated account.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::str::FromStr;
use std::time::Duration;

/// Chooses how much business the account did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Size {
    /// Holds about 5 000 objects.
    #[default]
    Small,
    /// Holds about 100 000 objects.
    Medium,
    /// Holds about a million transactions and what belongs to them.
    Large,
}

impl Size {
    /// Counts the customers who sign up over the seeded years.
    pub(super) fn customers(self) -> u32 {
        match self {
            Self::Small => 80,
            Self::Medium => 1_600,
            Self::Large => 36_000,
        }
    }
}

impl fmt::Display for Size {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Small => "small",
            Self::Medium => "medium",
            Self::Large => "large",
        })
    }
}

impl FromStr for Size {
    type Err = UnknownSize;

    fn from_str(text: &str) -> Result<Self, UnknownSize> {
        match text {
            "small" => Ok(Self::Small),
            "medium" => Ok(Self::Medium),
            "large" => Ok(Self::Large),
            _ => Err(UnknownSize),
        }
    }
}

/// Says that a word names no [`Size`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownSize;

impl fmt::Display for UnknownSize {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the size must be small, medium or large")
    }
}

impl std::error::Error for UnknownSize {}

/// Sets up an [`Emulator`](super::Emulator).
#[derive(Clone, Debug)]
pub struct Options {
    /// Chooses the account: the same seed and options give the same bytes.
    pub seed: u64,
    /// Chooses how much business the account did.
    pub size: Size,
    /// Sets the simulated time at the start, in Unix seconds. The day itself is played only when
    /// the time is 11:00 UTC or later, so that no object is younger than an hour.
    pub now: i64,
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
    /// Sends `total_pages`, which may be absent (CONTRACT A2.1).
    pub total_pages: bool,
    /// Lets `/users` and `/webhooks` ignore paging (CONTRACT A2.5, rows 7 and 8).
    pub unpaged_users: bool,
    /// Replaces the id of the account, to play a key of another account.
    pub account_id: Option<String>,
}

impl Default for Options {
    /// Chooses a small account as seen at 2026-06-30T12:00:00Z.
    fn default() -> Self {
        Self {
            seed: 1,
            size: Size::Small,
            now: 1_782_820_800,
            api_key: "sk_test_emulator".to_owned(),
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            page_cap: 100,
            latency: Duration::ZERO,
            hide_created_at: false,
            event_days: 30,
            total_pages: true,
            unpaged_users: true,
            account_id: None,
        }
    }
}
