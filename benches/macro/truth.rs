//! Comparison of a warehouse with the emulator's truth: ids of all lists, and sums of money.

use std::path::Path;

use serde_json::Value;

use crate::Outcome;
use crate::process::control;

/// Checks that nothing was lost, doubled or changed in some lists; gives the number of rows.
pub(crate) fn compare(address: &str, home: &Path, streams: &[String]) -> Outcome<u64> {
    let config = duckdb::Config::default().access_mode(duckdb::AccessMode::ReadOnly)?;
    let snapshot = home.join("warehouse/warehouse.duckdb");
    let connection = duckdb::Connection::open_with_flags(snapshot, config)?;
    let mut rows = 0;
    for stream in streams {
        let truth = control(address, "GET", &format!("truth/{stream}"))?;
        let is_money = matches!(stream.as_str(), "transactions" | "invoices");
        let mut expected: Vec<(String, i64)> = Vec::new();
        for line in truth.lines() {
            let object: Value = serde_json::from_str(line)?;
            let id = object["id"].as_str().unwrap_or_default().to_owned();
            expected.push((id, if is_money { object["amount"].as_i64().unwrap_or(0) } else { 0 }));
        }
        expected.sort();
        let amount = if is_money { "coalesce(amount, 0)" } else { "0" };
        let query = format!("SELECT id, {amount} FROM paid.\"{stream}\" ORDER BY id");
        let mut statement = connection.prepare(&query)?;
        let found: Vec<(String, i64)> = statement
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<duckdb::Result<_>>()?;
        if found != expected {
            let (found, expected) = (found.len(), expected.len());
            return Err(format!("{stream}: {found} rows are not the {expected} objects").into());
        }
        rows += u64::try_from(found.len())?;
    }
    Ok(rows)
}
