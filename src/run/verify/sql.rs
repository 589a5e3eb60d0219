//! SQL text of the comparison, pure. Each statement is one set operation over a staged copy of a
//! list (`api`) and the attached snapshot.

use std::collections::BTreeSet;

use arrow::datatypes::{DataType, Schema};

use crate::catalog::{ARCHIVED_AT, Coercion, Field, StreamSpec};
use crate::database::{identifier, literal, qualified};
use crate::model::View;

/// Order in which copies arrived; the later copy of an id counts.
pub(super) const POSITION: &str = "_position";
/// Name of the attached snapshot.
const SNAPSHOT: &str = "warehouse";

/// Stage columns that are kept besides `id` and the typed ones.
pub(super) const KEPT: &[&str] = &["_row_hash", "_list_hash", "_extra"];

/// What is compared with what.
#[derive(Debug, Clone)]
pub(super) struct Scope {
    /// Source, and so schema, name.
    pub(super) source: String,
    /// Account.
    pub(super) account_id: String,
    /// Stream.
    pub(super) spec: &'static StreamSpec,
    /// How the staged copies were seen; hashes of different views are never compared.
    pub(super) view: View,
    /// Fields that list copies carry; columns of others are no difference where a list copy is
    /// compared, or a row that only list copies filled.
    pub(super) list_fields: BTreeSet<String>,
}

/// What may be in the API and not yet in the warehouse.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Newer {
    /// Objects created after this instant, Unix microseconds.
    pub(super) after: Option<i64>,
    /// Objects without a time of creation that came before this position.
    pub(super) before_position: Option<i64>,
}

/// A money column with the column of its currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Money {
    /// BIGINT, minor units.
    pub(super) column: &'static str,
    /// Currency code.
    pub(super) currency: &'static str,
}

impl Scope {
    /// Names the staged copies, as the API showed them. Streams are staged side by side.
    pub(super) fn api(&self) -> String {
        format!("api_{}", self.spec.name)
    }

    /// Names the ids to look at, where it is not the whole stream.
    pub(super) fn chosen(&self) -> String {
        format!("chosen_{}", self.spec.name)
    }

    /// Names the ids of elements that belong into quarantine: counted, not compared.
    pub(super) fn quarantined(&self) -> String {
        format!("quarantined_{}", self.spec.name)
    }

    /// Names the verdicts: one row per id of either side.
    fn compared(&self) -> String {
        format!("compared_{}", self.spec.name)
    }

    /// Gives the rows that the list should show: archived ones are not among them.
    fn table(&self) -> String {
        let table = format!("{SNAPSHOT}.{}", qualified(&self.source, self.spec.name));
        if self.spec.archives {
            return format!("(SELECT * FROM {table} WHERE {ARCHIVED_AT} IS NULL)");
        }
        table
    }

    fn created(&self, side: &str) -> String {
        if self.spec.has_column("created_at") {
            format!("{side}.created_at")
        } else {
            "NULL::TIMESTAMP".to_owned()
        }
    }

    fn is_on_list_copies(&self, field: &Field) -> bool {
        self.list_fields.is_empty()
            || field.sources.iter().any(|source| {
                let top = source.split_once('.').map_or(*source, |(top, _)| top);
                self.list_fields.contains(top)
            })
    }

    fn is_volatile(&self, field: &Field) -> bool {
        field.sources.iter().any(|source| self.spec.volatile.contains(source))
    }

    /// Gives the money columns that can be summed: those that have a currency, as nothing sums over
    /// currencies.
    pub(super) fn money(&self) -> Vec<Money> {
        let money = self.spec.fields.iter().filter(|field| field.coercion == Coercion::Cents);
        money
            .filter(|field| self.is_on_list_copies(field))
            .filter_map(|field| {
                let prefix = field.column.strip_suffix("price").unwrap_or_default();
                let name = format!("{prefix}currency");
                let currency = self.spec.fields.iter().find(|field| field.column == name)?;
                Some(Money { column: field.column, currency: currency.column })
            })
            .collect()
    }
}

/// Creates an empty stage for batches of this schema.
pub(super) fn create_api(scope: &Scope, schema: &Schema) -> String {
    let columns: Vec<String> = schema
        .fields()
        .iter()
        .map(|field| format!("{} {}", identifier(field.name()), sql_type(field.data_type())))
        .collect();
    format!("CREATE OR REPLACE TABLE {} ({})", scope.api(), columns.join(", "))
}

fn sql_type(data_type: &DataType) -> String {
    match data_type {
        DataType::Int64 => "BIGINT".to_owned(),
        DataType::Boolean => "BOOLEAN".to_owned(),
        DataType::Date32 => "DATE".to_owned(),
        DataType::Timestamp(..) => "TIMESTAMP".to_owned(),
        DataType::Decimal128(precision, scale) => format!("DECIMAL({precision},{scale})"),
        _ => "VARCHAR".to_owned(),
    }
}

/// Keeps the newest copy of each id.
pub(super) fn keep_newest(scope: &Scope) -> String {
    let api = scope.api();
    format!(
        "DELETE FROM {api} WHERE {POSITION} NOT IN \
         (SELECT max({POSITION}) FROM {api} GROUP BY id)"
    )
}

/// Makes an empty list of ids.
pub(super) fn create_ids(table: &str) -> String {
    format!("CREATE OR REPLACE TABLE {table} (id VARCHAR)")
}

/// Gives the ids that a walk did not show and need not show.
pub(super) fn forgotten(scope: &Scope) -> String {
    format!("SELECT id FROM {} WHERE verdict = 'forgotten' ORDER BY id", scope.compared())
}

/// Drops whatever was staged for a stream.
pub(super) fn drop_stage(scope: &Scope) -> String {
    [scope.api(), scope.chosen(), scope.quarantined(), scope.compared()]
        .map(|table| format!("DROP TABLE IF EXISTS {table};"))
        .concat()
}

/// Gives the position of the first staged copy whose id the warehouse knows; parameter: account id.
pub(super) fn first_known(scope: &Scope) -> String {
    format!(
        "SELECT min({POSITION}) FROM {} WHERE id IN (SELECT id FROM {} WHERE _account_id = $1)",
        scope.api(),
        scope.table()
    )
}

/// Counts the rows of the warehouse; parameter: account id.
pub(super) fn count_rows(scope: &Scope) -> String {
    format!("SELECT count(*) FROM {} WHERE _account_id = $1", scope.table())
}

/// Gives ids at random; parameters: account id, seed, number. The same seed gives the same ids.
pub(super) fn sample(scope: &Scope) -> String {
    format!(
        "SELECT id FROM {} WHERE _account_id = $1 ORDER BY md5($2 || id), id LIMIT $3",
        scope.table()
    )
}

/// Gives the instant up to which a stream is complete, Unix microseconds; parameters: source,
/// stream. A list without windows, as it ignores its cursor, was read when the others were.
pub(super) fn complete_to() -> String {
    format!(
        "SELECT epoch_us(coalesce(max(complete_to) FILTER (stream = $2), max(complete_to))) \
         FROM {SNAPSHOT}._sync.freshness WHERE source = $1"
    )
}

/// Gives the fields that list copies of a stream carry; parameters: source, stream.
pub(super) fn list_fields() -> String {
    format!("SELECT field FROM {SNAPSHOT}._sync.list_fields WHERE source = $1 AND stream = $2")
}

/// Gives the account of a source; parameter: source.
pub(super) fn account() -> String {
    format!("SELECT account_id FROM {SNAPSHOT}._sync.sources WHERE source = $1")
}

/// Counts the runs that read a stream to its end; parameters: source, stream.
pub(super) fn count_loads() -> String {
    format!(
        "SELECT count(*) FROM {SNAPSHOT}._sync.stream_runs WHERE source = $1 AND stream = $2 \
         AND status IN ('complete', 'cursor_ignored')"
    )
}

/// Gives the run that was published.
pub(super) fn snapshot_run() -> String {
    format!("SELECT coalesce(max(run_id), '') FROM {SNAPSHOT}._sync.runs")
}

/// Judges every id; parameters: source, stream, account id.
///
/// `absent` is the verdict on rows that the API did not show.
pub(super) fn compare(scope: &Scope, newer: Newer, absent: &str) -> String {
    format!(
        "CREATE OR REPLACE TABLE {compared} AS
         WITH views AS (
           SELECT id, list_hash, get_hash FROM {SNAPSHOT}._sync.views
           WHERE source = $1 AND stream = $2 AND account_id = $3
         ), known AS (
           SELECT item.*, views.id IS NOT NULL AS _by_get, views.list_hash, views.get_hash
           FROM {table} AS item LEFT JOIN views USING (id)
           WHERE item._account_id = $3 AND item.id NOT IN (SELECT id FROM {quarantined}){chosen}
         )
         SELECT coalesce(api.id, known.id) AS id, api.id IS NOT NULL AS at_api,
           known.id IS NOT NULL AS in_warehouse, coalesce(known._by_get, false) AS by_get,
           CASE WHEN known.id IS NULL THEN CASE WHEN {newer} THEN 'newer' ELSE 'missing' END
             WHEN api.id IS NULL THEN {absent}
             WHEN {equal} THEN 'same' ELSE 'different' END AS verdict,
           strftime({api_created}, '%Y-%m') AS api_month,
           strftime({known_created}, '%Y-%m') AS warehouse_month{columns}
         FROM {api} AS api FULL JOIN known ON api.id = known.id",
        compared = scope.compared(),
        api = scope.api(),
        table = scope.table(),
        quarantined = scope.quarantined(),
        chosen = match scope.view {
            View::List => String::new(),
            View::Get => format!(" AND item.id IN (SELECT id FROM {})", scope.chosen()),
        },
        newer = newer_condition(scope, newer),
        absent = literal(absent),
        equal = equal(scope.view),
        api_created = scope.created("api"),
        known_created = scope.created("known"),
        columns = money_columns(scope),
    )
}

fn money_columns(scope: &Scope) -> String {
    let money = scope.money();
    let names = money.iter().flat_map(|money| [money.column, money.currency]);
    let columns: BTreeSet<&str> = names.collect();
    let sides: Vec<String> = columns
        .into_iter()
        .map(|column| {
            let name = identifier(column);
            let (api, known) = (side("api", column), side("known", column));
            // A reduced copy that is otherwise equal does not contradict what it lacks.
            format!(
                ", coalesce(api.{name}, CASE WHEN {equal} THEN known.{name} END) AS {api}, \
                 known.{name} AS {known}",
                equal = equal(scope.view),
            )
        })
        .collect();
    sides.concat()
}

fn side(side: &str, column: &str) -> String {
    identifier(&format!("{side}_{column}"))
}

/// A row without entry in `_sync.views` was last filled by a list copy, or shows the same in both.
fn equal(view: View) -> &'static str {
    match view {
        View::List => {
            "api._row_hash = CASE WHEN known._by_get THEN \
             coalesce(known.list_hash, api._row_hash) ELSE known._row_hash END"
        }
        View::Get => {
            "CASE WHEN known._by_get THEN api._row_hash = coalesce(known.get_hash, api._row_hash) \
             ELSE known._row_hash IN (api._row_hash, api._list_hash) END"
        }
    }
}

fn newer_condition(scope: &Scope, newer: Newer) -> String {
    let created = scope.created("api");
    let after = newer.after.map_or_else(
        || "false".to_owned(),
        |after| format!("coalesce({created} > make_timestamp({after}), false)"),
    );
    let before = newer.before_position.map_or_else(
        || "false".to_owned(),
        |position| format!("{created} IS NULL AND api.{POSITION} < {position}"),
    );
    format!("{after} OR {before}")
}

/// Counts per month of creation: month, api, warehouse, same, different, missing, newer, extra,
/// gone, forgotten.
pub(super) fn months(scope: &Scope) -> String {
    let on = |side: &str, verdict: &str| {
        format!("count(*) FILTER (side = '{side}' AND verdict = '{verdict}')")
    };
    let counts = [
        on("warehouse", "same"),
        on("warehouse", "different"),
        on("api", "missing"),
        on("api", "newer"),
        on("warehouse", "extra"),
        on("warehouse", "gone"),
        on("warehouse", "forgotten"),
    ];
    format!(
        "SELECT month, count(*) FILTER (side = 'api'), count(*) FILTER (side = 'warehouse'), {}
         FROM (SELECT 'api' AS side, api_month AS month, verdict FROM {compared} WHERE at_api
           UNION ALL SELECT 'warehouse', warehouse_month, verdict FROM {compared}
           WHERE in_warehouse)
         GROUP BY month ORDER BY month NULLS LAST",
        counts.join(", "),
        compared = scope.compared(),
    )
}

/// Sums a money column per month and currency: month, currency, api, warehouse. What only one side
/// can have (newer, forgotten) is left out of both.
pub(super) fn sums(scope: &Scope, money: Money) -> String {
    format!(
        "SELECT month, currency, coalesce(sum(api), 0), coalesce(sum(warehouse), 0) FROM (
           SELECT api_month AS month, {api_currency} AS currency, {api} AS api,
             NULL::BIGINT AS warehouse FROM {compared} WHERE at_api AND verdict <> 'newer'
           UNION ALL
           SELECT warehouse_month, {known_currency}, NULL, {known} FROM {compared}
           WHERE in_warehouse AND verdict <> 'forgotten')
         GROUP BY ALL ORDER BY month NULLS LAST, currency NULLS LAST",
        compared = scope.compared(),
        api = side("api", money.column),
        known = side("known", money.column),
        api_currency = side("api", money.currency),
        known_currency = side("known", money.currency),
    )
}

/// Lists what differs: id, verdict, month, names of the fields that differ, separated by commas;
/// parameter: account id.
pub(super) fn differences(scope: &Scope) -> String {
    let fields = scope.spec.fields.iter().filter(|field| !scope.is_volatile(field));
    let named: String = fields
        .filter_map(|field| {
            let differs = differs(field.column, field.coercion);
            let condition = match (scope.is_on_list_copies(field), scope.view) {
                (true, _) => differs,
                (false, View::Get) => format!("compared.by_get AND {differs}"),
                (false, View::List) => return None,
            };
            Some(format!(", CASE WHEN {condition} THEN {} END", literal(field.column)))
        })
        .collect();
    format!(
        "SELECT id, verdict, month, CASE WHEN verdict <> 'different' THEN ''
           WHEN named = '' THEN '_extra' ELSE named END
         FROM (
           SELECT compared.id, compared.verdict,
             coalesce(compared.api_month, compared.warehouse_month) AS month,
             concat_ws(',', NULL::VARCHAR{named}, CASE WHEN NOT compared.by_get AND {extra}
               THEN '_extra' END) AS named
           FROM {compared} AS compared LEFT JOIN {api} AS api ON api.id = compared.id
           LEFT JOIN {table} AS known ON known.id = compared.id AND known._account_id = $1
           WHERE compared.verdict IN ('missing', 'extra', 'gone', 'different'))
         ORDER BY month NULLS LAST, id",
        extra = match scope.view {
            View::List => differs("_extra", Coercion::Map),
            View::Get => "false".to_owned(),
        },
        compared = scope.compared(),
        api = scope.api(),
        table = scope.table(),
    )
}

fn differs(column: &str, coercion: Coercion) -> String {
    let name = identifier(column);
    if coercion.sql_type() == "JSON" {
        // The stage holds JSON as text.
        return format!("api.{name} IS DISTINCT FROM CAST(known.{name} AS VARCHAR)");
    }
    format!("api.{name} IS DISTINCT FROM known.{name}")
}
