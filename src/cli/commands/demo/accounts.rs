//! The simulated accounts that `demo` mirrors: one of each kind.

use std::fmt::Write as _;

use secrecy::SecretString;

use super::super::emulate;
use crate::catalog::source_kind;
use crate::emulator::{Emulator, Options, Sibling, SiblingKind, SiblingOptions, Size};
use crate::error::{Context, Kind, Result};

/// Running accounts.
pub(super) struct Accounts {
    paid: Emulator,
    paid_key: SecretString,
    others: Vec<Other>,
}

/// An account of another kind than Paid Labs.
struct Other {
    /// Source in the settings.
    name: &'static str,
    /// Lines of the source that name its API.
    kind: &'static str,
    /// Identity of that kind in the catalogue.
    identity: &'static str,
    key: SecretString,
    account: Sibling,
}

impl Accounts {
    /// Starts one account of each kind; `size` is that of the account at Paid Labs.
    ///
    /// # Errors
    /// `Usage` if no address can be had.
    pub(super) async fn start(seed: u64, size: Size) -> Result<Self> {
        let options = Options { seed, size, ..Options::default() };
        let paid_key = SecretString::from(options.api_key.clone());
        let paid = emulate::start(options).await?;
        let now = paid.now();
        let of_kind = |kind| SiblingOptions { kind, seed, now, ..SiblingOptions::default() };
        let defaults = of_kind(SiblingKind::PaidAiV2);
        let client = format!("{}:{}", defaults.client_id, defaults.client_secret);
        let others = vec![
            Other {
                name: "paid_ai",
                kind: "kind = \"paid-ai\"\napi_version = \"v2\"",
                identity: "paid-ai v2",
                key: defaults.api_key.clone().into(),
                account: sibling(defaults).await?,
            },
            Other {
                name: "alternative_payments",
                kind: "kind = \"alternative-payments\"",
                identity: "alternative-payments",
                key: client.into(),
                account: sibling(of_kind(SiblingKind::AlternativePayments)).await?,
            },
        ];
        Ok(Self { paid, paid_key, others })
    }

    /// Gives the sources of the settings.
    pub(super) fn settings(&self) -> String {
        let pace = "requests_per_second = 5000\nmax_in_flight = 8\n";
        let mut text = format!(
            "\n[[source]]\nname = \"paid\"\nkind = \"paid\"\nbase_url = \"{}\"\n\
             api_key_env = \"PAID_API_KEY\"\n{pace}",
            self.paid.base_url()
        );
        for Other { name, kind, account, .. } in &self.others {
            let base = account.base_url();
            // Writing to a String cannot fail.
            let _ = write!(
                text,
                "\n[[source]]\nname = \"{name}\"\n{kind}\nbase_url = \"{base}\"\n{pace}"
            );
        }
        text
    }

    /// Gives the key of a source.
    pub(super) fn key(&self, source: &str) -> SecretString {
        let other = self.others.iter().find(|other| other.name == source);
        other.map_or_else(|| self.paid_key.clone(), |other| other.key.clone())
    }

    /// Tells where they are.
    pub(super) fn addresses(&self) -> String {
        let others = self.others.iter().map(|other| other.account.base_url());
        std::iter::once(self.paid.base_url()).chain(others).collect::<Vec<_>>().join(", ")
    }

    /// Lets days pass everywhere.
    pub(super) fn advance(&self, days: u32) {
        self.paid.advance(days);
        for other in &self.others {
            other.account.pass(days.saturating_mul(86_400));
        }
    }

    /// Counts the objects of every list that is mirrored: source, stream, objects.
    pub(super) fn counts(&self) -> Vec<(&'static str, String, u64)> {
        let paid = self.paid.counts().into_iter().map(|(list, count)| ("paid", list, count));
        let others = self.others.iter().flat_map(|other| {
            let kind = source_kind(other.identity);
            let counts = other.account.counts().into_iter();
            counts.filter_map(move |(list, count)| {
                let stream = kind?.stream(&list)?;
                Some((other.name, stream.name.to_owned(), count))
            })
        });
        paid.chain(others).collect()
    }

    /// Ends them.
    pub(super) async fn shutdown(self) {
        self.paid.shutdown().await;
        for other in self.others {
            other.account.shutdown().await;
        }
    }
}

async fn sibling(options: SiblingOptions) -> Result<Sibling> {
    let address = options.address;
    Sibling::start(options).await.context(Kind::Usage, || format!("cannot serve on {address}"))
}
