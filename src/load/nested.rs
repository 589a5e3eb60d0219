//! Views of what stands inside the objects of lists, such as lines of invoices. Pure SQL.

use std::fmt::Write as _;

use crate::catalog::{Coercion, Field, NestedTable};
use crate::database::{identifier, literal, qualified};

/// Columns that follow those of the item: they are the object's.
const OF_OBJECT: &[(&str, &str)] = &[
    ("_account_id", "Account at the source."),
    ("_changed_at", "When this version of the object was first observed, UTC."),
    ("_run_id", "Run that wrote the object."),
];

/// Creates the view and its comments.
pub(super) fn create(source: &str, nested: &NestedTable) -> String {
    let view = qualified(source, nested.name);
    let parts: Vec<String> =
        nested.parents.iter().map(|(kind, stream)| part(source, nested, kind, stream)).collect();
    let mut sql = format!(
        "CREATE OR REPLACE VIEW {view} AS {};\nCOMMENT ON VIEW {view} IS {};\n",
        parts.join(" UNION ALL "),
        literal(nested.comment),
    );
    let kind = has_kind(nested).then_some(("parent_kind", "What kind of object it belongs to."));
    let own =
        [(nested.parent_column, "Object it belongs to."), ("position", "Place in it, from 0.")];
    let fields = nested.fields.iter().map(|field| (field.column, field.comment));
    let all = kind.into_iter().chain(own).chain(fields).chain(OF_OBJECT.iter().copied());
    for (column, comment) in all {
        // Writing to a String cannot fail.
        let _ = writeln!(
            sql,
            "COMMENT ON COLUMN {view}.{} IS {};",
            identifier(column),
            literal(comment)
        );
    }
    sql
}

fn has_kind(nested: &NestedTable) -> bool {
    nested.parents.len() > 1
}

fn part(source: &str, nested: &NestedTable, kind: &str, stream: &str) -> String {
    let items = format!("json_extract({}, '$[*]')", identifier(nested.json));
    let kind = if has_kind(nested) {
        format!("{} AS parent_kind, ", literal(kind))
    } else {
        String::new()
    };
    let fields: Vec<String> = nested
        .fields
        .iter()
        .map(|field| format!("{} AS {}, ", value(field), identifier(field.column)))
        .collect();
    let fields = fields.concat();
    let object: Vec<&str> = OF_OBJECT.iter().map(|(column, _)| *column).collect();
    let object = object.join(", ");
    format!(
        "SELECT {kind}object_id AS {parent}, position, {fields}{object} FROM \
         (SELECT id AS object_id, {object}, unnest({items}) AS item, \
         generate_subscripts({items}, 1) - 1 AS position FROM {table})",
        parent = identifier(nested.parent_column),
        table = qualified(source, stream),
    )
}

/// Reads a field of the item; what cannot be read is NULL, and stands in the object all the same.
fn value(field: &Field) -> String {
    let sql_type = field.coercion.sql_type();
    let arrow = if sql_type == "JSON" { "->" } else { "->>" };
    let sources: Vec<String> = field
        .sources
        .iter()
        .map(|name| format!("(item {arrow} {})", literal(&format!("$.\"{name}\""))))
        .collect();
    let value = format!("coalesce({})", sources.join(", "));
    match field.coercion {
        Coercion::LowerTextWithout(prefix) => {
            format!("regexp_replace(lower({value}), {}, '')", literal(&format!("^{prefix}")))
        }
        Coercion::LowerText => format!("lower({value})"),
        // The day as sent: an instant is cut, never shifted.
        Coercion::Date => format!("TRY_CAST(left({value}, 10) AS DATE)"),
        _ if matches!(sql_type, "VARCHAR" | "JSON") => value,
        _ => format!("TRY_CAST({value} AS {sql_type})"),
    }
}
