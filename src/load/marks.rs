//! Marks that a comparison with the API leaves for the next run.

use crate::database::Param;
use crate::error::Result;

use super::hints::stage_ids;
use super::warehouse::Warehouse;

impl Warehouse {
    /// Marks ids that differ from the API, so that the next run reads them again; whatever it
    /// observes of them is newer. Gives the number of ids of the stream that wait to be read.
    ///
    /// # Errors
    /// [`crate::error::Kind::Database`].
    pub fn mark_to_verify(&self, source: &str, stream: &str, ids: &[String]) -> Result<u64> {
        let place: [Param<'_>; 2] = [source.into(), stream.into()];
        self.database().transaction(|database| {
            stage_ids(database, ids)?;
            database.execute(
                "INSERT INTO _sync.dirty (source, stream, id, reason, noticed_at, noticed_run, \
                 noticed_request) SELECT $1, $2, id, 'verify', make_timestamp($3), \
                 (SELECT coalesce(max(run_number), 0) FROM _sync.runs), 0 FROM staged_ids \
                 WHERE id NOT IN (SELECT id FROM _sync.dirty WHERE source = $1 AND stream = $2 \
                 AND reason = 'verify')",
                &[source.into(), stream.into(), crate::clock::now_micros().into()],
            )?;
            let waiting =
                "SELECT count(DISTINCT id) FROM _sync.dirty WHERE source = $1 AND stream = $2";
            Ok(u64::try_from(database.integer(waiting, &place)?).unwrap_or(0))
        })
    }
}
