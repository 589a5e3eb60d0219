//! What a run asks of the warehouse about objects to read again, and tells it.

use std::collections::BTreeMap;

use crate::catalog::{Follows, StreamSpec};
use crate::error::Result;
use crate::model::{RequestNumber, Window};

use super::below::{self, Archived};
use super::feed::{self, Feed};
use super::hints::{self, Candidates, Place};
use super::warehouse::{Run, Warehouse};

impl Warehouse {
    /// Gives the objects of a stream that hints name and that this run has not asked for, most
    /// urgent first; nominations for deletion among them only if wanted.
    ///
    /// # Errors
    /// [`crate::error::Kind::Database`].
    pub fn dirty(&self, place: &Place<'_>, run: &Run, with_absent: bool) -> Result<Candidates> {
        hints::dirty(self.database(), place, run.number, with_absent)
    }

    /// Gives the unsettled objects of a stream that this run has not seen, most urgent first; see
    /// DESIGN 6. Those created after `seen_from` (Unix seconds) were seen by a walk.
    ///
    /// # Errors
    /// [`crate::error::Kind::Database`].
    pub fn unsettled(
        &self,
        place: &Place<'_>,
        seen_from: Option<i64>,
        now: i64,
    ) -> Result<Candidates> {
        hints::unsettled(self.database(), place, seen_from, now)
    }

    /// Counts the objects of a stream that wait to be read again or are not settled yet.
    ///
    /// # Errors
    /// [`crate::error::Kind::Database`].
    pub fn count_to_refresh(&self, place: &Place<'_>, now: i64) -> Result<u64> {
        let dirty = hints::dirty(self.database(), place, i64::MAX, true)?.ids.len();
        let unsettled = hints::unsettled(self.database(), place, None, now)?.ids.len();
        Ok(u64::try_from(dirty + unsettled).unwrap_or(u64::MAX))
    }

    /// Gives the objects whose lines in this stream are to be listed again.
    ///
    /// # Errors
    /// [`crate::error::Kind::Database`].
    pub fn dirty_parents(&self, place: &Place<'_>, run: &Run, limit: u32) -> Result<Vec<String>> {
        hints::parents(self.database(), place, run.number, limit)
    }

    /// Marks objects as possibly changed; what was asked for after request `noticed` answers it.
    ///
    /// # Errors
    /// [`crate::error::Kind::Database`].
    pub fn mark_dirty(
        &self,
        place: &Place<'_>,
        ids: &[String],
        reason: &str,
        noticed: RequestNumber,
        run: &Run,
    ) -> Result<()> {
        self.database().transaction(|database| {
            hints::mark_dirty(database, place, ids, (reason, false), (run.number, noticed))
        })
    }

    /// Nominates objects for deletion: GET by id did not find them.
    ///
    /// # Errors
    /// [`crate::error::Kind::Database`].
    pub fn nominate(&self, place: &Place<'_>, ids: &[String], run: &Run) -> Result<()> {
        self.database().transaction(|database| {
            hints::mark_dirty(database, place, ids, ("not found by id", true), (run.number, 0))
        })
    }

    /// Gives ids of live rows whose `created_at` lies in a window, at most so many.
    ///
    /// # Errors
    /// [`crate::error::Kind::Database`].
    pub fn ids_in(&self, place: &Place<'_>, window: Window, limit: u32) -> Result<Vec<String>> {
        hints::ids_in(self.database(), place, window, limit)
    }

    /// Writes down that ids were asked for without success, so that others get their turn first.
    ///
    /// # Errors
    /// [`crate::error::Kind::Database`].
    pub fn mark_tried(&self, place: &Place<'_>, ids: &[String], run: &Run) -> Result<()> {
        self.database().transaction(|database| hints::mark_tried(database, place, ids, run))
    }

    /// Writes down that unsettled objects were read again.
    ///
    /// # Errors
    /// [`crate::error::Kind::Database`].
    pub fn mark_checked(&self, place: &Place<'_>, ids: &[String], run: &Run) -> Result<()> {
        self.database().transaction(|database| hints::mark_checked(database, place, ids, run))
    }

    /// Marks the known lines of objects as dirty instead of listing them.
    ///
    /// # Errors
    /// [`crate::error::Kind::Database`].
    pub fn spread_to_lines(
        &self,
        place: &Place<'_>,
        follows: &Follows,
        parents: &[String],
        run: &Run,
    ) -> Result<()> {
        self.database()
            .transaction(|database| hints::spread_to_lines(database, place, follows, parents, run))
    }

    /// Orders a whole walk of every one of these streams, for a reason that a person can read.
    ///
    /// # Errors
    /// [`crate::error::Kind::Database`].
    pub fn order_rewalks(
        &self,
        source: &str,
        streams: &[&StreamSpec],
        reason: &str,
        noticed_at: i64,
    ) -> Result<()> {
        self.database().transaction(|database| {
            hints::order_rewalks(database, source, streams, reason, noticed_at)
        })
    }

    /// Gives what is known of the event feed of a source.
    ///
    /// # Errors
    /// [`crate::error::Kind::Database`].
    pub fn feed(&self, place: &Place<'_>) -> Result<Feed> {
        feed::known(self.database(), place)
    }

    /// Keeps what was seen of the event feed.
    ///
    /// # Errors
    /// [`crate::error::Kind::Database`].
    pub fn keep_feed(&self, place: &Place<'_>, seen: Feed, run: &Run) -> Result<()> {
        self.database().transaction(|database| feed::keep(database, place, seen, run))
    }

    /// Tells whether this run saw that the feed shows nothing from before the last run.
    ///
    /// # Errors
    /// [`crate::error::Kind::Database`].
    pub fn feed_is_bare(&self, place: &Place<'_>, run: &Run) -> Result<bool> {
        let query = "SELECT count(*) FROM _sync.feed WHERE source = $1 AND run_id = $2 \
                     AND reaches_to IS NULL";
        Ok(self.database().integer(query, &[place.source.into(), (&run.id).into()])? > 0)
    }

    /// Tells whether a stream holds an object now.
    ///
    /// # Errors
    /// [`crate::error::Kind::Database`].
    pub fn knows(&self, place: &Place<'_>, id: &str) -> Result<bool> {
        below::knows(self.database(), place, id)
    }

    /// Counts the objects below which a stream is still to be listed.
    ///
    /// # Errors
    /// [`crate::error::Kind::Database`].
    pub fn count_unlisted(&self, place: &Place<'_>) -> Result<i64> {
        below::count_waiting(self.database(), place)
    }

    /// Orders what stands below objects to be listed, those first that were listed longest ago and
    /// not in this run, at most so many.
    ///
    /// # Errors
    /// [`crate::error::Kind::Database`].
    pub fn order_listings(
        &self,
        place: &Place<'_>,
        follows: &Follows,
        limit: u32,
        noticed: RequestNumber,
        run: &Run,
    ) -> Result<()> {
        self.database().transaction(|database| {
            below::order_listings(database, place, follows, limit, (run.number, noticed))
        })
    }

    /// Gives the objects that an earlier run's complete list lacked and this run's lacks again.
    ///
    /// # Errors
    /// [`crate::error::Kind::Database`].
    pub fn absent_twice(&self, place: &Place<'_>, run: &Run) -> Result<Vec<String>> {
        below::absent_twice(self.database(), place, run.number)
    }

    /// Tells of objects what is known of their being archived; the others are not in the answer.
    ///
    /// # Errors
    /// [`crate::error::Kind::Database`].
    pub fn archived(
        &self,
        place: &Place<'_>,
        ids: &[String],
    ) -> Result<BTreeMap<String, Archived>> {
        self.database().transaction(|database| below::archived(database, place, ids))
    }

    /// Counts the objects of a stream that are nominated for deletion.
    ///
    /// # Errors
    /// [`crate::error::Kind::Database`].
    pub fn count_absent(&self, place: &Place<'_>) -> Result<u64> {
        hints::count_absent(self.database(), place)
    }

    /// Gives rows that are likely alive, newest first.
    ///
    /// # Errors
    /// [`crate::error::Kind::Database`].
    pub fn likely_alive(&self, place: &Place<'_>, limit: u32) -> Result<Vec<String>> {
        hints::likely_alive(self.database(), place, limit)
    }
}
