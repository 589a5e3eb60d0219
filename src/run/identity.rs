//! Whose data a key shows.

use crate::catalog::{SourceKind, StreamSpec};
use crate::error::{Error, Kind, Result};
use crate::extract::Client;
use crate::model::Batch;
use crate::normalize::{Normalizer, Sensitive};

/// What a source says of the account that its key belongs to.
#[derive(Debug)]
pub(super) struct Identity {
    /// Its id; `None` where the source does not say (CONTRACT N1.1).
    seen: Option<String>,
    /// Its row, where there is an object for it.
    pub(super) row: Option<(&'static StreamSpec, Batch)>,
}

impl Identity {
    /// Asks the source, which also proves the key and tells the server's time.
    ///
    /// # Errors
    /// Those of the client; `Contract` if the account has no id.
    pub(super) async fn ask(
        client: &Client,
        source: &str,
        kind: &'static SourceKind,
        sensitive: Sensitive,
    ) -> Result<Self> {
        if let Some(spec) = kind.account {
            let page = client.account(spec).await?;
            let batch = Normalizer::new(spec, sensitive).normalize(&page)?;
            return Ok(Self { seen: Some(id_of(source, &batch)?), row: Some((spec, batch)) });
        }
        let seen = match kind.streams.first() {
            Some(spec) => client.first_text(spec, kind.account_fields).await?,
            None => None,
        };
        Ok(Self { seen, row: None })
    }

    /// Gives the account id of the rows: what the source says, else what the warehouse knows, else
    /// the name of the source. A name once used stays, so that rows keep their key.
    pub(super) fn account_id(&self, source: &str, bound: Option<&str>) -> String {
        let id = match (bound, &self.seen) {
            (Some(bound), None) => bound,
            (Some(bound), Some(_)) if bound == source => bound,
            (_, Some(seen)) => seen,
            (None, None) => source,
        };
        id.to_owned()
    }
}

fn id_of(source: &str, batch: &Batch) -> Result<String> {
    use arrow::array::AsArray;
    let ids = batch.records.column_by_name("id").and_then(|ids| ids.as_string_opt::<i32>());
    match ids.and_then(|ids| ids.iter().next().flatten()) {
        Some(id) => Ok(id.to_owned()),
        None => Err(Error::new(
            Kind::Contract,
            format!("source `{source}`: the answer of /account is no account with an id"),
        )),
    }
}
