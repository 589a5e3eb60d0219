//! SQL text, pure: tables of a stream, classification, merge. Each statement is one set operation.

use std::fmt::Write as _;

use crate::catalog::{SourceKind, StreamSpec};
use crate::database::{identifier, literal, qualified};

/// The newest copy of each id in the load unit under way. Narrow, since every row passes through it,
/// and most bring no news: what a row holds stays outside of the database until it is written.
pub(super) const STAGED: &str = "staged";
/// The same, with what is known of each id, and what is to become of it in `_change`.
pub(super) const FRESH: &str = "fresh";
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

/// Columns of the stage, before those of [`noted_columns`].
const STAGE_COLUMNS: &[(&str, &str)] = &[
    (PLACE, "BIGINT"),
    ("id", "VARCHAR"),
    ("_row_hash", "VARCHAR"),
    ("_list_hash", "VARCHAR"),
    ("_request", "BIGINT"),
    ("_observed_at", "TIMESTAMP"),
    ("_view", "VARCHAR"),
    (TORN, "BOOLEAN"),
];

/// Column of the stage: where among the rows of the unit the copy is.
pub(super) const PLACE: &str = "_place";
/// Column of the stage: the unit holds copies of the id that disagree (I5).
pub(super) const TORN: &str = "_torn";

/// Names the table of closed versions behind `<source>_history.<stream>`.
pub(super) fn closed_table(source: &str, stream: &str) -> String {
    qualified(&history_schema(source), &format!("_closed_{stream}"))
}

/// Names the schema of histories.
pub(super) fn history_schema(source: &str) -> String {
    format!("{source}_history")
}

/// Gives the typed columns, `id` first.
pub(super) fn typed_names(spec: &StreamSpec) -> Vec<&'static str> {
    std::iter::once("id").chain(spec.fields.iter().map(|field| field.column)).collect()
}

/// Gives the columns that follow the typed ones in a current table.
pub(super) fn system_names() -> impl Iterator<Item = &'static str> {
    SYSTEM_COLUMNS.iter().map(|(name, _, _)| *name)
}

/// Gives all quoted columns of the current table, in table order.
pub(super) fn current_columns(spec: &StreamSpec) -> Vec<String> {
    typed_names(spec).into_iter().chain(system_names()).map(identifier).collect()
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
    for nested in kind.nested {
        sql.push_str(&super::nested::create(source, nested));
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

/// Gives the columns that are needed to compare a row, or to tell what else it makes dirty.
pub(super) fn noted_columns(spec: &StreamSpec) -> Vec<&'static str> {
    let feed: &[&str] = if is_feed(spec) { FEED_COLUMNS } else { &[] };
    let parent = spec.follows.map(|follows| follows.column);
    volatile_columns(spec).into_iter().chain(feed.iter().copied()).chain(parent).collect()
}

/// Columns by which an event names its object.
const FEED_COLUMNS: &[&str] = &["data_object", "data_id", "type", "created_at"];

/// Tells whether the rows of a stream name other objects.
pub(super) fn is_feed(spec: &StreamSpec) -> bool {
    spec.has_column("data_object") && spec.has_column("data_id")
}

/// Creates the empty stage for one load unit. JSON is text there.
pub(super) fn create_stage(spec: &StreamSpec) -> String {
    let noted = noted_columns(spec);
    let typed = noted.iter().filter_map(|column| {
        let field = spec.fields.iter().find(|field| field.column == *column)?;
        let sql_type = match field.coercion.sql_type() {
            "JSON" => "VARCHAR",
            other => other,
        };
        Some((field.column, sql_type))
    });
    let columns = STAGE_COLUMNS
        .iter()
        .copied()
        .chain(typed)
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
/// `is_all_new`: it is known of all ids that they are not known, so that nothing is read.
///
/// This reads the whole table, once for a unit. What changes rows afterwards finds them by
/// `_known_row`, which holds until the transaction ends; only proven deletions, and lines that left
/// their object, are looked for again.
pub(super) fn classify(source: &str, spec: &StreamSpec, is_all_new: bool) -> String {
    let Volatile { kept, differs } = Volatile::of(spec);
    let read = if is_all_new { "false" } else { "true" };
    format!(
        "CREATE OR REPLACE TEMP TABLE {FRESH} AS
         WITH known AS (
           SELECT id, rowid AS _row, _row_hash, _first_seen_at, _changed_at{kept} FROM {current}
           WHERE {read} AND _account_id = $3
         ), views AS (
           SELECT id, list_hash, get_hash FROM _sync.views
           WHERE {read} AND source = $1 AND stream = $2 AND account_id = $3
         ), gone AS (
           SELECT id, max(_valid_to) AS until FROM {closed}
           WHERE {read} AND _deleted AND _account_id = $3 GROUP BY id
         ), compared AS (
           SELECT {STAGED}.*, known._row AS _known_row, known._first_seen_at AS _known_since,
             coalesce(known._changed_at, gone.until) AS _known_changed_at, views.id IS NOT NULL AS _read_by_get,
             {differs} AS _volatile,
             CASE
               WHEN known.id IS NULL THEN 'insert'
               WHEN {STAGED}._view = 'get' THEN
                 CASE WHEN {STAGED}._row_hash = coalesce(views.get_hash, known._row_hash)
                      THEN 'unchanged'
                      WHEN views.id IS NULL AND {STAGED}._list_hash = known._row_hash THEN 'enrich'
                      ELSE 'update' END
               WHEN {STAGED}._row_hash = coalesce(views.list_hash, known._row_hash) THEN 'unchanged'
               WHEN views.id IS NULL THEN 'update'
               ELSE 'reread'
             END AS _change
           FROM {STAGED} LEFT JOIN known USING (id) LEFT JOIN views USING (id)
           LEFT JOIN gone USING (id)
         )
         SELECT * REPLACE (
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

/// Moves the versions that end into the closed table; parameter: run id.
pub(super) fn close_versions(source: &str, spec: &StreamSpec) -> String {
    let names = prefixed("current_row", &current_columns(spec));
    format!(
        "INSERT INTO {closed} SELECT {names}, current_row._changed_at, {BEGINS}, \
         false, $1 FROM {current} AS current_row \
         JOIN {FRESH} ON current_row.rowid = {FRESH}._known_row WHERE {FRESH}._change = 'update'",
        closed = closed_table(source, spec.name),
        current = qualified(source, spec.name),
    )
}

/// Takes the rows that are replaced out of the current table.
pub(super) fn delete_replaced(source: &str, spec: &StreamSpec) -> String {
    format!(
        "DELETE FROM {current} WHERE rowid IN \
         (SELECT _known_row FROM {FRESH} WHERE _change IN ('update', 'enrich'))",
        current = qualified(source, spec.name),
    )
}

/// Tells which copies bring news, and since when their rows and versions are known; in the order of
/// the requests that brought them.
pub(super) fn news() -> String {
    format!(
        "SELECT {PLACE}, _change <> 'volatile' AS _is_written, \
         coalesce(_known_since, _observed_at) AS _first_seen_at, \
         CASE WHEN _change = 'enrich' THEN _known_changed_at ELSE {BEGINS} END AS _changed_at \
         FROM {FRESH} WHERE _change IN ('insert', 'update', 'enrich', 'volatile') \
         ORDER BY _request, {PLACE}"
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

/// Updates volatile columns in place, without a version; parameter: run id. `None` where the stream
/// has none.
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
        "UPDATE {current} AS current_row SET {}, _run_id = $1 FROM {FRESH} \
         WHERE current_row.rowid = {FRESH}._known_row AND {FRESH}._change = 'volatile'",
        assignments.join(", "),
        current = qualified(source, spec.name),
    ))
}

/// The parts of [`classify`] that concern volatile columns, empty where there are none.
struct Volatile {
    /// What is known of them.
    kept: String,
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
                "({STAGED}.{column} IS NOT NULL \
                 AND {STAGED}.{column} IS DISTINCT FROM known._known_{column})"
            )
        };
        let differing = all(&differs, " OR ");
        Self {
            kept: all(&|column| format!(", {column} AS _known_{column}"), ""),
            differs: if columns.is_empty() { "false".to_owned() } else { differing },
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
        "SELECT count(*), count(*) FILTER (_change = 'insert'), count(*) FILTER (_change = 'update'), \
         count(*) FILTER (_change IN ('unchanged', 'reread')), \
         count(*) FILTER (_change = 'enrich'), count(*) FILTER (_change = 'volatile'), \
         count(*) FILTER (_change = 'reread' OR _torn), \
         count(*) FILTER (_view = 'get' OR _read_by_get) FROM {FRESH}"
    )
}

fn prefixed(table: &str, columns: &[String]) -> String {
    columns.iter().map(|column| format!("{table}.{column}")).collect::<Vec<_>>().join(", ")
}
