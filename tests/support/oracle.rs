//! The emulator's truth as rows of the warehouse, and a mirror's present and past beside it.

use std::collections::{BTreeMap, BTreeSet};

use arrow::datatypes::DataType;
use bytes::Bytes;
use paid_sync::catalog::StreamSpec;
use paid_sync::database::{Database, identifier, qualified};
use paid_sync::emulator::Emulator;
use paid_sync::model::{Cell, Page, View};
use paid_sync::normalize::{Normalizer, Sensitive};
use serde_json::Value;

use super::warehouse::tables;

/// Rows of a stream by id, cells in the order of [`columns`].
pub(crate) type Rows = BTreeMap<String, Vec<Cell>>;

/// Fields that only GET by id shows (CONTRACT A-31), by stream.
const GET_ONLY: &[(&str, &[&str])] = &[("invoices", &["chase_schedule", "next_chase_on"])];

/// Seconds after a run at which its past is read; runs are further apart than that.
const MEMORY: i64 = 60;

/// Columns that tell apart what was read by GET; they follow the typed ones.
const KEPT: [&str; 2] = ["_extra", "_problems"];

/// Turns objects into rows as the mirror would.
pub(crate) struct Oracle {
    memory: Database,
    sensitive: Sensitive,
}

/// One version of an object.
#[derive(Debug)]
pub(crate) struct Version {
    pub(crate) id: String,
    /// Microseconds, inclusive.
    pub(crate) from: i128,
    /// Microseconds, exclusive; none while it is current.
    pub(crate) to: Option<i128>,
    pub(crate) deleted: bool,
    pub(crate) cells: Vec<Cell>,
}

impl Oracle {
    pub(crate) fn new(sensitive: Sensitive) -> Self {
        Self { memory: Database::in_memory().unwrap(), sensitive }
    }

    /// Gives what the table should hold: the truth of the emulator, today or at a past second.
    pub(crate) fn truth(
        &self,
        emulator: &Emulator,
        spec: &'static StreamSpec,
        at: Option<i64>,
    ) -> Rows {
        self.rows(spec, &emulator.truth(spec.name, at).expect("a known list"))
    }

    /// As [`Oracle::truth`], without what only GET by id shows.
    pub(crate) fn listed(&self, emulator: &Emulator, spec: &'static StreamSpec) -> Rows {
        let objects = emulator.truth(spec.name, None).expect("a known list");
        let lists = objects.iter().map(|object| without_get_only(spec, object));
        self.rows(spec, &lists.collect::<Vec<_>>())
    }

    fn rows(&self, spec: &'static StreamSpec, objects: &[Bytes]) -> Rows {
        let normalizer = Normalizer::new(spec, self.sensitive.clone());
        let schema = normalizer.schema();
        let columns: Vec<String> = schema
            .fields()
            .iter()
            .map(|field| format!("{} {}", identifier(field.name()), sql_type(field.data_type())))
            .collect();
        let create = format!("CREATE OR REPLACE TABLE truth ({})", columns.join(", "));
        self.memory.execute_batch(&create).unwrap();
        for elements in objects.chunks(1_000) {
            let elements = elements.to_vec();
            let page =
                Page { view: View::Get, request: 1, observed_at: 0, elements, first_position: 0 };
            let batch = normalizer.normalize(&page).unwrap();
            assert!(batch.quarantined.is_empty(), "{}: {:?}", spec.name, batch.quarantined);
            self.memory.append("truth", &batch.records).unwrap();
        }
        read(&self.memory, &format!("SELECT {} FROM truth", selected(spec)))
    }
}

/// Names the columns that are compared: typed ones without volatile ones, then [`KEPT`].
pub(crate) fn columns(spec: &StreamSpec) -> Vec<&'static str> {
    let is_lasting = |field: &&paid_sync::catalog::Field| {
        !field.sources.iter().any(|source| spec.volatile.contains(source))
    };
    spec.fields.iter().filter(is_lasting).map(|field| field.column).chain(KEPT).collect()
}

/// Tells of each column of [`columns`] whether only GET by id fills it.
pub(crate) fn is_get_only(spec: &StreamSpec, column: &str) -> bool {
    get_only(spec).contains(&column)
}

/// Gives the columns that only a GET fills.
pub(crate) fn get_only(spec: &StreamSpec) -> &'static [&'static str] {
    GET_ONLY.iter().find(|(stream, _)| *stream == spec.name).map_or(&[], |(_, fields)| fields)
}

fn without_get_only(spec: &StreamSpec, object: &Bytes) -> Bytes {
    if get_only(spec).is_empty() {
        return object.clone();
    }
    let mut read: Value = serde_json::from_slice(object).unwrap();
    for field in get_only(spec) {
        read.as_object_mut().unwrap().remove(*field);
    }
    read.to_string().into()
}

fn sql_type(data_type: &DataType) -> String {
    match data_type {
        DataType::Utf8 => "VARCHAR".to_owned(),
        DataType::Int64 => "BIGINT".to_owned(),
        DataType::Boolean => "BOOLEAN".to_owned(),
        DataType::Date32 => "DATE".to_owned(),
        DataType::Timestamp(..) => "TIMESTAMP".to_owned(),
        DataType::Decimal128(digits, scale) => format!("DECIMAL({digits},{scale})"),
        other => panic!("no SQL type for {other}"),
    }
}

/// Writes the columns to select: `id`, then [`columns`], JSON as text.
fn selected(spec: &StreamSpec) -> String {
    let is_json = |column: &str| {
        KEPT.contains(&column)
            || spec.fields.iter().any(|f| f.column == column && f.coercion.sql_type() == "JSON")
    };
    let columns = columns(spec).into_iter().map(|column| {
        let name = identifier(column);
        if is_json(column) { format!("CAST({name} AS VARCHAR) AS {name}") } else { name }
    });
    std::iter::once("id".to_owned()).chain(columns).collect::<Vec<_>>().join(", ")
}

fn read(database: &Database, query: &str) -> Rows {
    let table = database.table(query, &[]).unwrap();
    let mut rows = Rows::new();
    for row in table.rows {
        let (id, cells) = row.split_first().unwrap();
        let Cell::Text(id) = id else { panic!("{query} gave an id {id:?}") };
        let earlier = rows.insert(id.clone(), cells.to_vec());
        assert!(earlier.is_none(), "{query} gave {id} twice");
    }
    rows
}

/// Reads the current rows of a stream.
pub(crate) fn current(database: &Database, spec: &StreamSpec) -> Rows {
    read(database, &format!("SELECT {} FROM {}", selected(spec), qualified("paid", spec.name)))
}

/// Reads every version of a stream.
pub(crate) fn versions(database: &Database, spec: &StreamSpec) -> Vec<Version> {
    let query = format!(
        "SELECT epoch_us(_valid_from), epoch_us(_valid_to), _deleted, {} FROM {}",
        selected(spec),
        qualified("paid_history", spec.name)
    );
    let version = |row: Vec<Cell>| match row.as_slice() {
        [Cell::Integer(from), to, Cell::Boolean(deleted), Cell::Text(id), cells @ ..] => Version {
            id: id.clone(),
            from: *from,
            to: if let Cell::Integer(to) = to { Some(*to) } else { None },
            deleted: *deleted,
            cells: cells.to_vec(),
        },
        other => panic!("a version reads {other:?}"),
    };
    database.table(&query, &[]).unwrap().rows.into_iter().map(version).collect()
}

/// Gives the rows that were valid at an instant in microseconds.
pub(crate) fn as_of(versions: &[Version], instant: i128) -> Rows {
    let valid = versions
        .iter()
        .filter(|version| version.from <= instant && version.to.is_none_or(|to| to > instant));
    valid.map(|version| (version.id.clone(), version.cells.clone())).collect()
}

/// What a published run showed.
pub(crate) struct Shown {
    pub(crate) run: String,
    /// Simulated second of the run.
    pub(crate) at: i64,
    pub(crate) rows: BTreeMap<&'static str, Rows>,
}

impl Shown {
    /// Remembers what a snapshot shows now.
    pub(crate) fn of(database: &Database, at: i64) -> Self {
        let newest = "SELECT run_id FROM _sync.runs ORDER BY run_number DESC LIMIT 1";
        let run = database.texts(newest, &[]).unwrap().remove(0);
        let rows = tables().map(|spec| (spec.name, current(database, spec))).collect();
        Self { run, at, rows }
    }
}

/// Tells where the history as of the end of each run is not what that run showed. `was_lean` says
/// that lists showed less than GETs for a time.
pub(crate) fn forgotten(database: &Database, shown: &[Shown], was_lean: bool) -> Vec<String> {
    let mut told = Vec::new();
    for spec in tables() {
        let versions = versions(database, spec);
        for shown in shown {
            let then = as_of(&versions, i128::from(shown.at + MEMORY) * 1_000_000);
            let wrong = differences(spec, &shown.rows[spec.name], &then, |_, column, was, _| {
                // A first GET that only adds fields replaces the row in place.
                let is_added = *was == Cell::Null || KEPT.contains(&column);
                is_added && (was_lean || is_get_only(spec, column))
            });
            told.extend(wrong.into_iter().map(|wrong| format!("as of run {}: {wrong}", shown.run)));
        }
    }
    told.truncate(10);
    told
}

/// Tells, at most ten lines long, what differs between what should be and what is. `is_same` says
/// of a column and two different cells that they are as good as equal.
pub(crate) fn differences(
    spec: &StreamSpec,
    expected: &Rows,
    found: &Rows,
    is_same: impl Fn(&str, &str, &Cell, &Cell) -> bool,
) -> Vec<String> {
    let mut told = Vec::new();
    let ids: BTreeSet<&String> = expected.keys().chain(found.keys()).collect();
    for id in ids {
        match (expected.get(id), found.get(id)) {
            (Some(expected), Some(found)) => {
                let cells = columns(spec).into_iter().zip(expected.iter().zip(found));
                for (column, (should, is)) in cells {
                    if should != is && !is_same(id, column, should, is) {
                        told.push(format!(
                            "{}.{column} of {id}: should be {should:?}, is {is:?}",
                            spec.name
                        ));
                    }
                }
            }
            (Some(_), None) => told.push(format!("{}: {id} is missing", spec.name)),
            (None, Some(_)) => told.push(format!("{}: {id} should not be there", spec.name)),
            (None, None) => {}
        }
    }
    told.truncate(10);
    told
}
