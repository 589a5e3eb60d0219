//! `status`: how fresh every stream is, by the published snapshot.

use crate::cli::args::Global;
use crate::cli::printer::Printer;
use crate::error::Result;
use crate::publish::Publication;
use crate::report;
use crate::run;

/// Freshness as the snapshot states it; every instant UTC.
const QUERY: &str = "SELECT source, stream, last_status AS status, complete_to, edits_seen_to, \
     edits_guaranteed_to, deletes_guaranteed_to, dirty_ids::INTEGER AS dirty_ids, \
     last_run_id AS run FROM _sync.freshness ORDER BY source, stream";

pub(super) fn run(global: &Global, printer: &Printer) -> Result<u8> {
    let settings = super::settings(global)?;
    let snapshot = Publication::snapshot_path(&settings.warehouse.dir);
    let mut table = report::query_table(&snapshot, QUERY)?;
    keep_selected(&mut table, 0, &global.source);
    keep_selected(&mut table, 1, &global.stream);
    printer.table(&table, super::table_format(global))?;
    if let Some(run) = run::unpublished_run(&settings)? {
        printer.warning(&format!(
            "this is what the snapshot says; the newest run, {}, ended {} and was not published",
            run.id, run.status
        ));
    }
    Ok(0)
}

fn keep_selected(table: &mut crate::model::Table, column: usize, names: &[String]) {
    use crate::model::Cell;
    if names.is_empty() {
        return;
    }
    table.rows.retain(|row| match row.get(column) {
        Some(Cell::Text(name)) => names.contains(name),
        _ => false,
    });
}
