//! What is known of an event feed: how far back it reaches.

use crate::database::Database;
use crate::error::Result;

use super::hints::Place;
use super::warehouse::Run;

/// What was seen of an event feed; Unix seconds, UTC.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Feed {
    /// Newest event that it showed from before the end of the run before.
    pub reaches_to: Option<i64>,
    /// Seconds for which it was seen to keep events; it may keep them longer.
    pub keeps: Option<i64>,
    /// Newest event that the warehouse holds.
    pub newest_known: Option<i64>,
}

/// Gives what is known of the feed of a source.
pub(super) fn known(database: &Database, place: &Place<'_>) -> Result<Feed> {
    let source = [place.source.into()];
    let one = |column: &str| {
        let query = format!("SELECT {column} FROM _sync.feed WHERE source = $1");
        database.optional_integer(&query, &source)
    };
    let newest = format!(
        "SELECT max({}) FROM {} AS item WHERE item._account_id = $1",
        place.created(),
        place.table()
    );
    Ok(Feed {
        reaches_to: one("reaches_to")?,
        keeps: one("keeps")?,
        newest_known: database.optional_integer(&newest, &[place.account_id.into()])?,
    })
}

/// Keeps what this run saw of it.
pub(super) fn keep(database: &Database, place: &Place<'_>, seen: Feed, run: &Run) -> Result<()> {
    database.execute("DELETE FROM _sync.feed WHERE source = $1", &[place.source.into()])?;
    database.execute(
        "INSERT INTO _sync.feed VALUES ($1, $2, $3, $4, $5)",
        &[
            place.source.into(),
            place.account_id.into(),
            seen.reaches_to.into(),
            seen.keeps.into(),
            (&run.id).into(),
        ],
    )?;
    Ok(())
}
