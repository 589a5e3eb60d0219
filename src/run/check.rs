//! One question to a source, and a look at the warehouse directory.

use std::sync::Arc;

use super::identity::Identity;
use super::{Account, SyncOptions, publishing, source};
use crate::clock;
use crate::config::Settings;
use crate::durable;
use crate::error::Result;
use crate::model::Observer;
use crate::normalize::Sensitive;

/// What a source answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckedAccount {
    /// Account that the key belongs to.
    pub account_id: String,
    /// Seconds by which the server's clock is ahead of this machine's.
    pub clock_difference: i64,
}

/// Asks a source who the key belongs to.
///
/// # Errors
/// Those of the client: authentication, network, contract.
pub async fn check_account(
    account: &Account,
    options: &SyncOptions,
    observer: Arc<dyn Observer>,
) -> Result<CheckedAccount> {
    let client = source::client(account, options, observer)?;
    let name = &account.source.name;
    let identity = Identity::ask(&client, name, account.source.kind, Sensitive::Keep).await?;
    let account_id = identity.account_id(name, None);
    let here = clock::now_micros().div_euclid(1_000_000);
    Ok(CheckedAccount { account_id, clock_difference: client.server_now()? - here })
}

/// Proves that the warehouse directory can be written.
///
/// # Errors
/// [`crate::error::Kind::Disk`] naming the directory.
pub fn check_directory(settings: &Settings) -> Result<()> {
    super::prepare(settings)?;
    let probe = settings.warehouse.dir.join("work").join("probe");
    durable::write(&probe, b"", publishing::modes(settings.warehouse.readers).file)?;
    durable::remove_if_present(&probe)
}
