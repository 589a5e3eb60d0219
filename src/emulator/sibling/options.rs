//! What a caller may choose about a sibling account.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

/// Chooses the API that is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SiblingKind {
    /// Serves Paid (paid.ai) v1: whole arrays, nested errors.
    PaidAiV1,
    /// Serves Paid (paid.ai) v2: pages by offset, trailing slashes.
    PaidAiV2,
    /// Serves Alternative Payments: tokens, pages by cursor, archived objects.
    AlternativePayments,
}

impl SiblingKind {
    /// Gives what stands before every path of the API.
    pub(crate) fn prefix(self) -> &'static str {
        match self {
            Self::PaidAiV1 => "/api/v1",
            Self::PaidAiV2 => "/api/v2",
            Self::AlternativePayments => "",
        }
    }
}

/// Sets up a [`Sibling`](super::Sibling).
#[derive(Clone, Debug)]
pub struct SiblingOptions {
    /// Chooses the API.
    pub kind: SiblingKind,
    /// Chooses the account: the same seed and options give the same bytes.
    pub seed: u64,
    /// Counts the customers; everything else grows with them.
    pub customers: u32,
    /// Sets the simulated time at the start, in Unix seconds.
    pub now: i64,
    /// Lets the simulated time tick with real time; else only calls move it.
    pub ticks: bool,
    /// Chooses the address to listen on; port 0 takes a free one.
    pub address: SocketAddr,
    /// Sets the key that paid-ai accepts.
    pub api_key: String,
    /// Sets the client that Alternative Payments gives tokens to.
    pub client_id: String,
    /// Sets the secret of that client.
    pub client_secret: String,
    /// Caps `limit`, whose real maximum nobody documents (CONTRACT G-B1, G-C1).
    pub page_cap: u32,
    /// Delays every API answer.
    pub latency: Duration,
    /// Sets how long a token is good for, on the simulated clock.
    pub token_seconds: u32,
    /// Lets Alternative Payments answer 429 beyond so many requests in a real second.
    pub requests_per_second: Option<u32>,
    /// Spells every field of paid-ai in `snake_case`, as doubles written from the Ruby SDK's
    /// documents would (CONTRACT B-06).
    pub snake_case: bool,
    /// Calls customers accounts in their references, as pages of 2025 do (CONTRACT B4).
    pub old_names: bool,
}

impl Default for SiblingOptions {
    /// Chooses a small paid-ai v1 account as seen at 2026-06-30T12:00:00Z.
    fn default() -> Self {
        Self {
            kind: SiblingKind::PaidAiV1,
            seed: 1,
            customers: 40,
            now: 1_782_820_800,
            ticks: false,
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            api_key: "sk_test_paid_ai".to_owned(),
            client_id: "client_emulator".to_owned(),
            client_secret: "secret_emulator".to_owned(),
            page_cap: 100,
            latency: Duration::ZERO,
            token_seconds: 3_600,
            requests_per_second: None,
            snake_case: false,
            old_names: false,
        }
    }
}
