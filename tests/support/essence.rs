//! What must not depend on whether a run was disturbed.

use std::collections::BTreeMap;

use paid_sync::catalog::StreamSpec;
use paid_sync::database::{Database, qualified};
use paid_sync::model::Table;

use super::oracle::get_only;
use super::warehouse::{content, content_without, number, tables};

/// Everything that a disturbed run and its successor must make as an undisturbed one does.
#[derive(Debug, PartialEq)]
pub(crate) struct Essence {
    pub(crate) current: Vec<Table>,
    pub(crate) versions: BTreeMap<String, i128>,
    quarantine: Table,
    dirty: i128,
}

/// Reads the essence of a snapshot.
pub(crate) fn essence(database: &Database) -> Essence {
    let versions = tables()
        .map(|spec| {
            let history = qualified("paid_history", spec.name);
            (spec.name.to_owned(), number(database, &format!("SELECT count(*) FROM {history}")))
        })
        .collect();
    let quarantine = "SELECT resource, object, id, raw, problem FROM _sync.quarantine ORDER BY ALL";
    Essence {
        current: tables().map(|spec| rows(database, spec)).collect(),
        versions,
        quarantine: database.table(quarantine, &[]).unwrap(),
        dirty: number(database, "SELECT count(*) FROM _sync.dirty"),
    }
}

/// Gives the content of a table, less what only a GET shows: a run that goes on may find the lists to
/// be enough where the one before meant to ask for each object, and the other way round (DESIGN 6).
fn rows(database: &Database, spec: &StreamSpec) -> Table {
    match get_only(spec) {
        [] => content(database, spec),
        columns => content_without(database, spec, &[columns, &["_row_hash"]].concat()),
    }
}
