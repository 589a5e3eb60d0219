//! `rebuild`: recovers the working database, and says from what.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::cli::args::{Global, OutputFormat};
use crate::cli::printer::Printer;
use crate::cli::progress::Progress;
use crate::error::{Error, Kind, Result};
use crate::model::{Cell, ColumnKind, Observer, Table};
use crate::run::{self, RebuildOptions, Rebuilt};

pub(super) async fn run(global: &Global, options: RebuildOptions, printer: &Printer) -> Result<u8> {
    let settings = super::settings(global)?;
    if !global.source.is_empty() || !global.stream.is_empty() {
        let message = "`rebuild` recovers the whole database: leave out `--source` and `--stream`";
        return Err(Error::new(Kind::Usage, message));
    }
    let observer: Arc<dyn Observer> = Arc::new(Progress::new(printer));
    let rebuilt = run::rebuild(&settings, options, observer).await?;
    if global.format == OutputFormat::Json {
        printer.data(format!("{:#}\n", to_json(&rebuilt)).as_bytes())?;
    } else {
        printer.table(&table(&rebuilt), super::table_format(global))?;
    }
    let (parts, rows) = sums(&rebuilt);
    printer.note(&format!(
        "rebuilt from the {}: {parts} parts with {rows} rows replayed, {} streams; the next sync \
         publishes",
        rebuilt.basis.name(),
        rebuilt.streams.len(),
    ));
    if !rebuilt.left_out.is_empty() {
        printer.warning(&format!(
            "left out: {}; the next sync asks the API for what was in there; versions that it no \
             longer shows are lost",
            rebuilt.left_out.join(", ")
        ));
    }
    Ok(rebuilt.exit_code())
}

fn sums(rebuilt: &Rebuilt) -> (u64, u64) {
    let streams = rebuilt.streams.iter();
    streams.fold((0, 0), |(parts, rows), stream| (parts + stream.parts, rows + stream.rows))
}

fn to_json(rebuilt: &Rebuilt) -> Value {
    let (parts, rows) = sums(rebuilt);
    let streams = rebuilt.streams.iter().map(|stream| {
        json!({
            "source": stream.source,
            "stream": stream.stream,
            "parts": stream.parts,
            "rows": stream.rows,
            "current": stream.current,
        })
    });
    json!({
        "from": rebuilt.basis.name(),
        "parts": parts,
        "rows": rows,
        "left_out": rebuilt.left_out,
        "exit_code": rebuilt.exit_code(),
        "streams": streams.collect::<Vec<_>>(),
    })
}

fn table(rebuilt: &Rebuilt) -> Table {
    let mut table = Table::new(&[
        ("source", ColumnKind::Text),
        ("stream", ColumnKind::Text),
        ("parts", ColumnKind::Integer),
        ("rows", ColumnKind::Integer),
        ("current", ColumnKind::Integer),
    ]);
    for stream in &rebuilt.streams {
        let numbers = [stream.parts, stream.rows, stream.current];
        let mut row = vec![Cell::Text(stream.source.clone()), Cell::Text(stream.stream.clone())];
        row.extend(numbers.map(|number| Cell::Integer(i128::from(number))));
        table.rows.push(row);
    }
    table
}
