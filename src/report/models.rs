//! The views of schema `model`: one shape per stream over all sources, and what is derived from it.
//!
//! Pure text. Reports and analysts read these views instead of the schemas of single sources; a
//! source kind without a column contributes NULL, so that every kind fits without a new report.

use crate::catalog::{Field, source_kind};
use crate::database::{identifier, literal};

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

/// A column that no source sends.
struct Derived {
    column: &'static str,
    sql_type: &'static str,
    comment: &'static str,
    /// May name columns of `item` and, where the view joins them, of `lines`.
    expression: &'static str,
}

/// A view over one stream of all sources.
struct View {
    name: &'static str,
    comment: &'static str,
    /// Replaces the source's own column where the name is the same.
    derived: &'static [Derived],
    /// Column of `item` that names the invoice, where `lines` is needed.
    invoice: Option<&'static str>,
}

/// Kind whose columns are the shape of the views; other kinds are fitted to it.
const SHAPE: &str = "paid";

/// Stands for the source's default currency, a literal or NULL, in [`Derived::expression`].
const DEFAULT_CURRENCY: &str = "{default_currency}";

const VIEWS: &[View] = &[
    View { name: "customers", comment: "Customers of all sources.", derived: &[], invoice: None },
    View { name: "plans", comment: "Plans of all sources.", derived: &[], invoice: None },
    View {
        name: "subscriptions",
        comment: "Subscriptions of all sources.",
        derived: &[],
        invoice: None,
    },
    View {
        name: "transactions",
        comment: "Transactions of all sources; negative ones are refunds and discounts.",
        derived: TRANSACTION,
        invoice: Some("invoice_id"),
    },
    View {
        name: "invoices",
        comment: "Invoices of all sources, with state and currency.",
        derived: INVOICE,
        invoice: Some("id"),
    },
];

/// CONTRACT N3.3; the currency is N3.4 turned round: a line shares its invoice's currency.
const TRANSACTION: &[Derived] = &[
    Derived {
        column: "currency",
        sql_type: "VARCHAR",
        comment: "Currency code as sent, else that of its invoice, else the source's default_currency; NULL where unknown.",
        expression: "coalesce(nullif(item.currency, ''), CASE WHEN lines.mixed_currency THEN NULL ELSE coalesce(lines.currency, {default_currency}) END)",
    },
    Derived {
        column: "state",
        sql_type: "VARCHAR",
        comment: "paid, else invoiced (it is on an invoice), else uninvoiced.",
        expression: "CASE WHEN item.paid THEN 'paid' WHEN item.invoice_id IS NOT NULL THEN 'invoiced' ELSE 'uninvoiced' END",
    },
    Derived {
        column: "is_negative",
        sql_type: "BOOLEAN",
        comment: "The amount is below 0: a refund or a discount.",
        expression: "coalesce(item.amount < 0, FALSE)",
    },
];

/// CONTRACT N3.3 and N3.4. A mixed invoice gets no default currency: it would be wrong for a part.
const INVOICE: &[Derived] = &[
    Derived {
        column: "state",
        sql_type: "VARCHAR",
        comment: "voided, else paid, else overdue (overdue_amount above 0), else issued, else generated.",
        expression: "CASE WHEN item.voided OR item.voided_at IS NOT NULL THEN 'voided' WHEN item.paid THEN 'paid' WHEN item.overdue_amount > 0 THEN 'overdue' WHEN item.issued_at IS NOT NULL THEN 'issued' ELSE 'generated' END",
    },
    Derived {
        column: "currency",
        sql_type: "VARCHAR",
        comment: "The one currency code of its transactions, else the source's default_currency; NULL where unknown or mixed.",
        expression: "CASE WHEN lines.mixed_currency THEN NULL ELSE coalesce(lines.currency, {default_currency}) END",
    },
    Derived {
        column: "mixed_currency",
        sql_type: "BOOLEAN",
        comment: "Its transactions name several currencies, which the source rules out.",
        expression: "coalesce(lines.mixed_currency, FALSE)",
    },
    Derived {
        column: "transactions_amount",
        sql_type: "BIGINT",
        comment: "Sum of its transactions, minor units; NULL where there are none, a currency is mixed or the sum is out of range.",
        expression: "CASE WHEN lines.mixed_currency THEN NULL ELSE lines.amount END",
    },
];

/// Writes the statements that (re)create schema `model` with `customers`, `plans`, `subscriptions`,
/// `transactions` and `invoices`, commented.
///
/// Every view has the columns of the catalogue, then derived ones (CONTRACT N3.3, N3.4), then
/// `source, account_id`. Without sources the views are empty but typed.
#[must_use]
pub fn model_sql(sources: &[ModelSource]) -> Vec<String> {
    let mut statements = vec!["CREATE SCHEMA IF NOT EXISTS model".to_owned()];
    for view in VIEWS {
        let selects: Vec<String> = std::iter::once(view.empty_select())
            .chain(sources.iter().filter_map(|source| view.source_select(source)))
            .collect();
        let name = identifier(view.name);
        statements.push(format!(
            "CREATE OR REPLACE VIEW model.{name} AS\n{}",
            selects.join("\nUNION ALL\n")
        ));
        statements.push(format!("COMMENT ON VIEW model.{name} IS {}", literal(view.comment)));
        statements.extend(view.columns().iter().map(|column| {
            let target = identifier(column.name);
            format!("COMMENT ON COLUMN model.{name}.{target} IS {}", literal(column.comment))
        }));
    }
    statements
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
    fn source_select(&self, source: &ModelSource) -> Option<String> {
        let item = self.item_select(source)?;
        let default = source
            .default_currency
            .as_deref()
            .map_or_else(|| "NULL".to_owned(), |code| literal(&code.to_ascii_lowercase()));
        let name = literal(&source.name);
        let columns: Vec<String> = self
            .columns()
            .iter()
            .map(|column| {
                let expression = column
                    .expression
                    .replace("{source}", &name)
                    .replace(DEFAULT_CURRENCY, &default);
                format!("{expression} AS {}", identifier(column.name))
            })
            .collect();
        let join = self.invoice.map_or_else(String::new, |column| lines_join(source, column));
        Some(format!("SELECT {} FROM ({item}) AS item{join}", columns.join(", ")))
    }

    /// Selects a table's columns in the common shape, NULL where the kind lacks one.
    fn item_select(&self, source: &ModelSource) -> Option<String> {
        let spec = source_kind(source.kind)?.stream(self.name)?;
        let columns: Vec<String> = self
            .fields()
            .iter()
            .map(|field| {
                let name = identifier(field.column);
                if spec.has_column(field.column) {
                    name
                } else {
                    format!("CAST(NULL AS {}) AS {name}", field.coercion.sql_type())
                }
            })
            .collect();
        let schema = identifier(&source.name);
        let table = identifier(self.name);
        Some(format!("SELECT id, {}, _account_id FROM {schema}.{table}", columns.join(", ")))
    }
}

/// Joins `lines`: per invoice, the currencies and the sum of its transactions.
fn lines_join(source: &ModelSource, invoice_column: &str) -> String {
    let schema = identifier(&source.name);
    format!(
        " LEFT JOIN (SELECT _account_id, invoice_id, \
         min(nullif(currency, '')) AS currency, \
         coalesce(min(nullif(currency, '')) <> max(nullif(currency, '')), FALSE) AS mixed_currency, \
         TRY_CAST(sum(amount) AS BIGINT) AS amount \
         FROM {schema}.transactions WHERE invoice_id IS NOT NULL GROUP BY _account_id, invoice_id) \
         AS lines ON lines._account_id = item._account_id AND lines.invoice_id = item.{}",
        identifier(invoice_column)
    )
}
