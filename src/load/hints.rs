//! Hints: objects that may have changed and wait to be read again, and those that need no hint
//! because nothing has settled them yet.
//!
//! A hint is stored in the transaction of what it came from, and deleted only in the transaction
//! of an observation that was asked for later (DESIGN 1).

use crate::catalog::{Follows, Settled, SingleRead, StreamSpec};
use crate::database::{Database, Param, identifier, literal, qualified};
use crate::error::Result;
use crate::model::{Candidate, Cell, RequestNumber, Window};

use super::below;
use super::warehouse::Run;

/// Most candidates looked at in one go; bounds memory (I10).
const MOST_CANDIDATES: u32 = 100_000;
/// Seconds after its creation in which an unsettled object is read again before older ones
/// (DESIGN 6): 120 days.
const YOUNG: i64 = 120 * 86_400;

/// One stream of one account.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// Source, and so schema, name.
    pub source: &'a str,
    /// Account.
    pub account_id: &'a str,
    /// Stream.
    pub spec: &'static StreamSpec,
}

impl Place<'_> {
    pub(super) fn table(&self) -> String {
        qualified(self.source, self.spec.name)
    }

    /// Gives the SQL of a row's creation in Unix seconds, NULL where the stream has no such column.
    pub(super) fn created(&self) -> &'static str {
        if self.spec.has_column("created_at") {
            "epoch_us(item.created_at) // 1000000"
        } else {
            "NULL::BIGINT"
        }
    }
}

/// Objects of one stream to read again, most urgent first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Candidates {
    /// The objects.
    pub ids: Vec<Candidate>,
    /// Rows of the stream by hour of creation: (hours since the Unix epoch, rows), oldest first.
    pub rows_by_hour: Vec<(i64, u64)>,
    /// Rows of the stream, those without a time of creation included.
    pub rows: u64,
}

/// Gives the objects of a stream that hints name, those asked for in vain last. Left out are those
/// already tried in this run, and nominations for deletion unless asked for.
pub(super) fn dirty(
    database: &Database,
    place: &Place<'_>,
    run_number: i64,
    with_absent: bool,
) -> Result<Candidates> {
    // Ids that were asked for in vain come last, or they would use up the budget of every run.
    let query = format!(
        "SELECT dirty.id, any_value({created}), \
         bool_and(views.id IS NULL AND item.id IS NOT NULL AND dirty.tried_run IS NULL \
         AND NOT coalesce(dirty.absent, false)) FROM _sync.dirty AS dirty \
         LEFT JOIN {table} AS item ON item.id = dirty.id AND item._account_id = $2 \
         LEFT JOIN _sync.views AS views ON views.source = $1 AND views.stream = $3 \
         AND views.account_id = $2 AND views.id = dirty.id \
         WHERE dirty.source = $1 AND dirty.stream = $3 \
         GROUP BY dirty.id HAVING coalesce(max(dirty.tried_run) < $4, true) \
         AND ($5 = 1 OR NOT bool_or(coalesce(dirty.absent, false))) ORDER BY max(dirty.tried_run) NULLS FIRST, min(dirty.noticed_at), dirty.id \
         LIMIT {MOST_CANDIDATES}",
        created = place.created(),
        table = place.table(),
    );
    let params = [
        place.source.into(),
        place.account_id.into(),
        place.spec.name.into(),
        run_number.into(),
        i64::from(with_absent).into(),
    ];
    candidates(database, place, &query, &params)
}

/// Gives the unsettled objects of a stream that this run has not seen: the young before the old,
/// those before others that were read longest ago. `seen_from` is the time of creation, Unix
/// seconds, after which a walk of this run has seen them; `now` is the server's time.
pub(super) fn unsettled(
    database: &Database,
    place: &Place<'_>,
    seen_from: Option<i64>,
    now: i64,
) -> Result<Candidates> {
    if place.spec.settled.is_empty() || place.spec.single == SingleRead::None {
        return Ok(Candidates::default());
    }
    let created = place.created();
    let query = format!(
        "SELECT item.id, {created}, views.id IS NULL AND NOT {archived} FROM {table} AS item \
         LEFT JOIN _sync.views AS views ON views.source = $1 AND views.stream = $3 \
         AND views.account_id = $2 AND views.id = item.id \
         LEFT JOIN _sync.checked AS checked ON checked.source = $1 AND checked.stream = $3 \
         AND checked.id = item.id \
         WHERE item._account_id = $2 AND {unsettled} \
         AND (views.id IS NOT NULL OR {archived} OR coalesce({created} <= $4, true)) \
         AND item.id NOT IN (SELECT id FROM _sync.dirty WHERE source = $1 AND stream = $3) \
         ORDER BY coalesce({created} >= $5, true) DESC, checked.checked_run NULLS FIRST, \
         {created} DESC, item.id LIMIT {MOST_CANDIDATES}",
        table = place.table(),
        archived = below::archived_condition(place.spec),
        unsettled = unsettled_condition(place.spec.settled),
    );
    let params = [
        place.source.into(),
        place.account_id.into(),
        place.spec.name.into(),
        seen_from.unwrap_or(i64::MAX).into(),
        now.saturating_sub(YOUNG).into(),
    ];
    candidates(database, place, &query, &params)
}

fn unsettled_condition(settled: &[Settled]) -> String {
    let signs = settled.iter().map(|sign| match sign {
        Settled::True(column) => format!("coalesce(item.{}, false)", identifier(column)),
        Settled::Present(column) => format!("item.{} IS NOT NULL", identifier(column)),
        Settled::Missing(column) => format!("item.{} IS NULL", identifier(column)),
        Settled::Equals(column, value) => {
            format!("coalesce(item.{} = {}, false)", identifier(column), literal(value))
        }
    });
    format!("NOT ({})", signs.collect::<Vec<_>>().join(" OR "))
}

fn candidates(
    database: &Database,
    place: &Place<'_>,
    query: &str,
    params: &[Param<'_>],
) -> Result<Candidates> {
    let table = database.table(query, params)?;
    let candidate = |row: Vec<Cell>| match <[Cell; 3]>::try_from(row) {
        Ok([Cell::Text(id), created, Cell::Boolean(walkable)]) => {
            let created_at = match created {
                Cell::Integer(second) => i64::try_from(second).ok(),
                _ => None,
            };
            Some(Candidate { id, created_at, walkable })
        }
        _ => None,
    };
    let ids: Vec<Candidate> = table.rows.into_iter().filter_map(candidate).collect();
    if ids.is_empty() {
        return Ok(Candidates::default());
    }
    let rows = database.integer(
        &format!("SELECT count(*) FROM {} WHERE _account_id = $1", place.table()),
        &[place.account_id.into()],
    )?;
    let rows = u64::try_from(rows).unwrap_or(0);
    Ok(Candidates { ids, rows_by_hour: rows_by_hour(database, place)?, rows })
}

fn rows_by_hour(database: &Database, place: &Place<'_>) -> Result<Vec<(i64, u64)>> {
    if !place.spec.has_column("created_at") {
        return Ok(Vec::new());
    }
    let table = database.table(
        &format!(
            "SELECT epoch_us(created_at) // 3600000000 AS hour, count(*) FROM {} \
             WHERE _account_id = $1 AND created_at IS NOT NULL GROUP BY hour ORDER BY hour",
            place.table()
        ),
        &[place.account_id.into()],
    )?;
    let pair = |row: &Vec<Cell>| match row.as_slice() {
        [Cell::Integer(hour), Cell::Integer(rows)] => {
            Some((i64::try_from(*hour).ok()?, u64::try_from(*rows).ok()?))
        }
        _ => None,
    };
    Ok(table.rows.iter().filter_map(pair).collect())
}

/// Counts the hints of a source that are left: objects, and objects whose lines are meant.
pub(super) fn count(database: &Database, source: &str) -> Result<u64> {
    let query = "SELECT (SELECT count(*) FROM (SELECT DISTINCT stream, id FROM _sync.dirty \
                 WHERE source = $1)) + (SELECT count(DISTINCT parent_id) FROM _sync.dirty_parents \
                 WHERE source = $1)";
    Ok(u64::try_from(database.integer(query, &[source.into()])?).unwrap_or(0))
}

/// Counts the objects of a stream that are nominated for deletion.
pub(super) fn count_absent(database: &Database, place: &Place<'_>) -> Result<u64> {
    let query = "SELECT count(DISTINCT id) FROM _sync.dirty \
                 WHERE source = $1 AND stream = $2 AND absent";
    let count = database.integer(query, &[place.source.into(), place.spec.name.into()])?;
    Ok(u64::try_from(count).unwrap_or(0))
}

/// Gives rows that are likely alive, newest first: not dirty, and not among these ids.
pub(super) fn likely_alive(
    database: &Database,
    place: &Place<'_>,
    limit: u32,
) -> Result<Vec<String>> {
    database.texts(
        &format!(
            "SELECT id FROM {} WHERE _account_id = $2 AND id NOT IN \
             (SELECT id FROM _sync.dirty WHERE source = $1 AND stream = $3) \
             ORDER BY _changed_at DESC, id LIMIT {limit}",
            place.table()
        ),
        &[place.source.into(), place.account_id.into(), place.spec.name.into()],
    )
}

/// Gives the objects whose lines are to be listed again, those listed in vain last.
pub(super) fn parents(
    database: &Database,
    place: &Place<'_>,
    run_number: i64,
    limit: u32,
) -> Result<Vec<String>> {
    database.texts(
        &format!(
            "SELECT parent_id FROM _sync.dirty_parents WHERE source = $1 AND stream = $2 \
             AND coalesce(tried_run < $3, true) GROUP BY parent_id \
             ORDER BY max(tried_run) NULLS FIRST, min(noticed_at), parent_id LIMIT {limit}"
        ),
        &[place.source.into(), place.spec.name.into(), run_number.into()],
    )
}

/// Stages ids under a temporary name for one of the statements below.
pub(super) fn stage_ids(database: &Database, ids: &[String]) -> Result<()> {
    let rows: Vec<Vec<Option<String>>> = ids.iter().map(|id| vec![Some(id.clone())]).collect();
    super::stage::stage_texts(database, "staged_ids", &["id"], &rows)
}

/// Marks objects: why, and whether they seem to be gone; noticed in which run, before which
/// request. An object that is marked so already keeps its mark.
pub(super) fn mark_dirty(
    database: &Database,
    place: &Place<'_>,
    ids: &[String],
    (reason, absent): (&str, bool),
    (run_number, noticed): (i64, RequestNumber),
) -> Result<()> {
    stage_ids(database, ids)?;
    database.execute(
        "INSERT INTO _sync.dirty SELECT $1, $2, id, $3, make_timestamp($4), $5, $6, NULL, NULL, \
         $7 = 1 FROM staged_ids WHERE $7 = 0 OR id NOT IN (SELECT id FROM _sync.dirty \
         WHERE source = $1 AND stream = $2 AND absent)",
        &[
            place.source.into(),
            place.spec.name.into(),
            reason.into(),
            crate::clock::now_micros().into(),
            run_number.into(),
            noticed.into(),
            i64::from(absent).into(),
        ],
    )?;
    Ok(())
}

/// Gives ids of live rows whose time of creation lies in a window, at most so many.
pub(super) fn ids_in(
    database: &Database,
    place: &Place<'_>,
    window: Window,
    limit: u32,
) -> Result<Vec<String>> {
    let created = place.created();
    let in_window = if window.is_filtered() {
        format!(" AND {created} > coalesce($2, -1) AND {created} <= coalesce($3, {})", i64::MAX)
    } else {
        " AND coalesce($2, $3, 0) = 0".to_owned()
    };
    database.texts(
        &format!(
            "SELECT item.id FROM {} AS item WHERE item._account_id = $1{in_window} \
             ORDER BY item.id LIMIT {limit}",
            place.table()
        ),
        &[place.account_id.into(), window.from.into(), window.to.into()],
    )
}

/// Writes down that objects were asked for, so that others get their turn first.
pub(super) fn mark_tried(
    database: &Database,
    place: &Place<'_>,
    ids: &[String],
    run: &Run,
) -> Result<()> {
    stage_ids(database, ids)?;
    for (table, id) in [("dirty", "id"), ("dirty_parents", "parent_id")] {
        database.execute(
            &format!(
                "UPDATE _sync.{table} SET tried_run = $3 WHERE source = $1 AND stream = $2 \
                 AND {id} IN (SELECT id FROM staged_ids)"
            ),
            &[place.source.into(), place.spec.name.into(), run.number.into()],
        )?;
    }
    Ok(())
}

/// Writes down that unsettled objects were read, and forgets those that are settled by now.
pub(super) fn mark_checked(
    database: &Database,
    place: &Place<'_>,
    ids: &[String],
    run: &Run,
) -> Result<()> {
    stage_ids(database, ids)?;
    database.execute(
        &format!(
            "DELETE FROM _sync.checked WHERE source = $1 AND stream = $3 AND (id IN \
             (SELECT id FROM staged_ids) OR id NOT IN (SELECT id FROM {} AS item \
             WHERE item._account_id = $2 AND {}))",
            place.table(),
            unsettled_condition(place.spec.settled)
        ),
        &[place.source.into(), place.account_id.into(), place.spec.name.into()],
    )?;
    database.execute(
        "INSERT INTO _sync.checked SELECT $1, $2, id, $3 FROM staged_ids",
        &[place.source.into(), place.spec.name.into(), run.number.into()],
    )?;
    Ok(())
}

/// Gives up listing the lines of these objects: the lines that are known become dirty instead.
pub(super) fn spread_to_lines(
    database: &Database,
    place: &Place<'_>,
    follows: &Follows,
    parents: &[String],
    run: &Run,
) -> Result<()> {
    stage_ids(database, parents)?;
    database.execute(
        &format!(
            "INSERT INTO _sync.dirty SELECT $1, $3, id, 'its ' || $4 || ' changed', \
             make_timestamp($6), $5, 0, NULL, NULL, false FROM {} WHERE _account_id = $2 \
             AND {} IN (SELECT id FROM staged_ids)",
            place.table(),
            identifier(follows.column)
        ),
        &[
            place.source.into(),
            place.account_id.into(),
            place.spec.name.into(),
            follows.field.into(),
            run.number.into(),
            crate::clock::now_micros().into(),
        ],
    )?;
    database.execute(
        "DELETE FROM _sync.dirty_parents WHERE source = $1 AND stream = $2 \
         AND parent_id IN (SELECT id FROM staged_ids)",
        &[place.source.into(), place.spec.name.into()],
    )?;
    Ok(())
}

/// Orders a whole walk of every stream but the append-only ones. A stream that was never walked to
/// its end is walked whole anyway.
pub(super) fn order_rewalks(
    database: &Database,
    source: &str,
    streams: &[&StreamSpec],
    reason: &str,
    noticed_at: i64,
) -> Result<()> {
    for spec in streams.iter().filter(|spec| !spec.append_only) {
        database.execute(
            "INSERT INTO _sync.rewalks SELECT $1, $2, $3, $4 WHERE EXISTS (SELECT 1 FROM \
             _sync.ledger WHERE source = $1 AND stream = $2 AND state = 'complete')",
            &[source.into(), spec.name.into(), reason.into(), noticed_at.into()],
        )?;
    }
    Ok(())
}
