//! Windows that are complete or under way, and ids that wait to be read again.

use crate::catalog::StreamSpec;
use crate::database::{Database, Param, literal};
use crate::error::Result;
use crate::model::{Cell, OpenWalk, StreamState, WalkKind, Window};

/// Progress of one walk, written in the transaction of the rows that justify it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerAdvance {
    /// Number of the walk in the ledger.
    pub number: i64,
    /// Whole list or window.
    pub kind: WalkKind,
    /// Window that is complete once the walk has ended.
    pub window: Window,
    /// When the walk began, Unix seconds by the server.
    pub started: i64,
    /// How far it came.
    pub state: WalkState,
    /// Pages so far.
    pub pages: u64,
    /// Rows so far.
    pub rows: u64,
}

/// How far a walk came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WalkState {
    /// Under way; goes on from here, or from its start if nothing came yet.
    Open {
        /// Page cursor, as extraction wrote it down.
        resume: Option<String>,
    },
    /// Its end is proven.
    Complete,
    /// It led nowhere: the ledger forgets it, and the next run starts anew.
    Abandoned,
}

/// An object to read again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirtyId {
    /// Stream that holds the object.
    pub stream: String,
    /// Its id.
    pub id: String,
}

/// How many objects of a stream wait to be read again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirtyCount {
    /// Stream.
    pub stream: String,
    /// All of them.
    pub ids: u64,
    /// Those that a list copy settles: their rows were never filled by a GET.
    pub walkable: u64,
}

pub(super) fn advance(
    database: &Database,
    place: (&str, &str, &str),
    advance: &LedgerAdvance,
    run_id: &str,
) -> Result<()> {
    let (source, account_id, stream) = place;
    database.execute("DELETE FROM _sync.ledger WHERE number = $1", &[advance.number.into()])?;
    let (state, resume) = match &advance.state {
        WalkState::Open { resume } => ("open", resume.as_deref()),
        WalkState::Complete => ("complete", None),
        WalkState::Abandoned => return Ok(()),
    };
    database.execute(
        "INSERT INTO _sync.ledger VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, \
         make_timestamp($14))",
        &[
            advance.number.into(),
            source.into(),
            account_id.into(),
            stream.into(),
            advance.kind.name().into(),
            advance.window.from.into(),
            advance.window.to.into(),
            state.into(),
            resume.into(),
            count(advance.pages),
            count(advance.rows),
            advance.started.into(),
            run_id.into(),
            crate::clock::now_micros().into(),
        ],
    )?;
    if advance.state == WalkState::Complete {
        // A finished walk makes every cut-off one of its stream pointless.
        database.execute(
            "DELETE FROM _sync.ledger WHERE source = $1 AND account_id = $2 AND stream = $3 \
             AND state = 'open' AND number < $4",
            &[source.into(), account_id.into(), stream.into(), advance.number.into()],
        )?;
    }
    Ok(())
}

fn count(number: u64) -> Param<'static> {
    Param::Integer(i64::try_from(number).unwrap_or(i64::MAX))
}

pub(super) fn state(
    database: &Database,
    source: &str,
    account_id: &str,
    stream: &str,
) -> Result<StreamState> {
    let place = [source.into(), account_id.into(), stream.into()];
    let ours = "FROM _sync.ledger WHERE source = $1 AND account_id = $2 AND stream = $3";
    let complete_to = database.optional_integer(
        &format!("SELECT max(window_to) {ours} AND state = 'complete'"),
        &place,
    )?;
    let last_full_walk = database.optional_integer(
        &format!("SELECT max(started) {ours} AND state = 'complete' AND kind = 'full'"),
        &place,
    )?;
    let open = database.table(
        &format!(
            "SELECT number, kind, window_from, window_to, started, resume {ours} \
             AND state = 'open' ORDER BY number DESC LIMIT 1"
        ),
        &place,
    )?;
    let open = open.rows.first().and_then(|row| open_walk(row));
    Ok(StreamState { complete_to, last_full_walk, open })
}

fn open_walk(row: &[Cell]) -> Option<OpenWalk> {
    let [
        Cell::Integer(number),
        Cell::Text(kind),
        from,
        to,
        Cell::Integer(started),
        Cell::Text(resume),
    ] = row
    else {
        return None;
    };
    let bound = |cell: &Cell| match cell {
        Cell::Integer(second) => i64::try_from(*second).ok(),
        _ => None,
    };
    let kind = if kind == WalkKind::Full.name() { WalkKind::Full } else { WalkKind::Window };
    Some(OpenWalk {
        number: i64::try_from(*number).ok()?,
        kind,
        window: Window { from: bound(from), to: bound(to) },
        started: i64::try_from(*started).ok()?,
        resume: resume.clone(),
    })
}

pub(super) fn dirty(
    database: &Database,
    source: &str,
    streams: &[&StreamSpec],
    limit: u32,
) -> Result<Vec<DirtyId>> {
    if streams.is_empty() {
        return Ok(Vec::new());
    }
    let names: Vec<String> = streams.iter().map(|stream| literal(stream.name)).collect();
    // Ids that were asked for in vain come last, or they would use up the budget of every run.
    let table = database.table(
        &format!(
            "SELECT stream, id FROM _sync.dirty WHERE source = $1 AND stream IN ({}) GROUP BY ALL \
             ORDER BY max(tried_run) NULLS FIRST, min(noticed_at), stream, id LIMIT $2",
            names.join(", ")
        ),
        &[source.into(), i64::from(limit).into()],
    )?;
    let dirty_id = |row: Vec<Cell>| match <[Cell; 2]>::try_from(row) {
        Ok([Cell::Text(stream), Cell::Text(id)]) => Some(DirtyId { stream, id }),
        _ => None,
    };
    Ok(table.rows.into_iter().filter_map(dirty_id).collect())
}

pub(super) fn count_dirty(database: &Database, source: &str) -> Result<Vec<DirtyCount>> {
    let table = database.table(
        "SELECT dirty.stream, count(DISTINCT dirty.id), \
         count(DISTINCT dirty.id) FILTER (views.id IS NULL AND dirty.tried_run IS NULL) FROM _sync.dirty AS dirty \
         LEFT JOIN _sync.views AS views USING (source, stream, id) WHERE dirty.source = $1 \
         GROUP BY dirty.stream ORDER BY dirty.stream",
        &[source.into()],
    )?;
    let counted = |row: Vec<Cell>| match <[Cell; 3]>::try_from(row) {
        Ok([Cell::Text(stream), Cell::Integer(ids), Cell::Integer(walkable)]) => Some(DirtyCount {
            stream,
            ids: u64::try_from(ids).ok()?,
            walkable: u64::try_from(walkable).ok()?,
        }),
        _ => None,
    };
    Ok(table.rows.into_iter().filter_map(counted).collect())
}

pub(super) fn mark_tried(
    database: &Database,
    place: (&str, &str, &str),
    run_number: i64,
) -> Result<()> {
    let (source, stream, id) = place;
    database.execute(
        "UPDATE _sync.dirty SET tried_run = $4 WHERE source = $1 AND stream = $2 AND id = $3",
        &[source.into(), stream.into(), id.into(), run_number.into()],
    )?;
    Ok(())
}

/// Marks ids that a comparison with the API found different: whatever the next run observes of
/// them is newer. Gives the number of marks of the stream that wait.
pub(super) fn mark_to_verify(
    database: &Database,
    source: &str,
    stream: &str,
    ids: &[String],
) -> Result<u64> {
    let rows: Vec<Vec<Option<String>>> = ids.iter().map(|id| vec![Some(id.clone())]).collect();
    super::merge::stage_texts(database, "staged_ids", &["id"], &rows)?;
    let place = [source.into(), stream.into()];
    database.execute(
        "INSERT INTO _sync.dirty (source, stream, id, reason, noticed_at, noticed_run, \
         noticed_request) SELECT $1, $2, id, 'verify', make_timestamp($3), \
         (SELECT coalesce(max(run_number), 0) FROM _sync.runs), 0 FROM staged_ids \
         WHERE id NOT IN (SELECT id FROM _sync.dirty WHERE source = $1 AND stream = $2 \
         AND reason = 'verify')",
        &[source.into(), stream.into(), crate::clock::now_micros().into()],
    )?;
    let waiting = "SELECT count(DISTINCT id) FROM _sync.dirty WHERE source = $1 AND stream = $2";
    Ok(u64::try_from(database.integer(waiting, &place)?).unwrap_or(0))
}
