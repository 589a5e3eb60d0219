//! What the observations of a load unit settle, and the hints that follow from them.

use crate::catalog::{Follows, StreamSpec};
use crate::database::{Database, Param, identifier, literal, qualified};
use crate::error::Result;

use super::below;
use super::merge::Changes;
use super::sql::{FRESH, is_feed};
use super::stage::stage_texts;
use super::unit::LoadUnit;
use super::warehouse::Run;

/// Reason of a hint: a list shows something else than the copy of which a GET filled the row.
pub(super) const LIST_COPY_CHANGED: &str = "list copy changed";

/// Settles the hints that the observations of a unit answer, and stores those that follow from
/// them. Must run while the current table still holds what was known before.
///
/// A list copy does not answer for a row that a GET filled: it may lack the very field that
/// changed.
pub(super) fn settle_hints(
    database: &Database,
    run: &Run,
    unit: &LoadUnit,
    changes: &Changes,
) -> Result<()> {
    let (source, spec) = (unit.source.as_str(), unit.spec);
    let place = [source.into(), spec.name.into(), run.number.into()];
    database.execute(
        "DELETE FROM _sync.dirty AS dirty USING fresh WHERE dirty.source = $1 \
         AND dirty.stream = $2 AND dirty.id = fresh.id AND (fresh._view = 'get' OR NOT fresh._read_by_get) \
         AND (dirty.noticed_run < $3 OR dirty.noticed_request < fresh._request)",
        &place,
    )?;
    if changes.in_doubt > 0 {
        mark_doubtful(database, &place)?;
    }
    if changes.versions() > 0 {
        follow_events(database, run, unit)?;
    }
    if changes.versions() > 0 || !unit.deleted.is_empty() {
        notice_lines(database, run, unit)?;
        notice_parents(database, run, unit)?;
    }
    leave_parents(database, run, unit)
}

/// Only a GET can tell what a changed list copy of a row that a GET filled means, or which of two
/// copies is the newer one.
fn mark_doubtful(database: &Database, place: &[Param<'_>]) -> Result<()> {
    database.execute(
        &format!(
            "INSERT INTO _sync.dirty SELECT $1, $2, id, \
             CASE WHEN _torn THEN 'copies disagree' ELSE {} END, _observed_at, $3, \
             _request, NULL, NULL, false FROM fresh WHERE _change = 'reread' OR _torn",
            literal(LIST_COPY_CHANGED)
        ),
        place,
    )?;
    Ok(())
}

/// An event marks its object, whatever it says (ANCHORS B 12: never by a list of types).
///
/// What changed before the run began shows in every copy that the run asks for: the first such copy
/// answers the event, unless a GET filled the row. No mark is needed in a stream of which nothing
/// was asked for before this run.
fn follow_events(database: &Database, run: &Run, unit: &LoadUnit) -> Result<()> {
    let objects = streams_by_object(&unit.followed);
    if !is_feed(unit.spec) || objects.is_empty() {
        return Ok(());
    }
    database.execute(
        &format!(
            "INSERT INTO _sync.dirty \
             WITH named AS (SELECT objects.stream, data_id, \
             'event ' || coalesce(max(\"type\"), '') AS reason, max(_observed_at) AS noticed_at, \
             max(_request) AS request, min(created_at) AS changed_at, \
             coalesce(max(epoch_us(created_at)) // 1000000 <= $3, false) AS is_settled \
             FROM {FRESH} JOIN (VALUES {objects}) AS objects(object, stream) \
             ON data_object = objects.object \
             WHERE _change = 'insert' AND data_id IS NOT NULL GROUP BY objects.stream, data_id) \
             SELECT $1, stream, data_id, reason, noticed_at, $2, \
             CASE WHEN is_settled THEN 0 ELSE request END, changed_at, NULL, false FROM named \
             WHERE NOT is_settled OR stream IN (SELECT stream FROM _sync.ledger WHERE source = $1 \
             AND account_id = $4 AND coalesce(started_run, 0) < $2) \
             OR EXISTS (SELECT 1 FROM _sync.views AS views WHERE views.source = $1 \
             AND views.stream = named.stream AND views.account_id = $4 AND views.id = data_id)"
        ),
        &[
            unit.source.as_str().into(),
            run.number.into(),
            unit.settled_to.into(),
            (&unit.account_id).into(),
        ],
    )?;
    Ok(())
}

fn streams_by_object(followed: &[&StreamSpec]) -> String {
    followed
        .iter()
        .filter(|stream| !stream.append_only)
        .map(|stream| format!("({}, {})", literal(stream.object), literal(stream.name)))
        .collect::<Vec<_>>()
        .join(", ")
}

/// An object that changed may have changed its lines. Before the first walk over the lines there
/// is nothing to follow.
fn notice_lines(database: &Database, run: &Run, unit: &LoadUnit) -> Result<()> {
    let followers = unit
        .followed
        .iter()
        .filter(|spec| spec.follows.is_some_and(|follows| follows.stream == unit.spec.name));
    let gone = if unit.deleted.is_empty() {
        ""
    } else {
        "UNION ALL SELECT id, observed_at, request FROM staged_deleted"
    };
    for lines in followers {
        // Below others there is no first walk: every object is news.
        let is_known = if lines.is_below_others() {
            "true"
        } else {
            "EXISTS (SELECT 1 FROM _sync.ledger WHERE source = $1 AND stream = $2)"
        };
        database.execute(
            &format!(
                "INSERT INTO _sync.dirty_parents SELECT $1, $2, id, seen_at, $3, request, NULL \
                 FROM (SELECT id, _observed_at AS seen_at, _request AS request FROM {FRESH} \
                 WHERE _change IN ('insert', 'update') {gone}) WHERE {is_known}"
            ),
            &[unit.source.as_str().into(), lines.name.into(), run.number.into()],
        )?;
    }
    Ok(())
}

/// A line that came, changed or went changes the object that it is or was on. Lines that the first
/// walk brings are no news.
fn notice_parents(database: &Database, run: &Run, unit: &LoadUnit) -> Result<()> {
    let Some(follows) = unit.spec.follows.filter(|_| !unit.spec.is_below_others()) else {
        return Ok(());
    };
    if !unit.followed.iter().any(|spec| spec.name == follows.stream) {
        return Ok(());
    }
    let (table, column) = (qualified(&unit.source, unit.spec.name), identifier(follows.column));
    let gone = if unit.deleted.is_empty() {
        String::new()
    } else {
        format!(
            "UNION ALL SELECT known.{column}, observed_at, request FROM {table} AS known \
             JOIN staged_deleted USING (id) WHERE known._account_id = $4"
        )
    };
    database.execute(
        &format!(
            "INSERT INTO _sync.dirty SELECT $1, $3, parent, 'line changed', max(seen_at), $5, \
             max(request), NULL, NULL, false FROM (\
             SELECT {column} AS parent, _observed_at AS seen_at, _request AS request \
             FROM {FRESH} \
             WHERE _change IN ('insert', 'update') \
             UNION ALL SELECT known.{column}, _observed_at, _request FROM {table} AS known \
             JOIN {FRESH} ON known.rowid = {FRESH}._known_row \
             WHERE known._account_id = $4 AND {FRESH}._change = 'update' {gone}) \
             WHERE parent IS NOT NULL AND EXISTS (SELECT 1 FROM _sync.ledger WHERE source = $1 \
             AND stream = $2 AND state = 'complete' AND kind = 'full') GROUP BY parent"
        ),
        &[
            unit.source.as_str().into(),
            unit.spec.name.into(),
            follows.stream.into(),
            (&unit.account_id).into(),
            run.number.into(),
        ],
    )?;
    Ok(())
}

/// Known lines that a listing of their object no longer shows have left it.
fn leave_parents(database: &Database, run: &Run, unit: &LoadUnit) -> Result<()> {
    let Some(follows) = unit.spec.follows.filter(|_| !unit.lines_of.is_empty()) else {
        return Ok(());
    };
    let rows: Vec<Vec<Option<String>>> = unit
        .lines_of
        .iter()
        .map(|parent| vec![Some(parent.id.clone()), Some(parent.asked.to_string())])
        .collect();
    stage_texts(database, "staged_parents", &["id", "asked"], &rows)?;
    if !unit.spec.is_below_others() {
        leave_behind(database, run, unit, &follows)?;
    }
    database.execute(
        "DELETE FROM _sync.dirty_parents AS dirty USING staged_parents WHERE dirty.source = $1 \
         AND dirty.stream = $2 AND dirty.parent_id = staged_parents.id \
         AND (dirty.noticed_run < $3 OR dirty.noticed_request <= staged_parents.asked::BIGINT)",
        &[unit.source.as_str().into(), unit.spec.name.into(), run.number.into()],
    )?;
    if unit.spec.is_below_others() {
        below::mark_listed(database, run, unit)?;
        below::nominate_lines(database, run, unit, follows.column)?;
    }
    Ok(())
}

/// A GET will tell where a line went.
fn leave_behind(database: &Database, run: &Run, unit: &LoadUnit, follows: &Follows) -> Result<()> {
    database.execute(
        &format!(
            "INSERT INTO _sync.dirty SELECT $1, $2, known.id, 'left its ' || $5, \
             make_timestamp($6), $4, staged_parents.asked::BIGINT, NULL, NULL, false \
             FROM {table} AS known JOIN staged_parents ON known.{column} = staged_parents.id \
             WHERE known._account_id = $3 AND known.id NOT IN (SELECT id FROM fresh)",
            table = qualified(&unit.source, unit.spec.name),
            column = identifier(follows.column),
        ),
        &[
            unit.source.as_str().into(),
            unit.spec.name.into(),
            (&unit.account_id).into(),
            run.number.into(),
            follows.field.into(),
            crate::clock::now_micros().into(),
        ],
    )?;
    Ok(())
}
