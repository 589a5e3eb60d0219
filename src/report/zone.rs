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
/// The macro is a constant offset, or a look-up by year in constant lists, and reads no table: looking
/// the offset up in `utc_offsets` for 1 M rows took 6 to 10 s. It is short, because every statement
/// that names a view binds it a dozen times: a search written out over all changes took seconds to
/// plan, whatever the number of rows.
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

/// First and last year that the macro tells apart; earlier and later ones are read like these.
const YEARS: std::ops::RangeInclusive<i16> = 1970..=2099;

/// What holds in a year: the offset at its start, then the changes within it.
struct Year<'a> {
    start_offset: i32,
    changes: &'a [Change],
}

impl Year<'_> {
    /// Gives the offset after so many of its changes, or after all of them if it has fewer.
    fn offset_after(&self, count: usize) -> i32 {
        let passed = self.changes.get(..count).unwrap_or(self.changes);
        passed.last().map_or(self.start_offset, |change| change.offset_seconds)
    }
}

/// Gives the macro's body.
fn local_date(changes: &[Change]) -> String {
    let years = years(changes);
    let most = years.iter().map(|year| year.changes.len()).max().unwrap_or(0);
    let first = years.first().map_or(0, |year| year.start_offset);
    if most == 0 && first == 0 {
        return "CAST(CAST(ts AS TIMESTAMP) AS DATE)".to_owned();
    }
    format!("CAST(CAST(ts AS TIMESTAMP) + to_seconds({}) AS DATE)", offset(&years, most))
}

/// Splits the changes by year, oldest first.
fn years(changes: &[Change]) -> Vec<Year<'_>> {
    let Some((first, mut rest)) = changes.split_first() else { return Vec::new() };
    let mut start_offset = first.offset_seconds;
    YEARS
        .map(|year| {
            let is_over =
                |change: &Change| TimeZone::UTC.to_datetime(change.from_utc).year() > year;
            let (within, later) = rest.split_at(rest.partition_point(|change| !is_over(change)));
            rest = later;
            let year = Year { start_offset, changes: within };
            start_offset = year.offset_after(within.len());
            year
        })
        .collect()
}

/// Writes the offset at `ts`: the year looks up the instants of its changes and what holds between
/// them, in lists that are constants of text, which are bound as one constant each.
fn offset(years: &[Year<'_>], most: usize) -> String {
    let place = format!(
        "greatest(1, least({}, year(CAST(ts AS TIMESTAMP)) - {}))",
        years.len(),
        YEARS.start() - 1
    );
    let offsets = |count: usize| {
        let list: Vec<String> =
            years.iter().map(|year| year.offset_after(count).to_string()).collect();
        let same = list.iter().all(|offset| Some(offset) == list.first());
        match list.first() {
            Some(offset) if same => offset.clone(),
            _ => format!("CAST('[{}]' AS INTEGER[])[{place}]", list.join(",")),
        }
    };
    let mut sql = String::from("CASE");
    for count in 0..most {
        let instants: Vec<String> = years
            .iter()
            .map(|year| year.changes.get(count).map_or(END, |change| change.from_utc))
            .map(|instant| TimeZone::UTC.to_datetime(instant))
            .map(|instant| format!("{} {}", instant.date(), instant.time()))
            .collect();
        sql.push_str(" WHEN CAST(ts AS TIMESTAMP) < CAST('[");
        sql.push_str(&instants.join(","));
        sql.push_str("]' AS TIMESTAMP[])[");
        sql.push_str(&place);
        sql.push_str("] THEN ");
        sql.push_str(&offsets(count));
    }
    match most {
        0 => offsets(0),
        _ => format!("{sql} ELSE {} END", offsets(most)),
    }
}

fn sql_timestamp(instant: Timestamp) -> String {
    let civil = TimeZone::UTC.to_datetime(instant);
    format!("TIMESTAMP '{} {}'", civil.date(), civil.time())
}
