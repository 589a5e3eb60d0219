//! SQL text, pure: tables of a stream, classification, merge. Each statement is one set operation.

use std::fmt::Write as _;

use crate::catalog::{SourceKind, StreamSpec};
use crate::database::{identifier, literal, qualified};

/// Staged rows of the load unit under way, as normalised.
pub(super) const STAGED: &str = "staged";
/// The newest copy of each staged id: where it is staged, its hashes, and what is to become of it in
/// `_change`. Narrow, since every row passes through it, and most bring no news.
pub(super) const FRESH: &str = "fresh";
/// The same with all that was staged.
pub(super) const FRESH_ROWS: &str = "(SELECT fresh.*, staged.* EXCLUDE (id, _row_hash, _list_hash, \
     _request, _observed_at, _view) FROM fresh JOIN staged ON staged.rowid = fresh._place)";
/// Objects that the load unit under way proves to be deleted.
pub(super) const DELETED: &str = "staged_deleted";

/// System columns of every current table, after the typed ones (DESIGN 5).
const SYSTEM_COLUMNS: &[(&str, &str, &str)] = &[
    ("_account_id", "VARCHAR", "Account at the source; with id the key of the row."),
    ("_first_seen_at", "TIMESTAMP", "When this object was first observed, UTC."),
    ("_changed_at", "TIMESTAMP", "When this version was first observed, UTC."),
    ("_row_hash", "VARCHAR", "Hash of the canonical object without volatile fields."),
    ("_run_id", "VARCHAR", "Run that wrote this row."),
    ("_extra", "JSON", "Fields without a column, as received."),
    ("_problems", "JSON", "Findings about single fields: field, code, got, type."),
];

/// Stage columns that follow the typed ones.
const STAGE_COLUMNS: &[(&str, &str)] = &[
    ("_row_hash", "VARCHAR"),
    ("_list_hash", "VARCHAR"),
    ("_extra", "VARCHAR"),
    ("_problems", "VARCHAR"),
    ("_raw", "VARCHAR"),
    ("_request", "BIGINT"),
    ("_observed_at", "TIMESTAMP"),
    ("_view", "VARCHAR"),
];

/// Names the table of closed versions behind `<source>_history.<stream>`.
pub(super) fn closed_table(source: &str, stream: &str) -> String {
    qualified(&history_schema(source), &format!("_closed_{stream}"))
}

/// Names the schema of histories.
pub(super) fn history_schema(source: &str) -> String {
    format!("{source}_history")
}

/// Gives the quoted typed columns, `id` first.
pub(super) fn typed_columns(spec: &StreamSpec) -> Vec<String> {
    std::iter::once("id")
        .chain(spec.fields.iter().map(|field| field.column))
        .map(identifier)
        .collect()
}

/// Gives all quoted columns of the current table, in table order.
pub(super) fn current_columns(spec: &StreamSpec) -> Vec<String> {
    let system = SYSTEM_COLUMNS.iter().map(|(name, _, _)| identifier(name));
    typed_columns(spec).into_iter().chain(system).collect()
}

/// Creates schemas, current and closed tables, history views and comments of a source.
pub(super) fn create_source(source: &str, kind: &SourceKind) -> String {
    let mut sql = format!(
        "CREATE SCHEMA IF NOT EXISTS {};\nCREATE SCHEMA IF NOT EXISTS {};\n",
        identifier(source),
        identifier(&history_schema(source)),
    );
    for spec in kind.tables() {
        sql.push_str(&create_stream(source, spec));
    }
    sql
}

fn create_stream(source: &str, spec: &StreamSpec) -> String {
    let current = qualified(source, spec.name);
    let closed = closed_table(source, spec.name);
    let history = qualified(&history_schema(source), spec.name);
    let columns = column_definitions(spec);
    let names = current_columns(spec).join(", ");
    let mut sql = format!(
        "CREATE TABLE IF NOT EXISTS {current} ({columns});\n\
         CREATE TABLE IF NOT EXISTS {closed} ({columns}, _valid_from TIMESTAMP, \
         _valid_to TIMESTAMP, _deleted BOOLEAN, _closed_by VARCHAR);\n\
         CREATE OR REPLACE VIEW {history} AS SELECT {names}, _valid_from, _valid_to, _deleted \
         FROM {closed} UNION ALL SELECT {names}, _changed_at, NULL::TIMESTAMP, false \
         FROM {current};\n\
         COMMENT ON TABLE {current} IS {comment};\n\
         COMMENT ON VIEW {history} IS {versions};\n",
        comment = literal(spec.comment),
        versions = literal(&format!(
            "Every version of {}; _valid_to NULL = current, instants in UTC.",
            spec.name
        )),
    );
    let comments = std::iter::once(("id", "Id at the source; opaque."))
        .chain(spec.fields.iter().map(|field| (field.column, field.comment)))
        .chain(SYSTEM_COLUMNS.iter().map(|(name, _, comment)| (*name, *comment)));
    for (column, comment) in comments {
        let column = identifier(column);
        let comment = literal(comment);
        // Writing to a String cannot fail.
        let _ = writeln!(sql, "COMMENT ON COLUMN {current}.{column} IS {comment};");
    }
    sql
}

fn column_definitions(spec: &StreamSpec) -> String {
    let typed = spec.fields.iter().map(|field| (field.column, field.coercion.sql_type()));
    let system = SYSTEM_COLUMNS.iter().map(|(name, sql_type, _)| (*name, *sql_type));
    std::iter::once(("id", "VARCHAR"))
        .chain(typed)
        .chain(system)
        .map(|(name, sql_type)| format!("{} {sql_type}", identifier(name)))
        .collect::<Vec<_>>()
        .join(", ")
}

/// Creates the empty stage for one load unit. JSON arrives as text and is cast by the merge.
pub(super) fn create_stage(spec: &StreamSpec) -> String {
    let typed = spec.fields.iter().map(|field| {
        let sql_type = match field.coercion.sql_type() {
            "JSON" => "VARCHAR",
            other => other,
        };
        (field.column, sql_type)
    });
    let columns = std::iter::once(("id", "VARCHAR"))
        .chain(typed)
        .chain(STAGE_COLUMNS.iter().copied())
        .map(|(name, sql_type)| format!("{} {sql_type}", identifier(name)))
        .collect::<Vec<_>>()
        .join(", ");
    format!("CREATE OR REPLACE TEMP TABLE {STAGED} ({columns})")
}

/// Decides what becomes of each staged id; parameters: source, stream, account id.
///
/// An observation is compared only with the hash of its own view (DESIGN 6); a row that no GET
/// filled has one hash for both. `_change` says:
///
/// | `_change` | means |
/// | --- | --- |
/// | `insert` | not known yet |
/// | `update` | a new version |
/// | `enrich` | the first GET of the row shows more fields, and those of the list as they were: no version |
/// | `volatile` | only volatile fields differ: no version |
/// | `unchanged` | nothing differs |
/// | `reread` | a changed list copy of a row that a GET filled: only another GET can tell |
///
/// `_torn`: the unit holds copies of the id that disagree (I5).
pub(super) fn classify(source: &str, spec: &StreamSpec) -> String {
    let Volatile { kept, shown, hidden, differs } = Volatile::of(spec);
    format!(
        "CREATE OR REPLACE TEMP TABLE {FRESH} AS
         WITH newest AS (
           SELECT rowid AS _place, id, _row_hash, _list_hash, _request, _observed_at, _view{shown},
             min(_row_hash) OVER copies <> max(_row_hash) OVER copies AS _torn FROM {STAGED}
           WINDOW copies AS (PARTITION BY id, _view)
           QUALIFY row_number() OVER (PARTITION BY id ORDER BY _request DESC, rowid DESC) = 1
         ), known AS (
           SELECT id, _row_hash, _first_seen_at, _changed_at{kept} FROM {current}
           WHERE _account_id = $3
         ), views AS (
           SELECT id, list_hash, get_hash FROM _sync.views
           WHERE source = $1 AND stream = $2 AND account_id = $3
         ), gone AS (
           SELECT id, max(_valid_to) AS until FROM {closed}
           WHERE _deleted AND _account_id = $3 GROUP BY id
         ), compared AS (
           SELECT newest.*, known._first_seen_at AS _known_since,
             coalesce(known._changed_at, gone.until) AS _known_changed_at, views.id IS NOT NULL AS _read_by_get,
             {differs} AS _volatile,
             CASE
               WHEN known.id IS NULL THEN 'insert'
               WHEN newest._view = 'get' THEN
                 CASE WHEN newest._row_hash = coalesce(views.get_hash, known._row_hash)
                      THEN 'unchanged'
                      WHEN views.id IS NULL AND newest._list_hash = known._row_hash THEN 'enrich'
                      ELSE 'update' END
               WHEN newest._row_hash = coalesce(views.list_hash, known._row_hash) THEN 'unchanged'
               WHEN views.id IS NULL THEN 'update'
               ELSE 'reread'
             END AS _change
           FROM newest LEFT JOIN known USING (id) LEFT JOIN views USING (id)
           LEFT JOIN gone USING (id)
         )
         SELECT * {hidden}REPLACE (
           CASE WHEN _change = 'unchanged' AND _volatile THEN 'volatile' ELSE _change END AS _change)
         FROM compared",
        current = qualified(source, spec.name),
        closed = closed_table(source, spec.name),
    )
}

/// Settles what only the copies between two parts could tell, when a part is replayed: the hash of
/// the list copy may be older than it was, so a copy that changed volatile fields looks changed.
pub(super) const BELIEVE_LOGGED: &str =
    "UPDATE fresh SET _change = 'volatile' WHERE _change = 'reread'";

/// A version begins no earlier than the one before it, whatever clocks say; SQL.
const BEGINS: &str = "greatest(fresh._observed_at, fresh._known_changed_at)";

/// Moves the versions that end into the closed table; parameters: account id, run id.
pub(super) fn close_versions(source: &str, spec: &StreamSpec) -> String {
    let names = prefixed("current_row", &current_columns(spec));
    format!(
        "INSERT INTO {closed} SELECT {names}, current_row._changed_at, {BEGINS}, \
         false, $2 FROM {current} AS current_row JOIN {FRESH} USING (id) \
         WHERE current_row._account_id = $1 AND {FRESH}._change = 'update'",
        closed = closed_table(source, spec.name),
        current = qualified(source, spec.name),
    )
}

/// Takes the rows that are replaced out of the current table; parameter: account id.
pub(super) fn delete_replaced(source: &str, spec: &StreamSpec) -> String {
    format!(
        "DELETE FROM {current} WHERE _account_id = $1 AND id IN \
         (SELECT id FROM {FRESH} WHERE _change IN ('update', 'enrich'))",
        current = qualified(source, spec.name),
    )
}

/// Writes new rows, new versions and enriched ones; parameters: account id, run id.
pub(super) fn insert_versions(source: &str, spec: &StreamSpec) -> String {
    let typed = typed_columns(spec).join(", ");
    format!(
        "INSERT INTO {current} SELECT {typed}, $1, coalesce(_known_since, _observed_at), \
         CASE WHEN _change = 'enrich' THEN _known_changed_at ELSE {BEGINS} END, \
         _row_hash, $2, _extra, _problems FROM {FRESH_ROWS} AS {FRESH} \
         WHERE _change IN ('insert', 'update', 'enrich')",
        current = qualified(source, spec.name),
    )
}

/// Ends the versions of objects that are proven to be deleted; parameters: account id, run id.
pub(super) fn close_deleted(source: &str, spec: &StreamSpec) -> String {
    let names = prefixed("current_row", &current_columns(spec));
    format!(
        "INSERT INTO {closed} SELECT {names}, current_row._changed_at, \
         greatest({DELETED}.observed_at, current_row._changed_at), true, $2 \
         FROM {current} AS current_row JOIN {DELETED} USING (id) \
         WHERE current_row._account_id = $1",
        closed = closed_table(source, spec.name),
        current = qualified(source, spec.name),
    )
}

/// Takes deleted objects out of the current table; parameter: account id.
pub(super) fn delete_deleted(source: &str, spec: &StreamSpec) -> String {
    format!(
        "DELETE FROM {current} WHERE _account_id = $1 AND id IN (SELECT id FROM {DELETED})",
        current = qualified(source, spec.name),
    )
}

/// Forgets what was kept about deleted objects; parameters: source, stream.
pub(super) fn forget_deleted() -> [String; 3] {
    ["dirty", "views", "checked"].map(|table| {
        format!(
            "DELETE FROM _sync.{table} WHERE source = $1 AND stream = $2 \
             AND id IN (SELECT id FROM {DELETED})"
        )
    })
}

/// Updates volatile columns in place, without a version; parameters: account id, run id. `None`
/// where the stream has none.
pub(super) fn update_volatile(source: &str, spec: &StreamSpec) -> Option<String> {
    let volatile = volatile_columns(spec);
    if volatile.is_empty() {
        return None;
    }
    let assignments: Vec<String> = volatile
        .iter()
        .map(|column| {
            let name = identifier(column);
            format!("{name} = coalesce({FRESH}.{name}, current_row.{name})")
        })
        .collect();
    Some(format!(
        "UPDATE {current} AS current_row SET {}, _run_id = $2 FROM {FRESH_ROWS} AS {FRESH} \
         WHERE current_row._account_id = $1 AND current_row.id = {FRESH}.id \
         AND {FRESH}._change = 'volatile'",
        assignments.join(", "),
        current = qualified(source, spec.name),
    ))
}

/// The parts of [`classify`] that concern volatile columns, empty where there are none.
struct Volatile {
    /// What is known of them.
    kept: String,
    /// What was staged of them.
    shown: String,
    /// Leaves out what was only needed to compare.
    hidden: String,
    /// Whether one of them differs.
    differs: String,
}

impl Volatile {
    fn of(spec: &StreamSpec) -> Self {
        let columns = volatile_columns(spec);
        let all = |text: &dyn Fn(&str) -> String, between: &str| {
            columns.iter().map(|column| text(column)).collect::<Vec<_>>().join(between)
        };
        let differs = |column: &str| {
            format!(
                "(newest.{column} IS NOT NULL \
                 AND newest.{column} IS DISTINCT FROM known._known_{column})"
            )
        };
        let is_empty = columns.is_empty();
        let unless_empty = |text: String, otherwise: &str| {
            if is_empty { otherwise.to_owned() } else { text }
        };
        Self {
            kept: all(&|column| format!(", {column} AS _known_{column}"), ""),
            shown: all(&|column| format!(", {column}"), ""),
            hidden: unless_empty(format!("EXCLUDE ({}) ", columns.join(", ")), ""),
            differs: unless_empty(all(&differs, " OR "), "false"),
        }
    }
}

fn volatile_columns(spec: &StreamSpec) -> Vec<&'static str> {
    spec.fields
        .iter()
        .filter(|field| field.sources.iter().any(|name| spec.volatile.contains(name)))
        .map(|field| field.column)
        .collect()
}

/// Statements that keep the hashes of both views; parameters: source, stream, account id.
///
/// Rows filled by list copies only need no entry: their hash is `_row_hash`.
pub(super) fn remember_views() -> [String; 3] {
    let ours = "views.source = $1 AND views.stream = $2 AND views.account_id = $3";
    [
        format!(
            "DELETE FROM _sync.views AS views USING {FRESH} WHERE {ours} \
             AND views.id = {FRESH}.id AND {FRESH}._view = 'get' \
             AND (views.get_hash <> {FRESH}._row_hash OR views.list_hash <> {FRESH}._list_hash)"
        ),
        format!(
            "UPDATE _sync.views AS views SET list_hash = {FRESH}._row_hash FROM {FRESH} \
             WHERE {ours} AND views.id = {FRESH}.id AND {FRESH}._view = 'list' \
             AND views.list_hash IS DISTINCT FROM {FRESH}._row_hash"
        ),
        format!(
            "INSERT INTO _sync.views SELECT $1, $2, $3, id, _list_hash, _row_hash FROM {FRESH} \
             WHERE _view = 'get' AND (_change IN ('insert', 'update', 'enrich') OR _read_by_get) \
             AND id NOT IN (SELECT id FROM _sync.views AS views WHERE {ours})"
        ),
    ]
}

/// Counts the outcomes of a unit.
pub(super) fn count_changes() -> String {
    format!(
        "SELECT (SELECT count(*) FROM {STAGED}), count(*), \
         count(*) FILTER (_change = 'insert'), count(*) FILTER (_change = 'update'), \
         count(*) FILTER (_change IN ('unchanged', 'reread')), \
         count(*) FILTER (_change = 'enrich'), count(*) FILTER (_change = 'volatile'), \
         count(*) FILTER (_change = 'reread' OR _torn), \
         count(*) FILTER (_view = 'get' OR _read_by_get) FROM {FRESH}"
    )
}

fn prefixed(table: &str, columns: &[String]) -> String {
    columns.iter().map(|column| format!("{table}.{column}")).collect::<Vec<_>>().join(", ")
}
