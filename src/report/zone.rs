//! The report time zone as SQL: `DuckDB` is built without ICU and cannot do it (DESIGN 10).

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::database::literal;
use crate::error::{Context as _, Kind, Result};

/// First instant whose offset is known: 1970-01-01T00:00:00Z. Earlier ones get its offset.
const FIRST: Timestamp = Timestamp::UNIX_EPOCH;

/// 2100-01-01T00:00:00Z: later instants keep the offset that holds just before.
const END: Timestamp = Timestamp::constant(4_102_444_800, 0);

/// An offset and the instant from which it holds.
struct Change {
    from_utc: Timestamp,
    offset_seconds: i32,
}

/// Writes the statements that (re)create `model.utc_offsets(from_utc TIMESTAMP, offset_seconds
/// INTEGER)` and the scalar macro `model.local_date(ts)`, which turns a UTC TIMESTAMP into the DATE
/// of the zone. It is for instants only: a DATE is a calendar date already and must not pass it.
///
/// The macro is a constant offset, or a binary search written out as CASE, and reads no table:
/// looking the offset up in `utc_offsets` for 1 M rows took 6 to 10 s, the search 0.15 s.
/// Transitions from 1970 until 2100 are known, from the bundled IANA database.
///
/// # Errors
/// [`Kind::Configuration`] where the zone is not an IANA name.
pub fn timezone_sql(zone: &str) -> Result<Vec<String>> {
    let time_zone = TimeZone::get(zone).context(Kind::Configuration, || {
        format!(
            "`[warehouse] report_timezone` is {zone:?}, which is no IANA time zone such as \
             \"UTC\" or \"Europe/Berlin\""
        )
    })?;
    let changes = offset_changes(&time_zone);
    let rows: Vec<String> = changes
        .iter()
        .map(|change| format!("({}, {})", sql_timestamp(change.from_utc), change.offset_seconds))
        .collect();
    Ok(vec![
        "CREATE SCHEMA IF NOT EXISTS model".to_owned(),
        "CREATE OR REPLACE TABLE model.utc_offsets (from_utc TIMESTAMP, offset_seconds INTEGER)"
            .to_owned(),
        format!("INSERT INTO model.utc_offsets VALUES {}", rows.join(", ")),
        format!(
            "COMMENT ON TABLE model.utc_offsets IS {}",
            literal(&format!("Offsets of the report time zone {zone} from UTC."))
        ),
        "COMMENT ON COLUMN model.utc_offsets.from_utc IS 'First instant of the offset, UTC.'"
            .to_owned(),
        "COMMENT ON COLUMN model.utc_offsets.offset_seconds IS 'Seconds to add to UTC.'".to_owned(),
        format!("CREATE OR REPLACE MACRO model.local_date(ts) AS {}", local_date(&changes)),
        format!(
            "COMMENT ON MACRO model.local_date IS {}",
            literal(&format!("Date in the report time zone {zone} of a UTC timestamp."))
        ),
    ])
}

/// Lists the offsets from 1970 until 2100, oldest first; never empty.
fn offset_changes(time_zone: &TimeZone) -> Vec<Change> {
    let first = Change { from_utc: FIRST, offset_seconds: time_zone.to_offset(FIRST).seconds() };
    let mut changes = vec![first];
    for transition in time_zone.following(FIRST).take_while(|next| next.timestamp() < END) {
        let offset_seconds = transition.offset().seconds();
        // A zone also has transitions of its abbreviation only.
        if changes.last().is_none_or(|change| change.offset_seconds != offset_seconds) {
            changes.push(Change { from_utc: transition.timestamp(), offset_seconds });
        }
    }
    changes
}

/// Gives the macro's body.
fn local_date(changes: &[Change]) -> String {
    match changes {
        [] | [Change { offset_seconds: 0, .. }] => "CAST(CAST(ts AS TIMESTAMP) AS DATE)".to_owned(),
        _ => {
            let mut offset = String::new();
            write_search(&mut offset, changes);
            format!("CAST(CAST(ts AS TIMESTAMP) + to_seconds({offset}) AS DATE)")
        }
    }
}

/// Writes the offset at `ts` as nested halvings, so that a row takes about 8 comparisons of 260.
fn write_search(sql: &mut String, changes: &[Change]) {
    let (older, newer) = changes.split_at(changes.len() / 2);
    match (older, newer) {
        ([], [only]) => sql.push_str(&only.offset_seconds.to_string()),
        (_, [pivot, ..]) => {
            sql.push_str("CASE WHEN ts < ");
            sql.push_str(&sql_timestamp(pivot.from_utc));
            sql.push_str(" THEN ");
            write_search(sql, older);
            sql.push_str(" ELSE ");
            write_search(sql, newer);
            sql.push_str(" END");
        }
        (_, []) => sql.push('0'),
    }
}

fn sql_timestamp(instant: Timestamp) -> String {
    let civil = TimeZone::UTC.to_datetime(instant);
    format!("TIMESTAMP '{} {}'", civil.date(), civil.time())
}
