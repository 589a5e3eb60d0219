//! The views of schema `model`: one shape per stream over all sources, and what is derived from it.
//!
//! Pure text. Reports and analysts read these views instead of the schemas of single sources; a
//! source kind without a column contributes NULL, so that every kind fits without a new report.

use super::fitting::{BESIDE, fits, not_counted_reason};
use crate::catalog::{Field, SourceKind, source_kind};
use crate::database::{identifier, literal, qualified};

use super::derived::{DEFAULT_CURRENCY, Derived, INVOICE, SUBSCRIPTION, TRANSACTION, spelt_out};

/// One source whose tables are in the snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelSource {
    /// Name in `sync.toml`, which is also its schema.
    pub name: String,
    /// Name of its kind in the catalogue.
    pub kind: &'static str,
    /// Currency assumed where no transaction names one (`default_currency`).
    pub default_currency: Option<String>,
}

/// A view over one stream of all sources.
struct View {
    name: &'static str,
    comment: &'static str,
    /// Replaces the source's own column where the name is the same.
    derived: &'static [Derived],
    joins: &'static [Join],
}

/// What a view needs beside the rows of its stream.
enum Join {
    /// `lines`: currencies, number and sums of the transactions of an invoice.
    Lines,
    /// `lines`: the same of the invoice that a transaction is on, if any of its transactions names no
    /// currency. Of the others it would be read, at a cost, for nothing.
    LinesWithoutCurrency,
    /// `seen`: the first observation of each object in a state that tells no date of its own.
    Seen {
        /// Columns that the condition reads; a kind without one of them has never seen it.
        needs: &'static [&'static str],
        /// Column of `seen`, and the state.
        states: &'static [(&'static str, &'static str)],
    },
    /// `plan`: the plan of a subscription.
    Plan,
}

/// Which state of the sources is read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Clock {
    /// The newest one.
    Latest,
    /// What was known at the instant `known_at`: the versions observed by then.
    KnownAt,
}

impl Clock {
    /// Gives the rows of a table.
    fn rows(self, schema: &str, table: &str) -> String {
        match self {
            Self::Latest => qualified(schema, table),
            Self::KnownAt => format!(
                "(SELECT * FROM {} WHERE _valid_from <= model.observed(known_at) \
                 AND (_valid_to IS NULL OR _valid_to > known_at))",
                qualified(&history_schema(schema), table)
            ),
        }
    }

    /// Limits versions to those observed.
    const fn observed(self) -> &'static str {
        match self {
            Self::Latest => "TRUE",
            Self::KnownAt => "_valid_from <= known_at",
        }
    }
}

/// Kind whose columns are the shape of the views; other kinds are fitted to it.
const SHAPE: &str = "paid";

const VIEWS: &[View] = &[
    View { name: "customers", comment: "Customers of all sources.", derived: &[], joins: &[] },
    View { name: "plans", comment: "Plans of all sources.", derived: &[], joins: &[] },
    View {
        name: "subscriptions",
        comment: "Subscriptions of all sources, with the price that they show.",
        derived: SUBSCRIPTION,
        joins: &[Join::Plan],
    },
    View {
        name: "transactions",
        comment: "Transactions of all sources; negative ones are refunds and discounts.",
        derived: TRANSACTION,
        joins: &[
            Join::LinesWithoutCurrency,
            Join::Seen {
                needs: &["paid", "paid_on", "paid_at", "status"],
                states: &[
                    ("paid_at", "paid AND paid_on IS NULL AND paid_at IS NULL"),
                    ("voided_at", "status = 'void'"),
                ],
            },
        ],
    },
    View {
        name: "invoices",
        comment: "Invoices of all sources, with state, currency and the dates that count.",
        derived: INVOICE,
        joins: &[
            Join::Lines,
            Join::Seen {
                needs: &["voided", "voided_at"],
                states: &[("voided_at", "voided AND voided_at IS NULL")],
            },
        ],
    },
];

/// Streams that are observed first, and are never empty for long.
const FIRST_SEEN: &[&str] = &["account", "customers"];

/// What was known at an instant is refused before anything was known. The instants of versions are
/// those of the source's clock, and so is the first one.
fn foundations(sources: &[ModelSource]) -> Vec<String> {
    let first = sources.iter().flat_map(|source| {
        let tables = source_kind(source.kind).into_iter().flat_map(SourceKind::tables);
        tables.filter(|spec| FIRST_SEEN.contains(&spec.name)).map(|spec| {
            let versions = qualified(&history_schema(&source.name), spec.name);
            format!(" UNION ALL SELECT min(_valid_from) FROM {versions}")
        })
    });
    vec![
        "CREATE SCHEMA IF NOT EXISTS model".to_owned(),
        format!(
            "CREATE OR REPLACE VIEW model.first_known AS SELECT min(seen_at) AS seen_at FROM \
             (SELECT CAST(NULL AS TIMESTAMP) AS seen_at{}) AS sources",
            first.collect::<String>()
        ),
        "COMMENT ON VIEW model.first_known IS 'Since when anything is known; one row.'".to_owned(),
        "COMMENT ON COLUMN model.first_known.seen_at IS \
         'First observation, UTC, by the clock of the source.'"
            .to_owned(),
        "CREATE OR REPLACE MACRO model.observed(instant) AS CASE \
         WHEN instant >= (SELECT seen_at FROM model.first_known) THEN instant \
         ELSE error('nothing was known at ' || CAST(instant AS VARCHAR) || ', before the first sync') END"
            .to_owned(),
        "COMMENT ON MACRO model.observed IS 'The instant itself, UTC; an error before the first sync.'"
            .to_owned(),
    ]
}

/// Tells which objects no report counts, and why.
fn not_counted(sources: &[ModelSource]) -> Vec<String> {
    let selects = sources.iter().filter_map(|source| {
        let why = not_counted_reason(source.kind)?;
        let invoices = source_kind(source.kind)?.stream("invoices")?;
        Some(format!(
            " UNION ALL SELECT {stream}, count(*) || {why}, {name}, _account_id FROM {table} \
             GROUP BY _account_id",
            stream = literal(invoices.name),
            why = literal(&format!(" objects: {why}")),
            name = literal(&source.name),
            table = qualified(&source.name, invoices.name),
        ))
    });
    let columns = [
        ("stream", "Stream of the objects."),
        ("reason", "How many, and why."),
        ("source", "Source in sync.toml."),
        ("account_id", "Account at the source."),
    ];
    let empty: Vec<String> =
        columns.iter().map(|(name, _)| format!("CAST(NULL AS VARCHAR) AS {name}")).collect();
    let mut statements = vec![
        format!(
            "CREATE OR REPLACE VIEW model.not_counted AS SELECT {} WHERE FALSE{}",
            empty.join(", "),
            selects.collect::<String>()
        ),
        "COMMENT ON VIEW model.not_counted IS 'Objects that no report counts, and why.'".to_owned(),
    ];
    statements.extend(columns.iter().map(|(name, comment)| {
        format!("COMMENT ON COLUMN model.not_counted.{name} IS {}", literal(comment))
    }));
    statements
}

/// Names the schema of the versions of a source.
fn history_schema(source: &str) -> String {
    format!("{source}_history")
}

/// Writes the statements that (re)create schema `model` with `customers`, `plans`, `subscriptions`,
/// `transactions` and `invoices`, commented, and of each a table macro `<name>_known_at(known_at)`
/// that shows what was known at an instant (TIMESTAMP, UTC).
///
/// Every view has the columns of the catalogue, then derived ones (CONTRACT N3.3, N3.4), then
/// `source, account_id`. Without sources the views are empty but typed. They need the macro of
/// [`timezone_sql`](super::timezone_sql).
#[must_use]
pub fn model_sql(sources: &[ModelSource]) -> Vec<String> {
    let mut statements = foundations(sources);
    statements.extend(not_counted(sources));
    for view in VIEWS {
        let name = identifier(view.name);
        let known = identifier(&known_at(view.name));
        let latest = view.union(sources, Clock::Latest);
        let then = view.union(sources, Clock::KnownAt);
        statements.push(format!("CREATE OR REPLACE VIEW model.{name} AS\n{latest}"));
        statements
            .push(format!("CREATE OR REPLACE MACRO model.{known}(known_at) AS TABLE\n{then}"));
        statements.push(format!("COMMENT ON VIEW model.{name} IS {}", literal(view.comment)));
        statements.push(format!(
            "COMMENT ON MACRO TABLE model.{known} IS {}",
            literal(&format!("{} As observed by the instant known_at, UTC.", view.comment))
        ));
        statements.extend(view.columns().iter().map(|column| {
            let target = identifier(column.name);
            format!("COMMENT ON COLUMN model.{name}.{target} IS {}", literal(column.comment))
        }));
    }
    statements
}

/// Names the macro that shows a relation as it was known at an instant.
pub(super) fn known_at(relation: &str) -> String {
    format!("{relation}_known_at")
}

/// Names the views that have such a macro.
pub(super) fn versioned_views() -> impl Iterator<Item = &'static str> {
    VIEWS.iter().map(|view| view.name)
}

/// A column of a view, wherever it comes from.
struct ViewColumn {
    name: &'static str,
    sql_type: &'static str,
    comment: &'static str,
    /// What it is within `source_select`, with placeholders.
    expression: String,
}

impl View {
    fn fields(&self) -> &'static [Field] {
        source_kind(SHAPE).and_then(|kind| kind.stream(self.name)).map_or(&[], |spec| spec.fields)
    }

    fn columns(&self) -> Vec<ViewColumn> {
        let text = |name, comment, expression: &str| ViewColumn {
            name,
            sql_type: "VARCHAR",
            comment,
            expression: expression.to_owned(),
        };
        let mut columns = vec![text("id", "Id at the source, unique per account.", "item.id")];
        let sent = self.fields().iter().filter(|field| self.derived_column(field.column).is_none());
        columns.extend(sent.map(|field| ViewColumn {
            name: field.column,
            sql_type: field.coercion.sql_type(),
            comment: field.comment,
            expression: format!("item.{}", identifier(field.column)),
        }));
        columns.extend(self.derived.iter().map(|derived| ViewColumn {
            name: derived.column,
            sql_type: derived.sql_type,
            comment: derived.comment,
            expression: derived.expression.to_owned(),
        }));
        columns.push(text("source", "Source in sync.toml.", "{source}"));
        columns.push(text("account_id", "Account at the source.", "item._account_id"));
        columns
    }

    fn derived_column(&self, name: &str) -> Option<&Derived> {
        self.derived.iter().find(|derived| derived.column == name)
    }

    fn union(&self, sources: &[ModelSource], clock: Clock) -> String {
        std::iter::once(self.empty_select())
            .chain(sources.iter().filter_map(|source| self.source_select(source, clock)))
            .collect::<Vec<_>>()
            .join("\nUNION ALL\n")
    }

    /// Gives names and types to the union, also where no source follows.
    fn empty_select(&self) -> String {
        let columns: Vec<String> = self
            .columns()
            .iter()
            .map(|column| {
                format!("CAST(NULL AS {}) AS {}", column.sql_type, identifier(column.name))
            })
            .collect();
        format!("SELECT {} WHERE FALSE", columns.join(", "))
    }

    /// Selects one source's rows; `None` where its kind has no such stream.
    fn source_select(&self, source: &ModelSource, clock: Clock) -> Option<String> {
        let item = self.item_select(source, clock)?;
        let default = source
            .default_currency
            .as_deref()
            .map_or_else(|| "NULL".to_owned(), |code| literal(&code.to_ascii_lowercase()));
        let name = literal(&source.name);
        let columns: Vec<String> = self
            .columns()
            .iter()
            .map(|column| {
                let expression = spelt_out(&column.expression)
                    .replace("{source}", &name)
                    .replace(DEFAULT_CURRENCY, &default);
                format!("{expression} AS {}", identifier(column.name))
            })
            .collect();
        let joins: String = self.joins.iter().map(|join| self.join(join, source, clock)).collect();
        Some(format!("SELECT {} FROM ({item}) AS item{joins}", columns.join(", ")))
    }

    fn join(&self, join: &Join, source: &ModelSource, clock: Clock) -> String {
        let kind = source_kind(source.kind);
        let schema = source.name.as_str();
        let transactions = || match kind.and_then(|kind| kind.stream("transactions")) {
            Some(_) => clock.rows(schema, "transactions"),
            None => NO_LINES.to_owned(),
        };
        let (name, on, rows) = match join {
            Join::Lines => {
                ("lines", "lines.invoice_id = item.id".to_owned(), lines(&transactions()))
            }
            Join::LinesWithoutCurrency => (
                "lines",
                "lines.invoice_id = item.invoice_id".to_owned(),
                lines(&format!(
                    "(SELECT * FROM {0} WHERE invoice_id IN (SELECT invoice_id FROM {0} \
                     WHERE nullif(currency, '') IS NULL))",
                    transactions()
                )),
            ),
            Join::Seen { needs, states } => {
                let spec = kind.and_then(|kind| kind.stream(self.name));
                let knows = spec.is_some_and(|spec| needs.iter().all(|name| spec.has_column(name)));
                let versions = qualified(&history_schema(schema), self.name);
                (
                    "seen",
                    "seen.id = item.id".to_owned(),
                    first_seen(&versions, states, knows, clock),
                )
            }
            Join::Plan => {
                ("plan", "plan.id = item.plan_id".to_owned(), clock.rows(schema, "plans"))
            }
        };
        format!(" LEFT JOIN {rows} AS {name} ON {name}._account_id = item._account_id AND {on}")
    }

    /// Selects a table's columns in the common shape, NULL where the kind has nothing for one; `None`
    /// where it has no such objects. Other kinds share names of streams, but not what they mean.
    fn item_select(&self, source: &ModelSource, clock: Clock) -> Option<String> {
        let fits = match source.kind {
            SHAPE => None,
            kind => Some(fits(kind, self.name)?),
        };
        let own = self.fields().iter().map(|field| (field.column, field.coercion.sql_type()));
        let columns: Vec<String> = own
            .map(|(column, sql_type)| (column, sql_type, fits.is_none()))
            .chain(BESIDE.iter().map(|(column, sql_type)| (*column, *sql_type, false)))
            .map(|(column, sql_type, is_sent)| {
                let name = identifier(column);
                let fit = fits.unwrap_or_default().iter().find(|(fitted, _)| *fitted == column);
                match fit {
                    Some((_, expression)) => format!("{expression} AS {name}"),
                    None if is_sent => name,
                    None => format!("CAST(NULL AS {sql_type}) AS {name}"),
                }
            })
            .collect();
        let rows = clock.rows(&source.name, self.name);
        Some(format!(
            "SELECT id, {}, _account_id, _first_seen_at, _changed_at FROM {rows}",
            columns.join(", ")
        ))
    }
}

/// Stands for the transactions of a kind that has none.
const NO_LINES: &str = "(SELECT CAST(NULL AS VARCHAR) AS _account_id, \
     CAST(NULL AS VARCHAR) AS invoice_id, CAST(NULL AS VARCHAR) AS currency, \
     CAST(NULL AS VARCHAR) AS status, CAST(NULL AS BIGINT) AS amount, \
     CAST(NULL AS BOOLEAN) AS paid WHERE FALSE)";

/// Selects per invoice the currencies, the number and the sums of its transactions.
fn lines(transactions: &str) -> String {
    format!(
        "(SELECT _account_id, invoice_id, count(*) AS number, \
         min(nullif(currency, '')) AS currency, \
         coalesce(min(nullif(currency, '')) <> max(nullif(currency, '')), FALSE) AS mixed_currency, \
         TRY_CAST(sum(CASE WHEN status = 'void' THEN NULL ELSE amount END) AS BIGINT) AS amount, \
         TRY_CAST(sum(CASE WHEN status = 'void' OR paid THEN 0 ELSE amount END) AS BIGINT) AS unpaid, \
         min(CASE WHEN status = 'void' THEN NULL WHEN paid THEN 1 ELSE 0 END) = 1 AS all_paid \
         FROM {transactions} WHERE invoice_id IS NOT NULL GROUP BY _account_id, invoice_id)"
    )
}

/// Selects the instants at which objects were first seen in certain states.
fn first_seen(versions: &str, states: &[(&str, &str)], knows_them: bool, clock: Clock) -> String {
    let columns: Vec<String> = states
        .iter()
        .map(|(column, state)| {
            let state = if knows_them { *state } else { "FALSE" };
            format!("min(CASE WHEN {state} THEN _valid_from END) AS {column}")
        })
        .collect();
    let any: Vec<String> = states.iter().map(|(_, state)| format!("({state})")).collect();
    let any = if knows_them { any.join(" OR ") } else { "FALSE".to_owned() };
    format!(
        "(SELECT _account_id, id, {} FROM {versions} WHERE ({any}) AND {} GROUP BY _account_id, id)",
        columns.join(", "),
        clock.observed()
    )
}
