//! Windows that are complete or under way, and what a walk proves when it ends.

use crate::database::{Database, Param, literal, qualified};
use crate::error::Result;
use crate::model::{Cell, Coverage, OpenWalk, RequestNumber, StreamState, WalkKind, Window};

use super::unit::LoadUnit;
use super::warehouse::Run;

/// Progress of one walk, written in the transaction of the rows that justify it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerAdvance {
    /// Number of the walk in the ledger.
    pub number: i64,
    /// Whole list or window.
    pub kind: WalkKind,
    /// Window that is complete once the walk has ended.
    pub window: Window,
    /// When the run in which the walk began got its first answer, Unix seconds by the server.
    pub started: i64,
    /// Number of that run.
    pub started_run: i64,
    /// Last request of that run before the walk's first: whatever was noticed until then, the walk
    /// sees.
    pub started_request: RequestNumber,
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
    /// It met whatever stayed in the list from its start to its end, but rows came and went
    /// meanwhile: what it did not meet may be there. Counts as a window, never as a whole walk.
    Unstable,
    /// The server showed what it had at once and ignored the cursor: nothing proves the end, but what
    /// was not shown may be asked for by id.
    Unpaged,
    /// It led nowhere: the ledger forgets it, and the next run starts anew.
    Abandoned,
}

pub(super) fn advance(
    database: &Database,
    place: (&str, &str, &str),
    advance: &LedgerAdvance,
    run_id: &str,
) -> Result<()> {
    let (source, account_id, stream) = place;
    database.execute("DELETE FROM _sync.ledger WHERE number = $1", &[advance.number.into()])?;
    let kind = match advance.state {
        WalkState::Unstable => WalkKind::Window,
        _ => advance.kind,
    };
    let (state, resume) = match &advance.state {
        WalkState::Open { resume } => ("open", resume.as_deref()),
        WalkState::Complete | WalkState::Unstable => ("complete", None),
        WalkState::Unpaged | WalkState::Abandoned => return Ok(()),
    };
    database.execute(
        "INSERT INTO _sync.ledger VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, \
         make_timestamp($14), $15, $16)",
        &[
            advance.number.into(),
            source.into(),
            account_id.into(),
            stream.into(),
            kind.name().into(),
            advance.window.from.into(),
            advance.window.to.into(),
            state.into(),
            resume.into(),
            count(advance.pages),
            count(advance.rows),
            advance.started.into(),
            run_id.into(),
            crate::clock::now_micros().into(),
            advance.started_run.into(),
            advance.started_request.into(),
        ],
    )?;
    if advance.state == WalkState::Complete {
        // A finished walk makes every cut-off one pointless that asked for no more than it did.
        database.execute(
            "DELETE FROM _sync.ledger WHERE source = $1 AND account_id = $2 AND stream = $3 \
             AND state = 'open' AND number < $4 AND ($5 = 'full' OR (kind = 'window' \
             AND coalesce(window_from, $8) >= coalesce($6, $8) AND window_to <= $7))",
            &[
                source.into(),
                account_id.into(),
                stream.into(),
                advance.number.into(),
                advance.kind.name().into(),
                advance.window.from.into(),
                advance.window.to.into(),
                i64::MIN.into(),
            ],
        )?;
    }
    Ok(())
}

/// Draws the conclusions of a walk that reached its end: whatever it should have met and did not is
/// nominated for deletion (I9), and what it was to find out is found out. Then forgets the ids that
/// pointless walks met.
pub(super) fn conclude(
    database: &Database,
    unit: &LoadUnit,
    advance: &LedgerAdvance,
    run: &Run,
) -> Result<()> {
    let (source, spec) = (unit.source.as_str(), unit.spec);
    if matches!(advance.state, WalkState::Complete | WalkState::Unpaged) && !spec.append_only {
        nominate_absent(database, unit, advance, run)?;
    }
    if advance.state == WalkState::Complete && advance.kind == WalkKind::Full {
        database.execute(
            "DELETE FROM _sync.rewalks WHERE source = $1 AND stream = $2 AND noticed_at <= $3",
            &[source.into(), spec.name.into(), advance.started.into()],
        )?;
        // What no list copy of a whole walk carried, lists do not carry.
        database.execute(
            "DELETE FROM _sync.list_fields WHERE source = $1 AND stream = $2 AND run_number < $3",
            &[source.into(), spec.name.into(), advance.started_run.into()],
        )?;
        database.execute(
            "DELETE FROM _sync.dirty_parents WHERE source = $1 AND stream = $2 AND \
             (noticed_run < $3 OR (noticed_run = $3 AND noticed_request <= $4))",
            &[
                source.into(),
                spec.name.into(),
                advance.started_run.into(),
                advance.started_request.into(),
            ],
        )?;
    }
    if !matches!(advance.state, WalkState::Open { .. }) {
        database.execute_batch(
            "DELETE FROM _sync.walk_ids WHERE walk NOT IN \
             (SELECT number FROM _sync.ledger WHERE state = 'open')",
        )?;
    }
    Ok(())
}

/// SQL that holds for rows that existed before a walk began; `started` is the parameter of its start.
/// Runs follow each other, so what an earlier run wrote is older, even within one second.
pub(super) fn older_than_walk(started: &str, advance: &LedgerAdvance) -> String {
    let first_run = literal(&format!("{:06}", advance.started_run));
    format!("(_first_seen_at < make_timestamp({started} * 1000000) OR _run_id < {first_run})")
}

/// Only rows that existed before the walk began, and by their time belong to its window.
fn nominate_absent(
    database: &Database,
    unit: &LoadUnit,
    advance: &LedgerAdvance,
    run: &Run,
) -> Result<()> {
    let spec = unit.spec;
    let in_window = match advance.kind {
        WalkKind::Full => "",
        WalkKind::Window if !spec.has_column("created_at") => return Ok(()),
        WalkKind::Window => {
            " AND created_at > make_timestamp(coalesce($8, 0) * 1000000) \
             AND created_at <= make_timestamp($9 * 1000000)"
        }
    };
    let query = format!(
        "INSERT INTO _sync.dirty SELECT $1, $2, id, 'absent from a complete walk', \
         make_timestamp($4), $5, 0, NULL, NULL, true FROM {table} AS known \
         WHERE _account_id = $3 AND {older}{in_window} \
         AND id NOT IN (SELECT id FROM _sync.walk_ids WHERE walk = $7) \
         AND id NOT IN (SELECT id FROM _sync.dirty WHERE source = $1 AND stream = $2 AND absent)\
         {archived}{few}",
        table = qualified(&unit.source, spec.name),
        older = older_than_walk("$6", advance),
        // Their list does not show them; they are asked for by id in turn.
        archived = if spec.archives { " AND _archived_at IS NULL" } else { "" },
        // An unpaged list may hide more than it shows; a few are worth asking for.
        few = if advance.state == WalkState::Unpaged { " LIMIT 20" } else { "" },
    );
    let mut params: Vec<Param<'_>> = vec![
        (&unit.source).into(),
        spec.name.into(),
        (&unit.account_id).into(),
        crate::clock::now_micros().into(),
        run.number.into(),
        advance.started.into(),
        advance.number.into(),
    ];
    if advance.kind == WalkKind::Window {
        params.push(advance.window.from.into());
        params.push(advance.window.to.into());
    }
    database.execute(&query, &params)?;
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
    let complete = database.table(
        &format!("SELECT DISTINCT window_from, window_to {ours} AND state = 'complete'"),
        &place,
    )?;
    let coverage = Coverage::of(complete.rows.iter().filter_map(|row| match row.as_slice() {
        [from, to] => Some(Window { from: bound(from), to: bound(to) }),
        _ => None,
    }));
    let last_full_walk = database.optional_integer(
        &format!("SELECT max(started) {ours} AND state = 'complete' AND kind = 'full'"),
        &place,
    )?;
    let last_full_rows = database.optional_integer(
        &format!(
            "SELECT arg_max(rows_seen, started) {ours} AND state = 'complete' AND kind = 'full'"
        ),
        &place,
    )?;
    let last_full_rows = last_full_rows.and_then(|rows| u64::try_from(rows).ok());
    let open = database.table(
        &format!(
            "SELECT number, kind, window_from, window_to, started, resume, \
             coalesce(started_run, 0), coalesce(started_request, 0) {ours} \
             AND state = 'open' ORDER BY number DESC LIMIT 1"
        ),
        &place,
    )?;
    let open = open.rows.first().and_then(|row| open_walk(row));
    let rewalk_noticed = database.optional_integer(
        "SELECT max(noticed_at) FROM _sync.rewalks WHERE source = $1 AND stream = $2",
        &[source.into(), stream.into()],
    )?;
    let complete_to = coverage.complete_to();
    Ok(StreamState { complete_to, coverage, last_full_walk, last_full_rows, rewalk_noticed, open })
}

fn bound(cell: &Cell) -> Option<i64> {
    match cell {
        Cell::Integer(second) => i64::try_from(*second).ok(),
        _ => None,
    }
}

fn open_walk(row: &[Cell]) -> Option<OpenWalk> {
    let [
        Cell::Integer(number),
        Cell::Text(kind),
        from,
        to,
        Cell::Integer(started),
        Cell::Text(resume),
        Cell::Integer(started_run),
        Cell::Integer(started_request),
    ] = row
    else {
        return None;
    };
    let kind = if kind == WalkKind::Full.name() { WalkKind::Full } else { WalkKind::Window };
    Some(OpenWalk {
        number: i64::try_from(*number).ok()?,
        kind,
        window: Window { from: bound(from), to: bound(to) },
        started: i64::try_from(*started).ok()?,
        started_run: i64::try_from(*started_run).ok()?,
        started_request: i64::try_from(*started_request).ok()?,
        resume: resume.clone(),
    })
}
